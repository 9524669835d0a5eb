"""The catalogues are whole, say the same in every language, and speak of every finding."""

import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from cardboard.board.words import catalogue as module
from cardboard.board.words.catalogue import (
    CatalogueError,
    Words,
    card_languages,
    languages,
    misfits,
)
from cardboard.board.words.findings import (
    ATTESTING,
    JUDGING,
    MEANINGS,
    READING,
    Finding,
    Value,
)
from cardboard.board.words.phrases import slots
from cardboard.cards.text.lint import LINT
from cardboard.eval.metrics import Metric
from cardboard.eval.suites.kinds.registry import KINDS as REGISTERED

ROOT = Path(__file__).parents[3]
LOCALE = ROOT / "templates" / "locale"

# Messages whose keys are put together while a card or page is made: the beginnings of such keys.
PUT_TOGETHER = (
    "finding.", "remedy.", "reason.", "severity.", "metric.", "bucket.", "division.", "relation.",
    "protocol.", "prompts.", "origin.", "template.", "notes.", "run.values-", "rank.", "site.",
    "audit.", "unit.", "better.", "read.score-", "evidence.", "run.kwargs-", "run.missing-",
    "sheet.", "trained.", "try.", "document.",
)  # fmt: skip


def catalogue(language: str) -> Catalog:
    with (LOCALE / f"{language}.po").open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def messages(language: str) -> dict[str, tuple[str, ...]]:
    """Return every message of a catalogue by key, plural forms one after the other."""
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (message.string,)
        if isinstance(message.string, str)
        else tuple(message.string)
        for message in catalogue(language)
        if message.id
    }


CATALOGUES = {language: messages(language) for language in languages()}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").rglob("*.po")), ids=lambda path: "/".join(path.parts[-2:])
)
def test_every_catalogue_says_what_babel_reads_in_it(path):
    text = path.read_text("utf-8")
    with path.open("rb") as source:
        read = read_po(source, locale=path.stem, abort_invalid=True)
    told = {
        one.id if isinstance(one.id, str) else one.id[0]: (one.string,)
        if isinstance(one.string, str)
        else tuple(one.string)
        for one in read
        if one.id
    }
    found = module.read_packaged(text)
    assert (found.all, found.fuzzy) == (told, read.fuzzy)
    by_number = module._Messages({}, found.plural)._plural
    assert [by_number(n) for n in range(200)] == [
        gettext.c2py(read.plural_expr)(n) for n in range(200)
    ]


def test_escapes_plurals_and_lines_of_a_catalogue_are_read_as_babel_reads_them():
    text = r"""msgid ""
msgstr ""
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

# of two
msgid "a"
msgid_plural "a"
msgstr[0] "one"
msgstr[1] ""
"\"{n}\" \\n\n"
"\ttwo"

#, fuzzy
msgid "b"
msgstr "not yet"

msgid "c"
msgstr ""

msgid "d"
msgstr "last"
""".rstrip()
    read = {
        one.id if isinstance(one.id, str) else one.id[0]: one.string
        for one in read_po(io.BytesIO(text.encode()))
    }
    assert module.read_packaged(text).all == {"a": read["a"], "d": (read["d"],)}


def test_english_and_korean_have_a_catalogue():
    assert set(languages()) >= {"en", "ko"}


@pytest.mark.parametrize("language", languages())
def test_every_catalogue_is_complete(language):
    assert set(CATALOGUES[language]) == set(CATALOGUES["en"])
    assert [key for key, forms in CATALOGUES[language].items() if not all(forms)] == []


@pytest.mark.parametrize("language", languages())
def test_every_language_speaks_of_the_same_values(language):
    for key, forms in CATALOGUES[language].items():
        wanted = {slots(form) for form in CATALOGUES["en"][key]}
        assert {slots(form) for form in forms} == wanted, key


