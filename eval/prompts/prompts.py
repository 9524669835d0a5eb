"""From a suite's rows to the prompts of one run, with the evidence of how each was built."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from .. import records
from ..engine import Backend, Encoder, Prompt, Talker, Template
from ..errors import UsageError
from ..sandbox.processes import Kept
from ..suites.conversations import Rule, apply
from ..suites.kinds.kind import Row, key_of
from ..suites.shapes.conversation import is_text
from .templates import OWN, REMOTE, SCRIPTED, fallback_template, run_status, sha256_of
from .texts import (
    TOOLS_REMEDY,
    Asked,
    Choices,
    PromptError,
    Text,
    ignored_kwargs,
    texts_of,
)

EMPTY_THOUGHT = "<|channel>thought\n<channel|>"
EMPTY_THOUGHT_RULE = "gemma4-empty-thought"

_NAME = re.compile(r"gemma-?4", re.IGNORECASE)
_BIG = re.compile(r"26b-?a4b|31b", re.IGNORECASE)


def is_gemma4(model: str, template: Template | None) -> bool:
    """Tell by the turn mark of the template or by the name whether *model* is a gemma-4."""
    return bool(_NAME.search(model)) or (template is not None and "<|turn>" in template.text)


def closes_thought(model: str, template: Template | None) -> bool:
    """Tell whether *model* is one of the big pair, whose answer begins after an empty thought.

    That is so with thinking off, and only for the turn to be written, never in history.
    """
    return is_gemma4(model, template) and bool(_BIG.search(model))


def with_empty_thought(prompt: str) -> str:
    """Return a rendered *prompt* that ends in the empty thought, once."""
    return prompt if prompt.rstrip().endswith(EMPTY_THOUGHT) else prompt + EMPTY_THOUGHT


FIRST_IDS = 8
"""Token ids of the first prompt that are kept as evidence."""


class Built(Struct, frozen=True, kw_only=True):
    """The prompts of a run, and what a result file says of them."""

    prompts: tuple[Prompt, ...]
    skipped: dict[str, str] = {}
    """Why a step is not asked, by its key."""
    record: records.Prompts
    rules: tuple[str, ...] = ()
    """As `Protocol.prompt_rules` records them."""

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of all that is asked, by which a run knows its own prompts."""
        return hashlib.sha256(msgspec.json.encode(self.prompts)).hexdigest()


def settled(choices: Choices, model: str, template: Template | None) -> Choices:
    """Return *choices* with what the model's family demands, where the user did not say."""
    if not is_gemma4(model, template):
        return choices
    rules: tuple[Rule, ...] = (*choices.rules, "strip-thoughts")
    return replace(
        choices,
        rules=tuple(dict.fromkeys(rules)),
        kwargs={"enable_thinking": False, **choices.kwargs},
    )


def build(
    rows: Sequence[Row],
    backend: Backend,
    choices: Choices,
    *,
    model: str,
    max_tokens: int,
    now: str,
    kept: Kept | None = None,
) -> Built:
    """Build the prompts of *rows* in their order; *now* is the ISO time that templates may show.

    *model* is the model's name, which may tell its family. Where a process is *kept*, templates are
    rendered in it. Raises PromptError where a prompt has
    no template or does not fit the window, and *choices* do not say what to do then.
    """
    template = backend.template
    if template is not None:
        template = template.where(tools=any(row.tools for row in rows))
    if choices.template is not None:
        special = backend.encoder.special_tokens if backend.encoder else {}
        template = Template(text=choices.template, source="given", special_tokens=special)
    choices = settled(choices, model, template)
    asked = [Asked(apply(choices.rules, row.conversation), tuple(row.tools)) for row in rows]
    keys = [key_of(row) for row in rows]
    if len(set(keys)) < len(keys):
        raise PromptError("two steps of the suite have the same key", key=_first_repeated(keys))
    named = [tuple(row.named) for row in rows]
    if backend.takes == "messages":
        return _left_to_engine(keys, asked, named, backend, choices, now)
    assert backend.encoder is not None
    _check_parts(keys, asked, backend.account.backend)
    found = texts_of(template, asked, choices, backend.encoder, now, kept)
    tools_named = _names_tools(keys, named, (one.text for one in found.texts))
    texts, rules = _by_family(found.texts, choices, model, template)
    if template is not None and "strftime_now" in template.text:
        rules = (*rules, f"date {now[:10]}")
    ids = _ids(texts, backend.encoder)
    window = backend.account.max_model_len
    skipped = {} if window is None else _overflowing(keys, ids, window, max_tokens)
    if skipped and choices.overflow == "refuse":
        raise _too_long(ids, len(skipped), window, max_tokens)
    record = replace(
        _record(template, choices, Counter(one.status for one in texts), found.ignored),
        errors=found.errors[:3],
        tools_named=tools_named,
        **_measures(ids, backend.encoder),
    )
    prompts = tuple(
        _prompt(key, one, tokens)
        for key, one, tokens in zip(keys, asked, ids, strict=True)
        if key not in skipped
    )
    return Built(prompts=prompts, skipped=skipped, record=record, rules=rules)


def _first_repeated(keys: list[str]) -> str:
    return next(key for place, key in enumerate(keys) if key in keys[:place])


def _prompt(key: str, asked: Asked, tokens: tuple[int, ...] | None = None) -> Prompt:
    tools = tuple(asked.tools) or UNSET
    return Prompt(key=key, messages=asked.turns, token_ids=tokens, tools=tools)


