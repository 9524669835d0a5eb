"""What a card says was recorded, and what was not."""

from cardboard.cards.text.evidence import protocol
from cardboard.eval.records import Protocol


def test_a_setting_that_a_back_end_recorded_beside_the_named_ones_is_not_called_missing():
    sent = protocol(Protocol(backend="scripted", extra={"seed": 1, "noise": 0.3}))
    assert [row.name for row in sent.rows] == ["backend", "noise", "seed"]
    assert "seed" not in sent.missing and "temperature" in sent.missing
