// Updates of the optimizer over the flat buffers, and sums over whole arrays.

// Returns the sum of a block's values to its first thread. A block has 8 warps.
DEVICE float block_sum(float value) {
    __shared__ float sums[8];
    value = warp_sum(value);
    if (threadIdx.x % WARP == 0) sums[threadIdx.x / WARP] = value;
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int warp = 1; warp < 8; warp++) value += sums[warp];
    }
    return value;
}

// partial[block] = the sum of squares of the values that the block visits, with the stride of the grid. The number of
// blocks, and with it the result, is the same on every GPU.
KERNEL(square_sums, 256)
(int count, const float* a, float* partial) {
    float sum = 0;
    for (int index = thread_number(); index < count; index += thread_count()) sum += a[index] * a[index];
    sum = block_sum(sum);
    if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

// Computes in one block the sum of `count` values times `scale`, or the square root of that.
KERNEL(total, 256)
(int count, float scale, int root, const float* a, float* out) {
    float sum = 0;
    for (int index = threadIdx.x; index < count; index += blockDim.x) sum += a[index];
    sum = block_sum(sum) * scale;
    if (threadIdx.x == 0) *out = root ? sqrtf(sum) : sum;
}

// Scales the values down to a norm of `limit` if theirs, whose partial sums of squares are given, is larger. Every
// block adds these up, in the same order, which is faster than another launch.
KERNEL(clip, 256)
(int count, int partials, float limit, float* a, const float* partial, float* norm) {
    __shared__ float factor;
    float sum = 0;
    for (int index = threadIdx.x; index < partials; index += blockDim.x) sum += partial[index];
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        const float before = sqrtf(sum), share = limit / (before + 1e-6f);
        if (blockIdx.x == 0) *norm = before;
        factor = share > 1.0f ? 1.0f : share;  // NaN stays NaN
    }
    __syncthreads();
    if (factor == 1.0f) return;  // the whole block
    for (int index = thread_number(); index < count; index += thread_count()) a[index] *= factor;
}

// `fresh` is 1 - beta, the weight of the new value, which float32 would round when beta is near 1.
KERNEL(adam, 256)
(int count, float* w, const float* dw, float* mean, float* square_mean, float rate, float beta1, float fresh1,
 float beta2, float fresh2, float epsilon) {
    for (int index = thread_number(); index < count; index += thread_count()) {
        const float slope = dw[index];
        const float m = beta1 * mean[index] + fresh1 * slope;
        const float q = beta2 * square_mean[index] + fresh2 * slope * slope;
        mean[index] = m;
        square_mean[index] = q;
        w[index] -= rate * m / (sqrtf(q) + epsilon);
    }
}
