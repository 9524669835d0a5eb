"""Small suites to replay and backends that answer them, for tests of the eval stage."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from cardboard.eval.engine import Account, Answer, Encoder, Options, Prompt, Sampling, Template
from cardboard.eval.run.request import Request
from cardboard.eval.suites.kinds.replay.rows import Message, ReplayRow
from cardboard.eval.suites.suite import Suite


def an_answer(*commands: str, complete: bool = False) -> str:
    """Return an answer that types *commands*."""
    typed = [{"keystrokes": f"{command}\n"} for command in commands]
    told = {"analysis": "so", "plan": "then", "commands": typed, "task_complete": complete}
    return json.dumps(told)


def a_row(task: str = "t", step: int = 0, *commands: str, **differs: Any) -> ReplayRow:
    """Return a step whose conversation has *step* answers behind it."""
    turns = [Message(role="system", content="Use the terminal."), Message(role="user", content="?")]
    for number in range(step):
        turns.append(Message(role="assistant", content=an_answer(f"echo {number}")))
        turns.append(Message(role="user", content=f"{number} 번째 화면"))
    units = commands or (f"ls {task}", f"cat {task}{step}.txt")
    whole: dict[str, Any] = {
        "task_id": task,
        "step_idx": step,
        "total_steps": 9,
        "is_final_step": False,
        "source_group": f"group-{task}",
        "messages": tuple(turns),
        "ref_raw": an_answer(*units),
        "ref_task_complete": step == 2,
        "ref_command_units": units,
    }
    return ReplayRow(**(whole | differs))


def a_suite(tasks: int = 2, steps: int = 3) -> Suite:
    """Return a suite of *tasks* times *steps* steps."""
    rows = [a_row(f"t{task}", step) for task in range(tasks) for step in range(steps)]
    return Suite(name="tiny", version="1", rows=tuple(rows))


def a_request(**differs: Any) -> Request:
    """Return a request to a backend of this module, or to another one."""
    options = Options(model=differs.pop("model", "org/model"), **differs.pop("options", {}))
    whole: dict[str, Any] = {"backend": "spelled", "options": options}
    return Request(**(whole | differs))


class Letters:
    """An encoder with one id a character; id 1 is the BOS, written `^`."""

    bos_token_id: int | None = 1
    special_tokens: Mapping[str, str] = {"bos_token": "^"}

    def __init__(self, *marks: str) -> None:
        """Know *marks* as single tokens."""
        self._marks = marks

    def encode(self, text: str) -> list[int]:
        """Return the code points of *text*."""
        for number, mark in enumerate(self._marks):
            text = text.replace(mark, chr(0xE000 + number))
        return [1 if letter == "^" else ord(letter) for letter in text]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the code points of each of *texts*."""
        return [self.encode(text) for text in texts]


class Spelled:
    """A backend that answers what a function makes of each prompt."""

    def __init__(
        self,
        say: Callable[[Prompt], str | Answer] = lambda prompt: an_answer("ls t0"),
        *,
        takes: Literal["tokens", "messages"] = "messages",
        template: str | None = None,
        window: int | None = None,
        encoder: Encoder | None = None,
        account: Account | None = None,
    ) -> None:
        """Answer with *say*, which may also raise."""
        self.takes = takes
        self.template = Template(
            text=template, source="tokenizer", special_tokens={"bos_token": "^"}
        ) if template is not None else None  # fmt: skip
        self.encoder = encoder or (Letters() if takes == "tokens" else None)
        self.account = account or Account(
            backend="spelled", versions={"spelled": "1"}, revision="r1", max_model_len=window
        )
        self.asked: list[str] = []
        self.closed = False
        self._say = say

    def answers(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Answer]:
        """Yield the answers in order."""
        for prompt in prompts:
            self.asked.append(prompt.key)
            said = self._say(prompt)
            yield (
                said
                if isinstance(said, Answer)
                else Answer(
                    key=prompt.key, text=said, finish_reason="stop", output_tokens=len(said)
                )
            )

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True
