"""Encoded texts that are damaged are not read, and are encoded again where that is possible."""

import io
import json
import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from charrnn.errors import CorpusError
from charrnn.evaluation.parts import own_part
from charrnn.runs.model import open_model
from charrnn.runs.run import Run
from charrnn.text import integrity
from charrnn.text.tokens import load_tokens
from tests.support.training import SMALL, setup, told, train


@pytest.fixture
def run(text, tmp_path):
    train(text, SMALL, run=str(tmp_path / "run"), stop_at=8)
    return Run(tmp_path / "run")


def zeros(blob):
    return bytes(len(blob))


def beyond(blob):
    return b"\xff" * len(blob)


def flipped(blob):
    return blob[:99] + bytes([blob[99] ^ 1]) + blob[100:]


@pytest.mark.parametrize("damage", [zeros, beyond, flipped, lambda blob: blob[::-1], lambda blob: blob[:-1]])
def test_a_damaged_text_is_encoded_again(run, damage):
    ids = run.folder / "tokens.bin"
    whole = ids.read_bytes()
    ids.write_bytes(damage(whole))
    model = open_model(str(run.folder), device="cpu", kernel="numpy")
    with pytest.raises(CorpusError, match="is gone, damaged or not readable; name the text"):
        own_part(model, "val")
    session = setup(None, {}, run=str(run.folder), resume=True)
    assert told(session) == [f"the encoded text in {run.folder} was damaged; it is encoded again from its source"]
    assert ids.read_bytes() == whole


def test_a_text_from_standard_input_is_encoded_again(text, tmp_path, monkeypatch):
    content = (tmp_path / "fox.txt").read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    train("-", SMALL, run=str(tmp_path / "run"), stop_at=8)
    ids = tmp_path / "run" / "tokens.bin"
    whole = ids.read_bytes()
    ids.write_bytes(bytes(len(whole)))
    setup(None, {}, run=str(tmp_path / "run"), resume=True)
    assert ids.read_bytes() == whole


def test_ids_beyond_the_vocabulary_are_refused_whatever_their_checksum(run):
    facts, ids = run.folder / "tokens.json", run.folder / "tokens.bin"
    vocabulary = open_model(str(run.folder), device="cpu", kernel="numpy").vocabulary
    blob = bytearray(ids.read_bytes())
    for largest, is_read in ((vocabulary.size - 1, True), (vocabulary.size, False)):
        blob[7] = largest
        ids.write_bytes(blob)
        known = integrity.contents_of(ids, "|u1")
        facts.write_text(json.dumps(json.loads(facts.read_text()) | {"crc32": known.crc32}))
        os.utime(ids, ns=(largest, largest))
        assert (load_tokens(run.folder, vocabulary) is not None) == is_read


def test_facts_without_a_checksum_are_read(run):
    facts = run.folder / "tokens.json"
    older = {name: value for name, value in json.loads(facts.read_text()).items() if name != "crc32"}
    facts.write_text(json.dumps(older))
    assert setup(None, {}, run=str(run.folder), resume=True).notices == []


def test_a_file_is_read_once(tmp_path, monkeypatch):
    np.arange(300, dtype=np.uint16).tofile(tmp_path / "ids")
    monkeypatch.setattr(integrity, "_BLOCK", 64)
    assert integrity.known_contents_of(tmp_path / "ids", "<u2").largest == 299
    monkeypatch.setattr(integrity, "contents_of", None)
    assert integrity.known_contents_of(tmp_path / "ids", "<u2").largest == 299


def test_the_largest_id_of_no_text(tmp_path):
    (tmp_path / "ids").touch()
    assert integrity.contents_of(tmp_path / "ids", "|u1").largest == -1
