"""From what a person names to the source it means: a file, a folder, a server, or the Hub."""

from pathlib import Path

from msgspec.structs import replace

from ...errors import CardboardError, UsageError
from ..findings import found
from .file_sources import file_source
from .folder_source import folder_source, is_hub_name
from .hub_source import hub_source
from .server_source import server_source
from .sources import Source


def open_source(where: str, *, revision: str | None = None, api_key_variable: str = "") -> Source:
    """Collect what *where* holds: a Hub id, a folder, a GGUF, Jinja or result file, an address.

    Of an adapter, the model that it is for is opened too, from the Hub if need be.
    *api_key_variable* names the environment variable with a server's key. Raises UsageError where
    nothing is there, CardboardError where it cannot be read.
    """
    source = _opened(where, revision, api_key_variable)
    base = source.base_name
    if base is None or source.base is not None:
        return source
    try:
        return replace(source, base=hub_source(base) if is_hub_name(base) else None)
    except CardboardError as error:
        untold = found("audit-base-untold", base=base, error=error.what)
        return replace(source, findings=(*source.findings, untold))


def _opened(where: str, revision: str | None, api_key_variable: str) -> Source:
    if where.startswith(("http://", "https://")):
        return server_source(where, api_key_variable)
    path = _path(where)
    if path is not None:
        return folder_source(path) if path.is_dir() else file_source(path)
    if not is_hub_name(where):
        raise UsageError(
            "is neither a file or folder here nor a name on the Hub",
            file=where,
            remedy="Give ORG/MODEL, ORG/MODEL/FILE.gguf, a folder, a .gguf or .jinja file, or the "
            "address of a server.",
        )
    return hub_source(where, revision)


def _path(where: str) -> Path | None:
    """Return the folder or file *where*, if there is one; some names can be of none."""
    try:
        path = Path(where).expanduser()
        return path if where and (path.is_dir() or path.is_file()) else None
    except (OSError, RuntimeError):
        return None
