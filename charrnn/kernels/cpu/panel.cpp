#include "panel.h"

#include <algorithm>
#include <array>
#include <utility>

namespace {

// Multiplies with Rows x Panels x panel_width accumulators. Every loop over them must be unrolled, including those that
// load and store, or GCC keeps them in memory. Prefetching the output helps only if arrays are not aligned, and slows
// down the time loops.
template <class PanelFactor, int Rows, int Count, bool Packed>
void tile(int depth, const Factor* a, int64_t a_row, Panels panels, Place<const float> start, Place<float> out) {
    const int64_t row = Packed ? 1 : a_row, column = Packed ? Rows : 1;
    const auto data = static_cast<const PanelFactor*>(panels.data.data);
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
            const PanelFactor* panel = data + j * panels.stride + k * panel_width;
            const Factors left = load(panel), right = load(panel + LANES);
            UNROLL for (int i = 0; i < Rows; i++) {
                const Factor factor = a[i * row + k * column];
                total[i][j][0] = multiply_add(total[i][j][0], factor, left);
                total[i][j][1] = multiply_add(total[i][j][1], factor, right);
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

template <class PanelFactor>
using Tile = decltype(&tile<PanelFactor, 1, 1, true>);

// Few rows use several panels at once: with fewer than eight sums in flight, each addition waits for the one before.
// Summing one row in several parts is as fast, but then the result depends on how the rows are divided among threads.
constexpr int widest = 4;
constexpr int panels_at_once(int rows) { return std::max(1, widest / std::max(1, rows)); }

template <class PanelFactor, bool Packed, int Width, size_t... Rows>
constexpr std::array<Tile<PanelFactor>, sizeof...(Rows)> tiles_of(std::index_sequence<Rows...>) {
    return {tile<PanelFactor, Rows + 1, std::min(Width, panels_at_once(Rows + 1)), Packed>...};
}

template <class PanelFactor, bool Packed, size_t... Widths>
constexpr std::array<std::array<Tile<PanelFactor>, max_rows>, widest> tiles_of_all(std::index_sequence<Widths...>) {
    return {tiles_of<PanelFactor, Packed, Widths + 1>(std::make_index_sequence<max_rows>())...};
}

template <class PanelFactor>
constexpr std::array<std::array<Tile<PanelFactor>, max_rows>, widest> tiles[2] = {  // by whether rows are packed
    tiles_of_all<PanelFactor, false>(std::make_index_sequence<widest>()),
    tiles_of_all<PanelFactor, true>(std::make_index_sequence<widest>()),
};

// Calls visit(begin, height) for tiles of nearly the same height, because a last tile of a single row would be the
// slowest of all.
template <class Visit>
void for_each_tile(int rows, const Visit& visit) {
    int begin = 0;
    for (int left = (rows + max_rows - 1) / max_rows; left > 0; left--) {
        const int height = (rows - begin) / left;
        visit(begin, height);
        begin += height;
    }
}

template <class PanelFactor>
void multiply(Rows a, int depth, Panels panels, Place<const float> start, Place<float> out) {
    const bool packed = a.stride == 0;
    const int wide = panels_at_once(a.count);
    for (int k = 0; k < depth; k += max_depth) {
        const int slice = std::min(max_depth, depth - k);
        for (int first = 0, width; first < panels.count; first += width) {
            width = std::min(panels.count - first, wide);
            const Panels some{panels.data + first * panels.stride + k * panel_width, width, panels.stride};
            const auto& tiles_now = tiles<PanelFactor>[packed][width - 1];
            for_each_tile(a.count, [&](int row, int height) {
                const Factor* from = a.data + (packed ? row * slice : row * a.stride + k);
                const auto place = [&](auto whole) {
                    whole.data += row * whole.row + first * whole.panel;
                    return whole;
                };
                tiles_now[height - 1](slice, from, a.stride, some, place(start), place(out));
            });
        }
        start = {out.data, out.row, out.panel};
    }
}

void pack(Matrix b, int depth, int columns, int first, Factor* panel) {
    const int width = std::min(panel_width, columns - first);
    const float* from = b.data + first * b.column;
    if (width < panel_width) std::fill_n(panel, in_factors(depth) * panel_width, Factor());
    if (b.column == 1) {
        for (int k = 0; k < depth; k += together, from += together * b.row, panel += panel_width) {
            store(panel, factors(from, b.row, depth - k, width), width);
            const int more = width - LANES;
            if (more > 0) store(panel + LANES, factors(from + LANES, b.row, depth - k, more), more);
        }
        return;
    }
    constexpr int block = 16;  // a cache line of each column
    for (int begin = 0; begin < depth; begin += block) {
        const int end = std::min(begin + block, depth);
        for (int j = 0; j < width; j++) {
            for (int k = begin; k < end; k += together) {
                panel[k / together * panel_width + j] = factor(from + k * b.row + j * b.column, b.row, depth - k);
            }
        }
    }
}

}  // namespace

void pack_panel(Matrix b, int depth, int columns, int first, PanelData panel) {
#ifdef FLOAT16
    if (panel.rounded) {
        thread_local Scratch scratch;
        Factor* exact = scratch.factors(static_cast<size_t>(depth) * panel_width);
        pack(b, depth, columns, first, exact);
        return void(std::transform(exact, exact + depth * panel_width, static_cast<Half*>(panel.data), half));
    }
#endif
    pack(b, depth, columns, first, static_cast<Factor*>(panel.data));
}

Rows pack_rows(Matrix a, int count, int depth, Factor* buffer) {
    Factor* to = buffer;
    for_each_tile(count, [&](int begin, int height) {
        const float* from = a.data + begin * a.row;
        if (a.row == 1 && height == max_rows) {
            // A copy of a constant length is two moves; the loop below is not.
            for (int k = 0; k < depth; k += together, to += max_rows) {
                store_factors<max_rows>(to, from + k * a.column, a.column, depth - k);
            }
        } else {
            for (int k = 0; k < depth; k += together) {
                for (int i = 0; i < height; i++) *to++ = factor(from + i * a.row + k * a.column, a.column, depth - k);
            }
        }
    });
    return {count, buffer, 0};
}

#ifdef BF16
Rows plain_rows(Matrix a, int count, int depth) {
    thread_local Scratch buffer;
    const int stride = padded(depth) / together;
    Factor* to = buffer.factors(static_cast<size_t>(count) * stride);
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < depth; k += LANES) {
            store_pairs(to + i * stride + k / together, load(a.data + i * a.row + k, depth - k));
        }
    }
    return {count, to, stride};
}
#endif

void panel_product(Rows a, int depth, Panels panels, Place<const float> start, Place<float> out) {
#ifdef FLOAT16
    if (panels.data.rounded) return multiply<Half>(a, depth, panels, start, out);
#endif
    multiply<Factor>(a, depth, panels, start, out);
}
