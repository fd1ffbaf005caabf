"""Turns errors into one line and an exit code; this is the only file that does.

The exit code is 1 for errors that a user can fix, 2 for wrong usage, 130 for Ctrl-C, and 141 when nobody reads the pipe
on standard output any longer. Training and sweeps catch signals themselves, save, and exit with 128 plus the number of
the signal.
"""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from charrnn.cli import synonyms
from charrnn.cli.streams import CLOSED_PIPE
from charrnn.errors import CharrnnError, OptionError
from charrnn.hints import in_one_line


class WrongUsage(click.ClickException):
    """A one-line error with the exit code of click's own usage errors."""

    exit_code = 2


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Turn errors into one line without control characters and an exit code."""
    try:
        with _as_click_errors():
            yield
            sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        raise click.UsageError(in_one_line(error.format_message()), error.ctx) from error
    except click.ClickException as error:
        kind = WrongUsage if error.exit_code == WrongUsage.exit_code else click.ClickException
        raise kind(in_one_line(error.format_message())) from error


@contextmanager
def _as_click_errors() -> Iterator[None]:
    """Turn errors into those of click, with an exit code."""
    try:
        yield
    except click.NoSuchOption as error:
        raise _with_hint(error) from None
    except OptionError as error:
        raise WrongUsage(str(error)) from error
    except CharrnnError as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        raise click.exceptions.Exit(CLOSED_PIPE) from None  # silently, as in `charrnn sample | head`
    except OSError as error:
        if error.errno == errno.EBADF:
            raise click.ClickException("standard output is closed") from error
        # Files are written elsewhere, with errors of their own: what is full here is where the output goes.
        where = error.filename or ("standard output" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "")
        where = f"{where}: " if where else ""
        remedy = "; change its permissions, or those of its folder" if isinstance(error, PermissionError) else ""
        raise click.ClickException(f"{where}{error.strerror or error}{remedy}") from error
    except MemoryError as error:
        message = "out of memory; lower --batch-size, --seq-len or --hidden-size"
        raise click.ClickException(f"{message} ({error})" if str(error) else message) from error
    except RuntimeError as error:
        if not type(error).__module__.startswith("cupy"):
            raise
        message = "the GPU failed; if its memory is full, lower --batch-size, --seq-len or --hidden-size"
        raise click.ClickException(f"{message} ({str(error).splitlines()[0]})") from error
    except KeyboardInterrupt:
        raise click.exceptions.Exit(130) from None


def _with_hint(error: click.NoSuchOption) -> click.UsageError:
    """The error with the option or argument that was probably meant, if the command has it."""
    if error.ctx is None:
        return error
    meant = synonyms.HINTS.get(error.option_name)
    known = [name for each in error.ctx.command.params for name in each.opts]  # an argument's is its bare name
    if error.option_name in synonyms.RUN_OPTIONS and "run" in known:
        usage = f"{error.ctx.command_path} RUN"
        return click.UsageError(f"{error.message} Name the run as an argument: {usage}", error.ctx)
    return click.UsageError(f"{error.message} Did you mean {meant!r}?", error.ctx) if meant in known else error
