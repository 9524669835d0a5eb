"""Benchmarks of speed that hold nothing to rank and name no file: vLLM's serving benchmark."""

from collections.abc import Iterator

from ...decoding.content import Content
from ...shapes.foreign import Foreign, Format, Part

TOOL = "vllm-bench"


def _told(content: Content) -> bool:
    document = content.document
    return "request_throughput" in document and "num_prompts" in document


def _read(foreign: Foreign) -> Iterator[Part]:
    """Say that there is nothing but speed; a table has no column to put it beside a score."""
    foreign.note("timing-only", tool=TOOL)
    yield from ()


FORMAT = Format(TOOL, _told, _read)
