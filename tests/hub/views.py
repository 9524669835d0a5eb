"""What the Hub's API says about repos: information, listings and trees, as JSON values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from . import evals, git
from .cards import metadata
from .refusals import bad, no_entry
from .repo import Commit, Entry, Repo
from .state import State

Json = dict[str, object]


def iso(at: int) -> str:
    """Write a time as the Hub does."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass(frozen=True, kw_only=True)
class View:
    """A repo at one commit, and whether its files are listed with sizes and ids."""

    state: State
    repo: Repo
    commit: Commit
    blobs: bool = False

    @property
    def card(self) -> Mapping[str, object]:
        """The front matter of the README; the Hub reads none of one in large file storage."""
        entry = self.commit.files.get("README.md")
        read = entry is not None and entry.sha256 is None
        return metadata(self.state.store.content(entry)) if entry and read else {}

    def siblings(self) -> list[Json]:
        """List the files by name."""
        files = sorted(self.commit.files.items())
        return [
            {"rfilename": path, **(_blob(entry) if self.blobs else {})} for path, entry in files
        ]

    def eval_results(self) -> list[Json]:
        """List the entries, or the error, of each results file."""
        return [
            entry
            for path, file in sorted(self.commit.files.items())
            if evals.is_results_file(path)
            for entry in evals.entries(
                path, self.state.store.content(file), self.state.settings.benchmarks
            )
        ]

    def tags(self) -> list[object]:
        """List the card's tags and those that the Hub derives from it."""
        tags = self.card.get("tags", [])
        derived = [f"license:{self.card['license']}"] if "license" in self.card else []
        return [*(tags if isinstance(tags, list) else []), *derived, "region:us"]

    def used_storage(self) -> int:
        """Add up the sizes of the files."""
        return sum(entry.size for entry in self.commit.files.values())


PROPERTIES: dict[str, Callable[[View], object]] = {
    "author": lambda view: view.repo.namespace,
    "baseModels": lambda view: view.card.get("base_model"),
    "cardData": lambda view: dict(view.card) or None,
    "childrenModelCount": lambda view: 0,
    "createdAt": lambda view: iso(view.repo.at),
    "disabled": lambda view: view.repo.disabled,
    "downloads": lambda view: 0,
    "downloadsAllTime": lambda view: 0,
    "evalResults": lambda view: view.eval_results(),
    "gated": lambda view: view.repo.gated,
    "lastModified": lambda view: iso(view.commit.at),
    "library_name": lambda view: view.card.get("library_name"),
    "likes": lambda view: 0,
    "model-index": lambda view: view.card.get("model-index"),
    "pipeline_tag": lambda view: view.card.get("pipeline_tag"),
    "private": lambda view: view.repo.private,
    "sha": lambda view: view.commit.oid,
    "siblings": lambda view: view.siblings(),
    "tags": lambda view: view.tags(),
    "usedStorage": lambda view: view.used_storage(),
}
# Known to the Hub, never known of a repo here.
_NEVER = "config gguf inference inferenceProviderMapping mask_token resourceGroup safetensors"
PROPERTIES |= dict.fromkeys(
    [*_NEVER.split(), "spaces", "transformersInfo", "trendingScore", "widgetData"],
    lambda view: None,
)
ONLY_ALONE = {"baseModels", "childrenModelCount", "usedStorage"}
BRIEF = ("createdAt", "downloads", "library_name", "likes", "pipeline_tag", "private", "tags")
FULL = (*BRIEF, "author", "disabled", "gated", "lastModified", "sha", "siblings")
WHOLE = (*FULL, "cardData", "model-index", "usedStorage")


def describe(view: View, properties: Sequence[str]) -> Json:
    """Return a repo's id and these properties, without those it lacks."""
    number = git.blob_oid(view.repo.key.encode())[:24]
    known: Json = {"_id": number, "id": view.repo.id, "modelId": view.repo.id}
    for name in properties:
        if name not in PROPERTIES:
            raise bad(f'"expand" must be one of [{", ".join(sorted(PROPERTIES))}]')
        value = PROPERTIES[name](view)
        if value is not None:
            known[name] = value
    return known


def _blob(entry: Entry) -> Json:
    blob: Json = {"blobId": entry.oid, "size": entry.size}
    if entry.sha256:
        size = len(git.pointer(entry.sha256, entry.size))
        blob["lfs"] = {"sha256": entry.sha256, "size": entry.size, "pointerSize": size}
    return blob


def file_node(path: str, entry: Entry) -> Json:
    """Describe a file in a tree."""
    node: Json = {"type": "file", "path": path, "oid": entry.oid, "size": entry.size}
    if entry.sha256:
        size = len(git.pointer(entry.sha256, entry.size))
        node["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": size}
    return node


def nodes(commit: Commit) -> dict[str, Json]:
    """Describe every file and folder of a commit, by path."""
    files = {path: entry.oid for path, entry in commit.files.items()}
    found = {path: file_node(path, entry) for path, entry in commit.files.items()}
    for path, oid in git.folder_oids(files).items():
        if path:
            found[path] = {"type": "directory", "path": path, "oid": oid, "size": 0}
    return dict(sorted(found.items()))


def tree(commit: Commit, folder: str, *, recursive: bool) -> list[Json]:
    """Describe what lies in a folder, with its subfolders' content if `recursive`."""
    every = nodes(commit)
    if folder and every.get(folder, {}).get("type") != "directory":
        raise no_entry(folder, commit.oid)
    start = f"{folder}/" if folder else ""
    return [
        node
        for path, node in every.items()
        if path.startswith(start) and (recursive or "/" not in path[len(start) :])
    ]


def commit_line(commit: Commit) -> Json:
    """Describe a commit in a history."""
    return {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "date": iso(commit.at),
        "authors": [{"user": commit.by}],
    }
