"""Result files of every shape, changed at random: `python tests/fuzz.py COUNT [SEED]`.

Two questions are asked of each. Does anything break that reads, judges, shows or prints it? And of
files of our own: is the score of whatever is ranked the one that its answers earn against the
suite's references, worked out here by itself, whatever the file claims?
"""

import copy
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards, Entry
from cardboard.board.show.document import document
from cardboard.board.words.catalogue import Words
from cardboard.board.workspace.settings import Suite, Workspace
from cardboard.cards.text.card import cards_of
from cardboard.cards.text.render import Renderer
from cardboard.eval.records import encode
from cardboard.eval.suites.kinds.replay.answers import parse_answer
from cardboard.eval.suites.kinds.replay.scoring import RULES, rescore
from cardboard.tests.honest import KEYS, KNOWN, Doc, honest, reading, reference
from cardboard.tests.making import a_workspace

SHAPES = Path(__file__).parent / "data" / "shapes"
BATCH = 250
"""Files on one board."""
RENDERED = 10
"""One batch of so many has its cards rendered as well."""

JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1e308, -1e308, 10**30, 2**63, 1e-320, float("nan"),
    float("inf"), "", " ", "0.5", "NaN", "null", "org/model", "/home/somebody/x", "C:\\x\\y", "..",
    "2026-02-30T00:00:00Z", "2026-01-01T25:00:00", "0000-01-01", "2026-06-01T12:00:00+99:99",
    "\ud800", "\x00\x1b[31m", "a" * 5000, "<script>", "{{ x }}", "{% x %}", "|`*_[]()", "​‮",
    "결과", "length", "error", "chat_template", "raw", "published-table", [], [None], [[]], {},
    {"": 1}, {"error": {"code": 429}}, {"value": 1.0}, [0.1] * 40, {"a": {"b": {"c": []}}},
)  # fmt: skip


