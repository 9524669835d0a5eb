"""Downloads: the whole board in three formats that say the same, and result files, compressed."""

import csv
import gzip
import hashlib
import json

import pytest
from msgspec.structs import replace
from pyarrow import parquet

from cardboard.board.judge.build import build_boards
from cardboard.board.read.reader import read_results
from cardboard.board.show.rows import field_names
from cardboard.board.show.tables import Table
from cardboard.board.workspace.settings import Workspace
from cardboard.board.workspace.store import LOCK, Lock, encode_lock, store_page
from cardboard.eval import records
from cardboard.eval.records import encode
from cardboard.site.data import published_files
from cardboard.site.data.croissant import CROISSANT
from cardboard.site.data.exports import TABLES, amount, write_parquet
from cardboard.tests.making import SETTINGS, SUITE, a_result, boards_of
from cardboard.tests.site.links import Site
from cardboard.tests.site.reading import article, links, tables, text

FIELDS = field_names(boards_of(a_result()).boards)
LOCAL = "/home/somebody/models/secret"
FILES = {
    "good.json": encode(a_result("org/good")),
    "deep/한국어 <b>.json": encode(a_result("org/other", 0.6)),
    "path.json": encode(a_result("org/path", error=f"no such file: {LOCAL}")),
    "adapter.json": encode(a_result("org/adapter", model=records.Model(id=LOCAL))),
    "unknown-key.json": encode(a_result("org/key")).replace(
        b'"status"', f'"written_to": "{LOCAL}", "status"'.encode()
    ),
    "server.json": encode(
        a_result("org/server", protocol=records.Protocol(extra={"url": "http://10.0.0.7:8000/v1"}))
    ),
    "step.json": encode(
        a_result(
            "org/step",
            steps=(
                records.Step(task_id="t", step_idx=0, scored=False, error=f"died in {LOCAL}/x.py"),
            ),
        )
    ),
    "talk.json": encode(
        a_result(
            "org/talk",
            steps=(records.Step(task_id="t", step_idx=0, answer="cat /etc/passwd"),),
        )
    ),
    "broken.json": b"{",
}
GIVEN = ("good.json", "deep/한국어 <b>.json", "talk.json")


def write(folder):
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture
def results(tmp_path):
    return write(tmp_path / "workspace" / "results")


@pytest.fixture(scope="module")
def site(quick_site, tmp_path_factory):
    results = write(tmp_path_factory.mktemp("workspace") / "results")
    return quick_site(boards_in(results), SETTINGS, results=results)


def boards_in(results):
    workspace = Workspace(root=results.parent, settings=SETTINGS, models={})
    return build_boards(read_results(results), workspace)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def given_by(site):
    folder = site / "data" / "results"
    return {path.name: gzip.decompress(path.read_bytes()) for path in folder.iterdir()}


def test_a_result_file_is_given_away_compressed_byte_for_byte_under_its_hash(site):
    assert given_by(site) == {f"{sha256(FILES[name])[:12]}.json.gz": FILES[name] for name in GIVEN}


def test_a_compressed_file_holds_no_time_of_its_making(site):
    for path in (site / "data" / "results").iterdir():
        assert path.read_bytes()[4:8] == bytes(4)


def test_no_path_of_a_machine_is_published_anywhere(site):
    for path in site.rglob("*"):
        if path.is_file():
            assert b"/home/somebody" not in path.read_bytes(), path


def test_no_server_of_a_machine_is_in_the_data(site):
    for path in (site / "data").rglob("*.*"):
        assert b"10.0.0.7" not in path.read_bytes(), path


def test_the_list_of_files_links_each_copy_and_says_why_others_are_kept(site):
    (rows,) = tables(article(site, "files"))
    told = {row[0]: row[-1] for row in rows}
    for name in GIVEN:
        assert told[name].endswith(f"Download ({name})")
        assert f"../data/results/{sha256(FILES[name])[:12]}.json.gz" in links(
            article(site, "files")
        )
    for name in ("path.json", "unknown-key.json", "server.json", "step.json"):
        assert told[name].endswith("It names a path or a server of somebody's machine.")
    assert Site(site).complaints() == []


def test_the_page_counts_what_is_given_and_what_is_kept(site):
    said = text(article(site, "downloads"))
    assert "3 files as they are, each compressed with gzip" in said
    assert "somebody's machine. (5)" in said
    assert "It holds no result. (1)" in said


def test_the_page_names_size_and_hash_of_what_it_offers(site):
    (rows,) = tables(article(site, "downloads"))
    for name, _, size, digest in rows:
        content = (site / "data" / name).read_bytes()
        assert (size, digest) == (amount(len(content)), sha256(content))
    assert [row[0] for row in rows] == [*TABLES, CROISSANT]
    assert "../../data/board.csv" in links(article(site, "ko/downloads"))


