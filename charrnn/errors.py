"""Everything that can go wrong for a user, as one hierarchy.

    CharrnnError
    ├── ConfigError       an option, a preset or a configuration file
    ├── CorpusError       a text: not found, not readable, too short, not the right bytes
    ├── CheckpointError   a run or a checkpoint file
    ├── DivergedError     the loss is no number any more
    ├── SweepError        trials of a sweep failed
    ├── StorageError      a file cannot be written
    └── BackendError      a device, a compiler, a library
        └── Unsupported   a fast kernel that does not take this case; another one will

A message is one line and says what is wrong, the value, and what to do. The command line turns any of these
into exit code 1 and that line on standard error, in one place (`charrnn.cli`).
"""


class CharrnnError(Exception):
    """Base of all errors that are a user's to mend."""


class ConfigError(CharrnnError):
    """An option has a value that cannot work."""


class CorpusError(CharrnnError):
    """A text cannot be read, fetched, or learned from."""


class CheckpointError(CharrnnError):
    """A run or checkpoint is missing, damaged, or would be overwritten."""


class DivergedError(CharrnnError):
    """Training ran into a loss or gradient that is not finite."""


class SweepError(CharrnnError):
    """Some trials of a sweep could not be trained."""


class StorageError(CharrnnError):
    """A file cannot be written."""


class BackendError(CharrnnError):
    """A device or library is missing or does not work."""


class Unsupported(BackendError):
    """A kernel refuses a case that a slower kernel takes."""
