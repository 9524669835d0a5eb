"""A board made of texts that would do harm if any of them were taken for markup."""

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards, Reading
from cardboard.board.words.findings import reading as finding_on_file
from cardboard.board.workspace.settings import Family, Profile, Protocol, Settings, Suite
from cardboard.eval import records
from cardboard.tests.making import SETTINGS, SUITE, a_reading, a_result, a_workspace

# `harm()` is what the browser test listens for.
HARM = "<script>harm()</script>"
IMAGE = '"><img src=x onerror=harm()>'
NAMES = (
    HARM,
    IMAGE,
    "'><svg onload=harm()>",
    "{{ 7 * 7 }}{% for x in y %}",
    "**bold** [link](javascript:harm())",
    "\u202etxt.exe\u2066org/model\u200f",
    "long/" + "x" * 10_000,
    "<!-- cardboard:body --> CARDBOARD_TITLE https://cardboard.invalid/to/ko",
    "control\x00\x0b\x1f\ufffeend",
    "</title></head><body onload=harm()>",
    "한국어/모델 이름",
    "con",
    "a\nb",
)
TEXT = {"en": f"en {HARM}{IMAGE}", "ko": f"ko {HARM}{IMAGE}"}


def a_hostile_board() -> tuple[Boards, Settings]:
    """Return boards of two suites and two classes, with attempts, refusals and unplaced results."""
    suites = (
        SUITE_WITH_TEXT,
        Suite(name="mini", version="2<b>", steps=9, tasks=3, protocol="greedy"),
    )
    workspace = a_workspace(
        suites=suites,
        board=SETTINGS.board.__class__(title=TEXT, repository_url="https://example.org/x?a=1&b=<"),
        families={"family": Family(title=TEXT, interpretation=TEXT)},
        protocols={"greedy": Protocol(temperature=0.0, max_tokens=1024)},
        policy={"prompt-errors": "warning", "scorer-foreign": "warning"},
        models={"sweep/one": Profile(class_="sweep", series=HARM), HARM: _profile()},
    )
    return build_boards([*_results(), *_refusals()], workspace), workspace.settings


SUITE_WITH_TEXT = Suite(
    name=SUITE.name,
    version=SUITE.version,
    title=TEXT,
    description=TEXT,
    steps=6,
    tasks=3,
    protocol="greedy",
)

ADAPTED = records.Model(
    id="adapted", quantisation=IMAGE, adapter=records.Adapter(id=HARM, revision=IMAGE)
)


def _profile() -> Profile:
    return Profile(
        purpose=TEXT,
        training=TEXT,
        family="family",
        base_model=HARM,
        license=IMAGE,
        datasets=(IMAGE,),
        links={IMAGE: "javascript:harm()", "page": 'https://example.org/"onmouseover="harm()'},
    )


def _results() -> list[Reading]:
    ranked = [a_reading(_result(name, 0.9 - n / 100)) for n, name in enumerate(NAMES)]
    attempts = [a_reading(_result(HARM, 0.2, finished_at="2026-01-02T00:00:00Z"))]
    failed = [
        a_reading(_result(f"{name} failed", 0.1, status="failed", error=HARM)) for name in NAMES[:3]
    ]
    elsewhere = [
        a_reading(_result("other/suite", 0.3, suite=records.Suite(name="mini", version="2<b>"))),
        a_reading(_result("sweep/one", 0.4)),
        a_reading(_result("adapted", 0.3, model=ADAPTED)),
        a_reading(_result("lost/suite", 0.3, suite=records.Suite(name=HARM, version=HARM))),
    ]
    return ranked + attempts + failed + elsewhere


def _result(name: str, f1: float, **differs: object) -> records.Result:
    return a_result(
        name,
        f1,
        **{
            "model": records.Model(id=name, label=IMAGE, revision=HARM),
            "protocol": records.Protocol(
                backend=HARM,
                temperature=0.0,
                max_tokens=1024,
                stop=(HARM, "\x00"),
                extra={HARM: HARM},
            ),
            "prompts": records.Prompts(
                template_status="chat_template",
                status_counts={"chat_template": 6},
                template_source=HARM,
                kwargs={HARM: IMAGE},
                errors=(HARM,),
            ),
            "versions": {HARM: IMAGE},
            "scorer": IMAGE,
            "provenance": records.Provenance(
                kind=HARM, repository=IMAGE, document=HARM, row_label=IMAGE, printed={HARM: IMAGE}
            ),
            **differs,
        },
    )


def _refusals() -> list[Reading]:
    file = f"{HARM}{IMAGE}.json"
    finding = finding_on_file("wrong-type", file=file, key=HARM, found=IMAGE)
    return [Reading(file=file, sha256="0" * 64, kind="refused", findings=(finding,))]
