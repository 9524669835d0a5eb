"""The files beside a model's weights that templates and tokens are read from, none trusted."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from ..findings import Finding, found

T = TypeVar("T")

TEMPLATE, TEMPLATES = "chat_template.jinja", "additional_chat_templates"
LEGACY = "chat_template.json"
TOKENIZER, TOKENIZER_CONFIG = "tokenizer.json", "tokenizer_config.json"
TOKENS_MAP = "special_tokens_map.json"
CONFIG, GENERATION = "config.json", "generation_config.json"
PROCESSORS = ("processor_config.json", "preprocessor_config.json")
ADAPTER = "adapter_config.json"

MISTRAL_COMMON = re.compile(r"tekken\.json|tokenizer(\.mm)?\.model\.v\d{1,2}(m\d)?")
"""Tokenizers of mistral-common, which builds prompts without a chat template."""

LONGEST: Mapping[str, int] = {TOKENIZER: 128 << 20}
"""Bytes of a file that are read; of all others `MOST`."""
MOST = 16 << 20
LONGEST_TEMPLATE = 4 << 20


class Added(Struct, frozen=True):
    """A token that stands beside the vocabulary."""

    content: str
    id: int | None = None


class Named(Struct, frozen=True):
    """A template of a list in `tokenizer_config.json`."""

    name: str
    template: str


class TokenizerFile(Struct, frozen=True):
    """What we read of `tokenizer.json`: the vocabulary is passed over."""

    added_tokens: tuple[Added, ...] = ()


class Generation(Struct, frozen=True):
    """What we read of `generation_config.json`."""

    eos_token_id: int | tuple[int, ...] | None = None


class Inner(Struct, frozen=True):
    """The part of a multimodal model's `config.json` that is about text."""

    eos_token_id: int | tuple[int, ...] | None = None


class Config(Struct, frozen=True):
    """What we read of `config.json`."""

    model_type: str | None = None
    eos_token_id: int | tuple[int, ...] | None = None
    text_config: Inner = Inner()


class AdapterConfig(Struct, frozen=True):
    """What we read of `adapter_config.json`."""

    base_model_name_or_path: str | None = None
    revision: str | None = None


class Legacy(Struct, frozen=True):
    """What we read of `chat_template.json` and of `processor_config.json`, where it was before."""

    chat_template: str | None = None


def is_folder(path: Path) -> bool:
    """Tell whether *path*, which may be a name that no file can have, is a folder."""
    try:
        return path.is_dir()
    except OSError:
        return False


def of_mistral_common(names: Iterable[str]) -> str | None:
    """Return the first of *names* that mistral-common builds prompts from."""
    return next((name for name in sorted(names) if MISTRAL_COMMON.fullmatch(name)), None)


class Files:
    """The files of one model, by name; what is wrong with them is gathered in `findings`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings: list[Finding] = []

    def has(self, name: str) -> bool:
        """Tell whether there is a file of that *name*."""
        return (self.folder / name).is_file()

    def names(self, folder: str, suffix: str) -> list[str]:
        """Return the files of a *folder* below that end in *suffix*, sorted."""
        place = self.folder / folder
        return sorted(path.name for path in place.glob(f"*{suffix}")) if is_folder(place) else []

    def text(self, name: str) -> str | None:
        """Return a template as transformers reads it: line ends are line feeds."""
        data = self._bytes(name, LONGEST_TEMPLATE)
        if data is None:
            return None
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            self._unreadable(name, f"not UTF-8: {error.reason} at byte {error.start}")
            return None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def json(self, name: str, kind: type[T]) -> T | None:
        """Return a file of JSON as *kind*; `None` where it is not there or cannot be used."""
        data = self._bytes(name, LONGEST.get(name, MOST))
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._unreadable(name, str(error))
            return None

    def path(self, name: str) -> Path | None:
        """Return where a file is; `None` where it is not there, or a link to somewhere else."""
        path = self.folder / name
        if not path.is_file():
            return None
        if not path.resolve().is_relative_to(self._bounds):
            self._unreadable(name, "is a link to a place outside its folder")
            return None
        return path

    @property
    def _bounds(self) -> Path:
        """Return where links may lead: of the Hub's cache, to the files of the same model."""
        folder = self.folder.resolve()
        cached = folder.parent.name == "snapshots" and (folder.parents[1] / "blobs").is_dir()
        return folder.parents[1] if cached else folder

    def _bytes(self, name: str, most: int) -> bytes | None:
        path = self.path(name)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                data = file.read(most + 1)
        except OSError as error:
            self._unreadable(name, error.strerror or "cannot be read")
            return None
        if len(data) > most:
            self._unreadable(name, "too large")
            return None
        return data

    def _unreadable(self, name: str, reason: str) -> None:
        self.findings.append(found("audit-file-unreadable", name=name, reason=reason))
