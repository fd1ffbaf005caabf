"""Random recurrent layers to test with, and gradients by central differences."""

from collections.abc import Callable

import numpy as np

from charrnn.cells.registry import CELLS


class Layer:
    """Weights, inputs, states and output gradients of a layer, none of them zero, in float64."""

    def __init__(self, cell: str, seq_len: int, batch_size: int, hidden_size: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        kind = CELLS[cell]
        gates = kind.gates(hidden_size)
        scale = hidden_size**-0.5
        shapes = kind.layer_shapes(hidden_size, hidden_size)
        self.params = {"weight_hh": rng.normal(size=(gates, hidden_size)) * scale, "bias_hh": rng.normal(size=gates)}
        self.params |= {name: rng.normal(size=shapes[name]) for name in kind.parameters}
        self.z = rng.normal(size=(seq_len, batch_size, gates))
        states = [(batch_size, *shape) for shape in kind.state_shapes(hidden_size).values()]
        self.state = tuple(rng.normal(size=shape) * 0.5 for shape in states)
        self.dh = rng.normal(size=(seq_len, batch_size, hidden_size))
        self.dstate = tuple(rng.normal(size=shape) for shape in states)

    def spoil(self, where: str) -> None:
        """Make the first value of the input, the state or the recurrent weights NaN."""
        array = {"z": self.z, "state": self.state[0], "weight": self.params["weight_hh"]}[where]
        array[(0,) * array.ndim] = np.nan

    def empty_grads(self, dtype: type = np.float64) -> dict[str, np.ndarray]:
        """Arrays of NaN, so that values that a kernel forgets to write are noticed."""
        return {name: np.full(param.shape, np.nan, dtype) for name, param in self.params.items()}


def numeric_gradient(objective: Callable[[], float], array: np.ndarray, epsilon: float = 1e-6) -> np.ndarray:
    """d objective / d array, by moving each value of `array` in place."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + epsilon
        above = objective()
        array[index] = value - epsilon
        below = objective()
        array[index] = value
        gradient[index] = (above - below) / (2 * epsilon)
    return gradient
