"""Drawings: the same bytes each time, in the colours of the page, and nothing that could run."""

import re
from datetime import date
from xml.etree import ElementTree

import pytest

from cardboard.site.charts.charts import Point, Scatter, Slope, Slopes
from cardboard.site.charts.drawing import COLOURS, SIGNS, _number, draw
from cardboard.tests.making import SUITE

NAMES = ("org/모델", "<script>harm()</script>", '"><img src=x onerror=harm()>', "a\x00\ufffe\nb")


def a_point(n, name, **differs):
    whole = {"label": name, "slug": f"slug-{n}", "x": 1.0 + n, "score": 10.0 * n + 5}
    return Point(**(whole | differs))


POINTS = tuple(a_point(n, name, low=1.0, high=60.0, best=n == 3) for n, name in enumerate(NAMES))
SCATTER = Scatter(name="size", metric=SUITE.ranked, points=POINTS, known=4, ranked=4, log=True)
SLOPES = Slopes(
    name="epochs",
    metric=SUITE.ranked,
    lines=(Slope(label=NAMES[1], points=POINTS[:2]), Slope(label="fell", points=POINTS[2:0:-1])),
    known=2,
)


@pytest.fixture(scope="module")
def drawings():
    return draw([(SCATTER, "../models/"), (SLOPES, "../../models/")])


def parse(drawing):
    return ElementTree.fromstring(f"<svg>{drawing}</svg>")


def test_the_same_charts_are_the_same_bytes(drawings):
    assert draw([(SCATTER, "../models/"), (SLOPES, "../../models/")]) == drawings


def test_every_point_leads_to_its_model(drawings):
    for drawing, way in zip(drawings, ("../models/", "../../models/"), strict=True):
        links = {link.get("href") for link in parse(drawing).iter("a")}
        assert links <= {f"{way}slug-{n}/" for n in range(4)}
        assert len(links) >= 3


def test_a_point_says_its_name_and_score_and_is_no_stop_of_the_tab_key(drawings):
    link = next(parse(drawings[0]).iter("a"))
    assert link.find("title").text == "org/모델: 5.00"
    assert link.get("tabindex") == "-1"


def test_signs_that_no_document_may_hold_are_replaced_and_long_names_cut():
    chart = Scatter(
        name="size",
        metric=SUITE.ranked,
        points=(a_point(0, "a\x00b"), a_point(1, "x" * 10_000)),
        known=2,
        ranked=2,
    )
    titles = [title.text for title in parse(*draw([(chart, "")])).iter("title")]
    assert titles == ["a\ufffdb: 5.00", f"{'x' * 200}: 15.00"]


def test_names_are_text_and_nothing_else(drawings):
    for drawing in drawings:
        names = {element.tag for element in parse(drawing).iter()}
        assert names == {"svg", "g", "path", "line", "text", "a", "title"}
        keys = {key for element in parse(drawing).iter() for key in element.attrib}
        assert not [key for key in keys if key.startswith("on") or key in ("style", "class", "id")]


def test_colours_are_those_of_the_page(drawings):
    for drawing in drawings:
        assert "#0" not in drawing
        used = set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawing))
        assert used <= {"none", *COLOURS}
        assert "var(--cb-chart-mark)" in used


def test_each_family_has_a_colour_and_a_sign_of_its_own():
    points = tuple(a_point(n, f"m{n}", family="ab"[n % 2], low=1.0, high=60.0) for n in range(3))
    chart = Scatter(
        name="size", metric=SUITE.ranked, points=points, known=3, ranked=3, families=("a", "b")
    )
    (drawing,) = draw([(chart, "")])
    paths = [link.find("path") for link in parse(drawing).iter("a")]
    assert [path.get("fill") for path in paths] == [
        "var(--cb-family-1)",
        "var(--cb-family-1)",
        "var(--cb-family-2)",
    ]
    assert paths[0].get("d") == paths[1].get("d") != paths[2].get("d")
    rules = {line.get("stroke") for line in parse(drawing).iter("line")}
    assert {"var(--cb-family-1)", "var(--cb-family-2)"} <= rules, "whiskers go with their points"


def test_days_are_named_by_their_dates():
    points = tuple(
        a_point(n, f"m{n}", x=float(date(2026, 3 * n + 1, 1).toordinal())) for n in range(3)
    )
    chart = Scatter(name="time", metric=SUITE.ranked, points=points, known=3, ranked=3)
    words = [text.text for text in parse(*draw([(chart, "")])).iter("text")]
    assert {"2026-01", "2026-04", "2026-07"} <= set(words)


def test_numbers_are_exact_to_a_hundredth(drawings):
    assert not re.findall(r"\d\.\d{3,}", "".join(drawings))


def test_the_axes_name_round_values(drawings):
    words = [text.text for text in parse(drawings[0]).iter("text")]
    assert {"0", "10", "50", "1", "2", "5"} <= set(words)


def test_a_line_that_ends_lower_is_dashed(drawings):
    dashed = [p for p in parse(drawings[1]).iter("path") if p.get("stroke-dasharray") == "5,3"]
    assert [path.get("stroke") for path in dashed] == ["var(--cb-chart-best)"]


def test_marks_lie_where_the_scales_say(drawings):
    # As Vega drew the same charts.
    scatter, slopes = drawings
    whisker = '<line transform="translate(68.19,354.86)" x2="0" y2="-303.43" stroke="'
    assert scatter.count(whisker) == 1
    assert '<path d="M491.81,180L560,180L560,180" stroke="var(--cb-chart-best)"' in scatter
    assert '<path transform="translate(403.9,231.43)" d="M3.32,0A3.32,3.32,0,1,1,' in scatter
    assert '<path transform="translate(491.81,180)" d="M4.47,0A4.47,4.47,0,1,1,' in scatter
    assert '<text transform="translate(498.81,175)" text-anchor="start"' in scatter
    assert '<path d="M168.41,282.86L313.6,231.43" stroke="var(--cb-chart-best)"' in slopes
    assert '<path d="M23.23,334.29L168.41,282.86" stroke="var(--cb-chart-mark)"' in slopes


def test_the_line_of_the_best_goes_right_and_then_up():
    points = tuple(a_point(n, f"m{n}", best=True) for n in range(3))
    chart = Scatter(name="size", metric=SUITE.ranked, points=points, known=3, ranked=3)
    (drawing,) = draw([(chart, "")])
    ends = [p.get("d") for p in parse(drawing).iter("path") if p.get("stroke-dasharray")]
    assert ends == ["M160,300L320,300L320,180L480,180L480,60L560,60L560,60"]


def test_numbers_of_axes_are_short_and_without_powers_of_ten():
    told = {0.0: "0", 0.1 + 0.2: "0.3", 1234.0: "1230", -5.0: "−5", 2e-5: "0.00002", 5e6: "5000000"}
    assert [_number(value) for value in told] == list(told.values())


def test_every_sign_of_a_family_is_drawn_differently():
    families = tuple("abcdefgh")
    points = tuple(a_point(n, f"m{n}", family=one) for n, one in enumerate(families))
    chart = Scatter(
        name="size", metric=SUITE.ranked, points=points, known=8, ranked=8, families=families
    )
    (drawing,) = draw([(chart, "")])
    assert len({path.get("d") for path in parse(drawing).iter("path")}) == len(SIGNS) == 8
