"""Replay suites: what their rows must be, where they come from, and what identifies them."""

import gzip
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cardboard.eval.engine import Message
from cardboard.eval.errors import UsageError
from cardboard.eval.suites.fingerprints import fingerprint, keys_sha256, with_prompts
from cardboard.eval.suites.info import as_text, as_toml, facts
from cardboard.eval.suites.source import load, packaged
from cardboard.eval.suites.suite import PACKAGED, SuiteError, encode, read, titles_of

GOOD: dict[str, Any] = {
    "task_id": "task-000",
    "sample_idx": 0,
    "step_idx": 0,
    "total_steps": 2,
    "is_final_step": False,
    "source": "made up",
    "source_group": "files",
    "messages": [{"role": "user", "content": "List the files. 파일을 나열하세요."}],
    "ref_raw": '{"commands": [{"keystrokes": "ls\\n"}]}',
    "ref_analysis": "",
    "ref_plan": "",
    "ref_task_complete": False,
    "ref_commands": [{"keystrokes": "ls\n", "duration": 0.5}],
    "ref_command_units": ["ls"],
    "ref_parse_ok": True,
}
LAST: dict[str, Any] = GOOD | {"step_idx": 1, "is_final_step": True}


def lines(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_a_suite_is_read_from_json_lines() -> None:
    suite = read(lines(GOOD, LAST), "mini.jsonl")
    assert [row.key for row in suite.rows] == [("task-000", 0, 0), ("task-000", 0, 1)]
    assert suite.rows[0].conversation[0].content == "List the files. 파일을 나열하세요."
    assert (suite.name, suite.version, suite.tasks) == ("mini", None, 1)
    assert suite.divisions == {"bucket": {"early": 2}, "source_group": {"files": 2}}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([GOOD, LAST], indent=1).encode(),
        b"\n" + lines(GOOD) + b"\n\n" + lines(LAST),
        b"\xef\xbb\xbf" + lines(GOOD, LAST),
        lines(GOOD | {"key of another tool": [1]}, LAST).replace(b"\n", b"\r\n"),
    ],
    ids=["array", "empty lines", "byte order mark", "unknown keys, CRLF"],
)
def test_other_ways_to_write_the_same_rows(text: bytes) -> None:
    assert read(text, "mini.json").rows == read(lines(GOOD, LAST), "mini.jsonl").rows


def test_rows_come_back_as_they_were_written() -> None:
    suite = read(lines(GOOD, LAST), "mini.jsonl")
    assert read(encode(suite.rows), "mini.jsonl") == suite


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step_idx": "0"}, "s.jsonl:1: step_idx: must be a whole number"),
        ({"messages": [{"role": "boss", "content": ""}]}, "s.jsonl:1: messages[0].role: "),
        ({"messages": []}, "s.jsonl:1: messages: there is neither a conversation nor a prompt"),
        (
            {"messages": [{"role": "assistant", "content": "done"}]},
            "s.jsonl:1: messages: the last turn is of the assistant: nothing to answer",
        ),
        ({"ref_command_units": []}, "s.jsonl:1: the reference is empty"),
        ({"ref_commands": [{"duration": -1}]}, "s.jsonl:1: ref_commands[0].duration: "),
        ({"total_steps": 0}, "s.jsonl:1: total_steps: "),
        ({"step_idx": 2}, "s.jsonl:1: step_idx: 2 is not below total_steps, which is 2"),
        ({"task_id": ""}, "s.jsonl:1: task_id: "),
    ],
)
def test_a_bad_row_is_named_with_file_line_and_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        read(lines(GOOD | change), "s.jsonl")
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(message)


@pytest.mark.parametrize("key", ["task_id", "ref_raw", "is_final_step", "ref_command_units"])
def test_a_missing_key_is_named(key: str) -> None:
    row = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(SuiteError, match=f"s.jsonl:1: {key} is missing"):
        read(lines(row), "s.jsonl")


def test_every_bad_row_has_one_message_and_good_rows_have_none() -> None:
    text = b"{not json\n" + lines(GOOD, GOOD, LAST | {"step_idx": -1, "task_id": 3}) + b"7\n"
    with pytest.raises(SuiteError) as caught:
        read(text, "s.jsonl")
    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [
        "s.jsonl:1",
        "s.jsonl:3",
        "s.jsonl:4",
        "s.jsonl:5",
    ]
    assert "the same task, sample and step as s.jsonl:2" in caught.value.problems[1]
    assert caught.value.exit_code == 1
    assert "4 of 5 rows cannot be used" in caught.value.format_message()


def test_bad_members_of_an_array_are_named_by_their_index() -> None:
    with pytest.raises(SuiteError, match=r"s\.json\[1\]: step_idx: "):
        read(json.dumps([GOOD, LAST | {"step_idx": None}]).encode(), "s.json")


