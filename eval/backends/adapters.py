"""What a LoRA adapter's folder or repository tells: its identity, and the template it came with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from ..engine import Template
from ..identity import checkpoint
from ..records import Adapter, Sha256, Training
from .weights import cut_short, file_sha256

_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


RECORD = "training.json"
_LARGEST_RECORD = 1 << 20
"""Bytes."""


class TrainingRecord(Struct, frozen=True, kw_only=True, tag_field="kind", tag="training"):
    """How an adapter was trained, as `training.json` beside its weights says."""

    version: Literal[1] = 1
    adapter_sha256: Sha256
    """Of the weights that came of it."""
    training: Training


def read_record(path: Path) -> TrainingRecord | None:
    """Return the record in the file at *path*; `None` where there is none that can be read."""
    try:
        if path.stat().st_size > _LARGEST_RECORD:
            return None
        return msgspec.json.decode(path.read_bytes(), type=TrainingRecord)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def published_name(model: str) -> str:
    """Return a Hub id as it is, and of a path of this machine its last part."""
    path = Path(model)
    if path.exists() or path.is_absolute() or model.startswith(("./", "../", "~")):
        return path.expanduser().resolve().name
    return model


def adapter_record(adapter: str) -> Adapter:
    """Return what a result says of *adapter*: name, Hub revision, SHA-256, how it was trained."""
    weights = next((path for name in _WEIGHTS if (path := _file(adapter, name))), None)
    config = _file(adapter, "adapter_config.json")
    revision = config.parent.name if config and config.parent.parent.name == "snapshots" else None
    sha256 = file_sha256(weights) if weights else None
    record = read_record(path) if (path := _file(adapter, RECORD)) else None
    return Adapter(
        id=published_name(adapter),
        revision=revision,
        sha256=sha256,
        # What tells of other weights tells nothing of these.
        training=record.training if record and record.adapter_sha256 == sha256 else None,
    )


def adapter_sha256(adapter: str) -> str | None:
    """Return the SHA-256 of a local adapter's weights; `None` where it is not here."""
    paths = (Path(adapter).expanduser() / name for name in _WEIGHTS)
    return next((file_sha256(path) for path in paths if path.is_file()), None)


def lacking(adapter: str) -> str | None:
    """Say what a local *adapter* lacks to be loaded; `None` where it is whole, or is none."""
    folder = Path(adapter).expanduser()
    if not folder.is_dir():
        return None
    config = folder / "adapter_config.json"
    weights = next((path for name in _WEIGHTS if (path := folder / name).is_file()), None)
    if not config.is_file() or weights is None:
        return f"there is no {_WEIGHTS[0] if config.is_file() else config.name}"
    try:
        msgspec.json.decode(config.read_bytes(), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"{config.name} is no JSON object"
    return cut_short(weights)


def checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints of a training: folders `checkpoint-N` in *folder* and in runs in it.

    They come run by run and by number; *folder* itself comes last if it is an adapter, as trainers
    write one into it at their end.
    """
    numbered = [
        (path.parent, told[1], path)
        for pattern in ("checkpoint-*", "*/checkpoint-*")
        for path in folder.glob(pattern)
        if path.is_dir() and (told := checkpoint(path.name)) is not None
    ]
    own = [folder] if (folder / "adapter_config.json").is_file() else []
    return [path for *_, path in sorted(numbered)] + own


def spread(adapters: Sequence[str]) -> tuple[str, ...]:
    """Return *adapters* with the checkpoints in the place of a folder that only holds those."""
    found: list[str] = []
    for adapter in adapters:
        folder = Path(adapter).expanduser()
        is_one = not folder.is_dir() or (folder / "adapter_config.json").is_file()
        inside = [] if is_one else [str(path) for path in checkpoints(folder)]
        found += inside or [adapter]
    return tuple(found)


def adapter_template(adapter: str, own: Template | None) -> Template | None:
    """Return the chat template that *adapter* was published with, else *own*, that of its model.

    The adapter was trained with its own, so answers through another are not its answers.
    """
    special = own.special_tokens if own else {}
    path = _file(adapter, "chat_template.jinja")
    if path is not None:
        written = path.read_text(encoding="utf-8", errors="replace")
        return Template(text=written, source="chat_template.jinja", special_tokens=special)
    path = _file(adapter, "tokenizer_config.json")
    configured = _configured(path) if path is not None else None
    if configured is not None:
        return Template(text=configured, source="tokenizer", special_tokens=special)
    return own


def template_audit(adapter: str, own: Template | None) -> Literal["none", "same", "different"]:
    """Tell how the template that *adapter* came with stands to *own*, that of its model.

    A server answers through the model's template whatever the adapter's says.
    """
    brought = adapter_template(adapter, None)
    if brought is None:
        return "none"
    return "same" if own is not None and brought.text == own.text else "different"


class _Config(Struct):
    r: int
    rank_pattern: dict[str, int] = {}


def adapter_rank(adapter: str) -> int | None:
    """Return the highest rank in *adapter*; `None` where its configuration does not tell one."""
    path = _file(adapter, "adapter_config.json")
    if path is None:
        return None
    try:
        config = msgspec.json.decode(path.read_bytes(), type=_Config)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return max(config.r, *config.rank_pattern.values(), 1)


def _configured(path: Path) -> str | None:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, object]).get("chat_template")
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, str) else None


def _file(adapter: str, name: str) -> Path | None:
    """Return a file of a local folder or of a Hub repository; `None` where it has none."""
    if Path(adapter).is_dir():
        path = Path(adapter) / name
        return path if path.is_file() else None
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(adapter, name))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError):
        return None
