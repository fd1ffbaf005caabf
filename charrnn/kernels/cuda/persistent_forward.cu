// All time steps of CELL in one launch. The state of a unit stays in the registers of the lane that computes it; what
// the next product reads goes from member to member of a group, as exchange.h says. Arrays and `tape` are those of
// step.cu. The gates of a time step are stored, and the inputs of the next one loaded, while the members wait for each
// other. A launch is for the groups from first_group on.

GROUP_KERNEL(forward, THREADS)
(int first_group, int steps, int batch, int tape, const float* weight, const float* bias, float* z, float* h,
 float* c, float* saved, Half* operands, unsigned* counters) {
    Member my(first_group, batch, weight, operands, counters);
    const int count = batch * HIDDEN;
    float start[VALUES * SPAN];  // only one of the PARTS adds the bias
#pragma unroll
    for (int eight = 0; eight < VALUES * SPAN; eight++) {
        const int unit = my.lane.unit(eight % SPAN);
        const bool counts = my.lane.part == 0 && unit < UNITS;
        start[eight] = counts ? bias[eight / SPAN * HIDDEN + blockIdx.x * UNITS + unit] : 0.0f;
    }
    Unit<BLOCKS> units[SHARE];
#pragma unroll
    for (int index = 0; index < SHARE; index++) {
        if (!my.live[index]) continue;
        Unit<BLOCKS>& u = units[index];
        for (int block = 0; block < BLOCKS; block++) u.z[block] = z[my.gate[index] + block * HIDDEN];
        u.h = h[my.at[index]];
        if (CELL::has_c) u.c = c[my.at[index]];
        my.put(0, index, 0, u.h);
    }
    my.exchange.send(0);
    for (int t = 0; t < steps; t++) {
        const bool last = t + 1 == steps;
        float product[SHARE][VALUES];
        my.exchange.receive(t);
        my.product.make(my.lane, my.exchange, t, start, product);
#pragma unroll
        for (int index = 0; index < SHARE; index++) {
            if (!my.live[index]) continue;
            Unit<BLOCKS>& u = units[index];
            for (int block = 0; block < BLOCKS; block++) u.r[block] = product[index][block];
            CELL::step(u);
            my.put(t + 1, index, 0, u.h);
        }
        if (!last) my.exchange.send(t + 1);
        h += count;
#pragma unroll
        for (int index = 0; index < SHARE; index++) {
            if (!my.live[index]) continue;
            Unit<BLOCKS>& u = units[index];
            h[my.at[index]] = u.h;
            if (CELL::has_c && (tape || last)) c[tape + my.at[index]] = u.c;
            if (CELL::saves && tape) saved[my.at[index]] = u.saved;
            for (int block = 0; block < BLOCKS; block++) {
                float* gate = z + my.gate[index] + block * HIDDEN;
                if (tape) *gate = u.z[block];
                if (!last) u.z[block] = gate[static_cast<Offset>(count) * BLOCKS];
            }
        }
        z += static_cast<Offset>(count) * BLOCKS, c += tape, saved += tape;
    }
}