def paths(node: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value within *node*."""
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in inner:
        yield (*here, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*here, key))


def changed(rng: random.Random, seed: Doc) -> Doc:
    """Return *seed* with a few of its values changed, exchanged, doubled, renamed or left out."""
    result = copy.deepcopy(seed)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        places = list(paths(result))
        if not places:
            break
        # Half of the changes are near the top, where one key means much.
        near = [place for place in places if len(place) <= 2]
        *outer, last = rng.choice(near if near and rng.random() < 0.5 else places)
        holder = result
        for key in outer:
            holder = holder[key]
        _change(rng, result, holder, last, places)
    return result


def _change(rng: random.Random, whole: Doc, holder: Any, last: Any, places: Sequence[Any]) -> None:
    what = rng.randrange(6)
    value = holder[last]
    if what == 0 and isinstance(holder, dict):
        del holder[last]
    elif what == 1 and isinstance(holder, dict):
        holder[rng.choice((f"{last}x", "value", "steps", "", "__proto__"))] = holder.pop(last)
    elif what == 2 and isinstance(value, int | float) and not isinstance(value, bool):
        holder[last] = value * rng.choice((0, -1, 0.999, 1.001, 2, 100, 1e9)) + rng.choice(
            (0, 0, 1)
        )
    elif what == 3 and isinstance(holder, list):
        holder.append(copy.deepcopy(value))
    elif what == 4:
        other: Any = whole
        for key in rng.choice(places):
            try:
                other = other[key]
            except (KeyError, IndexError, TypeError):
                break
        holder[last] = copy.deepcopy(other)
    else:
        holder[last] = copy.deepcopy(rng.choice(JUNK))


@cache
def seeds() -> tuple[Doc, ...]:
    """Return an honest file of every shape that is read, and one of our own in three states."""
    found: list[Doc] = [
        json.loads(path.read_text("utf-8")) for path in sorted(SHAPES.glob("*.json"))
    ]
    ours = honest()
    failed = copy.deepcopy(ours)
    failed["steps"][3] |= {"scored": False, "scores": {}, "error": "HTTP 503", "answer": None}
    return (*found, ours, honest("org/other", 4), failed)


SCORES = (
    "command_f1", "command_precision", "command_recall", "first_cmd_exact", "valid_json"
)  # fmt: skip

LIES: tuple[Callable[[random.Random, Doc], object], ...] = (
    lambda rng, doc: doc["metrics"]["command_f1"].update(value=rng.random()),
    lambda rng, doc: _row(rng, doc)["scores"].update(command_f1=rng.choice((1.0, rng.random()))),
    lambda rng, doc: _row(rng, doc).update(scores=dict.fromkeys(SCORES, 1.0)),
    lambda rng, doc: _row(rng, doc)["parsed"].update(command_units=["ls -la /app"]),
    lambda rng, doc: _row(rng, doc).update(parsed=copy.deepcopy(_row(rng, doc)["parsed"])),
    lambda rng, doc: _row(rng, doc).update(answer=copy.deepcopy(_row(rng, doc)["answer"])),
    lambda rng, doc: _row(rng, doc).update(answer=rng.choice((None, "", "{}", "Error: HTTP 500"))),
    lambda rng, doc: _row(rng, doc).update(parsed=None, answer=None),
    lambda rng, doc: _row(rng, doc)["reference"].update(command_units=["echo hello"]),
    lambda rng, doc: _row(rng, doc).update(reference=None),
    lambda rng, doc: _row(rng, doc).update(scored=False),
    lambda rng, doc: _row(rng, doc).update(error="timeout"),
    lambda rng, doc: _row(rng, doc).update(task_id="task-999"),
    lambda rng, doc: _row(rng, doc).update(trial=rng.randrange(3)),
    lambda rng, doc: doc["steps"].append(copy.deepcopy(_row(rng, doc))),
    lambda rng, doc: doc["steps"] and doc["steps"].pop(rng.randrange(len(doc["steps"]))),
    lambda rng, doc: doc.update(steps=[]),
    lambda rng, doc: rng.shuffle(doc["steps"]),
    lambda rng, doc: doc["suite"].update(rng.choice(({"steps": 4}, {"fingerprint": "0" * 64}))),
    lambda rng, doc: doc["counts"].update(expected=rng.choice((None, 4, 20)), scored=20),
    lambda rng, doc: doc.update(provenance={"kind": "published-table"}),
    lambda rng, doc: doc.update(scorer=rng.choice((None, "token-f1/1", "mine/1"))),
    lambda rng, doc: doc.update(status=rng.choice(("complete", "partial", "failed"))),
)


def _row(rng: random.Random, document: Doc) -> Doc:
    row: Doc = (
        rng.choice(document["steps"]) if document["steps"] else copy.deepcopy(honest()["steps"][0])
    )
    row["parsed"] = row["parsed"] or {}
    row["reference"] = row["reference"] or {}
    return row


def lying(rng: random.Random, name: str) -> Doc:
    """Return a file of our own that claims what its rows do not show, or shows something else."""
    result = honest(name, rng.randrange(5))
    for _ in range(rng.randint(1, 4)):
        rng.choice(LIES)(rng, result)
    if rng.random() < 0.5:  # the claims follow the lie
        told = [row["scores"].get("command_f1") for row in result["steps"] if row["scored"]]
        known = [one for one in told if one is not None]
        if known:
            result["metrics"]["command_f1"]["value"] = round(sum(known) / len(known), 6)
            for groups in result["divisions"].values():
                for group in groups.values():
                    group["metrics"].pop("command_f1", None)
    return result


def earned(document: Doc) -> float | None:
    """Return the score that the answers of *document* earn; `None` where it is none of the suite.

    It asks the suite itself, reads the answers itself, and believes nothing else.
    """
    rows = {(row["task_id"], row["sample_idx"], row["step_idx"]): row for row in document["steps"]}
    if rows.keys() != set(KEYS) or len(document["steps"]) != len(KEYS):
        return None
    total = 0.0
    for key, row in rows.items():
        units = (row["parsed"] or {}).get("command_units") or ()
        if row["answer"] is not None:
            units = parse_answer(row["answer"]).command_units
        wanted = reference(key[0], key[2])["command_units"]
        total += rescore(wanted, tuple(units), RULES["corrected303"]).command_f1
    return 100 * total / len(KEYS)


def boards_of(documents: Sequence[Doc], suite: Suite) -> tuple[Boards, Workspace]:
    """Return the boards that files with these contents make, each under a name of its own."""
    workspace = a_workspace(suites=(suite,))
    readings = [reading(one, f"{number:03}.json") for number, one in enumerate(documents)]
    return build_boards(readings, workspace), workspace


def breaks_nothing(rng: random.Random, count: int, *, rendered: bool) -> None:
    """Read, judge, show and say *count* changed files; what is published is strict JSON."""
    documents = [changed(rng, rng.choice(seeds())) for _ in range(count)]
    boards, workspace = boards_of(documents, KNOWN)
    for language in ("en", "ko"):
        words = Words(language)
        text = json.dumps(document(boards, words.finding), allow_nan=False)
        assert "/home/somebody" not in text
    for entry in _entries(boards):
        if entry.rank is not None:
            encode(entry.result)
    if rendered:
        renderer = Renderer(workspace.settings)
        for card in cards_of(boards, workspace.settings):
            renderer.readme(card)


def ranks_no_lie(rng: random.Random, count: int) -> int:
    """Judge *count* lying files and return how many were ranked, each at what it earned."""
    documents = [lying(rng, f"org/m{number}") for number in range(count)]
    boards, _ = boards_of(documents, KNOWN)
    ranked = [entry for entry in _entries(boards) if entry.rank is not None]
    for entry in ranked:
        told = documents[int(entry.file[:3])]
        score = earned(told)
        assert score is not None, (entry.file, told)
        assert entry.score is not None
        assert abs(entry.score - score) < 0.0051, (entry.score, score, told)
    return len(ranked)


def _entries(boards: Boards) -> Iterator[Entry]:
    for board in boards.boards:
        yield from board.entries
    yield from boards.unplaced


def run(count: int, seed: int = 0) -> int:
    """Try *count* files and return how many of those that lie were ranked at what they earned."""
    ranked = 0
    for batch in range(max(1, count // BATCH)):
        rng = random.Random(f"{seed}/{batch}")
        if batch % 4:
            breaks_nothing(rng, BATCH, rendered=batch % RENDERED == 1)
        else:
            ranked += ranks_no_lie(rng, BATCH)
    return ranked


if __name__ == "__main__":
    number, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for start in range(0, number, 10_000):
        held = run(min(10_000, number - start), first + start)
        print(f"{min(start + 10_000, number):,} files: nothing broke, {held} ranked as earned")
