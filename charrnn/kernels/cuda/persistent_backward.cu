// All time steps of CELL backward in one launch; see persistent_forward.cu.

// Gradients are multiplied by a power of two on the way in and divided by it on the way out, so that the largest
// incoming one is between 1 and 2: the range of float16 ends at 65504 and at 6e-8. Scaled like this, gradients are as
// exact as with TF32, which has the same number of bits; bfloat16 would be several times less exact.
struct Scale {
    float up = 1, down = 1;

    // `largest` has PEAKS values, each the largest of some incoming gradients.
    METHOD explicit Scale(const float* largest) {
        float most = 0;
        for (int index = 0; index < PEAKS; index++) most = largest[index] > most ? largest[index] : most;
        const unsigned exponent = bits_of(most) >> 23;
        if (exponent < 2 || exponent > 252) return;  // nothing to scale, or NaN
        up = float_of((254 - exponent) << 23);
        down = float_of(exponent << 23);
    }

    METHOD static float fitting(float value) {
        return value > 65504.0f ? 65504.0f : value < -65504.0f ? -65504.0f : value;  // NaN stays NaN
    }
};

// dproduct is the gradient of the last output on the way in and that of the first one on the way out, dc likewise;
// h, c, saved, above and dr begin at the first time step.
GROUP_KERNEL(backward, THREADS)
(int first_group, int steps, int batch, const float* largest, const float* weight, float* z, const float* h,
 const float* c, const float* saved, const float* above, float* dproduct, float* dc, float* dr, Half* operands,
 unsigned* counters) {
    Member my(first_group, batch, weight, operands, counters);
    const Scale scale(largest);
    const Offset count = batch * HIDDEN;
    const float start[VALUES * SPAN] = {};
    float through[SHARE][VALUES], carried[SHARE];
    Unit<BLOCKS> units[SHARE];
    const Offset end = (steps - 1) * count;
    z += end * BLOCKS, dr += end * BLOCKS, h += end, c += end, saved += end, above += end;

    // Loads the inputs of a time step that are known in advance.
    const auto load = [&](int index) {
        Unit<BLOCKS>& u = units[index];
        for (int block = 0; block < BLOCKS; block++) u.z[block] = z[my.gate[index] + block * HIDDEN];
        u.h = h[my.at[index]];
        u.dh = above[my.at[index]] * scale.up;
        if (CELL::has_c) u.c = c[my.at[index]];
        if (CELL::saves) u.saved = saved[my.at[index]];
    };
#pragma unroll
    for (int index = 0; index < SHARE; index++) {
        if (!my.live[index]) continue;
        load(index);
        through[index][0] = dproduct[my.at[index]] * scale.up;
        carried[index] = 0;
        if (CELL::has_c) units[index].dc = dc[my.at[index]] * scale.up;
    }
    for (int turn = 0; turn < steps; turn++) {
#pragma unroll
        for (int index = 0; index < SHARE; index++) {
            if (!my.live[index]) continue;
            Unit<BLOCKS>& u = units[index];
            u.dh += through[index][0] + carried[index];
            CELL::step_backward(u);
            carried[index] = u.dh;
            for (int block = 0; block < BLOCKS; block++) {
                my.put(turn, index, block, Scale::fitting(CELL::saves && block == BLOCKS - 1 ? u.saved : u.z[block]));
            }
        }
        my.exchange.send(turn);
#pragma unroll
        for (int index = 0; index < SHARE; index++) {
            if (!my.live[index]) continue;
            const Unit<BLOCKS>& u = units[index];
            for (int block = 0; block < BLOCKS; block++) {
                const int gate = my.gate[index] + block * HIDDEN;
                z[gate] = u.z[block] * scale.down;
                if (CELL::saves) dr[gate] = (block == BLOCKS - 1 ? u.saved : u.z[block]) * scale.down;
            }
        }
        if (turn + 1 < steps) {
            z -= count * BLOCKS, dr -= count * BLOCKS, h -= count, c -= count, saved -= count, above -= count;
#pragma unroll
            for (int index = 0; index < SHARE; index++) {
                if (my.live[index]) load(index);
            }
        }
        my.exchange.receive(turn);
        my.product.make(my.lane, my.exchange, turn, start, through);
    }
#pragma unroll
    for (int index = 0; index < SHARE; index++) {
        if (!my.live[index]) continue;
        dproduct[my.at[index]] = (through[index][0] + carried[index]) * scale.down;
        if (CELL::has_c) dc[my.at[index]] = units[index].dc * scale.down;
    }
}
