struct Tanh : TanhTraits {
    POINTWISE void step(Unit<blocks>& u) { u.h = u.z[0] = tanh_(u.z[0] + u.r[0]); }

    POINTWISE void step_backward(Unit<blocks>& u) {
        u.z[0] = u.dh * (1.0f - u.z[0] * u.z[0]);
        u.dh = V{};
    }
};
