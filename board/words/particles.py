"""Korean particles: which form follows a word, by how its last syllable is spoken."""

import re

_HANGUL_FIRST, _HANGUL_LAST, _FINALS, _RIEUL = 0xAC00, 0xD7A3, 28, 8
_ENOUGH = 200  # the end of a word tells; a stranger's name may be 10 kB long

# Digits and letters whose Korean names end in a consonant: 영 일 삼 육 칠 팔, 엘 엠 엔 알.
_DIGITS = {"0": "ㅇ", "1": "ㄹ", "3": "ㅁ", "6": "ㄱ", "7": "ㄹ", "8": "ㄹ"}
_LETTERS = {"L": "ㄹ", "M": "ㅁ", "N": "ㄴ", "R": "ㄹ"}

# Ends of English words as they are usually written in Hangul; the first that fits decides.
_ENDINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(l|[^aeiou]le|[aeiou]le)$"), "ㄹ"),
    (re.compile(r"(m|[aeiou]me)$"), "ㅁ"),
    (re.compile(r"(n|[aeiou]ne|ng)$"), "ㄴ"),
    (re.compile(r"(?<![aeiou])[aeiou](ck|k|c)$|poch$"), "ㄱ"),
    (re.compile(r"([aeiou]p)$"), "ㅂ"),
    (re.compile(r"((?<![aeiou])[aeiou]t|out|template)$"), "ㅅ"),
)

_TAG_AT_END = re.compile(r"<[^<>]*>\Z")
_BRACKETS_AT_END = re.compile(r"(?:\([^()]*\)|\[[^\[\]]*\])\Z")
_WORD_AT_END = re.compile(r"[A-Z]?[a-z]+\Z")


def with_particle(word: str, pair: str) -> str:
    """Return *word* followed by the form of *pair* that it takes.

    A pair is written with the form after a consonant first: `은/는`, `이/가`, `을/를`, `과/와`,
    `으로/로`, `이라/라`. The last sound counts; brackets after a word do not, and English is read
    as Koreans read it aloud.
    """
    after_consonant, _, after_vowel = pair.partition("/")
    final = final_sound(word)
    if final == "ㄹ" and after_consonant.startswith("으로"):
        return word + after_vowel
    return word + (after_consonant if final else after_vowel)


def final_sound(word: str) -> str:
    """Return the consonant that *word* ends in when it is spoken; empty after a vowel."""
    spoken = _spoken(word)
    if not spoken:
        return ""
    last = spoken[-1]
    if _HANGUL_FIRST <= ord(last) <= _HANGUL_LAST:
        final = (ord(last) - _HANGUL_FIRST) % _FINALS
        return "ㄹ" if final == _RIEUL else "ㄱ" if final else ""
    if last.isdecimal():
        return _DIGITS.get(str(int(last)), "")
    return _after_latin(spoken)


def _spoken(word: str) -> str:
    """Return *word* up to the last sign that is read aloud."""
    rest = word[-_ENOUGH:]
    while rest:
        shorter = _TAG_AT_END.sub("", rest)
        if shorter == rest:
            shorter = _BRACKETS_AT_END.sub("", rest)
        if not shorter.strip():
            return _spoken(rest[1:-1])
        if shorter == rest:
            if rest[-1].isalnum() or rest[-1] in "%+":
                return rest
            shorter = rest[:-1]
        rest = shorter
    return ""


def _after_latin(spoken: str) -> str:
    """Return the final sound of an English word, or of letters read one by one."""
    word = _WORD_AT_END.search(spoken)
    if word is None or len(word[0]) <= 2:
        return _LETTERS.get(spoken[-1].upper(), "")
    return next((sound for ending, sound in _ENDINGS if ending.search(word[0].lower())), "")
