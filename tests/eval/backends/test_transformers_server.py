"""A real server: `transformers serve` answers over HTTP as the model does in this process."""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cardboard.eval.engine import Sampling
from cardboard.eval.records import Result
from cardboard.eval.run.run import evaluate

from ...replays import a_request, a_suite
from ...serving import environment, free_port, serving
from ...tiny import a_model

SUITE = a_suite(tasks=2, steps=2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    program = str(Path(sys.executable).with_name("transformers"))
    command = [program, "serve", str(model), "--device", "cpu", "--port", str(port)]
    with serving(command, port, folder / "log", environment(folder / "home")) as url:
        yield url


def result_of(
    folder: Path, backend: str, model: Path, temperature: float = 0.0, **options: object
) -> Result:
    sampling = Sampling(max_tokens=24, temperature=temperature)
    request = a_request(backend=backend, model=str(model), options=options, sampling=sampling)
    (outcome,) = evaluate([request], SUITE, folder)
    return msgspec.json.decode(outcome.path.read_bytes(), type=Result)


def test_a_served_model_says_what_the_loaded_one_says(
    model: Path, server: str, tmp_path: Path
) -> None:
    served = result_of(tmp_path / "served", "openai", model, base_url=server, concurrency=2)
    loaded = result_of(tmp_path / "loaded", "transformers", model)
    assert served.status == loaded.status == "complete"
    assert [step.answer for step in served.steps] == [step.answer for step in loaded.steps]
    assert len({step.answer for step in served.steps}) > 1
    assert [step.prompt_tokens for step in served.steps] == [
        step.prompt_tokens for step in loaded.steps
    ]
    assert served.metrics == loaded.metrics


def test_a_result_tells_that_the_template_of_a_server_is_not_known(
    model: Path, server: str, tmp_path: Path
) -> None:
    served = result_of(tmp_path, "openai", model, base_url=server)
    assert served.prompts.template_status == "unknown (remote)"
    assert served.prompts.template_sha256 is None
    assert served.protocol.extra["server"] == "transformers"
    assert served.model.id == model.name


def test_one_call_at_a_time_is_sampled_with_its_own_seed_and_several_are_not_sure_to_be(
    model: Path, server: str, tmp_path: Path
) -> None:
    once, again, many = (
        result_of(tmp_path / name, "openai", model, 1.0, base_url=server, concurrency=calls)
        for name, calls in (("once", 1), ("again", 1), ("many", 2))
    )
    assert [step.answer for step in once.steps] == [step.answer for step in again.steps]
    assert (once.protocol.seeding, many.protocol.seeding) == ("step", "unknown")
