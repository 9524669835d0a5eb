"""Aider: its lists of benchmark runs in YAML, with pass rates in per cent."""

from collections.abc import Iterator

from msgspec.structs import replace

from .....eval.metrics import Measured, Metric
from .....eval.records import Harness, Protocol, Timing
from ....workspace.figures import figure
from ...decoding.content import Content
from ...shapes import foreign_names
from ...shapes.foreign import (
    Foreign,
    Format,
    Part,
    count,
    is_number,
    number,
    plain_settings,
    result,
    text,
)

NAME = "aider"
_RATES = (
    ("pass_rate_2", "solved at the second try", "두 번째 시도까지 해결"),
    ("pass_rate_1", "solved at the first try", "첫 시도에 해결"),
    ("percent_cases_well_formed", "edits well formed", "편집 형식 준수"),
)


def told(content: Content) -> bool:
    """Tell a list by a pass rate beside an edit format."""
    return bool(content.members) and {"pass_rate_1", "edit_format"} <= content.members[0].keys()


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result a row; rows without a model are passed over with a finding."""
    suite = foreign.place.stem.removesuffix("_leaderboard") or "benchmark"
    seen: dict[str, int] = {}
    for row in foreign.content.members:
        name = text(row.get("model"))
        if name is None:
            foreign.note("figures-unknown", names="model")
            continue
        # Tests that were run, of all that there are.
        n, whole = count(row.get("test_cases")), count(row.get("total_tests"))
        measured: dict[str, Measured] = {}
        metrics: list[Metric] = []
        for key, english, korean in _RATES:
            if is_number(row.get(key)):
                one = figure(key, better=True, unit="percent", binary=key != _RATES[2][0])
                metrics.append(replace(one, title={"en": english, "ko": korean}, binary=False))
                measured[one.id] = Measured(value=number(row[key]), n=n)
        if not measured:
            foreign.unknown([f"{name}: pass_rate_2"])
            continue
        seconds, edits = number(row.get("seconds_per_case")), text(row.get("edit_format"))
        place = seen[name] = seen.get(name, 0) + 1
        yield Part(
            name=name if place == 1 else f"{name} ({place})",
            result=result(
                model=foreign_names.named(name),
                suite=suite,
                version=None,
                harness=Harness(name=NAME, version=text(row.get("versions"))),
                metrics=measured,
                n=n,
                whole=whole if whole and n and whole >= n else n,
                status="partial" if whole and n and n < whole else "complete",
                evidence="quoted",
                document=foreign.place.name,
                protocol=Protocol(
                    harness=Harness(name=NAME, version=text(row.get("versions"))),
                    extra=plain_settings(
                        {"edit_format": edits, "commit": text(row.get("commit_hash"))}
                    ),
                ),
                timing=Timing(seconds_per_step=seconds if seconds and seconds > 0 else None),
            ),
            figures=tuple(metrics),
        )


FORMAT = Format(NAME, told, read, named=True)
