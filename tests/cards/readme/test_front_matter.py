"""Front matter is patched by key: ours are set, and everybody else's keep their bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cardboard.cards.readme import front_matter
from cardboard.cards.readme.front_matter import split
from cardboard.cards.readme.model_index import Ours
from cardboard.cards.readme.three_way import Terms
from cardboard.cards.readme.yaml import Value, emit

SITE = "https://example.org/board/"
OURS = Ours(source=SITE, datasets=frozenset(["mini-1"]), tasks=frozenset(["Next terminal command"]))


EVERYTHING = frozenset(["license", "language", "tags", "datasets", "pipeline_tag"])


def patched(text: str, wanted: dict[str, Value], ours: Ours) -> str:
    """Return front matter in which our values win, as somebody chose."""
    terms = Terms(stated=EVERYTHING, claimed=EVERYTHING, force=True)
    return front_matter.patched(text, wanted, ours, terms).yaml


def a_result(value: float, source: str | None = SITE, dataset: str = "mini-1") -> dict[str, Value]:
    """Return one result of a model-index."""
    result: dict[str, Value] = {
        "task": {"type": "text-generation", "name": "Next terminal command"},
        "dataset": {"type": dataset, "name": "Mini"},
        "metrics": [{"type": "command_f1", "value": value}],
    }
    return result | ({"source": {"name": "A board", "url": source}} if source else {})


def an_index(*results: dict[str, Value], name: str = "Model") -> list[Value]:
    """Return a model-index with one model."""
    return [{"name": name, "results": [*results]}]


def read(text: str) -> object:
    """Return what a YAML reader takes from *text*."""
    return YAML(typ="safe", pure=True).load(text)


WRITTEN = """\
# The team's own words
license: apache-2.0   # see LICENSE
language: en

tags:
- mine  # do not remove
- terminal
widget:
- text: "Hello"   # with quotes
   
# about the base
base_model: org/base
quoted: 'single'
"""


def test_a_language_that_people_named_stays_where_we_know_none() -> None:
    text = patched("language:\n- fr   # by hand\n", {"license": "mit"}, OURS)
    assert text == "language:\n- fr   # by hand\nlicense: mit\n"


def test_our_keys_are_set_and_all_other_bytes_stay() -> None:
    wanted: dict[str, Value] = {
        "license": "mit",
        "language": ["en", "ko"],
        "tags": ["terminal", "cardboard"],
        "pipeline_tag": "text-generation",
    }
    assert patched(WRITTEN, wanted, OURS) == (
        WRITTEN.replace("apache-2.0   # see LICENSE", "mit          # see LICENSE")
        .replace("language: en\n", "language:\n  - en\n  - ko\n")
        .replace(
            "- mine  # do not remove\n- terminal\n",
            "  - mine # do not remove\n  - terminal\n  - cardboard\n",
        )
        + "pipeline_tag: text-generation\n"
    )


def test_what_is_as_wanted_is_not_touched_however_it_is_written() -> None:
    text = "tags: [a,   b]\nlicense:    'mit'\nlanguage: en\n"
    assert patched(text, {"tags": ["b"], "license": "mit", "language": ["en"]}, OURS) == text
    assert patched(text, {"tags": ["b"], "license": "mit"}, OURS) == text


def test_a_list_gains_what_it_lacks_and_loses_nothing() -> None:
    text = patched("tags:\n- theirs\n", {"tags": ["ours"]}, OURS)
    assert read(text) == {"tags": ["theirs", "ours"]}
    assert patched(text, {"tags": ["ours"]}, OURS) == text


def test_a_key_of_ours_that_is_not_known_any_more_stays() -> None:
    assert patched("license: mit\n", {"pipeline_tag": "x"}, OURS).startswith("license: mit\n")


def test_crlf_stays_crlf() -> None:
    text = patched("license: mit\r\nmine: 1\r\n", {"license": "gpl", "tags": ["a"]}, OURS)
    assert text == "license: gpl\r\nmine: 1\r\ntags:\r\n  - a\r\n"


def test_results_of_other_benchmarks_stay_where_they_are() -> None:
    theirs = a_result(1.0, "https://other.example/", "other")
    index = an_index(theirs, a_result(1.0), a_result(7.0, None, "another"))
    text = patched(emit({"model-index": index}), {"model-index": an_index(a_result(2.0))}, OURS)
    expected = an_index(theirs, a_result(2.0), a_result(7.0, None, "another"))
    assert read(text) == {"model-index": expected}


def test_comments_beside_other_results_stay() -> None:
    theirs = """\
model-index:
- name: Model   # their name
  results:
  # measured by hand
  - task: {type: t}
    dataset: {type: other, name: Other}
    metrics:
    - {type: acc, value: 0.5}   # twice
