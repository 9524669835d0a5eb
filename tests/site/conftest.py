"""Sites that several tests look at, each built and served once, and one browser for all."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser

from cardboard.board.judge.build import build_boards
from cardboard.board.model import Boards
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import Settings
from cardboard.cli import card_texts
from cardboard.site.assembly.server import serving
from cardboard.site.assembly.write import write_site
from cardboard.site.frame.builder import Frame, build_frames
from cardboard.tests.site.browsing import chromium
from cardboard.tests.site.hostile import a_hostile_board
from cardboard.tests.site.varied import a_varied_board

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def sample() -> tuple[Boards, Settings]:
    """Return the repository's own boards and settings."""
    workspace = open_workspace(ROOT)
    return build_boards(read_results(workspace.results), workspace), workspace.settings


@pytest.fixture(scope="session")
def sample_site(sample: tuple[Boards, Settings], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the sample board's site."""
    folder = tmp_path_factory.mktemp("sample") / "site"
    results, snapshots = ROOT / "results", ROOT / "history"
    write_site(*sample, folder, results=results, snapshots=snapshots, root=ROOT, cards=card_texts)
    return folder


@pytest.fixture(scope="session")
def frames_at_hand(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[Frame]], None]:
    """Return a builder that runs MkDocs once for each kind of frame, and copies it afterwards."""
    return frames_in(tmp_path_factory.mktemp("frames"))


def frames_in(folder: Path) -> Callable[[Sequence[Frame]], None]:
    """Return such a builder, which keeps its frames in *folder*."""
    kept: dict[str, Path] = {}

    def build(frames: Sequence[Frame]) -> None:
        for frame in frames:
            kind = repr(replace(frame, folder=Path()))
            if kind not in kept:
                kept[kind] = folder / str(len(kept))
                build_frames([replace(frame, folder=kept[kind])])
            shutil.copytree(kept[kind], frame.folder)

    return build


class Here:
    """Do the work that would be done in another process, when somebody waits for it."""

    def begin(self, work: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        """Return what does the *work*."""
        return lambda: work(*arguments)


def in_turn(work: Callable[[int], None], things: Sequence[int]) -> None:
    """Do *work* here, where the next site finds its templates compiled."""
    for thing in things:
        work(thing)


def hasten(patch: pytest.MonkeyPatch, frames: Callable[[Sequence[Frame]], None]) -> None:
    """Spare tests that are not about the builder or other processes the seconds that they take."""
    patch.setattr("cardboard.site.assembly.write.build_frames", frames)
    patch.setattr("cardboard.site.assembly.write.beside", lambda: nullcontext(Here()))
    patch.setattr("cardboard.site.assembly.write.side_by_side", in_turn)


@pytest.fixture(scope="session")
def quick_site(
    frames_at_hand: Callable[[Sequence[Frame]], None], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Return `quick_site(BOARDS, SETTINGS)`: it writes a site that several tests look at."""

    def write(boards: Boards, settings: Settings, **more: Any) -> Path:
        folder = tmp_path_factory.mktemp("quick") / "site"
        with pytest.MonkeyPatch.context() as patch:
            hasten(patch, frames_at_hand)
            write_site(boards, settings, folder, **more)
        return folder

    return write


@pytest.fixture(scope="session")
def hostile_site(quick_site: Callable[..., Path]) -> Path:
    """Return the folder of a site whose every text was written by somebody who means harm."""
    return quick_site(*a_hostile_board())


@pytest.fixture(scope="session")
def varied() -> tuple[Boards, Settings]:
    """Return a board that fills every column, with gaps."""
    return a_varied_board()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give the one browser of a file's tests; while it runs, nothing else here can be awaited."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def url(sample_site: Path) -> Iterator[str]:
    """Give the address of the sample board's site."""
    with serving(sample_site, 0) as address:
        yield address


@pytest.fixture(scope="package")
def varied_url(varied: tuple[Boards, Settings], quick_site: Callable[..., Path]) -> Iterator[str]:
    """Give the address of the varied board's site."""
    with serving(quick_site(*varied), 0) as address:
        yield address


@pytest.fixture(scope="package")
def long_url(quick_site: Callable[..., Path]) -> Iterator[str]:
    """Give the address of a board's site that is too long for one page."""
    with serving(quick_site(*a_varied_board(620)), 0) as address:
        yield address


@pytest.fixture
def quick(
    frames_at_hand: Callable[[Sequence[Frame]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let a test write sites without what `hasten` spares."""
    hasten(monkeypatch, frames_at_hand)


@pytest.fixture
def build(tmp_path: Path, quick: None) -> Callable[..., Path]:
    """Return `build(BOARDS, SETTINGS)`, which writes a site and returns its folder."""

    def write(boards: Boards, settings: Settings, **more: Any) -> Path:
        write_site(boards, settings, tmp_path / "site", **more)
        return tmp_path / "site"

    return write
