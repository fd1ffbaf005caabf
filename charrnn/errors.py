"""All errors that a user can meet, as one hierarchy.

    CharrnnError
    ├── ConfigError       a preset, a configuration file, or a combination of options
    │   ├── SettingError  a setting with an invalid value
    │   └── OptionError   an option of the command line with an invalid value
    ├── CorpusError       a text: not found, not readable, too short, not the right bytes
    ├── CheckpointError   a run or a checkpoint file
    │   └── DamagedError  the contents of a checkpoint are not those that were written
    ├── DivergedError     the loss became NaN or infinite
    ├── SweepError        trials of a sweep failed
    ├── StorageError      a file cannot be written
    └── BackendError      a device, a compiler, a library
        └── Unsupported   a fast kernel does not support this case; a slower one does

A message is one line and says what is wrong, the value, and what to do. The command line prints that line on standard
error and exits with 1, or with 2 for an OptionError; it does so in one place (`charrnn.cli.errors`).
"""


class CharrnnError(Exception):
    """Base of all errors that the user can fix."""


class ConfigError(CharrnnError):
    """Settings or options are invalid."""


class OptionError(ConfigError):
    """An option has an invalid value."""


class SettingError(ConfigError):
    """Settings have invalid values; `names` lists the settings that the message mentions."""

    def __init__(self, message: str, *names: str) -> None:
        super().__init__(message)
        self.names = names


class CorpusError(CharrnnError):
    """A text cannot be read, fetched, or learned from."""


class CheckpointError(CharrnnError):
    """A run or checkpoint is missing, damaged, or would be overwritten."""


class DamagedError(CheckpointError):
    """A checkpoint is damaged."""


class DivergedError(CharrnnError):
    """A loss or gradient became NaN or infinite."""


class SweepError(CharrnnError):
    """Some trials of a sweep could not be trained."""


class StorageError(CharrnnError):
    """A file cannot be written."""


class BackendError(CharrnnError):
    """A device or library is missing or does not work."""


class Unsupported(BackendError):
    """A fast kernel does not support a case; a slower one does."""
