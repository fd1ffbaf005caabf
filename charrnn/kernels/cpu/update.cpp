// Pointwise work on whole arrays: the optimizer's update of all parameters at once, their averages, and masks.
#include <algorithm>

#include "pool.h"
#include "vector.h"

namespace {

constexpr int block = 1 << 12;

template <class Work>
void for_each_block(int64_t size, const Work& work) {
    const int blocks = static_cast<int>((size + block - 1) / block);
    const int threads = std::max(1, std::min(threads_for(size), blocks));
    parallel(threads, [&](int index) {
        const Range mine(blocks, index, threads);
        for (int64_t i = mine.begin; i < mine.end; i++) work(i, i * block, std::min(size, (i + 1) * block));
    });
}

}  // namespace

extern "C" {

// sums (size / 4096, rounded up): the sum of squares of each block, so that their total does not depend on the threads.
void square_sums(int64_t size, const float* a, double* sums) {
    for_each_block(size, [&](int64_t i, int64_t begin, int64_t end) {
        V parts[4] = {};
        for (int64_t k = begin; k < end; k += 4 * LANES) {
            for (int part = 0; part < 4; part++) {
                const V x = load(a + k + part * LANES, static_cast<int>(end - k) - part * LANES);
                parts[part] += x * x;
            }
        }
        sums[i] = static_cast<double>(sum(parts[0])) + sum(parts[1]) + sum(parts[2]) + sum(parts[3]);
    });
}

// out = a times mask; out may be a.
void apply_mask(int64_t size, const float* a, const float* mask, float* out) {
    for_each_block(size, [&](int64_t, int64_t begin, int64_t end) {
        for (int64_t k = begin; k < end; k++) out[k] = a[k] * mask[k];
    });
}

// a += (b - a) share
void approach(int64_t size, float* a, const float* b, float share) {
    for_each_block(size, [&](int64_t, int64_t begin, int64_t end) {
        for (int64_t k = begin; k < end; k++) a[k] += (b[k] - a[k]) * share;
    });
}

// See Adam in charrnn/training/optim.py: rate and epsilon include the corrections.
// `alpha1` and `alpha2` are 1 - beta1 and 1 - beta2, which float32 would round when beta is near 1.
void adam(int64_t size, float* w, const float* dw, float* mean, float* square_mean, float rate, float beta1, float alpha1,
          float beta2, float alpha2, float epsilon) {
    for_each_block(size, [&](int64_t, int64_t begin, int64_t end) {
        for (int64_t k = begin; k < end; k += LANES) {
            const int count = static_cast<int>(end - k);
            const V gradient = load(dw + k, count);
            const V m = beta1 * load(mean + k, count) + alpha1 * gradient;
            const V v = beta2 * load(square_mean + k, count) + alpha2 * gradient * gradient;
            store(mean + k, m, count);
            store(square_mean + k, v, count);
            store(w + k, load(w + k, count) - rate * m / (root(v) + epsilon), count);
        }
    });
}
}
