"""Chat templates written for these tests, each with one thing that an audit has to see."""

from collections.abc import Sequence

from msgspec import Struct, to_builtins

from cardboard.eval.sandbox import render_process
from cardboard.eval.sandbox.rendering import Job, Rendered, as_order, as_rendered


def here(jobs: Sequence[Job]) -> list[Rendered]:
    """Render in this process: the templates are ours, and there are many of them."""
    programs = [to_builtins(job.program) for job in jobs]
    return [
        as_rendered(render_process.line(program, as_order(job), 1 << 18))
        for program, job in zip(programs, jobs, strict=True)
    ]


class Sample(Struct, frozen=True, kw_only=True):
    """A template, and what an audit says of it."""

    text: str
    code: str
    """The finding it is there for."""
    trait: tuple[str, str] | None = None
    """A check and how it comes out."""
    kwargs: dict[str, bool] = {}


TURN = "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
PROMPT = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
GOOD = f"{{{{ bos_token }}}}{{% for m in messages %}}{TURN}{{% endfor %}}{PROMPT}"
"""ChatML with a BOS: nothing is wrong with it."""

ANSWER = (
    "<|im_start|>assistant\n{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}{{ '\n' }}"
)
MARKED = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}"
    f"{ANSWER}{{% else %}}{TURN}{{% endif %}}{{% endfor %}}{PROMPT}"
)
"""The same with marked answers."""

TOOLS = (
    "{{ bos_token }}{% if tools %}<|im_start|>system\n{{ tools | tojson }}<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content or '' }}"
    "{% for call in m.tool_calls or [] %}{{ call.function | tojson }}{% endfor %}<|im_end|>\n"
    f"{{% endfor %}}{PROMPT}"
)
"""The same with tools, their calls and results."""


def _calling(call: str) -> str:
    """Return the same with calls written as *call* does."""
    return TOOLS.replace("{{ call.function | tojson }}", call)


_LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
_ALTERNATE = (
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('turn and turn about, please') }}{% endif %}{% endfor %}"
)
_NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
_FOLDED = (
    "{{ bos_token }}{% set lead = namespace(text='') %}{% for m in messages %}"
    "{% if m.role == 'system' %}{% set lead.text = m.content ~ '\n\n' %}{% else %}"
    "<|im_start|>{{ m.role }}\n{{ lead.text ~ m.content }}<|im_end|>\n"
    f"{{% set lead.text = '' %}}{{% endif %}}{{% endfor %}}{PROMPT}"
)
_THINKS = GOOD + "{% if add_generation_prompt %}<think>\n{% endif %}"
_MACRO = (
    "{% macro say(m) %}{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}{% endmacro %}"
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}"
    "{{ '<|im_start|>assistant\n' ~ say(m) ~ '\n' }}"
    f"{{% else %}}{TURN}{{% endif %}}{{% endfor %}}{PROMPT}"
)
_LAST_STRIPPED = GOOD.replace(
    "{{ m.content }}", "{{ m.content if loop.last else m.content | replace('lamp', 'light') }}"
)


def _but(condition: str, text: str = GOOD) -> str:
    """Return *text* with those turns alone that fit *condition*."""
    start = text.index("<|im_start|>{{ m.role }}")
    body, rest = text[start:].split("{% endfor %}" + PROMPT)
    return f"{text[:start]}{{% if {condition} %}}{body}{{% endif %}}{{% endfor %}}{PROMPT}{rest}"


def _refusing(condition: str, text: str = GOOD) -> str:
    """Return *text* that refuses turns which fit *condition*."""
    refusal = f"{{% if {condition} %}}{{{{ raise_exception('not so') }}}}{{% endif %}}"
    return text.replace("<|im_start|>{{ m.role }}", refusal + "<|im_start|>{{ m.role }}", 1)


