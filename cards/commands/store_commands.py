"""The command that brings results from a store on the Hub, and what proposes new ones to it."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...board.commands.load import workspace_of
from ...board.words.names import plural, visible
from ...eval.errors import CardboardError, UsageError

if TYPE_CHECKING:
    from ...board.workspace.settings import Workspace
    from ...board.workspace.store import Lock, Locked
    from ..hub.store import Listing, Store


@click.command(epilog="Example: cardboard fetch --update")
@click.option("--update", is_flag=True, help="Move on to the newest commit, and pin that one.")
@click.option("--revision", metavar="REV", help="With --update: a branch, tag or commit instead.")
@click.pass_context
def fetch(context: click.Context, update: bool, revision: str | None) -> None:
    """Bring the results of the store on the Hub that board.toml names, at the pinned commit.

    The first time, the newest commit is pinned in results.lock.json.
    """
    from ...board.workspace.store import on_hub, read_lock, results_folder

    if revision is not None and not update:
        raise UsageError("goes with --update only", key="--revision")
    workspace = workspace_of(context)
    source = workspace.settings.results.source or ""
    if on_hub(source) is None and not update:
        results_folder(workspace.root, workspace.settings.results.source)
        click.echo("board.toml names no store on the Hub: there is nothing to fetch")
        return
    lock = None if update else read_lock(workspace.root)
    if lock is not None and lock.source != source:
        raise UsageError(
            f"pins {lock.source}, not {source}",
            file="results.lock.json",
            remedy="Pin the new source with: cardboard fetch --update",
        )
    if lock is not None and _is_whole(workspace, lock):
        click.echo(f"{source} at {lock.revision[:12]}: {plural(len(lock.files), 'file')}, all here")
        return
    with opened(workspace) as store:
        _fetch(workspace, store, source, lock, revision or "main")


def _fetch(
    workspace: "Workspace", store: "Store", source: str, lock: "Lock | None", revision: str
) -> None:
    from ...board.workspace.store import LOCK, Lock, encode_lock, read_lock

    commit = lock.revision if lock else store.commit_of(revision)
    listing = store.listing(commit)
    before = _before(workspace)
    files = _brought(workspace, store, listing, commit, before)
    now = Lock(source=source, revision=commit, files=files)
    if lock is not None and lock != now:
        raise CardboardError(
            f"the Hub gives other files at {commit[:12]} than were pinned",
            file=LOCK,
            remedy="Find out why before you move on with: cardboard fetch --update",
        )
    _lay_out(workspace, now)
    (workspace.root / f".{LOCK}.aside").write_bytes(encode_lock(now))
    (workspace.root / f".{LOCK}.aside").replace(workspace.root / LOCK)
    assert read_lock(workspace.root) == now
    new = sum(before.get(one.path) != one for one in files)
    gone = len(before.keys() - {one.path for one in files})
    held = plural(len(files), "file")
    click.echo(f"{source} at {commit[:12]}: {held}, {new} new or changed, {gone} gone")
    if listing.other:
        click.echo(f"{plural(listing.other, 'file')} of kinds that hold no results: left there")
    if listing.unsafe:
        click.echo(f"{plural(listing.unsafe, 'file')} with unsafe names: left there", err=True)


def _before(workspace: "Workspace") -> "dict[str, Locked]":
    """Return the files of the lock that is there, by path; none where it cannot be used."""
    from ...board.workspace.store import read_lock
    from ...eval.errors import ConfigError

    try:
        lock = read_lock(workspace.root)
    except ConfigError:
        return {}
    return {one.path: one for one in lock.files} if lock else {}


def _brought(
    workspace: "Workspace",
    store: "Store",
    listing: "Listing",
    commit: str,
    before: "Mapping[str, Locked]",
) -> "tuple[Locked, ...]":
    """Download what is not here yet by its content, and return every file."""
    from msgspec.structs import replace

    from ...board.workspace.store import FOLDER

    folder = workspace.root / FOLDER / "files"
    folder.mkdir(parents=True, exist_ok=True)
    known = {one.blob: one for one in before.values() if _holds(folder / one.sha256, one)}
    found = []
    for one in listing.files:
        locked = known.get(one.blob)
        if locked is None:
            aside = folder / f".{one.blob}.aside"
            locked = store.fetch(one, commit, aside)
            aside.replace(folder / locked.sha256)
            known[one.blob] = locked
        found.append(replace(locked, path=one.path))
    return tuple(found)


def _holds(path: Path, one: "Locked") -> bool:
    """Tell whether the file at *path* has the bytes that were fetched."""
    from ...board.read.decoding.files import sha256_of

    return path.is_file() and path.stat().st_size == one.size and sha256_of(path) == one.sha256


def _is_whole(workspace: "Workspace", lock: "Lock") -> bool:
    from ...board.workspace.store import tree_of

    tree = tree_of(workspace.root, lock)
    there = {path for path in tree.rglob("*") if not path.is_dir()}
    wanted = {tree / one.path: one for one in lock.files}
    return (
        tree.is_dir()
        and there == wanted.keys()
        and all(_holds(path, one) for path, one in wanted.items())
    )


def _lay_out(workspace: "Workspace", lock: "Lock") -> None:
    """Put the folder of the pinned commit together from the files, whole or not at all."""
    from ...board.workspace.store import FOLDER, tree_of

    target = tree_of(workspace.root, lock)
    aside = Path(tempfile.mkdtemp(prefix=".aside-", dir=workspace.root / FOLDER))
    try:
        for one in lock.files:
            path = aside / "tree" / one.path
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(workspace.root / FOLDER / "files" / one.sha256, path)
        (aside / "tree").mkdir(exist_ok=True)
        if target.exists():
            target.replace(aside / "old")
        (aside / "tree").replace(target)
    finally:
        shutil.rmtree(aside)


@contextmanager
def opened(workspace: "Workspace", *, to_write: bool = False) -> "Iterator[Store]":
    """Yield the store of *workspace* on the Hub; whatever goes wrong there is told in one line."""
    import time

    from huggingface_hub import HfApi

    from ...board.workspace.store import on_hub
    from ..hub.budget import Budget
    from ..hub.errors import HubError
    from ..hub.oidc import login
    from ..hub.responses import scrubber
    from ..hub.session import session
    from ..hub.store import Store

    name = workspace.settings.results.source
    source = on_hub(name)
    if source is None:
        raise UsageError(
            "names no store on the Hub",
            file="board.toml",
            key="results.source",
            remedy='Under [results], write source = "hf://datasets/ORG/NAME".',
        )
    token = login()
    if to_write and token is None:
        raise UsageError("nobody is logged in to the Hub", remedy="Log in with: hf auth login")
    scrub = scrubber(token)
    quotas = workspace.settings.hub
    budget = Budget(
        commits_per_hour=quotas.commits_per_hour,
        requests_per_window=quotas.requests_per_window,
        clock=time.time,
        wait=time.sleep,
        say=lambda why, seconds: click.echo(f"Waiting {seconds:.0f} s: {scrub(why)}", err=True),
    )
    with session(budget, scrub):
        try:
            yield Store(HfApi(token=token or False), scrub, source)
        except HubError as error:
            raise CardboardError(
                error.why or "the Hub did not answer as it should",
                file=name,
                remedy="Nothing that was pinned before has changed.",
            ) from None


def propose(workspace: "Workspace", files: Mapping[str, Path]) -> None:
    """Open a pull request to the store with *files*, by their names below the results."""
    with opened(workspace, to_write=True) as store:
        named = sorted(files)
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        url, made = store.propose(files, f"Add {named[0]}{more} (cardboard)")
    click.echo(visible(f"{'proposed' if made else 'is proposed already'}: {url}"))
