#include "pool.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// How long to spin: longer than the gaps between the calls of a training step, but shorter than a time slice.
constexpr auto patience = std::chrono::microseconds(200);

inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// An exception can neither leave a thread of the pool nor pass through Python: without this, the program would abort.
// Saved files stay intact.
[[noreturn]] void give_up(const char* line) {
    std::fputs(line, stderr);
    std::_Exit(1);
}

const std::new_handler before = std::set_new_handler([] {
    give_up("Error: out of memory in the compiled kernels; lower --batch-size, --seq-len or --hidden-size\n");
});

template <class Condition>
bool spin(const Condition& done) {
    const auto deadline = Clock::now() + patience;
    do {
        for (int i = 0; i < 64; i++) {
            if (done()) return true;
            relax();
        }
    } while (Clock::now() < deadline);
    return done();
}

class Pool {
public:
    explicit Pool(int threads) {
        try {
            for (int i = 1; i < threads; i++) workers_.emplace_back([this] { work(); });
        } catch (const std::system_error&) {
            give_up("Error: the system cannot start more threads; lower --threads\n");
        }
    }

    ~Pool() {
        stopping_ = true;
        start_round();
        for (auto& worker : workers_) worker.join();
    }

    int threads() const { return static_cast<int>(workers_.size()) + 1; }

    void run(int count, void (*call)(const void*, int), const void* task) {
        call_ = call, task_ = task, count_ = count;
        next_ = 0;
        busy_ = static_cast<int>(workers_.size());
        start_round();
        take_tasks();
        const auto idle = [this] { return busy_.load(std::memory_order_acquire) == 0; };
        if (spin(idle)) return;
        std::unique_lock<std::mutex> lock(mutex_);
        finished_.wait(lock, idle);
    }

private:
    void start_round() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            round_.fetch_add(1, std::memory_order_release);
        }
        started_.notify_all();
    }

    void take_tasks() {
        for (int index; (index = next_.fetch_add(1)) < count_;) call_(task_, index);
    }

    void work() {
        for (int seen = 0;;) {
            const auto begun = [&] { return round_.load(std::memory_order_acquire) != seen; };
            if (!spin(begun)) {
                std::unique_lock<std::mutex> lock(mutex_);
                started_.wait(lock, begun);
            }
            seen++;
            if (stopping_) return;
            take_tasks();
            if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                { std::lock_guard<std::mutex> lock(mutex_); }
                finished_.notify_one();
            }
        }
    }

    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable started_, finished_;
    std::atomic<int> round_{0}, next_{0}, busy_{0};
    std::atomic<bool> stopping_{false};
    void (*call_)(const void*, int) = nullptr;
    const void* task_ = nullptr;
    int count_ = 0;
};

Pool* pool = nullptr;
std::atomic<int> wanted{1};
std::mutex in_use;  // Python threads may call at once

}  // namespace

int pool_threads() { return wanted; }

void pool_run(int count, void (*call)(const void*, int), const void* task, int least_threads) {
    const std::lock_guard<std::mutex> lock(in_use);
    if (!pool || pool->threads() < least_threads) {
        delete pool;
        pool = new Pool(std::max<int>(wanted, least_threads));
    }
    pool->run(count, call, task);
}

void Barrier::wait() {
    if (count_ == 1) return;
    const int round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count_) {
        arrived_.store(0, std::memory_order_relaxed);
        round_.fetch_add(1, std::memory_order_release);
        return;
    }
    while (!spin([&] { return round_.load(std::memory_order_acquire) != round; })) std::this_thread::yield();
}

extern "C" {

// Sets the number of threads from now on; the pool itself starts with the first task.
void set_threads(int threads) {
    const std::lock_guard<std::mutex> lock(in_use);
    delete pool;
    pool = nullptr;
    wanted = threads;
}

int thread_count() { return wanted; }

// The child of a fork has only its own thread: it leaves the parent's pool alone and will start another. Another thread
// of the parent may have held the mutex.
void after_fork() {
    pool = nullptr;
    new (&in_use) std::mutex;
}
}
