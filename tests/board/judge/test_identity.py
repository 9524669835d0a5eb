"""Which results are of one model: what both record decides, and labels say what differs."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.judge.identity import models_of
from cardboard.board.workspace.settings import Profile
from cardboard.eval.records import Adapter, Model, ModelFile, Protocol, Server
from cardboard.tests.making import a_reading, a_result, a_workspace, entries_of, some_facts


def models(*given, **settings):
    """Return the labels that results of these models get, one for each result, in their order."""
    readings = [
        a_reading(a_result(model=model, f1=number / 100), file=f"{number:03}.json")
        for number, model in enumerate(given)
    ]
    found = models_of(readings, a_workspace(**settings))
    return [found[reading.sha256].named.name for reading in readings]


def codes(*given, **settings):
    readings = [a_reading(a_result(model=m, f1=n / 100)) for n, m in enumerate(given)]
    found = models_of(readings, a_workspace(**settings))
    return [[finding.code for finding in found[one.sha256].findings] for one in readings]


A, B = "a" * 64, "b" * 64
LORA = "checkpoint-300"


@pytest.mark.parametrize(
    ("one", "other", "labels"),
    [
        ({"revision": "step1000"}, {"revision": "step2000"}, ["m (step1000)", "m (step2000)"]),
        ({"revision": "a" * 40}, {"revision": "b" * 40}, ["m (aaaaaaa)", "m (bbbbbbb)"]),
        ({"weights_sha256": A}, {"weights_sha256": B}, ["m (aaaaaaaa)", "m (bbbbbbbb)"]),
        ({"file": ModelFile(sha256=A)}, {"weights_sha256": B}, ["m (aaaaaaaa)", "m (bbbbbbbb)"]),
        ({"path_tail": "x/m"}, {"path_tail": "y/m"}, ["m (x)", "m (y)"]),
        (
            {"adapter": Adapter(id=LORA), "path_tail": f"run-a/{LORA}"},
            {"adapter": Adapter(id=LORA), "path_tail": f"run-b/{LORA}"},
            [f"m+{LORA} (run-a)", f"m+{LORA} (run-b)"],
        ),
        (
            {"adapter": Adapter(id=LORA, sha256="a" * 32)},
            {"adapter": Adapter(id=LORA, sha256=B)},
            [f"m+{LORA} (aaaaaaaa)", f"m+{LORA} (bbbbbbbb)"],
        ),
        (
            {"server": Server(address_sha256=A)},
            {"server": Server(address_sha256=B)},
            ["m (server aaaaaaaa)", "m (server bbbbbbbb)"],
        ),
        (
            {"server": Server(address_sha256=A, model="one")},
            {"server": Server(address_sha256=A, model="two")},
            ["m (one)", "m (two)"],
        ),
        (
            {"server": Server(system_fingerprint="fp_1")},
            {"server": Server(system_fingerprint="fp_2")},
            ["m (fp_1)", "m (fp_2)"],
        ),
    ],
)
def test_what_both_record_and_differs_makes_two_models(one, other, labels):
    assert models(Model(id="m", **one), Model(id="m", **other)) == labels


def test_thinking_on_and_off_are_two_models():
    on, off = (
        a_result("m", protocol=Protocol(temperature=0.0, max_tokens=1024, thinking=thinking))
        for thinking in (True, False)
    )
    assert [e.label for e in entries_of(on, off)] == ["m (no thinking)", "m (thinking)"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"revision": "0f3a9c1"}, {"revision": "0f3a9c1" + "d" * 33}),
        ({"weights_sha256": A, "revision": "x"}, {"weights_sha256": A, "revision": "y"}),
        ({"weights_sha256": A, "path_tail": "x/m"}, {"weights_sha256": A, "path_tail": "y/m"}),
        ({"weights_sha256": A[:16]}, {"file": ModelFile(sha256=A)}),
        ({"revision": "x"}, {}),
        ({"revision": "x"}, {"weights_sha256": A}),
    ],
)
def test_the_same_content_or_a_part_that_is_missing_makes_one_model(one, other):
    assert models(Model(id="m", **one), Model(id="m", **other)) == ["m", "m"]


def test_what_lacks_a_part_joins_the_only_one_that_has_it_and_says_so():
    bare, whole = Model(id="m"), Model(id="m", revision="x", weights_sha256=A)
    assert models(bare, whole) == ["m", "m"]
    assert codes(bare, whole) == [["identity-joined"], []]


def test_what_fits_two_models_stands_apart_and_says_so():
    given = (Model(id="m"), Model(id="m", revision="x"), Model(id="m", revision="y"))
    assert models(*given) == ["m", "m (x)", "m (y)"]
    assert codes(*given) == [["identity-unclear"], [], []]


def test_a_revision_stands_for_the_weights_that_another_result_tells_of_it():
    given = (
        Model(id="m", revision="x", weights_sha256=A),
        Model(id="m", revision="y", weights_sha256=A),
        Model(id="m", revision="y"),
        Model(id="m", revision="z", weights_sha256=B),
    )
    assert models(*given) == ["m (aaaaaaaa)"] * 3 + ["m (bbbbbbbb)"]


def test_the_hub_does_not_tell_case_apart_and_blanks_mean_nothing():
    given = (Model(id="Org/M"), Model(id="org/m "), Model(id="Org/M", revision="x"))
    assert models(*given) == ["Org/M"] * 3
    assert codes(*given)[1] == ["name-variant", "identity-joined"]


def test_models_toml_can_merge_all_of_a_name_or_labels_one_by_one():
    one, two, three = (Model(id="m", revision=f"step{n}") for n in (1, 2, 3))
    assert models(one, two, models={"m": Profile(merge=True)}) == ["m", "m"]
    aliased = {"m": Profile(aliases=("m (step1)", "M (step2)"))}
    assert models(one, two, three, models=aliased) == ["m", "m", "m (step3)"]


def test_a_table_of_models_toml_may_be_named_as_a_label():
    one, two = (a_result(model=Model(id="m", revision=f"step{n}"), f1=n / 10) for n in (1, 2))
    own = {"m (step1)": Profile(repo="org/first"), "m": Profile(repo="org/m")}
    repos = {e.label: e.profile.repo for e in entries_of(one, two, models=own)}
    assert repos == {"m (step1)": "org/first", "m (step2)": "org/m"}


def test_two_models_of_one_name_have_pages_and_cards_of_their_own():
    one, two = (a_result(model=Model(id="org/m", revision=f"step{n}")) for n in (1, 2))
    entries = entries_of(one, two)
    assert len({e.slug for e in entries}) == 2
    assert {e.name for e in entries} == {"org/m"}


def test_names_that_look_alike_are_told_and_kept_apart():
    latin, cyrillic = a_result("org/Conf"), a_result("org/C\u043enf")
    entries = entries_of(latin, cyrillic)
    assert len(entries) == 2
    assert all("name-confusable" in {f.code for f in e.findings} for e in entries)


def test_equal_answers_under_two_names_are_told_on_both_sides():
    facts = replace(some_facts([1.0, 0.5], [0.0, 1.0], [1.0, 1.0]), answers_sha256=A)
    readings = [a_reading(a_result(name), facts=facts) for name in ("org/a", "org/b")]
    readings.append(a_reading(a_result("org/c"), facts=replace(facts, answers_sha256=B)))
    (board,) = build_boards(readings, a_workspace()).boards
    others = {
        e.model: f.values["other"] for e in board.entries for f in e.findings
        if f.code == "same-answers"
    }  # fmt: skip
    assert others == {"org/a": "org/b", "org/b": "org/a"}


def sweep(*ids, **settings):
    given = [a_result(model=one) for one in ids]
    boards = build_boards([a_reading(one) for one in given], a_workspace(**settings)).boards
    return {entry.label: board.class_ for board in boards for entry in board.entries}


def test_several_numbered_checkpoints_of_a_run_are_a_sweep_and_one_alone_is_a_model():
    run_a = [Model(id=f"checkpoint-{n}", path_tail=f"run-a/checkpoint-{n}") for n in (100, 200)]
    run_b = Model(id="checkpoint-100", path_tail="run-b/checkpoint-100")
    assert sweep(*run_a, run_b) == {
        "checkpoint-100 (run-a)": "sweep",
        "checkpoint-200": "sweep",
        "checkpoint-100 (run-b)": "models",
    }


def test_a_table_of_its_own_keeps_a_checkpoint_among_the_models():
    ids = [Model(id=f"org/m-checkpoint-{n}") for n in (1, 2, 3)]
    own = {"org/m-checkpoint-3": Profile()}
    assert sweep(*ids, models=own) == {
        "org/m-checkpoint-1": "sweep",
        "org/m-checkpoint-2": "sweep",
        "org/m-checkpoint-3": "models",
    }


PARTS = st.builds(
    Model,
    id=st.just("m"),
    revision=st.sampled_from([None, "x", "y"]),
    weights_sha256=st.sampled_from([None, A, B]),
    path_tail=st.sampled_from([None, "p/m", "q/m"]),
)


@given(st.lists(PARTS, min_size=1, max_size=6, unique=True))
@settings(max_examples=200)
def test_models_never_mix_what_differs_and_never_depend_on_the_order(given):
    labels = dict(zip(given, models(*given), strict=True))
    for one in given:
        for other in given:
            if labels[one] == labels[other] and one.weights_sha256 and other.weights_sha256:
                assert one.weights_sha256 == other.weights_sha256
    for order in list(permutations(given))[:24]:
        assert dict(zip(order, models(*order), strict=True)) == labels


def test_many_revisions_of_one_name_cost_no_pairs():
    given = [Model(id="m", revision=f"step{n}") for n in range(3000)]
    assert len(set(models(*given, Model(id="m")))) == 3001
