"""Checkpoints with a right checksum and any contents."""

import json
from pathlib import Path

import numpy as np

from charrnn.runs import checkpoint

KEY = "charrnn"


def unpack(path):
    """The values of a checkpoint's header, and its tensors by name."""
    blob = Path(path).read_bytes()
    length = int.from_bytes(blob[:8], "little")
    entries, body = json.loads(blob[8 : 8 + length]), blob[8 + length :]
    values = json.loads(entries.pop("__metadata__")[KEY])
    tensors = {}
    for name, entry in entries.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[begin:end], "<f4").reshape(entry["shape"])
    return values, tensors


def pack(path, values, tensors):
    """Write a checkpoint with these contents, whatever they are, and the digest that belongs to them."""
    if isinstance(values, dict):
        values = {name: value for name, value in values.items() if name != "sha256"}
        values["sha256"] = checkpoint._sha256(tensors, values)
    write(path, json.dumps(values, sort_keys=True), tensors)


def write(path, text, tensors):
    """Write a safetensors file with `text` in its header."""
    header, offset = {"__metadata__": {KEY: text}}, 0
    for name, tensor in tensors.items():
        entry = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        header[name] = entry
        offset += tensor.nbytes
    raw(path, json.dumps(header).encode(), b"".join(tensor.tobytes() for tensor in tensors.values()))


def raw(path, header, body=b""):
    """Write a file of the format of safetensors."""
    Path(path).write_bytes(len(header).to_bytes(8, "little") + header + body)
