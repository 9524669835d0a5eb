"""Words in the reader's language: messages by key, from one catalogue a language."""

import gettext
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from ...eval.errors import CardboardError, ConfigError
from ...eval.metrics import Metric
from .findings import Finding
from .names import line, nearest
from .phrases import fill, slots

# What is written for a language that has another code: countries, names, three letters.
_OTHER_CODES = {
    "kr": "ko",
    "kor": "ko",
    "korean": "ko",
    "us": "en",
    "uk": "en",
    "gb": "en",
    "eng": "en",
    "english": "en",
    "cn": "zh",
    "chinese": "zh",
    "jp": "ja",
    "japanese": "ja",
}
Forms = tuple[str, ...]
"""What a message says: one text, or one for each plural."""

FALLBACK = "en"
"""Whose words stand where a language has none."""


class CatalogueError(CardboardError):
    """A catalogue lacks a message, or a message was not given what it speaks of."""


class Words:
    """Say things in one language.

    Messages hold plain words and no markup; whoever shows them escapes them for where they land.
    *own* is a catalogue of a workspace, as text: its messages win, and what it says of a kind of
    suite is called `KIND:KEY`. What a language lacks is said in English. Raises `CatalogueError`
    where there is no catalogue for *language*.
    """

    def __init__(self, language: str, own: str | None = None) -> None:
        self.language = language
        self._messages, self._kinds = _load(language, own), _load_kinds(language, own)
        self._singular: dict[str, str] = {}
        self._held: dict[str, bool] = {}

    @property
    def unreviewed(self) -> bool:
        """Whether nobody who speaks the language has signed the package's catalogue of it.

        Such a catalogue is marked as fuzzy, as gettext calls what awaits a review.
        """
        return _is_fuzzy(self.language)

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

    def given(self, key: str) -> frozenset[str]:
        """Return the names of all values that every wording of *key* may speak of."""
        try:
            return slots(self._message(key, 1)) | slots(self._message(key, 2)) | {"n"}
        except KeyError:  # it has no plural
            return self.needed(key)

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
    """Return the languages of which the package has all words, sorted."""
    texts = {one: _folder().joinpath(f"{one}.po").read_text("utf-8") for one in card_languages()}
    return tuple(one for one, text in texts.items() if f'msgid "{_OF_SITES}"' in text)


def card_languages() -> tuple[str, ...]:
    """Return the languages in which the package can say at least what cards say, sorted."""
    names = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".po") for name in names if name.endswith(".po")))


_OF_SITES = "site.lost"
"""A message that a catalogue for cards alone lacks."""


def _short(value: object) -> object:
    # What a stranger's file says must not flood a message.
    return line(value) if isinstance(value, str) else value


