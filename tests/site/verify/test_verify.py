"""`cardboard verify`: a site that is as its files make it, and one where a digit is another."""

import gzip
import hashlib
import json
import re
import shutil
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from cardboard import __version__
from cardboard.board.judge.build import build_boards
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cli import card_texts, main
from cardboard.eval import records
from cardboard.eval.audit.reports import Audit
from cardboard.eval.records import encode
from cardboard.site.assembly.server import serving
from cardboard.site.data.manifest import read_manifest
from cardboard.site.verify import rebuilding
from cardboard.site.verify import verify as checking
from cardboard.site.verify.origins import Folder
from cardboard.site.verify.verify import verify
from cardboard.tests.making import a_result

# One file of every kind that a site publishes, by the beginning of its path.
KINDS = (
    "board.json",
    "board.csv",
    "board.parquet",
    "board.toml",
    "models.toml",
    "results/",
    "history/",
    "cards/",
    "tb2-lite-corrected303-models.",
    "shell-mini-1-models.points.",
)
DIGIT = re.compile(rb"(?<=[0-9])[0-9](?![0-9a-f]{40})")


ROOT = Path(__file__).parents[3]
HISTORY = sorted((ROOT / "history").glob("*.json"))
SHELL = sorted((ROOT / "results" / "shell-mini").glob("*.json"))
FEW = (
    "results/zyphra_zaya1_74b_preview.json",
    "results/glm_5.1_z.ai_api.json",
    "results/google_gemma_4_e2b_it.json",
    *(
        f"results/shell-mini/{one.name}"
        for one in sorted((ROOT / "results/shell-mini").iterdir())[:3]
    ),
)


def checked(place):
    done = CliRunner().invoke(main, ["verify", str(place)])
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def published(sample_site, tmp_path_factory):
    """Return a copy of what the demo's site publishes; tests leave it as it was."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(sample_site / "data", folder / "data")
    return folder


@pytest.fixture(scope="module")
def small(quick_site, tmp_path_factory):
    """Return the site of a few results of the demo, which has files of every kind as well."""
    root = tmp_path_factory.mktemp("small") / "workspace"
    for name in ("board.toml", "models.toml", *FEW, *(f"history/{one.name}" for one in HISTORY)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, root / name)
    workspace = open_workspace(root)
    boards = build_boards(read_results(workspace.results), workspace)
    return quick_site(
        boards,
        workspace.settings,
        results=workspace.results,
        snapshots=root / "history",
        root=root,
        cards=card_texts,
    )


@pytest.fixture
def change(small):
    """Return `change(NAME, NEW)`, which writes a file of the site, and undo it all afterwards."""
    before = {}

    def write(path, data):
        file = small / "data" / path
        before.setdefault(file, file.read_bytes() if file.exists() else None)
        file.write_bytes(data)

    yield write
    for file, data in before.items():
        file.unlink() if data is None else file.write_bytes(data)


def manifest_of(site):
    return json.loads((site / "data" / "manifest.json").read_bytes())


def path_of(site, start):
    """Return the first published file whose path begins like this, below the folder of data."""
    return next(one["path"] for one in manifest_of(site)["files"] if one["path"].startswith(start))


def another_digit(data, at=0.5):
    """Return *data* with one digit changed: the one that stands after that share of them."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.compress(another_digit(gzip.decompress(data), at))
    digits = list(DIGIT.finditer(data))
    place = digits[int(at * len(digits))].start()
    return data[:place] + (b"1" if data[place : place + 1] != b"1" else b"2") + data[place + 1 :]


def described(site, path, data):
    """Return the site's manifest with the size and hash that *path* has if it holds *data*."""
    manifest = manifest_of(site)
    (line,) = [one for one in manifest["files"] if one["path"] == path]
    line |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return json.dumps(manifest).encode()


def test_the_demo_is_what_its_files_make(published):
    code, told = checked(published)
    assert code == 0, told
    assert "All equal: 5 boards with 116 entries, 116 result files, 108 cards" in told
    assert "Not checked: 1 snapshots of earlier boards: only their hashes." in told


def test_the_demo_is_what_its_files_make_under_a_path_of_a_server(published, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "path").symlink_to(published)
    with serving(tmp_path, 0) as url:
        for address in (f"{url}sub/path/", f"{url}sub/path/index.html"):
            code, told = checked(address)
            assert code == 0, told


