// CUDA's built-ins for a processor: a kernel of charrnn/kernels/cuda compiles after this file as ordinary C++.
//
// Each CUDA thread is a thread and each barrier is a barrier, so that a missing barrier is missing here, too, and the
// thread sanitizer finds it. Blocks run one after another; those of a GROUP_KERNEL all run at the same time.
#pragma once

#include <algorithm>
#include <barrier>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(threads)
#define __shared__ static
#define __restrict__ __restrict
#define __expf expf
#define __fdividef(a, b) ((a) / (b))

using std::min;

namespace shim {

struct Dim {
    unsigned x, y, z;
};

struct Warp {
    std::barrier<> meet{32};
    float values[32];
    unsigned halves[2][32][6];  // see multiply in instructions.h
};

struct alignas(16) Sixteen {
    char bytes[16];
};

struct Block {
    std::barrier<> meet;
    std::vector<Warp> warps;
    std::vector<Sixteen> shared;

    Block(unsigned threads, unsigned shared_bytes)
        : meet(threads), warps((threads + 31) / 32), shared((shared_bytes + 15) / 16) {}
};

struct Group {
    std::vector<std::unique_ptr<Block>> blocks;
    std::barrier<> meet;

    Group(unsigned count, unsigned threads, unsigned shared_bytes) : meet(count * threads) {
        for (unsigned block = 0; block < count; block++) {
            blocks.push_back(std::make_unique<Block>(threads, shared_bytes));
        }
    }
};

inline thread_local Block* block;
inline thread_local Group* group;

// A kernel's arguments, one letter each: p for an address, i and f for numbers of 4 bytes, d for a double.
template <class... A>
std::string signature(void (*)(A...)) {
    static_assert(((std::is_pointer_v<A> || std::is_same_v<A, double> || sizeof(A) == 4) && ...), "no such letter");
    return {(std::is_pointer_v<A> ? 'p' : std::is_integral_v<A> ? 'i' : sizeof(A) == 4 ? 'f' : 'd')...};
}

template <class... A, size_t... I>
void call(void (*kernel)(A...), void** arguments, std::index_sequence<I...>) {
    kernel(*static_cast<A*>(arguments[I])...);
}

}  // namespace shim

static thread_local shim::Dim threadIdx, blockIdx;
static shim::Dim blockDim, gridDim;

static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}

static inline void __syncthreads() { shim::block->meet.arrive_and_wait(); }

static inline float __shfl_xor_sync(unsigned, float value, int lanes) {
    shim::Warp& warp = shim::block->warps[threadIdx.x / 32];
    warp.values[threadIdx.x % 32] = value;
    warp.meet.arrive_and_wait();
    const float other = warp.values[threadIdx.x % 32 ^ lanes];
    warp.meet.arrive_and_wait();
    return other;
}

namespace shim {

inline void run(Dim grid, unsigned threads, const std::function<void()>& kernel) {
    Block only(threads, 0);
    std::barrier<> done(threads);
    std::vector<std::thread> team;
    for (unsigned thread = 0; thread < threads; thread++) {
        team.emplace_back([&, thread] {
            block = &only, threadIdx = {thread, 0, 0};
            for (unsigned y = 0; y < grid.y; y++) {
                for (unsigned x = 0; x < grid.x; x++) {
                    blockIdx = {x, y, 0};
                    kernel();
                    done.arrive_and_wait();
                }
            }
        });
    }
    for (std::thread& thread : team) thread.join();
}

// Runs all blocks at the same time; blocks with the same y form a group.
inline void run_together(Dim grid, unsigned threads, unsigned shared_bytes, const std::function<void()>& kernel) {
    std::vector<std::unique_ptr<Group>> groups;
    for (unsigned y = 0; y < grid.y; y++) groups.push_back(std::make_unique<Group>(grid.x, threads, shared_bytes));
    std::vector<std::thread> team;
    for (unsigned index = 0; index < grid.y * grid.x * threads; index++) {
        team.emplace_back([&, index] {
            threadIdx = {index % threads, 0, 0}, blockIdx = {index / threads % grid.x, index / threads / grid.x, 0};
            group = groups[blockIdx.y].get(), block = group->blocks[blockIdx.x].get();
            kernel();
        });
    }
    for (std::thread& thread : team) thread.join();
}

template <class... A>
void launch(void (*kernel)(A...), Dim grid, unsigned threads, unsigned shared_bytes, bool together, void** arguments) {
    const auto run_one = [=] { call(kernel, arguments, std::index_sequence_for<A...>()); };
    gridDim = grid, blockDim = {threads, 1, 1};
    if (together) run_together(grid, threads, shared_bytes, run_one);
    else run(grid, threads, run_one);
}

}  // namespace shim

#define ENTRY(name, together)                                                                       \
    extern "C" const char* signature_##name() {                                                     \
        static const std::string text = shim::signature(name);                                      \
        return text.c_str();                                                                        \
    }                                                                                               \
    extern "C" void launch_##name(unsigned x, unsigned y, unsigned threads, unsigned shared_bytes, \
                                  void** arguments) {                                               \
        shim::launch(name, {x, y, 1}, threads, shared_bytes, together, arguments);                  \
    }
