"""Benchmarks of speed: vLLM's serving benchmark and llama-bench, which hold nothing to rank."""

from collections.abc import Iterator

from ...decoding.content import Content
from ...shapes.foreign import Foreign, Format, Part


def _vllm(content: Content) -> bool:
    document = content.document
    return "request_throughput" in document and "num_prompts" in document


def _llama(content: Content) -> bool:
    first = content.members[0] if content.members else content.document
    if content.form == "json-lines":
        first = next(content.lines, {})
    return {"model_filename", "avg_ts"} <= first.keys()


def _nothing(tool: str) -> "Format":
    def read(foreign: Foreign) -> Iterator[Part]:
        """Say that there is nothing but speed; a table has no column to put it beside a score."""
        foreign.note("timing-only", tool=tool)
        yield from ()

    return Format(tool, _vllm if tool == "vllm-bench" else _llama, read)


FORMATS = (_nothing("vllm-bench"), _nothing("llama-bench"))
