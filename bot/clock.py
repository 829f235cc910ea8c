"""Time in China: the only place that reads the wall clock."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Protocol
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
MINUTES_A_DAY = 24 * 60


class Clock(Protocol):
    """What tells the time: the wall, or a clock that a talk, a drill or the demo moves."""

    def now(self) -> datetime:
        """The moment now, aware, UTC."""
        ...


class SystemClock:
    """The wall clock of this machine."""

    def now(self) -> datetime:
        """The moment now, aware, UTC."""
        return datetime.now(UTC)


@dataclass
class ManualClock:
    """A clock that stands until it is set: talks and drills play a month in seconds."""

    moment: datetime

    def now(self) -> datetime:
        """The moment it was last set to."""
        return self.moment

    def set(self, moment: datetime) -> None:
        """Set it, forwards as a rule; a jump backwards is a fault worth trying."""
        self.moment = moment


@dataclass
class ShiftedClock:
    """A clock that runs at the real pace from a chosen moment and can be pushed (the demo)."""

    start: datetime
    _since: float = field(default_factory=monotonic)
    _pushed: timedelta = timedelta()

    def now(self) -> datetime:
        """The chosen moment plus what has passed and what was pushed."""
        return self.start + timedelta(seconds=monotonic() - self._since) + self._pushed

    def restart(self, moment: datetime) -> None:
        """Begin again at a moment (the demo's village is made anew)."""
        self.start, self._since, self._pushed = moment, monotonic(), timedelta()

    def push_to(self, moment: datetime) -> None:
        """Go to a later moment at once; an earlier one changes nothing."""
        self._pushed += max(moment - self.now(), timedelta())


def local(moment: datetime) -> datetime:
    """The same moment as people here read it."""
    return moment.astimezone(CHINA)


def local_day(moment: datetime) -> date:
    """China's calendar day of a moment."""
    return local(moment).date()


def local_minute(moment: datetime) -> int:
    """Minute of China's day, 0 to 1439."""
    here = local(moment)
    return here.hour * 60 + here.minute


def at(day: date, minute: int) -> datetime:
    """The moment (UTC) at a minute of China's day; under 0 or over 1439 reaches other days."""
    days, rest = divmod(minute, MINUTES_A_DAY)
    naive = datetime(day.year, day.month, day.day, rest // 60, rest % 60, tzinfo=CHINA)
    return (naive + timedelta(days=days)).astimezone(UTC)


def minute_of(text: str) -> int:
    """Minute of the day of "06:30"; "24:00" is 1440.

    Raises:
        ValueError: not a time of day.
    """
    hour, _, minute = text.partition(":")
    value = int(hour) * 60 + int(minute)
    if not (0 <= value <= MINUTES_A_DAY and 0 <= int(minute) < 60):
        raise ValueError(f"not a time of day: {text}")
    return value


def clock_words(moment: datetime, today: date | None = None) -> str:
    """The moment as people say it: 08:12 today, else 2月3日 08:12."""
    here = local(moment)
    hour = f"{here:%H:%M}"
    return hour if today == here.date() else f"{day_words(here.date())} {hour}"


def day_words(day: date) -> str:
    """2月3日."""
    return f"{day.month}月{day.day}日"


def date_words(day: date) -> str:
    """2020年2月3日: what is kept longer than a year has its year."""
    return f"{day.year}年{day_words(day)}"
