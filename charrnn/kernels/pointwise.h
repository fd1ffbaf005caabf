// The pointwise mathematics of the cells: a time step forth and back, for the values of one unit.
//
// Written once for every compiled kernel. The includer defines, before this header:
//
//     V             a value, or a vector of values of neighbouring units (float in CUDA, a SIMD vector in C++)
//     POINTWISE     what precedes a function, such as `static inline` or `static __device__ __forceinline__`
//     V sigmoid(V), tanh_(V), positive_part(V), is_positive(V)      the last one is 1 or 0
//
// Equations and gate orders are those of charrnn/cells; a test holds them against each other.

// What a time step knows of one unit. Forward, z and r come in as the input and the recurrent product, and z goes out as
// whatever the way back wants to see again; backward, z goes out as dz.
template <int Blocks>
struct Unit {
    V z[Blocks], r[Blocks];
    V h;       // the output: old on the way in, new on the way out
    V memory;  // the second state, if any: likewise. Backward: always the old one
    V kept;    // one more value for the way back: r of the last block, or the gated output. Backward: its gradient goes out
    V dh, dmemory;  // gradients of the new state on the way in, of the old one (but what passes through r) on the way out
};

struct Tanh {
    static constexpr int blocks = 1;
    static constexpr bool has_memory = false, keeps = false, gated = false;

    POINTWISE void step(Unit<1>& u) { u.h = u.z[0] = tanh_(u.z[0] + u.r[0]); }

    POINTWISE void step_backward(Unit<1>& u) {
        u.z[0] = u.dh * (1.0f - u.z[0] * u.z[0]);
        u.dh = V{};
    }
};

struct ReLU {
    static constexpr int blocks = 1;
    static constexpr bool has_memory = false, keeps = false, gated = false;

    POINTWISE void step(Unit<1>& u) { u.h = u.z[0] = positive_part(u.z[0] + u.r[0]); }

    POINTWISE void step_backward(Unit<1>& u) {
        u.z[0] = u.dh * is_positive(u.z[0]);
        u.dh = V{};
    }
};

struct LSTM {
    static constexpr int blocks = 4;  // i f g o
    static constexpr bool has_memory = true, keeps = false, gated = false;

    POINTWISE void step(Unit<4>& u) {
        const V i = sigmoid(u.z[0] + u.r[0]), f = sigmoid(u.z[1] + u.r[1]);
        const V g = tanh_(u.z[2] + u.r[2]), o = sigmoid(u.z[3] + u.r[3]);
        u.memory = f * u.memory + i * g;
        u.h = o * tanh_(u.memory);
        u.z[0] = i, u.z[1] = f, u.z[2] = g, u.z[3] = o;
    }

    // tanh(c') is made again: cheaper than to write and read it, and a fifth less to keep.
    POINTWISE void step_backward(Unit<4>& u) {
        const V i = u.z[0], f = u.z[1], g = u.z[2], o = u.z[3];
        const V tanh_c = tanh_(f * u.memory + i * g);
        const V dc = u.dmemory + u.dh * o * (1.0f - tanh_c * tanh_c);
        u.z[0] = dc * g * i * (1.0f - i);
        u.z[1] = dc * u.memory * f * (1.0f - f);
        u.z[2] = dc * i * (1.0f - g * g);
        u.z[3] = u.dh * tanh_c * o * (1.0f - o);
        u.dmemory = dc * f;
        u.dh = V{};
    }
};

struct GRU {
    static constexpr int blocks = 3;  // reset update new
    static constexpr bool has_memory = false, keeps = true, gated = false;

    POINTWISE void step(Unit<3>& u) {
        const V reset = sigmoid(u.z[0] + u.r[0]), update = sigmoid(u.z[1] + u.r[1]);
        const V fresh = tanh_(u.z[2] + reset * u.r[2]);
        u.h = fresh + update * (u.h - fresh);
        u.kept = u.r[2];
        u.z[0] = reset, u.z[1] = update, u.z[2] = fresh;
    }

    // dr is dz in all blocks but the last one, which goes out as `kept`.
    POINTWISE void step_backward(Unit<3>& u) {
        const V reset = u.z[0], update = u.z[1], fresh = u.z[2];
        const V dnew = u.dh * (1.0f - update) * (1.0f - fresh * fresh);
        u.z[0] = dnew * u.kept * reset * (1.0f - reset);
        u.z[1] = u.dh * (u.h - fresh) * update * (1.0f - update);
        u.z[2] = dnew;
        u.kept = dnew * reset;
        u.dh = u.dh * update;
    }
};

// Two halves a step: the last block's product reads the gated output that `gate` makes and keeps.
struct GRUBefore {
    static constexpr int blocks = 3;  // reset update new
    static constexpr bool has_memory = false, keeps = true, gated = true;

    POINTWISE void gate(Unit<3>& u) {
        u.z[0] = sigmoid(u.z[0] + u.r[0]);
        u.z[1] = sigmoid(u.z[1] + u.r[1]);
        u.kept = u.z[0] * u.h;
    }

    POINTWISE void step(Unit<3>& u) {
        u.z[2] = tanh_(u.z[2] + u.r[2]);
        u.h = u.z[2] + u.z[1] * (u.h - u.z[2]);
    }

    // Leaves z[0] alone: its gradient needs that of the gated output, which comes from dz[2] of all units.
    POINTWISE void step_backward(Unit<3>& u) {
        const V update = u.z[1], fresh = u.z[2];
        u.z[1] = u.dh * (u.h - fresh) * update * (1.0f - update);
        u.z[2] = u.dh * (1.0f - update) * (1.0f - fresh * fresh);
        u.dh = u.dh * update;
    }

    POINTWISE void gate_backward(Unit<3>& u, V dgated) {
        const V reset = u.z[0];
        u.z[0] = dgated * u.h * reset * (1.0f - reset);
        u.dh = u.dh + dgated * reset;
    }
};
