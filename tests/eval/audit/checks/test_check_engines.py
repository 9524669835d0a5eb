"""Where engines send another prompt for the same conversation, it is told, with the reason."""

import pytest

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.checks.check_engines import check_engines, compare, word
from cardboard.eval.audit.findings import Finding
from cardboard.eval.audit.sources.sources import Found, Kind, Shelf, Source, Tokens
from cardboard.eval.sandbox.rendering import Limits
from cardboard.tests.eval.audit.samples import GOOD, TOOLS

THINKS = GOOD + "{% if enable_thinking is defined and enable_thinking %}<think>{% endif %}"
WITH = "{% with a = 1 %}{% endwith %}" + GOOD
PARTS = GOOD.replace("{{ m.content }}", "{{ m.content[0].text.strip() }}")
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}" + GOOD


def a_source(text: str, kind: Kind = "template") -> Source:
    shelf: Shelf = "gguf" if kind == "gguf" else "files"
    template = Found(text=text, place="chat_template.jinja", shelf=shelf)
    tokens = Tokens(special={"bos_token": "<s>", "eos_token": "<|im_end|>"})
    return Source(name="sample", kind=kind, templates=(template,), tokens=tokens)


@pytest.fixture(scope="module")
def told() -> dict[str, list[Finding]]:
    """All samples in one process."""
    sources = {
        "good": a_source(GOOD),
        "thinks": a_source(THINKS),
        "tools": a_source(TOOLS),
        "with": a_source(WITH),
        "parts": a_source(PARTS),
        "file": a_source(THINKS, "gguf"),
    }
    found = compare(list(sources.values()))
    return {name: list(check_engines(one)) for name, one in zip(sources, found, strict=True)}


def values(findings: list[Finding], code: str) -> dict[str, object]:
    [found] = [one for one in findings if one.code == code]
    return dict(found.values)


def test_what_engines_pass_by_themselves_is_named(told: dict[str, list[Finding]]) -> None:
    found = values(told["thinks"], "audit-engines-variables")
    assert (found["one"], found["other"]) == ("transformers, llama-cpp-python", "mistral.rs")
    assert found["names"] == "enable_thinking"
    assert found["probe"] == "user"
    assert str(found["others"]).endswith("<think>")


def test_json_that_is_written_otherwise_is_the_language_of_the_engine(
    told: dict[str, list[Finding]],
) -> None:
    languages = [one for one in told["tools"] if one.code == "audit-engines-language"]
    assert {one.values["probe"] for one in languages} == {"tools"}
    assert "mistral.rs" in str(languages[0].values["other"])
    assert '{"type":"function"' in str(languages[0].values["others"])


def test_an_engine_that_lacks_a_statement_cannot_load_the_template(
    told: dict[str, list[Finding]],
) -> None:
    found = values(told["with"], "audit-engine-cannot-load")
    assert found == {"engine": "llama.cpp", "error": "line 1: llama.cpp does not know with"}
    assert word(told["with"]) == "cannot-load"


def test_engines_that_make_parts_of_texts_differ_from_those_that_pass_them_on(
    told: dict[str, list[Finding]],
) -> None:
    found = values(told["parts"], "audit-engines-messages")
    assert "(UndefinedError" in str(found["ones"])
    assert "Which lamp is green?" in str(found["others"])


def test_a_file_is_compared_between_the_engines_that_load_files(
    told: dict[str, list[Finding]],
) -> None:
    found = values(told["file"], "audit-engines-variables")
    assert (found["one"], found["other"]) == ("llama.cpp", "mistral.rs")


def test_a_plain_template_differs_only_where_contents_are_parts_or_a_developer_speaks(
    told: dict[str, list[Finding]],
) -> None:
    assert {one.code for one in told["good"]} == {"audit-engines-also"}
    assert {one.values["probe"] for one in told["good"]} == {"content parts", "developer"}
    assert word(told["good"]) == "rarely"


def test_a_template_that_had_to_be_stopped_is_compared_no_further() -> None:
    compared = compare([a_source(ENDLESS)], limits=Limits(seconds_in_all=0.5))
    assert list(check_engines(compared[0])) == []
    [found] = audit([a_source(ENDLESS)], limits=Limits(seconds=1.0), comparing=True)
    assert found.differences == ()


def test_an_audit_keeps_every_difference_and_says_in_a_word_that_prompts_differ() -> None:
    [found] = audit([a_source(THINKS)], comparing=True)
    [cell] = [one for one in found.checks if one.check == "engines"]
    assert (cell.state, cell.value) == ("warning", "prompts")
    pairs = {(one.one, one.other) for one in found.differences}
    assert ("transformers", "mistral.rs") in pairs
    [agreeing] = audit([a_source(GOOD)])
    assert {one.value for one in agreeing.checks if one.check == "engines"} == {"agree"}
