"""A workload, a machine and a measurement that the tests of bench share."""

from charrnn.bench.job import Measurement, MemoryUse
from charrnn.bench.machine import Machine
from charrnn.bench.workload import Workload

TINY = Workload("lstm", vocab_size=5, hidden_size=3, num_layers=2, seq_len=7, batch_size=2)
MACHINE = Machine("cpu", "a processor", 2, 10.0, {})


def measurement(name, *steps, sampling=None):
    """A worker's answer for steps of these durations, a fifth of each spent outside forward and backward."""
    phases = {"forward": 0.3, "backward": 0.5, "rest": 0.2}
    seconds = {phase: [share * each for each in steps] for phase, share in phases.items()}
    return Measurement(name, "float32", {"step": list(steps)} | seconds, 1.0, MemoryUse(1000, 4000), sampling)
