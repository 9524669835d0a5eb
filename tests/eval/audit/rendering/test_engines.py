"""What the profiles say that an engine sends is what that engine sends."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from cardboard.eval.audit.checks.check_engines import CONVERSATIONS, Compared, Unit, compared
from cardboard.eval.audit.rendering import engines as profiles
from cardboard.eval.audit.rendering.engines import Asked, Spoken, engines, loaded, sent, sources
from cardboard.eval.audit.reports import Engine
from cardboard.eval.audit.sources.engines import taken_by
from cardboard.eval.audit.sources.sources import Found, Source, Tokens
from cardboard.eval.sandbox.rendering import Program
from cardboard.tests.eval.audit import real_minijinja
from cardboard.tests.eval.audit.grammar import templates
from cardboard.tests.eval.audit.real_llama import Llama, a_model, llama
from cardboard.tests.eval.audit.samples import GOOD, MARKED, SAMPLES, TOOLS, here

TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    with llama(a_model(tmp_path_factory.mktemp("llama") / "zeros.gguf")) as found:
        yield found


def body(asked: Asked) -> dict[str, Any]:
    """Return *asked* as a client of a server sends it."""
    found: dict[str, Any] = {"messages": list(asked.messages)}
    if asked.tools:
        found["tools"] = list(asked.tools)
    if asked.kwargs:
        found["chat_template_kwargs"] = dict(asked.kwargs)
    return found


def ours(engine: str, template: str, asked: Sequence[Asked]) -> list[str | None]:
    spoken = spoken_by(engine, template)
    return [one.text for one in sent([(spoken, each) for each in asked], here)]


def spoken_by(engine: str, template: str) -> Spoken:
    [spoken] = loaded([(engine, Program(template, TOKENS))], here)
    return spoken


OTHERS = {
    "thinks": "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
    "{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}{% endfor %}"
    "<|im_start|>assistant\n{% if enable_thinking is defined and enable_thinking %}<think>\n"
    "{% else %}<think></think>\n{% endif %}",
    "parts": "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for part in m.content %}"
    "{{ part.text }}{% endfor %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n",
    "parts or text": "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.content is string %}"
    "{{ m.content }}{% else %}{% for part in m.content %}{{ part.text }}{% endfor %}{% endif %}"
    "<|im_end|>\n{% endfor %}<|im_start|>assistant\n",
    "users alone": "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% elif m.role == 'assistant' %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}",
    "list that grows": "{% set l = [] %}{% for m in messages %}{% set _ = l.append(m.content) %}"
    "{% endfor %}{{ l | join('|') }}",
    "missing": "{% if messages[0].x.y is defined %}a{% endif %}{{ messages[0].content }}",
    "null joined": "{{ none ~ messages[-1].content }}{{ 'a' + (bos_token or '') }}",
    "letters": "{{ messages[0].content | length }} {{ messages[0].content[:4] }}",
    "printed": "{{ [1, 'a', none, true] }} {{ {'a': 1} }} {{ 1.5 }} {{ true }} {{ none }}",
    "letter by letter": "{% for letter in 'ab' %}{{ letter }}{% endfor %}",
    "null with a default": "{{ none | default('x') }}{{ messages[-1].content }}",
    "nothing stripped": "{{ messages[0].nothing.strip() }}{{ messages[-1].content }}",
    "joined list": "{{ 'a' ~ ['b', 1] }}{{ 'a' | tojson(ensure_ascii=true) }}",
    "whole calls": "{% for m in messages %}{{ m.tool_calls | tojson if m.tool_calls }}"
    "{{ m.content }}{% endfor %}",
    "filled": "{{ '%s!' % messages[0].content }}",
    "power": "{{ 2 ** 3 }}",
    "with": "{% with a = 1 %}{{ a }}{% endwith %}",
    "break": "{% for m in messages %}{% if loop.index > 1 %}{% break %}{% endif %}{{ m.content }}"
    "{% endfor %}",
    "reversed": "{{ messages[::-1][0].content }}",
    "escaped": "{{ tools | tojson | safe if tools }}{{ ('<' | safe) ~ '<' }}"
    "{{ messages[0].content }}",
    "dates": "{{ date_string }} {{ datetime is defined }} {{ strftime_now('%Y-%m-%d') }}"
    "{{ messages[0].content }}",
    "lines": "{% if true %}\n  a\n{% endif %}\n  {% for m in messages %}\n{{ m.content }}\n"
    "{% endfor %}",
}
TEMPLATES = {
    "good": GOOD,
    "marked": MARKED,
    "tools": TOOLS,
    "folded": SAMPLES["system folded"].text,
    "no system role": SAMPLES["no system role"].text,
    "strict alternation": SAMPLES["strict alternation"].text,
    **OTHERS,
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_llama_cpp_sends_what_its_profile_says(name: str, real: Llama) -> None:
    theirs = real.renders(TEMPLATES[name], [body(one) for one in today().values()])
    found = ours("llama.cpp", TEMPLATES[name], list(today().values()))
    if theirs is None:
        assert set(found) == {None}
    else:
        assert dict(zip(today(), found, strict=True)) == dict(zip(today(), theirs, strict=True))


def today() -> dict[str, Asked]:
    """Return the conversations as of today, which llama.cpp shows to templates that ask."""
    from datetime import date

    now = f"{date.today().isoformat()}T12:00:00"
    return {name: replace(one, now=now) for name, one in CONVERSATIONS.items()}


@pytest.mark.parametrize("engine", ["mistral.rs", "tgi"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_minijinja_renders_what_the_profiles_of_its_engines_say(engine: str, name: str) -> None:
    asked = list(CONVERSATIONS.values())
    spoken = spoken_by(engine, TEMPLATES[name])
    done = sent([(spoken, one) for one in asked], here)
    if name == "break" and engine == "mistral.rs":
        # The package has loop controls, mistral.rs is built without them.
        assert {one.error for one in done} == {"line 1: mistral.rs does not know break"}
        return
    theirs = [real_minijinja.rendered(spoken, one) for one in asked]
    assert [one.text for one in done] == theirs


def test_every_profile_names_a_dialect_and_sources_that_are_there() -> None:
    for profile in engines().values():
        assert profile.dialect in profiles._file().dialects
        assert set(profile.sources) <= set(sources())


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from cardboard.tests.tiny import a_tokenizer

    return a_tokenizer()


def by_transformers(tokenizer: Any, template: str, asked: Asked) -> str | None:
    """Return what transformers makes of *asked*, whose caller hands over arguments as objects."""
    messages = [profiles._with_arguments(one, profiles._parsed) for one in asked.messages]
    try:
        text: str = tokenizer.apply_chat_template(
            messages,
            chat_template=template,
            tools=None if asked.tools is None else list(asked.tools),
            tokenize=False,
            add_generation_prompt=True,
            **TOKENS,
            **asked.kwargs,
        )
    except (jinja2.TemplateError, TypeError, AttributeError, ValueError, LookupError):
        return None
    return text


@settings(max_examples=25, deadline=None)
@given(template=templates())
def test_every_template_of_the_grammar_is_rendered_as_each_engine_does_or_the_difference_is_told(
    template: str, real: Llama, tokenizer: Any
) -> None:
    asked = today()
    found = compare_texts(template, asked)
    theirs: dict[Engine, dict[str, str | None]] = {
        "transformers": {
            name: by_transformers(tokenizer, template, one) for name, one in asked.items()
        },
        "llama.cpp": refused_or(real.renders(template, [body(one) for one in asked.values()])),
    }
    by_minijinja: tuple[Engine, ...] = ("mistral.rs", "tgi")
    for engine in by_minijinja:
        spoken = spoken_by(engine, template)
        theirs[engine] = {name: real_minijinja.rendered(spoken, one) for name, one in asked.items()}
    for engine, texts in theirs.items():
        assert {name: one.text for name, one in found.renders[engine].items()} == texts
    for one, other in combinations(theirs, 2):
        told = {each.probe for each in found.differences if {each.one, each.other} == {one, other}}
        apart = {name for name in asked if theirs[one][name] != theirs[other][name]}
        assert apart <= told


def refused_or(renders: Sequence[str | None] | None) -> dict[str, str | None]:
    return dict(zip(CONVERSATIONS, renders or [None] * len(CONVERSATIONS), strict=True))


def compare_texts(template: str, asked: Mapping[str, Asked]) -> Compared:
    found = Found(text=template, place="chat_template.jinja", shelf="files")
    tokens = Tokens(special=TOKENS)
    source = Source(name="made", kind="template", templates=(found,), tokens=tokens)
    taken = tuple((engine, tools, source.program(one)) for engine, tools, one in taken_by(source))
    return compared(Unit(taken=taken, conversations=asked), here)
