"""One model in three engines: the same prompts, answers (token for token) and score."""

import pytest

from cardboard.eval.records import Result, Step, value

from .conftest import Bench, Measured

pytestmark = pytest.mark.engines

ENGINES = ("transformers", "vllm", "llama", "llama-cpp-python")
RENDERING = tuple(engine for engine in ENGINES if engine != "llama")
"""Those whose prompts are rendered and tokenised here."""


def told(step: Step) -> tuple[object, ...]:
    """Return all that an engine had a part in."""
    return (
        step.prompt_tokens,
        step.answer,
        step.output_tokens,
        step.finish_reason,
        step.parsed,
        step.scores,
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_text_tells_its_tokens(engine: str, measured: Measured) -> None:
    """Each token but the one that ends an answer is a single character: equal texts, equal ids."""
    for step in measured(engine).steps:
        assert step.answer is not None
        assert step.answer.isascii()
        assert step.output_tokens == len(step.answer) + (step.finish_reason == "stop")


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_greedy_answers_are_those_of_transformers(engine: str, measured: Measured) -> None:
    one, other = measured("transformers"), measured(engine)
    assert [told(step) for step in other.steps] == [told(step) for step in one.steps]
    assert other.metrics == one.metrics


@pytest.mark.parametrize("engine", ENGINES)
def test_what_the_model_learnt_is_scored_and_the_rest_is_not(
    engine: str, measured: Measured
) -> None:
    result = measured(engine)
    learnt = [
        step.scores["command_f1"] for step in result.steps if step.task_id in ("files", "text")
    ]
    assert learnt == [1.0] * 6
    assert 0.5 <= (value(result, "command_f1") or 0.0) < 1


@pytest.mark.parametrize("engine", RENDERING[1:])
def test_prompts_are_built_alike(engine: str, measured: Measured) -> None:
    def evidence(result: Result) -> tuple[object, ...]:
        prompts = result.prompts
        return (
            prompts.template_sha256,
            prompts.status_counts,
            prompts.first_token_ids,
            prompts.doubled_bos,
            prompts.truncated,
            prompts.tokens_max,
        )

    assert evidence(measured(engine)) == evidence(measured("transformers"))
    assert measured(engine).prompts.doubled_bos is False


@pytest.mark.parametrize(
    ("engine", "source", "packages"),
    [
        ("transformers", "chat_template.jinja", {"torch", "transformers"}),
        ("vllm", "chat_template.jinja", {"torch", "vllm"}),
        ("llama", "gguf", {"xllamacpp"}),
        ("llama-cpp-python", "gguf", {"llama-cpp-python"}),
    ],
)
def test_a_result_tells_where_its_template_and_answers_come_from(
    engine: str, source: str, packages: set[str], measured: Measured
) -> None:
    result = measured(engine)
    assert result.status == "complete"
    assert result.prompts.template_source == source
    assert set(result.versions) == {"cardboard", "python"} | packages
    assert (result.protocol.backend, result.protocol.dtype) == (engine, "float32")
    assert result.protocol.max_model_len == 512


@pytest.mark.parametrize("engine", ["vllm", "llama-cpp-python"])
def test_a_sampled_answer_is_the_same_whatever_is_asked_beside_it(
    bench: Bench, engine: str
) -> None:
    """Half of the tasks are asked alone, in other batches, and answered as among all."""
    model = bench.model if engine == "vllm" else bench.gguf
    chance = ("--temperature", "1", "--seed", "3")
    whole = bench.measured(engine, model, *chance)
    half = bench.measured(engine, model, *chance, "--shard", "2/2")
    said = {(step.task_id, step.step_idx): step.answer for step in whole.steps}
    assert whole.protocol.seeding == "step"
    assert 0 < len(half.steps) < len(whole.steps)
    assert [step.answer for step in half.steps] == [
        said[step.task_id, step.step_idx] for step in half.steps
    ]
