#include "panel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pool.h"

namespace {

// Rows x Panels x panel_width accumulators. Every loop over them must be unrolled, those that load and store too, or GCC
// keeps them in memory, which is five times slower.
template <int Rows, int Count, bool Packed>
void tile(int depth, const float* a, int64_t a_row, Panels panels, Place<const float> start, Place<float> out) {
    const int64_t row = Packed ? 1 : a_row, column = Packed ? Rows : 1;
    V total[Rows][Count][2];
    UNROLL for (int i = 0; i < Rows; i++) {
        UNROLL for (int j = 0; j < Count; j++) {
            const float* from = start.data + i * start.row + j * start.panel;
            total[i][j][0] = load(from);
            total[i][j][1] = load(from + LANES);
        }
    }
    for (int k = 0; k < depth; k++) {
        UNROLL for (int j = 0; j < Count; j++) {
            const float* panel = panels.data + j * panels.stride + k * panel_width;
            const V left = load(panel), right = load(panel + LANES);
            UNROLL for (int i = 0; i < Rows; i++) {
                const float factor = a[i * row + k * column];
                total[i][j][0] += factor * left;
                total[i][j][1] += factor * right;
            }
        }
    }
    UNROLL for (int i = 0; i < Rows; i++) {
        UNROLL for (int j = 0; j < Count; j++) {
            float* to = out.data + i * out.row + j * out.panel;
            store(to, total[i][j][0]);
            store(to + LANES, total[i][j][1]);
        }
    }
}

using Tile = decltype(&tile<1, 1, true>);

// Few rows take several panels at once: with fewer than eight sums under way each addition waits for the one before.
constexpr int widest[] = {1, 4, 2};
constexpr int panels_at_once(int rows) { return rows < 3 ? widest[rows] : 1; }

template <bool Packed, size_t... Rows>
constexpr std::array<Tile, sizeof...(Rows)> wide_tiles(std::index_sequence<Rows...>) {
    return {tile<Rows + 1, panels_at_once(Rows + 1), Packed>...};
}

template <bool Packed, size_t... Rows>
constexpr std::array<Tile, sizeof...(Rows)> narrow_tiles(std::index_sequence<Rows...>) {
    return {tile<Rows + 1, 1, Packed>...};
}

constexpr auto heights = std::make_index_sequence<max_rows>();
constexpr std::array<Tile, max_rows> tiles[2][2] = {  // by whether rows are packed, and panels enough for a wide tile
    {narrow_tiles<false>(heights), wide_tiles<false>(heights)},
    {narrow_tiles<true>(heights), wide_tiles<true>(heights)},
};

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

void panel_product(Rows a, int depth, Panels panels, Place<const float> start, Place<float> out) {
    const bool packed = a.stride == 0;
    for (int k = 0; k < depth; k += max_depth) {
        const int slice = std::min(max_depth, depth - k);
        for (int first = 0, width; first < panels.count; first += width) {
            const int wide = panels_at_once(a.count);
            width = panels.count - first < wide ? 1 : wide;
            const float* panel = panels.data + first * panels.stride + k * panel_width;
            for (int block = 0, blocks = tile_count(a.count); block < blocks; block++) {
                const Range rows(a.count, block, blocks);
                const float* row = a.data + (packed ? rows.begin * slice : rows.begin * a.stride + k);
                const auto place = [&](auto whole) {
                    whole.data += rows.begin * whole.row + first * whole.panel;
                    return whole;
                };
                tiles[packed][width > 1][rows.size() - 1](slice, row, a.stride, {panel, width, panels.stride},
                                                          place(start), place(out));
            }
        }
        start = {out.data, out.row, out.panel};
    }
}
