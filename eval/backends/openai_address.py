"""Where an OpenAI-compatible server is, and which key it may see."""

import ipaddress
import os
from urllib.parse import urlsplit

from ..errors import UsageError
from .protocol import Options

HOSTED, OPENAI_KEY = "api.openai.com", "OPENAI_API_KEY"


def base_url(given: str | None) -> str:
    """Return the address below which the API lies, with a slash at its end."""
    if given is None:
        raise UsageError("a server has an address", key="--base-url")
    try:
        parts = urlsplit(given)
        whole = parts.port is None or parts.port > 0
    except ValueError:
        parts, whole = urlsplit(""), False
    if not whole or parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise UsageError(
            "this is not the address of a server",
            key="--base-url",
            remedy="It looks like http://127.0.0.1:8000/v1.",
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "an address with a password in it would be written into logs",
            key="--base-url",
            remedy="Put the key into an environment variable and name that: --api-key-variable.",
        )
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}/"


def key_for(options: Options, base: str) -> str | None:
    """Return the key for the server, from the environment.

    The key that many people have there for OpenAI goes to OpenAI and to this machine alone; for
    any other server its variable must be named.
    """
    host = urlsplit(base).hostname or ""
    own = host == HOSTED or host == "localhost" or _is_loopback(host)
    if options.api_key_variable == OPENAI_KEY and not own:
        return None
    return os.environ.get(options.api_key_variable, "").strip() or None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
