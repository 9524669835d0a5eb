"""What tells models apart: names folded, paths cut to what tells runs apart, and content first."""

import pytest

from cardboard.eval.identity import (
    checkpoint,
    differing,
    fold,
    identity_of,
    path_tail,
    settled,
    skeleton,
)
from cardboard.eval.records import Adapter, Model, ModelFile, Server


@pytest.mark.parametrize(
    ("path", "tail"),
    [
        ("/home/worker/run-a/checkpoint-300", "run-a/checkpoint-300"),
        ("C:\\Users\\bob\\exp\\final", "exp/final"),
        ("/mnt/nas/sft/checkpoints/checkpoint-9/", "sft/checkpoints/checkpoint-9"),
        ("./runs/a/checkpoint-2", "a/checkpoint-2"),
        ("sft-2/global_step400/hf", "sft-2/global_step400/hf"),
        ("/data/models/lfm2-sft", None),
        ("checkpoint-300", None),
    ],
)
def test_a_path_is_cut_to_what_tells_runs_apart(path: str, tail: str | None) -> None:
    assert path_tail(path) == tail


def test_the_folder_of_a_person_tells_runs_apart_without_being_named() -> None:
    one, other = (path_tail(f"/home/{name}/checkpoint-300") for name in ("kim", "lee"))
    assert one is not None
    assert one != other
    assert "kim" not in one


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("checkpoint-300", ("", 300)),
        ("run-a/checkpoint-300", ("run-a", 300)),
        ("org/model-checkpoint-20", ("org/model", 20)),
        ("org/model-checkpoint-20b", None),
        ("org/acheckpoint-20", None),
    ],
)
def test_numbered_checkpoints_tell_their_run(name: str, found: object) -> None:
    assert checkpoint(name) == found


def test_names_fold_as_the_hub_does_and_lookalikes_only_look_alike() -> None:
    assert fold(" Org/Model ") == fold("org/MODEL")
    assert fold("org/c\u043enf") != fold("org/conf")
    assert skeleton("org/c\u043enf") == skeleton("ORG/Conf")
    assert skeleton("org/co\u200bnf") == skeleton("org/conf")


A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("one", "other", "parts"),
    [
        ({"revision": "x"}, {"revision": "y"}, ["revision"]),
        ({"revision": "x"}, {}, ["revision"]),
        ({"weights_sha256": A, "revision": "x"}, {"weights_sha256": A, "revision": "y"}, []),
        ({"weights_sha256": A}, {"weights_sha256": B}, ["weights_sha256"]),
        ({"file": ModelFile(sha256=A)}, {"file": ModelFile(sha256=B)}, ["weights_sha256"]),
        ({"weights_sha256": A, "path_tail": "p"}, {"weights_sha256": A, "path_tail": "q"}, []),
        (
            {"weights_sha256": A, "adapter": Adapter(id="l"), "path_tail": "p"},
            {"weights_sha256": A, "adapter": Adapter(id="l"), "path_tail": "q"},
            ["path_tail"],
        ),
        (
            {"adapter": Adapter(id="l", sha256=A), "path_tail": "p"},
            {"adapter": Adapter(id="l", sha256=B), "path_tail": "p"},
            ["adapter_sha256"],
        ),
        (
            {"server": Server(address_sha256=A)},
            {"server": Server(address_sha256=B)},
            ["server"],
        ),
        ({"label": "one"}, {"label": "two"}, []),
    ],
)
def test_content_goes_before_place(
    one: dict[str, object], other: dict[str, object], parts: list[str]
) -> None:
    first, second = (
        identity_of(Model(id="m", **given))  # type: ignore[arg-type]  # a table of fields
        for given in (one, other)
    )
    assert differing(first, second) == parts
    assert (settled(first) == settled(second)) == (parts == [])


def test_the_hash_of_a_gguf_file_that_older_results_keep_among_settings_counts() -> None:
    old = identity_of(Model(id="m"), extra={"gguf_sha256": A})
    assert differing(old, identity_of(Model(id="m", file=ModelFile(sha256=A)))) == []