"""
    text = patched(theirs, {"model-index": an_index(a_result(2.0))}, OURS)
    for comment in ("# their name", "# measured by hand", "# twice"):
        assert comment in text
    assert "task: {type: t}" in text
    assert patched(text, {"model-index": an_index(a_result(2.0))}, OURS) == text


def test_our_results_go_when_there_are_none_any_more() -> None:
    text = "license: mit\n" + emit({"model-index": an_index(a_result(1.0))}) + "mine: 1\n"
    assert patched(text, {"license": "mit"}, OURS) == "license: mit\nmine: 1\n"
    both = emit({"model-index": an_index(a_result(1.0), a_result(3.0, "https://x.example"))})
    left = read(patched(both, {}, OURS))
    assert left == {"model-index": an_index(a_result(3.0, "https://x.example"))}


@pytest.mark.parametrize(
    "text",
    [
        "{license: mit, tags: [a], mine: 1}\n",
        "  license: mit\n  mine: 1\n",
        "? license\n: mit\n? mine\n: 1\n",
        'license: &l mit\nother: *l\nmine: 1\n"quoted key": 2\n',
        "base: &b {x: 1}\n<<: *b\nlicense: mit\nmine: 1\n",
        "license: |\n  mit\n  # inside\nmine: 1\n",
        "mine: |\n  license: not a key\n\n  more\nlicense: mit\n",
        'mine: "two\n  lines"\nlicense: mit\n',
        "license: mit\nmine: 1 # no newline",
        "---\nlicense: mit\nmine: 1\n",
        "license: mit\nmine: a\u2028b\n",
        "license: mit\nmine: 2026-11-20\nno: yes\n",
        "# only a comment\n",
        "",
    ],
)
def test_unusual_yaml_is_patched_without_loss(text: str) -> None:
    before = read(text) or {}
    assert isinstance(before, dict)
    new = patched(text, {"license": "gpl-3.0", "tags": ["a"]}, OURS)
    assert read(new) == {**before, "license": "gpl-3.0", "tags": ["a"]}
    assert patched(new, {"license": "gpl-3.0", "tags": ["a"]}, OURS) == new


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("license: [\n", "not YAML"),
        ("- a list\n", "not a mapping"),
        ("license: a\nlicense: b\n", "not YAML"),
        ("a: " + "[" * 1000, "not YAML"),
        ("model-index: text\n", "model-index is not a list"),
        ("a: " + "x" * 300_000, "longer than"),
        ("\tlicense: mit", "not YAML"),
    ],
)
def test_what_cannot_be_patched_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        patched(text, {"license": "mit", "model-index": an_index(a_result(1.0))}, OURS)


KEYS = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(
    lambda key: key not in ("license", "tags", "language", "datasets", "null", "true", "false")
)
SCALARS = st.one_of(
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
TRIVIA = st.sampled_from(["", "\n", "# a comment: with a colon\n", "\n# one\n#two\n\n"])


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str], bool]:
    """Return front matter, the parts of it that are not ours, and whether lines end in CRLF."""
    mine: dict[str, Value] = draw(st.dictionaries(KEYS, VALUES, max_size=4))
    parts = [emit({key: value}) for key, value in mine.items()]
    ours = draw(
        st.lists(
            st.sampled_from(["license: mit\n", "tags: [x]\n", "language:\n- en\n"]), unique=True
        )
    )
    order = draw(st.permutations([*parts, *ours]))
    pieces = [piece for part in order for piece in (draw(TRIVIA), part)]
    crlf = draw(st.booleans())
    newline = "\r\n" if crlf else "\n"
    foreign = [piece.replace("\n", newline) for piece in pieces if piece not in ours]
    return "".join(pieces).replace("\n", newline), foreign, crlf


@settings(deadline=None)
@given(documents())
def test_everything_that_is_not_ours_keeps_its_bytes_and_order(
    document: tuple[str, list[str], bool],
) -> None:
    text, foreign, crlf = document
    wanted: dict[str, Value] = {"license": "gpl-3.0", "tags": ["y"], "language": ["en", "ko"]}
    new = patched(text, wanted, OURS)
    place = 0
    for piece in foreign:
        found = new.find(piece, place)
        assert found >= 0, piece
        place = found + len(piece)
    assert patched(new, wanted, OURS) == new
    assert new.count("\r\n") == (new.count("\n") if crlf and text else new.count("\r\n"))
    after = read(new)
    assert isinstance(after, dict)
    assert {"y", "x"} >= set(after["tags"]) >= {"y"}


BLOCK = "---\nlicense: mit\n---\n"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (f"{BLOCK}# T\n", ("---\n", "license: mit\n", "---\n", "# T\n")),
        ("\n\n" + BLOCK, ("\n\n---\n", "license: mit\n", "---\n", "")),
        (BLOCK.replace("\n", "\r\n"), ("---\r\n", "license: mit\r\n", "---\r\n", "")),
        ("---\n---\n# T\n\n---\n", ("---\n", "", "---\n", "# T\n\n---\n")),
        ("---\nlicense: mit\n---", ("---\n", "license: mit\n", "---", "")),
        ("---\na: b\n--- \nx", ("---\n", "a: b\n", "--- \n", "x")),
    ],
)
def test_a_readme_is_cut_at_its_front_matter(text: str, parts: tuple[str, ...]) -> None:
    block = split(text)
    assert block == parts
    assert "".join(block or ()) == text


@pytest.mark.parametrize("text", ["", "# Title\n", "text\n---\na: b\n---\n", "---\nnever closed\n"])
def test_a_readme_without_front_matter_has_none(text: str) -> None:
    assert split(text) is None
