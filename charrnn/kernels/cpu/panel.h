// The product that everything rests on: some rows of a, times a panel of `panel_width` columns of b.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "factor.h"

// Two vectors a row, and as many rows as leave the accumulators in registers: 13 x 2 of AVX-512's 32, 6 x 2 of AVX2's
// 16, 12 x 2 of NEON's 32.
constexpr int panel_width = 2 * LANES;
#if LANES == 16
constexpr int max_rows = 13;
#elif defined(__aarch64__)
constexpr int max_rows = 12;
#else
constexpr int max_rows = 6;
#endif

// As much of a panel as stays in the first-level cache while the rows of a go by. Over 13 products of training steps on one
// core of a Zen 3, 24 KiB came to 1.00 of OpenBLAS's rate where 16 came to 0.98.
constexpr int max_depth = 24 * 1024 / (panel_width * sizeof(Factor));

// A matrix that is read: element (i, k) is at data[i * row + k * column].
struct Matrix {
    const float* data;
    int64_t row, column;
    Matrix at(int64_t i, int64_t k) const { return {data + i * row + k * column, row, column}; }
};

inline int padded(int columns) { return (columns + panel_width - 1) / panel_width * panel_width; }

// Aligned memory that keeps its size between calls.
class Scratch {
public:
    float* floats(size_t count) {
        memory_.resize(count + 16);
        const auto address = reinterpret_cast<uintptr_t>(memory_.data());
        return reinterpret_cast<float*>((address + 63) / 64 * 64);
    }
    Factor* factors(size_t count) { return reinterpret_cast<Factor*>(floats(count)); }

private:
    struct Uninitialized : std::allocator<float> {
        template <class U> struct rebind { using other = Uninitialized; };
        template <class U> void construct(U*) {}
    };
    std::vector<float, Uninitialized> memory_;
};

// Where panels lie, as factors or, `rounded`, as float16.
struct PanelData {
    void* data;
    bool rounded;
    PanelData operator+(int64_t factors) const {
        return {static_cast<char*>(data) + factors * (rounded ? sizeof(Half) : sizeof(Factor)), rounded};
    }
    float* floats() const { return static_cast<float*>(data); }  // that lie behind them
};

// Columns first ... first + panel_width of b (depth, columns) as a panel (in_factors(depth), panel_width), with zeros past
// the last one.
void pack_panel(Matrix b, int depth, int columns, int first, PanelData panel);

// Rows of a matrix as tiles read them: `stride` apart with their factors side by side, or packed (stride 0).
struct Rows {
    int count;
    const Factor* data;
    int64_t stride;
};

// Rows of a (count, depth) whose values do not lie side by side, copied so that they do within a tile.
Rows pack_rows(Matrix a, int count, int depth, Factor* buffer);

// Rows of a (count, depth) whose values do: as they are, or as pairs that last until this thread's next call.
#ifdef BF16
Rows plain_rows(Matrix a, int count, int depth);
#else
inline Rows plain_rows(Matrix a, int count, int) { return {count, a.data, a.row}; }
#endif

// Panels of the same depth, `stride` apart.
struct Panels {
    PanelData data;
    int count;
    int64_t stride;
};

// Where the products of rows and panels are, or begin from: rows and panels are so far apart. A bias has row 0.
template <class Float>
struct Place {
    Float* data;
    int64_t row, panel;
};

// out = start + a (rows, depth) times each of the panels (depth, panel_width), with the depth in factors; start may be
// out itself. Packed rows go up to max_depth. Every value is summed in the order of its products, so how rows are shared
// out changes nothing.
void panel_product(Rows a, int depth, Panels panels, Place<const float> start, Place<float> out);
