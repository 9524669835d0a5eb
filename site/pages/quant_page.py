"""The page of a model's files: what each takes, how fast it is, and what it lost to the largest."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...board.compare.files import (
    GIGABYTE,
    Bench,
    Family,
    File,
    Files,
    Verdict,
    bench_of,
    figures_of,
)
from ...board.model import Board
from ...board.workspace.audits import landed, why_wrong
from ...eval.audit.reports import Audit
from ...eval.backends.gguf.figures import Estimate, FileFigures
from ...eval.metrics import Metric
from ..charts.charts import Chart, Scatter
from ..charts.file_charts import memory_chart, size_chart
from ..charts.pictures import Written as Word
from ..charts.scales import HEIGHT, LEFT, TOP, WIDTH
from ..data.figures import as_printed, signed
from ..frame.page import Page, root_of
from ..source.source import Place, Source
from .chart_page import SIZE


class Row(NamedTuple):
    """A file, and what it takes and is worth."""

    slug: str
    label: str
    name: str
    rank: str | None
    size: str | None
    bits: str | None
    peak: str | None
    score: str | None
    interval: tuple[str, str] | None
    largest: bool
    difference: str | None
    between: tuple[str, str] | None


class Speeds(NamedTuple):
    """Files that were measured on one machine, by one engine."""

    about: str
    rows: tuple[tuple[str, ...], ...]
    """Name, prompt and answer tokens a second, seconds to the first token."""


class Bench_(NamedTuple):
    """What llama-bench measured on one machine."""

    about: str
    source: str
    rows: tuple[tuple[str, str, str], ...]
    """Name, test, tokens a second."""


class Near(NamedTuple):
    """How near a file's token probabilities are to those of another."""

    name: str
    reference: str | None
    divergence: str | None
    high: str | None
    same_top: str | None
    positions: str | None
    perplexity: str | None
    about: str
    source: str


class Told(NamedTuple):
    """The chat format that answers in one engine, and whether that is wrong."""

    engine: str
    words: str
    why: str | None
    wrong: bool


class Format(NamedTuple):
    """A file's template, and what answers in each engine."""

    name: str
    sha256: str | None
    same: bool | None
    """Whether it is that of the largest file."""
    rungs: tuple[Told, ...]
    audited: bool


class Drawn(NamedTuple):
    """A chart of the page."""

    name: str
    title: str
    text: str
    svg: str | None
    words: tuple[Word, ...]


class Section(NamedTuple):
    """The files of one model on one board."""

    place: Place
    metric: str
    largest: str | None
    verdict: tuple[str, ...]
    rows: tuple[Row, ...]
    charts: tuple[Drawn, ...]
    speeds: tuple[Speeds, ...]
    unmeasured: tuple[str, ...]
    """Names of files with speeds of an unknown machine, or without any."""


def quant_pages(source: Source) -> Iterator[Page]:
    """Yield a page for every model that has several files or quantisations."""
    for path, family in source.families:
        yield _page(path, family, source)


def files_to_draw(source: Source) -> dict[tuple[str, str], tuple[Chart, str]]:
    """Return the charts of all families that have enough to draw, with the way to the models."""
    return {
        _key(path, files, chart): (chart, f"{root_of(path)}models/")
        for path, family in source.families
        for files in family.boards
        for chart in _charts(files, source)
        if chart.shown
    }


def _key(path: str, files: Files, chart: Scatter) -> tuple[str, str]:
    return f"{path}{files.board}", chart.name


def _charts(files: Files, source: Source) -> tuple[Scatter, Scatter]:
    board = source.boards.boards[files.board]
    return size_chart(files, board), memory_chart(files)[0]


def _page(path: str, family: Family, source: Source) -> Page:
    render = source.render
    files = _distinct(family)
    html = render.html(
        "quants",
        root=root_of(path),
        family=family,
        sections=[_section(path, one, source) for one in family.boards],
        nears=list(_nears(files, source)),
        benches=list(_benches(files, source)),
        formats=list(_formats(files, source)),
        size=SIZE,
    )
    description = render.text("site.quants.description", name=family.name)
    return Page(
        path=path,
        title=render.text("site.quants.title", name=family.name),
        description=description,
        slots={"body": html},
        search=description,
    )


def _distinct(family: Family) -> list[File]:
    """Return each file once, whatever number of boards it is on, the largest first."""
    met: dict[tuple[str, str], File] = {}
    for one in family.boards:
        for file in one.files:
            met.setdefault((file.entry.slug, file.name), file)
    return sorted(met.values(), key=lambda one: (-(one.bytes or 0), one.entry.label))


