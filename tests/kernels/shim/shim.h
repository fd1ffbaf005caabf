// What CUDA builds in, for a processor: a kernel of charrnn/kernels/cuda compiles behind this file as ordinary C++.
//
// A CUDA thread is a thread here and a barrier a barrier, so that what is missing is missing here, too, and the thread
// sanitizer sees it. Blocks run one after another.
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

using std::min;

namespace shim {

struct Dim {
    unsigned x, y, z;
};

struct Warp {
    std::barrier<> meet{32};
    float values[32];
};

inline std::unique_ptr<std::barrier<>> block;
inline std::vector<std::unique_ptr<Warp>> warps;

// What a kernel takes, a letter for each argument: p for an address, i and f for numbers of 4 bytes.
template <class... A>
std::string signature(void (*)(A...)) {
    static_assert(((std::is_pointer_v<A> || sizeof(A) == 4) && ...), "a kernel takes addresses and numbers of 4 bytes");
    return {(std::is_pointer_v<A> ? 'p' : std::is_integral_v<A> ? 'i' : 'f')...};
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

static inline void __syncthreads() { shim::block->arrive_and_wait(); }

static inline float __shfl_xor_sync(unsigned, float value, int lanes) {
    shim::Warp& warp = *shim::warps[threadIdx.x / 32];
    warp.values[threadIdx.x % 32] = value;
    warp.meet.arrive_and_wait();
    const float other = warp.values[threadIdx.x % 32 ^ lanes];
    warp.meet.arrive_and_wait();
    return other;
}

namespace shim {

inline void run(Dim grid, unsigned threads, const std::function<void()>& kernel) {
    gridDim = grid, blockDim = {threads, 1, 1};
    block = std::make_unique<std::barrier<>>(threads);
    warps.clear();
    for (unsigned warp = 0; warp < (threads + 31) / 32; warp++) warps.push_back(std::make_unique<Warp>());
    std::barrier<> done(threads);
    std::vector<std::thread> team;
    for (unsigned thread = 0; thread < threads; thread++) {
        team.emplace_back([&, thread] {
            threadIdx = {thread, 0, 0};
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

template <class... A>
void launch(void (*kernel)(A...), Dim grid, unsigned threads, void** arguments) {
    run(grid, threads, [=] { call(kernel, arguments, std::index_sequence_for<A...>()); });
}

}  // namespace shim

#define ENTRY(name)                                                                            \
    extern "C" const char* signature_##name() {                                                \
        static const std::string text = shim::signature(name);                                 \
        return text.c_str();                                                                   \
    }                                                                                          \
    extern "C" void launch_##name(unsigned x, unsigned y, unsigned threads, void** arguments) { \
        shim::launch(name, {x, y, 1}, threads, arguments);                                     \
    }
