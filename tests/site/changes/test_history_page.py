"""History and feed: what moved between snapshots, in both languages, from the snapshots alone."""

import uuid
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from cardboard.board.history.snapshots import encode, take
from cardboard.eval.records import Counts
from cardboard.site.changes import history_page
from cardboard.tests.making import SETTINGS, a_result, boards_of
from cardboard.tests.site.links import Site
from cardboard.tests.site.reading import article, links, tables, text

ATOM = "{http://www.w3.org/2005/Atom}"
HARM = "<script>harm()</script>\x00"
A, B, C = a_result("org/a", 0.9), a_result("org/b", 0.5), a_result("org/c", 0.1)
LATER = a_result("org/b", 0.7, finished_at="2026-06-01T00:00:00Z")
CUT = a_result("org/cut", 0.7, counts=Counts(expected=6, scored=2))


def keep(folder, label, *results, **settings):
    folder.mkdir(exist_ok=True)
    taken = take(boards_of(*results, **settings), label)
    (folder / f"{label}.json").write_bytes(encode(taken))


def three(folder):
    """Keep three snapshots in *folder*."""
    keep(folder, "2026-01", A, a_result(HARM, 0.2))
    keep(folder, "2026-02", A, B, C)
    keep(folder, "2026-03", A, B, C, LATER)
    return folder


@pytest.fixture
def folder(tmp_path):
    return three(tmp_path / "history")


NOW = boards_of(A, LATER, B, CUT)


@pytest.fixture(scope="module")
def site(quick_site, tmp_path_factory):
    return quick_site(NOW, SETTINGS, snapshots=three(tmp_path_factory.mktemp("history")))


def test_every_snapshot_tells_what_moved_newest_first(site):
    content = article(site, "history")
    said = text(content)
    order = ("Since 2026-03", "2026-03-01", "2026-02-01", "The first")
    places = [said.index(word) for word in order]
    assert places == sorted(places)
    assert tables(content) == [
        [["org/cut", "—Unranked", "70.00", "mini 1"]],
        [["org/c", "3", "10.00", "mini 1"]],
        [["org/b", "2", "2", "50.00", "70.00", "mini 1"]],
        [["org/b", "2", "50.00", "mini 1"], ["org/c", "3", "10.00", "mini 1"]],
        [["<script>harm()</script>\ufffd", "2", "20.00", "mini 1"]],
    ]


def test_what_has_a_page_is_linked_and_what_is_gone_is_not(site):
    found = links(article(site, "history"))
    assert "../models/org__b/" in found
    assert not [link for link in found if "org__c/" in link]
    assert Site(site).complaints() == []


def test_both_languages_tell_the_same(site):
    english, korean = (tables(article(site, f"{tree}history")) for tree in ("", "ko/"))
    assert str(english).replace("Unranked", "순위 제외") == str(korean)


def test_a_change_of_rules_is_told_as_such(build, tmp_path):
    keep(tmp_path / "history", "2026-01", A, B)
    policy = {"not-checkable-summary": "unranked"}
    folder = build(boards_of(A, B, policy=policy), SETTINGS, snapshots=tmp_path / "history")
    assert "settings or rules have changed" in text(article(folder, "history"))


def test_a_snapshot_can_be_downloaded_as_it_is(site, folder):
    assert "../data/history/2026-02.json" in links(article(site, "history"))
    assert "../../data/history/2026-02.json" in links(article(site, "ko/history"))
    for path in folder.iterdir():
        assert (site / "data" / "history" / path.name).read_bytes() == path.read_bytes()


def test_old_publishes_are_told_in_one_line_each(build, folder, monkeypatch):
    monkeypatch.setattr(history_page, "IN_FULL", 1)
    content = article(build(NOW, SETTINGS, snapshots=folder), "history")
    assert (
        "2026-02 (2026-02-01): 3 entries, 3 of them ranked · 2 new entries · 1 entry is gone"
        in (text(content))
    )
    assert len(tables(content)) == 3


