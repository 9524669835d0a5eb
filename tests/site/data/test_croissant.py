"""The description of the downloads in Croissant: MLCommons' own reader takes it with its rows."""

import hashlib
import json

import pytest
from click.testing import CliRunner
from pyarrow import parquet

from cardboard.cli import main
from cardboard.eval.records import encode
from cardboard.site.data.croissant import CROISSANT
from cardboard.tests.making import SETTINGS, a_result, boards_of

# What the reader is built on uses parts of itself that it says are old.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BOARD = """
[board]
title = { en = "A board", ko = "보드" }
[[suites]]
name = "mini"
version = "1"
"""


def read(folder):
    """Return the data set that MLCommons' reader makes of *folder*; it refuses what is no such."""
    import mlcroissant

    return mlcroissant.Dataset(folder / CROISSANT)


def test_the_sites_data_describe_themselves_to_every_reader_of_croissant(build):
    data = build(boards_of(a_result("org/one"), a_result("org/two", 0.7)), SETTINGS) / "data"
    found = read(data)
    assert found.metadata.name == "A board"
    assert not found.metadata.ctx.issues.errors
    rows = list(found.records("entries"))
    assert [row["entries/model"] for row in rows] == [b"org/two", b"org/one"]
    assert [row["entries/rank"] for row in rows] == [1, 2]
    assert [row["entries/command_f1"] for row in rows] == [0.7, 0.5]


def test_every_column_is_a_field_and_every_file_has_its_hash(build):
    data = build(boards_of(a_result()), SETTINGS) / "data"
    told = json.loads((data / CROISSANT).read_text())
    [records] = told["recordSet"]
    columns = parquet.read_schema(data / "board.parquet").names
    assert [field["name"] for field in records["field"]] == columns
    for one in told["distribution"]:
        content = (data / one["contentUrl"]).read_bytes()
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert one["contentSize"] == f"{len(content)} B"


@pytest.mark.parametrize(
    ("form", "files"),
    [
        ("csv", {"board.csv"}),
        ("parquet", {"board.parquet"}),
        ("croissant", {"board.csv", "board.parquet", CROISSANT}),
    ],
)
def test_an_export_holds_the_files_that_the_site_gives_away(tmp_path, build, form, files):
    (tmp_path / "results").mkdir()
    (tmp_path / "board.toml").write_text(BOARD, encoding="utf-8")
    (tmp_path / "results" / "one.json").write_bytes(encode(a_result()))
    runner = CliRunner()
    done = runner.invoke(
        main, ["-C", str(tmp_path), "export", "--to", form, str(tmp_path / "deep" / "out")]
    )
    assert done.exit_code == 0, done.output
    out = tmp_path / "deep" / "out"
    assert {path.name for path in out.iterdir()} == files
    assert list((tmp_path / "deep").iterdir()) == [out], "nothing is left beside it"
    assert runner.invoke(main, ["-C", str(tmp_path), "site"]).exit_code == 0
    for name in files - {CROISSANT}:
        assert (out / name).read_bytes() == (
            tmp_path / "build" / "site" / "data" / name
        ).read_bytes()
