"""What every reader of another program's files is made of: a file in its place, results out."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeGuard

from ....eval.backends.gguf.figures import FileFigures
from ....eval.metrics import Measured, Metric
from ....eval.records import (
    Counts,
    Evidence,
    Harness,
    Model,
    Prompts,
    Protocol,
    Provenance,
    Result,
    Scalar,
    Status,
    Step,
    Suite,
    Timing,
)
from ...model import Kind
from ...words import machines
from ...words.findings import Finding, Value
from ..decoding.content import Content
from ..decoding.json_faults import shorten
from ..decoding.json_object import finding

MOST_RESULTS = 20_000
"""Of one file."""
MOST_NAMES = 12
"""In one finding; further ones are counted."""
KIND = "reported"


class Missing(Exception):
    """A file is of a known program, but lacks keys that its reader needs."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys
        super().__init__(", ".join(keys))


class Part(NamedTuple):
    """One result of a foreign file, and what its figures are."""

    name: str
    """Unique in its file: the task, and the model where there are several."""
    result: Result
    figures: tuple[Metric, ...] = ()
    steps: Sequence[Step] = ()
    kind: Kind | None = None
    """Of result, where that does not follow from the result itself."""


class Foreign:
    """A foreign file where it lies, with the files beside it; findings gather here."""

    def __init__(
        self,
        content: Content,
        place: PurePosixPath,
        *,
        beside: Mapping[str, Path] | None = None,
        tables: Sequence[Any] = (),
        texts: bool = False,
    ) -> None:
        """Take a file's content, its *place* below the results, and the files *beside* it.

        *tables* are the workspace's own mappings. With *texts*, steps get their answers.
        """
        self.content, self.place, self.tables, self.texts = content, place, tables, texts
        self.beside = dict(beside or {})
        self._notes: dict[tuple[str, str | None], Finding] = {}
        self.measures: list[FileFigures] = []
        """What the file says of models' files, beside any result."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what was found, in the order in which it was met."""
        return (*self.content.remarks, *self._notes.values())

    @property
    def folders(self) -> tuple[str, ...]:
        """Return the names of the folders that the file lies in, the nearest first."""
        return tuple(reversed(self.place.parent.parts))

    def note(self, code: str, key: str | None = None, **values: Value) -> None:
        """Keep the finding *code*, once a key."""
        told = {name: shorten(v) if isinstance(v, str) else v for name, v in values.items()}
        self._notes.setdefault((code, key), finding(code, key, **told))

    def unknown(self, names: Iterable[str]) -> None:
        """Say of figures by their *names* that the file does not tell them."""
        if told := listed(names):
            self.note("figures-unknown", names=told)

    def covering(self, steps: Sequence[Step], n: int | None, name: str) -> Sequence[Step]:
        """Return *steps* if there are as many as the *n* items that a figure is made of, else none.

        What the rest of the items would have changed, nobody knows.
        """
        held = len({step.task_id for step in steps})
        if not steps or n is None or held >= n:
            return steps
        self.note("samples-short", name, count=held, expected=n)
        return ()

    def averages(self, names: Iterable[str]) -> None:
        """Say of averages by their *names* that they do not stand beside their parts."""
        if told := listed(names):
            self.note("averages-left-out", names=told)


class Format(NamedTuple):
    """A format of foreign files: how it is told, what else belongs to a file, how it is read."""

    name: str
    """The program, as results and folders name it: `lm-eval`."""
    told: Callable[[Content], bool]
    read: Callable[[Foreign], Iterator[Part]]
    beside: Callable[[Path], Sequence[Path]] = lambda path: ()
    """Files that belong to the one at a path, and are read with it."""
    parents: Callable[[PurePosixPath], int] = lambda place: 0
    """How many folders above a file tell something, or are the way to the files beside it."""
    named: bool = False
    """Whether the file's own name tells something too."""
    main: str | None = None
    """For a file that is nothing by itself: the file that it belongs to."""


def folders(n: int) -> Callable[[PurePosixPath], int]:
    """Return that always *n* folders tell something, as far as there are any."""
    return lambda place: min(n, len(place.parts) - 1)


def folders_from(*names: str, most: int = 4) -> Callable[[PurePosixPath], int]:
    """Return that the folders from the last one called one of *names* on tell something."""

    def count_of(place: PurePosixPath) -> int:
        above = place.parts[:-1][::-1][:most]
        return next((at + 1 for at, folder in enumerate(above) if folder in names), 0)

    return count_of


