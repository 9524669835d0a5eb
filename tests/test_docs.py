"""The documentation is so: every command in it can be typed, the first board is made by it, and the
reference is what `--help` says."""

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cardboard.cli import SECTIONS, main
from cardboard.cli import _measure as measure_demo

ROOT = Path(__file__).parents[1]
LANGUAGES = ("en", "ko")
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for place in (ROOT, *(ROOT / "site" / "docs" / one for one in LANGUAGES))
    for path in place.glob("*.md")
    if path.name != "CHANGELOG.md"
)
BLOCK = re.compile(r"^```(?:sh|bash)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"(?!/|\.\.)[\w./-]+\.[a-z]{2,6}")
WIDTH = 100
FIRST = "site/docs/{}/first-board.md"

HEAD = {
    "en": """\
---
title: Commands
description: Every command of cardboard with its options, as its own help says it.
hide: [navigation]
---

# Commands

<!-- cardboard:nearby -->

This is what `cardboard COMMAND --help` prints, by what the commands are for. `-C DIR` before the
command names a workspace that is not the current folder.
""",
    "ko": """\
---
title: 명령
description: cardboard의 모든 명령과 옵션을 도움말 그대로 싣습니다.
hide: [navigation]
---

# 명령

<!-- cardboard:nearby -->

`cardboard 명령 --help`가 출력하는 내용을 쓰임새별로 실었습니다.
도움말은 영어로만 나옵니다. 현재 폴더가 아닌 작업 폴더는 명령 앞에 `-C DIR`로 지정합니다.
""",
}
TITLES = {
    "A board of your own": "나만의 리더보드",
    "Look": "살펴보기",
    "Publish": "공개하기",
    "Measure": "측정하기",
}


def commands(page: str) -> list[list[str]]:
    """Return the words of each call of cardboard in the blocks of a page."""
    text = (ROOT / page).read_text("utf-8")
    lines = "\n".join(BLOCK.findall(text)).replace("\\\n", " ").splitlines()
    typed = [line.partition(" >> ")[0] for line in lines if line.startswith("cardboard ")]
    return [shlex.split(line, comments=True)[1:] for line in typed]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_every_command_of_a_page_can_be_typed(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options exist, values are of their kind, and no argument is missing or too many."""
    monkeypatch.chdir(tmp_path)
    Path("hello").mkdir()  # the folder of tasks on the page about evaluating
    for words in commands(page):
        for word in words:
            if FILE.fullmatch(word):  # some commands want to see the files that they are given
                Path(word).parent.mkdir(parents=True, exist_ok=True)
                Path(word).touch()
        given = [word for word in words if not word.startswith((">", "|"))]
        context = main.make_context("cardboard", given)
        rest = [*context._protected_args, *context.args]
        command: click.Command = main
        while isinstance(command, click.Group):
            name, found, rest = command.resolve_command(context, rest)
            assert found is not None, words
            command = found
            context = command.make_context(name, rest, parent=context)
            rest = [*context._protected_args, *context.args]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_board_is_made_by_its_page(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In at most six commands; the one that would go on serving is left to its own test."""
    example = ROOT / "tests" / "data" / "imports" / "lm-eval"
    (tmp_path / "lm-eval-results").symlink_to(example, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    called = commands(FIRST.format(language))
    assert len(called) <= 6
    for words in called:
        if "serve" in words or (language != LANGUAGES[0] and "publish" in words):
            continue
        told = CliRunner().invoke(main, words, catch_exceptions=False)
        assert told.exit_code == 0, (words, told.output)
    board = CliRunner().invoke(main, ["-C", "my-board", "board", "--format", "csv"])
    assert len(board.stdout.splitlines()) > 1
    if language == LANGUAGES[0]:
        assert (tmp_path / "my-board" / "build" / "site" / "ko" / "index.html").is_file()
        assert list((tmp_path / "my-board" / "build" / "cards").rglob("README.md"))


def reference(language: str) -> str:
    """Return the page of all commands."""
    parts = [HEAD[language]]
    root = click.Context(main, info_name="cardboard", terminal_width=WIDTH)
    for title, some in {**SECTIONS}.items():
        parts.append(f"\n## {title if language == 'en' else TITLES[title]}\n")
        names = [*(name for name in main.commands if title == "Publish"), *some]
        for name in names:
            command = main.get_command(root, name)
            assert command is not None
            parts += _told(command, click.Context(command, info_name=name, parent=root))
    return "".join(parts)


def _told(command: click.Command, context: click.Context) -> list[str]:
    context.terminal_width = WIDTH
    parts = [
        f"\n### {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    ]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            assert one is not None
            parts += _told(one, click.Context(one, info_name=name, parent=context))
    return parts


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_is_what_help_says(language: str, request: pytest.FixtureRequest) -> None:
    path = ROOT / "site" / "docs" / language / "commands.md"
    if request.config.getoption("--refresh"):
        path.write_text(reference(language), "utf-8")
    assert path.read_text("utf-8") == reference(language)


def test_the_demo_measures_models_of_its_own_where_there_is_no_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed wheel brings the suite, and no results: all that is shown was measured."""
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        measure_demo(Path("cardboard-demo"))
    told = CliRunner().invoke(main, ["-C", "cardboard-demo", "board", "--format", "csv"])
    names = [line.split(",")[5] for line in told.stdout.splitlines()[1:]]
    assert names == ["oracle", "noisy-oracle-0.3", "echo-previous"]
