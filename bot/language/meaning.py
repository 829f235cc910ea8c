"""What a message may mean: values that the language parts return and nobody else makes."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class MainIntent(StrEnum):
    """What a message mainly does, as a careful cadre would sort it (as in the labelled set)."""

    REPORT = "report"  # at least one reading, or one to be asked about
    NORMAL = "normal"  # says that nobody has a fever, with no number
    QUESTION = "question"
    SITUATION = "situation"  # a cadre must know: symptoms without a number, a returnee, a shortage
    NOTICE = "notice"  # pasted or forwarded official text, news, rumours
    OTHER = "other"


class Site(StrEnum):
    """Where the thermometer was."""

    AXILLARY = "axillary"
    FOREHEAD = "forehead"
    EAR = "ear"
    ORAL = "oral"
    RECTAL = "rectal"
    WRIST = "wrist"


class Period(StrEnum):
    """The part of the day that was said: before 11:00, 11:00–13:59, 14:00–17:59, from 18:00."""

    MORNING = "morning"
    NOON = "noon"
    AFTERNOON = "afternoon"
    EVENING = "evening"


SELF = "self"
HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True)
class Utterance:
    """What `read` is given: the words and what the platform knows of them.

    sent_on is the day of sending and sent_minute the minute of that day, both in China's time.
    names are people whom the place knows: they help to find names in running text; unknown names
    are found too.
    """

    text: str
    sender: str  # display name
    is_group: bool
    sent_on: date
    sent_minute: int
    is_voice: bool = False
    names: frozenset[str] = frozenset()
    quoted: str = ""  # text of the quoted message where the platform gives it apart


@dataclass(frozen=True, slots=True)
class SpokenReading:
    """One body temperature as it was said.

    who: `self`, `household`, a name, or a kinship word as written (without 我, 俺, 他 …).
    """

    who: str
    celsius: Decimal
    approx: bool = False
    day: int = 0  # 0 the day of sending, -1 the day before
    period: Period | None = None
    site: Site | None = None
    count: int | None = None  # only with a whole family
    span: tuple[int, int] = (0, 0)  # of the number, in the text as given
    minute: int | None = None  # of the day, where a clock time was said
    owner: str = ""  # whose relative `who` is, where it is not the sender: 老曹 of 老曹家小孙子


@dataclass(frozen=True, slots=True)
class Clarify:
    """A number that looks like a temperature and must be asked about."""

    number: str  # as written, without unit
    who: str
    likely: tuple[Decimal, ...] = ()  # the likeliest values first
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Symptom:
    """A complaint said of a person now."""

    who: str
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """Why one number became what it did, in words a cadre can read."""

    span: tuple[int, int]
    words: str
    outcome: str  # "reading", "clarify", "no"
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that `read` found in one message."""

    intent: MainIntent
    readings: tuple[SpokenReading, ...] = ()
    clarify: tuple[Clarify, ...] = ()
    correction: bool = False
    symptoms: tuple[Symptom, ...] = ()
    danger: tuple[
        Symptom, ...
    ] = ()  # danger words with a living person as subject now (喘不上气, 昏迷 …)
    absent: tuple[str, ...] = ()  # named without a number: 没在家, 没量, an empty line
    steps: tuple[Step, ...] = field(default=())
