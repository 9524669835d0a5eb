"""From what a person names to the source it means: a file, a folder, a server, or the Hub."""

from pathlib import Path

from ..errors import UsageError
from .file_sources import file_source
from .folder_source import folder_source
from .hub_names import is_hub_name
from .hub_source import hub_source
from .server_source import server_source
from .sources import Source


def open_source(where: str, *, revision: str | None = None, api_key_variable: str = "") -> Source:
    """Collect what *where* holds: a Hub id, a folder, a GGUF, Jinja or result file, an address.

    *api_key_variable* names the environment variable with a server's key. Raises UsageError where
    nothing is there, CardboardError where it cannot be read.
    """
    path = Path(where).expanduser()
    if where.startswith(("http://", "https://")):
        return server_source(where, api_key_variable)
    if path.is_dir():
        return folder_source(path)
    if path.is_file():
        return file_source(path)
    if not is_hub_name(where):
        raise UsageError(
            "is neither a file or folder here nor a name on the Hub",
            file=where,
            remedy="Give ORG/MODEL, ORG/MODEL/FILE.gguf, a folder, a .gguf or .jinja file, or the "
            "address of a server.",
        )
    return hub_source(where, revision)
