// The sizes of one persistent kernel. Macros: CELL; HIDDEN; BACKWARD (0 or 1); GROUP = blocks in a group; ROWS = rows
// of the batch in a group, a multiple of 8; SPAN, PARTS and IN_REGISTERS as in product.h.

constexpr int BLOCKS = CELL::blocks;
constexpr int UNITS = HIDDEN / GROUP;     // units of a member, a multiple of 8
constexpr int SENT = BACKWARD ? BLOCKS : 1;  // values of a unit that the next product reads
constexpr int WIDTH = SENT * UNITS;
constexpr int DEPTH = SENT * HIDDEN;
constexpr int VALUES = BACKWARD ? 1 : BLOCKS;  // values of a unit that the product computes

constexpr int TILE = 8 * SPAN;  // units of a tile
constexpr int TILES = (UNITS + TILE - 1) / TILE;
constexpr int THREADS = WARP * TILES * PARTS;
constexpr int WEIGHT_TILES = VALUES * SPAN / 2;
constexpr int ROW_TILES = ROWS / 8;
constexpr int PAIR = 32;  // columns of two tiles
constexpr int PAIRS = (DEPTH + PAIR * PARTS - 1) / (PAIR * PARTS);
constexpr int COLUMNS = PAIR * PARTS * PAIRS;
constexpr int STRIDE = COLUMNS / PAIR % 2 ? COLUMNS : COLUMNS + PAIR;  // avoids bank conflicts

constexpr int ELEMENTS = ROW_TILES * 2 * SPAN;         // units and rows that a lane has values of
constexpr int SHARE = (ELEMENTS + PARTS - 1) / PARTS;  // elements that a lane computes after adding up the parts

// Shared memory, in bytes, in this order.
constexpr int WEIGHT_BYTES = TILES * PARTS * (PAIRS - IN_REGISTERS) * 2 * WEIGHT_TILES * WARP * 16;
constexpr int OPERAND_BYTES = EXCHANGE == GRID ? 0 : 2 * ROWS * STRIDE * 2;
constexpr int OUTBOX_BYTES = EXCHANGE == ALONE ? 0 : ROWS * WIDTH * 2;
constexpr int PARTIAL_BYTES = PARTS == 1 ? 0 : TILES * PARTS * ELEMENTS * VALUES * WARP * 4;
static_assert(WEIGHT_BYTES + OPERAND_BYTES + OUTBOX_BYTES + PARTIAL_BYTES == SHARED_BYTES, "as the host counts them");
