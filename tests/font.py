"""Make the font of link previews anew: a part of Noto Sans CJK KR Bold, under a name of its own.

    pip install fonttools
    python -m tests.font NotoSansCJK-Bold.ttc

It holds what `drawable` of `site/charts/previews.py` names, and no more. Noto has no reserved
name; ours is another so that nobody takes it for the whole font.
"""

import sys
from pathlib import Path

from cardboard.site.charts import previews

NAME = "Cardboard Sans"
NUMBER_OF_KOREAN = 1
COPYRIGHT, FAMILY, STYLE, WHOLE, POSTSCRIPT = 0, 1, 2, 4, 6
KEPT = {COPYRIGHT, 5, 13, 14}


def make(source: Path, target: Path) -> None:
    """Write the letters that previews need from the collection *source* to *target*."""
    from fontTools import subset

    options = subset.Options(
        font_number=NUMBER_OF_KOREAN, layout_features=[], hinting=False, notdef_outline=True
    )
    font = subset.load_font(str(source), options)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=[code for code in range(0x20, 0xD800) if previews.drawable(chr(code))])
    cut.subset(font)
    names = font["name"]
    names.names = [one for one in names.names if one.nameID in KEPT]
    for number, text in (
        (FAMILY, NAME),
        (STYLE, "Bold"),
        (WHOLE, f"{NAME} Bold"),
        (POSTSCRIPT, "CardboardSans-Bold"),
    ):
        names.setName(text, number, 3, 1, 0x409)
    top = font["CFF "].cff
    top.fontNames[0] = "CardboardSans-Bold"
    top.topDictIndex[0].FullName, top.topDictIndex[0].FamilyName = f"{NAME} Bold", NAME
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(str(target))


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(previews.__file__).parent / "fonts" / previews.FONT)
