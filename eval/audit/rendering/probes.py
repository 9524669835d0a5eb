"""The conversations that every template is tried with, each to find out one thing."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ...sandbox.rendering import NOW, Job, Message, Program, Value

SYSTEM = "Answer as a harbour pilot would."
SYSTEM_2 = "From here on, answer in one word."
QUESTION, ANSWER = "Which lamp is green?", "The lamp on the right."
QUESTION_2, ANSWER_2 = "Which one is red then?", "The lamp on the left."
QUESTION_3 = "Is there a third?"
THOUGHT = "Green is starboard, so it is on the right."
KOREAN = "초록 등은 어느 쪽에 있나요? 🚢 “오른쪽” — 50 % <b>&amp;</b>"
TOOL, CALL_ID = "tide_table", "call56789"
"""Mistral's templates take no other than nine letters and digits."""
HARBOUR, RESULT = "목포", "High water at 06:40."
ARGUMENTS: Mapping[str, Any] = {
    "harbour": HARBOUR,
    "words": """say "it's" \\ {now}""",
    "days": 3,
    "night": True,
    "times": [6, 40],
}
"""Of each type, and with signs that have a meaning where calls are printed."""
CALL_ID_2, HARBOUR_2, RESULT_2 = "call98765", "부산", "Low water at 11:15."
LATER = "2027-11-28T21:05:00"
"""Another day, month, year, weekday and hour than `NOW`."""

TOOLS: tuple[Mapping[str, Any], ...] = (
    {
        "type": "function",
        "function": {
            "name": TOOL,
            "description": "조석표 Look up the tides of a harbour.",
            "parameters": {
                "type": "object",
                "properties": {"harbour": {"type": "string", "description": "Its name."}},
                "required": ["harbour"],
            },
        },
    },
)


class Probe(Struct, frozen=True, kw_only=True):
    """One conversation, and how it is asked for."""

    messages: Sequence[Message]
    tools: bool = False
    prompt: bool = False
    kwargs: Mapping[str, Value] = {}
    now: str = NOW
    nulls: bool = False

    def job(self, program: Program) -> Job:
        """Return the render of this conversation by *program*."""
        return Job(
            program=program,
            messages=self.messages,
            tools=TOOLS if self.tools else None,
            prompt=self.prompt,
            kwargs=self.kwargs,
            now=self.now,
            nulls=self.nulls,
        )


def _system(text: object = SYSTEM) -> Message:
    return {"role": "system", "content": text}


def _user(text: object = QUESTION) -> Message:
    return {"role": "user", "content": text}


def _assistant(text: object = ANSWER, **more: object) -> Message:
    return {"role": "assistant", "content": text, **more}


def _call(arguments: object, text: object = "") -> Message:
    function = {"name": TOOL, "arguments": arguments}
    return _assistant(text, tool_calls=[{"id": CALL_ID, "type": "function", "function": function}])


_ARGUMENTS = {"harbour": HARBOUR}
_RESULT: Message = {"role": "tool", "tool_call_id": CALL_ID, "name": TOOL, "content": RESULT}
_RESULT_2: Message = {**_RESULT, "tool_call_id": CALL_ID_2, "content": RESULT_2}
_CALLS = _assistant(
    "",
    tool_calls=[
        {
            "id": number,
            "type": "function",
            "function": {"name": TOOL, "arguments": {"harbour": harbour}},
        }
        for number, harbour in ((CALL_ID, HARBOUR), (CALL_ID_2, HARBOUR_2))
    ],
)
_TALK = [_user(), _assistant(), _user(QUESTION_2)]
_TOOL_TALK = [_user(), _call(_ARGUMENTS), _RESULT]

