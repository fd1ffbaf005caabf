// The factors of matrix products: floats, or with -DBF16 pairs of bfloat16 values that are neighbours in depth. Sums
// are float32 either way. Both kinds of factor have four bytes, so panels and tiles are the same for both.
#pragma once

#include "vector.h"

#if defined(__F16C__) || defined(BF16) && defined(__AVX512BF16__)
#include <immintrin.h>
#endif

typedef uint16_t Half;  // a float16

#ifndef BF16

typedef float Factor;
typedef V Factors;
constexpr int together = 1;  // values in a factor

static inline V multiply_add(V total, Factor a, Factors b) { return total + a * b; }

// The factor of from[0] and, if it holds two, from[step], or zero if `depth`, the number of values left, is 1.
static inline Factor factor(const float* from, int64_t, int) { return *from; }

// The factors of `count` neighbouring values.
static inline Factors factors(const float* from, int64_t, int, int count) { return load(from, count); }

template <int Count>
static inline void store_factors(float* to, const float* from, int64_t, int) {
    std::memcpy(to, from, Count * sizeof *to);
}

// Factors in panels can be float16, which takes half the memory and has ten bits, as TF32. They are widened when they
// are loaded. Reading the weights takes most of the time of sampling one text, so these make it much faster.
#if defined(__F16C__) && (LANES < 16 || defined(__AVX512F__))
#define FLOAT16

static inline V load(const Half* from) {
#if LANES == 16
    return (V)_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
#elif LANES == 8
    return (V)_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
#else
    return (V)_mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
#endif
}

// Rounds to the nearest, ties to even.
static inline Half half(float value) { return _cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT); }
#endif

#else

typedef uint32_t Factor;  // the first value in the low half
typedef uint32_t Factors __attribute__((vector_size(LANES * 4)));
typedef uint16_t Halves __attribute__((vector_size(LANES * 2)));
constexpr int together = 2;

static inline Factors load(const Factor* from) {
    Factors value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

static inline void store(Factor* to, Factors value, int count) {
    if (count >= LANES) return void(std::memcpy(to, &value, sizeof value));
    for (int lane = 0; lane < count; lane++) to[lane] = value[lane];
}

// Adds the products of both values to total. The instruction treats subnormal numbers as zero. It has been tested only
// by emulation.
#ifdef EMULATE_BF16
static inline V multiply_add(V total, Factor a, Factors b) {
    const Factors pair = Factors{} + a;
    total += (V)(pair & 0xffff0000u) * (V)(b & 0xffff0000u);
    return total + (V)(pair << 16) * (V)(b << 16);
}
#elif defined(__AVX512BF16__) && LANES == 16
static inline V multiply_add(V total, Factor a, Factors b) {
    return (V)_mm512_dpbf16_ps((__m512)total, (__m512bh)(Factors{} + a), (__m512bh)b);
}
#else
#error "no AVX512_BF16: the compiler does not know it, or does not know that this processor has it"
#endif

// Rounds to bfloat16 in the upper half: to the nearest, ties to even. NaN stays NaN.
template <class Bits, class Value>
static inline Bits rounded(Value x) {
    Bits bits;
    std::memcpy(&bits, &x, sizeof bits);
    return x == x ? bits + 0x7fffu + (bits >> 16 & 1u) : bits | 0x400000u;
}

template <class Bits, class Value>
static inline Bits pair(Value first, Value second) {
    return rounded<Bits>(first) >> 16 | (rounded<Bits>(second) & 0xffff0000u);
}

static inline Factor factor(const float* from, int64_t step, int depth) {
    return pair<Factor>(*from, depth > 1 ? from[step] : 0.0f);
}

static inline Factors factors(const float* from, int64_t step, int depth, int count) {
    return pair<Factors>(load(from, count), depth > 1 ? load(from + step, count) : V{});
}

template <int Count>
static inline void store_factors(Factor* to, const float* from, int64_t step, int depth) {
    for (int i = 0; i < Count; i++) to[i] = factor(from + i, step, depth);
}

// LANES values that are neighbours in depth, as half as many factors.
static inline void store_pairs(Factor* to, V values) {
    const Halves halves = __builtin_convertvector(rounded<Factors>(values) >> 16, Halves);
    std::memcpy(to, &halves, sizeof halves);
}

#endif

#ifdef FLOAT16
constexpr bool has_float16 = true;
#else
constexpr bool has_float16 = false;
#endif

static_assert(sizeof(Factor) == sizeof(float), "factors and floats share memory");

// The number of factors that hold this number of values.
inline int in_factors(int depth) { return (depth + together - 1) / together; }
