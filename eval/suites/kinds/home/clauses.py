"""What an answer must keep: each clause is a check without a judge model, and says why it fails."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta, Struct

from . import texts
from .texts import Script

Reason = Mapping[str, str | int]
"""What was found in place of what is asked, for the words of a clause."""
Pattern = Annotated[str, Meta(min_length=1, max_length=300)]
Texts = Annotated[tuple[Pattern, ...], Meta(min_length=1, max_length=20)]
"""Patterns of `texts.forms`: any form of any of them will do."""
Many = Annotated[int, Meta(ge=1, le=1000)]

LOOPED = 0.5
"""From this share of repeated phrases on, an answer goes round in circles."""
OWN_SCRIPT = 0.6
"""An answer with this share of its letters keeps its language: names and units may be foreign."""
_SHORT = 60
"""Letters below which nobody goes round in circles."""
_QUOTED = 40


class Clause(Struct, frozen=True, kw_only=True, tag_field="check", forbid_unknown_fields=True):
    """One thing that an answer must keep."""

    limit: ClassVar[bool] = False
    """Whether it only bounds how something is said: whoever says nothing keeps it."""

    def failure(self, answer: str) -> Reason | None:
        """Return what is wrong with *answer*; `None` where it keeps the clause."""
        raise NotImplementedError  # a clause of no check does not exist


class Only(Clause, frozen=True, kw_only=True, tag="only"):
    """The answer is this and nothing else, whatever its case, accents and last mark."""

    accepted: Texts

    def failure(self, answer: str) -> Reason | None:
        """Return the answer's beginning."""
        said = texts.bare(answer)
        if any(said in texts.bare_forms(one) for one in self.accepted):
            return None
        return {"found": _beginning(answer)}


class Exactly(Clause, frozen=True, kw_only=True, tag="exactly"):
    """The answer is this to the letter; blanks around it do not count."""

    text: Annotated[str, Meta(min_length=1)]

    def failure(self, answer: str) -> Reason | None:
        """Return the answer's beginning."""
        return None if answer.strip() == self.text else {"found": _beginning(answer)}


class Says(Clause, frozen=True, kw_only=True, tag="says"):
    """The answer holds this, in one of its forms."""

    accepted: Texts

    def failure(self, answer: str) -> Reason | None:
        """Return the first form, which is missing."""
        said = texts.plain(answer)
        wanted = (form for one in self.accepted for form in texts.plain_forms(one))
        if any(texts.holds(said, form) for form in wanted):
            return None
        return {"missing": texts.forms(self.accepted[0])[0]}


class Never(Clause, frozen=True, kw_only=True, tag="never"):
    """The answer holds none of this."""

    limit: ClassVar[bool] = True
    refused: Texts

    def failure(self, answer: str) -> Reason | None:
        """Return what the answer holds."""
        said = texts.plain(answer)
        for one in self.refused:
            for form in texts.plain_forms(one):
                if texts.holds(said, form):
                    return {"found": form}
        return None


class Number(Clause, frozen=True, kw_only=True, tag="number"):
    """The last number of the answer is this one, or it says it in words."""

    value: Annotated[str, Meta(pattern=r"^-?\d+(\.\d+)?$")]
    words: Annotated[tuple[Pattern, ...], Meta(max_length=20)] = ()

    def failure(self, answer: str) -> Reason | None:
        """Return the last number."""
        found, said = texts.numbers(answer), texts.plain(answer)
        if found and found[-1] == Decimal(self.value):
            return None
        forms = (form for one in self.words for form in texts.plain_forms(one))
        if any(texts.holds(said, form) for form in forms):
            return None
        return {"wanted": self.value, "found": str(found[-1]) if found else "–"}


class Length(Clause, frozen=True, kw_only=True, tag="length"):
    """The answer has so many words at most; a word is what stands between blanks."""

    limit: ClassVar[bool] = True
    most: Many

    def failure(self, answer: str) -> Reason | None:
        """Return how many it has."""
        count = len(answer.split())
        return None if 0 < count <= self.most else {"most": self.most, "found": count}


