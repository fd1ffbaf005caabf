// Matrix products of all shapes and views in a training step. They replace BLAS, whose threads would compete with the
// pool's.
#include <algorithm>

#include "panel.h"
#include "pool.h"

namespace {

// The number of rows of a that are multiplied with a panel together; with max_depth columns they fit in the
// second-level cache.
constexpr int block_rows = 192;

// Longer sums are divided, because float32 sums of a hundred thousand values lose three digits.
constexpr int longest_sum = 8192;

// Computes one block of rows of out = bias + a b, with b in panels.
void multiply_block(Matrix a, Range rows, int depth, int columns, PanelData panels, const float* bias, float* out,
                    int64_t out_row) {
    thread_local Scratch packed, sums;
    const int full = columns / panel_width, rest = columns % panel_width, deep = in_factors(depth);
    const int64_t apart = static_cast<int64_t>(deep) * panel_width;
    const int begun = full * panel_width;
    float* edge = sums.floats((rows.size() + 1) * panel_width + columns);  // the columns of an incomplete panel
    float* begin = edge + rows.size() * panel_width;
    std::fill_n(begin, columns + panel_width, 0.0f);
    if (bias) std::copy_n(bias, columns, begin);
    out += rows.begin * out_row;
    for (int k = 0; k < deep; k += max_depth) {
        const int slice = std::min(max_depth, deep - k), values = std::min(slice * together, depth - k * together);
        const Matrix part = a.at(rows.begin, k * together);
        const Rows block = a.column == 1 ? plain_rows(part, rows.size(), values)
                                         : pack_rows(part, rows.size(), values, packed.factors(rows.size() * max_depth));
        const PanelData panel = panels + k * panel_width;
        const Place<float> to{out, out_row, panel_width}, to_edge{edge, panel_width, 0};
        const auto start = [&](Place<float> place, const float* bias) {
            return k ? Place<const float>{place.data, place.row, place.panel} : Place<const float>{bias, 0, panel_width};
        };
        panel_product(block, slice, {panel, full, apart}, start(to, begin), to);
        if (rest) panel_product(block, slice, {panel + full * apart, 1, 0}, start(to_edge, begin + begun), to_edge);
    }
    for (int i = 0; rest && i < rows.size(); i++) std::copy_n(edge + i * panel_width, rest, out + i * out_row + begun);
}

void multiply(int rows, int depth, int columns, Matrix a, Matrix b, const float* bias, float* out, int64_t out_row) {
    thread_local Scratch scratch;
    const int64_t deep = in_factors(depth);
    const PanelData panels{scratch.factors(deep * padded(columns)), false};
    const int threads = threads_for(static_cast<int64_t>(rows) * depth * columns);
    const int count = padded(columns) / panel_width;
    parallel(std::min(threads, count), [&, threads](int index) {
        const Range mine(count, index, std::min(threads, count));
        for (int panel = mine.begin; panel < mine.end; panel++) {
            const int first = panel * panel_width;
            pack_panel(b, depth, columns, first, panels + first * deep);
        }
    });
    const int blocks = std::min(rows, threads * ((rows + threads * block_rows - 1) / (threads * block_rows)));
    parallel(blocks, [&](int index) {
        multiply_block(a, Range(rows, index, blocks, max_rows), depth, columns, panels, bias, out, out_row);
    });
}

}  // namespace

// Computes out (rows, columns) = a (rows, depth) b (depth, columns) + bias (columns,), which may be null.
extern "C" void gemm(int rows, int depth, int columns, const float* a, int64_t a_row, int64_t a_column, const float* b,
                     int64_t b_row, int64_t b_column, const float* bias, float* out, int64_t out_row) {
    const Matrix left{a, a_row, a_column}, right{b, b_row, b_column};
    multiply(rows, std::min(depth, longest_sum), columns, left, right, bias, out, out_row);
    thread_local Scratch scratch;
    for (int k = longest_sum; k < depth; k += longest_sum) {
        float* part = scratch.floats(static_cast<size_t>(rows) * columns);
        multiply(rows, std::min(depth - k, longest_sum), columns, left.at(0, k), right.at(k, 0), nullptr, part, columns);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) out[i * out_row + j] += part[static_cast<int64_t>(i) * columns + j];
        }
    }
}