@pytest.mark.parametrize("start", KINDS)
def test_another_digit_in_any_file_is_named(small, change, start):
    path = path_of(small, start)
    change(path, another_digit((small / "data" / path).read_bytes()))
    code, told = checked(small)
    assert code == 1
    assert f"Wrong: {path}: its SHA-256 is" in told


@pytest.mark.parametrize("start", [kind for kind in KINDS if kind != "history/"])
def test_another_digit_is_named_even_where_the_manifest_was_changed_with_it(small, change, start):
    path = path_of(small, start)
    data = another_digit((small / "data" / path).read_bytes())
    change("manifest.json", described(small, path, data))
    change(path, data)
    code, told = checked(small)
    assert code == 1, path
    assert "SHA-256 is" not in told
    assert re.search(r"Wrong: .*: published .*, rebuilt .*|Wrong: cannot be rebuilt: .*", told)


@pytest.mark.parametrize("at", [0.0, 0.01, 0.4, 0.999])
def test_another_digit_in_the_manifest_is_named(small, change, at):
    change("manifest.json", another_digit((small / "data" / "manifest.json").read_bytes(), at))
    code, told = checked(small)
    assert code == 1
    assert "Wrong: " in told or "manifest.json" in told


def test_a_difference_names_model_field_and_both_values(small, change):
    data = (small / "data" / "board.json").read_bytes()
    change("board.json", data.replace(b'"score":48.15', b'"score":48.25'))
    assert (
        "Wrong: board.json: boards > tb2-lite corrected303 models > entries > "
        "Zyphra/ZAYA1-74B-preview > score: published 48.25, rebuilt 48.15\n"
    ) in checked(small)[1]


def test_a_changed_policy_is_named_with_all_that_follows_from_it(small, change):
    data = (small / "data" / "board.toml").read_bytes()
    change("board.toml", data.replace(b"[policy]", b'[policy]\nname-guessed = "unranked"'))
    code, told = checked(small)
    assert code == 1
    assert "Wrong: board.toml: its SHA-256 is" in told
    assert re.search(r"generated_from > sources > board.toml: published", told)
    assert re.search(r"rules > policy > name-guessed: published .info., rebuilt .unranked.", told)


def test_a_file_that_is_missing_is_named(small, change):
    manifest = manifest_of(small)
    gone = path_of(small, "results/")
    manifest["files"] = [one for one in manifest["files"] if one["path"] != gone]
    change("manifest.json", json.dumps(manifest).encode())
    code, told = checked(small)
    assert code == 1
    assert f"generated_from > files: published {len(FEW)}, rebuilt {len(FEW) - 1}" in told


def test_a_site_of_another_version_is_told_and_compared(small, change):
    board = (small / "data" / "board.json").read_bytes()
    board = board.replace(f'"cardboard":"{__version__}"'.encode(), b'"cardboard":"0.0.9"')
    manifest = described(small, "board.json", board)
    manifest = manifest.replace(f'"cardboard": "{__version__}"'.encode(), b'"cardboard": "0.0.9"')
    change("manifest.json", manifest)
    change("board.json", board)
    code, told = checked(small)
    assert told.startswith(f"Built by cardboard 0.0.9; this is {__version__}")
    assert code == 0, told


SHAPES = ROOT / "tests" / "data" / "shapes"
FOREIGN = ROOT / "tests" / "data" / "imports" / "lm-eval-0.3" / "ko.json"
SECRET = "/home/mallory/models/secret"
KEPT = {
    "good.json": encode(a_result("org/good")),
    "copy.json": encode(a_result("org/good")),
    "unknown.json": encode(a_result("org/key", 0.7)).replace(
        b'"status"', f'"written_to": "{SECRET}", "status"'.encode()
    ),
    "server.json": encode(
        a_result(
            "org/server",
            0.6,
            protocol=records.Protocol(
                temperature=0.0, max_tokens=1024, extra={"url": "http://10.0.0.7:8000/v1"}
            ),
        )
    ),
    "broken.json": b"{",
}
BOARD = """
[board]
title = { en = "A board", ko = "보드" }
[[suites]]
name = "mini"
version = "1"
steps = 6
tasks = 3
"""


