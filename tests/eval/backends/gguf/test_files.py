"""What a GGUF file is as published: where it lies, how its weights are held, its window."""

from pathlib import Path

import gguf
import pytest

from cardboard.eval.backends.gguf.files import KINDS, WINDOW, gguf_of
from cardboard.eval.errors import UsageError

from ....smol import FILE, smol


def a_file(path: Path, *, kind: int | None = None, window: int | None = None) -> Path:
    """Write a header that says how weights are held and how many tokens the model knows."""
    writer = gguf.GGUFWriter(path, "llama")
    if kind is not None:
        writer.add_file_type(kind)
    if window is not None:
        writer.add_context_length(window)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


def test_kinds_of_weights_are_those_of_the_format() -> None:
    theirs = {one.value: one.name for one in gguf.LlamaFileType if one.name != "GUESSED"}
    assert {
        number: name.removeprefix("ALL_").removeprefix("MOSTLY_") for number, name in theirs.items()
    } == KINDS


def test_a_real_file_tells_all() -> None:
    file = gguf_of(str(smol()), None)
    assert (file.path.name, file.kind, file.window) == (FILE, "Q4_1", 8192)
    assert file.template is not None and "<|im_start|>" in file.template
    assert file.revision is None


@pytest.mark.parametrize(
    ("kind", "window", "expected"),
    [
        (15, 4096, ("Q4_K_M", 4096)),
        (1, 131_072, ("F16", WINDOW)),
        (999, 0, (None, WINDOW)),
        (None, None, (None, WINDOW)),
    ],
)
def test_memory_is_taken_for_what_the_model_knows_and_never_for_a_very_long_window(
    kind: int | None, window: int | None, expected: tuple[str | None, int], tmp_path: Path
) -> None:
    file = gguf_of(str(a_file(tmp_path / "m.gguf", kind=kind, window=window)), None)
    assert (file.kind, file.window) == expected
    assert file.template is None


def test_a_file_of_the_hub_has_its_commit(tmp_path: Path) -> None:
    folder = tmp_path / "models--org--m" / "snapshots" / "0123abcd"
    folder.mkdir(parents=True)
    assert gguf_of(str(a_file(folder / "m.gguf")), None).revision == "0123abcd"


@pytest.mark.parametrize("name", ["no", "org/no.gguf", "/no/such/file.gguf", "~/no.gguf"])
def test_what_is_not_there_is_told(name: str) -> None:
    with pytest.raises(UsageError, match="no such file"):
        gguf_of(name, None)
