"""What a card says was recorded, and what was not."""

from cardboard.cards.text.evidence import prompts, protocol
from cardboard.eval.records import Prompts, Protocol


def test_a_setting_that_a_back_end_recorded_beside_the_named_ones_is_not_called_missing():
    sent = protocol(Protocol(backend="vllm", extra={"seed": 1, "noise": 0.3}))
    assert [row.name for row in sent.rows] == ["backend", "noise", "seed"]
    assert "seed" not in sent.missing and "temperature" in sent.missing


def test_nothing_is_missing_of_a_script():
    assert protocol(Protocol(backend="scripted")).missing == ()
    assert prompts(Prompts(template_status="scripted")).missing == ()
