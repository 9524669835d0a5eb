"""A destination of cards: what the Hub and a folder have in common."""

from collections.abc import Collection
from typing import Protocol

from msgspec import Struct

from ..plan.plan import Item, Present
from ..plan.withdrawal import Listed


class Made(Struct, frozen=True, kw_only=True):
    """A commit: the new head, where to look at it, and the pull request that it is in."""

    head: str
    url: str = ""
    pull: int | None = None
    warnings: tuple[str, ...] = ()
    """What the Hub says against the front matter, though it takes it."""
    plain: frozenset[str] = frozenset()
    """Files that it took as text, and left in."""


class Destination(Protocol):
    """Where repositories are; every way raises the kinds of `HubError` and nothing else."""

    name: str
    """How it is called in front of people and in the journal; holds no secret."""
    remote: bool

    def listed(self, space: str, most: int) -> list[Listed]:
        """Return what one listing tells of the repositories of *space*, *most* thousands of them.

        A destination where reading costs no more than listing lists what holds our markers.
        """
        ...

    def read(self, repo: str, *, evals: bool, pull: int | None = None) -> Present:
        """Return what *repo* holds, on its main branch or in a pull request."""
        ...

    def check_write(self, repo: str) -> None:
        """Raise `Denied` where we surely may not commit to *repo*."""
        ...

    def commit(self, item: Item, *, propose: bool, plain: Collection[str] = ()) -> Made:
        """Write the files of *item* in one commit onto what was read; *propose* opens a pull.

        Files that are *plain* there are known to be taken, and taken as text.
        """
        ...

    def open_pull(self, repo: str, known: int | None, title: str) -> int | None:
        """Return the number of our open pull request to *repo*, *known* or found by its *title*."""
        ...

    def is_open(self, repo: str, pull: int) -> bool:
        """Tell whether the pull request of this number is open."""
        ...

    def close(self, repo: str, pull: int, why: str) -> None:
        """Close the pull request of this number, and say *why*."""
        ...

    def was_refused(self, repo: str, title: str) -> bool:
        """Tell whether a pull request of ours with this *title* was closed without being taken."""
        ...

    def benchmarks(self) -> frozenset[str] | None:
        """Return the datasets that are benchmarks; `None` where nobody keeps them."""
        ...

    def rejected(self, repo: str) -> tuple[str, ...]:
        """Return why the Hub does not show the results file of *repo*."""
        ...
