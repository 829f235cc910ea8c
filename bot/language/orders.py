"""Words of a notice order: scope, hour, repetition, validity; what is left is the text."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = (
    r"(?:(?P<year>\d{4})[年\-/])?(?P<month>\d{1,2})[月\-/](?P<dom>\d{1,2})[日号]?"
    r"|(?P<word>今天|今日|今晚|明天|明日|后天|大后天)"
)
_CLOCK = (
    r"(?P<part>凌晨|早上|早|上午|中午|下午|晚上|晚|傍晚)?\s*"
    r"(?P<hour>\d{1,2})(?:[:：点时](?P<minute>\d{1,2}|半)?分?)"
)
# The same again with other group names, for the second half of _LATER.
_DAY2, _CLOCK2 = (re.sub(r"\(\?P<(\w+)>", r"(?P<\g<1>2>", form) for form in (_DAY, _CLOCK))
_UNTIL = re.compile(
    rf"[\s，,。；;（(]*(?:有效(?:期)?(?:到|至)|直到|有效至|到期)\s*[:：]?\s*(?:{_DAY})\s*(?:{_CLOCK})?[）)]?"
)
_DAILY = re.compile(rf"^\s*每天\s*{_CLOCK}\s*(?:发|播|提醒)?[\s，,：:]+")
_LATER = re.compile(
    rf"^\s*(?:定时\s*)?(?:(?:{_DAY})|(?P<dawn>明早|明晚|今晚))\s*{_CLOCK}\s*发(?:出)?[\s，,：:]+"
    rf"|^\s*定时\s*(?:(?:{_DAY2})\s*)?{_CLOCK2}\s*(?:发)?[\s，,：:]+"
)
_URGENT = re.compile(r"^\s*(?:紧急|加急)[\s，,：:]+")
_WORDS = {"今天": 0, "今日": 0, "今晚": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3}
_DAWN = {"明早": 1, "明晚": 1, "今晚": 0}


@dataclass(frozen=True, slots=True)
class NoticeOrder:
    """What a cadre ordered. Minutes are of China's day; None: not said."""

    scope: str
    text: str
    until_on: date | None = None
    until_minute: int = 24 * 60
    on: date | None = None
    minute: int | None = None
    daily_minute: int | None = None
    is_urgent: bool = False
    problem: str = ""  # a day or an hour that does not exist, as written


def notice_order(rest: str, today: date) -> NoticeOrder:
    """Take apart what follows 发通知: SCOPE [每天7点发 | 明早7点发] TEXT 有效到 DAY.

    The first word is the scope only where a blank or a mark ends it; whether such a place exists is
    not asked here.
    """
    rest = rest.strip()
    head, _, tail = _first_word(rest)
    scope, body = (head, tail) if tail else ("", rest)
    is_urgent = bool(_URGENT.match(body))
    body = _URGENT.sub("", body)
    until_on, until_minute, problem = None, 24 * 60, ""
    found_all = list(_UNTIL.finditer(body))
    match = found_all[-1] if found_all else None
    if match is not None:
        until_on = _day(match, today)
        problem = "" if until_on else match.group(0).strip()
        if match["hour"]:
            until_minute = _minute(match["part"], match["hour"], match["minute"])
        body = (body[: match.start()] + body[match.end() :]).strip()
    daily, on, minute = None, None, None
    if found := _DAILY.match(body):
        daily = _minute(found["part"], found["hour"], found["minute"])
        body = body[found.end() :]
    elif found := _LATER.match(body):
        on, minute = _later(found, today)
        body = body[found.end() :]
    return NoticeOrder(
        scope, body.strip(), until_on, until_minute, on, minute, daily, is_urgent, problem
    )


def until(text: str, today: date) -> tuple[date, int] | None:
    """A day alone, as an answer (2月3日, 有效到2月3日, 明天); minute 1440 is its end."""
    match = re.fullmatch(rf"\s*(?:有效)?(?:到|至)?\s*(?:{_DAY})\s*(?:{_CLOCK})?[。.\s]*", text)
    if match is None:
        return None
    day = _day(match, today)
    if day is None:
        return None
    return day, _minute(match["part"], match["hour"], match["minute"]) if match["hour"] else 24 * 60


def _first_word(rest: str) -> tuple[str, str, str]:
    match = re.match(r"([^\s，,：:。]{1,12})([\s，,：:]+)(.+)", rest, re.DOTALL)
    return (match[1], match[2], match[3]) if match else (rest, "", "")


def _day(match: re.Match[str], today: date, suffix: str = "") -> date | None:
    word = match[f"word{suffix}"]
    if word:
        return today + timedelta(days=_WORDS[word])
    if not match[f"month{suffix}"]:
        return None
    year = int(match[f"year{suffix}"] or today.year)
    try:
        day = date(year, int(match[f"month{suffix}"]), int(match[f"dom{suffix}"]))
    except ValueError:
        return None
    # 1月5日 said in December is next year's
    if match[f"year{suffix}"] is None and (today - day).days > 180:
        day = day.replace(year=year + 1)
    return day


def _minute(part: str | None, hour: str, minute: str | None) -> int:
    hours = int(hour)
    if part in ("下午", "晚上", "晚", "傍晚") and hours < 12:
        hours += 12
    if part == "中午" and hours < 3:
        hours += 12
    minutes = 30 if minute == "半" else int(minute or 0)
    return min(hours * 60 + minutes, 24 * 60)


def _later(match: re.Match[str], today: date) -> tuple[date, int]:
    if match["hour"] is None:
        day = _day(match, today, "2") or today
        return day, _minute(match["part2"], match["hour2"], match["minute2"])
    dawn = match["dawn"]
    part = match["part"] or ("晚" if dawn in ("明晚", "今晚") or match["word"] == "今晚" else None)
    day = today + timedelta(days=_DAWN[dawn]) if dawn else _day(match, today) or today
    return day, _minute(part, match["hour"], match["minute"])
