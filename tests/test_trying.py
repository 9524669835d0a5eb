"""The page on trying a model is so: its commands and options exist, both languages agree."""

import re

import click
import pytest

from cardboard.board.statistics.sign_test import sign_test
from cardboard.cli import main
from cardboard.tests.test_evaluating import BLOCK, commands, found, options
from cardboard.tests.test_formats import LANGUAGES, page

NAME = "trying.md"


def test_both_languages_show_the_same_code() -> None:
    assert BLOCK.findall(page("ko", NAME)) == BLOCK.findall(page("en", NAME))


def test_both_languages_state_the_same_facts_in_the_same_order() -> None:
    korean, english = (BLOCK.sub("", page(language, NAME)) for language in ("ko", "en"))
    headings = re.compile(r"^(#+) .*?(\{.*\})?$", re.MULTILINE)
    assert headings.findall(korean) == headings.findall(english)
    said = re.compile(r"`[^`\n]+`|\]\([^)]+\)|(?<![\w`])\d[\d.,]*(?<![.,])")
    for mine, other in zip(korean.split("\n## "), english.split("\n## "), strict=True):
        assert sorted(said.findall(mine)) == sorted(said.findall(other))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_can_be_read_and_every_option_exists(language: str) -> None:
    text = page(language, NAME)
    for words in commands(text):
        command, rest = found(words)
        # What it would do is tried with a real model in tests/engines.
        command.make_context(command.name, list(rest), parent=click.Context(main))
    known = set().union(*(options(found(words)[0]) for words in commands(text)))
    assert set(re.findall(r"`(--[a-z-]+)", BLOCK.sub("", text))) <= known


def test_the_page_says_rightly_what_few_questions_can_show() -> None:
    assert sign_test(5, 0).p > 0.05 > sign_test(6, 0).p
    assert sign_test(5, 1).p > 0.05
