struct ReLU : ReLUTraits {
    POINTWISE void step(Unit<blocks>& u) { u.h = u.z[0] = positive_part(u.z[0] + u.r[0]); }

    POINTWISE void step_backward(Unit<blocks>& u) {
        u.z[0] = u.dh * is_positive(u.z[0]);
        u.dh = V{};
    }
};
