"""Pictures of shared links: true figures, no letter that the font lacks, the same bytes."""

import io
import struct
import unicodedata

import pytest
from PIL import Image

from cardboard.site.charts.previews import (
    Card,
    Row,
    _cut,
    _font,
    drawable,
    of_board,
    of_model,
    told,
)

CARD = Card(
    title="작은 보드", site="우리 순위", rank="순위", score="점수", interval="95% 신뢰구간",
    counted="순위 7개", ranked=7,
)  # fmt: skip


def row(name="model", owner="org", at=0.5, reach=(0.4, 0.6)):
    interval = "40.00–60.00" if reach else None
    return Row(
        name=name, owner=owner, rank="3=", ranks="1–9", score="50.00", interval=interval, at=at,
        reach=reach,
    )  # fmt: skip


def pixels(png):
    return Image.open(io.BytesIO(png)).convert("L")


@pytest.mark.parametrize(
    "png", [of_board(CARD, [row()] * 9), of_model(CARD, row(), [0, 0.5, 1]), of_board(CARD, [])]
)
def test_it_is_a_small_png_of_the_size_that_networks_ask_for(png):
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == (1200, 630)
    assert len(png) < 20_000


def test_the_same_figures_give_the_same_bytes():
    assert of_model(CARD, row(), [0.1, 0.9]) == of_model(CARD, row(), [0.1, 0.9])
    assert of_model(CARD, row(), [0.1, 0.9]) != of_model(CARD, row(at=0.51), [0.1, 0.9])


def test_the_font_has_every_letter_that_counts_as_drawable():
    font = _font(20)
    lacking = bytes(font.getmask("\ue000"))
    letters = [chr(code) for code in range(0x20, 0xD7A4) if drawable(chr(code))]
    assert len(letters) == 95 + 96 + 14 + 2350
    boxes = [one for one in letters if bytes(font.getmask(one)) == lacking]
    assert lacking
    assert boxes == []


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("모델", "모델"),
        (unicodedata.normalize("NFD", "한글"), "한글"),
        ("two\nlines", "two lines"),
        ("똠방각하", "slug"),
        ("模型", "slug"),
        ("model 🚀", "slug"),
        ("txt.exe\u202egpj", "slug"),
        ("a\x00b", "slug"),
    ],
)
def test_what_the_font_lacks_is_told_by_the_name_of_its_page(text, drawn):
    assert told(text, "slug") == drawn


def test_a_long_name_is_cut_where_names_do_not_differ():
    font = _font(30)
    name = f"{'very-' * 40}long-2Epoch"
    short = _cut(name, font, 500, name[-10:])
    assert short.startswith("very-very-")
    assert short.endswith("...ong-2Epoch")
    assert font.getlength(short) <= 500


def test_nothing_is_drawn_beyond_the_picture_or_over_the_scores():
    """The column of scores looks the same whether the name beside it is short or endless."""
    short, long = (pixels(of_board(CARD, [row(name)])) for name in ("a", "W" * 200))
    right = (700, 150, 1200, 630)
    assert short.crop(right).tobytes() == long.crop(right).tobytes()


def test_where_there_is_no_interval_none_is_drawn():
    """The bar of an interval is tan and lies on the scale of the row."""
    for png, place in (
        (of_board(CARD, [row(reach=None)]), (730, 192, 950, 206)),
        (of_model(CARD, row(reach=None), []), (60, 545, 1140, 565)),
    ):
        colours = dict(pixels(png).crop(place).getcolors())
        assert len(colours) <= 4  # paper, the line's two rims, the score's own mark
