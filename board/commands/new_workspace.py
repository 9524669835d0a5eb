"""A new workspace: its files by the kind of its board, empty or with results at hand."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from ...eval.errors import ConfigError, UsageError

CHOICES = {
    "replay": "recorded terminals, asked step by step: shell-mini",
    "calls": "calls of tools: calls-mini",
    "shell": "jobs that a model does itself in a closed shell: shell-live",
    "home": "everyday questions to a model of your own machine: home-mini",
    "reported": "what other programs measured: lm-eval, Inspect, Harbor, tables ...",
    "empty": "nothing yet: you write the suites yourself",
}
"""Every kind of board that can be made, with what it is for."""

_SUITES = {
    "replay": "shell-mini",
    "calls": "calls-mini",
    "shell": "shell-live",
    "home": "home-mini",
}
_TABLES = (".csv", ".tsv")
MODELS = """\
# What is known of each model beyond its results; every key is optional.
#
# ["your-organisation/Model-1B-SFT-2Epoch"]
# aliases = ["model_1b_sft_e2"]            # other names under which results may come
# base_model = "some-organisation/Model-1B"
# base_model_relation = "finetune"         # "adapter", "merge", "quantized"
# training = { en = "Two epochs on ...", ko = "...로 2에폭 학습" }
# family = "llama"                         # a table of [families] in board.toml
# license = "apache-2.0"
# datasets = ["your-organisation/dataset"]
# class = "models"                         # "sweep" for the many checkpoints of one run
# parameters = 1.2                         # billions
# epoch = 2
# series = "Model-1B-SFT"                  # the same for checkpoints of one run
# repo = true                              # false: no card is pushed
"""
IGNORED = """\
# What cardboard makes anew, and what it remembers of this machine.
/build/
/.cardboard/
"""
_NO_SUITE = {
    "reported": """\

# --- Suites: `cardboard import --adopt FILE...` writes a block for each that the files hold. ---
""",
    "empty": """\

# --- Suites: a fixed set of steps each. Results are recognised by evidence, never by a path. ---
# `cardboard suite info FILE --format toml` prints the block for rows of yours, and
# `cardboard import --adopt FILE...` writes those of what other programs measured.
""",
}
_SUITE = """
# --- Suites: a fixed set of steps each. Results are recognised by evidence, never by a path. ---

{block}
"""
_PROTOCOL = """
# --- Protocols: the settings under which scores are comparable. A key left out is free. ---

[protocols.{name}]
{keys}
"""


def is_terminal() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def files_of(title: str, kind: str) -> dict[str, str]:
    """Return the files of a new workspace by their names: a board called *title* of *kind*.

    Raises `UsageError` for a kind that this version cannot ask.
    """
    from ..show.adoption import text_of

    source = files("cardboard") / "templates" / "workspace"
    board = (source / "board.toml").read_text("utf-8")
    named = _NO_SUITE.get(kind) or _packaged(kind)
    text = board.replace("%(title)s", text_of(title)).replace("%(suites)s", named)
    if kind in _SUITES:  # what rules say of a figure holds where more of it is better
        text += "\n" + (source / "notes.toml").read_text("utf-8")
    own = source / f"notes.{kind}.toml"
    if own.is_file():
        text += "\n" + own.read_text("utf-8")
    return {"board.toml": text, "models.toml": MODELS}


def _packaged(kind: str) -> str:
    """Return the block of the package's suite of *kind*, with its protocol."""
    from ...eval.suites.info import as_toml, facts
    from ...eval.suites.kinds.registry import KINDS
    from ...eval.suites.source import load
    from ..show.adoption import text_of

    if kind not in KINDS:
        raise UsageError(
            f"suites of the kind {kind} cannot be asked by this version",
            remedy=f"Kinds: {', '.join(one for one in CHOICES if one in {*KINDS, 'empty'})}.",
        )
    source = files("cardboard") / "templates" / "workspace" / "suites.toml"
    words: dict[str, Any] = msgspec.toml.decode(source.read_bytes())[_SUITES[kind]]
    first, *rest = as_toml(facts(load(_SUITES[kind]))).splitlines()
    told = [
        f"{key} = {{ en = {text_of(words[key]['en'])}, ko = {text_of(words[key]['ko'])} }}"
        for key in ("title", "description")
    ]
    protocol = dict(words.get("protocol", {}))
    name = protocol.pop("name", None)
    if name:
        told.append(f"protocol = {text_of(name)}")
    found = _SUITE.format(block="\n".join([first, *rest[:2], *told, *rest[2:]]))
    if not name:
        return found
    keys = "\n".join(f"{key} = {value}" for key, value in protocol.items())
    return found + _PROTOCOL.format(name=name, keys=keys)


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write *texts* below *folder* by their names, and make the folder of results."""
    (folder / "results").mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def begin(folder: Path, texts: Mapping[str, str], sources: Sequence[Path]) -> tuple[str, ...]:
    """Write a workspace that holds the results at *sources*, and return what to say of them.

    It is made aside and moved into place. Raises `UsageError` where none of them holds a result;
    then nothing was made.
    """
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    try:
        write(aside, texts)
        told = tuple(_filled(aside, sources))
        folder.mkdir(exist_ok=True)
        for path in sorted(aside.iterdir()):
            if path.name in ("results", ".cardboard"):
                shutil.copytree(path, folder / path.name, dirs_exist_ok=True)
            else:
                path.replace(folder / path.name)
    finally:
        shutil.rmtree(aside)
    return told


def _filled(root: Path, sources: Sequence[Path]) -> Iterator[str]:
    """Import *sources* into the workspace at *root* with their suites, and say what came of it."""
    from ..judge.build import load_boards
    from ..show.sketches import sketch_of
    from ..words.names import plural, visible
    from ..workspace.configuration import open_workspace
    from .imports import adopt, import_files, missing_suites

    tables = [path for path in sources if path.suffix.lower() in _TABLES and path.is_file()]
    if tables:
        (root / "imports.toml").write_text("\n".join(map(sketch_of, tables)), "utf-8")
    workspace = open_workspace(root)
    before = load_boards(workspace)
    done = import_files(sources, workspace, before, dry_run=False)
    if not done.taken:
        raise UsageError(
            "nothing that another program measured is among these files",
            remedy="\n".join(
                visible(line)
                for line in (*done.refused, "`cardboard import --help` says what is read.")
            ),
        )
    yield from map(visible, (*done.refused, *done.lines))
    if unknown := missing_suites(workspace, before, done.taken):
        try:
            adopt(workspace, unknown)
        except ConfigError as error:
            raise UsageError(str(error), remedy="Nothing was made.") from None
    for one in unknown:
        note = "" if one.ranked else ", as a comment: nobody says which way is up"
        yield visible(
            f"board for: {one.name} {one.version} ({plural(len(one.results), 'result')}){note}"
        )
    if tables:
        yield "How the table is read is guessed: look at imports.toml, and correct it there."
