"""What a page weighs, what it loads of ours, and that the pages of ten thousand models fit."""

import re

import pytest

from cardboard.board.judge.build import build_boards
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cli import card_texts
from cardboard.site.data.published_files import MOST_BYTES
from cardboard.tests.bench.results import workspace

FEW, MORE = 3, 9
MODELS = 10_000
MOST = 600 * 10**6
"""Bytes of the pages of so many models in two languages, with badges and copies of results."""
ORDINARY = 24_000
"""Bytes of the page of a model with one result, its steps and all that can be said of them."""
HEAVIEST = 112_000
"""Bytes of the page of a model on five suites, with every table that there is."""
_OURS = re.compile(r'<(?:script|link)\b[^>]*(?:src|href)="?([^" >]*assets/cardboard/[^" >]+)')


@pytest.fixture(scope="module")
def grown(tmp_path_factory, quick_site):
    """Return the bytes of each file of two sites, one of few models and one of some more."""

    def built(count):
        root = tmp_path_factory.mktemp("grown")
        workspace(root, count)
        opened = open_workspace(root)
        boards = build_boards(read_results(opened.results), opened)
        given = {"results": opened.results, "root": root, "cards": card_texts}
        site = quick_site(boards, opened.settings, **given)
        paths = [path for path in site.rglob("*") if path.is_file()]
        return {path.relative_to(site).as_posix(): path.stat().st_size for path in paths}

    return built(FEW), built(MORE)


def growth(grown, *starts):
    """Return how many bytes a model adds to the files whose paths begin so."""
    few, more = (sum(n for path, n in one.items() if path.startswith(starts)) for one in grown)
    return (more - few) / (MORE - FEW)


def test_a_page_of_a_model_is_at_most_24_kb_in_each_language(grown):
    pages = {p: n for p, n in grown[1].items() if re.match(r"(ko/)?models/.*\.html$", p)}
    assert len(pages) == 2 * MORE
    assert {path: size for path, size in pages.items() if size > ORDINARY} == {}


def test_pages_badges_and_copies_of_ten_thousand_models_fit_into_a_site(grown):
    # Cards and the pages of tasks end at a limit of their own, and what charts draw is thinned.
    each = growth(grown, "models/", "ko/models/", "badges/", "search/", "ko/search/", "data/board")
    assert each > 30_000, "both languages are there"
    assert each * MODELS + MOST_BYTES < MOST


def test_pages_of_the_sample_are_as_light_in_each_language(sample_site):
    for tree in ("", "ko/"):
        pages = (sample_site / tree / "models").glob("*/index.html")
        sizes = sorted(path.stat().st_size for path in pages)
        assert sizes[len(sizes) * 3 // 4] <= ORDINARY
        assert sizes[-1] <= HEAVIEST


def test_a_page_loads_one_script_and_one_style_sheet_of_ours(sample_site):
    for path in sample_site.rglob("*.html"):
        loaded = _OURS.findall(path.read_text("utf-8"))
        scripts = {one for one in loaded if one.endswith(".js")}
        sheets = {one for one in loaded if one.endswith(".css")}
        embedded = any("embed" in one for one in sheets)
        assert len(sheets) == 1, path
        assert len(scripts) == (0 if embedded else 1), path


def test_what_only_scripts_use_is_not_on_a_models_page(sample_site):
    text = next((sample_site / "models").glob("*/index.html")).read_text("utf-8")
    for name in ('name="__palette"', "md-search__input", "__config"):
        assert name not in text
