"""What the Hub's responses mean, and the client's errors as the few kinds that we tell apart."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

from ...board.words.names import visible
from .budget import told_wait
from .errors import (
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

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_TEXT = 400
_MOST_WARNINGS = 5
_INVALID = "Invalid metadata"
# The Hub gives these no code of their own, only words.
_TOLD: tuple[tuple[re.Pattern[str], type[HubError]], ...] = (
    (re.compile(r"\bdiscussions?\b.*\bdisabled\b", re.IGNORECASE), Silent),
    (re.compile(r"\baccess to this resource is disabled\b", re.IGNORECASE), Disabled),
)
Scrub = Callable[[str], str]


class _Warned(threading.local):
    """What the Hub said against front matter that it took, to the thread that sent it."""

    texts: tuple[str, ...] = ()


_warned = _Warned()


def hear_warnings(body: bytes) -> None:
    """Note the warnings of an answer on front matter; its client hands them to nobody."""
    try:
        found = msgspec.json.decode(body, type=_Checked).warnings
    except (msgspec.DecodeError, RecursionError):
        found = ()
    _warned.texts = tuple(one.message for one in found if one.message)


def warnings_heard(scrub: Scrub) -> tuple[str, ...]:
    """Return what this thread heard since it was asked the last time, each a line."""
    texts, _warned.texts = _warned.texts, ()
    return tuple(scrub(" ".join(text.split())[:_LONGEST_TEXT]) for text in texts[:_MOST_WARNINGS])


class _Warning(Struct, frozen=True):
    message: str = ""


class _Checked(Struct, frozen=True):
    warnings: tuple[_Warning, ...] = ()


class Response(Protocol):
    """The part of a response that its meaning depends on."""

    @property
    def status_code(self) -> int:
        """Return the HTTP status."""
        ...

    @property
    def headers(self) -> "Mapping[str, str]":
        """Return the headers, by name in any case."""
        ...

    @property
    def text(self) -> str:
        """Return the body."""
        ...


class Scrubber:
    """Make text from outside fit to print: no token, no control signs."""

    def __init__(self, token: str | None) -> None:
        self._secrets = [token] if token else []

    def hide(self, secret: str) -> None:
        """Let *secret* appear nowhere from now on."""
        if secret and secret not in self._secrets:
            self._secrets.append(secret)

    def __call__(self, text: str) -> str:
        """Return *text* as it may be printed."""
        for secret in self._secrets:
            text = text.replace(secret, "hf_...")
        return visible(text, kept="\n\t")


def scrubber(token: str | None) -> Scrubber:
    """Return what hides *token* in all that is printed."""
    return Scrubber(token)


def error_of(response: Response, scrub: Scrub) -> HubError:
    """Return what a response of 400 or more means."""
    status = response.status_code
    why = f"{status}: {_told(response, scrub)}"
    if status == 429:
        return Limited(why, told_wait(response.headers, response.text[:2000]))
    code = response.headers.get("x-error-code")
    if code == "RepoNotFound":  # 401 where nobody is logged in
        return Gone(why)
    if code == "GatedRepo":
        return Gated(why)
    if status == 403 and (found := next((kind for sign, kind in _TOLD if sign.search(why)), None)):
        return found(why)
    kinds: dict[int, type[HubError]] = {401: Unfit, 403: Denied, 404: Gone, 409: Busy, 412: Stale}
    if status in kinds:
        return kinds[status](why)
    return Unclear(why) if status == 408 or status >= 500 else Rejected(why)


def _told(response: Response, scrub: Scrub) -> str:
    """Return the Hub's own words for an answer, in one line."""
    said = response.headers.get("x-error-message", "")
    if not said:
        try:
            body = json.loads(response.text)
            said = str(body["error"])
        except (ValueError, KeyError, TypeError, RecursionError):
            html = "<" in response.text[:200]
            said = "a web page instead of an answer" if html else response.text[:_LONGEST_TEXT]
    return scrub(" ".join(said.split())[:_LONGEST_TEXT]) or "no reason given"


def transport_errors() -> type[Exception]:
    """Return what the client's HTTP library raises where no answer comes."""
    from huggingface_hub.errors import HfHubHTTPError

    # The library differs between versions of the client; the errors have one name.
    return next(
        kind
        for kind in HfHubHTTPError.__mro__
        if issubclass(kind, Exception) and kind.__name__ == "HTTPError"
    )


@contextmanager
def hub_errors(scrub: Scrub) -> Iterator[None]:
    """Raise whatever the client raises inside as a kind of `HubError`."""
    from huggingface_hub.errors import (
        HfHubHTTPError,
        OfflineModeIsEnabled,
        OIDCError,
        XetDownloadError,
    )

    transport = transport_errors()
    try:
        yield
    except HfHubHTTPError as error:
        raise error_of(error.response, scrub) from None
    except OfflineModeIsEnabled:
        raise Rejected("HF_HUB_OFFLINE is set: unset it to push") from None
    except transport as error:
        raise Unclear(scrub(f"no answer ({type(error).__name__})")) from None
    except OIDCError as error:
        raise Unfit(scrub(_said(error))) from None
    except RecursionError:
        raise Unclear("an answer that is nested too deep") from None
    except (OSError, RuntimeError, ImportError, XetDownloadError) as error:
        # Uploads to large file storage fail in ways of their own, and before any commit.
        raise Unclear(scrub(f"the Hub's client failed: {_said(error)}")) from None
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        # The client parses what it is sent without much doubt; only its own refusal is a verdict.
        if type(error) is ValueError and str(error).startswith(_INVALID):
            raise Rejected(scrub(_said(error))) from None
        raise Unclear("an answer that is none of the Hub's") from None
    except BaseException as error:
        # Extensions in Rust panic with what is no `Exception`.
        if type(error).__name__ != "PanicException":
            raise
        raise Unclear(scrub(f"the Hub's client failed: {_said(error)}")) from None


def _said(error: BaseException) -> str:
    """Return the words of *error* in one line, or its name where it has none."""
    return " ".join(str(error).split())[:_LONGEST_TEXT] or type(error).__name__
