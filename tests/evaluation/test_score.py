"""Evaluation: parallel streams agree with a single one, and lines with lines scored one at a time."""

from itertools import pairwise

import numpy as np
import pytest

from charrnn.device.backend import open_backend
from charrnn.evaluation import score as evaluate
from charrnn.evaluation.score import Evaluator, score_records
from charrnn.kernels.choice import build
from charrnn.network.network import Network
from charrnn.network.shape import Shape, initial_parameters

BACKEND = open_backend("cpu", np.float64)
KERNELS = build(BACKEND).kernels
SHAPE = Shape("lstm", 9, 12, 2)
PARAMS = initial_parameters(SHAPE, BACKEND, np.random.default_rng(0))
NEWLINE = np.array([0])
PARAMS.buffer *= 1.5  # far from uniform, but the network forgets within a few dozen characters


def one_by_one(ids, start=0):
    """Nats of each of ids[1:], by a network that reads one character at a time."""
    net = Network(SHAPE, PARAMS, BACKEND, KERNELS, seq_len=1, batch_size=1)
    states, nats = net.initial_state(), []
    for read, target in pairwise(ids):
        logits, states = net.forward(np.array([[read]]), states)
        nats.append(float(KERNELS.cross_entropy(logits, np.array([target]))[0]))
    return np.array(nats)


def test_a_short_text_is_read_as_one_stream():
    ids = np.random.default_rng(1).integers(0, 9, 150).astype(np.uint8)
    score = Evaluator(SHAPE, PARAMS, BACKEND, KERNELS, len(ids)).score(ids)
    assert score.chars == 149
    np.testing.assert_allclose(score.loss, one_by_one(ids).mean(), rtol=1e-12)


@pytest.mark.parametrize("chars", [2000, 2003, 2011])
def test_parallel_streams_agree_with_one(chars, monkeypatch):
    monkeypatch.setattr(evaluate, "WARM_UP", 100)
    ids = np.random.default_rng(1).integers(0, 9, chars).astype(np.uint8)
    evaluator = Evaluator(SHAPE, PARAMS, BACKEND, KERNELS, len(ids))
    assert evaluator.network.batch_size in (9, 10)
    np.testing.assert_allclose(evaluator.score(ids).loss, one_by_one(ids).mean(), rtol=1e-6)


def test_streams_without_warm_up_would_not_agree(monkeypatch):
    monkeypatch.setattr(Evaluator, "_warm_up", lambda self, streams: self.network.initial_state())
    monkeypatch.setattr(evaluate, "WARM_UP", 20)
    ids = np.random.default_rng(1).integers(0, 9, 2000).astype(np.uint8)
    loss = Evaluator(SHAPE, PARAMS, BACKEND, KERNELS, len(ids)).score(ids).loss
    assert abs(loss / one_by_one(ids).mean() - 1) > 1e-5


def test_lines_are_scored_each_by_itself():
    rng = np.random.default_rng(2)
    lines = [rng.integers(1, 9, length) for length in (3, 0, 7, 1, 12, 200)]
    scores = score_records(SHAPE, PARAMS, BACKEND, KERNELS, lines, end=NEWLINE)
    for line, score in zip(lines, scores, strict=True):
        nats = one_by_one(np.concatenate(([0], line, [0])))
        assert score.chars == len(line) + 1
        np.testing.assert_allclose(score.loss, nats.mean(), rtol=1e-12)


def test_records_are_scored_after_a_separator_of_any_length_and_with_it():
    rng = np.random.default_rng(2)
    records, end = [rng.integers(1, 9, length) for length in (3, 0, 70, 1)], np.array([0, 4, 0])
    scores = score_records(SHAPE, PARAMS, BACKEND, KERNELS, records, end)
    for record, score in zip(records, scores, strict=True):
        nats = one_by_one(np.concatenate((end, record, end)))[len(end) - 1 :]
        assert score.chars == len(record) + len(end) == len(nats)
        np.testing.assert_allclose(score.loss, nats.mean(), rtol=1e-12)


def test_it_reports_its_progress():
    told = []
    ids = np.random.default_rng(1).integers(0, 9, 150).astype(np.uint8)
    Evaluator(SHAPE, PARAMS, BACKEND, KERNELS, len(ids)).score(ids, lambda done, total: told.append((done, total)))
    assert told == [(64, 149), (128, 149), (149, 149)]
    told.clear()
    score_records(SHAPE, PARAMS, BACKEND, KERNELS, [ids] * 40, NEWLINE, lambda done, total: told.append((done, total)))
    assert told == [(32, 40), (40, 40)]
    assert score_records(SHAPE, PARAMS, BACKEND, KERNELS, [], NEWLINE) == []


def test_no_more_logits_than_memory_allows(monkeypatch):
    lines = [np.random.default_rng(length).integers(1, 9, length).astype(np.uint8) for length in range(1, 12)]
    expected = score_records(SHAPE, PARAMS, BACKEND, KERNELS, lines, NEWLINE)
    seen, forward = [], Network.forward
    monkeypatch.setattr(Network, "forward", lambda self, ids, *etc: seen.append(ids.shape) or forward(self, ids, *etc))
    monkeypatch.setattr(evaluate, "MOST_LOGITS", 3 * evaluate.SEQ_LEN * SHAPE.vocab_size)
    found = score_records(SHAPE, PARAMS, BACKEND, KERNELS, lines, NEWLINE)
    assert {streams for _, streams in seen} == {3}
    np.testing.assert_allclose([each.loss for each in found], [each.loss for each in expected])
