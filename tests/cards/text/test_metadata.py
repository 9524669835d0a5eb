"""Front matter says what is known, in the Hub's words, and passes our own lint."""

import importlib
from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.board.workspace.settings import Cards, Identity
from cardboard.cards.text.card import Card, cards_of
from cardboard.cards.text.lint import lint
from cardboard.cards.text.metadata import front_matter, metadata, stated
from cardboard.tests.cards import sample

pyyaml: Any = importlib.import_module("yaml")


def card(model: str, **settings: Any) -> Card:
    workspace = sample.workspace(**settings)
    made = cards_of(sample.boards(**settings), workspace.settings)
    return next(one for one in made if one.model == model)


def front(model: str, **settings: Any) -> dict[str, Any]:
    workspace = sample.workspace(**settings)
    text = front_matter(card(model, **settings), workspace.settings)
    assert text.startswith("---\n")
    assert text.endswith("\n---\n")
    read: dict[str, Any] = pyyaml.safe_load(text.split("---\n")[1])
    return read


def test_front_matter_of_a_fine_tune():
    read = front(sample.RECORDED)
    assert read.pop("model-index")
    assert read == {
        "language": ["en", "ko"],
        "library_name": "transformers",
        "tags": ["terminal", "mini"],
        "base_model": "vendor/Small-1B",
        "base_model_relation": "finetune",
        "datasets": ["org/transcripts"],
        "license": "apache-2.0",
    }


def test_the_languages_of_a_card_are_not_those_of_its_model():
    """A card in two languages says nothing of what the model speaks."""
    assert sample.SETTINGS.board.languages == ("en", "ko")
    assert "language" not in front(sample.TIED)


def test_the_model_index_holds_the_score_with_its_source():
    (model,) = front(sample.RECORDED)["model-index"]
    assert model["name"] == sample.RECORDED
    (result,) = model["results"]
    assert result["task"]["type"] == "text-generation"
    assert result["dataset"] == {"name": "Mini suite (12 steps)", "type": "mini-2"}
    assert result["source"] == {"name": "Mini board", "url": "https://org.github.io/board/"}
    assert {metric["type"]: metric["value"] for metric in result["metrics"]} == {
        "command_f1": 50.0,
        "command_precision": 0.6,
        "command_recall": 0.45,
        "first_command_exact": 25.0,
        "valid_json": 66.7,
    }


def test_a_model_on_two_boards_has_two_results():
    (model,) = front(sample.TWICE)["model-index"]
    assert [result["dataset"]["type"] for result in model["results"]] == ["mini-2", "mini-1"]


def test_a_result_without_a_rank_is_not_told_to_the_hub():
    assert "model-index" not in front(sample.UNRANKED)


def test_a_suite_that_the_hub_holds_is_named_by_its_id():
    suite = replace(sample.SUITE, dataset="org/mini", fingerprint="f" * 64)
    policy = {"references-missing": "info"}  # the sample's steps hold none
    (model,) = front(sample.RECORDED, suites=(suite, sample.OLDER), policy=policy)["model-index"]
    assert model["results"][0]["dataset"]["type"] == "org/mini"
    assert model["results"][0]["dataset"]["args"] == {"fingerprint": "f" * 64}


def test_without_a_site_there_is_no_source():
    board = Identity(title={"en": "B", "ko": "B"})
    (model,) = front(sample.RECORDED, board=board)["model-index"]
    assert "source" not in model["results"][0]


@pytest.mark.parametrize(
    "base", ["/home/me/checkpoints/base", "unknown", "../base", "C:\\base"], ids=str
)
def test_a_base_model_that_is_no_hub_id_stays_out(base, monkeypatch):
    known = replace(sample.MODELS[sample.RECORDED], base_model=base)
    monkeypatch.setitem(sample.MODELS, sample.RECORDED, known)
    read = front(sample.RECORDED)
    assert "base_model" not in read
    assert "base_model_relation" not in read


def test_a_guess_from_the_name_is_no_fact_for_the_hub():
    made = card(sample.RECORDED)
    entry = made.sheets[0].entry
    guessed = replace(entry, profile=replace(entry.profile, guessed=("base_model",)))
    sheets = (replace(made.sheets[0], entry=guessed),)
    assert "base_model" not in metadata(replace(made, sheets=sheets), sample.SETTINGS)


def test_libraries_follow_what_runs_the_model(monkeypatch):
    """The Hub knows no library of GGUF files, and reads the task of others by itself."""
    assert "library_name" not in front(sample.QUANTISED)
    assert front(sample.QUANTISED)["pipeline_tag"] == "text-generation"
    profile = replace(sample.MODELS[sample.TIED], base_model_relation="adapter")
    monkeypatch.setitem(sample.MODELS, sample.TIED, profile)
    assert front(sample.TIED)["library_name"] == "peft"
    assert front(sample.TIED)["pipeline_tag"] == "text-generation"


def test_models_toml_states_task_and_library(monkeypatch):
    told = {"pipeline_tag": "image-text-to-text", "library_name": "mlx"}
    profile = replace(sample.MODELS[sample.TIED], **told)
    monkeypatch.setitem(sample.MODELS, sample.TIED, profile)
    read = front(sample.TIED)
    assert {key: read[key] for key in told} == told
    assert told.keys() <= stated(card(sample.TIED))
    assert "library_name" not in stated(card(sample.RECORDED)), "it is only known"
    assert {"license", "base_model"} <= stated(card(sample.RECORDED))


def test_only_keys_that_the_workspace_claims_are_written():
    claimed = Cards(keys=("tags", "language"))
    assert set(front(sample.RECORDED, cards=claimed)) == {"tags", "language"}


@pytest.mark.parametrize(
    "model", [sample.RECORDED, sample.UNRANKED, sample.QUANTISED, sample.TWICE]
)
def test_our_own_front_matter_passes_the_lint(model):
    assert lint(front(model)) == ()
