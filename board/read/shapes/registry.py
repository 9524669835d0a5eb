"""The table of shapes: by which keys a file is told, and which adapter reads it."""

from collections.abc import Callable
from typing import NamedTuple

from . import engines, published, replay, split_runs, version1, version2
from .source import Adapted, Source


class Shape(NamedTuple):
    """A shape of file: its name, the test of its keys, its adapter."""

    name: str
    told: Callable[[Source], bool]
    adapt: Callable[[Source], Adapted]


def adapt(source: Source) -> tuple[str, Adapted] | None:
    """Return the shape of a file and what it holds; `None` for a shape that nobody knows."""
    for shape in SHAPES:
        if shape.told(source):
            return shape.name, shape.adapt(source)
    return None


def _has(*keys: str) -> Callable[[Source], bool]:
    return lambda source: all(source.raw(key) is not None for key in keys)


def _within(source: Source, block: str, *keys: str) -> bool:
    """Tell whether the object *block* holds one of *keys*."""
    value = source.raw(block)
    return isinstance(value, dict) and any(value.get(key) is not None for key in keys)


def _version1(source: Source) -> bool:
    own = "version" in source.keys or "counts" in source.keys
    return source.raw("kind") == "result" and own


def _version2(source: Source) -> bool:
    if source.raw("kind") != "result" or source.raw("version") == 1:
        return False
    return isinstance(source.raw("version"), int) or "metrics" in source.keys


def _progress(source: Source) -> bool:
    if "aggregate" in source.keys:
        return False
    return "progress_pct" in source.keys or (
        source.raw("done") is True and source.raw("result_path") is not None
    )


def _proxy(source: Source) -> bool:
    if _has("benchmark", "total_tasks")(source) or "per_sample" in source.keys:
        return True
    return "params_B" in source.keys and not _within(source, "aggregate", "avg_command_f1")


def _replay(source: Source) -> bool:
    """Tell a file by the few keys that all replay files share."""
    named = any(source.raw(key) for key in ("model_short", "model", "model_path"))
    return named and ("per_step" in source.keys or _within(source, "aggregate", "avg_command_f1"))


def _also(told: Callable[[Source], bool]) -> Callable[[Source], bool]:
    return lambda source: "aggregate" in source.keys and _replay(source) and told(source)


def _text_of(source: Source, block: str, key: str) -> str:
    value = source.raw(block) if block else None
    found = value.get(key) if isinstance(value, dict) else source.raw(key) if not block else None
    return found if isinstance(found, str) else ""


# The most telling keys first: later shapes hold the keys of earlier ones.
SHAPES = (
    Shape("v2", _version2, version2.adapt),
    Shape("v1", _version1, version1.adapt),
    Shape("progress", _progress, split_runs.progress),
    Shape(
        "published-table",
        lambda source: _text_of(source, "provenance", "kind") == "published-table",
        published.published_row,
    ),
    Shape(
        "postprocessed",
        lambda source: bool(source.raw("postprocessed")) or "postprocessed_score" in source.keys,
        published.postprocessed,
    ),
    Shape("proxy", _proxy, published.proxy),
    Shape("merged-shards", _also(_has("merged_shards")), split_runs.merged),
    Shape("deepseek-part", _also(_has("rows_in_shard")), split_runs.deepseek_part),
    Shape(
        "deepseek-merged",
        _also(
            lambda source: (
                _has("source_parts")(source) or _within(source, "sampling", "parallel_shards")
            )
        ),
        split_runs.deepseek_merged,
    ),
    Shape(
        "sglang-llada",
        _also(
            lambda source: (
                _within(source, "prompt_template", "llada_prompt_suffix")
                or _text_of(source, "", "backend").startswith("sglang")
            )
        ),
        engines.suffix_rescue,
    ),
    Shape(
        "llama-cpp",
        _also(
            lambda source: (
                _has("filename", "generated_steps")(source)
                or _text_of(source, "sampling", "backend") == "llama_cpp"
            )
        ),
        engines.llama_cpp,
    ),
    Shape(
        "prefix-lm",
        _also(
            lambda source: (
                _has("num_shards")(source)
                or _within(source, "sampling", "condition")
                or _within(source, "prompt_template", "condition_prefix")
            )
        ),
        engines.prefix_lm,
    ),
    Shape("gemma4-text", _also(_has("complete", "shard_count")), replay.text_only),
    Shape("transformers", _also(lambda source: "multimodal" in source.keys), replay.transformers),
    Shape(
        "openai",
        _also(
            lambda source: (
                _within(source, "sampling", "base_urls")
                or _text_of(source, "", "gpu") == "vllm-openai"
            )
        ),
        replay.server,
    ),
    Shape(
        "anthropic-api",
        _also(lambda source: "errors" in source.keys and not _has("prompt_template")(source)),
        replay.hosted,
    ),
    Shape(
        "replay-2026-06",
        _also(
            lambda source: "lora_name" in source.keys or _within(source, "sampling", "shard_count")
        ),
        replay.sweep,
    ),
    Shape("replay-2026-05", _also(_has("prompt_template")), replay.plain),
    Shape("replay-2026-04-26", _also(_has("sampling")), replay.plain),
    Shape("replay-2026-04-25", _also(lambda source: True), replay.plain),
)
