"""Four files of one model on one board, measured on two machines, and what else is known."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards, Reading
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.settings import Fits, Profile, Settings, Suite, Workspace
from cardboard.eval import records
from cardboard.eval.audit.reports import Audit, Landing
from cardboard.tests.imports import DATA
from cardboard.tests.making import a_workspace, measured

TASKS = 20
SUITE = Suite(name="mini", version="1", title={"en": "Mini", "ko": "미니"}, steps=40, tasks=TASKS)
WEIGHTS = 1_235_814_432
FITS = Fits(memory_gb=3.0, margin=3.0)
SIZES = {"F16": 2.48, "Q8_0": 1.32, "Q4_K_M": 0.81, "Q2_K": 0.58}
"""In GB, the largest first."""
SPEEDS = {"F16": 11.5, "Q8_0": 20.25, "Q4_K_M": 31.0, "Q2_K": 36.5}
LOSSES = {"F16": 0.0, "Q8_0": 0.002, "Q4_K_M": 0.01, "Q2_K": 0.22}
"""Of the mean score, which is 0.7 for the largest."""
MACHINE = records.Machine(processor="Ryzen 7 7800X3D", cores=8, operating_system="Linux 6.12")
OTHER = records.Machine(processor="Apple M4", cores=10, operating_system="macOS 26")


def named(kind: str) -> str:
    """Return the name of the file of this *kind*."""
    return f"aster-1b-{kind}.gguf"


def a_file(kind: str, **differs: Any) -> Reading:
    """Return the reading of a result of one file; *differs* are parts of the result."""
    size = round(SIZES[kind] * 1e9)
    peak = records.Machine(
        **{
            **{name: getattr(MACHINE, name) for name in ("processor", "cores", "operating_system")},
            "peak_memory_bytes": size + 420_000_000,
        }
    )
    whole: dict[str, Any] = {
        "model": records.Model(
            id=named(kind).removesuffix(".gguf"),
            quantisation=None if kind == "F16" else kind,
            file=records.ModelFile(
                name=named(kind),
                bytes=size,
                sha256=f"{len(kind)}{kind.encode().hex()}".ljust(64, "0")[:64],
                parameters=WEIGHTS,
                tensor_bytes=size - 7_000_000,
            ),
        ),
        "suite": records.Suite(name="mini", version="1"),
        "protocol": records.Protocol(
            temperature=0.0,
            max_tokens=1024,
            backend="llama",
            max_model_len=4096,
            batch_size=1,
            dtype="float16" if kind == "F16" else None,
            extra={"n_threads": 8.0},
        ),
        "prompts": records.Prompts(
            template_status="chat_template", template_source="gguf", template_sha256="7" * 64
        ),
        "machine": peak,
        "versions": {"xllamacpp": "2026.10.11549"},
        "timing": records.Timing(
            prompt_tokens_per_second=SPEEDS[kind] * 12,
            answer_tokens_per_second=SPEEDS[kind],
            first_token_seconds=records.Quartiles(low=0.2, median=0.31, high=0.6),
        ),
    }
    scores = [
        [max(0.0, min(1.0, 0.7 - LOSSES[kind] + ((task * 3 + step) % 9 - 4) / 20))] * 2
        for step, task in enumerate(range(TASKS))
    ]
    if kind == "Q4_K_M":
        scores[3] = [max(0.0, scores[3][0] - 0.2)] * 2
    return measured(named(kind), *scores, **{**whole, **differs})


def a_quantised_workspace(**settings: Any) -> Workspace:
    """Return the workspace of these files; *settings* replace keys of board.toml."""
    audit = Audit(
        model=named("Q4_K_M"),
        kind="gguf",
        checks=(),
        rungs=(
            Landing(engine="llama.cpp", rung="metadata", wrong=False),
            Landing(
                engine="ollama",
                rung="named",
                format="chatml",
                edits=41,
                wrong=True,
                probe="user",
                rung_says="user\\nWhich lamp is green?",
                template_says="system\\nYou are a lamp.",
            ),
            Landing(engine="mistral.rs", rung="metadata", wrong=False),
        ),
    )
    given = {"suites": (SUITE,), "fits": FITS, **settings}
    return replace(a_workspace(**given), audits=(audit,))


def files(**differs: Any) -> list[Reading]:
    """Return the readings of all four files; *differs* are parts of results by the file's kind."""
    return [a_file(kind, **differs.get(kind, {})) for kind in SIZES]


def a_quantised_board(**settings: Any) -> tuple[Boards, Settings]:
    """Return the board of these files, of which Q2_K was measured on another machine."""
    workspace = a_quantised_workspace(**settings)
    peak = replace(OTHER, peak_memory_bytes=990_000_000)
    readings = files(Q2_K={"machine": peak})
    others = read_results(Path(DATA) / "llama-cpp")
    return build_boards([*readings, *others], workspace), workspace.settings


def told_by_hand(base: str = "org/aster-1b") -> dict[str, Profile]:
    """Return what models.toml says of the files: quantised from *base*."""
    return {
        named(kind).removesuffix(".gguf"): Profile(base_model=base, base_model_relation="quantized")
        for kind in SIZES
    }
