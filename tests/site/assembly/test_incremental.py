"""One result more rewrites the pages that it changes and no others, as a full build would."""

import pytest

from cardboard.site.model import model_page
from cardboard.tests.incremental import History

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def history(tmp_path):
    """Return a workspace with a result of each of two suites, and its site."""
    history = History(tmp_path, seed=2)
    history.add("quiz", "org/a")
    history.add("exam", "org/b")
    history.build()
    return history


def test_a_site_that_grew_is_byte_for_byte_one_that_was_built_at_once(history):
    for _ in range(8):
        done = history.go_on()
        assert history.difference() == [], done


def test_a_result_of_one_suite_leaves_the_pages_of_others_as_they_are(history, monkeypatch):
    before, made, whole = history.times(), [], model_page.standing

    def standing(one, *more):
        made.append(one.entry.label)
        return whole(one, *more)

    monkeypatch.setattr(model_page, "standing", standing)
    history.add("exam", "org/c")
    history.build()
    assert set(made) == {"org/b", "org/c"}, "the rank of org/b is one of two now"
    rewritten = {name for name, time in history.times().items() if before.get(name) != time}
    assert {"models/org__b/index.html", "models/org__c/index.html", "index.html"} <= rewritten
    (script,) = (name for name in before if name.startswith("assets/cardboard/frame."))
    kept = ("models/org__a/index.html", "training/index.html", script)
    tasks = {name for name in before if "/quiz-1-models--" in name}
    assert tasks
    assert not tasks & rewritten
    assert not {*kept, *(f"ko/{name}" for name in kept)} & rewritten
    assert history.difference() == []


def test_pages_and_marks_that_somebody_changed_are_made_anew(history):
    page = history.site / "models" / "org__a" / "index.html"
    page.write_bytes(b"<p>Somebody else")
    history.build()
    assert history.difference() == []
    page.unlink()
    for name, content in (("pages.en", b""), ("pages.ko", b"\x92\x01\x80")):
        (history.marks / name).write_bytes(content)
    history.build()
    assert history.difference() == []
