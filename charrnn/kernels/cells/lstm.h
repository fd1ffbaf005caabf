struct LSTM : LSTMTraits {
    POINTWISE void step(Unit<blocks>& u) {
        const V i = sigmoid(u.z[0] + u.r[0]), f = sigmoid(u.z[1] + u.r[1]);
        const V g = tanh_(u.z[2] + u.r[2]), o = sigmoid(u.z[3] + u.r[3]);
        u.c = f * u.c + i * g;
        u.h = o * tanh_(u.c);
        u.z[0] = i, u.z[1] = f, u.z[2] = g, u.z[3] = o;
    }

    // tanh(c') is computed again, because that is cheaper than writing and reading it.
    POINTWISE void step_backward(Unit<blocks>& u) {
        const V i = u.z[0], f = u.z[1], g = u.z[2], o = u.z[3];
        const V tanh_c = tanh_(f * u.c + i * g);
        const V dc = u.dc + u.dh * o * (1.0f - tanh_c * tanh_c);
        u.z[0] = dc * g * i * (1.0f - i);
        u.z[1] = dc * u.c * f * (1.0f - f);
        u.z[2] = dc * i * (1.0f - g * g);
        u.z[3] = u.dh * tanh_c * o * (1.0f - o);
        u.dc = dc * f;
        u.dh = V{};
    }
};
