"""A sample repo and small helps for tests that drive a Hub with the real client."""

from typing import TypeVar

import pytest
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import HfHubHTTPError

REPO = "acme/tiny"
CARD = "---\nlicense: mit\nlanguage: [en, ko]\ntags: [tb2]\n---\n# Tiny\n"
T = TypeVar("T")


def add(path: str, text: str) -> CommitOperationAdd:
    """Make the operation that puts a text at a path."""
    return CommitOperationAdd(path_in_repo=path, path_or_fileobj=text.encode())


def given(value: T | None) -> T:
    """Return what the client's types allow to be missing."""
    assert value is not None
    return value


def status_of(error: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    """Return the HTTP status of an error."""
    return int(error.value.response.status_code)
