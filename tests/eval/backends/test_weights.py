"""Hashes of weights: of content, whatever the folder is called, and each file read once."""

import hashlib
import os
from pathlib import Path

import pytest

from cardboard.eval.backends.weights import file_sha256, published_sha256, weights_sha256


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def a_folder(path: Path, **files: str) -> Path:
    path.mkdir(parents=True)
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


def test_one_file_has_its_own_hash_and_several_that_of_their_list(tmp_path: Path) -> None:
    one = a_folder(tmp_path / "one", model__safetensors="abc", config__json="{}")
    assert weights_sha256(str(one)) == hashlib.sha256(b"abc").hexdigest()
    two = a_folder(tmp_path / "two", b__safetensors="2", a__safetensors="1")
    listed = "".join(
        f"{hashlib.sha256(text).hexdigest()}  {name}\n"
        for text, name in ((b"1", "a.safetensors"), (b"2", "b.safetensors"))
    )
    assert weights_sha256(str(two)) == hashlib.sha256(listed.encode()).hexdigest()


def test_what_is_no_weight_of_the_model_changes_nothing(tmp_path: Path) -> None:
    bare = a_folder(tmp_path / "bare", model__safetensors="abc")
    more = {"adapter_model__safetensors": "x", "optimizer__pt": "y", "training_args__bin": "z"}
    full = a_folder(tmp_path / "full", model__safetensors="abc", **more)
    assert weights_sha256(str(full)) == weights_sha256(str(bare))


def test_a_name_that_is_no_path_has_none(tmp_path: Path) -> None:
    assert weights_sha256("org/model") is None
    assert weights_sha256(str(a_folder(tmp_path / "empty"))) is None


def test_a_gguf_file_in_parts_is_hashed_whole(tmp_path: Path) -> None:
    for number, text in ((1, "1"), (2, "2")):
        (tmp_path / f"m-0000{number}-of-00002.gguf").write_text(text)
    whole = weights_sha256(str(tmp_path / "m-00001-of-00002.gguf"))
    (tmp_path / "m-00002-of-00002.gguf").write_text("3 other")
    assert weights_sha256(str(tmp_path / "m-00001-of-00002.gguf")) != whole


def test_a_file_is_read_once_while_path_size_and_time_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_text("abc")
    first = file_sha256(path)
    read: list[object] = []
    digest = hashlib.file_digest

    def noted(*given: object) -> object:
        read.append(given)
        return digest(*given)  # type: ignore[arg-type]  # passed on as given

    monkeypatch.setattr("hashlib.file_digest", noted)
    assert (file_sha256(path), len(read)) == (first, 0)
    path.write_text("abd")
    os.utime(path, ns=(0, 1))
    assert file_sha256(path) != first
    assert len(read) == 1


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    path = tmp_path / "model.safetensors"
    path.write_text("abc")
    assert file_sha256(path) == hashlib.sha256(b"abc").hexdigest()


def test_the_cache_of_the_hub_tells_hashes_by_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    model = tmp_path / "models--org--model"
    snapshot = model / "snapshots" / "r1"
    snapshot.mkdir(parents=True)
    (model / "blobs").mkdir()
    (model / "blobs" / ("c" * 64)).write_text("never read")
    (snapshot / "model.safetensors").symlink_to(model / "blobs" / ("c" * 64))
    assert published_sha256("org/model", "r1") == "c" * 64
    assert published_sha256("org/model", "r2") is None
    assert published_sha256("org/model", None) is None
