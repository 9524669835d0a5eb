"""What the Hub answers, and what its client raises, becomes one of a few kinds of `HubError`."""

import json
from dataclasses import dataclass, field

import pytest
from huggingface_hub.errors import OIDCError, XetDownloadError

from cardboard.cards.hub.errors import (
    Busy,
    Denied,
    Disabled,
    Gated,
    Gone,
    HubError,
    Limited,
    Rejected,
    Silent,
    Stale,
    Unclear,
    Unfit,
)
from cardboard.cards.hub.responses import (
    error_of,
    hear_warnings,
    hub_errors,
    scrubber,
    warnings_heard,
)

TOKEN = "hf_secret"
PanicException = type("PanicException", (BaseException,), {})
"""As extensions in Rust raise it."""


@dataclass
class Answer:
    """An answer of the Hub."""

    status_code: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, Unfit),
        (403, Denied),
        (404, Gone),
        (408, Unclear),
        (409, Busy),
        (412, Stale),
        (413, Rejected),
        (422, Rejected),
        (429, Limited),
        (500, Unclear),
        (502, Unclear),
        (504, Unclear),
    ],
)
def test_every_status_has_a_meaning(status: int, kind: type[HubError]) -> None:
    assert type(error_of(Answer(status), scrubber(None))) is kind


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (401, {"x-error-code": "GatedRepo"}, Gated),
        (403, {"x-error-code": "GatedRepo"}, Gated),
        (403, {"x-error-message": "Access to this resource is disabled."}, Disabled),
        (403, {"x-error-message": "Discussions are disabled for this repo"}, Silent),
        (403, {"x-error-message": "Forbidden: pass `create_pr=1` as a query parameter"}, Denied),
    ],
)
def test_refusals_are_told_apart_by_what_can_be_done(
    status: int, headers: dict[str, str], kind: type[HubError]
) -> None:
    assert type(error_of(Answer(status, "", headers), scrubber(None))) is kind


def test_warnings_on_front_matter_are_heard_once_and_hold_no_token() -> None:
    told = {"errors": [], "warnings": [{"message": f"no\n{TOKEN} \x1b[31mlicence"}, {"kind": 1}]}
    hear_warnings(json.dumps(told).encode())
    assert warnings_heard(scrubber(TOKEN)) == ("no hf_... \ufffd[31mlicence",)
    assert warnings_heard(scrubber(TOKEN)) == ()
    for body in (b"", b"[]", b'{"warnings": 1}', b"[" * 100_000):
        hear_warnings(body)
        assert warnings_heard(scrubber(None)) == ()


@pytest.mark.parametrize("status", [401, 404])
def test_a_repository_that_is_not_there_is_gone_whoever_asks(status: int) -> None:
    answer = Answer(status, "", {"x-error-code": "RepoNotFound"})
    assert type(error_of(answer, scrubber(None))) is Gone


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(403, "", {"x-error-message": "Not you."}), "403: Not you."),
        (Answer(500, '{"error": "Oh  no"}'), "500: Oh no"),
        (Answer(502, "<html>Bad gateway</html>"), "502: a web page instead of an answer"),
        (Answer(400, ""), "400: no reason given"),
        (Answer(500, "[" * 100_000), "500: " + "[" * 400),
        (Answer(403, f'{{"error": "Bearer {TOKEN} is bad"}}'), "403: Bearer hf_... is bad"),
        (Answer(400, json.dumps({"error": "\x1b[2J"})), "400: \ufffd[2J"),
    ],
)
def test_the_hub_is_quoted_in_one_harmless_line(answer: Answer, why: str) -> None:
    assert error_of(answer, scrubber(TOKEN)).why == why


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("Invalid metadata in README.md.\n- license is bad"), Rejected),
        (ValueError("anything else"), Unclear),
        (json.JSONDecodeError("no", "<html>", 0), Unclear),
        (KeyError("commitOid"), Unclear),
        (TypeError("list indices"), Unclear),
        (AttributeError("'list' object has no attribute 'get'"), Unclear),
        (Denied("as it is"), Denied),
        (RecursionError("maximum recursion depth exceeded"), Unclear),
        (OIDCError("no id token"), Unfit),
        (XetDownloadError("xet"), Unclear),
        (RuntimeError("Data processing error: CAS service error"), Unclear),
        (ConnectionError("reset by peer"), Unclear),
        (ImportError("hf_xet is not installed"), Unclear),
        (IndexError("list index out of range"), Unclear),
        (PanicException("called `Option::unwrap()` on a `None` value"), Unclear),
    ],
)
def test_what_the_client_raises_is_told_apart(error: BaseException, kind: type[HubError]) -> None:
    with pytest.raises(kind), hub_errors(scrubber(None)):
        raise error


def test_what_the_client_says_holds_no_token_and_is_one_line() -> None:
    with pytest.raises(Unclear) as failed, hub_errors(scrubber(TOKEN)):
        raise RuntimeError(f"Bearer {TOKEN}\n\x1b[2J refused")
    assert failed.value.why == "the Hub's client failed: Bearer hf_... \ufffd[2J refused"


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_process_is_no_error_of_the_hub(end: type[BaseException]) -> None:
    with pytest.raises(end), hub_errors(scrubber(None)):
        raise end


def test_a_mistake_of_ours_stays_one() -> None:
    with pytest.raises(ZeroDivisionError), hub_errors(scrubber(None)):
        raise ZeroDivisionError


def test_a_text_without_secrets_stays_as_it_is() -> None:
    assert scrubber(None)("Zeile 1\n\tnaïve 한국어") == "Zeile 1\n\tnaïve 한국어"
    assert scrubber("")("abc") == "abc"