class _Missing(gettext.NullTranslations):
    """Refuse keys that the catalogue does not hold."""

    def gettext(self, message: str) -> str:
        raise KeyError(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        raise KeyError(msgid1)


class _Messages(gettext.NullTranslations):
    """Messages by key, each with its forms; *plural* is gettext's expression that chooses one."""

    def __init__(self, messages: Mapping[str, Forms], plural: str) -> None:
        super().__init__()
        self._forms = messages
        self._plural = gettext.c2py(plural)

    def gettext(self, message: str) -> str:
        forms = self._forms.get(message)
        return forms[0] if forms else super().gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        forms = self._forms.get(msgid1)
        if not forms:
            return super().ngettext(msgid1, msgid2, n)
        return forms[min(self._plural(n), len(forms) - 1)]


def near_language(name: str, known: Sequence[str]) -> str | None:
    """Return which of the *known* languages is meant by *name*, a country's or a word for one."""
    code = _OTHER_CODES.get(name.lower(), name.lower())
    near = code if code in known else _OTHER_CODES.get(code[:2], nearest(code, known))
    return near if near in known else None


def language_remedy(name: str, known: Sequence[str]) -> str:
    """Return what to write in place of *name*, which is none of the languages *known*."""
    near = near_language(name, known)
    did = f"Did you mean {near}? " if near else ""
    own = name if re.fullmatch(r"[a-z]{2,3}(-\w+)?", name) and not did else "CODE"
    return (
        f"{did}There are: {', '.join(known)}. Another one is a file locale/{own}.po with the "
        "messages that you translate."
    )


@lru_cache
def _load(language: str, own: str | None) -> gettext.NullTranslations:
    found = _packaged(language)
    if own is None:
        if found is None:
            raise CatalogueError(
                f"there is no catalogue for the language {language!r}",
                file="board.toml",
                key="board.languages",
                remedy=language_remedy(language, card_languages()),
            )
        return found
    messages = _Messages(_own_messages(own, language), _plural(language))
    below = found or _packaged(FALLBACK)
    assert below is not None
    messages.add_fallback(below)
    return messages


@lru_cache
def _packaged(language: str) -> gettext.NullTranslations | None:
    """Return the package's messages, with English ones behind them; `None` without a catalogue."""
    if language not in card_languages():
        return None
    last: gettext.NullTranslations = _Missing()
    if language != FALLBACK:
        last = _packaged(FALLBACK) or last
    return _over(last, _folder() / f"{language}.po")


def _is_fuzzy(language: str) -> bool:
    return language in card_languages() and _read(_folder() / f"{language}.po").fuzzy


@lru_cache
def _load_kinds(language: str, own: str | None) -> dict[str, gettext.NullTranslations]:
    """Return what each kind of suite says in its own words, by the kind's name.

    A language's catalogue may hold all of it as `KIND:KEY`, and so may a workspace's.
    """
    found: dict[str, gettext.NullTranslations] = {}
    if language != FALLBACK:
        found = dict(_load_kinds(FALLBACK, None))
        if language in card_languages():
            packaged = _read(_folder() / f"{language}.po")
            _lay_over(found, packaged.all, packaged.plural)
    for kind in _kinds_folder().iterdir():
        path = kind / f"{language}.po"
        if path.is_file():
            found[kind.name] = _over(found.get(kind.name) or _Missing(), path)
    if own is not None:
        _lay_over(found, _own_messages(own, language), _plural(language))
    return found


def _lay_over(
    found: dict[str, gettext.NullTranslations], all_: Mapping[str, Forms], plural: str
) -> None:
    """Put what a catalogue calls `KIND:KEY` before what is *found* of each kind."""
    told: dict[str, dict[str, Forms]] = {}
    for key, forms in all_.items():
        kind_name, _, message = key.partition(":")
        if message:
            told.setdefault(kind_name, {})[message] = forms
    for kind_name, messages in told.items():
        before = _Messages(messages, plural)
        before.add_fallback(found.get(kind_name) or _Missing())
        found[kind_name] = before


@lru_cache
def _own_messages(own: str, language: str) -> dict[str, Forms]:
    """Return the messages of a workspace's catalogue that can be said, each with its forms."""
    english = Words(FALLBACK)
    return {
        key: forms
        for key, forms in _read_own(own, language)
        if _misfit(key, forms, english) is None
    }


def misfits(own: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield every message of a workspace's catalogue that cannot be said, and why not."""
    english = Words(FALLBACK)
    for key, forms in _read_own(own, language):
        what = _misfit(key, forms, english)
        if what is not None:
            yield key, what


def check_own(own: str, language: str, *, file: str) -> None:
    """Raise `ConfigError`, naming *file*, where a workspace's catalogue cannot be read."""
    from babel.core import Locale, UnknownLocaleError

    try:
        Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        raise ConfigError(
            f"nobody knows a language {language!r}",
            file=file,
            remedy="Call the file after the code of its language: ja.po, pt-BR.po.",
        ) from None
    try:
        _read_own(own, language)
    except ValueError as error:
        raise ConfigError(
            f"is no catalogue of gettext: {error}",
            file=file,
            remedy='Each message is a line msgid "KEY" and a line msgstr "TEXT".',
        ) from None


@lru_cache
def _read_own(own: str, language: str) -> tuple[tuple[str, Forms], ...]:
    from babel.messages.pofile import PoFileError, read_po

    # A header of its own could name another code page or other plurals than its language has.
    text = _HEADER.sub("", own, count=1)
    for number, row in enumerate(own.splitlines(), start=1):
        if not _LINE.fullmatch(row):  # Babel takes what is open for a text that it is not
            raise ValueError(f"line {number} is not what stands in one: {row[:60]}")
    try:
        found = read_po(
            io.BytesIO(text.encode()), locale=language.replace("-", "_"), abort_invalid=True
        )
    except PoFileError as error:
        raise ValueError(str(error)) from None
    told = []
    for message in found:
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
        if key and not message.fuzzy and all(forms):
            told.append((key, forms))
    return tuple(told)


_LINE = re.compile(
    r'\s*(?:#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)\s*)?"(?:[^"\\]|\\.)*"\s*)?'
)
_HEADER = re.compile(r'(?:#[^\n]*\n)*msgid ""\nmsgstr ""\n(?:"[^\n]*"\n?)+')


def _misfit(key: str, forms: Forms, english: Words) -> str | None:
    """Return why the message *key* cannot be said in these *forms*; `None` where it can."""
    if not english.has(key):
        from difflib import get_close_matches

        near = get_close_matches(key, _keys(), n=1, cutoff=0.7)
        return "there is no such message" + (f"; did you mean {near[0]}?" if near else "")
    try:
        strange = sorted(frozenset().union(*map(slots, forms)) - english.given(key))
    except ValueError as error:
        return str(error)
    return f"nobody gives it the value {{{strange[0]}}}" if strange else None


def _keys() -> tuple[str, ...]:
    """Return every key of the package's English messages."""
    places = [("", _folder() / f"{FALLBACK}.po")]
    places += [(f"{one.name}:", one / f"{FALLBACK}.po") for one in _kinds_folder().iterdir()]
    found = [f"{start}{key}" for start, path in places if path.is_file() for key in _read(path).all]
    return tuple(sorted(found))


def _plural(language: str) -> str:
    """Return gettext's expression that chooses a plural's form in *language*."""
    from babel.messages.plurals import get_plural

    return get_plural(language.replace("-", "_")).plural_expr


def _over(last: gettext.NullTranslations, path: Traversable) -> gettext.NullTranslations:
    """Return the package's catalogue at *path*, with *last* behind it."""
    found = _read(path)
    messages = _Messages(found.all, found.plural)
    messages.add_fallback(last)
    return messages


class Catalogue(NamedTuple):
    """What a catalogue of the package holds."""

    all: dict[str, Forms]
    plural: str
    fuzzy: bool
    """Whether the catalogue as a whole awaits a review; a message that does is left out."""


def _read(path: Traversable) -> Catalogue:
    return read_packaged(path.read_text("utf-8"))


_LINES = r'((?:".*"\n)+)'
_FORM = re.compile(rf"msgstr(?:\[\d\])? {_LINES}")
_ENTRY = re.compile(rf"((?:#.*\n)*)msgid {_LINES}(?:msgid_plural {_LINES})?((?:{_FORM.pattern})+)")
_ESCAPED = re.compile(r"\\(.)")
_SIGNS = {"n": "\n", "t": "\t", "r": "\r"}


@lru_cache
def read_packaged(text: str) -> Catalogue:
    """Return what *text* holds, in the form that catalogues of the package have.

    Babel reads every form there is, and takes longer for it than a whole board.
    """
    found: dict[str, Forms] = {}
    head, whole_fuzzy = "", False
    for comments, key, _, forms, _ in _ENTRY.findall(f"{text}\n"):
        name, fuzzy = _unquoted(key), "#, fuzzy\n" in comments
        told = tuple(map(_unquoted, _FORM.findall(forms)))
        if not name:
            head, whole_fuzzy = told[0], fuzzy
        elif all(told) and not fuzzy:
            found[name] = told
    plural = re.search(r"plural=([^;]*);", head)
    assert plural is not None, "every catalogue of the package has a head"
    return Catalogue(found, plural[1], whole_fuzzy)


def _unquoted(lines: str) -> str:
    """Return the text that stands in *lines*, between quotation marks on each."""
    text = lines[1:-2].replace('"\n"', "")
    return _ESCAPED.sub(lambda sign: _SIGNS.get(sign[1], sign[1]), text) if "\\" in text else text


def _kinds_folder() -> Traversable:
    return files("cardboard") / "templates" / "kinds"


def _folder() -> Traversable:
    return files("cardboard") / "templates" / "locale"
