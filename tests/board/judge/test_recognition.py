"""Suites are told from evidence, the strongest first, and never guessed between two."""

import pytest

from cardboard.board.judge.recognition import recognise
from cardboard.board.model import StepFacts
from cardboard.board.workspace.settings import Suite
from cardboard.eval.records import Counts, Group
from cardboard.eval.records import Suite as Recorded
from cardboard.tests.making import a_reading, a_result

CORRECTED = Suite(
    name="tb2-lite",
    version="corrected303",
    steps=303,
    tasks=50,
    fingerprint="c" * 64,
    keys_sha256="d" * 64,
    empty_references=0,
    buckets={"early": 90, "mid": 107, "late": 106},
)
LEGACY = Suite(name="tb2-lite", version="legacy386", steps=386, tasks=50, empty_references=25)
TWIN = Suite(name="twin", version="1", steps=386, tasks=50)


def reading(suite=None, facts=None, **result):
    return a_reading(a_result(suite=suite or Recorded(), **result), facts=facts)


def facts(**told):
    whole = {"steps": 9, "scored": 9, "answers": 9, "failed": 0, "unique": 9}
    return StepFacts(**(whole | {"keys_sha256": "e" * 64} | told))


def groups(**steps):
    return {name: Group(steps=n) for name, n in steps.items()}


@pytest.mark.parametrize(
    ("one", "evidence"),
    [
        (reading(Recorded(fingerprint="c" * 64)), "fingerprint"),
        (reading(facts=facts(fingerprint="c" * 64)), "fingerprint"),
        (reading(facts=facts(keys_sha256="d" * 64)), "steps"),
        (reading(Recorded(name="tb2-lite", version="corrected303")), "name"),
        (
            reading(divisions={"bucket": groups(early=90, mid=107, late=106)}),
            "slices",
        ),
        (reading(counts=Counts(scored=303)), "count"),
        (reading(counts=Counts(expected=303, scored=71)), "count"),
    ],
)
def test_evidence_is_taken_from_the_strongest_to_the_weakest(one, evidence):
    found = recognise(one, (CORRECTED, LEGACY))
    assert found is not None
    assert (found.suite, found.evidence) == (CORRECTED, evidence)


def test_a_count_of_no_suite_is_not_guessed():
    assert recognise(reading(counts=Counts(scored=175)), (CORRECTED, LEGACY)) is None


def test_a_count_that_two_suites_share_is_not_guessed():
    assert recognise(reading(counts=Counts(scored=386)), (LEGACY, TWIN)) is None


def test_empty_references_tell_the_legacy_suite_from_one_of_the_same_length():
    one = reading(counts=Counts(scored=386), facts=facts(empty_references=25))
    clean = Suite(name="clean", version="1", steps=386, tasks=50, empty_references=0)
    found = recognise(one, (LEGACY, clean))
    assert found is not None
    assert found.suite is LEGACY


def test_a_recorded_name_that_contradicts_the_count_wins():
    one = reading(Recorded(name="other", version="1"), counts=Counts(scored=303))
    assert recognise(one, (CORRECTED, LEGACY)) is None


def test_a_recorded_fingerprint_that_contradicts_the_name_wins():
    one = reading(Recorded(name="tb2-lite", version="corrected303", fingerprint="f" * 64))
    assert recognise(one, (CORRECTED, LEGACY)) is None
