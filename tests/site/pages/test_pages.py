"""What the sample board's site says, in both languages."""

import re
from functools import partial

import pytest

from cardboard.tests.site.reading import HTML, article, text

LANGUAGES = ["", "ko/"]
UNSLOTH = "LLM-OS-Models__LFM2.5-1.2B-Terminal-SFT-2Epoch-Unsloth"


@pytest.fixture
def page(sample_site):
    """Return `page(PATH)`: the parsed content of a page of the sample site."""

    return partial(article, sample_site)


def rows(page):
    return [[text(cell) for cell in row] for row in page.findall(f".//{HTML}tbody/{HTML}tr")]


def numbers(element):
    return sorted(re.findall(r"\d+(?:\.\d+)?", text(element)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_ranked_entry_has_a_row_in_the_order_of_ranks(page, sample, language):
    board = sample[0].boards[0]
    shown = rows(page(language))
    assert len(shown) == 82
    for row, entry in zip(shown, board.ranked, strict=True):
        assert row[0].startswith(entry.rank_text)
        assert row[1].removesuffix(" best of its size").removesuffix(" 크기별 1위") == entry.label
        assert row[2].startswith(f"{entry.score:.2f}")


def test_a_shared_rank_is_said_in_words_as_well(page):
    tied = [row[0] for row in rows(page("")) if row[2].startswith("0.00")]
    assert len(tied) == 2
    assert all(re.fullmatch(r"81= \(\d+–82\) \(tied\)", one) for one in tied)


def test_the_published_figures_are_those_of_the_file(page):
    (row,) = [
        row
        for row in rows(page(""))
        if row[1].endswith("SFT-2Epoch-Unsloth") and "LFM2.5" in row[1]
    ]
    assert row[:9] == [
        "61 (1–82)",
        "LLM-OS-Models/LFM2.5-1.2B-Terminal-SFT-2Epoch-Unsloth",
        "22.45",
        "+7.99 (may be chance)",
        "30.97",
        "23.14",
        "18.8%",
        "47.2%",
        "0.083",
    ]


def test_the_table_tells_readers_of_every_kind_what_it_is(page):
    table = page("").find(f".//{HTML}table")
    region = page("").find(f".//{HTML}div[@role='region']")
    assert text(table.find(f"{HTML}caption"))
    assert region.get("tabindex") == "0"
    assert region.get("aria-labelledby") == table.find(f"{HTML}caption").get("id")
    assert all(
        head.get("scope") == "col"
        for head in table.iter(f"{HTML}th")
        if "cb-model" not in head.get("class", "")
    )
    assert all(
        row.find(f"{HTML}th[@scope='row']") is not None for row in table.find(f"{HTML}tbody")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_unranked_result_is_listed_with_its_reasons(page, sample, language):
    board = sample[0].boards[0]
    shown = {row[0]: row[1] for row in rows(page(f"{language}unranked"))}
    assert shown.keys() == {entry.label for entry in board.unranked}
    assert len(shown) == 8
    assert all(
        finding.code in shown[entry.label]
        for entry in board.unranked
        for finding in entry.findings
        if board.policy.get(finding.code) == "unranked"
    )


def test_reasons_are_sentences_in_the_readers_language(page):
    assert "no evidence that the model saw its own chat template" in text(page("unranked"))
    assert "채팅 템플릿이 쓰였는지 확인할 수 없습니다" in text(page("ko/unranked"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_is_listed_with_its_hash(page, sample, language):
    shown = {row[0]: row[4].partition(" ")[0] for row in rows(page(f"{language}files"))}
    assert shown == {reading.file: reading.sha256 for reading in sample[0].readings}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_models_page_names_its_evidence(page, sample, language):
    for board in sample[0].boards:
        for entry in board.entries:
            said = text(page(f"{language}models/{entry.slug}"))
            assert entry.file in said
            assert entry.sha256 in said
            assert entry.result_id in said
            assert f"{entry.score:.{board.suite.ranked.decimals}f}" in said
            assert all(finding.code in said for finding in entry.findings)


def test_what_was_not_recorded_is_said_and_never_zero(page):
    facts = {row[0]: row[1] for row in rows(page(f"models/{UNSLOTH}"))}
    assert "Temperature" in facts["Not recorded"] or "Temperature" in text(
        page(f"models/{UNSLOTH}")
    )
    assert "Temperature 0" not in text(page(f"models/{UNSLOTH}"))


def test_a_base_model_that_is_on_the_board_is_linked(page):
    links = [link.get("href") for link in page(f"models/{UNSLOTH}").iter(f"{HTML}a")]
    assert "../../models/LiquidAI__LFM2.5-1.2B-Instruct/" in links


def test_both_languages_show_the_same_numbers(page, sample):
    paths = ["", "unranked", "files", *(f"models/{e.slug}" for e in sample[0].boards[0].entries)]
    for path in paths:
        english, korean = page(path), page(f"ko/{path}")
        assert rows(english).__len__() == rows(korean).__len__(), path
        for one, other in zip(
            english.iter(f"{HTML}table"), korean.iter(f"{HTML}table"), strict=True
        ):
            cells = [cell for cell in one.iter(f"{HTML}td") if not cell.findall(f".//{HTML}li")]
            others = [cell for cell in other.iter(f"{HTML}td") if not cell.findall(f".//{HTML}li")]
            assert [numbers(cell) for cell in cells] == [numbers(cell) for cell in others], path


def test_the_page_on_ranking_shows_the_policy_in_force(page):
    said = text(page("ranking"))
    assert "Every finding has its default verdict" in said
    assert "gemma4_native" in said
    assert "temperature = 0, max_tokens = 1024" in said
    assert "warns below 50% valid JSON" in said
