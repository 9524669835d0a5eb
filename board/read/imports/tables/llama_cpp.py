"""llama.cpp's own measurements of model files, and ours: speeds, perplexity, divergence."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PureWindowsPath
from typing import Any

import msgspec

from .....eval.backends.gguf.figures import KIND, Distance, Estimate, FileFigures, Speed
from .....eval.records import Machine, ModelFile
from ...decoding.content import Content, limit
from ...shapes.foreign import Foreign, Format, Missing, Part, count, number, text

MOST_RUNS, MOST_FILES = 10_000, 1_000
"""Runs of llama-bench in one file, and the model files that they are of."""
MOST_LOG = 64 << 20
"""Bytes of a log."""

_MEASURED = ("model_filename", "avg_ts")
_SETTINGS = ("n_threads", "n_gpu_layers", "n_batch", "n_ubatch", "type_k", "type_v", "flash_attn")


# --- llama-bench ----------------------------------------------------------------------------------


def _runs(content: Content) -> Iterator[Mapping[str, Any]]:
    """Yield what llama-bench printed with `-o json`, `jsonl` or `csv`, a run each."""
    if content.form == "json-lines":
        yield from content.lines
    elif content.form == "table":
        yield from content.table.rows
    else:
        yield from content.members


def _is_bench(content: Content) -> bool:
    if content.form not in ("json", "json-lines", "table"):
        return False
    first = next(_runs(content), {})
    return set(_MEASURED) <= first.keys()


def _bench(foreign: Foreign) -> Iterator[Part]:
    """Take the speeds of each model file, by what they were measured with; there is no result."""
    held: dict[bytes, tuple[FileFigures, list[Speed]]] = {}
    for number_of, run in enumerate(_runs(foreign.content)):
        if number_of >= MOST_RUNS:
            raise limit("runs", MOST_RUNS)
        name, mean = _name(run.get("model_filename")), number(run.get("avg_ts"))
        if name is None or mean is None:
            raise Missing(*(key for key in _MEASURED if not run.get(key)))
        tests = {"pp": count(run.get("n_prompt")), "tg": count(run.get("n_gen"))}
        asked = "+".join(f"{key}{size}" for key, size in tests.items() if size)
        depth, samples = count(run.get("n_depth")), run.get("samples_ts")
        speed = Speed(
            test=f"{asked} @ d{depth}" if depth else asked,
            tokens_per_second=Estimate(value=mean, error=number(run.get("stddev_ts"))),
            repetitions=len(samples)
            if isinstance(samples := run.get("samples_ts"), list)
            else None,
        )
        one = _benched(name, run)
        held.setdefault(msgspec.json.encode(one), (one, []))[1].append(speed)
        if len(held) > MOST_FILES:
            raise limit("model files", MOST_FILES)
    foreign.measures += [
        msgspec.structs.replace(one, speeds=tuple(speeds)) for one, speeds in held.values()
    ]
    yield from ()


def _benched(name: str, run: Mapping[str, Any]) -> FileFigures:
    build = [text(run.get(key)) for key in ("build_number", "build_commit")]
    size, weights = count(run.get("model_size")), count(run.get("model_n_params"))
    file = ModelFile(name=name)
    if size and weights:
        # The size that it tells is that of the tensors.
        file = ModelFile(name=name, parameters=weights, tensor_bytes=size)
    settings = {key: told for key in _SETTINGS if (told := _setting(run.get(key))) is not None}
    return FileFigures(
        program="llama-bench",
        build=" ".join(filter(None, build)) or None,
        file=file,
        type=text(run.get("model_type")),
        machine=Machine(processor=text(run.get("cpu_info")), accelerator=text(run.get("gpu_info"))),
        backend=text(run.get("backends")),
        settings=settings,
    )


def _setting(value: object) -> str | float | None:
    if isinstance(value, bool):
        return str(value).lower()
    found = number(value)
    return found if found is not None else text(value)


# --- llama-perplexity -----------------------------------------------------------------------------

# Newer builds put the time and a letter for the level before what others begin a line with.
_STAMP = r"^(?:[\d.]+ [A-Z] )?\s*"
_VALUE = r"\s*(-?\d+\.\d+)"
_ERROR = r"(?:\s*(?:±|\+/-)\s*(\d+\.\d+))?"


def _line(words: str) -> re.Pattern[str]:
    return re.compile(_STAMP + words + _VALUE + _ERROR, re.MULTILINE)


_PERPLEXITY = _line(r"Final estimate: PPL =")
_OF_FILE = _line(r"Mean +PPL\(Q\) *:")
_OF_BASE = _line(r"Mean +PPL\(base\) *:")
_MEAN = _line(r"(?:Mean +KLD|Average *): *")
_MEDIAN = _line(r"Median +KLD *:")
_HIGH = _line(r"99\.0% +KLD *:")
_SAME_TOP = _line(r"Same top p *:")
_LOADED = re.compile(r"loaded meta data with .+? from (.+?\.gguf)\b(?: \(version)?", re.IGNORECASE)
_BUILD = re.compile(_STAMP + r"build *: *(\d+ \([0-9a-f]+\))", re.MULTILINE)
_TYPE = re.compile(r"print_info: file type += +([^\n]{1,80})")
_THREADS = re.compile(r"system_info: n_threads = (\d+)")
_TOLD = re.compile(rb"Final estimate: PPL = *\d|Mean +KLD: *-?\d")


def _is_perplexity(content: Content) -> bool:
    return (
        content.encoding is not None
        and len(content.data) <= MOST_LOG
        and not content.data.lstrip().startswith((b"{", b"["))
        and _TOLD.search(content.data) is not None
    )


def _perplexity(foreign: Foreign) -> Iterator[Part]:
    """Take the perplexity and the divergence that a log ends with; there is no result."""
    log = foreign.content.text
    loaded, kind, build = _LOADED.search(log), _TYPE.search(log), _BUILD.search(log)
    threads = _THREADS.search(log)
    mean, same = _estimate(_MEAN, log), _estimate(_SAME_TOP, log)
    own = _estimate(_PERPLEXITY, log) or _estimate(_OF_FILE, log)
    if own is None and mean is None:
        raise Missing("Final estimate: PPL", "Mean KLD")
    distance = None
    if mean is not None and same is not None:
        medium, high = _estimate(_MEDIAN, log), _estimate(_HIGH, log)
        distance = Distance(
            reference=ModelFile(),
            divergence=mean,
            same_top=_hundredth(same),
            lower_bound=False,
            median=medium.value if medium else None,
            high=high.value if high else None,
        )
    foreign.measures.append(
        FileFigures(
            program="llama-perplexity",
            build=build and text(build[1]),
            # Who saves what it prints names the log after the file.
            file=ModelFile(name=_name(loaded[1]) if loaded else f"{foreign.place.stem}.gguf"),
            type=kind and text(kind[1]),
            settings={"n_threads": float(threads[1])} if threads else {},
            perplexity=own,
            base_perplexity=_estimate(_OF_BASE, log),
            distance=distance,
        )
    )
    yield from ()


def _estimate(pattern: re.Pattern[str], log: str) -> Estimate | None:
    """Return what the last such line of a log says."""
    lines = list(pattern.finditer(log))
    if not lines:
        return None
    found = lines[-1]
    return Estimate(value=float(found[1]), error=None if found[2] is None else float(found[2]))


def _hundredth(one: Estimate) -> Estimate:
    error = None if one.error is None else round(one.error / 100, 8)
    return Estimate(value=round(one.value / 100, 8), error=error)


# --- ours -----------------------------------------------------------------------------------------


def _own(foreign: Foreign) -> Iterator[Part]:
    """Take what `cardboard compare-files` wrote; there is no result."""
    found = msgspec.convert(foreign.content.document, FileFigures)
    names = (found.file, found.distance.reference if found.distance else ModelFile())
    clean = [msgspec.structs.replace(one, name=_name(one.name)) for one in names]
    told = msgspec.structs.replace(found, file=clean[0])
    if found.distance is not None:
        distance = msgspec.structs.replace(found.distance, reference=clean[1])
        told = msgspec.structs.replace(told, distance=distance)
    foreign.measures.append(told)
    yield from ()


def _name(path: object) -> str | None:
    """Return the name of a file without the folders of somebody's machine."""
    return text(PureWindowsPath(path).name) if isinstance(path, str) and path else None


FORMATS = (
    Format("llama-bench", _is_bench, _bench),
    Format("llama-perplexity", _is_perplexity, _perplexity, named=True),
    Format(KIND, lambda content: content.document.get("kind") == KIND, _own),
)
