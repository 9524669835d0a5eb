"""The description of the downloads in Croissant 1.1, so that data sets' catalogues find them.

The format is JSON-LD: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from ...board.model import Boards
from ...board.show.rows import OF_ENTRIES, OF_RUNS, field_names, field_of
from ...board.workspace.settings import Settings
from .manifest import listed

CROISSANT = "croissant.json"
ROWS = "entries"
"""The name of the set of records, and of the board's rows in it."""

_WHOLE = (
    "rank", "rank_low", "rank_high", "rank_own_low", "rank_own_high", "level_with", "steps",
)  # fmt: skip
_REAL = (
    "score",
    "score_low_95",
    "score_high_95",
    "score_standard_error",
    "seconds_per_step",
    "load_seconds",
)
_TYPES = {"string": "sc:Text", "int64": "sc:Integer", "double": "sc:Float"}
_ENCODINGS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".parquet": "application/x-parquet",
}
_OWN = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileObject fileProperty "
    "fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path recordSet "
    "references regex repeated replace samplingRate separator source subField transform"
)
"""Words of Croissant; every other one is of schema.org."""
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{word: f"cr:{word}" for word in _OWN.split()},
}
"""As the format asks for it, word for word, also where a word is not used."""


def write_croissant(boards: Boards, settings: Settings, folder: Path, names: Iterable[str]) -> None:
    """Write croissant.json into *folder*, about the files called *names* that lie there.

    The Parquet file among them, or else the CSV file, is what its records are read from. What
    nobody said of the data, such as a licence, is left out.
    """
    names = tuple(names)
    files = [listed(folder / name, folder, "board") for name in names]
    board = settings.board
    title = title_of(settings)
    rows = next(name for ending in (".parquet", ".csv") for name in names if name.endswith(ending))
    suites = ", ".join(dict.fromkeys(one.suite.full_name for one in boards.boards))
    described = (
        f"{title}: every result with its rank or the reason why it has none"
        + (f", on {suites}" if suites else "")
        + "."
    )
    document: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": title,
        "description": described,
        "version": f"1.0.0+{boards.sha256[:12]}",
    }
    if board.site_url:
        document["url"] = board.site_url
    if board.organisation:
        document["creator"] = {"@type": "sc:Organization", "name": board.organisation}
    document["distribution"] = [
        {
            "@type": "cr:FileObject",
            "@id": one.path,
            "name": one.path,
            "contentUrl": one.path,
            "contentSize": f"{one.size} B",
            "encodingFormat": _ENCODINGS[Path(one.path).suffix],
            "sha256": one.sha256,
        }
        for one in files
    ]
    document["recordSet"] = [
        {
            "@type": "cr:RecordSet",
            "@id": ROWS,
            "name": ROWS,
            "description": "One row a result, on the board of its suite.",
            "field": list(_fields(boards, rows)),
        }
    ]
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    (folder / CROISSANT).write_bytes(text + b"\n")


def title_of(settings: Settings) -> str:
    """Return the board's title in English, or else in whatever language it has one."""
    title = settings.board.title
    return title.get("en") or next(iter(title.values()), "") or "leaderboard"


def column_types(names: Iterable[str]) -> dict[str, str]:
    """Return the type of each column as Parquet calls it; those of metrics are real."""
    types = dict.fromkeys((*OF_ENTRIES, *OF_RUNS), "string")
    types |= dict.fromkeys(_WHOLE, "int64") | dict.fromkeys(_REAL, "double")
    return {name: types.get(name, "double") for name in names}


def _fields(boards: Boards, file: str) -> Iterable[dict[str, Any]]:
    titles = {
        field_of(metric): f"{metric.title.get('en') or metric.id} ({metric.unit})"
        for board in boards.boards
        for metric in board.suite.metrics
    }
    for name, type_ in column_types(field_names(boards.boards)).items():
        told = {"description": titles[name]} if name in titles else {}
        yield {
            "@type": "cr:Field",
            "@id": f"{ROWS}/{name}",
            "name": name,
            **told,
            "dataType": _TYPES[type_],
            "source": {"fileObject": {"@id": file}, "extract": {"column": name}},
        }
