"""Kernels in NumPy, with every buffer made beforehand and every operation in place."""
