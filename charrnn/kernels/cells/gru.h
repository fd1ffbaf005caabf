struct GRU : GRUTraits {
    POINTWISE void step(Unit<blocks>& u) {
        const V reset = sigmoid(u.z[0] + u.r[0]), update = sigmoid(u.z[1] + u.r[1]);
        const V fresh = tanh_(u.z[2] + reset * u.r[2]);
        u.h = fresh + update * (u.h - fresh);
        u.saved = u.r[2];
        u.z[0] = reset, u.z[1] = update, u.z[2] = fresh;
    }

    // dr is dz in all blocks except the last one, whose dr is returned in `saved`.
    POINTWISE void step_backward(Unit<blocks>& u) {
        const V reset = u.z[0], update = u.z[1], fresh = u.z[2];
        const V dnew = u.dh * (1.0f - update) * (1.0f - fresh * fresh);
        u.z[0] = dnew * u.saved * reset * (1.0f - reset);
        u.z[1] = u.dh * (u.h - fresh) * update * (1.0f - update);
        u.z[2] = dnew;
        u.saved = dnew * reset;
        u.dh = u.dh * update;
    }
};
