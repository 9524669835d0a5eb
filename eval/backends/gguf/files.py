"""GGUF files, here or on the Hub: where one is, and what it is as published."""

import re
from pathlib import Path

from msgspec import UNSET, Struct

from ...errors import UsageError
from ...records import ModelFile
from .header import TEMPLATE, Header, read_header

KINDS = {
    **{0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K"},
    **{11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S"},
    **{17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS"},
    **{23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S"},
    **{29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0"},
    **{38: "MXFP4_MOE", 39: "NVFP4", 40: "Q1_0"},
}
"""How most of a file's weights are held, by the number in its header."""
FLOATS = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
"""Those of them that are no quantisation, as protocols name them."""

WINDOW = 16_384
"""The most tokens that memory is taken for unless somebody asks for more."""

_PART = re.compile(r"-\d{5}-of-(\d{5})\.gguf$")


class Gguf(Struct, frozen=True, kw_only=True):
    """A GGUF file that lies here."""

    path: Path
    header: Header
    revision: str | None = None
    """The commit that it is from, if it came from the Hub."""

    @property
    def template(self) -> str | None:
        """Return the chat template that the file brings with it."""
        text = self.header.values.get(TEMPLATE)
        return text if isinstance(text, str) and text else None

    @property
    def kind(self) -> str | None:
        """Return how its weights are held, as published: `Q4_K_M`, `F16`."""
        number = self.header.values.get("general.file_type")
        return KINDS.get(number) if isinstance(number, int) else None

    @property
    def window(self) -> int:
        """Return the tokens to take memory for where nobody says how many."""
        values = self.header.values
        number = values.get(f"{values.get('general.architecture')}.context_length")
        return min(number, WINDOW) if isinstance(number, int) and number > 0 else WINDOW

    def record(self, sha256: str) -> ModelFile:
        """Return the file as results name it; *sha256* is its own."""
        header = self.header
        alone = not _PART.search(self.path.name)  # a part tells of its own tensors
        return ModelFile(
            name=self.path.name,
            bytes=self.path.stat().st_size,
            sha256=sha256,
            parameters=header.parameters if alone and header.parameters else UNSET,
            tensor_bytes=header.tensor_bytes if alone and header.tensor_bytes else UNSET,
        )


def gguf_of(model: str, revision: str | None) -> Gguf:
    """Return the file that *model* names: a path, or `ORG/REPOSITORY/FILE.gguf` on the Hub.

    Of a file in parts all are fetched, and the first is meant. Raises UsageError where there is no
    such file, BadHeader where it is none.
    """
    path = _path(model, revision)
    with path.open("rb") as file:
        header = read_header(file, size=path.stat().st_size, name=path.name)
    fetched = path.parent.parent.name == "snapshots"
    return Gguf(path=path, header=header, revision=path.parts[-2] if fetched else None)


def _path(model: str, revision: str | None) -> Path:
    path = Path(model).expanduser()
    if path.is_file():
        return path
    owner, _, rest = model.partition("/")
    repository, _, file = rest.partition("/")
    if path.is_absolute() or not (owner and repository and file.endswith(".gguf")):
        raise UsageError(
            f"there is no such file: {model}",
            remedy="Name a GGUF file, here or on the Hub: ORG/REPOSITORY/FILE.gguf.",
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted = _PART.sub(r"-*-of-\1.gguf", file)
    try:
        folder = snapshot_download(
            f"{owner}/{repository}", revision=revision, allow_patterns=[wanted]
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        raise UsageError(f"cannot be fetched: {error}", key=model) from error
    if not (path := Path(folder) / file).is_file():
        raise UsageError("the repository has no such file", key=model)
    return path
