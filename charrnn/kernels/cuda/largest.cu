// Finds the largest gradient that enters a backward pass; see Scale in persistent_backward.cu.

// largest[block] = the largest magnitude among the values that the block visits, with the stride of the grid; NaN is
// skipped.
KERNEL(largest_of, 256)
(int count, int state_count, const float* above, const float* dproduct, const float* dmemory, float* largest) {
    __shared__ float of_warp[8];
    float most = 0;
    for (int index = thread_number(); index < count; index += thread_count()) most = fmaxf(most, fabsf(above[index]));
    for (int index = thread_number(); index < state_count; index += thread_count()) {
        most = fmaxf(most, fmaxf(fabsf(dproduct[index]), fabsf(dmemory[index])));
    }
    most = warp_largest(most);
    if (threadIdx.x % WARP == 0) of_warp[threadIdx.x / WARP] = most;
    __syncthreads();
    if (threadIdx.x > 0) return;
    for (int warp = 1; warp < 8; warp++) most = fmaxf(most, of_warp[warp]);
    largest[blockIdx.x] = most;
}
