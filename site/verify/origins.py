"""Where a published site is read from, a folder or an address: bounded files, nothing else."""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit, urlunsplit

from ...eval.errors import CardboardError, UsageError

if TYPE_CHECKING:
    from httpx2 import Client, Response

SECONDS = 30.0
"""That a server may be silent."""
LONGEST = 1800.0
"""Seconds that all files together may take."""
MOST_REDIRECTS = 5
_CHUNK = 64 * 1024


class Refused(CardboardError):
    """A file of a site cannot be had, or is not what may be taken from a stranger."""


class Origin(Protocol):
    """A site that somebody published."""

    name: str

    def read(self, path: str, most: int) -> bytes:
        """Return the file at *path* below the site; raise `Refused`, also for over *most* bytes."""
        ...


class Folder:
    """A site in a folder of this machine. Nothing outside the folder is read."""

    def __init__(self, root: Path) -> None:
        self.name = str(root)
        self._root = root.resolve()

    def read(self, path: str, most: int) -> bytes:
        """Return a plain file's content."""
        file = self._root / path
        try:
            if not file.resolve().is_relative_to(self._root):
                raise Refused("leads out of the site", file=path)
            # Without O_NONBLOCK a pipe would be waited for without an end.
            number = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            with open(number, "rb") as opened:  # noqa: PTH123  # of a number there is no path
                if not stat.S_ISREG(os.fstat(number).st_mode):
                    raise Refused("is no plain file", file=path)
                data = opened.read(most + 1)
        except OSError as error:
            raise Refused(error.strerror or "cannot be read", file=path) from None
        return _bounded(data, path, most)


class Address:
    """A site that a server gives out; only that server is ever asked."""

    def __init__(self, url: str, client: "Client") -> None:
        self.name = url
        self._client = client
        self._end = time.monotonic() + LONGEST

    def read(self, path: str, most: int) -> bytes:
        """Return what the server answers; it may send us on to another path of its own."""
        from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # on demand

        url = self.name + path
        try:
            for _ in range(MOST_REDIRECTS + 1):
                with self._client.stream("GET", url) as response:
                    if not response.is_redirect:
                        return self._content(response, path, most)
                    url = _onward(url, response.headers.get("location", ""), path)
        except httpx.InvalidURL:
            raise Refused("is sent on to an address that is none", file=path) from None
        except httpx.HTTPError as error:
            what = type(error).__name__
            raise Refused(f"cannot be fetched ({what})", file=path) from None
        raise Refused(f"is sent on more than {MOST_REDIRECTS} times", file=path)

    def _content(self, response: "Response", path: str, most: int) -> bytes:
        if response.status_code != 200:
            raise Refused(f"the server answers {response.status_code}", file=path)
        data = bytearray()
        for chunk in response.iter_bytes(_CHUNK):
            data += chunk
            if len(data) > most:
                break
            if time.monotonic() > self._end:
                raise Refused(f"the whole took more than {LONGEST:.0f} seconds", file=path)
        return _bounded(bytes(data), path, most)


@contextmanager
def origin_of(place: str) -> Iterator[Origin]:
    """Give the site at *place*, a folder or a URL; raise `UsageError` where it can be neither."""
    if "://" not in place:
        folder = Path(place)
        if not folder.is_dir():
            raise UsageError(
                f"there is no folder {place}", remedy="Name the folder of a site, or its URL."
            )
        yield Folder(folder)
        return
    url = _site(place)
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand

    # What a server packs could grow without bounds when it is unpacked.
    headers = {"Accept-Encoding": "identity", "User-Agent": "cardboard-verify"}
    with httpx.Client(headers=headers, timeout=SECONDS, follow_redirects=False) as client:
        yield Address(url, client)


def _site(place: str) -> str:
    """Return the address of the site's root, which ends with a slash."""
    try:
        parts = urlsplit(place)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        known = False
    if not known:
        raise UsageError(
            "this is no address of a site", remedy="It begins with https:// or http://."
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError("an address with a password is not taken", remedy="Leave it out.")
    path = parts.path.removesuffix("index.html")
    return urlunsplit((parts.scheme, parts.netloc, f"{path.rstrip('/')}/", "", ""))


def _onward(url: str, location: str, path: str) -> str:
    """Return where a redirect leads: the same server, or the same one by HTTPS."""
    try:
        new = urljoin(url, location)
        old_parts, new_parts = urlsplit(url), urlsplit(new)
    except ValueError:
        raise Refused("is sent on to an address that is none", file=path) from None
    same = new_parts.scheme == old_parts.scheme and new_parts.netloc == old_parts.netloc
    safer = (old_parts.scheme, new_parts.scheme) == ("http", "https")
    if not same and not (safer and new_parts.netloc == old_parts.hostname):
        host = new_parts.hostname or "nowhere"
        raise Refused(
            f"is sent on to another server ({host!r})",
            file=path,
            remedy="Give the address of that server, if you trust it.",
        )
    return new


def _bounded(data: bytes, path: str, most: int) -> bytes:
    if len(data) > most:
        raise Refused(f"has more than {most} bytes", file=path)
    return data
