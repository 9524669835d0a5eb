"""What each engine sends to a model for a conversation: its profile, applied to our sandbox."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...sandbox.dialects import Dialect
from ...sandbox.environment import THOUGHTS
from ...sandbox.rendering import Job, Message, Program, Rendered, Value, run
from .probes import ANSWER, QUESTION, SYSTEM, THOUGHT, TOOLS, Probe

Tools = Sequence[Mapping[str, Any]] | None


class Engine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The profile of one engine; the fields are explained in `engines.toml`."""

    title: str
    dialect: str
    takes: tuple[Literal["folder", "gguf"], ...]
    variables: Mapping[str, Value] = {}
    dates: Mapping[str, str] = {}
    nothing: tuple[str, ...] = ()
    tools: Literal["null", "undefined"]
    special: tuple[str, ...] | None = None
    contents: Literal["as given", "text", "detected"]
    arguments: Literal["as given", "object", "detected"]
    nulls: Literal["dropped", "kept", "empty"]
    thoughts: tuple[str, ...] | None = None
    keys: tuple[str, ...] | None = None
    calls: tuple[str, ...] | None = None
    system: Literal["as given", "merged"] = "as given"
    developer: str | None = None
    bos: Literal["written", "once"] = "written"
    stops: Literal["end", "known"] = "end"
    sources: tuple[str, ...]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    sources: Mapping[str, str]
    engines: Mapping[str, Engine]
    dialects: Mapping[str, Dialect]


class Asked(Struct, frozen=True, kw_only=True):
    """A conversation as a client sends it, and the settings beside it."""

    messages: Sequence[Message]
    tools: Tools = None
    prompt: bool = True
    kwargs: Mapping[str, Value] = {}
    now: str


class Needs(Struct, frozen=True, kw_only=True):
    """What an engine finds out of a template before it answers: it tries it, and so do we."""

    parts: bool = False
    """Texts get lost or are refused, and lists of parts arrive."""
    takes_parts: bool = False
    system: bool = True
    """The words of a system turn arrive."""
    objects: bool = False
    """Arguments of calls have to be objects."""
    thoughts: bool = False
    """It shows what a model thought, or a switch for it."""


def engines() -> Mapping[str, Engine]:
    """Return the profiles of all engines that render templates of Jinja, by their names."""
    return _file().engines


def sources() -> Mapping[str, str]:
    """Return where the facts are from, by the names that profiles use."""
    return _file().sources


@cache
def _file() -> _File:
    data = files(__package__).joinpath("engines.toml").read_bytes()
    return msgspec.toml.decode(data, type=_File)


def asked(probe: Probe) -> Asked:
    """Return *probe* as a client sends it: the arguments of calls are texts there."""
    return Asked(
        messages=[_wired(message) for message in probe.messages],
        tools=TOOLS if probe.tools else None,
        prompt=probe.prompt,
        kwargs=probe.kwargs,
        now=probe.now,
    )


class Spoken(Struct, frozen=True, kw_only=True):
    """A template as one engine has loaded it."""

    engine: Engine
    program: Program
    needs: Needs = Needs()


Render = Callable[[Sequence[Job]], Sequence[Rendered]]
"""What renders jobs in order: `run`, or one that is in the sandbox already."""


def loaded(programs: Sequence[tuple[str, Program]], render: Render = run) -> list[Spoken]:
    """Return *programs* as engines have them: pairs of a name in `engines()` and a template.

    What an engine finds out by trying its template is tried here.
    """
    found = [
        Spoken(engine=engines()[name], program=_in_dialect(name, program))
        for name, program in programs
    ]
    needs = _needs(found, render)
    return [replace(one, needs=each) for one, each in zip(found, needs, strict=True)]


def sent(pairs: Sequence[tuple[Spoken, Asked]], render: Render = run) -> list[Rendered]:
    """Return what each engine makes of the conversation beside it.

    A template that the engine cannot load has the problem `syntax`.
    """
    jobs = [_job(spoken, one) for spoken, one in pairs]
    # Many engines do the same in most conversations.
    keys = [msgspec.json.encode(job) for job in jobs]
    alone = dict(zip(keys, jobs, strict=True))
    done = dict(zip(alone, render(list(alone.values())), strict=True))
    return [done[key] for key in keys]


ASPECTS = ("language", "variables", "messages")
"""In what engines differ: how they read a template, what they pass to it, how they hand over
messages."""
_OF: Mapping[str, tuple[str, ...]] = {
    "variables": ("variables", "dates", "nothing", "tools", "special"),
    "messages": (*("contents", "arguments", "nulls", "thoughts", "keys", "system", "developer"),),
}


