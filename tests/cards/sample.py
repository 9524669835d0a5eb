"""A small workspace for cards: one result with everything recorded, and its plainer neighbours."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards, Reading, StepFacts
from cardboard.board.workspace.settings import (
    Cards,
    Family,
    Identity,
    Note,
    Profile,
    Protocol,
    Settings,
    Suite,
    Workspace,
)
from cardboard.eval import records
from cardboard.eval.metrics import Measured
from cardboard.tests.making import figures, some_facts

RECORDED = "org/Small-1B-SFT"
TIED = "org/Small-1B-SFT-8GPU"
UNRANKED = "vendor/Hosted"
QUANTISED = "maker/Big-30B-GGUF:Q4_K_M"
TWICE = "org/Everywhere-8B"

SUITE = Suite(
    name="mini",
    version="2",
    title={"en": "Mini suite (12 steps)", "ko": "미니 평가 세트(12개 스텝)"},
    steps=12,
    tasks=6,
    protocol="greedy",
    rows="suites/mini-2.jsonl",
    evaluator="https://example.org/evaluator",
)
OLDER = Suite(
    name="mini",
    version="1",
    title={"en": "Mini suite, first version", "ko": "미니 평가 세트 첫 버전"},
    steps=4,
    tasks=2,
)

SETTINGS = Settings(
    board=Identity(
        title={"en": "Mini board", "ko": "미니 리더보드"},
        organisation="org",
        site_url="https://org.github.io/board",
    ),
    suites=(SUITE, OLDER),
    protocols={"greedy": Protocol(temperature=0.0, max_tokens=1024)},
    families={
        "small": Family(
            title={"en": "Small", "ko": "Small"},
            match=("small",),
            interpretation={
                "en": "Set `enable_thinking` to false.",
                "ko": "`enable_thinking`을 false로 설정하세요.",
            },
        )
    },
    notes=(
        Note(
            id="above-the-median",
            kind="strength",
            when="score > q50(score)",
            text={
                "en": "{score} points, where the median is {q50_score}.",
                "ko": "{score}점으로 중앙값 {q50_score}점보다 높습니다.",
            },
        ),
        Note(
            id="fragile",
            kind="limit",
            when="valid_json_pct < 70",
            text={
                "en": "Only {valid_json_pct}% of `{template_status}` answers are valid JSON.",
                "ko": "`{template_status}` 답변 중 {valid_json_pct}%만 유효한 JSON입니다.",
            },
        ),
    ),
    cards=Cards(tags=("terminal",)),
)

MODELS = {
    RECORDED: Profile(
        base_model="vendor/Small-1B",
        base_model_relation="finetune",
        training={"en": "2 epochs on transcripts.", "ko": "기록 데이터로 2에폭 학습"},
        family="small",
        license="apache-2.0",
        languages=("en", "ko"),
        parameters=1.2,
        datasets=("org/transcripts",),
        links={"Paper": "https://example.org/paper"},
    ),
    TIED: Profile(base_model="vendor/Small-1B", base_model_relation="finetune"),
    QUANTISED: Profile(base_model_relation="quantized", parameters=30.0, active_parameters=3.0),
}


def metrics(f1: float, **more: float) -> dict[str, Measured]:
    values = {
        "command_f1": f1,
        "command_precision": round(f1 + 0.1, 4),
        "command_recall": round(f1 - 0.05, 4),
        "first_cmd_exact_pct": 25.0,
        "valid_json_pct": 66.7,
    }
    return figures(**(values | more))


def group(steps: int, f1: float) -> records.Group:
    return records.Group(steps=steps, metrics={"command_f1": f1})


def result(name: str, f1: float, **differs: Any) -> records.Result:
    """Return a result of the mini suite of which little was recorded."""
    values: dict[str, Any] = {
        "model": records.Model(id=name),
        "suite": records.Suite(name="mini", version="2"),
        "prompts": records.Prompts(template_status="chat_template"),
        "counts": records.Counts(expected=12, scored=12, tasks=6),
        "metrics": metrics(f1),
        "status": "complete",
    }
    return records.Result(**(values | differs))


def recorded() -> records.Result:
    """Return a result of which everything was recorded."""
    return result(
        RECORDED,
        0.5,
        model=records.Model(id=RECORDED, revision="1a2b3c4d" * 5),
        protocol=records.Protocol(
            backend="vllm",
            temperature=0.0,
            top_p=1.0,
            max_tokens=1024,
            max_model_len=49152,
            thinking=False,
            seed=0,
            dtype="bfloat16",
            tensor_parallel=2,
            prompt_rules=("fold-system",),
            extra={"enforce_eager": True, "download_dir": "/home/somebody/models"},
        ),
        prompts=records.Prompts(
            template_status="chat_template",
            status_counts={"chat_template": 12},
            template_source="tokenizer",
            template_sha256="c" * 64,
            kwargs={"enable_thinking": False},
            truncated=0,
            first_token_ids=(1, 6, 6423),
            doubled_bos=False,
            tokens_min=310,
            tokens_median=2048.5,
            tokens_max=22593,
        ),
        metrics=metrics(0.5, has_analysis_pct=91.7, avg_ref_cmds=3.25, avg_pred_cmds=2.5),
        divisions={
            "bucket": {"early": group(4, 0.7), "mid": group(4, 0.5), "late": group(4, 0.3)},
            "source_group": {"git": group(6, 0.6), "files": group(6, 0.4)},
        },
        counts=records.Counts(expected=12, scored=12, failed=0, tasks=6),
        timing=records.Timing(load_seconds=57.2, seconds_per_step=0.083),
        scorer="token-f1/1",
        versions={"vllm": "0.32.0", "transformers": "5.19.0"},
        finished_at="2026-05-07T21:50:36+09:00",
    )


def reading(of: records.Result, file: str, **more: Any) -> Reading:
    """Return the reading of a file; its hash follows from its name, so that goldens stay."""
    values: dict[str, Any] = {
        "file": file,
        "sha256": hashlib.sha256(file.encode()).hexdigest(),
        "kind": "result",
        "result": of,
    }
    return Reading(**(values | more))


def steps(by_task: Sequence[Sequence[float]]) -> StepFacts:
    """Return the facts of steps with these F1 scores, from which `metrics` of their mean follow."""
    facts = some_facts(*by_task)
    f1 = facts.sums["command_f1"]
    counted = list(zip(f1, facts.steps_per_task, strict=True))
    valid = tuple(1_000_000 * count * (place < 4) for place, (_, count) in enumerate(counted))
    sums = {
        "command_f1": f1,
        "command_precision": tuple(total + 100_000 * count for total, count in counted),
        "command_recall": tuple(total - 50_000 * count for total, count in counted),
        "valid_json": valid,
    }
    return replace(facts, sums=sums)


def readings() -> list[Reading]:
    """Return the files of the sample workspace."""
    by_task = [[0.9, 0.8], [0.7, 0.6], [0.6, 0.5], [0.5, 0.4], [0.4, 0.3], [0.2, 0.1]]
    weaker = [[s / 2 for s in task] for task in by_task]
    return [
        reading(recorded(), "small_1b_sft.json", facts=steps(by_task)),
        reading(result(TIED, 0.5), "small_1b_sft_8gpu.json", facts=steps(by_task)),
        reading(result("org/Small-1B-SFT-4GPU", 0.25), "weak.json", facts=steps(weaker)),
        reading(
            result(
                UNRANKED,
                0.6,
                prompts=records.Prompts(template_status="hosted-api"),
                counts=records.Counts(expected=12, scored=7, tasks=4),
                status="partial",
                provenance=records.Provenance(
                    kind="published-table",
                    repository="vendor/reports",
                    document="REPORT.md",
                    row_label="Hosted (7/12)",
                ),
            ),
            "hosted.json",
            kind="published-table",
        ),
        reading(
            result(QUANTISED, 0.4),
            "big_gguf.json",
        ),
        reading(result(TWICE, 0.3), "everywhere.json"),
        reading(
            result(
                TWICE,
                0.45,
                suite=records.Suite(name="mini", version="1"),
                counts=records.Counts(expected=4, scored=4, tasks=2),
            ),
            "everywhere_first.json",
        ),
    ]


def workspace(**settings: Any) -> Workspace:
    """Return the sample workspace; *settings* replace tables of its board.toml."""
    return Workspace(root=Path(), settings=replace(SETTINGS, **settings), models=MODELS)


def boards(**settings: Any) -> Boards:
    """Return the boards of the sample workspace."""
    return build_boards(readings(), workspace(**settings))
