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
from cardboard.board.read.interpretation import interpret, summarise
from cardboard.board.read.reader import problems, read_file, read_results, read_whole
from cardboard.board.read.shapes import version1, version2
from cardboard.board.words.findings import READING
from cardboard.board.workers import each
from cardboard.eval.errors import RecordError
from cardboard.eval.metrics import Measured
from cardboard.eval.records import Adapter, Result, Step, encode, value
from cardboard.tests.bench import results as synthetic
from cardboard.tests.data import broken

DATA = Path(__file__).parents[2] / "data" / "keys"


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

    def test_what_is_hidden_is_passed_over(self, tmp_path):
        for name in (".hidden.json", ".git/x.json"):
            write(tmp_path, name, broken.good())
        assert read_results(tmp_path) == ()

    @pytest.mark.parametrize(("encoding", "name"), [("cp949", "CP949"), ("utf-16", "UTF-16")])
    def test_text_in_another_encoding_is_named_as_such(self, encoding, name):
        (found,) = summarise('{"model": "한국어"}'.encode(encoding)).findings
        assert (found.code, found.values) == ("other-encoding", {"encoding": name})

    def test_what_is_not_read_is_listed_with_the_reason(self, tmp_path):
        for name in ("README.md", "a.json.bak", "notes.jsonl"):
            write(tmp_path, name, broken.good())
        assert [(one.file, one.kind, one.findings[0].code) for one in read_results(tmp_path)] == [
            ("README.md", "other", "other-file"),
            ("a.json.bak", "other", "other-file"),
            ("notes.jsonl", "refused", "rows-alone"),
        ]

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
        assert "fewer-than-none.json: counts.scored: out-of-range" in message

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
        found = of(broken.good(future={"a": [1, 2]}))
        assert (found.kind, told(found)) == ("result", [("unknown-key", "future")])

    def test_integers_beyond_64_bits(self, tmp_path):
        """They cannot be cached, and need not be."""
        write(tmp_path, "a.json", broken.good(protocol={"seed": 10**30}))
        cache = tmp_path / "cache.sqlite"
        for _ in range(2):
            found, *_ = read_results(tmp_path, cache=cache)
            assert found.kind == "result"


@pytest.mark.parametrize(("make", "shape"), [(broken.good, "v1"), (broken.second, "v2")])
@pytest.mark.parametrize(
    ("changes", "kind", "codes"),
    [
        ({"status": "partial", "counts": {"scored": 3, "expected": 9}}, "partial", ["part-of-run"]),
        ({"status": "failed", "counts": {"scored": 0}}, "result", []),
        ({"shard": [0, 4]}, "shard", ["shard"]),
        ({"provenance": {"kind": "published-table"}}, "published-table", []),
    ],
)
def test_the_kinds_of_our_own_files(make, shape, changes, kind, codes):
    found = of(make(**changes))
    assert (found.kind, found.shape) == (kind, shape)
    assert [code for code, _ in told(found)] == codes


def test_both_versions_say_the_same():
    first, second = of(broken.good()), of(broken.second())
    assert first.result == second.result


@pytest.mark.parametrize("make", [broken.good, broken.second])
@pytest.mark.parametrize(
    ("changes", "code", "key"),
    [
        ({"model": {"id": ""}}, "out-of-range", "model.id"),
        ({"model": "org/name"}, "wrong-type", "model"),
        ({"status": "done"}, "out-of-range", "status"),
        ({"counts": {"scored": -1}}, "out-of-range", "counts.scored"),
        ({"suite": {"fingerprint": "abc"}}, "out-of-range", "suite.fingerprint"),
        ({"shard": [1]}, "out-of-range", "shard"),
        ({"version": "1"}, "wrong-type", "version"),
        ({"version": 0}, "out-of-range", "version"),
        ({"version": 10**40}, "newer-version", "version"),
    ],
)
def test_what_is_essential_and_does_not_fit_refuses_a_file_by_name(make, changes, code, key):
    found = of(make(**changes))
    assert found.kind == "refused"
    assert told(found) == [(code, key)]


