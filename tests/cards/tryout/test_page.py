"""The page of `cardboard try` in a real browser: what people do on it, and what comes of that."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, Route, expect

from cardboard.board.words.catalogue import Words
from cardboard.cards.tryout.page import page
from cardboard.cli import main
from cardboard.eval.records import Result
from cardboard.tests.eval.speaking import Reply
from cardboard.tests.site.browsing import barriers, browsing

from .conftest import PROMPT, Held, Trial, Try


@contextmanager
def on(browser: Browser, trial: Trial, path: str = "en", **options: Any) -> Iterator[Page]:
    """Give the page of *trial*, ready to be asked."""
    with browsing(browser, trial.url, **options) as page:
        page.goto(path)
        expect(page.locator("#empty")).to_be_visible()
        yield page


def ask(page: Page, text: str) -> None:
    """Send a question as people do, without a mouse."""
    page.locator("#question").fill(text)
    page.keyboard.press("Enter")


def answered(page: Page, number: int = 1) -> None:
    """Wait until there are *number* whole answers."""
    expect(page.locator(".reply:not(.writing)")).to_have_count(number)
    expect(page.locator("#send")).to_be_visible()


def reply(page: Page, number: int = 0) -> Any:
    return page.locator(".reply").nth(number)


def press(place: Any, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def test_an_answer_is_shown_while_it_comes_with_what_it_took(browser: Browser, trial: Try) -> None:
    held = Held("Seoul is the ", "capital.")
    one = trial({"alpha": [held]})
    with on(browser, one) as page:
        ask(page, "What is the capital of Korea?")
        expect(reply(page).locator(".said")).to_have_text("Seoul is the ")
        expect(page.locator("#stop")).to_be_visible()
        held.let_go.set()
        answered(page)
        expect(reply(page).locator(".said")).to_have_text("Seoul is the capital.")
        figures = reply(page).locator(".figures")
        expect(figures).to_contain_text("3 tokens")
        expect(figures).to_contain_text("s to the first token")
        expect(figures).to_contain_text("ended by itself")
        assert barriers(page) == []
    assert "\nalpha #1 (3 tokens; " in one.text
    assert "Seoul is the capital." in one.text


def test_the_settings_are_those_that_were_really_sent(browser: Browser, trial: Try) -> None:
    one = trial({"alpha": ["Yes."]})
    with on(browser, one) as page:
        page.get_by_label("Temperature").fill("0.3")
        page.get_by_label("Max tokens").fill("20")
        page.get_by_label("Seed").fill("7")
        page.get_by_label("System text").fill("Be brief.")
        ask(page, "Really?")
        answered(page)
        reply(page).get_by_text("Settings as sent").click()
        shown = reply(page).locator("pre").first.inner_text()
    [body] = one.speakers[0].asked
    asked = {name: value for name, value in body.items() if name != "messages"}
    assert (asked["temperature"], asked["max_tokens"], asked["seed"]) == (0.3, 20, 7)
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Really?"},
    ]
    told = dict(line.split(": ", 1) for line in shown.splitlines())
    assert {name: json.loads(value) for name, value in told.items()} == asked


def test_the_prompt_is_shown_as_the_model_read_it(browser: Browser, trial: Try) -> None:
    with on(browser, trial({"alpha": ["Yes."]})) as page:
        ask(page, "Really?")
        answered(page)
        reply(page).get_by_text("Prompt as the model read it").click()
        expect(reply(page).get_by_label("Prompt as the model read it")).to_have_text(PROMPT)


def test_what_a_model_says_is_text_and_never_markup(browser: Browser, trial: Try) -> None:
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    with on(browser, trial({"alpha": [attack]})) as page:
        ask(page, "<b>Hello</b>")
        answered(page)
        expect(reply(page).locator(".said")).to_have_text(attack)
        expect(page.locator(".mine")).to_have_text("<b>Hello</b>")
        assert page.locator("main img, main script, .mine b").count() == 0


def test_an_answer_can_be_stopped_and_what_there_is_stays(browser: Browser, trial: Try) -> None:
    held = Held("Once upon ", "a time")
    one = trial({"alpha": [held, "Again."]})
    with on(browser, one) as page:
        ask(page, "Tell me a story.")
        expect(reply(page).locator(".said")).to_have_text("Once upon ")
        page.keyboard.press("Escape")
        answered(page)
        expect(reply(page).locator(".figures")).to_contain_text("stopped by you")
        ask(page, "Go on.")
        answered(page, 2)
    held.let_go.set()
    first = one.lines[1]
    assert (first.text, first.finish_reason) == ("Once upon ", "stopped")
    assert one.speakers[0].asked[1]["messages"][1]["content"] == "Once upon "


def test_earlier_turns_are_sent_as_the_slider_says_and_none_that_was_cleared(
    browser: Browser, trial: Try
) -> None:
    one = trial({"alpha": ["One.", "Two.", "Three.", "Four."]})
    with on(browser, one) as page:
        for number in (1, 2):
            ask(page, f"Question {number}")
            answered(page, number)
        page.get_by_label("Earlier questions sent along").fill("1")
        ask(page, "Question 3")
        answered(page, 3)
        press(page, "Clear")
        expect(page.locator(".reply")).to_have_count(0)
        ask(page, "Question 4")
        answered(page)
    said = [[turn["content"] for turn in body["messages"]] for body in one.speakers[0].asked]
    assert said == [
        ["Question 1"],
        ["Question 1", "One.", "Question 2"],
        ["Question 2", "Two.", "Question 3"],
        ["Question 4"],
    ]
    assert "cleared: what stands above is not sent any more" in one.text


def test_the_same_question_is_asked_again_side_by_side(browser: Browser, trial: Try) -> None:
    one = trial({"alpha": ["Warm.", "Cold.", "Then."]})
    with on(browser, one) as page:
        ask(page, "How is it?")
        answered(page)
        page.get_by_label("Temperature").fill("0")
        press(reply(page), "Ask again")
        answered(page, 2)
        expect(reply(page, 1).locator("h3")).to_contain_text("temperature 0 ")
        boxes = [reply(page, number).bounding_box() for number in (0, 1)]
        assert boxes[0] and boxes[1]
        assert boxes[0]["y"] == boxes[1]["y"]
        press(reply(page, 0), "Accept")
        expect(reply(page, 0).locator(".badge")).to_have_text("Accepted")
        ask(page, "And then?")
        answered(page, 3)
    # The conversation goes on from the answer that was accepted.
    assert one.speakers[0].asked[2]["messages"][1]["content"] == "Warm."


BOARD = """[board]
title = { en = "Home", ko = "집" }

