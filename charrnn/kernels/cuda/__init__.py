"""Kernels for NVIDIA GPUs, compiled by NVRTC at first use; float32. Matrix products are cuBLAS's.

    kernels.py          the kernels as Python calls them
    program.py          puts the sources together and compiles them
    products.py         matrix products, and their precision
    device.h            what all sources start from
    softmax.cu rows.cu update.cu dropout.cu choose.cu

    stepwise.py         recurrences with a launch for each time step
    step.cu             a time step of a cell; two_products.cu of a cell whose step has two halves

    persistent.py       recurrences with all time steps in one launch
    plan.py             how these are spread over a GPU
    persistent_forward.cu persistent_backward.cu    on top of member.h, product.h, exchange.h, shape.h, instructions.h

Nothing here waits for the device or asks it for a value, and every sum is made in an order that depends on the sizes
alone: equal runs are equal to the last bit.
"""
