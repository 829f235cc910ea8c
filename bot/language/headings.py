"""What carries from line to line: heading time, heading words, heading person."""

from bot.language.drafts import TIME, Draft
from bot.language.meaning import Period, Site
from bot.language.message import Message
from bot.language.people import Mention
from bot.language.relay import subject_bits
from bot.language.times import UNSAID, When
from bot.language.tokens import Token
from bot.language.words import BIT, words


class Headings:
    """The state between the lines of one message."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.head_when: When = UNSAID
        self.head_site: Site | None = None
        self.head_bits = 0
        self.head_person: Mention | None = None
        self.last: Draft | None = None
        self.lexicon = words()

    def heading(self, line: list[Token]) -> None:
        """A line without temperatures: its time, site and subject hold for the lines under it."""
        if any(token.bits & BIT["unmeasured"] for token in line):
            return  # 8-201 不在屋里: an entry without a number
        when, site = UNSAID, None
        for token in line:
            when = later(when, token)
            if token.bits & BIT["site"]:
                site = self.lexicon.sites[token.text]
        if when.day is not None or (when.period is not None and not self.message.shape.columns):
            self.head_when = when
        if site is not None:
            self.head_site = site
        self.head_bits |= subject_bits([t for t in line if not t.bits & BIT["kin"]])


def later(when: When, token: Token) -> When:
    """The time with one more word of time."""
    bits = token.bits
    day, period, night, now = when.day, when.period, when.night, when.now
    if token.kind == "date" and token.day is not None:
        return When(token.day, None if day is not None else period)
    if token.kind == "clock":
        return when
    if not bits & TIME or bits & BIT["kin"]:
        return when
    if bits & BIT["day"]:
        day = words().days[token.text]
        period = words().periods.get(token.text)
        return When(day, period, night=False)
    if bits & BIT["night"]:
        return When(day, Period.EVENING, night=True)
    if bits & BIT["period"]:
        return When(day, words().periods[token.text], night=night and token.text == "凌晨")
    if bits & BIT["now"]:
        return When(None, None, now=True)
    return When(day, period, night=night, now=now)
