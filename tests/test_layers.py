"""The house keeps its floors: who may import whom, no circles, files that say what they hold."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAGES = ("eval", "board", "cards", "site")

# Which rooms each room may import, itself included. `ground` is the contract of all stages, and
# the root package holds nothing but the version.
MAY_IMPORT = {
    "root": set[str](),
    "ground": {"root", "ground"},
    "eval": {"root", "ground", "eval"},
    "board": {"root", "ground", "eval", "board"},
    "cards": {"root", "ground", "eval", "board", "cards"},
    "site": {"root", "ground", "eval", "board", "site"},
    "cli": {"root", "ground", "eval", "board", "cards", "site"},
    "main": {"cli"},
}
GROUND = {"eval.records", "eval.errors"}
TOP = {"": "root", "cli": "cli", "__main__": "main"}


def modules() -> dict[str, Path]:
    """Return every module of the package by its name below `cardboard`, `""` for the root."""
    paths = [ROOT / "__init__.py", ROOT / "__main__.py", ROOT / "cli.py"]
    for stage in STAGES:
        paths += sorted((ROOT / stage).rglob("*.py"))
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths)
    return {
        name.removesuffix("__init__").rstrip("."): path
        for name, path in zip(names, paths, strict=True)
        if path.exists() and not name.startswith(("site.docs.", "site.assets."))
    }


MODULES = modules()


def room(name: str) -> str:
    """Return the room that the module *name* lies in."""
    if name in TOP:
        return TOP[name]
    return "ground" if name in GROUND else name.partition(".")[0]


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
    found = {target for node in relative for target in targets(name, node)} - {name}
    # Importing a module runs the packages that hold it; a stage's own package holds no code.
    return {target for target in found if target in MODULES or room(target) in STAGES}


GRAPH = {name: imports(name) for name in MODULES}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_from_its_own_floor_and_below(name: str) -> None:
    upward = {target for target in GRAPH[name] if room(target) not in MAY_IMPORT[room(name)]}
    assert not upward


def test_cards_and_site_stand_side_by_side() -> None:
    assert "site" not in MAY_IMPORT["cards"]
    assert "cards" not in MAY_IMPORT["site"]


def test_there_is_no_circle() -> None:
    """`prepare` raises an error that names the circle."""
    TopologicalSorter(GRAPH).prepare()


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
    assert not vague & set(name.split("."))


def test_the_site_stage_has_no_init_file() -> None:
    """With one, Python started in this folder can take it for the standard library's `site`."""
    assert not (ROOT / "site" / "__init__.py").exists()
