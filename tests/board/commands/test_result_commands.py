"""`cardboard merge` and `cardboard schema`, as a user types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cardboard.board.commands.result_commands import merge, schema
from cardboard.board.read.reader import read_file
from cardboard.tests.data import broken

SHAPES = Path(__file__).parents[2] / "data" / "shapes"
PARTS = [str(SHAPES / f"14-deepseek-part0{index}.json") for index in (1, 0)]


def run(*arguments):
    return CliRunner().invoke(merge, [str(one) for one in arguments])


def test_parts_of_an_older_shape_become_one_result_of_version_2(tmp_path):
    output = tmp_path / "whole.json"
    done = run(*PARTS, "-o", output)
    assert done.exit_code == 0
    assert "example-ai/Deep-Flash, 4 steps of 2 parts, complete, score 54.17" in done.output
    found = read_file(output)
    assert (found.kind, found.shape, found.findings) == ("result", "v2", ())
    assert found.facts is not None and found.facts.rescore_differs == 0
    assert found.result is not None
    assert found.result.timing.generate_seconds == 710.0
    assert found.result.timing.seconds_per_step == 177.5
    assert len(found.result.parts) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["whole.json"]


def test_parts_from_one_process_or_many_make_the_same_bytes(tmp_path):
    run(*PARTS, "-o", tmp_path / "a.json")
    run(*reversed(PARTS), "-o", tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (PARTS[:1], "missing 1 of 2 parts: 0"),
        ([*PARTS, PARTS[0]], "part 1 comes 2 times"),
        ([SHAPES / "05-replay-template.json"], "not a part of a split run"),
        ([SHAPES / "16-status.json"], "is of the kind status"),
        ([SHAPES / "01-proxy.json"], "proxy"),
        (["nothing.json"], "nothing.json: unreadable"),
        ([PARTS[1], SHAPES / "10-gemma-text-shard.json"], "not of one model"),
    ],
)
def test_what_cannot_be_merged_is_refused_with_the_parts_named(tmp_path, parts, words):
    done = run(*parts, "-o", tmp_path / "whole.json")
    assert done.exit_code == 1
    assert words in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_broken_part_is_named_with_its_key(tmp_path):
    part = tmp_path / "part.json"
    part.write_text(json.dumps(broken.good(shard=[0, 1], counts={"scored": -1})))
    done = run(part, "-o", tmp_path / "whole.json")
    assert done.exit_code == 1
    assert "counts.scored: out-of-range" in done.output


class TestNothingIsOverwritten:
    def test_unless_it_is_asked_for(self, tmp_path):
        output = tmp_path / "whole.json"
        output.write_text("precious")
        done = run(*PARTS, "-o", output)
        assert done.exit_code == 2
        assert "--force" in done.output
        assert output.read_text() == "precious"
        assert run(*PARTS, "-o", output, "--force").exit_code == 0
        assert read_file(output).kind == "result"

    def test_and_never_a_part(self, tmp_path):
        copies = [tmp_path / Path(part).name for part in PARTS]
        for part, copy in zip(PARTS, copies, strict=True):
            copy.write_bytes(Path(part).read_bytes())
        done = run(*copies, "-o", copies[0], "--force")
        assert done.exit_code == 2
        assert copies[0].read_bytes() == Path(PARTS[0]).read_bytes()

    def test_a_folder_that_is_not_there_is_said(self, tmp_path):
        done = run(*PARTS, "-o", tmp_path / "no" / "whole.json")
        assert done.exit_code == 2
        assert "there is no folder" in done.output


def test_the_schema_is_one_of_json_schema():
    done = CliRunner().invoke(schema)
    document = json.loads(done.output)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"model", "suite", "counts", "status"} <= set(document["$defs"]["Result"]["required"])
