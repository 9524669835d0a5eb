"""What is shipped is what is written: the wheel, ignored files, the site's folders, the version."""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import cardboard

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
STAGES = ("eval", "board", "cards", "site")
# What a clone does not hold: it was generated, or belongs to the one who works in it.
GENERATED = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")


def ours(folder: str) -> set[str]:
    """Return every file below *folder*, as a path below the root."""
    found = (ROOT / folder).rglob("*")
    return {
        path.relative_to(ROOT).as_posix()
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel from a copy of the sources and return the names of the files in it."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "any-name"
    shutil.copytree(ROOT, copy, ignore=GENERATED)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", *options, copy],
        check=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    [built] = folder.glob("*.whl")
    assert built.name.startswith(f"cardboard-{cardboard.__version__}-py3-none-any")
    return set(zipfile.ZipFile(built).namelist())


def test_the_only_name_that_an_installation_adds_is_cardboard(wheel: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel}
    assert tops == {"cardboard", f"cardboard-{cardboard.__version__}.dist-info"}


@pytest.mark.parametrize("folder", [*STAGES, "templates"])
def test_every_module_template_catalogue_and_page_is_in_the_wheel(
    wheel: set[str], folder: str
) -> None:
    assert not {f"cardboard/{name}" for name in ours(folder)} - wheel


def test_the_wheel_holds_no_tests_and_no_results(wheel: set[str]) -> None:
    assert not [name for name in wheel if name.startswith(("cardboard/tests", "cardboard/results"))]


def test_mkdocs_reads_and_writes_where_it_can_do_no_harm() -> None:
    """By default it writes to `site/`, which is our source, and empties it first."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    folders = dict(re.findall(r"^(docs_dir|site_dir): (.+)$", text, re.MULTILINE))
    assert folders == {"docs_dir": "site/docs/en", "site_dir": "build/site"}


def test_git_does_not_ignore_the_sources() -> None:
    """The stock list for Python hides `site/`."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip("/") for line in lines if line and not line.startswith("#")]
    sources = [*STAGES, "templates", "results", "tests", ".typing", ".ci"]
    hidden = {
        (source, pattern)
        for source in sources
        for pattern in patterns
        if fnmatch.fnmatch(source, pattern)
    }
    assert not hidden


def test_the_version_stands_in_one_place() -> None:
    assert "version" in PROJECT["project"]["dynamic"]
    assert "version" not in PROJECT["project"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", cardboard.__version__)


def test_the_changelog_knows_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(
        rf"^## \[({re.escape(cardboard.__version__)}|Unreleased)\]", text, re.MULTILINE
    )


def test_type_checkers_find_every_module() -> None:
    """A type checker names a module by its path; `.typing/cardboard` holds the links it needs."""
    links = {link.name: link.resolve() for link in (ROOT / ".typing" / "cardboard").iterdir()}
    modules = [path.name for path in ROOT.glob("*.py")]
    assert links == {name: ROOT / name for name in (*modules, *STAGES, "tests")}


def text_files() -> list[Path]:
    """Return every file of ours that people read or change."""
    kinds = {".py", ".md", ".toml", ".yml", ".jinja", ".po", ".css", ".js", ".html", ".json", ""}
    walk = (
        Path(folder, name)
        for top in (*STAGES, "templates", "tests", "results", ".ci")
        for folder, _, names in os.walk(ROOT / top)
        for name in names
    )
    return [path for path in [*walk, *ROOT.iterdir()] if path.is_file() and path.suffix in kinds]


def test_no_file_names_a_path_of_this_machine() -> None:
    found = [
        path.relative_to(ROOT)
        for path in text_files()
        if str(ROOT) in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert not found
