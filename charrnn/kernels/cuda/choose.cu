// Chooses the next character of each text as charrnn.sampling.sampler.Filter does: in double precision, and in the same
// order.

// Returns the largest of a block's values to all its threads. A block has 4 warps.
DEVICE float block_largest(float value) {
    __shared__ float largest[4];
    value = warp_largest(value);
    if (threadIdx.x % WARP == 0) largest[threadIdx.x / WARP] = value;
    __syncthreads();
    for (int warp = 0; warp < 4; warp++) value = largest[warp] > value ? largest[warp] : value;
    __syncthreads();  // before the shared memory is used again
    return value;
}

// The number of likeliest ids that are kept: the fewest among `most` that together hold the fraction `top_p`.
DEVICE int count_kept(const double* weights, const int* order, int most, double top_p) {
    double total = 0, before = 0;
    for (int rank = 0; rank < most; rank++) total += weights[order[rank]];
    int kept = 0;
    while (kept < most && before < top_p * total) before += weights[order[kept++]];
    return kept;
}

// The first id at which the cumulative weight exceeds the fraction `draw` of the total.
DEVICE int pick(const double* weights, int vocab, double draw) {
    double total = 0, sum = 0;
    for (int v = 0; v < vocab; v++) total += weights[v];
    for (int v = 0; v < vocab; v++) {
        sum += weights[v];
        if (sum > draw * total) return v;
    }
    return vocab - 1;
}

// Takes a block for each row of logits (B, V); weights and order are scratch of the same size. top_k = 0 and top_p = 1
// keep all, temperature = 0 takes the likeliest. Any logits, NaN too, give an id.
KERNEL(choose, 128)
(int vocab, int top_k, double top_p, double temperature, const float* logits, const double* draws, double* weights,
 int* order, int* ids) {
    __shared__ int kept;
    const int text = blockIdx.x, first = threadIdx.x, step = blockDim.x;
    logits += static_cast<Offset>(text) * vocab;
    weights += static_cast<Offset>(text) * vocab;
    order += static_cast<Offset>(text) * vocab;
    float largest = logits[min(first, vocab - 1)];
    for (int v = first; v < vocab; v += step) largest = logits[v] > largest ? logits[v] : largest;
    largest = block_largest(largest);
    if (temperature == 0.0) {
        float lowest = static_cast<float>(vocab - 1);  // the first of equal ones; a float holds it exactly
        for (int v = first; v < vocab; v += step) {
            if (logits[v] == largest && v < lowest) lowest = static_cast<float>(v);
        }
        lowest = -block_largest(-lowest);
        if (first == 0) ids[text] = static_cast<int>(lowest);
        return;
    }
    for (int v = first; v < vocab; v += step) {
        const double weight = exp((static_cast<double>(logits[v]) - largest) / temperature);
        weights[v] = weight >= 0 ? weight : 0;  // NaN compares false, and would have no rank
    }
    __syncthreads();
    if (top_k > 0 || top_p < 1.0) {
        for (int v = first; v < vocab; v += step) {
            int rank = 0;
            for (int u = 0; u < vocab; u++) rank += weights[u] > weights[v] || (weights[u] == weights[v] && u < v);
            order[rank] = v;
        }
        __syncthreads();
        if (first == 0) kept = count_kept(weights, order, top_k > 0 && top_k < vocab ? top_k : vocab, top_p);
        __syncthreads();
        for (int rank = kept + first; rank < vocab; rank += step) weights[order[rank]] = 0;
        __syncthreads();
    }
    if (first == 0) ids[text] = pick(weights, vocab, draws[text]);
}
