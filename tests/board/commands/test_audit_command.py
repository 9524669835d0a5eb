"""`cardboard audit`: what it prints, in which language, and how it ends."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cardboard.board.workspace.audits import read_audits
from cardboard.cli import main
from cardboard.eval.prompts.templates import sha256_of
from cardboard.eval.sandbox import processes, rendering
from cardboard.tests.eval.audit.samples import GOOD, MARKED, SAMPLES, TOOLS
from cardboard.tests.eval.audit.shipping import a_folder, a_gguf, configured
from cardboard.tests.eval.audit.sources.test_rungs import CHATML

DOUBLED = SAMPLES["doubled BOS"].text


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, arguments)])


def run_quietly(*arguments: object) -> Result:
    return run("--no-lint", *arguments)


def told(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_right_model_ends_with_0_and_few_words(tmp_path: Path) -> None:
    result = run_quietly(a_folder(tmp_path / "good"))
    assert result.exit_code == 0
    first, template, takers, *rest = result.stdout.splitlines()
    assert first == "good (folder, ChatML)"
    assert template.split()[1] == "chat_template.jinja"
    assert takers.strip() == "transformers, vllm, llama.cpp: chat_template.jinja"
    assert rest == [""]


def test_an_error_ends_with_1_and_says_what_to_do(tmp_path: Path) -> None:
    result = run_quietly(a_folder(tmp_path / "bad", DOUBLED))
    assert result.exit_code == 1
    assert "error    audit-bos-doubled: The prompt begins with 2 tokens <s>" in result.stdout
    assert "Let the template write BOS once" in result.stdout


def test_a_gguf_file_is_told_the_format_that_answers_in_each_engine(tmp_path: Path) -> None:
    file = a_gguf(tmp_path / "model.gguf", CHATML)
    lines = run_quietly(file).stdout.splitlines()
    assert "  llama.cpp answers through the file's template" in lines
    at = next(n for n, one in enumerate(lines) if one.startswith("  llama-cpp-python answers"))
    assert lines[at].endswith("the format that it calls chatml; WRONG for this file")
    assert "where the template writes <|im_start|>user\\nWhich lamp" in lines[at + 1]
    [document] = told(run_quietly("--format", "json", file))
    rungs = {one["engine"]: (one["rung"], one["wrong"]) for one in document["rungs"]}
    assert rungs["llama-cpp-python"] == ("named", True)
    assert "llama.cpp의 채팅 포맷: 파일의 템플릿" in run_quietly("--lang", "ko", file).stdout


def test_findings_are_said_in_korean_where_that_is_asked(tmp_path: Path) -> None:
    result = run_quietly("--lang", "ko", a_folder(tmp_path / "bad", DOUBLED))
    assert "프롬프트가 <s> 토큰 2개로 시작합니다" in result.stdout
    assert "템플릿이 BOS를 맨 앞에 한 번만 쓰게 하세요." in result.stdout


def test_all_shows_every_check_and_the_notes(tmp_path: Path) -> None:
    result = run_quietly("--all", a_folder(tmp_path / "good"))
    assert "  ok       System turn: a turn of its own" in result.stdout
    assert "audit-mask-absent" in result.stdout
    assert "audit-mask-absent" not in run_quietly(tmp_path / "good").stdout


def test_json_holds_the_matrix_the_picks_and_the_words(tmp_path: Path) -> None:
    folder, file = a_folder(tmp_path / "bad", DOUBLED), a_gguf(tmp_path / "model.gguf", MARKED)
    first, second = told(run_quietly("--format", "json", folder, file))
    assert [first["kind"], second["kind"]] == ["folder", "gguf"]
    row = {cell["check"]: cell["state"] for cell in first["checks"]}
    assert (row["bos"], row["system"]) == ("error", "ok")
    assert first["picks"][0]["sha256"] == first["reports"][0]["sha256"]
    [bos] = [one for one in first["findings"] if one["code"] == "audit-bos-doubled"]
    assert bos["message"].startswith("The prompt begins with 2 tokens")
    assert bos["remedy"]


def test_a_source_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF\3\0\0\0")
    result = run_quietly(broken, a_folder(tmp_path / "good"))
    assert result.exit_code == 1
    assert "error    audit-source-unreadable" in result.stdout
    assert "broken.gguf (unreadable)\n  error" in result.stdout, "no engine takes anything of it"
    assert "good (folder" in result.stdout


def test_of_several_templates_it_is_told_which_one_a_finding_is_of(tmp_path: Path) -> None:
    file = a_gguf(tmp_path / "model.gguf", GOOD, tool_use=DOUBLED)
    lines = run_quietly(file).stdout.splitlines()
    [doubled] = [one.split()[0] for one in lines if "(tool_use)" in one]
    assert [one for one in lines if f"audit-bos-doubled ({doubled}): " in one]


def test_json_says_to_which_template_each_finding_belongs(tmp_path: Path) -> None:
    file = a_gguf(tmp_path / "model.gguf", GOOD, tool_use=DOUBLED, rag=GOOD)
    [model] = told(run_quietly("--format", "json", file))
    of = {one["code"]: one["templates"] for one in model["findings"]}
    doubled, plain = sha256_of(DOUBLED), sha256_of(GOOD)
    assert [one["sha256"] for one in of["audit-bos-doubled"]] == [doubled]
    assert [one["sha256"] for one in of["audit-mask-absent"]] == [plain, doubled]
    assert of["audit-template-named"] == [], "it is of the file as a whole"
    assert of["audit-bos-doubled"][0]["places"] == ["tokenizer.chat_template.tool_use (tool_use)"]


def test_a_template_for_tools_is_tried_with_tools_alone(tmp_path: Path) -> None:
    only = "{% if not tools %}{{ raise_exception('tools, please') }}{% endif %}" + TOOLS
    found = told(run_quietly("--format", "json", a_gguf(tmp_path / "m.gguf", GOOD, tool_use=only)))
    assert "error" not in {one["severity"] for one in found[0]["findings"]}


ASKED = {
    "model": "any",
    "messages": [{"role": "user", "content": "목포 \x1b[2J?"}],
    "tools": [{"type": "function", "function": {"name": "tide"}}],
    "chat_template_kwargs": {"loud": True},
}


def a_conversation(path: Path, content: object = ASKED) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_conversation_is_shown_as_each_engine_would_send_it(tmp_path: Path) -> None:
    """Settings and file hold two templates here, and llama.cpp converts the settings."""
    folder = a_folder(tmp_path / "m", GOOD + "{{ '!' if loud }}{{ (tools or []) | length }}")
    configured(folder, chat_template=MARKED)
    result = run(folder, "--messages", a_conversation(tmp_path / "my.json"))
    assert result.exit_code == 0
    blocks = result.stdout.split("\n\n")
    prompt = "<s><|im_start|>user\n목포 \ufffd[2J?<|im_end|>\n<|im_start|>assistant\n"
    name, takers, *_ = blocks[0].splitlines()
    assert name == "m (folder)"
    assert takers.startswith("  transformers, ")
    assert takers.endswith(": chat_template.jinja")
    assert re.fullmatch(r"  Tokens: \d+", blocks[0].splitlines()[2])
    assert blocks[0].endswith(f"{prompt}!1")
    [converted] = [one for one in blocks if one.startswith("  llama.cpp")]
    assert "tokenizer_config.json" in converted
    assert "!1" not in converted


def test_a_conversation_that_a_template_refuses_ends_with_1(tmp_path: Path) -> None:
    talk = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
    folder = a_folder(tmp_path / "m", SAMPLES["no system role"].text)
    file = a_conversation(tmp_path / "my.json", talk)
    asked = run(folder, "--messages", file, "--format", "json")
    assert asked.exit_code == 1
    [model] = told(asked)
    by_engine = {one["engine"]: one for one in model["prompts"]}
    assert by_engine["transformers"]["error"] == "TemplateError: no system"
    assert by_engine["transformers"]["prompt"] is None
    assert by_engine["llama.cpp"]["prompt"], "it puts the system's words into the user's turn"


NO_CONVERSATIONS = [
    ("{", "is no conversation"),
    ("[]", "holds no message"),
    ('{"messages": [{"content": "x"}]}', "messages[0].role"),
    ('{"prompt": "x"}', "is no conversation"),
]


@pytest.mark.parametrize(("content", "words"), NO_CONVERSATIONS)
def test_a_file_that_is_no_conversation_is_told(tmp_path: Path, content: str, words: str) -> None:
    result = run(tmp_path, "--messages", a_conversation(tmp_path / "my.json", content))
    assert result.exit_code == 2
    assert words in result.stderr
    assert "my.json" in result.stderr


def test_many_sources_start_as_many_processes_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start costs seconds where transformers is imported, a template milliseconds."""
    started: list[str] = []
    supervised = processes.supervised

    def counted(module: str, *values: Any, **named: Any) -> Any:
        started.append(module)
        return supervised(module, *values, **named)

    monkeypatch.setattr(rendering, "supervised", counted)
    folders = [a_folder(tmp_path / str(place), f"{GOOD}{{# {place} #}}") for place in range(9)]
    run_quietly(folders[0])
    alone = len(started)
    run_quietly(*folders)
    assert len(started) == 2 * alone


