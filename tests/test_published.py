"""One gate: no text that is published names a machine, whichever way it came in."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cardboard.board.commands.new_workspace import MODELS
from cardboard.board.judge.build import load_boards
from cardboard.board.words.machines import named, names_machine, prose, without_paths
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import Document, Profile
from cardboard.cards.text.render import texts_of
from cardboard.cli import main
from cardboard.eval import records
from cardboard.eval.errors import ConfigError
from cardboard.eval.records import Result, encode
from cardboard.tests.making import a_result, a_training

SECRET = "kim-kept-this"
PATHS = (
    f"/home/{SECRET}/models/base-1b",
    f"~/{SECRET}/base",
    f"C:\\Users\\{SECRET}\\base",
    f"file:///mnt/{SECRET}/base/",
    f"../{SECRET}/base/x",
    f"see /data/{SECRET}/runs/7.json for more",
    f"at http://10.1.2.3:8000/{SECRET}/v1",
    f"https://gpu-box/{SECRET}",
)
NAMES = PATHS[:5]
BOARD = """
[board]
title = {{ en = {0}, ko = {0} }}
languages = ["en", "ko"]
[[suites]]
name = "mini"
version = "1"
steps = 6
tasks = 3
title = {{ en = {0} }}
description = {{ en = {0} }}
[suites.words]
purpose = {{ en = {0} }}
reading = {{ en = {0} }}
[policy]
prompt-errors = "warning"
scorer-foreign = "warning"
template-unverifiable = "info"
[families.small]
title = {{ en = {0} }}
interpretation = {{ en = {0} }}
[[notes]]
id = "any"
kind = "limit"
when = "score >= 0"
text = {{ en = {0}, ko = {0} }}
[hub]
eval_results = true
"""


def quoted(text: str) -> str:
    """Return *text* as TOML has it."""
    return json.dumps(text)


def models(path: str, name: str) -> str:
    """Return a models.toml that says *path* in every text, and *name* wherever a name is due."""
    texts = "\n".join(f"{key} = {{ en = {quoted(path)} }}" for key in ("purpose", "training"))
    fields = (field.encode_name for field in msgspec.structs.fields(Document))
    document = "\n".join(f"{key} = {{ en = {quoted(path)} }}" for key in fields)
    return (
        f'["org/model"]\nfamily = "small"\naliases = [{quoted(name + "-alias")}]\n{texts}\n'
        f"base_model = {quoted(name)}\ndatasets = [{quoted(name)}]\nlicense = {quoted(name)}\n"
        f"series = {quoted(name)}\nquantised_file = {quoted(name)}\n"
        f"pipeline_tag = {quoted(name)}\nlibrary_name = {quoted(name)}\n"
        f"links = {{ paper = {quoted(path)}, {quoted(name)} = 'https://example.org' }}\n"
        f"chat_template_kwargs = {{ style = {quoted(path)} }}\n"
        f'["org/model".document]\n{document}\n[{quoted(name)}]\nepoch = 1\n'
    )


def hostile(path: str, name: str) -> bytes:
    """Return a result file that says *path* wherever a text may stand, its answers apart."""
    adapter = records.Adapter(id=name, revision=path, training=a_training(base=name))
    whole = a_result(
        model=records.Model(
            id="org/model",
            revision=path,
            label=name,
            quantisation=path,
            file=records.ModelFile(name=name),
            server=records.Server(model=name, system_fingerprint=path),
        ),
        protocol=records.Protocol(
            temperature=0.0, max_tokens=1024, dtype=path, harness=records.Harness(name=path)
        ),
        provenance=records.Provenance(
            kind=path, repository=path, document=path, row_label=path, printed={"f1": path}
        ),
        machine=records.Machine(processor=path, accelerator=path, operating_system=path),
        versions={"engine": path, path: "1"},
        scorer=path,
    )
    plain = json.loads(encode(whole))
    plain["prompts"] |= {"errors": [path], "template_source": path, "kwargs": {path: path}}
    plain["protocol"]["extra"] = {"served": path, path: 1}
    plain["a key of nobody's " + path] = path
    other = json.loads(json.dumps(plain)) | {"model": {"id": name, "adapter": None}}
    other["model"]["adapter"] = json.loads(msgspec.json.encode(adapter))
    return json.dumps(other if path in NAMES else plain).encode()


def a_workspace(root: Path, path: str, name: str) -> Path:
    """Write a workspace at *root* that names a machine wherever it can."""
    (root / "results").mkdir(parents=True)
    (root / "board.toml").write_text(BOARD.format(quoted(path)), "utf-8")
    (root / "models.toml").write_text(models(path, name), "utf-8")
    (root / "results" / "one.json").write_bytes(hostile(path, name))
    (root / "results" / "good.json").write_bytes(encode(a_result("org/good")))
    (root / "results" / "broken.json").write_text(json.dumps({path: path, "version": [path]}))
    return root


def published(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and text of every file below *folder*."""
    for file in sorted(folder.rglob("*")):
        if file.suffix == ".parquet":
            yield str(file), json.dumps(pq.read_table(file).to_pylist(), default=str)
        elif file.is_file() and file.suffix not in (".png", ".woff2", ".gz"):
            yield str(file), file.read_text("utf-8")


