"""Notes are rules in data, judged against the field, with their evidence in the sentence."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardboard.board.judge.build import load_boards
from cardboard.board.model import Board
from cardboard.board.notes import conditions
from cardboard.board.notes.figures import known_names, size_class
from cardboard.board.notes.notes import Field, firing_rates, indiscriminate, notes_of, rules
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import Note, Profile
from cardboard.eval.errors import ConfigError
from cardboard.eval.records import Group, Timing
from cardboard.tests.making import a_result, a_workspace, boards_of

ROOT = Path(__file__).parents[3]


def note(when: str, text: str = "{score}", **more: str) -> Note:
    return Note(id="n", kind="strength", when=when, text={"en": text, "ko": text} | more)


def board(*scores: float, **settings: object) -> Board:
    """Return a board of models m0, m1 ... with these scores, in points."""
    results = [a_result(f"org/m{i}", score / 100) for i, score in enumerate(scores)]
    (made,) = boards_of(*results, **settings).boards
    return made


def said(when: str, made: Board, model: str, text: str = "{score}") -> list[str]:
    """Return what one rule says of *model* in English."""
    checked = rules(a_workspace(notes=(note(when, text),)).settings)
    entry = next(entry for entry in made.entries if entry.model == model)
    return [one.text("en") for one in notes_of(entry, Field(made), checked)]


TEN = board(*range(10, 110, 10))  # m0 has 10 points, m9 has 100


@pytest.mark.parametrize(
    ("when", "fires"),
    [
        ("score >= 90", True),
        ("score > 90", False),
        ("score >= 50 and score < 100", True),
        ("score < 50 or valid_json_pct == 80", True),
        ("not score < 50", True),
        ("10 <= score <= 100", True),
        ("score != -1", True),
        ("score >= q75(score)", True),
        ("score >= q95(score)", False),
        ("template_status == 'chat_template'", True),
        ('template_status != "chat_template"', False),
    ],
)
def test_a_condition_compares_figures_with_numbers_words_and_quantiles(when, fires):
    assert bool(said(when, TEN, "org/m8")) is fires


@pytest.mark.parametrize(
    "when",
    [
        "",
        "score",
        "score >=",
        "True",
        "score + 1 > 2",
        "score in (1, 2)",
        "score is 1",
        "scores >= 1",
        "__import__('os').system('true') == 0",
        "(lambda: score)() > 1",
        "score.real > 1",
        "[s for s in (1,)] == 1",
        "open('x') == 'y'",
        "q75(score).real > 1",
        "q0(score) > 1",
        "q100(score) > 1",
        "q75(score, colour) > 1",
        "q75(1) > 1",
        "q75(score=1) > 1",
        "q75() > 1",
        "family > 'a'",
        "family == 1",
        "score == 'a'",
        "score == True",
        "(" * 1000 + "score > 1" + ")" * 1000,
        "score > 1\x00",
        "score := 1",
    ],
)
def test_nothing_else_can_be_a_condition(when):
    with pytest.raises(ValueError, match=r"."):
        conditions.parse(when, known_names(()))


@pytest.mark.parametrize(
    ("changed", "key", "what"),
    [
        ({"when": "scores > 1"}, "notes.n.when", "no figure 'scores'"),
        ({"text": {"en": "{score}"}}, "notes.n.text", "no text in ko"),
        ({"text": {"en": "{sco}", "ko": "{score}"}}, "notes.n.text", "no figure 'sco'"),
        ({"text": {"en": "{q75_sco}", "ko": ""}}, "notes.n.text", "no figure 'q75_sco'"),
        ({"text": {"en": "[{score}", "ko": ""}}, "notes.n.text", "no partner"),
    ],
)
def test_a_mistaken_rule_is_refused_by_name(changed, key, what):
    rule = {"id": "n", "kind": "limit", "when": "score > 1", "text": {"en": "a", "ko": "b"}}
    with pytest.raises(ConfigError, match=re.escape(key)) as refused:
        rules(a_workspace(notes=(Note(**(rule | changed)),)).settings)
    assert what in str(refused.value)


@pytest.mark.parametrize(
    "when",
    [
        "load_seconds > 0",
        "not load_seconds > 0",
        "score > 0 or load_seconds > 0",
        "family == 'lfm'",
        "family != 'lfm'",
        "gain_over_base > 0",
        "seconds_per_step <= q50(seconds_per_step)",
        "score >= q50(score, size)",
    ],
)
def test_a_rule_whose_figure_is_unknown_does_not_fire(when):
    assert said(when, TEN, "org/m9") == []


def test_a_sentence_whose_evidence_is_unknown_is_not_said():
    assert said("score > 0", TEN, "org/m9", "It takes {seconds_per_step} s") == []


def test_the_sentence_holds_the_figures_that_made_it_true():
    text = "{score} points, top 25% from {q75_score}; precision {command_precision}"
    assert said("score >= q75(score)", TEN, "org/m9", text) == [
        "100.00 points, top 25% from 78; precision 100.00"
    ]


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 100).map(lambda x: round(x, 2)), min_size=1, max_size=30),
    st.integers(1, 99),
)
def test_quantiles_are_those_of_numpy_at_the_precision_that_is_printed(scores, percent):
    field = Field(board(*scores))
    printed = [round(100 * (score / 100), 2) for score in scores]
    found, expected = field.quantile(percent, "score"), np.percentile(printed, percent)
    if len(scores) < max(5, 100 / min(percent, 100 - percent)):
        assert found is None, "too few models to speak of those above or below it"
    else:
        assert found == pytest.approx(expected, abs=0.51)
    assert field.quantile(percent, "score", fine=True) == pytest.approx(expected)


def test_a_quantile_is_as_coarse_as_it_is_printed_so_that_cards_stay_still():
    field = Field(board(30.0, 30.01, 30.02, 30.03, 30.04))
    assert field.quantile(50, "score") == 30.0
    assert field.quantile(50, "command_precision") == 0.3


@pytest.mark.parametrize("when", ["score >= q75(score)", "score <= q25(score)"])
def test_models_that_are_all_alike_are_neither_in_the_top_nor_in_the_lowest_quarter(when):
    assert said(when, board(*[50.0] * 8), "org/m7") == []


def test_nobody_is_in_the_top_tenth_of_nine():
    assert said("score >= q90(score)", board(*range(10, 100, 10)), "org/m8") == []
    assert said("score >= q90(score)", board(*range(10, 110, 10)), "org/m9") != []


def test_models_are_compared_with_models_of_their_size():
    """The 1B models take 1 to 6 s a step, the 30B ones 10 to 60 s."""
    models = {f"org/s{i}": Profile(parameters=1.0) for i in range(1, 7)}
    models |= {f"org/b{i}": Profile(parameters=30.0) for i in range(1, 7)}
    results = [
        a_result(f"org/{kind}{i}", timing=Timing(seconds_per_step=i * factor))
        for kind, factor in (("s", 1.0), ("b", 10.0))
        for i in range(1, 7)
    ]
    (made,) = boards_of(*results, a_result("org/unknown"), models=models).boards
    fast = "seconds_per_step <= q25(seconds_per_step, size)"
    text = "{seconds_per_step} of {size_class}, at most {q25_seconds_per_step_size}"
    assert said(fast, made, "org/s1", text) == ["1.000 of ≤2B, at most 2.2"]
    assert said(fast, made, "org/s5", text) == []
    assert said(fast, made, "org/b2", text) == ["20.0 of 20–40B, at most 22"]
    assert said(fast, made, "org/unknown", text) == []


def test_a_handful_of_models_is_no_size_class():
    models = {f"org/m{i}": Profile(parameters=1.0) for i in range(4)}
    results = [a_result(f"org/m{i}", timing=Timing(seconds_per_step=1.0)) for i in range(4)]
    (made,) = boards_of(*results, models=models).boards
    assert said("seconds_per_step <= q25(seconds_per_step, size)", made, "org/m0") == []


def test_mixtures_of_experts_count_by_the_parameters_at_work():
    assert [size_class(b) for b in (None, 1.2, 2, 2.6, 4, 31, 122)] == [
        None, "≤2B", "≤2B", "2–5B", "2–5B", "20–40B", ">40B",
    ]  # fmt: skip


def test_a_fine_tune_is_compared_with_its_base_on_the_same_board():
    models = {
        "org/base": Profile(),
        "org/tuned": Profile(base_model="Org/Base"),
        "org/orphan": Profile(base_model="elsewhere/base"),
    }
    made = board(20, 35, 35)
    results = [a_result("org/base", 0.2), a_result("org/tuned", 0.35), a_result("org/orphan", 0.35)]
    (made,) = boards_of(*results, models=models).boards
    text = "{gain_over_base} over {base_model} ({base_score})"
    assert said("gain_over_base > 0", made, "org/tuned", text) == ["15.00 over Org/Base (20.00)"]
    assert said("gain_over_base > 0", made, "org/orphan", text) == []


def test_late_loss_is_what_the_score_loses_towards_the_end():
    buckets = {
        name: Group(steps=2, metrics={"command_f1": f1})
        for name, f1 in (("early", 0.5), ("mid", 0.3), ("late", 0.1))
    }
    (made,) = boards_of(a_result("org/m", 0.3, divisions={"bucket": buckets})).boards
    assert said("late_loss > 0.3", made, "org/m", "{late_loss}") == ["40.00"]


def test_nothing_is_said_of_a_result_without_a_rank():
    (made,) = boards_of(a_result("org/ranked"), a_result("org/failed", status="failed")).boards
    assert said("score >= 0", made, "org/ranked") != []
    assert said("score >= 0", made, "org/failed") == []


def test_rules_that_tell_nobody_apart_are_reported():
    often, seldom, fair = (
        Note(id=name, kind="limit", when=when, text={"en": "", "ko": ""})
        for name, when in (
            ("often", "score >= q10(score)"),
            ("seldom", "score > 1000"),
            ("fair", "score >= q50(score)"),
        )
    )
    settings = a_workspace(notes=(often, seldom, fair)).settings
    crowd = board(*range(1, 51))
    assert [rate.id for rate in indiscriminate(crowd, settings)] == ["often", "seldom"]
    assert {rate.id: rate.share for rate in firing_rates(crowd, settings)}["often"] == 0.9
    assert indiscriminate(board(1, 2, 3), settings) == ()  # too few to tell


def test_an_empty_board_has_no_rates():
    (made,) = boards_of(a_result(status="failed")).boards
    assert firing_rates(made, a_workspace(notes=(note("score > 1"),)).settings) == ()


@pytest.fixture(scope="module")
def sample():
    """The repository's own workspace: the published TB2-lite board, with the notes of `init`."""
    workspace = open_workspace(ROOT)
    boards = load_boards(workspace).boards
    return next(b for b in boards if b.suite.version == "corrected303"), workspace.settings


