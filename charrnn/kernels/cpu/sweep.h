// The sweep over time, forth and back, for any cell of pointwise.h.
//
// The weights are packed into panels once; then a thread takes its share of the batch through all time steps, and never
// waits for another. If there are fewer rows than threads, the units are shared out instead, and the threads meet after
// every product. T, B, H and G are those of charrnn/recurrence.py; G = blocks * H.
#pragma once

#include <algorithm>

#include "panel.h"
#include "pool.h"

#define POINTWISE static inline
#include "pointwise.h"

namespace {  // all of it: a static of a template would be shared with any other such library in the process

// What a sweep works on; `Arrays` in recurrence.py is the same structure.
struct Arrays {
    int steps, batch, hidden;
    int64_t tape;                // between the time steps of memory and kept: B * H, or 0 where none are recorded
    const float *weight, *bias;  // (G, H), (G,)
    float* z;                    // (T, B, G)    input product, then gates, then its gradient
    float* h;                    // (T + 1, B, H), index 0 the initial state
    float* memory;               // (T + 1, B, H) of a cell that has one
    float* kept;                 // (T, B, H) of a cell that keeps a value
    const float* dh;             // (T, B, H)    gradient of h[1:]
    float *dh_state, *dmemory;   // (B, H)       gradient of the last state, then of the first
};

// The share of one thread: some rows, some units (from a multiple of panel_width on), and those it shares the rows with,
// of whom it is number `index`.
struct Share {
    Range rows, units;
    Barrier& barrier;
    int index, count;
};

// Calls work(share) on as many threads as `steps` steps of `weights` multiplications a row are worth.
template <class Work>
void share_rows(int batch, int hidden, int64_t weights, int steps, const Work& work) {
    const int64_t step = batch * weights;
    if (batch >= pool_threads()) {
        const int threads = threads_for(step * steps);
        Barrier alone(1);
        parallel(threads, [&](int index) { work(Share{Range(batch, index, threads), Range(hidden, 0, 1), alone, 0, 1}); });
    } else {
        const int threads = std::min(threads_for(step), padded(hidden) / panel_width);
        Barrier all(threads);
        parallel(threads, [&](int index) {
            work(Share{Range(batch, 0, 1), Range(hidden, index, threads, panel_width), all, index, threads});
        });
    }
}

template <bool Full>
V load_some(const float* from, int count) {
    return Full ? load(from) : load(from, count);
}

template <bool Full>
void store_some(float* to, V value, int count) {
    Full ? store(to, value) : store(to, value, count);
}

// Calls visit_row(row) and what that returns, visit(unit, count), for vectors of up to LANES units from `begin` on, with a
// compile-time true if it is all of them. Two calls, so that a row's addresses are worked out once, and copied: they were
// read again after every store, which might have changed them. That, and a panel's vectors side by side, made the sweep
// forward 12 to 15% faster and backward 2 to 6% (one core of a Zen 3).
template <class VisitRow>
void for_each_vector(Range rows, int begin, int end, const VisitRow& visit_row) {
    for (int row = rows.begin; row < rows.end; row++) {
        const auto visit = visit_row(row);
        int unit = begin;
        for (; unit + panel_width <= end; unit += panel_width) {
            UNROLL for (int part = 0; part < panel_width; part += LANES) visit(unit + part, LANES, std::true_type());
        }
        for (; unit + LANES <= end; unit += LANES) visit(unit, LANES, std::true_type());
        if (unit < end) visit(unit, end - unit, std::false_type());
    }
}

template <class Cell>
class Sweep {
public:
    Sweep(const Arrays& arrays, Scratch& memory)
        : a(arrays), hidden(arrays.hidden), gates(Cell::blocks * hidden), deep(in_factors(hidden)), memory(memory) {}

    void forward() {
        pack_forward(false);
        share_out([this](const Share& share) {
            for (int t = 0; t < a.steps; t++) step(share, t);
        });
    }

    void backward() {
        panels = {memory.factors(static_cast<size_t>(Cell::blocks) * deep * padded(hidden)), false};
        pack([this](int first) { pack_panel({a.weight, hidden, 1}, gates, hidden, first, panel(first, 0)); });
        share_out([this](const Share& share) { backward(share); });
    }

    // Weights, as float16 if `rounded`, and biases as `step` reads them.
    void pack_forward(bool rounded) {
        const int units = padded(hidden);
        panels = {memory.factors(static_cast<size_t>(Cell::blocks) * units * (deep + 1)), rounded};
        bias = (panels + static_cast<int64_t>(Cell::blocks) * units * deep).floats();
        for (int block = 0; block < Cell::blocks; block++) {
            std::copy_n(a.bias + block * hidden, hidden, bias + block * units);
            std::fill_n(bias + block * units + hidden, units - hidden, 0.0f);
        }
        pack([this](int first) {
            for (int block = 0; block < Cell::blocks; block++) {
                const float* weight = a.weight + static_cast<int64_t>(block) * hidden * hidden;
                pack_panel({weight, 1, hidden}, hidden, hidden, first, panel(first, block * deep));
            }
        });
    }

