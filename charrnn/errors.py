"""Everything that can go wrong for a user, as one hierarchy.

    CharrnnError
    ├── ConfigError       a preset, a configuration file, or how options go together
    │   ├── SettingError  a setting whose value cannot work
    │   └── OptionError   an option of the command line whose value cannot work
    ├── CorpusError       a text: not found, not readable, too short, not the right bytes
    ├── CheckpointError   a run or a checkpoint file
    ├── DivergedError     the loss became NaN or infinite
    ├── SweepError        trials of a sweep failed
    ├── StorageError      a file cannot be written
    └── BackendError      a device, a compiler, a library
        └── Unsupported   a fast kernel does not take this case; a slower one does

A message is one line and says what is wrong, the value, and what to do. The command line prints that line on standard
error and exits with 1, or with 2 for an OptionError; it does so in one place (`charrnn.cli.errors`).
"""


class CharrnnError(Exception):
    """Base of all errors that the user can fix."""


class ConfigError(CharrnnError):
    """Settings or options cannot work."""


class OptionError(ConfigError):
    """An option has a value that cannot work."""


class SettingError(ConfigError):
    """Settings have values that cannot work. `names` are those that the message names."""

    def __init__(self, message: str, *names: str) -> None:
        super().__init__(message)
        self.names = names


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
    """A kernel does not take a case that a slower kernel takes."""
