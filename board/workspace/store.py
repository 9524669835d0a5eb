"""Where a workspace's results lie: its own folder, a clone, or a pinned data set on the Hub.

What the Hub holds is read at one commit, which `results.lock.json` names with every file's hash;
only `cardboard fetch --update` moves on to another one. Boards are made without a network.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from ...eval.errors import ConfigError, UsageError
from ...eval.records import Count, Sha256, is_hub_id

LOCK = "results.lock.json"
FOLDER = ".cardboard/store"
"""Below the workspace: the files by their SHA-256, and a folder for each commit."""
MOST_FILES = 100_000
MOST_BYTES = 64 * 2**30
"""Of all files together."""

_HUB = "hf://datasets/"
_COMMIT = r"^[0-9a-f]{40}$"
_COMPONENT = re.compile(
    r"(?!\.|(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[^\x00-\x1f\x7f\\/:*?\"<>|]{1,200}(?<![. ])",
    re.IGNORECASE,
)
_DOTTED = ".eval_results"
_DEEPEST = 20


class Source(Struct, frozen=True, kw_only=True):
    """`hf://datasets/ORG/NAME` or `hf://datasets/ORG/NAME/FOLDER`."""

    repo: str
    folder: str = ""
    """Below the repository; all of it by default."""


class Locked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file as it was fetched."""

    path: Annotated[str, Meta(min_length=1, max_length=1000)]
    """Below the folder of results."""
    sha256: Sha256
    size: Count
    blob: Annotated[str, Meta(pattern=_COMMIT)]
    """What the Hub's own history calls this content."""


class Lock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The commit at which results are read, and what it holds."""

    source: Annotated[str, Meta(max_length=500)]
    revision: Annotated[str, Meta(pattern=_COMMIT)]
    files: Annotated[tuple[Locked, ...], Meta(max_length=MOST_FILES)] = ()


def on_hub(source: str | None) -> Source | None:
    """Return what a source says of the Hub; `None` where it is a folder, or says nothing.

    Raises `ConfigError` where it begins like a source on the Hub and is none.
    """
    if source is None or "://" not in source:
        return None
    organisation, name, folder = [*source.removeprefix(_HUB).split("/", 2), "", ""][:3]
    repo = f"{organisation}/{name}"
    if not source.startswith(_HUB) or not is_hub_id(repo) or (folder and not is_safe(folder)):
        raise ConfigError(
            "is no data set on the Hub",
            file="board.toml",
            key="results.source",
            remedy="Write hf://datasets/ORG/NAME, or the path of a folder.",
        )
    return Source(repo=repo, folder=folder)


def is_safe(path: str) -> bool:
    """Tell whether *path* lies below a folder on every system, and is none that readers pass by."""
    parts = path.split("/")
    return len(parts) <= _DEEPEST and all(
        part == _DOTTED or _COMPONENT.fullmatch(part) for part in parts
    )


def read_lock(root: Path) -> Lock | None:
    """Return the lock of the workspace at *root*; `None` where nothing was fetched yet."""
    path = root / LOCK
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Lock)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            f"is no lock of ours: {error}",
            file=LOCK,
            remedy="Bring it back from your history, or make it anew: cardboard fetch --update",
        ) from None
    for one in found.files:
        if not is_safe(one.path):
            raise ConfigError(
                "names a path that leads out of the results",
                file=LOCK,
                key="files",
                remedy="Make it anew: cardboard fetch --update",
            )
    return found


def encode_lock(lock: Lock) -> bytes:
    """Return *lock* as it is kept, one file a line."""
    head = [f'"{name}": {_text(getattr(lock, name))}' for name in ("source", "revision")]
    files = ",\n".join(_text(one) for one in lock.files)
    return f'{{\n{head[0]},\n{head[1]},\n"files": [\n{files}\n]\n}}\n'.encode()


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def tree_of(root: Path, lock: Lock) -> Path:
    """Return the folder in which the results of *lock* lie."""
    return root / FOLDER / lock.revision


def results_folder(root: Path, source: str | None) -> Path:
    """Return the folder of result files of the workspace at *root*.

    Raises `ConfigError` where it is not there: what is on the Hub must be fetched first.
    """
    if source is None:
        return root / "results"
    if on_hub(source) is None:
        folder = root / source
        if not folder.is_dir():
            raise ConfigError(
                f"{source} is no folder",
                file="board.toml",
                key="results.source",
                remedy="Clone the store there, or name another folder.",
            )
        return folder
    lock = read_lock(root)
    if lock is None or lock.source != source or not tree_of(root, lock).is_dir():
        moved = lock is not None and lock.source != source
        raise ConfigError(
            f"{LOCK} is of another source" if moved else "its results are not here yet",
            file="board.toml",
            key="results.source",
            remedy=f"Run: cardboard fetch{' --update' if moved else ''}",
        )
    return tree_of(root, lock)


def store_page(root: Path, source: str | None) -> str | None:
    """Return the page of the store on the Hub at the commit that was read; `None` without one."""
    store, lock = on_hub(source), read_lock(root)
    if store is None or lock is None:
        return None
    return f"https://huggingface.co/datasets/{store.repo}/tree/{lock.revision}/{store.folder}"


def check_writable(source: str | None) -> None:
    """Raise `UsageError` where the results are a store's on the Hub, and nothing is added here."""
    if on_hub(source) is not None:
        raise UsageError(
            "the results are those of a store on the Hub",
            file="board.toml",
            key="results.source",
            remedy="Propose files to it with: cardboard add --to-store FILE",
        )


def check_locked(root: Path, source: str | None, read: Iterable[tuple[str, str]]) -> None:
    """Raise `ConfigError` unless what was *read*, names with hashes, is what was fetched.

    A hash may be empty: nobody read into that file.
    """
    if on_hub(source) is None:
        return
    lock = read_lock(root)
    wanted = {one.path: one.sha256 for one in lock.files} if lock else {}
    seen = dict(read)
    wrong = {name for name, sha256 in seen.items() if sha256 and wanted.get(name) != sha256}
    for name in sorted(wrong | (wanted.keys() ^ seen.keys())):
        raise ConfigError(
            "is not what was fetched from the store",
            file=name,
            remedy="Bring it back with: cardboard fetch",
        )