@pytest.mark.parametrize(
    "text",
    [b"", b"\n", b"[]", b"[" * 100_000, b"\xff\xfe{}", b'{"a":' * 100_000, b"[1, "],
    ids=["empty", "blank", "no member", "deep array", "not utf-8", "deep object", "cut"],
)
def test_files_without_a_usable_row_are_refused(text: bytes) -> None:
    with pytest.raises(SuiteError):
        read(text, "s.json")


def test_many_bad_rows_do_not_fill_the_screen() -> None:
    with pytest.raises(SuiteError) as caught:
        read(b"x\n" * 5000, "s.jsonl")
    assert len(caught.value.problems) == 5000
    assert len(caught.value.format_message().splitlines()) < 60
    assert "and 4950 more" in caught.value.format_message()


def test_empty_references_are_accepted_where_the_suite_has_them() -> None:
    flat = GOOD | {"messages": [], "prompt": "USER:\nlist", "ref_command_units": []}
    (row,) = read(lines(flat), "legacy.jsonl", empty_references=True).rows
    assert row.conversation == (Message("user", "USER:\nlist"),)


def test_name_and_version_come_from_the_rows() -> None:
    said = {"suite": "mini", "suite_version": "2"}
    suite = read(lines(GOOD | said, LAST | said), "file.jsonl")
    assert (suite.name, suite.version) == ("mini", "2")
    with pytest.raises(UsageError, match=r"file\.jsonl: version: the rows say 2, not 1"):
        read(lines(GOOD | said), "file.jsonl", version="1")
    with pytest.raises(UsageError, match="the rows say 2 and 3"):
        read(lines(GOOD | said, LAST | {"suite_version": "3"}), "file.jsonl")


def test_name_and_version_can_be_given_where_rows_do_not_say_them() -> None:
    suite = read(lines(GOOD), "file.jsonl", name="mini", version="1")
    assert (suite.name, suite.version) == ("mini", "1")


def test_the_identity_covers_ids_and_references() -> None:
    suite = read(lines(GOOD, LAST), "mini.jsonl")
    units = [("task-000", 0, 0, ["ls"]), ("task-000", 0, 1, ["ls"])]
    assert suite.references_sha256 == fingerprint(units)
    assert suite.fingerprint == with_prompts(suite.references_sha256, suite.prompts_sha256)
    assert suite.keys_sha256 == keys_sha256([key[:3] for key in units])
    assert suite.record.fingerprint == suite.fingerprint
    assert (suite.record.steps, suite.record.tasks) == (2, 1)
    assert suite.record.prompts_sha256 == suite.prompts_sha256


@pytest.mark.parametrize("role", ["system", "user"])
def test_another_prompt_is_another_suite_though_the_references_stay(role: str) -> None:
    turns = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    other = [turn | {"content": "?"} if turn["role"] == role else turn for turn in turns]
    one, two = (read(lines(GOOD | {"messages": said}, LAST), "x.jsonl") for said in (turns, other))
    assert one.references_sha256 == two.references_sha256
    assert one.prompts_sha256 != two.prompts_sha256
    assert one.fingerprint != two.fingerprint


def test_what_is_neither_asked_nor_a_reference_changes_no_fingerprint() -> None:
    one, two = (read(lines(GOOD | {"ref_plan": plan}, LAST), "x.jsonl") for plan in "xy")
    assert one.fingerprint == two.fingerprint


def test_files_may_be_packed(tmp_path: Path) -> None:
    plain, packed = tmp_path / "mini.jsonl", tmp_path / "mini.jsonl.gz"
    plain.write_bytes(lines(GOOD, LAST))
    packed.write_bytes(gzip.compress(lines(GOOD, LAST)))
    assert load(str(packed)) == load(str(plain))
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(UsageError, match="cannot be unpacked"):
        load(str(packed))


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cardboard.eval.suites.source.MAX_BYTES", 1000)
    bomb = tmp_path / "bomb.jsonl.gz"
    bomb.write_bytes(gzip.compress(b" " * 1_000_000))
    with pytest.raises(UsageError, match="holds more than 1000 bytes unpacked"):
        load(str(bomb))


def test_messages_name_no_folder_of_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "mini.jsonl"
    file.write_bytes(b"{}\n")
    with pytest.raises(SuiteError) as caught:
        load(str(file))
    assert str(tmp_path) not in caught.value.format_message()


@pytest.mark.parametrize("source", ["no-such-suite", "/nowhere/rows.jsonl", "", "../data"])
def test_a_source_that_is_not_there_is_named(source: str) -> None:
    with pytest.raises(UsageError, match=r"there is no such suite or file|is a folder"):
        load(source)