PROBES: Mapping[str, Probe] = {
    "user": Probe(messages=[_user()], prompt=True),
    "user, no prompt": Probe(messages=[_user()]),
    "system": Probe(messages=[_system(), _user()], prompt=True),
    "two users": Probe(messages=[_user(), _user(QUESTION_2)], prompt=True),
    "answered": Probe(messages=_TALK[:2]),
    "answered, prompt": Probe(messages=_TALK[:2], prompt=True),
    "talk": Probe(messages=_TALK, prompt=True),
    "talk, no prompt": Probe(messages=_TALK),
    "talk answered": Probe(messages=[*_TALK, _assistant(ANSWER_2)]),
    "long talk": Probe(
        messages=[*_TALK, _assistant(ANSWER_2), _user(QUESTION_3)],
        prompt=True,
    ),
    "system talk": Probe(messages=[_system(), *_TALK, _assistant(ANSWER_2)]),
    "tools": Probe(messages=[_user()], tools=True, prompt=True),
    "tool call": Probe(messages=_TOOL_TALK[:2], tools=True),
    "tool call, text arguments": Probe(
        messages=[_user(), _call('{"harbour": "목포"}')], tools=True
    ),
    "call again": Probe(messages=[_user(), _call(ARGUMENTS)], tools=True),
    "tool result": Probe(messages=_TOOL_TALK, tools=True, prompt=True),
    "tool result, no prompt": Probe(messages=_TOOL_TALK, tools=True),
    "tool result, user": Probe(messages=[*_TOOL_TALK, _user(QUESTION_2)], tools=True, prompt=True),
    "tool talk": Probe(
        messages=[*_TOOL_TALK, _assistant(), _user(QUESTION_2)], tools=True, prompt=True
    ),
    "null content": Probe(messages=[_user(), _call(_ARGUMENTS, None), _RESULT], tools=True),
    "null kept": Probe(
        messages=[_user(), _call(_ARGUMENTS, None), _RESULT], tools=True, nulls=True
    ),
    "content parts": Probe(
        messages=[_user([{"type": "text", "text": QUESTION}])],
        prompt=True,
    ),
    "thinking on": Probe(messages=[_user()], prompt=True, kwargs={"enable_thinking": True}),
    "thinking off": Probe(messages=[_user()], prompt=True, kwargs={"enable_thinking": False}),
    "thought in field": Probe(
        messages=[_user(), _assistant(reasoning_content=THOUGHT), _user(QUESTION_2)], prompt=True
    ),
    "thought in text": Probe(
        messages=[
            _user(),
            _assistant(f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}"),
            _user(QUESTION_2),
        ],
        prompt=True,
    ),
    "korean": Probe(messages=[_user(KOREAN)], prompt=True),
    "blanks": Probe(messages=[_user(f"  {QUESTION}\n\n")], prompt=True),
    "now": Probe(messages=[_system(), _user()], prompt=True, tools=True),
    "later": Probe(messages=[_system(), _user()], prompt=True, tools=True, now=LATER),
    "user later": Probe(messages=[_user()], prompt=True, now=LATER),
    "system and tools": Probe(messages=[_system(), _user()], tools=True, prompt=True),
    "second system": Probe(
        messages=[_system(), *_TALK[:2], _system(SYSTEM_2), _user(QUESTION_2)], prompt=True
    ),
    "developer": Probe(messages=[{"role": "developer", "content": SYSTEM}, _user()], prompt=True),
    "two calls": Probe(messages=[_user(), _CALLS], tools=True),
    "two results": Probe(messages=[_user(), _CALLS, _RESULT, _RESULT_2], tools=True, prompt=True),
    "answered with thought": Probe(
        messages=[_user(), _assistant(reasoning_content=THOUGHT)],
    ),
}
"""Every probe by its name; `user` is the plainest."""


def typed(probe: Probe, roles: Sequence[str] | None = None) -> Probe:
    """Return *probe* with every text as a list of one part, or those of *roles* alone."""
    messages = [
        {**message, "content": [{"type": "text", "text": message["content"]}]}
        if isinstance(message["content"], str) and (roles is None or message["role"] in roles)
        else message
        for message in probe.messages
    ]
    return replace(probe, messages=messages)


def injection(marks: Sequence[str]) -> Probe:
    """Return a conversation whose user writes *marks*, which are control tokens to the model."""
    return Probe(messages=[_user(f"{QUESTION} {' '.join(marks)} {QUESTION_2}")], prompt=True)
