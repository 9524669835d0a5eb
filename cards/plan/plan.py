"""What a push would do to each repository: pure, from what is there and what is wanted."""

import difflib
import json
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ...board.words.catalogue import Words
from ...board.words.names import line
from ..readme.front_matter import sha256, split
from ..readme.readme import (
    Conflict,
    Merged,
    Take,
    fresh_readme,
    has_ours,
    keys_of,
    merged,
    our_part,
    without_ours,
)
from ..readme.three_way import Change, Terms, decoded
from ..readme.yaml import Value, emit
from ..readme.yaml_nodes import load, plain
from ..text.eval_results import HEAD, PATH, with_tokens
from ..text.lint import lint
from .targets import Wanted
from .withdrawal import same_but_for_the_day

State = Literal[
    "new",
    "changed",
    "left the board",
    "unchanged",
    "renamed",
    "conflict",
    "overwritten",
    "ignored",
    "in LFS",
    "missing repo",
    "no permission",
    "refused",
    "rejected",
    "unreachable",
]
README = "README.md"
PROBLEMS: tuple[State, ...] = (
    "conflict",
    "overwritten",
    "ignored",
    "in LFS",
    "missing repo",
    "no permission",
    "refused",
    "rejected",
    "unreachable",
)
"""States in which nothing is pushed though something should be."""
TO_DO: tuple[State, ...] = ("new", "changed", "left the board")
NOTHING = "nothing of ours is there any more"
IGNORED = "its .gitignore names README.md or our results file, so the Hub leaves that out"


class Present(Struct, frozen=True, kw_only=True):
    """What a repository holds now."""

    head: str
    """The commit that was read; empty where there are no commits."""
    readme: bytes | None
    evals: bytes | None = None
    id: str = ""
    """What the Hub itself calls the repository, where that is another name than was asked for."""


class Item(Struct, frozen=True, kw_only=True):
    """What is to be done with one repository, and why."""

    wanted: Wanted
    state: State
    reason: str = ""
    remedy: str = ""
    present: Present | None = None
    files: dict[str, bytes | None] = {}
    """New content by path; `None` deletes."""
    shown: bytes | None = None
    """The README to compare with: what we would write, or could after a choice."""
    pull: int | None = None
    """The open pull request that this goes onto."""
    needless: int | None = None
    """Our open pull request that is closed once the main branch has the card."""
    id: str = ""
    """What the Hub itself calls the repository, where that is another name."""
    ways: tuple[Take, ...] = ()
    """In which ways a conflict can be resolved, the mildest first."""
    keys: str = ""
    """By key, short hashes of the front matter that we wrote."""
    contested: bool = False
    """Whether a key of the front matter keeps a value that the workspace states otherwise."""
    told: tuple[str, ...] = ()
    """What becomes of values in the front matter that are there."""
    message: str = ""
    """What the commit changes, in one sentence."""
    left: bool = False
    """Left as it is because the user chose so, not because it is as it should be."""

    @property
    def repo(self) -> str:
        """Return the repository's id."""
        return self.wanted.repo

    @property
    def address(self) -> str:
        """Return the repository's id as the Hub itself has it, as far as that is known."""
        return self.id or (self.present.id if self.present else "") or self.repo

    @property
    def has_own_readme(self) -> bool:
        """Tell whether people's README without a part of ours is in the way."""
        return self.state == "conflict" and self.ways[:1] == ("append",)

    def but(self, state: State, reason: str, remedy: str = "") -> "Item":
        """Return this item in another state, with nothing to do."""
        return replace(self, state=state, reason=reason, remedy=remedy, files={})


