"""Prompts: the model's own template first, other ways only where allowed, all of it recorded."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from cardboard.eval.engine import Account
from cardboard.eval.errors import UsageError
from cardboard.eval.prompts.prompts import Built, build
from cardboard.eval.prompts.templates import sha256_of
from cardboard.eval.prompts.texts import Choices, PromptError
from cardboard.eval.sandbox import rendering
from cardboard.eval.sandbox.processes import Ended
from cardboard.eval.sandbox.render_process import line
from cardboard.eval.suites.conversations import RULES, apply
from cardboard.eval.suites.kinds.replay.rows import Message, ReplayRow
from cardboard.eval.suites.shapes.conversation import Call

from ...replays import Letters, Spelled, a_row

NOW = "2026-03-04T05:06:07"
PLAIN = "^{% for m in messages %}[{{ m.role[0] }}]{{ m.content }}{% endfor %}[a]"
# Both the fault and the thought are there for some rows only.
PICKY = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}"
    "{% endif %}{% endfor %}" + PLAIN
)


@pytest.fixture(autouse=True)
def _render_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render in this process, by the same code: the process of its own has tests of its own."""

    def supervised(module: str, order: dict[str, Any], **limits: float) -> Ended:
        lines = (
            line(order["templates"][job["template"]], job, order["characters"])
            for job in order["jobs"]
        )
        return Ended(lines=tuple(lines), status=0, words="")

    monkeypatch.setattr(rendering, "supervised", supervised)


def built(
    backend: Spelled,
    *rows: ReplayRow,
    model: str = "org/model",
    max_tokens: int = 10,
    **choices: Any,
) -> Built:
    return build(
        rows or (a_row(),), backend, Choices(**choices), model=model, max_tokens=max_tokens, now=NOW
    )


def tokens(template: str | None = PLAIN, **more: Any) -> Spelled:
    return Spelled(takes="tokens", template=template, **more)


def text_of(found: Built, place: int = 0) -> str:
    ids = found.prompts[place].token_ids
    assert ids is not None
    return "".join("^" if one == 1 else chr(one) for one in ids)


def test_a_prompt_is_what_the_models_own_template_makes_of_the_conversation() -> None:
    found = built(tokens(), a_row("t", 0), a_row("t", 1))
    assert text_of(found) == "^[s]Use the terminal.[u]?[a]"
    assert [prompt.key for prompt in found.prompts] == ["t/0", "t/1"]
    record = found.record
    assert record.template_status == "chat_template"
    assert record.status_counts == {"chat_template": 2}
    assert record.template_source == "tokenizer"
    assert record.template_sha256 == sha256_of(PLAIN)
    assert record.first_token_ids == (1, *map(ord, "[s]Use "))
    assert (record.truncated, record.doubled_bos) == (0, False)
    assert (record.tokens_min, record.tokens_max) == (28, len(text_of(found, 1)))
    assert not found.rules


def test_two_bos_tokens_are_seen() -> None:
    assert built(tokens("^" + PLAIN)).record.doubled_bos


def test_kwargs_that_change_nothing_are_recorded_as_ignored() -> None:
    """A template's default may be the value given: only another value tells."""
    template = PLAIN + "{% if enable_thinking | default(false) %}<think>{% endif %}{{ who }}"
    kwargs = {"enable_thinking": False, "effort": "low", "who": "me", "size": 3}
    record = built(tokens(template), kwargs=kwargs).record
    assert record.kwargs == kwargs
    assert record.kwargs_ignored == ("effort", "size")


def test_a_date_in_the_template_is_pinned_and_recorded() -> None:
    found = built(tokens("{{ strftime_now('%Y-%m-%d') }}" + PLAIN))
    assert text_of(found).startswith("2026-03-04^")
    assert found.rules == ("date 2026-03-04",)


