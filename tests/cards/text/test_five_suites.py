"""Cards of five suites that are scored in five ways: whole, and nothing that holds for another."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import load_boards
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import Hub, Suite
from cardboard.cards.readme.markers import split
from cardboard.cards.text.card import Card, cards_of
from cardboard.cards.text.eval_results import eval_results
from cardboard.cards.text.render import Renderer
from cardboard.tests import five

REPLAY, MATHS, BYTES, CODE, NINE = (
    ("TB2-lite, corrected (303 steps)", "TB2-lite 수정판(303개 스텝)"),
    ("GSM8K (5-shot)", "GSM8K(5-shot)"),
    ("Held-out text", "검증용 텍스트"),
    ("Code problems (5 trials)", "코드 문제(5회 시도)"),
    ("Knowledge in nine languages", "9개 언어 지식"),
)
CEDAR = "acme/Cedar-7B"


def rendered(root: Path) -> dict[str, str]:
    """Return the READMEs of the workspace *root* by model."""
    workspace = open_workspace(root)
    renderer = Renderer(workspace.settings)
    cards = cards_of(load_boards(workspace), workspace.settings)
    return {card.model: renderer.readme(card) for card in cards}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return five.write(tmp_path_factory.mktemp("five"))


@pytest.fixture(scope="module")
def readmes(workspace: Path) -> dict[str, str]:
    return rendered(workspace)


def sections(readme: str, titles: tuple[str, str]) -> tuple[str, str]:
    """Return all that the English and the Korean part say under a suite's title."""
    parts = split(readme)
    assert parts is not None
    bodies = parts.body.split("\n## 한국어\n")
    english, korean = (
        "\n".join(re.findall(rf"^#### {re.escape(title)}\n(.*?)(?=^#|\Z)", body, re.M | re.S))
        for body, title in zip(bodies, titles, strict=True)
    )
    assert english and korean
    return english, korean


@pytest.mark.parametrize("model", five.MODELS)
def test_cards_of_five_suites_read_as_expected(readmes, golden, model):
    golden(f"five/{model.partition('/')[2]}.md", readmes[model])


@pytest.mark.parametrize("titles", [MATHS, BYTES, CODE, NINE])
def test_no_words_of_a_replay_are_said_of_another_suite(readmes, titles):
    for readme in readmes.values():
        if f"#### {titles[0]}\n" in readme:
            english, korean = sections(readme, titles)
            assert not re.search(r"command|terminal|F1|JSON|out of 100|0 to 100", english)
            assert not re.search(r"명령|터미널|F1|JSON|100점 만점", korean)


def test_where_lower_is_better_it_is_said_beside_the_score_and_where_it_is_explained(readmes):
    english, korean = sections(readmes[CEDAR], BYTES)
    assert "A lower score is better.\n" in english
    assert "점수가 낮을수록 좋습니다.\n" in korean
    assert "- The score is the metric “Bits per byte”. Lower is better.\n" in english
    assert "- 점수는 ‘바이트당 비트’ 지표 값입니다. 낮을수록 좋습니다.\n" in korean


def test_a_reported_spread_names_its_method_and_claims_no_ranks(readmes):
    english, korean = sections(readmes[CEDAR], BYTES)
    assert "standard error, as reported (`bootstrap`), is ± 0.0061 bits." in english
    assert "보고된 점수의 표준오차(`bootstrap`)는 ± 0.0061비트입니다." in korean
    for titles in (REPLAY, BYTES):
        told = "".join(sections(readmes[CEDAR], titles))
        assert not re.search(r"interval of the score|신뢰구간은|Paired tests|순위 구간은", told)


def test_answers_to_one_step_are_no_steps_of_their_own(readmes):
    english, korean = sections(readmes[CEDAR], CODE)
    assert "Each step was answered 5 times." in english
    assert "스텝마다 5번 답했습니다." in korean
    assert "| Scored steps | 164 | – |" in english
    for titles in (REPLAY, MATHS, BYTES, NINE):
        assert "Each step was answered" not in sections(readmes[CEDAR], titles)[0]


