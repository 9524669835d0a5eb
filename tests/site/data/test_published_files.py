"""A quick look at a file that is given away finds exactly what a look at each of its texts does."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from cardboard.board.words.machines import names_machine
from cardboard.site.data.published_files import _trouble

_PARTS = (
    "/",
    "\\",
    "~",
    ".",
    ":",
    "file:",
    "http://",
    "localhost",
    "home",
    "me",
    "C",
    " ",
    "-",
    "가",
)
_TEXTS = some.lists(some.sampled_from(_PARTS), max_size=6).map("".join)


def trouble(content: bytes) -> str | None:
    return _trouble(content, hashlib.sha256(content).hexdigest())


@given(told=_TEXTS, within=_TEXTS, unknown=_TEXTS, error=_TEXTS)
def test_what_names_a_machine_is_found_wherever_it_stands(told, within, unknown, error):
    step = {"task_id": "/home/me/app", "new": unknown, "error": error}
    value = {"told": told, "model": {"id": [within]}, "steps": [step]}
    wanted = any(
        names_machine(text)
        for text in (told, within, unknown, error)
        if "/" in text or "\\" in text
    )
    without = {**value, "steps": [{"new": unknown, "error": error}]}
    for content in map(msgspec.json.encode, (value, without)):
        assert (trouble(content) == "machine") == wanted


@pytest.mark.parametrize("content", [b"[]", b'{"steps": 3}', b'{"steps": [3]}', b'{"a": "\xff"}'])
def test_what_is_no_result_is_not_given_away(content):
    assert trouble(content) == "older-shape"
