// Gathers rows by number, and sums rows. Threads share sums by columns, so results do not depend on their number.
#include <algorithm>

#include "ids.h"
#include "pool.h"
#include "vector.h"

namespace {

inline void add(float* to, const float* from, int count) {
    for (int i = 0; i < count; i += LANES) {
        store(to + i, load(to + i, count - i) + load(from + i, count - i), count - i);
    }
}

// Adds four rows at once, so that the sums are read and written a quarter as often.
inline void add_four(float* to, const float* from, int64_t stride, int count) {
    for (int i = 0; i < count; i += LANES) {
        const auto row = [&](int index) { return load(from + index * stride + i, count - i); };
        store(to + i, load(to + i, count - i) + ((row(0) + row(1)) + (row(2) + row(3))), count - i);
    }
}

// Calls work with a range of columns on each thread.
template <class Work>
void share_columns(int rows, int columns, const Work& work) {
    const int threads = std::min(threads_for(static_cast<int64_t>(rows) * columns), (columns + 15) / 16);
    parallel(threads, [&](int index) { work(Range(columns, index, threads, 16)); });
}

}  // namespace

extern "C" {

// out (columns,) = the sum over the rows of a, which are `stride` apart. Blocks of rows are summed on their own first:
// adding thousands of float32 one by one would lose three digits.
void column_sums(int rows, int columns, const float* a, int64_t stride, float* out) {
    constexpr int block_rows = 64, block_columns = 1024;
    share_columns(rows, columns, [&](Range mine) {
        std::fill(out + mine.begin, out + mine.end, 0.0f);
        for (int row = 0; row < rows; row += block_rows) {
            for (int first = mine.begin; first < mine.end; first += block_columns) {
                const int count = std::min(block_columns, mine.end - first);
                float part[block_columns] = {};
                const int end = std::min(rows, row + block_rows);
                int i = row;
                for (; i + 4 <= end; i += 4) add_four(part, a + i * stride + first, stride, count);
                for (; i < end; i++) add(part, a + i * stride + first, count);
                add(out + first, part, count);
            }
        }
    });
}

// out (count, columns): row n is row ids[n] of table (rows, columns).
void gather(int count, int rows, int columns, const float* table, const int32_t* ids, float* out) {
    const int threads = std::min(count, threads_for(static_cast<int64_t>(count) * columns));
    parallel(threads, [&](int index) {
        const Range mine(count, index, threads);
        for (int64_t n = mine.begin; n < mine.end; n++) {
            std::copy_n(table + clip(ids[n], rows) * columns, columns, out + n * columns);
        }
    });
}

// out (rows, columns): row v is the sum of the rows n of from (count, columns) with ids[n] = v.
void scatter_add(int count, int rows, int columns, const float* from, const int32_t* ids, float* out) {
    share_columns(count, columns, [&](Range mine) {
        for (int64_t v = 0; v < rows; v++) std::fill_n(out + v * columns + mine.begin, mine.size(), 0.0f);
        for (int64_t n = 0; n < count; n++) {
            add(out + clip(ids[n], rows) * columns + mine.begin, from + n * columns + mine.begin, mine.size());
        }
    });
}
}
