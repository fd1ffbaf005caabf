"""Splitting a list that fits into RAM: a share of its records is held out, and all parts are shuffled."""

import numpy as np

from charrnn.config import Config
from charrnn.text.parts.gathered import Gathered
from charrnn.text.parts.hashes import hash_records
from charrnn.text.parts.records import completed, find_records
from charrnn.text.parts.repeats import Repeats


def split_list(
    ids: np.ndarray, config: Config, separator: np.ndarray, fractions: tuple[float, float], repeats: Repeats
) -> list[Gathered]:
    """Hold out a random share of the records; unique-lines takes each different one once, out of training.

    With the split lines, a record that occurs twice may be both learned and held out, as in makemore. All parts are
    shuffled, and every record ends with a separator. A list is often sorted, and a model that carries its state from
    line to line would guess the first letter of a line from the line before, which lowers the loss but is not knowledge
    of names. Empty records are never held out.
    """
    records = find_records(completed(ids, separator), separator)
    rng = np.random.default_rng(config.seed)
    order = rng.permutation(len(records.starts))
    full = records.full[order]
    if config.split == "unique-lines":
        _, first, kind = np.unique(hash_records(records)[order], return_index=True, return_inverse=True)
        first.sort()
    else:
        first = kind = np.arange(len(order))
    candidates = first[full[first]]
    val, test = (round(len(candidates) * fraction) for fraction in fractions)
    held_out = candidates[: val + test]
    is_learned = np.ones(len(order), bool)  # by kind
    is_learned[kind[held_out]] = False
    learned = order[is_learned[kind]]
    if repeats.any:
        learned = rng.permutation(np.repeat(learned, repeats.of(records.starts[learned])))
    chosen = order[held_out]
    return [
        Gathered(records.ids, records.starts[part], records.lengths[part])
        for part in (learned, chosen[:val], chosen[val:])
    ]
