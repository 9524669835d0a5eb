"""The files of one model, such as its quantisations: against the largest, and which suffices."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

from msgspec import UNSET, Struct
from msgspec.structs import replace

from ...eval.backends.gguf.figures import FileFigures
from ...eval.identity import engine_versions, fold
from ...eval.records import ModelFile, Result
from ..model import Board, Boards, Entry
from ..workspace.settings import Fits
from .comparison import Comparison, compare
from .gate import USUAL, in_points

GIGABYTE = 10**9
FEWEST = 2
"""Files of one model that are worth a page."""

# What the end of a name says of how weights are held: Model-Q4_K_M, model.i1-IQ3_XS, Model-GGUF.
_HELD = re.compile(
    r"[-_.](?:i1-)?(?:UD-)?"
    r"(?:I?Q\d+(?:_[A-Z0-9]+)*|TQ\d_\d|BF16|FP?16|FP?32|FP8|MXFP4(?:_MOE)?|NVFP4|GGUF)"
    r"(?:-\d{5}-of-\d{5})?$",
    re.IGNORECASE,
)

Told = Literal["models.toml", "names"]
"""Who says that files are of one model: models.toml, or their names."""


class File(Struct, frozen=True, kw_only=True):
    """One file of a model: an entry of a board."""

    entry: Entry
    name: str
    """What tells it from the others: how its weights are held, or else its label."""
    bytes: int | None
    """On the disk."""
    bits: float | None
    """A weight."""
    about: bool = False
    """Whether the bits follow from the number of parameters in words, not from the header."""
    peak: int | None
    """The most bytes of memory, with as many tokens of context as the result says."""
    held: Comparison | None = None
    """Against the largest file; `None` for that one itself, and where there is none."""


class Verdict(Struct, frozen=True, kw_only=True):
    """Which file suffices on a machine, and what that rests on."""

    file: File | None
    """The smallest that fits and is not shown to be worse; `None` where each that fits is."""
    margin: float
    """In points as the metric is printed."""
    memory_gb: float
    fitting: int
    """Files that are known to fit and are compared."""
    unknown: tuple[File, ...]
    """Files that cannot be weighed: their memory or their difference is not known."""

    @property
    def worst(self) -> float | None:
        """Return how much worse the file may be, where the margin does not rule that out."""
        loss = _loss(self.file.held) if self.file is not None else None
        return loss[1] if loss is not None and loss[1] > self.margin else None


Missing = Literal["memory_gb", "margin", "largest", "weighed"]
"""What a verdict lacks: a limit in board.toml, a size, or a file whose evidence is whole."""


class Files(Struct, frozen=True, kw_only=True):
    """The files of one model on one board, the largest first."""

    board: int
    """Its place among the boards."""
    files: tuple[File, ...]
    largest: File | None
    """What the others are held against; `None` where sizes are not known."""
    verdict: Verdict | None
    missing: Missing | None = None
    """Why there is no verdict."""


class Family(Struct, frozen=True, kw_only=True):
    """A model with several files."""

    name: str
    told: Told
    boards: tuple[Files, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return its entries on all boards."""
        return tuple(file.entry for one in self.boards for file in one.files)


Bench = tuple[tuple[str, str], ...]
"""What speeds depend on beside the file: machine, engine and its settings, by their names."""


def families_of(boards: Boards, fits: Fits) -> tuple[Family, ...]:
    """Return the models of *boards* that have several files or quantisations, by name.

    Entries are of one model where models.toml says that they are quantised from it, or else where
    their names differ in nothing but how weights are held. Each is compared with the largest as
    `compare` does, all of a board at once.
    """
    groups: dict[str, _Group] = {}
    for number, board in enumerate(boards.boards):
        for entry in board.entries:
            place = _place(entry)
            if place is not None:
                key, name, told = place
                groups.setdefault(key, _Group(name, told)).add(number, entry, told)
    for number, board in enumerate(boards.boards):
        for entry in board.entries:
            plain = entry.result.model.adapter is None and _place(entry) is None
            if plain and (group := groups.get(fold(entry.result.model.id))):
                group.add(number, entry, group.told)
    whole = {key: group.worthy() for key, group in groups.items()}
    found: dict[str, list[Files]] = defaultdict(list)
    for number, board in enumerate(boards.boards):
        here = {key: held[number] for key, held in whole.items() if number in held}
        for key, files in _compared(number, board, here, fits):
            found[key].append(files)
    told_of = (
        Family(name=groups[key].name, told=groups[key].told, boards=tuple(held))
        for key, held in found.items()
    )
    return tuple(sorted(told_of, key=lambda one: (fold(one.name), one.name)))


