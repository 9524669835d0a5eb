"""The page on evaluating is so: its options exist, what it runs runs, both languages agree."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec import inspect

from cardboard.cli import main
from cardboard.eval import records
from cardboard.eval.backends.registry import BACKENDS
from cardboard.eval.run.plans.plan import jobs_of
from cardboard.eval.suites.kinds.kind import Row
from cardboard.eval.suites.kinds.replay.baselines import BASELINES
from cardboard.eval.suites.kinds.replay.forms import FORMS
from cardboard.eval.suites.kinds.replay.rows import ReplayRow
from cardboard.eval.suites.kinds.shell.baselines import PLAYERS
from cardboard.eval.suites.kinds.shell.rows import ShellRow
from cardboard.eval.suites.shapes.registry import NAMES as SHAPES
from cardboard.eval.suites.source import load
from cardboard.tests.test_formats import LANGUAGES, page, rows, table

ROOT = Path(__file__).parents[1]
NAME = "evaluating.md"
BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every call of `cardboard` in the page's code blocks."""
    for kind, _, code in BLOCK.findall(text):
        if kind == "sh":
            for line in re.findall(r"^cardboard (.*)$", code, re.MULTILINE):
                yield shlex.split(line)


def without_engine(words: list[str]) -> bool:
    """Tell whether a command needs neither an engine nor a server, the network or 80 closed rooms.

    The last ones are opened by `tests/engines/test_shell_live.py`, and BFCL's wheel is read by
    `tests/eval/suites/kinds/calls/test_bfcl.py`.
    """
    if "shell-live" in words or any("bfcl" in word for word in words):
        return False
    if words[0] in ("compare-files", "import"):  # real files of a model, and what was said of them
        return False
    return words[0] not in ("eval", "accept") or "scripted" in words


def expanded(words: list[str], folder: Path) -> Iterator[str]:
    """Yield *words* as a shell in *folder* would pass them on."""
    for word in words:
        yield from map(str, sorted(folder.glob(word))) if "*" in word else (word,)


