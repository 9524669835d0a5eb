"""Cards that are as they were are not rendered again, and nobody can tell from what is written."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cardboard.board import workers
from cardboard.board.judge.build import build_boards
from cardboard.board.model import Reading
from cardboard.board.workspace.settings import Cards, Family, Note, Profile, Workspace
from cardboard.cards.text import cache, write
from cardboard.cards.text.card import Card, cards_of
from cardboard.cards.text.render import Renderer, texts_of
from cardboard.cards.text.write import changed_cards, texts_at_hand, write_cards
from cardboard.eval import records
from cardboard.tests.cards import sample
from cardboard.tests.making import measured

MORE = [
    sample.reading(sample.result(f"org/More-{n}B", 0.1 + n / 20), f"more{n}.json") for n in range(8)
]

EVERY = [*sample.readings(), *MORE]
RENDERER = Renderer(sample.SETTINGS)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return replace(sample.workspace(), root=tmp_path)


def renewed(workspace: Workspace, readings: list[Reading] | None = None) -> dict[str, str]:
    """Write the cards of *readings* and return what then lies in the folder."""
    boards = build_boards(sample.readings() if readings is None else readings, workspace)
    write_cards(boards, workspace)
    found = workspace.build.glob("cards/*/README.md")
    return {path.parent.name: path.read_text(encoding="utf-8") for path in found}


def rendered(workspace: Workspace, readings: list[Reading] | None = None) -> dict[str, str]:
    """Return the cards of *readings*, all of them rendered."""
    boards = build_boards(sample.readings() if readings is None else readings, workspace)
    settings = workspace.settings
    renderer = RENDERER if settings == sample.SETTINGS else Renderer(settings)
    return {card.slug: renderer.readme(card) for card in cards_of(boards, settings)}


@pytest.fixture
def unable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every attempt to render a card fail."""

    def refuse(settings: object) -> None:
        raise AssertionError("a card was rendered")

    with monkeypatch.context() as patched:
        patched.setattr(write, "Renderer", refuse)
        yield


def test_a_second_run_renders_nothing(workspace, request):
    written = renewed(workspace)
    request.getfixturevalue("unable")
    assert renewed(workspace) == written
    assert len(list(texts_at_hand(sample.boards(), workspace))) == len(written)


def test_cards_that_were_never_written_are_rendered_for_a_site(workspace):
    boards = sample.boards()
    made = list(texts_at_hand(boards, workspace))
    assert made == list(texts_of(boards, workspace.settings))


def test_what_all_processors_did_is_told_as_if_one_had_done_it(workspace, monkeypatch, request):
    monkeypatch.setattr(write, "MANY", 1)
    monkeypatch.setattr(write, "forks", lambda: 2)
    monkeypatch.setattr(workers, "processors", lambda: 2)
    boards = build_boards(EVERY, workspace)
    first = write_cards(boards, workspace)
    assert first.changed == tuple(card.slug for card in cards_of(boards, workspace.settings))
    for slug in first.changed[1:3]:
        (workspace.build / "cards" / slug / "README.md").write_text("spoiled")
    (workspace.build / "cards" / "org__Gone").mkdir()
    told = changed_cards(boards, workspace)
    assert (told.changed, told.removed) == (first.changed[1:3], ("org__Gone",))
    assert write_cards(boards, workspace) == told
    request.getfixturevalue("unable")
    assert write_cards(boards, workspace).unchanged == first.changed


def test_a_card_that_somebody_changed_is_written_anew(workspace):
    written = renewed(workspace)
    (workspace.build / "cards" / "vendor__Hosted" / "README.md").write_text("spoiled")
    assert changed_cards(sample.boards(), workspace).changed == ("vendor__Hosted",)
    assert renewed(workspace) == written


