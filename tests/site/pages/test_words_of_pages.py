"""Words whose keys are put together: every chart, move, group and reason has them."""

import pytest

from cardboard.board.history.history import KINDS
from cardboard.board.words.catalogue import Words
from cardboard.site.charts.charts import charts_of
from cardboard.site.pages.download_page import REASONS
from cardboard.tests.making import a_result, boards_of

PARTS = ("", ".text", ".missing")
CHARTS = [chart.name for chart in charts_of(boards_of(a_result()).boards[0])]
OWN = [name for name in CHARTS if name != "valid_json_pct"]
KEYS = [
    *(f"site.charts.{name}{part}" for name in (*OWN, "metric") for part in PARTS),
    *(f"site.charts.{name}.axis" for name in (*OWN, "metric") if name != "bases"),
    *(f"replay:site.charts.valid_json_pct{part}" for part in (*PARTS, ".axis")),
    *(f"site.charts.{name}.text.lower" for name in OWN),
    *(f"site.charts.column.{name}" for name in ("base", "tuned", "gain", "run", "course")),
    *(f"site.history.{what}" for what in KINDS),
    *(f"site.withheld.{reason}" for reason in REASONS),
    *(
        f"site.downloads.{name}"
        for name in (
            "board.csv",
            "board.json",
            "board.parquet",
            "snapshot",
            "board.toml",
            "models.toml",
            "imports.toml",
            "audit",
        )
    ),
]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_is_missing(language):
    assert [key for key in KEYS if not Words(language).has(key)] == []


def test_there_are_five_charts():
    assert CHARTS == ["size", "speed", "valid_json_pct", "time", "epochs"]
