"""Files of runs that were split: official DeepSeek parts, merged files, and progress notes."""

from msgspec.structs import replace

from . import model_names
from .replay import replay, with_backend
from .source import Adapted, Source

_DEEPSEEK = "deepseek-official"


def deepseek_part(source: Source) -> Adapted:
    """Adapt one part of a split DeepSeek run; `rows_in_shard` tells whether it has ended."""
    index, count = source.count("shard_index"), source.count("shard_count")
    source.need("shard_index", "shard_count")
    rows = source.count("rows_in_shard")
    steps = source.inner("aggregate").count("steps")
    adapted = replay(
        source,
        complete=None if rows is None or steps is None else steps >= rows,
        shard=(index or 0, count or 1),
    )
    result = with_backend(adapted, _DEEPSEEK).result
    assert result is not None
    return Adapted("shard", replace(result, counts=replace(result.counts, expected=rows)))


def deepseek_merged(source: Source) -> Adapted:
    """Adapt a merged DeepSeek run: its template was not recorded, so nothing is said of it."""
    return with_backend(replay(source), _DEEPSEEK)


def merged(source: Source) -> Adapted:
    """Adapt the output of the old shard merger, which kept everything else of its first shard.

    Its prompt counts are those of one shard, so the status says how few steps they speak of.
    """
    return replay(
        source,
        model=model_names.model(source, shard=(source.count("shard_index") or 0, 1)),
    )


def progress(source: Source) -> Adapted:
    """Adapt a progress note: it holds no result."""
    return Adapted("status")
