"""No sentence of a model's page says more than the evidence under its result holds."""

import pytest

from cardboard.site.frame.render import Renderer
from cardboard.site.model.model_page import model_pages
from cardboard.site.source.source import Source
from cardboard.tests import levels


def page_of(case: levels.Case, language: str) -> str:
    boards, settings = levels.workspace(*case)
    source = Source(boards, settings, Renderer(language))
    (page,) = [page for page in model_pages(source) if page.title == levels.NAME]
    return str(page.slots["body"])


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_sentence_is_said_exactly_where_its_evidence_is(language, monkeypatch):
    levels.tagged(monkeypatch)
    pages = {case: levels.keys_in(page_of(case, language)) for case in levels.CASES}
    levels.check(pages, ignored=("site.", "card.", "metric.", "severity."))
    said = frozenset.union(*pages.values())
    assert {"basis.rows", "basis.summary", "basis.quoted", "means.settings", "next.measure"} <= said


def test_the_page_says_what_stands_under_its_figures(monkeypatch):
    assert "recounted from the 12 steps of 6 tasks" in page_of(("rows", True), "en")
    assert "are as the result file states them" in page_of(("summary", True), "en")
    assert "are as the table in REPORT.md states them" in page_of(("quoted", True), "en")
    assert "REPORT.md의 표에 적힌 그대로입니다" in page_of(("quoted", True), "ko")