class _Group:
    """The entries of one model, by the number of their board."""

    def __init__(self, name: str, told: Told) -> None:
        self.name, self.told = name, told
        self.held: dict[int, list[Entry]] = defaultdict(list)

    def add(self, board: int, entry: Entry, told: Told) -> None:
        self.held[board].append(entry)
        # models.toml's own spelling goes before one that was cut out of a name.
        if told == "models.toml" and self.told == "names":
            self.told, self.name = told, entry.profile.base_model or self.name

    def worthy(self) -> dict[int, list[Entry]]:
        """Return the boards on which several different files are."""
        return {
            number: entries
            for number, entries in self.held.items()
            if len({_content(entry.result) for entry in entries}) >= FEWEST
        }


def _content(result: Result) -> tuple[str, str]:
    file = result.model.file or ModelFile()
    return fold(result.model.quantisation or ""), file.sha256 or file.name or ""


def _place(entry: Entry) -> tuple[str, str, Told] | None:
    """Return the model that *entry* is a file of: key, name, and who says so."""
    model, profile = entry.result.model, entry.profile
    adapter = f"+{fold(model.adapter.id)}" if model.adapter else ""
    if profile.base_model is not None and profile.base_model_relation == "quantized":
        return f"{fold(profile.base_model)}{adapter}", profile.base_model, "models.toml"
    if model.quantisation is None and model.file is None:
        return None
    name = plain_name(model.id)
    return f"{fold(name)}{adapter}", name, "names"


def plain_name(name: str) -> str:
    """Return the *name* of a file or repository without what it says of how weights are held."""
    name = re.sub(r"\.gguf$", "", name, flags=re.IGNORECASE)
    while (found := _HELD.search(name)) and found.start() > 0:
        name = name[: found.start()]
    return name


def _compared(
    number: int, board: Board, groups: Mapping[str, Sequence[Entry]], fits: Fits
) -> Iterator[tuple[str, Files]]:
    """Yield the files of each group, each held against the largest of its own."""
    files = {key: _by_size(entries) for key, entries in groups.items()}
    largest = {key: _largest(held) for key, held in files.items()}
    pairs = {
        (key, file.entry.result_id): (file.entry, top.entry)
        for key, held in files.items()
        if (top := largest[key]) is not None
        for file in held
        if file is not top
    }
    found = dict(zip(pairs, compare(board, list(pairs.values())), strict=True)) if pairs else {}
    for key, held in files.items():
        top = largest[key]
        told = tuple(
            replace(file, held=found.get((key, file.entry.result_id))) if file is not top else file
            for file in held
        )
        verdict, missing = _verdict(board, told, top, fits)
        yield (
            key,
            Files(board=number, files=told, largest=top, verdict=verdict, missing=missing),
        )


def _by_size(entries: Iterable[Entry]) -> list[File]:
    found = [_file(entry) for entry in entries]
    met = Counter(one.name for one in found)
    found = [replace(one, name=one.entry.label) if met[one.name] > 1 else one for one in found]
    return sorted(found, key=lambda one: (-(one.bytes or 0), one.entry.label))


def _file(entry: Entry) -> File:
    model = entry.result.model
    file = model.file or ModelFile()
    size = file.bytes if file.bytes is not None else model.weights_bytes or None
    bits, about = None, False
    if file.parameters not in (UNSET, 0) and file.tensor_bytes is not UNSET:
        bits = 8 * file.tensor_bytes / file.parameters
    elif size is not None and entry.profile.parameters is not None:
        bits, about = 8 * size / (entry.profile.parameters * 1e9), True
    return File(
        entry=entry,
        name=_held(model.quantisation, file.name) or entry.result.protocol.dtype or entry.label,
        bytes=size,
        bits=bits,
        about=about,
        peak=entry.result.machine.peak_memory_bytes,
    )


