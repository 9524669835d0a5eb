"""Each behaviour gives its code; none takes longer than its limit or leaves a process behind."""

import os
import signal
import time
from pathlib import Path

import pytest

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.checks.cases import Case
from cardboard.eval.audit.checks.check_turns import check_program
from cardboard.eval.audit.findings import CODES, Finding
from cardboard.eval.audit.reports import Audit
from cardboard.eval.audit.sources.sources import Found, Source, Tokens
from cardboard.eval.sandbox.rendering import Limits, Rendered, _ending
from cardboard.tests.eval.audit.samples import GOOD, MARKED, SAMPLES, TOOLS

LIMITS = Limits(seconds=3.0)
TOKENS = Tokens(special={"bos_token": "<s>", "eos_token": "<|im_end|>"})


def a_source(text: str, tokens: Tokens = TOKENS) -> Source:
    template = Found(text=text, place="chat_template.jinja", shelf="files")
    return Source(name="sample", kind="template", templates=(template,), tokens=tokens)


def codes(one: Audit) -> set[str]:
    return {finding.code for finding in one.all_findings}


def grave(one: Audit) -> set[str]:
    return {finding.code for finding in one.all_findings if finding.severity != "info"}


@pytest.fixture(scope="module")
def audits() -> dict[str, Audit]:
    """All samples in one audit, as if they were the models of one command."""
    plain = {name: sample for name, sample in SAMPLES.items() if not sample.kwargs}
    found = audit([a_source(sample.text) for sample in plain.values()], limits=LIMITS)
    given = {
        name: audit([a_source(sample.text)], kwargs=sample.kwargs, limits=LIMITS)[0]
        for name, sample in SAMPLES.items()
        if sample.kwargs
    }
    return dict(zip(plain, found, strict=True)) | given


@pytest.mark.parametrize("name", SAMPLES)
def test_each_behaviour_gives_its_code(audits: dict[str, Audit], name: str) -> None:
    sample = SAMPLES[name]
    assert sample.code in codes(audits[name])
    if sample.trait is not None:
        told = {cell.check: cell.value for cell in audits[name].checks}
        assert told[sample.trait[0]] == sample.trait[1]


ELSEWHERE = {
    # What files, tokens, engines and servers have to say, not the template alone.
    *("audit-source-unreadable", "audit-file-unreadable", "audit-no-template", "audit-base-untold"),
    *("audit-mistral-common", "audit-eos-untold", "audit-pad-ends-turn", "audit-pad-is-eos"),
    *("audit-only-jinja", "audit-response-template"),
    *("audit-template-untold", "audit-template-named", "audit-bos-missing"),
    *("audit-bos-added-again", "audit-end-not-stop", "audit-end-not-token"),
    *("audit-marks-not-tokens", "audit-adapter-differs"),
    *("audit-server-differs", "audit-generation-tag", "audit-crash"),
}


OF_ENGINES = ("audit-engine-", "audit-engines-", "audit-ollama-")
"""Codes that tests of engines and of Ollama have."""


def test_every_code_that_a_template_alone_can_give_has_a_sample() -> None:
    apart = ("family", "drift", "lint", "contract")
    asked = {
        code
        for code, (check, _) in CODES.items()
        # What engines make of a template is looked at in `checks/test_check_engines.py`.
        if check not in apart and not code.startswith(OF_ENGINES)
    }
    assert asked - {sample.code for sample in SAMPLES.values()} == ELSEWHERE


def test_a_renderer_that_dies_by_itself_is_a_crash() -> None:
    assert _ending(-signal.SIGSEGV) == _ending(1) == "crash"
    [told] = [
        one
        for one in check_program(Case(renders={"user": Rendered(problem="crash", error="gone")}))
        if isinstance(one, Finding)
    ]
    assert (told.code, told.values) == ("audit-crash", {"error": "gone"})


@pytest.mark.parametrize("text", [GOOD, MARKED, TOOLS])
def test_nothing_is_wrong_with_what_is_right(text: str) -> None:
    [found] = audit([a_source(text)])
    assert grave(found) == set()


def test_a_bos_that_ends_turns_as_well_is_not_late() -> None:
    """Granite's one token is BOS, EOS and the end of a turn."""
    tokens = Tokens(special={"bos_token": "<|im_end|>", "eos_token": "<|im_end|>"})
    text = "<|im_start|>system\nBe brief.<|im_end|>\n" + GOOD.replace("{{ bos_token }}", "")
    [found] = audit([a_source(text, tokens)])
    assert grave(found) == set()


HOSTILE = ("infinite loop", "memory bomb", "10 MB output", "attribute escape", "endless recursion")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_ends_within_its_limit_and_leaves_nothing(name: str) -> None:
    began, before = time.monotonic(), children()
    [found] = audit([a_source(SAMPLES[name].text)], limits=LIMITS)
    took = time.monotonic() - began
    assert SAMPLES[name].code in codes(found)
    assert took < LIMITS.seconds + 20, "the process and its start on a busy machine included"
    assert not children() - before


SLOW = "{% for a in range(600) %}{% for b in range(600) %}{% endfor %}{% endfor %}" + GOOD
"""Ends in time, each time."""


def test_a_template_that_is_slow_with_every_probe_has_an_end_as_well() -> None:
    patient = Limits(seconds=5.0, seconds_in_all=0.2)
    began = time.monotonic()
    slow, good = audit([a_source(SLOW), a_source(GOOD)], limits=patient)
    assert time.monotonic() - began < 20
    assert "audit-endless" in codes(slow)
    assert grave(good) == set()


LATER = {
    "where content is a list": "messages[0].content is not string",
    "where it is asked to think": "thinking",
}


@pytest.mark.parametrize("when", LATER)
def test_a_template_that_is_slow_only_when_it_is_tried_again_is_told(when: str) -> None:
    text = f"{{% if {LATER[when]} %}}{SAMPLES['infinite loop'].text}{{% endif %}}" + GOOD
    asked = text.replace("m.content", "(m.content if m.content is not string)")
    [found] = audit([a_source(asked if "list" in when else text)], limits=LIMITS)
    assert "audit-endless" in codes(found)


def test_what_is_told_of_a_long_prompt_does_not_take_longer_than_the_prompt() -> None:
    """Pieces of prompts are compared letter by letter: those of strangers may be any length."""
    head = "{{ 'ab<|im_start|>' * 9000 }}"
    many = {f"<|{number}|>": number for number in range(9000)}
    tokens = Tokens(special=TOKENS.special, single=many, stops=("<|im_end|>",))
    began = time.process_time()
    audit([a_source(head + GOOD.replace("<|im_end|>", f"<|im_end|>{head}"), tokens)])
    assert time.process_time() - began < 20


def test_a_hostile_template_does_not_keep_others_from_being_audited() -> None:
    texts = [GOOD, SAMPLES["infinite loop"].text, MARKED]
    first, hostile, last = audit([a_source(text) for text in texts], limits=LIMITS)
    assert "audit-endless" in codes(hostile)
    assert grave(first) == grave(last) == set()
    assert {cell.check: cell.value for cell in last.checks}["mask"] == "letters"


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert audit([a_source(TOOLS)]) == audit([a_source(TOOLS)])


def children() -> set[str]:
    """Return the processes that this one started and that still run."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split())
