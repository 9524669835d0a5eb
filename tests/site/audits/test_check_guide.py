"""The page on audits is so: its options exist, both languages agree, and every code is there."""

import re
from pathlib import Path

import pytest

from cardboard.board.words.catalogue import Words
from cardboard.eval.audit.findings import CHECKS, CODES
from cardboard.tests.making import SETTINGS, a_result, boards_of
from cardboard.tests.site.reading import HTML, article, section, text
from cardboard.tests.test_evaluating import BLOCK, commands, found, options
from cardboard.tests.test_formats import LANGUAGES, page

NAME = "audit.md"
TREES = {"en": "", "ko": "ko/"}


@pytest.fixture(scope="module")
def site(quick_site) -> Path:
    folder: Path = quick_site(boards_of(a_result()), SETTINGS)
    return folder


def test_both_languages_show_the_same_code_and_sections() -> None:
    assert BLOCK.findall(page("ko", NAME)) == BLOCK.findall(page("en", NAME))
    korean, english = (BLOCK.sub("", page(language, NAME)) for language in ("ko", "en"))
    for shape in (r"^#+ .*\{.*\}$", r"`[^`\n]+`|\]\([^)]+\)"):
        said = re.compile(shape, re.MULTILINE)
        mine, other = (
            [one.split("{")[-1] if one.startswith("#") else one for one in said.findall(page_)]
            for page_ in (korean, english)
        )
        assert sorted(mine) == sorted(other)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_that_is_named_exists(language: str) -> None:
    text = page(language, NAME)
    called = [found(words) for words in commands(text)]
    assert {command.name for command, _ in called} == {"audit"}
    known = {name for name in options(called[0][0]) if name.startswith("--")}
    named = set(re.findall(r"`(--[a-z-]+)", BLOCK.sub("", text)))
    given = {word for _, words in called for word in words if word.startswith("--")}
    assert named | given <= known
    unnamed = known - named - given - {"--help", "--lint", "--api-key-variable"}
    assert unnamed == set(), "options that the page does not speak of"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_exit_code_is_told(language: str) -> None:
    assert re.findall(r"^\| (\d) \|", page(language, NAME), re.MULTILINE) == ["0", "1", "2"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_and_code_stands_on_the_page_with_its_meaning(
    site: Path, language: str
) -> None:
    content = article(site, f"{TREES[language]}audit")
    words = Words(language)
    for check in CHECKS:
        heading = section(content, f"check-{check}")
        assert text(heading).rstrip("¶") == words.text(f"audit.check.{check}")
    told = [text(one) for one in content.iter(f"{HTML}code") if one.get("class") == "cb-code"]
    assert sorted(told) == sorted(CODES)


def test_what_a_code_does_to_results_follows_from_the_policy(site: Path) -> None:
    items = [text(one) for one in article(site, "audit").iter(f"{HTML}li")]
    (doubled,) = [one for one in items if " audit-bos-doubled" in one]
    assert doubled.startswith("Error audit-bos-doubled · keeps a result from being ranked")
    (mask,) = [one for one in items if " audit-mask-absent" in one]
    assert mask.startswith("Note audit-mask-absent The template")
