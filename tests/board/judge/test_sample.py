"""The sample workspace of this repository: the published TB2-lite table, judged anew."""

from collections import Counter
from pathlib import Path

import pytest

from cardboard.board.judge.build import load_boards
from cardboard.board.show.rows import reasons
from cardboard.board.workspace.configuration import open_workspace

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def board():
    boards = load_boards(open_workspace(ROOT)).boards
    return next(b for b in boards if b.suite.version == "corrected303")


def test_82_results_are_ranked_without_gaps_or_repeats_except_ties(board):
    ranks = [entry.rank for entry in board.ranked]
    assert len(ranks) == 82
    assert ranks == [1 + sum(o.score > e.score for o in board.ranked) for e in board.ranked]
    shared = Counter(ranks)
    assert {n: c for n, c in shared.items() if c > 1} == {40: 2, 46: 2, 81: 2}


UNRANKED = {
    ("GLM-5.1", "GLM-5.1"): {"template-unverifiable"},
    ("deepseek-ai/DeepSeek-V4-Flash", "V4-Flash"): {"template-unverifiable"},
    ("inclusionAI/LLaDA2.1-flash", "LLaDA"): {"template-unverifiable"},
    ("stepfun-ai/Step-3.5-Flash", "Step"): {"not-eligible", "template-raw", "off-protocol"},
    ("deepseek-ai/DeepSeek-V4-Pro", "175/303"): {"incomplete", "template-unverifiable"},
    ("deepseek-ai/DeepSeek-V4-Pro", "301/303"): {
        "incomplete",
        "template-unverifiable",
        "off-protocol",
    },
    ("deepseek-ai/DeepSeek-V4-Pro", "71/303"): {
        "incomplete",
        "template-unverifiable",
        "off-protocol",
        "adjusted",
    },
    ("deepseek-ai/DeepSeek-V4-Pro", "85/303"): {
        "incomplete",
        "template-unverifiable",
        "off-protocol",
        "adjusted",
    },
}


def test_8_results_are_listed_with_their_reasons(board):
    told = {
        next(key for key in UNRANKED if key[0] == e.model and key[1] in e.label): {
            finding.code for finding in reasons(e, board.policy)
        }
        for e in board.unranked
    }
    assert len(board.unranked) == 8
    assert told == UNRANKED


@pytest.mark.parametrize(
    ("model", "score", "metrics"),
    [
        (
            "LLM-OS-Models/LFM2.5-1.2B-Terminal-SFT-2Epoch-Unsloth",
            22.45,
            {"command_precision": 0.3097, "command_recall": 0.2314, "valid_json_pct": 47.2},
        ),
        (
            "LLM-OS-Models/gemma-4-E4B-Terminal-SFT-Native-Liquid-1Epoch",
            12.80,
            {"command_precision": 0.1792, "command_recall": 0.1364, "valid_json_pct": 14.2},
        ),
    ],
)
def test_scores_and_metrics_are_those_of_the_files(board, model, score, metrics):
    (entry,) = [e for e in board.ranked if e.model == model]
    assert entry.score == score
    assert {key: entry.value(key) for key in metrics} == metrics


def test_the_two_results_of_zero_share_the_last_rank(board):
    assert [e.rank_text for e in board.ranked if e.score == 0.0] == ["81=", "81="]