def _check_parts(keys: list[str], asked: list[Asked], engine: str) -> None:
    """Refuse to ask without their pictures what has some: engines that take tokens get text."""
    for key, one in zip(keys, asked, strict=True):
        for turn in one.turns:
            for part in turn.parts:
                if not is_text(part):
                    raise PromptError(
                        f"a message holds a part that is no text ({part.get('type')!s:.40}), and "
                        f"{engine} is given text only",
                        key=key,
                        remedy="Ask a server that takes such messages: --backend openai.",
                    )


def _names_tools(
    keys: Sequence[str], named: Sequence[Sequence[str]], texts: Iterable[str | None]
) -> bool | UnsetType:
    """Tell whether all *texts* hold the names of their tools; unset where nobody can tell.

    Refuses to ask about tools that the template leaves out of the prompt without a word.
    """
    told: set[bool] = set()
    for key, names, text in zip(keys, named, texts, strict=True):
        if names:
            told.add(text is not None)
        missing = [name for name in names if text is not None and name not in text]
        if missing:
            raise PromptError(
                f"the prompt does not name the tool {missing[0]:.60} that the model may call",
                key=f"chat template, {key}",
                remedy=TOOLS_REMEDY,
            )
    return True if told == {True} else UNSET


def _left_to_engine(
    keys: list[str],
    asked: list[Asked],
    named: Sequence[Sequence[str]],
    backend: Backend,
    choices: Choices,
    now: str,
) -> Built:
    """Leave the rendering to the engine; what it renders with is known where it tells."""
    name, template = backend.account.backend, backend.template
    if choices.template is not None:
        raise UsageError(f"{name} renders prompts itself", key="--chat-template")
    status = SCRIPTED if name == "scripted" else OWN if template else REMOTE
    ignored = ignored_kwargs(template, asked[0], choices.kwargs, now) if template else ()
    prompts = tuple(_prompt(key, one) for key, one in zip(keys, asked, strict=True))
    tools_named = _engine_names_tools(prompts, named, backend)
    record = _record(template, choices, Counter({status: len(keys)}), ignored)
    return Built(
        prompts=prompts, record=replace(record, tools_named=tools_named), rules=choices.rules
    )


def _engine_names_tools(
    prompts: Sequence[Prompt], named: Sequence[Sequence[str]], backend: Backend
) -> bool | UnsetType:
    """Tell whether the engine's own prompts hold the names of tools, by one prompt of each set."""
    if not isinstance(backend, Talker):
        return UNSET
    chosen = {names: prompt for names, prompt in zip(named, prompts, strict=True) if names}
    keys = [prompt.key for prompt in chosen.values()]
    return _names_tools(keys, [*chosen], map(backend.rendered, chosen.values()))


def _by_family(
    texts: tuple[Text, ...], choices: Choices, model: str, template: Template | None
) -> tuple[tuple[Text, ...], tuple[str, ...]]:
    """Return *texts* as the model's family wants them, and all rules, those of its own included."""
    thinking = choices.kwargs.get("enable_thinking")
    if thinking is not False or not closes_thought(model, template):
        return texts, choices.rules
    closed = tuple(replace(one, text=with_empty_thought(one.text)) for one in texts)
    added = (EMPTY_THOUGHT_RULE,) if closed != texts else ()
    return closed, (*choices.rules, *added)


def _ids(texts: Sequence[Text], encoder: Encoder) -> list[tuple[int, ...]]:
    """Tokenise; a model's own template writes its BOS itself, before other texts it is put."""
    found = encoder.encode_all([one.text for one in texts])
    bos = () if encoder.bos_token_id is None else (encoder.bos_token_id,)
    return [
        (*(() if one.status == OWN else bos), *ids) for one, ids in zip(texts, found, strict=True)
    ]


def _overflowing(
    keys: list[str], ids: list[tuple[int, ...]], window: int, max_tokens: int
) -> dict[str, str]:
    """Return why steps cannot be asked whose prompt and answer do not fit the window."""
    return {
        key: f"the prompt's {len(tokens)} tokens and {max_tokens} for the answer exceed the window "
        f"of {window}"
        for key, tokens in zip(keys, ids, strict=True)
        if len(tokens) + max_tokens > window
    }


def _too_long(
    ids: list[tuple[int, ...]], count: int, window: int | None, max_tokens: int
) -> PromptError:
    return PromptError(
        f"{count} of {len(ids)} prompts do not fit the window of {window} tokens: the longest has "
        f"{max(map(len, ids))}, and {max_tokens} are kept for the answer",
        remedy="Raise --window, lower --max-tokens, or leave such steps unasked with --overflow "
        "skip (then the result is partial).",
    )


def _measures(ids: list[tuple[int, ...]], encoder: Encoder) -> dict[str, object]:
    """Return what the token ids show: how many, how they begin, and that none was cut."""
    lengths, bos = [len(tokens) for tokens in ids], encoder.bos_token_id
    return {
        "truncated": 0,
        "first_token_ids": ids[0][:FIRST_IDS],
        "doubled_bos": bos is not None and any(tokens[:2] == (bos, bos) for tokens in ids),
        "tokens_min": min(lengths),
        "tokens_median": median(lengths),
        "tokens_max": max(lengths),
    }


def _record(
    template: Template | None, choices: Choices, counts: Counter[str], ignored: tuple[str, ...]
) -> records.Prompts:
    statuses = dict(sorted(counts.items()))
    source = template.source if template else None
    if template is None and choices.fallback is not None:
        template, source = fallback_template(choices.fallback), "given"
    return records.Prompts(
        template_status=run_status(statuses),
        status_counts=statuses,
        template_source=source,
        template_sha256=sha256_of(template.text) if template else None,
        kwargs=dict(choices.kwargs),
        kwargs_ignored=ignored,
    )
