"""Messages: values in their places, Korean particles, and parts that fall away."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardboard.board.words.particles import final_sound, with_particle
from cardboard.board.words.phrases import fill, parse, slots


@pytest.mark.parametrize(
    ("message", "values", "said"),
    [
        ("plain", {}, "plain"),
        ("{n} steps", {"n": 303}, "303 steps"),
        ("{score:.2f} points", {"score": 22.449}, "22.45 points"),
        ("{a} and {a}", {"a": "x"}, "x and x"),
        ("{share}", {"share": 0.1 + 0.2}, "0.3"),
        ("{on}", {"on": True}, "true"),
        ("steps[: {detail}].", {"detail": "three"}, "steps: three."),
        ("steps[: {detail}].", {}, "steps."),
        ("steps[: {detail}].", {"detail": None}, "steps."),
        ("steps[: {detail}].", {"detail": ""}, "steps."),
        ("steps[ {n} of {all}].", {"n": 0, "all": 3}, "steps 0 of 3."),
        ("steps[ {n} of {all}].", {"n": 0}, "steps."),
        ("{{literal}} [[also]]", {}, "{literal} [also]"),
        ("{model:은/는} 빠릅니다", {"model": "Qwen"}, "Qwen은 빠릅니다"),
    ],
)
def test_values_take_their_places(message, values, said):
    assert fill(message, values) == said


def test_more_values_than_needed_do_no_harm():
    assert fill("{a}", {"a": 1, "b": 2}) == "1"


def test_a_needed_value_that_is_missing_is_named():
    with pytest.raises(KeyError, match="model"):
        fill("{model}", {})


@pytest.mark.parametrize("message", ["{", "a }", "[open", "close]", "[[a]", "[a [b]]"])
def test_a_sign_without_a_partner_is_refused(message):
    with pytest.raises(ValueError, match="no partner"):
        parse(message)


def test_slots_name_all_values_also_those_that_may_fall_away():
    assert slots("{a}[ {b}] {c:이/가}") == {"a", "b", "c"}


@settings(deadline=None)
@given(st.text(max_size=50))
def test_a_value_is_never_read_as_a_message(value):
    assert fill("<{v}>", {"v": value}) == f"<{value}>"


@pytest.mark.parametrize(
    ("word", "pair", "said"),
    [
        ("모델", "은/는", "모델은"),
        ("평가", "은/는", "평가는"),
        ("점수", "이/가", "점수가"),
        ("태스크", "을/를", "태스크를"),
        ("스텝", "과/와", "스텝과"),
        # ㄹ takes 로, every other consonant 으로
        ("모델", "으로/로", "모델로"),
        ("스텝", "으로/로", "스텝으로"),
        ("결과", "으로/로", "결과로"),
        # digits are read in Korean: 일 이 삼 사 오 육 칠 팔 구 영
        *[
            (str(digit), "은/는", f"{digit}{form}")
            for digit, form in enumerate("은은는은는는은은은는")
        ],
        ("10", "이/가", "10이"),
        ("22.45", "을/를", "22.45를"),
        ("7", "으로/로", "7로"),
        ("6", "으로/로", "6으로"),
        # capitals and short words are read letter by letter
        ("LFM", "은/는", "LFM은"),
        ("SFT", "은/는", "SFT는"),
        ("GGUF", "을/를", "GGUF를"),
        ("XL", "으로/로", "XL로"),
        ("google/gemma-4-31B-it", "은/는", "google/gemma-4-31B-it는"),
        ("Qwen/Qwen3.5-27B", "과/와", "Qwen/Qwen3.5-27B와"),
        ("2BData", "은/는", "2BData는"),
        # words are read as words
        ("Qwen", "은/는", "Qwen은"),
        ("Terminal", "으로/로", "Terminal로"),
        ("Instruct", "은/는", "Instruct는"),
        ("Thinking", "을/를", "Thinking을"),
        ("2Epoch", "이/가", "2Epoch이"),
        ("Flash", "은/는", "Flash는"),
        ("apply_chat_template", "은/는", "apply_chat_template은"),
        ("duration", "은/는", "duration은"),
        # brackets after a word are not read, nor are quotes, code marks and tags
        ("모델(model)", "은/는", "모델(model)은"),
        ("점수 (22.45)", "이/가", "점수 (22.45)가"),
        ("(모델)", "은/는", "(모델)은"),
        ("`Qwen`", "은/는", "`Qwen`은"),
        ("“점수”", "은/는", "“점수”는"),
        ("<code>SFT</code>", "은/는", "<code>SFT</code>는"),
        ("max\\_tokens", "은/는", "max\\_tokens는"),
        ("18.8%", "은/는", "18.8%는"),
        # what nobody can read takes the form after a vowel
        ("", "은/는", "는"),
        ("…", "을/를", "…를"),
    ],
)
def test_the_particle_follows_the_last_sound(word, pair, said):
    assert with_particle(word, pair) == said


@settings(deadline=None)
@given(st.text(max_size=300), st.sampled_from(["은/는", "이/가", "을/를", "과/와", "으로/로"]))
def test_some_form_of_the_particle_always_follows(word, pair):
    said = with_particle(word, pair)
    assert said in [word + form for form in pair.split("/")]


def test_a_name_of_10_kb_takes_no_time():
    assert final_sound("<" * 10_000) == ""
    assert final_sound("x" * 10_000 + "모델") == "ㄹ"