def test_drift_is_told_against_another_source(tmp_path: Path) -> None:
    ours, theirs = a_folder(tmp_path / "ours"), a_folder(tmp_path / "theirs", DOUBLED)
    same = run_quietly(ours, "--against", a_folder(tmp_path / "same"))
    assert "drift" not in same.stdout
    result = run_quietly(ours, "--against", theirs)
    assert result.exit_code == 1
    assert "audit-drift-render: The prompts differ (conversation: user)" in result.stdout


def test_a_result_is_compared_and_never_takes_the_place_of_a_model(tmp_path: Path) -> None:
    workspace, file = tmp_path / "w", tmp_path / "result.json"
    CliRunner().invoke(main, ["init", str(workspace)])
    prompts = {"template_sha256": sha256_of(DOUBLED)}
    file.write_text(json.dumps({"model": {"id": "org/m"}, "prompts": prompts}))
    alone = run_quietly(file)
    assert alone.exit_code == 2
    assert "keeps only the hash of its template" in alone.output
    folder = a_folder(tmp_path / "m")
    asked = ["-C", str(workspace), "audit", str(file), "--against", str(folder), "--save"]
    compared = CliRunner().invoke(main, [*asked, "--no-lint"])
    assert compared.exit_code == 0
    assert "audit-drift-recorded" in compared.stdout
    assert "audit-no-template" not in compared.stdout
    assert read_audits(workspace) == ()


