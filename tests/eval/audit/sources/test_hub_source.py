"""Models on the Hub: their small files, of GGUF files the header alone, one revision throughout."""

import json
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.sources import shipped_files
from cardboard.eval.audit.sources.hub_source import _reason
from cardboard.eval.audit.sources.resolve import open_source
from cardboard.eval.errors import CardboardError, UsageError
from cardboard.tests.eval.audit.samples import GOOD, MARKED, TOOLS
from cardboard.tests.eval.audit.shipping import a_folder, a_gguf
from cardboard.tests.hub.server import Hub

pytest_plugins = ("cardboard.tests.hub.fixtures",)


def put(hub: Hub, name: str, folder: Path) -> None:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    hub.write(name, files, title="Add a model")


def test_a_model_is_read_at_one_revision(hub: Hub, api: HfApi, tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "tiny", additional_chat_templates___tool_use__jinja=TOOLS)
    put(hub, "acme/tiny", folder)
    before = api.model_info("acme/tiny").sha
    put(hub, "acme/tiny", a_folder(tmp_path / "newer", MARKED))
    old, new = open_source("acme/tiny", revision=before), open_source("acme/tiny")
    assert (old.name, old.kind, old.revision) == ("acme/tiny", "hub", before)
    assert {one.place: one.text for one in old.templates} == {
        "chat_template.jinja": GOOD,
        "additional_chat_templates/tool_use.jinja": TOOLS,
    }
    assert new.templates[0].text == MARKED
    assert new.revision == api.model_info("acme/tiny").sha
    assert old.tokens.stops == ("<|im_end|>",)


def test_only_what_is_read_is_fetched(hub: Hub, api: HfApi, tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "tiny")
    (folder / "model.safetensors").write_bytes(b"weights" * 1000)
    (folder / "modeling_tiny.py").write_text("raise SystemExit")
    put(hub, "acme/tiny", folder)
    open_source("acme/tiny")
    fetched = {path.name for path in (tmp_path / "home").rglob("*") if path.is_symlink()}
    assert "tokenizer.json" in fetched
    assert not fetched & {"model.safetensors", "modeling_tiny.py"}


def test_a_file_that_is_too_large_is_told_and_left_there(
    hub: Hub, api: HfApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(hub, "acme/tiny", a_folder(tmp_path / "tiny"))
    monkeypatch.setattr(shipped_files, "LONGEST", {"tokenizer.json": 10})
    source = open_source("acme/tiny")
    assert [one.values for one in source.findings] == [
        {"name": "tokenizer.json", "reason": "too large"}
    ]


def test_an_adapter_brings_the_model_that_it_is_for(hub: Hub, api: HfApi, tmp_path: Path) -> None:
    put(hub, "acme/base", a_folder(tmp_path / "base"))
    config = {"base_model_name_or_path": "acme/base"}
    put(hub, "acme/tuned", a_folder(tmp_path / "tuned", MARKED, adapter_config__json=config))
    source = open_source("acme/tuned")
    assert source.base is not None
    assert (source.base.name, source.base.templates[0].text) == ("acme/base", GOOD)
    lost = {"base_model_name_or_path": "acme/gone"}
    put(hub, "acme/lost", a_folder(tmp_path / "lost", MARKED, adapter_config__json=lost))
    [found] = audit([open_source("acme/lost")])
    assert "audit-base-untold" in {one.code for one in found.all_findings}


def test_of_a_gguf_file_no_more_than_the_header_is_fetched(
    hub: Hub, api: HfApi, tmp_path: Path
) -> None:
    path = a_gguf(tmp_path / "model-Q4_K_M.gguf", MARKED)
    weights = b"\0" * (4 << 20)
    files = {"mmproj-f16.gguf": b"GGUF", path.name: path.read_bytes() + weights}
    hub.write("acme/tiny-GGUF", files, title="Add")
    for where in ("acme/tiny-GGUF", f"acme/tiny-GGUF/{path.name}"):
        source = open_source(where)
        assert (source.name, source.kind) == (f"acme/tiny-GGUF/{path.name}", "gguf")
        assert source.templates[0].text == MARKED


def test_what_is_not_there_or_cannot_be_read_is_a_clear_error(hub: Hub, api: HfApi) -> None:
    with pytest.raises(UsageError, match="no such model on the Hub"):
        open_source("acme/nothing")
    hub.write("acme/cut-GGUF", {"a.gguf": b"GGUF\3\0\0\0"}, title="Add")
    with pytest.raises(CardboardError, match="cannot be used"):
        open_source("acme/cut-GGUF")
    hub.write("acme/tiny", {"config.json": json.dumps({}).encode()}, title="Add")
    with pytest.raises(CardboardError, match="acme/tiny"):
        open_source("acme/tiny", revision="no-such-branch")


def test_a_signed_address_is_cut_before_its_signature() -> None:
    error = OSError("Client error '403' for url 'https://cdn.hf.co/a.gguf?X-Sig=secret&k=1'\nMore")
    assert _reason(error) == "Client error '403' for url 'https://cdn.hf.co/a.gguf'"
