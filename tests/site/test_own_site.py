"""A site as a workspace shapes it: words, look, pages, navigation, columns, in a third language."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from cardboard.board.judge.build import load_boards
from cardboard.board.workspace import colours
from cardboard.board.workspace.checks import COLUMNS
from cardboard.board.workspace.colours import contrast, style_sheet
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import Colours, ColumnChoice, Scheme
from cardboard.eval.errors import ConfigError
from cardboard.site.assembly.server import serving
from cardboard.site.assembly.write import write_site
from cardboard.site.frame.own import own_frame
from cardboard.site.frame.security import secure
from cardboard.site.table.rows import columns_of
from cardboard.site.verify.origins import origin_of
from cardboard.site.verify.verify import verify
from cardboard.tests import yours
from cardboard.tests.site.browsing import barriers, browsing
from cardboard.tests.site.links import Site
from cardboard.tests.site.reading import HTML, document, text

CSS = Path(colours.__file__).parents[2] / "site" / "assets" / "frame.css"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return yours.write(tmp_path_factory.mktemp("yours") / "w")


@pytest.fixture(scope="module")
def site(root: Path) -> Path:
    workspace = open_workspace(root)
    folder = workspace.build / "site"
    write_site(
        load_boards(workspace),
        workspace.settings,
        folder,
        results=workspace.results,
        snapshots=workspace.history,
        root=root,
    )
    return folder


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    with serving(site, 0) as address:
        yield address


def shown(site: Path, path: str) -> Iterator[str]:
    """Yield what a page shows that a workspace can change, a line each."""
    page = document(site / path / "index.html")
    yield f"[{path or 'the first page'}]"
    for link in page.iter(f"{HTML}a"):
        if link.get("class") == "md-tabs__link":
            yield f"tab {text(link)} -> {link.get('href')}"
    for picture in page.iter(f"{HTML}img"):
        yield f"picture {picture.get('src')}"
    for heading in page.iter(f"{HTML}h1"):
        yield f"title {text(heading)}"
    for row in page.iter(f"{HTML}tr"):
        yield "row " + " | ".join(text(cell) for cell in row if cell.get("hidden") is None)
    for part in page.iter(f"{HTML}span"):
        if part.get("class") == "cb-footer":
            yield f"footer {text(part).rpartition(' · ')[2]}"


def test_pages_with_everything_changed_once_read_as_expected(site, golden):
    told = [*shown(site, ""), *shown(site, "ja"), *shown(site, "team"), *shown(site, "ja/training")]
    (sheet,) = (site / "assets" / "cardboard").glob("style.*.css")
    told_last = sheet.read_text("utf-8")
    own = told_last[told_last.rindex('[data-md-color-scheme="default"]') :]
    golden("site-yours.txt", "\n".join([*told, "", own]))


def test_a_block_of_a_page_says_what_a_workspace_writes(site):
    assert "A word from the lab, 2 models long." in text(document(site / "index.html"))


def test_every_link_leads_somewhere_and_a_page_without_a_translation_stands_in_both(site):
    assert Site(site).complaints() == []
    for tree in ("", "ja/"):
        assert "We measure." in text(document(site / f"{tree}team" / "index.html"))
    assert "日本語のガイドです。" not in (site / "training" / "index.html").read_text("utf-8")


def test_a_stranger_can_rebuild_it_without_running_its_templates(site):
    with origin_of(str(site)) as origin:
        outcome = verify(origin, None)
    assert not [one for one in outcome.wrong if "cards" in one.file or one.file.startswith("board")]
    assert any(one.startswith("cards: templates of the site's own") for one in outcome.unchecked)


def test_it_has_no_barrier_in_either_look_and_language(browser: Browser, url: str) -> None:
    found = {}
    with browsing(browser, url) as page:
        for path in ("", "ja/", "ja/training/", "models/lab__a/"):
            page.emulate_media(color_scheme="dark" if path == "ja/" else "light")
            page.goto(path)
            expect(page.locator("article h1")).to_have_count(1)
            found[path] = barriers(page)
    assert not any(found.values()), found


def test_a_script_in_a_page_does_not_run(browser: Browser, url: str) -> None:
    page = browser.new_page(base_url=url)
    page.goto("team/")
    expect(page.locator("article")).to_contain_text("We measure.")
    page.close()


def test_only_scripts_of_the_theme_become_files() -> None:
    html = "<script>a</script><article><script>b</script></article></p><script>c</script></article>"
    secured, scripts = secure(f"{html}<script>d</script>", "")
    assert sorted(scripts.values()) == ["a", "d"]
    assert "<script>b</script>" in secured


# --- Columns ---


def test_the_settings_know_every_column_that_a_board_can_have(root):
    (suite,) = open_workspace(root).settings.suites
    names = {one.name for one in columns_of(suite) if one.metric is None}
    assert names <= set(COLUMNS)


def test_rank_model_and_score_stay_and_a_column_may_wait_to_be_asked_for(root):
    (suite,) = open_workspace(root).settings.suites
    chosen = [ColumnChoice(name="evidence", shown=False), ColumnChoice(name="score")]
    found = columns_of(suite, chosen)
    assert [(one.name, one.shown) for one in found[:4]] == [
        ("rank", True),
        ("model", True),
        ("evidence", False),
        ("score", True),
    ]
    assert not any(one.shown for one in found[4:])
    assert len(found) == len(columns_of(suite)), "a script and its filters need them all"
    another = columns_of(suite, [ColumnChoice(name="f1")])
    assert [one.name for one in another if one.shown] == ["rank", "model", "score"]


# --- Mistakes ---


@pytest.mark.parametrize(
    ("before", "after", "key", "told"),
    [
        (
            'name = "evidence"',
            'name = "evidnce"',
            "columns[2].name",
            "no column 'evidnce'",
        ),
        ('name = "evidence"', 'name = "score"', "columns[2].name", "score is there twice"),
        ('link = "#1d4e89"', 'link = "#88bbee"', "colours.light.link", "and 4.5 is needed"),
        ('header_text = "#ffffff"', 'header_text = "#556677"', "colours.light.header", "4.5"),
        (
            'link = "#1d4e89"',
            'link = "blue"',
            "colours.light.link",
            "does not fit",
        ),
        ('link = "#1d4e89"', 'links = "#1d4e89"', "colours.light.links", ""),
    ],
)
def test_mistaken_columns_and_colours_are_refused_by_name(tmp_path, before, after, key, told):
    assert before in yours.BOARD
    (tmp_path / "board.toml").write_text(yours.BOARD.replace(before, after), "utf-8")
    with pytest.raises(ConfigError) as caught:
        open_workspace(tmp_path)
    assert caught.value.key == key
    assert told in caught.value.what


@pytest.mark.parametrize(
    ("changed", "file", "told"),
    [
        ({"board.toml": ('"training"]', '"trainings"]')}, "board.toml", "no guide 'trainings'"),
        ({"board.toml": ('"team.md"', '"teams.md"')}, "board.toml", "no page 'teams.md' of yours"),
        ({"pages/en/team.md": ("We", "CARDBOARD_X We")}, "pages/en/team.md", "CARDBOARD_X"),
        ({"pages/en/team.md": ("We", "<!-- cardboard:board --> We")}, "pages/en/team.md", "place"),
        ({"assets/logo.svg": ("<path", "<script/><path")}, "assets/logo.svg", "holds a program"),
        ({"assets/logo.svg": ("<path", '<path onload="a()"')}, "assets/logo.svg", "a program"),
        ({"assets/a.js": ("", "")}, "assets/a.js", "is no picture"),
        ({"pages/en/a.html": ("", "")}, "pages/en/a.html", "is no page"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(tmp_path, changed, file, told):
    root = yours.write(tmp_path / "w")
    for name, (before, after) in changed.items():
        path = root / name
        path.write_text(path.read_text("utf-8").replace(before, after) if path.exists() else "x")
    with pytest.raises(ConfigError) as caught:
        own_frame(open_workspace(root).settings, root, tmp_path / "aside")
    assert caught.value.file == file
    assert told in caught.value.what


# --- Colours ---


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_packages_own_colours_pass_and_are_those_of_its_style_sheet(scheme):
    packaged = colours._PACKAGED[scheme]
    colours.check_colours(Colours(**{scheme: packaged}))
    css = {*CSS.read_text().replace(";", " ").split(), "#ffffff"}
    named = {packaged.link, packaged.accent, packaged.bar, packaged.header}
    assert {*named, *colours._PAPER[scheme]} <= css


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_without_colours_there_is_no_style_sheet():
    assert style_sheet(Colours()) is None
    assert "--cb-bar: #abcdef" in (style_sheet(Colours(dark=Scheme(bar="#ABCDEF"))) or "")
