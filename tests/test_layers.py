"""The house keeps its floors: who may import whom, no circles, rooms that a newcomer can name."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

# The whole house: each stage's floors, ground first. A room is a folder; a file that stands on a
# floor by itself is named with its ending. Whatever stands on a floor imports from lower ones only.
HOUSE: dict[str, tuple[tuple[str, ...], ...]] = {
    "eval": (
        ("errors.py", "metrics.py", "audit/findings.py"),
        ("records.py", "audit/reports.py", "suites/mistakes.py"),
        ("engine.py", "identity.py", "sandbox/walls"),
        (
            "sandbox",
            "backends/gguf",
            "suites/shapes",
            "suites/kinds/calls/parsers",
            "suites/kinds/kind.py",
            "suites/kinds/maps.py",
            "suites/kinds/replay/definitions.py",
            "suites/conversations.py",
        ),
        (
            "backends/replies",
            "suites/kinds/calls",
            "suites/kinds/home",
            "suites/kinds/replay",
            "suites/kinds/reported",
            "prompts",
            "audit/rendering",
            "audit/lint",
        ),
        ("suites/kinds/shell", "backends"),
        ("suites/kinds",),
        (
            "suites",
            "audit/sources",
            "backends/gguf/llama.py",
            "backends/gguf/llama_cpp_python.py",
            "backends/gguf/distance.py",
        ),
        ("run", "audit/checks"),
        ("run/plans", "training", "audit/audit.py", "audit/drift.py", "audit/preview.py"),
        ("commands",),
    ),
    "board": (
        ("workers.py",),
        ("words", "statistics"),
        ("workspace", "read/decoding"),
        ("model.py",),
        ("read/shapes", "notes", "history"),
        ("read/imports", "read/imports/tables"),
        ("read",),
        ("judge",),
        ("compare", "attest"),
        ("show",),
        ("commands",),
    ),
    "cards": (
        ("readme", "acceptance", "tryout"),
        ("text", "documents"),
        ("plan",),
        ("hub",),
        ("push",),
        ("commands",),
    ),
    "site": (
        ("frame", "data"),
        ("source", "charts"),
        ("table", "changes", "audits"),
        ("model",),
        ("pages",),
        ("assembly", "verify"),
        ("commands.py",),
    ),
}
# What is no code: pages, their assets, and the rows of suites.
FURNITURE = {"site/docs", "site/assets", "eval/suites/data"}
BELOW = {
    "eval": set[str](),
    "board": {"eval"},
    "cards": {"eval", "board"},
    "site": {"eval", "board"},
}
MOST_FLOORS, MOST_ENTRIES = 11, 14

FLOOR = {
    f"{stage}/{place}": number
    for stage, floors in HOUSE.items()
    for number, floor in enumerate(floors)
    for place in floor
}


def modules() -> dict[str, Path]:
    """Return every module of the package by its name below `cardboard`, `""` for the root."""
    paths = [ROOT / "__init__.py", ROOT / "__main__.py", ROOT / "cli.py"]
    for stage in HOUSE:
        paths += sorted((ROOT / stage).rglob("*.py"))
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths)
    return {
        name.removesuffix("__init__").rstrip("."): path
        for name, path in zip(names, paths, strict=True)
        if not name.startswith(("site.docs.", "site.assets."))
    }


MODULES = modules()


def place(name: str) -> str:
    """Return where the module *name* stands: a room, a file of its own, or `""` for the front."""
    path = MODULES[name].relative_to(ROOT)
    if len(path.parts) == 1:
        return ""
    own = path.as_posix()
    return own if own in FLOOR else path.parent.as_posix()


def targets(name: str, statement: ast.ImportFrom) -> Iterator[str]:
    """Yield the modules of ours that a relative import in *name* loads."""
    here = name.split(".") if name else []
    if MODULES[name].name != "__init__.py":
        here = here[:-1]
    up = statement.level - 1
    assert up <= len(here), f"{name}: an import leaves the package"
    package = here[: len(here) - up]
    if statement.module:
        package = package + statement.module.split(".")
    for alias in statement.names:
        inner = ".".join([*package, alias.name])
        yield inner if inner in MODULES else ".".join(package)


def imports(name: str) -> set[str]:
    """Return what *name* imports of ours, wherever in the file it does so."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    return {target for node in relative for target in targets(name, node)} - {name, ""}


GRAPH = {name: imports(name) for name in MODULES}
STAGED = [name for name in MODULES if place(name)]


@pytest.mark.parametrize("name", STAGED)
def test_a_module_imports_only_from_its_own_room_and_from_floors_below(name: str) -> None:
    here = place(name)
    stage = here.partition("/")[0]
    for target in GRAPH[name]:
        there = place(target)
        assert there, f"{target} is the front door"
        other = there.partition("/")[0]
        if other == stage:
            assert there == here or FLOOR[there] < FLOOR[here], f"{here} -> {there}"
        else:
            assert other in BELOW[stage], f"{here} -> {there}"


def test_cards_and_site_stand_side_by_side() -> None:
    assert "site" not in BELOW["cards"]
    assert "cards" not in BELOW["site"]


def test_there_is_no_circle() -> None:
    """`prepare` raises an error that names the circle."""
    TopologicalSorter(GRAPH).prepare()


