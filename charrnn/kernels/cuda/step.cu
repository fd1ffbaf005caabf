// One time step of CELL, forward and backward, with a thread for each unit of each row of the batch. Between the
// launches cuBLAS computes the recurrent product. T, B, H and G are those of charrnn/cells/protocol.py; count = B * H.

// forward:  h[t + 1] from z[t], r = product + bias, and the state; z[t] becomes the gates.
// tape = count, or 0 if no time step is recorded and c and saved have only one.
KERNEL(forward, 256)
(int t, int count, int hidden, int tape, const float* product, const float* bias, float* z, float* h, float* c,
 float* saved) {
    const int index = thread_number();
    if (index >= count) return;
    const int row = index / hidden, unit = index % hidden;
    const Offset gate = static_cast<Offset>(row) * CELL::blocks * hidden + unit;
    float* gates = z + static_cast<Offset>(t) * count * CELL::blocks + gate;
    h += static_cast<Offset>(t) * count + index;
    const Offset taped = static_cast<Offset>(t) * tape + index;
    Unit<CELL::blocks> u;
    for (int block = 0; block < CELL::blocks; block++) {
        u.z[block] = gates[block * hidden];
        u.r[block] = product[gate + block * hidden] + bias[block * hidden + unit];
    }
    u.h = *h;
    if (CELL::has_c) u.c = c[taped];
    CELL::step(u);
    for (int block = 0; block < CELL::blocks; block++) gates[block * hidden] = u.z[block];
    h[count] = u.h;
    if (CELL::has_c) c[taped + tape] = u.c;
    if (CELL::saves) saved[taped] = u.saved;
}

// backward:  z[t] becomes dz. The gradient of h[t + 1] comes in three parts: from above, through the product of the
// next step, and what that step carried past its product. This step's own part of the third kind goes out. dr is the
// gradient of r if that is not dz.
KERNEL(backward, 256)
(int t, int count, int hidden, float* z, const float* h, const float* c, const float* saved, const float* above,
 const float* product, float* carried, float* dc, float* dr) {
    const int index = thread_number();
    if (index >= count) return;
    const int row = index / hidden, unit = index % hidden;
    const Offset here = static_cast<Offset>(t) * count + index;
    const Offset gate = (static_cast<Offset>(t) * count + static_cast<Offset>(row) * hidden) * CELL::blocks + unit;
    Unit<CELL::blocks> u;
    for (int block = 0; block < CELL::blocks; block++) u.z[block] = z[gate + block * hidden];
    u.h = h[here];
    u.dh = above[here] + product[index] + carried[index];
    if (CELL::has_c) u.c = c[here], u.dc = dc[index];
    if (CELL::saves) u.saved = saved[here];
    CELL::step_backward(u);
    for (int block = 0; block < CELL::blocks; block++) {
        z[gate + block * hidden] = u.z[block];
        if (CELL::saves) dr[gate + block * hidden] = block == CELL::blocks - 1 ? u.saved : u.z[block];
    }
    carried[index] = u.dh;
    if (CELL::has_c) dc[index] = u.dc;
}
