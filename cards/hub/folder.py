"""A folder tree as a destination of cards: the same plan without a network."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..plan.plan import README, Item, Present
from ..plan.withdrawal import Listed
from ..text.eval_results import PATH
from .destination import Made
from .errors import Rejected

_MARK = b"<!-- cardboard:begin "


class Folder:
    """Hold each repository as `ROOT/organisation/name/`; what is not there yet is made."""

    remote = False

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)

    def listed(self, space: str, most: int) -> list[Listed]:
        """Return the repositories of *space* whose READMEs hold our markers."""
        names = sorted(path.name for path in (self.root / space).glob("*/") if path.is_dir())
        repos = [f"{space}/{name}" for name in names]
        readmes = ((repo, _bytes(self.root / repo / README)) for repo in repos)
        return [
            Listed(repo, "", marked=True)
            for repo, text in readmes
            if text is not None and _MARK in text
        ]

    def read(self, repo: str, *, evals: bool, pull: int | None = None) -> Present:
        """Return the files of *repo*, none where there is no such folder."""
        folder = self.root / repo
        return Present(
            head="", readme=_bytes(folder / README), evals=_bytes(folder / PATH) if evals else None
        )

    def check_write(self, repo: str) -> None:
        """Let everybody write."""

    def commit(self, item: Item, *, propose: bool, plain: Collection[str] = ()) -> Made:
        """Write the files of *item*, each whole at every moment."""
        with _refusals():
            for path, content in item.files.items():
                _write(self.root / item.repo / path, content)
        return Made(head="")

    def open_pull(self, repo: str, known: int | None, title: str) -> int | None:
        """Return nothing: folders have no pull requests."""
        return None

    def is_open(self, repo: str, pull: int) -> bool:
        """Tell no: folders have no pull requests."""
        return False

    def close(self, repo: str, pull: int, why: str) -> None:
        """Do nothing: folders have no pull requests."""

    def was_refused(self, repo: str, title: str) -> bool:
        """Tell no: folders have no pull requests."""
        return False

    def benchmarks(self) -> frozenset[str] | None:
        """Return nothing: a folder has no benchmarks."""
        return None

    def rejected(self, repo: str) -> tuple[str, ...]:
        """Return nothing: nobody judges a folder."""
        return ()


def _write(target: Path, content: bytes | None) -> None:
    if content is None:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.aside")
    aside.write_bytes(content)
    aside.replace(target)


def _bytes(path: Path) -> bytes | None:
    with _refusals():
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise `Rejected` where the disk refuses."""
    try:
        yield
    except OSError as error:
        raise Rejected(f"{error.filename}: {error.strerror}") from None
