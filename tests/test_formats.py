"""The page of file formats documents every field there is, in both languages, and no other."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from click.testing import CliRunner
from msgspec import Meta, inspect

from cardboard.board.read.shapes.registry import SHAPES
from cardboard.board.words.findings import JUDGING, READING
from cardboard.board.workspace.settings import BoardFile, Profile
from cardboard.cli import main
from cardboard.eval.records import Result, Timestamp

ROOT = Path(__file__).parents[1]
LANGUAGES = ("en", "ko")

Row = tuple[str, str, str]
"""Path of a field, its type, and what stands there when it is unknown: as the page writes them."""

WORDS = {
    "en": {
        inspect.StrType: "text",
        inspect.BoolType: "boolean",
        inspect.IntType: "integer",
        inspect.FloatType: "number",
        inspect.StructType: "object",
        inspect.VarTupleType: "list of {}",
        inspect.DictType: "map of {}",
        inspect.UnionType: " or ",
        inspect.TupleType: " and ",
        inspect.AnyType: "anything",
        "time": "time",
        "required": "required",
        "absent": "not there",
    },
    "ko": {
        inspect.StrType: "문자열",
        inspect.BoolType: "불리언",
        inspect.IntType: "정수",
        inspect.FloatType: "실수",
        inspect.StructType: "객체",
        inspect.VarTupleType: "목록({})",
        inspect.DictType: "맵({})",
        inspect.UnionType: " 또는 ",
        inspect.TupleType: ", ",
        inspect.AnyType: "임의의 값",
        "time": "시각",
        "required": "필수",
        "absent": "키 없음",
    },
}
"""How a page writes types, by language."""

SHA256 = ("^[0-9a-f]{64}$", "^[0-9a-f]{8,64}$")
TIME = next(one.pattern for one in get_args(Timestamp) if isinstance(one, Meta))


def type_text(kind: inspect.Type, language: str) -> str:
    """Return *kind* in the words of the page in *language*."""
    words = WORDS[language]
    match kind:
        case inspect.Metadata():
            return type_text(kind.type, language)
        case inspect.UnionType():
            told = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
            return words[inspect.UnionType].join(
                dict.fromkeys(type_text(one, language) for one in told)
            )
        case inspect.LiteralType():
            return words[inspect.UnionType].join(f"`{value}`" for value in kind.values)
        case inspect.VarTupleType():
            return words[inspect.VarTupleType].format(type_text(kind.item_type, language))
        case inspect.TupleType():
            parts = [type_text(one, language) for one in kind.item_types]
            return words[inspect.TupleType].join(parts)
        case inspect.DictType():
            return words[inspect.DictType].format(type_text(kind.value_type, language))
        case inspect.StrType(pattern=str() as pattern) if pattern in SHA256:
            return "SHA-256"
        case inspect.StrType(pattern=str() as pattern) if pattern == TIME:
            return words["time"]
        case inspect.IntType() | inspect.FloatType():
            return words[type(kind)] + limits(kind)
    return words[type(kind)]


def limits(kind: inspect.IntType | inspect.FloatType) -> str:
    """Return the range that a number must keep to."""
    if kind.ge is not None and kind.le is not None:
        return f" {kind.ge}..{kind.le}".replace(".0", "")
    signs = ((">=", kind.ge), (">", kind.gt), ("<", kind.lt), ("<=", kind.le))
    told = [f"{sign} {limit}".removesuffix(".0") for sign, limit in signs if limit is not None]
    return "".join(f" {one}" for one in [", ".join(told)] if one)


def unknown(field: inspect.Field, language: str) -> str:
    """Return what *field* holds where nothing is known or said."""
    if field.required:
        return WORDS[language]["required"]
    default = field.default
    if default is field.default_factory is msgspec.NODEFAULT:
        return WORDS[language]["absent"]
    if default is msgspec.NODEFAULT and callable(field.default_factory):
        default = field.default_factory()
    if isinstance(default, msgspec.Struct):
        return "`{}`"
    if isinstance(default, tuple) and default:
        return ", ".join(f"`{value}`" for value in default)
    return f"`{msgspec.json.encode(default).decode()}`"


def rows(kind: inspect.Type, language: str, path: str = "") -> Iterator[Row]:
    """Yield a row for every field below *kind*, depth first."""
    match kind:
        case inspect.Metadata():
            yield from rows(kind.type, language, path)
        case inspect.UnionType():
            for one in kind.types:
                yield from rows(one, language, path)
        case inspect.VarTupleType():
            yield from rows(kind.item_type, language, f"{path}[]")
        case inspect.DictType():
            yield from rows(kind.value_type, language, f"{path}.*")
        case inspect.StructType():
            for field in kind.fields:
                below = f"{path}.{field.encode_name}".lstrip(".")
                yield f"`{below}`", type_text(field.type, language), unknown(field, language)
                yield from rows(field.type, language, below)


def page(language: str, name: str = "formats.md") -> str:
    """Return a page of the site in *language*."""
    return (ROOT / "site" / "docs" / language / name).read_text(encoding="utf-8")


def block(language: str, title: str) -> str:
    """Return the code block with *title* in the page of file formats."""
    [code] = re.findall(rf'```json title="{re.escape(title)}"\n(.*?)```', page(language), re.DOTALL)
    return str(code)


def table(text: str, anchor: str) -> list[list[str]]:
    """Return the cells of all table rows in the section with the id *anchor*."""
    section = re.split(rf"^##+ .*\{{ *#{anchor} *\}}$", text, flags=re.MULTILINE)[1]
    section = re.split(r"^## ", section, maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("anchor", "struct"), [("result", Result), ("board-toml", BoardFile), ("models-toml", Profile)]
)
def test_every_field_is_documented_with_its_type_and_its_null_rule(
    anchor: str, struct: type[msgspec.Struct], language: str
) -> None:
    written = [tuple(cells[:3]) for cells in table(page(language), anchor)]
    tag = [("`kind`", "`result`", '`"result"`')] if struct is Result else []
    guessed = "`guessed`"
    expected = [row for row in rows(inspect.type_info(struct), language) if row[0] != guessed]
    assert [row for row in expected if row not in written] == [], "rows to write or to correct"
    assert written == tag + expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_has_a_meaning(language: str) -> None:
    for anchor in ("result", "board-toml", "models-toml"):
        assert all(len(cells) == 4 and cells[3] for cells in table(page(language), anchor))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_is_a_result_file(language: str) -> None:
    result = msgspec.json.decode(block(language, "results/example.json"), type=Result)
    assert result.status == "complete"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_of_the_board_has_every_key_that_is_printed(
    language: str, tmp_path: Path
) -> None:
    """The example result of the page itself is put on a board."""
    (tmp_path / "results").mkdir()
    example = tmp_path / "results" / "example.json"
    example.write_text(block(language, "results/example.json"), encoding="utf-8")
    (tmp_path / "board.toml").write_bytes((ROOT / "board.toml").read_bytes())
    done = CliRunner().invoke(main, ["-C", str(tmp_path), "board", "--format", "json"])
    assert done.exit_code == 0, done.output
    assert keys(json.loads(block(language, "board.json"))) == keys(json.loads(done.stdout))


_CHOSEN = (".policy", ".metrics", ".values", ".sources", ".rules")


def keys(value: object, path: str = "") -> set[str]:
    """Return the paths of all keys below *value*, but for those that are chosen by the data."""
    if isinstance(value, dict) and not path.endswith(_CHOSEN):
        return {f"{path}.{key}" for key in value}.union(
            *(keys(inner, f"{path}.{key}") for key, inner in value.items())
        )
    if isinstance(value, list):
        return set().union(*(keys(member, f"{path}[]") for member in value))
    return set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shape_is_documented_in_the_order_in_which_they_are_tried(language: str) -> None:
    written = [cells[0].strip("`") for cells in table(page(language), "shapes")]
    assert written == [shape.name for shape in SHAPES]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_on_a_file_is_documented_with_its_severity(language: str) -> None:
    written = {
        cells[0].strip("`"): cells[1].strip("`") for cells in table(page(language), "findings")
    }
    assert written == READING


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_of_the_judge_is_documented_with_its_default(language: str) -> None:
    cells = table(page(language, "ranking.md"), "findings")
    assert {row[0].strip("`"): row[1].strip("`") for row in cells} == JUDGING


@pytest.mark.parametrize("name", ["formats.md", "ranking.md"])
def test_both_languages_say_the_same_in_the_same_order(name: str) -> None:
    """Code, links and the depth of headings are the same; only the words between them differ."""
    pattern = re.compile(r"^#+ |\{ *#[\w-]+ *\}|`[^`\n]+`|\]\([^)]+\)|^```.*$", re.MULTILINE)
    korean, english = page("ko", name), page("en", name)
    assert sorted(pattern.findall(korean)) == sorted(pattern.findall(english))
    headings = re.compile(r"^(#+) .*?(\{.*\})?$", re.MULTILINE)
    assert headings.findall(korean) == headings.findall(english)