def run(root: Path, *command: str) -> str:
    """Run a command in the workspace at *root*; return what it printed."""
    done = CliRunner().invoke(main, ["-C", str(root), *command], catch_exceptions=False)
    assert done.exit_code in (0, 1), done.output
    return done.output


@pytest.mark.parametrize("path", [PATHS[0], PATHS[5]])
def test_cards_pages_exports_feeds_and_pushes_name_no_machine(tmp_path, path):
    root = a_workspace(tmp_path / "board", path, NAMES[0])
    assert SECRET not in run(root, "publish", "--snapshot", "2026-11-30")
    for form in ("eee", "csv", "parquet", "croissant"):
        run(root, "export", "--to", form, str(root / "build" / "exported" / form))
    assert SECRET not in run(root, "push", "--to", str(root / "build" / "hub"), "--yes")
    files = dict(published(root / "build"))
    assert len(files) > 40
    assert not [name for name, text in files.items() if SECRET in text]
    assert not [name for name in files if SECRET in name]


def test_the_owner_is_told_by_file_and_key_what_is_not_published(tmp_path):
    root = a_workspace(tmp_path, PATHS[0], NAMES[0])
    said = run(root, "check")
    assert "Checking models.toml: read, with remarks" in said
    for key in ("org/model.base_model", "org/model.datasets[0]", "suites[0].words.purpose.en"):
        assert f"published (key {key})" in said
    assert SECRET not in said


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a JSON *value*."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from (name, *strings(member))
    elif isinstance(value, list):
        for member in value:
            yield from strings(member)


def test_every_text_of_a_profile_is_in_the_hostile_one():
    """A field that is added to models.toml must be added to the test above."""
    document = msgspec.toml.decode(models(PATHS[5], NAMES[0]))["org/model"]
    plain = {"active_parameters", "base_model_relation", "class", "epoch", "guessed", "languages",
        "merge", "parameters", "repo", "trained_groups"}  # fmt: skip
    fields = {field.encode_name for field in msgspec.structs.fields(Profile)}
    assert fields - plain == document.keys()
    assert "training" in MODELS


@pytest.mark.parametrize("path", PATHS)
def test_of_any_path_no_more_than_its_last_part_reaches_a_card(tmp_path, path):
    workspace = open_workspace(a_workspace(tmp_path, path, path if path in NAMES else NAMES[0]))
    cards = list(texts_of(load_boards(workspace), workspace.settings))
    assert len(cards) == 2
    assert not [slug for slug, text, _ in cards if SECRET in text]


parts = st.text("abcXYZ019_-", min_size=1, max_size=8)
roots = st.sampled_from(["/", "~/", "./", "../", "C:\\", "file:///", "\\\\"])


@given(root=roots, inner=st.lists(parts, max_size=3), last=parts)
def test_of_any_path_no_more_than_its_last_part_is_left(root, inner, last):
    path = root + ("\\" if "\\" in root else "/").join([SECRET, *inner, last])
    assert named(path) == last
    assert prose(f"in {path} now") == without_paths(f"in {path} now") == f"in {last} now"
    assert names_machine(path)


def test_what_is_on_all_machines_may_be_written_about(tmp_path):
    said = "Reads `/etc/hosts` and /usr/bin/env; and/or, 1/2, org/name and https://example.org/a/b."
    root = a_workspace(tmp_path, "nothing", "org/base")
    (root / "models.toml").write_text(f'["org/good"]\ntraining = {{ en = {quoted(said)} }}\n')
    workspace = open_workspace(root)
    assert workspace.models["org/good"].training == {"en": said}
    assert workspace.remarks == ()


def test_an_address_of_the_site_that_is_a_folder_is_refused(tmp_path):
    root = a_workspace(tmp_path, "nothing", "org/base")
    text = (root / "board.toml").read_text().replace("[board]", f'[board]\nsite_url = "{PATHS[3]}"')
    (root / "board.toml").write_text(text)
    with pytest.raises(ConfigError, match="is a path of a machine"):
        open_workspace(root)


@pytest.mark.parametrize("path", PATHS)
def test_a_result_keeps_its_answers_and_loses_its_machine(path):
    from cardboard.board.read.reader import read_content

    data = hostile(path, NAMES[0])
    found = read_content(data, "one.json")
    assert isinstance(found.result, Result)
    assert SECRET not in "".join(strings(json.loads(msgspec.json.encode(found))))
