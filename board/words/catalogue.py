"""Words in the reader's language: messages by key, from one catalogue a language."""

import gettext
import io
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from ...eval.errors import CardboardError
from ...eval.metrics import Metric
from .findings import Finding
from .names import line
from .phrases import fill, slots


class CatalogueError(CardboardError):
    """A catalogue lacks a message, or a message was not given what it speaks of."""


class Words:
    """Say things in one language.

    Messages hold plain words and no markup; whoever shows them escapes them for where they land.
    Raises `CatalogueError` where there is no catalogue for *language*.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._messages, self._kinds = _load(language), _load_kinds(language)
        self._singular: dict[str, str] = {}
        self._held: dict[str, bool] = {}

    def text(self, key: str, **values: object) -> str:
        """Return the message *key* with *values* filled in; `n` chooses the plural.

        Raises `CatalogueError` where the key or a value is missing.
        """
        return self._say(key, values)

    def has(self, key: str) -> bool:
        """Tell whether the catalogue holds the message *key*."""
        if key not in self._held:
            try:
                self._held[key] = bool(self._message(key, None))
            except KeyError:
                self._held[key] = False
        return self._held[key]

    def of_kind(self, kind: str, key: str, **values: object) -> str:
        """Return the message *key* as suites of *kind* say it, or else as all do."""
        own = f"{kind}:{key}"
        return self._say(own if self.has(own) else key, values)

    def metric(self, metric: Metric, kind: str) -> str:
        """Return the title of *metric*: its suite's words, its kind's, or its id."""
        own = metric.title.get(self.language) or next(iter(metric.title.values()), None)
        if own is not None:
            return own
        key = f"{kind}:metric.{metric.id}"
        return self.text(key) if self.has(key) else metric.id.replace("_", " ")

    def finding(self, finding: Finding) -> str:
        """Return what *finding* says, in a sentence that a visitor understands."""
        return self._say(f"finding.{finding.code}", self._evidence(finding))

    def remedy(self, finding: Finding) -> str | None:
        """Return what to do about *finding*; `None` where there is nothing to do."""
        key = f"remedy.{finding.code}"
        return self._say(key, self._evidence(finding)) if self.has(key) else None

    def needed(self, key: str) -> frozenset[str]:
        """Return the names of all values that the message *key* speaks of."""
        return slots(self._message(key, None))

    def _evidence(self, finding: Finding) -> dict[str, object]:
        """Return what the message of *finding* may speak of, none of it longer than a line."""
        values = {"file": finding.file, "key": finding.key, **finding.values}
        known = f"reason.{values.get('reason')}".replace(" ", "-").lower()
        if self.has(known):
            values["reason"] = self.text(known)
        return {name: _short(value) for name, value in values.items()}

    def _say(self, key: str, values: Mapping[str, object]) -> str:
        file = f"templates/locale/{self.language}.po"
        try:
            message = self._message(key, values.get("n"))
        except KeyError:
            raise CatalogueError("there is no such message", file=file, key=key) from None
        try:
            return fill(message, values)
        except KeyError as error:
            raise CatalogueError(f"needs the value {error}", file=file, key=key) from None

    def _message(self, key: str, n: object) -> str:
        kind, _, own = key.partition(":")
        if isinstance(n, int) and not own:
            return self._messages.ngettext(key, key, n)
        if key not in self._singular:
            self._singular[key] = self._kinds[kind].gettext(own) if own else self._only(key)
        return self._singular[key]

    def _only(self, key: str) -> str:
        try:
            return self._messages.gettext(key)
        except KeyError:  # Python before 3.11.3 finds a message with a plural only by number
            return self._messages.ngettext(key, key, 1)


def languages() -> tuple[str, ...]:
    """Return the languages that have a catalogue, sorted."""
    names = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".po") for name in names if name.endswith(".po")))


def _short(value: object) -> object:
    # What a stranger's file says must not flood a message.
    return line(value) if isinstance(value, str) else value


class _Missing(gettext.NullTranslations):
    """Refuse keys that the catalogue does not hold."""

    def gettext(self, message: str) -> str:
        raise KeyError(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        raise KeyError(msgid1)


@lru_cache
def _load(language: str) -> gettext.NullTranslations:
    if language not in languages():
        raise CatalogueError(
            f"there is no catalogue for the language {language!r}",
            file="board.toml",
            key="board.languages",
            remedy=f"There are: {', '.join(languages())}. Another one is one more file there.",
        )
    return _compiled(_folder() / f"{language}.po", language)


@lru_cache
def _load_kinds(language: str) -> dict[str, gettext.NullTranslations]:
    """Return what each kind of suite says in its own words, by the kind's name."""
    paths = ((kind.name, kind / f"{language}.po") for kind in _kinds_folder().iterdir())
    return {name: _compiled(path, language) for name, path in paths if path.is_file()}


def _compiled(path: Traversable, language: str) -> gettext.NullTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language, abort_invalid=True))
    compiled.seek(0)
    messages = gettext.GNUTranslations(compiled)
    messages.add_fallback(_Missing())
    return messages


def _kinds_folder() -> Traversable:
    return files("cardboard") / "templates" / "kinds"


def _folder() -> Traversable:
    return files("cardboard") / "templates" / "locale"
