"""What of an answer counts: words, numbers, lines, scripts and repetition, each by plain rules."""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Literal

Script = Literal["latin", "hangul"]

MOST_FORMS = 500
"""Forms that one pattern of accepted answers may stand for."""
LONGEST = 20_000
"""Letters of an answer that are looked at; no question asks for so many."""

_QUOTES = str.maketrans("‘’‚‛“”„‟«»′″`´", "''''\"\"\"\"\"\"'\"''")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"(?<![\w.,])-?\d+(?:\.\d+)?|(?<=[^\W\d])\d+(?:\.\d+)?")
_CODE = re.compile(r"[A-Za-z-]*\d[A-Za-z\d-]*")
_CHOICE = re.compile(r"\{([^{}]*)\}")
_EDGES = " \t\n\r.,;:!?¡¿\"'()[]*_~。、"
_WORDS_OF_A_PHRASE, _LETTERS_OF_A_PHRASE = 4, 12


def plain(text: str) -> str:
    """Return *text* in one form: NFKC, straight quotes and hyphens, single blanks, no case."""
    text = unicodedata.normalize("NFKC", text.translate(_QUOTES).translate(_DASHES))
    return " ".join(text.casefold().split())


def bare(text: str) -> str:
    """Return `plain` *text* without accents, and without the marks at its two ends."""
    letters = unicodedata.normalize("NFD", plain(text))
    kept = "".join(one for one in letters if unicodedata.category(one) != "Mn")
    return unicodedata.normalize("NFC", kept).strip(_EDGES)


def count_of(pattern: str) -> int:
    """Return how many texts *pattern* stands for."""
    count = 1
    for choice in _CHOICE.findall(pattern):
        count *= choice.count("|") + 1
    return count


@lru_cache(maxsize=4096)
def forms(pattern: str) -> tuple[str, ...]:
    """Return every text that *pattern* stands for: `{a|b} c` is `a c` and `b c`.

    Raises ValueError where they are more than `MOST_FORMS`.
    """
    if (count := count_of(pattern)) > MOST_FORMS:
        raise ValueError(f"{pattern[:60]!r} stands for {count} forms, and {MOST_FORMS} are allowed")
    parts = _CHOICE.split(pattern)
    choices = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
    return tuple("".join(chosen) for chosen in product(*choices))


@lru_cache(maxsize=4096)
def plain_forms(pattern: str) -> tuple[str, ...]:
    """Return the `plain` forms of *pattern*."""
    return tuple(map(plain, forms(pattern)))


@lru_cache(maxsize=4096)
def bare_forms(pattern: str) -> frozenset[str]:
    """Return the `bare` forms of *pattern*."""
    return frozenset(map(bare, forms(pattern)))


def holds(text: str, phrase: str) -> bool:
    """Tell whether `plain` *text* holds `plain` *phrase*, not as a part of a longer word.

    Particles stand right behind Korean words, so only Latin letters and digits end at their like.
    """
    start = text.find(phrase)
    while start >= 0:
        before, after = text[start - 1 : start], text[start + len(phrase) :][:1]
        if not _joined(before, phrase[:1]) and not _joined(phrase[-1:], after):
            return True
        start = text.find(phrase, start + 1)
    return False


def _joined(left: str, right: str) -> bool:
    """Tell whether two neighbours belong to one word or number."""
    return (_is_latin(left) and _is_latin(right)) or (left.isdecimal() and right.isdecimal())


def _is_latin(letter: str) -> bool:
    return letter.isalpha() and script_of(letter) == "latin"


def numbers(text: str) -> list[Decimal]:
    """Return the numbers in *text* in their order; `12,000` is one of them."""
    text = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text.translate(_DASHES)))
    return [Decimal(found) for found in _NUMBER.findall(text)]


def lines(text: str) -> list[str]:
    """Return the lines of *text* that hold anything, without blanks around them."""
    return [line for line in map(str.strip, text.splitlines()) if line]


def sentences(text: str) -> list[str]:
    """Return the sentences of *text*: what ends with a full stop, a question or exclamation mark.

    A mark inside a number or a word ends nothing; what follows the last mark is a sentence too.
    """
    parts = re.split(r"(?<=[.!?。…])[\"'”’)\]]*(?:\s+|$)", text.strip())
    return [part for part in parts if any(map(str.isalnum, part))]


def script_of(letter: str) -> Script | None:
    """Return the script of a *letter*; `None` of every other."""
    name = unicodedata.name(letter, "")
    if name.startswith("HANGUL"):
        return "hangul"
    return "latin" if name.startswith("LATIN") else None


def share_of(text: str, script: Script) -> float | None:
    """Return the share of the letters of *text* in *script*; `None` where there is no letter.

    Latin letters beside digits are a code, a unit or a name, and no language.
    """
    letters = [one for one in _CODE.sub(" ", text[:LONGEST]) if one.isalpha()]
    if not letters:
        return None
    return sum(script_of(one) == script for one in letters) / len(letters)


def repetition(text: str) -> float:
    """Return the share of phrases in *text* that came before, from 0 to 1.

    Phrases are four words in a row, or twelve letters in a row where that is more.
    """
    text = plain(text[:LONGEST])
    words = text.split()
    return max(_again(words, _WORDS_OF_A_PHRASE), _again(text, _LETTERS_OF_A_PHRASE))


def _again(parts: Sequence[str], size: int) -> float:
    met = [tuple(parts[at : at + size]) for at in range(len(parts) - size + 1)]
    return 1 - len(set(met)) / len(met) if met else 0.0