def decide(
    wanted: Wanted,
    present: Present,
    take: Take | None = None,
    known_front: str = "",
    known_keys: str = "",
    *,
    written: bool = False,
) -> Item:
    """Return what is to be done so that *present* becomes as *wanted*.

    *take* is the user's choice where people's text is in the way; "theirs" leaves the repository
    as it is. *known_front* is the SHA-256 of front matter that holds nothing but ours, *known_keys*
    what is known of what we wrote in it. *written* says that there was a card of ours before.
    """
    if wanted.problems:
        return refused(wanted)
    item = Item(wanted=wanted, state="unchanged", present=present)
    if wanted.only_results:
        return _results(item, present)
    if wanted.left and not _holds_ours(wanted, present):
        return item.but("unchanged", NOTHING)
    kept = None if take == "theirs" else take
    try:
        merge = _merged(wanted, present, kept, known_front, known_keys)
    except Conflict as conflict:
        if take == "theirs":
            reason = f"left as it is, though {conflict.why}"
            return replace(item.but("unchanged", reason), left=True)
        return _conflict(item, conflict, written and conflict.unmarked)
    readme = merge.text.encode("utf-8", "replace")
    item = replace(item, keys=merge.keys, contested=bool(merge.left), told=_told(item, merge))
    files: dict[str, bytes | None] = {} if readme == present.readme else {README: readme}
    evals = None if wanted.evals is None else with_tokens(wanted.evals, present.evals).encode()
    if wanted.with_evals and evals != present.evals and not (wanted.left and _foreign(present)):
        files[PATH] = evals
    if not files:
        return _contested(item, merge.left, take) if merge.left else item
    state: State = "new" if present.readme is None else "changed"
    if wanted.left:
        state = "left the board"
    message = _message(item, merge, files)
    return replace(item, state=state, files=files, shown=readme, message=message)


def _results(item: Item, present: Present) -> Item:
    """Return what is to be done with the results file of somebody else's model."""
    evals = with_tokens(item.wanted.evals or "", present.evals).encode()
    if evals == present.evals:
        return item
    source = item.wanted.ours.source
    theirs = (present.evals or b"").decode("utf-8", "replace")
    if present.evals is not None and (source is None or source.rstrip("/") not in theirs):
        why = f"{PATH} holds results of another board"
        return item.but("refused", why, "Nothing was changed; ask those who proposed them.")
    return replace(item, state="changed", files={PATH: evals})


def _merged(
    wanted: Wanted,
    present: Present,
    take: Take | None,
    known_front: str = "",
    known_keys: str = "",
) -> Merged:
    if present.readme is None:
        text = fresh_readme(wanted.front, wanted.body, wanted.marks)
        return Merged(text=text, keys=keys_of(wanted.front), changed=tuple(wanted.front))
    try:
        text = present.readme.decode()
    except UnicodeDecodeError:
        if take != "ours":
            raise Conflict("it is not UTF-8", ("ours", "theirs")) from None
        text = ""
    body = wanted.body
    if wanted.left:
        known_front, part = "", our_part(text)
        if part is None:  # somebody took our part out, but not what we said in the front matter
            return without_ours(text, wanted.ours)
        there = part.body.replace("\r\n", "\n")
        body = there if same_but_for_the_day(there, body) else body
    terms = Terms(
        stated=wanted.stated,
        claimed=wanted.claimed,
        base=decoded(known_keys),
        force=take == "ours",
    )
    return merged(text, wanted.front, body, wanted.ours, take, known_front, wanted.marks, terms)


def _told(item: Item, merge: Merged) -> tuple[str, ...]:
    """Say what becomes of each value in the front matter that differs from ours."""
    wrote = [
        f"{one.key}: {_shown(one.theirs)} -> {_shown(one.ours)}"
        for one in merge.written
        if not item.wanted.left
    ]
    stay = [
        f"{one.key}: {_shown(one.theirs)} stays, though the workspace states {_shown(one.ours)}; "
        f"to write that: --take {item.repo}=ours"
        for one in merge.left
    ]
    return (*wrote, *stay)


def _shown(value: Value) -> str:
    if value is None:
        return "nothing"
    return line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 80)


def _contested(item: Item, left: Sequence[Change], take: Take | None) -> Item:
    keys = ", ".join(one.key for one in left)
    why = f"{keys} in the front matter of README.md differs from what the workspace states"
    if take == "theirs":
        return replace(item.but("unchanged", f"left as it is, though {why}"), left=True)
    return item.but("conflict", why, f"Or keep what is there: --take {item.repo}=theirs")


