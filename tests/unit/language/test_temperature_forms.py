"""Numbers in every form and unit, and inputs that nobody should send."""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import cycle, product
from random import Random
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.meaning import MainIntent, Period, Report, Utterance
from bot.language.normalise import normalise
from bot.language.readings import read

ZH = "零一二三四五六七八九"
SIGNS = "36.5度三十六点半我妈老伴和、，。\n ,℃F：“”「」（）早晚昨天\u200b①-~王李家的是不没?"


def say(text: str, sender: str = "王大勇", *, is_group: bool = True) -> Report:
    return read(Utterance(text, sender, is_group, date(2020, 2, 10), 1000))


def in_chinese(whole: int) -> str:
    tens, ones = divmod(whole, 10)
    return ZH[tens] + "十" + (ZH[ones] if ones else "")


FORMS: tuple[Callable[[int, int], str], ...] = (
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


BARE: dict[str, Callable[[int, int], str]] = {
    **{form(36, 5): form for form in FORMS if form(36, 5) != "365"},  # that one wants 体温
    "36.5°C": lambda w, f: f"{w}.{f}°C",
    "36.5 ℃": lambda w, f: f"{w}.{f} ℃",
    "3 6.5": lambda w, f: f"{w // 10} {w % 10}.{f}",
    "三六点五": lambda w, f: f"{ZH[w // 10]}{ZH[w % 10]}点{ZH[f]}",
}
EVERY_TENTH = range(350, 421)
WHO = (*PEOPLE, ("我妈", "妈"), ("张秀英", "张秀英"), ("欧阳建国", "欧阳建国"))
WHEN = (
    ("", 0, None), ("早上", 0, Period.MORNING), ("今早", 0, Period.MORNING),
    ("今天中午", 0, Period.NOON), ("昨天下午", -1, Period.AFTERNOON), ("昨晚", -1, Period.EVENING),
)  # fmt: skip
ORDERS = ("{when}{who}{number}", "{who}{when}{number}", "{who} {when} {number}")


def told(report: Report) -> list[tuple[str, Decimal, int, Period | None]]:
    return [(r.who, r.celsius, r.day, r.period) for r in report.readings]


SETTINGS = tuple(product(ORDERS, WHO, WHEN))


@pytest.mark.parametrize("form", BARE)
def test_every_tenth_of_every_person_at_every_time(form: str) -> None:
    start = 7 * list(BARE).index(form)  # each form meets other settings, all of them meet all
    for at, tenths in enumerate(EVERY_TENTH, start):
        order, (said, who), (when, day, period) = SETTINGS[7 * at % len(SETTINGS)]
        text = order.format(who=said, when=when, number=BARE[form](*divmod(tenths, 10)))
        assert told(say(text)) == [(who, Decimal(tenths) / 10, day, period)], text


@pytest.mark.parametrize(("when", "day", "period"), WHEN)
def test_three_digits_behind_the_word_for_it(when: str, day: int, period: Period | None) -> None:
    for tenths, (said, who) in zip(EVERY_TENTH, cycle(WHO), strict=False):
        text = f"{said}{when}体温{tenths}"
        assert told(say(text)) == [(who, Decimal(tenths) / 10, day, period)], text


def test_every_tenth_of_fahrenheit_is_rounded_to_one_decimal() -> None:
    people = cycle(WHO)
    for tenths in range(950, 1077):
        said, who = next(people)
        celsius = ((Decimal(tenths) / 10 - 32) / Decimal("1.8")).quantize(Decimal("0.1"))
        text = f"{said}{tenths // 10}.{tenths % 10}℉"
        assert told(say(text)) == [(who, celsius, 0, None)], text


NAMES = tuple(
    a + b for a, b in product("王李张刘陈杨赵黄", ("桂兰", "建国", "小宝", "秀英", "凤霞", "军"))
)
HEADS = ("", "#接龙\n", "#接龙\n今日体温\n", "【三组体温】\n", "#接龙\n二组晚报\n")
ROWS = (
    "{n}. {who} {v}", "{n}、{who} {v}℃", "{n}. {who}：{v}", "{n}.{who}{v}", "{who} {v}",
    "{who}：{v}度",
)  # fmt: skip
Relay = tuple[str, list[str], list[tuple[str, Decimal]]]  # the head, the rows, what they say
EMPTY = ("", "  ", "88. ", "88、")


@st.composite
def relays(draw: st.DrawFn) -> Relay:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=20, unique=True))
    tenths = draw(st.lists(st.sampled_from(EVERY_TENTH), min_size=len(names), max_size=len(names)))
    row = draw(st.sampled_from(ROWS))
    said = [(who, Decimal(f"{t // 10}.{t % 10}")) for who, t in zip(names, tenths, strict=True)]
    rows = [row.format(n=n, who=who, v=v) for n, (who, v) in enumerate(said, 1)]
    return draw(st.sampled_from(HEADS)), rows, said


