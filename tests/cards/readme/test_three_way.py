"""Of every key it is known whose edit is whose: nothing is overwritten in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.cards.readme.front_matter import patched
from cardboard.cards.readme.model_index import Ours
from cardboard.cards.readme.three_way import Agreed, Terms, agreed, decoded, encoded, short
from cardboard.cards.readme.yaml import Value, emit

KEYS = frozenset(["license", "pipeline_tag", "library_name", "tags", "base_model"])
STATED = frozenset(["license"])


def base(**values: Value) -> dict[str, frozenset[str]]:
    """Return what counts as written by us."""
    return {
        key: frozenset(map(short, value if isinstance(value, list) else [value]))
        for key, value in values.items()
    }


def settle(
    there: dict[str, Value],
    wanted: dict[str, Value],
    before: dict[str, Value],
    *,
    force: bool = False,
) -> tuple[dict[str, Value], Agreed]:
    """Return the keys after merging, and what is told of them."""
    terms = Terms(stated=STATED, claimed=KEYS, base=base(**before), force=force)
    found = agreed(there, wanted, terms)
    kept = {key: value for key, value in there.items() if key not in found.removed}
    return kept | found.values, found


NOTHING: dict[str, Value] = {}


@pytest.mark.parametrize(
    ("key", "before", "theirs", "ours", "after", "contested"),
    [
        # what we wrote last, what is there, what we would write now
        ("license", "mit", "mit", "mit", "mit", False),
        ("license", "mit", "mit", "gpl", "gpl", False),
        ("license", "mit", "bsd", "mit", "bsd", False),
        ("license", "mit", "gpl", "gpl", "gpl", False),
        ("license", "mit", "bsd", "gpl", "bsd", True),
        ("license", "mit", None, "mit", None, False),
        ("license", "mit", None, "gpl", None, True),
        ("license", "mit", "mit", None, None, False),
        ("license", "mit", "bsd", None, "bsd", False),
        # nothing is known of what we wrote: a first push, or a lost journal
        ("license", None, None, "mit", "mit", False),
        ("license", None, "mit", "mit", "mit", False),
        ("license", None, "bsd", "mit", "bsd", True),
        ("license", None, "bsd", None, "bsd", False),
        # what is only known or guessed fills gaps and gives way
        ("library_name", None, None, "peft", "peft", False),
        ("library_name", None, "mlx", "peft", "mlx", False),
        ("library_name", "transformers", "mlx", "peft", "mlx", False),
        ("library_name", "gguf", "gguf", None, None, False),
        ("pipeline_tag", None, "fill-mask", "text-generation", "fill-mask", False),
        # a list of bases is never shortened
        ("base_model", None, ["a/b", "c/d"], "a/b", ["a/b", "c/d"], False),
        ("base_model", "a/b", ["a/b", "c/d"], "a/b", ["a/b", "c/d"], False),
    ],
)
def test_the_truth_table_of_single_values(
    key: str, before: Value, theirs: Value, ours: Value, after: Value, contested: bool
) -> None:
    def at(value: Value) -> dict[str, Value]:
        return {} if value is None else {key: value}

    values, found = settle(at(theirs), at(ours), at(before))
    assert values.get(key) == after
    assert [one.key for one in found.left] == ([key] if contested else [])
    again, told = settle(values, at(ours), NOTHING)
    assert again == values or theirs is None, "what was settled once stays, also without a journal"
    if contested:
        forced, told = settle(at(theirs), at(ours), at(before), force=True)
        assert forced == at(ours)
        assert [one.key for one in told.written] == ([] if theirs is None else [key])


@pytest.mark.parametrize(
    ("before", "theirs", "ours", "after"),
    [
        (None, None, ["a"], ["a"]),
        (None, ["x"], ["a"], ["x", "a"]),
        (None, ["b", "x", "a"], ["a", "b"], ["b", "x", "a"]),
        (["a"], ["x", "a"], ["b"], ["x", "b"]),
        (["a", "b"], ["b"], ["a", "b"], ["b"]),
        (["a"], None, ["a"], None),
        (["a"], None, ["a", "b"], ["b"]),
        (["a"], ["a"], None, None),
        (["a"], ["x"], None, ["x"]),
        (None, "x", ["a"], ["x", "a"]),
        (None, "a", ["a"], "a"),
    ],
)
def test_lists_are_merged_item_by_item_in_peoples_order(
    before: Value, theirs: Value, ours: Value, after: Value
) -> None:
    def at(value: Value) -> dict[str, Value]:
        return {} if value is None else {"tags": value}

    values, found = settle(at(theirs), at(ours), at(before))
    assert values.get("tags") == after
    assert found.left == ()


def test_what_people_had_before_us_never_counts_as_ours() -> None:
    """It would be taken away, or overwritten, as soon as we say something else."""
    _, found = settle({"license": "mit", "tags": ["a"]}, {"license": "mit", "tags": ["a", "b"]}, {})
    assert found.base == base(tags=["b"])


VALUE = st.sampled_from([None, "a", "b", "c"])


@given(VALUE, VALUE, VALUE, st.sampled_from(["license", "library_name"]))
def test_a_value_of_people_is_never_overwritten_in_silence(
    before: Value, theirs: Value, ours: Value, key: str
) -> None:
    def at(value: Value) -> dict[str, Value]:
        return {} if value is None else {key: value}

    values, found = settle(at(theirs), at(ours), at(before))
    if theirs is not None and theirs != before:
        assert values[key] == theirs
    again, more = settle(values, at(ours), NOTHING)
    terms = Terms(stated=STATED, claimed=KEYS, base=found.base)
    assert agreed(values, at(ours), terms).values == {}, "a second push is silent"
    assert not set(again) - {key}
    assert not more.written


def test_the_marker_carries_it_as_one_word() -> None:
    known = base(license="mit", tags=["a", "b"])
    word = encoded(known)
    assert word.startswith("license:")
    assert decoded(word) == known
    assert (encoded({}), decoded("")) == ("", {})
    assert decoded("license,tags:,:x,a:b") == {"a": frozenset(["b"])}


@pytest.mark.parametrize(
    "text",
    ["license:   'mit'\ntags: [b,   a]\n", 'tags:\n- b\n- a\nlicense: "mit" # yes\n'],
)
def test_quotes_order_and_indentation_are_no_edits(text: str) -> None:
    terms = Terms(stated=STATED, claimed=KEYS, base=base(license="mit", tags=["a", "b"]))
    new = patched(text, {"license": "mit", "tags": ["a", "b"]}, Ours(), terms)
    assert (new.yaml, new.changed) == (text, ())


def test_words_that_readers_of_yaml_differ_about_are_left_alone() -> None:
    text = "inference: no\nlanguage: [no, en]\nversion: 010\n"
    new = patched(text, {"tags": ["a"]}, Ours(), Terms(claimed=KEYS))
    assert new.yaml == text + emit({"tags": ["a"]})
    assert new.changed == ("tags",)
