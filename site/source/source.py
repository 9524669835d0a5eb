"""What every page of one language is made from: the boards, the settings, the words."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct

from ...board.compare.files import Family
from ...board.history.history import History
from ...board.model import Board, Boards, Entry
from ...board.notes.lasting import Lasting
from ...board.notes.notes import Field, Rule, rules
from ...board.words.findings import JUDGING
from ...board.words.names import slugs
from ...board.workspace.settings import Settings, Suite
from ..data.exports import Data
from ..frame.page import Addresses, root_of
from ..frame.render import Renderer
from ..frame.reuse import Kept
from .background import Background, Measured
from .joined import Ranked
from .metric_words import MetricWords
from .result_texts import stand_in
from .tasks import BoardTasks


class Place(Struct, frozen=True, kw_only=True):
    """A board's name, address and size, as every page that speaks of it needs them."""

    slug: str
    path: str
    title: str
    description: str
    ranked: int
    unranked: int
    series: int
    """Training runs that the checkpoints come from; 0 on a board of models."""
    suite: Suite


class Placed(NamedTuple):
    """An entry and its board's place; `None` where its suite is unknown."""

    entry: Entry
    place: Place | None

    @property
    def suite(self) -> Suite:
        """Return its suite, or one that stands in for it."""
        return self.place.suite if self.place else stand_in(self.entry)


class Model(NamedTuple):
    """A name on a board and the page that it has."""

    label: str
    slug: str


class Source:
    """The boards of a workspace, about to be told in one language."""

    def __init__(
        self,
        boards: Boards,
        settings: Settings,
        render: Renderer,
        *,
        history: History = History(),  # noqa: B008  # frozen
        data: Data = Data(),  # noqa: B008  # frozen
        drawings: Mapping[tuple[str, str], str] | None = None,
        background: Background | None = None,
    ) -> None:
        """Gather what pages tell of; *drawings* are charts by board and name, without words."""
        self.boards, self.settings, self.render = boards, settings, render
        self.history, self.data, self.drawings = history, data, drawings or {}
        self.background = background or Background(boards, settings)
        self.kept = Kept()
        self.made_of: Mapping[str, bytes] = {}
        """What the page of a model follows from, by its slug, where a build may keep pages."""

    @cached_property
    def addresses(self) -> Addresses:
        """Return where pages lie."""
        board = self.settings.board
        return Addresses(board.languages, board.site_url, feed=bool(self.history.publishes))

    def above(self, path: str) -> str:
        """Return the way from the page at *path* to the root of the site, above all languages."""
        return root_of(self.addresses.prefix(self.render.language) + path)

    @cached_property
    def title(self) -> str:
        """Return the site's title."""
        return self.render.own(self.settings.board.title)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Return the place of every board, in the boards' order."""
        return tuple(self._place(number, board) for number, board in enumerate(self.boards.boards))

    @cached_property
    def policy(self) -> dict[str, str]:
        """Return the verdict in force for every finding of the judge."""
        return {code: self.settings.policy.get(code, default) for code, default in JUDGING.items()}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules for what may be said of a model beside its figures."""
        return rules(self.settings)

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Return the field that entries are judged against, by the slug of its board."""
        return {
            place.slug: measured.field
            for place, measured in zip(self.places, self.background.boards, strict=True)
        }

    @cached_property
    def measured(self) -> dict[str, Measured]:
        """Return what is worked out once for all pages of a board, by the board's slug."""
        slugs = (place.slug for place in self.places)
        return dict(zip(slugs, self.background.boards, strict=True))

    @cached_property
    def pages(self) -> dict[str, list[Placed]]:
        """Return every entry by the page that it belongs to."""
        pages: dict[str, list[Placed]] = defaultdict(list)
        for place, board in zip(self.places, self.boards.boards, strict=True):
            for entry in board.entries:
                pages[entry.slug].append(Placed(entry, place))
        for entry in self.boards.unplaced:
            pages[entry.slug].append(Placed(entry, None))
        return dict(pages)

    @cached_property
    def ranked(self) -> Ranked:
        """Return every ranked entry with its board, by model."""
        found: dict[str, list[tuple[Board, Entry]]] = defaultdict(list)
        for board in self.boards.boards:
            for entry in board.ranked:
                found[entry.model].append((board, entry))
        return dict(found)

    @cached_property
    def results(self) -> dict[str, str]:
        """Return the page that shows each result file, by the file's SHA-256."""
        shown: dict[str, str] = {}
        for slug, placed in self.pages.items():
            for entry, _ in placed:
                shown |= {attempt.sha256: slug for attempt in entry.attempts}
        # A result's own page goes before a page on which it is one attempt of several.
        return shown | {p.entry.sha256: slug for slug, all_ in self.pages.items() for p in all_}

    @cached_property
    def slugs(self) -> dict[str, str]:
        """Return the page of every label."""
        return {placed[0].entry.label: slug for slug, placed in self.pages.items()}

    @cached_property
    def models(self) -> dict[str, list[Model]]:
        """Return all pages of every model; more than one where none of its results stands."""
        models: dict[str, list[Model]] = defaultdict(list)
        for slug, placed in self.pages.items():
            models[placed[0].entry.model].append(Model(placed[0].entry.label, slug))
        return dict(models)

    @cached_property
    def families(self) -> tuple[tuple[str, Family], ...]:
        """Return the models that have several files, each with the path of its page."""
        found = self.background.families
        paths = [f"quants/{one}/" for one in slugs([family.name for family in found])]
        return tuple(zip(paths, found, strict=True))

    @cached_property
    def family_pages(self) -> dict[str, tuple[str, str]]:
        """Return the page of a model's files and the model's name, by the page of each file."""
        return {
            entry.slug: (path, family.name)
            for path, family in self.families
            for entry in family.entries
        }

    def lasting(self, placed: Placed) -> Lasting | None:
        """Return what lasts of an entry; `None` where its page says all that moves as well."""
        if placed.place is None:
            return None
        return self.measured[placed.place.slug].lasting.get(placed.entry.result_id)

    def tasks_of(self, place: Place | None) -> BoardTasks | None:
        """Return the tasks of a board that has pages of them."""
        found = self.measured[place.slug].board_tasks if place is not None else None
        return found if found is not None and found.tasks else None

    @cached_property
    def _words(self) -> dict[int, MetricWords]:
        suites = (place.suite for place in self.places)
        return {id(suite): MetricWords(suite, self.render) for suite in suites}

    def words_of(self, suite: Suite) -> MetricWords:
        """Return what the figures of *suite* are called; pages of a board share their words."""
        return self._words.get(id(suite)) or MetricWords(suite, self.render)

    def family(self, entry: Entry) -> str | None:
        """Return the name of the family of *entry*; `None` where nobody knows it."""
        key = entry.profile.family
        family = self.settings.families.get(key or "")
        return (self.render.own(family.title) or key) if family else key

    def _place(self, number: int, board: Board) -> Place:
        suite, render = board.suite, self.render
        slug = f"{suite.slug}-{board.class_}"
        name = render.own(suite.title) or suite.full_name
        series = {entry.profile.series for entry in board.entries if entry.profile.series}
        return Place(
            slug=slug,
            # The first board is the site's first page.
            path=f"boards/{slug}/" if number else "",
            title=render.text(f"site.board.title.{board.class_}", suite=name),
            description=render.own(suite.description),
            ranked=len(board.ranked),
            unranked=len(board.unranked),
            series=len(series) if board.class_ == "sweep" else 0,
            suite=suite,
        )