@settings(deadline=None, max_examples=80)
@given(relays())
def test_a_relay_gives_one_reading_a_line(relay: Relay) -> None:
    head, rows, said = relay
    found = say(head + "\n".join(rows), "赵六")
    assert [(r.who, r.celsius) for r in found.readings] == said
    assert not found.clarify


@settings(deadline=None, max_examples=80)
@given(relays(), st.randoms(use_true_random=False), st.sampled_from(EMPTY))
def test_neither_order_nor_empty_lines_change_a_relay(
    relay: Relay, rng: Random, empty: str
) -> None:
    head, rows, _ = relay
    usual = told(say(head + "\n".join(rows)))
    spread = [line for row in rows for line in ((row, empty) if rng.random() < 0.4 else (row,))]
    assert told(say(head + "\n".join(spread))) == usual
    rng.shuffle(rows)
    assert Counter(told(say(head + "\n".join(rows)))) == Counter(usual)


@pytest.mark.parametrize(
    "core",
    ["36.5", "我36.8", "我妈37.5", "老伴昨晚38.2", "我三十六度五", "李桂兰今早36度7", "体温365",
     "我36.5 老伴36.7 孙子38.1", "我妈昨晚36.5，今早37.4"],
)  # fmt: skip
def test_greetings_and_emoji_around_change_nothing(core: str) -> None:
    usual = told(say(core))
    before = (
        "",
        "大家早上好，",
        "早，",
        "各位邻居好！",
        "😊",
        "报一下，",
        "收到 ",
        "🌹🌹 ",
        "@所有人 ",
    )
    after = ("", "😊", " 🌹", "，谢谢", "！", "。", "👍👍", "，都好着呢", "~", " 谢谢大家", "[强]")
    for one, two in product(before, after):
        found = say(one + core + two)
        assert told(found) == usual, one + core + two
        assert not found.clarify, one + core + two


FOREIGN = (
    "斤 公斤 斤半 两 吨 克 块 块钱 元 毛 分 分钱 路 岁 公里 里 里地 米 厘米 毫米 尺 寸 亩 平米 "
    "平方 升 毫升 箱 袋 包 桶 瓶 个 只 头 件 台 张 条 根 间 辆 人 户 家 例 号 点钟 分钟 小时 秒 "
    "天 年 % kg km g cm 码 百 千 万 亿 倍 层 楼 瓦 千瓦 伏 兆"
)


@pytest.mark.parametrize("unit", FOREIGN.split())
def test_a_number_with_a_foreign_unit_is_no_reading(unit: str) -> None:
    frames = ("{}", "今天{}", "我{}", "老伴{}", "一共{}", "买了{}", "{}，挺好", "我妈{}。")
    for number, frame in product(("36.5", "37", "365", "39.8"), frames):
        found = say(frame.format(number + unit))
        assert not found.readings, frame.format(number + unit)
        assert not found.clarify, frame.format(number + unit)


def random_text(seed: int, length: int) -> str:
    """Signs of ours, any signs at all, and line ends."""
    rng = Random(seed)  # noqa: S311 - a text from a seed, no secret
    ours = SIGNS + "0123456789\n"
    return "".join(
        rng.choice(ours) if rng.random() < 0.8 else chr(rng.randrange(0x20, 0xD7FF))
        for _ in range(length)
    )


@pytest.mark.parametrize("seed", range(40))
def test_two_thousand_random_signs_are_read(seed: int) -> None:
    text = random_text(seed, 50 * (seed + 1))
    report = say(text)
    assert all(0 <= s.span[0] < s.span[1] <= len(text) for s in report.steps)
    assert all(Decimal(34) <= r.celsius <= Decimal(43) for r in report.readings)


def calls_of(text: str) -> int:
    """How many calls reading it takes: the same on every machine."""
    calls = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    say(text)  # what is remembered of its words is there
    usual = sys.getprofile()
    sys.setprofile(count)
    try:
        say(text)
    finally:
        sys.setprofile(usual)
    return calls


@pytest.mark.parametrize("seed", range(6))
def test_four_times_the_text_takes_about_four_times_the_calls(seed: int) -> None:
    text = random_text(seed, 490) + "\n我36.5\n"
    assert calls_of(text * 4) <= 5 * calls_of(text)
