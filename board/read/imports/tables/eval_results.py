"""`.eval_results` of the Hub: figures of a model in YAML, without metric, unit or direction."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from .....eval.metrics import Measured
from .....eval.records import Harness, Model, Protocol
from ....workspace.figures import figure
from ...decoding.content import Content
from ...shapes import foreign_names
from ...shapes.foreign import (
    Foreign,
    Format,
    Part,
    is_number,
    mapping,
    plain_settings,
    result,
    text,
)

NAME = "eval-results"
_FOLDER = "eval_results"


def told(content: Content) -> bool:
    """Tell a list by a dataset's id beside a value."""
    first = content.members[0] if content.members else {}
    return "value" in first and "id" in mapping(first.get("dataset"))


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result a member; which way is up, nobody says."""
    model = _model(foreign)
    lost: list[str] = []
    unknown: list[str] = []
    for row in foreign.content.members:
        dataset = mapping(row.get("dataset"))
        name = text(dataset.get("id"))
        if name is None:
            continue
        task = text(dataset.get("task_id"))
        full = f"{name} {task}" if task else name
        value = row.get("value")
        found = float(value) if is_number(value) else None
        if found is None:
            unknown.append(full)
        what = figure("value", unit="points", better=None)
        lost.append(full)
        source = mapping(row.get("source"))
        yield Part(
            name=full,
            result=result(
                model=model,
                suite=full,
                version=None,
                harness=Harness(name=NAME),
                metrics={what.id: Measured(value=found)},
                n=None,
                evidence="quoted",
                document=text(source.get("name")) or text(source.get("url")) or foreign.place.name,
                protocol=Protocol(
                    harness=Harness(name=NAME),
                    extra=plain_settings(
                        {
                            "dataset_revision": text(dataset.get("revision")),
                            "date": text(str(row["date"])) if row.get("date") else None,
                            "notes": text(row.get("notes")),
                        }
                    ),
                ),
            ),
            figures=(what,),
        )
    foreign.unknown(unknown)
    foreign.note("direction-unknown", names=", ".join(lost[:12]))


def _parents(place: PurePosixPath) -> int:
    return min(3 if place.parent.name.lstrip(".") == _FOLDER else 1, len(place.parts) - 1)


def _model(foreign: Foreign) -> Model:
    """Return the repository that the folder lies in."""
    folder, name, organisation, *_ = (*foreign.folders, "", "", "")
    if folder.lstrip(".") == _FOLDER and name and organisation:
        return foreign_names.named(f"{organisation}/{name}")
    if "__" in folder:
        return foreign_names.named(folder)
    foreign.note("model-not-named", name="unknown")
    return Model(id="unknown")


FORMAT = Format(NAME, told, read, parents=_parents)
