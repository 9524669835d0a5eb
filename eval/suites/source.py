"""Where a suite's rows come from: the package, a file of this machine, or a Hub dataset."""

import gzip
import re
import zlib
from io import BytesIO
from pathlib import Path

import msgspec

from ..errors import UsageError, meant
from .suite import PACKAGED, Suite, read

MAX_BYTES = 1 << 30
"""The most that a suite may hold, unpacked."""

_HUB = re.compile(r"hf://datasets/(?P<repo>[^/@]+/[^/@]+)(?:@(?P<revision>[^/]+))?/(?P<file>.+)")


def load(
    source: str,
    *,
    folder: Path | None = None,
    name: str | None = None,
    version: str | None = None,
    empty_references: bool = False,
) -> Suite:
    """Load the suite *source*: `NAME[@VERSION]`, a path, or `hf://datasets/ORG/NAME[@REV]/FILE`.

    A name means a packaged suite, or `NAME[-VERSION].jsonl[.gz]` in *folder*, a workspace's own
    suites. Files may be packed with gzip. The other arguments and the errors are those of
    `suites.read`; UsageError too where nothing can be read at *source*.
    """
    path = _download(source) if source.startswith("hf://") else _local(source, folder)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", file=source) from error
    return read(
        _unpacked(text, source),
        source if source.startswith("hf://") else path.name,
        name=name,
        version=version,
        empty_references=empty_references,
    )


def load_version(source: str, folder: Path) -> Suite:
    """Load the suite *source* as `load` does; UsageError where its rows are of another version."""
    suite = load(source, folder=folder)
    wanted = source.partition("@")[2] if not source.startswith("hf://") else ""
    if wanted and not Path(source).is_file() and suite.version not in (None, wanted):
        raise UsageError(
            f"the version {wanted} is wanted, and the rows are of {suite.version}",
            file=source,
            remedy="Leave the version out, or give the file of that version.",
        )
    return suite


def shipped(name: str, version: str) -> str | None:
    """Return what names the rows of a suite to `load_version`, where the package has them."""
    if name not in packaged():
        return None
    rows = _unpacked(packaged_rows(name).read_bytes(), name)
    first = msgspec.json.decode(rows.partition(b"\n")[0], type=_Versioned)
    return f"{name}@{version}" if first.suite_version in (None, version) else None


class _Versioned(msgspec.Struct):
    suite_version: str | None = None


def packaged() -> tuple[str, ...]:
    """Return the names of the suites that come with the package."""
    return tuple(sorted(path.parent.name for path in PACKAGED.glob("*/*.jsonl*")))


def packaged_rows(name: str) -> Path:
    """Return the file with the rows of the packaged suite *name*, which may be packed."""
    plain = PACKAGED / name / f"{name}.jsonl"
    return plain if plain.exists() else plain.with_suffix(".jsonl.gz")


def _local(source: str, folder: Path | None) -> Path:
    path = Path(source)
    if path.is_file():
        return path
    suite, _, version = source.partition("@")
    own = [
        folder / f"{stem}.jsonl{packed}"
        for stem in dict.fromkeys((f"{suite}-{version}" if version else suite, suite))
        for packed in ("", ".gz")
        if folder is not None and suite == Path(suite).name
    ]
    shipped = [packaged_rows(suite)] if suite in packaged() else []
    found = next((path for path in (*own, *shipped) if path.is_file()), None)
    if found is None:
        there = [] if folder is None else sorted(folder.glob("*.jsonl*"))
        known = [*packaged(), *(one.name.partition(".jsonl")[0] for one in there)]
        what = "is a folder" if path.is_dir() else "there is no such suite or file"
        raise UsageError(
            what,
            file=source,
            remedy=f"{meant(suite, known)}Packaged suites: {', '.join(packaged())}. Rows of your "
            f"own go to suites/{suite if suite == Path(suite).name else 'NAME'}.jsonl in the "
            "workspace.",
        )
    return found


def _download(source: str) -> Path:
    """Return the local copy of a file of a Hub dataset."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    found = _HUB.fullmatch(source)
    if not found:
        raise UsageError(
            "is not the address of a file in a dataset",
            file=source,
            remedy="Write hf://datasets/ORGANISATION/NAME@REVISION/FILE; @REVISION may be absent.",
        )
    revision = found["revision"]
    try:
        copy = hf_hub_download(
            found["repo"],
            found["file"],
            repo_type="dataset",
            revision=revision.replace("%2F", "/") if revision else None,
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise UsageError(
            f"the Hub gave no file ({type(error).__name__})",
            file=source,
            remedy="Check the name, the revision, your connection and `hf auth whoami`.",
        ) from error
    return Path(copy)


def _unpacked(text: bytes, source: str) -> bytes:
    if text[:2] != b"\x1f\x8b":
        return text
    try:
        with gzip.open(BytesIO(text)) as file:
            unpacked = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"cannot be unpacked: {error}", file=source) from error
    if len(unpacked) > MAX_BYTES:
        raise UsageError(f"holds more than {MAX_BYTES} bytes unpacked", file=source)
    return unpacked
