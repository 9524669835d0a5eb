"""What is to be done with each repository: asked with as few requests as can settle it."""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import partial

from msgspec.structs import replace

from ...eval.identity import fold
from ..hub.errors import (
    Denied,
    Disabled,
    Gated,
    Gone,
    HubError,
    Ignored,
    Large,
    NoPublisher,
    Rejected,
    Silent,
    Stopped,
    Unfit,
)
from ..plan.description import title_of
from ..plan.plan import IGNORED, TO_DO, Item, Present, decide, front_digest, linted, refused
from ..plan.targets import Precedence, Wanted
from ..plan.withdrawal import Gathered, Listed, to_withdraw
from .journal import Record
from .push import Push

MOST_PAGES = 10
"""Of a listing in which cards are looked for that we do not know of."""


def survey(
    push: Push,
    board: Gathered,
    every: Sequence[Wanted],
    spaces: Collection[str] = (),
    named: Collection[str] = (),
) -> list[Item]:
    """Return an item for each of *every*, in their order, and for each card to be withdrawn.

    Those are the *named* ones that we wrote, and what our records and a listing tell of *spaces*.
    Raises `Stopped`.
    """
    found = _listed(push, every, spaces)
    heads = {fold(one.repo): one.head for one in found}
    day = time.strftime("%Y-%m-%d", time.gmtime(push.clock()))
    written = {
        repo: record.id or repo
        for repo, record in push.journal.written().items()
        if repo in named or repo.partition("/")[0] in spaces
    }
    hints = [one for one in found if board.may_be_ours(one) and _is_open(push, one)]
    leaving = [
        board.withdrawal(repo, day, known=known)
        for repo, known in to_withdraw(board, written, hints)
    ]
    targets = [*every, *leaving]

    def head_of(repo: str) -> str | None:
        return heads.get(fold(repo)) or heads.get(fold(push.journal.id_of(repo)))

    items = push.each("Looking", lambda one: plan_for(push, one, head_of(one.repo)), targets)
    done = [item for item in items if item is not None]
    if len(done) < len(items):
        raise Stopped
    gone = {one.repo for one in leaving if head_of(one.repo) is None} if found else set()
    return list(_settle_names(push, board, done, gone))


def _is_open(push: Push, listed: Listed) -> bool:
    """Tell whether *listed* was not yet found to hold nothing of ours."""
    record = push.journal.record(listed.repo)
    done = record is not None and record.left and record.head == listed.head
    return not (done or push.journal.is_foreign(listed.repo, listed.head))


def _settle_names(
    push: Push, board: Gathered, items: Sequence[Item], unlisted: Collection[str]
) -> Iterator[Item]:
    """Yield *items* so that each repository of the Hub gets one card, whatever leads to it.

    What is to be withdrawn from a repository that is neither to be read nor listed is done.
    """
    ids = {one.repo: fold(push.journal.id_of(one.repo)) for one in board.cards}
    ids |= {item.repo: fold(_name(push, item)) for item in items if not item.wanted.left}
    withdrawn: set[str] = set()
    for item in items:
        name = _name(push, item)
        sharing = [one for one in board.cards if fold(name) in (fold(one.repo), ids[one.repo])]
        if item.wanted.left:
            gone = item.state == "missing repo" and item.repo in unlisted
            if sharing or fold(name) in withdrawn or gone or _is_over(item):
                _note_left(push, item)
                if _is_over(item) and not (sharing or push.only_look):
                    yield from [item] if push.journal.over(item.repo) is not None else []
                continue
            withdrawn.add(fold(name))
            yield item
        elif (first := _first(sharing, name)).repo != item.repo:
            reason = f"the Hub leads to {name}, which has the card of {first.label}"
            remedy = f'Write `aliases = ["{item.wanted.label}"]` in models.toml for {first.label}.'
            yield replace(item.but("renamed", reason, remedy), left=True, id=name)
        elif fold(name) != fold(item.repo):
            told = f'the Hub has it as {name}: write `repo = "{name}"` for it in models.toml'
            wanted = replace(item.wanted, notes=(*item.wanted.notes, told))
            yield replace(item, wanted=wanted, id=name)
        else:
            yield item


def _first(sharing: Sequence[Wanted], name: str) -> Wanted:
    """Return whose card goes to the repository that the Hub calls *name*."""

    def order(one: Wanted) -> tuple[Precedence, bool]:
        return (*one.precedence[:3], ""), fold(one.repo) != fold(name)

    return min(sharing, key=order)


def _name(push: Push, item: Item) -> str:
    return item.address if item.present else push.journal.id_of(item.repo)


def _is_over(item: Item) -> bool:
    """Tell whether there is nothing to be withdrawn any more."""
    return item.state == "unchanged" and not item.left and item.pull is None