KINDS = sorted(path.name for path in (ROOT / "templates" / "kinds").iterdir())


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_suite_has_the_same_words_in_every_language(kind, language):
    def said(language: str) -> dict[str, set[frozenset[str]]]:
        with (ROOT / "templates" / "kinds" / kind / f"{language}.po").open("rb") as source:
            read = [one for one in read_po(source, locale=language) if one.id]
        assert all(one.string for one in read)
        return {str(one.id): {slots(str(one.string))} for one in read}

    assert said(language) == said("en")


@pytest.mark.parametrize("language", languages())
def test_messages_hold_words_and_no_markup(language):
    """Values are escaped for where they land, so the words around them must need no escaping."""
    marked = re.compile(r"[`*_<>|#~\\]|&\w+;")
    for key, forms in CATALOGUES[language].items():
        plain = [re.sub(r"\{\w+(:[^{}]*)?\}", "", form) for form in forms]
        assert [form for form in plain if marked.search(form)] == [], key


KINDS = sorted(path.name for path in (ROOT / "templates" / "kinds").iterdir())


def messages_of_kind(kind: str, language: str) -> dict[str, str]:
    """Return what suites of *kind* say in words of their own."""
    with (ROOT / "templates" / "kinds" / kind / f"{language}.po").open("rb") as source:
        found = read_po(source, locale=language, abort_invalid=True)
    return {str(message.id): str(message.string) for message in found if message.id}


def test_every_kind_of_suite_has_words_of_its_own():
    assert set(KINDS) == set(REGISTERED)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", languages())
class TestTheCatalogueOfAKind:
    def test_it_is_complete_and_speaks_of_the_same_values(self, kind, language):
        english, own = messages_of_kind(kind, "en"), messages_of_kind(kind, language)
        assert set(own) == set(english)
        assert [key for key, text in own.items() if not text] == []
        for key, text in own.items():
            assert slots(text) == slots(english[key]), key

    def test_it_holds_words_and_no_markup(self, kind, language):
        marked = re.compile(r"[`*<>|#~\\]|&\w+;")
        for key, text in messages_of_kind(kind, language).items():
            assert not marked.search(re.sub(r"\{\w+(:[^{}]*)?\}", "", text)), key

    def test_every_metric_of_the_kind_has_a_title(self, kind, language):
        words = Words(language)
        untitled = [
            m.id for m in REGISTERED[kind].metrics if not words.has(f"{kind}:metric.{m.id}")
        ]
        assert untitled == []


class TestHowAMetricIsCalled:
    def test_by_its_suites_words_before_its_kinds(self):
        own = Metric(id="command_f1", title={"ko": "명령 점수", "en": "Command score"})
        assert Words("ko").metric(own, "replay") == "명령 점수"
        assert Words("en").metric(own, "replay") == "Command score"
        assert Words("en").metric(Metric(id="command_f1"), "replay") == "Command F1"

    def test_by_words_of_another_language_rather_than_by_its_id(self):
        assert (
            Words("ko").metric(Metric(id="m", title={"en": "Accuracy"}), "reported") == "Accuracy"
        )

    def test_else_by_its_id(self):
        assert Words("en").metric(Metric(id="exact_match"), "reported") == "exact match"

    def test_a_kind_may_say_a_thing_in_its_own_way(self):
        words = Words("en")
        assert words.of_kind("replay", "finding.proxy") == words.text("finding.proxy")
        assert words.of_kind("replay", "group.early") != ""


def test_korean_never_leaves_a_particle_open():
    kinds = [(key, (text,)) for kind in KINDS for key, text in messages_of_kind(kind, "ko").items()]
    for key, forms in [*CATALOGUES["ko"].items(), *kinds]:
        for form in forms:
            assert not re.search(
                r"[은을이와](\(|/)[는를가과]|\((으)\)로", re.sub(r"\{.*?\}", "", form)
            ), key


def sources() -> Iterator[str]:
    for folder in ("board", "cards", "eval", "site", "templates"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".jinja"):
                yield path.read_text("utf-8")
    yield (ROOT / "cli.py").read_text("utf-8")