@pytest.fixture
def built(build, tmp_path):
    """Return `built(FILES, BOARD)`, which builds the site of a workspace with these results.

    *more* are files beside board.toml, by their names.
    """

    def write(files, board=BOARD, more=MappingProxyType({})):
        root = tmp_path / "workspace"
        (root / "results").mkdir(parents=True)
        (root / "board.toml").write_text(board, encoding="utf-8")
        for name, data in [*more.items(), *((f"results/{one}", files[one]) for one in files)]:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(data)
        workspace = open_workspace(root)
        boards = build_boards(read_results(workspace.results), workspace)
        return build(
            boards, workspace.settings, results=workspace.results, root=root, cards=card_texts
        )

    return write


def test_what_was_read_stands_in_for_files_that_are_kept_back(built):
    site = built(KEPT)
    code, told = checked(site)
    assert code == 0, told
    assert "3 result files are kept back (2 machine, 1 no-result)" in told
    for path in (site / "data").rglob("*.*"):
        assert b"mallory" not in path.read_bytes(), path
        assert b"10.0.0.7" not in path.read_bytes(), path


def test_results_of_older_shapes_are_checked_by_what_was_read_from_them(built):
    """Among them is a task of which no step was scored."""
    failed = records.Step(task_id="a", step_idx=0, scored=False, error="timeout")
    scored = records.Step(task_id="b", step_idx=0, scores={"command_f1": 0.5}, answer="ls")
    lost = a_result("org/lost", steps=(failed, scored), error=f"see {SECRET}")
    shapes = {path.name: path.read_bytes() for path in SHAPES.glob("*.json")}
    site = built({**shapes, "lost.json": encode(lost)}, (ROOT / "board.toml").read_text("utf-8"))
    code, told = checked(site)
    assert code == 0, told
    assert re.search(
        r"\d+ result files are kept back \(1 machine, \d+ no-result, \d+ older-sh", told
    )


def test_all_that_stands_beside_board_toml_is_published_and_used(built):
    """The first of two audits of a model counts, by the names of their files."""
    audits = {
        f"audits/{name}.json": encode(Audit(model="org/good", kind=name, checks=()))
        for name in ("good", "Zeta", "한국어")
    }
    models = b'["org/good"]\nlicense = "mit"\n'
    more = {"models.toml": models, "imports.toml": b"", **audits}
    site = built({"good.json": KEPT["good.json"]}, more=more)
    code, told = checked(site)
    assert code == 0, told
    names = {name for one in manifest_of(site)["files"] for name in one.get("names", ())}
    assert names == {"board.toml", "good.json", *more}
    board = json.loads((site / "data" / "board.json").read_bytes())
    assert set(board["generated_from"]["sources"]) == {"board.toml", *more}


def test_a_card_is_kept_back_with_whatever_names_a_machine(built):
    """An older shape is never given away itself; what was read from it may name a machine too."""
    older = json.loads((SHAPES / "07-openai-server.json").read_bytes()) | {
        "model": "org/older",
        "model_path": "org/older",
        "base_url": "http://10.0.0.7:8000/v1",
        "serving_note": f"served from {SECRET}",
    }
    site = built({**KEPT, "older.json": json.dumps(older).encode()})
    given = {path.stem for path in (site / "data" / "cards").iterdir()}
    assert "org__good" in given
    assert not {"org__server", "org__key"} & given
    for path in (site / "data").rglob("*.*"):
        assert b"10.0.0.7" not in path.read_bytes(), path
        assert b"mallory" not in path.read_bytes(), path
    assert checked(site)[0] == 0


def test_another_number_of_a_file_that_is_kept_back_is_named(built):
    site = built(KEPT)
    lines = site / "data" / "readings.jsonl"
    data = lines.read_bytes().replace(b'"value":0.6', b'"value":0.9')
    (site / "data" / "manifest.json").write_bytes(described(site, "readings.jsonl", data))
    lines.write_bytes(data)
    code, told = checked(site)
    assert code == 1
    assert "org/server > score: published 60.0, rebuilt 90.0" in told


