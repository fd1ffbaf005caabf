// The beginning of every source here: the functions of ../cells/unit.h for one float per thread, and sums over a warp.
//
// No CUDA header is included, so that the kernels compile wherever NVRTC is installed, and so that a test can put its
// own definitions of CUDA's built-ins before this file and run the same source on a processor.

#define KERNEL(name, threads) extern "C" __global__ void __launch_bounds__(threads) name
#define DEVICE static __device__ __forceinline__
#define POINTWISE static __device__ __forceinline__
#define WARP 32
#define ALL_LANES 0xffffffffu

typedef float V;
typedef long long Offset;  // an index into an array that may hold more than 2^31 values

// The relative error of tanhf is 1e-7; tanh.approx would be wrong in the fourth digit. QUICK functions have an absolute
// error of 1e-7.
#ifdef QUICK
DEVICE float tanh_(float x) { return 1.0f - __fdividef(2.0f, __expf(2.0f * x) + 1.0f); }
DEVICE float sigmoid(float x) { return __fdividef(1.0f, __expf(-x) + 1.0f); }
#else
DEVICE float tanh_(float x) { return tanhf(x); }
DEVICE float sigmoid(float x) { return 0.5f * tanhf(0.5f * x) + 0.5f; }
#endif
DEVICE float positive_part(float x) { return x < 0.0f ? 0.0f : x; }  // NaN stays NaN
DEVICE float is_positive(float x) { return x > 0.0f ? 1.0f : 0.0f; }

DEVICE int thread_number() { return blockIdx.x * blockDim.x + threadIdx.x; }
DEVICE int thread_count() { return gridDim.x * blockDim.x; }

// The sum is made in the same order on every run and in every lane.
DEVICE float warp_sum(float value) {
    for (int apart = WARP / 2; apart > 0; apart /= 2) value += __shfl_xor_sync(ALL_LANES, value, apart);
    return value;
}

DEVICE float warp_largest(float value) {
    for (int apart = WARP / 2; apart > 0; apart /= 2) {
        const float other = __shfl_xor_sync(ALL_LANES, value, apart);
        value = value < other ? other : value;
    }
    return value;
}

// Character ids are read as they are stored: 1, 2, 4 or 8 bytes each.
DEVICE int id_at(const void* ids, int width, Offset index) {
    if (width == 1) return static_cast<const unsigned char*>(ids)[index];
    if (width == 2) return static_cast<const unsigned short*>(ids)[index];
    if (width == 4) return static_cast<const int*>(ids)[index];
    return static_cast<int>(static_cast<const long long*>(ids)[index]);
}

// An id as the index of one of `count` rows: no kernel trusts ids, because a wrong one would reach outside of an array.
DEVICE int row_at(const void* ids, int width, Offset index, int count) {
    const int id = id_at(ids, width, index);
    return static_cast<unsigned>(id) < static_cast<unsigned>(count) ? id : count - 1;
}
