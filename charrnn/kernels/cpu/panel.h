// The product that all others consist of: some rows of a times a panel of `panel_width` columns of b.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "factor.h"

// Two vectors per row, and the number of rows whose accumulators fit in registers: 13 x 2 of AVX-512's 32, 6 x 2 of
// AVX2's 16, 12 x 2 of NEON's 32.
constexpr int panel_width = 2 * LANES;
#if LANES == 16
constexpr int max_rows = 13;
#elif defined(__aarch64__)
constexpr int max_rows = 12;
#else
constexpr int max_rows = 6;
#endif

// The depth of a panel that stays in the first-level cache while the rows of a are multiplied with it.
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

// The address of panels of factors or, if `rounded`, of float16.
struct PanelData {
    void* data;
    bool rounded;
    PanelData operator+(int64_t factors) const {
        return {static_cast<char*>(data) + factors * (rounded ? sizeof(Half) : sizeof(Factor)), rounded};
    }
    float* floats() const { return static_cast<float*>(data); }  // after the panels
};

// Packs columns first ... first + panel_width of b (depth, columns) into a panel (in_factors(depth), panel_width), with
// zeros past the last column.
void pack_panel(Matrix b, int depth, int columns, int first, PanelData panel);

// Rows of a matrix as tiles read them: either `stride` apart with contiguous factors, or packed (stride 0).
struct Rows {
    int count;
    const Factor* data;
    int64_t stride;
};

// Copies rows of a (count, depth) whose values are not contiguous, so that they are contiguous within a tile.
Rows pack_rows(Matrix a, int count, int depth, Factor* buffer);

// Returns rows of a (count, depth) whose values are contiguous, unchanged or as pairs that last until this thread's
// next call.
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

// Where the products of rows and panels are written, or what they start from; `row` and `panel` are the strides. A bias
// has row 0.
template <class Float>
struct Place {
    Float* data;
    int64_t row, panel;
};

// Computes out = start + a (rows, depth) times each of the panels (depth, panel_width), with the depth in factors;
// start may be out itself. Packed rows go up to max_depth. Every value is summed in the order of its products, so the
// distribution of rows does not change it.
void panel_product(Rows a, int depth, Panels panels, Place<const float> start, Place<float> out);