def test_canonicalisation_is_an_option_and_recorded() -> None:
    found = built(tokens(PICKY), rules=("fold-system",))
    assert text_of(found) == "^[u]Use the terminal.\n\n?[a]"
    assert found.rules == ("fold-system",)
    assert found.record.template_status == "chat_template"


@pytest.mark.parametrize(("template", "reason"), [(None, "no chat template"), (PICKY, "no system")])
def test_without_a_template_that_works_nothing_is_asked(template: str | None, reason: str) -> None:
    with pytest.raises(PromptError, match=reason) as told:
        built(tokens(template))
    assert "--fold-system" in told.value.remedy
    assert "--allow-fallback" in told.value.remedy


def test_an_allowed_fallback_takes_the_rows_that_need_it_and_is_recorded() -> None:
    encoder = Letters("<|im_start|>", "<|im_end|>")
    fits = a_row("u", 0, messages=a_row().messages[1:])
    found = built(tokens(PICKY, encoder=encoder), a_row(), fits, fallback="chatml")
    assert found.record.status_counts == {"chat_template": 1, "chatml_fallback": 1}
    assert found.record.template_status == "model_specific_or_mixed"
    assert found.record.errors == ("TemplateError: no system role",)
    ids = found.prompts[0].token_ids
    assert ids is not None
    assert ids[:2] == (1, 0xE000), "the BOS, then the mark as one token"
    assert text_of(found, 1) == "^[u]?[a]"


def test_a_fallback_of_all_rows_is_named_by_its_hash() -> None:
    encoder = Letters("<|im_start|>", "<|im_end|>")
    record = built(tokens(None, encoder=encoder), fallback="chatml").record
    assert record.template_status == "model_specific_or_mixed"
    assert record.template_source == "given"
    assert record.template_sha256 is not None


def test_a_fallback_needs_a_tokenizer_that_knows_its_marks() -> None:
    with pytest.raises(PromptError, match=r"no token <\|im_start\|>"):
        built(tokens(None), fallback="chatml")


def test_raw_text_is_sent_only_where_allowed_and_says_so() -> None:
    found = built(tokens(None), raw=True)
    assert text_of(found) == "^SYSTEM:\nUse the terminal.\n\nUSER:\n?\n\nASSISTANT:\n"
    assert found.record.template_status == "mixed_or_raw"
    assert found.record.status_counts == {"raw_fallback": 1}


def test_a_given_template_takes_the_place_of_the_models_own() -> None:
    found = built(tokens(None), template="{{ bos_token }}[[{{ messages[-1].content }}]]")
    assert text_of(found) == "^[[?]]"
    assert found.record.template_source == "given"


def test_prompts_that_do_not_fit_the_window_are_refused() -> None:
    with pytest.raises(PromptError, match="1 of 2 prompts do not fit the window of 40"):
        built(tokens(window=40), a_row("t", 0), a_row("t", 1))


def test_or_left_unasked_but_never_cut() -> None:
    found = built(tokens(window=40), a_row("t", 0), a_row("t", 1), overflow="skip")
    assert [prompt.key for prompt in found.prompts] == ["t/0"]
    assert list(found.skipped) == ["t/1"]
    assert "exceed the window of 40" in found.skipped["t/1"]
    assert found.record.truncated == 0


def test_the_window_must_hold_the_answer_too() -> None:
    assert built(tokens(window=38)).prompts
    with pytest.raises(PromptError, match="11 are kept for the answer"):
        built(tokens(window=38), max_tokens=11)


GEMMA = (
    "^{% for m in messages %}<|turn>{{ m.role }}\n{{ m.content }}<turn|>\n{% endfor %}"
    "<|turn>model\n{% if enable_thinking %}<|think|>{% endif %}"
)
EMPTY = "<|channel>thought\n<channel|>"


@pytest.fixture
def thoughtful() -> ReplayRow:
    row = a_row("t", 1)
    turns = list(row.messages)
    turns[2] = replace(turns[2], content="<|channel>thought\nhm\n<channel|>{}")
    return replace(row, messages=tuple(turns))


