"""The frames: what MkDocs builds, from where to where, and what happens when it cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cardboard.board.workspace.settings import Identity, Settings
from cardboard.eval.errors import CardboardError
from cardboard.site.frame.builder import Frame, build_frames
from cardboard.site.frame.own import own_frame

ROOT = Path(__file__).parents[3]


def a_frame(folder, language="en", **differs):
    whole = {
        "language": language,
        "folder": folder,
        "base": "/",
        "languages": {"en": "English", "ko": "한국어"},
        "palette": {"auto": "Auto", "light": "Light", "dark": "Dark"},
        "own": own_frame(
            Settings(board=Identity(title={"en": "A"}, languages=(language,))), None, folder
        ),
    }
    return Frame(**(whole | differs))


def tree(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


def test_the_configuration_builds_from_our_pages_into_the_build_folder():
    """MkDocs empties the folder that it writes to, and its default is our source folder."""
    config = YAML(typ="safe").load(ROOT / "mkdocs.yml")
    assert config["docs_dir"] == "site/docs/en"
    assert config["site_dir"] == "build/site"
    assert "hooks" not in config
    assert [list(plugin) for plugin in config["plugins"]] == [["search"]]
    assert config["theme"]["font"] is False
    assert not any("instant" in feature for feature in config["theme"]["features"])


def test_mkdocs_called_by_hand_deletes_nothing_of_ours(tmp_path):
    shutil.copytree(ROOT / "site", tmp_path / "site")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    before = tree(tmp_path / "site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict"],
        cwd=tmp_path,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )
    assert tree(tmp_path / "site") == before
    assert (tmp_path / "build" / "site" / "ranking" / "index.html").is_file()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")
    build_frames([a_frame(folder / language, language) for language in ("en", "ko")])
    return folder


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    ("page", "slot"),
    [
        ("index.html", "board"),
        ("unranked/index.html", "unranked"),
        ("files/index.html", "files"),
        ("ranking/index.html", "policy"),
        ("models/_shell/index.html", "body"),
    ],
)
def test_every_language_has_a_page_for_everything_computed(built, language, page, slot):
    html = (built / language / page).read_text(encoding="utf-8")
    assert html.count(f"<!-- cardboard:{slot} -->") == 1
    assert f'<html lang="{language}"' in html


def test_the_frames_say_nothing_of_the_machine_or_the_day(built):
    for path, content in tree(built).items():
        assert str(built).encode() not in content, path
        assert b"/site/docs" not in content, path


def test_a_language_without_guides_has_the_english_ones_and_the_themes_own_words(tmp_path):
    build_frames([a_frame(tmp_path / "ja", "ja")])
    page = (tmp_path / "ja" / "reading" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="ja"' in page
    assert "How to read this" in page


def test_what_mkdocs_cannot_build_is_told_in_its_own_words(tmp_path):
    (tmp_path / "taken").touch()
    with pytest.raises(CardboardError, match="MkDocs could not build the en pages"):
        build_frames([a_frame(tmp_path / "taken")])


def test_modules_that_lie_in_the_working_folder_are_not_run(tmp_path, monkeypatch):
    (tmp_path / "yaml.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    build_frames([a_frame(tmp_path / "out")])
    assert (tmp_path / "out" / "index.html").is_file()
