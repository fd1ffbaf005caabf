"""Kernels in C++, compiled at first use for the processor they run on; float32, or products of bfloat16.

    kernels.py      the kernels as Python calls them
    build.py        compiles the sources; functions.py declares what is in the library
    recurrence.py   a layer's buffers; sampling.py a network that samples

    pool            one team of threads for everything
    factor          what products multiply: floats, or pairs of bfloat16
    panel           the matrix product that all others consist of
    gemm            products of whole matrices, in place of BLAS
    time_loop       the recurrences, over ../cells
    softmax         cross-entropy and its gradient
    rows            rows by number, sums over rows
    update          gradient norm, Adam and averages over the flat buffers, products with masks
    dropout         the masks
    sample, choose  sampling text, without a Python step for each character

Products of bfloat16 are a second library of the same sources, for processors with AVX512_BF16. They were tested only
with an emulation of the one instruction, and have not yet run on such a processor.
"""
