// One team of threads for everything: two pools that spin for work would take the cores from each other.
#pragma once

#include <atomic>
#include <cstdint>

// Calls task(0) ... task(count - 1) on the threads of the pool, the caller's among them, and waits for all.
// Any thread may take any task, so a result must not depend on which. Tasks that wait for each other need a thread each:
// the pool gets `least_threads`, whatever another thread of the program has set since `count` was chosen.
template <class Task>
void parallel(int count, const Task& task, int least_threads = 1);

int pool_threads();

// The number of threads worth waking for `work` multiplications, or as much other work: a round costs microseconds.
inline int threads_for(int64_t work) {
    const int64_t worth = work >> 16;
    return worth < 1 ? 1 : worth < pool_threads() ? static_cast<int>(worth) : pool_threads();
}

// `count` threads wait here for each other; they spin, because the wait is too short to sleep.
class Barrier {
public:
    explicit Barrier(int count) : count_(count) {}
    void wait();

private:
    const int count_;
    std::atomic<int> arrived_{0}, round_{0};
};

void pool_run(int count, void (*call)(const void* task, int index), const void* task, int least_threads);

template <class Task>
void parallel(int count, const Task& task, int least_threads) {
    if (count == 1) return task(0);
    pool_run(count, [](const void* task, int index) { (*static_cast<const Task*>(task))(index); }, &task, least_threads);
}

// The part `index` of `count` nearly equal ones of 0 ... size, in multiples of `unit`.
struct Range {
    int begin, end;
    Range(int size, int index, int count, int unit = 1) {
        const int64_t units = (size + unit - 1) / unit;
        begin = static_cast<int>(units * index / count) * unit;
        end = static_cast<int>(units * (index + 1) / count) * unit;
        if (begin > size) begin = size;
        if (end > size) end = size;
    }
    int size() const { return end - begin; }
};
