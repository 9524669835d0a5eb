"""What a workspace's configuration says that means nothing: names of nobody, twins, addresses."""

import re

from ...eval.errors import ConfigError, meant, nearest
from ...eval.prompts.templates import FALLBACKS, OWN, RAW, REMOTE, SCRIPTED, status_of_fallback
from ...eval.records import is_hub_id
from ...eval.suites.kinds.registry import KINDS
from ..words.catalogue import card_languages, language_remedy, near_language
from ..words.findings import AUDITING, JUDGING, THRESHOLDS
from ..words.machines import is_local
from .colours import check_colours
from .settings import KEYS, SECTIONS, Cards, Profile, Settings, Suite, Templates

_WEB = re.compile(r"https?://[^\s<>\"'\\|`]+")
_ON_HUB = re.compile(r"\w[\w.-]{0,95}", re.ASCII)
_ROWS = re.compile(
    r"(?:hf://datasets/[\w.-]+/[\w.-]+(?:@[\w.%-]+)?|suites)(?:/\w[\w.-]*)+", re.ASCII
)


def _check_twins(suites: tuple[Suite, ...]) -> None:
    named = [suite.slug for suite in suites]
    for number, suite in enumerate(suites):
        for key in ("name", "version"):
            if not re.search(r"[A-Za-z0-9]", getattr(suite, key)):
                raise ConfigError(
                    f"{getattr(suite, key)!r} holds neither letter nor digit",
                    file="board.toml",
                    key=f"suites[{number}].{key}",
                    remedy=f'Files and addresses are called by it. Write {key} = "..."',
                )
        if suite.slug in named[:number]:
            raise ConfigError(
                f"{suite.full_name} is there twice",
                file="board.toml",
                key=f"suites[{number}]",
                remedy="Delete one, or give it another name: no result would fit just one of them.",
            )


def _check_metrics(suites: tuple[Suite, ...]) -> None:
    for number, suite in enumerate(suites):
        ids = [change.id for change in suite.changes]
        for place, name in enumerate(ids):
            if name in ids[:place]:
                raise ConfigError(
                    f"{name} is there twice",
                    file="board.toml",
                    key=f"suites[{number}].metrics[{place}].id",
                    remedy="Put both tables into one, or give it another id.",
                )
        if suite.kind not in KINDS:
            raise ConfigError(
                f"there is no kind {suite.kind!r}",
                file="board.toml",
                key=f"suites[{number}].kind",
                remedy=f"{meant(suite.kind, KINDS)}Kinds: {', '.join(KINDS)}.",
            )
        try:
            _ = suite.metrics
        except ValueError as error:
            raise ConfigError(
                f"{suite.name} {suite.version}: {error}",
                file="board.toml",
                key=f"suites[{number}].metrics",
                remedy="Add [[suites.metrics]] with an id, and `ranked = true` for one of them.",
            ) from None


def _check_places(settings: Settings) -> None:
    """Refuse names and addresses of suites that lead nowhere."""

    def refuse(what: str, key: str, remedy: str) -> None:
        raise ConfigError(what, file="board.toml", key=key, remedy=remedy)

    for key in ("site_url", "repository_url"):
        address = getattr(settings.board, key)
        if address is not None and (is_local(address) or not _WEB.fullmatch(address)):
            refuse(
                "is a path of a machine" if is_local(address) else "is no address of a web page",
                f"board.{key}",
                "Write an address that begins with https://, or delete the key.",
            )
    organisation = settings.board.organisation
    if organisation is not None and not _ON_HUB.fullmatch(organisation):
        refuse(
            f"{organisation!r} is no name on the Hub",
            "board.organisation",
            "Write the name alone, without an address, spaces or slashes.",
        )
    named = {name for suite in settings.suites for name in (suite.name, suite.slug)}
    for number, name in enumerate(settings.overview.suites):
        if name not in named:
            known = ", ".join(suite.slug for suite in settings.suites) or "none"
            remedy = f"{meant(name, named)}Suites: {known}."
            refuse(f"there is no suite {name!r}", f"overview.suites[{number}]", remedy)
    if settings.hub.source_org and settings.hub.source_user:
        refuse("stands beside hub.source_org", "hub.source_user", "Keep one of the two.")
    for number, suite in enumerate(settings.suites):
        if suite.protocol is not None and suite.protocol not in settings.protocols:
            refuse(
                f"names the protocol {suite.protocol!r}, which is not configured",
                f"suites[{number}].protocol",
                f"{meant(suite.protocol, settings.protocols)}"
                f"Add a table [protocols.{suite.protocol}].",
            )
        if suite.evaluator is not None and not _WEB.fullmatch(suite.evaluator):
            refuse(
                f"{suite.evaluator!r} is no address of a web page",
                f"suites[{number}].evaluator",
                "Write an address that begins with https://, or delete the key.",
            )
        if suite.rows is not None and not _ROWS.fullmatch(suite.rows):
            refuse(
                f"{suite.rows!r} names no rows",
                f"suites[{number}].rows",
                "Write hf://datasets/ORGANISATION/NAME@REVISION/FILE, or suites/FILE for a file of"
                " this workspace.",
            )


