"""The requests about discussions and pull requests."""

from . import git, threads
from .accounts import check_token, has_write
from .bodies import NewThread, Said
from .changes import ThreadNoted
from .messages import Call, Reply, json_reply
from .refusals import Refusal, bad, no_rights
from .repo import Repo, Thread
from .state import State
from .views import Json, iso

PAGE = 50
# "open" and "closed" as filters take in the states that are shown under them.
_UNDER = {"open": ("open", "draft"), "closed": ("closed", "merged")}


def discussions(state: State, call: Call) -> Reply:
    """List discussions and pull requests, newest first, by author, type and status."""
    repo = state.readable(call.account, call.route.repo)
    found = [_line(repo, thread) for thread in _matching(repo, call)]
    start = call.whole("p", 0) * PAGE
    page = found[start : start + PAGE]
    return json_reply({"discussions": page, "count": len(found), "start": start})


def _matching(repo: Repo, call: Call) -> list[Thread]:
    types = {"pull_request": (True,), "discussion": (False,)}
    wanted = types.get(call.asked("type", "all"), (True, False))
    status = _UNDER.get(call.asked("status", "all"), ("open", "draft", "closed", "merged"))
    return [
        thread
        for _, thread in sorted(repo.threads.items(), reverse=True)
        if thread.is_pull_request in wanted
        and thread.status in status
        and call.asked("author", thread.by) == thread.by
    ]


def _line(repo: Repo, thread: Thread) -> Json:
    return {
        "num": thread.num,
        "title": thread.title,
        "status": thread.status,
        "author": {"name": thread.by, "type": "user"},
        "createdAt": iso(thread.at),
        "isPullRequest": thread.is_pull_request,
        "repo": {"name": repo.id, "type": repo.type},
    }


def discussion(state: State, call: Call) -> Reply:
    """Tell all that a thread holds; of a pull request also what it would change."""
    repo = state.readable(call.account, call.route.repo)
    thread = repo.thread(int(call.route.rest[0]))
    told = _line(repo, thread)
    told["events"] = [_event(repo, thread, place) for place in range(len(thread.notes))]
    if thread.is_pull_request:
        changed, clashing = threads.proposed(repo, thread)
        told["changes"] = {"base": "refs/heads/main", "mergeCommitId": thread.merged_as}
        told["filesWithConflicts"] = clashing
        told["diff"] = "".join(f"diff --git a/{path} b/{path}\n" for path in changed)
    return json_reply(told)


def _event(repo: Repo, thread: Thread, place: int) -> Json:
    note = thread.notes[place]
    data: Json = dict(note.data)
    if note.kind == "comment":
        text = note.data["text"]
        latest = {"raw": text, "html": text, "updatedAt": iso(note.at), "author": {"name": note.by}}
        data = {"edited": False, "hidden": False, "latest": latest, "history": [latest]}
    return {
        "id": git.blob_oid(f"{repo.key} {thread.num} {place}".encode())[:24],
        "type": note.kind,
        "createdAt": iso(note.at),
        "author": {"name": note.by},
        "data": data,
    }


def open_discussion(state: State, call: Call) -> Reply:
    """Open a discussion, or a draft pull request without commits."""
    repo = state.readable(call.account, call.route.repo)
    by = check_token(call.account).user
    asked = call.json(NewThread)
    if len(asked.title) < 3:
        raise bad('"title" length must be at least 3 characters long')
    base = repo.at_revision("main") if asked.pull_request else None
    thread = threads.open_thread(
        state.store,
        repo,
        title=asked.title,
        text=asked.description,
        by=by,
        at=state.now(),
        base=base,
    )
    page = f"{call.base}/{repo.key.removeprefix('models/')}/discussions/{thread.num}"
    return json_reply({"num": thread.num, "url": page, "pullRequest": thread.is_pull_request})


def comment(state: State, call: Call) -> Reply:
    """Say something in a thread; everybody with a write token may."""
    repo = state.readable(call.account, call.route.repo)
    thread = repo.thread(int(call.route.rest[0]))
    user = check_token(call.account).user
    _note(state, repo, thread, "comment", user, {"text": call.json(Said).comment})
    return json_reply({"newMessage": _event(repo, thread, len(thread.notes) - 1)})


def status(state: State, call: Call) -> Reply:
    """Close or open a thread, as its author or with write access."""
    repo, thread, user = _own(state, call)
    asked = call.json(Said)
    if asked.status is None or thread.status == "merged":
        raise bad(f"The status cannot be changed: it is {thread.status}")
    if asked.comment:
        _note(state, repo, thread, "comment", user, {"text": asked.comment})
    _note(state, repo, thread, "status-change", user, {"status": asked.status})
    return json_reply({"newStatus": _event(repo, thread, len(thread.notes) - 1)})


def title(state: State, call: Call) -> Reply:
    """Rename a thread, as its author or with write access."""
    repo, thread, user = _own(state, call)
    change = {"from": thread.title, "to": call.json(Said).title}
    _note(state, repo, thread, "title-change", user, change)
    return json_reply({"newTitle": _event(repo, thread, len(thread.notes) - 1)})


def merge(state: State, call: Call) -> Reply:
    """Merge an open pull request, with write access."""
    repo = state.readable(call.account, call.route.repo)
    thread = repo.thread(int(call.route.rest[0]))
    account = check_token(call.account)
    if not has_write(account, repo):
        raise no_rights("You don't have the rights to merge this pull request")
    threads.merge(state.store, repo, thread, account.user, state.now())
    return json_reply({})


def _own(state: State, call: Call) -> tuple[Repo, Thread, str]:
    repo = state.readable(call.account, call.route.repo)
    thread = repo.thread(int(call.route.rest[0]))
    account = check_token(call.account)
    if account.user != thread.by and not has_write(account, repo):
        raise Refusal(403, "You don't have the rights to change this discussion")
    return repo, thread, account.user


def _note(
    state: State, repo: Repo, thread: Thread, kind: str, user: str, data: dict[str, str]
) -> ThreadNoted:
    return threads.note(state.store, repo, thread, kind, user, state.now(), data)
