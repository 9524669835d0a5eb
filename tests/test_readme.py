"""What the README says is so: its commands exist, its examples work, both languages agree."""

import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cardboard.cli import main

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.ko.md")
PAGES = (*READMES, "CONTRIBUTING.md", "CHANGELOG.md")

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)]+)\)")


def text(name: str) -> str:
    """Return the text of a page at the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    """Return the code blocks of *language* in a page, in their order."""
    return [code for kind, code in BLOCK.findall(text(name)) if kind == language]


def test_both_languages_show_the_same_code() -> None:
    assert BLOCK.findall(text("README.md")) == BLOCK.findall(text("README.ko.md"))


def test_both_languages_have_the_same_headings_links_and_numbers() -> None:
    english, korean = (BLOCK.sub("", text(name)) for name in READMES)
    ours, theirs = (
        sorted(link.replace("docs/ko/", "docs/en/").replace(".ko.", ".") for link in found)
        for found in (LINK.findall(korean), LINK.findall(english))
    )
    assert ours == theirs
    headings = re.compile(r"^#+(?= )", re.MULTILINE)
    assert headings.findall(korean) == headings.findall(english)
    numbers = re.compile(r"\d[\d.,]*(?<![.,])")
    assert sorted(numbers.findall(korean)) == sorted(numbers.findall(english))


@pytest.mark.parametrize("name", PAGES)
def test_every_link_inside_the_repository_leads_somewhere(name: str) -> None:
    for link in LINK.findall(text(name)):
        path, _, anchor = link.partition("#")
        if path.startswith("https://"):
            continue
        assert (ROOT / path).is_file(), link
        headings = re.findall(r"^#+ (.+)$", text(path), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {
            re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings
        }


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_named_and_exists(name: str) -> None:
    called = re.findall(r"\bcardboard (?:-C \S+ )?([a-z-]+)\b", "\n".join(blocks(name, "sh")))
    listed = re.findall(r"`([a-z-]+)`", text(name))
    existing = main.list_commands(click.Context(main))
    assert set(called) <= set(existing)
    assert set(existing) <= {*called, *listed}


@pytest.mark.parametrize("name", (*READMES, "CONTRIBUTING.md"))
def test_every_make_target_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    lines = "\n".join(blocks(name, "sh")) + "\n".join(re.findall(r"`(make [^`]+)`", text(name)))
    called = re.findall(r"^make ((?:[a-z-]+ ?)+)", lines, re.MULTILINE)
    assert called
    assert {target for line in called for target in line.split()} <= targets


def test_the_workspace_of_the_readme_ranks_the_result_of_the_readme(tmp_path: Path) -> None:
    settings, models, _ = blocks("README.md", "toml")
    [result] = blocks("README.md", "json")
    (tmp_path / "results").mkdir()
    (tmp_path / "board.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "models.toml").write_text(models, encoding="utf-8")
    (tmp_path / "results" / "example.json").write_text(result, encoding="utf-8")
    done = CliRunner().invoke(main, ["-C", str(tmp_path), "board", "--format", "json"])
    assert done.exit_code == 0, done.output
    [board] = json.loads(done.stdout)["boards"]
    [entry] = board["entries"]
    assert (entry["model"], entry["rank"], entry["score"]) == ("example-org/Model-1B-SFT", 1, 22.45)


def test_any_figure_is_ranked_as_the_readme_says(tmp_path: Path) -> None:
    settings, _, figure = blocks("README.md", "toml")
    (tmp_path / "board.toml").write_text(f"{settings}\n{figure}", encoding="utf-8")
    (tmp_path / "models.toml").write_text("", encoding="utf-8")
    (tmp_path / "results").mkdir()
    [result] = blocks("README.md", "json")
    for name, bits in (("better", 0.87), ("worse", 0.93)):
        measured = json.loads(result) | {
            "model": {"id": f"example-org/{name}"},
            "suite": {"name": "held-out", "version": "1"},
            "counts": {"scored": 2000},
            "prompts": {"template_status": "chat_template"},
            "metrics": {"bits_per_byte": {"value": bits}},
        }
        (tmp_path / "results" / f"{name}.json").write_text(json.dumps(measured), encoding="utf-8")
    done = CliRunner().invoke(main, ["-C", str(tmp_path), "board", "--format", "json"])
    assert done.exit_code == 0, done.output
    [board] = [one for one in json.loads(done.stdout)["boards"] if one["entries"]]
    ranks = {entry["model"]: (entry["rank"], entry["score"]) for entry in board["entries"]}
    assert ranks == {"example-org/better": (1, 0.87), "example-org/worse": (2, 0.93)}


def test_the_workspace_of_the_readme_is_as_short_as_it_says() -> None:
    lines = "\n".join(blocks("README.md", "toml")[:2]).splitlines()
    assert len(lines) <= 20
