"""Chat templates are strangers' programs: what they make is taken, what they try is stopped."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.eval.engine import Message, Template
from cardboard.eval.prompts.rendering import LIMITS, HostileTemplate, Job, render
from cardboard.eval.sandbox import processes
from cardboard.eval.sandbox.rendering import Rendered

from ...tiny import TEMPLATE, a_tokenizer

NOW = "2026-03-04T05:06:07"
TURNS = (Message("user", "안녕 🙂 <|im_end|>"),)


def a_job(text: str, **kwargs: str | bool) -> Job:
    template = Template(text=text, source="given", special_tokens={"bos_token": "<s>"})
    return Job(template=template, messages=TURNS, kwargs=kwargs)


TEMPLATES = {
    "tiny": TEMPLATE,
    "what is not given": "{{ tools is none }}{{ documents is none }}{{ who is defined }}{{ who }}"
    "{{ enable_thinking is defined and enable_thinking is none }}{{ unk_token }}",
    "generation": "{% for m in messages %}\n  {% generation %}{{ m.content }}{% endgeneration %}\n"
    "{% endfor %}{{ eos_token }}",
    "json": "{{ messages | tojson(indent=2) }}{{ messages[0] | tojson }}{{ messages[0] }}",
    "thoughts": "{% for m in messages %}{{ m.reasoning_content is defined }}{{ m.thinking }}"
    "{{ m.get('tool_calls') }}{{ m | length }}{% endfor %}{{ add_generation_prompt }}",
    "loops": "{%- set n = namespace(last='') -%}{%- for m in messages -%}"
    "{%- set n.last = m.role -%}{%- if loop.index > 2 -%}{%- break -%}{%- endif -%}"
    "{{ m.content | trim }}{%- endfor -%}{{ n.last }}",
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_rendered_is_what_transformers_renders(name: str) -> None:
    tokenizer = a_tokenizer(TEMPLATES[name])
    template = Template(
        text=TEMPLATES[name], source="given", special_tokens=dict(tokenizer.special_tokens_map)
    )
    talks = [(*TURNS, Message("assistant", "<b>ls</b> \n"), *TURNS), TURNS]
    jobs = [
        Job(template=template, messages=turns, kwargs=kwargs)
        for turns in talks
        for kwargs in ({}, {"enable_thinking": False}, {"enable_thinking": None, "who": 1.5})
    ]
    theirs = [
        tokenizer.apply_chat_template(
            [{"role": turn.role, "content": turn.content} for turn in job.messages],
            tokenize=False,
            add_generation_prompt=True,
            **job.kwargs,
        )
        for job in jobs
    ]
    assert [one.text for one in render(jobs, now=NOW)] == theirs


REFUSED = {
    "{{ raise_exception('roles must alternate') }}": "TemplateError: roles must alternate",
    "{% for %}": "TemplateSyntaxError: line 1",
    "{{ messages[0].nothing.at_all }}": "UndefinedError",
    "{{ self.__init__.__globals__ }}": "SecurityError",
    "{{ 1 // 0 }}": "ZeroDivisionError",
    "{{ 'a' * 10000000000 }}": "MemoryError: the template takes too much memory",
    "{{ 'a' * 20000000 }}": "more than 16000000 characters",
}


def test_what_a_template_raises_is_its_answer_and_leaves_the_others_whole() -> None:
    bad = [a_job(text) for text in REFUSED]
    good = a_job("{{ bos_token }}{{ strftime_now('%d %b %Y') }}")
    first, *done, last = render([good, *bad, good], now=NOW)
    assert first == last == Rendered(text="<s>04 Mar 2026"), "the time that it is given"
    for error, one in zip(REFUSED.values(), done, strict=True):
        assert one.text is None
        assert error in (one.error or "")


def test_an_endless_template_is_stopped_and_leaves_no_process() -> None:
    before = _children()
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    with pytest.raises(HostileTemplate, match=r"stopped at render 2 of 2.*more than 0\.5 seconds"):
        render([a_job("fine"), a_job(loop)], now=NOW, limits=replace(LIMITS, seconds=0.5))
    assert not _children() - before


def test_the_renderer_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert not {"hf_secret", "sk-secret"} & set(processes._environment().values())


def _children() -> set[str]:
    """Return the processes that this one started and that still run."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split())


def test_a_template_that_is_slow_each_time_is_stopped_too() -> None:
    slow = "{% for i in range(900) %}{% for j in range(900) %}{% endfor %}{% endfor %}"
    limits = replace(LIMITS, seconds_in_all=2.0, mean_seconds=0.001)
    with pytest.raises(HostileTemplate, match=r"500 renders took more than 2\.5 seconds"):
        render([a_job(slow)] * 500, now=NOW, limits=limits)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of the processes that are started to render."""
    found: list[int] = []
    start = processes._started

    def counted(*told: Any) -> subprocess.Popen[bytes]:
        process = start(*told)
        found.append(process.pid)
        return process

    monkeypatch.setattr(processes, "_started", counted)
    return found


def test_one_process_renders_order_after_order(started: list[int]) -> None:
    """Between two of them it may wait for longer than a render may take."""
    limits = replace(LIMITS, seconds=0.5)
    with processes.Kept() as kept:
        for text in ("{{ messages[0].role }}", "{{ raise_exception('no') }}", "x" * (1 << 20)):
            job, alone = a_job(text), render([a_job(text)], now=NOW)
            before = len(started)
            assert render([job, job], now=NOW, limits=limits, kept=kept) == [*alone, *alone]
            assert len(started) == before + (before == 1)
            time.sleep(0.6)
    assert not _children() & {*map(str, started)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "0.5 s"),
        ("x" * 9000, "more than 20000 bytes"),
    ],
)
def test_after_a_process_that_had_to_be_ended_there_is_another(
    text: str, why: str, started: list[int]
) -> None:
    limits = replace(LIMITS, seconds=0.5, output_bytes=20000)
    with processes.Kept() as kept:
        with pytest.raises(HostileTemplate, match=why):
            render([a_job(text)] * 3, now=NOW, limits=limits, kept=kept)
        assert render([a_job("yes")], now=NOW, limits=limits, kept=kept)[0].text == "yes"
    assert len(started) == 2
