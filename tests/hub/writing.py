"""The requests that change repos: create, commit, branches and settings."""

from fnmatch import fnmatch

import msgspec

from . import changes
from .accounts import check_namespace, check_token, check_write, has_write
from .bodies import (
    CardToValidate,
    CommitLine,
    File,
    FilesToCome,
    Header,
    HeaderValue,
    Large,
    Named,
    NewRef,
    NoFile,
    NoFolder,
    Settings,
)
from .cards import validate as validate_card
from .changes import LfsFile
from .history import Committing, Draft, create_repo, push
from .messages import Call, Reply, json_reply
from .refusals import Refusal, bad, no_revision, no_rights
from .repo import MAIN, Commit, Entry, Repo
from .state import State
from .threads import note_commit, propose
from .views import Json

LARGE = (".safetensors", ".bin", ".gguf", ".parquet", ".pt", ".zip", ".onnx", ".arrow")
LARGE_BYTES = 10_000_000


def create(state: State, call: Call) -> Reply:
    """Create a repo; one that exists is a 409 that carries its URL, whoever asks."""
    asked = call.json(Named)
    user = call.account.user if call.account else ""
    key = asked.key(user)
    namespace = key.split("/")[1]
    url = f"{call.base}/{key.removeprefix('models/')}"
    if key in state.store.repos:
        reply = json_reply({"error": "You already created this model repo", "url": url})
        reply.status = 409
        return reply
    check_namespace(call.account, namespace, asked.type or "model")
    create_repo(state.store, key, state.now(), private=asked.visibility == "private")
    return json_reply({"url": url, "name": key.partition("/")[2]})


def delete(state: State, call: Call) -> Reply:
    """Delete a repo."""
    user = call.account.user if call.account else ""
    repo = state.readable(call.account, call.json(Named).key(user))
    if not has_write(check_token(call.account), repo):
        raise no_rights("You don't have the rights to delete this repository")
    state.store.record(changes.RepoDeleted(repo=repo.key))
    return Reply(body=b"OK", headers={"Content-Type": "text/plain"})


def settings(state: State, call: Call) -> Reply:
    """Change visibility or gating."""
    repo = state.readable(call.account, call.route.repo)
    check_write(call.account, repo)
    asked = call.json(Settings)
    private = asked.visibility == "private" if asked.visibility else None
    state.store.record(changes.RepoSet(repo=repo.key, private=private, gated=asked.gated))
    return json_reply({"private": repo.private, "gated": repo.gated})


def validate(state: State, call: Call) -> Reply:
    """Judge a README's front matter; needs no account."""
    errors, warnings = validate_card(call.json(CardToValidate).content)
    warnings = [*warnings, *state.settings.warnings]
    lists = {"errors": errors, "warnings": warnings}
    reply = json_reply({key: [{"message": text} for text in each] for key, each in lists.items()})
    reply.status = 400 if errors else 200
    return reply


def preupload(state: State, call: Call) -> Reply:
    """Tell how each file is to be sent, and which content is at its path now."""
    repo = state.readable(call.account, call.route.repo)
    revision = call.route.rest[0]
    check_write(call.account, repo, pull_request=_is_proposal(call, repo))
    known = repo.at_revision(revision).files
    answers: list[Json] = []
    for file in call.json(FilesToCome).files:
        large = (
            file.path.endswith(LARGE)
            or file.size > LARGE_BYTES
            or _matches(state, known.get(".gitattributes"), file.path, " filter=lfs")
        )
        answer: Json = {"path": file.path, "uploadMode": "lfs" if large else "regular"}
        now = known.get(file.path)
        ignored = _matches(state, known.get(".gitignore"), file.path)
        answers.append(answer | {"shouldIgnore": ignored, "oid": now.etag if now else None})
    return json_reply({"files": answers})


def _matches(state: State, rules: Entry | None, path: str, ending: str = "") -> bool:
    """Tell whether a rule with *ending* names a path; patterns are those of a shell."""
    lines = state.store.content(rules).decode().splitlines() if rules else []
    patterns = [line.partition(" ")[0] for line in lines if ending in line]
    return any(fnmatch(path, pattern) for pattern in patterns)


