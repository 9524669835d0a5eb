"""Forms of turns that published templates have, written anew here: none of them is an error."""

import pytest

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.reports import Audit
from cardboard.eval.audit.sources.sources import Found, Source, Tokens

ALTERNATE = (
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('turn and turn about, please') }}{% endif %}{% endfor %}"
)
G, E = "{% generation %}", "{% endgeneration %}"

FORMS = {
    "two closing marks": (
        ALTERNATE + "{{ bos_token }}<|START|><|SYSTEM|>Be kind.<|END_TURN|>{% for m in messages %}"
        "{% if m.role == 'user' %}<|START|><|USER|>{{ m.content }}<|END_TURN|>{% else %}"
        f"<|START|><|CHATBOT|>{G}<|START_TEXT|>{{{{ m.content }}}}<|END_TEXT|><|END_TURN|>{E}"
        "{% endif %}{% endfor %}{{ '<|START|><|CHATBOT|>' if add_generation_prompt }}",
        "<|END_TURN|>",
    ),
    "a last answer closed otherwise": (
        "<|start|>system<|message|>Be kind.<|end|>{% for m in messages %}"
        f"{{% if m.role == 'assistant' %}}{G}<|start|>assistant<|channel|>final<|message|>"
        f"{{{{ m.content }}}}{{{{ '<|return|>' if loop.last else '<|end|>' }}}}{E}"
        "{% else %}<|start|>{{ m.role }}<|message|>{{ m.content }}<|end|>{% endif %}{% endfor %}"
        "{{ '<|start|>assistant' if add_generation_prompt }}",
        "<|return|>",
    ),
    "an EOS behind the last turn": (
        "{% for m in messages %}{% if m.role == 'assistant' %}<|assistant|>\n"
        f"{G}{{{{ m.content }}}}<|end|>\n{E}{{% else %}}<|{{{{ m.role }}}}|>\n"
        "{{ m.content }}<|end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}"
        f"<|assistant|>\n{{% else %}}{G}{{{{ eos_token }}}}{E}{{% endif %}}",
        "<|end|>",
    ),
    "thoughts before each answer that is not history": (
        "{% set last = messages | length - 1 %}{% for m in messages %}<|im_start|>{{ m.role }}\n"
        f"{{% if m.role == 'assistant' %}}{G}{{% if loop.index0 == last %}}<think>\n\n</think>\n\n"
        f"{{% endif %}}{{{{ m.content }}}}<|im_end|>\n{E}{{% else %}}"
        "{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n"
        "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
        "{% endif %}{% endif %}",
        "<|im_end|>",
    ),
    "a prompt that begins the thought": (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}"
        f"{G}<think>\n\n</think>\n\n{{{{ m.content }}}}<|im_end|>\n{E}"
        "{% else %}{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
        "{{ '<|im_start|>assistant\n<think>\n' if add_generation_prompt }}",
        "<|im_end|>",
    ),
    "turns that are closed by their own mark": (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}<|turn>model\n"
        f"{G}{{{{ m.content }}}}<turn|>\n{E}{{% else %}}<|turn>{{{{ m.role }}}}\n"
        "{{ m.content }}<turn|>\n{% endif %}{% endfor %}"
        "{{ '<|turn>model\n' if add_generation_prompt }}",
        "<turn|>",
    ),
    "a user's turn that is the model's opening": (
        "{{ bos_token }}{% if messages[0].role == 'system' %}{% set lead = messages[0].content %}"
        "{% set messages = messages[1:] %}{% endif %}" + ALTERNATE + "{% for m in messages %}"
        "{% if m.role == 'user' %}[INST] {{ lead ~ '\n\n' if lead and loop.last }}{{ m.content }}"
        f"[/INST]{{% else %}}{G} {{{{ m.content }}}}{{{{ eos_token }}}}{E}{{% endif %}}"
        "{% endfor %}",
        "</s>",
    ),
    "answers that stop where the next turn begins": (
        "{% for m in messages %}{% if m.role == 'assistant' %}<|assistant|>\n"
        f"{G}{{{{ m.content }}}}{{{{ '<|user|>' if not loop.last }}}}{E}{{% elif loop.first %}}"
        "<|user|>\n{{ m.content }}{% elif m.role == 'user' and messages[loop.index0 - 1].role =="
        " 'assistant' %}\n{{ m.content }}{% else %}<|{{ m.role }}|>\n{{ m.content }}{% endif %}"
        "{% endfor %}{{ '<|assistant|>\n' if add_generation_prompt }}",
        "<|user|>",
    ),
    "a turn that is always opened": (
        "{% for m in messages %}{% if m.role == 'user' %}USER: {{ m.content }}<|end|>\nBOT: "
        f"{{% elif m.role == 'assistant' %}}{G}<|final|>{{{{ m.content }}}}<|end|>\n{E}"
        "{% else %}{{ m.content }}\n{% endif %}{% endfor %}",
        "<|end|>",
    ),
    "a turn that is opened at the end, whether asked for or not": (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}<|final|>"
        f"{G}{{{{ m.content }}}}<|im_end|>\n{E}{{% else %}}{{{{ m.content }}}}<|im_end|>\n"
        "{% endif %}{% endfor %}{{ '<|im_start|>assistant\n' if messages[-1].role == 'user' }}",
        "<|im_end|>",
    ),
}
"""Templates, and the token at which each one's models stop."""


