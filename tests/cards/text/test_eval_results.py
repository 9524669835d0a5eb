"""Ranked results become entries that the Hub's benchmarks read, each with its scale."""

import pytest
from msgspec.structs import replace
from ruamel.yaml import YAML

from cardboard.board.workspace.settings import Hub, Identity, Suite
from cardboard.cards.text.card import cards_of
from cardboard.cards.text.eval_results import eval_results, with_tokens
from cardboard.tests.hub.evals import entries
from cardboard.tests.making import SETTINGS, SUITE, a_result, boards_of

SITE = "https://example.org/board"
BOARD = Identity(title={"en": "A board"}, site_url=SITE)


def results_file(suite: Suite, by: Hub = Hub(), **result: object) -> str | None:  # noqa: B008  # frozen
    """Return the results file of the card of one result."""
    settings = replace(SETTINGS, board=BOARD, suites=(suite,))
    boards = boards_of(a_result(**result), board=BOARD, suites=(suite,))  # type: ignore[arg-type]  # the parts of a result, by name
    (card,) = cards_of(boards, settings)
    return eval_results(card, "A board", by)


def test_a_ranked_result_of_a_published_suite_is_one_entry() -> None:
    text = results_file(replace(SUITE, dataset="acme/mini"), finished_at="2026-11-20T10:00:00Z")
    assert text == (
        "# Written by cardboard; edits are overwritten.\n"
        "- dataset:\n"
        "    id: acme/mini\n"
        "    task_id: mini-1\n"
        "  value: 50.0\n"
        '  date: "2026-11-20"\n'
        "  source:\n"
        f'    url: "{SITE}/"\n'
        '    name: "A board"\n'
        '  notes: "100 x mean command F1 over 6 steps: 0 to 100, higher is better; mini 1"\n'
    )


def test_the_hub_reads_it() -> None:
    suite = replace(SUITE, dataset="acme/mini", dataset_task="replay")
    text = results_file(suite, finished_at="2026-11-20T10:00:00Z")
    assert text is not None
    (entry,) = entries(
        ".eval_results/cardboard.yaml", text.encode(), {"acme/mini": frozenset(["replay"])}
    )
    assert "error" not in entry
    (read,) = YAML(typ="safe", pure=True).load(text)
    assert read["dataset"] == {"id": "acme/mini", "task_id": "replay"}


@pytest.mark.parametrize(
    ("by", "whose"),
    [
        (Hub(source_org="acme"), {"org": "acme"}),
        (Hub(source_user="ana"), {"user": "ana"}),
        (Hub(), {}),
    ],
)
def test_an_entry_says_at_which_commit_and_whose_it_is_and_nothing_undocumented(
    by: Hub, whose: dict[str, str]
) -> None:
    suite = replace(SUITE, dataset="acme/mini", dataset_revision="0a" * 20)
    text = results_file(suite, by, finished_at="2026-11-20T10:00:00Z")
    assert text is not None
    (entry,) = entries(".eval_results/cardboard.yaml", text.encode(), None)
    assert "error" not in entry
    (read,) = YAML(typ="safe", pure=True).load(text)
    assert read["dataset"] == {"id": "acme/mini", "task_id": "mini-1", "revision": "0a" * 20}
    assert read["source"] == {"url": f"{SITE}/", "name": "A board", **whose}
    assert read.keys() == {"dataset", "value", "date", "source", "notes"}
    assert read["date"] == "2026-11-20", "quoted: a date of YAML is not taken"


def test_whose_an_entry_is_needs_an_address() -> None:
    settings = replace(SETTINGS, suites=(replace(SUITE, dataset="acme/mini"),))
    (card,) = cards_of(boards_of(a_result(), suites=settings.suites), settings)
    assert "source" not in (eval_results(card, "A board", Hub(source_org="acme")) or "")


def test_there_is_no_file_without_a_benchmark_a_rank_or_a_score() -> None:
    published = replace(SUITE, dataset="acme/mini")
    assert results_file(SUITE) is None
    assert results_file(replace(SUITE, dataset="/data/mini")) is None
    assert results_file(published, status="failed") is None


def test_an_unknown_date_is_left_out() -> None:
    text = results_file(replace(SUITE, dataset="acme/mini"))
    assert text is not None
    assert "date:" not in text


def test_a_token_beside_the_same_value_stays_and_one_of_another_value_goes() -> None:
    text = results_file(replace(SUITE, dataset="acme/mini"), finished_at="2026-11-20T10:00:00Z")
    assert text is not None
    signed = text.replace("  value: 50.0\n", "  value: 50.0\n  verifyToken: eyJ.x\n")
    merged = with_tokens(text, signed.encode())
    assert merged == text + "  verifyToken: eyJ.x\n"
    assert with_tokens(text, merged.encode()) == merged, "and nothing is left to be written"
    assert with_tokens(text, signed.replace("50.0", "51.0").encode()) == text


@pytest.mark.parametrize(
    "present",
    [
        None, b"", b"verifyToken", b"verifyToken: {", b"- verifyToken: [1]", b"[verifyToken]",
        b"- " * 5000 + b"verifyToken", b"\xff verifyToken", b"- dataset: 3\n  verifyToken: x",
    ],
)  # fmt: skip
def test_a_file_that_is_none_has_no_tokens(present: bytes | None) -> None:
    text = results_file(replace(SUITE, dataset="acme/mini"))
    assert text is not None
    assert with_tokens(text, present) == text
