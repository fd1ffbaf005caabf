"""Small runs for the tests of training and of what comes before it."""

import hashlib

from charrnn.session import TrainRequest, prepare
from charrnn.training.trainer import Trainer

TEXT = "".join(f"the quick brown fox jumps over {number} lazy dogs\n" for number in range(20))
SMALL = {
    "hidden_size": 8,
    "num_layers": 2,
    "seq_len": 10,
    "batch_size": 4,
    "steps": 40,
    "eval_every": 7,
    "sample_length": 5,
    "patience": 0,
}


def train(corpus, settings, *, stop_at=None, **request):
    """Run to the end, or stop after `stop_at` steps as Ctrl-C would; returns the events."""
    session = setup(corpus, settings, **request)
    trainer = Trainer(session.setup)
    trainer.interrupted = lambda: trainer.progress.step == stop_at
    return list(trainer.run())


def setup(corpus, settings, **request):
    """A session of only these settings; `corpus` is a name, a tuple of several, or None."""
    names = (corpus,) if isinstance(corpus, str) else tuple(corpus or ())
    alone = {} if request.get("resume") or request.get("init_from") else {"preset": "none"}
    return prepare(TrainRequest(names, settings, **alone | request))


def told(session):
    """The notices of a session, without the one that says how short TEXT is."""
    return [notice.text for notice in session.notices if "too few to learn from" not in notice.text]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