def _note_left(push: Push, item: Item) -> None:
    """Note that nothing of ours is to be withdrawn from the repository of *item*."""
    if push.only_look:
        return
    head = item.present.head if item.present else ""
    record = push.journal.record(item.repo)
    if record is not None and record.pull is not None:
        push.journal.is_over(item.repo, record.pull)
    if item.wanted.left == "found":
        push.journal.foreign(item.repo, head)
    else:
        push.journal.seen(item.repo, record_of(item, head))


def record_of(item: Item, head: str, front: str = "", pull: int | None = None) -> Record:
    """Return what our records say of a repository whose card is as *item* wants it."""
    name = item.present.id if item.present else ""
    return Record(
        head=head,
        digest="" if item.contested else item.wanted.digest,
        front=front,
        keys=item.keys,
        pull=pull,
        id=name,
        left=bool(item.wanted.left),
        proposed=item.wanted.only_results,
    )


def plan_for(push: Push, wanted: Wanted, listed: str | None = None) -> Item:
    """Return what is to be done with one repository; *listed* is its head, if a listing told."""
    if wanted.problems:
        return refused(wanted)
    try:
        item = _settled(push, wanted, listed) or _read(push, wanted)
    except HubError as error:
        return failed(Item(wanted=wanted, state="unreachable"), error, push.propose)
    settled = item.state == "unchanged" and not item.left and not wanted.left
    if settled and item.present and not push.only_look:
        front = front_digest(item.present.readme, wanted)
        record = push.journal.record(wanted.repo)
        if record is not None and record.pull is not None and not push.propose:
            push.journal.is_over(wanted.repo, record.pull)
        push.journal.seen(wanted.repo, record_of(item, item.present.head, front, item.pull))
    asked = settled and item.pull is None and not wanted.only_results
    return _judged(push, item) if asked else item


def _judged(push: Push, item: Item) -> Item:
    """Return *item*, in a state of its own where the Hub shows nothing of its results file."""
    if item.wanted.evals is None or push.journal.verdict(item.repo) == ():
        return item
    try:
        told = push.retried(partial(push.destination.rejected, item.address))
    except HubError:
        told = push.journal.verdict(item.repo) or ()
    else:
        if not push.only_look:
            push.journal.judged(item.repo, told)
    if not told:
        return item
    why = f"the Hub rejects the results file: {'; '.join(told)}"
    return item.but("rejected", why, "It is asked again at each push; the card itself is there.")


def failed(item: Item, error: HubError, propose: bool) -> Item:
    """Return *item* as what *error* made of it, with the remedy."""
    match error:
        case NoPublisher():
            return item.but("no permission", error.why, error.remedy)
        case Gated():
            remedy = (
                "Its files are gated. Ask its owner to let you in, or use the token of a member; a "
                "pull request needs the files as well."
            )
            return item.but("no permission", error.why, remedy)
        case Disabled():
            remedy = (
                "The Hub has disabled it, also for pull requests. Its owner has to ask the Hub "
                "why; until then set `repo = false` for the model in models.toml."
            )
            return item.but("no permission", error.why, remedy)
        case Silent():
            remedy = (
                "Discussions are switched off there, and without them there are no pull requests. "
                "Ask its owner to switch them on, or push with a token that may write to it."
            )
            return item.but("no permission", error.why, remedy)
        case Denied():
            remedy = f"Log in with `hf auth login`, with a token that may write to {item.repo}."
            offer = f" Or propose it: cardboard push --pr --repo {item.repo}"
            helps = not propose and not isinstance(error, Unfit)
            return item.but("no permission", error.why, remedy + (offer if helps else ""))
        case Gone():
            remedy = (
                "Create it on the Hub, use a token that may see it, or set `repo = false` for the "
                "model in models.toml."
            )
            return item.but("missing repo", error.why, remedy)
        case Large():
            remedy = "Take that rule out of .gitattributes, and upload README.md again."
            return item.but("in LFS", error.why, remedy)
        case Ignored():
            return item.but("ignored", error.why, "Take it out of .gitignore, or leave it be.")
        case Rejected():
            return item.but("refused", error.why, "Nothing was changed.")
        case _:
            return item.but("unreachable", error.why, "Push again later: nothing is done twice.")


def _listed(push: Push, every: Sequence[Wanted], spaces: Collection[str]) -> list[Listed]:
    """Return what listings tell of *spaces*, and where our records make one worth its request."""
    holding = [one.repo for one in every if _record_holds(push, one)]
    counts = Counter(push.journal.id_of(repo).partition("/")[0] for repo in holding)
    found: list[Listed] = []
    for space in sorted({*spaces, *(space for space, count in counts.items() if count > 1)}):
        # A page holds a thousand: hardly more pages than asking one by one would take.
        most = max(counts[space], MOST_PAGES if space in spaces else 1)
        try:
            found += push.retried(partial(push.destination.listed, space, most))
        except HubError as error:  # reading them one by one tells the same, but for unknown ones
            if space in spaces:
                push.console.err(f"Cards that left the board were not looked for: {error.why}")
    return found


