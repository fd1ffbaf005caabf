// V: the widest vector of floats of the processor, and the functions that the kernels need.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#ifndef LANES
#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
#endif

#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

typedef float V __attribute__((vector_size(LANES * 4)));
typedef int32_t Bits __attribute__((vector_size(LANES * 4)));
typedef float Unaligned __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

static inline V splat(float value) { return value - V{}; }

static inline V load(const float* from) { return *reinterpret_cast<const Unaligned*>(from); }

static inline void store(float* to, V value) { *reinterpret_cast<Unaligned*>(to) = value; }

// The first `count` values of a vector, followed by `rest`.
static inline V load(const float* from, int count, float rest = 0) {
    if (count >= LANES) return load(from);
    V value = splat(rest);
    for (int lane = 0; lane < count; lane++) value[lane] = from[lane];
    return value;
}

static inline void store(float* to, V value, int count) {
    if (count >= LANES) return store(to, value);
    for (int lane = 0; lane < count; lane++) to[lane] = value[lane];
}

static inline float sum(V value) {
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total += value[lane];
    return total;
}

static inline float largest(V value) {
    float found = value[0];
    for (int lane = 1; lane < LANES; lane++) found = found < value[lane] ? value[lane] : found;
    return found;
}

static inline V root(V x) {
    V value;
    UNROLL for (int lane = 0; lane < LANES; lane++) value[lane] = std::sqrt(x[lane]);
    return value;
}

// Limits that let NaN pass, because it compares false.
static inline V clamp(V x, float low, float high) {
    x = x < low ? splat(low) : x;
    return x > high ? splat(high) : x;
}

// x P(x^2) / Q(x^2), fitted to a relative error of 2e-8 up to 9, where tanh is 1 in float32; 3e-7 with the rounding.
// The range ends where the result is exactly 1, so that a saturated unit has no gradient. The textbook's exp and
// division take more instructions.
static inline V tanh_(V x) {
    x = clamp(x, -8.98f, 8.98f);
    const V y = x * x;
    V p = y * 1.3354643e-8f + 2.060907e-5f;
    p = p * y + 3.4955875e-3f;
    p = p * y + 0.13381025f;
    p = p * y + 1.0f;
    V q = y * 7.7765515e-7f + 3.2856336e-4f;
    q = q * y + 2.587698e-2f;
    q = q * y + 0.46714342f;
    q = q * y + 1.0f;
    return x * p / q;
}

static inline V sigmoid(V x) { return 0.5f * tanh_(0.5f * x) + 0.5f; }

static inline V positive_part(V x) { return x < 0.0f ? V{} : x; }

static inline V is_positive(V x) { return x > 0.0f ? splat(1) : V{}; }

// 2^n e^f with n = round(x / ln 2) and a Taylor polynomial in f (Cody and Waite 1980). Adding 1.5 * 2^23 rounds, and
// leaves n in the low bits: an integer shift makes it the exponent, which a compiler may not reorder as it may floats.
static inline V exp_(V x) {
    const V given = x;
    x = clamp(x, -87.0f, 88.0f);
    const V shifted = x * 1.44269504f + 12582912.0f;
    const V n = shifted - 12582912.0f;
    const V f = x - n * 0.693359375f + n * 2.12194440e-4f;
    V p = f * (1.0f / 5040) + 1.0f / 720;
    p = p * f + 1.0f / 120;
    p = p * f + 1.0f / 24;
    p = p * f + 1.0f / 6;
    p = p * f + 0.5f;
    p = p * f + 1.0f;
    p = p * f + 1.0f;
    const V power = (V)((Bits)p + ((Bits)shifted << 23));
    return given == given ? power : given;  // adding to the bits of a NaN can make a number
}
