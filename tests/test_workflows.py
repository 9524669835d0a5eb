"""The workflows call commands that exist, give no rights away, and are what the docs say."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from cardboard.cli import main

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PAGES = [ROOT / "site" / "docs" / language / "publishing.md" for language in ("en", "ko")]


def read(path: Path) -> dict[str, Any]:
    """Return a workflow."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    return found


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the steps of all jobs."""
    for job in workflow["jobs"].values():
        yield from job["steps"]


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every call of `cardboard` in a script."""
    for line in re.findall(r"^\s*cardboard (.*)$", text, re.MULTILINE):
        yield shlex.split(line.partition(" > ")[0])


def parsed(words: list[str]) -> click.Context:
    """Parse a command line without running it."""
    context = main.make_context("cardboard", list(words))
    name, command, rest = main.resolve_command(context, [*context._protected_args, *context.args])
    assert command is not None, name
    return command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_command_in_a_workflow_exists_with_its_options(path: Path) -> None:
    called = [words for step in steps(read(path)) for words in commands(step.get("run", ""))]
    assert called
    for words in called:
        parsed([word for word in words if word not in ("-C", "base")])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_more_rights_than_it_needs(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow["on"]
    for step in steps(workflow):
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_what_a_pull_request_runs_sees_no_secret() -> None:
    text = (ROOT / ".github" / "workflows" / "results.yml").read_text("utf-8")
    assert "secrets." not in text
    assert "cardboard check --strict" in text


def test_the_journal_of_a_push_is_kept_however_the_push_ends() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "publish.yml")["jobs"]
    (push,) = (
        n
        for n, step in enumerate(jobs["cards"]["steps"])
        if "run" in step and "push" in step["run"]
    )
    (save,) = (
        step for step in jobs["cards"]["steps"][push:] if "cache/save" in step.get("uses", "")
    )
    assert (save["if"], save["with"]["path"]) == ("always()", ".cardboard")


@pytest.mark.parametrize("page", PAGES, ids=["en", "ko"])
def test_the_page_on_publishing_names_every_workflow_and_only_real_commands(page: Path) -> None:
    text = page.read_text("utf-8")
    assert {path.name for path in WORKFLOWS} == set(re.findall(r"`(\w+\.yml)`", text))
    blocks = "".join(re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    called = [*commands(blocks), *commands("\n".join(re.findall(r"`(cardboard [^`]+)`", text)))]
    assert len(called) > 5
    for words in called:
        parsed(words)


def test_both_languages_say_the_same() -> None:
    english, korean = (page.read_text("utf-8") for page in PAGES)
    for pattern in (r"^#+ .*(\{ #\S+ \})$", r"`([^`\n]+)`", r"^(\| `[a-z ]+` )", r"(\d+)"):
        found = [sorted(re.findall(pattern, text, re.MULTILINE)) for text in (english, korean)]
        assert found[0] == found[1], pattern
