"""No sentence of a card says more than the evidence under the result holds."""

from collections.abc import Iterator

import pytest

from cardboard.board.words.catalogue import Words
from cardboard.cards.text.card import cards_of
from cardboard.cards.text.render import Renderer
from cardboard.tests import levels


def card_of(case: levels.Case) -> str:
    boards, settings = levels.workspace(*case)
    (card,) = [card for card in cards_of(boards, settings) if card.model == levels.NAME]
    return Renderer(settings).body(card)


@pytest.fixture(scope="module")
def cards() -> dict[tuple[str, bool], str]:
    """Return the card of every case, each message with its key before it."""
    with pytest.MonkeyPatch.context() as patch:
        levels.tagged(patch)
        return {case: card_of(case) for case in levels.CASES}


def languages(card: str) -> Iterator[str]:
    english, _, korean = card.partition("## ⟦language.name⟧한국어")
    assert korean
    yield english
    yield korean


def test_every_sentence_is_said_exactly_where_its_evidence_is(cards):
    for number in range(2):
        levels.check(
            {case: levels.keys_in(list(languages(card))[number]) for case, card in cards.items()}
        )


def test_both_languages_say_the_same_sentences(cards):
    for card in cards.values():
        english, korean = map(levels.keys_in, languages(card))
        assert english ^ korean <= {"run.code-above", "language.name"}


def test_what_is_said_whatever_the_evidence_can_be_reviewed(cards, golden):
    """A sentence in this file claims nothing of the result, or what every result shows."""
    everywhere = frozenset.intersection(*(levels.keys_in(card) for card in cards.values()))
    for language in ("en", "ko"):
        words = Words(language)
        lines = [f"{key}: {words._message(key, None)}" for key in sorted(everywhere)]
        sentences = [line for line in lines if line.endswith((".", "}")) and " " in line]
        golden(f"said-of-every-result.{language}.txt", "\n".join(sentences) + "\n")


def test_the_table_holds_no_claim_that_nobody_makes(cards):
    said = frozenset.union(*(levels.keys_in(card) for card in cards.values()))
    of_pages = {"notes.none", *(key for key in levels.CLAIMS if key.startswith("site."))}
    elsewhere = {"finding.not-checkable-summary", "finding.not-checkable-quoted"}
    assert levels.CLAIMS.keys() - said == of_pages | elsewhere
