"""Numbers that are written in digits: 36.5, 36,5, 36度5, 3 6.5, 365."""

import re
from collections.abc import Callable
from decimal import Decimal

from bot.language.numerals import (
    HEARD,
    NOT_TAIL,
    UNIT,
    ZH,
    Form,
    Number,
    Unit,
    digits_of,
    ends_well,
    plausible,
    sized,
    unit_at,
    with_tail,
)

INT = re.compile(r"\d+")
DOT = re.compile(r" ?[.。·]{1,3} ?(\d+)")
# 36、5 is a temperature, 36、5、12 are three numbers
LOOSE_DOT = re.compile(
    r"[^\S\n]?(?:[,:・]|、(?!\d\d|\d、\d{1,2}(?![\d.、])))[^\S\n]?(\d{1,2})(?![\d.。·度℃°])"
)
LOOSE_DOT_UNIT = re.compile(r"[^\S\n]?[,、:][^\S\n]?(\d)(?=[^\S\n]?[度℃°])")
VAGUE = re.compile(r"[^\S\n]?[.。点度]几")
MORE = re.compile(r"[.。·](\d+)")
SPACED = re.compile(r" (\d)[^\S\n]?[.。][^\S\n]?(\d{1,2})(?![\d.])")
POINT = re.compile(rf"[^\S\n]?点[^\S\n]?(\d{{1,2}}|[{ZH}]{{1,2}}|半)(?!\d)")


def read_arabic(text: str, at: int, is_word: Callable[[int], bool]) -> Number:
    """The number that starts with a digit at this place."""
    m = INT.match(text, at)
    assert m is not None  # noqa: S101 - the caller stands on a digit
    whole, end = m.group(), m.end()
    if len(whole) == 1 and whole in "34":
        spaced = SPACED.match(text, end)
        if spaced and (at == 0 or not (text[at - 1].isascii() and text[at - 1].isalnum())):
            value = Decimal(f"{whole}{spaced[1]}.{spaced[2]}")
            if plausible(value):
                unit, end = unit_at(text, spaced.end(), value)
                return Number(end, text[at : spaced.end()], Form.DECIMAL, unit, value)
    dot = DOT.match(text, end) if len(whole) <= 4 else None
    if dot is None and (len(whole) > 4 or VAGUE.match(text, end)):
        return Number(end, whole, Form.PLAIN)
    if dot is None and len(whole) == 2 and "34" <= whole <= "43":
        dot = LOOSE_DOT.match(text, end) or LOOSE_DOT_UNIT.match(text, end)
        if dot and NOT_TAIL.match(text, dot.end()) and not UNIT.match(text, dot.end()):
            dot = None
    if dot is not None and not (len(dot[1]) > 2 and dot[0].strip()[0] == "。"):
        return _with_fraction(text, at, whole, dot, is_word)
    point = POINT.match(text, end) if len(whole) <= 2 else None
    if point is not None and ends_well(text, point.end()):
        frac = "5" if point[1] == "半" else digits_of(point[1])
        value = Decimal(f"{whole}.{frac}")
        unit, stop = unit_at(text, point.end(), value)
        return sized(text[at : point.end()], value, stop, Form.SPLIT, unit)
    return _whole(text, at, whole, end, is_word)


def _with_fraction(
    text: str, at: int, whole: str, dot: re.Match[str], is_word: Callable[[int], bool]
) -> Number:
    end = dot.end()
    value = Decimal(f"{whole}.{dot[1]}")
    more = MORE.match(text, end)
    if more is not None:
        stop = more.end()
        while (again := MORE.match(text, stop)) is not None:
            stop = again.end()
        slip = plausible(value) and len(more[1]) == 1 and stop == more.end()
        unit, tail = unit_at(text, stop, value)
        return Number(tail, text[at:stop], Form.SLIP if slip else Form.PLAIN, unit)
    unit, stop = unit_at(text, end, value)
    if len(dot[1]) > 2 and unit is Unit.NONE:
        return Number(stop, text[at:end], Form.PLAIN)
    return sized(text[at:end], value, stop, Form.DECIMAL, unit)


def _whole(text: str, at: int, whole: str, end: int, is_word: Callable[[int], bool]) -> Number:
    """An integer: 37, 36度5, 365, 3665, or no temperature at all."""
    value = Decimal(whole)
    unit, stop = unit_at(text, end, value)
    if unit is Unit.DEGREE and len(whole) == 2:
        number = with_tail(text, at, whole, stop, is_word)
        if number is not None:
            return number
    if HEARD.match(text, end) and unit is Unit.DEGREE:
        unit, stop = Unit.NONE, end
    if len(whole) == 3 and unit is not Unit.FAHRENHEIT:
        tenths = value / 10
        if Decimal(35) <= tenths <= Decimal("42.5"):
            return Number(stop, whole, Form.THREE, unit, tenths)
        if Decimal(33) <= tenths < Decimal(44):
            return Number(stop, whole, Form.SLIP, unit)
    if len(whole) == 4 and unit is not Unit.FAHRENHEIT and "3400" <= whole <= "4299":
        return Number(stop, whole, Form.SLIP, unit)
    return sized(whole, value, stop, Form.INTEGER, unit)