@pytest.mark.parametrize(
    "address",
    ["hf://models/a/b/c.jsonl", "hf://datasets/a/b", "hf://datasets/a/b@/c", "hf://x"],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="is not the address of a file in a dataset"):
        load(address)


@pytest.fixture
def hub() -> Iterator[tuple[str, list[str]]]:
    """Serve one dataset file as the Hub does, and note the paths that are asked for."""
    content, asked = lines(GOOD, LAST), list[str]()

    class Hub(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            found = self.path.startswith("/datasets/org/suites/resolve/")
            found = found and self.path.split("?")[0].endswith("/data/mini.jsonl")
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(content) if found else 0))
            if found:
                self.send_header("ETag", '"0123456789012345678901234567890123456789"')
                self.send_header("X-Repo-Commit", "c" * 40)
            else:
                self.send_header("X-Error-Code", "EntryNotFound")
            self.end_headers()
            if found and self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET

        def log_message(self, *parts: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def _load_from_hub(endpoint: str, home: Path, address: str) -> "subprocess.CompletedProcess[str]":
    # The Hub library reads its settings once, at import: hence a process of its own.
    program = (
        "import sys, cardboard.eval.suites.source as s\n"
        "from cardboard.eval.errors import CardboardError\n"
        "try:\n    print(s.load(sys.argv[1]).fingerprint)\n"
        "except CardboardError as error:\n    print(error.format_message()); sys.exit(1)\n"
    )
    settings = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_TOKEN": "hf_secret_of_the_test",
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
    }
    return subprocess.run(
        [sys.executable, "-c", program, address],
        env=settings,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_suite_is_loaded_from_a_hub_dataset(hub: tuple[str, list[str]], tmp_path: Path) -> None:
    endpoint, asked = hub
    done = _load_from_hub(endpoint, tmp_path, "hf://datasets/org/suites@v1/data/mini.jsonl")
    assert done.stdout.strip() == read(lines(GOOD, LAST), "x").fingerprint, done.stderr
    assert any("/resolve/v1/data/mini.jsonl" in path for path in asked)


def test_a_hub_file_that_is_not_there_is_named_without_the_token(
    hub: tuple[str, list[str]], tmp_path: Path
) -> None:
    done = _load_from_hub(hub[0], tmp_path, "hf://datasets/org/suites/none.jsonl")
    assert done.returncode == 1
    assert "hf://datasets/org/suites/none.jsonl: the Hub gave no file" in done.stdout
    assert "hf_secret" not in done.stdout + done.stderr


def test_the_packaged_suite_is_loaded_by_its_name() -> None:
    assert packaged() == ("calls-mini", "home-mini", "shell-live", "shell-mini")
    assert load("shell-mini").name == "shell-mini"


def test_the_block_for_a_workspace_recognises_the_suite() -> None:
    """`suite info --format toml` gives what board.toml needs, in the board's own words."""
    import tomllib

    from msgspec import convert

    from cardboard.board.workspace.settings import Suite as Configured

    told = facts(load("shell-mini"))
    block = convert(tomllib.loads(as_toml(told))["suites"][0], Configured)
    assert block.fingerprint == load("shell-mini").fingerprint
    assert block.steps == sum(block.buckets.values()) == sum(block.source_groups.values())
    assert "shell-mini 1" in as_text(told)


def test_a_workspace_has_suites_of_its_own_by_name_and_version(tmp_path: Path) -> None:
    """`NAME@VERSION` and `NAME` find the rows that lie in the workspace's folder of suites."""
    rows = (PACKAGED / "shell-mini" / "shell-mini.jsonl").read_bytes()
    (tmp_path / "mine-2.jsonl").write_bytes(rows)
    found = load("mine@2", folder=tmp_path)
    assert found.fingerprint == load("shell-mini").fingerprint
    with pytest.raises(UsageError, match=r"suites/other\.jsonl"):
        load("other@1", folder=tmp_path)
    with pytest.raises(UsageError, match="no such suite"):
        load("../mine-2", folder=tmp_path)


@pytest.mark.parametrize("name", ["shell-mini", "shell-live", "home-mini", "calls-mini"])
def test_every_task_of_a_packaged_suite_has_a_title_in_both_languages(name: str) -> None:
    suite, titles = load(name), titles_of(name, "1")
    assert titles.keys() == {row.task_id for row in suite.rows}
    assert all(words.keys() == {"en", "ko"} and all(words.values()) for words in titles.values())
    for language in ("en", "ko"):
        assert len({words[language] for words in titles.values()}) == len(titles)


@pytest.mark.parametrize("told", [("shell-mini", "2"), ("..", "1"), ("a/b", "1"), ("none", "1")])
def test_another_suite_has_no_titles_of_a_packaged_one(told: tuple[str, str]) -> None:
    assert titles_of(*told) == {}
