"""A real small model takes the whole acceptance test: sheets, board and card tell the same."""

from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from click.testing import CliRunner

from cardboard.cli import main
from cardboard.eval.records import Result

from ..smol import FILE, NAME, smol

pytestmark = pytest.mark.engines

SUITE = "home-mini"


class Accepted(NamedTuple):
    """A workspace in which the model was asked everything, and its result."""

    folder: Path
    result: Result

    def cardboard(self, *words: str) -> str:
        """Return what the command prints; it must succeed."""
        ran = CliRunner().invoke(main, ["-C", str(self.folder), *words])
        assert ran.exit_code == 0, ran.output
        return ran.output


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Accepted:
    """Return the workspace; 48 tokens an answer are enough to see everything but the ends."""
    folder = tmp_path_factory.mktemp("accepted")
    (folder / "board.toml").write_text("", encoding="utf-8")
    told = CliRunner().invoke(main, ["suite", "info", SUITE, "--format", "toml"])
    assert told.exit_code == 0, told.output
    board = '[board]\ntitle = { en = "At home", ko = "집" }\n\n'
    (folder / "board.toml").write_text(f"{board}{told.output}", encoding="utf-8")
    words = ["accept", str(smol()), "--name", NAME, "--max-tokens", "48"]
    ran = CliRunner().invoke(main, ["-C", str(folder), *words, "--set", "n_threads=1"])
    assert ran.exit_code == 0, ran.output
    (file,) = (folder / "results").rglob("*.json")
    return Accepted(folder, msgspec.json.decode(file.read_bytes(), type=Result))


def test_all_questions_are_answered_and_timed(accepted: Accepted) -> None:
    result = accepted.result
    assert (result.status, result.counts.scored) == ("complete", 80)
    assert result.timing.first_token_seconds is not None
    assert (result.timing.answer_tokens_per_second or 0) > 0
    assert result.model.file is not None
    assert result.model.file.name == FILE
    assert result.prompts.template_status == "chat_template"


def test_there_is_a_sheet_in_each_language_with_hashes_and_every_question(
    accepted: Accepted,
) -> None:
    sheets = sorted((accepted.folder / "build" / "acceptance").glob("*.html"))
    assert [path.name.rsplit(".", 2)[1] for path in sheets] == ["en", "ko"]
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        assert str(accepted.result.model.weights_sha256) in text
        assert str(accepted.result.prompts.template_sha256) in text
        assert text.count('<section class="answer">') == 80


def test_the_board_and_the_card_tell_the_result(accepted: Accepted) -> None:
    assert "1 ranked, 0 unranked" in accepted.cardboard("check")
    accepted.cardboard("cards")
    (card,) = (accepted.folder / "build" / "cards").rglob("*.md")
    value = accepted.result.metrics["clauses_passed"].value
    assert value is not None
    assert f"{100 * value:.2f}" in card.read_text(encoding="utf-8")
