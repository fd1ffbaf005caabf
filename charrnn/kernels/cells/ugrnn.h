struct UGRNN : UGRNNTraits {
    POINTWISE void step(Unit<blocks>& u) {
        const V update = sigmoid(u.z[0] + u.r[0]), fresh = tanh_(u.z[1] + u.r[1]);
        u.h = fresh + update * (u.h - fresh);
        u.z[0] = update, u.z[1] = fresh;
    }

    POINTWISE void step_backward(Unit<blocks>& u) {
        const V update = u.z[0], fresh = u.z[1];
        u.z[0] = u.dh * (u.h - fresh) * update * (1.0f - update);
        u.z[1] = u.dh * (1.0f - update) * (1.0f - fresh * fresh);
        u.dh = u.dh * update;
    }
};