def test_no_message_is_left_over():
    text = "\n".join(sources())
    named = set(re.findall(r"""["']([a-z]+(?:\.[\w-]+)+)["']""", text))
    left = [
        key for key in CATALOGUES["en"] if key not in named and not key.startswith(PUT_TOGETHER)
    ]
    assert left == []


def test_every_message_that_code_names_exists():
    starts = {key.partition(".")[0] for key in CATALOGUES["en"]}
    for text in sources():
        for key in re.findall(r"""["']([a-z]+\.[\w-]+)["']\s*\|\s*t\b""", text):
            assert key.partition(".")[0] in starts
            assert key in CATALOGUES["en"], key


# What the judge puts into its findings; see board/judge/judge.py.
EVIDENCE = {
    "suite-unknown": {"steps": 175},
    "template-not-stated": {"harness": "lighteval"},
    "template-not-applied": {"harness": "lm-eval"},
    "count-not-recorded": {"expected": 303},
    "suite-by-count": {"suite": "tb2-lite corrected303", "steps": 303},
    "score-missing": {"metric": "command_f1", "value": 1.2},
    "trials-missing": {"trials": 1, "wanted": 5},
    "percent-as-share": {"value": 0.749},
    "run-failed": {"error": "CUDA out of memory"},
    "incomplete": {"scored": 175, "expected": 303},
    "steps-missing": {"missing": 3, "expected": 303},
    "steps-foreign": {"count": 386, "expected": 303},
    "references-differ": {
        "suite": "shell-mini 1",
        "found": "ab12cd34ef56",
        "wanted": "cd34ef56ab12",
    },
    "references-missing": {"suite": "shell-mini 1"},
    "steps-differ": {"suite": "mini 1", "models": 4},
    "dialogues-differ": {"suite": "mini 1", "models": 4},
    "tools-differ": {"suite": "mini 1", "models": 4},
    "not-isolated": {"isolation": "plain"},
    "cuts-hidden": {"rule": "truncate-right"},
    "answers-misread": {"count": 1, "steps": 303, "example": "task-000/3"},
    "answers-too-long": {"count": 4, "limit": 1024},
    "scorer-foreign": {"scorer": "own/2", "wanted": "token-f1/1"},
    "scorers-differ": {"scorer": "token-f1/1", "wanted": "token-f1/2"},
    "names-differ": {"one": "a/model", "other": "b/model"},
    "answers-blank": {"count": 30, "steps": 303},
    "answers-equal-reference": {"count": 300, "steps": 303, "share": 99.0},
    "steps-duplicated": {"count": 2, "example": "task-000/3"},
    "steps-failed": {"failed": 2, "expected": 303},
    "template-raw": {"raw": 3, "rows": 303},
    "template-unverifiable": {"status": "anthropic-api"},
    "template-contradicted": {
        "status": "chat_template",
        "counts": "raw_fallback: 303",
        "rows": 303,
    },
    "prompt-errors": {"count": 2, "example": "no system role"},
    "template-faulty": {"codes": "audit-bos-doubled, audit-escape"},
    "template-doubtful": {"codes": "audit-date"},
    "template-moved": {"was": "ab12cd34ef56", "now": "cd34ef56ab12"},
    "asked-otherwise": {"rules": "fold-system", "asked_rules": "–"},
    "prompts-truncated": {"count": 24},
    "aggregate-mismatch": {"metric": "command_f1", "stored": 0.3, "computed": 0.31},
    "bucket-mismatch": {"metric": "command_f1", "stored": 0.3, "computed": 0.31},
    "rescore-mismatch": {"count": 1, "steps": 303, "example": "task-000/3"},
    "off-protocol": {"setting": "temperature", "value": 1.0, "wanted": 0.0},
    "adjusted": {"printed": "48.19*"},
    "not-checkable-own": {"suite": "shell-mini 1"},
    "not-checkable-quoted": {"document": "REPORT.md"},
    "superseded": {"by": "ab12cd34ef56", "file": "better.json"},
    "settings-differ": {"setting": "temperature", "value": 1.0, "usual": 0.0},
    "prompts-differ": {"suite": "shell-mini 1"},
    "prompts-unchecked": {"suite": "shell-mini 1"},
    "attempt-undecided": {"count": 3},
    "attempt-doubtful": {"count": 2},
    "time-unusable": {"time": "2099-01-01 00:00:00"},
    "identity-joined": {"missing": "revision, weights_sha256"},
    "name-variant": {"written": "Org/Model", "name": "org/model"},
    "name-confusable": {"other": "org/model"},
    "same-answers": {"steps": 303, "other": "org/model"},
    "checkpoint-sweep": {"count": 4, "run": "run-b"},
    "protocol-not-recorded": {"missing": "temperature, max_tokens"},
    "valid-json-low": {"pct": 17.2, "limit": 50.0},
    "answers-cut": {"count": 30, "steps": 303},
    "kwargs-ignored": {"names": "enable_thinking"},
    "chance-unseeded": {"temperature": 0.7},
    "server-several": {"count": 2},
    "printed-differs": {"field": "score", "printed": "36.53", "stored": 39.92},
    "name-guessed": {"fields": "family"},
}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("code", JUDGING)
def test_every_finding_of_the_judge_names_its_evidence(code, language):
    values = EVIDENCE.get(code, {})
    said = Words(language).finding(Finding(code=code, severity="info", values=values))
    missing = [value for value in values.values() if format(value) not in said]
    assert [value for value in missing if not isinstance(value, float)] == []
    assert "{" not in said
    assert "None" not in said


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("code", [*READING, *ATTESTING, *LINT])
def test_every_other_finding_can_be_said_with_and_without_its_place(code, language):
    words = Words(language)
    key = "metrics.acuracy" if code == "unknown-key" else None  # it has no other evidence
    # What these findings always tell.
    told: dict[str, Value] = dict.fromkeys(
        ("tool", "main", "reason", "ending", "columns", "names", "name", "encoding"), "a.csv"
    )
    told |= {"bytes": 1, "limit": 2}
    bare = words.finding(Finding(code=code, severity="info", key=key, values=told))
    placed = words.finding(
        Finding(
            code=code,
            severity="info",
            file="a.json",
            key="steps[3].scores.command_f1",
            values=told | {"value": "1e999", "reason": "cut off"},
        )
    )
    assert bare
    assert placed
    assert "None" not in bare + placed


