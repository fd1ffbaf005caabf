"""A trained model, opened from its checkpoint for sampling or evaluation."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charrnn.config import Config
from charrnn.device.arrays import Flat
from charrnn.device.backend import Backend, open_backend
from charrnn.errors import CorpusError
from charrnn.kernels.choice import Choice, build
from charrnn.network.memory import buffers, require
from charrnn.network.network import Network
from charrnn.network.shape import Shape
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.find import load_model
from charrnn.text.characters.normal import FORMS, in_form
from charrnn.text.tokens import Tokens, load_tokens
from charrnn.text.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class EncodedText:
    """A text as a model reads it.

    chars: its characters, or bytes. unseen: characters that the model does not know; `unknown` says what was done with
    them, 'skip' or 'replace'. missed: characters that the model knows only in another normal form, in which they were
    read.
    """

    ids: np.ndarray
    chars: int
    unseen: int
    unknown: str
    missed: int


@dataclass(frozen=True)
class Model:
    """A checkpoint, with its weights on a device."""

    checkpoint: Checkpoint
    path: Path
    config: Config
    vocabulary: Vocabulary
    shape: Shape
    params: Flat
    backend: Backend
    choice: Choice

    def tokens(self) -> Tokens | None:
        """The text that the model learned from, if that is still in its folder."""
        tokens = load_tokens(self.path.parent, self.vocabulary)
        return tokens if tokens is not None and tokens.sha256 == self.checkpoint.corpus.sha256 else None

    def encode(self, text: str | bytes, *, unknown: str | None = None) -> EncodedText:
        """`text` in the model's vocabulary, and in the normal form in which the model knows most of it.

        `unknown` says what happens to other characters, as in `Vocabulary.encode`; None is 'replace' if the vocabulary
        has a symbol for them, else 'error'.

        Raises:
            CorpusError: `unknown` is 'error' and a character is not in the vocabulary.
        """
        unknown = unknown or ("replace" if self.vocabulary.has_unknown else "error")
        known = self.in_known_form(text) if isinstance(text, str) else text
        try:
            ids = self.vocabulary.encode(known, unknown=unknown)
        except CorpusError as error:
            raise CorpusError(f"{self.path}: {error}") from None
        unseen = self.vocabulary.count_unseen(known)
        missed = 0 if known == text else self.vocabulary.count_unseen(text) - unseen
        return EncodedText(ids, len(known), unseen, unknown, max(missed, 0))

    def in_known_form(self, text: str) -> str:
        """`text` in the run's normal form; without one, in that in which the model knows most of its characters."""
        if self.config.bytes:
            return text
        if self.config.normalize != "none" or not self.vocabulary.count_unseen(text):
            return in_form(text, self.config.normalize)
        return min((text, *(in_form(text, form) for form in FORMS)), key=self.vocabulary.count_unseen)

    def network(self, *, seq_len: int, batch_size: int, draws: bool = False) -> Network:
        """A network for inference; one that `draws` text never draws the unknown symbol.

        Raises:
            ConfigError: it needs more memory than there is.
        """
        size = buffers(self.shape, seq_len=seq_len, batch_size=batch_size)
        require({f"{batch_size:,} texts at once": size}, self.backend, "lower --count")
        return Network(
            self.shape,
            self.params,
            self.backend,
            self.choice.kernels,
            seq_len=seq_len,
            batch_size=batch_size,
            never=self.vocabulary.unknown if draws else None,
        )


def open_model(
    run: str | None,
    *,
    device: str = "auto",
    kernel: str = "auto",
    threads: int | None = None,
    precision: str = Config.precision,
) -> Model:
    """The best model of a run (None: the newest run) or of a checkpoint file; any machine may have trained it.

    Raises:
        CheckpointError: there is no such run, or its checkpoint cannot be read.
        BackendError: the device is missing, or does not work in this precision or at all.
    """
    checkpoint, path = load_model(run)
    backend = open_backend(device)
    config, vocabulary = Config(**checkpoint.config), Vocabulary.from_dict(checkpoint.vocabulary)
    shape = Shape.of(config, vocabulary.size)
    params = load_parameters(shape, backend, checkpoint.evaluated)
    choice = build(backend, kernel, threads, precision)
    choice.tell()
    return Model(checkpoint, path, config, vocabulary, shape, params, backend, choice)


def load_parameters(shape: Shape, backend: Backend, weights: dict[str, np.ndarray]) -> Flat:
    """The weights of a checkpoint as parameters of a network of its `shape`."""
    on_device = {name: backend.to_device(weights[name]) for name in shape.parameters}
    return Flat(backend.xp, shape.parameters, backend.dtype, on_device)