    // One time step of a share; the threads have met when it ends.
    void step(const Share& share, int t) const {
        thread_local Scratch scratch;
        float* r = scratch.floats(Cell::blocks * share.rows.size() * panel_width);
        if constexpr (Cell::gated) {
            half_step<0, last>(share, t, h(t, 0), r, [](Unit<Cell::blocks>& u) { Cell::gate(u); });
            share.barrier.wait();
            half_step<last, Cell::blocks>(share, t, kept(t, 0), r, [](Unit<Cell::blocks>& u) { Cell::step(u); });
        } else {
            half_step<0, Cell::blocks>(share, t, h(t, 0), r, [](Unit<Cell::blocks>& u) { Cell::step(u); });
        }
        share.barrier.wait();
    }

    template <class Work>
    void share_out(const Work& work) const {
        share_rows(a.batch, hidden, static_cast<int64_t>(gates) * hidden, a.steps, work);
    }

private:
    static constexpr int last = Cell::blocks - 1;
    static_assert(!Cell::keeps || last % together == 0, "the last block's products begin with a factor of their own");

    const Arrays& a;
    const int hidden, gates, deep;  // deep: factors of `hidden` values
    Scratch& memory;
    PanelData panels{};
    float* bias = nullptr;

    // The panels of the units from `first` on, from depth `from` on, in factors: one a block, or back one of all blocks.
    PanelData panel(int first, int from) const {
        return panels + static_cast<int64_t>(first) * Cell::blocks * deep + static_cast<int64_t>(from) * panel_width;
    }

    float* z(int t, int row) const { return a.z + (static_cast<int64_t>(t) * a.batch + row) * gates; }
    float* h(int t, int row) const { return a.h + (static_cast<int64_t>(t) * a.batch + row) * hidden; }
    float* kept(int t, int row) const { return a.kept + t * a.tape + row * hidden; }

    // Where a row's values at time t are; of z and kept there are none after the last step.
    struct Row {
        float *z, *h, *memory, *kept;
    };
    Row at(int t, int row) const {
        return {z(t, row), h(t, row), Cell::has_memory ? a.memory + t * a.tape + row * hidden : nullptr,
                Cell::keeps ? kept(t, row) : nullptr};
    }

    template <class Pack>
    void pack(const Pack& pack) const {
        const int count = padded(hidden) / panel_width, threads = std::min(count, threads_for(gates * hidden));
        parallel(threads, [&](int index) {
            const Range mine(count, index, threads);
            for (int i = mine.begin; i < mine.end; i++) pack(i * panel_width);
        });
    }

    // r of the blocks Begin ... End from `output` (B, H), and at once, with the tiles in the cache, the cell's lines.
    template <int Begin, int End, class Lines>
    void half_step(const Share& share, int t, const float* output, float* r, const Lines& lines) const {
        const Range rows = share.rows;
        const Rows from = plain_rows({output + rows.begin * hidden, hidden, 1}, rows.size(), hidden);
        const int block_size = rows.size() * panel_width;
        for (int first = share.units.begin; first < share.units.end; first += panel_width) {
            panel_product(from, deep, {panel(first, Begin * deep), End - Begin, deep * panel_width},
                          {bias + Begin * padded(hidden) + first, 0, padded(hidden)},
                          {r + Begin * block_size, panel_width, block_size});
            const int end = std::min(first + panel_width, hidden);
            for_each_vector(rows, first, end, [&](int row) {
                const Row old = at(t, row), fresh = at(t + 1, row);
                const float* product = r + (row - rows.begin) * panel_width - first;
                return [=, &lines, hidden = hidden](int unit, int count, auto full) {
                    constexpr bool Full = decltype(full)::value;
                    Unit<Cell::blocks> u;
                    UNROLL for (int block = 0; block < Cell::blocks; block++) {
                        u.z[block] = load_some<Full>(old.z + block * hidden + unit, count);
                        if (block >= Begin && block < End) u.r[block] = load(product + block * block_size + unit);
                    }
                    u.h = load_some<Full>(old.h + unit, count);
                    if (Cell::has_memory) u.memory = load_some<Full>(old.memory + unit, count);
                    lines(u);
                    UNROLL for (int block = 0; block < Cell::blocks; block++) {
                        store_some<Full>(old.z + block * hidden + unit, u.z[block], count);
                    }
                    if (End == Cell::blocks) store_some<Full>(fresh.h + unit, u.h, count);
                    if (Cell::has_memory) store_some<Full>(fresh.memory + unit, u.memory, count);
                    if (Cell::keeps && Begin == 0) store_some<Full>(old.kept + unit, u.kept, count);
                };
            });
        }
    }