def _message(item: Item, merge: Merged, files: dict[str, bytes | None]) -> str:
    """Return what a commit of *files* changes: all that differs, and nothing that does not."""
    said = []
    if README in files and item.present and item.present.readme is not None:
        keys = ", ".join(merge.changed)
        said = [f"Keys of the front matter that change: {keys or 'none'}."]
        if merge.gave_way:
            said.append("Text of the README gave way to the card, as was chosen.")
        else:
            said.append("Text outside the cardboard markers is as it was.")
    if PATH in files:
        said.append(f"{PATH} is {'removed' if files[PATH] is None else 'written'}.")
    return " ".join(said)


def _holds_ours(wanted: Wanted, present: Present) -> bool:
    """Tell whether there is a card of this board, or something that a card of it left behind."""
    text = (present.readme or b"").decode("utf-8", "replace")
    try:
        part = our_part(text)
    except ValueError:
        return wanted.left == "known"
    said = has_ours(text, wanted.ours)
    if part is None:
        return said and wanted.left == "known"
    theirs = part.marks.get("board", "") not in ("", wanted.marks["board"])
    return not theirs and (said or wanted.left == "known" or "board" in part.marks)


def _foreign(present: Present) -> bool:
    """Tell whether the results file is not one that we wrote."""
    return present.evals is None or not present.evals.startswith(HEAD.encode())


def _conflict(item: Item, conflict: Conflict, overwritten: bool) -> Item:
    """Return *item* as a conflict, with what the mildest choice would give."""
    assert item.present is not None
    try:
        merge = _merged(item.wanted, item.present, conflict.ways[0])
    except Conflict as further:
        conflict = further
        merge = _merged(item.wanted, item.present, conflict.ways[0])
    shown = merge.text.encode("utf-8", "replace")
    ways = ", ".join(f"--take {item.repo}={way}" for way in conflict.ways)
    why = "another README was written over our card" if overwritten else conflict.why
    state: State = "overwritten" if overwritten else "conflict"
    return replace(
        item.but(state, f"README.md: {why}", f"Choose one of: {ways}"),
        shown=shown,
        ways=conflict.ways,
    )


def front_digest(readme: bytes | None, wanted: Wanted) -> str:
    """Return the SHA-256 of the front matter of *readme* where it is exactly ours, else nothing."""
    block = split(readme.decode("utf-8", "replace")) if readme else None
    ours = block is not None and block.yaml == emit(wanted.front)
    return sha256(block.yaml) if block is not None and ours else ""


def refused(wanted: Wanted) -> Item:
    """Return the item of a card that must not be published as it is."""
    say = Words("en").finding
    return Item(
        wanted=wanted,
        state="refused",
        reason="; ".join(f"{finding.code}: {say(finding)}" for finding in wanted.problems),
        remedy="Correct models.toml or board.toml; nothing was sent.",
    )


def linted(item: Item) -> Item:
    """Return *item* as the Hub would take it, for a folder that takes everything.

    What people wrote in the front matter counts as well: the Hub checks the whole of it.
    """
    readme = item.files.get(README)
    block = split(readme.decode("utf-8", "replace")) if readme else None
    if block is None:
        return item
    say = Words("en").finding
    found = lint({str(key): plain(value) for key, value in load(block.yaml).items()})
    why = "; ".join(f"{one.code}: {say(one)}" for one in found if one.code != "lint-local-path")
    remedy = f"Correct the front matter of {item.repo}/{README}; nothing was written."
    return item.but("refused", why, remedy) if why else item


def diff(item: Item) -> str:
    """Return how the files would change, as a unified diff with line ends made alike."""
    now = item.present
    readme, evals = (now.readme, now.evals) if now else (None, None)
    said = "" if item.shown is None else _diff(item, README, readme, item.shown)
    return said + (_diff(item, PATH, evals, item.files[PATH]) if PATH in item.files else "")


def _diff(item: Item, path: str, before: bytes | None, after: bytes | None) -> str:
    if before == after:
        return ""
    lines = difflib.unified_diff(
        _lines(before),
        _lines(after),
        "/dev/null" if before is None else f"{item.repo}/{path} (now)",
        "/dev/null" if after is None else f"{item.repo}/{path} (after)",
        lineterm="",
    )
    return "\n".join(lines) + "\n"


def _lines(text: bytes | None) -> list[str]:
    if not text:
        return []
    return text.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