class Sentences(Clause, frozen=True, kw_only=True, tag="sentences"):
    """The answer has so many sentences."""

    limit: ClassVar[bool] = True
    count: Many

    def failure(self, answer: str) -> Reason | None:
        """Return how many it has."""
        found = len(texts.sentences(answer))
        return None if found == self.count else {"wanted": self.count, "found": found}


class Lines(Clause, frozen=True, kw_only=True, tag="lines"):
    """The answer has so many lines, and none of them twice."""

    count: Many

    def failure(self, answer: str) -> Reason | None:
        """Return how many different ones it has."""
        found = len({texts.bare(line) for line in texts.lines(answer)})
        whole = found == self.count == len(texts.lines(answer))
        return None if whole else {"wanted": self.count, "found": len(texts.lines(answer))}


class Bullets(Clause, frozen=True, kw_only=True, tag="bullets"):
    """The answer is so many lines that begin with a dash and a blank, and no other line."""

    count: Many

    def failure(self, answer: str) -> Reason | None:
        """Return how many such lines it has."""
        told = texts.lines(answer)
        found = sum(line.startswith("- ") and len(line) > 2 for line in told)
        whole = found == self.count == len(told)
        return None if whole else {"wanted": self.count, "found": found, "lines": len(told)}


class Numbered(Clause, frozen=True, kw_only=True, tag="numbered"):
    """The answer is so many lines numbered from `1.` on, and no other line."""

    count: Many

    def failure(self, answer: str) -> Reason | None:
        """Return how many lines carry the number that is theirs."""
        told = texts.lines(answer)
        found = sum(line.startswith(f"{at}. ") for at, line in enumerate(told, start=1))
        whole = found == self.count == len(told)
        return None if whole else {"wanted": self.count, "found": found, "lines": len(told)}


class Keys(Clause, frozen=True, kw_only=True, tag="keys"):
    """The answer is one JSON object with these keys and no other."""

    keys: Texts

    def failure(self, answer: str) -> Reason | None:
        """Return the keys that it has, or that it is no object."""
        found = _object(answer)
        if found is not None and {*found} == {*self.keys}:
            return None
        told = "–" if found is None else ", ".join(found)
        return {"wanted": ", ".join(self.keys), "found": told[:_QUOTED]}


class Field(Clause, frozen=True, kw_only=True, tag="field"):
    """The JSON object says this under a key; a number may be a text."""

    member: Annotated[str, Meta(min_length=1)]
    accepted: Texts

    def failure(self, answer: str) -> Reason | None:
        """Return what it says there."""
        found = (_object(answer) or {}).get(self.member)
        told = _scalar(found)
        if told is not None and any(texts.bare(told) in texts.bare_forms(o) for o in self.accepted):
            return None
        return {"member": self.member, "found": "–" if told is None else _beginning(told)}


class Table(Clause, frozen=True, kw_only=True, tag="table"):
    """The answer is one Markdown table with these columns and so many rows below them."""

    columns: Texts
    rows: Many

    def failure(self, answer: str) -> Reason | None:
        """Return how many rows it has below the right head; 0 of anything else."""
        told = [_cells(line) for line in texts.lines(answer)]
        head = [texts.bare(name) for name in self.columns]
        found = 0
        if len(told) > 1 and None not in told and _is_rule(told[1]):
            cells = [row or [] for row in told]
            if [texts.bare(one) for one in cells[0]] == head:
                found = sum(len(row) == len(head) for row in cells[2:])
                found = found if found == len(cells) - 2 else 0
        return None if found == self.rows else {"wanted": self.rows, "found": found}


class Order(Clause, frozen=True, kw_only=True, tag="order"):
    """The answer holds all of these, one after another."""

    items: Texts

    def failure(self, answer: str) -> Reason | None:
        """Return the first one that does not come where it should."""
        said, start = texts.plain(answer), 0
        for item in self.items:
            places = ((said.find(form, start), form) for form in texts.plain_forms(item))
            found = min(((at, form) for at, form in places if at >= 0), default=None)
            if found is None:
                return {"found": texts.forms(item)[0]}
            start = found[0] + len(found[1])
        return None


