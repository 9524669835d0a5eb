"""What may be said of a model beside its figures: rules in data, judged against the field."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from math import ceil
from typing import NamedTuple

from ...eval.errors import ConfigError
from ..model import Board, Entry
from ..statistics.measurement import told_apart
from ..words.phrases import fill, slots
from ..workspace.settings import Note, Settings
from .conditions import Mistaken, Operand, Truth, Unknown, no_figure, parse
from .figures import (
    TEXTS,
    BaseTest,
    Value,
    coarse,
    figures,
    known_names,
    numbers,
    shown,
    shown_coarse,
)

TOO_OFTEN, TOO_SELDOM = 0.70, 0.02
# Shares of a handful of models say nothing about a rule.
ENOUGH_TO_TELL = 20
ENOUGH_FOR_QUARTERS = 5

_QUANTILE = re.compile(r"q([1-9]\d?)_([a-z0-9_]+)")


class Said(NamedTuple):
    """A rule that fired for one entry, with its evidence ready to be printed."""

    note: Note
    evidence: dict[str, str]

    def text(self, language: str) -> str:
        """Return the sentence in *language*, else in English, else in whatever the rule has."""
        text = self.note.text
        said = text.get(language) or text.get("en") or next(iter(text.values()), "")
        return fill(said, self.evidence)

    def lasting(self) -> "Said":
        """Return the same without the quantiles of the field, where every text can do without.

        Quantiles move with every result that a board gains; they stand in [ ] to be left out.
        """
        kept = {name: value for name, value in self.evidence.items() if not is_quantile(name)}
        try:
            for text in self.note.text.values():
                fill(text, kept)
        except KeyError:
            return self
        return Said(self.note, kept)


class Rule(NamedTuple):
    """A note rule, checked and ready to be judged."""

    note: Note
    holds: Truth
    evidence: dict[str, "Evidence"]


class Rate(NamedTuple):
    """How large a share of the ranked entries a rule fires on."""

    id: str
    share: float


def is_quantile(name: str) -> bool:
    """Tell whether a sentence's value of this *name* is a quantile, as `q75_score` is."""
    return _QUANTILE.fullmatch(name) is not None


Asked = tuple[int, str, str | None, bool]
"""The arguments of `quantile`."""


class Field:
    """The ranked entries of one board, as the field that each of them is judged against."""

    def __init__(self, board: Board) -> None:
        self.suite = board.suite
        by_model = {entry.model.lower(): entry for entry in board.ranked}
        bases = {
            entry.result_id: base
            for entry in board.ranked
            if (base := by_model.get((entry.profile.base_model or "").lower())) is not None
        }
        tests = _base_tests(board.ranked, bases)
        self._places = {
            entry.result_id: Spot(
                self,
                figures(
                    entry,
                    self.suite,
                    bases.get(entry.result_id),
                    tests.get(entry.result_id, "untested"),
                ),
            )
            for entry in board.ranked
        }
        self._values: dict[tuple[str, str | None], list[float]] = defaultdict(list)
        self._quantiles: dict[Asked, float | None] = {}
        self._medians: dict[str, str | None] = {}
        for place in self._places.values():
            size = place.known.get("size_class")
            for name in numbers(self.suite):
                value = place.known[name]
                if isinstance(value, float | int):
                    self._values[name, None].append(value)
                    if isinstance(size, str):
                        self._values[name, size].append(value)

    def place(self, entry: Entry) -> "Spot | None":
        """Return *entry*'s place in the field; `None` where it has no rank."""
        return self._places.get(entry.result_id)

    def places(self) -> "Iterable[Spot]":
        """Return the places of all ranked entries, best first."""
        return self._places.values()

    @property
    def answers(self) -> dict[Asked, float | None]:
        """Return every quantile that anybody asked for so far, by the arguments of `quantile`."""
        return dict(self._quantiles)

    def quantile(
        self, percent: int, name: str, size: str | None = None, *, fine: bool = False
    ) -> float | None:
        """Return a quantile of the figure *name*, interpolated, at the precision rules compare at.

        A *fine* one is not rounded, and known wherever anybody has the figure. The others are
        `None` where fewer models have it, of the class *size* if that is given, than make a share
        such as "the top 10 %" at least one model.
        """
        key = (percent, name, size, fine)
        if key not in self._quantiles:
            few = 1 if fine else _fewest(percent)
            found = self._compute(percent, name, size, few)
            self._quantiles[key] = (
                found if fine or found is None else coarse(name, found, self.suite)
            )
        return self._quantiles[key]

    def spread(self, name: str, size: str | None = None) -> bool:
        """Tell whether the figure *name* parts the field into an upper and a lower quarter."""
        return self.quantile(25, name, size) != self.quantile(75, name, size)

    def median(self, name: str) -> str | None:
        """Return the median of the whole field, printed as values of the figure *name* are."""
        if name not in self._medians:
            value = self.quantile(50, name, fine=True)
            self._medians[name] = None if value is None else shown(name, value, self.suite)
        return self._medians[name]

    def _compute(self, percent: int, name: str, size: str | None, few: int) -> float | None:
        values = sorted(self._values.get((name, size), ()))
        if len(values) < few:
            return None
        position = (len(values) - 1) * percent / 100
        low = int(position)
        high = min(low + 1, len(values) - 1)
        return values[low] + (values[high] - values[low]) * (position - low)


