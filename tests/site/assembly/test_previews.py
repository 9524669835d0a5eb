"""Which picture a shared link shows: its model's, its board's, or the first board's."""

import io
import re

import pytest
from msgspec.structs import replace
from PIL import Image

from cardboard.site.assembly.previews import Previews
from cardboard.site.frame.render import renderer
from cardboard.site.source.source import Source
from cardboard.tests.making import SETTINGS, a_result, boards_of
from cardboard.tests.site.hostile import a_hostile_board

URL = "https://example.org/board"


def at_an_address(settings, **site):
    board = replace(settings.board, site_url=URL)
    return replace(settings, board=board, site=replace(settings.site, **site))


def previews(boards, settings, language="en"):
    return Previews(Source(boards, settings, renderer(language, settings.overrides)))


@pytest.fixture(scope="module")
def some():
    return boards_of(a_result("org/a", 0.75), a_result("org/b", 0.5), a_result("org/c", None))


def test_a_page_shows_its_model_or_its_board(some):
    chosen = previews(some, at_an_address(SETTINGS))
    board, model = "previews/boards/mini-1-models.png", "previews/models/org__a.png"
    of = {
        path: chosen.of(path).path
        for path in (
            "",
            "models/org__a/",
            "steps/org__a--mini-1-models/",
            "models/org__c/",
            "charts/",
            "tasks/mini-1-models--some-task/",
            "ranking/",
        )
    }
    assert [path for path, picture in of.items() if picture == model] == list(of)[1:3]
    assert set(of.values()) == {board, model}


def test_who_does_not_see_it_is_told_the_same(some):
    chosen = previews(some, at_an_address(SETTINGS), "ko")
    assert chosen.of("models/org__b/").alt == "org/b: 순위 2 / 2, 점수 50.00. mini 1"
    assert chosen.of("").alt == "mini 1: 1. org/a 75.00; 2. org/b 50.00"


def test_so_many_of_the_best_have_one_of_their_own_as_the_workspace_says(some):
    for most, models in ((0, []), (1, ["org__a"]), (100, ["org__a", "org__b"])):
        names = [
            one.path for one in previews(some, at_an_address(SETTINGS, previews=most)).pictures()
        ]
        assert names == [
            "previews/boards/mini-1-models.png",
            *(f"previews/models/{one}.png" for one in models),
        ]


def test_there_is_none_of_what_is_not_known(some):
    nowhere = previews(some, SETTINGS)
    assert (nowhere.of(""), list(nowhere.pictures())) == (None, [])
    nobody = previews(boards_of(a_result("org/c", None)), at_an_address(SETTINGS))
    assert (nobody.of(""), list(nobody.pictures())) == (None, [])


def test_every_page_of_a_site_names_a_picture_that_is_there(build, some):
    folder = build(some, at_an_address(SETTINGS))
    pages = list(folder.rglob("index.html"))
    named = {}
    for page in pages:
        html = page.read_text()
        ((address),) = re.findall(r'<meta property="og:image" content="([^"]*)">', html)
        named[page.relative_to(folder).parent.as_posix()] = address
        assert '<meta property="og:image:width" content="1200">' in html
        assert '<meta property="og:image:height" content="630">' in html
        assert '<meta name="twitter:card" content="summary_large_image">' in html
    assert named["ko/models/org__a"] == f"{URL}/ko/previews/models/org__a.png"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("previews/**/*.png")}
    assert there == {address.removeprefix(f"{URL}/") for address in named.values()}


def test_a_site_without_an_address_names_none(quick_site, some):
    folder = quick_site(some, SETTINGS)
    assert "og:image" not in (folder / "index.html").read_text()
    assert not (folder / "previews").exists()


def test_names_that_mean_harm_are_drawn_as_letters_and_escaped_in_words(build):
    boards, settings = a_hostile_board()
    chosen = previews(boards, at_an_address(settings))
    for picture in chosen.pictures():
        Image.open(io.BytesIO(picture.draw())).verify()
    addresses = Source(
        boards, at_an_address(settings), renderer("en", settings.overrides)
    ).addresses
    told = addresses.shared("en", "", "", "", "", chosen.of(""))
    assert "<img" not in told
    assert "&lt;img src=x onerror=harm()&gt;" in told
