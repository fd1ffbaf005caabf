"""The records of a text: strings that each end with the same separator, as the lines of a list do with a line feed."""

from collections.abc import Iterator

import numpy as np

from charrnn.config import LISTS, Config
from charrnn.errors import CorpusError
from charrnn.text.tokens import Tokens
from charrnn.text.vocabulary import Vocabulary

IDS_AT_ONCE = 1 << 20  # ids that are decoded together


def record_end(config: Config, vocabulary: Vocabulary) -> str:
    """What ends a record of a run's text: its separator, or the line feed in a list; empty if it has no records."""
    if config.separator:
        return config.separator
    return "\n" if config.split in LISTS and vocabulary.newline is not None else ""


def before_text(config: Config, vocabulary: Vocabulary) -> np.ndarray:
    """The ids that a model reads before a text, as if the text followed a record, or a line, of the learned text."""
    if config.separator:
        return vocabulary.encode(config.separator)
    return np.array([vocabulary.start], vocabulary.dtype)


def known_records(tokens: Tokens, records: set[str], end: str = "\n") -> set[str]:
    """The subset of `records`, given without the `end` of each, that are records of any part of the text.

    If a part begins or ends within a record, the fragment counts as a record. Bytes that are not UTF-8 are compared as
    `surrogateescape` decodes them. A text in which no record ends has none.
    """
    found: set[str] = set()
    if not records or not knows(tokens.vocabulary, end):
        return found
    longest = max(map(len, records))
    for part in tokens.parts:
        for some in whole_records(part, tokens.vocabulary, end, errors="surrogateescape", longest=longest):
            found.update(records.intersection(some))
            tokens.release()
    return found


def knows(vocabulary: Vocabulary, text: str) -> bool:
    """Whether a model of this vocabulary can read and write all of `text`."""
    return vocabulary.count_unseen(text) == 0


def whole_records(
    ids: np.ndarray, vocabulary: Vocabulary, end: str = "\n", *, errors: str = "replace", longest: int | None = None
) -> Iterator[list[str]]:
    """The records in the text of `ids`, in lists, without the `end` of each; the last one may have lacked it.

    A record of more than `longest` characters may be left out: the memory that a search needs does not depend on the
    text's records. `errors` is that of `Vocabulary.decoder`.
    """
    decoder = vocabulary.decoder(errors)
    held, cut = "", False  # the record that has not ended yet, and whether its beginning was dropped
    for start in range(0, len(ids), IDS_AT_ONCE):
        stop = start + IDS_AT_ONCE
        *ended, held = (held + decoder.decode(ids[start:stop], final=stop >= len(ids))).split(end)
        if cut and ended:
            del ended[0]
            cut = False
        if longest is not None and len(held) > longest + len(end):
            held = held[len(held) - len(end) + 1 :]  # the beginning of an end may be in it
            cut = True
        if ended:
            yield [after_run(record, end) for record in ended]
    if held and not cut:
        yield [after_run(held, end)]


def after_run(record: str, end: str) -> str:
    """What follows an `end` without a rest of further ones that overlap with it: three line feeds are an empty line."""
    sizes = range(1, len(end))
    while rest := next((size for size in sizes if len(record) >= size and (end + record[:size]).endswith(end)), 0):
        record = record[rest:]
    return record


def occurs(tokens: Tokens, text: str) -> bool:
    """Whether `text` is somewhere in the text that was learned or held out."""
    try:
        wanted = tokens.vocabulary.encode(text)
    except CorpusError:
        return False
    data, size = wanted.tobytes(), wanted.itemsize
    place = tokens.map.find(data)
    while place % size and place >= 0:  # a match within an id
        place = tokens.map.find(data, place + 1)
    return place >= 0


def places(ids: np.ndarray, sought: np.ndarray) -> np.ndarray:
    """The indices at which the ids `sought` begin in `ids`; none if nothing is sought."""
    count = max(len(ids) - len(sought) + 1, 0) if len(sought) else 0
    begin = np.ones(count, bool)
    for at, id in enumerate(sought.tolist()):
        begin &= ids[at : at + count] == id
    return np.flatnonzero(begin)


def split_at(ids: np.ndarray, end: np.ndarray) -> Iterator[np.ndarray]:
    """The records in `ids`, without the ids `end` of each; the last one may lack them. Some may be empty."""
    start = 0
    for place in places(ids, end).tolist():
        if place >= start:  # else it overlaps with the end before it
            yield ids[start:place]
        start = place + len(end)
    yield ids[start:]
