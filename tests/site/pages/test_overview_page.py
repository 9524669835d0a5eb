"""The page of all suites: true without a script, sortable with one, in both languages."""

import re

import html5lib
import pytest

from cardboard.board.judge.build import load_boards
from cardboard.board.workspace.configuration import open_workspace
from cardboard.site.frame.render import Renderer
from cardboard.site.pages.overview_page import overview_pages
from cardboard.site.source.source import Source
from cardboard.tests import five


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return open_workspace(five.write(tmp_path_factory.mktemp("five")))


@pytest.fixture(scope="module")
def boards(workspace):
    return load_boards(workspace)


def body(boards, settings, language: str) -> str:
    (page,) = overview_pages(Source(boards, settings, Renderer(language)))
    return page.slots["suites"]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_is_as_expected(boards, workspace, language, golden) -> None:
    found = body(boards, workspace.settings, language)
    lines = re.sub(r"(?=<(?:tr|table|caption|thead|tbody|/table|p)\b)", "\n", found)
    golden(f"five/overview.{language}.html", lines.strip() + "\n")
    html5lib.HTMLParser(strict=True).parseFragment(found)


def test_both_languages_hold_the_same_figures(boards, workspace) -> None:
    def numbers(language: str) -> list[str]:
        text = body(boards, workspace.settings, language)
        cells = html5lib.parseFragment(text, namespaceHTMLElements=False).findall(".//b")
        return ["".join(cell.itertext()) for cell in cells]

    assert numbers("en") == numbers("ko")
    assert "0.8700" in numbers("en")


def test_one_suite_gives_a_page_that_says_so(boards, workspace) -> None:
    from msgspec.structs import replace

    alone = replace(boards, boards=boards.boards[:1])
    assert "one suite only" in body(alone, workspace.settings, "en")
    assert "하나뿐" in body(alone, workspace.settings, "ko")
