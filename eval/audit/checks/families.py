"""Families of models whose templates are known: which one a model is of, and what holds there."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from ..findings import Trait, found
from .cases import Case, Said


class Known(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template that was shipped."""

    sha256: str
    """The first digits of the SHA-256 of its text, twelve or more."""
    models: tuple[str, ...]
    superseded: bool = False
    """Whether the makers have shipped another one since."""
    source: str


class Family(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of one family; the fields are explained in `families.toml`."""

    title: str
    model_types: tuple[str, ...] = ()
    name: str | None = None
    tells: tuple[str, ...] = ()
    turn: tuple[str, str] | None = None
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    traits: Mapping[str, tuple[str, ...]] = {}
    sources: tuple[str, ...]
    known: tuple[Known, ...] = ()


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    sources: Mapping[str, str]
    families: Mapping[str, Family]


def families() -> Mapping[str, Family]:
    """Return all families by their names, those that say most of a model first."""
    return _file().families


def sources() -> Mapping[str, str]:
    """Return where the facts are from, by the names that families use."""
    return _file().sources


@cache
def _file() -> _File:
    data = files(__package__).joinpath("families.toml").read_bytes()
    return msgspec.toml.decode(data, type=_File)


def family_of(model_type: str | None, name: str, template: str) -> tuple[str, bool] | None:
    """Return the family of a model, and whether its type and *name* say so or the template."""
    for key, family in families().items():
        fits = family.name is None or re.search(family.name, name, re.IGNORECASE)
        if model_type in family.model_types and fits:
            return key, True
    for key, family in families().items():
        if any(mark in template for mark in family.tells):
            return key, False
    return None


def turn_marks(text: str) -> tuple[str, str] | None:
    """Return the marks that open and close a turn in *text*."""
    pairs = (family.turn for family in families().values() if family.turn is not None)
    return next((pair for pair in pairs if pair[0] in text), None)


def check_family(
    case: Case, name: str, certain: bool, sha256: str | None, traits: Mapping[str, str]
) -> Said:
    """Compare a template with what is known of the family *name*; *traits* are words by check.

    What a template must show is asked only of a model that is *certain* to be of the family.
    """
    family, talk = families()[name], case.text("talk")
    yield Trait(check="family", value="known", values={"family": family.title})
    if talk is None:
        return
    shown = "\n".join([talk, *case.inspection.literals])
    for mark in family.must if certain else ():
        if mark not in talk:
            yield found("audit-family-mark-missing", family=family.title, mark=mark.strip())
    for mark in family.must_not:
        if mark in shown:
            yield found("audit-family-mark-foreign", family=family.title, mark=mark)
    for check, values in family.traits.items():
        is_ = traits.get(check)
        if is_ is not None and is_ not in values:
            wanted = " / ".join(values)
            yield found(
                "audit-family-rule", family=family.title, aspect=check, value=is_, wanted=wanted
            )
    for known in family.known:
        if sha256 is not None and sha256.startswith(known.sha256):
            code = "audit-family-superseded" if known.superseded else "audit-family-known"
            yield found(code, models=", ".join(known.models))
