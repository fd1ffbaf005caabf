// Matrix products of all shapes and views that a training step has, in place of BLAS: its threads would spin against ours.
#include <algorithm>

#include "panel.h"
#include "pool.h"

namespace {

// Rows of a that go by a panel together: with max_depth columns they fill a part of the second-level cache.
constexpr int block_rows = 96;

// One block of rows of out = bias + a b, with b in panels.
void multiply_block(Matrix a, Range rows, int depth, int columns, const float* panels, const float* bias, float* out,
                    int64_t out_row) {
    thread_local Scratch packed;
    thread_local Scratch edge;  // the columns of an incomplete panel
    out += rows.begin * out_row;
    for (int k = 0; k < depth || k == 0; k += max_depth) {
        const int slice = std::min(max_depth, depth - k);
        const Matrix part = a.at(rows.begin, k);
        const Rows block = a.column == 1 && a.row != 0
                               ? Rows{rows.size(), part.data, a.row}
                               : pack_rows(part, rows.size(), slice, packed.floats(rows.size() * max_depth));
        for (int first = 0; first < columns; first += panel_width) {
            const float* panel = panels + static_cast<int64_t>(first) * depth + k * panel_width;
            const int width = std::min(panel_width, columns - first);
            float* to = out + first;
            int64_t to_row = out_row;
            if (width < panel_width) {
                to = edge.floats(rows.size() * panel_width), to_row = panel_width;
                for (int i = 0; k > 0 && i < rows.size(); i++) {
                    std::copy_n(out + i * out_row + first, width, to + i * panel_width);
                }
            }
            float begin[panel_width] = {};
            if (k == 0 && bias) std::copy_n(bias + first, width, begin);
            panel_product(block, slice, panel, k ? to : begin, k ? to_row : 0, to, to_row);
            for (int i = 0; width < panel_width && i < rows.size(); i++) {
                std::copy_n(to + i * panel_width, width, out + i * out_row + first);
            }
        }
    }
}

}  // namespace

// out (rows, columns) = a (rows, depth) b (depth, columns) + bias (columns,), which may be null.
extern "C" void gemm(int rows, int depth, int columns, const float* a, int64_t a_row, int64_t a_column, const float* b,
                     int64_t b_row, int64_t b_column, const float* bias, float* out, int64_t out_row) {
    thread_local Scratch scratch;
    float* panels = scratch.floats(static_cast<size_t>(depth) * padded(columns));
    const int threads = threads_for(static_cast<int64_t>(rows) * depth * columns);
    const int count = padded(columns) / panel_width;
    parallel(std::min(threads, count), [&, threads](int index) {
        const Range mine(count, index, std::min(threads, count));
        for (int panel = mine.begin; panel < mine.end; panel++) {
            const int first = panel * panel_width;
            pack_panel({b, b_row, b_column}, depth, columns, first, panels + static_cast<int64_t>(first) * depth);
        }
    });
    const int blocks = std::min(rows, threads * ((rows + threads * block_rows - 1) / (threads * block_rows)));
    parallel(blocks, [&](int index) {
        multiply_block({a, a_row, a_column}, Range(rows, index, blocks), depth, columns, panels, bias, out, out_row);
    });
}
