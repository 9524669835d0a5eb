"""Two sources compared: the same text, the same prompts, or the first place where they part."""

import json
from pathlib import Path

import pytest

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.drift import drift, drift_since
from cardboard.eval.audit.findings import Finding
from cardboard.eval.audit.sources.resolve import open_source
from cardboard.eval.audit.sources.sources import Source
from cardboard.eval.prompts.templates import sha256_of
from cardboard.tests.eval.audit.samples import GOOD, MARKED, SAMPLES, TOOLS
from cardboard.tests.eval.audit.shipping import a_folder, a_gguf


@pytest.fixture
def base(tmp_path: Path) -> Source:
    return open_source(str(a_folder(tmp_path / "base")))


def codes(found: tuple[Finding, ...]) -> list[str]:
    return [one.code for one in found]


def test_the_same_template_has_not_drifted(base: Source, tmp_path: Path) -> None:
    assert drift(base, open_source(str(a_folder(tmp_path / "tuned")))) == ()


def test_another_text_that_renders_the_same_is_only_told(base: Source, tmp_path: Path) -> None:
    tuned = open_source(str(a_folder(tmp_path / "tuned", GOOD + "{# a remark #}")))
    assert codes(drift(base, tuned)) == ["audit-drift-text"]


def test_the_first_difference_of_the_prompts_is_shown(base: Source, tmp_path: Path) -> None:
    other = GOOD.replace("{{ m.content }}", "{{ m.content | upper }}")
    text, render = drift(base, open_source(str(a_folder(tmp_path / "tuned", other))))
    assert text.values["ours"] == sha256_of(GOOD)[:12]
    assert render.code == "audit-drift-render"
    assert render.values["probe"] == "user"
    assert str(render.values["ours"]).endswith(
        "Which lamp is green?<|im_end|>\\n<|im_start|>assistant\\n"
    )
    assert "WHICH LAMP" in str(render.values["theirs"])


def test_the_template_of_tools_is_compared_as_well(tmp_path: Path) -> None:
    ours, same, other = (
        open_source(str(a_gguf(tmp_path / f"{name}.gguf", GOOD, tool_use=text)))
        for name, text in (
            ("ours", TOOLS),
            ("same", TOOLS),
            ("other", TOOLS.replace("{{ tools | tojson }}", "{{ tools | tojson(indent=2) }}")),
        )
    )
    assert drift(ours, same) == ()
    found = drift(ours, other)
    assert codes(found) == ["audit-drift-text", "audit-drift-render"]
    assert found[1].values["probe"] == "tools"


def test_a_template_that_refuses_is_a_difference(base: Source, tmp_path: Path) -> None:
    refusing = open_source(str(a_folder(tmp_path / "r", SAMPLES["no system role"].text)))
    *_, last = drift(base, refusing)
    assert last.values["probe"] == "system"
    assert "no system" in str(last.values["theirs"])


def test_a_conversion_is_compared_with_its_origin(base: Source, tmp_path: Path) -> None:
    same = open_source(str(a_gguf(tmp_path / "same.gguf", GOOD)))
    older = open_source(str(a_gguf(tmp_path / "older.gguf", MARKED.replace("assistant", "model"))))
    assert drift(base, same) == ()
    assert "audit-drift-render" in codes(drift(base, older))


def test_without_a_template_nothing_can_be_compared(base: Source, tmp_path: Path) -> None:
    bare = open_source(str(a_folder(tmp_path / "bare", None)))
    assert codes(drift(base, bare)) == ["audit-drift-unknown"]


def recorded(path: Path, sha256: str | None) -> Source:
    held = {"model": {"id": "org/m"}, "prompts": {"template_sha256": sha256}}
    path.write_text(json.dumps(held), encoding="utf-8")
    return open_source(str(path))


def test_a_result_is_compared_by_its_hash(base: Source, tmp_path: Path) -> None:
    then = recorded(tmp_path / "then.json", sha256_of(GOOD))
    before = recorded(tmp_path / "before.json", "ab12" * 16)
    nothing = recorded(tmp_path / "nothing.json", None)
    assert drift(base, then) == drift(then, base) == ()
    [moved] = drift(base, before)
    assert moved.code == "audit-drift-recorded"
    assert moved.values == {"was": "ab12ab12ab12", "now": sha256_of(GOOD)[:12], "model": "base"}
    assert codes(drift(base, nothing)) == ["audit-drift-unknown"]
    assert codes(drift(then, before)) == ["audit-drift-recorded"]


def test_a_stored_audit_is_enough_to_tell_that_a_template_moved(base: Source) -> None:
    [now] = audit([base])
    assert drift_since(sha256_of(GOOD), now) is None
    moved = drift_since("ab12" * 16, now)
    assert moved is not None
    assert moved.code == "audit-drift-recorded"
