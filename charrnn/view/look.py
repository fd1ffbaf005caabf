"""What charrnn takes a text for, on standard output."""

from collections.abc import Iterator

from rich.console import Console

from charrnn.hints import visible
from charrnn.session.look import TextFacts
from charrnn.view.layout import NO_WRAPPING, facts, open_console
from charrnn.view.wording import file_size


def show_text(text: TextFacts, console: Console | None = None) -> None:
    """Print facts about a text and the run that it would get on standard output, or on `console`."""
    output = console or open_console(NO_WRAPPING)
    output.print(facts((title, visible(line)) for title, line in _lines(text)))


def _lines(text: TextFacts) -> Iterator[tuple[str, str]]:
    unit = "bytes" if text.bytes else "characters"
    encoding = f", {' and '.join(text.encoding)}" if text.encoding else ""
    yield "text", f"{text.text}, {file_size(text.size)}{encoding}"
    lines = f"{text.lines:,} line{'' if text.lines == 1 else 's'}"
    yield "content", f"{text.characters:,} {unit}, {text.different:,} different; {lines}"
    yield "taken for", f"{text.taken_for}: {text.why}"
    yield "order", text.order
    parts = f"{text.train:,} {unit} to learn from, {text.val:,} to validate on"
    test = f", {text.test:,} to test on" if text.test else ""
    by = f"--val {text.val_file}" if text.val_file else f"{text.split} ({text.split_given_by})"
    yield "split", f"{by}: {parts}{test}"
    yield "model", f"{text.model}: {text.parameters:,} parameters"
    yield "training", f"{text.budget}{f', preset {text.preset}' if text.preset else ''}, into {text.run}"
    for number, notice in enumerate(text.notices):
        yield "" if number else "notes", notice