def _record_holds(push: Push, wanted: Wanted, *, in_a_pull: bool = False) -> bool:
    """Tell whether the last that we know to have written is what is wanted now."""
    record = push.journal.record(wanted.repo)
    if record is None or record.digest != wanted.digest:
        return False
    return record.pull is not None or not in_a_pull


def _settled(push: Push, wanted: Wanted, listed: str | None) -> Item | None:
    """Return the item where our record settles it without reading the files."""
    record = push.journal.record(wanted.repo)
    if listed and push.journal.is_ignored(wanted.repo, listed):
        raise Ignored(IGNORED)
    if record is None or record.digest != wanted.digest:
        return None
    if record.pull is None:
        return Item(wanted=wanted, state="unchanged") if listed == record.head else None
    if push.propose and _open_pull(push, wanted, record.id) == record.pull:
        reason = f"pull request #{record.pull} is open"
        return Item(wanted=wanted, state="unchanged", reason=reason, pull=record.pull)
    return None


def _open_pull(push: Push, wanted: Wanted, name: str = "") -> int | None:
    record = push.journal.record(wanted.repo)
    known = record.pull if record else None
    return push.retried(
        lambda: push.destination.open_pull(name or wanted.repo, known, title_of(wanted))
    )


def _read(push: Push, wanted: Wanted) -> Item:
    """Return the item after reading the repository, and our open pull request if there is one."""
    unsure = wanted.repo in push.journal.unsure
    item = _decided(push, wanted, None)
    # What stands in the way on main may be settled in a pull request that was opened by a choice.
    if item.state in (*TO_DO, "conflict", "overwritten") and push.propose:
        pull = _open_pull(push, wanted, item.address)
        if pull is not None:
            item = replace(_decided(push, wanted, pull), pull=pull)
        elif wanted.only_results and push.retried(
            lambda: push.destination.was_refused(item.address, title_of(wanted))
        ):
            reason = "our proposal was closed there; it is never made again"
            return replace(item.but("unchanged", reason), left=True)
        elif _record_holds(push, wanted, in_a_pull=True):
            reason = "our pull request was closed; the same card is not proposed twice"
            return replace(item.but("unchanged", reason), left=True)
    elif item.state in TO_DO and not push.only_look:
        push.retried(lambda: push.destination.check_write(item.address))
        item = _with_needless_pull(push, item)
    elif item.state != "unchanged" and not push.propose:
        item = replace(item, needless=_standing_pull(push, item))
    if item.state != "unchanged" or item.left:
        return item
    if item.pull is not None:
        return item.but("unchanged", f"pull request #{item.pull} is open")
    return item.but("unchanged", "the commit of an earlier push had arrived") if unsure else item


def _with_needless_pull(push: Push, item: Item) -> Item:
    """Note which pull request of ours a commit to the main branch makes needless.

    Our records may be lost, or the one who opened it has others: so it is looked for, once before
    our first commit and again where others have committed since our last one.
    """
    record = push.journal.record(item.repo)
    pull = record.pull if record else None
    if pull is None:
        pull = push.journal.over(item.repo)
    if pull is not None:
        return replace(item, needless=pull)
    if item.present is not None and push.journal.is_own(item.repo, item.present.head):
        return item
    try:
        pull = _open_pull(push, item.wanted, item.address)
    except Silent:
        return item
    except HubError as error:
        why = f"whether a pull request of ours is open there is not known: {error.why}"
        return replace(item, told=(*item.told, why))
    if pull is not None:
        push.journal.is_over(item.repo, pull)
    return replace(item, needless=pull)


def _standing_pull(push: Push, item: Item) -> int | None:
    """Return the number of our pull request if it is open: that of our records, or one found."""
    record = push.journal.record(item.repo)
    pull = record.pull if record else None
    if pull is None:
        try:
            return _open_pull(push, item.wanted, item.address) if push.only_look else None
        except HubError:  # the card is as it is, whatever is proposed
            return None
    is_open = push.retried(partial(push.destination.is_open, item.address, pull))
    return pull if is_open else None


def _decided(push: Push, wanted: Wanted, pull: int | None) -> Item:
    def read() -> Present:
        return push.destination.read(wanted.repo, evals=wanted.with_evals, pull=pull)

    present = push.retried(read)
    if push.journal.is_ignored(wanted.repo, present.head):
        raise Ignored(IGNORED)
    record = push.journal.record(wanted.repo)
    choice = push.choice(wanted.repo)
    if record is None:
        item = decide(wanted, present, choice)
    else:
        written = not record.left
        item = decide(wanted, present, choice, record.front, record.keys, written=written)
    return item if push.destination.remote else linted(item)
