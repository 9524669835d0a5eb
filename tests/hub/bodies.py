"""The bodies of requests, as the shapes that they must have."""

from typing import Literal

import msgspec


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A repo as the bodies of `repos/create` and `repos/delete` name it."""

    name: str
    organization: str | None = None
    type: str | None = None
    visibility: str | None = None

    def key(self, user: str) -> str:
        """Return the repo's key; without an organisation it is the user's own."""
        return f"{self.type or 'model'}s/{self.organization or user}/{self.name}"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the body of a settings request may set."""

    visibility: str | None = None
    gated: str | bool | None = None


class CardToValidate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of a `validate-yaml` request."""

    content: str
    repo_type: str = "model"


class FileToCome(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a client is about to commit."""

    path: str
    size: int


class FilesToCome(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a preupload request."""

    files: list[FileToCome]


class NewThread(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A discussion or pull request to open."""

    title: str
    description: str = ""
    pull_request: bool = False


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What is posted to a thread: a comment, a new status, or a new title."""

    comment: str = ""
    status: Literal["open", "closed"] | None = None
    title: str = ""


class NewRef(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A branch or a tag to make; a branch starts at `starting_point`."""

    starting_point: str = "main"
    tag: str = ""


class LargeObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object of large file storage."""

    oid: str
    size: int


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The objects that a client would upload."""

    objects: list[LargeObject]


class HeaderValue(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The message of a commit and the head it expects."""

    summary: str
    description: str = ""
    parent_commit: str | None = None


class FileValue(msgspec.Struct, frozen=True, kw_only=True):
    """A file that travels inside the commit, in base64."""

    path: str
    content: bytes


class LfsValue(msgspec.Struct, frozen=True, kw_only=True):
    """A file that lies in large file storage already."""

    path: str
    oid: str


class PathValue(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder to delete."""

    path: str


class Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="key", tag="header"):
    """The first line of a commit."""

    value: HeaderValue


class File(msgspec.Struct, frozen=True, kw_only=True, tag_field="key", tag="file"):
    """A line with a file."""

    value: FileValue


class Large(msgspec.Struct, frozen=True, kw_only=True, tag_field="key", tag="lfsFile"):
    """A line with an LFS file."""

    value: LfsValue


class NoFile(msgspec.Struct, frozen=True, kw_only=True, tag_field="key", tag="deletedFile"):
    """A line that deletes a file."""

    value: PathValue


class NoFolder(msgspec.Struct, frozen=True, kw_only=True, tag_field="key", tag="deletedFolder"):
    """A line that deletes a folder."""

    value: PathValue


CommitLine = Header | File | Large | NoFile | NoFolder