def test_settings_that_a_template_does_not_read_are_told(tmp_path: Path) -> None:
    result = run_quietly(a_folder(tmp_path / "good"), "--template-kwarg", "enable_thinking=false")
    assert "does not read the setting enable_thinking" in result.stdout
    assert result.exit_code == 0


def test_save_keeps_the_audit_in_the_workspace(tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    CliRunner().invoke(main, ["init", str(workspace)])
    folder = a_folder(tmp_path / "good")
    asked = ["-C", str(workspace), "audit", str(folder), "--save", "--name", "org/good"]
    result = CliRunner().invoke(main, [*asked, "--no-lint"])
    assert result.exit_code == 0
    assert result.stderr == "Kept in audits/org__good.json\n"
    assert [one.model for one in read_audits(workspace)] == ["org/good"]
    before = (workspace / "audits" / "org__good.json").read_bytes()
    CliRunner().invoke(main, [*asked, "--no-lint"])
    assert (workspace / "audits" / "org__good.json").read_bytes() == before
    assert str(tmp_path).encode() not in before


def test_a_source_that_cannot_be_read_leaves_what_was_kept(tmp_path: Path) -> None:
    workspace, file = tmp_path / "w", tmp_path / "model.gguf"
    CliRunner().invoke(main, ["init", str(workspace)])
    asked = ["-C", str(workspace), "audit", str(file), "--save", "--no-lint"]
    assert CliRunner().invoke(main, [*asked[:3], str(a_gguf(file)), *asked[4:]]).exit_code == 0
    kept = read_audits(workspace)
    file.write_bytes(b"GGUF")
    assert CliRunner().invoke(main, asked).exit_code == 1
    assert read_audits(workspace) == kept


def test_the_training_contract_is_checked_and_counted(tmp_path: Path) -> None:
    file, model = tmp_path / "train.jsonl", a_folder(tmp_path / "m", MARKED)
    talk = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    file.write_text(json.dumps({"messages": talk}))
    result = run("--render-contract", file, "--model", model)
    assert result.exit_code == 0
    assert "Conversations: 1" in result.stdout
    file.write_text(json.dumps({"messages": talk, "text": "hi"}))
    result = run("--render-contract", file, "--model", model, "--format", "json")
    assert result.exit_code == 1
    assert told(result)["conversations"][0]["faults"] == ["audit-contract-text"]
    assert told(result)["figures"]["faulty"] == 1


WRONG = [
    ([], "Name a SOURCE"),
    (["--render-contract", "f.jsonl"], "goes with --model"),
    (["no such thing"], "neither a file or folder"),
    (["a/b", "c/d", "--name", "x"], "--name is for one SOURCE"),
    (["http://127.0.0.1:9", "--save"], "--save of a server needs --name"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_what_cannot_be_meant_ends_with_2(arguments: list[str], words: str) -> None:
    result = run_quietly(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_what_strangers_wrote_cannot_rule_the_terminal(tmp_path: Path) -> None:
    template = GOOD + "{{ raise_exception('\x1b[2J\x07 gone') }}"
    result = run_quietly(a_folder(tmp_path / "evil", template))
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout


def test_chatlint_is_asked_unless_told_otherwise(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "good")
    assert "audit-lint-error" in run(folder).stdout
    assert "audit-lint-error" not in run_quietly(folder).stdout


def test_renderers_are_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert not {"hf_secret", "sk-secret"} & set(processes._environment().values())
