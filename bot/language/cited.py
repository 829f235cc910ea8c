"""Words that a cadre signs for: the text, 出处 and its day, 有效到 a day."""

import re
from dataclasses import dataclass
from datetime import date

from bot.language.orders import until

_SOURCE = re.compile(r"[\s,，。;；（(]*(?:出处|来源|依据)\s*(?:是|为)?\s*[:：,，]?\s*")
_UNTIL = re.compile(r"[\s,，。;；（(]*有效(?:期)?(?:到|至)\s*(?P<day>[^\s,，。;；）)]+)[）)]?")
_DAY = re.compile(
    r"(?:(?P<year>\d{4})[年\-/.])?(?P<month>\d{1,2})[月\-/](?P<dom>\d{1,2})[日号]?(?!\d)"
)
_SHORTEST = 2  # characters of a source without its day


@dataclass(frozen=True, slots=True)
class Cited:
    """source is "" and on None where they are missing; problem: a day that cannot be read."""

    text: str
    source: str
    on: date | None
    until_on: date | None
    problem: str = ""


def cited(words: str, today: date) -> Cited:
    """Take apart `TEXT 出处 TITLE DAY 有效到 DAY`; the last 出处 counts."""
    until_on, problem = None, ""
    for match in _UNTIL.finditer(words):
        found = until(match["day"], today)
        until_on = found[0] if found else None
        problem = "" if found else match["day"]
    words = _UNTIL.sub("", words)
    marks = list(_SOURCE.finditer(words))
    if not marks:
        return Cited(words.strip(), "", None, until_on, problem)
    text, source = words[: marks[-1].start()], words[marks[-1].end() :]
    on = None
    if day := _DAY.search(source):
        on = _past(day, today)
        problem = problem or ("" if on else day[0])
        source = source[: day.start()] + source[day.end() :]
    source = source.strip(" \n　,，。;；()（）、")
    return Cited(text.strip(), source if len(source) >= _SHORTEST else "", on, until_on, problem)


def _past(day: re.Match[str], today: date) -> date | None:
    """The latest such day that is not to come."""
    try:
        on = date(int(day["year"] or today.year), int(day["month"]), int(day["dom"]))
    except ValueError:
        return None
    if on > today and not day["year"]:
        on = on.replace(year=on.year - 1)
    return on if on <= today else None
