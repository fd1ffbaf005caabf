"""How a persistent sweep is spread over a GPU: the sizes that shape.h is compiled for.

A plan is chosen by arithmetic over what shared memory and the L2 cache can move in a cycle; none of its figures is
measured. Only their order matters.
"""

from typing import Any, NamedTuple

from charrnn.cells import CELLS
from charrnn.errors import Unsupported

WARP = 32
PAIR = 32  # columns of two tiles of a product
ROWS = (8, 16, 32)
EXCHANGES = ("ALONE", "CLUSTER", "GRID")
GROUPS = {"ALONE": (1,), "CLUSTER": (2, 4, 8), "GRID": (2, 4, 8, 16, 32, 64)}
SPANS = (1, 2, 4, 8)
PARTS = (1, 2, 4, 8, 16)
MOST_THREADS = 512
REGISTERS = 65536  # of a multiprocessor


class Limits(NamedTuple):
    """What a GPU has."""

    architecture: int  # 90 is compute capability 9.0
    processors: int
    shared_memory: int  # bytes, of a block that asks for more than it gets unasked

    @classmethod
    def of(cls, cupy: Any) -> "Limits":
        """The current device's."""
        device = cupy.cuda.Device()
        attributes = device.attributes
        return cls(int(device.compute_capability), attributes["MultiProcessorCount"],
                   attributes["MaxSharedMemoryPerBlockOptin"])  # fmt: skip


class Plan(NamedTuple):
    """The macros of one kernel; exchange.h and product.h say what they mean."""

    blocks: int  # of the cell
    hidden_size: int
    backward: bool
    exchange: str
    group: int
    rows: int
    span: int
    parts: int
    in_registers: int

    @property
    def units(self) -> int:
        """Of a member."""
        return self.hidden_size // self.group

    @property
    def sent(self) -> int:
        """Values of a unit that the next product reads."""
        return self.blocks if self.backward else 1

    @property
    def values(self) -> int:
        """Values of a unit that the product makes."""
        return 1 if self.backward else self.blocks

    @property
    def tiles(self) -> int:
        """Of units, in a member."""
        return -(-self.units // (8 * self.span))

    @property
    def threads(self) -> int:
        """Of a block."""
        return WARP * self.tiles * self.parts

    @property
    def weight_tiles(self) -> int:
        """Of a warp."""
        return self.values * self.span // 2

    @property
    def pairs(self) -> int:
        """Of tiles along the depth, a warp's."""
        return -(-self.sent * self.hidden_size // (PAIR * self.parts))

    @property
    def stride(self) -> int:
        """Columns of an operand, with those between its rows."""
        columns = PAIR * self.parts * self.pairs
        return columns if columns // PAIR % 2 else columns + PAIR

    @property
    def elements(self) -> int:
        """Units and rows that a lane has values of."""
        return self.rows // 8 * 2 * self.span

    @property
    def share(self) -> int:
        """Of the elements, a lane's."""
        return -(-self.elements // self.parts)

    @property
    def shared_bytes(self) -> int:
        """What a block needs of shared memory."""
        warps = self.tiles * self.parts
        weights = warps * (self.pairs - self.in_registers) * 2 * self.weight_tiles * WARP * 16
        operands = 0 if self.exchange == "GRID" else 2 * self.rows * self.stride * 2
        outbox = 0 if self.exchange == "ALONE" else self.rows * self.sent * self.units * 2
        partial = 0 if self.parts == 1 else warps * self.elements * self.values * WARP * 4
        return weights + operands + outbox + partial

    @property
    def macros(self) -> dict[str, str | int]:
        """For `source`."""
        return {"QUICK": 1, "HIDDEN": self.hidden_size, "BACKWARD": int(self.backward), "EXCHANGE": self.exchange,
                "GROUP": self.group, "ROWS": self.rows, "SPAN": self.span, "PARTS": self.parts,
                "IN_REGISTERS": self.in_registers, "SHARED_BYTES": self.shared_bytes}  # fmt: skip
