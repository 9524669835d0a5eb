"""A model on the Hub: its small files fetched, of its GGUF file the header alone."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from msgspec.structs import replace

from ...errors import CardboardError, UsageError
from ..findings import found
from . import shipped_files as shipped
from .file_sources import gguf_source
from .folder_source import FILE, folder_source
from .sources import Source

TEMPLATES = (
    shipped.TEMPLATE,
    shipped.LEGACY,
    shipped.TOKENIZER_CONFIG,
    shipped.ADAPTER,
    *shipped.PROCESSORS,
)
"""The files that tell which templates there are."""
WANTED = (
    *TEMPLATES,
    shipped.TOKENIZER,
    shipped.TOKENS_MAP,
    shipped.CONFIG,
    shipped.GENERATION,
)
"""The files that an audit reads."""


def hub_source(
    where: str, revision: str | None = None, *, wanted: Collection[str] = WANTED
) -> Source:
    """Fetch what is to be read of *where*, at *revision*: its templates and the files *wanted*.

    Raises UsageError where there is no such repository, CardboardError where the Hub fails.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand

    named = FILE.fullmatch(where)
    repository = named[1] if named else where
    try:
        info = HfApi().model_info(repository, revision=revision, files_metadata=True)
        sizes = {one.rfilename: one.size or 0 for one in info.siblings or ()}
        file = named[2] if named else _gguf_of(sizes)
        if file is not None:
            return _remote_gguf(repository, file, info.sha or "main")
        return _fetched(repository, info.sha or "main", sizes, wanted)
    except RepositoryNotFoundError as error:
        raise UsageError(
            "there is no such model on the Hub, or it is not shown to you",
            file=where,
            remedy="Check the name; for a private or gated model, log in: hf auth login.",
        ) from error
    except (HfHubHTTPError, httpx.HTTPError, OSError) as error:
        # `from None`: the message of a redirected call holds a signed address.
        raise CardboardError(f"cannot be read from the Hub: {_reason(error)}", file=where) from None


def _reason(error: Exception) -> str:
    """Return the first line of *error*; of addresses, no more than goes before their signatures."""
    lines = str(error).splitlines()
    return re.sub(r"\?[^\s']*", "", lines[0]) if lines else type(error).__name__


def _fetched(repository: str, sha: str, sizes: dict[str, int], wanted: Collection[str]) -> Source:
    """Fetch the small files that are to be read into the Hub's cache, and read them there."""
    from huggingface_hub import hf_hub_download

    names = [name for name in sizes if name in wanted or _is_template(name)]
    refused = [name for name in names if sizes[name] > shipped.LONGEST.get(name, shipped.MOST)]
    folder = None
    for name in sorted(set(names) - set(refused)):
        path = Path(hf_hub_download(repository, name, revision=sha))
        folder = path.parents[name.count("/")]
    source = Source(name=repository, kind="hub", revision=sha)
    if folder is not None:
        source = folder_source(folder, name=repository, kind="hub", revision=sha)
    too_large = (found("audit-file-unreadable", name=name, reason="too large") for name in refused)
    return replace(
        source,
        findings=(*source.findings, *too_large),
        mistral_common=shipped.of_mistral_common(sizes),
    )


def _is_template(name: str) -> bool:
    folder, _, file = name.partition("/")
    return folder == shipped.TEMPLATES and file.endswith(".jinja") and "/" not in file


def _gguf_of(sizes: dict[str, int]) -> str | None:
    """Return the GGUF file of a repository that has no other model: all hold one template."""
    if shipped.CONFIG in sizes or shipped.TOKENIZER_CONFIG in sizes or shipped.ADAPTER in sizes:
        return None
    return next((name for name in sorted(sizes) if _is_first_part(name)), None)


def _is_first_part(name: str) -> bool:
    """Tell whether *name* is a GGUF file with a header that holds a model's metadata."""
    part = re.search(r"-(\d{5})-of-\d{5}\.gguf$", name)
    aside = "mmproj" in name or "imatrix" in name
    return name.endswith(".gguf") and not aside and (part is None or part[1] == "00001")


def _remote_gguf(repository: str, file: str, sha: str) -> Source:
    """Read the header of a GGUF file as it comes, and hang up before the weights do."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils._headers import build_hf_headers

    url = hf_hub_url(repository, file, revision=sha)
    with get_session().stream("GET", url, headers=build_hf_headers(), follow_redirects=True) as got:
        got.raise_for_status()
        size = int(got.headers.get("content-length", 0))
        arriving = cast(BinaryIO, _Arriving(got.iter_bytes()))
        return gguf_source(arriving, size=size, name=f"{repository}/{file}", revision=sha)


class _Arriving:
    """What arrives, read as a file is."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, b""

    def read(self, size: int) -> bytes:
        """Return *size* bytes, or less where there are no more."""
        parts, have = [self._rest], len(self._rest)
        while have < size and (chunk := next(self._chunks, b"")):
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        self._rest = data[size:]
        return data[:size]
