"""A folder in, a reading for each file out; nothing in it is lost, changed or believed blindly."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardboard.board.model import Reading
from cardboard.board.read import reader
from cardboard.board.read.decoding import files
from cardboard.board.read.decoding import own_files as light
from cardboard.board.read.interpretation import interpret, summarise
from cardboard.board.read.reader import problems, read_file, read_results, read_whole
from cardboard.board.words.findings import READING
from cardboard.board.workers import each
from cardboard.eval.errors import RecordError
from cardboard.eval.records import Adapter, Result, Step, encode
from cardboard.tests.bench import results as synthetic
from cardboard.tests.data import broken


def write(folder: Path, name: str, document: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def told(found):
    return [(one.code, one.key) for one in found.findings]


def of(document):
    return summarise(json.dumps(document).encode())


class TestTheFolder:
    def test_files_come_by_name_with_folders_in_their_places(self, tmp_path):
        for name in ("b.json", "a/z.json", "a/b/c.json", "a.json"):
            write(tmp_path, name, broken.good())
        assert [one.file for one in read_results(tmp_path)] == [
            "a/b/c.json",
            "a/z.json",
            "a.json",
            "b.json",
        ]

    def test_what_is_hidden_or_no_json_is_passed_over(self, tmp_path):
        for name in (".hidden.json", ".git/x.json", "README.md", "notes.jsonl", "a.json.bak"):
            write(tmp_path, name, broken.good())
        assert read_results(tmp_path) == ()

    def test_a_folder_that_is_not_there_holds_nothing(self, tmp_path):
        assert read_results(tmp_path / "results") == ()

    def test_links_to_folders_are_not_followed(self, tmp_path):
        write(tmp_path, "a.json", broken.good())
        (tmp_path / "loop").symlink_to(tmp_path)
        assert [one.file for one in read_results(tmp_path)] == ["a.json"]

    def test_links_to_files_are(self, tmp_path):
        write(tmp_path / "elsewhere", "a.json", broken.good())
        (tmp_path / "results").mkdir()
        (tmp_path / "results" / "a.json").symlink_to(tmp_path / "elsewhere" / "a.json")
        assert [one.kind for one in read_results(tmp_path / "results")] == ["result"]

    def test_a_name_that_is_no_text_is_still_a_name(self, tmp_path):
        path = os.fsencode(tmp_path) + b"/\xff.json"
        Path(os.fsdecode(path)).write_text(json.dumps(broken.good()))
        assert [one.file for one in read_results(tmp_path)] == ["\ufffd.json"]

    def test_the_hash_is_that_of_the_file(self, tmp_path):
        path = write(tmp_path, "a.json", broken.good())
        (found,) = read_results(tmp_path)
        assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_progress_counts_up_to_all(self, tmp_path):
        for name in ("a.json", "b.json"):
            write(tmp_path, name, broken.good())
        seen = []
        read_results(tmp_path, progress=lambda done, total: seen.append((done, total)))
        assert seen == [(1, 2), (2, 2)]

    def test_no_permission_is_one_finding(self, tmp_path, monkeypatch):
        def refuse(path, *_):
            raise PermissionError(13, "a message in the language of the machine")

        write(tmp_path, "a.json", broken.good())
        monkeypatch.setattr(Path, "open", refuse)
        (found,) = read_results(tmp_path)
        assert told(found) == [("unreadable", None)]
        assert found.findings[0].values == {"reason": "EACCES"}

    def test_a_folder_without_permission_is_one_finding(self, tmp_path, monkeypatch):
        write(tmp_path, "closed/a.json", broken.good())
        write(tmp_path, "open.json", broken.good())
        real = os.scandir

        def refuse(path):
            if Path(path).name == "closed":
                raise PermissionError(13, "no")
            return real(path)

        monkeypatch.setattr(files.os, "scandir", refuse)
        closed, opened = read_results(tmp_path)
        assert (closed.file, closed.kind) == ("closed/", "refused")
        assert opened.kind == "result"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken")
    broken.write(folder)
    return folder


@pytest.fixture(scope="module")
def readings(folder):
    return {one.file: one for one in read_results(folder)}


class TestOneGoodFileAmongThirtyBrokenOnes:
    def test_the_good_one_is_read(self, readings):
        found = readings[broken.GOOD]
        assert (found.kind, found.findings) == ("result", ())

    @pytest.mark.parametrize("name", broken.BROKEN)
    def test_each_broken_one_has_one_finding_that_names_the_key(self, readings, name):
        found = readings[name]
        assert told(found) == [(broken.BROKEN[name].code, broken.BROKEN[name].key)]
        assert found.findings[0].file == name
        assert found.result is None
        assert found.kind == ("proxy" if found.findings[0].code == "proxy" else "refused")

    def test_the_problems_are_those_thirty(self, readings):
        assert {one.file for one in problems(readings.values())} == set(broken.BROKEN)
        assert len(problems(readings.values())) == 30

    def test_strict_names_them_all_after_reading_all(self, folder):
        with pytest.raises(RecordError) as caught:
            read_results(folder, strict=True)
        assert caught.value.exit_code == 1
        message = str(caught.value)
        assert all(name in message for name in broken.BROKEN)
        assert "percent-for-a-share.json: aggregate.avg_command_f1: out-of-range" in message

    def test_nothing_in_the_folder_changes(self, folder):
        def state():
            return sorted(
                (p.name, p.lstat().st_mtime_ns, p.lstat().st_size) for p in folder.iterdir()
            )

        before = state()
        read_results(folder)
        assert state() == before

    def test_strict_is_silent_where_all_is_well(self, tmp_path):
        write(tmp_path, "a.json", broken.good())
        assert len(read_results(tmp_path, strict=True)) == 1


class TestWhatIsReadAllTheSame:
    def test_a_byte_order_mark(self, tmp_path):
        path = tmp_path / "a.json"
        path.write_bytes(b"\xef\xbb\xbf" + json.dumps(broken.good()).encode())
        found = read_file(path)
        assert (found.kind, told(found)) == ("result", [("byte-order-mark", None)])

    def test_a_naive_time(self):
        found = of(broken.good(finished_at="2026-05-09T00:29:29.036507"))
        assert found.result is not None and found.result.finished_at is None
        assert told(found) == [("naive-time", "finished_at")]
        assert found.findings[0].values == {"value": "2026-05-09T00:29:29.036507"}

    def test_a_lone_surrogate(self):
        text = json.dumps(broken.good()).replace("Tiny-1B", r"a\ud800b\\ud800")
        found = summarise(text.encode())
        assert found.result is not None
        assert found.result.model.id == "example-org/a\ufffdb\\ud800"
        assert told(found) == [("coerced", None)]

    def test_an_escaped_colon_is_no_second_key(self):
        text = json.dumps(broken.good()).replace("Tiny-1B", r"Tiny\u003a1B")
        assert summarise(text.encode()).kind == "result"

    def test_paths_of_a_machine(self):
        document = broken.good(
            model={"id": "/home/me/models/Tiny", "label": "/srv/x/run 7"},
            error="no file /mnt/data/x.bin",
            protocol={"extra": {"config": "/etc/vllm/config.yaml"}, "stop": ["/no_think"]},
        )
        found = of(document)
        assert found.result is not None
        assert found.result.model.id == "Tiny"
        assert found.result.error == "no file x.bin"
        assert found.result.protocol.extra == {"config": "config.yaml"}
        assert found.result.protocol.stop == ("/no_think",)
        assert set(told(found)) == {
            ("local-path-dropped", key)
            for key in ("model.id", "model.label", "error", "protocol.extra.config")
        }

    def test_keys_that_nobody_knows(self):
        assert of(broken.good(future={"a": [1, 2]})).kind == "result"

    def test_integers_beyond_64_bits(self, tmp_path):
        """They cannot be cached, and need not be."""
        write(tmp_path, "a.json", broken.good(protocol={"seed": 10**30}))
        cache = tmp_path / "cache.sqlite"
        for _ in range(2):
            (found,) = read_results(tmp_path, cache=cache)
            assert found.kind == "result"


@pytest.mark.parametrize(
    ("changes", "kind", "codes"),
    [
        ({"status": "partial", "counts": {"scored": 3, "expected": 9}}, "partial", ["part-of-run"]),
        ({"status": "failed", "counts": {"scored": 0}}, "result", []),
        ({"shard": [0, 4]}, "shard", ["shard"]),
        ({"provenance": {"kind": "published-table"}}, "published-table", []),
    ],
)
def test_the_kinds_of_version_1(changes, kind, codes):
    found = of(broken.good(**changes))
    assert (found.kind, found.shape) == (kind, "v1")
    assert [code for code, _ in told(found)] == codes


@pytest.mark.parametrize(
    ("changes", "code", "key"),
    [
        ({"model": {"id": ""}}, "out-of-range", "model.id"),
        ({"model": "org/name"}, "wrong-type", "model"),
        ({"status": "done"}, "out-of-range", "status"),
        ({"counts": {"scored": -1}}, "out-of-range", "counts.scored"),
        ({"aggregate": {"avg_command_f1": True}}, "wrong-type", "aggregate.avg_command_f1"),
        ({"aggregate": {"valid_json_pct": 100.1}}, "out-of-range", "aggregate.valid_json_pct"),
        ({"suite": {"fingerprint": "abc"}}, "out-of-range", "suite.fingerprint"),
        ({"shard": [1]}, "out-of-range", "shard"),
        ({"steps": [{"task_id": "t"}]}, "missing-key", "steps[0].step_idx"),
        ({"version": "1"}, "wrong-type", "version"),
        ({"version": 0}, "out-of-range", "version"),
        ({"version": 10**40}, "newer-version", "version"),
        ({"finished_at": "now"}, "wrong-type", "finished_at"),
    ],
)
def test_what_keeps_a_file_from_being_version_1_is_named(changes, code, key):
    found = of(broken.good(**changes))
    assert found.kind == "refused"
    assert told(found) == [(code, key)]


class TestTheQuickWay:
    """Files of our own writer are read without a search for repeated keys, and may skip texts."""

    ONE = synthetic.result(1, text=True)

    @pytest.mark.parametrize(
        "data", [encode(ONE), msgspec.json.encode(ONE)], ids=["indented", "line"]
    )
    def test_it_finds_what_the_long_way_finds(self, data):
        quick = summarise(data)
        assert light.read(data, text=True) is not None
        backwards = json.dumps(dict(reversed(json.loads(data).items()))).encode()
        assert light.read(backwards, text=True) is None
        assert quick == summarise(backwards)
        assert quick.facts is not None and quick.facts.rescored == synthetic.STEPS

    def test_its_rows_are_steps_field_by_field(self):
        assert light.Row.__struct_fields__ == Step.__struct_fields__

    def test_without_texts_only_what_needs_them_is_missing(self):
        data = encode(self.ONE)
        whole, quick = summarise(data), summarise(data, rescore=False)
        assert whole.facts is not None and quick.facts is not None
        assert quick.result == whole.result
        assert quick.facts == msgspec.structs.replace(
            whole.facts,
            rescored=0,
            aggregate=msgspec.structs.replace(whole.facts.aggregate, avg_pred_cmds=None),
        )

    @pytest.mark.parametrize("units", ['"ls"', "[1]", "7", '["\\ud800"]'])
    def test_a_text_of_another_type_is_found_all_the_same(self, units):
        text = encode(self.ONE).decode()
        start = text.index('"ref_command_units": [') + len('"ref_command_units": ')
        end = text.index("]", start) + 1
        data = (text[:start] + units + text[end:]).encode()
        assert told(summarise(data, rescore=False)) == told(summarise(data))

    @pytest.mark.parametrize("key", ["aggregate", "status", "command_f1", "task_id", "raw_output"])
    @pytest.mark.parametrize("indented", [True, False])
    def test_a_repeated_key_is_found_wherever_it_stands(self, key, indented):
        data = encode(self.ONE) if indented else msgspec.json.encode(self.ONE)
        start = data.index(f'"{key}"'.encode())
        repeated = data[:start] + f'"{key}" : null, '.encode() + data[start:]
        for rescore in (True, False):
            found = summarise(repeated, rescore=rescore)
            assert [code for code, _ in told(found)] == ["duplicate-key"]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"has_plan":true,', '"has_analysis":true,'),
            ('"error":null,"raw', '"scored":true,"raw'),
            ('"error":null,"scorer"', '"status":"complete","scorer"'),
            ('"task_id":"task-000"', r'"task_id":"task-00\u003a","task_id":"task-000"'),
            ('"source_group":"group-00"', r'"source_group":"group\u003a","bucket":"early"'),
            ('"steps":[', '"steps":[],"steps":['),
        ],
    )
    @pytest.mark.parametrize("rescore", [True, False])
    def test_nothing_hides_a_repeated_key(self, old, new, rescore):
        """Neither a key left out nor a colon that is written as an escape makes up for it."""
        text = msgspec.json.encode(self.ONE).decode()
        assert old in text
        found = summarise(text.replace(old, new, 1).encode(), rescore=rescore)
        assert [code for code, _ in told(found)] == ["duplicate-key"]


def test_a_whole_result_comes_with_its_steps(tmp_path):
    path = tmp_path / "a.json"
    one = synthetic.result(1, text=True)
    path.write_bytes(encode(one))
    found, result = read_whole(path)
    assert result == one
    assert found.result == msgspec.structs.replace(one, steps=())
    assert read_whole(tmp_path / "nothing.json")[1] is None


# Hypothesis: whatever version 1 can say survives; whatever JSON can say is survived.
shares = st.none() | st.floats(0, 1)
words = st.text(st.characters(codec="utf-8"), max_size=12)
steps = st.builds(
    Step,
    task_id=words,
    step_idx=st.integers(0, 9),
    sample_idx=st.none() | st.integers(0, 3),
    scored=st.booleans(),
    raw_output=st.none() | words,
    ref_command_units=st.none() | st.lists(words, max_size=3).map(tuple),
    pred_command_units=st.none() | st.lists(words, max_size=3).map(tuple),
    valid_json=st.none() | st.booleans(),
    first_cmd_exact=shares,
    command_precision=shares,
    command_recall=shares,
    command_f1=shares,
    finish_reason=st.sampled_from([None, "stop", "length"]),
)


@st.composite
def version_1(draw):
    """Any result that the record allows, with names that are no paths."""
    plain = st.text("abc한글-_.", min_size=1, max_size=8)
    base = synthetic.result(0, text=False)
    return msgspec.structs.replace(
        base,
        model=msgspec.structs.replace(
            base.model, id=draw(plain), label=draw(st.none() | plain),
            adapter=draw(st.none() | st.builds(Adapter, id=plain)),
        ),
        status=draw(st.sampled_from(["complete", "partial", "failed"])),
        counts=msgspec.structs.replace(base.counts, scored=draw(st.integers(0, 2**53 - 1))),
        shard=draw(st.none() | st.tuples(st.integers(0, 9), st.integers(1, 9))),
        steps=tuple(draw(st.lists(steps, max_size=4))),
    )  # fmt: skip


@given(result=version_1(), indented=st.booleans(), rescore=st.booleans())
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read(result, indented, rescore):
    data = encode(result) if indented else msgspec.json.encode(result)
    found = interpret(data)
    assert found.result == msgspec.structs.replace(result, steps=())
    assert tuple(found.rows) == result.steps
    assert summarise(data, rescore=rescore).result == found.result


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
TELLING = (
    "kind version counts model model_path model_short aggregate per_step sampling prompt_template "
    "provenance postprocessed errors shard_index shard_count complete steps timestamp gpu"
)
telling = st.sampled_from(TELLING.split())


@given(document=st.dictionaries(telling | st.text(max_size=5), values, max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_json_is_a_reading(document):
    found = summarise(json.dumps(document).encode())
    assert found.result is not None or found.findings
    assert all(one.code in READING for one in found.findings)
    assert msgspec.convert(msgspec.to_builtins(found), Reading) == found


@given(
    data=st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace"))
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_reading(data):
    found = summarise(data)
    assert found.findings


@given(cut=st.integers(1, 400), rescore=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_file_that_was_cut_is_never_a_result(cut, rescore):
    data = json.dumps(broken.good(steps=[broken.STEP])).encode()
    found = summarise(data[:-cut], rescore=rescore)
    assert [one.code for one in found.findings] == ["not-json"]


def test_reading_needs_no_heavy_package():
    heavy = {"torch", "transformers", "vllm", "pandas", "scipy", "altair", "huggingface_hub"}
    code = f"import sys, cardboard.board.read.reader; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_result_of_ten_thousand_tasks_is_read_too():
    steps = tuple(Step(task_id=f"t{n}", step_idx=0, command_f1=0.5) for n in range(10_000))
    found = summarise(encode(msgspec.structs.replace(synthetic.result(0, text=False), steps=steps)))
    assert found.facts is not None and found.facts.unique == 10_000
    assert isinstance(found.result, Result)


def test_what_is_equal_is_held_once_wherever_it_came_from(tmp_path):
    folder, cache = tmp_path / "results", tmp_path / "readings.sqlite"
    synthetic.write(3, folder, text=False)
    alone = [read_file(path) for path in sorted(folder.iterdir())]
    for found in (read_results(folder, cache=cache), read_results(folder, cache=cache)):
        assert [one.facts for one in found] == [one.facts for one in alone]
        one, *others = (reading.facts for reading in found)
        assert all(other.tasks is one.tasks for other in others)
        numbers = {number: number for other in others for number in other.valid_json_sums}
        assert all(n is numbers[n] for other in others for n in other.valid_json_sums)


class TestSeveralProcesses:
    def test_they_find_what_one_finds(self, tmp_path):
        """Integers that cannot travel between processes are read where they are needed."""
        folder = tmp_path / "results"
        broken.write(folder)
        write(folder, "beyond-64-bits.json", broken.good(protocol={"seed": 10**30}))
        cache = tmp_path / "readings.sqlite"
        alone = read_results(folder)
        assert read_results(folder, workers=2, cache=cache) == alone
        assert read_results(folder, cache=cache) == alone

    def test_a_small_folder_is_not_worth_them(self, folder, monkeypatch):
        monkeypatch.setattr(reader, "each", None)
        assert read_results(folder, workers=None) == read_results(folder)

    def test_a_large_one_is_where_there_are_processors(self, folder, monkeypatch):
        asked = []

        def each(work, things, *, workers):
            asked.append(workers)
            return map(work, things)

        monkeypatch.setattr(reader, "WORTHWHILE", 1)
        monkeypatch.setattr(reader, "processors", lambda: 3)
        monkeypatch.setattr(reader, "each", each)
        assert len(read_results(folder, workers=None)) > 30
        assert asked == [3]

    def test_what_a_killed_process_left_is_done_here(self):
        assert list(each(exit_elsewhere, [os.getpid()] * 40, workers=2)) == [True] * 40


def exit_elsewhere(here):
    """Return true in the process *here*; end any other without a word."""
    if os.getpid() != here:
        os._exit(1)
    return True
