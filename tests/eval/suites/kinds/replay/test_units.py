"""Command units: blanks, shell words, bags of tokens."""

import shlex
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.suites.kinds.replay.units import WAIT, bag, bag_of, normalise, similarity, words

from .plain_scoring import plain_normalise, plain_similarity, plain_tokens

lines = st.one_of(
    st.text(),
    st.text(alphabet="ab=é \t\n\r\x0b\x1c\u3000'\"\\#<>|&;$\ud800\x00"),
    st.lists(st.sampled_from(["ls", "'", '"', "\\", " ", "''", '"a b"', "\\\\", "İ"])).map("".join),
)


@pytest.mark.parametrize(
    ("unit", "normal"),
    [
        ("  ls   -la\t", "ls -la"),
        ("echo '  a  '", "echo ' a '"),
        ("a\u3000b", "a b"),
        ("", WAIT),
        (" \n ", WAIT),
        (WAIT, WAIT),
    ],
)
def test_blanks_are_collapsed_and_nothing_is_a_wait(unit: str, normal: str) -> None:
    assert normalise(unit) == normal


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ls -la", ["ls", "-la"]),
        ("cmd 2>&1 | tail", ["cmd", "2>&1", "|", "tail"]),
        ('python3 -c "import os; print(1)"', ["python3", "-c", "import os; print(1)"]),
        ("echo 'a'\"b\"c", ["echo", "abc"]),
        ("echo '' x", ["echo", "", "x"]),
        ("a\\ b", ["a b"]),
        (r'"\"\$\\"', ['"\\$\\']),
        ("# not a comment", ["#", "not", "a", "comment"]),
        ("echo 'it is", ["echo", "'it", "is"]),
        ("a'b", ["a'b"]),
        ("tail\\", ["tail\\"]),
        ("", []),
    ],
)
def test_a_line_is_split_as_a_posix_shell_would_or_at_blanks(
    line: str, expected: list[str]
) -> None:
    assert words(line) == expected


@given(lines)
def test_words_are_those_of_shlex(line: str) -> None:
    normal = " ".join(line.split())
    try:
        expected = shlex.split(normal)
    except ValueError:
        expected = normal.split()
    assert words(line) == expected


def test_no_character_turns_into_a_blank_when_its_case_is_lowered() -> None:
    """So `words` may split before the blanks are collapsed."""
    for code in range(sys.maxunicode + 1):
        line = f"a{chr(code)}b"
        assert line.lower().split() == plain_normalise(line).lower().split(" ")


@given(lines)
def test_a_bag_holds_the_tokens_of_the_normalised_unit(line: str) -> None:
    assert normalise(line) == plain_normalise(line)
    assert bag(line) == bag_of(plain_tokens(line))


def test_a_bag_counts_equal_tokens() -> None:
    assert bag("a b a a") == {"a", "b", ("a", 2), ("a", 3)}


@given(lines, lines)
def test_similarity_is_the_f1_of_the_multisets(left: str, right: str) -> None:
    assert similarity(bag(left), bag(right)) == plain_similarity(left, right)
    assert similarity(bag(left), bag(right)) == similarity(bag(right), bag(left))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("tail -5 a.txt", "a.txt -5 tail", 1.0),
        ("echo 'a b'", 'ECHO "a b"', 1.0),
        ("cat /app/x", "cat x", 0.5),
        ("a a a b", "a", 0.4),
        ("<wait>", "<WAIT>", 1.0),
        ("ls", "pwd", 0.0),
    ],
)
def test_similarity_by_example(left: str, right: str, expected: float) -> None:
    assert similarity(bag(left), bag(right)) == pytest.approx(expected)


def test_bags_of_no_tokens_are_equal_to_each_other_only() -> None:
    nothing = bag_of([])
    assert similarity(nothing, nothing) == 1.0
    assert similarity(nothing, bag("ls")) == similarity(bag("ls"), nothing) == 0.0
