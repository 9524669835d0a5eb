"""What the audit renders, masks and counts is what transformers renders, masks and counts."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest
from transformers.utils import chat_template_utils

from cardboard.eval.audit.checks.masks import covered
from cardboard.eval.audit.rendering.encoding import Text, encode
from cardboard.eval.audit.rendering.probes import PROBES, TOOLS, Probe
from cardboard.eval.sandbox import environment
from cardboard.eval.sandbox.rendering import NOW, Program, Rendered, run
from cardboard.tests.eval.audit.samples import GOOD, MARKED, SAMPLES
from cardboard.tests.eval.audit.samples import TOOLS as WITH_TOOLS
from cardboard.tests.tiny import TEMPLATE, a_tokenizer


@pytest.fixture(autouse=True)
def without_transformers() -> None:
    """Render with transformers here."""


THINKS = (
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.reasoning_content and loop.last %}<think>{{ m.reasoning_content }}</think>{% endif %}"
    "{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}"
    "{% endif %}{{ strftime_now('%A') if tools }}"
)
TEMPLATES = {
    "tiny": TEMPLATE,
    "good": GOOD,
    "marked": MARKED,
    "tools": WITH_TOOLS,
    "thinks": THINKS,
    "folded": SAMPLES["system folded"].text,
    "alternates": SAMPLES["strict alternation"].text,
    "macro": SAMPLES["broken generation marker"].text,
    "parts": SAMPLES["parts alone"].text,
}
HERE = {name: probe for name, probe in PROBES.items() if probe.now == NOW and not probe.nulls}
"""Probes that transformers takes without a clock of ours and with its own way with nulls."""


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_probe_comes_out_as_transformers_renders_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = a_tokenizer(TEMPLATES[name])
    fix_clock(monkeypatch)
    program = Program(TEMPLATES[name], tokenizer.special_tokens_map)
    ours = run([probe.job(program) for probe in HERE.values()])
    for probe, rendered in zip(HERE.values(), ours, strict=True):
        assert rendered.text == rendered_by(tokenizer, probe, rendered)


def rendered_by(tokenizer: Any, probe: Probe, ours: Rendered) -> str | None:
    """Return what transformers makes of *probe*, `None` where it refuses as we do."""
    try:
        text: str = tokenizer.apply_chat_template(
            list(probe.messages),
            tools=list(TOOLS) if probe.tools else None,
            tokenize=False,
            add_generation_prompt=probe.prompt,
            **probe.kwargs,
        )
    except (jinja2.TemplateError, TypeError) as error:
        assert ours.error == f"{type(error).__name__}: {error}"
        return None
    return text


def fix_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let transformers see the time that probes see."""
    from transformers.utils import chat_template_utils

    class Clock:
        @staticmethod
        def now() -> datetime:
            return datetime.fromisoformat(NOW)

    monkeypatch.setattr(chat_template_utils, "datetime", Clock)


@pytest.mark.parametrize("name", ["marked", "macro"])
def test_masks_are_those_of_transformers_token_by_token(name: str, tmp_path: Path) -> None:
    tokenizer = a_tokenizer(TEMPLATES[name])
    tokenizer.save_pretrained(tmp_path)
    probe = PROBES["talk answered"]
    [rendered] = run([probe.job(Program(TEMPLATES[name], tokenizer.special_tokens_map))])
    assert rendered.text is not None
    theirs = tokenizer.apply_chat_template(
        list(probe.messages), return_dict=True, return_assistant_tokens_mask=True
    )
    [encoded] = encode([Text(rendered.text, tmp_path / "tokenizer.json")])
    assert encoded is not None
    assert list(encoded.ids) == theirs["input_ids"]
    ours = covered(rendered.spans, encoded.spans)
    assert ours == {place for place, mark in enumerate(theirs["assistant_masks"]) if mark}


def test_tokens_are_counted_with_and_without_what_a_tokenizer_adds(tmp_path: Path) -> None:
    tokenizer = with_bos(a_tokenizer())
    tokenizer.save_pretrained(tmp_path)
    [encoded] = encode([Text("<s>ls 안녕", tmp_path / "tokenizer.json")])
    assert encoded is not None
    assert list(encoded.ids) == tokenizer("<s>ls 안녕", add_special_tokens=False)["input_ids"]
    assert encoded.with_special[:2] == (tokenizer.bos_token_id, tokenizer.bos_token_id)


