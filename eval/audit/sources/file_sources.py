"""Single files as sources: GGUF, a bare template, the result of an evaluation."""

from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from ...backends.gguf import header as gguf
from ...backends.gguf.header import Header, read_header
from ...errors import UsageError
from .ollama import is_modelfile, modelfile_source
from .shipped_files import Files
from .sources import Found, Source, Tokens

_GO_ON = ({"<|return|>", "<|call|>"}, {"<|calls|>", "<|flush|>"})
"""Where both of a pair are tokens, `<|end|>` ends a message and not the turn."""


def file_source(path: Path) -> Source:
    """Read the file at *path* by what it holds.

    Raises BadHeader for a broken GGUF file, UsageError for a file of no kind that we know.
    """
    with path.open("rb") as file:
        if path.suffix == ".gguf" or file.read(4) == b"GGUF":
            file.seek(0)
            return gguf_source(file, size=path.stat().st_size, name=path.name)
    if is_modelfile(path):
        return modelfile_source(path, file_source)
    if path.suffix in (".jinja", ".jinja2", ".j2"):
        return _bare(path)
    if path.suffix == ".json":
        return _result(path)
    raise UsageError(
        "is neither a GGUF file, nor a .jinja file, a Modelfile or a result",
        file=path.name,
        remedy="A template alone is a file whose name ends with .jinja.",
    )


def gguf_source(file: BinaryIO, *, size: int, name: str, revision: str | None = None) -> Source:
    """Read the header of the GGUF *file* of *size* bytes. Raises BadHeader."""
    header = read_header(file, size=size, name=name)
    architecture = header.values.get("general.architecture")
    return Source(
        name=name,
        kind="gguf",
        revision=revision,
        templates=_of_header(header),
        tokens=_tokens(header),
        model_type=architecture if isinstance(architecture, str) else None,
    )


def _of_header(header: Header) -> tuple[Found, ...]:
    """Return the default template and those that stand beside it under names."""
    prefix = f"{gguf.TEMPLATE}."
    return tuple(
        Found(
            text=value,
            place=key,
            shelf="gguf",
            name="default" if key == gguf.TEMPLATE else key.removeprefix(prefix),
        )
        for key, value in sorted(header.values.items())
        if isinstance(value, str) and (key == gguf.TEMPLATE or key.startswith(prefix))
    )


def _tokens(header: Header) -> Tokens:
    """Return the marked tokens; llama.cpp ends at EOS, EOT, EOM, and at texts that it knows."""
    ends = [header.named[name] for name in ("eos", "eot", "eom") if name in header.named]
    adds_bos = header.values.get("tokenizer.ggml.add_bos_token")
    return Tokens(
        # llama.cpp renders with empty texts where the file names none.
        special={f"{name}_token": header.named.get(name, "") for name in ("bos", "eos")},
        single={**header.marked, **header.known} or None,
        stops=tuple(dict.fromkeys([*ends, *_known_ends(header)])) or None,
        adds_bos=adds_bos if isinstance(adds_bos, bool) else None,
    )


def _known_ends(header: Header) -> list[str]:
    """Return the tokens at which llama.cpp stops by their texts.

    In harmony and its like the model goes on after `<|end|>`; `</s>` can be a word.
    """
    known = header.known
    goes_on = any(known.keys() >= pair for pair in _GO_ON)
    words = {"<|end|>"} if goes_on else set()
    words |= {"</s>"} - header.marked.keys()
    return [text for text in known if text not in words]


def _bare(path: Path) -> Source:
    files = Files(path.parent)
    text = files.text(path.name)
    templates = () if text is None else (Found(text=text, place=path.name, shelf="files"),)
    return Source(
        name=path.name,
        kind="template",
        templates=templates,
        tokens=Tokens(told=False),
        findings=tuple(files.findings),
    )


class _Prompts(Struct):
    template_sha256: str | None = None


class _Model(Struct):
    id: str
    revision: str | None = None


class _Result(Struct):
    model: _Model
    prompts: _Prompts


def _result(path: Path) -> Source:
    """Read which template a result was measured through: the file keeps its hash alone."""
    path = path.resolve()
    held = Files(path.parent).json(path.name, _Result)
    if held is None:
        raise UsageError("is no result of an evaluation", file=path.name)
    return Source(
        name=held.model.id,
        kind="result",
        revision=held.model.revision,
        recorded=held.prompts.template_sha256,
    )
