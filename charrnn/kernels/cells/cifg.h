struct CIFG : CIFGTraits {
    POINTWISE void step(Unit<blocks>& u) {
        const V f = sigmoid(u.z[0] + u.r[0]), g = tanh_(u.z[1] + u.r[1]), o = sigmoid(u.z[2] + u.r[2]);
        u.c = g + f * (u.c - g);
        u.h = o * tanh_(u.c);
        u.z[0] = f, u.z[1] = g, u.z[2] = o;
    }

    // tanh(c') is computed again, because that is cheaper than writing and reading it.
    POINTWISE void step_backward(Unit<blocks>& u) {
        const V f = u.z[0], g = u.z[1], o = u.z[2];
        const V tanh_c = tanh_(g + f * (u.c - g));
        const V dc = u.dc + u.dh * o * (1.0f - tanh_c * tanh_c);
        u.z[0] = dc * (u.c - g) * f * (1.0f - f);
        u.z[1] = dc * (1.0f - f) * (1.0f - g * g);
        u.z[2] = u.dh * tanh_c * o * (1.0f - o);
        u.dc = dc * f;
        u.dh = V{};
    }
};
