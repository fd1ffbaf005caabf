// Softmax, cross-entropy and its gradient: one pass over each row of logits, which stays in the cache.
#include <algorithm>
#include <limits>

#include "ids.h"
#include "pool.h"
#include "vector.h"

namespace {

float row_maximum(const float* row, int columns) {
    const float least = -std::numeric_limits<float>::infinity();
    V found = splat(least);
    for (int j = 0; j < columns; j += LANES) {
        const V x = load(row + j, columns - j, least);
        found = found < x ? x : found;
    }
    return largest(found);
}

// Calls work(row, target, maximum) for each row of logits (rows, columns).
template <class Work>
void for_each_row(int rows, int columns, float* logits, const Work& work) {
    const int threads = std::min(rows, threads_for(static_cast<int64_t>(rows) * columns * 16));
    parallel(threads, [&](int index) {
        const Range mine(rows, index, threads);
        for (int64_t n = mine.begin; n < mine.end; n++) {
            float* row = logits + n * columns;
            work(n, row, row_maximum(row, columns));
        }
    });
}

}  // namespace

extern "C" {

// Computes the nats (rows,) of each target; the logits (rows, columns) become log-probabilities.
void log_softmax(int rows, int columns, float* logits, const int32_t* targets, float* nats) {
    for_each_row(rows, columns, logits, [&](int64_t n, float* row, float maximum) {
        V total = {};
        for (int j = 0; j < columns; j += LANES) {
            // The values past the end are so low that their exp is negligible compared with that of the maximum, 1.
            total += exp_(load(row + j, columns - j, -std::numeric_limits<float>::infinity()) - maximum);
        }
        const float shift = std::log(sum(total));
        for (int j = 0; j < columns; j++) row[j] = row[j] - maximum - shift;
        nats[n] = -row[clip(targets[n], columns)];
    });
}

// Computes the nats (rows,) of each target; the logits (rows, columns) become the gradient of their mean, (softmax -
// one-hot) / rows.
void softmax_gradient(int rows, int columns, float* logits, const int32_t* targets, float* nats) {
    for_each_row(rows, columns, logits, [&](int64_t n, float* row, float maximum) {
        const int64_t id = clip(targets[n], columns);
        const float target = row[id] - maximum;
        V total = {};
        for (int j = 0; j < columns; j += LANES) {
            const V e = exp_(load(row + j, columns - j, -std::numeric_limits<float>::infinity()) - maximum);
            store(row + j, e, columns - j);
            total += e;
        }
        const float whole = sum(total), scale = 1 / (whole * rows);
        for (int j = 0; j < columns; j++) row[j] *= scale;
        row[id] -= 1.0f / rows;
        nats[n] = std::log(whole) - target;
    });
}
}
