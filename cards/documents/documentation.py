"""What regulation asks of a model's provider, as far as evidence and models.toml tell it.

Fields follow Annexes XI and XII of Regulation (EU) 2024/1689 and the Model Documentation Form of
the Code of Practice. What nobody recorded stays open: nothing is guessed, nothing is legal advice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined

from ...board.compare.comparison import names
from ...board.model import Board, Boards, Entry
from ...board.show.explanation import nearest
from ...board.words.catalogue import Words
from ...board.workspace.layouts import Sandbox, loader, own_faults
from ...board.workspace.settings import Document, Settings, Text
from ...eval.errors import UsageError
from ..readme.markdown import Safe, bare_link, code, escaped, prose, say, shown

GROUPS: Mapping[str, tuple[str, ...]] = {
    "model": (
        "provider",
        "contact",
        "model",
        "revision",
        "authenticity",
        "release_date",
        "distribution",
        "links",
        "license",
    ),
    "properties": (
        "architecture",
        "parameters",
        "modalities",
        "window",
        "languages",
        "base",
        "quantisation",
    ),
    "use": ("intended_use", "acceptable_use", "template", "software"),
    "training": (
        "training",
        "datasets",
        "training_data",
        "design",
        "compute",
        "energy",
        "copyright",
    ),
    "evaluation": ("results", "protocol", "limits", "run_energy"),
}
"""Every field, by the group under which it stands."""
_STATED = tuple(one for one in Document.__struct_fields__ if one != "intended_use")
MODELS = "models.toml"
Placed = tuple[Board | None, Entry]


class Told(NamedTuple):
    """One thing that is recorded in a field."""

    value: Safe
    source: str
    """The file that says it."""


def entries_of(boards: Boards, name: str) -> list[Placed]:
    """Return every entry of the model *name*; raise `UsageError` with the nearest names."""
    every: list[Placed] = [(board, one) for board in boards.boards for one in board.entries]
    every += [(None, one) for one in boards.unplaced]
    found = [one for one in every if name.lower() in names(one[1]) | {one[1].name.lower()}]
    if not found:
        raise UsageError(f"no result is of the model {name!r}", remedy=nearest(boards, name))
    return found


def recorded(entries: Sequence[Placed], words: Words) -> dict[str, tuple[Told, ...]]:
    """Return what is recorded in each field; nothing where nobody recorded it."""
    profile = entries[0][1].profile
    language = words.language

    def stated(text: Text) -> list[Told]:
        told = text.get(language) or text.get("en") or next(iter(text.values()), "")
        return [Told(prose(told), MODELS)] if told else []

    def known(key: str, value: Safe | None) -> list[Told]:
        return [Told(value, MODELS)] if value and key not in profile.guessed else []

    found: dict[str, list[Told]] = {
        name: stated(getattr(profile.document, name)) for name in _STATED
    }
    found |= {
        "links": known("links", _joined([bare_link(url) for url in profile.links.values()])),
        "license": known("license", code(profile.license) if profile.license else None),
        "parameters": known("parameters", _billions(profile.parameters)),
        "languages": known("languages", _joined([code(one) for one in profile.languages])),
        "base": known("base_model", code(profile.base_model) if profile.base_model else None),
        "intended_use": stated(profile.document.intended_use) or stated(profile.purpose),
        "training": stated(profile.training),
        "datasets": known("datasets", _joined([code(one) for one in profile.datasets])),
    }
    for key, read in _MEASURED.items():
        for board, entry in entries:
            for value in read(board, entry, words):
                found.setdefault(key, []).append(Told(value, entry.file))
    return {
        key: tuple({(one.value, one.source): one for one in found.get(key, ())}.values())
        for keys in GROUPS.values()
        for key in keys
    }


def _joined(parts: Sequence[Safe]) -> Safe | None:
    return Safe(", ".join(parts)) if parts else None


def _billions(number: float | None) -> Safe | None:
    return None if number is None else escaped(f"{number:g}B")


def _some(*values: object) -> Iterator[Safe]:
    told = [str(value) for value in values if value is not None]
    if told:
        yield code(" ".join(told))


def _model(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    yield code(entry.result.model.id)


def _revision(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    model = entry.result.model
    yield from _some(model.revision)
    if model.adapter is not None:
        yield from _some(model.adapter.id, model.adapter.revision)


def _authenticity(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    model = entry.result.model
    held = model.weights_sha256 or (model.file.sha256 if model.file else None)
    yield from _some(f"SHA-256 {held}" if held else None)
    if model.adapter is not None and model.adapter.sha256:
        yield from _some(model.adapter.id, "SHA-256", model.adapter.sha256)


def _base(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    adapter = entry.result.model.adapter
    if adapter is not None and adapter.training is not None:
        yield from _some(adapter.training.base, adapter.training.base_revision)


def _window(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    if entry.result.protocol.max_model_len is not None:
        tokens = f"{entry.result.protocol.max_model_len:,}"
        yield escaped(words.text("document.window-of", tokens=tokens))


def _quantisation(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    yield from _some(entry.result.model.quantisation)


def _template(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    held = entry.result.prompts.template_sha256
    yield from _some(f"SHA-256 {held}" if held else None)


def _software(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    told = ", ".join(f"{name} {held}" for name, held in sorted(entry.result.versions.items()))
    yield from _some(told or entry.result.protocol.backend)


def _results(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    if board is None or entry.score is None:
        return
    suite = board.suite
    title = suite.title.get(words.language) or suite.full_name
    metric = words.metric(suite.ranked, suite.kind)
    score = f"{entry.score:.{suite.ranked.decimals}f}"
    told = words.text("document.result", suite=title, metric=metric, score=score)
    basis = words.text(f"document.basis.{entry.evidence}")
    yield escaped(f"{told} ({basis})")


def _protocol(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    sent = entry.result.protocol
    held = {name: getattr(sent, name) for name in ("temperature", "max_tokens", "shots", "trials")}
    told = ", ".join(f"{name} {value:g}" for name, value in held.items() if value is not None)
    yield from _some(told or None)


def _limits(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    for finding in entry.findings:
        if finding.severity != "info":
            yield prose(words.finding(finding))


def _run_energy(board: Board | None, entry: Entry, words: Words) -> Iterator[Safe]:
    joules = entry.result.timing.energy_joules
    if joules is not None:
        yield escaped(words.text("document.energy-of-run", joules=f"{joules:,.0f}"))


_MEASURED: Mapping[str, Callable[[Board | None, Entry, Words], Iterator[Safe]]] = {
    "model": _model,
    "revision": _revision,
    "authenticity": _authenticity,
    "base": _base,
    "window": _window,
    "quantisation": _quantisation,
    "template": _template,
    "software": _software,
    "results": _results,
    "protocol": _protocol,
    "limits": _limits,
    "run_energy": _run_energy,
}
"""What results tell of a model, by field."""


def counted(fields: Mapping[str, Sequence[Told]]) -> tuple[int, int]:
    """Return in how many fields something is recorded, and how many there are."""
    return sum(map(bool, fields.values())), len(fields)


def document(entries: Sequence[Placed], settings: Settings, language: str) -> str:
    """Return the documentation of the model with these *entries*, as Markdown."""
    words = settings.words(language)
    fields = recorded(entries, words)
    templates = settings.overrides.templates
    environment = (Sandbox if templates else Environment)(
        loader=loader(templates, "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, not HTML: `finalize` escapes every value
        finalize=shown,
    )
    environment.filters.update(t=lambda key, **values: say(words, key, **values), code=code)
    held, every = counted(fields)
    with own_faults(templates):
        return environment.get_template("documentation.md.jinja").render(
            model=entries[0][1].name, groups=GROUPS, fields=fields, held=held, every=every
        )