def _held(quantisation: str | None, file: str | None) -> str | None:
    """Return how weights are held, as published or as a file's name ends."""
    stem = re.sub(r"\.gguf$", "", file or "", flags=re.IGNORECASE)
    return quantisation or stem[len(plain_name(stem)) :].lstrip("-_.") or None


def _largest(files: Sequence[File]) -> File | None:
    """Return the largest file: the model itself that they are made from, or by size.

    Where the size of one is not known, nobody knows which is the largest.
    """
    plain = [one for one in files if one.bytes is None and _place(one.entry) is None]
    if len(plain) == 1:
        return plain[0]
    return files[0] if all(one.bytes is not None for one in files) else None


def _loss(held: Comparison | None) -> tuple[float, float] | None:
    """Return how much worse a file is at the least and at the most, in printed points."""
    paired = held.paired if held is not None else None
    if held is None or paired is None or paired.low is None or paired.high is None:
        return None
    low, high = -paired.high, -paired.low
    return (-high, -low) if held.better == "lower" else (low, high)


def _verdict(
    board: Board, files: Sequence[File], top: File | None, fits: Fits
) -> tuple[Verdict | None, Missing | None]:
    metric = board.suite.ranked
    margin = fits.margin if fits.margin is not None else USUAL if in_points(metric) else None
    if fits.memory_gb is None:
        return None, "memory_gb"
    if margin is None:
        return None, "margin"
    if top is None:
        return None, "largest"
    weigh = partial(_is_weighed, top=top)
    weighed = [one for one in files if weigh(one)]
    unknown = tuple(one for one in files if not weigh(one))
    if not weighed:
        return None, "weighed"
    fitting = [one for one in weighed if (one.peak or 0) <= fits.memory_gb * GIGABYTE]
    enough = [one for one in fitting if one is top or not _is_worse(one, margin)]
    smallest = min(enough, key=lambda one: (one.bytes or 0, one.entry.label), default=None)
    return (
        Verdict(
            file=smallest,
            margin=margin,
            memory_gb=fits.memory_gb,
            fitting=len(fitting),
            unknown=unknown,
        ),
        None,
    )


def _is_weighed(one: File, top: File) -> bool:
    known = one.bytes is not None and one.peak is not None
    return known and one.entry.rank is not None and (one is top or _loss(one.held) is not None)


def _is_worse(one: File, margin: float) -> bool:
    loss = _loss(one.held)
    return loss is not None and loss[0] > margin


def bench_of(result: Result) -> Bench | None:
    """Return the machine and the engine of *result*; `None` where the machine is not recorded.

    Speeds may stand side by side only where all of it is the same.
    """
    machine, protocol = result.machine, result.protocol
    if machine.processor is None and machine.accelerator is None:
        return None
    settings = {name: protocol.extra.get(name) for name in ("n_threads", "n_gpu_layers")}
    told = {
        **{name: getattr(machine, name) for name in _OF_MACHINES},
        "backend": protocol.backend,
        "engine": " ".join(f"{n} {v}" for n, v in sorted(engine_versions(result.versions).items())),
        **settings,
        "batch_size": protocol.batch_size,
        "max_model_len": protocol.max_model_len,
    }
    return tuple(
        (name, f"{value:g}" if isinstance(value, float) else str(value))
        for name, value in told.items()
        if value not in (None, UNSET, "")
    )


_OF_MACHINES = ("processor", "cores", "accelerator", "accelerators", "driver", "operating_system")


def figures_of(entry: Entry, boards: Boards) -> tuple[tuple[FileFigures, str], ...]:
    """Return what other programs measured of the file of *entry*, each with the file that says so.

    A file is known by its SHA-256, or by its name where the program tells no hash.
    """
    file = entry.result.model.file or ModelFile()
    return tuple(
        (one, reading.file)
        for reading in boards.readings
        for one in reading.measures
        if _is_of(one.file, file)
    )


def _is_of(told: ModelFile, file: ModelFile) -> bool:
    if told.sha256 is not None and file.sha256 is not None:
        return told.sha256 == file.sha256
    return told.name is not None and file.name is not None and fold(told.name) == fold(file.name)
