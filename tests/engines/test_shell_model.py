"""A real small model plays in real rooms: all that it did is kept, and nothing makes more of it."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from click.testing import CliRunner

from cardboard.board.words.catalogue import Words
from cardboard.cli import main
from cardboard.eval.records import Result
from cardboard.eval.suites.kinds.shell import transcript
from cardboard.eval.suites.kinds.shell.scoring import recount

from ..playing import ROWS
from ..smol import NAME, smol

pytestmark = pytest.mark.engines

CHOSEN = ("files-hosts-entry", "permissions-install-system", "text-compare-lists-discover")
"""One that is told in Korean, one in English that is blocked as it is, and one to be found."""

BOARD = """[board]
title = { en = "Rooms", ko = "셸" }

"""


class Played(NamedTuple):
    """A workspace in which the model has played, and its result."""

    folder: Path
    result: Result

    def cardboard(self, *words: str) -> str:
        """Return what the command prints; it must succeed."""
        ran = CliRunner().invoke(main, ["-C", str(self.folder), *words])
        assert ran.exit_code == 0, ran.output
        return ran.output


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Return the workspace; the model plays once for all tests of this file."""
    folder = tmp_path_factory.mktemp("played")
    rows = [row for row in ROWS if row.task_id in CHOSEN]
    (folder / "suites").mkdir()
    lines = [msgspec.json.encode(msgspec.structs.replace(row, suite="few")) for row in rows]
    (folder / "suites" / "few.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (folder / "board.toml").write_text("", encoding="utf-8")
    told = CliRunner().invoke(
        main, ["suite", "info", str(folder / "suites" / "few.jsonl"), "--format", "toml"]
    )
    assert told.exit_code == 0, told.output
    (folder / "board.toml").write_text(f"{BOARD}\n{told.output}", encoding="utf-8")
    words = ["-C", str(folder), "eval", str(smol()), "--suite", "few", "--backend", "llama"]
    words += ["--name", NAME, "--dialogue", "shell", "--max-tokens", "32", "--window", "2048"]
    ran = CliRunner().invoke(main, [*words, "--set", "n_threads=1"])
    assert ran.exit_code == 0, ran.output
    (file,) = (folder / "results").rglob("*.json")
    return Played(folder, msgspec.json.decode(file.read_bytes(), type=Result))


def test_every_episode_is_scored_and_says_what_closed_its_room(played: Played) -> None:
    result = played.result
    assert result.status == "complete"
    assert {step.task_id for step in result.steps if step.scored} == {*CHOSEN}
    assert result.protocol.dialogue == "shell"
    assert result.protocol.extra["isolation"] == "bubblewrap"
    assert result.prompts.template_status == "chat_template"
    assert result.model.quantisation == "Q4_1"


def test_transcripts_are_whole_and_everything_follows_from_them_again(played: Played) -> None:
    for step in played.result.steps:
        assert step.answer is not None
        assert step.parsed is not None
        digest = hashlib.sha256(step.answer.encode()).hexdigest()
        assert step.parsed["transcript_sha256"] == digest
        told = transcript.decode(step.answer)
        assert told is not None
        assert 0 < len(told.turns) <= 20
        assert all(one.message for one in told.turns)
        assert all(one.metrics.completion_tokens for one in told.turns)  # type: ignore[union-attr]  # an engine counts
        assert told.extra.end == step.finish_reason
    again = recount(played.result.steps)
    assert (again.read, again.misread, again.differs) == (3, (), ())


def test_the_judge_recounts_it_and_the_card_says_a_count_with_its_interval(played: Played) -> None:
    checked = played.cardboard("check")
    assert "1 ranked, 0 unranked" in checked, "nothing that it says is contradicted by its steps"
    assert "answers-cut: 1 of 1" in checked, "32 tokens are few, and that is told"
    played.cardboard("cards")
    (card,) = (played.folder / "build" / "cards").rglob("*.md")
    text = card.read_text(encoding="utf-8")
    clean = sum(step.scores["clean"] == 1 for step in played.result.steps)
    assert clean == 0, "a model of this size ends none of these"
    assert text.count(r"0/3 \[0–56 %\]") == 2, "in both languages"
    for language in ("en", "ko"):
        strengths = f"**{Words(language).text('notes.strength')}**"
        assert strengths not in text, "three failures are no strength"


def test_its_page_leads_to_each_of_its_screens(played: Played) -> None:
    played.cardboard("site")
    site = played.folder / "build" / "site"
    (page,) = (site / "episodes").rglob("index.html")
    html = page.read_text(encoding="utf-8")
    for step in played.result.steps:
        assert step.parsed is not None
        assert f'id="e-{step.task_id}"' in html
        assert str(step.parsed["transcript_sha256"])[:12] in html
    (model,) = (site / "models").glob("*/index.html")
    assert page.parent.name in model.read_text(encoding="utf-8")