def test_what_would_change_still_changes_after_it_was_told(workspace):
    renewed(workspace)
    boards = build_boards([*sample.readings(), *MORE], workspace)
    told = changed_cards(boards, workspace)
    assert "org__More-7B" in told.changed
    assert write_cards(boards, workspace) == told


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(EVERY), min_size=1, unique_by=id), max_size=4),
    st.sampled_from([1, write.MANY]),
)
def test_whatever_comes_and_goes_the_cards_are_those_of_a_first_run(tmp_path_factory, runs, many):
    workspace = replace(sample.workspace(), root=tmp_path_factory.mktemp("runs"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(write, "Renderer", lambda settings: RENDERER)
        patched.setattr(write, "MANY", many)
        patched.setattr(write, "forks", lambda: 2)
        for readings in runs:
            boards = build_boards(readings, workspace)
            cards = cards_of(boards, workspace.settings)
            wanted = [(card.slug, *RENDERER.told(card)) for card in cards]
            assert renewed(workspace, readings) == {slug: text for slug, text, _ in wanted}
            assert list(texts_at_hand(boards, workspace)) == wanted
    shutil.rmtree(workspace.root)


RULE = Note(id="new", kind="next", when="score > 1", text={"en": "More.", "ko": "더."})
FAMILY = Family(title={"en": "Tiny", "ko": "Tiny"}, match=("small",))


@pytest.mark.parametrize(
    "settings",
    [
        {"notes": (*sample.SETTINGS.notes, RULE)},
        {"families": {"small": FAMILY}},
        {"cards": Cards(rank="band")},
        {"board": replace(sample.SETTINGS.board, languages=("ko",))},
        {"policy": {"incomplete": "off"}},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_other_settings_give_other_cards(workspace, settings):
    before = renewed(workspace)
    changed = replace(workspace, settings=replace(workspace.settings, **settings))
    assert renewed(changed) == rendered(changed) != before


def test_what_models_toml_says_reaches_the_cards(workspace):
    before = renewed(workspace)
    changed = replace(workspace, models={**workspace.models, sample.UNRANKED: Profile(license="x")})
    after = renewed(changed)
    assert [slug for slug in after if after[slug] != before[slug]] == ["vendor__Hosted"]


def test_on_a_large_board_a_new_result_renders_no_card_but_its_own(workspace, monkeypatch):
    """Bands, rounded counts and coarse medians stay; rank ranges stand on no such card."""
    suite = sample.SUITE
    large = replace(workspace, settings=replace(workspace.settings, suites=(suite,)))
    readings = [
        measured(
            f"org/m{n:03}",
            *[[0.3 + (n * 7 + task * 5) % 40 / 100] * 2 for task in range(6)],
            suite=records.Suite(name=suite.name, version=suite.version),
        )
        for n in range(140)
    ]
    renewed(large, readings[1:])
    rendered_now = []

    class Watched(Renderer):
        def told(self, card: Card) -> tuple[str, dict[str, str]]:
            rendered_now.append(card.slug)
            return super().told(card)

    monkeypatch.setattr(write, "Renderer", Watched)
    assert renewed(large, readings) == rendered(large, readings)
    assert rendered_now == ["org__m000"]


@pytest.mark.parametrize("spoil", ["copied", "broken", "gone", "linked"])
def test_a_file_of_digests_that_is_not_ours_is_not_believed(workspace, spoil):
    written = renewed(workspace)
    kept = workspace.root / ".cardboard" / "cards"
    content = kept.read_bytes()
    if spoil == "broken":
        kept.write_bytes(content[:-9])
    elif spoil == "gone":
        shutil.rmtree(kept.parent)
    else:
        other = kept.with_name("other")
        other.write_bytes(content)
        kept.unlink()
        if spoil == "linked":
            kept.symlink_to(other)
        else:
            other.rename(kept)
    assert renewed(workspace) == written


def test_values_that_have_no_digest_are_rendered_each_time(workspace):
    huge = sample.result("org/Huge", 0.3, protocol=replace(sample.recorded().protocol, seed=10**30))
    readings = [*sample.readings(), sample.reading(huge, "huge.json")]
    assert renewed(workspace, readings) == renewed(workspace, readings)
    assert "1" + "0" * 30 in renewed(workspace, readings)["org__Huge"]


def test_other_code_or_words_are_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = Path.read_bytes

    def noted(path: Path) -> bytes:
        read.append(path.name)
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    cache._version(sample.SETTINGS)
    assert {"sheets.py", "names.py", "records.py", "card.md.jinja", "ko.po"} <= set(read)
