"""The named formats of llama-cpp-python, as its own code writes them."""

import json
import subprocess

import pytest

from cardboard.eval.audit.rendering.formats import format_named, named
from cardboard.eval.audit.rendering.probes import PROBES

from .conftest import PYTHONS

pytestmark = pytest.mark.engines

CODE = """
import json, sys
from llama_cpp import llama_chat_format as formats
given = json.load(sys.stdin)
texts = {
    "chatml": [formats.CHATML_CHAT_TEMPLATE],
    "llama-3": [formats.LLAMA3_INSTRUCT_CHAT_TEMPLATE],
    "mistral-instruct": [
        formats.MISTRAL_INSTRUCT_CHAT_TEMPLATE, formats.MIXTRAL_INSTRUCT_CHAT_TEMPLATE
    ],
}
write = {
    "chatml": formats.format_chatml,
    "llama-3": formats.format_llama3,
    "mistral-instruct": formats.format_mistral_instruct,
}
prompts = {name: [write[name](messages=one).prompt for one in given] for name in write}
print(json.dumps({"texts": texts, "prompts": prompts}))
"""
TALKS = [list(PROBES[name].messages) for name in ("user", "system", "talk", "long talk")]


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, list[str]]]:
    done = subprocess.run(
        [PYTHONS["llama-cpp-python"], "-c", CODE],
        input=json.dumps(TALKS),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["chatml", "llama-3", "mistral-instruct"])
def test_it_takes_the_same_texts_for_a_format_and_writes_the_same_prompts(
    name: str, told: dict[str, dict[str, list[str]]]
) -> None:
    assert {named("llama-cpp-python", text) for text in told["texts"][name]} == {name}
    form = format_named("llama-cpp-python", name)
    assert form is not None
    assert [form.prompt(messages) for messages in TALKS] == told["prompts"][name]