def _section(path: str, files: Files, source: Source) -> Section:
    board, place = source.boards.boards[files.board], source.places[files.board]
    metric = board.suite.ranked
    by_bench: dict[Bench, list[File]] = defaultdict(list)
    unmeasured = []
    for one in files.files:
        bench, timing = bench_of(one.entry.result), one.entry.result.timing
        timed = (timing.prompt_tokens_per_second, timing.answer_tokens_per_second)
        if bench is None or timed == (None, None):
            unmeasured.append(one.name)
        else:
            by_bench[bench].append(one)
    return Section(
        place=place,
        metric=source.words_of(board.suite).title(metric),
        largest=files.largest.name if files.largest else None,
        verdict=tuple(_verdict(files, board, source)),
        rows=tuple(_row(one, files, metric) for one in files.files),
        charts=tuple(_drawn(path, files, board, source)),
        speeds=tuple(
            Speeds(_about(bench, source), tuple(map(_speed, held)))
            for bench, held in sorted(by_bench.items(), key=lambda one: (-len(one[1]), one[0]))
        ),
        unmeasured=tuple(unmeasured),
    )


def _row(one: File, files: Files, metric: Metric) -> Row:
    entry = one.entry
    found = entry.resolution.score if entry.resolution else None
    paired = one.held.paired if one.held else None
    between = None
    if paired is not None and paired.low is not None and paired.high is not None:
        between = signed(metric, paired.low), signed(metric, paired.high)
    return Row(
        slug=entry.slug,
        label=entry.label,
        name=one.name,
        rank=entry.rank_text if entry.rank is not None else None,
        size=_gigabytes(one.bytes),
        bits=None if one.bits is None else f"{'≈ ' if one.about else ''}{one.bits:.2f}",
        peak=_gigabytes(one.peak),
        score=as_printed(metric, entry.score),
        interval=(
            (as_printed(metric, found.low) or "", as_printed(metric, found.high) or "")
            if found
            else None
        ),
        largest=one is files.largest,
        difference=None if paired is None else signed(metric, paired.difference),
        between=between,
    )


def _gigabytes(size: int | None) -> str | None:
    """Return *size* in units of 10^9 bytes, with three digits."""
    if size is None:
        return None
    told = size / GIGABYTE
    return f"{told:.2f}" if told >= 1 else f"{told:.3g}"


# --- which file suffices --------------------------------------------------------------------------


def _verdict(files: Files, board: Board, source: Source) -> Iterator[str]:
    """Yield the sentences on which file suffices, or what it would take to say so."""
    say, verdict, metric = source.render.text, files.verdict, board.suite.ranked
    if verdict is None:
        if len(files.files) > 1:
            yield say(f"site.quants.missing.{files.missing}", setting=f"fits.{files.missing}")
        return
    assert files.largest is not None
    told: dict[str, object] = {
        "largest": files.largest.name,
        "margin": f"{verdict.margin:g}",
        "memory": f"{verdict.memory_gb:g}",
    }
    file = verdict.file
    if file is None:
        yield say("site.quants.verdict.none", **told)
    elif file is files.largest:
        yield say("site.quants.verdict.largest", **told, peak=_gigabytes(file.peak))
    else:
        yield from _smallest(file, verdict, metric, told, source)
    if verdict.unknown:
        names = ", ".join(one.name for one in verdict.unknown)
        yield say("site.quants.verdict.unknown", n=len(verdict.unknown), names=names)


def _smallest(
    file: File, verdict: Verdict, metric: Metric, told: dict[str, object], source: Source
) -> Iterator[str]:
    say = source.render.text
    assert file.held is not None and file.held.paired is not None
    paired = file.held.paired
    assert paired.low is not None and paired.high is not None
    yield say(
        "site.quants.verdict",
        **told,
        file=file.name,
        size=_gigabytes(file.bytes),
        peak=_gigabytes(file.peak),
        difference=signed(metric, paired.difference),
        low=signed(metric, paired.low),
        high=signed(metric, paired.high),
    )
    if verdict.worst is not None:
        worst = as_printed(metric, verdict.worst)
        yield say("site.quants.verdict.open", worst=worst, margin=told["margin"])


# --- charts ---------------------------------------------------------------------------------------


def _drawn(path: str, files: Files, board: Board, source: Source) -> Iterator[Drawn]:
    say = source.render.text
    bench = memory_chart(files)[1]
    about = _about(bench, source) if bench is not None else ""
    for chart in _charts(files, source):
        state = "text" if chart.shown else "missing"
        upward = say("site.column.score" if chart.name == "file-size" else "site.quants.speed.axis")
        middle, base = round(LEFT + WIDTH / 2, 2), TOP + HEIGHT
        words = (
            Word(4, 16, "start", upward),
            Word(middle, base + 42, "middle", say(f"site.quants.{chart.name}.axis")),
        )
        yield Drawn(
            name=f"{source.places[files.board].slug}-{chart.name}",
            title=say(f"site.quants.{chart.name}"),
            text=say(f"site.quants.{chart.name}.{state}", machine=about),
            svg=source.drawings.get(_key(path, files, chart)),
            words=words if chart.shown else (),
        )


