"""Kernels in NumPy, with every buffer allocated in advance and every operation in place."""
