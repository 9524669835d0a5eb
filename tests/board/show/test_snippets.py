"""The pieces of code that run a model: which ones fit, and that each can be run as it stands."""

import ast
import json
import shlex

import pytest

from cardboard.board.show.reproduction import Run
from cardboard.board.show.snippets import examples, snippet

PLAIN = Run(runnable=True, repo="org/model", model="org/model", served="org/model")
FULL = Run(
    runnable=True,
    repo="org/base",
    model="org/base",
    adapter="org/adapter",
    revision="abc",
    served="adapter",
    temperature=0.6,
    top_p=0.9,
    window=4096,
    tensor_parallel=2,
    kwargs={"enable_thinking": False},
    system_prompt='Say "hi".\n',
)
GGUF = Run(runnable=True, repo="org/model-GGUF", gguf="org/model-GGUF:Q4_K_M", served="m")


def names(run):
    return [example.name for example in examples(run)]


def test_a_model_is_run_by_the_engines_that_can_load_it():
    assert names(PLAIN) == ["messages", "vllm", "transformers", "serve", "client"]
    assert names(GGUF) == ["messages", "llama", "client"]


def test_nothing_is_shown_for_a_model_that_nobody_can_load():
    assert names(Run(runnable=False)) == []


@pytest.mark.parametrize("run", [PLAIN, FULL, GGUF], ids=["plain", "full", "gguf"])
def test_every_piece_can_be_run_as_it_stands(run):
    for name in names(run):
        code = snippet(run, name)
        assert code == code.strip()
        if name in ("serve", "llama"):
            assert shlex.split(code)[0] in ("vllm", "llama-server")
        else:
            ast.parse(code)


def test_the_answer_to_give_is_json():
    assert json.loads(snippet(PLAIN, "answer"))["task_complete"] is False


def test_all_that_was_recorded_is_in_the_code():
    code = "\n".join(snippet(FULL, name) for name in names(FULL))
    for said in ("abc", "4096", "tensor_parallel_size=2", "0.6", "0.9", '"enable_thinking": False'):
        assert said in code
