"""Pointwise functions in place that several time loops share."""

from typing import Any

import numpy as np


def update_gradient(update: Any, new: Any, h0: Any, dh: Any, slope: Any, scratch: Any) -> np.ndarray:
    """Gradients of h' = new + update (h0 - new): `update` and `new` become those of their pre-activations.

    Returns dh * update, the part that passes straight to h0, in a block of `slope`.
    """
    keep, pass_new, difference = blocks(slope, 3)
    np.multiply(dh, update, out=keep)
    np.subtract(dh, keep, out=pass_new)  # dh (1 - update)
    np.subtract(h0, new, out=difference)
    np.multiply(pass_new, update, out=scratch)
    np.multiply(scratch, difference, out=update)
    np.multiply(new, new, out=scratch)
    np.subtract(1, scratch, out=scratch)
    np.multiply(pass_new, scratch, out=new)
    return keep


def interpolate(new: Any, update: Any, h0: Any, out: Any) -> None:
    """out = new + update (h0 - new)."""
    np.subtract(h0, new, out=out)
    out *= update
    out += new


def sigmoid(a: np.ndarray) -> None:
    """Apply the sigmoid in place."""
    a *= 0.5
    np.tanh(a, out=a)
    a *= 0.5
    a += 0.5


def blocks(a: np.ndarray, count: int) -> list[np.ndarray]:
    """Views of the `count` equal parts of the last axis."""
    size = a.shape[-1] // count
    return [a[..., k * size : (k + 1) * size] for k in range(count)]


def rows(a: np.ndarray) -> np.ndarray:
    """(T, B, F) as (T*B, F)."""
    return a.reshape(-1, a.shape[-1])
