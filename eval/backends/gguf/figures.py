"""Figures of a model's file that no suite asks for: speed, perplexity, how near another file is."""

from typing import Literal

from msgspec import Struct

from ...records import Count, Machine, ModelFile, Sha256

VERSION: Literal[1] = 1
KIND = "file-figures"


class Estimate(Struct, frozen=True, kw_only=True):
    """A mean and its standard error, where one is told."""

    value: float
    error: float | None = None


class Speed(Struct, frozen=True, kw_only=True):
    """How many tokens a second, in one way of asking."""

    test: str
    """`pp512`: a prompt of 512 tokens is read; `tg128`: 128 are written; `@ d4096`: after 4,096."""
    tokens_per_second: Estimate
    repetitions: Count | None = None


class Near(Struct, frozen=True, kw_only=True):
    """How near a file's token probabilities are to those of another, in one language of a text."""

    positions: Count
    divergence: Estimate
    """Mean Kullback-Leibler divergence of the other's probabilities from this file's, in nats."""
    same_top: Estimate
    """Share of the positions at which both find the same token the most probable."""


class Distance(Struct, frozen=True, kw_only=True):
    """How far a file's token probabilities are from those of another, the reference."""

    reference: ModelFile
    divergence: Estimate
    same_top: Estimate
    lower_bound: bool
    """Whether the divergence is at least this, as the least probable tokens were not seen."""
    median: float | None = None
    high: float | None = None
    """99 % of the positions have a lower divergence."""
    positions: Count | None = None
    probabilities: Count | None = None
    """How many tokens were seen at a position."""
    text_sha256: Sha256 | None = None
    languages: dict[str, Near] = {}


class FileFigures(Struct, frozen=True, kw_only=True, tag_field="kind", tag=KIND):
    """What one program measured of one file."""

    version: Literal[1] = VERSION
    program: str
    """Who measured: `cardboard`, `llama-bench`, `llama-perplexity`."""
    build: str | None = None
    """Of that program or of the engine that it asked."""
    file: ModelFile
    type: str | None = None
    """What the program calls the file's weights, such as `llama 1B Q4_K - Medium`."""
    machine: Machine = Machine()
    backend: str | None = None
    """What it computed with: `CPU`, `CUDA`."""
    settings: dict[str, str | float] = {}
    """Those that change speeds: `n_threads`, `n_gpu_layers` ..."""
    speeds: tuple[Speed, ...] = ()
    perplexity: Estimate | None = None
    base_perplexity: Estimate | None = None
    """Of the reference, on the same text."""
    distance: Distance | None = None
