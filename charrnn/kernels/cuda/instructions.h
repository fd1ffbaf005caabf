// PTX helpers (Ampere and newer): products of tiles, rounding to half precision, clusters, and loads and stores with an
// order among blocks. No other file here contains PTX; the tests run the sources on a processor with the same functions
// in C++ instead of this file. EXCHANGE and GROUP are explained in exchange.h.

#define ALONE 0
#define CLUSTER 1
#define GRID 2

#if EXCHANGE == CLUSTER
#define TOGETHER __cluster_dims__(GROUP, 1, 1)
#else
#define TOGETHER
#endif
#define GROUP_KERNEL(name, threads) extern "C" __global__ void TOGETHER __launch_bounds__(threads, 1) name
#define METHOD __device__ __forceinline__

typedef unsigned short Half;
struct __align__(16) Quad {
    unsigned x, y, z, w;
};

extern __shared__ __align__(16) char shared_bytes[];
DEVICE char* shared_memory() { return shared_bytes; }

DEVICE Half half_of(float value) {
    Half half;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(value));
    return half;
}

// Two halves, the first one in the lower bits.
DEVICE unsigned halves_of(float first, float second) {
    unsigned halves;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(halves) : "f"(second), "f"(first));
    return halves;
}

DEVICE unsigned bits_of(float value) { return __float_as_uint(value); }
DEVICE float float_of(unsigned bits) { return __uint_as_float(bits); }

// sum (16, 8) += a (16, 16) b (16, 8), by all lanes of a warp. With g = lane / 4 and t = lane % 4, a lane holds of
//     sum  rows g, g and g + 8, g + 8 of columns 2t, 2t + 1
//     a    x: row g, y: row g + 8 of columns 2t, 2t + 1;  z, w: the same of columns 2t + 8, 2t + 9
//     b    b0: rows 2t, 2t + 1, b1: rows 2t + 8, 2t + 9 of column g
DEVICE void multiply(float (&sum)[4], const Quad& a, unsigned b0, unsigned b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "r"(b0), "r"(b1));
}

#if EXCHANGE == CLUSTER

// Stores into the shared memory of another member of the cluster, at the offset that `place` has in this member's.
DEVICE void store_at(int member, Half* place, const Quad& value) {
    const unsigned here = static_cast<unsigned>(__cvta_generic_to_shared(place));
    unsigned there;
    asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(here), "r"(member));
    asm volatile("st.shared::cluster.v4.b32 [%0], {%1, %2, %3, %4};"
                 ::"r"(there), "r"(value.x), "r"(value.y), "r"(value.z), "r"(value.w) : "memory");
}

// Everything stored before a member arrives is visible to all that waited. The lanes of a warp have to arrive together.
DEVICE void cluster_arrive() {
    __syncwarp();
    asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
}

DEVICE void cluster_wait() {
    __syncwarp();
    asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
}

#endif

#if EXCHANGE == GRID

// These bypass the cache of the multiprocessor, which does not see what other multiprocessors store.
DEVICE void store_for_all(Half* place, const Quad& value) {
    asm volatile("st.global.cg.v4.b32 [%0], {%1, %2, %3, %4};"
                 ::"l"(place), "r"(value.x), "r"(value.y), "r"(value.z), "r"(value.w) : "memory");
}

DEVICE Quad load_from_all(const Half* place) {
    Quad value;
    asm volatile("ld.global.cg.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w) : "l"(place) : "memory");
    return value;
}

// Everything that the block stored before it is counted is visible to all that then wait for the count.
DEVICE void count_up(unsigned* counter) {
    asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(counter) : "memory");
}

DEVICE void wait_for(const unsigned* counter, unsigned count) {
    unsigned value;
    do {
        asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(counter) : "memory");
    } while (value < count);
}

#endif