# --- speeds ---------------------------------------------------------------------------------------


def _about(bench: Bench, source: Source) -> str:
    """Return the machine and the engine of speeds in one line."""
    say = source.render.text
    plain = ("processor", "accelerator", "operating_system", "backend", "engine")
    return " · ".join(
        value if name in plain else f"{say(f'site.quants.bench.{name}')} {value}"
        for name, value in bench
    )


def _speed(one: File) -> tuple[str, ...]:
    timing = one.entry.result.timing
    first = timing.first_token_seconds.median if timing.first_token_seconds else None
    told = (timing.prompt_tokens_per_second, timing.answer_tokens_per_second)
    speeds = (("" if value is None else f"{value:.1f}") for value in told)
    return one.name, *speeds, "" if first is None else f"{first:.2f}"


def _benches(files: Sequence[File], source: Source) -> Iterator[Bench_]:
    """Yield what llama-bench measured, a table for each machine and each way to run it."""
    held: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    for one in files:
        for found, place in figures_of(one.entry, source.boards):
            for speed in found.speeds:
                row = one.name, speed.test, _estimate(speed.tokens_per_second, 1)
                held[_bench_about(found), place].append(row)
    for (about, place), rows in sorted(held.items()):
        yield Bench_(about, place, tuple(rows))


def _bench_about(found: FileFigures) -> str:
    machine = found.machine
    told = [machine.processor, machine.accelerator, found.backend]
    build = f"{found.program} {found.build or ''}".strip()
    settings = [
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in found.settings.items()
    ]
    return " · ".join([build, *(one for one in told if one), ", ".join(settings)]).rstrip(" ·")


# --- nearness -------------------------------------------------------------------------------------


def _nears(files: Sequence[File], source: Source) -> Iterator[Near]:
    """Yield what was measured of token probabilities, ours and what others printed."""
    for one in files:
        for found, place in figures_of(one.entry, source.boards):
            distance = found.distance
            if distance is None and found.perplexity is None:
                continue
            bound = "≥ " if distance is not None and distance.lower_bound else ""
            yield Near(
                name=one.name,
                reference=distance.reference.name if distance else None,
                divergence=f"{bound}{_estimate(distance.divergence, 4)}" if distance else None,
                high=_plain(distance.high, bound) if distance else None,
                same_top=_share(distance.same_top) if distance else None,
                positions=_positions(found),
                perplexity=_estimate(found.perplexity, 2) if found.perplexity else None,
                about=f"{found.program} {found.build or ''}".strip(),
                source=place,
            )


def _plain(value: float | None, bound: str) -> str | None:
    return None if value is None else f"{bound}{value:.4f}"


def _positions(found: FileFigures) -> str | None:
    distance = found.distance
    if distance is None or distance.positions is None:
        return None
    by_language = " + ".join(
        f"{one.positions} {language}" for language, one in distance.languages.items()
    )
    return f"{distance.positions:,} ({by_language})" if by_language else f"{distance.positions:,}"


def _estimate(one: Estimate, digits: int) -> str:
    """Return a mean with its standard error."""
    error = "" if one.error is None else f" ± {one.error:.{digits}f}"
    return f"{one.value:.{digits}f}{error}"


def _share(one: Estimate) -> str:
    error = None if one.error is None else 100 * one.error
    return f"{_estimate(Estimate(value=100 * one.value, error=error), 1)} %"


# --- chat formats ---------------------------------------------------------------------------------


def _formats(files: Sequence[File], source: Source) -> Iterator[Format]:
    """Yield the template of each file and, where an audit of it is kept, what answers where."""
    hashes = {id(one): one.entry.result.prompts.template_sha256 for one in files}
    largest = hashes[id(files[0])] if files else None
    words = source.render.words
    for one in files:
        sha256 = hashes[id(one)]
        audit = _audit_of(one, source.boards.audits)
        yield Format(
            name=one.name,
            sha256=sha256,
            same=None if sha256 is None or largest is None else sha256 == largest,
            rungs=tuple(
                Told(rung.engine, landed(rung, words), why_wrong(rung, words), bool(rung.wrong))
                for rung in (audit.rungs if audit else ())
            ),
            audited=audit is not None,
        )


def _audit_of(one: File, audits: Sequence[Audit]) -> Audit | None:
    """Return the audit of this very file, by any of its names."""
    model = one.entry.result.model
    names = {model.id, one.entry.model, one.entry.label, model.file.name if model.file else None}
    wanted = {name.lower() for name in names if name}
    return next((audit for audit in audits if audit.rungs and audit.model.lower() in wanted), None)