COLUMNS = (
    "rank",
    "model",
    "score",
    "seconds",
    "base",
    "parameters",
    "size",
    "leader",
    "organisation",
    "family",
    "relation",
    "backend",
    "evidence",
    "template",
    "date",
    "level",
    "findings",
)
"""Columns that every board has; between them stand those of its metrics."""


def _check_columns(settings: Settings) -> None:
    metrics = {metric.id for suite in settings.suites for metric in suite.metrics}
    names = [one.name for one in settings.columns]
    for number, name in enumerate(names):
        key = f"columns[{number}].name"
        if name not in COLUMNS and name not in metrics:
            raise ConfigError(
                f"there is no column {name!r}",
                file="board.toml",
                key=key,
                remedy=meant(name, [*COLUMNS, *sorted(metrics)])
                + f"Columns: {', '.join(COLUMNS)}, and the ids of metrics.",
            )
        if name in names[:number]:
            raise ConfigError(
                f"{name} is there twice", file="board.toml", key=key, remedy="Name each once."
            )


def _check_languages(settings: Settings) -> None:
    """Refuse languages that nobody has words for, and a title in none of the board's."""

    def refuse(what: str, key: str, remedy: str) -> None:
        raise ConfigError(what, file="board.toml", key=key, remedy=remedy)

    known = sorted({*card_languages(), *settings.overrides.words})
    for where, said in (("board", settings.board.languages), ("cards", settings.cards.languages)):
        for number, language in enumerate(said):
            key = f"{where}.languages[{number}]"
            if language not in known and near_language(language, known):
                what = f"there is no catalogue for the language {language!r}"
                refuse(what, key, language_remedy(language, known))
            if language in said[:number]:
                refuse(f"{language} is there twice", key, "Name each language once.")
    if not settings.board.languages:
        refuse("is empty", "board.languages", 'Write languages = ["en"]')
    if not any(settings.board.title.get(one) for one in settings.board.languages):
        first = settings.board.languages[0]
        words = f"has no text in {' or '.join(settings.board.languages)}"
        refuse(words, "board.title", f'Write title = {{ {first} = "..." }}')


def _check_notes(settings: Settings) -> None:
    """Refuse notes that stand twice, and those for a kind of suite that is none."""
    for number, note in enumerate(settings.notes):
        if any(note.id == other.id for other in settings.notes[:number]):
            raise ConfigError(
                f"{note.id} is there twice",
                file="board.toml",
                key=f"notes[{number}].id",
                remedy="Give each note an id of its own.",
            )
        if note.suite_kind is not None and note.suite_kind not in KINDS:
            raise ConfigError(
                f"there is no kind {note.suite_kind!r}",
                file="board.toml",
                key=f"notes[{number}].suite_kind",
                remedy=f"{meant(note.suite_kind, KINDS)}Kinds: {', '.join(KINDS)}.",
            )


def _check_sections(cards: Cards) -> None:
    def refuse(what: str, key: str, remedy: str) -> None:
        raise ConfigError(what, file="board.toml", key=key, remedy=remedy)

    known = (*SECTIONS, *cards.add)
    for name, added in cards.add.items():
        if name in SECTIONS:
            remedy = "Call it otherwise, or change that section in templates/card.md.jinja."
            refuse("is a section of every card", f"cards.add.{name}", remedy)
        if not any(added.text.values()):
            refuse("has no text", f"cards.add.{name}.text", 'Write text = { en = "..." }.')
        if any("<!-- cardboard" in text for text in (*added.text.values(), *added.title.values())):
            remedy = "Take the comment out: by such ones a card knows where it begins and ends."
            refuse("holds a mark of a card's own", f"cards.add.{name}.text", remedy)
    for number, name in enumerate(cards.sections):
        key = f"cards.sections[{number}]"
        if name not in known:
            remedy = f"{meant(name, known)}Sections: {', '.join(known)}."
            refuse(f"there is no section {name!r}", key, remedy)
        if name in cards.sections[:number]:
            refuse(f"{name} is there twice", key, "Name each section once.")
    if cards.sections and "results" not in cards.sections:
        remedy = "Name it: a card says the score with its rank, or why there is none."
        refuse("leaves out the results", "cards.sections", remedy)


