"""Numbers in every form and unit, and inputs that nobody should send."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.meaning import MainIntent, Report, Utterance
from bot.language.normalise import normalise
from bot.language.readings import read

ZH = "零一二三四五六七八九"
SIGNS = "36.5度三十六点半我妈老伴和、，。\n ,℃F：“”「」（）早晚昨天\u200b①-~王李家的是不没?"


def say(text: str, sender: str = "王大勇", *, is_group: bool = True) -> Report:
    return read(Utterance(text, sender, is_group, date(2020, 2, 10), 1000))


def in_chinese(whole: int) -> str:
    tens, ones = divmod(whole, 10)
    return ZH[tens] + "十" + (ZH[ones] if ones else "")


FORMS = (
    lambda w, f: f"{w}.{f}",
    lambda w, f: f"{w}。{f}",
    lambda w, f: f"{w},{f}",
    lambda w, f: f"{w}·{f}",
    lambda w, f: f"{w}. {f}",
    lambda w, f: f"{w}度{f}",
    lambda w, f: f"{w}.{f}℃",
    lambda w, f: f"{w}.{f}度",
    lambda w, f: f"{w}点{f}",
    lambda w, f: f"{w}{f}",
    lambda w, f: f"{in_chinese(w)}度{ZH[f]}",
    lambda w, f: f"{in_chinese(w)}点{ZH[f]}",
    lambda w, f: f"{w}.{f}".translate(str.maketrans("0123456789.", "０１２３４５６７８９．")),
)
PEOPLE = (("", "self"), ("我", "self"), ("老伴", "老伴"), ("孙子", "孙子"), ("李桂兰", "李桂兰"))


@settings(deadline=None, max_examples=300)
@given(
    whole=st.integers(35, 41),
    tenth=st.integers(1, 9),
    form=st.sampled_from(FORMS),
    person=st.sampled_from(PEOPLE),
)
def test_every_form_gives_its_value_and_person(whole, tenth, form, person) -> None:  # type: ignore[no-untyped-def]
    said, who = person
    report = say(f"{said}体温{form(whole, tenth)}")
    assert [(r.who, r.celsius) for r in report.readings] == [(who, Decimal(f"{whole}.{tenth}"))]


@settings(deadline=None)
@given(st.integers(950, 1060))
def test_fahrenheit_is_converted_to_one_decimal(tenths: int) -> None:
    (reading,) = say(f"体温{tenths / 10}℉").readings
    assert abs(float(reading.celsius) - (tenths / 10 - 32) / 1.8) <= 0.0501


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    report = say(text)
    for reading in report.readings:
        start, end = reading.span
        assert 0 <= start < end <= len(text)
        assert Decimal(34) <= reading.celsius <= Decimal(43)


@settings(deadline=None, max_examples=300)
@given(
    st.text(
        "36.5度三十六点半我妈老伴和、，。\n ,℃F：“”「」（）早晚昨天\u200b①-~王李家的是不没?",
        max_size=60,
    )
)
def test_no_mixture_of_our_signs_breaks_it(text: str) -> None:
    assert say(text) == say(text)


@pytest.mark.parametrize(
    "unit",
    ["36.5", "36.5 ", "三十六度五", "我妈36.5", "（", "“", "，", "\n", "老", "咳嗽", "36.5还是",
     "\u200b", "\u202e36.5", "😷", "1. ", "@a ", "我和", "98.6 后面", "俩孩子", "3"],
)  # fmt: skip
def test_twenty_thousand_signs_are_read_to_the_end(unit: str) -> None:
    report = say((unit * 20_000)[:20_000])
    assert report.intent in MainIntent


def test_a_relay_of_five_hundred_lines_is_read_whole() -> None:
    lines = "\n".join(f"{n}. 王小{chr(0x4E00 + n * 7)} 36.{n % 10}" for n in range(1, 501))
    assert len(say(f"#接龙\n早体温\n{lines}").readings) >= 490


def test_places_are_those_of_the_text_as_given() -> None:
    text = "\u200b体温３６\ufe0f．５℃"
    (reading,) = say(text).readings
    assert normalise(text[slice(*reading.span)]).text == "36.5"


@pytest.mark.parametrize(
    ("text", "number", "likely"),
    [("3.65", "3.65", "36.5"), ("63.5", "63.5", "36.5"), ("336.5", "336.5", "36.5"),
     ("98.6", "98.6", "37.0"), ("体温46.5", "46.5", "36.5"), ("体温6.5", "6.5", "36.5")],
)  # fmt: skip
def test_a_slip_is_asked_about_with_its_likeliest_value(
    text: str, number: str, likely: str
) -> None:
    (asked,) = say(text).clarify
    assert asked.number == number
    assert Decimal(likely) in asked.likely


def test_who_is_absent_is_told() -> None:
    report = say("二组早报\n王桂芝 36.5\n李大强 没在家\n刘芳 36.3")
    assert report.absent == ("李大强",)


def test_every_number_says_why() -> None:
    steps = say("老伴36.8，大棚里37度").steps
    assert [s.outcome for s in steps] == ["reading", "no"]
    assert all(s.why for s in steps)


def test_danger_needs_a_living_person() -> None:
    assert [d.who for d in say("我爸喘不上气脸发紫了咋办啊").danger][:1] == ["爸"]
    assert not say("气得我喘不上气").danger
    assert not say("笑得我喘不上气 哈哈").danger


def test_an_answer_is_about_whom_the_quoted_question_asks() -> None:
    text = "「网格员：莫叔你母亲今天多少度」\n- - - - - - - - - - - - - - -\n36.2"
    assert [r.who for r in say(text).readings] == ["母亲"]