@pytest.mark.parametrize(
    ("model", "choices", "end", "rules"),
    [
        ("google/gemma-4-E2B-it", {}, "<|turn>model\n", ("strip-thoughts",)),
        (
            "google/gemma-4-31B-it",
            {},
            "<|turn>model\n" + EMPTY,
            ("strip-thoughts", "gemma4-empty-thought"),
        ),
        (
            "google/gemma-4-31B-it",
            {"kwargs": {"enable_thinking": True}},
            "<|turn>model\n<|think|>",
            ("strip-thoughts",),
        ),
    ],
)
def test_gemma_4_is_told_not_to_think_and_only_the_big_pair_gets_an_empty_thought(
    model: str, choices: dict[str, Any], end: str, rules: tuple[str, ...], thoughtful: ReplayRow
) -> None:
    found = built(tokens(GEMMA), thoughtful, model=model, **choices)
    text = text_of(found)
    assert text.endswith(end)
    assert "hm" not in text, "thoughts of history are stripped"
    assert text.count("<|channel>") == (EMPTY in end), "on the last turn alone"
    assert found.rules == rules


@pytest.fixture
def servers() -> Iterator[Spelled]:
    yield Spelled(template=PLAIN + "{{ effort }}")


def test_a_server_that_tells_its_template_is_believed(servers: Spelled) -> None:
    record = built(servers, kwargs={"effort": "low", "enable_thinking": False}).record
    assert record.template_status == "chat_template"
    assert record.kwargs_ignored == ("enable_thinking",)
    assert record.tokens_max is None


def test_of_a_server_that_does_not_tell_nothing_is_known() -> None:
    found = built(Spelled())
    assert found.record.template_status == "unknown (remote)"
    assert found.record.template_sha256 is None
    assert (found.record.truncated, found.record.doubled_bos) == (None, None)
    assert found.prompts[0].token_ids is None
    assert [turn.role for turn in found.prompts[0].messages] == ["system", "user"]


def test_rules_of_a_script_need_no_prompt() -> None:
    account = Account(backend="scripted", versions={})
    assert built(Spelled(account=account)).record.template_status == "scripted"


def test_an_engine_that_renders_itself_takes_no_template() -> None:
    with pytest.raises(UsageError, match="renders prompts itself"):
        built(Spelled(), template=PLAIN)


TOOLS = "{% for t in tools or [] %}({{ t.function.name }}){% endfor %}"
CALLS = (
    TOOLS + "{% for m in messages %}[{{ m.role[0] }}]{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<{{ c.function.arguments.command }}>{% endfor %}{% endfor %}"
)
BASH = {"type": "function", "function": {"name": "bash"}}


def calling(**differs: Any) -> ReplayRow:
    call = Call(name="bash", arguments={"command": "ls"}, id="c1")
    turns = (
        Message(role="user", content="list"),
        Message(role="assistant", content="", tool_calls=(call,)),
        Message(role="tool", content="a", tool_call_id="c1"),
    )
    return a_row(**({"messages": turns, "offered": (BASH,), "form": "calls"} | differs))


def test_tools_and_calls_reach_the_template_and_the_engine() -> None:
    found = built(tokens(CALLS), calling())
    assert text_of(found) == "(bash)[u]list[a]<ls>[t]a"
    assert found.prompts[0].tools == (BASH,)
    assert built(tokens(CALLS), a_row()).prompts[0].tools is UNSET


def test_of_several_templates_the_one_for_tools_is_taken_and_recorded_where_some_are_offered() -> (
    None
):
    engine = tokens(PLAIN)
    assert engine.template is not None
    engine.template = replace(engine.template, with_tools=CALLS)
    found = built(engine, calling())
    assert text_of(found) == "(bash)[u]list[a]<ls>[t]a"
    assert found.record.template_sha256 == sha256_of(CALLS)
    assert built(engine, a_row()).record.template_sha256 == sha256_of(PLAIN)