STATUSES = (
    *(OWN, *map(status_of_fallback, FALLBACKS), RAW, SCRIPTED, REMOTE),
    *(Templates().accepted_without_raw + Templates().raw),
)
"""What our own runs say of their prompts' templates; other programs have words of their own."""


def _check_words(settings: Settings) -> None:
    """Refuse keys that no card tells, and what is all but a word of ours for a template."""

    def refuse(what: str, key: str, remedy: str) -> None:
        raise ConfigError(what, file="board.toml", key=key, remedy=remedy)

    for number, name in enumerate(settings.cards.keys):
        if name not in KEYS:
            remedy = f"{meant(name, KEYS)}Keys: {', '.join(KEYS)}."
            refuse(f"no card tells {name!r}", f"cards.keys[{number}]", remedy)
    for key in Templates.__struct_fields__:
        for number, status in enumerate(getattr(settings.templates, key)):
            near = nearest(status, STATUSES, cutoff=0.85)
            if near not in (None, status):
                what = f"no result says {status!r} of its template"
                refuse(what, f"templates.{key}[{number}]", f"Did you mean {near}?")


def _check_trained(settings: Settings, key: str, name: str, groups: tuple[str, ...]) -> None:
    """Refuse groups that no suite called *name* has: what is not listed is told as held out."""

    def refuse(what: str, remedy: str) -> None:
        raise ConfigError(what, file="models.toml", key=key, remedy=remedy)

    suites = [suite for suite in settings.suites if suite.name == name]
    able = [suite for suite in suites if suite.of_kind.trained is not None]
    if not able:
        names = dict.fromkeys(one.name for one in settings.suites if one.of_kind.trained)
        refuse(
            "names a suite without groups to train on" if suites else f"there is no suite {name!r}",
            f"{meant(name, names)}Suites with such groups: {', '.join(names) or 'none'}.",
        )
    known = {group for one in able for group in one.parts.get(one.of_kind.trained or "", {})}
    strange = [group for group in groups if known and group not in known]
    if strange:
        remedy = f"{meant(strange[0], known)}Groups: {', '.join(sorted(known))}."
        refuse(f"there is no group {strange[0]!r}", remedy)


def _check_thresholds(settings: Settings) -> None:
    """Refuse limits of warnings that nobody gives."""
    doubts = {one.code for kind in KINDS.values() for one in kind.doubts}
    for code in settings.thresholds:
        if code not in doubts and code not in THRESHOLDS:
            raise ConfigError(
                "no such limit",
                file="board.toml",
                key=f"thresholds.{code}",
                remedy=meant(code, {*doubts, *THRESHOLDS})
                + f"Limits: {', '.join(sorted({*doubts, *THRESHOLDS}))}.",
            )


def check(settings: Settings, models: dict[str, Profile]) -> None:
    """Raise `ConfigError`, with file, key and remedy, for what fits its key and means nothing."""

    def refuse(what: str, key: str, remedy: str, file: str = "board.toml") -> None:
        raise ConfigError(what, file=file, key=key, remedy=remedy)

    for code in settings.policy:
        if code not in JUDGING and code not in AUDITING:
            remedy = (
                f"{meant(code, {**JUDGING, **AUDITING})}"
                "The codes are those that `cardboard check` prints."
            )
            refuse("no such finding", f"policy.{code}", remedy)
    _check_languages(settings)
    _check_thresholds(settings)
    _check_twins(settings.suites)
    _check_metrics(settings.suites)
    _check_places(settings)
    _check_sections(settings.cards)
    _check_words(settings)
    check_colours(settings.colours)
    _check_columns(settings)
    _check_notes(settings)
    seen: dict[str, str] = {}
    for name, profile in models.items():
        if profile.guessed:
            refuse("is not to be written by hand", f"{name}.guessed", "Delete it.", "models.toml")
        if profile.family is not None and profile.family not in settings.families:
            refuse(
                f"names the family {profile.family!r}, which is not configured",
                f"{name}.family",
                f"{meant(profile.family, settings.families)}"
                f"Add a table [families.{profile.family}] to board.toml.",
                "models.toml",
            )
        if isinstance(profile.repo, str) and not is_hub_id(profile.repo):
            refuse(
                f"{profile.repo!r} cannot be a repository on the Hub",
                f"{name}.repo",
                "Write organisation/name, or false for no card on the Hub.",
                "models.toml",
            )
        for suite, groups in profile.trained_groups.items():
            _check_trained(settings, f"{name}.trained_groups.{suite}", suite, groups)
        for alias in (name, *profile.aliases):
            if alias.lower() in seen and seen[alias.lower()] != name:
                refuse(
                    f"stands for two models, {seen[alias.lower()]} and {name}",
                    f"{name}.aliases",
                    "Give each name to one model only.",
                    "models.toml",
                )
            seen[alias.lower()] = name
