"""Lists of names and words are distinguished from other texts."""

from pathlib import Path

import pytest

from charrnn import catalogue
from charrnn.text.kind import is_list
from charrnn.text.source import from_path, joined

NAMES = "".join(f"name{number}\n" for number in range(300))


def looks_like_a_list(text):
    path = Path("text.txt")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return is_list(from_path(path, glob="*"))


@pytest.mark.parametrize(
    "text",
    [
        NAMES,
        NAMES.replace("\n", "\r\n"),
        NAMES + "x" * 40 + "\n",
        NAMES.encode() + b"\xff\xfe\n",
        NAMES * 300,  # only the beginning is read
        NAMES.encode("utf-16"),
    ],
    ids=len,
)
def test_lists(text):
    assert looks_like_a_list(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one line",
        NAMES[:500],
        "To be, or not to be, that is the question:\n" * 300,
        "the stars\nare far\n\n" * 200,
        "int main()\n{\n\treturn 0;\n}\n\n" * 100,
        "x" * 200_000,
        NAMES * 4 + "To be, or not to be, that is the question:\n" * 300,  # one block, of names only at first
    ],
    ids=len,
)
def test_other_texts(text):
    assert not looks_like_a_list(text or "\n")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_list_in_utf_16_without_a_mark(encoding):
    assert looks_like_a_list(NAMES.encode(encoding))


@pytest.mark.parametrize("end", ["\r", "\u2028", "\x85"])
def test_lines_with_other_ends_are_lines_if_these_become_lf(end):
    path = Path("text.txt")
    path.write_bytes(NAMES.replace("\n", end).encode())
    source = from_path(path, glob="*")
    assert is_list(source, "lf")
    assert not is_list(source)  # what is not LF ends no line in training


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([NAMES, NAMES], True),
        ([NAMES[:1500], NAMES[1500:]], True),  # together they have enough lines
        ([NAMES, ""], True),
        ([NAMES, "To be, or not to be, that is the question:\n" * 300], False),
        (["To be, or not to be, that is the question:\n" * 300, NAMES], False),
        ([NAMES, "a text without a line feed"], False),
    ],
)
def test_several_texts_are_a_list_if_each_is_one(texts, expected):
    for number, text in enumerate(texts):
        Path(f"{number}.txt").write_text(text)
    assert is_list(joined([from_path(Path(f"{number}.txt"), glob="*") for number in range(len(texts))])) is expected


def test_the_bundled_names_are_a_list_and_python_is_not():
    assert is_list(catalogue.open_corpus("names"))
    assert not is_list(catalogue.open_corpus("python"))
