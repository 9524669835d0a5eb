"""The shipped questions: every example keeps its clauses, every corruption breaks its own."""

import json
import re
from itertools import product
from pathlib import Path

import pytest

from cardboard.eval.suites.kinds.home import clauses as c
from cardboard.eval.suites.kinds.home import texts
from cardboard.eval.suites.kinds.home.build import build
from cardboard.eval.suites.kinds.home.clauses import AnyClause, failures
from cardboard.eval.suites.kinds.home.kind import HOME, score
from cardboard.eval.suites.kinds.home.rows import HomeRow
from cardboard.eval.suites.suite import PACKAGED, encode

FOLDER = PACKAGED / "home-mini"
ROWS = build(FOLDER)
CASES = [(row, clause) for row in ROWS for clause in row.clauses]

FILLER = {
    "en": "very truly quite fairly rather surely merely nearly simply really mostly partly",
    "ko": "매우 아주 정말 무척 꽤 사뭇 자못 제법 몹시 퍽 참말 진정",
}
SYLLABLES = {"en": ("ba", "do", "ki", "lu", "me", "no"), "ko": ("가", "노", "디", "루", "마", "조")}


def words(language: str, count: int) -> str:
    """Return *count* different words without a meaning."""
    made = ("".join(one) for one in product(SYLLABLES[language], repeat=3))
    return " ".join(word for word, _ in zip(made, range(count), strict=False))


def swapped(text: str, one: str, other: str) -> str:
    """Return *text* with two of its parts in each other's place."""
    return text.replace(one, "\0").replace(other, one).replace("\0", other)


def corrupted(row: HomeRow, clause: AnyClause) -> str:  # noqa: C901  # one case a check
    """Return the example of *row*, spoilt so that it breaks *clause* and keeps the others."""
    text, ko = row.example, row.language == "ko"
    mark = text[-1] if text[-1] in ".!?" else ""
    body = text.removesuffix(mark)
    match clause:
        case c.Only() | c.Exactly():
            return f"{body}{'나' if ko else 'x'}{mark}"
        case c.Says():
            plain = sorted((f for one in clause.accepted for f in texts.forms(one)), key=len)
            for form in reversed(plain):
                text = re.sub(re.escape(form), "그것" if ko else "that", text, flags=re.IGNORECASE)
            return text
        case c.Never():
            return f"{body} {texts.forms(clause.refused[0])[0]}{mark}"
        case c.Number():
            spoilt = re.sub(r"\d[\d.,]*\d|\d", "3", text)
            return spoilt if spoilt != text else text.replace("Sixteen", "Fifteen")
        case c.Length():
            return f"{body} {words(row.language, clause.most)}{mark}"
        case c.Sentences():
            return f"{text} {'네' if ko else 'Yes'}."
        case c.Lines():
            return f"{text}\n{'감' if ko else 'lime'}"
        case c.Bullets():
            return text.replace("- ", "* ", 1)
        case c.Numbered():
            return text.replace("2. ", "7. ", 1)
        case c.Keys():
            return json.dumps({**json.loads(text), "x": 1}, ensure_ascii=False)
        case c.Field():
            return json.dumps({**json.loads(text), clause.member: "?"}, ensure_ascii=False)
        case c.Table():
            return text.replace(clause.columns[-1], clause.columns[-1] * 2)
        case c.Order():
            one, other = (texts.forms(item)[0] for item in clause.items[:3:2])
            return swapped(text, one, other)
        case c.Unknown():
            return "그는 들판 마을에서 났습니다." if ko else "He was born in Field Town."
        case c.Language():
            foreign = "그리고" if clause.script == "latin" else "and so on"
            return f"{text} {' '.join([foreign] * (3 + len(text)))}"
        case c.Loop():
            return f"{text} " + "그렇습니다. " * 60 if ko else f"{text} " + "So it is. " * 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.task_id}-{row.language}")
def test_an_example_keeps_every_clause(row: HomeRow) -> None:
    found = score(row.reference, row.example, "1")
    assert found.scores["clauses_passed"] == 1.0
    assert {one["reason"] for one in found.parsed["clauses"]} == {None}


def test_every_single_corruption_breaks_its_own_clause() -> None:
    for row, clause in CASES:
        answer = corrupted(row, clause)
        broken = [
            one for one, why in zip(row.clauses, failures(row.clauses, answer), strict=True) if why
        ]
        assert clause in broken, (row.task_id, row.language, answer)
        if not isinstance(clause, c.Language | c.Loop):  # these spoil the form as well
            assert broken == [clause], (row.task_id, row.language, answer)


def test_the_rows_are_what_the_questions_build(request: pytest.FixtureRequest) -> None:
    file = FOLDER / "home-mini.jsonl"
    if request.config.getoption("--refresh"):
        file.write_bytes(encode(ROWS))
    assert file.read_bytes() == encode(ROWS)


def test_forty_questions_have_a_version_in_each_language() -> None:
    assert len(ROWS) == 80
    versions = {row.task_id: [] for row in ROWS}  # type: dict[str, list[HomeRow]]
    for row in ROWS:
        versions[row.task_id].append(row)
    assert len(versions) == 40
    for en, ko in versions.values():
        assert (en.language, ko.language, en.topic) == ("en", "ko", ko.topic)
        # Both ask for the same: the same checks, but for what words only one language has.
        assert [type(one) for one in en.clauses] == [type(one) for one in ko.clauses]


@pytest.mark.parametrize(
    ("baseline", "passed", "most"),
    [("oracle", 80, 100.0), ("unknown", 8, 10.0), ("echo", 0, 22.0), ("loop", 0, 0.0)],
)
def test_baselines_end_where_they_should(baseline: str, passed: int, most: float) -> None:
    rule = HOME.baselines[baseline](ROWS, {})
    scores = [score(row.reference, rule(row), "1").scores for row in ROWS]
    assert sum(one["question_passed"] or 0 for one in scores) == passed
    mean = 100 * sum(one["clauses_passed"] or 0 for one in scores) / len(scores)
    assert (mean == 100.0) == (baseline == "oracle")
    assert mean <= most


def test_a_question_that_its_own_example_does_not_keep_is_named(tmp_path: Path) -> None:
    (tmp_path / "suite.toml").write_text('name = "x"\nversion = "1"\ntopics = ["t"]\n')
    (tmp_path / "questions").mkdir()
    clauses = '[{ check = "only", accepted = ["yes"] }]'
    asked = f'{{ question = "Yes or no?", example = "maybe", clauses = {clauses} }}'
    (tmp_path / "questions/t.toml").write_text(
        f'topic = "t"\n[[questions]]\nid = "q"\nen = {asked}\nko = {asked}\n'
    )
    with pytest.raises(
        Exception, match=r"t.toml: q.en.example: the example breaks the clause only"
    ):
        build(tmp_path)
