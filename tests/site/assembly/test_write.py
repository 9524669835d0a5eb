"""Writing a site: always whole, the same bytes each time, and nothing left behind."""

import pytest

from cardboard.eval.errors import CardboardError
from cardboard.site.assembly import write
from cardboard.tests.making import SETTINGS, a_result, boards_of

pytestmark = pytest.mark.usefixtures("quick")

ONE, TWO = boards_of(a_result("org/one")), boards_of(a_result("org/two"))


def tree(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def names(folder):
    return [path.name for path in folder.iterdir()]


def test_a_site_that_is_the_same_stays_untouched(tmp_path):
    folder = tmp_path / "site"
    assert write.write_site(ONE, SETTINGS, folder).changed
    page = folder / "index.html"
    before = page.stat()
    assert not write.write_site(ONE, SETTINGS, folder).changed
    assert (page.stat().st_ino, page.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_new_site_takes_the_whole_place_of_the_old_one(tmp_path):
    folder = tmp_path / "site"
    write.write_site(ONE, SETTINGS, folder)
    (folder / "stray.txt").touch()
    outcome = write.write_site(TWO, SETTINGS, folder)
    assert outcome.changed
    assert not (folder / "stray.txt").exists()
    assert not (folder / "models" / "org__one").exists()
    assert (folder / "models" / "org__two").is_dir()
    assert names(tmp_path) == ["site"]


def test_progress_is_told_for_every_page(tmp_path):
    seen = []
    write.write_site(ONE, SETTINGS, tmp_path / "site", progress=lambda *now: seen.append(now))
    assert seen[-1][0] == seen[-1][1]


@pytest.fixture
def old(tmp_path):
    """Return a folder with a site in it."""
    write.write_site(ONE, SETTINGS, tmp_path / "site")
    return tmp_path / "site"


def test_a_builder_that_fails_leaves_the_old_site(old, monkeypatch):
    def fail(frames):
        raise CardboardError("no")

    before = tree(old)
    monkeypatch.setattr(write, "build_frames", fail)
    with pytest.raises(CardboardError):
        write.write_site(TWO, SETTINGS, old)
    assert tree(old) == before
    assert names(old.parent) == ["site"]


def test_an_interruption_leaves_the_old_site(old, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = tree(old)
    monkeypatch.setattr(write, "badges", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write.write_site(TWO, SETTINGS, old)
    assert tree(old) == before
    assert names(old.parent) == ["site"]


def test_a_move_that_fails_puts_the_old_site_back(old, monkeypatch):
    before, replace = tree(old), type(old).replace

    def refuse(self, target):
        if self.name == "site" and target == old and self.parent.name.startswith(".site-"):
            raise OSError("disk full")
        return replace(self, target)

    monkeypatch.setattr(type(old), "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write.write_site(TWO, SETTINGS, old)
    assert tree(old) == before


def test_a_build_that_another_one_overtook_gives_way(old, tmp_path, monkeypatch):
    """Two builds at once: the one that comes second finds the place taken, by a whole site."""
    new, aside = tmp_path / "new", tmp_path / "aside"
    write.write_site(TWO, SETTINGS, new)
    replace = type(old).replace

    def overtaken(self, target):
        moved = replace(self, target)
        if target == aside:
            write.write_site(TWO, SETTINGS, old)
        return moved

    monkeypatch.setattr(type(old), "replace", overtaken)
    write._swap(new, old, aside)
    assert (old / "models" / "org__two").is_dir()
