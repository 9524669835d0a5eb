"""The command lines that a new user gets wrong: one line, what is wrong, and what to write."""

import click
import msgspec
import pytest
from click.testing import CliRunner

from cardboard.cli import SECTIONS, main
from cardboard.eval.records import Suite
from cardboard.tests.making import a_result

WRONG = {
    "bord": "No such command: bord. Did you mean cardboard board? cardboard --help lists all.",
    "evaluate m": "No such command: evaluate. Did you mean cardboard eval? cardboard --help lists"
    " all.",
    "build": "No such command: build. Did you mean cardboard publish? cardboard --help lists all.",
    "Publish": "No such command: Publish. Did you mean cardboard publish? cardboard --help lists"
    " all.",
    "frobnicate": "No such command: frobnicate. See cardboard --help.",
    "suite recrd": "suite: No such command: recrd. Did you mean cardboard suite record?"
    " cardboard suite --help lists all.",
    "--versoin": "No such option: --versoin. Did you mean --version? See cardboard --help.",
    "board -C w": "board: No such option: -C. It stands before the command: cardboard -C DIR board",
    "board w": "board: Got unexpected extra argument (w). A workspace stands before the command:"
    " cardboard -C w board",
    "board --formt csv": "board: No such option: --formt. Did you mean --format?"
    " See cardboard board --help.",
    "board --format cvs": "board: Invalid value for '--format': 'cvs' is not one of 'table',"
    " 'json', 'csv', 'md'. Did you mean csv? See cardboard board --help.",
    "-C w board --suite tb3": "board: No board for the suite 'tb3'. Known: shell-mini-1."
    " See cardboard board --help.",
    "-C nowhere board": "nowhere/board.toml: no such file. Run `cardboard init DIR` to make a"
    " workspace, or name one with `-C DIR`.",
    "-C file board": "Invalid value for '-C': Directory 'file' is a file. Name a folder.",
    "explain": "explain: Missing argument 'MODEL'. Example: cardboard explain LiquidAI/LFM2-2.6B."
    " See cardboard explain --help.",
    "-C w explain tinny": "no result is of the model 'tinny'. Near: org/tiny.",
    "-C w explain org/tiny --lang kr": "--lang: there are no words for the language 'kr'."
    " Did you mean ko?"
    " There are: en, ko.",
    "audit x --lang korean": "--lang: there are no words for the language 'korean'."
    " Did you mean ko?",
    "-C w compare org/tiny": "compare: Name two models, or give --base without any."
    " See cardboard compare --help.",
    "-C w compare org/tiny other": "no ranked result of org/tiny or of other. `cardboard explain"
    " MODEL` says why a model is not ranked.",
    "gate --model a": "gate: Missing option '--against'. Example: cardboard gate --model org/new"
    " --against org/base --margin 3. See cardboard gate --help.",
    "gate --model a --against b --margin x": "gate: Invalid value for '--margin': 'x' is not a"
    " valid float. Write a number. See cardboard gate --help.",
    "eval m --temperature nan": "eval: Invalid value for '--temperature': 'nan' is no finite"
    " number. Write a number. See cardboard eval --help.",
    "serve --port web": "serve: Invalid value for '--port': 'web' is not a valid integer range."
    " Write a number. See cardboard serve --help.",
    "-C w add": "add: Missing argument 'FILES...'. Example: cardboard add ../runs/model.json."
    " See cardboard add --help.",
    "-C w add nothing.json": "nothing.json",
    "-C w push --to hub --repo org/none": "--repo: no card belongs to the repository org/none."
    " 1 model with one: cardboard push --dry-run --to DIR",
    "export --to xlsx out": "export: Invalid value for '--to': 'xlsx' is not one of 'eee', 'csv',"
    " 'parquet', 'croissant'. See cardboard export --help.",
    "-C w export --to csv w": "w: is not empty. Name a new folder, or empty this one.",
    "eval m --backend vlm": "eval: Invalid value for '--backend': 'vlm' is not one of",
    "eval m --suite shell-mimi --backend scripted": "shell-mimi",
    "verify nowhere": "nowhere",
    "-C w snapshot": "no result says when it was finished, so nothing dates a snapshot. Give it a"
    " label",
    "serve --port 99999": "serve: Invalid value for '--port': 99999 is not in the range"
    " 0<=x<=65535. See cardboard serve --help.",
    "push --to": "push: Option '--to' requires an argument. Write its value behind it."
    " See cardboard push --help.",
    "suite info shell-mimi": "shell-mimi: there is no such suite or file. Did you mean shell-mini?",
    "suite info w": "w: is a folder. Packaged suites:",
    "suite info file": "file: holds no row. Put one JSON object a line into it",
    "suite build fil -o x --thoughts strip": "suite build: Invalid value for 'FILES...': File 'fil'"
    " does not exist. Did you mean file?",
    "suite build w -o x --thoughts strip": "suite build: Invalid value for 'FILES...': File 'w' is"
    " a directory. Name a file.",
    "suite record w": "w/suite.toml: no such file. Write it, or name the folder that holds it.",
    "suite export shell-live --to harbour x": "suite export: Invalid value for '--to': 'harbour' is"
    " not 'harbor'. Did you mean harbor?",
    "verify htp://x": "this is no address of a site. It begins with https:// or http://.",
    "init file": "init: Invalid value for 'DIR': Directory 'file' is a file. Name a folder.",
    "schema --wide": "schema: No such option: --wide. See cardboard schema --help.",
}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Return a folder with a workspace `w` of one result, and a file."""
    root = tmp_path_factory.mktemp("usage")
    assert CliRunner().invoke(main, ["init", str(root / "w")]).exit_code == 0
    one = a_result("org/tiny", suite=Suite(name="shell-mini", version="1"))
    (root / "w" / "results" / "one.json").write_bytes(msgspec.json.encode(one))
    (root / "file").write_text("", "utf-8")
    return root


@pytest.mark.parametrize(("words", "said"), WRONG.items(), ids=WRONG)
def test_a_wrong_command_line_is_told_in_one_line(places, monkeypatch, words, said):
    monkeypatch.chdir(places)
    told = CliRunner().invoke(main, words.split())
    assert told.exit_code in (1, 2), told.output
    assert isinstance(told.exception, SystemExit), "a message, and no traceback"
    (line,) = told.stderr.splitlines()
    assert said in line


def options(command):
    """Yield the options of *command* and of those below it."""
    yield from (one for one in command.params if isinstance(one, click.Option))
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from options(command.get_command(context, name))


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_no_option_takes_what_is_no_finite_number(number):
    kinds = {one.opts[0]: one.type for one in options(main)}
    numbers = {name: kind for name, kind in kinds.items() if "float" in kind.name}
    assert {"--temperature", "--timeout", "--learning-rate", "--at-least"} <= numbers.keys()
    del numbers["--margin"]  # of `gate`, which refuses them by itself
    for name, kind in numbers.items():
        with pytest.raises(click.BadParameter, match=r"is no finite number|is not in the range"):
            kind.convert(number, None, None)
            pytest.fail(name)


def test_the_program_alone_prints_its_help():
    told = CliRunner().invoke(main, [])
    assert "Usage:" in told.output
    for title in SECTIONS:
        assert f"{title}:" in told.output
    shown = {line.split()[0] for line in told.output.splitlines() if line.startswith("  ")}
    assert shown >= set(main.list_commands(click.Context(main)))