def with_bos(tokenizer: Any) -> Any:
    """Let *tokenizer* put a BOS before texts, as that of Llama does."""
    from tokenizers.processors import TemplateProcessing

    token = (tokenizer.bos_token, tokenizer.bos_token_id)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{token[0]} $A", special_tokens=[token]
    )
    return tokenizer


Compile = Callable[[str], jinja2.Template]


def ours_alone() -> Compile:
    compiler: Compile = environment._environment().from_string
    return compiler


def lifted() -> Compile:
    """Return the compiler of the installed transformers, taken out of its file."""
    compiler = environment._lifted(Path(chat_template_utils.__file__))
    assert compiler is not None, "this version needs more: name it in `environment._names`"
    return compiler


@pytest.mark.parametrize("compiler", [ours_alone, lifted])
@pytest.mark.parametrize("name", TEMPLATES)
def test_without_the_package_of_transformers_the_environment_is_equal(
    name: str, compiler: Callable[[], Compile]
) -> None:
    theirs, ours = environment._imported()(TEMPLATES[name]), compiler()(TEMPLATES[name])
    assert type(theirs.environment).__mro__[0] is type(ours.environment)
    for probe in PROBES.values():
        known = {
            "messages": environment.with_thoughts([dict(turn) for turn in probe.messages]),
            "tools": list(TOOLS) if probe.tools else None,
            "add_generation_prompt": probe.prompt,
            "strftime_now": datetime.fromisoformat(probe.now).strftime,
            "bos_token": "<s>",
            **probe.kwargs,
        }
        assert outcome(ours, known) == outcome(theirs, known)


HOSTILE = (
    "{{ ().__class__.__mro__ }}",
    "{% set n = namespace(_x=1) %}",
    "{% set n = namespace() %}{% set n._x = 1 %}",
    "{{ messages.append(1) }}",
    "{{ dict.fromkeys([1]) }}{{ dict(a=1) }}",
    "{{ dict.__class__.__name__.x }}",
    "{{ namespace.__init__.__globals__.x }}",
    "{{ raise_exception.__globals__.x }}",
    "{{ '{0.__class__.__mro__}'.format(1) }}",
    "{% for a in [1, 2, 3] %}{% if a == 2 %}{% break %}{% endif %}{{ a }}{% endfor %}",
    "{{ '<한글>' | tojson }}{{ {'b': 1, 'a': 2} | tojson(sort_keys=true, indent=1) }}",
    "{{ range(200000) | length }}",
    "{% generation %}",
)


@pytest.mark.parametrize("compiler", [ours_alone, lifted])
@pytest.mark.parametrize("text", HOSTILE)
def test_what_the_one_sandbox_refuses_the_other_refuses(
    text: str, compiler: Callable[[], Compile]
) -> None:
    known = {"messages": [{}], "strftime_now": str}
    theirs = environment._imported()
    assert outcome_of(compiler(), text, known) == outcome_of(theirs, text, known)


@pytest.mark.parametrize(
    "text", ["", "def", "import os", "def _compile_jinja_template(text):\n    return other(text)"]
)
def test_a_compiler_that_needs_more_than_is_known_is_imported_with_its_package(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "chat_template_utils.py").write_text(text)
    assert environment._lifted(tmp_path / "chat_template_utils.py") is None
    assert environment._lifted(tmp_path / "nowhere.py") is None


def outcome_of(compiler: Compile, text: str, known: dict[str, Any]) -> str:
    try:
        return outcome(compiler(text), known)
    except jinja2.TemplateError as error:
        return type(error).__name__


def outcome(template: jinja2.Template, known: dict[str, Any]) -> str:
    """Return the text and the marked spans of a render, or the kind of error that it ends in."""
    written: list[str] = []
    spans: list[tuple[int, int]] = []
    try:
        with template.environment.activate_tracker(written, spans):  # type: ignore[attr-defined]  # ours
            written += template.generate(known)
    except (jinja2.TemplateError, ArithmeticError, TypeError, ValueError) as error:
        return type(error).__name__
    return f"{''.join(written)} {spans}"
