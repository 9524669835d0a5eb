"""Cards as they are published: whole, alike in both languages, and harmless whatever was read."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jinja2 import Environment, nodes
from markdown_it import MarkdownIt
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Entry, Reading
from cardboard.board.show.snippets import python_literal
from cardboard.board.workspace.settings import Cards, Family, Identity, Profile
from cardboard.cards.readme.markers import split
from cardboard.cards.text.card import cards_of
from cardboard.cards.text.render import OF_SUITES, OF_SUITES_TOLD, Renderer, anchor
from cardboard.eval import records
from cardboard.eval.metrics import Measured
from cardboard.tests.cards import sample
from cardboard.tests.making import a_reading, a_result, a_training, a_workspace

TEMPLATES = Path(__file__).parents[3] / "templates"


def readmes(**settings: Any) -> dict[str, str]:
    """Return the sample's cards by model."""
    workspace = sample.workspace(**settings)
    renderer = Renderer(workspace.settings)
    return {
        card.model: renderer.readme(card)
        for card in cards_of(sample.boards(**settings), workspace.settings)
    }


@pytest.fixture(scope="module")
def cards() -> dict[str, str]:
    return readmes()


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (sample.RECORDED, "card-recorded.md"),
        (sample.UNRANKED, "card-unranked.md"),
        (sample.QUANTISED, "card-gguf.md"),
        (sample.TWICE, "card-two-suites.md"),
    ],
)
def test_cards_read_as_expected(cards, golden, model, name):
    golden(name, cards[model])


def languages(readme: str) -> tuple[str, str]:
    """Return the English and the Korean part of a card."""
    parts = split(readme)
    assert parts is not None
    english, korean = parts.body.split("\n## 한국어\n")
    return english[english.index("## English\n") + len("## English\n") :], korean


def without_code(text: str) -> str:
    return re.sub(r"```.*?```\n", "", text, flags=re.DOTALL)


def headings(text: str) -> list[int]:
    return [len(mark) for mark in re.findall(r"^(#+) ", without_code(text), re.MULTILINE)]


def numbers(text: str) -> list[str]:
    """Return the numbers of every section, in order within a line and sorted within a section.

    The two languages may put the numbers of a sentence in another order, but not elsewhere.
    """
    sections = re.split(r"^#+ .*$", without_code(text), flags=re.MULTILINE)
    return [" ".join(sorted(re.findall(r"\d+(?:\.\d+)?", section))) for section in sections]


def links(text: str) -> list[str]:
    """Return all addresses outside the card; anchors lead to code that stands only once."""
    return re.findall(r"\]\((https?://[^)]*)\)|<(https?://[^>]*)>", without_code(text))


def shape(text: str) -> list[str]:
    """Return what every line is: a heading, a bullet, a table row of so many cells, or prose."""
    lines = without_code(text).splitlines()
    return [
        f"row {line.count('|')}" if line.startswith("|") else re.split(r"[^#*-]", line)[0]
        for line in lines
        if line and "](#" not in line
    ]


@pytest.mark.parametrize("compare", [headings, numbers, links, shape])
def test_both_languages_say_the_same_in_the_same_order(cards, compare):
    for readme in cards.values():
        english, korean = languages(readme)
        assert compare(english) == compare(korean)


def test_english_comes_first_and_links_lead_to_both(cards):
    for readme in cards.values():
        assert "[English](#english) · [한국어](#한국어)\n" in readme
        assert readme.index("## English\n") < readme.index("## 한국어\n")


def test_code_stands_once_and_korean_leads_to_it(cards):
    for readme in cards.values():
        english, korean = languages(readme)
        assert "```" in english
        assert "```" not in korean
        known = {anchor(heading) for heading in re.findall(r"^#+ (.*)$", english, re.MULTILINE)}
        for target in re.findall(r"\]\(#([^)]*)\)", korean):
            assert target in known


def test_no_korean_stands_in_the_english_part_nor_the_other_way_round(cards):
    for readme in cards.values():
        english, korean = languages(readme)
        assert not re.search("[가-힣]", english)
        for line in without_code(korean).splitlines():
            words = re.findall(
                r"[A-Za-z]{3,}", re.sub(r"`[^`]*`|\([^)]*\)|<[^>]*>|\[[^]]*\]", "", line)
            )
            assert len(words) < 6, line


def test_the_language_of_the_board_decides_which_parts_there_are():
    english = readmes(board=Identity(title={"en": "B"}, languages=("en",)))[sample.RECORDED]
    korean = readmes(board=Identity(title={"ko": "B"}, languages=("ko",)))[sample.RECORDED]
    assert "한국어" not in english
    assert "English" not in korean
    assert "```python" in korean


def test_a_card_is_the_same_whichever_cards_were_made_before_it(cards):
    """What speaks of suites is made once for all models on them."""
    workspace = sample.workspace()
    for card in cards_of(sample.boards(), workspace.settings):
        assert Renderer(workspace.settings).readme(card) == cards[card.model]