class TestWhatIsBesideTheScoreNeverCostsAFile:
    """What does not fit becomes unknown, its key is named, and everything else is kept."""

    @pytest.mark.parametrize(
        ("changes", "key"),
        [
            ({"aggregate": {"avg_command_f1": True}}, "aggregate.avg_command_f1"),
            ({"aggregate": {"avg_command_f1": 48.19}}, "aggregate.avg_command_f1"),
            ({"aggregate": {"valid_json_pct": 100.1}}, "aggregate.valid_json_pct"),
            ({"aggregate": {"by_bucket": {"early": {}}}}, "aggregate.by_bucket.early"),
            ({"aggregate": [0.25]}, "aggregate"),
            ({"steps": [{"task_id": "t"}]}, "steps[0]"),
            ({"steps": [broken.STEP, broken.STEP | {"step_idx": "1"}]}, "steps[1].step_idx"),
        ],
    )
    def test_in_version_1(self, changes, key):
        found = of(broken.good(**changes))
        assert (found.kind, told(found)) == ("result", [("value-unusable", key)])
        assert found.findings[0].severity == "warning"

    @pytest.mark.parametrize(
        ("changes", "key"),
        [
            ({"metrics": {"command_f1": {"value": "0.25"}}}, "metrics.command_f1.value"),
            ({"metrics": {"command_f1": 0.25}}, "metrics.command_f1"),
            ({"metrics": {"x": {"value": 1, "stderr": -1}}}, "metrics.x.stderr"),
            ({"metrics": None}, "metrics"),
            ({"divisions": {"bucket": {"early": {"steps": -1}}}}, "divisions.bucket.early.steps"),
            ({"timing": {"load_seconds": "long"}}, "timing.load_seconds"),
            ({"protocol": {"temperature": -1}}, "protocol.temperature"),
            ({"protocol": {"harness": {"version": "1"}}}, "protocol.harness"),
            ({"parts": [1]}, "parts[0]"),
            ({"finished_at": "now"}, "finished_at"),
            ({"finished_at": 1778286569}, "finished_at"),
            ({"steps": [broken.STEP_2 | {"scores": {"x": "1"}}]}, "steps[0].scores.x"),
        ],
    )
    def test_in_version_2(self, changes, key):
        found = of(broken.second(**changes))
        assert (found.kind, told(found)) == ("result", [("value-unusable", key)])

    @pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
    @pytest.mark.parametrize(
        ("document", "key"),
        [
            (broken.good(), "aggregate.avg_command_f1"),
            (broken.second(), "metrics.command_f1.value"),
            (broken.replay(), "aggregate.avg_command_f1"),
        ],
        ids=["v1", "v2", "replay"],
    )
    def test_a_number_that_is_not_finite_is_unknown(self, document, key, number):
        found = summarise(json.dumps(document).replace("0.25", number).encode())
        assert (found.kind, told(found)) == ("result", [("value-unusable", key)])
        assert found.findings[0].values == {"wanted": "finite number", "value": number}
        assert found.result is not None
        assert value(found.result, "command_f1") is None

    def test_only_where_it_stands(self):
        step = broken.STEP_2 | {"scores": {"command_f1": 0.5, "bits": float("nan")}}
        found = interpret(json.dumps(broken.second(steps=[step])).encode())
        assert found.rows[0].scores == {"command_f1": 0.5, "bits": None}
        assert found.result is not None
        assert value(found.result, "command_f1") == 0.25

    def test_the_rest_of_a_list_or_table_stays(self):
        metrics = {"command_f1": {"value": 0.25, "n": "many"}, "other": {"value": 2}}
        found = of(broken.second(metrics=metrics))
        assert found.result is not None
        assert found.result.metrics == {
            "command_f1": Measured(value=0.25),
            "other": Measured(value=2),
        }

    def test_but_not_in_what_identifies_a_result(self):
        text = json.dumps(broken.second()).replace('"scored": 303', '"scored": NaN')
        found = summarise(text.encode())
        assert found.kind == "refused"
        assert ("wrong-type", "counts.scored") in told(found)


