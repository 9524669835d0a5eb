"""Which repository gets which card: one each, and none that is not a repository."""

from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.board.workspace.settings import Hub, Profile
from cardboard.cards.plan.targets import Wanted, chosen, wanted
from cardboard.eval import records
from cardboard.eval.errors import UsageError
from cardboard.tests.making import SETTINGS, a_result, boards_of


def targets(
    *results: records.Result, models: dict[str, Profile] | None = None, **settings: object
) -> list[Wanted]:
    """Return what the repositories of *results* shall hold."""
    boards = boards_of(*results, models=models or {}, **settings)
    return wanted(boards, replace(SETTINGS, **settings))


def names(found: list[Wanted]) -> list[str]:
    """Return the repositories."""
    return [one.repo for one in found]


def quantised(name: str, quantisation: str, f1: float, scored: int = 6) -> records.Result:
    """Return a result of a quantised file."""
    model = records.Model(id=name, revision="0" * 40, quantisation=quantisation)
    counts = records.Counts(expected=6, scored=scored, failed=0, tasks=3)
    return a_result(f1=f1, model=model, counts=counts)


def test_only_names_of_repositories_are_repositories() -> None:
    results = [a_result(name) for name in ("org/model", "a short name", "/data/model", "org/a--b")]
    assert names(targets(*results)) == ["org/model"]


def test_models_toml_names_another_repository_or_none() -> None:
    models = {"org/a": Profile(repo="org/b"), "org/c": Profile(repo=False)}
    assert names(targets(a_result("org/a"), a_result("org/c"), models=models)) == ["org/b"]


def test_of_lines_that_share_a_repository_a_ranked_one_goes_first() -> None:
    (one,) = targets(quantised("org/m", "Q4", 0.9, scored=5), quantised("org/m", "Q8", 0.2))
    assert one.label == "org/m:Q8"
    assert one.notes == ("not on this card: org/m:Q4",)


def test_of_unranked_lines_the_one_with_the_most_steps_goes_first() -> None:
    (one,) = targets(
        quantised("org/m", "Q4", 0.9, scored=3), quantised("org/m", "Q8", 0.2, scored=5)
    )
    assert one.label == "org/m:Q8"


def test_of_models_of_one_name_the_latest_gets_the_card_and_the_others_are_named() -> None:
    stamps = {"step1": "2026-06-02", "step2": "2026-06-03", "step3": "2026-06-01"}
    results = [
        a_result(model=records.Model(id="org/m", revision=revision), finished_at=f"{day}T00:00:00Z")
        for revision, day in stamps.items()
    ]
    (one,) = targets(*results)
    assert (one.repo, one.label) == ("org/m", "org/m (step2)")
    assert one.notes == ("not on this card: org/m (step1)", "not on this card: org/m (step3)")


def test_a_repository_in_another_case_is_the_same_repository() -> None:
    models = {"org/other": Profile(repo="Org/M")}
    (one,) = targets(a_result("org/m"), a_result("org/other", f1=0.4), models=models)
    assert len(one.notes) == 1


def test_models_toml_gives_models_of_one_name_repositories_of_their_own() -> None:
    models = {
        "org/m (step1)": Profile(repo="org/first"),
        "org/m": Profile(aliases=("org/m (step2)",)),
    }
    one, two = (
        a_result(model=records.Model(id="org/m", revision=f"step{n}"), f1=n / 10) for n in (1, 2)
    )
    assert names(targets(one, two, models=models)) == ["org/first", "org/m"]


def test_everything_that_is_written_is_in_the_digest() -> None:
    def digest(f1: float = 0.5, **settings: Any) -> str:
        (one,) = targets(a_result(f1=f1), **settings)
        return one.digest

    evals = Hub(eval_results=True)
    assert digest() == digest()
    assert len({digest(), digest(0.6), digest(hub=evals)}) == 3
    assert digest(hub=Hub(workers=9)) == digest(), "how it is pushed is not in it"


def test_problems_are_found_before_any_network() -> None:
    models = {"org/model": Profile(license="made-up", datasets=("/data/mine",))}
    (one,) = targets(a_result("org/model"), models=models)
    assert [problem.code for problem in one.problems] == ["lint-license"]


def test_repositories_are_chosen_by_name_or_organisation() -> None:
    every = targets(a_result("a/x"), a_result("a/y"), a_result("b/z"))
    assert names(chosen(every, (), "a", remote=True)) == ["a/x", "a/y"]
    assert names(chosen(every, ("b/z",), "a", remote=True)) == ["b/z"]
    assert names(chosen(every, ("b/z",), None, remote=True)) == ["b/z"]
    assert names(chosen(every, (), None, remote=False)) == ["a/x", "a/y", "b/z"]
    with pytest.raises(UsageError, match="no card belongs to the repository c/c"):
        chosen(every, ("b/z", "c/c"), None, remote=False)


def test_other_peoples_repositories_are_chosen_by_name_only() -> None:
    every = targets(a_result("a/x"))
    with pytest.raises(UsageError, match="is not set"):
        chosen(every, (), None, remote=True)
    with pytest.raises(UsageError, match="none of 1 repositories is of it"):
        chosen(every, (), "b", remote=False)
    assert chosen([], (), "b", remote=True) == []
