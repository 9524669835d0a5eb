"""The training side: what a model is trained on is what it will be asked, and the mask is right."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cardboard.eval.audit.checks.masks import Turn, covered, fault, letters
from cardboard.eval.audit.sources.resolve import open_source
from cardboard.eval.errors import UsageError
from cardboard.eval.suites.conversations import Rule
from cardboard.eval.training.contract import Contract, Example, Terms, contract, terms_of
from cardboard.tests.eval.audit.samples import GOOD, MARKED, SAMPLES, TOOLS, here
from cardboard.tests.eval.audit.shipping import a_folder
from cardboard.tests.tiny import a_tokenizer

TALK = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "등대는 어디에?"},
    {"role": "assistant", "content": "곶에 🙂"},
    {"role": "user", "content": "And the harbour?"},
    {"role": "assistant", "content": "Behind it."},
]
Check = Callable[..., Contract]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render here, as the other process does, whose start takes longer than all renders."""
    monkeypatch.setattr(
        "cardboard.eval.training.contract.run", lambda jobs, limits=None: here(jobs)
    )


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Return a function that checks rows against a model with a template, marked by default."""

    def run(*rows: Any, template: str = MARKED, tokenizer: bool = True, **more: Any) -> Contract:
        model = a_folder(tmp_path / "model", template, tokenizer=tokenizer)
        file = tmp_path / "train.jsonl"
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        file.write_text("\n".join(lines), encoding="utf-8")
        return contract(file, open_source(str(model)), **more)

    return run


def codes(found: Contract) -> list[str]:
    return [one.code for one in found.findings]


def test_a_right_training_file_keeps_the_contract(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # as users have it: rendered in a process of its own
    found = check({"messages": TALK}, {"messages": TALK[:3]})
    assert found.findings == ()
    assert [one.turns for one in found.conversations] == [2, 1]


def test_each_conversation_is_counted_in_tokens(check: Check) -> None:
    [one] = check({"messages": TALK}).conversations
    tokenizer = a_tokenizer(MARKED)
    told = tokenizer.apply_chat_template(TALK, return_dict=True, return_assistant_tokens_mask=True)
    assert one.tokens == len(told["input_ids"])
    assert one.trained == sum(told["assistant_masks"])


def test_figures_sum_up_what_is_trained(check: Check) -> None:
    found = check({"messages": TALK}, {"messages": TALK[1:3]}, "[]")
    first, second, _ = found.conversations
    assert found.figures["conversations"] == 3
    assert found.figures["faulty"] == 1
    assert found.figures["tokens_max"] == first.tokens
    assert found.figures["tokens_min"] == second.tokens
    whole = (first.tokens or 0) + (second.tokens or 0)
    assert found.figures["trained_pct"] == round(
        100 * ((first.trained or 0) + (second.trained or 0)) / whole, 1
    )


def test_a_text_that_is_not_what_the_template_renders_is_shown(check: Check) -> None:
    tokenizer = a_tokenizer(MARKED)
    right = tokenizer.apply_chat_template(TALK, tokenize=False)
    assert check({"messages": TALK, "text": right}).findings == ()
    wrong = {"messages": TALK, "text": right.replace("<s>", "<s><s>")}
    [finding] = check({"messages": TALK}, wrong).findings
    assert finding.code == "audit-contract-text"
    assert finding.values["line"] == 2
    assert "<s><s>" in str(finding.values["given"])


def test_a_prompt_that_is_trained_otherwise_than_it_is_served_is_found(check: Check) -> None:
    """The generation prompt opens a thought that the training never shows."""
    found = check({"messages": TALK}, template=SAMPLES["ignored enable_thinking"].text)
    assert "audit-contract-prompt" in codes(found)
    rewriting = check({"messages": _lamps()}, template=SAMPLES["rewritten history"].text)
    [finding] = [one for one in rewriting.findings if one.code == "audit-contract-prompt"]
    assert finding.values["turn"] == 1


def _lamps() -> list[dict[str, str]]:
    return [{**turn, "content": "a lamp"} for turn in TALK]


def test_training_with_another_template_than_is_served_is_found(
    check: Check, tmp_path: Path
) -> None:
    other = a_folder(tmp_path / "other", MARKED.replace("{{ bos_token }}", ""))
    found = check({"messages": TALK}, trained=open_source(str(other)))
    assert codes(found) == ["audit-contract-prompt"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("broken generation marker", "audit-contract-misses"),
        ("mask with the head", "audit-contract-covers"),
        ("mask with a line feed", "audit-contract-wide"),
    ],
)
@pytest.mark.parametrize("tokenizer", [True, False])
def test_a_wrong_mask_is_found_by_tokens_or_by_letters(
    check: Check, name: str, code: str, tokenizer: bool
) -> None:
    found = check({"messages": TALK}, template=SAMPLES[name].text, tokenizer=tokenizer)
    assert codes(found) == [code]


def test_without_marks_the_labels_of_the_file_are_checked(check: Check) -> None:
    tokenizer = a_tokenizer(MARKED)
    told = tokenizer.apply_chat_template(TALK, return_dict=True, return_assistant_tokens_mask=True)
    ids, mask = told["input_ids"], told["assistant_masks"]
    labels = [one if mark else -100 for one, mark in zip(ids, mask, strict=True)]
    row = {"messages": TALK, "input_ids": ids}
    assert codes(check({"messages": TALK}, template=GOOD)) == ["audit-contract-unmasked"]
    assert codes(check({**row, "labels": labels}, template=GOOD)) == []
    assert codes(check({**row, "assistant_masks": mask}, template=GOOD)) == []
    everything = {**row, "labels": ids}
    assert codes(check(everything, template=GOOD)) == ["audit-contract-covers"]
    no_end = [-100 if one == tokenizer.eos_token_id else one for one in labels]
    assert codes(check({**row, "labels": no_end}, template=GOOD)) == ["audit-contract-misses"]


def test_tokens_with_a_second_bos_are_found(check: Check) -> None:
    ids = a_tokenizer(MARKED).apply_chat_template(TALK, return_dict=True)["input_ids"]
    row = {"messages": TALK, "input_ids": [ids[0], *ids], "labels": [-100, *ids]}
    assert codes(check(row)) == ["audit-contract-tokens"]


def labelled(**more: Any) -> dict[str, Any]:
    """Return a row with its tokens and right labels, and what else it holds."""
    told = a_tokenizer(MARKED).apply_chat_template(
        TALK, return_dict=True, return_assistant_tokens_mask=True
    )
    pairs = zip(told["input_ids"], told["assistant_masks"], strict=True)
    labels = [one if mark else -100 for one, mark in pairs]
    return {"messages": TALK, "input_ids": told["input_ids"], "labels": labels, **more}


def test_a_conversation_that_was_cut_is_told_and_its_rest_is_checked(check: Check) -> None:
    row = labelled()
    short = {**row, "input_ids": row["input_ids"][:-6], "labels": row["labels"][:-6]}
    found = check(short)
    assert codes(found) == ["audit-contract-cut"]
    assert found.findings[0].severity == "warning"
    assert found.conversations[0].tokens == len(row["labels"]) - 6
    whole = {**short, "labels": short["input_ids"]}
    assert codes(check(whole)) == ["audit-contract-covers", "audit-contract-cut"]
    without_line_feed = {**row, "input_ids": row["input_ids"][:-1], "labels": row["labels"][:-1]}
    assert codes(check(without_line_feed)) == []


def test_tokens_that_fill_a_conversation_up_are_passed_over(check: Check) -> None:
    row = labelled()
    ids, labels, mask = row["input_ids"], row["labels"], [1] * len(row["labels"])
    right = {"input_ids": [*ids, 3, 3], "labels": [*labels, -100, -100]}
    left = {"input_ids": [3, 3, *ids], "labels": [-100, -100, *labels]}
    assert codes(check({**row, **right, "attention_mask": [*mask, 0, 0]})) == []
    assert codes(check({**row, **left, "attention_mask": [False, False, *map(bool, mask)]})) == []
    assert codes(check({**row, **left})) == ["audit-contract-tokens"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda labels: labels[:-3], "audit-contract-tokens"),
        (lambda labels: [*labels, 5, 5], "audit-contract-tokens"),
        (lambda labels: [*labels[1:], -100], "audit-contract-labels"),
    ],
)
def test_labels_that_do_not_fit_their_tokens_are_found(
    check: Check, change: Callable[[list[int]], list[int]], code: str
) -> None:
    row = labelled()
    assert codes(check({**row, "labels": change(row["labels"])})) == [code]


def test_labels_that_go_on_after_the_text_are_found_without_tokens_too(check: Check) -> None:
    labels = labelled()["labels"]
    found = check({"messages": TALK, "labels": [*labels, 5, 5]})
    assert codes(found) == ["audit-contract-tokens"]
    assert found.conversations[0].trained == sum(label >= 0 for label in labels)
    assert codes(check({"messages": TALK, "labels": [*labels, -100]})) == []


def test_tools_may_stand_in_a_line_as_a_text_of_json(check: Check) -> None:
    tools = [{"type": "function", "function": {"name": "tide", "parameters": {}}}]
    rows = [{"messages": TALK[1:3], "tools": one} for one in (tools, json.dumps(tools))]
    first, second = check(*rows, template=TOOLS).conversations
    assert (first.characters, first.faults) == (second.characters, second.faults)
    assert codes(check({**rows[0], "tools": "tide"}, template=TOOLS))[0] == "audit-contract-row"


def test_a_file_without_a_conversation_is_not_passed_as_right(check: Check) -> None:
    with pytest.raises(UsageError, match="holds no conversation"):
        check()


BROKEN = {
    "no JSON": "{",
    "no object": "[1]",
    "no messages": {},
    "no answer": {"messages": TALK[:2]},
    "no role": {"messages": [{"content": "a"}]},
    "a text for messages": {"messages": "hello"},
    "too deep": "[" * 100_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_line_that_is_no_conversation_is_told_and_passed_over(check: Check, name: str) -> None:
    found = check({"messages": TALK}, BROKEN[name], {"messages": TALK})
    assert codes(found) == ["audit-contract-row"]
    assert found.findings[0].values["line"] == 2
    assert [bool(one.faults) for one in found.conversations] == [False, True, False]


def test_what_the_template_refuses_is_told(check: Check) -> None:
    found = check({"messages": TALK}, template=SAMPLES["no system role"].text)
    assert "audit-contract-refused" in codes(found)


def test_a_limit_ends_the_reading(check: Check) -> None:
    found = check(*[{"messages": TALK}] * 5, limit=2)
    assert len(found.conversations) == 2


def test_a_missing_file_or_template_is_a_clear_error(check: Check, tmp_path: Path) -> None:
    model = open_source(str(a_folder(tmp_path / "m")))
    with pytest.raises(UsageError, match=r"nothing\.jsonl"):
        contract(tmp_path / "nothing.jsonl", model)
    bare = open_source(str(a_folder(tmp_path / "bare", None)))
    with pytest.raises(UsageError, match="has no chat template"):
        contract(tmp_path / "nothing.jsonl", bare)


def test_a_token_across_an_edge_counts_for_the_answer() -> None:
    text, turns = "Q: yes.", [Turn(3, 3, 7)]
    tokens = [(0, 2), (2, 6), (6, 7)]
    assert fault(text, {1, 2}, tokens, turns) is None
    assert fault(text, covered([(3, 7)], letters(text)), letters(text), turns) is None
    missing = fault(text, {2}, tokens, turns)
    assert missing is not None
    assert (missing.kind, missing.text) == ("misses", " yes")


STRICT = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('turns must alternate') }}{% endif %}{% endfor %}" + MARKED
)
"""As of Gemma 1 and 2: no system turn, and turn and turn about."""
BOTH: tuple[Rule, ...] = ("fold-system", "merge-turns")


def test_rules_bring_conversations_into_the_form_that_a_template_takes(check: Check) -> None:
    assert "audit-contract-refused" in codes(check({"messages": TALK}, template=STRICT))
    ruled = check({"messages": TALK}, template=STRICT, terms=Terms(rules=("fold-system",)))
    assert codes(ruled) == ["audit-contract-rules-refused"]
    assert ruled.findings[0].severity == "warning"
    assert "no system role" in str(ruled.findings[0].values["error"])


def test_it_is_said_when_a_server_will_not_do_what_the_training_did(check: Check) -> None:
    folded = check({"messages": TALK}, terms=terms_of(["fold-system"], [], each=False))
    assert codes(folded) == ["audit-contract-rules"]
    unserved = check({"messages": TALK}, terms=terms_of(["fold-system"], ["none"], each=False))
    assert codes(unserved) == ["audit-contract-prompt"]
    asked_so = check({"messages": TALK}, terms=terms_of([], ["fold-system"], each=False))
    assert codes(asked_so) == ["audit-contract-prompt", "audit-contract-rules"]
    with pytest.raises(UsageError, match="none stands beside a rule"):
        terms_of([], ["none", "merge-turns"], each=False)


def test_a_template_that_folds_by_itself_needs_no_rule(check: Check) -> None:
    folding = SAMPLES["system folded"].text
    found = check(labelled(), template=folding, terms=Terms(rules=BOTH, derived=True))
    assert codes(found) == ["audit-contract-rules-same", "audit-contract-tokens"]


def test_answers_with_weight_0_are_not_trained(check: Check) -> None:
    for unlearnt in ({"weight": 0}, {"train": False}):
        rows = [[*TALK[:2], {**TALK[2], **unlearnt}, *TALK[3:]], TALK[3:]]
        taken: list[Example] = []
        found = check(*({"messages": one} for one in rows), take=taken.append)
        assert codes(found) == ["audit-contract-weights"]
        assert [one.turns for one in found.conversations] == [1, 1]
        assert [learnt(one) for one in taken] == ["Behind it.<|im_end|>"] * 2
        assert "weight" not in taken[0].text
    half = {"messages": [TALK[1], {**TALK[2], "weight": 0.5}]}
    none = {"messages": [TALK[1], {**TALK[2], "weight": 0}]}
    broken = check({"messages": TALK}, half, none)
    assert codes(broken) == ["audit-contract-row"]
    assert "only 0 and 1" in str(broken.findings[0].values["reason"])
    assert broken.figures["faulty"] == 2


def learnt(example: Example) -> str:
    """Return the text of what is learnt; some letters are several tokens."""
    spans = dict.fromkeys(example.spans[place] for place in sorted(example.mask))
    return "".join(example.text[slice(*span)] for span in spans)


def test_the_mask_that_is_made_here_is_what_the_model_writes_up_to_its_end_token(
    check: Check,
) -> None:
    taken: list[Example] = []
    check({"messages": TALK}, template=GOOD, terms=Terms(derived=True), take=taken.append)
    told = a_tokenizer(MARKED).apply_chat_template(
        TALK, return_dict=True, return_assistant_tokens_mask=True
    )
    [one] = taken
    assert list(one.ids) == told["input_ids"]
    assert [int(place in one.mask) for place in range(len(one.ids))] == told["assistant_masks"]
    assert check({"messages": TALK}, template=GOOD, terms=Terms(derived=True)).findings == ()


def test_a_prompt_that_ends_within_a_token_is_asked_by_other_tokens(
    check: Check, tmp_path: Path
) -> None:
    """The byte-level tokenizer joins the blank after the prompt with the word that follows."""
    blank = GOOD.replace("{{ m.role }}\n", "{{ m.role }}: ").replace("assistant\n", "assistant: ")
    talk = [{"role": "user", "content": "which?"}, {"role": "assistant", "content": "-la"}]
    found = check({"messages": talk}, template=blank, terms=Terms(derived=True))
    assert codes(found) == ["audit-contract-boundary"]
    assert found.findings[0].values["trained"] != found.findings[0].values["served"]


def test_an_answer_that_ends_without_a_stop_token_is_found(check: Check, tmp_path: Path) -> None:
    open_ended = GOOD.replace("<|im_end|>", "")
    found = check({"messages": TALK}, template=open_ended, terms=Terms(derived=True))
    assert "audit-contract-endless" in codes(found)


HARMONY = GOOD.replace(
    "<|im_end|>", "{{ '<|im_end|>' if m.role != 'assistant' or loop.last else '<pad>' }}"
)
"""An answer is closed by another mark as soon as another turn follows."""


def test_the_mark_that_closes_an_answer_within_a_talk_is_not_learnt(check: Check) -> None:
    taken: list[Example] = []
    terms = Terms(derived=True)
    found = check({"messages": TALK}, template=HARMONY, terms=terms, take=taken.append)
    assert codes(found) == ["audit-contract-closed"]
    assert learnt(taken[0]) == "곶에 🙂Behind it.<|im_end|>"


def test_each_answer_can_be_trained_by_itself_where_a_template_rewrites_history(
    check: Check,
) -> None:
    said = "{{ m.content if loop.last or m.role != 'assistant' else 'so said' }}"
    rewriting = GOOD.replace("{{ m.content }}", said)
    whole = check({"messages": _lamps()}, template=rewriting, terms=Terms(derived=True))
    assert codes(whole) == ["audit-contract-prompt"]
    taken: list[Example] = []
    terms = Terms(derived=True, each=True)
    found = check({"messages": _lamps()}, template=rewriting, terms=terms, take=taken.append)
    assert codes(found) == []
    assert [learnt(one) for one in taken] == ["a lamp<|im_end|>"] * 2


def test_conversations_that_are_not_wanted_are_told_and_not_trained(check: Check) -> None:
    asked, said = {"prompt": "which?"}, {"completion": "this"}
    rows = [{**asked, **said, "label": label} for label in (True, False, "other")]
    pair = {**asked, "chosen": "this", "rejected": "that"}
    taken: list[Example] = []
    found = check(*rows, pair, take=taken.append)
    assert codes(found) == ["audit-contract-shape", "audit-contract-unwanted"]
    assert (found.figures["wanted"], found.figures["unwanted"]) == (2, 2)
    assert [one.line for one in taken] == [1, 3, 4]


SHAPES = {
    "prompt and completion": {"prompt": TALK[:2], "completion": TALK[2:3]},
    "texts": {"prompt": "which?", "completion": "this"},
    "ShareGPT": {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
    "Alpaca": {"instruction": "a", "input": "", "output": "b"},
}


@pytest.mark.parametrize("name", SHAPES)
def test_other_shapes_are_read_as_messages_and_named(check: Check, name: str) -> None:
    found = check(SHAPES[name])
    assert codes(found) == ["audit-contract-shape"]
    assert found.conversations[0].turns == 1


def test_an_array_is_read_and_a_text_without_turns_is_told(check: Check) -> None:
    assert check(json.dumps([{"messages": TALK}, {"messages": TALK[1:3]}])).findings == ()
    found = check({"messages": TALK}, {"text": "Once upon a time."})
    assert codes(found) == ["audit-contract-row"]
    assert "messages" in str(found.findings[0].values["reason"])


KINDS: dict[str, Any] = {
    "messages": {"messages": TALK[1:3]},
    "system": {"messages": TALK[:3]},
    "neighbours": {"messages": [TALK[1], TALK[1], TALK[2], TALK[2]]},
    "folded": {"messages": [{"role": "user", "content": "Be short.\n\nHello"}, TALK[2]]},
    "thoughts": {"messages": [TALK[1], {**TALK[2], "content": "<think>\nhm\n</think>\n\nok"}]},
    "weights": {"messages": [TALK[1], {**TALK[2], "weight": 0}, *TALK[3:]]},
    "pairs": {"prompt": TALK[1:2], "completion": TALK[2:3]},
    "ShareGPT": {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
}
SAID = {
    ("strict", "system", ()): ["audit-contract-refused"],
    ("strict", "system", BOTH): ["audit-contract-rules-refused"],
    ("strict", "neighbours", ()): ["audit-contract-refused"],
    ("strict", "neighbours", BOTH): ["audit-contract-rules-refused"],
    ("lenient", "system", BOTH): ["audit-contract-rules"],
    ("lenient", "neighbours", BOTH): ["audit-contract-rules"],
}
ALWAYS = {
    "weights": ["audit-contract-weights"],
    "pairs": ["audit-contract-shape"],
    "ShareGPT": ["audit-contract-shape"],
}


@pytest.mark.parametrize("rules", [(), BOTH], ids=["as they are", "folded and merged"])
@pytest.mark.parametrize("template", ["strict", "lenient"])
def test_what_is_found_of_each_kind_of_row(
    check: Check, template: str, rules: tuple[Rule, ...]
) -> None:
    """All rows of one template in one file; each has the codes of its own line, and no other."""
    text = STRICT if template == "strict" else MARKED
    found = check(*KINDS.values(), template=text, terms=Terms(rules=rules))
    told = {name: list(one.faults) for name, one in zip(KINDS, found.conversations, strict=True)}
    assert told == {
        name: SAID.get((template, name, rules), []) + ALWAYS.get(name, []) for name in KINDS
    }