def test_what_is_made_once_for_all_models_tells_of_nothing_else():
    tree = Environment().parse((TEMPLATES / "card.md.jinja").read_text("utf-8"))
    blocks = [one for one in tree.find_all(nodes.Block) if one.name in OF_SUITES]
    used = [one for block in blocks for one in block.find_all(nodes.Name) if one.name == "card"]
    told = [
        one.attr
        for block in blocks
        for one in block.find_all(nodes.Getattr)
        if isinstance(one.node, nodes.Name) and one.node.name == "card"
    ]
    assert len(blocks) == len(OF_SUITES)
    assert set(told) == set(OF_SUITES_TOLD)
    assert len(told) == len(used)
    for name in OF_SUITES:
        for path in (TEMPLATES / "kinds").glob(f"*/{name}.md.jinja"):
            tree = Environment().parse(path.read_text("utf-8"))
            assert {one.name for one in tree.find_all(nodes.Name)} <= {"first"}


def test_the_same_results_give_the_same_bytes(cards):
    again = build_boards(list(reversed(sample.readings())), sample.workspace())
    renderer = Renderer(sample.SETTINGS)
    assert {card.model: renderer.readme(card) for card in cards_of(again, sample.SETTINGS)} == cards


def test_the_marker_carries_the_hash_of_our_part(cards):
    for readme in cards.values():
        parts = split(readme)
        assert parts is not None
        assert not parts.edited
        assert parts.after == ""


def test_no_path_of_a_machine_is_published(cards):
    assert not any("/home/" in readme for readme in cards.values())


def test_what_was_not_recorded_is_said_to_be_so_and_never_zero(cards):
    card = cards[sample.TWICE]
    assert "| Seconds a step | not recorded | – |" in card
    assert "| 스텝당 시간(초) | 기록 없음 | – |" in card
    assert "Not recorded: `backend`, `temperature`" in card
    assert "기록 없음: `backend`, `temperature`" in card
    assert "None" not in card


def test_a_result_without_a_rank_says_why_and_has_no_strengths(cards):
    english, korean = languages(cards[sample.UNRANKED])
    assert "**Not ranked, because:**\n\n- The run is incomplete: 7 of 12 steps" in english
    assert "**순위 제외 사유**\n\n- 평가가 끝까지 진행되지 않았습니다. 채점된 스텝: 7/12." in korean
    assert "**Strengths**" not in english
    assert "Rank" not in english.split("### How it was measured")[0]


def test_a_large_board_gives_bands_and_adding_a_result_changes_hardly_a_card():
    def made(extra: int) -> dict[str, str]:
        results = [
            a_result(f"org/m{i:04}", round(0.2 + 0.6 * ((i * 7919) % 997) / 997, 4))
            for i in range(150 + extra)
        ]
        workspace = a_workspace(notes=sample.SETTINGS.notes)
        boards = build_boards([a_reading(one) for one in results], workspace)
        renderer = Renderer(workspace.settings)
        return {c.slug: renderer.readme(c) for c in cards_of(boards, workspace.settings)}

    before, after = made(0), made(1)
    changed = [slug for slug in before if before[slug] != after[slug]]
    assert "**Rank top 50% · " in "".join(before.values())
    assert "**Rank below the top 50% · " in "".join(before.values())
    assert len(changed) <= 10


HOSTILE = (
    'x|y `z` <script>alert("1")</script> <!-- cardboard:end -->\n# [a](javascript:b) \u202e&"\'\\ ~'
    + "é" * 9_000
)


def poisoned(value: Any, clean: frozenset[str]) -> Any:
    """Return *value* with every text in it replaced, but for those in *clean*."""
    if isinstance(value, str):
        return value if value in clean else HOSTILE
    if isinstance(value, dict):
        return {
            key if key in clean else HOSTILE: poisoned(one, clean) for key, one in value.items()
        }
    if isinstance(value, list):
        return [poisoned(one, clean) for one in value]
    return value


def hostile_readings() -> Iterator[Reading]:
    """Yield the sample's files as a stranger could have written them."""
    suite = frozenset({"mini", "1", "2", "replay"})
    measured = {metric.id for metric in sample.SUITE.metrics}
    words = suite | {"complete", "partial", "published-table", "result", "early", "mid", "late"}
    keys = {name for struct in (records.Result, records.Model, records.Suite, records.Protocol,
        records.Prompts, records.Counts, records.Timing, records.Machine, records.Provenance,
        records.Group, Measured) for name in struct.__struct_fields__}  # fmt: skip
    for reading in sample.readings():
        plain = msgspec.to_builtins(reading.result)
        spoiled = poisoned(plain, frozenset(words | keys | measured))
        spoiled["finished_at"] = plain["finished_at"]
        spoiled["prompts"]["template_sha256"] = plain["prompts"]["template_sha256"]
        spoiled["model"]["id"] = plain["model"]["id"] + HOSTILE
        yield replace(
            reading,
            file=f"{HOSTILE}/{reading.file}",
            result=msgspec.convert(spoiled, records.Result),
        )


