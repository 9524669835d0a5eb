"""Ask what becomes of READMEs that people wrote themselves: one question for all of them."""

from collections.abc import Sequence

import click

from ..hub.errors import Stopped
from ..plan.plan import Item
from ..readme.readme import Take
from .push import Push
from .survey import plan_for

_WAYS: dict[str, Take] = {"append": "append", "ours": "ours", "theirs": "theirs"}


def choose(push: Push, items: Sequence[Item]) -> list[Item]:
    """Return *items* with the user's choice in them.

    Raises `click.Abort` or `Stopped` where the user ends the push instead.
    """
    own = [item for item in items if item.has_own_readme]
    if not own:
        return list(items)
    for item in own:
        push.console.err(f"    {item.repo}")
    have = "repository has a README of its own"
    if len(own) > 1:
        have = "repositories have a README of their own"
    answer = click.prompt(
        f"{len(own)} {have}: append our part to all / choose each / cancel",
        type=click.Choice(["append", "each", "cancel"]),
        err=True,
    )
    if answer == "cancel":
        raise click.Abort
    for item in own:
        push.takes[item.repo] = "append" if answer == "append" else _one(item.repo)
    _tell_kept(push, [item.repo for item in own if push.takes[item.repo] == "theirs"])
    anew = push.each("Looking", lambda item: plan_for(push, item.wanted), own)
    found = {item.repo: item for item in anew if item is not None}
    if len(found) < len(own):
        raise Stopped
    return [found.get(item.repo, item) for item in items]


def _one(repo: str) -> Take:
    text = f"{repo}: our part below it (append), in its place (ours), or not at all (theirs)"
    return _WAYS[click.prompt(text, type=click.Choice([*_WAYS]), err=True)]


def _tell_kept(push: Push, repos: Sequence[str]) -> None:
    """Say how the choice to leave a README as it is is kept; the others show in what we write."""
    if repos:
        lines = [f'"{repo}" = "theirs"' for repo in repos]
        push.console.err(
            "\n".join(["To be asked no more, write in board.toml:", "[hub.take]", *lines])
        )
