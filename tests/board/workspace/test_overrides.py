"""What a workspace brings in place of the package's words and templates, and what is refused."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cardboard.board.words.catalogue import CatalogueError
from cardboard.board.workspace import overrides
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.overrides import outdated, packaged, there
from cardboard.cli import main
from cardboard.eval.errors import ConfigError
from cardboard.tests.yours import po

BOARD = '[board]\ntitle = { en = "A" }\nlanguages = ["en", "ja"]\n'


def workspace(root: Path, **files: str) -> Path:
    (root / "results").mkdir(parents=True)
    (root / "board.toml").write_text(BOARD)
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(root), *words])


def ja(root: Path, messages: dict[str, str]) -> Path:
    return workspace(root, **{"locale__ja.po": po(messages)})


# --- Words ---


def test_a_language_that_the_package_lacks_says_ours_and_the_rest_in_english(tmp_path):
    root = ja(tmp_path / "w", {"card.summary": "概要", "replay:card.asks": "次のコマンド。"})
    words = open_workspace(root).settings.words("ja")
    assert words.text("card.summary") == "概要"
    assert words.text("card.results") == "Results"
    assert words.of_kind("replay", "card.asks") == "次のコマンド。"
    assert words.of_kind("home", "card.asks").startswith("The model is asked short")


def test_a_changed_message_wins_over_the_packages_and_its_neighbours_stay(tmp_path):
    root = workspace(tmp_path / "w", **{"locale__ko.po": po({"card.summary": "한눈에"})})
    words = open_workspace(root).settings.words("ko")
    assert (words.text("card.summary"), words.text("card.results")) == ("한눈에", "평가 결과")


def test_one_form_serves_every_number_and_several_are_chosen_by_the_language(tmp_path):
    one = ja(tmp_path / "one", {"card.generated": "結果{n}"})
    assert open_workspace(one).settings.words("ja").text("card.generated", n=3) == "結果3"
    text = 'msgid "card.generated"\nmsgid_plural "card.generated"\nmsgstr[0] "a"\nmsgstr[1] "b"\n'
    two = workspace(tmp_path / "two", **{"locale__en.po": text})
    words = open_workspace(two).settings.words("en")
    assert [words.text("card.generated", n=n) for n in (1, 2)] == ["a", "b"]


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("card.sumary", "概要", "there is no such message; did you mean card.summary?"),
        ("card.summary", "{gone}", "nobody gives it the value {gone}"),
        ("card.summary", "{", "'{' has no partner"),
    ],
)
def test_a_message_that_cannot_be_said_is_told_by_check_and_costs_nothing_else(
    key, text, told, tmp_path
):
    root = ja(tmp_path / "w", {key: text, "card.results": "結果"})
    words = open_workspace(root).settings.words("ja")
    assert (words.text("card.summary"), words.text("card.results")) == ("Summary", "結果")
    shown = run(root, "check").stdout
    assert "Checking locale/ja.po: read, with remarks" in shown
    assert f"  {key}: {told}" in shown


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("locale/Japanese.po", "", "'Japanese' is no code of a language"),
        ("locale/xx.po", po({"a": "b"}), "nobody knows a language 'xx'"),
        ("locale/ja.po", 'msgid "a"\nnonsense', "is no catalogue of gettext"),
        ("locale/ja.po", 'msgid "a\nmsgstr "b"', "is no catalogue of gettext: line 1 is not"),
        ("locale/ja.po", b"\xff\xfe", "is not UTF-8"),
        ("templates/card.md.jinja", b"\xff", "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_a_remedy(name, text, told, tmp_path):
    path = workspace(tmp_path / "w") / name
    path.parent.mkdir()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        open_workspace(tmp_path / "w")
    assert told in caught.value.what
    assert (caught.value.file, bool(caught.value.remedy)) == (name, True)


def test_a_language_without_any_catalogue_names_the_file_to_write(tmp_path):
    settings = open_workspace(workspace(tmp_path / "w")).settings
    with pytest.raises(CatalogueError, match="'ja'") as caught:
        settings.words("ja")
    assert "locale/ja.po" in (caught.value.remedy or "")


def test_links_and_floods_of_files_are_refused(tmp_path, monkeypatch):
    root = workspace(tmp_path / "w", **{"templates__a.jinja": "", "templates__b.jinja": ""})
    monkeypatch.setattr(overrides, "MOST", 1)
    with pytest.raises(ConfigError, match="2 files"):
        open_workspace(root)
    monkeypatch.undo()
    (root / "templates" / "c.jinja").symlink_to("/etc/hostname")
    with pytest.raises(ConfigError, match="is a link"):
        open_workspace(root)


def test_board_toml_cannot_pass_for_such_files(tmp_path):
    root = workspace(tmp_path / "w")
    (root / "board.toml").write_text(f"{BOARD}[overrides]\nwords = {{}}\n")
    with pytest.raises(ConfigError, match="overrides"):
        open_workspace(root)


# --- Copies ---


def test_eject_copies_a_file_once_and_check_tells_when_the_packages_is_newer(tmp_path):
    root, name = workspace(tmp_path / "w"), "templates/card.md.jinja"
    assert run(root, "eject", name).exit_code == 0
    ours = packaged(name)
    assert ours is not None
    assert (root / name).read_bytes() == ours.read_bytes()
    assert "exists already" in run(root, "eject", name).stderr
    assert "older" not in run(root, "check").stdout
    record = root / "ejected.toml"
    record.write_text(record.read_text().replace('= "', '= "0'))
    assert list(outdated(root)) == [name]
    assert "was copied from an older cardboard" in run(root, "check").stdout
    (root / name).unlink()
    assert list(outdated(root)) == []


def test_eject_lists_what_there_is_and_knows_a_misspelt_name(tmp_path):
    root = workspace(tmp_path / "w")
    listed = run(root, "eject").stdout.splitlines()
    assert listed == there()
    assert {"locale/ko.po", "pages/en/reading.md", "assets/logo.svg"} <= set(listed)
    assert (
        "Did you mean templates/card.md.jinja?" in run(root, "eject", "templates/card.jinja").stderr
    )
    for outside in ("templates/../../pyproject.toml", "/etc/passwd", "board.toml"):
        assert "there is no such file to copy" in run(root, "eject", outside).stderr


@pytest.mark.parametrize("name", ["card.md.jinja", "site/board.html.jinja"])
def test_a_template_that_is_none_is_told_before_any_card_or_page_is_made(name, tmp_path):
    root = workspace(tmp_path / "w", **{f"templates__{name.replace('/', '__')}": "a\n{% if x %}"})
    told = run(root, "check")
    assert told.exit_code == 2
    assert told.stderr.startswith(f"Error: templates/{name}: line 2: cannot be used: ")
    assert "cardboard eject" in told.stderr


def test_a_template_that_nobody_takes_in_is_told(tmp_path):
    root = workspace(tmp_path / "w", **{"templates__cart.md.jinja": "", "templates__own.jinja": ""})
    (root / "templates" / "card.md.jinja").write_text('{% include "own.jinja" %}')
    told = run(root, "check").stdout
    assert "templates/cart.md.jinja: read, with remarks" in told
    assert "did you mean templates/card.md.jinja?" in told
    assert "own.jinja" not in told


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_documentation_names_the_blocks_that_templates_have(language):
    top = files("cardboard")
    blocks = {
        path.name.partition(".")[0]: re.findall(r"{%-? block (\w+)", path.read_text("utf-8"))
        for path in (top / "templates" / "site").iterdir()
    }
    pages = sorted(name for name, some in blocks.items() if some == ["before", "after"])
    text = (top / "site" / "docs" / language / "shaping.md").read_text("utf-8")
    _, _, shown = text.partition("#templates }")[2].partition("more` |")
    assert (
        sorted(re.findall("`([a-z]+)`", shown.partition(".\n")[0].partition("입니다")[0])) == pages
    )
    assert {name for name, some in blocks.items() if some} == {*pages, "footer"}
    assert blocks["footer"] == ["more"]
    card = (top / "templates" / "card.md.jinja").read_text("utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `card.md.jinja` |"))
    assert re.findall("`([a-z]+)`", row) == re.findall(r"{%-? block (\w+)", card)
