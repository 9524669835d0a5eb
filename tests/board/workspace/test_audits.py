"""Audits that a workspace keeps: written, read, and what the judge makes of them."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cardboard.board.commands.init_command import init
from cardboard.board.judge.build import build_boards
from cardboard.board.model import Entry
from cardboard.board.words.catalogue import Words, languages
from cardboard.board.words.findings import AUDITING
from cardboard.board.words.phrases import slots
from cardboard.board.workspace.audits import as_finding, read_audits, write_audit
from cardboard.board.workspace.configuration import open_workspace
from cardboard.eval.audit.findings import CODES, Finding, found
from cardboard.eval.audit.reports import Audit, Report, matrix_row
from cardboard.eval.errors import ConfigError
from cardboard.eval.records import Adapter, Model, Prompts
from cardboard.tests.making import a_reading, a_result, a_workspace

USED, OTHER = "ab12" * 16, "cd34" * 16


def an_audit(*findings: Finding, sha256: str = USED, model: str = "org/model") -> Audit:
    report = Report(sha256=sha256, places=(), checks=matrix_row(findings, ()), findings=findings)
    return Audit(model=model, kind="hub", checks=report.checks, reports=(report,))


def judged(*audits: Audit, sha256: str | None = USED, model: Any = None, **policy: Any) -> Entry:
    prompts = Prompts(template_status="chat_template", template_sha256=sha256)
    result = a_result(prompts=prompts)
    if model is not None:
        result = replace(result, model=model)
    workspace = replace(a_workspace(policy=policy), audits=audits)
    return build_boards([a_reading(result)], workspace).boards[0].entries[0]


def told(entry: Entry) -> dict[str, dict[str, Any]]:
    return {one.code: one.values for one in entry.findings if one.code.startswith("template-")}


FAULT, DOUBT = (
    found("audit-bos-doubled", bos="<s>", count=2),
    found("audit-date", today="", other=""),
)


def test_a_result_through_a_faulty_template_is_not_ranked() -> None:
    entry = judged(an_audit(FAULT, DOUBT))
    assert entry.rank is None
    assert told(entry) == {
        "template-faulty": {"codes": "audit-bos-doubled"},
        "template-doubtful": {"codes": "audit-date"},
    }


def test_a_doubt_is_told_and_a_note_is_not() -> None:
    entry = judged(an_audit(DOUBT, found("audit-mask-absent")))
    assert entry.rank == 1
    assert told(entry) == {"template-doubtful": {"codes": "audit-date"}}


def test_what_has_nothing_to_do_with_scores_is_left_out() -> None:
    assert told(judged(an_audit(found("audit-mask-misses", text="")))) == {}


def test_the_policy_of_a_workspace_holds_code_by_code() -> None:
    relaxed = judged(an_audit(FAULT), **{"audit-bos-doubled": "warning"})
    assert (relaxed.rank, told(relaxed)) == (1, {"template-doubtful": {"codes": FAULT.code}})
    strict = judged(an_audit(DOUBT), **{"audit-date": "unranked"})
    assert (strict.rank, told(strict)) == (None, {"template-faulty": {"codes": DOUBT.code}})
    assert told(judged(an_audit(FAULT), **{"audit-bos-doubled": "off"})) == {}


def test_a_template_that_moved_since_is_told_and_judged_no_further() -> None:
    entry = judged(an_audit(FAULT, sha256=OTHER))
    assert entry.rank == 1
    assert told(entry) == {"template-moved": {"was": USED[:12], "now": OTHER[:12]}}


def test_audits_of_other_models_and_unrecorded_templates_say_nothing() -> None:
    assert told(judged(an_audit(FAULT, model="org/other"))) == {}
    assert told(judged(an_audit(FAULT), sha256=None)) == {}
    tuned = Model(id="org/model", adapter=Adapter(id="me/adapter"))
    assert told(judged(an_audit(FAULT), model=tuned)) == {}
    assert told(judged(an_audit(FAULT, model="Me/Adapter"), model=tuned)) != {}


def test_audits_are_kept_beside_the_results(tmp_path: Path) -> None:
    assert read_audits(tmp_path) == ()
    first = write_audit(tmp_path, an_audit(FAULT))
    assert first == tmp_path / "audits" / "org__model.json"
    write_audit(tmp_path, an_audit(DOUBT))
    write_audit(tmp_path, an_audit(model="a/b"))
    assert [one.model for one in read_audits(tmp_path)] == ["a/b", "org/model"]
    assert read_audits(tmp_path)[1] == an_audit(DOUBT)
    assert sorted(path.name for path in first.parent.iterdir()) == ["a__b.json", "org__model.json"]


BROKEN = {
    "{": "is no audit",
    '{"model": 3}': "is no audit",
    "[" * 100_000: "is no audit",
    '{"version": 2, "model": "m", "kind": "hub", "checks": []}': "is of version 2",
    '"' + "x" * (4 << 20) + '"': "more than",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_audit_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    path = write_audit(tmp_path, an_audit())
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=BROKEN[text]) as error:
        read_audits(tmp_path)
    assert error.value.file == "audits/org__model.json"


def test_a_workspace_is_opened_with_its_audits(tmp_path: Path) -> None:
    from click.testing import CliRunner

    CliRunner().invoke(init, [str(tmp_path / "w")])
    assert open_workspace(tmp_path / "w").audits == ()
    write_audit(tmp_path / "w", an_audit(FAULT))
    settings = tmp_path / "w" / "board.toml"
    text = settings.read_text(encoding="utf-8")
    assert [one.model for one in open_workspace(tmp_path / "w").audits] == ["org/model"]
    settings.write_text(text.replace("[policy]", '[policy]\naudit-date = "off"'), encoding="utf-8")
    assert open_workspace(tmp_path / "w").settings.policy["audit-date"] == "off"


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("code", CODES)
def test_every_finding_of_an_audit_can_be_said_and_the_grave_ones_have_a_remedy(
    code: str, language: str
) -> None:
    words = Words(language)
    needed = slots(words._message(f"finding.{code}", None))
    said = as_finding(found(code, **dict.fromkeys(needed, "값")))
    assert words.finding(said).count("값") >= len(needed)
    assert words.remedy(said) is not None or CODES[code][1] == "info"


def test_the_judges_table_knows_only_codes_that_exist() -> None:
    assert set(AUDITING) <= set(CODES)