def test_every_room_and_every_file_beside_rooms_is_in_the_table() -> None:
    inner = {name for name in STAGED if MODULES[name].name != "__init__.py"}
    rooms = {place(name) for name in inner}
    assert rooms == set(FLOOR), "HOUSE names what there is, and nothing else"
    for stage in HOUSE:
        inside = {path for path in (ROOT / stage).iterdir() if path.name != "__pycache__"}
        known = {part for part in {*FLOOR, *FURNITURE} if part.startswith(f"{stage}/")}
        tops = {known_part.split("/")[1] for known_part in known} | {"__init__.py"}
        assert {path.name for path in inside} <= tops


def test_no_stage_and_no_room_is_too_full_and_no_stage_too_high(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = Counter(MODULES[name].parent.relative_to(ROOT).as_posix() for name in STAGED)
    with capsys.disabled():
        for stage, floors in HOUSE.items():
            entries = [path for path in (ROOT / stage).iterdir() if path.name != "__pycache__"]
            rooms = {where: n for where, n in files.items() if where.startswith(f"{stage}/")}
            fullest = max(rooms, key=lambda where: rooms[where])
            print(
                f"\n{stage}: {len(entries)} entries at its top, {len(rooms)} rooms on "
                f"{len(floors)} floors, the fullest {fullest} with {rooms[fullest]} files",
                end="",
            )
            assert len(entries) <= MOST_ENTRIES
            assert len(floors) <= MOST_FLOORS
    assert not {where: n for where, n in files.items() if n > MOST_ENTRIES}


def test_a_room_says_in_one_sentence_what_comes_in_and_what_goes_out() -> None:
    for path in (path for path in MODULES.values() if path.name == "__init__.py"):
        if path.parent == ROOT or path.parent.parent == ROOT:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert len(tree.body) == 1, f"{path}: a room re-exports nothing"
        said = ast.get_docstring(tree) or ""
        assert "come in" in said.replace("comes in", "come in"), path
        assert "go out" in said.replace("goes out", "go out"), path
        assert "\n" not in said


def said_of(where: str) -> str:
    """Return the first sentence of a room or file."""
    path = ROOT / where if where.endswith(".py") else ROOT / where / "__init__.py"
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def house_table() -> str:
    """Return the house as CONTRIBUTING shows it."""
    lines = ["| Stage, floor | Room | What comes in, what goes out |", "| --- | --- | --- |"]
    for stage, floors in HOUSE.items():
        for number, floor in enumerate(floors):
            for part in floor:
                where = f"{stage}/{part}"
                name = where if where.endswith(".py") else f"{where}/"
                lines.append(f"| {stage} {number} | `{name}` | {said_of(where)} |")
    return "\n".join(lines)


def test_contributing_shows_the_same_house() -> None:
    assert house_table() in CONTRIBUTING, f"put this into CONTRIBUTING.md:\n{house_table()}"


def test_the_files_that_contributing_names_are_there() -> None:
    named = set(re.findall(r"`((?:eval|board|cards|site|templates|tests)/[\w./-]+)`", CONTRIBUTING))
    assert len(named) > 40
    examples = {name for name in named if "NAME" in name}
    assert not {name for name in named - examples if not (ROOT / name).exists()}


@pytest.mark.parametrize("name", MODULES)
def test_inside_the_package_imports_are_relative(name: str) -> None:
    """An absolute import would find another copy of the package, if one is installed."""
    absolute: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            absolute |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            absolute.add((node.module or "").partition(".")[0])
    assert not absolute & {"cardboard", "eval", "board", "cards", "tests"}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_first_what_it_holds(name: str) -> None:
    docstring = ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8")))
    first = (docstring or "").partition("\n")[0]
    assert first.endswith((".", "?")), "the first line is one sentence"


@pytest.mark.parametrize("name", MODULES)
def test_no_file_is_named_after_nothing(name: str) -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
    vague |= {"light", "means", "voice", "troubles", "kept", "opening", "starting", "student"}
    vague |= {"visible", "apart"}
    assert not vague & set(name.split("."))


def test_the_site_stage_has_no_init_file() -> None:
    """With one, Python started in this folder can take it for the standard library's `site`."""
    assert not (ROOT / "site" / "__init__.py").exists()


# What one kind of suite measures is its own affair: nobody else names its figures.
FIGURES = re.compile(r"command_f1|valid_json|first_cmd")
WHERE_THEY_MAY_STAND = (
    "eval/suites/kinds/replay/",
    "eval/suites/data/",
    "board/read/shapes/",
    "templates/kinds/replay/",
    "templates/workspace/",
    "templates/locale/zh.po",  # the words of all kinds, so that one file makes a language
)


@pytest.mark.parametrize("stage", ["eval", "board", "cards", "site", "templates"])
def test_only_the_kind_that_measures_it_names_a_figure(stage: str) -> None:
    named = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / stage).rglob("*")
        if path.suffix in {".py", ".jinja", ".po", ".js", ".css", ".html", ".toml"}
        and FIGURES.search(path.read_text(encoding="utf-8"))
    }
    assert not {where for where in named if not where.startswith(WHERE_THEY_MAY_STAND)}
