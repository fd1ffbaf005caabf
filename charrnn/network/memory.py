"""The memory that a network takes, counted from its sizes before anything is allocated."""

from collections.abc import Mapping
from math import prod

from charrnn.device.backend import Backend
from charrnn.device.memory import available_memory
from charrnn.errors import ConfigError
from charrnn.network.network import NO_REGULARIZATION
from charrnn.network.regularization import Regularization
from charrnn.network.shape import Shape

ITEM = 4  # bytes of a float32
_SMALL = 64 << 20  # bytes; whatever is free, a process that has started can get these


def buffers(
    shape: Shape,
    *,
    seq_len: int,
    batch_size: int,
    training: bool = False,
    regularization: Regularization = NO_REGULARIZATION,
) -> int:
    """Bytes of the buffers of a `Network` of these arguments, apart from its weights and their gradients."""
    hidden, layers, vocab = shape.hidden_size, shape.num_layers, shape.vocab_size
    gates, rows, cells = shape.kind.gates(hidden), seq_len * batch_size, batch_size * hidden
    floats = rows * (gates * (layers if training else 1) + vocab) + vocab * gates
    first, *others = (prod(size) for size in shape.kind.state_shapes(hidden).values())
    taped = seq_len if training else 0
    per_layer = batch_size * ((seq_len + 1) * first + (taped + 1) * sum(others))
    per_layer += cells * max(taped, 1) if shape.kind.saved else 0
    floats += layers * per_layer
    if training:
        floats += vocab * gates + rows * hidden
        floats += _dropped(shape, regularization, rows, batch_size)
    return ITEM * floats


def _dropped(shape: Shape, wanted: Regularization, rows: int, batch_size: int) -> int:
    """Values of the masks of dropout and of what they leave."""
    hidden = shape.hidden_size
    mask = batch_size * hidden if wanted.dropout_mask == "chunk" else rows * hidden
    layers = (shape.num_layers - 1) * bool(wanted.dropout) + bool(wanted.dropout_output)
    weights = shape.num_layers * bool(wanted.dropout_weights) * shape.kind.gates(hidden) * hidden
    symbols = bool(wanted.dropout_input) * batch_size * shape.vocab_size
    penalties = bool(wanted.activation_penalty or wanted.temporal_penalty) * rows * hidden
    return layers * (mask + rows * hidden) + 2 * weights + symbols + penalties


def require(parts: Mapping[str, int], backend: Backend, advice: str) -> None:
    """Refuse work that needs more memory than there is; `parts` are bytes by name, all needed at once.

    Raises:
        ConfigError: there is less.
    """
    need, free = sum(parts.values()), backend.free_memory()
    have = available_memory() if free is None else free
    if have is None or need <= max(have, _SMALL):
        return
    largest = sorted(parts.items(), key=lambda part: -part[1])[:3]
    listed = ", ".join(f"{name} {_size(size)}" for name, size in largest)
    raise ConfigError(f"this needs {_size(need)} of memory ({listed}), and {_size(have)} are available; {advice}")


def _size(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size < 1e15 else f"{size / 1e9:.3g} GB"