def test_the_three_formats_say_the_same(site):
    with (site / "data" / "board.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    frame = parquet.read_table(site / "data" / "board.parquet").to_pylist()
    (board,) = json.loads((site / "data" / "board.json").read_text())["boards"]
    assert tuple(rows[0]) == FIELDS
    for row, cells, entry in zip(rows, frame, board["entries"], strict=True):
        assert row["label"] == cells["label"] == entry["label"]
        assert cells["score"] == entry["score"] == float(row["score"])
        assert cells["rank"] == entry["rank"]
        assert cells["sha256"] == entry["sha256"]


def test_the_columns_of_the_table_have_types(site):
    schema = parquet.read_schema(site / "data" / "board.parquet")
    types = {name: str(schema.field(name).type) for name in FIELDS}
    assert (types["rank"], types["score"], types["label"]) == ("int64", "double", "string")
    assert types["rank_text"] == "string"
    assert {types[metric.id] for metric in SUITE.metrics} == {"double"}


def test_a_table_without_rows_and_one_with_odd_signs_can_be_written(tmp_path):
    write_parquet(Table(FIELDS, []), tmp_path / "none.parquet")
    assert parquet.read_table(tmp_path / "none.parquet").num_rows == 0
    row = tuple("\ud800" if name == "label" else None for name in FIELDS)
    write_parquet(Table(FIELDS, [row]), tmp_path / "odd.parquet")
    assert parquet.read_table(tmp_path / "odd.parquet")["label"].to_pylist() == ["?"]


def test_the_same_rows_are_the_same_bytes(tmp_path):
    rows = [tuple(n if name == "rank" else None for name in FIELDS) for n in range(3)]
    for name in ("one", "two"):
        write_parquet(Table(FIELDS, rows), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_formula_in_a_name_is_harmless_in_a_spreadsheet(build):
    folder = build(boards_of(a_result("=1+1")), SETTINGS)
    assert ",'=1+1," in (folder / "data" / "board.csv").read_text()


NO_ROOM = "those of the best ranks first; there was no room for this one."


def test_where_not_all_files_find_room_the_best_ranks_go_first(build, results, monkeypatch):
    """Alone it fits; whoever ranks above it has taken its place."""
    (best,) = [name for name in GIVEN if "한국어" in name]
    sizes = [len(gzip.compress(FILES[name], 6)) for name in GIVEN]
    room = max(sizes) + 100
    assert room < 2 * min(sizes)
    monkeypatch.setattr(published_files, "MOST_BYTES", room)
    folder = build(boards_in(results), SETTINGS, results=results)
    assert list(given_by(folder)) == [f"{sha256(FILES[best])[:12]}.json.gz"]
    said = text(article(folder, "downloads"))
    assert f"{NO_ROOM} (2)" in said
    told = {row[0]: row[-1] for row in tables(article(folder, "files"))[0]}
    assert told["good.json"].endswith(NO_ROOM)
    assert told[best].endswith(f"Download ({best})")


def test_one_large_file_does_not_keep_smaller_ones_out(build, results, monkeypatch):
    large = encode(
        a_result(
            "org/large",
            0.9,
            error="".join(hashlib.sha256(b"%d" % n).hexdigest() for n in range(200)),
        )
    )
    (results / "large.json").write_bytes(large)
    monkeypatch.setattr(published_files, "MOST_BYTES", 6_000)
    assert len(gzip.compress(large, 6)) > 6_000
    folder = build(boards_in(results), SETTINGS, results=results)
    assert len(given_by(folder)) == len(GIVEN)
    assert f"{NO_ROOM} (1)" in text(article(folder, "downloads"))


def test_the_store_on_the_hub_is_linked_at_the_commit_that_was_read(tmp_path):
    source, commit = "hf://datasets/acme/results/2026", "1" * 40
    assert store_page(tmp_path, source) is None
    (tmp_path / LOCK).write_bytes(encode_lock(Lock(source=source, revision=commit)))
    page = f"https://huggingface.co/datasets/acme/results/tree/{commit}/2026"
    assert store_page(tmp_path, source) == page
    assert store_page(tmp_path, "results") is None


def test_a_file_that_changes_during_the_build_is_not_given_away(build, results):
    boards = boards_in(results)
    (results / "good.json").write_bytes(encode(a_result("org/other-now")))
    folder = build(boards, SETTINGS, results=results)
    assert len(given_by(folder)) == len(GIVEN) - 1
    assert "It changed while the site was built. (1)" in text(article(folder, "downloads"))


def test_without_results_there_are_tables_without_rows(build):
    folder = build(boards_of(), SETTINGS)
    assert (folder / "data" / "board.csv").read_text().splitlines() == [",".join(field_names(()))]
    assert "0 files as they are" in text(article(folder, "downloads"))


def test_a_public_repository_is_linked(build):
    board = replace(SETTINGS.board, repository_url="https://example.org/repo")
    folder = build(boards_of(a_result()), replace(SETTINGS, board=board))
    assert "https://example.org/repo" in links(article(folder, "downloads"))


@pytest.mark.parametrize(
    ("size", "told"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_756_693, "2.8 MB"), (10**9, "1.0 GB")],
)
def test_sizes_are_told_as_people_read_them(size, told):
    assert amount(size) == told


def test_a_board_that_names_a_store_on_the_hub_names_no_machine(tmp_path):
    (tmp_path / "board.toml").write_text('source = "hf://datasets/acme/results"')
    (tmp_path / "models.toml").write_text('links = { see = "http://server/x" }')
    hashes = {path.name: sha256(path.read_bytes()) for path in tmp_path.iterdir()}
    given, kept = published_files.copy_sources(hashes, tmp_path, tmp_path / "data")
    assert (list(given), kept) == (["board.toml"], {"models.toml": "machine"})
