"""The git object ids that a Hub shows: blobs, folders, commits and LFS pointers."""

import hashlib
from collections.abc import Mapping, Sequence


def _oid(kind: str, body: bytes) -> str:
    # SHA-1 is what git names its objects by; nothing here leans on it for security.
    header = f"{kind} {len(body)}\0".encode()
    return hashlib.sha1(header + body, usedforsecurity=False).hexdigest()


def blob_oid(content: bytes) -> str:
    """Return the id that `git hash-object` gives these bytes."""
    return _oid("blob", content)


def pointer(sha256: str, size: int) -> bytes:
    """Return the small file that git keeps in place of an LFS object."""
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
    )


def folder_oids(files: Mapping[str, str]) -> dict[str, str]:
    """Return the id of every folder of a tree, the root under "".

    `files` maps each path to its blob id; all files are plain ones (mode 100644).
    """
    children: dict[str, dict[str, tuple[str, str]]] = {"": {}}
    for path, oid in files.items():
        folder, _, name = path.rpartition("/")
        while folder and folder not in children:
            children[folder] = {}
            folder = folder.rpartition("/")[0]
        children[path.rpartition("/")[0]][name] = ("100644", oid)
    oids: dict[str, str] = {}
    for folder in sorted(children, key=lambda each: (-each.count("/"), each == "")):
        oids[folder] = _tree_oid(children[folder])
        if folder:
            parent, _, name = folder.rpartition("/")
            children[parent][name] = ("40000", oids[folder])
    return oids


def _tree_oid(entries: Mapping[str, tuple[str, str]]) -> str:
    def order(name: str) -> bytes:  # git sorts a folder as if its name ended in a slash
        return (name + ("/" if entries[name][0] == "40000" else "")).encode()

    body = b"".join(
        f"{entries[name][0]} {name}\0".encode() + bytes.fromhex(entries[name][1])
        for name in sorted(entries, key=order)
    )
    return _oid("tree", body)


def commit_oid(tree: str, parents: Sequence[str], author: str, at: int, message: str) -> str:
    """Return the id of a commit by `author` at `at` (Unix seconds, UTC)."""
    who = f"{author} <{author}@users.noreply.hub.local> {at} +0000"
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {who}", f"committer {who}", "", message]
    return _oid("commit", "\n".join(lines).encode())
