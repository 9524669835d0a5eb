"""What the files around a template lead to: tools that do not find it, parsers that do not fit."""

import re
from collections.abc import Iterator

from ..findings import Finding, found
from ..sources.sources import Source
from .cases import Case, Said, shown
from .ends import ends_of

_GENERATION = re.compile(r"\{%[-+]?\s*generation\b")
_PLAIN = re.compile(r"\{% (?:end)?generation %\}")
_SPELLED = re.compile(r"\{%[-+]?\s*(?:end)?generation\s*[-+]?%\}")


def check_files(source: Source) -> Iterator[Finding]:
    """Tell of templates in places and spellings that not every engine knows."""
    shelves = {one.shelf for one in source.templates if one.name == "default"}
    if "files" in shelves and "config" not in shelves and source.kind in ("folder", "hub"):
        yield found("audit-only-jinja")
    if any(_GENERATION.search(one.text) for one in source.on("gguf").values()):
        yield found("audit-generation-tag")
    spelled = {tag for one in source.templates for tag in _SPELLED.findall(one.text)}
    if other := sorted(tag for tag in spelled if not _PLAIN.fullmatch(tag)):
        yield found("audit-generation-spelled", tag=other[0], engines="mistral.rs, TGI")


def check_response(case: Case) -> Said:
    """Tell whether answers can be taken apart by what the tokenizer's settings say of them."""
    told, ends, prompt = case.tokens.response, ends_of(case), case.text("user")
    if told is None or prompt is None:
        return
    fields = told.get("fields") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(fields, dict) or not fields:
        yield found("audit-response-template", key="fields", text="")
        return
    anchors = _texts(told.get("start_anchor"))
    if not anchors and not isinstance(told.get("start_anchor_pattern"), str):
        yield found("audit-response-template", key="start_anchor", text="")
    elif anchors and not any(anchor in prompt for anchor in anchors):
        yield found("audit-response-template", key="start_anchor", text=shown(anchors[0]))
    content = fields.get("content")
    closes = _texts(content.get("close")) if isinstance(content, dict) else []
    if closes and ends and not any(one in ends.history + ends.last for one in closes):
        yield found("audit-response-template", key="fields.content.close", text=shown(closes[0]))


def _texts(held: object) -> list[str]:
    """Return the text or the texts that a setting names."""
    several = held if isinstance(held, list) else [held]
    return [one for one in several if isinstance(one, str) and one]
