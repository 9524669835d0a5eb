"""Rows are added up the fast way as they are the plain way, whatever was read before."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.board.read.interpretation import interpret, summarise
from cardboard.board.read.shapes import version2
from cardboard.board.read.shapes.failures import without_failed
from cardboard.board.read.step_facts import step_facts
from cardboard.eval.records import Said, Step
from cardboard.eval.suites.kinds.registry import kind_of
from cardboard.tests.bench import results as synthetic

RESULTS = [
    replace(found, steps=found.steps[:6], divisions={})
    for found in (synthetic.result(1, text=False), synthetic.result(1, text=True))
]
BASES = list(map(msgspec.json.encode, RESULTS))


def plainly(data):
    """Return the facts of the rows in *data*, each read as the record has it."""
    found = interpret(data)
    if found.result is None:
        return None
    return step_facts(
        without_failed(found.rows),
        kind_of(found.result.suite.kind).as_scored_by(found.result.scorer),
        limit=found.result.protocol.max_tokens,
        claimed=found.result.divisions,
    )


def turned(told):
    """Return a map with its keys in the other order."""
    return dict(reversed(told.items()))


CHANGES = {
    "nothing": lambda row: row,
    "scores in another order": lambda row: replace(row, scores=turned(row.scores)),
    "parsed in another order": lambda row: replace(row, parsed=turned(row.parsed)),
    "nothing parsed": lambda row: replace(row, parsed=None),
    "another score": lambda row: replace(row, scores={**row.scores, "x": 1.0}),
    "a score less": lambda row: replace(row, scores={"command_f1": 0.25}),
    "no value": lambda row: replace(row, scores={**row.scores, "command_f1": None}),
    "never answered": lambda row: replace(row, scored=False, scores={}, parsed=None, error="no"),
    "failed": lambda row: replace(row, finish_reason="timeout"),
    "a key in quotes": lambda row: replace(row, scores={**row.scores, '"x"\n': 1.0}),
    "a colon": lambda row: replace(row, task_id="a:b", groups={**row.groups, "bucket": "x:y"}),
    "other groups": lambda row: replace(row, groups={"language": "ko"}),
    "another reference": lambda row: replace(row, reference={"command_units": ["가:"], "b": 1}),
    "no reference": lambda row: replace(row, reference=None),
    "no answer": lambda row: replace(row, answer=None),
    "an empty answer": lambda row: replace(row, answer=""),
    "thoughts": lambda row: replace(row, answer="<think>\u001f</think>"),
    "said": lambda row: replace(row, said=Said(reasoning="so: it is")),
    "an answer": lambda row: replace(row, answer="ls: it is"),
    "nested": lambda row: replace(row, parsed={**row.parsed, "analysis": {"a": [1, {"b": 2}]}}),
}
NAMES = st.sampled_from(sorted(CHANGES))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(RESULTS),
            st.lists(NAMES, min_size=6, max_size=6) | NAMES.map(lambda one: 6 * [one]),
        ),
        max_size=4,
    )
)
def test_facts_are_those_of_the_plain_way_whatever_was_read_before(files) -> None:
    for result, changes in files:
        steps = tuple(CHANGES[name](row) for name, row in zip(changes, result.steps, strict=True))
        data = msgspec.json.encode(replace(result, steps=steps))
        assert summarise(data).facts == plainly(data)


@pytest.mark.parametrize("base", BASES, ids=["no texts", "texts"])
def test_known_keys_make_no_file_of_ours_that_is_none(base) -> None:
    summarise(base)
    for one, other in (
        (b'"command_f1":', b'"command_f1":0.5,"command_f1":'),
        (b'"bucket":"early"', b'"bucket":"late","bucket":"early"'),
        (b'"bucket":"early"', b'"bucket":{"early":1}'),
        (b'"bucket":"early"', b'"bucket":null'),
        (b'"groups":{"bucket":"early"', b'"groups":null,"other":{"bucket":"early"'),
        (b'"scores":{', b'"scores":{},"scores":{'),
        (b'"trial":null', b'"trial":null,"unknown":1'),
        (b'"trial":null', b'"trial":null,"answer":null'),
        (b'"valid_json":true', b'"valid_json":true,"valid_json":true'),
        (b'"plan":true', b'"plan":{"a":1,"a":1}'),
    ):
        changed = base.replace(one, other, 1)
        assert changed != base
        assert version2.read_own(changed, sums_only=True) is None
        assert version2.read_own(changed) is None
        assert summarise(changed).findings == interpret(changed).findings != ()


def test_references_are_read_with_every_key_once() -> None:
    changed = BASES[1].replace(b'"reference":{', b'"reference":{"command_units":[],', 1)
    summarise(BASES[1])
    assert version2.read_own(changed, sums_only=True) is None
    (found,) = summarise(changed).findings
    assert (found.code, found.key) == ("duplicate-key", "steps[0].reference.command_units")


@pytest.mark.parametrize("base", BASES, ids=["no texts", "texts"])
def test_the_maps_of_known_keys_are_read_as_such(base) -> None:
    summarise(base)
    found = version2.read_own(base, sums_only=True)
    assert found is not None
    assert not any(isinstance(one.scores, dict) for one in found.steps)
    assert all(isinstance(one, Step) for one in found.steps)
    assert msgspec.json.encode(found) == base


def test_references_and_groups_of_one_file_are_not_taken_for_those_of_the_next() -> None:
    result = RESULTS[1]
    fingerprints = set()
    for told in (1, True, 1.0, 1):  # all the same to Python, and three things in a file
        reference = {"command_units": ["ls"], "task_complete": told}
        steps = tuple(replace(row, reference=reference) for row in result.steps)
        suite = replace(result.suite, kind="reported")  # whole references tell its suites apart
        data = msgspec.json.encode(replace(result, suite=suite, steps=steps))
        found = summarise(data).facts
        assert found is not None
        assert found == plainly(data)
        fingerprints.add(found.fingerprint)
    assert len(fingerprints) == 3
