"""Cards as text: one layout for every language, compiled once, escaped throughout."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from jinja2 import Environment, StrictUndefined
from msgspec.structs import replace

from ...board.model import Boards
from ...board.notes.claims import Claim
from ...board.notes.lasting import ALWAYS_EXACT
from ...board.notes.notes import Said
from ...board.show.snippets import snippet
from ...board.words.catalogue import Words
from ...board.words.findings import Finding
from ...board.workspace.layouts import Sandbox, loader, own_faults
from ...board.workspace.settings import SECTIONS, Section, Settings, Text
from ..readme.markdown import Safe, bare_link, code, codes, escaped, link, prose, say, say_of, shown
from ..readme.markers import wrap
from .cache import digest_of
from .card import Card, Deck
from .metadata import front_matter
from .subjects import Subject
from .tables import Tables

FRONT_MATTER = "front matter"
_HUB = "https://huggingface.co/"
_MOST_KEPT = 4096
OF_SUITES = ("output", "safety", "reading")
"""Blocks that speak of suites, and not of the model."""
OF_SUITES_TOLD = ("subjects", "on_ranks", "sweep", "site_url")
"""All of a card that these blocks tell."""
_HEADING = re.compile(r"^(##+)# ", re.MULTILINE)
_CODED = frozenset(("status", "counts", "document", "missing"))
_KINDS = "kinds/"
"""Where each kind of suite has its own parts of a card."""


class Renderer:
    """Turn cards into READMEs; make one and keep it, since making it compiles the layout."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._languages = settings.cards.languages or settings.board.languages
        everyone = [settings.words(language) for language in self._languages]
        names = [words.text("language.name") for words in everyone]
        self._bodies: list[Callable[[Card], str]] = [
            _body(words, settings, first=everyone[0], names=names) for words in everyone
        ]

    def readme(self, card: Card) -> str:
        """Return the whole README of *card*: front matter, then our part between its markers."""
        return _assembled(self.parts(card))

    def told(self, card: Card) -> tuple[str, dict[str, str]]:
        """Return the whole README of *card*, and the SHA-256 of its parts by name."""
        parts = self.parts(card)
        written = {name: part.encode("utf-8", "replace") for name, part in parts.items()}
        digests = {name: hashlib.sha256(part).hexdigest() for name, part in written.items()}
        return _assembled(parts), digests

    def body(self, card: Card) -> str:
        """Return our part of the README: all languages, one after the other."""
        return "\n".join(body(card) for body in self._bodies)

    def parts(self, card: Card) -> dict[str, str]:
        """Return the front matter, and the text of every language by its code."""
        told = {
            language: body(card)
            for language, body in zip(self._languages, self._bodies, strict=True)
        }
        return {FRONT_MATTER: front_matter(card, self._settings), **told}


def texts_of(boards: Boards, settings: Settings) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield each card's slug, the whole README, and the SHA-256 of its parts by name."""
    deck, renderer = Deck(boards, settings), Renderer(settings)
    for slug in deck.slugs:
        yield slug, *renderer.told(deck.card(slug))


def _assembled(parts: Mapping[str, str]) -> str:
    """Return the README that consists of *parts*."""
    head, *bodies = parts.values()
    body = "\n".join(bodies)
    return f"{head}\n{wrap(body)}"


class _Environment(Environment):
    """Look attributes up as Python does: a card is plain values without any mappings."""

    getattr = staticmethod(getattr)  # type: ignore[assignment]  # the same, but two calls less


class _OneLanguage(Environment):
    """Raise every heading by one: a card in one language has no heading that names it."""

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        """Return *source* with headings of sections below the title."""
        return _HEADING.sub(r"\1 ", super().preprocess(source, name, filename))


class _One(_OneLanguage, _Environment):
    """The package's templates for a card in one language."""


class _OneSandboxed(_OneLanguage, Sandbox):
    """A workspace's templates for a card in one language."""


def _environment(settings: Settings) -> type[Environment]:
    """Return how templates are looked up and run: those of a workspace may do little."""
    alone = len(settings.cards.languages or settings.board.languages) == 1
    if settings.overrides.templates:
        return _OneSandboxed if alone else Sandbox
    return _One if alone else _Environment


