// One time step of CELL, forth and back: a thread for each unit of each row of the batch. The recurrent product is made
// between the launches, by cuBLAS. T, B, H and G are those of charrnn/recurrence.py; count = B * H.

// forward:  h[t + 1] from z[t], r = product + bias, and the state; z[t] becomes the gates.
// tape = count, or 0 where no time step is recorded and memory and kept have only one.
KERNEL(forward, 256)
(int t, int count, int hidden, int tape, const float* product, const float* bias, float* z, float* h, float* memory,
 float* kept) {
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
    if (CELL::has_memory) u.memory = memory[taped];
    CELL::step(u);
    for (int block = 0; block < CELL::blocks; block++) gates[block * hidden] = u.z[block];
    h[count] = u.h;
    if (CELL::has_memory) memory[taped + tape] = u.memory;
    if (CELL::keeps) kept[taped] = u.kept;
}

// backward:  z[t] becomes dz. The gradient of h[t + 1] comes in three parts: from above, through the product of the step
// after, and what that step carried past its product; this step's part of the last kind goes out.
// dr is the gradient of r where that is not dz.
KERNEL(backward, 256)
(int t, int count, int hidden, float* z, const float* h, const float* memory, const float* kept, const float* above,
 const float* product, float* carried, float* dmemory, float* dr) {
    const int index = thread_number();
    if (index >= count) return;
    const int row = index / hidden, unit = index % hidden;
    const Offset here = static_cast<Offset>(t) * count + index;
    const Offset gate = (static_cast<Offset>(t) * count + static_cast<Offset>(row) * hidden) * CELL::blocks + unit;
    Unit<CELL::blocks> u;
    for (int block = 0; block < CELL::blocks; block++) u.z[block] = z[gate + block * hidden];
    u.h = h[here];
    u.dh = above[here] + product[index] + carried[index];
    if (CELL::has_memory) u.memory = memory[here], u.dmemory = dmemory[index];
    if (CELL::keeps) u.kept = kept[here];
    CELL::step_backward(u);
    for (int block = 0; block < CELL::blocks; block++) {
        z[gate + block * hidden] = u.z[block];
        if (CELL::keeps) dr[gate + block * hidden] = block == CELL::blocks - 1 ? u.kept : u.z[block];
    }
    carried[index] = u.dh;
    if (CELL::has_memory) dmemory[index] = u.dmemory;
}
