"""What the tests of cards share: the process that commands are forked from."""

from collections.abc import Iterator

import pytest

from cardboard.tests.pushing import Cradle


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cradle]:
    """Give a way to run commands with the real client, each in a process of its own."""
    opened = Cradle(tmp_path_factory.mktemp("cradle"))
    try:
        yield opened
    finally:
        opened.close()