[[suites]]
name = "home-mini"
version = "1"
kind = "home"
"""


@pytest.fixture
def cardboard(tmp_path: Path) -> Callable[..., str]:
    """Return `cardboard(...)`, which runs a command in a workspace and returns what it said."""
    (tmp_path / "board.toml").write_text(BOARD, encoding="utf-8")

    def run(*words: object) -> str:
        done = CliRunner().invoke(main, ["-C", str(tmp_path), *map(str, words)])
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_a_verdict_becomes_a_result_on_a_board_of_its_own(
    browser: Browser, trial: Try, cardboard: Callable[..., str], tmp_path: Path
) -> None:
    one = trial({"alpha": ["Four.", "Five.", "Six."]})
    with on(browser, one) as page:
        for number, verdict in ((1, "Accept"), (2, "Reject"), (3, None)):
            ask(page, f"Question {number}")
            answered(page, number)
            if verdict is not None:
                press(reply(page, number - 1), verdict)
                expect(reply(page, number - 1).locator(".badge")).to_be_visible()
        note = reply(page, 1).get_by_label("Note")
        note.fill("It is four.")
        note.blur()
        expect(page.locator("#tally")).to_have_text("Accepted 1, rejected 1")
        page.reload()
        answered(page, 3)
        expect(reply(page, 1).get_by_label("Note")).to_have_value("It is four.")
    said = cardboard("add", "--adopt", one.tryout.log.lines)
    assert "home-by-hand" in said
    [path] = (tmp_path / "results").rglob("*.json")
    result = msgspec.json.decode(path.read_bytes(), type=Result)
    assert (result.suite.kind, result.suite.name) == ("home", "home-by-hand")
    assert result.metrics["accepted_pct"].value == 50.0
    assert result.provenance is not None
    assert result.provenance.evidence == "by-hand"
    assert result.protocol.extra["answers_not_judged"] == 1
    assert [step.answer for step in result.steps] == ["Four.", "Five."]
    boards = json.loads(cardboard("board", "--format", "json"))["boards"]
    [board] = [one for one in boards if one["entries"]]
    [entry] = board["entries"]
    assert (board["suite"], entry["evidence"]) == ("home-by-hand", "by-hand")


def test_two_models_are_compared_without_a_name_until_the_end(browser: Browser, trial: Try) -> None:
    one = trial(
        {"alpha": [f"First {n}" for n in range(6)], "beta": [f"Second {n}" for n in range(6)]}
    )
    with on(browser, one) as page:
        for number in range(1, 7):
            ask(page, f"Question {number}")
            answered(page, 2 * number)
            place = page.locator(f'[data-question="{number}"]')
            shown = place.locator(".said").first.inner_text()
            press(place.get_by_role("group"), "A" if shown.startswith("First") else "B")
            expect(place.locator(".choice[aria-pressed=true]")).to_have_count(1)
        assert barriers(page) == []
        assert not re.search("alpha|beta", page.content())
        press(page, "Show which is which")
        assert barriers(page) == []
        press(page.get_by_role("dialog"), "End and show")
        expect(page.locator("#outcome p")).to_contain_text(
            "alpha was preferred to beta in 6 of 6 decided questions: 100 % "
            "(95 % interval 54 to 100); neither: 0. Two-sided sign test: p = 0.0313."
        )
        expect(reply(page).locator("h3 bdi")).to_have_text(re.compile("alpha|beta"))
        assert page.locator(".choose button").count() == 0
    begun, *rest = one.lines
    assert (begun.blind, begun.seed) == (True, 1)
    assert {line.side for line in rest if hasattr(line, "side") and line.model == 0} == {"a", "b"}
    outcome = rest[-1]
    assert (outcome.won, outcome.lost, outcome.p) == (6, 0, 0.03125)
    before, _, after = one.text.partition("--- which is which ---")
    assert not re.search("alpha|beta", before)
    assert "[1] Answer A = " in after


def test_a_question_that_one_of_two_could_not_answer_cannot_be_compared(
    browser: Browser, trial: Try
) -> None:
    refused = Reply({"error": {"message": "beta is full"}}, 400)
    one = trial({"alpha": ["First"], "beta": [refused]})
    with on(browser, one) as page:
        ask(page, "Which?")
        answered(page, 2)
        expect(page.locator(".fault").first).to_contain_text("This answer could not be written")
        assert page.locator(".choose").count() == 0
        assert "beta" not in page.content()
    assert [line.error for line in one.lines[1:] if line.model == 1] == ["HTTP 400: beta is full"]


def test_a_server_that_dies_in_mid_answer_is_told_and_can_be_asked_again(
    browser: Browser, trial: Try
) -> None:
    held = Held("Half of ", None)
    one = trial({"alpha": [held, "All of it."]})
    with on(browser, one) as page:
        ask(page, "Tell me all.")
        expect(reply(page).locator(".said")).to_have_text("Half of ")
        held.let_go.set()
        answered(page)
        expect(reply(page).locator(".said")).to_have_text("Half of ")
        expect(reply(page).locator(".fault")).to_contain_text("the stream broke off")
        assert reply(page).get_by_role("button", name="Accept").count() == 0
        press(reply(page), "Ask again")
        answered(page, 2)
        expect(reply(page, 1).locator(".said")).to_have_text("All of it.")
    assert [(line.text, line.error) for line in one.lines[1:]] == [
        ("Half of ", "the stream broke off"),
        ("All of it.", None),
    ]


def test_a_second_window_has_a_conversation_of_its_own(browser: Browser, trial: Try) -> None:
    one = trial({"alpha": ["To the first.", "To the second."]})
    with on(browser, one) as first, on(browser, one) as second:
        ask(first, "First?")
        answered(first)
        ask(second, "Second?")
        answered(second)
        expect(first.locator(".mine")).to_have_text("First?")
        expect(second.locator(".mine")).to_have_text("Second?")
        press(reply(second), "Accept")
        expect(second.locator("#tally")).to_contain_text("Accepted 1")
    assert one.speakers[0].asked[1]["messages"] == [{"role": "user", "content": "Second?"}]
    assert [line.conversation for line in one.lines[1:3]] == [1, 2]


def test_who_waits_for_a_busy_model_can_stop_waiting(browser: Browser, trial: Try) -> None:
    held = Held("Slowly ", "now.")
    one = trial({"alpha": [held]})
    with on(browser, one) as first, on(browser, one) as second:
        ask(first, "First?")
        expect(reply(first).locator(".said")).to_have_text("Slowly ")
        ask(second, "Second?")
        expect(reply(second)).to_be_visible()
        press(second, "Stop")
        answered(second)
        held.let_go.set()
        answered(first)
        expect(reply(first).locator(".said")).to_have_text("Slowly now.")
    assert len(one.speakers[0].asked) == 1


def test_a_question_that_comes_before_the_conversation_is_open_waits_for_it(
    browser: Browser, trial: Try
) -> None:
    one = trial({"alpha": ["Here."]})
    with browsing(browser, one.url) as page:
        opening: list[Route] = []
        page.route("**/api/open", lambda route: opening.append(route))
        page.goto("en")
        ask(page, "Too soon?")
        expect(page.locator("#stop")).to_be_visible()
        while not opening:
            page.wait_for_timeout(10)
        assert one.speakers[0].asked == []
        opening[0].continue_()
        answered(page)
        expect(reply(page).locator(".said")).to_have_text("Here.")


def test_a_conversation_that_could_not_be_opened_is_opened_by_the_next_question(
    browser: Browser, trial: Try
) -> None:
    one = trial({"alpha": ["Here."]})
    context = browser.new_context(base_url=one.url)
    page = context.new_page()
    page.route("**/api/open", lambda route: route.abort())
    page.goto("en")
    expect(page.locator("#status")).to_contain_text("cardboard does not answer.")
    page.unroute("**/api/open")
    ask(page, "And now?")
    answered(page)
    expect(page.locator("#status")).to_be_empty()
    context.close()


def test_when_cardboard_is_gone_the_page_says_so(browser: Browser, trial: Try) -> None:
    one = trial({"alpha": []})
    context = browser.new_context(base_url=one.url)
    page = context.new_page()
    page.goto("en")
    expect(page.locator("#empty")).to_be_visible()
    page.route("**/api/ask", lambda route: route.abort())
    ask(page, "Anybody?")
    expect(page.locator("#status")).to_have_text(
        "cardboard does not answer. Does it still run in its terminal?"
    )
    expect(page.locator("#question")).to_have_value("Anybody?")
    context.close()


PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_page(
    browser: Browser, trial: Try, scheme: str
) -> None:
    one = trial({"alpha": ["word " * 80 + "x" * 300]})
    with on(browser, one, viewport=PHONE, color_scheme=scheme) as page:
        expect(page.get_by_label("Temperature")).to_be_hidden()
        ask(page, "y" * 300)
        answered(page)
        press(reply(page), "Accept")
        expect(reply(page).get_by_label("Note")).to_be_visible()
        page.locator("#drawer summary").click()
        expect(page.get_by_label("Temperature")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (dark == "rgb(27, 22, 19)") == (scheme == "dark")
        assert barriers(page) == []


def test_the_page_and_the_log_speak_korean(browser: Browser, trial: Try) -> None:
    one = trial({"alpha": ["서울입니다."]})
    with on(browser, one, "", locale="ko-KR") as page:
        assert page.evaluate("document.documentElement.lang") == "ko"
        ask(page, "한국의 수도는 어디입니까?")
        answered(page)
        press(reply(page), "수락")
        expect(reply(page).locator(".badge")).to_have_text("수락함")
        expect(reply(page).locator(".figures")).to_contain_text("3토큰")
        assert barriers(page) == []
        page.get_by_role("link", name="English").click()
        answered(page)
        expect(page.locator("#tally")).to_have_text("Accepted 1, rejected 0")
    assert "[1] 나:\n한국의 수도는 어디입니까?" in one.text
    assert "* 답변 1: 수락" in one.text


def test_no_key_is_on_the_page_or_in_a_log(
    browser: Browser, trial: Try, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-0123456789abcdef"
    monkeypatch.setenv("TRY_KEY", key)
    refused = Reply({"error": {"message": f"the key {key} has no money"}}, 402)
    one = trial({"alpha": ["Fine.", refused]})
    with on(browser, one) as page:
        ask(page, "How are you?")
        answered(page)
        ask(page, "And now?")
        answered(page, 2)
        expect(reply(page, 1).locator(".fault")).to_contain_text("the key (key) has no money")
        assert key not in page.content()
    assert one.speakers[0].calls[-1].headers["Authorization"] == f"Bearer {key}"
    files = [path.read_text(encoding="utf-8") for path in one.folder.iterdir()]
    assert files
    assert not [text for text in files if key in text]


def test_the_words_of_a_workspace_stand_before_the_packages() -> None:
    own = 'msgid "try.heading"\nmsgstr "Ask our model"\n'
    shown = page(Words("en", own), blind=False, names=[("m", None)], log="x.jsonl").decode()
    assert "<h1>Ask our model</h1>" in shown
    assert Words("en").text("try.skip") in shown
