// Cross-entropy, with a warp for each row of logits (N, V).

DEVICE int row_of_warp() { return blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP; }

// The row's largest value, and the logarithm of the sum of exp(value - largest).
DEVICE void normalizer(const float* row, int vocab, int lane, float& largest, float& log_sum) {
    float mine = row[min(lane, vocab - 1)];
    for (int v = lane + WARP; v < vocab; v += WARP) mine = mine < row[v] ? row[v] : mine;
    largest = warp_largest(mine);
    float sum = 0;
    for (int v = lane; v < vocab; v += WARP) sum += expf(row[v] - largest);
    log_sum = logf(warp_sum(sum));
}

// Turns logits into log-probabilities; nats[n] is minus that of the target.
KERNEL(log_softmax, 128)
(int rows, int vocab, int id_width, float* logits, const void* targets, float* nats) {
    const int n = row_of_warp(), lane = threadIdx.x % WARP;
    if (n >= rows) return;  // the whole warp
    float* row = logits + static_cast<Offset>(n) * vocab;
    float largest, log_sum;
    normalizer(row, vocab, lane, largest, log_sum);
    const int target = row_at(targets, id_width, n, vocab);
    for (int v = lane; v < vocab; v += WARP) {
        row[v] = row[v] - largest - log_sum;
        if (v == target) nats[n] = -row[v];
    }
}

// Turns logits into (softmax - one-hot) * scale.
KERNEL(softmax_gradient, 128)
(int rows, int vocab, int id_width, float scale, float* logits, const void* targets, float* nats) {
    const int n = row_of_warp(), lane = threadIdx.x % WARP;
    if (n >= rows) return;  // the whole warp
    float* row = logits + static_cast<Offset>(n) * vocab;
    float largest, log_sum;
    normalizer(row, vocab, lane, largest, log_sum);
    const int target = row_at(targets, id_width, n, vocab);
    for (int v = lane; v < vocab; v += WARP) {
        const float log_probability = row[v] - largest - log_sum;
        if (v == target) nats[n] = -log_probability;
        row[v] = (expf(log_probability) - (v == target ? 1.0f : 0.0f)) * scale;
    }
}
