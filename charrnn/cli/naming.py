"""The names of settings as people type them: options of the command line."""

import re
from collections.abc import Container, Iterator
from contextlib import contextmanager

from charrnn.errors import OptionError, SettingError


def option_of(setting: str) -> str:
    """The option of the command line that gives a setting."""
    return f"--{setting.replace('_', '-')}"


@contextmanager
def naming_options(typed: Container[str]) -> Iterator[None]:
    """Make errors about `typed` settings name options: `--hidden-size`, not hidden_size.

    Raises:
        OptionError: a SettingError names at least one of them.
    """
    try:
        yield
    except SettingError as error:
        names = [name for name in error.names if name in typed]
        if not names:
            raise
        message = re.sub(rf"\b({'|'.join(names)})\b", lambda name: option_of(name[0]), str(error), count=len(names))
        raise OptionError(message) from None