SAMPLES = {
    "no system role": Sample(
        text=_NO_SYSTEM + GOOD, code="audit-system-refused", trait=("system", "refused")
    ),
    "system folded": Sample(text=_FOLDED, code="audit-system-folded", trait=("system", "folded")),
    "system dropped": Sample(
        text=GOOD.replace(
            "{% for m in messages %}", "{% for m in messages if m.role != 'system' %}"
        ),
        code="audit-system-lost",
    ),
    "a second system turn dropped": Sample(
        text=_but("m.role != 'system' or loop.first"), code="audit-second-system-lost"
    ),
    "a second system turn refused": Sample(
        text=_refusing("m.role == 'system' and not loop.first"),
        code="audit-second-system-refused",
        trait=("system", "supported"),
    ),
    "system dropped where there are tools": Sample(
        text=_but("m.role != 'system' or not tools"), code="audit-system-lost-with-tools"
    ),
    "no developer": Sample(text=_but("m.role != 'developer'"), code="audit-developer-lost"),
    "a developer refused": Sample(
        text=_refusing("m.role == 'developer'"), code="audit-developer-refused"
    ),
    "prompt that ends in a blank": Sample(
        text=GOOD.replace("\n{{ m.content }}", ": {{ m.content }}").replace(
            "assistant\n", "assistant: "
        ),
        code="audit-prompt-boundary",
    ),
    "thoughts stripped from history": Sample(
        text=GOOD.replace("{{ m.content }}", "{{ m.content.split('</think>')[-1] }}"),
        code="audit-thoughts-stripped",
        trait=("thoughts", "stripped"),
    ),
    "thoughts of the last answer alone": Sample(
        text=GOOD.replace(
            "{{ m.content }}",
            "{% if m.reasoning_content and loop.last %}<think>{{ m.reasoning_content }}</think>"
            "{% endif %}{{ m.content }}",
        ),
        code="audit-thoughts-stripped",
        trait=("thoughts", "text"),
    ),
    "a second call lost": Sample(
        text=TOOLS.replace("m.tool_calls or []", "(m.tool_calls or [])[:1]"),
        code="audit-second-call-lost",
    ),
    "a second result lost": Sample(
        text=_but("m.role != 'tool' or messages[loop.index0 - 1].role != 'tool'", TOOLS),
        code="audit-second-call-lost",
    ),
    "a second call refused": Sample(
        text=_refusing("m.tool_calls and m.tool_calls | length > 1", TOOLS),
        code="audit-second-call-refused",
    ),
    "marked answers with dashes": Sample(
        text=MARKED.replace("{% generation %}", "{%- generation %}"),
        code="audit-generation-spelled",
    ),
    "strict alternation": Sample(
        text=_ALTERNATE + GOOD, code="audit-alternation", trait=("alternation", "demanded")
    ),
    "no end mark": Sample(text=GOOD.replace("<|im_end|>", ""), code="audit-end-at-next-turn"),
    "no mark at all": Sample(
        text="{% for m in messages %}{{ m.content }}\n{% endfor %}", code="audit-end-missing"
    ),
    "prompt of another role": Sample(
        text=GOOD.replace("assistant", "model"), code="audit-prompt-other"
    ),
    "prompt not opened": Sample(text=GOOD.replace(PROMPT, ""), code="audit-prompt-cut"),
    "doubled BOS": Sample(text="{{ bos_token }}" + GOOD, code="audit-bos-doubled"),
    "late BOS": Sample(text="\n  " + GOOD, code="audit-bos-late"),
    "ignored enable_thinking": Sample(
        text=_THINKS, code="audit-thinking-ignored", trait=("thinking", "no-switch")
    ),
    "thinking switched by another name": Sample(
        text=_THINKS.replace("<think>\n", "{{ '<think>\n' if reasoning_effort != 'none' }}"),
        code="audit-thinking-other",
        trait=("thinking", "other"),
    ),
    "unread setting": Sample(text=GOOD, code="audit-kwarg-unread", kwargs={"verbose": True}),
    "date in the prompt": Sample(
        text="{{ bos_token }}Today is {{ strftime_now('%d %B %Y') }}.\n" + GOOD[15:],
        code="audit-date",
        trait=("date", "shown"),
    ),
    "broken generation marker": Sample(text=_MACRO, code="audit-mask-misses"),
    "no generation marker": Sample(text=GOOD, code="audit-mask-absent", trait=("mask", "absent")),
    "mask with the head": Sample(
        text=MARKED.replace(
            ANSWER,
            "{% generation %}<|im_start|>assistant\n{{ m.content }}<|im_end|>{% endgeneration %}"
            "{{ '\n' }}",
        ),
        code="audit-mask-head",
    ),
    "mask with a question": Sample(
        text=MARKED.replace(
            "{% else %}", "{% else %}{% generation %}{{ m.role }}{% endgeneration %}"
        ),
        code="audit-mask-covers",
    ),
    "mask with a line feed": Sample(
        text=MARKED.replace("{% endgeneration %}{{ '\n' }}", "\n{% endgeneration %}"),
        code="audit-mask-wide",
    ),
    "rewritten history": Sample(
        text=_LAST_STRIPPED, code="audit-history-rewritten", trait=("prefix", "rewritten")
    ),
    "Korean escaped": Sample(
        text=GOOD.replace("{{ m.content }}", "{{ m.content | tojson(ensure_ascii=True) }}"),
        code="audit-text-changed",
    ),
    "words of the user lost": Sample(
        text=GOOD.replace("{{ m.content }}", "{{ m.text }}"), code="audit-user-lost"
    ),
    "an answer lost": Sample(
        text=GOOD.replace("{% for m in messages %}", "{% for m in messages[-1:] %}"),
        code="audit-turn-lost",
    ),
    "the first turn alone": Sample(
        text="{{ bos_token }}[INST] {{ messages[0].content }} [/INST]", code="audit-one-turn"
    ),
    "tools refused": Sample(
        text="{% if tools %}{{ raise_exception('no tools') }}{% endif %}" + GOOD,
        code="audit-tools-refused",
    ),
    "a call lost": Sample(
        text=TOOLS.replace("{{ call.function | tojson }}", ""), code="audit-tool-call-lost"
    ),
    "null printed": Sample(text=TOOLS.replace(" or ''", ""), code="audit-null-printed"),
    "null refused": Sample(
        text=TOOLS.replace("{{ m.content or '' }}", "{{ m.content.strip() }}"),
        code="audit-null-refused",
    ),
    "parts printed": Sample(text=GOOD, code="audit-parts-printed"),
    "parts alone": Sample(
        text=GOOD.replace("{{ m.content }}", "{{ m.content[0].text.strip() }}"),
        code="audit-parts-only",
    ),
    "parts refused": Sample(
        text=GOOD.replace("{{ m.content }}", "{{ m.content.strip() }}"),
        code="audit-parts-refused",
        trait=("content-parts", "refused"),
    ),
    "parts lost": Sample(
        text=GOOD.replace("{{ m.content }}", "{{ m.content if m.content is string }}"),
        code="audit-parts-lost",
    ),
    "blanks taken away": Sample(
        text=GOOD.replace("{{ m.content }}", "{{ m.content | trim }}"),
        code="audit-blanks-changed",
    ),
    "control tokens of a user": Sample(
        text=GOOD, code="audit-marks-pass", trait=("control-tokens", "pass")
    ),
    "one question alone": Sample(
        text="{% if messages | length > 2 %}{{ raise_exception('one at a time') }}{% endif %}"
        + GOOD,
        code="audit-talk-refused",
    ),
    "answers with a lead": Sample(
        text=GOOD.replace(
            "{{ m.content }}", "{{ 'So: ' if m.role == 'assistant' }}{{ m.content }}"
        ),
        code="audit-prompt-short",
    ),
    "prompt that changes the head": Sample(
        text="{{ 'Answer this. ' if add_generation_prompt }}" + GOOD,
        code="audit-prompt-rewrites",
    ),
    "tools ignored": Sample(text=GOOD, code="audit-tools-ignored", trait=("tools", "ignored")),
    "a result lost": Sample(
        text=TOOLS.replace("{{ m.content or '' }}", "{{ m.content if m.role != 'tool' }}"),
        code="audit-tool-result-lost",
    ),
    "arguments quoted twice": Sample(
        text=TOOLS, code="audit-tool-arguments", trait=("tools", "supported")
    ),
    "tools in escapes": Sample(
        text=TOOLS.replace("tools | tojson", "tools | tojson(ensure_ascii=True)"),
        code="audit-tools-escaped",
    ),
    "a call that no reader knows": Sample(
        text=_calling("CALL {{ call.function | tojson }}"), code="audit-call-unread"
    ),
    "a call with quotes in quotes": Sample(
        text=_calling(
            "<|tool_call_start|>[{{ call.function.name }}({% for key, one in "
            'call.function.arguments | items %}{{ key }}={% if one is string %}"{{ one }}"'
            "{% else %}{{ one }}{% endif %}{{ ', ' if not loop.last }}{% endfor %})]"
            "<|tool_call_end|>"
        ),
        code="audit-call-changed",
        trait=("calls", "changed"),
    ),
    "null kept": Sample(
        text=TOOLS.replace(
            "{{ m.content or '' }}", "{{ m.content.strip() if m.content is defined }}"
        ),
        code="audit-null-kept",
    ),
    "a turn closed twice": Sample(
        text=GOOD.replace("<|im_end|>\n", "<|im_end|><|im_end|>\n"),
        code="audit-turns-unbalanced",
    ),
    "a statement unknown to llama.cpp": Sample(
        text="{% with x = 1 %}{% endwith %}" + GOOD, code="audit-statement-foreign"
    ),
    "no Jinja": Sample(text="{% for %}", code="audit-syntax"),
    "refuses everything": Sample(text="{{ raise_exception('no') }}", code="audit-user-refused"),
    "infinite loop": Sample(text=_LOOP + GOOD, code="audit-endless"),
    "memory bomb": Sample(text="{% set a = 'a' * 10000000000 %}" + GOOD, code="audit-memory"),
    "10 MB output": Sample(text="{{ 'a' * 10000000 }}" + GOOD, code="audit-output"),
    "attribute escape": Sample(
        text="{{ ().__class__.__base__.__subclasses__() }}" + GOOD, code="audit-escape"
    ),
    "attribute escape, built from parts": Sample(
        text="{% set u = '_' * 2 %}{{ ''[u ~ 'class' ~ u] }}" + GOOD, code="audit-escape"
    ),
    "attribute escape, built from what is said": Sample(
        text="{% set u = messages[0].role[:0] ~ '%c%c' % (95, 95) %}"
        "{{ ''[u ~ 'class' ~ u] is defined }}" + GOOD,
        code="audit-escape",
    ),
    "hidden attribute that comes to nothing": Sample(
        text="{{ ''['__class__'] }}" + GOOD, code="audit-escape"
    ),
    "endless recursion": Sample(
        text="{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", code="audit-memory"
    ),
}
