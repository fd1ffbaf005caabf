// One unit of a cell in one time step, for every compiled kernel. NAME.h beside this file has the pointwise mathematics
// of the cell in charrnn/cells/NAME.py, forward and backward; equations and the order of blocks are those of that file,
// and a test holds the two against each other.
//
// The includer defines, before this header:
//
//     V             a value, or a vector of values of neighbouring units (float in CUDA, a SIMD vector in C++)
//     POINTWISE     what precedes a function, such as `static inline` or `static __device__ __forceinline__`
//     V sigmoid(V), tanh_(V), positive_part(V), is_positive(V)      the last one is 1 or 0
//
// A cell NAME derives from NAMETraits, which is generated from the Python class:
//
//     blocks        pre-activations of a unit
//     has_c         whether there is a second state, c
//     saves         whether a unit keeps one more value for backward than its blocks
//     two_products  whether the last block's product reads the saved value, which `gate` computes, instead of h

// Forward, z and r come in as the input and the recurrent product, and z goes out as whatever backward needs; backward,
// z goes out as dz.
template <int Blocks>
struct Unit {
    V z[Blocks], r[Blocks];
    V h;       // the output: old on the way in, new on the way out
    V c;       // the second state, if any, likewise. Backward: always the old one
    V saved;   // one more value for backward. Backward, unless there are two products: dr of the last block goes out
    V dh, dc;  // gradients of the new state on the way in, of the old one (without the part through r) on the way out
};
