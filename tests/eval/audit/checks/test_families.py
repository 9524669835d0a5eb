"""What is known of families: facts with sources, told apart by a model's type, held against it."""

import re
from pathlib import Path

import pytest

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.checks.cases import Case
from cardboard.eval.audit.checks.families import (
    check_family,
    families,
    family_of,
    sources,
    turn_marks,
)
from cardboard.eval.audit.findings import CHECKS, Finding
from cardboard.eval.audit.reports import Audit
from cardboard.eval.audit.sources.resolve import open_source
from cardboard.eval.sandbox.rendering import Rendered
from cardboard.tests.eval.audit.samples import GOOD
from cardboard.tests.eval.audit.shipping import a_folder

GEMMA4 = (
    "{{ bos_token }}{% for m in messages %}<|turn>"
    "{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content }}<turn|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|turn>model\n{% endif %}"
)
"""In the form of Gemma 4, written for this test."""
GEMMA3 = GEMMA4.replace("<|turn>", "<start_of_turn>").replace("<turn|>", "<end_of_turn>")
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% elif m.role == 'assistant' %}{{ m.content }}</s>"
    "{% else %}{{ raise_exception('no such role here') }}{% endif %}{% endfor %}"
)


@pytest.mark.parametrize("name", families())
def test_every_fact_has_its_source(name: str) -> None:
    family = families()[name]
    assert family.sources
    assert {*family.sources, *(known.source for known in family.known)} <= set(sources())
    for known in family.known:
        assert re.fullmatch("[0-9a-f]{12,64}", known.sha256)
        assert known.models
    assert set(family.traits) <= set(CHECKS)
    assert family.model_types or family.tells, "otherwise nothing is ever of this family"


TOLD = [
    ("gemma4", "google/gemma-4-E2B-it", "", ("gemma-4", True)),
    ("gemma4_text", "mine", "<|im_start|>", ("gemma-4", True)),
    ("gemma3_text", "mine", "", ("gemma-3", True)),
    ("gemma2", "mine", "", ("gemma-2", True)),
    ("lfm2", "LiquidAI/LFM2-1.2B", "", ("lfm2", True)),
    ("lfm2_moe", "LiquidAI/LFM2.5-8B-A1B", "", ("lfm2-5", True)),
    ("qwen3_5_text", "mine", "", ("qwen-3", True)),
    (None, "m", "<|start_header_id|>", ("llama-3", False)),
    ("llama", "m", "<|im_start|>", ("chatml", False)),
    ("mistral", "m", "[INST]", ("mistral", False)),
    (None, "m", "<|turn>", ("gemma-4", False)),
    ("rwkv", "m", "User:", None),
]


@pytest.mark.parametrize(("kind", "name", "template", "family"), TOLD)
def test_a_family_is_told_by_type_and_name_or_by_the_template(
    kind: str | None, name: str, template: str, family: tuple[str, bool] | None
) -> None:
    assert family_of(kind, name, template) == family


def audited(folder: Path, template: str, model_type: str) -> Audit:
    a_folder(folder, template, tokenizer=False, config__json={"model_type": model_type})
    [found] = audit([open_source(str(folder))])
    return found


def of_family(one: Audit) -> set[str]:
    return {finding.code for finding in one.all_findings if finding.check == "family"}


def test_a_template_in_the_form_of_its_family_is_right(tmp_path: Path) -> None:
    assert of_family(audited(tmp_path / "four", GEMMA4, "gemma4_text")) == set()
    assert of_family(audited(tmp_path / "plain", MISTRAL, "mistral")) == set()


def test_the_marks_of_an_older_generation_are_the_wrong_template(tmp_path: Path) -> None:
    found = of_family(audited(tmp_path / "old", GEMMA3, "gemma4"))
    assert found == {"audit-family-mark-missing", "audit-family-mark-foreign"}


def test_the_wrong_turn_mark_of_an_early_fallback_is_found(tmp_path: Path) -> None:
    """It scored models near 0 before anybody saw it."""
    wrong = GEMMA4.replace("<|turn>", "<|turn|>").replace("<turn|>", "<|turn|>")
    assert "audit-family-mark-foreign" in of_family(audited(tmp_path / "w", wrong, "gemma4"))


def test_a_family_that_folds_its_system_turn_is_expected_to(tmp_path: Path) -> None:
    assert of_family(audited(tmp_path / "three", GEMMA3, "gemma3_text")) == {"audit-family-rule"}


def test_a_tune_with_the_form_of_another_family_is_nobodys_fault(tmp_path: Path) -> None:
    """Llama's type tells nothing of the template: many tunes of it speak ChatML."""
    assert of_family(audited(tmp_path / "tune", GOOD, "llama")) == set()


def told(name: str, sha256: str) -> list[str]:
    case = Case(renders={"talk": Rendered(text="<|turn>user\n<|turn>model\n<turn|>")})
    said = check_family(case, name, True, sha256, {})
    return [one.code for one in said if isinstance(one, Finding)]


def test_templates_that_were_shipped_are_known_by_their_hashes() -> None:
    assert told("gemma-4", "0a2c8073c878" + "0" * 52) == ["audit-family-known"]
    assert told("gemma-4", "33204f1acb5b" + "0" * 52) == ["audit-family-superseded"]
    assert told("gemma-4", "0" * 64) == []


def test_turn_marks_are_found_in_a_render() -> None:
    assert turn_marks("<|turn>user\nhi<turn|>\n") == ("<|turn>", "<turn|>")
    assert turn_marks("User: hi") is None
