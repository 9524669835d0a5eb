"""Which rung of each engine answers for a GGUF file: its own code, a named format, the template."""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from ...sandbox.rendering import Rendered
from ..rendering.formats import FAR, NEAR, Format, format_named, listed, named
from ..rendering.probes import PROBES
from ..reports import Engine, Landing, Rung
from .engines import CHATML
from .sources import Source

ENGINES: tuple[Engine, ...] = ("llama.cpp", "llama-cpp-python", "ollama", "mistral.rs")
"""Those that load a file by itself, and look for a format in it."""
LLAMA_2 = "llama-2"
"""What llama-cpp-python takes where a file has no template."""
HARMONY = "harmony"

_TALKS = ("user", "system", "talk")
"""Probes of plain conversations, which every format can put into a prompt."""
_SHOWN = 80
_HARMONIOUS = ("gptoss", "gpt-oss")
# Ollama prefers a template that can do more than its own format: none that its list could be taken
# for has tools or thoughts.
_MORE = re.compile(r"\btools\b|\btool_calls\b|</?think|enable_thinking|reasoning_content")


def rungs(
    source: Source,
    renders: Mapping[str, Rendered],
    loads: Mapping[Engine, Mapping[str, Rendered]],
) -> tuple[Landing, ...]:
    """Return what answers in each engine for the GGUF file *source*; none for what is no such file.

    *renders* are the prompts of the file's own template by probe, *loads* what engines make of it.
    A rung with prompts of its own is wrong where one of them is another than the template's, but
    for a BOS before it, and the template itself is wrong for an engine that cannot load it.
    """
    if source.kind != "gguf":
        return ()
    text = next((one.text for one in source.templates if one.name == "default"), None)
    landed = [_landing(engine, text, source.model_type) for engine in ENGINES]
    bos = source.tokens.bos or ""
    return tuple(_judged(one, renders, loads, bos) for one in landed)


def _landing(engine: Engine, template: str | None, architecture: str | None) -> Landing:
    if template is None:
        taken = {"llama.cpp": CHATML, "llama-cpp-python": LLAMA_2}.get(engine)
        if engine == "ollama":
            return Landing(engine=engine, rung="fallback", format="{{ .Prompt }}")
        return Landing(engine=engine, rung="fallback" if taken else "none", format=taken)
    if engine == "ollama":
        return _of_ollama(template, architecture)
    known = named(engine, template)
    return Landing(engine=engine, rung="named" if known else "metadata", format=known)


def _of_ollama(template: str, architecture: str | None) -> Landing:
    """Follow what `ollama create` makes of a file, and what it then prefers."""
    if architecture in _HARMONIOUS and "<|start|>" in template and "<|end|>" in template:
        return Landing(engine="ollama", rung="handler", format=HARMONY)
    if _MORE.search(template):
        return Landing(engine="ollama", rung="metadata")
    found = listed(template)
    if found is None or found[1] >= FAR:
        return Landing(engine="ollama", rung="metadata")
    name, edits = found
    rung: Rung = "named" if edits < NEAR else "untold"
    return Landing(engine="ollama", rung=rung, format=name, edits=edits)


def _judged(
    one: Landing,
    renders: Mapping[str, Rendered],
    loads: Mapping[Engine, Mapping[str, Rendered]],
    bos: str,
) -> Landing:
    if one.rung == "metadata":
        made = loads.get(one.engine, {})
        if not made:
            # Ollama's is llama.cpp's own: it hands the conversation to its server.
            made = loads.get("llama.cpp", {}) if one.engine == "ollama" else {}
        refused = [rendered.problem == "syntax" for rendered in made.values()]
        return replace(one, wrong=all(refused)) if refused else one
    form = format_named(one.engine, one.format)
    if one.rung != "named" or form is None:
        return one
    return _compared(one, form, renders, bos)


def _compared(one: Landing, form: Format, renders: Mapping[str, Rendered], bos: str) -> Landing:
    """Hold the prompts of a named format against those of the file's own template."""
    known = False
    for name in _TALKS:
        rendered = renders.get(name)
        if rendered is None or (rendered.text is None and rendered.problem != "refused"):
            continue
        known = True
        own = None if rendered.text is None else rendered.text.removeprefix(bos)
        theirs = form.prompt(PROBES[name].messages).removeprefix(bos)
        if own == theirs:
            continue
        own = own if own is not None else f"({rendered.error})"
        ours, others = _from_difference(theirs, own)
        return replace(one, wrong=True, probe=name, rung_says=ours, template_says=others)
    return replace(one, wrong=False) if known else one


def _from_difference(left: str, right: str) -> tuple[str, str]:
    """Return how two texts go on from a little before the first place where they part."""
    least = min(len(left), len(right))
    place = next((at for at in range(least) if left[at] != right[at]), least)
    start = max(0, place - 16)
    return _visible(left[start:]), _visible(right[start:])


def _visible(text: str) -> str:
    shown = text.replace("\n", "\\n").replace("\t", "\\t")
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
