"""Which of a source's templates each engine would take, with and without tools."""

from collections.abc import Iterator, Mapping

from ..findings import Finding, found
from ..reports import Engine, Pick
from .sources import Found, Source

CHATML = "chatml"
"""What llama.cpp takes where a file has no template."""


def picks(source: Source) -> tuple[Pick, ...]:
    """Return what each engine takes that can load *source*."""
    if not source.templates and source.mistral_common is not None:
        place = f"mistral-common: {source.mistral_common}"
        engines: tuple[Engine, ...] = ("transformers", "vllm")
        return tuple(
            Pick(engine=engine, tools=tools, place=place)
            for tools in (False, True)
            for engine in engines
        )
    return tuple(
        Pick(
            engine=engine,
            tools=tools,
            place=_place(source, engine, template),
            sha256=template.sha256 if template else None,
        )
        for engine, tools, template in _choices(source)
    )


def taken(source: Source, tools: bool) -> Found | None:
    """Return the template that conversations go through, by the first engine that has one."""
    choices = (template for _, wants, template in _choices(source) if wants == tools)
    return next((template for template in choices if template is not None), None)


def taken_by(source: Source) -> Iterator[tuple[Engine, bool, Found]]:
    """Yield each engine that renders *source* by itself, with and without tools, and its template.

    mistral.rs and TGI are given what transformers takes: their prompts are compared, not where
    they look for a template.
    """
    for engine, tools, template in _choices(source):
        if template is None or engine == "server":
            continue
        yield engine, tools, template
        if engine == "transformers":
            yield "mistral.rs", tools, template
            yield "tgi", tools, template
        elif engine == "llama.cpp":
            # llama-cpp-python takes the default template for conversations with tools, too.
            default = template if not tools else _plain(source) or template
            yield "llama-cpp-python", tools, default
            if source.kind == "gguf":
                yield "mistral.rs", tools, template
    for template in source.on("ollama").values():
        yield from (("ollama", tools, template) for tools in (False, True))


def _plain(source: Source) -> Found | None:
    """Return what llama.cpp takes for conversations without tools."""
    choices = _choices(source)
    return next((one for name, tools, one in choices if name == "llama.cpp" and not tools), None)


def disagreements(source: Source) -> Iterator[Finding]:
    """Tell where engines take different templates, or another than an adapter came with."""
    # Who loads an adapter with its tokenizer has the adapter's own; that is told below.
    choices = [
        (engine, template)
        for engine, tools, template in _choices(source)
        if not tools and (engine != "transformers" or source.kind != "adapter")
    ]
    texts = {template.text for _, template in choices if template is not None}
    if len(texts) > 1:
        told = (f"{engine}: {one.place if one else 'none'}" for engine, one in choices)
        yield found("audit-engines-differ", picks="; ".join(told))
    own = _of_tokenizer(source, tools=False) if source.kind == "adapter" else None
    base = _of_tokenizer(source.base, tools=False) if source.base else None
    if own is not None and base is not None and own.text != base.text:
        yield found("audit-adapter-differs", own=own.sha256[:12], base=base.sha256[:12])


def _choices(source: Source) -> Iterator[tuple[Engine, bool, Found | None]]:
    if not source.templates and source.mistral_common is not None:
        return
    for tools in (False, True):
        if source.kind in ("folder", "hub", "adapter"):
            # vLLM answers through the template of the model, whatever an adapter brings.
            served = source.base if source.kind == "adapter" and source.base else source
            yield "transformers", tools, _of_tokenizer(source, tools)
            yield "vllm", tools, _of_vllm(served, tools)
            yield "llama.cpp", tools, _converted(served, tools)
        elif source.kind == "gguf":
            yield "llama.cpp", tools, _named(source.on("gguf"), tools)
        elif source.kind == "template":
            template = _named(source.on("files"), tools)
            yield "transformers", tools, template
            yield "vllm", tools, template
            yield "llama.cpp", tools, template
        elif source.kind == "server":
            yield "server", tools, _named(source.on("server"), tools)


def _of_tokenizer(source: Source, tools: bool) -> Found | None:
    """Follow `get_chat_template` of transformers: files go before the tokenizer's settings."""
    return _named(source.on("files") or source.on("config"), tools)


def _of_vllm(source: Source, tools: bool) -> Found | None:
    """Follow `resolve_chat_template` of vLLM: without tools, a processor's goes first."""
    if source.has_processor and not tools:
        held = source.on("processor") or source.on("legacy") or source.on("files")
        if "default" in held:
            return held["default"]
    return _of_tokenizer(source, tools)


def _converted(source: Source, tools: bool) -> Found | None:
    """Follow `SpecialVocab` of gguf, which writes the file: settings go before files."""
    for shelf in ("config", "files", "legacy"):
        held = source.on(shelf)
        if held:
            return _named(held, tools)
    return None


def _named(held: Mapping[str, Found], tools: bool) -> Found | None:
    if tools and "tool_use" in held:
        return held["tool_use"]
    return held.get("default")


def _place(source: Source, engine: Engine, template: Found | None) -> str | None:
    """Return where *template* stands; of an adapter's base, the base's name before it."""
    if template is None:
        return CHATML if engine == "llama.cpp" else None
    if source.base is None or any(template is one for one in source.templates):
        return template.place
    return f"{source.base.name}: {template.place}"