def test_every_sample_rule_tells_models_apart(sample):
    made, settings = sample
    assert len(settings.notes) >= 12
    assert {kind.kind for kind in settings.notes} == {"strength", "limit", "speed", "next"}
    rates = {rate.id: rate.share for rate in firing_rates(made, settings)}
    seldom = {name for name, share in rates.items() if not 0.02 <= share <= 0.70}
    assert seldom == {"training-helped", "training-hurt", "training-level"}, (
        "without steps no fine-tune is called better or worse than its base"
    )
    assert indiscriminate(made, settings) == ()


def test_the_sample_rules_say_the_same_numbers_in_every_language(sample):
    made, settings = sample
    field, checked = Field(made), rules(settings)
    for entry in made.ranked:
        for one in notes_of(entry, field, checked):
            english, korean = (
                sorted(re.findall(r"\d+(?:\.\d+)?", one.text(language)))
                for language in ("en", "ko")
            )
            assert english == korean, one.note.id
            assert english, f"{one.note.id} names no evidence"


def test_only_the_fastest_of_their_size_are_called_fast(sample):
    made, settings = sample
    field, checked = Field(made), rules(settings)
    for entry in made.ranked:
        texts = [one.text("en") for one in notes_of(entry, field, checked)]
        if any("fast" in text for text in texts):
            size = size_class(entry.profile.active_parameters or entry.profile.parameters)
            limit = field.quantile(25, "seconds_per_step", size)
            assert entry.result.timing.seconds_per_step <= limit


def test_what_is_perfect_is_not_held_against_a_model():
    """On a board of good answers the lowest quarter is good as well."""
    workspace = open_workspace(ROOT)
    mini = next(b for b in load_boards(workspace).boards if b.suite.name == "shell-mini")
    best = mini.ranked[0]
    assert (best.value("valid_json_pct"), best.value("command_precision")) == (100, 1)
    ids = {one.note.id for one in notes_of(best, Field(mini), rules(workspace.settings))}
    assert ids
    assert ids.isdisjoint({"adds-too-much", "json-fragile", "constrain-the-json"})