def test_nothing_that_a_stranger_wrote_becomes_markup():
    workspace = sample.workspace(policy={"template-unverifiable": "info"})
    boards = build_boards(list(hostile_readings()), workspace)
    renderer = Renderer(workspace.settings)
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    cards = list(cards_of(boards, workspace.settings))
    assert len(cards) == 6
    assert any(sheet.standing for card in cards for sheet in card.sheets)
    for card in cards:
        readme = renderer.readme(card)
        parts = split(readme)
        assert parts is not None, "the markers can still be found"
        html = reader.render(parts.body)
        tags = set(re.findall(r"<(/?[a-z0-9]+)", html))
        allowed = {"h1", "h2", "h3", "h4", "p", "ul", "li", "strong", "code", "pre", "a", "img",
            "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip
        assert {tag.lstrip("/") for tag in tags} <= allowed
        assert "javascript:" not in "".join(re.findall(r'(?:href|src)="([^"]*)"', html))
        assert len(readme) < 60_000, "a name of 10 kB is cut"
        for table in re.findall(r"<table>.*?</table>", html, re.DOTALL):
            rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
            assert len({len(re.findall(r"<t[hd]", row)) for row in rows}) == 1


def test_what_the_owner_wrote_is_shown_with_its_inline_code(monkeypatch):
    family = Family(title={"en": "A|B", "ko": "A|B"}, interpretation={"en": "Use `x|y` & <z>."})
    monkeypatch.setitem(
        sample.MODELS, sample.RECORDED, Profile(family="small", purpose={"en": "For *this*."})
    )
    card = readmes(families={"small": family})[sample.RECORDED]
    assert "| Family | A\\|B |" in card
    assert "Use <code>x\\|y</code> &amp; &lt;z&gt;." in card
    assert card.count("For \\*this\\*.") == 2, "what has no Korean is shown as it is"


def test_a_sweep_says_that_it_is_one_of_many_tries(monkeypatch):
    monkeypatch.setitem(sample.MODELS, sample.RECORDED, Profile(class_="sweep"))
    english, korean = languages(readmes()[sample.RECORDED])
    assert "one of many checkpoints" in english
    assert "여러 체크포인트" in korean


def test_the_system_prompt_of_the_workspace_is_used():
    prompt = 'Say "yes".\nThen stop.'
    card = readmes(cards=Cards(system_prompt={"en": prompt}))[sample.RECORDED]
    assert f'"content": {python_literal(prompt)}' in card


def test_many_attempts_are_cut_short(monkeypatch):
    boards = sample.boards()
    entry: Entry = boards.boards[0].entries[0]
    attempt = msgspec.convert(
        {"result_id": "a", "file": "f", "sha256": "s", "score": 1.5, "steps": 12,
         "finished_at": None, "findings": []},
        type(entry).__annotations__["attempts"].__args__[0],
    )  # fmt: skip
    crowded = replace(entry, attempts=(attempt,) * 13)
    board = replace(boards.boards[0], entries=(crowded,))
    (card,) = cards_of(replace(boards, boards=(board,)), sample.SETTINGS)
    readme = Renderer(sample.SETTINGS).readme(card)
    assert readme.count("| `a` | 1.50 | 12 |") == 20
    assert "More results that are not shown: 3." in readme


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (False, "False"),
        (None, "None"),
        (0.7, "0.7"),
        ('a"b\n', '"a\\"b\\n"'),
        ({"b": True, "a": {"c": None}}, '{"a": {"c": None}, "b": True}'),
    ],
)
def test_values_in_code_are_python(value, written):
    assert python_literal(value) == written
    assert eval(python_literal(value)) == value


def test_a_card_says_how_an_adapter_was_trained_where_a_record_does(golden):
    model = records.Model(
        id="org/base",
        revision="0" * 40,
        adapter=records.Adapter(id="org/lora", training=a_training()),
    )
    workspace = a_workspace()
    boards = build_boards([a_reading(a_result(model=model))], workspace)
    [card] = cards_of(boards, workspace.settings)
    readme = Renderer(workspace.settings).readme(card)
    english, korean = languages(readme)
    for name, heads, words in (
        ("en", ("### How it was trained\n", "### How it was measured\n"), english),
        ("ko", ("### 학습 방법\n", "### 평가 방법\n"), korean),
    ):
        first, _, rest = words.partition(heads[0])
        section = rest.partition("\n### ")[0]
        assert "talks.jsonl" in first, "the summary says it in short"
        golden(f"card-trained.{name}.md", heads[0] + section)
    assert "base_model: org/base" in readme
    assert "base_model_relation: adapter" in readme
    plain = build_boards([a_reading(a_result())], workspace)
    assert not [one for one in cards_of(plain, workspace.settings) if one.trained]