def mixed(one: Spoken, other: Spoken) -> dict[str, Spoken]:
    """Return *one* with each aspect of *other* alone, by the aspect."""
    found = {"language": replace(one, program=replace(one.program, dialect=other.program.dialect))}
    for aspect, names in _OF.items():
        engine = replace(one.engine, **{name: getattr(other.engine, name) for name in names})
        found[aspect] = replace(one, engine=engine, needs=other.needs)
    return found


def passed(one: Engine, other: Engine) -> set[str]:
    """Return the names of the variables that only one of two engines passes, or in another way."""
    ours, theirs = _variables(one), _variables(other)
    return {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}


def _variables(engine: Engine) -> dict[str, object]:
    tools = {} if engine.tools == "undefined" else {"tools": None}
    return {**dict.fromkeys(engine.nothing), **engine.dates, **engine.variables, **tools}


def _in_dialect(name: str, program: Program) -> Program:
    dialect = engines()[name].dialect
    known = _file().dialects.get(dialect) if program.language == "jinja" else None
    known = None if dialect == "jinja" else known
    return replace(program, dialect=known)


def _wired(message: Message) -> Message:
    """Return *message* as it is sent: the arguments of a call are a text there."""
    return _with_arguments(message, lambda given: given if isinstance(given, str) else _json(given))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _with_arguments(message: Message, change: Callable[[Any], Any]) -> Message:
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return message
    changed = []
    for call in calls:
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping) and "arguments" in function:
            call = {**call, "function": {**function, "arguments": change(function["arguments"])}}
        changed.append(call)
    return {**message, "tool_calls": changed}


def _parsed(arguments: Any) -> Any:
    """Return *arguments* as an object, where they are the text of one."""
    if not isinstance(arguments, str):
        return arguments
    try:
        found = msgspec.json.decode(arguments.encode("utf-8", "replace"))
    except msgspec.DecodeError:
        return arguments
    return found if isinstance(found, dict) else arguments


# --- what an engine tries first -------------------------------------------------------------------

_NOW = "2026-01-15T09:30:00"
_ASK: Message = {"role": "user", "content": QUESTION}
_PARTS: Message = {"role": "user", "content": [{"type": "text", "text": QUESTION}]}
_VALUE = "inner harbour"


def _called(arguments: object) -> tuple[Message, ...]:
    """Return the conversation by which llama.cpp finds out in which form arguments are taken."""
    function = {"name": "tool1", "arguments": arguments}
    call = {"id": "call00001", "type": "function", "function": function}
    return (
        _ASK,
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": ANSWER, "tool_call_id": "call00001"},
        {"role": "assistant", "content": ANSWER},
        _ASK,
    )


_THOUGHT: Message = {"role": "assistant", "content": ANSWER, "reasoning_content": THOUGHT}
_TRIALS: Mapping[str, Asked] = {
    "text": Asked(messages=(_ASK,), now=_NOW),
    "parts": Asked(messages=(_PARTS,), now=_NOW),
    **{
        f"{said}{form}": Asked(
            messages=(
                {"role": "system", "content": [{"type": "text", "text": said}] if form else said},
                _PARTS if form else _ASK,
            ),
            now=_NOW,
        )
        for said in (SYSTEM, ANSWER)
        for form in ("", " in parts")
    },
    "object": Asked(messages=_called({"arg": _VALUE}), tools=TOOLS, now=_NOW),
    "thought": Asked(messages=(_ASK, _THOUGHT, _ASK), now=_NOW),
    "thought last": Asked(messages=(_ASK, _THOUGHT), now=_NOW, prompt=False),
}


def _needs(found: Sequence[Spoken], render: Render) -> list[Needs]:
    """Try the templates of those engines that try them, too."""
    trying = [place for place, one in enumerate(found) if _tries(one.engine)]
    pairs = []
    for place in trying:
        engine = replace(found[place].engine, contents="as given", arguments="as given")
        plain = Spoken(
            engine=replace(engine, system="as given"),
            program=found[place].program,
            needs=Needs(thoughts=True),
        )
        pairs += [(plain, one) for one in _TRIALS.values()]
    done = iter(sent(pairs, render))
    needs = [one.needs for one in found]
    for place in trying:
        texts = {name: next(done).text or "" for name in _TRIALS}
        needs[place] = _found(texts, found[place].program)
    return needs


def _tries(engine: Engine) -> bool:
    return "detected" in (engine.contents, engine.arguments) or engine.system == "merged"


