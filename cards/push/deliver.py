"""Plans carried out: one commit a repository, and every unsure one settled by reading it back."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..hub.destination import Made
from ..hub.errors import Busy, HubError, Ignored, Limited, Stale, Unclear
from ..plan.plan import README, TO_DO, Item, front_digest
from ..text.eval_results import PATH
from .push import PAUSE, TRIES, Push
from .survey import failed, plan_for, record_of

REPLANS = 3
"""How often a repository that changes under our hands is planned anew."""
LIMITS = 20
"""How often one commit waits for a spent quota."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one repository."""

    item: Item
    did: Literal["committed", "proposed", "nothing", "not reached"] = "nothing"
    commit: str = ""
    url: str = ""
    pull: int | None = None
    rejected: tuple[str, ...] = ()
    """What the Hub says against the results file that it was given."""
    warnings: tuple[str, ...] = ()
    """What it says against the front matter, though it took it."""
    closed: int | None = None
    """Our pull request that this made needless, and that was closed."""
    standing: str = ""
    """Why such a one is still open."""


def deliver(push: Push, items: Sequence[Item]) -> list[Outcome]:
    """Carry out *items*, in their order; what has nothing to do comes back as it is."""
    outcomes = push.each("Pushing", lambda item: _delivered(push, item), items)
    return [
        outcome or Outcome(item=item, did="not reached")
        for item, outcome in zip(items, outcomes, strict=True)
    ]


def _delivered(push: Push, item: Item) -> Outcome:
    outcome = _carried_out(push, item)
    pull, end = push.journal.over(item.repo), outcome.item
    on_main = outcome.did == "committed" or (end.state == "unchanged" and end.pull is None)
    if pull is None or not on_main or end.left or (push.propose and not end.wanted.left):
        return outcome
    return _closed(push, outcome, pull)


def _closed(push: Push, outcome: Outcome, pull: int) -> Outcome:
    """Close our needless pull request; each try asks for it first, so nothing is said twice."""
    repo, sent = outcome.item.address, False
    commit = f" in {outcome.commit}" if outcome.commit else ""
    why = f"The main branch has the card{commit}."
    if outcome.item.wanted.left:
        why = f"The model has left the board, and so has its card{commit}."

    def close() -> None:
        nonlocal sent
        if push.destination.is_open(repo, pull):
            sent = True
            push.destination.close(repo, pull, why)

    try:
        push.retried(close)
    except HubError as error:
        return replace(outcome, standing=f"pull request #{pull} of ours is still open: {error.why}")
    push.journal.closed(outcome.item.repo)
    return replace(outcome, closed=pull if sent else None)


def _carried_out(push: Push, item: Item) -> Outcome:
    met: dict[type[HubError], int] = {}
    if item.state in TO_DO and push.down.is_set():
        item = plan_for(push, item.wanted)  # while no question is answered, no commit is sent
    while item.state in TO_DO:
        sent = item
        try:
            return _done(push, sent, _commit(push, sent))
        except HubError as error:
            met[type(error)] = met.get(type(error), 0) + 1
            item = _after(push, sent, error, met[type(error)])
        if Unclear in met and item.state == "unchanged" and item.present is not None:
            return _done(push, sent, Made(head=item.present.head, pull=item.pull))
    return Outcome(item=item)


def _commit(push: Push, item: Item) -> Made:
    """Make the commit; the journal knows of it before it is sent."""
    assert item.present is not None
    record = push.journal.record(item.repo)
    if record is not None and record.pull is not None and not push.propose:
        push.journal.is_over(item.repo, record.pull)
    propose = push.propose and item.pull is None
    # Nobody committed since: what was taken then is taken now, or the commit is refused as stale.
    on_main = not propose and item.pull is None
    plain = push.journal.plain(item.repo, item.present.head) if on_main else frozenset()
    push.budget.commit()
    push.journal.sent(item.repo, item.wanted.digest, item.present.head)
    try:
        made = push.destination.commit(item, propose=propose, plain=plain)
    except Unclear:
        raise
    except Ignored:
        push.journal.ignored(item.repo, item.present.head)
        raise
    except HubError:
        push.journal.failed(item.repo)
        raise
    readme = item.files.get(README, item.present.readme)
    front = front_digest(readme, item.wanted)
    record = record_of(item, made.head, front, made.pull)
    push.journal.made(item.repo, record, plain=plain | made.plain if on_main else ())
    return made


def _after(push: Push, item: Item, error: HubError, times: int) -> Item:
    """Return what is to be done after *error*, met for the *times*-th time: more, or an end."""
    match error:
        case Limited() if times <= LIMITS:
            push.hold(error)
            return item
        case Busy() if times <= TRIES:
            push.tell(error, PAUSE * 2**times)
            push.pause(times)
            return item
        case Stale() if times <= REPLANS:
            if times > 1:  # what we read may come from a cache that lags behind
                push.pause(times)
            return plan_for(push, item.wanted)
        case Stale():
            why = f"it changed {times} times while its card was written"
            return item.but("unreachable", why, "Push again later.")
        case Unclear() if times <= TRIES:
            push.tell(error, PAUSE * 2**times)
            push.pause(times - 1)
            return plan_for(push, item.wanted)
    return failed(item, error, push.propose)


def _done(push: Push, item: Item, made: Made) -> Outcome:
    rejected: tuple[str, ...] = ()
    holds = item.wanted.evals is not None and not item.wanted.only_results
    unknown = PATH in item.files or push.journal.verdict(item.repo) is None
    if holds and unknown and made.pull is None and push.destination.remote:
        push.journal.judged(item.repo, None)
        try:
            rejected = push.retried(lambda: push.destination.rejected(item.address))
            push.journal.judged(item.repo, rejected)
        except HubError as error:
            rejected = (f"whether the Hub takes the results file is not known: {error.why}",)
    return Outcome(
        item=item,
        did="proposed" if made.pull is not None else "committed",
        commit=made.head,
        url=made.url,
        pull=made.pull,
        rejected=rejected,
        warnings=made.warnings,
    )
