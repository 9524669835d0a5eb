"""The rows of a card's tables, in one language; there are many of them, so no template does it."""

from collections.abc import Callable, Iterable, Mapping

from ...board.words.catalogue import Words
from ...board.workspace.settings import Text
from ...eval.metrics import Metric
from ..readme.markdown import Safe, code, codes, escaped
from .evidence import Recorded, Row
from .names import metric_name, score_name
from .sheets import Division, Figure, Sheet

_NOTHING = "–"
_MOST_KEPT = 4096


class Tables:
    """Make rows, one a line and without a newline at the end.

    Names and recorded values are strangers'; figures are numbers in our own print and safe.
    """

    def __init__(self, words: Words, said: Callable[..., Safe]) -> None:
        """Take the words of one language, and the function that says a message of them."""
        self._words, self._said, self._unknown = words, said, said("card.not-recorded")
        self._names: dict[tuple[str, str], Safe] = {}

    def figures(self, sheet: Sheet) -> Safe:
        """Return a row for each figure: its value, and the median where the board is small."""
        rows = []
        for figure in sheet.figures:
            value = self.number(figure.value, figure.unit) if figure.value else self._unknown
            row = f"| {self._name(figure, sheet)} | {value} |"
            if sheet.standing and sheet.standing.of:
                middle = figure.median
                row += f" {self.number(middle, figure.unit) if middle else _NOTHING} |"
            rows.append(row)
        return Safe("\n".join(rows))

    def number(self, text: str, unit: str | None) -> Safe:
        """Return the printed number *text* with its unit behind it."""
        return self._said(f"unit.{unit}", value=Safe(text)) if unit else Safe(text)

    def score(self, sheet: Sheet) -> Safe:
        """Return what the score is called."""
        if sheet.ranked is None:
            return self._said("metric.score")
        return escaped(score_name(self._words, sheet.ranked, sheet.suite, sheet.kind))

    def division(self, division: Division, sheet: Sheet) -> Safe:
        """Return the heads of a table of groups: the division, its steps, the ranked metric."""
        key = f"{sheet.kind}:division.value"
        given = sheet.suite.words.division(division.name) if sheet.suite else {}
        title = self._called(given, f"{sheet.kind}:division.", division.name)
        if sheet.own_rank and self._words.has(key):
            value = self._said(key)
        else:
            assert sheet.ranked is not None, "groups are told of by the ranked metric"
            value = escaped(metric_name(self._words, sheet.ranked, sheet.kind))
        return Safe(f"| {title} | {self._said('card.steps')} | {value} |")

    def parts(self, division: Division, sheet: Sheet) -> Safe:
        """Return a row for each group of steps: how many they are, and the ranked metric."""
        given, own = self._given(sheet, division.name), f"{sheet.kind}:group."
        rows = []
        for part in division.parts:
            name = self._called(given.get(part.name), own, part.name)
            value = self.number(part.value, division.unit) if part.value else _NOTHING
            rows.append(f"| {name} | {part.steps} | {value} |")
        return Safe("\n".join(rows))

    def groups(self, sheet: Sheet) -> Safe:
        """Return the names of the groups that the model was not trained on."""
        told = sheet.held_out
        assert told is not None
        given, own = self._given(sheet, told.division), f"{sheet.kind}:group."
        return Safe(", ".join([self._called(given.get(one), own, one) for one in told.groups]))

    def versions(self, sheet: Sheet) -> Safe:
        """Return a row for each language: its score, and how far it is from the first one's."""
        assert sheet.gaps is not None
        assert sheet.ranked is not None
        rows = []
        for gap in sheet.gaps[1]:
            score = self.number(f"{gap.score:.{sheet.ranked.decimals}f}", sheet.bound_unit)
            row = f"| {self.language(sheet, gap.language)} | {score} |"
            if gap.paired is None:
                rows.append(f"{row} {_NOTHING} | {_NOTHING} |")
                continue
            low, high = gap.paired.low, gap.paired.high
            span = (
                self._unknown
                if low is None or high is None
                else f"{self._signed(low, sheet.ranked)} … {self._signed(high, sheet.ranked)}"
            )
            rows.append(f"{row} {self._signed(gap.paired.difference, sheet.ranked)} | {span} |")
        return Safe("\n".join(rows))

    def language(self, sheet: Sheet, code_: str) -> Safe:
        """Return what a language is called."""
        given = self._given(sheet, "language").get(code_)
        return self._called(given, f"{sheet.kind}:group.", code_)

    @staticmethod
    def _given(sheet: Sheet, division: str) -> Mapping[str, Text]:
        """Return what the suite calls the groups of a division, by their names."""
        found = sheet.suite.words.divisions.get(division) if sheet.suite else None
        return found.groups if found else {}

    @staticmethod
    def _signed(difference: float, metric: Metric) -> str:
        text = f"{abs(difference):.{metric.decimals}f}"
        sign = ("+" if difference > 0 else "−") if text.strip("0.") else ""
        return f"{sign}{text}"

    def _called(self, given: Text | None, own: str, name: str) -> Safe:
        """Return what a suite calls a division or a group, else its kind, else its name.

        *own* is how keys of the kind's words begin.
        """
        told = (given.get(self._words.language) or next(iter(given.values()), "")) if given else ""
        if told:
            return escaped(told)
        found = self._names.get((own, name))
        if found is None:
            if len(self._names) >= _MOST_KEPT:
                self._names.clear()
            key = f"{own}{name}"
            found = self._said(key) if self._words.has(key) else code(name)
            self._names[own, name] = found
        return found

    def recorded(self, what: Recorded) -> Safe:
        """Return a table of what was recorded, and a sentence on what was not; each may be none."""
        parts = []
        if what.rows:
            heads = f"| {self._said('card.setting')} | {self._said('card.value')} |"
            parts.append(f"{heads}\n|---|---|\n{self.rows(what.rows)}\n")
        if what.missing:
            parts.append(f"{self._said('card.missing', names=codes(what.missing))}\n")
        return Safe("\n".join(parts))

    def rows(self, rows: Iterable[Row]) -> Safe:
        """Return a row for each recorded value."""
        named = [(self._said(key) if key else code(name), value) for key, name, value in rows]
        return Safe("\n".join([f"| {name} | {code(value)} |" for name, value in named]))

    def _name(self, figure: Figure, sheet: Sheet) -> Safe:
        if figure.metric is None:
            assert figure.key is not None
            return self._said(figure.key)
        if figure.metric.ranked:
            return self.score(sheet)
        return escaped(metric_name(self._words, figure.metric, sheet.kind))
