"""What a store may call its files, and what a lock says of them."""

from pathlib import PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.workspace.store import Lock, Locked, encode_lock, is_safe, on_hub, read_lock
from cardboard.eval.errors import ConfigError

HEX = "0123456789abcdef"
PIECES = st.sampled_from(
    [".", "..", "/", "\\", ":", "a", "NUL", " ", "\0", ".git", "é", "~", "b.json"]
)


@given(st.lists(PIECES, max_size=8).map("".join))
def test_a_safe_name_stays_below_its_folder_on_every_system(name):
    if not is_safe(name):
        return
    assert not PureWindowsPath(name).is_absolute()
    assert not PureWindowsPath(name).drive
    for part in name.split("/"):
        assert part
        assert part not in (".", "..", ".git")
        assert part == part.rstrip(". ")
        assert not set(part) & set("\\:\0")


@pytest.mark.parametrize("name", ["NUL", "a/con.json", "COM1.json", "a//b", "", "/a", "x" * 201])
def test_names_that_mean_something_to_a_system_are_not(name):
    assert not is_safe(name)


@pytest.mark.parametrize("name", ["console.json", "deep/한국어 결과.json", ".eval_results/g.yaml"])
def test_names_that_people_give_are_safe(name):
    assert is_safe(name)


@given(
    st.lists(
        st.builds(
            Locked,
            path=st.sampled_from(["a.json", "한국어/b.json", "c'.json"]),
            sha256=st.text(HEX, min_size=64, max_size=64),
            size=st.integers(0, 2**40),
            blob=st.text(HEX, min_size=40, max_size=40),
        ),
        max_size=3,
    )
)
def test_a_lock_reads_as_it_was_written(tmp_path_factory, files):
    root = tmp_path_factory.mktemp("lock")
    lock = Lock(source="hf://datasets/acme/results", revision="0" * 40, files=tuple(files))
    (root / "results.lock.json").write_bytes(encode_lock(lock))
    assert read_lock(root) == lock


@pytest.mark.parametrize("content", ["", "[]", '{"source": 1}', '{"a": ' * 3000])
def test_what_is_no_lock_is_told(tmp_path, content):
    (tmp_path / "results.lock.json").write_text(content)
    with pytest.raises(ConfigError, match=r"results\.lock\.json"):
        read_lock(tmp_path)


def test_a_source_names_a_data_set_and_perhaps_a_folder_of_it():
    assert on_hub(None) is None
    assert on_hub("../clone") is None
    whole, part = on_hub("hf://datasets/acme/results"), on_hub("hf://datasets/acme/results/a/b")
    assert (whole.repo, whole.folder) == ("acme/results", "")
    assert (part.repo, part.folder) == ("acme/results", "a/b")
