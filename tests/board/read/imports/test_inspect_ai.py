"""Logs of inspect_ai: archives of every kind, epochs, grades, and what was never scored."""

import io
import json
import zipfile
from typing import Any

import pyarrow as pa
import pytest

from cardboard.board.read.reader import read_file, read_whole

HEADER: dict[str, Any] = {
    "status": "success",
    "eval": {
        "task": "inspect_evals/arc",
        "task_version": 1,
        "model": "vllm/acme/Aster-1B",
        "dataset": {"samples": 2},
        "config": {"epochs": 2},
        "packages": {"inspect_ai": "0.3.285"},
    },
    "results": {
        "total_samples": 4,
        "completed_samples": 4,
        "scores": [
            {
                "name": "choice",
                "scored_samples": 2,
                "metrics": {"accuracy": {"value": 0.75}, "stderr": {"value": 0.25}},
            }
        ],
    },
}


def sample(name, epoch, value):
    return {
        "id": name,
        "epoch": epoch,
        "scores": {"choice": {"value": value}},
        "output": {"completion": f"ANSWER {name}", "choices": [{"stop_reason": "stop"}]},
        "events": [{"event": "model"}],
    }


SAMPLES = [sample("a", 1, "C"), sample("a", 2, "C"), sample("b", 1, "I"), sample("b", 2, "C")]


def archive(path, header, samples, *, method=zipfile.ZIP_DEFLATED):
    names = {f"samples/{one['id']}_epoch_{one['epoch']}.json": one for one in samples}
    members = {name: json.dumps(one).encode() for name, one in (header | names).items()}
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def with_zstandard(path, header, samples):
    """Write an archive whose members are compressed by method 93, as new versions do."""
    names = {f"samples/{one['id']}_epoch_{one['epoch']}.json": one for one in samples}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for name, one in (header | names).items():
            packed = pa.compress(json.dumps(one).encode(), codec="zstd", asbytes=True)
            file.writestr(name, packed)
    data = bytearray(buffer.getvalue())
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset : at + offset + 2] = (93).to_bytes(2, "little")
            at = data.find(mark, at + 4)
    path.write_bytes(data)
    return path


def only(reading):
    (part,) = reading.parts
    return part


@pytest.mark.parametrize("write", [archive, with_zstandard])
def test_an_archive_holds_a_header_and_a_file_a_sample(tmp_path, write):
    part = only(read_file(write(tmp_path / "log.eval", {"header.json": HEADER}, SAMPLES)))
    assert part.result.metrics["accuracy"].value == 0.75
    assert part.facts.trials == (2, 2)
    assert part.facts.sums["choice"] == (1_000_000, 500_000)
    assert part.result.model.id == "acme/Aster-1B"
    assert part.figures[0].per_step == "choice"


def test_the_same_as_one_object(tmp_path):
    (tmp_path / "log.json").write_text(json.dumps(HEADER | {"samples": SAMPLES}))
    assert only(read_file(tmp_path / "log.json")).facts.sums["choice"] == (1_000_000, 500_000)


def test_a_log_without_a_header_is_a_part_of_a_run(tmp_path):
    start = {"_journal/start.json": {"eval": HEADER["eval"]}}
    part = only(read_file(archive(tmp_path / "log.eval", start, SAMPLES[:2])))
    assert part.kind == "partial"
    assert part.result.metrics["choice"].value == 1.0


@pytest.mark.parametrize(
    ("value", "worth"),
    [("C", 1.0), ("I", 0.0), ("P", 0.5), ("N", 0.0), (True, 1.0), (0.25, 0.25), ("0.5", 0.5)],
)
def test_what_a_score_counts(tmp_path, value, worth):
    path = archive(tmp_path / "log.eval", {"header.json": HEADER}, [sample("a", 1, value)])
    assert only(read_file(path)).facts.sums["choice"] == (round(worth * 1_000_000),)


def test_a_sample_without_a_score_is_no_zero(tmp_path):
    unscored = sample("b", 1, None) | {"error": {"message": "timeout"}}
    path = archive(tmp_path / "log.eval", {"header.json": HEADER}, [SAMPLES[0], unscored])
    part = only(read_file(path))
    assert (part.facts.scored, part.facts.failed) == (1, 1)
    assert part.result.counts.failed == 1


@pytest.mark.parametrize(
    "changes",
    [{"status": "cancelled"}, {"results": {**HEADER["results"], "completed_samples": 3}}],
)
def test_a_log_that_is_not_whole_is_a_part(tmp_path, changes):
    path = archive(tmp_path / "log.eval", {"header.json": HEADER | changes}, SAMPLES)
    assert only(read_file(path)).kind == "partial"


def test_answers_are_read_when_somebody_wants_to_see_them(tmp_path):
    path = archive(tmp_path / "log.eval", {"header.json": HEADER}, SAMPLES)
    _, result = read_whole(path, "arc")
    assert {step.answer for step in result.steps} == {"ANSWER a", "ANSWER b"}


def test_samples_with_a_number_that_is_not_finite_are_read_all_the_same(tmp_path):
    path = archive(
        tmp_path / "log.eval",
        {"header.json": HEADER},
        [sample("a", 1, 1.0) | {"total_time": float("nan")}],
    )
    assert only(read_file(path)).facts.scored == 1


class TestHostileArchives:
    def codes(self, path):
        return [one.code for one in read_file(path).findings]

    def test_a_bomb_is_not_unfolded(self, tmp_path):
        path = tmp_path / "log.eval"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("header.json", b'{"eval":' + b" " * 80 * 2**20)
        assert self.codes(path) == ["over-limit"]

    def test_a_member_that_says_less_than_it_unfolds_to_is_not_believed(self, tmp_path):
        path = tmp_path / "log.eval"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("header.json", json.dumps(HEADER))
            file.writestr("samples/a_epoch_1.json", b"0" * 2**21)
        data = path.read_bytes().replace((2**21).to_bytes(4, "little"), (7).to_bytes(4, "little"))
        path.write_bytes(data)
        assert read_file(path).parts == ()

    def test_names_that_leave_the_archive_lead_nowhere(self, tmp_path):
        inside = tmp_path / "inside"
        inside.mkdir()
        path = inside / "log.eval"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("header.json", json.dumps(HEADER))
            file.writestr("../outside.json", "{}")
            file.writestr("/samples/x.json", "{}")
        assert read_file(path).parts
        assert [one.name for one in tmp_path.iterdir()] == ["inside"]

    def test_a_broken_archive_is_told_as_such(self, tmp_path):
        path = archive(tmp_path / "log.eval", {"header.json": HEADER}, SAMPLES)
        path.write_bytes(path.read_bytes()[:-60])
        assert self.codes(path) == ["other-form"]

    def test_a_member_nested_beyond_reason_is_refused(self, tmp_path):
        path = tmp_path / "log.eval"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("header.json", "[" * 100_000)
        assert self.codes(path) == ["too-deep"]
