"""What is to be done with each repository: asked with as few requests as can settle it."""

from collections.abc import Sequence

from msgspec.structs import replace

from ..hub.errors import Denied, Gone, HubError, Rejected, Stopped, Unfit
from ..plan.plan import TO_DO, Item, Present, decide, front_digest, refused
from ..plan.targets import Wanted
from .push import Push


def survey(push: Push, every: Sequence[Wanted]) -> list[Item]:
    """Return an item for each of *every*, in their order; raises `Stopped`."""
    heads = _heads(push, every)
    items = push.each("Looking", lambda one: plan_for(push, one, heads.get(one.repo)), every)
    done = [item for item in items if item is not None]
    if len(done) < len(items):
        raise Stopped
    return done


def plan_for(push: Push, wanted: Wanted, listed: str | None = None) -> Item:
    """Return what is to be done with one repository; *listed* is its head, if a listing told."""
    if wanted.problems:
        return refused(wanted)
    try:
        item = _settled(push, wanted, listed) or _read(push, wanted)
    except HubError as error:
        return failed(Item(wanted=wanted, state="unreachable"), error, push.propose)
    if item.state == "unchanged" and item.present and not item.left and not push.only_look:
        front = front_digest(item.present.readme, wanted)
        push.journal.seen(wanted.repo, wanted.digest, item.present.head, front, item.pull)
    return item


def failed(item: Item, error: HubError, propose: bool) -> Item:
    """Return *item* as what *error* made of it, with the remedy."""
    match error:
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
        case Rejected():
            return item.but("refused", error.why, "Nothing was changed.")
        case _:
            return item.but("unreachable", error.why, "Push again later: nothing is done twice.")


def _heads(push: Push, every: Sequence[Wanted]) -> dict[str, str]:
    """Return listed heads, where our records make a listing worth its request."""
    known = [one.repo for one in every if _record_holds(push, one)]
    if len(known) < 2:
        return {}
    try:
        return push.retried(lambda: push.destination.heads(known))
    except HubError:
        return {}  # reading them one by one tells the same


def _record_holds(push: Push, wanted: Wanted, *, in_a_pull: bool = False) -> bool:
    """Tell whether the last that we know to have written is what is wanted now."""
    record = push.journal.record(wanted.repo)
    if record is None or record.digest != wanted.digest:
        return False
    return record.pull is not None or not in_a_pull


def _settled(push: Push, wanted: Wanted, listed: str | None) -> Item | None:
    """Return the item where our record settles it without reading the files."""
    record = push.journal.record(wanted.repo)
    if record is None or record.digest != wanted.digest:
        return None
    if record.pull is None:
        return Item(wanted=wanted, state="unchanged") if listed == record.head else None
    if push.propose and _open_pull(push, wanted.repo) == record.pull:
        reason = f"pull request #{record.pull} is open"
        return Item(wanted=wanted, state="unchanged", reason=reason, pull=record.pull)
    return None


def _open_pull(push: Push, repo: str) -> int | None:
    record = push.journal.record(repo)
    known = record.pull if record else None
    return push.retried(lambda: push.destination.open_pull(repo, known))


def _read(push: Push, wanted: Wanted) -> Item:
    """Return the item after reading the repository, and our open pull request if there is one."""
    unsure = wanted.repo in push.journal.unsure
    item = _decided(push, wanted, None)
    if item.state in TO_DO and push.propose:
        pull = _open_pull(push, wanted.repo)
        if pull is not None:
            item = replace(_decided(push, wanted, pull), pull=pull)
        elif _record_holds(push, wanted, in_a_pull=True):
            reason = "our pull request was closed; the same card is not proposed twice"
            return replace(item.but("unchanged", reason), left=True)
    elif item.state in TO_DO and not push.only_look:
        push.retried(lambda: push.destination.check_write(wanted.repo))
    if item.state != "unchanged" or item.left:
        return item
    if item.pull is not None:
        return item.but("unchanged", f"pull request #{item.pull} is open")
    return item.but("unchanged", "the commit of an earlier push had arrived") if unsure else item


def _decided(push: Push, wanted: Wanted, pull: int | None) -> Item:
    def read() -> Present:
        return push.destination.read(wanted.repo, evals=wanted.with_evals, pull=pull)

    present = push.retried(read)
    record = push.journal.record(wanted.repo)
    return decide(
        wanted, present, push.choice(wanted.repo), record.front if record and record.front else ""
    )
