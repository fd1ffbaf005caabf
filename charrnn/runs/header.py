"""The header of a safetensors file, read within limits: the file may come from anyone.

The format: 8 bytes with the length of the header, the header as JSON, and the bytes of all tensors without gaps.
Source: https://huggingface.co/docs/safetensors
"""

import json
import os
from dataclasses import dataclass
from io import BufferedReader
from math import prod
from typing import Any

import numpy as np

LENGTH_BYTES = 8
# A vocabulary of all of Unicode, or a thousand layers of the cell with the most weights, needs about half of these.
MOST_BYTES = 1 << 25
MOST_VALUES = 400_000  # of JSON, which takes much more memory when it is parsed
MOST_AXES = 4
_DTYPE = "F32"
_ITEM = np.dtype("<f4")


class BadHeader(ValueError):
    """The header is not one of a safetensors file that charrnn can have written."""


class Foreign(BadHeader):
    """It is the header of another program."""


@dataclass(frozen=True)
class Entry:
    """A tensor in the file: its shape, and the offset of its first byte from the start of the file."""

    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        """Bytes."""
        return prod(self.shape) * _ITEM.itemsize


@dataclass(frozen=True)
class Header:
    """The text of the header, and the tensors by name."""

    text: str
    tensors: dict[str, Entry]


def read_header(file: BufferedReader, key: str) -> Header:
    """Read the header at the start of `file`, with the text under `key`; its tensors fill the rest of the file.

    Raises:
        Foreign: it has no such text.
        BadHeader: it is too large, is not a header, or does not fit the file.
    """
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    start = LENGTH_BYTES + length
    if start > size:
        raise BadHeader("its header is incomplete")
    if length > MOST_BYTES:
        raise BadHeader(f"its header of {length:,} bytes is too large")
    values = parse(file.read(length))
    if not isinstance(values, dict):
        raise BadHeader("its header is not a mapping")
    metadata = values.pop("__metadata__", None)
    if not isinstance(metadata, dict) or not isinstance(metadata.get(key), str):
        raise Foreign(f"its header lacks {key}")
    return Header(metadata[key], _entries(values, start, size))


def parse(text: bytes | str) -> Any:
    """The value of a JSON text with a limited number of values, none of which is infinite or NaN.

    Raises:
        BadHeader: it is not such a text.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if sum(map(data.count, b"[{,")) > MOST_VALUES:
        raise BadHeader("its header has too many values")
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise BadHeader("its header is nested too deeply") from None
    except ValueError:
        raise BadHeader("its header is not JSON") from None


def read_tensor(file: BufferedReader, entry: Entry) -> np.ndarray:
    """The tensor of an entry.

    Raises:
        BadHeader: the file has become shorter.
    """
    array = np.empty(entry.shape, _ITEM)
    file.seek(entry.offset)
    if file.readinto(array.reshape(-1).view(np.uint8).data) != entry.size:
        raise BadHeader("it became shorter while it was read")
    return array


def _refuse(name: str) -> None:
    raise ValueError(name)


def _entries(values: dict[str, Any], start: int, size: int) -> dict[str, Entry]:
    """The tensors by name; together they fill the bytes from `start` to `size`."""
    entries, ends = {}, []
    for name, value in values.items():
        entry, end = _entry(name, value, start)
        entries[name] = entry
        ends.append((entry.offset, end))
    reached = start
    for begin, end in sorted(ends):
        if begin != reached:
            raise BadHeader("its tensors overlap, or leave gaps")
        reached = end
    if reached != size:
        raise BadHeader("its tensors do not fill the file")
    return entries


def _entry(name: str, value: Any, start: int) -> tuple[Entry, int]:
    """A tensor, and where it ends in the file."""
    try:
        dtype, shape, (begin, end) = value["dtype"], value["shape"], value["data_offsets"]
    except (TypeError, KeyError, ValueError):
        raise BadHeader(f"the tensor {name} is described wrongly") from None
    numbers = [*shape, begin, end] if isinstance(shape, list) else [None]
    if dtype != _DTYPE or any(type(each) is not int or each < 0 for each in numbers):
        raise BadHeader(f"the tensor {name} is described wrongly")
    entry = Entry(tuple(shape), start + begin)
    if len(shape) > MOST_AXES or entry.size != end - begin:
        raise BadHeader(f"the tensor {name} has a size that does not fit its shape")
    return entry, start + end