# llama.cpp sees that contents are read by their name alone, and not that `get` reads them.
_READS = re.compile(r"""\.\s*content\b|\[\s*['"]content['"]\s*\]""")


def _found(texts: Mapping[str, str], program: Program) -> Needs:
    parts = texts["parts"]
    wants_parts = QUESTION not in texts["text"] and QUESTION in parts
    form = " in parts" if wants_parts else ""
    printed = "'type'" in parts or '"type"' in parts
    thinks = THOUGHT in texts["thought"] or THOUGHT in texts["thought last"]
    return Needs(
        parts=wants_parts,
        takes_parts=QUESTION in parts and not printed,
        system=_READS.search(program.text) is not None
        and texts[f"{SYSTEM}{form}"] != texts[f"{ANSWER}{form}"],
        objects=_VALUE in texts["object"],
        thoughts=thinks or "<|channel>" in program.text or "<|START_THINKING|>" in program.text,
    )


# --- one render -----------------------------------------------------------------------------------


def _job(spoken: Spoken, one: Asked) -> Job:
    engine, program, needs = spoken.engine, spoken.program, spoken.needs
    messages = [_message(engine, needs, message) for message in one.messages]
    if engine.developer is not None and "developer" not in program.text:
        messages = [_renamed(message, engine.developer) for message in messages]
    if engine.system == "merged" and not needs.system:
        messages = _merged(messages)
    return Job(
        program=program,
        now=one.now,
        known={
            **_special(engine, program),
            **dict.fromkeys(engine.nothing),
            **_dates(engine, one.now),
            **{
                name: needs.thoughts if value == "detected" else value
                for name, value in engine.variables.items()
            },
            **one.kwargs,
            **_tools(engine, one.tools),
            "messages": messages,
            "add_generation_prompt": one.prompt,
        },
    )


def _special(engine: Engine, program: Program) -> dict[str, str]:
    if engine.special is None:
        return dict(program.special_tokens)
    return {name: program.special_tokens.get(name, "") for name in engine.special}


def _dates(engine: Engine, now: str) -> dict[str, str]:
    moment = datetime.fromisoformat(now)
    return {name: moment.strftime(form) for name, form in engine.dates.items()}


def _tools(engine: Engine, tools: Tools) -> dict[str, Tools]:
    return {"tools": tools} if tools or engine.tools == "null" else {}


def _message(engine: Engine, needs: Needs, message: Message) -> Message:
    found = dict(message)
    if engine.thoughts is not None:
        said = next((found[name] for name in THOUGHTS if found.get(name) is not None), None)
        if said is not None:
            found = {name: value for name, value in found.items() if name not in THOUGHTS}
            found |= dict.fromkeys(engine.thoughts, said)
    if engine.keys is not None:
        found = {name: found[name] for name in engine.keys if name in found}
    if engine.nulls != "kept":
        found = {name: value for name, value in found.items() if value is not None}
    if engine.nulls == "empty":
        found.setdefault("content", "")
    found["content"] = _content(engine, needs, found.get("content"))
    if found["content"] is None and "content" not in message:
        del found["content"]
    to_object = engine.arguments == "object" or (engine.arguments == "detected" and needs.objects)
    found = dict(_with_arguments(found, _parsed)) if to_object else found
    if engine.calls is not None and isinstance(found.get("tool_calls"), list):
        found["tool_calls"] = [
            {name: call[name] for name in engine.calls if name in call}
            for call in found["tool_calls"]
            if isinstance(call, Mapping)
        ]
    return found


def _content(engine: Engine, needs: Needs, content: Any) -> Any:
    if engine.contents == "as given":
        return content
    detected = engine.contents == "detected"
    if detected and needs.parts and isinstance(content, str):
        return [{"type": "text", "text": content}]
    if isinstance(content, list) and not (detected and needs.takes_parts):
        return "\n".join(_texts(content))
    return content


def _texts(parts: Sequence[Any]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Mapping) and isinstance(part.get("text"), str):
            yield part["text"]


def _merged(messages: Sequence[Message]) -> list[Message]:
    """Put a first system turn into the turn after it, as llama.cpp does."""
    if len(messages) < 2 or messages[0].get("role") != "system":
        return list(messages)
    first, second, *rest = messages
    if second.get("role") == "user":
        both = f"{first.get('content')}\n{second.get('content')}"
        return [{**second, "content": both}, *rest]
    return [second, *rest]


def _renamed(message: Message, role: str) -> Message:
    return {**message, "role": role} if message.get("role") == "developer" else message