def test_a_template_that_leaves_out_the_tools_is_named_before_anything_is_asked() -> None:
    with pytest.raises(PromptError) as caught:
        built(tokens(PLAIN), calling())
    assert "the same with and without the tools" in caught.value.what
    half = "{% if tools %}You have tools. {% endif %}" + PLAIN
    with pytest.raises(PromptError) as caught:
        built(tokens(half), calling())
    assert "does not name the tool bash" in caught.value.what
    assert caught.value.key == "chat template, t/0"
    assert "--tools prompted" in caught.value.remedy


def test_whether_every_tool_is_really_named_in_the_prompt_is_recorded() -> None:
    assert built(tokens(CALLS), calling()).record.tools_named is True
    assert built(tokens(CALLS), a_row()).record.tools_named is UNSET


class Shown(Spelled):
    """An engine that renders itself and shows a prompt."""

    prompt: str | None = None

    def talk(self, *asked: object) -> None:
        """Answer nothing."""

    def sent(self, sampling: object) -> dict[str, object]:
        """Return no settings."""
        return {}

    def rendered(self, prompt: object) -> str | None:
        """Return the prompt."""
        return self.prompt


def test_the_prompt_of_an_engine_that_renders_itself_is_looked_at() -> None:
    """What it does not show nobody knows; what lacks the tool is refused."""
    shown = Shown()
    assert built(shown, calling()).record.tools_named is UNSET
    shown.prompt = "[bash] list"
    assert built(shown, calling()).record.tools_named is True
    assert built(shown, a_row()).record.tools_named is UNSET
    shown.prompt = "list"
    with pytest.raises(PromptError, match="does not name the tool bash"):
        built(shown, calling())


def test_pictures_are_not_left_out_in_silence() -> None:
    seen = {"type": "image_url", "image_url": {"url": "data:,"}}
    text = {"type": "text", "text": "look"}
    asked = a_row(messages=(Message(role="user", content=(text, seen)),))
    with pytest.raises(PromptError, match="holds a part that is no text \\(image_url\\)"):
        built(tokens(), asked)
    (prompt,) = built(Spelled(takes="messages"), asked).prompts
    assert prompt.messages[0].parts == [text, seen]
    parted = a_row(messages=(Message(role="user", content=(text, text)),))
    assert text_of(built(tokens(), parted)) == "^[u]look\nlook[a]"


def test_turns_with_calls_are_not_merged_and_thoughts_beside_them_are_stripped() -> None:
    call = Call(name="bash", arguments={"command": "ls"})
    turns = (
        Message(role="system", content="s"),
        Message(role="user", content="u"),
        Message(role="assistant", content="a", tool_calls=(call,), reasoning_content="hm"),
        Message(role="assistant", content="b"),
        Message(role="assistant", content="c"),
    )
    conversation = a_row(messages=turns).conversation
    found = apply(RULES, conversation)
    assert [(turn.role, turn.content) for turn in found] == [
        ("user", "s\n\nu"), ("assistant", "a"), ("assistant", "b\n\nc"),
    ]  # fmt: skip
    assert list(found[1].beside) == ["tool_calls"]


def test_two_steps_never_share_a_key() -> None:
    """`a.1` with step 0 and sample 1 of `a` with step 0 would."""
    with pytest.raises(PromptError, match=r"a\.1/0: two steps of the suite"):
        built(Spelled(), a_row("a.1", 0), a_row("a", 0, sample_idx=1))


def test_prompts_are_known_by_their_hash() -> None:
    same = {built(Spelled(), a_row()).sha256 for _ in range(2)}
    assert len(same) == 1
    assert built(Spelled(), a_row("u")).sha256 not in same
    assert built(Spelled(), a_row(), rules=("fold-system",)).sha256 not in same
