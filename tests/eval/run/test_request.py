"""Requests: names of models without paths, parts of suites, and stable file names."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from cardboard.eval.backends.adapters import published_name
from cardboard.eval.engine import Options, Sampling
from cardboard.eval.prompts.texts import Choices
from cardboard.eval.run.request import result_name, rows_of

from ...replays import a_request, a_suite


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B"),
        ("oracle", "oracle"),
        ("/data/models/mine/", "mine"),
        ("./runs/checkpoint-610", "checkpoint-610"),
        ("~/models/mine", "mine"),
    ],
)
def test_a_published_name_is_never_a_path(model: str, name: str) -> None:
    assert published_name(model) == name


def test_a_folder_below_this_one_is_named_by_its_last_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    assert published_name("runs/mine") == "mine"


def test_a_file_name_tells_model_and_suite_and_is_the_same_everywhere() -> None:
    name = result_name(a_request(model="org/my model"), a_suite())
    assert name == "org__my-model--tiny-1--0db63da3.json"


def test_an_adapter_is_part_of_the_file_name() -> None:
    request = a_request(options={"adapter": "org/lora"})
    assert result_name(request, a_suite()).startswith("org__model+org__lora--tiny-1--")


@pytest.mark.parametrize(
    "differs",
    [
        {"sampling": Sampling(max_tokens=7)},
        {"sampling": Sampling(temperature=0.5)},
        {"choices": Choices(rules=("fold-system",))},
        {"choices": Choices(kwargs={"enable_thinking": False})},
        {"options": {"dtype": "float32"}},
        {"options": {"revision": "abc"}},
        {"options": {"extra": {"noise": 0.5}}},
        {"backend": "vllm"},
        {"shard": (0, 2)},
        {"limit": 3},
    ],
)
def test_what_may_change_the_score_changes_the_file_name(differs: dict[str, object]) -> None:
    assert result_name(a_request(**differs), a_suite()) != result_name(a_request(), a_suite())


@pytest.mark.parametrize("option", ["batch_size", "concurrency", "tensor_parallel"])
def test_how_fast_it_is_computed_does_not(option: str) -> None:
    assert result_name(a_request(options={option: 3}), a_suite()) == result_name(
        a_request(), a_suite()
    )


def test_another_suite_of_the_same_name_has_another_file() -> None:
    names = {result_name(a_request(), suite) for suite in (a_suite(2), a_suite(3))}
    assert len(names) == 2


def test_shards_are_whole_tasks_and_together_the_suite() -> None:
    suite = a_suite(tasks=5)
    parts = [rows_of(a_request(shard=(index, 2)), suite) for index in range(2)]
    assert [len({row.task_id for row in part}) for part in parts] == [3, 2]
    assert sorted(row.key for part in parts for row in part) == sorted(r.key for r in suite.rows)


def test_the_base_is_published_beside_its_adapter() -> None:
    request = a_request(options={"adapter": "/data/loras/lora-1"})
    assert request.options == Options(model="org/model", adapter="/data/loras/lora-1")
    assert request.model.adapter is not None
    assert request.model.adapter.id == "lora-1"


@pytest.mark.parametrize("shard", [None, (0, 2), (1, 2)])
def test_rows_are_asked_task_by_task_however_the_suite_has_them(
    shard: tuple[int, int] | None,
) -> None:
    suite = a_suite(tasks=3, steps=3)
    mixed = replace(suite, rows=tuple(sorted(suite.rows, key=lambda row: row.step_idx)))
    assert mixed.rows != suite.rows
    assert rows_of(a_request(shard=shard), mixed) == rows_of(a_request(shard=shard), suite)
    assert rows_of(a_request(), suite) == suite.rows


def a_checkpoint(folder: Path, weights: str, name: str = "model.safetensors") -> str:
    folder.mkdir(parents=True)
    (folder / name).write_text(weights)
    return str(folder)


def test_folders_that_end_alike_are_told_apart_by_their_weights(tmp_path: Path) -> None:
    one, other, copy = (
        a_checkpoint(tmp_path / run / "checkpoint-300", weights)
        for run, weights in (("run-a", "1"), ("run-b", "2"), ("run-c", "1"))
    )
    names = [result_name(a_request(model=model), a_suite()) for model in (one, other, copy)]
    assert names[0] != names[1]
    assert names[0] == names[2], "the same weights are the same model"
    assert all(name.startswith("checkpoint-300--tiny-1--") for name in names)
    model = a_request(model=one).model
    assert (model.id, model.path_tail) == ("checkpoint-300", "run-a/checkpoint-300")
    assert len(model.weights_sha256 or "") == 64


def test_adapters_whose_folders_end_alike_are_told_apart_by_their_weights(tmp_path: Path) -> None:
    adapters = [
        a_checkpoint(tmp_path / run / "checkpoint-300", run, "adapter_model.safetensors")
        for run in ("run-a", "run-b")
    ]
    requests = [a_request(options={"adapter": adapter}) for adapter in adapters]
    assert len({result_name(request, a_suite()) for request in requests}) == 2
    told = [request.model.adapter for request in requests]
    assert [one.id for one in told if one] == ["checkpoint-300"] * 2
    assert len({one.sha256 for one in told if one}) == 2


def test_servers_that_serve_one_name_are_told_apart_by_their_addresses() -> None:
    names = {
        result_name(a_request(backend="openai", options={"base_url": url}), a_suite())
        for url in ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000", "http://127.0.0.1:9000/v1")
    }
    assert len(names) == 2, "an address may be written in two ways"


def test_no_address_and_no_folder_of_this_machine_is_in_a_request_s_model(tmp_path: Path) -> None:
    model = a_checkpoint(tmp_path / "run" / "checkpoint-300", "1")
    local = msgspec.json.encode(a_request(model=model).model)
    assert str(tmp_path).encode() not in local
    served = a_request(backend="openai", options={"base_url": "http://secret.example:1/v1"})
    assert b"secret" not in msgspec.json.encode(served.model)
