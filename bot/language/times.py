"""Days, clock times and dates as they are said, counted back from the sending."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from bot.language.meaning import Period
from bot.language.numerals import RUN, zh_int

ZH = "[零〇一二两三四五六七八九十]"
CLOCK = re.compile(r"([01]?\d|2[0-4])[:：]([0-5]\d)(?:[:：][0-5]\d)?(?![\d.])")
CLOCK_SPAN = re.compile(r"\d{1,2}[:：]\d\d\s?[-~至到]\s?\d{1,2}[:：]\d\d")
CLOCK_SAID = re.compile(
    rf"(\d{{1,2}}|{ZH}{{1,3}})(?:点|时(?!候|间|常|不))"
    rf"(钟|半|整|来钟|多钟|多|一刻|三刻|过|(?:\d{{1,2}}(?![\d.。度℃])|{ZH}{{1,3}}(?![度点.·十零〇一二三四五六七八九]))分?)?"
)
# Cheaper than all of these.
NIGHT_ENDS = frozenset("晨午夜上里晚天")  # 凌晨一点38.9; 一点 by itself is a little
CLOCK_HINT = re.compile(rf"(?:\d{{1,2}}[:：点时]|{ZH}{{1,3}}[点时])")
DATE_HINT = re.compile(r"\d{1,4}\s?[年月日号/.-]")
YEAR = re.compile(r"(?:19|20)\d\d[年/.-](\d{1,2})[月/.-](\d{1,2})日?(?!\d)")
DATE = re.compile(r"(\d{1,2})\s?月\s?(\d{1,2})(?:\s?[日号]|(?!\d))")
DATE_ZH = re.compile(rf"([一二三四五六七八九十]{{1,2}})月({ZH}{{1,3}})[日号]")
DATE_SHORT = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})(?=\s?[日:：,，]?\s*(?:[早午中晚]|体温|[34]\d))(?![\d.])"
)
DAY_ONLY = re.compile(r"(\d{1,2})[号日](?![楼院栋店房门线车口卡])")
LUNAR = re.compile(
    r"(?:正月|腊月|冬月|阴历|农历|旧历|[二三四五六七八九十]月)?初([一二三四五六七八九十])(?!中|级|步|期|衷)"
)
LUNAR_MONTH = re.compile(rf"(?:正月|腊月|冬月|阴历|农历|旧历)(?:的)?({ZH}{{1,3}}|廿{ZH}?)")
WEEKDAY = re.compile(r"(?:这个?|本|上个?)?(?:周|星期|礼拜)([一二三四五六日天])(?!家|年|围)")
WEEK = "一二三四五六日"
WEEK_HEADS = frozenset("这本上周星礼")
MONTH_HEADS = frozenset("正腊冬阴农旧初")


@dataclass(frozen=True, slots=True)
class When:
    """A time as far as it was said; what was not said is None."""

    day: int | None = None
    period: Period | None = None
    minute: int | None = None
    night: bool = False
    now: bool = False

    @property
    def said(self) -> bool:
        """Whether anything was said at all."""
        if self is UNSAID:
            return False
        day_or_period = self.day is not None or self.period is not None
        return day_or_period or self.night or self.now or self.minute is not None


UNSAID = When()


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock time; sure where it can only be one of the day's two."""

    minute: int
    sure: bool


def number(text: str) -> int | None:
    """A small integer in digits or Chinese numerals."""
    if text.isdigit():
        return int(text)
    m = RUN.fullmatch(text)
    return zh_int(text) if m else None


def clock_at(text: str, at: int) -> tuple[Clock | None, int]:
    """A clock time that starts here and its end; a span of opening hours gives no time."""
    if CLOCK_HINT.match(text, at) is None:
        return None, at
    span = CLOCK_SPAN.match(text, at)
    if span:
        return None, span.end()
    m = CLOCK.match(text, at)
    if m:
        hour = int(m[1])
        return Clock(hour % 24 * 60 + int(m[2]), hour > 12 or m[1][0] == "0"), m.end()
    m = CLOCK_SAID.match(text, at)
    if m is None:
        return None, at
    hour_said = number(m[1])
    if (
        hour_said is None
        or hour_said > 24
        or (m[1] == "一" and not m[2] and text[max(0, at - 1) : at] not in NIGHT_ENDS)
    ):
        return None, at
    tail = m[2] or ""
    minute = {"半": 30, "一刻": 15, "三刻": 45}.get(tail, 0)
    digits = tail.rstrip("分")
    if digits and digits not in ("半", "一刻", "三刻", "钟", "整", "来钟", "多钟", "多", "过"):
        value = number(digits)
        if value is None or value > 59:
            return None, at
        minute = value
    return Clock(hour_said % 24 * 60 + minute, hour_said > 12), m.end()