def _is_proposal(call: Call, repo: Repo) -> bool:
    """Tell whether a commit would open a pull request or go onto one's own."""
    if call.flag("create_pr"):
        return True
    number = call.route.rest[0].removeprefix("refs/pr/")
    thread = repo.threads.get(int(number)) if number.isdecimal() else None
    return thread is not None and call.account is not None and thread.by == call.account.user


_LINES = msgspec.json.Decoder(CommitLine)


def commit(state: State, call: Call) -> Reply:
    """Commit to a branch or a pull request, or open a pull request with the commit."""
    repo = state.readable(call.account, call.route.repo)
    revision = call.route.rest[0]
    author = check_write(call.account, repo, pull_request=_is_proposal(call, repo))
    header, draft = _draft(state, call, author.user)
    state.limits.check_commit(author.user)
    with Committing(repo):
        state.settings.committing()
        if call.flag("create_pr"):
            base = repo.at_revision(header.parent_commit or revision)
            thread, made = propose(state.store, repo, base, draft)
            url = {"pullRequestUrl": f"{_page(call, repo)}/discussions/{thread.num}"}
        else:
            ref = repo.ref(revision)
            if ref is None:
                raise no_revision(revision)
            made = push(state.store, repo, ref, header.parent_commit, draft)
            _tell_thread(state, repo, ref, made)
            url = {}
    place = f"{_page(call, repo)}/commit/{made.oid}"
    return json_reply({"success": True, "commitOid": made.oid, "commitUrl": place, **url})


def _page(call: Call, repo: Repo) -> str:
    return f"{call.base}/{repo.key.removeprefix('models/')}"


def _tell_thread(state: State, repo: Repo, ref: str, made: Commit) -> None:
    for thread in repo.threads.values():
        if thread.is_pull_request and thread.ref == ref:
            note_commit(state.store, repo, thread, made)


def _draft(state: State, call: Call, user: str) -> tuple[HeaderValue, Draft]:
    header: HeaderValue | None = None
    files: dict[str, bytes | LfsFile | None] = {}
    try:
        lines = _LINES.decode_lines(call.body)
    except msgspec.MsgspecError as error:
        raise bad(str(error)) from error
    for line in lines:
        match line:
            case Header():
                header = line.value
            case File():
                files[line.value.path] = line.value.content
            case Large():
                files[line.value.path] = _large(state, line.value.oid)
            case NoFile():
                files[line.value.path] = None
            case NoFolder():
                files[line.value.path.rstrip("/") + "/"] = None
    if header is None or not header.summary:
        raise bad("A commit needs a summary")
    draft = Draft(
        files=files, title=header.summary, message=header.description, by=user, at=state.now()
    )
    return header, draft


def _large(state: State, sha256: str) -> LfsFile:
    if not state.store.has_large(sha256):
        raise bad(f"LFS object {sha256} was never uploaded")
    return LfsFile(sha256=sha256, size=state.store.large_size(sha256))


def ref(state: State, call: Call) -> Reply:
    """Make or remove a branch or a tag."""
    repo = state.readable(call.account, call.route.repo)
    check_write(call.account, repo)
    kind, name = call.route.rest[0], call.route.rest[1]
    full = f"refs/{'heads' if kind == 'branch' else 'tags'}/"
    asked = call.json(NewRef)
    if call.method == "DELETE":
        if full + name not in repo.refs or full + name == MAIN:
            raise no_revision(name)
        state.store.record(changes.RefSet(repo=repo.key, ref=full + name, oid=None))
        return json_reply({})
    start, made = (asked.starting_point, name) if kind == "branch" else (name, asked.tag)
    if full + made in repo.refs:
        raise Refusal(409, f"Reference already exists: {made}")
    oid = repo.at_revision(start).oid
    state.store.record(changes.RefSet(repo=repo.key, ref=full + made, oid=oid))
    return json_reply({})
