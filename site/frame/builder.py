"""Build the frames of the site with MkDocs: theme, navigation and prose, with slots left open."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path

from msgspec import Struct

from ...eval.errors import CardboardError
from .own import FALLBACK, STYLE, Own
from .slots import ORIGIN, SITE, switch_target


class Frame(Struct, frozen=True, kw_only=True):
    """One language's tree of pages, to be built into a folder."""

    language: str
    folder: Path
    base: str
    """Path of the tree on its host, e.g. `/board/ko/`."""
    languages: Mapping[str, str]
    """Every language of the site with its own name; more than one gives a switch."""
    palette: Mapping[str, str]
    """Words of the colour scheme switch: `auto`, `light`, `dark`."""
    own: Own
    """What the workspace brings to it."""


def build_frames(frames: Sequence[Frame]) -> None:
    """Run MkDocs once for each of *frames*, side by side; raise `CardboardError` where it fails."""
    with (
        as_file(files("cardboard")) as package,
        tempfile.TemporaryDirectory(prefix="cardboard-") as temporary,
    ):
        running = [(frame, _start(frame, Path(package), Path(temporary))) for frame in frames]
        outcomes = [(frame, process, process.communicate()[0]) for frame, process in running]
    for frame, process, said in outcomes:
        if process.returncode != 0:
            raise CardboardError(
                f"MkDocs could not build the {frame.language} pages:\n{said.strip()[-2000:]}",
                file="mkdocs.yml",
                remedy="Mend the page or setting that it names, then build again.",
            )


def _start(frame: Frame, package: Path, temporary: Path) -> "subprocess.Popen[str]":
    config = temporary / f"mkdocs.{frame.language}.yml"
    config.write_text(json.dumps(_config(frame, package)), encoding="utf-8")
    # -P: what lies in the working directory must not pass for a module.
    command = [sys.executable, "-P", "-m", "mkdocs", "build", "--quiet", "--config-file"]
    return subprocess.Popen(
        [*command, str(config)],
        cwd=temporary,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "SOURCE_DATE_EPOCH": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def _config(frame: Frame, package: Path) -> dict[str, object]:
    """Return the MkDocs configuration of one language, as an heir of the repository's own."""
    alternate = [
        {"name": name, "link": switch_target(language), "lang": language}
        for language, name in frame.languages.items()
    ]
    own = frame.own
    look = {"logo": own.logo, "favicon": own.favicon}
    theme = {"language": _spoken(frame.language), "palette": _palette(frame.palette)}
    return {
        "INHERIT": str(package / "mkdocs.yml"),
        "site_name": SITE,
        "site_url": f"{ORIGIN}{frame.base}",
        "docs_dir": str(own.docs[frame.language]),
        "nav": own.navigation[frame.language],
        "site_dir": str(frame.folder.resolve()),
        "copyright": "<!-- cardboard:footer -->",
        "theme": theme | {name: path for name, path in look.items() if path},
        **({"extra_css": [*_style_sheets(package), STYLE]} if own.style else {}),
        "extra": {"alternate": alternate} if len(alternate) > 1 else {},
    }


def _spoken(language: str) -> str:
    """Return the language of the theme's own words: those that it lacks are said in English."""
    known = files("material") / "templates" / "partials" / "languages" / f"{language}.html"
    return language if known.is_file() else FALLBACK


def _style_sheets(package: Path) -> list[str]:
    from ruamel.yaml import YAML

    config = YAML(typ="safe").load((package / "mkdocs.yml").read_text("utf-8"))
    return [str(one) for one in config["extra_css"]]


def _palette(words: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the three colour schemes: as the system says, light, dark."""
    # Each toggle names what it leads to, which is the next in the ring.
    ring = [
        ("(prefers-color-scheme)", "default", "brightness-auto", "light"),
        ("(prefers-color-scheme: light)", "default", "brightness-7", "dark"),
        ("(prefers-color-scheme: dark)", "slate", "brightness-4", "auto"),
    ]
    return [
        {
            "media": media,
            "scheme": scheme,
            "primary": "custom",
            "accent": "custom",
            "toggle": {"icon": f"material/{icon}", "name": words[leads_to]},
        }
        for media, scheme, icon, leads_to in ring
    ]
