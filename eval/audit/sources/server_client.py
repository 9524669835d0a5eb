"""Calls to a server that is asked about itself, none of them followed elsewhere."""

import time
from collections.abc import Mapping
from typing import Any

from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand

from ...backends.openai_servers import base_url, key_for
from ...engine import Options
from ...errors import CardboardError, UsageError

MOST = 16 << 20
"""Bytes of a reply that are read."""
SECONDS = 20.0
"""For one reply, and for each step towards it."""
SECONDS_IN_ALL = 600.0
"""For all that one server is asked: one that is slow each time ends, too."""


class ServerClient:
    """One server, its root and the part below which the API of OpenAI lies."""

    def __init__(self, address: str, api_key_variable: str) -> None:
        """Raise UsageError where *address* is none."""
        base = base_url(address)
        options = Options(model="", api_key_variable=api_key_variable)
        key = key_for(options, base)
        self.root = base.removesuffix("v1/")
        self.api = base.removeprefix(self.root)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._key = key
        self._until = time.monotonic() + SECONDS_IN_ALL
        self._client = httpx.Client(base_url=self.root, headers=headers, timeout=SECONDS)

    def tell(self, path: str, body: object = None) -> bytes | None:
        """Return what is under *path*; `None` where there is nothing, or where *body* is asked."""
        if body is not None:
            return None
        status, reply = self._call("GET", path, None)
        return reply if status == 200 else None

    def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, bytes]:
        """Return status and reply to *body*."""
        return self._call("POST", path, body)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, bytes]:
        data = bytearray()
        until = min(time.monotonic() + SECONDS, self._until)
        try:
            with self._client.stream(method, path, json=body) as response:
                for chunk in response.iter_bytes():
                    data += chunk
                    if len(data) > MOST:
                        raise CardboardError(f"replies with more than {MOST} bytes", file=self.root)
                    if time.monotonic() > until:
                        raise CardboardError("is too slow with its replies", file=self.root)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise CardboardError(f"cannot be reached: {reason}", file=self.root) from error
        # vLLM forbids single calls as well, to whomever.
        if response.status_code == 401 or (response.status_code == 403 and method == "GET"):
            raise UsageError(
                "the server refuses us",
                file=self.root,
                remedy="Name the environment variable that holds the key: --api-key-variable.",
            )
        return response.status_code, self._redacted(bytes(data))

    def _redacted(self, reply: bytes) -> bytes:
        """Return *reply*, which may be shown, without the key, which some servers repeat."""
        return reply.replace(self._key.encode(), b"(key)") if self._key else reply
