"""Numbers as villagers write them, with every body temperature that they could mean."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, auto

LOWEST, HIGHEST = Decimal(34), Decimal(43)
DIGIT = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "幺": 1}
ZH = "零〇一二两三四五六七八九幺"
NUMERALS = frozenset("零〇一二两三四五六七八九十百千万亿幺")
RUN = re.compile(r"[零〇一二两三四五六七八九十百千万亿幺]+")
INT = re.compile(r"\d+")
DOT = re.compile(r" ?[.。·]{1,3} ?(\d+)")
LOOSE_DOT = re.compile(r"[^\S\n]?[,、:・][^\S\n]?(\d{1,2})(?![\d.。·度℃°])")
LOOSE_DOT_UNIT = re.compile(r"[^\S\n]?[,、:][^\S\n]?(\d)(?=[^\S\n]?[度℃°])")
VAGUE = re.compile(r"[^\S\n]?[.。点度]几")
MORE = re.compile(r"[.。·](\d+)")
SPACED = re.compile(r" (\d)[^\S\n]?[.。][^\S\n]?(\d{1,2})(?![\d.])")
POINT = re.compile(rf"[^\S\n]?点[^\S\n]?(\d{{1,2}}|[{ZH}]{{1,2}}|半)(?!\d)")
ZH_POINT = re.compile(rf"[^\S\n]?[点.·。][^\S\n]?([{ZH}]{{1,3}}|\d{{1,2}}|半)")
UNIT = re.compile(
    r"[^\S\n]?(?:摄氏度|华氏度|°[^\S\n]?[CcFf]?|[℃℉度]|[Cc][^\S\n]?°|[CcFf](?![A-Za-z])|[都读](?=[\d一二三四五六七八九半]))"
)
FAHRENHEIT = ("F", "f", "℉", "华氏度")
TENS = re.compile(r"([三四])十([一二三四五六七八九])?")
PAIR = re.compile(rf"([三四])([{ZH}])")
PAIR_UNIT = re.compile(r"[^\S\n]?[点度.·。都]")
DEGREE_BEHIND = re.compile(r"[^\S\n]?[度点℃]")
HEARD = re.compile(r"[^\S\n]?[都读肚](?=[\d一二三四五六七八九半])")
TAIL = re.compile(rf"[^\S\n]?(\d{{1,2}}|[{ZH}]{{1,2}}|半)")
# 公公 and a name that begins with 周, 毛, 米 or 路 are people, not units.
_NAMED = r"(?![\u4e00-\u9fff]{1,2}\s*(?:\d|三十|四十|[,，。、;；]|$))"
NOT_TAIL = re.compile(
    r"[^\S\n]?(?:分钟|分之|分(?!\s*(?:[,，。!]|$))|秒|个|天|斤|公(?!公)|块|元|人|口|岁|号|楼|组|年|月|点|时|次|遍|[.。]\d|[:：]\d|度|十|百|℃|°|片|粒|毫|克|小时|户|床|条|种|度|位|℃|例|袋|瓶"
    rf"|[米毛路]{_NAMED}|周(?![一二三四五六日天]){_NAMED})"
)
POINTS = frozenset(".点。·,、")
SLIPS = (
    (Decimal("3.4"), Decimal("4.3")),
    (Decimal("5.5"), Decimal(8)),
    (Decimal(20), Decimal(110)),
    (Decimal(330), Decimal(440)),
)
HOT = Decimal(93)  # from here on it may be degrees Fahrenheit
F_AFTER = re.compile(r"[^。！？\n]{0,6}(?<![A-Za-z])F(?![A-Za-z])|[^\S\n]?华氏")


class Form(Enum):
    """How a number is written, which says how surely it can be a temperature."""

    SPLIT = auto()  # 36度5, 三十六点五
    DECIMAL = auto()  # 36.5
    INTEGER = auto()  # 37
    THREE = auto()  # 365
    SLIP = auto()  # 3.65, 63.5, 3665
    PLAIN = auto()  # any other number


class Unit(Enum):
    """The unit that stands with the number."""

    NONE = auto()
    DEGREE = auto()
    FAHRENHEIT = auto()


@dataclass(frozen=True, slots=True)
class Number:
    """One number. celsius is None where no temperature of a living person fits."""

    end: int  # behind the unit
    written: str  # without the unit
    form: Form
    unit: Unit = Unit.NONE
    celsius: Decimal | None = None
    low: Decimal | None = None  # the lower end where the word holds a range: 三十六度五六
    loose: bool = False

    @property
    def exact(self) -> bool:
        """Whether it has decimals that a person could have: 36.5, 36度5."""
        return self.form is Form.DECIMAL or self.form is Form.SPLIT

    @property
    def near(self) -> bool:
        """Whether a slip still looks like degrees: 32.6, 46.5, but not 98.6 or 3.65."""
        return self.written[:1] in "234二三四" and len(self.written) > 3


def tenth(value: Decimal) -> Decimal:
    """Rounded to one decimal, half up."""
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)


def from_fahrenheit(value: Decimal) -> Decimal:
    """Degrees Celsius to one decimal."""
    return tenth((value - 32) / Decimal("1.8"))


def zh_int(run: str) -> int | None:
    """The value of a Chinese integer below ten thousand, None where it is none."""
    if all(c in DIGIT for c in run):
        return int("".join(str(DIGIT[c]) for c in run)) if len(run) <= 4 else None
    total, part = 0, 0
    for c in run:
        if c in DIGIT:
            part = DIGIT[c]
        elif c in "十百千":
            total += (part or 1) * {"十": 10, "百": 100, "千": 1000}[c]
            part = 0
        else:
            return None
    return total + part


def _digits(text: str) -> str:
    return "".join(str(DIGIT[c]) if c in DIGIT else c for c in text)


def plausible(value: Decimal) -> bool:
    """Whether a person can have this temperature (design: 34.0-43.0 is stored)."""
    return LOWEST <= value <= HIGHEST


def _shape(written: str, value: Decimal, end: int, form: Form, unit: Unit) -> Number:
    """The number with its form settled by its size."""
    if unit is Unit.FAHRENHEIT:
        celsius = from_fahrenheit(value)
        if plausible(celsius):
            return Number(end, written, form, unit, celsius)
        return Number(end, written, Form.PLAIN, unit)
    if plausible(value):
        return Number(end, written, form, unit, value)
    return Number(end, written, Form.SLIP if _slip(written, value) else Form.PLAIN, unit)


def _slip(written: str, value: Decimal) -> bool:
    """Whether it looks like a temperature typed wrong: 3.65, 63.5, 336.5, 33.9, 98.6."""
    if POINTS.isdisjoint(written):
        return 25 <= value <= 49
    return any(low <= value < high for low, high in SLIPS)


def _unit_at(text: str, at: int, value: Decimal) -> tuple[Unit, int]:
    m = UNIT.match(text, at)
    if value >= HOT:
        return _perhaps_fahrenheit(text, at, m)
    if m is None:
        return Unit.NONE, at
    return Unit.FAHRENHEIT if m.group().endswith(FAHRENHEIT) else Unit.DEGREE, m.end()


def _perhaps_fahrenheit(text: str, at: int, m: re.Match[str] | None) -> tuple[Unit, int]:
    """The unit of a number that is too high for degrees Celsius."""
    if "华氏" in text[max(0, at - 9) : at]:
        return Unit.FAHRENHEIT, m.end() if m else at
    if m is None:
        if far := F_AFTER.match(text, at):
            return Unit.FAHRENHEIT, at if far.group().strip()[:1] != "F" else far.end()
        return Unit.NONE, at
    if m.group().endswith(FAHRENHEIT) or F_AFTER.match(text, m.end()):
        return Unit.FAHRENHEIT, m.end()
    return Unit.DEGREE, m.end()


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
                unit, end = _unit_at(text, spaced.end(), value)
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
    if point is not None and _ends_well(text, point.end()):
        frac = "5" if point[1] == "半" else _digits(point[1])
        value = Decimal(f"{whole}.{frac}")
        unit, stop = _unit_at(text, point.end(), value)
        return _shape(text[at : point.end()], value, stop, Form.SPLIT, unit)
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
        unit, tail = _unit_at(text, stop, value)
        return Number(tail, text[at:stop], Form.SLIP if slip else Form.PLAIN, unit)
    unit, stop = _unit_at(text, end, value)
    if len(dot[1]) > 2 and unit is Unit.NONE:
        return Number(stop, text[at:end], Form.PLAIN)
    return _shape(text[at:end], value, stop, Form.DECIMAL, unit)


def _whole(text: str, at: int, whole: str, end: int, is_word: Callable[[int], bool]) -> Number:
    """An integer: 37, 36度5, 365, 3665, or no temperature at all."""
    value = Decimal(whole)
    unit, stop = _unit_at(text, end, value)
    if unit is Unit.DEGREE and len(whole) == 2:
        tail = _tail(text, stop, is_word)
        if tail is not None:
            frac, tail_end, low = tail
            full = Decimal(f"{whole}.{frac}")
            _, tail_end = _unit_at(text, tail_end, full)
            shaped = _shape(text[at:tail_end].rstrip("度℃° "), full, tail_end, Form.SPLIT, unit)
            if low is not None and shaped.celsius is not None:
                return Number(tail_end, shaped.written, Form.SPLIT, unit, full,
                              Decimal(f"{whole}.{low}"), loose=True)  # fmt: skip
            return shaped
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
    return _shape(whole, value, stop, Form.INTEGER, unit)


def _tail(text: str, at: int, is_word: Callable[[int], bool]) -> tuple[str, int, str | None] | None:
    """What stands behind 度: (decimals, end, decimals of the lower end)."""
    m = TAIL.match(text, at)
    if m is None:
        return None
    said, start = m[1], m.start(1)
    if said == "半":
        return "5", m.end(), None
    # 三十六度四孙子: what runs on without a pause is the decimal, where 孙子 stands by itself too.
    runs_on = at == start and len(said) == 1 and said in ZH and is_word(start + 1)
    if (is_word(start) and not runs_on) or (text[at:start] and NOT_TAIL.match(text, m.end())):
        return None
    if len(said) == 2 and (NOT_TAIL.match(text, m.end()) or is_word(start + 1)):
        said = said[0]
    end = start + len(said)
    if NOT_TAIL.match(text, end) and not text.startswith(("度", "℃", "°"), end):
        return None
    digits = _digits(said)
    if len(digits) == 2 and said[0] in ZH and int(digits[1]) == int(digits[0]) + 1:
        return digits[1], end, digits[0]
    return digits, end, None


def _ends_well(text: str, at: int) -> bool:
    """Whether no other unit follows: the 5 of 36点5米 is no tenth of a degree."""
    return NOT_TAIL.match(text, at) is None or UNIT.match(text, at) is not None


def read_chinese(text: str, at: int, is_word: Callable[[int], bool]) -> Number | None:
    """The number that starts with a Chinese numeral at this place, None where there is none."""
    m = RUN.match(text, at)
    if m is None:
        return None  # 廿 counts days only
    run, end = m.group(), m.end()
    head = TENS.match(run)
    if head is not None:
        tens = DIGIT[head[1]] * 10
        rest = run[head.end() :]
        whole = tens + (DIGIT[head[2]] if head[2] else 0)
        if not rest or is_word(at + head.end()):
            return _chinese_whole(text, at, whole, at + head.end(), is_word)
        if head[2] and rest[0] in DIGIT and (len(rest) == 1 or rest[1] != "十"):
            return _chinese_extra(text, at, whole, at + head.end(), rest)
        if head[2] and len(rest) >= 2 and rest[1] == "十":
            return _chinese_whole(text, at, whole, at + head.end(), is_word)
    pair = PAIR.fullmatch(run)
    if pair is not None and PAIR_UNIT.match(text, end):
        return _chinese_whole(text, at, DIGIT[pair[1]] * 10 + DIGIT[pair[2]], end, is_word)
    if len(run) == 3 and all(c in DIGIT for c in run):
        tenths = Decimal(_digits(run)) / 10
        if Decimal(35) <= tenths <= Decimal("42.5"):
            unit, stop = _unit_at(text, end, tenths)
            return Number(stop, run, Form.THREE, unit, tenths)
    point = ZH_POINT.match(text, end)
    value = zh_int(run)
    if point is not None and value is not None and len(_digits(point[1])) == 2 and value in (3, 4):
        full = Decimal(f"{value}.{_digits(point[1])}")
        unit, stop = _unit_at(text, point.end(), full)
        return Number(stop, text[at : point.end()], Form.SLIP, unit)
    if value is None:
        return Number(end, run, Form.PLAIN)
    if "百" in run and 330 <= value < 470:  # 三百六十五
        unit, stop = _unit_at(text, end, Decimal(value))
        if 350 <= value <= 425:
            return Number(stop, run, Form.THREE, unit, Decimal(value) / 10)
        return Number(stop, run, Form.SLIP, unit)
    if 100 > value > 20 and ("十" in run or DEGREE_BEHIND.match(text, end)):
        return _chinese_whole(text, at, value, end, is_word)
    unit, stop = _unit_at(text, end, Decimal(value))
    return Number(stop, run, Form.PLAIN, unit)


def _chinese_whole(
    text: str, at: int, whole: int, end: int, is_word: Callable[[int], bool]
) -> Number:
    point = ZH_POINT.match(text, end)
    if point is not None and _ends_well(text, point.end()):
        said = point[1]
        start = point.start(1)
        if len(said) >= 2 and is_word(start + 1):
            said = said[:1]
        frac = "5" if said == "半" else _digits(said)
        stop = start + len(said)
        low = None
        if len(frac) == 2 and said[0] in ZH and int(frac[1]) == int(frac[0]) + 1:
            low, frac = frac[0], frac[1]
        value = Decimal(f"{whole}.{frac}")
        unit, tail = _unit_at(text, stop, value)
        shaped = _shape(text[at:stop], value, tail, Form.SPLIT, unit)
        if low is not None and shaped.celsius is not None:
            return Number(tail, shaped.written, Form.SPLIT, unit, value,
                          Decimal(f"{whole}.{low}"), loose=True)  # fmt: skip
        return shaped
    unit, stop = _unit_at(text, end, Decimal(whole))
    if unit is Unit.DEGREE:
        tail2 = _tail(text, stop, is_word)
        if tail2 is not None:
            frac, tail_end, low = tail2
            value = Decimal(f"{whole}.{frac}")
            if text.startswith(("度", "℃"), tail_end):
                tail_end += 1
            shaped = _shape(text[at:tail_end].rstrip("度℃ "), value, tail_end, Form.SPLIT, unit)
            if low is not None and shaped.celsius is not None:
                return Number(tail_end, shaped.written, Form.SPLIT, unit, value,
                              Decimal(f"{whole}.{low}"), loose=True)  # fmt: skip
            return shaped
        if HEARD.match(text, end):
            unit, stop = Unit.NONE, end
    if not plausible(Decimal(whole)):
        form = Form.SLIP if 25 <= whole <= 49 else Form.PLAIN
        return Number(stop, text[at:end], form, unit)
    return Number(stop, text[at:end], Form.INTEGER, unit, Decimal(whole))


def _chinese_extra(text: str, at: int, whole: int, end: int, rest: str) -> Number:
    """三十七八度 is a range, 三十六五 a decimal without its mark."""
    extra = DIGIT[rest[0]]
    stop = end + 1
    if len(rest) > 1:
        return Number(end + len(rest), text[at : end + len(rest)], Form.PLAIN)
    if extra == whole % 10 + 1:
        high = Decimal(whole // 10 * 10 + extra)
        unit, tail = _unit_at(text, stop, high)
        return Number(tail, text[at:stop], Form.INTEGER, unit, high, Decimal(whole), loose=True)
    value = Decimal(f"{whole}.{extra}")
    unit, tail = _unit_at(text, stop, value)
    return Number(tail, text[at:stop], Form.THREE, unit, value)