def test_a_configuration_that_names_a_machine_is_kept_back_and_that_is_said(built):
    site = built({"good.json": KEPT["good.json"]}, f"# as in {SECRET}/board.toml\n{BOARD}")
    assert not (site / "data" / "board.toml").exists()
    code, told = checked(site)
    assert code == 1
    assert "cannot be rebuilt: board.toml: is kept back (machine)" in told


def test_a_folder_without_a_manifest_is_told(tmp_path):
    code, told = checked(tmp_path)
    assert code == 1
    assert told == (
        "Error: data/manifest.json: No such file or directory. "
        "This is the root of no site, or of one without a manifest.\n"
    )


@pytest.mark.parametrize("place", ["nowhere", "ftp://example.org/", "https://a:b@example.org/"])
def test_a_place_that_can_be_no_site_is_wrong_use(place):
    code, told = checked(place)
    assert code == 2
    assert ":b@" not in told


def a_manifest(**more):
    head = {"kind": "manifest", "version": 1, "cardboard": "0.1.0", "sha256": "0" * 64, "files": []}
    return json.dumps(head | more).encode()


def a_file(path="board.toml", what="source", size=1, names=("board.toml",)):
    return {"path": path, "what": what, "size": size, "sha256": "0" * 64, "names": list(names)}