class Unknown(Clause, frozen=True, kw_only=True, tag="unknown"):
    """The answer says that it does not know."""

    def failure(self, answer: str) -> Reason | None:
        """Return the answer's beginning."""
        said = texts.plain(answer)
        return None if any(one in said for one in _UNKNOWN) else {"found": _beginning(answer)}


class Language(Clause, frozen=True, kw_only=True, tag="language"):
    """The answer is written in the script of the language that is asked for, and holds anything."""

    limit: ClassVar[bool] = True
    script: Script

    def failure(self, answer: str) -> Reason | None:
        """Return the share of letters in that script, in per cent."""
        if not answer.strip():
            return {"found": 0}
        share = texts.share_of(answer, self.script)
        return None if share is None or share >= OWN_SCRIPT else {"found": round(100 * share)}


class Loop(Clause, frozen=True, kw_only=True, tag="loop"):
    """The answer does not go round in circles."""

    limit: ClassVar[bool] = True

    def failure(self, answer: str) -> Reason | None:
        """Return the share of repeated phrases, in per cent."""
        if len(answer) < _SHORT:
            return None
        share = texts.repetition(answer)
        return None if share < LOOPED else {"found": round(100 * share)}


AnyClause = (
    Only | Exactly | Says | Never | Number | Length | Sentences | Lines | Bullets | Numbered
    | Keys | Field | Table | Order | Unknown | Language | Loop
)  # fmt: skip

CHECKS: dict[str, type[Clause]] = {
    str(one.__struct_config__.tag): one for one in AnyClause.__args__
}
"""Every check by its name."""

_UNKNOWN = (
    "don't know", "do not know", "not know", "don't have any information", "no information",
    "not have information", "not have any information", "don't have information", "not aware",
    "unaware", "not familiar", "unfamiliar", "cannot find", "can't find", "could not find",
    "couldn't find", "no record", "not sure who", "never heard", "unable to find", "cannot know",
    "can't know", "no way of knowing", "no way to know", "does not exist", "doesn't exist",
    "not exist", "fictional", "made up", "made-up", "cannot confirm", "can't confirm",
    "모르", "모릅", "몰라", "알지 못", "알 수 없", "알 수가 없", "알 길이 없", "정보가 없",
    "정보를 찾", "정보를 가지고 있지 않", "들어 본 적", "들어본 적", "확인할 수 없", "찾을 수 없",
    "확인되지 않", "존재하지 않", "실존하지 않", "가상의", "허구",
)  # fmt: skip
"""How people say that they do not know, or that there is no such thing; `plain` texts."""


def weight_of(clause: AnyClause) -> int:
    """Return with how many forms *clause* compares an answer, 1 at least."""
    patterns = (one for value in msgspec.structs.astuple(clause) for one in _patterns(value))
    return sum(map(texts.count_of, patterns), 1)


def _patterns(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def failures(clauses: tuple[AnyClause, ...], answer: str) -> list[Reason | None]:
    """Return for each of *clauses* what is wrong with *answer*, `None` where it is kept."""
    answer = answer[: texts.LONGEST]
    return [clause.failure(answer) for clause in clauses]


def _beginning(text: str) -> str:
    told = " ".join(text.split())
    return (told if len(told) <= _QUOTED else f"{told[:_QUOTED]}…") or "–"


def _object(answer: str) -> dict[str, object] | None:
    """Return the JSON object that *answer* is, and nothing else."""
    try:
        found = msgspec.json.decode(answer.strip())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _scalar(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return json.dumps(int(value) if float(value).is_integer() else value)


def _cells(line: str) -> list[str] | None:
    if not (line.startswith("|") and line.endswith("|") and len(line) > 1):
        return None
    return [cell.strip() for cell in line[1:-1].split("|")]


def _is_rule(cells: list[str] | None) -> bool:
    return cells is not None and all(cell and set(cell) <= {"-", ":"} for cell in cells)
