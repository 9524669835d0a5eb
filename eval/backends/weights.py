"""SHA-256 of the weights that a local folder or file holds, each file read once while it stays."""

import hashlib
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from zipfile import is_zipfile

import msgspec
from msgspec import Struct

_KINDS = ("*.safetensors", "pytorch_model*.bin", "*.bin", "*.gguf", "*.pth", "*.pt")
"""Files of weights; those of the first kind that is there are what an engine loads."""
_NO_WEIGHTS = ("adapter_", "training_args", "optimizer", "scheduler", "rng_state")
_MOST_HEADER = 100 << 20
"""Bytes that a header of safetensors may have, as the format says."""
_PART = re.compile(r"-\d{5}-of-(\d{5})\.gguf$")
_SLOW = 4 << 30
"""Bytes that take long enough to read that somebody should know of it."""


def weights_sha256(model: str, tell: Callable[[str], None] | None = None) -> str | None:
    """Return the hash of the weights in the local *model*, `None` where it holds none.

    That of one file is its SHA-256: of a safetensors file, header and tensors. That of several is
    the SHA-256 of their list, as `sha256sum` prints it, sorted by name. *tell* is told before much
    is read.
    """
    files = _files(Path(model).expanduser())
    fresh = [path for path in files if _known(path) is None]
    size = sum(path.stat().st_size for path in fresh)
    if tell is not None and size >= _SLOW:
        tell(f"Reading {size / 1e9:.1f} GB of weights, once, to tell this model from others")
    with ThreadPoolExecutor(4) as pool:
        digests = list(pool.map(file_sha256, files))
    if len(files) < 2:
        return digests[0] if digests else None
    listed = "".join(f"{one}  {path.name}\n" for one, path in zip(digests, files, strict=True))
    return hashlib.sha256(listed.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file at *path*, as found before if its size and time are the same.

    A blob of the Hub's cache is named by it.
    """
    known = _known(path)
    if known is not None:
        return known
    place = _place(path)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if place == _place(path):  # nobody wrote to it meanwhile
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            aside = place.with_suffix(f".{os.getpid()}")
            aside.write_text(found)
            aside.replace(place)
    return found


def published_sha256(repository: str, revision: str | None) -> str | None:
    """Return the hash of the weights of a Hub *repository* at *revision*, if they are cached here.

    It costs nothing: the cache names each file by its SHA-256.
    """
    if revision is None:
        return None
    folder = _cached(repository, revision)
    if not all(_blob(path) for path in _files(folder)):
        return None
    return weights_sha256(str(folder))


def weights_bytes(model: str, revision: str | None) -> int | None:
    """Return the size of the weights of *model*, a path or a repository cached here at *revision*.

    `None` where there are none.
    """
    files = _files(Path(model).expanduser())
    if not files and revision is not None:
        files = _files(_cached(model, revision))
    return sum(path.stat().st_size for path in files) or None


def _cached(repository: str, revision: str) -> Path:
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE, f"models--{repository.replace('/', '--')}", "snapshots", revision)


class _Tensor(Struct):
    data_offsets: tuple[int, int] = (0, 0)


def cut_short(path: Path) -> str | None:
    """Say what the file of weights at *path* lacks; `None` where it is whole.

    A safetensors file tells its own length: 8 bytes with that of its header, the header, which is
    JSON with the place of each tensor, and the tensors. A file of torch is a zip archive, which
    ends with its list.
    """
    size = path.stat().st_size
    if path.suffix != ".safetensors":
        return None if is_zipfile(path) else f"{path.name} is cut short, or no file of torch"
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, _MOST_HEADER):
            return f"{path.name} is cut short within its header"
        header = file.read(length)
    try:
        tensors = msgspec.json.decode(header, type=dict[str, _Tensor])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"{path.name} has a header that cannot be read"
    whole = 8 + length + max((one.data_offsets[1] for one in tensors.values()), default=0)
    return None if size >= whole else f"{path.name} is cut short: {size:,} of {whole:,} bytes"


def _files(model: Path) -> list[Path]:
    if model.is_file():
        part = _PART.search(model.name)
        others = f"{model.name[: part.start()]}-?????-of-{part[1]}.gguf" if part else ""
        return sorted(model.parent.glob(others)) if part else [model]
    if not model.is_dir():
        return []
    for kind in _KINDS:
        found = [
            path
            for path in sorted(model.glob(kind))
            if path.is_file() and not path.name.startswith(_NO_WEIGHTS)
        ]
        if found:
            return found
    return []


def _known(path: Path) -> str | None:
    blob = _blob(path)
    if blob is not None:
        return blob
    try:
        found = _place(path).read_text()
    except OSError:
        return None
    return found if _is_sha256(found) else None


def _blob(path: Path) -> str | None:
    target = path.resolve()
    return target.name if target.parent.name == "blobs" and _is_sha256(target.name) else None


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def _place(path: Path) -> Path:
    """Return where the hash of *path* is kept: by its path, size and time."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    seen = path.stat()
    told = f"{path.resolve()}\0{seen.st_size}\0{seen.st_mtime_ns}"
    return Path(home, "cardboard", "weights", hashlib.sha256(os.fsencode(told)).hexdigest())
