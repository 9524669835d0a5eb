"""Scripts of many parts as one file: each part keeps its names to itself and runs in its turn."""

from importlib.resources import files

import pytest

from cardboard.site.frame.bundles import SCRIPTS, bundled, joined, script_tag, scripts, style

PARTS = {
    "main.js": 'import { one as first, Two } from "./in/a.js";\nimport "./late.js";\n\n'
    "const own = first() + new Two().number;\nglobalThis.told.push(own);\n",
    "in/a.js": 'import { base } from "../b.js";\n\n'
    "const own = base;\nexport const one = () => own;\nexport class Two {\n  number = 2;\n}\n",
    "b.js": "export const base = 40;\nglobalThis.told = ['b'];\n",
    "late.js": 'globalThis.told.push("late");\n',
}


def test_parts_run_once_in_the_order_of_their_imports_and_share_no_names(browser):
    page = browser.new_page()
    page.add_script_tag(content=joined(["b.js", "main.js"], PARTS.__getitem__), type="module")
    assert page.evaluate("told") == ["b", "late", 42]
    page.close()


def test_parts_that_import_each_other_are_refused():
    circle = {"a.js": 'import "./b.js";\n', "b.js": 'import "./a.js";\n'}
    with pytest.raises(ValueError, match=r"a\.js imports itself"):
        joined(["a.js"], circle.__getitem__)


def test_every_script_is_a_part_of_a_page_and_no_import_is_left():
    told = "".join(asset.text for asset in scripts().values())
    assert "\nimport " not in told
    assert "\nexport " not in told
    folder = files("cardboard") / "site" / "assets"
    for path in sorted(folder.rglob("*.js")):
        last = path.read_text("utf-8").rstrip().splitlines()[-1].removeprefix("export ")
        assert last in told, path


def test_a_page_has_one_style_sheet_and_one_place_for_its_script():
    page = (
        '<link rel="stylesheet" href="../a.css">\n  <link rel="stylesheet" href="../b.css">\n'
        '<article></article><script src="../bundle.js"></script>'
        '<script src="../assets/cardboard/frame.js" type="module"></script>'
    )
    texts = {"a.css": "a{}\n/*# sourceMappingURL=a.map */", "b.css": "b{}"}
    sheet = style(texts, texts.__getitem__)
    assert sheet.text == "a{}\nb{}\n"
    assert bundled(page, "../", sheet) == (
        f'<link rel="stylesheet" href="../{sheet.path}"><article></article>'
        '<!-- cardboard:script --><script src="../bundle.js"></script>'
    )


def test_a_name_tells_of_what_is_in_a_file():
    names = {asset.path for asset in scripts().values()}
    assert len(names) == len(SCRIPTS)
    assert style(["a"], {"a": "x"}.__getitem__).path != style(["a"], {"a": "y"}.__getitem__).path
    assert script_tag("board", "../").startswith('<script type=module src="../assets/cardboard/bo')


def test_what_styles_a_whole_page_twice_while_it_loads_is_left_out_of_its_style_sheet():
    theme = (
        ".a{b:c}[data-md-color-switching] *,[data-md-color-switching] :after{d:e!important}.f{g:h}"
    )
    assert style(["theme.css"], lambda path: theme).text == ".a{b:c}.f{g:h}\n"
