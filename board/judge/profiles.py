"""Which model a result is of, what models.toml says of it, and what its name only suggests."""

import re

from msgspec import Struct
from msgspec.structs import replace

from ...eval.identity import fold
from ...eval.records import Model
from ..words.names import visible
from ..workspace.settings import Profile, Workspace

_SIZE = re.compile(r"(?<![A-Za-z0-9.])(\d{1,5}(?:\.\d{1,3})?)B(?![A-Za-z0-9])", re.IGNORECASE)
_ACTIVE = re.compile(r"(?<![A-Za-z0-9])A(\d{1,5}(?:\.\d{1,3})?)B(?![A-Za-z0-9])", re.IGNORECASE)


class Named(Struct, frozen=True, kw_only=True):
    """A model under its one name, with its profile."""

    name: str
    """As it is shown: the Hub id, with adapter and quantisation where the result has them."""
    profile: Profile
    own: bool = False
    """Whether models.toml has a table for this very name, and not only for the plain model."""


class Directory:
    """Look models up by any of their names, whatever the case of the letters."""

    def __init__(self, workspace: Workspace) -> None:
        self._families = workspace.settings.families
        self._profiles = workspace.models
        self._names = {
            fold(alias): name
            for name, profile in workspace.models.items()
            for alias in (name, *profile.aliases)
        }

    def name(self, model: Model) -> Named:
        """Return the one name of *model* and its profile, guesses marked as such."""
        variant = _variant(model)
        whole = spelled(model)
        for candidate in dict.fromkeys((whole, model.id)):
            known = self._names.get(fold(candidate))
            if known is not None:
                own = candidate is whole
                shown = known if own else f"{known}{variant}"
                profile = _told(model, self._guess(shown, self._profiles[known]))
                return Named(name=shown, profile=profile, own=own)
        shown = visible(whole.strip()) or "unknown"
        return Named(name=shown, profile=_told(model, self._guess(shown, Profile())))

    def told(self, name: str) -> Named | None:
        """Return what models.toml says of a model under this very *name*."""
        known = self._names.get(fold(name))
        if known is None:
            return None
        return Named(name=known, profile=self._guess(known, self._profiles[known]), own=True)

    def _guess(self, name: str, profile: Profile) -> Profile:
        """Fill in what *profile* leaves open and the name suggests."""
        short = name.rsplit("/", 1)[-1]
        guesses: dict[str, str | float] = {}
        if profile.family is None:
            family = next(
                (
                    key
                    for key, family in sorted(self._families.items())
                    if short.lower().startswith(family.match) and family.match
                ),
                None,
            )
            if family is not None:
                guesses["family"] = family
        for key, pattern in (("parameters", _SIZE), ("active_parameters", _ACTIVE)):
            found = pattern.search(short)
            if getattr(profile, key) is None and found and float(found[1]) > 0:
                guesses[key] = float(found[1])
        if not guesses:
            return profile
        return replace(profile, guessed=tuple(sorted(guesses)), **guesses)


def _told(model: Model, profile: Profile) -> Profile:
    """Fill in what *profile* leaves open and the record of an adapter's training says."""
    training = model.adapter.training if model.adapter else None
    if training is None or profile.base_model is not None:
        return profile
    relation = profile.base_model_relation or "adapter"
    return replace(profile, base_model=training.base, base_model_relation=relation)


def spelled(model: Model) -> str:
    """Return the name of *model* as its result has it, with adapter and quantisation."""
    return f"{model.id}{_variant(model)}"


def _variant(model: Model) -> str:
    """Return what sets a result of an adapter or a quantised file apart from the plain model."""
    adapter = f"+{model.adapter.id}" if model.adapter else ""
    quantisation = f":{model.quantisation}" if model.quantisation else ""
    return adapter + quantisation
