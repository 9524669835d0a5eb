"""A model's page in a browser: code is copied, and all can be read without scripts."""

import pytest
from playwright.sync_api import expect

from cardboard.tests.site.browsing import barriers, browsing

MEASURED = "models/noisy-oracle-0.5/"
COMMAND = "cardboard eval noisy-oracle --suite shell-mini@1 --backend scripted"


@pytest.mark.parametrize(
    ("language", "button", "said"), [("", "Copy", "Copied"), ("ko/", "복사", "복사했습니다")]
)
def test_a_button_copies_the_command(browser, url, language, button, said):
    rights = ["clipboard-read", "clipboard-write"]
    with browsing(browser, url, permissions=rights) as page:
        page.goto(language + MEASURED)
        page.get_by_role("button", name=button, exact=True).first.press("Enter")
        expect(page.locator("[data-copy] [role=status]")).to_have_text(said)
        assert page.evaluate("navigator.clipboard.readText()").startswith(COMMAND)


def test_where_the_clipboard_is_refused_the_command_is_selected(browser, url):
    with browsing(browser, url) as page:
        page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error())")
        page.goto(MEASURED)
        page.get_by_role("button", name="Copy", exact=True).first.click()
        expect(page.locator("[data-copy] [role=status]")).to_contain_text("Selected")
        assert page.evaluate("getSelection().toString()").startswith(COMMAND)


def test_without_scripts_there_are_no_buttons_and_everything_can_be_read(browser, url):
    with browsing(browser, url, java_script_enabled=False) as page:
        page.goto(MEASURED)
        expect(page.get_by_role("button", name="Copy", exact=True)).to_have_count(0)
        expect(page.get_by_text(COMMAND)).to_be_visible()
        page.get_by_text("The same as a table").click()
        expect(page.locator(".cb-tasks tbody tr")).to_have_count(50)


def test_a_phones_drawer_has_the_links_of_the_tabs_and_without_scripts_the_tabs_are_there(
    browser, url
):
    phone = {"width": 390, "height": 844}
    with browsing(browser, url, viewport=phone) as page:
        page.goto(MEASURED)
        tabs = page.locator(".md-tabs__link")
        page.locator(".md-header__button[for=__drawer]").click()
        links = page.locator(".md-nav--primary .md-nav__link")
        expect(links).to_have_text([text.strip() for text in tabs.all_text_contents()])
        expect(links.last).to_be_visible()
        there = "all => all.map(one => one.href)"
        assert links.evaluate_all(there) == tabs.evaluate_all(there)
        assert barriers(page) == []
    with browsing(browser, url, viewport=phone, java_script_enabled=False) as page:
        page.goto(MEASURED)
        expect(page.locator(".md-tabs__link").first).to_be_visible()
        expect(page.locator(".md-header__button[for=__drawer]")).to_be_hidden()
