"""What the Hub would refuse is found before any network is touched."""

import datetime
import math
from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.board.words.catalogue import Words
from cardboard.cards.text.lint import MAX_BYTES, lint, lint_cards
from cardboard.tests.cards import sample

INDEX = {
    "name": "org/model",
    "results": [
        {
            "task": {"type": "text-generation"},
            "dataset": {"name": "Mini", "type": "mini"},
            "metrics": [{"type": "f1", "value": 0.5}],
            "source": {"name": "board", "url": "https://example.org"},
        }
    ],
}


def index(**changed: Any) -> dict[str, Any]:
    """Return front matter whose one result has *changed* parts."""
    result = {**INDEX["results"][0], **changed}  # type: ignore[dict-item]  # a literal above
    return {"model-index": [{**INDEX, "results": [result]}]}


@pytest.mark.parametrize(
    ("front", "code", "key"),
    [
        ({"base_model": "/home/me/base"}, "lint-not-hub-id", "base_model"),
        ({"base_model": "/home/me/base"}, "lint-local-path", "base_model"),
        ({"base_model": "unknown"}, "lint-not-hub-id", "base_model"),
        ({"base_model": ["org/fine", "not fine"]}, "lint-not-hub-id", "base_model"),
        ({"datasets": ["org/data", "./data"]}, "lint-not-hub-id", "datasets"),
        ({"datasets": [1]}, "lint-type", "datasets"),
        ({"new_version": "next"}, "lint-not-hub-id", "new_version"),
        ({"language": ["en", "Korean"]}, "lint-language", "language"),
        ({"language": "kr-KR"}, "lint-language", "language"),
        ({"language": [False]}, "lint-type", "language"),
        ({"license": "Apache 2.0"}, "lint-license", "license"),
        ({"license": "other"}, "lint-license-other", "license_name"),
        ({"license": 2}, "lint-type", "license"),
        ({"tags": ["a", 1.0]}, "lint-type", "tags"),
        ({"tags": [datetime.date(2026, 11, 20)]}, "lint-date", "tags[0]"),
        ({"date": datetime.datetime(2026, 11, 20, 1, 2)}, "lint-date", "date"),
        ({"base_model_relation": "child"}, "lint-relation", "base_model_relation"),
        ({"pipeline_tag": ["text-generation"]}, "lint-type", "pipeline_tag"),
        (index(metrics=[{"type": "f1", "value": math.nan}]), "lint-not-finite",
         "model-index[0].results[0].metrics[0].value"),
        (index(metrics=[{"type": "f1"}]), "lint-model-index",
         "model-index[0].results[0].metrics[0]"),
        (index(metrics="f1"), "lint-model-index", "model-index[0].results[0].metrics[0]"),
        (index(task={}), "lint-model-index", "model-index[0].results[0].task.type"),
        (index(dataset={"type": "mini"}), "lint-model-index",
         "model-index[0].results[0].dataset.name"),
        (index(source={"name": "board"}), "lint-model-index",
         "model-index[0].results[0].source.url"),
        (index(source={"url": "file:/home/me/site"}), "lint-local-path",
         "model-index[0].results[0].source.url"),
        ({"model-index": {"name": "x"}}, "lint-type", "model-index"),
        ({"model-index": ["x"]}, "lint-model-index", "model-index[0]"),
        ({"model-index": [{"name": "x"}]}, "lint-model-index", "model-index[0]"),
    ],
)  # fmt: skip
def test_a_problem_is_named_with_its_key(front, code, key):
    found = lint(front)
    assert (code, key) in {(finding.code, finding.key) for finding in found}
    for language in ("en", "ko"):
        assert all(Words(language).finding(finding) for finding in found)


@pytest.mark.parametrize(
    "front",
    [
        {},
        {"base_model": "org/base", "base_model_relation": "merge", "license": "mit"},
        {"base_model": ["org/a", "org/b"], "datasets": "org/data"},
        {"language": ["en", "ko", "eng", "kor", "multilingual"]},
        {"license": "other", "license_name": "lfm1.0", "license_link": "LICENSE"},
        {"date": "2026-11-20", "widget": [{"text": "a / b"}], "anything": None},
        {"model-index": [INDEX]},
        {"model-index": []},
    ],
)
def test_what_the_hub_takes_passes(front):
    assert lint(front) == ()


def test_a_readme_has_a_size_that_can_be_read():
    assert lint({}, "x" * MAX_BYTES) == ()
    (finding,) = lint({}, "가" * (MAX_BYTES // 3 + 1))
    assert finding.code == "lint-too-large"


def test_every_card_of_the_sample_passes():
    assert list(lint_cards(sample.boards(), sample.SETTINGS)) == []


def test_a_licence_of_somebodys_own_making_is_found_on_a_card(monkeypatch):
    odd = replace(sample.MODELS[sample.RECORDED], license="my-licence")
    monkeypatch.setitem(sample.MODELS, sample.RECORDED, odd)
    found = list(lint_cards(sample.boards(), sample.SETTINGS))
    assert [(slug, one.code) for slug, one in found] == [("org__Small-1B-SFT", "lint-license")]