def found(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that *words* call, and its own words."""
    context = click.Context(main)
    command: click.Command | None = main
    while isinstance(command, click.Group):
        _, command, words = command.resolve_command(context, words)
    assert command is not None
    return command, words


def options(command: click.Command) -> set[str]:
    """Return every option of *command*."""
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


def test_both_languages_show_the_same_code() -> None:
    assert BLOCK.findall(page("ko", NAME)) == BLOCK.findall(page("en", NAME))


def test_both_languages_state_the_same_facts_in_the_same_order() -> None:
    korean, english = (BLOCK.sub("", page(language, NAME)) for language in ("ko", "en"))
    headings = re.compile(r"^(#+) .*?(\{.*\})?$", re.MULTILINE)
    assert headings.findall(korean) == headings.findall(english)
    said = re.compile(r"`[^`\n]+`|\]\([^)]+\)|(?<![\w`])\d[\d.,]*(?<![.,])")
    for mine, other in zip(
        re.split(r"^## ", korean, flags=re.MULTILINE),
        re.split(r"^## ", english, flags=re.MULTILINE),
        strict=True,
    ):
        assert sorted(said.findall(mine)) == sorted(said.findall(other))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_that_is_named_exists(language: str) -> None:
    text = page(language, NAME)
    called = [found(words) for words in commands(text)]
    for command, words in called:
        given = {word for word in words if word.startswith("-")}
        assert given <= options(command), (command.name, given - options(command))
    known = set().union(*(options(command) for command, _ in called))
    elsewhere = {"--extra-index-url", "--user"}
    named = set(re.findall(r"`(--[a-z-]+)", BLOCK.sub("", text)))
    assert named - elsewhere <= known


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_backend_and_every_rule_is_described(language: str) -> None:
    assert {cells[0].strip("`") for cells in table(page(language, NAME), "install")} == {*BACKENDS}
    assert {cells[0].strip("`") for cells in table(page(language, NAME), "baselines")} == {
        *BASELINES
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_packaged_suite_is_as_large_as_the_page_says(language: str) -> None:
    suite = load("shell-mini")
    # The section of the next suite stands in the same chapter, and has a table of its own.
    text = page(language, NAME).split("{ #shell-live }")[0]
    told = {cells[0].strip("`"): int(cells[1]) for cells in table(text, "shell-mini")}
    assert told == suite.divisions["source_group"]
    korean = {
        row.task_id for row in suite.rows if re.search("[가-힣]", row.conversation[0].content)
    }
    section = page(language, NAME).split("{ #shell-mini }")[1]
    numbers = set(map(int, re.findall(r"\d+", section.partition("|")[0])))
    assert numbers == {suite.tasks, len(suite.rows), len(korean)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_packaged_scenarios_and_their_baselines_are_those_of_the_page(language: str) -> None:
    suite = load("shell-live")
    text = page(language, NAME).split("{ #shell }")[0]
    written = [[cells[0].strip("`"), *cells[1:]] for cells in table(text, "shell-live")]
    groups = {cells[0]: int(cells[1]) for cells in written if len(cells) == 2}
    assert groups == suite.divisions["group"]
    rules = {cells[0]: int(cells[2]) for cells in written if len(cells) == 3}
    blocked = suite.divisions["outcome"]["blocked"]
    rest = dict.fromkeys(PLAYERS, 0) | {"oracle": len(suite.rows), "gives-up": blocked}
    assert {**rules, "noisy-oracle": 0} == rest
    section = text.split("{ #shell-live }")[1]
    korean = suite.divisions["language"]["ko"]
    assert re.findall(r"\d+", section.partition("|")[0]) == [str(len(suite.rows)), str(korean)]
    given = suite.divisions["directive"]
    told = re.findall(r"^- (\d+)", section, flags=re.MULTILINE)
    assert list(map(int, told)) == [given["told"] - blocked, given["discover"], blocked]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("anchor", "row"), [("suite-rows", ReplayRow), ("shell-rows", ShellRow)])
def test_every_field_of_a_row_is_documented_with_its_type_and_its_null_rule(
    language: str, anchor: str, row: type[Row]
) -> None:
    written = table(page(language), anchor)
    assert [tuple(cells[:3]) for cells in written] == list(rows(inspect.type_info(row), language))
    assert all(cells[3] for cells in written)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shape_and_form_that_a_suite_is_built_from_is_described(language: str) -> None:
    described = {cells[0].strip("`") for cells in table(page(language, NAME), "build")}
    assert described == {*SHAPES, *FORMS}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[list[str], Result]]]:
    """Run what the page shows in a new workspace, as far as it needs no engine and no network."""
    folder = tmp_path_factory.mktemp("page")
    text = page("en", NAME)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert CliRunner().invoke(main, ["init", "."]).exit_code == 0
        Path("suites").mkdir()
        for _, title, code in BLOCK.findall(text):
            if title:
                Path(title).parent.mkdir(parents=True, exist_ok=True)
                Path(title).write_text(code, encoding="utf-8")
        return folder, [
            (words, CliRunner().invoke(main, list(expanded(words, folder))))
            for words in filter(without_engine, commands(text))
        ]


def test_what_the_page_runs_without_an_engine_runs(ran) -> None:
    _, done = ran
    assert [" ".join(words) for words, result in done if result.exit_code != 0] == []
    assert len(done) > 10


def test_the_plan_of_the_page_is_one(ran) -> None:
    folder, _ = ran
    jobs = {job.name: job for job in jobs_of(folder / "plan.toml")}
    assert {name: (len(job.requests), job.gpus, job.shards) for name, job in jobs.items()} == {
        "Qwen/Qwen3-8B (vllm)": (3, 1, 1),
        "Qwen/Qwen3-32B (vllm)": (1, 4, 2),
        "oracle (scripted)": (1, 0, 1),
    }


def test_the_commands_of_the_baselines_make_the_results_of_the_sample(ran) -> None:
    """The same file names, and the same content but for times and versions.

    A real model's takes too long to be made here: see `tests/baselines.py`.
    """
    folder, _ = ran
    tracked = sorted((ROOT / "results" / "shell-mini").glob("*.json"))
    results = {
        file: msgspec.json.decode(file.read_bytes(), type=records.Result) for file in tracked
    }
    kept = {file: one for file, one in results.items() if one.protocol.backend == "scripted"}
    assert kept
    for file, mine in kept.items():
        made = msgspec.json.decode(
            (folder / "results" / "shell-mini" / file.name).read_bytes(), type=records.Result
        )
        asked = msgspec.structs.replace(made.prompts, sha256=mine.prompts.sha256)
        assert (mine.steps, mine.metrics, mine.prompts) == (made.steps, made.metrics, asked)