def audited(text: str, stop: str) -> Audit:
    template = Found(text=text, place="chat_template.jinja", shelf="files")
    special = {"bos_token": "<s>", "eos_token": "</s>"}
    single = {mark: place for place, mark in enumerate(sorted({*MARKS, *special.values()}))}
    tokens = Tokens(special=special, single=single, stops=(stop,))
    [found] = audit([Source(name="form", kind="folder", templates=(template,), tokens=tokens)])
    return found


MARKS = (
    *("<|START|>", "<|SYSTEM|>", "<|USER|>", "<|CHATBOT|>", "<|START_TEXT|>", "<|END_TEXT|>"),
    *("<|END_TURN|>", "<|start|>", "<|message|>", "<|channel|>", "<|end|>", "<|return|>"),
    *("<|user|>", "<|system|>", "<|assistant|>", "<|im_start|>", "<|im_end|>"),
    *("<|turn>", "<turn|>", "[INST]", "[/INST]", "<|final|>", "<think>", "</think>"),
)


def codes(one: Audit, severity: str) -> set[str]:
    return {finding.code for finding in one.all_findings if finding.severity == severity}


@pytest.mark.parametrize("name", FORMS)
def test_a_published_form_has_no_error(name: str) -> None:
    assert codes(audited(*FORMS[name]), "error") == set()


def test_an_opening_that_is_trained_as_well_is_told_and_no_error() -> None:
    found = audited(*FORMS["a last answer closed otherwise"])
    assert "audit-mask-head" in codes(found, "warning")


@pytest.mark.parametrize("name", FORMS)
def test_a_mask_that_leaves_the_end_out_is_an_error_in_each_form(name: str) -> None:
    """But where nothing ends an answer that is not followed."""
    text, stop = FORMS[name]
    for mark in ("{{ eos_token }}", "{{ '<|return|>' if loop.last else '<|end|>' }}", stop):
        for blank in ("\n", ""):
            text = text.replace(f"{mark}{blank}{E}", f"{E}{mark}{blank}")
    found = audited(text, stop)
    ends_itself = name != "answers that stop where the next turn begins"
    assert ("audit-mask-misses" in codes(found, "error")) == ends_itself


def test_a_stop_that_the_template_never_writes_is_an_error_in_each_form() -> None:
    found = [audited(text, "<|final|>") for text, _ in list(FORMS.values())[:4]]
    assert all("audit-end-not-stop" in codes(one, "error") for one in found)
