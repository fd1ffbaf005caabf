// The functions of charrnn/kernels/cuda/instructions.h, for a processor.

#include <atomic>
#include <cstring>
#include <optional>

#define ALONE 0
#define CLUSTER 1
#define GRID 2
#define GROUP_KERNEL(name, threads) extern "C" void name
#define METHOD inline

typedef unsigned short Half;
struct alignas(16) Quad {
    unsigned x, y, z, w;
};

DEVICE char* shared_memory() { return shim::block->shared[0].bytes; }

template <class To, class From>
DEVICE To same_bits(const From& value) {
    To bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

DEVICE Half half_of(float value) { return same_bits<Half>(static_cast<_Float16>(value)); }
DEVICE float value_of(Half half) { return same_bits<_Float16>(half); }
DEVICE unsigned halves_of(float first, float second) { return half_of(first) | unsigned(half_of(second)) << 16; }
DEVICE unsigned bits_of(float value) { return same_bits<unsigned>(value); }
DEVICE float float_of(unsigned bits) { return same_bits<float>(bits); }

// Each lane shows its operands to the others and reads those that it needs. There are two places, so that a lane may
// show its operands of the next product while others still read.
DEVICE void multiply(float (&sum)[4], const Quad& a, unsigned b0, unsigned b1) {
    static thread_local unsigned times = 0;
    shim::Warp& warp = shim::block->warps[threadIdx.x / 32];
    unsigned(&halves)[32][6] = warp.halves[times++ % 2];
    const unsigned shown[6] = {a.x, a.y, a.z, a.w, b0, b1};
    const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    std::memcpy(halves[lane], shown, sizeof shown);
    warp.meet.arrive_and_wait();
    for (int index = 0; index < 4; index++) {
        const int high_row = index / 2, column = 2 * t + index % 2;
        float total = 0;
        for (int k = 0; k < 16; k++) {
            const int holder = k % 8 / 2, shift = k % 2 * 16;
            const Half left = halves[g * 4 + holder][k / 8 * 2 + high_row] >> shift;
            const Half right = halves[column * 4 + holder][4 + k / 8] >> shift;
            total += value_of(left) * value_of(right);
        }
        sum[index] += total;
    }
}

DEVICE void store_at(int member, Half* place, const Quad& value) {
    const auto offset = reinterpret_cast<char*>(place) - shared_memory();
    std::memcpy(shim::group->blocks[member]->shared[0].bytes + offset, &value, sizeof value);
}

static thread_local std::optional<std::barrier<>::arrival_token> token;
DEVICE void cluster_arrive() { token = shim::group->meet.arrive(); }
DEVICE void cluster_wait() { shim::group->meet.wait(std::move(*token)); }

DEVICE void store_for_all(Half* place, const Quad& value) { std::memcpy(place, &value, sizeof value); }
DEVICE Quad load_from_all(const Half* place) { return *reinterpret_cast<const Quad*>(place); }
DEVICE void count_up(unsigned* counter) { std::atomic_ref(*counter).fetch_add(1, std::memory_order_release); }
DEVICE void wait_for(unsigned* counter, unsigned count) {
    while (std::atomic_ref(*counter).load(std::memory_order_acquire) < count) std::this_thread::yield();
}
