"""A result file of which every figure follows from its rows, and the suite that it is of."""

import hashlib
import json
from typing import Any

from cardboard.board.model import Reading
from cardboard.board.read.interpretation import summarise
from cardboard.board.workspace.settings import Suite
from cardboard.eval import records
from cardboard.eval.run.result import divisions_of, scored
from cardboard.eval.suites.fingerprints import fingerprint, keys_sha256
from cardboard.eval.suites.kinds.aggregate import measured
from cardboard.eval.suites.kinds.replay.kind import METRICS, REPLAY
from cardboard.eval.suites.kinds.replay.scoring import SCORER, bucket_of

Doc = dict[str, Any]
KEYS = [(f"task-{task:03}", None, step) for task in range(5) for step in range(4)]
COMMANDS = ("ls -la /app", "cat notes.txt | head", "git add . && git commit -m wip", "make test")


def reference(task: str, step: int) -> Doc:
    return {"command_units": [COMMANDS[step], f"cd {task}"], "task_complete": step == 3}


def answer(task: str, step: int, *, good: bool) -> str:
    typed = COMMANDS[step] if good else "echo hello"
    commands = [{"keystrokes": f"{typed}\n"}]
    done = {"analysis": "a", "plan": "p", "commands": commands, "task_complete": step == 3}
    return json.dumps(done)


def honest(name: str = "org/model", right: int = 2) -> Doc:
    """Return a result of which every figure follows from its rows; *right* answers a task."""
    rows = []
    for task, _, step in KEYS:
        asked = records.Step(
            task_id=task,
            step_idx=step,
            groups={"bucket": bucket_of(step)},
            reference=reference(task, step),
            answer=answer(task, step, good=step < right),
            finish_reason="stop",
            prompt_tokens=900,
            output_tokens=40,
        )
        rows.append(scored(asked, kind=REPLAY, protocol=records.Protocol(), version=None))
    result = records.Result(
        model=records.Model(id=name, revision="0" * 40),
        suite=records.Suite(name="mini", version="1", kind="replay", steps=len(KEYS), tasks=5),
        protocol=records.Protocol(temperature=0.0, max_tokens=1024, max_model_len=4096),
        prompts=records.Prompts(
            template_status="chat_template",
            status_counts={"chat_template": len(KEYS)},
            truncated=0,
            tokens_max=900,
        ),
        counts=records.Counts(expected=len(KEYS), scored=len(KEYS), failed=0, tasks=5),
        metrics=measured(REPLAY, METRICS, rows),
        divisions=divisions_of(REPLAY, rows),
        status="complete",
        scorer=SCORER,
        finished_at="2026-06-01T12:00:00+00:00",
        steps=tuple(rows),
    )
    document: Doc = json.loads(records.encode(result))
    return document


UNKNOWN = Suite(name="mini", version="1", steps=len(KEYS), tasks=5, protocol="greedy")
KNOWN = Suite(
    name="mini",
    version="1",
    steps=len(KEYS),
    tasks=5,
    protocol="greedy",
    keys_sha256=keys_sha256(KEYS),
    fingerprint=fingerprint(
        [(*key, tuple(reference(key[0], key[2])["command_units"])) for key in KEYS]
    ),
)


def reading(document: Doc, file: str) -> Reading:
    """Return the reading of a file called *file* that holds *document*."""
    # As our own writer writes it, so that most files go the way that most files go.
    data = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    found = summarise(data)
    return Reading(
        **{name: getattr(found, name) for name in ("kind", "shape", "result", "facts", "findings")},
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
    )
