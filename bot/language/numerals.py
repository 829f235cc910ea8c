"""Numbers as villagers write them, with every body temperature that they could mean."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, auto

LOWEST, HIGHEST = Decimal(34), Decimal(43)
FEVER = Decimal("37.3")  # the line that people speak of; what is done from where, the rules say
DIGIT = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "幺": 1}
SEVERAL = {"俩": 2, "仨": 3}  # people, with their measure word: 俩娃
ZH = "零〇一二两三四五六七八九幺"
NUMERALS = frozenset("零〇一二两三四五六七八九十百千万亿幺")
RUN = re.compile(r"[零〇一二两三四五六七八九十百千万亿幺]+")
UNIT = re.compile(
    r"[^\S\n]?(?:摄氏度|华氏度|°[^\S\n]?[CcFf]?|[℃℉度]|[Cc][^\S\n]?°|[CcFf](?![A-Za-z])|[都读](?=[\d一二三四五六七八九半]))"
)
FAHRENHEIT = ("F", "f", "℉", "华氏度")
HEARD = re.compile(r"[^\S\n]?[都读肚](?=[\d一二三四五六七八九半])")
TAIL = re.compile(rf"[^\S\n]?(\d{{1,2}}|[{ZH}]{{1,2}}|半)")
# 公公 and a name that begins with 周, 毛, 米 or 路 are people, not units.
_NAMED = r"(?![\u4e00-\u9fff]{1,2}\s*(?:\d|三十|四十|[,，。、;；]|$))"
TALK = frozenset("哈啊呀嘛咯嘞啦")  # closes what is said
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


def digits_of(text: str) -> str:
    return "".join(str(DIGIT[c]) if c in DIGIT else c for c in text)


def plausible(value: Decimal) -> bool:
    """Whether a person can have this temperature (design: 34.0-43.0 is stored)."""
    return LOWEST <= value <= HIGHEST


def sized(written: str, value: Decimal, end: int, form: Form, unit: Unit) -> Number:
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


def unit_at(text: str, at: int, value: Decimal) -> tuple[Unit, int]:
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


def with_tail(
    text: str, at: int, whole: int | str, end: int, is_word: Callable[[int], bool]
) -> Number | None:
    """36度5, 三十六度五六: degrees whose decimals stand behind the 度 that ends here."""
    tail = tail_at(text, end, is_word)
    if tail is None:
        return None
    frac, stop, low = tail
    value = Decimal(f"{whole}.{frac}")
    _, stop = unit_at(text, stop, value)
    number = sized(text[at:stop].rstrip("度℃° "), value, stop, Form.SPLIT, Unit.DEGREE)
    return number if low is None else ranged(number, Decimal(f"{whole}.{low}"))


def ranged(number: Number, low: Decimal) -> Number:
    """The number as the higher end of a range, where a person can have it."""
    return number if number.celsius is None else replace(number, low=low, loose=True)


def tail_at(
    text: str, at: int, is_word: Callable[[int], bool]
) -> tuple[str, int, str | None] | None:
    """What stands behind 度: (decimals, end, decimals of the lower end)."""
    m = TAIL.match(text, at)
    if m is None:
        return None
    said, start = m[1], m.start(1)
    if said == "半":
        return "5", m.end(), None
    # 三十六度四孙子, 三十六度二哈: what runs on is the decimal, where the word behind it stands by
    # itself too.
    behind = is_word(start + 1) or text[start + 1 : start + 2] in TALK
    runs_on = at == start and len(said) == 1 and said in ZH and behind
    if (is_word(start) and not runs_on) or (text[at:start] and NOT_TAIL.match(text, m.end())):
        return None
    if len(said) == 2 and (NOT_TAIL.match(text, m.end()) or is_word(start + 1)):
        said = said[0]
    end = start + len(said)
    if NOT_TAIL.match(text, end) and not text.startswith(("度", "℃", "°"), end):
        return None
    digits = digits_of(said)
    if len(digits) == 2 and said[0] in ZH and int(digits[1]) == int(digits[0]) + 1:
        return digits[1], end, digits[0]
    return digits, end, None


def ends_well(text: str, at: int) -> bool:
    """Whether no other unit follows: the 5 of 36点5米 is no tenth of a degree."""
    return NOT_TAIL.match(text, at) is None or UNIT.match(text, at) is not None