def listed(names: Iterable[str]) -> str:
    """Return *names* as one text, the first few of them."""
    unique = list(dict.fromkeys(names))
    more = f", … (+{len(unique) - MOST_NAMES})" if len(unique) > MOST_NAMES else ""
    return ", ".join(unique[:MOST_NAMES]) + more


def need(document: Mapping[str, object], **kinds: type | tuple[type, ...]) -> None:
    """Raise `Missing` unless *document* has all keys, each of its kind; `__` stands for a blank."""
    missing = [key for key, kind in kinds.items() if not isinstance(document.get(key), kind)]
    if missing:
        raise Missing(*missing)


def is_number(value: object) -> TypeGuard[int | float]:
    """Tell whether *value* is a finite number and no boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15


def number(value: object) -> float | None:
    """Return *value* as a number; `None` for all the ways to write that there is none."""
    if is_number(value):
        return float(value)
    if isinstance(value, str) and len(value) < 40:
        try:
            found = float(value.strip().removesuffix("%"))
        except ValueError:
            return None
        return found if abs(found) < 1e15 else None
    return None


def count(value: object) -> int | None:
    """Return *value* as a number of things; `None` where it is none."""
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == int(found) else None


def text(value: object) -> str | None:
    """Return *value* as a text of one line; `None` where there is nothing."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    said = machines.without_paths(str(value)).strip()
    return shorten(said.splitlines()[0]) if said else None


def mapping(value: object) -> dict[str, Any]:
    """Return *value* if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """Return *value* if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def moment(value: object) -> str | None:
    """Return a Unix time in seconds as records write times; `None` where it is none."""
    from datetime import UTC, datetime

    found = number(value)
    if found is None or not 0 < found < 4e9:
        return None
    return datetime.fromtimestamp(int(found), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def result(
    *,
    model: Model,
    suite: str,
    version: str | None,
    harness: Harness,
    metrics: dict[str, Measured],
    n: int | None,
    whole: int | None = None,
    failed: int | None = None,
    tasks: int | None = None,
    status: Status = "complete",
    error: str | None = None,
    evidence: Evidence = "summary",
    protocol: Protocol | None = None,
    prompts: Prompts | None = None,
    timing: Timing | None = None,
    started_at: str | None = None,
    finished_at: str | None = None,
    document: str | None = None,
    scorer: str | None = None,
    versions: dict[str, str] | None = None,
) -> Result:
    """Return a result that another program reported, of *n* items out of *whole*.

    Its suite's version begins with the program's name: two programs never share a board.
    """
    named = f"{harness.name}-{version}" if version else harness.name
    if version and suite == harness.name:
        named = version
    return Result(
        model=model,
        suite=Suite(name=shorten(suite, 200), version=shorten(named, 100), kind=KIND, steps=whole),
        protocol=Protocol(harness=harness) if protocol is None else protocol,
        prompts=prompts or Prompts(),
        counts=Counts(expected=whole, scored=n, failed=failed, tasks=tasks),
        metrics=metrics,
        timing=timing or Timing(),
        status=status,
        error=error,
        scorer=scorer,
        versions=versions or {},
        started_at=started_at,
        finished_at=finished_at,
        provenance=Provenance(
            kind="import" if evidence != "quoted" else "published-table",
            document=document,
            harness=harness,
            evidence=evidence,
        ),
    )


def plain_settings(found: Mapping[str, object]) -> dict[str, Scalar]:
    """Return the scalars of *found* that may be published, `None` left out."""
    told: dict[str, Scalar] = {}
    for key, value in found.items():
        if isinstance(value, bool):
            told[key] = value
        elif is_number(value):
            told[key] = float(value)
        elif isinstance(value, str) and (said := text(value)):
            told[key] = said
    return told


def arguments(value: object) -> dict[str, object]:
    """Return arguments that are written as `key=value,key=value` or as an object."""
    if isinstance(value, dict):
        return value
    found: dict[str, object] = {}
    for piece in re.split(r",(?=\s*[A-Za-z_]\w*=)", value) if isinstance(value, str) else ():
        key, equals, said = piece.partition("=")
        if equals:
            found[key.strip()] = said.strip()
    return found
