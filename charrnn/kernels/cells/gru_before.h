// A step has two halves: the last block's product reads the output that `gate` computes and saves.
struct GRUBefore : GRUBeforeTraits {
    POINTWISE void gate(Unit<blocks>& u) {
        u.z[0] = sigmoid(u.z[0] + u.r[0]);
        u.z[1] = sigmoid(u.z[1] + u.r[1]);
        u.saved = u.z[0] * u.h;
    }

    POINTWISE void step(Unit<blocks>& u) {
        u.z[2] = tanh_(u.z[2] + u.r[2]);
        u.h = u.z[2] + u.z[1] * (u.h - u.z[2]);
    }

    // Does not touch z[0]: its gradient needs that of the gate's output, which depends on dz[2] of all units.
    POINTWISE void step_backward(Unit<blocks>& u) {
        const V update = u.z[1], fresh = u.z[2];
        u.z[1] = u.dh * (u.h - fresh) * update * (1.0f - update);
        u.z[2] = u.dh * (1.0f - update) * (1.0f - fresh * fresh);
        u.dh = u.dh * update;
    }

    POINTWISE void gate_backward(Unit<blocks>& u, V dgate) {
        const V reset = u.z[0];
        u.z[0] = dgate * u.h * reset * (1.0f - reset);
        u.dh = u.dh + dgate * reset;
    }
};
