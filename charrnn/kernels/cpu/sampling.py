"""Sampling in one compiled loop: choice, layers and output layer without a Python step for each character."""

import ctypes
import time
import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np

from charrnn.cells.protocol import Cell, State
from charrnn.kernels.cpu.functions import COUNT, OPEN_SAMPLER, POINTER, pointer
from charrnn.kernels.protocol import Kernels


class Weights(ctypes.Structure):
    """The structure of the same name in sample.cpp."""

    _fields_ = [(name, COUNT) for name in ("vocab", "hidden", "layers", "batch")] + [
        (name, POINTER) for name in ("table", "head_weight", "head_bias", "layer")
    ]


class ThreadChoice:
    """Chooses all threads or one, by the time that a block of characters took with each.

    Threads that share one text wait for each other after every product: if other programs use the processors, one
    thread alone is many times as fast.
    """

    again = 32  # blocks until the slower one is tried again

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._seconds: dict[int, float] = {}
        self._since_trial = 0

    def next(self) -> int:
        """The number of threads for the next block."""
        untried = [count for count in (self.threads, 1) if count not in self._seconds]
        return untried[0] if untried else min(self._seconds, key=self._seconds.__getitem__)

    def took(self, threads: int, seconds: float) -> None:
        """Record the time of a block."""
        self._seconds[threads] = seconds
        self._since_trial += 1
        if self._since_trial >= self.again:
            self._since_trial = 0
            self._seconds = {threads: seconds}


class Sampler:
    """Samples blocks of characters for `batch_size` texts at once, with a network's float32 weights as they are now.

    `params` maps torch's names to arrays, as `network.shape.Shape.parameters` lists them. They are copied: open a new
    sampler when they have changed. The Python sampler chooses the same ids, up to rounding. `may_round` allows weights
    of float16, which have ten bits as TF32's have, if the processor can widen them: reading the weights takes most of
    the time.
    """

    def __init__(
        self,
        kernels: Kernels,
        functions: ctypes.CDLL,
        cell: Cell,
        params: Any,
        num_layers: int,
        batch_size: int,
        may_round: bool = False,
    ) -> None:
        self._functions = functions
        self._batch_size = batch_size
        self._choice: ThreadChoice | None = None
        names = ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
        layers = [[params[f"rnn.{name}_l{index}"] for name in names] for index in range(num_layers)]
        head, table = params["head.weight"], layers[0][0].T
        if "embedding.weight" in iter(params):
            inputs, table = table, np.empty((len(head), table.shape[1]), np.float32)
            kernels.matmul(params["embedding.weight"], inputs, table)
        table = np.ascontiguousarray(table + layers[0][1])
        addresses = _pointers(array for layer in layers for array in layer)
        addresses[0] = addresses[1] = None  # both are in the table
        weights = Weights(
            vocab=len(head),
            hidden=head.shape[1],
            layers=num_layers,
            batch=batch_size,
            table=pointer(table),
            head_weight=pointer(head),
            head_bias=pointer(params["head.bias"]),
            layer=ctypes.addressof(addresses),
        )
        largest = np.finfo(np.float16).max
        may_round = may_round and all(np.abs(params[name]).max() <= largest for name in params)
        open_sampler = getattr(functions, OPEN_SAMPLER.format(cell.module))
        self._handle = open_sampler(ctypes.byref(weights), may_round)
        weakref.finalize(self, self._functions.close_sampler, self._handle)

    def sample(
        self,
        logits: np.ndarray,
        states: list[State],
        draws: np.ndarray,
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
    ) -> np.ndarray:
        """See `CompiledSampler.sample`."""
        ids = np.empty(draws.shape, np.int32)
        arrays = _pointers(array for state in states for array in state)
        threads, began = self._threads(), time.perf_counter()
        self._functions.sample(
            self._handle,
            threads,
            len(draws),
            pointer(draws, np.float64),
            arrays,
            pointer(logits),
            pointer(ids),
            temperature,
            top_k,
            top_p,
        )
        if self._choice:
            self._choice.took(threads, time.perf_counter() - began)
        return ids

    def _threads(self) -> int:
        """The number of threads for the next block; it is chosen by time if threads would have to share a text."""
        count: int = self._functions.thread_count()
        if self._batch_size >= count:
            self._choice = None
            return count
        if self._choice is None or self._choice.threads != count:
            self._choice = ThreadChoice(count)
        return self._choice.next()


def _pointers(arrays: Iterable[np.ndarray]) -> ctypes.Array[ctypes.c_void_p]:
    addresses = [pointer(array) for array in arrays]
    return (POINTER * len(addresses))(*addresses)