    void backward(const Share& share) const {
        thread_local Scratch scratch;
        const Range rows = share.rows, units = share.units;
        const int width = padded(units.size());
        float* carried = scratch.floats(rows.size() * (width + panel_width));  // dh, in rows that panels fill
        float* dgated = carried + rows.size() * width;
        const auto dh = [&](int row, int unit) { return carried + (row - rows.begin) * width + unit - units.begin; };
        for (int row = rows.begin; row < rows.end; row++) {
            std::copy_n(a.dh_state + row * hidden + units.begin, units.size(), dh(row, units.begin));
        }
        for (int t = a.steps - 1; t >= 0; t--) {
            differentiate(share, t, dh);
            share.barrier.wait();
            if constexpr (Cell::gated) {
                differentiate_gate(share, t, dh, dgated);
                share.barrier.wait();
                add_product(share, z(t, 0), gates, 0, last * hidden, dh, width);
            } else if constexpr (Cell::keeps) {
                add_product(share, z(t, 0), gates, 0, last * hidden, dh, width);
                add_product(share, kept(t, 0), hidden, last, hidden, dh, width);
            } else {
                add_product(share, z(t, 0), gates, 0, gates, dh, width);
            }
        }
        for (int row = rows.begin; row < rows.end; row++) {
            std::copy_n(dh(row, units.begin), units.size(), a.dh_state + row * hidden + units.begin);
        }
    }

    // dz of a time step, and the part of dh that passes on without a product.
    template <class Carried>
    void differentiate(const Share& share, int t, const Carried& dh) const {
        for_each_vector(share.rows, share.units.begin, share.units.end, [&](int row) {
            const Row now = at(t, row);
            const float* above = a.dh + (static_cast<int64_t>(t) * a.batch + row) * hidden;
            float *carried = dh(row, 0), *dmemory = Cell::has_memory ? a.dmemory + row * hidden : nullptr;
            return [=, hidden = hidden](int unit, int count, auto full) {
                constexpr bool Full = decltype(full)::value;
                Unit<Cell::blocks> u;
                UNROLL for (int block = 0; block < Cell::blocks; block++) {
                    u.z[block] = load_some<Full>(now.z + block * hidden + unit, count);
                }
                u.h = load_some<Full>(now.h + unit, count);
                u.dh = load(carried + unit) + load_some<Full>(above + unit, count);
                if (Cell::has_memory) u.memory = load_some<Full>(now.memory + unit, count);
                if (Cell::has_memory) u.dmemory = load_some<Full>(dmemory + unit, count);
                if (Cell::keeps) u.kept = load_some<Full>(now.kept + unit, count);
                Cell::step_backward(u);
                UNROLL for (int block = 0; block < Cell::blocks; block++) {
                    store_some<Full>(now.z + block * hidden + unit, u.z[block], count);
                }
                store(carried + unit, u.dh);
                if (Cell::has_memory) store_some<Full>(dmemory + unit, u.dmemory, count);
                if (Cell::keeps && !Cell::gated) store_some<Full>(now.kept + unit, u.kept, count);
            };
        });
    }

    // A gated cell's second half: dz of its first block, which needs the gradient of the gated output.
    template <class Carried>
    void differentiate_gate(const Share& share, int t, const Carried& dh, float* dgated) const {
        static const float zero[panel_width] = {};
        const Range rows = share.rows;
        const Rows dlast = plain_rows({z(t, rows.begin) + last * hidden, gates, 1}, rows.size(), hidden);
        for (int first = share.units.begin; first < share.units.end; first += panel_width) {
            panel_product(dlast, deep, {panel(first, in_factors(last * hidden)), 1, 0}, {zero, 0, 0},
                          {dgated, panel_width, 0});
            const int end = std::min(first + panel_width, hidden);
            for_each_vector(rows, first, end, [&](int row) {
                const Row now = at(t, row);
                const float* product = dgated + (row - rows.begin) * panel_width - first;
                return [=, carried = dh(row, 0)](int unit, int count, auto full) {
                    constexpr bool Full = decltype(full)::value;
                    Unit<Cell::blocks> u;
                    u.z[0] = load_some<Full>(now.z + unit, count);
                    u.h = load_some<Full>(now.h + unit, count);
                    u.dh = load(carried + unit);
                    Cell::gate_backward(u, load(product + unit));
                    store_some<Full>(now.z + unit, u.z[0], count);
                    store(carried + unit, u.dh);
                };
            });
        }
    }

    // dh += dr W for `depth` columns of dr (B, ...), which meet the weights from block `block` on.
    template <class Carried>
    void add_product(const Share& share, const float* dr, int stride, int block, int depth, const Carried& dh,
                     int width) const {
        const Matrix rows{dr + static_cast<int64_t>(share.rows.begin) * stride, stride, 1};
        const int64_t panels_apart = static_cast<int64_t>(Cell::blocks) * deep * panel_width;
        float* to = dh(share.rows.begin, share.units.begin);
        panel_product(plain_rows(rows, share.rows.size(), depth), in_factors(depth),
                      {panel(share.units.begin, in_factors(block * hidden)), width / panel_width, panels_apart},
                      {to, width, panel_width}, {to, width, panel_width});
    }
};

}  // namespace