def test_of_many_moves_some_are_shown_and_all_are_counted(build, folder, monkeypatch):
    monkeypatch.setattr("cardboard.board.history.history.KEPT", 2)
    many = boards_of(*(a_result(f"org/n{n}", 0.5) for n in range(5)))
    said = text(article(build(many, SETTINGS, snapshots=folder), "history"))
    assert "5 new entries" in said
    assert "Shown are the first 2." in said


def test_without_snapshots_the_page_says_how_to_keep_one(build):
    folder = build(NOW, SETTINGS)
    assert "cardboard snapshot" in text(article(folder, "history"))
    assert not (folder / "feed.xml").exists()
    assert "atom+xml" not in (folder / "index.html").read_text()


class TestFeed:
    @pytest.fixture
    def feed(self, site):
        return ElementTree.parse(site / "feed.xml").getroot()

    def test_it_has_an_entry_for_every_snapshot_newest_first(self, feed):
        titles = [entry.find(f"{ATOM}title").text for entry in feed.iter(f"{ATOM}entry")]
        assert titles == ["Snapshot 2026-03", "Snapshot 2026-02", "Snapshot 2026-01"]

    def test_its_dates_are_those_of_the_snapshots(self, feed):
        told = [one.text for one in feed.iter(f"{ATOM}updated")]
        assert told == [f"2026-0{n}-01T00:00:00Z" for n in (3, 3, 2, 1)]

    def test_it_has_what_readers_ask_for(self, feed):
        assert all(feed.find(f"{ATOM}{name}") is not None for name in ("id", "title", "author"))
        ids = [one.text for one in feed.iter(f"{ATOM}id")]
        assert len(set(ids)) == 4
        assert all(uuid.UUID(one) for one in ids)

    def test_it_tells_what_moved_as_escaped_html(self, feed):
        contents = [one.text for one in feed.iter(f"{ATOM}content")]
        assert "<li>org/b: 2 (50.00 → 70.00), mini 1</li>" in contents[0]
        assert "&lt;script&gt;harm()" in contents[1]
        assert "<script>" not in "".join(contents)

    def test_an_entry_stays_the_same_whatever_comes_after_it(self, feed, build, folder):
        before = [ElementTree.tostring(entry) for entry in feed.iter(f"{ATOM}entry")]
        keep(folder, "2026-04", A)
        again = ElementTree.parse(build(NOW, SETTINGS, snapshots=folder) / "feed.xml").getroot()
        after = [ElementTree.tostring(entry) for entry in again.iter(f"{ATOM}entry")]
        assert after[1:] == before
        assert again.find(f"{ATOM}id").text == feed.find(f"{ATOM}id").text

    def test_every_language_has_one_and_without_an_address_of_the_site_no_link_is_half(self, site):
        korean = ElementTree.parse(site / "ko" / "feed.xml").getroot()
        assert korean.find(f"{ATOM}entry/{ATOM}title").text == "스냅샷 2026-03"
        assert not list(korean.iter(f"{ATOM}link"))
        page = (site / "ko" / "models" / "org__a" / "index.html").read_text()
        assert "atom+xml" not in page
        assert "../feed.xml" in links(article(site, "ko/history"))

    def test_a_site_with_an_address_gives_whole_links(self, build, folder):
        board = replace(SETTINGS.board, site_url="https://example.org/board", organisation="org")
        site = build(NOW, replace(SETTINGS, board=board), snapshots=folder)
        feed = ElementTree.parse(site / "ko" / "feed.xml").getroot()
        assert [link.get("href") for link in feed.iterfind(f"{ATOM}link")] == [
            "https://example.org/board/ko/feed.xml",
            "https://example.org/board/ko/history/",
        ]
        (name,) = feed.iterfind(f"{ATOM}author/{ATOM}name")
        assert name.text == "org"
        anchors = {one.get("id") for one in article(site, "ko/history").iter()}
        ends = [one.get("href") for one in feed.iterfind(f"{ATOM}entry/{ATOM}link")]
        assert len(ends) == 3
        assert all(end.partition("#")[2] in anchors for end in ends)
        page = (site / "ko" / "models" / "org__a" / "index.html").read_text()
        assert 'type="application/atom+xml" href="https://example.org/board/ko/feed.xml"' in page
