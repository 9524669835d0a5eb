"""A plan says of each repository what would be done, and why not where nothing can be."""

import pytest
from msgspec.structs import replace

from cardboard.board.words.findings import Finding
from cardboard.cards.plan.plan import Present, decide, diff, front_digest, linted
from cardboard.cards.plan.targets import Wanted
from cardboard.cards.readme.model_index import Ours
from cardboard.cards.readme.readme import fresh_readme
from cardboard.cards.text.eval_results import PATH

HEAD = "0" * 40
WANTED = Wanted(
    repo="acme/tiny",
    label="acme/tiny",
    front={"license": "mit"},
    body="# Tiny\n\nRank 1",
    ours=Ours(),
    digest="d",
)
CARD = fresh_readme(WANTED.front, WANTED.body).encode()
OLD = fresh_readme(WANTED.front, "# Tiny\n\nRank 2").encode()
HAND = b"# By hand\n"


def at(readme: bytes | None, evals: bytes | None = None) -> Present:
    """Return a repository that holds this."""
    return Present(head=HEAD, readme=readme, evals=evals)


@pytest.mark.parametrize(
    ("present", "state", "files"),
    [
        (at(None), "new", {"README.md": CARD}),
        (at(OLD), "changed", {"README.md": CARD}),
        (at(CARD), "unchanged", {}),
        (at(HAND), "conflict", {}),
        (at(b"\xff\xfe not UTF-8"), "conflict", {}),
    ],
)
def test_every_repository_has_one_state(
    present: Present, state: str, files: dict[str, bytes]
) -> None:
    item = decide(WANTED, present)
    assert (item.state, item.files) == (state, files)


def test_what_people_wrote_in_front_matter_is_linted_where_no_hub_does_it() -> None:
    theirs = CARD.replace(b"license: mit", b"license: mit\nlanguage: Korean\nthumbnail: ./x.png")
    changed = decide(WANTED, at(theirs.replace(b"Rank 1", b"Rank 2")), "ours")
    assert changed.state == "changed"
    item = linted(changed)
    assert (item.state, item.files) == ("refused", {})
    assert item.reason.startswith("lint-language: ")
    assert item.remedy == "Correct the front matter of acme/tiny/README.md; nothing was written."
    fine = decide(WANTED, at(OLD))
    assert linted(fine) == fine


def test_a_conflict_names_the_choices_for_its_repository() -> None:
    item = decide(WANTED, at(HAND))
    assert item.reason == "README.md: it has no cardboard markers"
    assert item.remedy == (
        "Choose one of: --take acme/tiny=append, --take acme/tiny=ours, --take acme/tiny=theirs"
    )


def test_theirs_leaves_the_repository_as_it_is() -> None:
    item = decide(WANTED, at(HAND), "theirs")
    assert (item.state, item.left, item.files) == ("unchanged", True, {})
    assert decide(WANTED, at(OLD), "theirs").state == "changed", "nothing of theirs is in the way"


def test_a_card_that_the_hub_would_refuse_is_not_sent() -> None:
    problem = Finding(
        code="lint-license", severity="error", key="license", values={"value": "nonsense"}
    )
    item = decide(replace(WANTED, problems=(problem,)), at(OLD))
    assert (item.state, item.files) == ("refused", {})
    assert "lint-license" in item.reason
    assert "nonsense" in item.reason


@pytest.mark.parametrize(
    ("evals", "present", "expected"),
    [
        ("- a\n", None, {PATH: b"- a\n"}),
        ("- a\n", b"- b\n", {PATH: b"- a\n"}),
        ("- a\n", b"- a\n", {}),
        (None, b"- b\n", {PATH: None}),
        (None, None, {}),
    ],
)
def test_the_results_file_is_written_changed_and_removed_with_the_card(
    evals: str | None, present: bytes | None, expected: dict[str, bytes | None]
) -> None:
    wanted = replace(WANTED, evals=evals, with_evals=True)
    assert decide(wanted, at(CARD, present)).files == expected


def test_a_results_file_is_left_alone_where_it_is_not_ours() -> None:
    assert decide(WANTED, at(CARD, b"- theirs\n")).files == {}


def test_the_difference_is_readable() -> None:
    assert diff(decide(WANTED, at(OLD.replace(b"\n", b"\r\n")))).splitlines()[-6:] == [
        " # Tiny",
        " ",
        "-Rank 2",
        "+Rank 1",
        " <!-- cardboard:end -->",
        " ",
    ]
    assert diff(decide(WANTED, at(None))).startswith(
        "--- /dev/null\n+++ acme/tiny/README.md (after)\n@@ -0,0 +1,10 @@\n+---\n"
    )
    assert diff(decide(WANTED, at(CARD))) == ""


def test_the_difference_of_the_results_file_is_shown_too() -> None:
    wanted = replace(WANTED, evals="- value: 2\n", with_evals=True)
    assert diff(decide(wanted, at(CARD, b"- value: 1\n"))) == (
        "--- acme/tiny/.eval_results/cardboard.yaml (now)\n"
        "+++ acme/tiny/.eval_results/cardboard.yaml (after)\n"
        "@@ -1,2 +1,2 @@\n-- value: 1\n+- value: 2\n \n"
    )
    gone = diff(decide(replace(wanted, evals=None), at(CARD, b"- value: 1\n")))
    assert "+++ /dev/null\n@@ -1,2 +0,0 @@\n-- value: 1\n" in gone
    both = diff(decide(wanted, at(OLD)))
    assert both.count("--- ") == 2
    assert both.endswith("+- value: 2\n+\n")


def test_a_conflict_shows_what_the_mildest_choice_would_do() -> None:
    shown = diff(decide(WANTED, at(HAND)))
    assert "\n # By hand\n" in shown
    assert "\n+# Tiny\n" in shown
    edited = OLD.replace(b"Rank 2", b"Rank 1, of course")
    assert "\n-Rank 1, of course\n+Rank 1\n" in diff(decide(WANTED, at(edited)))


def test_front_matter_is_known_as_ours_only_when_it_is_all_of_it() -> None:
    known = front_digest(CARD, WANTED)
    assert len(known) == 64
    assert front_digest(CARD.replace(b"---\n", b"---\nmine: 1\n", 1), WANTED) == ""
    assert front_digest(None, WANTED) == ""
    new = replace(WANTED, front={"license": "apache-2.0"})
    assert decide(new, at(CARD), None, known).files["README.md"] == (
        fresh_readme(new.front, new.body).encode()
    )
