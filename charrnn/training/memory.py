"""The memory that a training run takes, counted from its settings before anything is allocated."""

from charrnn.config import Config
from charrnn.device.backend import Backend
from charrnn.evaluation.score import SEQ_LEN, streams_for
from charrnn.network.memory import ITEM, buffers, require
from charrnn.network.regularization import Regularization
from charrnn.network.shape import Shape
from charrnn.training.optim import OPTIMIZERS

_FIRST = 2 * ITEM  # bytes of a weight while the first ones are drawn, in float64


def estimate(config: Config, shape: Shape, val_chars: int) -> dict[str, int]:
    """Bytes at the peak of a run, by part; `val_chars` are held out.

    The peak is that of an update and an evaluation, or that of drawing the first weights.
    """
    weights = ITEM * shape.size
    slots = len(OPTIMIZERS[config.optimizer].slot_names)
    averaged = config.average != "none"
    parts = {
        "weights": weights,
        "gradients": weights * (2 if config.accumulate > 1 else 1),
        "optimizer": weights * (slots + 1),
        "average": weights * 2 * averaged,
        "activations": buffers(
            shape,
            seq_len=config.seq_len,
            batch_size=config.batch_size,
            training=True,
            regularization=Regularization.of(config),
        ),
        "losses": 8 * (config.accumulate + 1),
    }
    read = min(val_chars, config.eval_chars + 1)
    if read > 1:
        parts["evaluation"] = buffers(shape, seq_len=SEQ_LEN, batch_size=streams_for(shape, read))
    first = _FIRST * shape.size + weights
    if first > sum(parts.values()):
        return {"weights": weights, "first weights": first - weights}
    return parts


def require_memory(config: Config, shape: Shape, val_chars: int, backend: Backend) -> None:
    """Refuse a run that needs more memory than there is.

    Raises:
        ConfigError: there is less.
    """
    parts = estimate(config, shape, val_chars)
    require(parts, backend, f"lower {_to_lower(config, shape, parts)}")


def _to_lower(config: Config, shape: Shape, parts: dict[str, int]) -> str:
    """The options that matter most for a run that is too large."""
    if max(parts, key=parts.__getitem__) == "losses":
        return "--accumulate"
    if max(parts, key=parts.__getitem__) == "activations":
        return "--batch-size or --seq-len" if config.batch_size * config.seq_len > 1000 else "--hidden-size"
    embedding = shape.vocab_size * shape.embedding_size + shape.embedding_size * shape.kind.gates(shape.hidden_size)
    if 2 * embedding > shape.size:
        return "--embedding-size"
    return "--num-layers or --hidden-size" if config.num_layers > 10 else "--hidden-size"