class TestAHostileSite:
    def told(self, folder, manifest, **files):
        (folder / "data").mkdir()
        (folder / "data" / "manifest.json").write_bytes(manifest)
        for name, data in files.items():
            (folder / "data" / name.replace("_", ".")).write_bytes(data)
        code, told = checked(folder)
        assert code == 1
        assert "Traceback" not in told
        return told

    @pytest.mark.parametrize(
        "path",
        ["../board.toml", "/etc/passwd", "a/../../b", "a//b", "a/", "..", "a\\b", "C:x", "", "é"],
    )
    def test_a_path_that_leads_elsewhere_is_refused(self, tmp_path, path):
        assert "files[0].path" in self.told(tmp_path, a_manifest(files=[a_file(path)]))

    def test_a_link_out_of_the_folder_is_not_followed(self, tmp_path):
        secret = tmp_path.with_name("secret.toml")
        secret.write_text(BOARD)
        (tmp_path / "site" / "data").mkdir(parents=True)
        (tmp_path / "site" / "data" / "board.toml").symlink_to(secret)
        manifest = a_manifest(files=[a_file()])
        (tmp_path / "site" / "data" / "manifest.json").write_bytes(manifest)
        code, told = checked(tmp_path / "site")
        assert (code, "board.toml: leads out of the site" in told) == (1, True)

    def test_a_name_is_never_a_path(self, tmp_path):
        data = BOARD.encode()
        names = ("../../../escaped.json",)
        listed = [
            a_file() | {"size": len(data)},
            a_file("results/1.json", "result", 2, names),
            a_file("audits/1.json", "source", 2, names),
        ]
        told = self.told(tmp_path, a_manifest(files=listed), board_toml=data)
        assert "results/1.json: No such file or directory" in told
        assert not (tmp_path.parent / "escaped.json").exists()

    @pytest.mark.parametrize(
        ("manifest", "said"),
        [
            (b"{", "truncated"),
            (b"[" * 100_000, "manifest.json"),
            (b"\xff", "manifest.json"),
            (a_manifest(version=2), "version"),
            (a_manifest(more=1), "more"),
            (a_manifest(files=[a_file(), a_file()]), "twice"),
            (a_manifest(files=[a_file(names=())]), "does not say what board.toml is called"),
            (a_manifest(files=[a_file(size=10**12)]), "bytes"),
            (a_manifest(files=[a_file(size=-1)]), "size"),
        ],
    )
    def test_a_manifest_that_is_none_is_told(self, tmp_path, manifest, said):
        assert said in self.told(tmp_path, manifest)

    @pytest.mark.parametrize(
        "board",
        [
            b"nonsense",
            b"\xff\xfe",
            b"[board]\ntitle = {}\nlanguages = []\n[[suites]]\nname='m'\nversion='1'\n",
            b"[board]\ntitle = {}\nlanguages = ['../../x']\n[[suites]]\nname='m'\nversion='1'\n",
            b"suites = 99999999999\n[board]\ntitle = {}\n",
        ],
    )
    def test_a_configuration_of_a_stranger_is_told_and_reaches_nothing(self, tmp_path, board):
        files = [a_file() | {"size": len(board)}]
        assert "cannot be rebuilt" in self.told(tmp_path, a_manifest(files=files), board_toml=board)

    @pytest.mark.parametrize(
        "reading",
        [
            b"{}",
            b"null",
            b'{"file":"a","sha256":"","kind":"result","facts":{"steps":1,"scored":1,"answers":1,'
            b'"failed":0,"unique":1,"keys_sha256":"","tasks":["t"],"steps_per_task":[-1]}}',
            b'{"file":"a","sha256":"","kind":"result","facts":{"steps":1,"scored":1,"answers":1,'
            b'"failed":0,"unique":1,"keys_sha256":"","tasks":["t"],"steps_per_task":[1],'
            b'"sums":{"command_f1":[]}}}',
            b'{"file":"b","sha256":"","kind":"refused"}',
            b'{"file":"a","sha256":"","kind":"refused","findings":[{"code":"x","severity":"info"}]}',
        ],
    )
    def test_a_reading_of_a_stranger_is_told(self, tmp_path, reading):
        data = BOARD.encode()
        kept = {"what": "result", "name": "a", "sha256": None, "reason": "machine"}
        files = [
            a_file() | {"size": len(data)},
            a_file("readings.jsonl", "readings", len(reading) + 1, ()),
        ]
        manifest = a_manifest(files=files, withheld=[kept | {"reading": "whole"}])
        told = self.told(tmp_path, manifest, board_toml=data, readings_jsonl=reading + b"\n")
        assert "cannot be rebuilt" in told

    def test_a_file_of_another_program_is_refused_since_others_beside_it_would_be_read(
        self, tmp_path
    ):
        board, data = BOARD.encode(), FOREIGN.read_bytes()
        files = [
            a_file() | {"size": len(board)},
            a_file("results/1.json", "result", len(data), ("a.json",)),
        ]
        (tmp_path / "data" / "results").mkdir(parents=True)
        (tmp_path / "data" / "results" / "1.json").write_bytes(data)
        (tmp_path / "data" / "board.toml").write_bytes(board)
        (tmp_path / "data" / "manifest.json").write_bytes(a_manifest(files=files))
        code, told = checked(tmp_path)
        assert (code, "results/1.json: is of another program" in told) == (1, True)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (b"{}", "is not compressed with gzip"),
            (gzip.compress(b"{}", mtime=0)[:-4], "is not one whole file in gzip"),
            (gzip.compress(b"{}", mtime=0) + b"{}", "is not one whole file in gzip"),
            (gzip.compress(bytes(2001), mtime=0), "holds more than 2000 bytes"),
        ],
    )
    def test_a_result_file_that_does_not_unpack_to_one_of_bounded_size_is_told(
        self, tmp_path, monkeypatch, given, said
    ):
        monkeypatch.setattr(rebuilding, "LARGEST_FILE", 2000)
        board = BOARD.encode()
        files = [
            a_file() | {"size": len(board)},
            a_file("results/1.json.gz", "result", len(given), ("a.json",)),
        ]
        (tmp_path / "data" / "results").mkdir(parents=True)
        (tmp_path / "data" / "results" / "1.json.gz").write_bytes(given)
        (tmp_path / "data" / "board.toml").write_bytes(board)
        (tmp_path / "data" / "manifest.json").write_bytes(a_manifest(files=files))
        code, told = checked(tmp_path)
        assert (code, f"results/1.json.gz: {said}" in told) == (1, True)

    def test_more_than_a_site_may_hold_is_refused(self, published, monkeypatch):
        monkeypatch.setattr(checking, "MOST_FILES", 100)
        assert "lists more than 100 files" in checked(published)[1]


def test_nothing_is_left_behind(published, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert verify(Folder(published), card_texts).wrong == ()
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_lists_every_file_with_its_hash(published):
    data = published / "data"
    manifest = read_manifest((data / "manifest.json").read_bytes())
    there = {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()}
    assert {one.path for one in manifest.files} == there - {"manifest.json"}
    for one in manifest.files:
        content = (data / one.path).read_bytes()
        assert (one.size, one.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert replace(manifest, files=()) != manifest
    assert msgspec.json.decode(msgspec.json.encode(manifest), type=type(manifest)) == manifest