def _body(
    words: Words, settings: Settings, *, first: Words, names: list[str]
) -> Callable[[Card], str]:
    """Return the function that renders a card in the language of *words*."""
    environment = _environment(settings)(
        loader=loader(settings.overrides.templates, "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, not HTML: `finalize` escapes every value
        finalize=shown,
        auto_reload=False,
    )
    said = _Said(words)
    tables = Tables(words, said)
    parts = frozenset(environment.list_templates(filter_func=lambda name: name.startswith(_KINDS)))
    # The compiler folds filters over constants: words without values cost nothing a card.
    environment.filters.update(
        t=said,
        own=lambda text: prose(_own(text, words.language)),
        say=said.finding,
        note=lambda one: said.claim(one) if isinstance(one, Claim) else _note(one, words.language),
        claims=lambda claims: Safe(" ".join([said.claim(one) for one in claims])),
        safely=Safe,
        code=code,
        web=bare_link,
        of=said.of_kind,
        metric=lambda metric, kind: escaped(words.metric(metric, kind)),
        purpose=lambda subjects, model: _purpose(subjects, model, words),
        titles=lambda subjects: _titles(subjects, words.language),
        wordless=lambda subjects, name: [
            one
            for one in subjects
            if not getattr(one.words, name) and _part(one.kind, name, parts) is None
        ],
        codes=codes,
        json=lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True),
        snippet=lambda run, name: Safe(snippet(run, name)),
        hub=lambda name, repo: _repository(name, repo, _HUB),
        dataset=lambda name, repo: _repository(name, repo, f"{_HUB}datasets/"),
        badge=lambda card: _badge(card, say(words, "card.badge")),
        above=lambda key: _above(first, key),
        band=lambda top: said("rank.lower") if top == 100 else said("rank.band", band=top),
        figures=tables.figures,
        number=tables.number,
        score=tables.score,
        division=tables.division,
        parts=tables.parts,
        groups=tables.groups,
        versions=tables.versions,
        language=tables.language,
        recorded=tables.recorded,
        rows=tables.rows,
        section=_section,
    )
    environment.globals.update(
        first=words is first,
        contents=Safe(" · ".join(f"[{escaped(name)}](#{anchor(name)})" for name in names))
        if len(names) > 1
        else None,
        sections=sections_of(settings),
        own_sections=settings.cards.add,
        block=_Blocks(kept=() if settings.overrides.templates else OF_SUITES),
        own_section=lambda name: _own_section(settings.cards.add[name], words.language),
        always_exact=ALWAYS_EXACT,
        unreviewed=words.unreviewed,
        part=lambda kind, name: _part(kind, name, parts),
    )
    with own_faults(settings.overrides.templates):
        template = environment.get_template("card.md.jinja")
    template.globals = dict(template.globals)  # copied for every card, and a chain copies slowly
    if not settings.overrides.templates:
        return lambda card: _ended(template.render(card=card))

    def render(card: Card) -> str:
        with own_faults(settings.overrides.templates):
            return _ended(template.render(card=card))

    return render


class _Blocks:
    """Blocks of a card; those that say the same of all models on the same suites are made once."""

    def __init__(self, *, kept: Collection[str]) -> None:
        self._kept = kept
        self._known: dict[tuple[str, bytes], str] = {}
        self._last: tuple[Card, bytes | None] | None = None

    def __call__(self, name: str, blocks: Mapping[str, Callable[[], str]], card: Card) -> str:
        """Return the block *name* of *blocks*, which are those of *card*."""
        if name not in self._kept:
            return blocks[name]()
        if self._last is None or self._last[0] is not card:
            told = tuple(getattr(card, field) for field in OF_SUITES_TOLD)
            self._last = card, digest_of(told)
        digest = self._last[1]
        if digest is None:
            return blocks[name]()
        if (name, digest) not in self._known:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[name, digest] = blocks[name]()
        return self._known[name, digest]


def sections_of(settings: Settings) -> tuple[str, ...]:
    """Return the names of a card's sections in their order."""
    return settings.cards.sections or (*SECTIONS, *settings.cards.add)


def _own_section(added: Section, language: str) -> str:
    title = _own(added.title, language)
    text = _own(added.text, language)
    return f"### {prose(title)}\n\n{text}" if title else text


def _section(text: str) -> Safe:
    """Return the text of a section with one empty line behind it, if there is any text."""
    told = text.strip("\n")
    return Safe(f"{told}\n\n" if told else "")


def _ended(text: str) -> str:
    return f"{text.rstrip()}\n"


def _part(kind: str, name: str, there: frozenset[str]) -> str | None:
    """Return the template of a part of the card that suites of *kind* have of their own."""
    path = f"{_KINDS}{kind}/{name}.md.jinja"
    return path if path in there else None


