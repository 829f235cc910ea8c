"""Numbers that are written in characters: 三十六度五, 三六点五, 三十七八度."""

import re
from collections.abc import Callable
from decimal import Decimal

from bot.language.numerals import (
    DIGIT,
    HEARD,
    RUN,
    ZH,
    Form,
    Number,
    Unit,
    digits_of,
    ends_well,
    plausible,
    ranged,
    sized,
    unit_at,
    with_tail,
    zh_int,
)

LIKELY = Decimal(35), Decimal("42.5")  # three digits: 365
ZH_POINT = re.compile(rf"[^\S\n]?[点.·。][^\S\n]?([{ZH}]{{1,3}}|\d{{1,2}}|半)")
TENS = re.compile(r"([三四])十([一二三四五六七八九])?")
PAIR = re.compile(rf"([三四])([{ZH}])")
PAIR_UNIT = re.compile(r"[^\S\n]?[点度.·。都]")
DEGREE_BEHIND = re.compile(r"[^\S\n]?[度点℃]")


def read_chinese(text: str, at: int, is_word: Callable[[int], bool]) -> Number | None:
    """The number that starts with a Chinese numeral at this place, None where there is none."""
    m = RUN.match(text, at)
    if m is None:
        return None  # 廿 counts days only
    run, end = m.group(), m.end()
    number = _tens(text, at, run, is_word)
    if number is not None:
        return number
    pair = PAIR.fullmatch(run)
    if pair is not None and PAIR_UNIT.match(text, end):
        return _whole(text, at, DIGIT[pair[1]] * 10 + DIGIT[pair[2]], end, is_word)
    if len(run) == 3 and all(c in DIGIT for c in run):
        tenths = Decimal(digits_of(run)) / 10
        if LIKELY[0] <= tenths <= LIKELY[1]:
            unit, stop = unit_at(text, end, tenths)
            return Number(stop, run, Form.THREE, unit, tenths)
    value = zh_int(run)
    if value is None:
        return Number(end, run, Form.PLAIN)
    point = ZH_POINT.match(text, end)
    if point is not None and len(point[1]) == 2 and value in (3, 4):  # 三点六五
        full = Decimal(f"{value}.{digits_of(point[1])}")
        unit, stop = unit_at(text, point.end(), full)
        return Number(stop, text[at : point.end()], Form.SLIP, unit)
    if 100 > value > 20 and ("十" in run or DEGREE_BEHIND.match(text, end)):
        return _whole(text, at, value, end, is_word)
    unit, stop = unit_at(text, end, Decimal(value))
    if "百" in run and 330 <= value < 470:  # 三百六十五
        tenths = Decimal(value) / 10
        if LIKELY[0] <= tenths <= LIKELY[1]:
            return Number(stop, run, Form.THREE, unit, tenths)
        return Number(stop, run, Form.SLIP, unit)
    return Number(stop, run, Form.PLAIN, unit)


def _tens(text: str, at: int, run: str, is_word: Callable[[int], bool]) -> Number | None:
    """三十六…, 四十…; 三十六十 are two numbers that run on."""
    head = TENS.match(run)
    if head is None:
        return None
    ones = DIGIT[head[2]] if head[2] else 0
    whole, rest, end = DIGIT[head[1]] * 10 + ones, run[head.end() :], at + head.end()
    if not rest or is_word(end):
        return _whole(text, at, whole, end, is_word)
    if not head[2]:
        return None
    if rest[1:2] == "十":
        return _whole(text, at, whole, end, is_word)
    return _extra(text, at, whole, end, rest) if rest[0] in DIGIT else None


def _whole(text: str, at: int, whole: int, end: int, is_word: Callable[[int], bool]) -> Number:
    """The number of this whole part with the decimals behind it."""
    point = ZH_POINT.match(text, end)
    if point is not None and ends_well(text, point.end()):
        return _pointed(text, at, whole, point, is_word)
    if point is not None and point[0][0] == "点":
        return Number(point.end(), text[at : point.end()], Form.PLAIN)  # 三十五点二斤
    unit, stop = unit_at(text, end, Decimal(whole))
    if unit is Unit.DEGREE:
        number = with_tail(text, at, whole, stop, is_word)
        if number is not None:
            return number
        if HEARD.match(text, end):
            unit, stop = Unit.NONE, end
    if not plausible(Decimal(whole)):
        form = Form.SLIP if 25 <= whole <= 49 else Form.PLAIN
        return Number(stop, text[at:end], form, unit)
    return Number(stop, text[at:end], Form.INTEGER, unit, Decimal(whole))


def _pointed(
    text: str, at: int, whole: int, point: re.Match[str], is_word: Callable[[int], bool]
) -> Number:
    """三十六点五, 三十六点五六 as a range, 三十六点半."""
    said, start = point[1], point.start(1)
    if len(said) >= 2 and is_word(start + 1):
        said = said[:1]
    stop = start + len(said)
    frac = "5" if said == "半" else digits_of(said)
    range_of = len(frac) == 2 and said[0] in ZH and 0 < int(frac[0]) == int(frac[1]) - 1
    value = Decimal(f"{whole}.{frac[1] if range_of else frac}")
    unit, tail = unit_at(text, stop, value)
    number = sized(text[at:stop], value, tail, Form.SPLIT, unit)
    return ranged(number, Decimal(f"{whole}.{frac[0]}")) if range_of else number


def _extra(text: str, at: int, whole: int, end: int, rest: str) -> Number:
    """三十七八度 is a range, 三十六五 a decimal without its mark."""
    extra = DIGIT[rest[0]]
    stop = end + 1
    if len(rest) > 1:
        return Number(end + len(rest), text[at : end + len(rest)], Form.PLAIN)
    if extra == whole % 10 + 1:
        high = Decimal(whole // 10 * 10 + extra)
        unit, tail = unit_at(text, stop, high)
        return Number(tail, text[at:stop], Form.INTEGER, unit, high, Decimal(whole), loose=True)
    value = Decimal(f"{whole}.{extra}")
    unit, tail = unit_at(text, stop, value)
    return Number(tail, text[at:stop], Form.THREE, unit, value)
