"""The audit of templates: every status, every check, and nobody passes without evidence."""

import pytest
from msgspec.structs import replace

from cardboard.board.words.catalogue import Words
from cardboard.board.words.findings import JUDGING
from cardboard.eval.records import Prompts, Suite
from cardboard.site.audits.template_checks import CHECKS, CODES
from cardboard.site.frame import pagination as listing
from cardboard.tests.making import SETTINGS, a_result, boards_of, entries_of
from cardboard.tests.site.links import Site
from cardboard.tests.site.reading import article, section, tables, text

SHA = "ab" * 32
RESULTS = {
    "good": Prompts(
        template_status="chat_template",
        template_sha256=SHA,
        template_source="tokenizer",
        doubled_bos=False,
        truncated=0,
        kwargs={"enable_thinking": False},
    ),
    "raw": Prompts(template_status="raw", status_counts={"raw": 6}),
    "silent": Prompts(),
    "odd": Prompts(template_status="our_own"),
    "doubled": Prompts(template_status="chat_template", template_sha256=SHA, doubled_bos=True),
    "cut": Prompts(template_status="chat_template", truncated=3),
    "ignored": Prompts(
        template_status="chat_template", kwargs={"x": 1}, kwargs_ignored=("x",), truncated=0
    ),
}


def all_of():
    return [a_result(name, prompts=prompts) for name, prompts in RESULTS.items()]


@pytest.fixture(scope="module")
def site(quick_site):
    return quick_site(boards_of(*all_of()), SETTINGS)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("good", "yes yes yes yes yes"),
        ("raw", "no unknown unknown unknown unknown"),
        ("silent", "unknown unknown unknown unknown unknown"),
        ("odd", "no unknown unknown unknown unknown"),
        ("doubled", "yes yes no unknown unknown"),
        ("cut", "yes unknown unknown no unknown"),
        ("ignored", "yes unknown unknown yes no"),
    ],
)
def test_a_check_says_yes_only_with_evidence(name, told):
    (entry,) = entries_of(a_result(name, prompts=RESULTS[name]))
    words = {"passed": "yes", "failed": "no", "unknown": "unknown"}
    assert " ".join(words[check.outcome(entry)] for check in CHECKS) == told


def test_the_matrix_has_every_model_and_every_check(site):
    *_, matrix = tables(article(site, "templates"))
    assert {row[0] for row in matrix} == set(RESULTS)
    assert all(len(row) == 2 + len(CHECKS) for row in matrix)
    (good,) = [row for row in matrix if row[0] == "good"]
    assert good[2:] == ["yes"] * len(CHECKS)


def test_every_status_is_counted_with_what_the_policy_makes_of_it(site):
    statuses, *_ = tables(article(site, "templates"))
    told = {row[0]: row[1:] for row in statuses}
    assert sum(int(row[1]) + int(row[2]) for row in told.values()) == len(RESULTS)
    (chat,) = [row for status, row in told.items() if "chat_template" in status]
    assert chat == ["accepted as evidence", "2", "2"]
    (own,) = [row for status, row in told.items() if "our_own" in status]
    assert own == ["no evidence", "0", "1"]


def test_whoever_is_affected_is_named_with_what_was_found(site):
    said = text(article(site, "templates"))
    assert "raw: Prompts were sent as plain text" in said
    assert "ignored: Arguments were given to the chat template that it never reads: x." in said
    for code in ("template-raw", "template-unknown", "template-unverifiable", "doubled-bos"):
        assert section(article(site, "ko/templates"), code) is not None


def test_models_that_were_asked_through_the_same_text_stand_together(site):
    _, texts, _ = tables(article(site, "templates"))
    assert texts == [[SHA[:12], "tokenizer", "good, doubled"]]


def test_a_model_on_several_boards_is_named_once_for_its_template(build):
    other = replace(SETTINGS.suites[0], name="other")
    results = [
        a_result("good", suite=Suite(name=name, version="1"), prompts=RESULTS["good"])
        for name in ("mini", "other")
    ]
    suites = (*SETTINGS.suites, other)
    folder = build(boards_of(*results, suites=suites), replace(SETTINGS, suites=suites))
    _, texts, _ = tables(article(folder, "templates"))
    assert texts == [[SHA[:12], "tokenizer", "good"]]


def test_when_nothing_was_found_the_page_says_so(build):
    folder = build(boards_of(a_result(prompts=RESULTS["good"])), SETTINGS)
    assert "No check has found anything." in text(article(folder, "templates"))


def test_a_long_matrix_goes_on_in_pages(build, monkeypatch):
    monkeypatch.setattr(listing, "ALL_AT_ONCE", 4)
    monkeypatch.setattr(listing, "ROWS_A_PAGE", 3)
    folder = build(boards_of(*all_of()), SETTINGS)
    pages = [
        article(folder, path) for path in ("templates", *(f"pages/templates-{n}" for n in (2, 3)))
    ]
    rows = [tables(page)[-1] for page in pages]
    assert [len(page) for page in rows] == [3, 3, 1]
    assert len(tables(pages[1])) == 1, "the summary stands on the first page only"
    assert Site(folder).complaints() == []


def test_the_policy_in_force_is_what_counts(build):
    policy = {"template-unverifiable": "warning"}
    boards = boards_of(a_result("odd", prompts=RESULTS["odd"]), policy=policy)
    folder = build(boards, replace(SETTINGS, policy=policy))
    assert "1 result · is shown as a warning · template-unverifiable" in text(
        article(folder, "templates")
    )


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_code_of_a_check_is_one_of_the_judges_and_has_its_words(language):
    words = Words(language)
    assert set(CODES) <= set(JUDGING)
    keys = [f"site.templates.concern.{code}" for code in CODES]
    keys += [f"site.check.{check.name}" for check in CHECKS]
    keys += [f"site.outcome.{outcome}" for outcome in ("passed", "failed", "unknown")]
    keys += [
        f"site.templates.verdict.{verdict}"
        for verdict in ("accepted", "accepted_without_raw", "raw", "none")
    ]
    assert [key for key in keys if not words.has(key)] == []