class TestKeysThatNobodyReads:
    """A mistyped key must not pass for a setting that was never recorded."""

    @pytest.mark.parametrize(
        ("name", "keys"),
        [
            (
                "mistyped",
                {
                    "aggregate.avg_comand_f1": "avg_command_f1",
                    "protocl": "protocol",
                    "promts": "prompts",
                },
            ),
            ("another-harness", {"metrics": None, "n_samples": None}),
        ],
    )
    def test_each_is_named_with_the_nearest_known_one(self, name, keys):
        found = summarise((DATA / f"{name}.json").read_bytes())
        assert {one.key: one.values["nearest"] for one in found.findings} == keys
        assert {one.code for one in found.findings} == {"unknown-key"}
        assert found.kind == "result"

    def test_a_mistyped_score_is_missing_and_no_metric_of_its_own(self):
        found = summarise((DATA / "mistyped.json").read_bytes())
        assert found.result is not None and found.result.metrics == {}

    def test_figures_of_another_harness_are_metrics_of_their_own(self):
        found = summarise((DATA / "another-harness.json").read_bytes())
        assert found.result is not None
        assert value(found.result, "exact_match") == 0.412

    def test_in_version_2_wherever_they_stand(self):
        step = broken.STEP_2 | {"finish_reson": "stop"}
        document = broken.second(steps=[step], protocol={"temprature": 0.0})
        found = of(document)
        assert [(one.key, one.values["nearest"]) for one in found.findings] == [
            ("protocol.temprature", "temperature"),
            ("steps[0].finish_reson", "finish_reason"),
        ]

    def test_a_flood_of_them_is_told_in_part(self):
        found = of(broken.second(**{f"unheard-of-{n}": n for n in range(500)}))
        assert len(found.findings) == 20


class TestTheQuickWay:
    """Files of our own writer are read without a search for repeated keys."""

    ONE = synthetic.result(1, text=True)
    SHORT = synthetic.result(1, text=False)
    """Without texts, keys are only counted."""

    @pytest.mark.parametrize("write", [encode, msgspec.json.encode], ids=["indented", "line"])
    @pytest.mark.parametrize("one", [ONE, SHORT], ids=["texts", "no texts"])
    def test_it_finds_what_the_long_way_finds(self, one, write):
        data = write(one)
        quick = summarise(data)
        assert version2.read_own(data) is not None
        backwards = json.dumps(dict(reversed(json.loads(data).items()))).encode()
        assert version2.read_own(backwards) is None
        assert quick == summarise(backwards)
        assert (quick.shape, quick.findings) == ("v2", ())
        assert quick.facts is not None
        assert quick.facts.rescored == (synthetic.STEPS if one is self.ONE else 0)

    def test_so_it_does_for_version_1(self):
        document = broken.good(steps=[broken.STEP, broken.STEP | {"step_idx": 1}])
        data = encode(msgspec.convert(document, version1.Version1))
        quick = summarise(data)
        assert version1.read_own(data) is not None
        backwards = json.dumps(dict(reversed(json.loads(data).items()))).encode()
        assert version1.read_own(backwards) is None
        assert quick == summarise(backwards)
        assert (quick.shape, quick.findings) == ("v1", ())
        assert quick.facts is not None and quick.facts.scored == 2

    @pytest.mark.parametrize("key", ["metrics", "status", "command_f1", "task_id", "answer"])
    @pytest.mark.parametrize("write", [encode, msgspec.json.encode], ids=["indented", "line"])
    @pytest.mark.parametrize("one", [ONE, SHORT], ids=["texts", "no texts"])
    def test_a_repeated_key_is_found_wherever_it_stands(self, key, one, write):
        data = write(one)
        start = data.index(f'"{key}"'.encode())
        repeated = data[:start] + f'"{key}" : null, '.encode() + data[start:]
        assert [code for code, _ in told(summarise(repeated))] == ["duplicate-key"]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"plan":true', '"analysis":true'),
            ('"error":null,"reference', '"scored":true,"reference'),
            ('"error":null,"scorer"', '"status":"complete","scorer"'),
            ('"task_id":"task-000"', r'"task_id":"task-00\u003a","task_id":"task-000"'),
            ('"source_group":"group-00"', r'"source_group":"group\u003a","bucket":"early"'),
            ('"steps":[', '"steps":[],"steps":['),
        ],
    )
    @pytest.mark.parametrize("one", [ONE, SHORT], ids=["texts", "no texts"])
    def test_nothing_hides_a_repeated_key(self, one, old, new):
        """Neither a key left out nor a colon that is written as an escape makes up for it."""
        text = msgspec.json.encode(one).decode()
        assert old in text
        found = summarise(text.replace(old, new, 1).encode())
        assert [code for code, _ in told(found)] == ["duplicate-key"]

    @pytest.mark.parametrize("one", [ONE, SHORT], ids=["texts", "no texts"])
    @pytest.mark.parametrize("new", [b'"odd":1,"trial":null', b'"odd":1'], ids=["more", "instead"])
    def test_an_unknown_key_of_a_step_is_found(self, one, new):
        data = msgspec.json.encode(one).replace(b'"trial":null', new, 1)
        assert ("unknown-key", "steps[0].odd") in told(summarise(data))


