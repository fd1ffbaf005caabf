// The two halves of a time step of CELL, forward and backward; see step.cu. Between the halves cuBLAS computes the
// product of the gate's output with the last block's weights, or backward that of the last block's gradient. The gate
// depends on the first block.

#define BLOCKS CELL::blocks
#define LAST (BLOCKS - 1)

KERNEL(gate, 256)
(int t, int count, int hidden, int tape, const float* product, const float* bias, float* z, const float* h,
 float* saved) {
    const int index = thread_number();
    if (index >= count) return;
    const int row = index / hidden, unit = index % hidden;
    float* gates = z + (static_cast<Offset>(t) * count + static_cast<Offset>(row) * hidden) * BLOCKS + unit;
    Unit<BLOCKS> u;
    for (int block = 0; block < LAST; block++) {
        u.z[block] = gates[block * hidden];
        u.r[block] = product[static_cast<Offset>(row) * LAST * hidden + block * hidden + unit] +
                     bias[block * hidden + unit];
    }
    u.h = h[static_cast<Offset>(t) * count + index];
    CELL::gate(u);
    for (int block = 0; block < LAST; block++) gates[block * hidden] = u.z[block];
    saved[static_cast<Offset>(t) * tape + index] = u.saved;
}

KERNEL(step, 256)
(int t, int count, int hidden, const float* product, const float* bias, float* z, float* h) {
    const int index = thread_number();
    if (index >= count) return;
    const int row = index / hidden, unit = index % hidden;
    float* gates = z + (static_cast<Offset>(t) * count + static_cast<Offset>(row) * hidden) * BLOCKS + unit;
    h += static_cast<Offset>(t) * count + index;
    Unit<BLOCKS> u;
    for (int block = 0; block < BLOCKS; block++) u.z[block] = gates[block * hidden];
    u.r[LAST] = product[index] + bias[LAST * hidden + unit];
    u.h = *h;
    CELL::step(u);
    gates[LAST * hidden] = u.z[LAST];
    h[count] = u.h;
}

// Also writes dz of the last block on its own, for the product.
KERNEL(step_backward, 256)
(int t, int count, int hidden, float* z, const float* h, const float* above, const float* product, float* carried,
 float* dlast) {
    const int index = thread_number();
    if (index >= count) return;
    const int row = index / hidden, unit = index % hidden;
    const Offset here = static_cast<Offset>(t) * count + index;
    float* gates = z + (static_cast<Offset>(t) * count + static_cast<Offset>(row) * hidden) * BLOCKS + unit;
    Unit<BLOCKS> u;
    for (int block = 0; block < BLOCKS; block++) u.z[block] = gates[block * hidden];
    u.h = h[here];
    u.dh = above[here] + product[index] + carried[index];
    CELL::step_backward(u);
    for (int block = 1; block < BLOCKS; block++) gates[block * hidden] = u.z[block];
    dlast[here] = u.z[LAST];
    carried[index] = u.dh;
}

// Also writes dz of the other blocks on its own.
KERNEL(gate_backward, 256)
(int t, int count, int hidden, float* z, const float* h, const float* dgate, float* carried, float* dgates) {
    const int index = thread_number();
    if (index >= count) return;
    const int row = index / hidden, unit = index % hidden;
    const Offset here = static_cast<Offset>(t) * count + index;
    const Offset first = static_cast<Offset>(t) * count + static_cast<Offset>(row) * hidden;
    float* gates = z + first * BLOCKS + unit;
    Unit<BLOCKS> u;
    u.z[0] = gates[0];
    u.h = h[here];
    u.dh = carried[index];
    CELL::gate_backward(u, dgate[index]);
    gates[0] = u.z[0];
    dgates[first * LAST + unit] = u.z[0];
    for (int block = 1; block < LAST; block++) dgates[first * LAST + block * hidden + unit] = gates[block * hidden];
    carried[index] = u.dh;
}
