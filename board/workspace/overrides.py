"""What a workspace brings in place of the package's: words, templates, and a record of copies."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct

from ...eval.errors import ConfigError
from ..words.catalogue import check_own, misfits

TEMPLATES, LOCALE, PAGES, ASSETS = "templates", "locale", "pages", "assets"
EJECTED = "ejected.toml"
"""Which of a workspace's files were copied from the package, and from which state of it."""

LARGEST = 1 << 20
"""Bytes of one template or catalogue."""
MOST = 500
"""Files of one folder."""
_OTHERS = tuple(f"{TEMPLATES}/{name}/" for name in ("github", "workspace", "tryout", "acceptance"))
"""Templates of the package that make neither cards nor pages of the site."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


class Overrides(Struct, frozen=True, kw_only=True):
    """Words and templates of a workspace, as texts."""

    words: dict[str, str] = {}
    """Catalogues of changed messages, by language."""
    templates: dict[str, str] = {}
    """By path below `templates/`."""


def read_overrides(root: Path, hashes: dict[str, str]) -> Overrides:
    """Return what lies in `templates/` and `locale/` below *root*; note each file in *hashes*.

    Raises `ConfigError` for what cannot be used, and names the file.
    """
    words = {}
    for name, text in _texts(root, LOCALE, ".po", hashes):
        language = PurePosixPath(name).stem
        if not _LANGUAGE.fullmatch(language):
            raise ConfigError(
                f"{language!r} is no code of a language",
                file=f"{LOCALE}/{name}",
                remedy="Call the file after its language: locale/ja.po.",
            )
        check_own(text, language, file=f"{LOCALE}/{name}")
        words[language] = text
    return Overrides(words=words, templates=dict(_texts(root, TEMPLATES, ".jinja", hashes)))


def own_files(root: Path, folder: str) -> Iterator[Path]:
    """Yield the files in *folder* below *root*, sorted; hidden ones are passed over.

    Raises `ConfigError` for a link, which might lead anywhere, and for more files than `MOST`.
    """
    top = root / folder
    if top.is_symlink():
        raise _link(folder)
    found = sorted(top.rglob("*")) if top.is_dir() else []
    shown = [one for one in found if not any(p.startswith(".") for p in one.relative_to(top).parts)]
    if len(shown) > MOST:
        raise ConfigError(
            f"has {len(shown)} files and folders, and {MOST} are allowed",
            file=folder,
            remedy="Move away what the board does not need.",
        )
    for path in shown:
        if path.is_symlink():
            raise _link(path.relative_to(root).as_posix())
        if path.is_file():
            yield path


def _link(name: str) -> ConfigError:
    return ConfigError(
        "is a link, which might lead anywhere",
        file=name,
        remedy="Put a copy of the file there.",
    )


def _texts(
    root: Path, folder: str, ending: str, hashes: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield name and text of every file with *ending*, and note its SHA-256."""
    package = Path(str(files("cardboard"))) / folder
    if package.is_dir() and (root / folder).is_dir() and package.samefile(root / folder):
        return  # this repository is a workspace too
    for path in own_files(root, folder):
        name = path.relative_to(root).as_posix()
        if path.suffix != ending or _is_packaged(name, path):
            continue
        if path.stat().st_size > LARGEST:
            raise ConfigError(
                f"is larger than {LARGEST >> 20} MB", file=name, remedy="Make it smaller."
            )
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise ConfigError("is not UTF-8", file=name, remedy="Save it as UTF-8.") from None
        hashes[name] = hashlib.sha256(data).hexdigest()
        yield name.removeprefix(f"{folder}/"), text


def _is_packaged(name: str, path: Path) -> bool:
    """Tell whether a file says what the package's says, and so changes nothing."""
    found = _original(name)
    return found is not None and found.read_bytes() == path.read_bytes()


# --- Copies of the package's files ---


def packaged(name: str) -> Traversable | None:
    """Return the package's file that *name* in a workspace stands before; `None` for nothing."""
    return _original(name) if name in there() else None


def _original(name: str) -> Traversable | None:
    parts = PurePosixPath(name).parts
    if len(parts) < 2 or ".." in parts or name.startswith("/"):
        return None
    top = files("cardboard")
    places = {
        TEMPLATES: ("templates",),
        LOCALE: ("templates", "locale"),
        PAGES: ("site", "docs"),
        ASSETS: ("site", "assets"),
    }
    if parts[0] not in places:
        return None
    found = top.joinpath(*places[parts[0]], *parts[1:])
    return found if found.is_file() else None


def there() -> list[str]:
    """Return the names, in a workspace, of all files of the package that can be replaced."""
    package = files("cardboard")
    found = list(_below(package / "templates", TEMPLATES, (".jinja",)))
    found += _below(package / "templates" / "locale", LOCALE, (".po",))
    found += _below(package / "site" / "docs", PAGES, (".md",))
    found += _below(package / "site" / "assets", ASSETS, (".svg",))
    return sorted(one for one in found if not one.startswith(_OTHERS))


def _below(folder: Traversable, name: str, endings: tuple[str, ...]) -> Iterator[str]:
    for one in folder.iterdir():
        inner = f"{name}/{one.name}"
        if one.is_dir():
            yield from _below(one, inner, endings)
        elif one.name.endswith(endings):
            yield inner


def ejected(root: Path) -> dict[str, str]:
    """Return the SHA-256 of what each copy was made from, by its name in the workspace.

    Raises `ConfigError` where the record cannot be read.
    """
    try:
        return msgspec.toml.decode((root / EJECTED).read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"is not a table of names and hashes: {error}",
            file=EJECTED,
            remedy="Delete it: then nobody tells of copies that are old.",
        ) from None


def outdated(root: Path) -> Iterator[str]:
    """Yield the name of every copy whose original has changed or gone since."""
    for name, sha256 in sorted(ejected(root).items()):
        if (root / name).is_file():
            now = packaged(name)
            if now is None or hashlib.sha256(now.read_bytes()).hexdigest() != sha256:
                yield name


def remarks(root: Path, overrides: Overrides) -> Iterator[tuple[str, str]]:
    """Yield what a workspace's own files do not reach, by file: what is mistaken, what is old."""
    for language, text in sorted(overrides.words.items()):
        for key, what in misfits(text, language):
            yield f"{LOCALE}/{language}.po", f"{key}: {what}; the package's words stand"
    known = there()
    for name in sorted(overrides.templates):
        full = f"{TEMPLATES}/{name}"
        if full not in known and not _is_used(name, overrides.templates):
            near = get_close_matches(full, known, n=1, cutoff=0.6)
            meant = f"; did you mean {near[0]}?" if near else ""
            yield full, f"no template of the package is called so, and none takes it in{meant}"
    for name in outdated(root):
        yield (
            name,
            "was copied from an older cardboard, whose file has changed since; compare the two, "
            "and copy anew with cardboard eject",
        )


def _is_used(name: str, templates: Mapping[str, str]) -> bool:
    """Tell whether another template names the one called *name*."""
    short = name.removeprefix("site/")
    return any(
        f'"{form}"' in text or f"'{form}'" in text
        for other, text in templates.items()
        if other != name
        for form in (name, short)
    )


def recorded(known: Mapping[str, str]) -> str:
    """Return the text of the record of copies."""
    lines = (f'"{name}" = "{sha256}"' for name, sha256 in sorted(known.items()))
    return "\n".join(
        [
            "# Files that `cardboard eject` copied, and the SHA-256 of what each was copied from.",
            *lines,
            "",
        ]
    )