def _titles(subjects: Iterable[Subject], language: str) -> Safe:
    """Return the titles of all suites of *subjects*."""
    titles = [title for subject in subjects for title in subject.titles]
    return Safe(" · ".join([prose(_own(title, language)) for title in titles]))


def _purpose(subjects: Sequence[Subject], model: str, words: Words) -> Safe:
    """Return what a card shows: one sentence or two, and a list where suites differ."""
    if len(subjects) == 1 and (len(subjects[0].titles) < 2 or _is_whole(subjects[0], words)):
        return _only_purpose(subjects[0], model, words)
    lines = [say(words, "card.about-each", model=code(model)), ""]
    for subject in subjects:
        own, key = subject.words.purpose, f"{subject.kind}:card.asks"
        titles = _titles([subject], words.language) or say(words, "card.no-suite")
        if own or words.has(key):
            text = prose(_own(own, words.language)) if own else say(words, key)
            lines.append(f"- **{titles}:** {text}")
        else:
            lines.append(f"- **{titles}**")
    return Safe("\n".join(lines))


def _is_whole(subject: Subject, words: Words) -> bool:
    """Tell whether the kind's words stand for all there is to say of *subject*."""
    own = subject.words.purpose or subject.by_hand
    return not own and words.has(f"{subject.kind}:card.purpose")


def _only_purpose(subject: Subject, model: str, words: Words) -> Safe:
    """Return the suite's own words, else those of its kind; a suite's own replace its kind's."""
    own, suites = subject.words.purpose, _titles([subject], words.language) or None
    key = "card.purpose" if _is_whole(subject, words) else "card.about"
    key = "card.about-by-hand" if subject.by_hand else key
    text = say_of(words, subject.kind, key, model=code(model), suites=suites)
    return Safe(f"{text} {prose(_own(own, words.language))}") if own else text


def anchor(heading: str) -> Safe:
    """Return the anchor that the Hub and GitHub give to *heading*."""
    kept = "".join(c for c in heading.strip().lower() if c.isalnum() or c in "-_ ")
    return Safe(kept.replace(" ", "-"))


def _own(text: Text, language: str) -> str:
    """Return *text* in *language*, else in English, else in whatever language it is."""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


class _Said:
    """Say messages and findings in one language; the same thing twice is made once."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._plain: dict[str, Safe] = {}
        self._known: dict[tuple[object, ...], Safe] = {}

    def __call__(self, key: str, **values: object) -> Safe:
        if values:
            return self._once((key, *values.items()), lambda: say(self._words, key, **values))
        if key not in self._plain:
            self._plain[key] = say(self._words, key)
        return self._plain[key]

    def of_kind(self, key: str, kind: str, **values: object) -> Safe:
        """Say the message *key* as suites of *kind* do, or else as all do."""
        return self(own if self._words.has(own := f"{kind}:{key}") else key, **values)

    def claim(self, claim: Claim) -> Safe:
        """Return the sentence of *claim*; what it names by an identifier stands as code."""
        coded = {
            name: codes(value.split(", ")) if name in _CODED and isinstance(value, str) else value
            for name, value in claim.values.items()
        }
        return self(claim.key, **coded)

    def finding(self, finding: Finding) -> Safe:
        """Return the sentence of *finding*."""
        alike = (finding.code, finding.key, *finding.values.items())
        return self._once(alike, lambda: self._sentence(finding))

    def _sentence(self, finding: Finding) -> Safe:
        text = self._words.finding(replace(finding, file=None, sha256=None))
        return escaped(text, len(text))

    def _once(self, same: tuple[object, ...], make: Callable[[], Safe]) -> Safe:
        if same not in self._known:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[same] = make()
        return self._known[same]


def _note(said: Said, language: str) -> Safe:
    return prose(said.text(language))


def _repository(name: str, repo: str | None, where: str) -> Safe:
    return link(code(name), where + repo) if repo else code(name)


def _badge(card: Card, text: Safe) -> Safe:
    assert card.badge_url is not None and card.site_url is not None
    return link(Safe(f"!{link(text, card.badge_url)}"), card.site_url)


def _above(first: Words, key: str) -> Safe:
    """Return a link to the section that holds the code; *key* is its heading or its message."""
    heading = first.text(key) if first.has(key) else key
    return link(escaped(heading), f"#{anchor(heading)}")
