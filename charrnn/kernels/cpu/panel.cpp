#include "panel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pool.h"

namespace {

// One row alone would wait for its own sum at every step: it is summed in `chains` parts.
template <int Rows>
constexpr int chains = Rows == 1 ? 4 : Rows <= 3 ? 2 : 1;

// Rows x panel_width accumulators. Every loop over them must be unrolled, those that load and store too, or GCC keeps
// them in memory, which is five times slower.
template <int Rows, bool Packed>
void tile(int depth, const float* a, int64_t a_row, const float* panel, const float* start, int64_t start_row,
          float* out, int64_t out_row) {
    constexpr int parts = chains<Rows>;
    const int64_t row = Packed ? 1 : a_row, column = Packed ? Rows : 1;
    V total[parts][Rows][2];
    UNROLL for (int i = 0; i < Rows; i++) {
        total[0][i][0] = load(start + i * start_row);
        total[0][i][1] = load(start + i * start_row + LANES);
        UNROLL for (int part = 1; part < parts; part++) total[part][i][0] = total[part][i][1] = V{};
    }
    const auto multiply = [&](int part, int k) __attribute__((always_inline)) {
        const V left = load(panel + k * panel_width), right = load(panel + k * panel_width + LANES);
        UNROLL for (int i = 0; i < Rows; i++) {
            const float factor = a[i * row + k * column];
            total[part][i][0] += factor * left;
            total[part][i][1] += factor * right;
        }
    };
    int k = 0;
    for (; k + parts <= depth; k += parts) {
        UNROLL for (int part = 0; part < parts; part++) multiply(part, k + part);
    }
    for (; parts > 1 && k < depth; k++) multiply(0, k);
    UNROLL for (int i = 0; i < Rows; i++) {
        UNROLL for (int part = 1; part < parts; part++) {
            total[0][i][0] += total[part][i][0];
            total[0][i][1] += total[part][i][1];
        }
        store(out + i * out_row, total[0][i][0]);
        store(out + i * out_row + LANES, total[0][i][1]);
    }
}

using Tile = decltype(&tile<1, true>);

template <bool Packed, size_t... Rows>
constexpr std::array<Tile, sizeof...(Rows)> tiles_of(std::index_sequence<Rows...>) {
    return {tile<Rows + 1, Packed>...};
}

constexpr auto tiles = tiles_of<false>(std::make_index_sequence<max_rows>());
constexpr auto packed_tiles = tiles_of<true>(std::make_index_sequence<max_rows>());

}  // namespace

// All tiles of `rows` rows are of nearly the same height: a last one of a single row would be the slowest of all.
static int tile_count(int rows) { return (rows + max_rows - 1) / max_rows; }

void pack_panel(Matrix b, int depth, int columns, int first, float* panel) {
    const int width = std::min(panel_width, columns - first);
    const float* from = b.data + first * b.column;
    if (width < panel_width) std::fill_n(panel, depth * panel_width, 0.0f);
    if (b.column == 1) {
        for (int k = 0; k < depth; k++) std::copy_n(from + k * b.row, width, panel + k * panel_width);
        return;
    }
    constexpr int block = 16;  // a cache line of each column
    for (int begin = 0; begin < depth; begin += block) {
        const int end = std::min(begin + block, depth);
        for (int j = 0; j < width; j++) {
            for (int k = begin; k < end; k++) panel[k * panel_width + j] = from[k * b.row + j * b.column];
        }
    }
}

Rows pack_rows(Matrix a, int count, int depth, float* buffer) {
    float* to = buffer;
    for (int block = 0, blocks = tile_count(count); block < blocks; block++) {
        const Range rows(count, block, blocks);
        for (int k = 0; k < depth; k++) {
            for (int i = rows.begin; i < rows.end; i++) *to++ = a.data[i * a.row + k * a.column];
        }
    }
    return {count, buffer, 0};
}

void panel_product(Rows a, int depth, const float* panel, const float* start, int64_t start_row, float* out,
                   int64_t out_row) {
    const bool packed = a.stride == 0;
    for (int k = 0; k < depth; k += max_depth) {
        const int slice = std::min(max_depth, depth - k);
        for (int block = 0, blocks = tile_count(a.count); block < blocks; block++) {
            const Range rows(a.count, block, blocks);
            const float* first = a.data + (packed ? rows.begin * slice : rows.begin * a.stride + k);
            const Tile tile = (packed ? packed_tiles : tiles)[rows.size() - 1];
            tile(slice, first, a.stride, panel + k * panel_width, start + rows.begin * start_row, start_row,
                 out + rows.begin * out_row, out_row);
        }
        start = out, start_row = out_row;
    }
}
