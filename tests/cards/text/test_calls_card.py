"""The card of a model that calls tools: what its record and an audit tell, in three languages."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards, Reading
from cardboard.board.read.reader import read_results
from cardboard.board.read.step_facts import step_facts
from cardboard.board.words import catalogue
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import Cards, Identity, Settings, Suite, Workspace
from cardboard.cards.text.card import Deck
from cardboard.cards.text.render import Renderer
from cardboard.eval import records
from cardboard.eval.audit.reports import Audit, Check, Report
from cardboard.eval.records import Group, Step
from cardboard.eval.suites.kinds.registry import kind_of
from cardboard.tests.making import a_reading, a_result, figures
from cardboard.tests.site.conftest import ROOT

MODEL = "org/Caller-1B"
TEMPLATE = "7" * 64
KOREAN = (0, 1, 1, 0, 1, 0, 1, 0)
ENGLISH = (1, 1, 1, 0, 1, 1, 1, 1)
SUITE = Suite(
    name="tools", version="1", kind="calls", title={"en": "Tools", "ko": "도구"}, steps=16, tasks=8
)
SETTINGS = Settings(
    board=Identity(title={"en": "Board"}),
    suites=(SUITE,),
    cards=Cards(languages=("en", "ko", "zh")),
)


def a_step(task: int, at: int, language: str, score: float) -> Step:
    return Step(
        task_id=f"task-{task}", step_idx=at, groups={"language": language}, scores={"exact": score}
    )


def a_caller(**protocol: Any) -> Reading:
    """Return the reading of a result of eight tasks in two languages."""
    pairs = [(0, "en", ENGLISH), (1, "ko", KOREAN)]
    steps = [a_step(n, at, lang, s) for at, lang, row in pairs for n, s in enumerate(row)]
    recorded: dict[str, Any] = {
        "backend": "transformers",
        "temperature": 0.0,
        "max_tokens": 512,
        "tools": "native",
        "extra": {"call_format": "hermes"},
        **protocol,
    }
    languages = {"en": (ENGLISH, "en"), "ko": (KOREAN, "ko")}
    result = a_result(
        MODEL,
        suite=records.Suite(name="tools", version="1", kind="calls"),
        metrics=figures(exact_pct=68.75, invented_tool_pct=6.25),
        counts=records.Counts(expected=16, scored=16, tasks=8),
        protocol=records.Protocol(**recorded),
        prompts=records.Prompts(
            template_status="chat_template", template_sha256=TEMPLATE, tools_named=True
        ),
        divisions={
            "language": {
                name: Group(steps=8, metrics={"exact_pct": 100 * sum(row) / 8})
                for name, (row, _) in languages.items()
            }
        },
    )
    return a_reading(result, facts=step_facts(steps, kind_of("calls")))


def an_audit(value: str = "read", sha256: str = TEMPLATE, **values: str) -> Audit:
    check = Check(check="calls", state="ok", value=value, values=dict(values))
    report = Report(sha256=sha256, places=("tokenizer",), checks=(check,), findings=())
    return Audit(model=MODEL, kind="hub", checks=(check,), reports=(report,))


def card(reading: Reading, *audits: Audit, settings: Settings = SETTINGS) -> dict[str, str]:
    """Return the parts of the model's card by language."""
    workspace = Workspace(root=ROOT, settings=settings, models={}, audits=audits)
    deck = Deck(build_boards([reading], workspace), settings)
    return Renderer(settings).parts(deck.card(deck.slugs[0]))


def section(text: str, heading: str) -> str:
    """Return the table under a bold *heading*."""
    return text.split(f"**{heading}**\n")[1].strip().split("\n\n")[0]


HEADING = "How it calls tools"


def test_the_card_of_a_model_that_calls_tools_reads_as_expected(
    golden: Callable[[str, str], None],
) -> None:
    parts = card(a_caller(), an_audit(by="hermes, qwen-coder"))
    golden("card-calls.md", "\n".join(parts[name] for name in ("en", "ko", "zh")))


def test_what_no_record_holds_is_not_told() -> None:
    told = section(card(a_caller())["en"], HEADING)
    assert "Readers that get its calls back" not in told
    bare = section(card(a_caller(extra={}, temperature=None, max_tokens=None))["en"], HEADING)
    assert [line.split(" | ")[0] for line in bare.splitlines()[2:]] == [
        "| How tools reach the prompt",
        "| System prompt",
        "| Answers that call an invented tool",
    ]
    scripted = card(a_caller(backend="scripted"))["en"]
    assert HEADING not in scripted


def test_an_audit_counts_for_the_very_template_alone() -> None:
    assert "get its calls back" in card(a_caller(), an_audit(by="hermes"))["en"]
    assert "get its calls back" not in card(a_caller(), an_audit(sha256="8" * 64, by="x"))["en"]
    changed = card(a_caller(), an_audit("changed", by="pythonic"))["en"]
    assert "none: the reader of `pythonic` finds another call" in changed
    unread = card(a_caller(), an_audit("unread"))["en"]
    assert "| none that we have reads the call that this chat template wrote" in unread


def test_prompted_tools_are_no_native_ones() -> None:
    told = section(
        card(a_caller(tools="prompted", extra={"call_format": "json-list"}))["en"], HEADING
    )
    assert "In a system text of the evaluation" in told
    assert "The evaluation added one, which lists the tools" in told


def test_each_language_stands_against_the_first_with_its_interval() -> None:
    english = card(a_caller())["en"]
    rows = re.findall(r"^\| (English|Korean) \| (.*) \|$", english, re.MULTILINE)
    assert rows[0] == ("English", "87.5% | – | –")
    told = rows[1][1]
    score, difference, span = told.split(" | ")
    assert (score, difference) == ("50.0%", "−37.5")
    low, high = (float(one.replace("−", "-")) for one in span.split(" … "))
    assert low < -37.5 < high


def test_a_card_has_the_languages_of_the_board_unless_it_names_its_own() -> None:
    plain = replace(SETTINGS, cards=Cards())
    assert list(card(a_caller(), settings=plain)) == ["front matter", "en", "ko"]
    parts = card(a_caller())
    assert list(parts) == ["front matter", "en", "ko", "zh"]
    assert "本部分的文字尚未由使用该语言的人审阅。" in parts["zh"]
    assert "reviewed" not in parts["en"].replace("unreviewed", "")


@pytest.fixture
def chinese_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the English words behind the Chinese ones."""
    folder = catalogue._folder() / "zh.po"
    missing = catalogue._Missing()
    whole = catalogue._packaged

    def packaged(language: str) -> object:
        return catalogue._over(missing, folder) if language == "zh" else whole(language)

    monkeypatch.setattr(catalogue, "_packaged", packaged)
    catalogue._load.cache_clear()


@pytest.mark.usefixtures("chinese_alone")
def test_every_card_of_the_sample_can_be_said_in_chinese_without_a_word_of_english() -> None:
    workspace = open_workspace(ROOT)
    settings = replace(workspace.settings, cards=Cards(languages=("zh",)))
    boards: Boards = build_boards(read_results(workspace.results), workspace)
    renderer, deck = Renderer(settings), Deck(boards, settings)
    for slug in deck.slugs:
        assert "评测" in renderer.parts(deck.card(slug))["zh"]
    catalogue._load.cache_clear()
