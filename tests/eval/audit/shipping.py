"""Folders, files and adapters as models are shipped, for tests."""

import json
from pathlib import Path
from typing import Any

from cardboard.tests.eval.audit.samples import GOOD
from cardboard.tests.tiny import a_tokenizer


def a_folder(
    folder: Path, template: str | None = GOOD, *, eos: Any = 2, tokenizer: bool = True, **files: Any
) -> Path:
    """Write a model's small files; *files* are further ones by name, as JSON or as texts.

    A name's two underscores stand for its dot, its three for a slash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if tokenizer:
        a_tokenizer(template).save_pretrained(folder)
    elif template is not None:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    written = {"config__json": {"model_type": "llama"}}
    if eos is not None:
        written["generation_config__json"] = {"eos_token_id": eos}
    for name, content in {**written, **files}.items():
        path = folder / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
    return folder


def configured(folder: Path, **settings: Any) -> None:
    """Change keys of `tokenizer_config.json`; `None` takes one away."""
    path = folder / "tokenizer_config.json"
    held = {**json.loads(path.read_text(encoding="utf-8")), **settings}
    kept = {name: value for name, value in held.items() if value is not None}
    path.write_text(json.dumps(kept), encoding="utf-8")


def a_gguf(path: Path, template: str | None = GOOD, **named: str) -> Path:
    """Write a GGUF file with a tokenizer and templates; *named* are those beside the default."""
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["<s>", "<|im_start|>", "<|im_end|>", "a"])
    writer.add_token_types([3, 3, 3, 1])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    templates = [{"name": name, "template": text} for name, text in named.items()]
    if template is not None:
        templates = [{"name": "default", "template": template}, *templates]
    writer.add_chat_template(templates)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path