def test_a_division_has_a_title_and_a_row_for_each_group(readmes):
    english, korean = sections(readmes[CEDAR], NINE)
    assert "| Language of the question | Steps | 100 × Accuracy |" in english, (
        "as the suite calls it"
    )
    assert "| 질문의 언어 | 스텝 | 100 × 정확도 |" in korean
    groups = [
        re.findall(r"^\| (\w+) \| 60 \| \d\d\.\d\d \|", text, re.MULTILINE)
        for text in (english, korean)
    ]
    assert [len(set(names)) for names in groups] == [len(five.LANGUAGES)] * 2
    assert "| Korean | 60 | " in english
    assert "| 한국어 | 60 | " in korean


@pytest.mark.parametrize("suite", [REPLAY, MATHS, CODE, NINE])
def test_a_table_of_figures_has_one_scale(readmes, suite):
    for said in sections(readmes[CEDAR], suite):
        assert "100 ×" in said
        assert not re.search(r"\| 0\.\d{3,} \|", said), said


def test_what_a_suite_does_not_name_is_called_as_its_kind_does_or_by_its_key(tmp_path):
    five.write(tmp_path)
    board = tmp_path / "board.toml"
    text = board.read_text("utf-8")
    start = text.index("[suites.words.divisions.language]")
    end = text.index("[[suites.metrics]]", start)
    board.write_text(text[:start] + text[end:], "utf-8")
    english, korean = sections(rendered(tmp_path)[CEDAR], NINE)
    assert "| Language | Steps | 100 × Accuracy |" in english
    assert "| 언어 | 스텝 | 100 × 정확도 |" in korean
    assert "| `ko` | 60 | " in english


def test_items_are_taken_as_independent_only_where_there_are_no_rows(workspace, readmes, tmp_path):
    assert not any("Wilson" in readme for readme in readmes.values())
    five.write(tmp_path)
    for path in sorted((tmp_path / "results").glob("*--gsm8k.json")):
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"steps": []}), "utf-8")
    english, korean = sections(rendered(tmp_path)[CEDAR], MATHS)
    told = "With the 1319 items taken as independent, the 95% interval of the score is 53.56 to"
    assert told in english and "(Wilson)" in english
    assert "문항 1319개를 서로 독립으로 보면" in korean
    assert "Paired tests" not in english


def test_without_rules_for_notes_nothing_is_called_a_strength(readmes):
    for readme in readmes.values():
        assert "**Strengths**" not in readme and "**강점**" not in readme
        assert "**What the evidence leaves open**" in readme and "**확인할 수 없는 점**" in readme


def test_no_command_of_ours_repeats_what_another_harness_measured(readmes):
    assert not any("cardboard eval" in readme for readme in readmes.values())


def test_another_title_of_a_metric_changes_words_only(workspace, readmes, tmp_path):
    five.write(tmp_path)
    board = tmp_path / "board.toml"
    text = board.read_text("utf-8")
    board.write_text(text.replace('"Accuracy"', '"Share solved"').replace('"정확도"', '"정답률"'))
    for model, readme in rendered(tmp_path).items():
        words = [("Share solved", "Accuracy"), ("정답률", "정확도")]
        back = readme.replace(*words[0]).replace(*words[1])
        assert back != readme
        assert unsigned(back) == unsigned(readmes[model])


def unsigned(readme: str) -> str:
    """Return *readme* without the hash in its marker."""
    return re.sub(r"sha256=[0-9a-f]+", "", readme)


def test_only_the_models_languages_are_in_front_matter(readmes):
    front = {model: readme.split("---\n")[1] for model, readme in readmes.items()}
    assert "language:\n  - en\n  - ko\n" in front["acme/Aster-1B"]
    assert [model for model, text in front.items() if "language:" in text] == ["acme/Aster-1B"]


def test_results_of_hub_benchmarks_state_unit_direction_and_count(workspace, golden):
    opened = open_workspace(workspace)
    settings = replace(opened.settings, suites=tuple(published(opened.settings.suites)))
    boards = load_boards(replace(opened, settings=settings))
    text = "".join(
        f"# {card.model}\n{eval_results(card, 'Acme leaderboard', Hub())}"
        for card in told_of(cards_of(boards, settings))
    )
    golden("five/eval_results.yaml", text)


def published(suites: tuple[Suite, ...]) -> Iterator[Suite]:
    """Yield the suites as if the Hub held a data set of each."""
    for suite in suites:
        yield replace(suite, dataset=f"acme/{suite.name}")


def told_of(cards: Iterator[Card]) -> Iterator[Card]:
    return (card for card in cards if card.model in (CEDAR, "acme/Elm-13B"))
