"""What audits found of shipped templates: every model by every check, in both languages."""

import pytest
from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.findings import found
from cardboard.eval.audit.reports import Audit, with_findings
from cardboard.eval.audit.sources.sources import Found, Source, Tokens
from cardboard.eval.prompts.templates import sha256_of
from cardboard.eval.records import Prompts
from cardboard.site.frame import pagination as listing
from cardboard.tests.eval.audit.samples import GOOD, SAMPLES
from cardboard.tests.making import SETTINGS, a_reading, a_result, a_workspace, boards_of
from cardboard.tests.site.links import Site
from cardboard.tests.site.reading import article, links, section, tables, text

DOUBLED = SAMPLES["doubled BOS"].text
TOKENS = Tokens(special={"bos_token": "<s>", "eos_token": "<|im_end|>"})


def an_audit(model: str, template: str) -> Audit:
    source = Source(
        name=model,
        kind="template",
        revision="abc123",
        templates=(Found(text=template, place="chat_template.jinja", shelf="files"),),
        tokens=TOKENS,
    )
    return audit([source])[0]


@pytest.fixture(scope="module")
def audits() -> tuple[Audit, ...]:
    return (an_audit("org/good", GOOD), an_audit("org/bad", DOUBLED))


def boards_with(audits, *results, **policy):
    workspace = replace(a_workspace(policy=policy), audits=tuple(audits))
    return build_boards([a_reading(one) for one in results], workspace)


def through(model, template):
    """Return a result of *model* that was measured through *template*."""
    prompts = Prompts(template_status="chat_template", template_sha256=sha256_of(template))
    return a_result(model, prompts=prompts)


@pytest.fixture(scope="module")
def site(quick_site, audits):
    boards = boards_with(audits, through("Org/Good", GOOD), through("org/bad", DOUBLED))
    return quick_site(boards, SETTINGS)


def row_of(page, model):
    """Return the cells of *model* in the matrix of audits by the check's name."""
    (table,) = [one for one in page.iter() if one.get("aria-labelledby") == "audits"]
    names = [text(cell) for cell in table.iter() if cell.get("scope") == "col"]
    (row,) = [row for row in tables(table)[0] if row[0] == model]
    return dict(zip(names, row, strict=True))


def test_the_matrix_shows_each_model_and_check_in_words(site):
    page = article(site, "templates")
    bad, good = row_of(page, "org/bad"), row_of(page, "Org/Good")
    assert bad["BOS"] == "Error 2 times"
    assert good["BOS"] == "once"
    assert bad["System turn"] == good["System turn"] == "a turn of its own"
    assert bad["SHA-256 of the template"] == sha256_of(DOUBLED)[:12]


def test_checks_that_could_not_be_looked_at_are_no_columns(site):
    row = row_of(article(site, "templates"), "org/bad")
    assert "Drift" not in row
    assert "Training contract" not in row


def test_what_is_behind_a_cell_is_told_with_what_to_do(site):
    said = text(article(site, "templates"))
    assert "The prompt begins with 2 tokens <s> where one is right. audit-bos-doubled" in said
    assert "Let the template write BOS once" in said
    assert "Nothing is wrong, as far as the audit can tell." in said


def test_the_same_is_said_in_korean(site):
    page = article(site, "ko/templates")
    assert row_of(page, "org/bad")["BOS"] == "오류 2번"
    assert "프롬프트가 <s> 토큰 2개로 시작합니다." in text(page)
    assert "템플릿이 BOS를 맨 앞에 한 번만 쓰게 하세요." in text(page)


def test_an_error_of_an_audit_keeps_a_result_from_its_rank_and_names_who_is_affected(site):
    page = article(site, "templates")
    assert section(page, "template-faulty") is not None
    assert (
        "org/bad: The chat template in use has faults, as its audit shows: audit-bos-doubled."
        in (text(page))
    )
    assert "org/bad" in text(article(site, "unranked"))


def test_models_without_a_result_are_shown_without_a_link(build, audits):
    folder = build(boards_with(audits, through("org/good", GOOD)), SETTINGS)
    page = article(folder, "templates")
    assert row_of(page, "org/bad")["BOS"] == "Error 2 times"
    assert [one for one in links(page) if "models/" in one and "bad" in one] == []
    assert Site(folder).complaints() == []


def test_a_workspace_without_audits_has_no_matrix_of_them(build):
    page = article(build(boards_of(a_result()), SETTINGS), "templates")
    assert all(one.get("id") != "audits" for one in page.iter())


def test_many_audits_go_on_in_pages(build, audits, monkeypatch):
    monkeypatch.setattr(listing, "ALL_AT_ONCE", 4)
    monkeypatch.setattr(listing, "ROWS_A_PAGE", 3)
    many = [replace(audits[n % 2], model=f"org/model-{n}") for n in range(7)]
    folder = build(boards_with(many, a_result("org/model-1")), SETTINGS)
    pages = [article(folder, path) for path in ("templates", "pages/audits-2", "pages/audits-3")]
    for page, first in zip(pages, (0, 3, 6), strict=True):
        assert row_of(page, f"org/model-{first}")
    assert Site(folder).complaints() == []


def test_of_several_templates_it_is_told_which_one_a_finding_is_of(build):
    source = Source(
        name="org/both",
        kind="gguf",
        templates=(
            Found(text=GOOD, place="tokenizer.chat_template", shelf="gguf"),
            Found(text=DOUBLED, place="tokenizer.chat_template.t", shelf="gguf", name="tool_use"),
        ),
        tokens=TOKENS,
    )
    page = article(build(boards_with(audit([source]), a_result()), SETTINGS), "templates")
    assert f"audit-bos-doubled ({sha256_of(DOUBLED)[:12]})" in text(page)
    assert f"{sha256_of(DOUBLED)[:12]} tokenizer.chat_template.t (tool_use)" in text(page)


HOSTILE = "<script>alert(1)</script>\u202e{{ 7 * 7 }}"


def test_what_strangers_wrote_into_an_audit_is_shown_and_never_obeyed(build, audits):
    told = found("audit-user-refused", error=HOSTILE)
    evil = replace(with_findings(audits[0], [told]), model=HOSTILE, revision=HOSTILE)
    folder = build(boards_with([evil], a_result()), SETTINGS)
    html = (folder / "templates" / "index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert "{{ 7 * 7 }}" in html
    assert Site(folder).complaints() == []