def test_missing_evidence_falls_away_in_silence():
    words = Words("en")
    told = Finding(code="incomplete", severity="error", values={"scored": 175, "expected": 303})
    untold = Finding(code="incomplete", severity="error", values={"scored": 175, "expected": None})
    assert words.finding(told) == "The run is incomplete: 175 of 303 steps were scored."
    assert words.finding(untold) == "The run is incomplete: 175 steps were scored."


def test_reasons_of_the_reader_are_said_in_the_same_language():
    finding = Finding(code="not-json", severity="error", values={"reason": "cut off"})
    assert Words("en").finding(finding) == "The file is not valid JSON: it ends in the middle."
    assert Words("ko").finding(finding) == "올바른 JSON이 아닙니다: 중간에서 끊김."


def test_a_remedy_is_given_where_there_is_one():
    words = Words("en")
    assert words.remedy(Finding(code="incomplete", severity="error")) is not None
    assert words.remedy(Finding(code="not-checkable-summary", severity="info")) is None


def test_what_a_file_says_cannot_flood_a_message_or_break_its_line():
    finding = Finding(code="run-failed", severity="error", values={"error": "a\nb" + "x" * 10_000})
    said = Words("en").finding(finding)
    assert len(said) < 300
    assert "\n" not in said


@pytest.fixture
def third(tmp_path, monkeypatch):
    """A third language: one more file, nothing else."""
    (tmp_path / "eo.po").write_text(
        'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "card.models"\nmsgid_plural "card.models"\n'
        'msgstr[0] "{n} modelo"\nmsgstr[1] "{n} modeloj"\n\n'
        'msgid "card.named"\nmsgstr "La modelo {model}"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(module, "_folder", lambda: tmp_path)
    module._load.cache_clear()
    yield Words("eo")
    module._load.cache_clear()


def test_a_third_language_is_one_more_catalogue(third):
    assert third.text("card.named", model="Qwen") == "La modelo Qwen"


def test_the_count_chooses_the_plural(third):
    assert third.text("card.models", n=1) == "1 modelo"
    assert third.text("card.models", n=3) == "3 modeloj"


def test_a_missing_message_or_value_is_named_with_its_file(third):
    with pytest.raises(CatalogueError, match=r"eo\.po: card\.absent"):
        third.text("card.absent")
    with pytest.raises(CatalogueError, match="needs the value 'model'"):
        third.text("card.named")


def test_a_language_without_a_catalogue_is_refused_with_those_that_have_one():
    with pytest.raises(CatalogueError, match="There are: en, ko"):
        Words("tlh")


@pytest.mark.parametrize("reason", ["EACCES", "ENOENT", "ELOOP", "not a regular file"])
def test_why_a_file_cannot_be_read_is_said_in_words_and_not_in_a_code(reason):
    finding = Finding(code="unreadable", severity="error", values={"reason": reason})
    english, korean = (Words(language).finding(finding) for language in ("en", "ko"))
    assert reason not in english and reason not in korean and english.isascii()


@pytest.mark.parametrize("printed", ["~33*", "40.87*"])
def test_a_printed_score_of_any_ending_needs_no_particle(printed):
    finding = Finding(code="adjusted", severity="error", values={"printed": printed})
    assert f"(표기: {printed})" in Words("ko").finding(finding)


ON_CARDS = (
    "basis.", "better.", "card.", "evidence.", "language.", "means.", "metric.", "next.", "notes.",
    "origin.", "output.", "prompts.", "protocol.", "rank.", "read.", "reason.", "relation.", "run.",
    "safety.", "score.", "severity.", "template.", "trained.", "unit.",
)  # fmt: skip
ON_CARDS_OF_KINDS = (
    "card.", "division.", "group.", "metric.", "output.", "read.", "run.", "safety.", "section.",
)  # fmt: skip
OF_FILES = {"timing-only", "other-file", "shard", "part-of-run", "status-file", "duplicate-file"}
"""Facts about files that are no entry of a board."""


def said_on_cards(key: str) -> bool:
    head, _, code = key.partition(".")
    if head == "finding":
        return code in JUDGING or (READING.get(code, "error") != "error" and code not in OF_FILES)
    return code in MEANINGS if head == "remedy" else key.startswith(ON_CARDS)


@pytest.mark.parametrize("language", sorted({*card_languages()} - {*languages()}))
def test_a_catalogue_for_cards_alone_holds_all_that_cards_say(language):
    own = messages(language)
    wanted = {key for key in CATALOGUES["en"] if said_on_cards(key)} | {
        f"{kind}:{key}"
        for kind in KINDS
        for key in messages_of_kind(kind, "en")
        if key.startswith(ON_CARDS_OF_KINDS)
    }
    assert set(own) == wanted
    text = (LOCALE / f"{language}.po").read_text(encoding="utf-8")
    assert list(misfits(text, language)) == []
    marked = re.compile(r"[`*_<>|#~\\]|&\w+;")
    assert [one for forms in own.values() for one in forms if marked.search(slotless(one))] == []


def slotless(form: str) -> str:
    return re.sub(r"\{\w+(:[^{}]*)?\}", "", form)


def test_a_catalogue_that_nobody_signed_says_so():
    assert Words("zh").unreviewed
    assert not Words("en").unreviewed
    assert not Words("ko").unreviewed