def _fewest(percent: int) -> int:
    """Return how many models it takes to speak of those above or below a quantile."""
    return max(ENOUGH_FOR_QUARTERS, ceil(100 / min(percent, 100 - percent)))


def _base_tests(entries: Iterable[Entry], bases: dict[str, Entry]) -> dict[str, BaseTest]:
    """Return what a paired test says of each entry and its base, by the entry's result id."""
    pairs = [
        (entry.result_id, entry.resolution, base.resolution)
        for entry in entries
        if (base := bases.get(entry.result_id)) is not None
        and entry.resolution is not None
        and base.resolution is not None
    ]
    apart = told_apart([(one, base) for _, one, base in pairs])
    return {
        result_id: "apart" if test else "level"
        for (result_id, _, _), test in zip(pairs, apart, strict=True)
    }


class Spot:
    """One entry's place in its field."""

    def __init__(self, field: Field, known: dict[str, Value]) -> None:
        self._field, self.known, self.suite = field, known, field.suite

    def figure(self, name: str) -> Operand:
        """Return the entry's figure *name*; raise `Unknown` where it has none."""
        value = self.known.get(name)
        if value is None:
            raise Unknown(name)
        return value

    def quantile(self, percent: int, name: str, *, same_size: bool) -> float:
        """Return a quantile of the field, or of the entry's size class; raise `Unknown`.

        Where the quarters of the field are not apart, no model is above or below others.
        """
        size = str(self.figure("size_class")) if same_size else None
        value = self._field.quantile(percent, name, size)
        if value is None or not self._field.spread(name, size):
            raise Unknown(name)
        return value


Evidence = Callable[[Spot], str]


def rules(settings: Settings) -> tuple[Rule, ...]:
    """Return the note rules of *settings*, checked; raise `ConfigError` naming the rule."""
    names = known_names(settings.suites)
    return tuple(_rule(note, settings.board.languages, names) for note in settings.notes)


def notes_of(entry: Entry, field: Field, checked: Iterable[Rule]) -> tuple[Said, ...]:
    """Return the notes that fire for *entry*; none where it has no rank."""
    place = field.place(entry)
    if place is None:
        return ()
    return tuple(said for rule in checked if (said := _judge(rule, place)) is not None)


def firing_rates(board: Board, settings: Settings) -> tuple[Rate, ...]:
    """Return how large a share of the ranked entries each rule for such suites fires on."""
    places = list(Field(board).places())
    return tuple(
        Rate(rule.note.id, sum(_judge(rule, place) is not None for place in places) / len(places))
        for rule in rules(settings)
        if places and rule.note.suite_kind in (None, board.suite.kind)
    )


def indiscriminate(board: Board, settings: Settings) -> tuple[Rate, ...]:
    """Return the rules that fire on more than 70 % or less than 2 % of the ranked entries.

    A board of fewer than 20 ranked entries reports nothing, and one on which no model can be tested
    against its base nothing of rules about such tests.
    """
    if len(board.ranked) < ENOUGH_TO_TELL:
        return ()
    tested = any(spot.known["base_test"] in ("apart", "level") for spot in Field(board).places())
    of_tests = {note.id for note in settings.notes if "base_test" in note.when and not tested}
    return tuple(
        rate
        for rate in firing_rates(board, settings)
        if not TOO_SELDOM <= rate.share <= TOO_OFTEN and rate.id not in of_tests
    )


def _judge(rule: Rule, place: Spot) -> Said | None:
    if rule.note.suite_kind not in (None, place.suite.kind):
        return None
    try:
        if not rule.holds(place):
            return None
        return Said(rule.note, {name: show(place) for name, show in rule.evidence.items()})
    except Unknown:
        return None


def _rule(note: Note, languages: tuple[str, ...], known: frozenset[str]) -> Rule:
    def refuse(what: str, key: str, remedy: str) -> ConfigError:
        place = f"notes.{note.id}.{key}"
        return ConfigError(what, file="board.toml", key=place, remedy=remedy)

    try:
        holds = parse(note.when, known)
    except Mistaken as error:
        raise refuse(str(error), "when", error.remedy) from None
    missing = [language for language in languages if language not in note.text]
    if missing:
        remedy = f'Add {missing[0]} = "..." to it, or take {missing[0]} out of board.languages.'
        raise refuse(f"has no text in {', '.join(missing)}", "text", remedy)
    try:
        names = sorted({name for text in note.text.values() for name in slots(text)})
        return Rule(note, holds, {name: _evidence(name, known) for name in names})
    except Mistaken as error:
        raise refuse(str(error), "text", error.remedy) from None
    except ValueError as error:
        remedy = "Write {score} or {q75_score} for a value."
        raise refuse(str(error), "text", remedy) from None


def _evidence(name: str, known: frozenset[str]) -> Evidence:
    """Return how the value *name* of a sentence is found: a figure, or a quantile `q75_score`."""
    if name in known:
        return lambda place: shown(name, float(place.figure(name)), place.suite)
    if name in TEXTS:
        return lambda place: str(place.figure(name))
    match = _QUANTILE.fullmatch(name)
    figure = match[2].removesuffix("_size") if match else ""
    if match is None or figure not in known:
        raise no_figure(name, (*known, *TEXTS))
    percent, same_size = int(match[1]), match[2] != figure
    return lambda place: shown_coarse(
        figure, place.quantile(percent, figure, same_size=same_size), place.suite
    )
