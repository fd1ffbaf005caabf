"""The measurements of updates, read later."""

import pytest

from charrnn.device.backend import open_backend
from charrnn.training.ledger import Ledger


def test_the_loss_of_an_update_is_the_mean_over_its_characters():
    ledger = Ledger(open_backend("cpu"), chunks=2)
    ledger.begin()
    ledger.add_loss(1.0, 30)
    ledger.add_loss(2.0, 10)
    ledger.add_norm(0.5)
    assert ledger.full
    ((loss, norm, chars),) = ledger.take()
    assert (loss, norm, chars) == (pytest.approx(1.25), 0.5, 40)
    assert not ledger.full and ledger.take() == []
