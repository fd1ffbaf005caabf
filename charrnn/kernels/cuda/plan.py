"""Plans how a persistent recurrence is spread over a GPU: the sizes that shape.h is compiled for.

A plan is chosen by calculating what shared memory and the L2 cache can move in a cycle. None of its figures was
measured; only their order matters.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from charrnn.cells.protocol import Cell
from charrnn.errors import Unsupported

WARP = 32
PAIR = 32  # columns of two tiles of a product
GROUPS = {"ALONE": (1,), "CLUSTER": (2, 4, 8), "GRID": (2, 4, 8, 16, 32, 64)}
ROWS = (8, 16, 32)
SPANS = (1, 2, 4, 8)
PARTS = (1, 2, 4, 8, 16)
MOST_THREADS, MOST_ELEMENTS = 512, 4  # threads of a block, elements of a lane
REGISTERS, MOST_REGISTERS = 65536, 255  # registers of a multiprocessor, and of a thread
OLDEST, OLDEST_WITH_CLUSTERS = 80, 90  # architectures
# Bytes that a multiprocessor moves in a cycle, and the cycles that it needs; published for an H100, not measured.
SHARED_BYTES, L2_BYTES, CLUSTER_BYTES = 128, 24, 32
TILE_CYCLES, PAIR_CYCLES = 2, 40  # of a product: for one of many at once, and one after another
UNIT_CYCLES, GATE_CYCLES = 100, 0.15  # the same of the pointwise part
ALONE_CYCLES, CLUSTER_CYCLES, GRID_CYCLES = 40, 500, 1500
STEPPED_CYCLES, STEPPED_RATE = 12000, 500  # of a stepwise time step; multiplications of a large product in TF32
CLUSTERED = 0.9  # share of the multiprocessors that can be used when clusters are placed


class GpuLimits(NamedTuple):
    """The sizes of a GPU."""

    architecture: int  # 90 is compute capability 9.0
    processors: int
    shared_memory: int  # bytes of a block that requests all it can get

    @classmethod
    def of(cls, cupy: Any) -> "GpuLimits":
        """The limits of the current device."""
        device = cupy.cuda.Device()
        attributes = device.attributes
        return cls(
            int(device.compute_capability),
            attributes["MultiProcessorCount"],
            attributes["MaxSharedMemoryPerBlockOptin"],
        )

    def groups(self, plan: "Plan") -> int:
        """The number of groups that can run at the same time, with a block on each multiprocessor."""
        return int(self.processors * (CLUSTERED if plan.exchange == "CLUSTER" else 1)) // plan.group


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
    def name(self) -> str:
        """The exchange of a group and the number of its members, in words."""
        return f"{self.exchange} of {self.group}"

    def groups(self, batch_size: int) -> int:
        """The number of groups that share the rows of a batch."""
        return -(-batch_size // self.rows)

    @property
    def units(self) -> int:
        """Number of units of a member."""
        return self.hidden_size // self.group

    @property
    def sent(self) -> int:
        """Number of values of a unit that the next product reads."""
        return self.blocks if self.backward else 1

    @property
    def values(self) -> int:
        """Number of values of a unit that the product computes."""
        return 1 if self.backward else self.blocks

    @property
    def tiles(self) -> int:
        """Number of tiles of units in a member."""
        return -(-self.units // (8 * self.span))

    @property
    def threads(self) -> int:
        """Number of threads of a block."""
        return WARP * self.tiles * self.parts

    @property
    def weight_tiles(self) -> int:
        """Number of tiles of weights of a warp."""
        return self.values * self.span // 2

    @property
    def pairs(self) -> int:
        """Number of pairs of tiles of a warp along the depth."""
        return -(-self.sent * self.hidden_size // (PAIR * self.parts))

    @property
    def stride(self) -> int:
        """Number of columns from one row of an operand to the next."""
        columns = PAIR * self.parts * self.pairs
        return columns if columns // PAIR % 2 else columns + PAIR

    @property
    def elements(self) -> int:
        """Number of elements (units times rows) that a lane has values of."""
        return self.rows // 8 * 2 * self.span

    @property
    def share(self) -> int:
        """Number of elements that a lane computes after the parts have been added up."""
        return -(-self.elements // self.parts)

    @property
    def shared_bytes(self) -> int:
        """Shared memory that a block needs, in bytes."""
        warps = self.tiles * self.parts
        weights = warps * (self.pairs - self.in_registers) * 2 * self.weight_tiles * WARP * 16
        operands = 0 if self.exchange == "GRID" else 2 * self.rows * self.stride * 2
        outbox = 0 if self.exchange == "ALONE" else self.rows * self.sent * self.units * 2
        partial = 0 if self.parts == 1 else warps * self.elements * self.values * WARP * 4
        return weights + operands + outbox + partial

    @property
    def macros(self) -> dict[str, str | int]:
        """The macros for `source`."""
        return {
            "QUICK": 1,
            "HIDDEN": self.hidden_size,
            "BACKWARD": int(self.backward),
            "EXCHANGE": self.exchange,
            "GROUP": self.group,
            "ROWS": self.rows,
            "SPAN": self.span,
            "PARTS": self.parts,
            "IN_REGISTERS": self.in_registers,
            "SHARED_BYTES": self.shared_bytes,
        }

    @property
    def registers(self) -> int:
        """Number of registers available to a thread."""
        return min(REGISTERS // self.threads // 8 * 8, MOST_REGISTERS)

    def room_for_weights(self, architecture: int) -> int:
        """Number of registers of a thread that can hold weights; with more, the compiler spilled some."""
        sums = self.rows // 8 * self.weight_tiles * 4
        units = self.share * (2 * self.blocks + 4)
        loads, spare = {"ALONE": (0, 0), "CLUSTER": (0, 8), "GRID": (48 + 2 * self.rows, 24)}[self.exchange]
        if self.exchange == "GRID" and architecture >= 120:
            loads, spare = loads + 16, spare + 24
        return min(self.registers // 2 - spare, self.registers - 32 - sums - units - loads)

    @property
    def cycles(self) -> float:
        """Estimated cycles of a time step: what goes through shared memory, the L2 cache and the tensor cores."""
        warps = self.tiles * self.parts
        operands = warps * self.pairs * self.rows // 8 * WARP * 16
        weights = warps * (self.pairs - self.in_registers) * 2 * self.weight_tiles * WARP * 16
        partial = 0 if self.parts == 1 else 2 * warps * self.elements * self.values * WARP * 4
        sent = self.rows * self.sent * self.units * 2
        tiles = warps * self.pairs * 2 * self.weight_tiles * self.rows // 8
        if self.exchange == "GRID":
            exchange = GRID_CYCLES + (operands + sent) / L2_BYTES
            operands = 0
        else:
            exchange = ALONE_CYCLES if self.group == 1 else CLUSTER_CYCLES + sent * self.group / CLUSTER_BYTES
        multiply = max((operands + weights) / SHARED_BYTES, tiles * TILE_CYCLES, self.pairs * PAIR_CYCLES)
        pointwise = max(self.share * UNIT_CYCLES, self.units * self.rows * self.blocks * GATE_CYCLES)
        return multiply + partial / SHARED_BYTES + pointwise + exchange


def choose(
    limits: GpuLimits, cell: Cell, *, hidden_size: int, batch_size: int, backward: bool, without: tuple[str, ...] = ()
) -> Plan:
    """The plan with the fewest `Plan.cycles` that the GPU has room for, with none of the exchanges in `without`.

    Raises:
        Unsupported: there is no such plan; the message says why.
    """
    _check(limits, cell, hidden_size)
    plans = [plan for plan in _plans(limits, len(cell.blocks), hidden_size, backward) if plan.exchange not in without]
    if not plans:
        raise Unsupported(
            f"the weights of hidden_size {hidden_size} do not fit in the registers and shared memory of "
            f"{limits.processors} multiprocessors"
        )
    cycles, plan = min((plan.cycles * -(-plan.groups(batch_size) // limits.groups(plan)), plan) for plan in plans)
    multiplications = plan.blocks * hidden_size * hidden_size * batch_size
    if cycles > STEPPED_CYCLES + multiplications / (STEPPED_RATE * limits.processors):
        raise Unsupported(f"at batch_size {batch_size} a product for each time step should be faster")
    return plan


def _check(limits: GpuLimits, cell: Cell, hidden_size: int) -> None:
    if limits.architecture < OLDEST:
        raise Unsupported(f"they need compute capability {OLDEST / 10}, and this GPU has {limits.architecture / 10}")
    if cell.two_products:
        raise Unsupported(f"a time step of {cell.name} has two products, one after the other")
    if not cell.bounded:
        raise Unsupported(f"the output of {cell.name} has no bound, but float16 has one")
    if hidden_size % 8:
        raise Unsupported(f"hidden_size {hidden_size} is not a multiple of 8")


def _plans(limits: GpuLimits, blocks: int, hidden_size: int, backward: bool) -> Iterator[Plan]:
    """All plans that the GPU has room for."""
    for exchange, groups in GROUPS.items():
        if exchange == "CLUSTER" and limits.architecture < OLDEST_WITH_CLUSTERS:
            continue
        for group, rows, span, parts in product(groups, ROWS, SPANS, PARTS):
            plan = Plan(blocks, hidden_size, backward, exchange, group, rows, span, parts, 1)
            if hidden_size % (8 * group) or plan.values * span % 2:
                continue
            if plan.threads > MOST_THREADS or plan.share > MOST_ELEMENTS:
                continue
            room = plan.room_for_weights(limits.architecture)
            plan = plan._replace(in_registers=min(plan.pairs, room // (8 * plan.weight_tiles)))
            if plan.in_registers > 0 and plan.shared_bytes <= limits.shared_memory and limits.groups(plan):
                yield plan
