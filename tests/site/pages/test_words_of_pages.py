"""Words whose keys are put together: every chart, move, group and reason has them."""

import pytest

from cardboard.board.history.history import KINDS
from cardboard.board.words.catalogue import Words
from cardboard.site.charts.charts import charts_of
from cardboard.site.pages.download_page import REASONS
from cardboard.tests.making import a_result, boards_of

CHARTS = [chart.name for chart in charts_of(boards_of(a_result()).boards[0])]
KEYS = [
    *(f"site.charts.{name}{part}" for name in CHARTS for part in ("", ".text", ".missing")),
    *(f"site.charts.{name}.axis" for name in CHARTS if name != "bases"),
    *(f"site.charts.column.{name}" for name in ("base", "tuned", "gain", "run", "course")),
    *(f"site.history.{what}" for what in KINDS),
    *(f"site.withheld.{reason}" for reason in REASONS),
    *(
        f"site.downloads.{name}"
        for name in ("board.csv", "board.json", "board.parquet", "snapshot")
    ),
]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_is_missing(language):
    assert [key for key in KEYS if not Words(language).has(key)] == []


def test_there_are_five_charts():
    assert CHARTS == ["size", "speed", "valid", "epochs", "bases"]
