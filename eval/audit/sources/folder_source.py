"""A model's folder, or an adapter's: its templates by the files they stand in, its tokens."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...records import is_hub_id
from . import shipped_files as shipped
from .shipped_files import Files
from .sources import Found, Kind, Shelf, Source, Tokens

_PART = r"[A-Za-z0-9][\w.-]{0,95}"
FILE = re.compile(rf"({_PART}/{_PART})/(.+\.gguf)", re.IGNORECASE)
"""A GGUF file in a repository, `ORG/MODEL/FILE.gguf`."""


def is_hub_name(where: str) -> bool:
    """Tell whether *where* can be `ORG/MODEL` or `ORG/MODEL/FILE.gguf`."""
    file = FILE.fullmatch(where)
    return is_hub_id(file[1] if file else where)


def cached_folder(where: str, revision: str | None) -> Path | None:
    """Return where the Hub's cache on this machine holds the model *where*, if it does."""
    from huggingface_hub import try_to_load_from_cache

    for name in (shipped.TOKENIZER_CONFIG, shipped.CONFIG):
        path = try_to_load_from_cache(where, name, revision=revision)
        if isinstance(path, str):
            return Path(path).parent
    return None


_ID = re.compile("[0-9]{1,9}")


def folder_source(
    folder: Path,
    *,
    name: str | None = None,
    kind: Kind = "folder",
    revision: str | None = None,
    with_base: bool = True,
) -> Source:
    """Read the files in *folder*, which is shown as *name*.

    The model under an adapter is opened too, unless it is not there or *with_base* is false.
    """
    files = Files(folder)
    config = files.json(shipped.CONFIG, shipped.Config) or shipped.Config()
    settings = files.json(shipped.TOKENIZER_CONFIG, dict[str, Any]) or {}
    adapter = files.json(shipped.ADAPTER, shipped.AdapterConfig)
    templates = tuple(_templates(files, settings))
    tokens = _tokens(files, settings, config)
    return Source(
        name=name or folder.resolve().name,
        kind="adapter" if adapter else kind,
        revision=revision,
        templates=templates,
        tokens=tokens,
        model_type=config.model_type,
        has_processor=any(map(files.has, shipped.PROCESSORS)),
        mistral_common=shipped.of_mistral_common(files.names(".", "")),
        base_name=adapter.base_model_name_or_path if adapter else None,
        base=_base(adapter, folder) if adapter and with_base else None,
        findings=tuple(files.findings),
    )


def _templates(files: Files, settings: Mapping[str, Any]) -> Iterator[Found]:
    """Yield every template: files of their own, those in *settings*, that of older processors."""
    text = files.text(shipped.TEMPLATE)
    if text is not None:
        yield Found(text=text, place=shipped.TEMPLATE, shelf="files")
    for name in files.names(shipped.TEMPLATES, ".jinja"):
        place = f"{shipped.TEMPLATES}/{name}"
        text = files.text(place)
        if text is not None:
            yield Found(text=text, place=place, shelf="files", name=name.removesuffix(".jinja"))
    for name, text in _configured(settings.get("chat_template")):
        yield Found(text=text, place=shipped.TOKENIZER_CONFIG, shelf="config", name=name)
    older: tuple[tuple[str, Shelf], ...] = (
        (shipped.LEGACY, "legacy"),
        (shipped.PROCESSORS[0], "processor"),
    )
    for place, shelf in older:
        held = files.json(place, shipped.Legacy)
        if held is not None and held.chat_template is not None:
            yield Found(text=held.chat_template, place=place, shelf=shelf)


def _configured(held: object) -> Iterator[tuple[str, str]]:
    """Yield name and text of the templates in `tokenizer_config.json`: one, or a list of them."""
    if isinstance(held, str):
        yield "default", held
    for one in held if isinstance(held, list) else []:
        if isinstance(one, dict):
            name, text = one.get("name"), one.get("template")
            if isinstance(name, str) and isinstance(text, str):
                yield name, text


def _tokens(files: Files, settings: Mapping[str, Any], config: shipped.Config) -> Tokens:
    single = _single(files, settings)
    ends = _ends(files, config)
    texts = {number: text for text, number in (single or {}).items()}
    special = _special(files, settings)
    adds_bos = settings.get("add_bos_token")
    stops: tuple[str, ...] | None = None
    if ends is not None:
        named = [special["eos_token"]] if "eos_token" in special else []
        stops = tuple(dict.fromkeys([*(texts.get(end, f"#{end}") for end in ends), *named]))
    return Tokens(
        special=special,
        told=any(map(files.has, (shipped.TOKENIZER_CONFIG, shipped.TOKENS_MAP))),
        single=single,
        stops=stops,
        settings=files.has(shipped.CONFIG),
        response=settings.get("response_template"),
        adds_bos=adds_bos if isinstance(adds_bos, bool) else None,
        file=files.path(shipped.TOKENIZER),
    )


def _single(files: Files, settings: Mapping[str, Any]) -> dict[str, int] | None:
    """Return the ids of added tokens by their texts; `None` where no file tells them."""
    held = files.json(shipped.TOKENIZER, shipped.TokenizerFile)
    if held is not None:
        return {one.content: one.id for one in held.added_tokens if one.id is not None}
    decoder = settings.get("added_tokens_decoder")
    if not isinstance(decoder, dict):
        return None
    return {
        one["content"]: int(number)
        for number, one in decoder.items()
        if isinstance(one, dict) and isinstance(one.get("content"), str) and _ID.fullmatch(number)
    }


def _ends(files: Files, config: shipped.Config) -> tuple[int, ...] | None:
    """Return the ids at which generation ends; `None` where no file tells."""
    generation = files.json(shipped.GENERATION, shipped.Generation)
    told = (
        generation.eos_token_id if generation else None,
        config.eos_token_id,
        config.text_config.eos_token_id,
    )
    for ends in told:
        if ends is not None:
            return (ends,) if isinstance(ends, int) else ends
    return None


def _special(files: Files, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the tokens that templates may name: everything called `..._token`."""
    older = files.json(shipped.TOKENS_MAP, dict[str, Any]) or {}
    extra = settings.get("extra_special_tokens")
    held = {**older, **settings, **(extra if isinstance(extra, dict) else {})}
    found = {}
    for name, token in held.items():
        text = token.get("content") if isinstance(token, dict) else token
        if name.endswith("_token") and isinstance(text, str):
            found[name] = text
    return found


def _base(adapter: shipped.AdapterConfig, folder: Path) -> Source | None:
    """Return the model under an adapter, where it lies on this machine."""
    where = adapter.base_model_name_or_path
    if not where:
        return None
    for place in (Path(where), folder / where):
        if shipped.is_folder(place):
            return folder_source(place, with_base=False)
    cached = cached_folder(where, adapter.revision) if is_hub_name(where) else None
    if cached is None:
        return None
    return folder_source(cached, name=where, kind="hub", revision=cached.name, with_base=False)