def date_at(text: str, at: int, sent_on: date, at_start: bool) -> tuple[int | None, int]:
    """A date that starts here as days from the sending, and its end."""
    head = text[at]
    if "0" <= head <= "9":
        return _in_digits(text, at, sent_on, at_start)
    if head in WEEK_HEADS:
        m = WEEKDAY.match(text, at)
        if m is None:
            return None, at
        wanted = WEEK.index(m[1].replace("天", "日"))
        return -((sent_on.weekday() - wanted) % 7), m.end()
    if head not in MONTH_HEADS and "月" not in text[at + 1 : at + 3]:
        return None, at
    m = DATE_ZH.match(text, at)
    if m:
        return _offset(sent_on, number(m[1]), number(m[2])), m.end()
    m = LUNAR.match(text, at) or LUNAR_MONTH.match(text, at)
    if m is None:
        return None, at
    said = m[1]
    day = number(said) if not said.startswith("廿") else 20 + (number(said[1:]) or 0)
    return (_lunar(sent_on, day) if day and day <= 30 else None), m.end()


def _in_digits(text: str, at: int, sent_on: date, at_start: bool) -> tuple[int | None, int]:
    if DATE_HINT.match(text, at) is None:
        return None, at
    m = YEAR.match(text, at) or DATE.match(text, at)
    if m:
        return _offset(sent_on, int(m[1]), int(m[2])), m.end()
    m = DATE_SHORT.match(text, at) if at_start else None
    if m and 1 <= int(m[1]) <= 12 and 1 <= int(m[2]) <= 31:
        return _offset(sent_on, int(m[1]), int(m[2])), m.end()
    m = DAY_ONLY.match(text, at)
    if m and 1 <= int(m[1]) <= 31:
        return _day_of_month(sent_on, int(m[1])), m.end()
    return None, at


def _offset(sent_on: date, month: int | None, day: int | None) -> int | None:
    if not month or not day:
        return None
    for year in (sent_on.year, sent_on.year - 1):
        try:
            then = date(year, month, day)
        except ValueError:
            continue
        gap = (then - sent_on).days
        if gap <= 0 or (year == sent_on.year and gap < 60):
            return gap
    return None


def _day_of_month(sent_on: date, day: int) -> int | None:
    for back in range(32):
        if (sent_on - timedelta(days=back)).day == day:
            return -back
    return None


@lru_cache(maxsize=512)
def _lunar(sent_on: date, day: int) -> int | None:
    """Days back to the last time when the lunar calendar had this day of the month."""
    for back in range(31):
        if _lunar_day(sent_on - timedelta(days=back)) == day:
            return -back
    return None


@lru_cache(maxsize=4096)
def _lunar_day(then: date) -> int:
    from lunar_python import Solar  # heavy, and only lunar dates need it

    return int(Solar.fromYmd(then.year, then.month, then.day).getLunar().getDay())


def period_of(minute: int) -> Period:
    """The part of the day: before 11:00, 11:00-13:59, 14:00-17:59, from 18:00."""
    if minute < 11 * 60:
        return Period.MORNING
    if minute < 14 * 60:
        return Period.NOON
    return Period.AFTERNOON if minute < 18 * 60 else Period.EVENING


# a part of the day that has not begun can only be yesterday's
STARTS = {
    Period.MORNING: 0,
    Period.NOON: 10 * 60,
    Period.AFTERNOON: 12 * 60,
    Period.EVENING: 15 * 60,
}


def settle(
    when: When, clock: Clock | None, sent_minute: int
) -> tuple[int, Period | None, int | None]:
    """Day, period and minute of a reading from all that was said of its time."""
    day, period = when.day, when.period
    minute: int | None = None
    if clock is not None:
        minute, day = _on_the_clock(clock, when, sent_minute)
        if period is None:
            period = period_of(minute)
        if when.night and minute < 6 * 60 and when.day is None:
            return (-1 if sent_minute < 18 * 60 else 0), Period.EVENING, minute
    if when.night and when.day is None:
        day = 0 if sent_minute >= 22 * 60 else -1
    elif day is None:
        day = 0
        if period is not None and clock is None and sent_minute < STARTS[period]:
            day = -1
    return min(day, 0), period, minute


def _on_the_clock(clock: Clock, when: When, sent_minute: int) -> tuple[int, int | None]:
    minute, day = clock.minute, when.day
    half = 12 * 60
    if when.night and minute == half:
        return 24 * 60 - 1, day  # 夜里12点 ends the day
    if clock.sure:
        if day is None and minute > sent_minute + 5 and when.period is None:
            day = -1
        return minute, day
    if when.period is not None:
        if (
            when.period in (Period.AFTERNOON, Period.EVENING)
            and minute < half
            and not (when.night and minute < 6 * 60)
        ):
            minute += half
        if when.period is Period.NOON and minute < 6 * 60:
            minute += half
        if day is None and not when.night and minute > sent_minute + 5:
            day = -1
        return minute, day
    if day is not None and day < 0:
        return minute, day
    options = [m for m in (minute, minute + half) if m < 24 * 60 and m <= sent_minute + 5]
    if options:
        return max(options), day
    return (minute + half if minute < half else minute), -1 if day is None else day