@pytest.mark.parametrize("text", [True, False])
def test_a_whole_result_comes_with_its_steps(tmp_path, text):
    path = tmp_path / "a.json"
    one = synthetic.result(1, text=text)
    path.write_bytes(encode(one))
    found, result = read_whole(path)
    assert result == one
    assert found.result == msgspec.structs.replace(one, steps=())
    assert read_whole(tmp_path / "nothing.json")[1] is None


# Hypothesis: whatever version 2 can say survives; whatever JSON can say is survived.
words = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.none() | st.floats(-1e6, 1e6)
objects = st.none() | st.dictionaries(words, words | st.booleans() | st.none(), max_size=2)
steps = st.builds(
    Step,
    task_id=words,
    step_idx=st.integers(0, 9),
    sample_idx=st.none() | st.integers(0, 3),
    trial=st.none() | st.integers(0, 3),
    groups=st.dictionaries(words, words, max_size=2),
    scored=st.booleans(),
    answer=st.none() | words,
    reference=objects,
    parsed=objects,
    scores=st.dictionaries(st.sampled_from(["command_f1", "bits", "a b"]), numbers, max_size=3),
    finish_reason=st.sampled_from([None, "stop", "length"]),
)


@st.composite
def version_2(draw):
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
        metrics=draw(st.dictionaries(plain, st.builds(Measured, value=numbers), max_size=3)),
        shard=draw(st.none() | st.tuples(st.integers(0, 9), st.integers(1, 9))),
        steps=tuple(draw(st.lists(steps, max_size=4))),
    )  # fmt: skip


@given(result=version_2(), indented=st.booleans())
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read(result, indented):
    data = encode(result) if indented else msgspec.json.encode(result)
    found = interpret(data)
    assert found.result == msgspec.structs.replace(result, steps=())
    assert tuple(found.rows) == result.steps
    assert summarise(data).result == found.result


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
TELLING = (
    "kind version counts metrics divisions suite status model model_path model_short aggregate "
    "per_step sampling prompt_template provenance postprocessed errors shard_index shard_count "
    "complete steps timestamp gpu"
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


@given(cut=st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_a_file_that_was_cut_is_never_a_result(cut):
    data = json.dumps(broken.good(steps=[broken.STEP])).encode()
    found = summarise(data[:-cut])
    assert [one.code for one in found.findings] == ["not-json"]


def test_reading_needs_no_heavy_package():
    heavy = {"torch", "transformers", "vllm", "pandas", "scipy", "huggingface_hub"}
    code = f"import sys, cardboard.board.read.reader; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_result_of_ten_thousand_tasks_is_read_too():
    steps = tuple(
        Step(task_id=f"t{n}", step_idx=0, scores={"command_f1": 0.5}) for n in range(10_000)
    )
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
        numbers = {number: number for other in others for number in other.sums["valid_json"]}
        assert all(n is numbers[n] for other in others for n in other.sums["valid_json"])


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

    def test_nor_is_one_of_many_small_files(self, folder, monkeypatch):
        monkeypatch.setattr(reader, "WORTHWHILE", 1)
        monkeypatch.setattr(reader, "each", None)
        assert read_results(folder, workers=None) == read_results(folder)

    def test_a_large_one_is_where_there_are_processors(self, folder, monkeypatch):
        asked = []

        def each(work, things, *, workers):
            asked.append(workers)
            return map(work, things)

        monkeypatch.setattr(reader, "WORTHWHILE", 1)
        monkeypatch.setattr(reader, "_LARGE", 0)
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
