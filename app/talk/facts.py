"""The facts of a talk (`= 读数 王小宝 38.1 发热 早`): what is asked, not whether it is true."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.talk.errors import TalkError
from app.talk.names import PersonName, Places, split_names


class Judged(StrEnum):
    """What a reading means."""

    FEVER = "发热"
    NORMAL = "正常"
    LOW = "偏低"
    UNCLEAR = "待核"


class SlotWord(StrEnum):
    """The slot that a reading counts for."""

    MORNING = "早"
    EVENING = "晚"
    LAST_MORNING = "昨早"
    LAST_EVENING = "昨晚"


class IncidentWord(StrEnum):
    """Every kind of incident that a talk can ask for."""

    FEVER = "发热"
    EMERGENCY = "紧急"
    SILENCE = "失联"
    HELP = "求助"
    GATHERING = "聚集"
    SHORTAGE = "缺物"
    PRICE = "物价"
    COMPLAINT = "投诉"
    RUMOUR = "谣言"
    LEAK = "泄露"
    UNMANNED = "无人值守"
    CHANNEL_DOWN = "通道中断"


class IncidentState(StrEnum):
    """How far an incident has come. OPEN may be true beside ESCALATED."""

    OPEN = "未接"
    TAKEN = "已接"
    ESCALATED = "已升级"
    CLOSED = "已关"


class NoticeState(StrEnum):
    """How far a notice has come."""

    PENDING = "待批"
    HELD = "暂缓"
    SENT = "已发"
    CANCELLED = "已取消"
    CORRECTED = "已更正"
    EXPIRED = "已过期"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact; `word` is its first word, which names the duty that must know it."""

    word: str


@dataclass(frozen=True, slots=True)
class ReadingFact(Fact):
    """A current reading says so. What is None or False is not asked about."""

    person: PersonName
    celsius: Decimal
    judged: Judged | None = None
    slot: SlotWord | None = None
    is_correction: bool = False
    is_late: bool = False
    proxy: PersonName | None = None


@dataclass(frozen=True, slots=True)
class NoReadingFact(Fact):
    """Nothing of this person today."""

    person: PersonName


@dataclass(frozen=True, slots=True)
class CountFact(Fact):
    """读数共, 待核, 事件共, 待答 or 发言, and how many."""

    count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing asked of an incident's state; `by` who took it, or to whom it went up."""

    state: IncidentState
    by: PersonName | None = None


@dataclass(frozen=True, slots=True)
class IncidentFact(Fact):
    """There is such an incident."""

    kind: IncidentWord
    person: PersonName | None = None
    standings: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingFact(Fact):
    """Exactly these owe a report in the slot that is open now; nobody where empty (`未报 无`)."""

    people: tuple[PersonName, ...]


@dataclass(frozen=True, slots=True)
class ObservationFact(Fact):
    """Day `day` of an observation, or its release."""

    person: PersonName
    day: int | None = None
    is_released: bool = False


@dataclass(frozen=True, slots=True)
class NoticeFact(Fact):
    """A notice whose title or author's text holds `words` is so; `chats`: how many got it."""

    words: str
    state: NoticeState
    chats: int | None = None


def parse_fact(words: str, places: Places, line: int) -> Fact:
    """Read what stands behind `=`.

    Raises:
        TalkError: an unknown fact, or one that says too little or too much.
    """
    word, *rest = words.split() or [""]
    reader = READERS.get(word)
    if reader is None:
        raise TalkError(line, f"没有“{word}”这种事实")
    return reader(word, rest, places, line)


def read_reading(word: str, parts: list[str], places: Places, line: int) -> Fact:
    """`读数 NAME °C` and what may follow, in any order, each once."""
    if len(parts) < 2:
        raise TalkError(line, "“读数”后面要写姓名和度数")
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)(?:℃|°C|度)?", parts[1])
    if not found:
        raise TalkError(line, f"“{parts[1]}”不是度数")
    asked: dict[str, str] = {}
    rest = iter(parts[2:])
    for part in rest:
        group, value = reading_word(part, rest, line)
        if group in asked:
            raise TalkError(line, f"“{part}”多写了一次")
        asked[group] = value
    return ReadingFact(
        word,
        places.person(parts[0], line),
        Decimal(found[1]),
        Judged(asked["judged"]) if "judged" in asked else None,
        SlotWord(asked["slot"]) if "slot" in asked else None,
        "更正" in asked,
        "迟报" in asked,
        places.person(asked["代报"], line) if "代报" in asked else None,
    )


def reading_word(part: str, rest: Iterator[str], line: int) -> tuple[str, str]:
    """Sort one word behind the degrees of a reading; 代报 takes the next word too."""
    if part in list(Judged):
        return "judged", part
    if part in list(SlotWord):
        return "slot", part
    if part in ("更正", "迟报"):
        return part, part
    if part == "代报" and (name := next(rest, "")):
        return part, name
    raise TalkError(line, f"读数里没有“{part}”这种说法")


def read_no_reading(word: str, parts: list[str], places: Places, line: int) -> Fact:
    """`无读数 NAME`."""
    if len(parts) != 1:
        raise TalkError(line, "“无读数”后面写一个姓名")
    return NoReadingFact(word, places.person(parts[0], line))


def read_count(word: str, parts: list[str], places: Places, line: int) -> Fact:
    """`读数共 N` and its like."""
    if len(parts) != 1 or not parts[0].isdecimal():
        raise TalkError(line, f"“{word}”后面写一个数")
    return CountFact(word, int(parts[0]))


def read_incident(word: str, parts: list[str], places: Places, line: int) -> Fact:
    """`事件 KIND [NAME] [未接|已接 NAME|已升级 NAME|已关]`."""
    if not parts or parts[0] not in list(IncidentWord):
        raise TalkError(line, f"事件只有这几种：{'、'.join(IncidentWord)}")
    rest = parts[1:]
    subject = name_first(rest, places, line)
    standings: list[Standing] = []
    while rest:
        if rest[0] not in list(IncidentState):
            raise TalkError(line, f"事件没有“{rest[0]}”这种状态")
        state = IncidentState(rest.pop(0))
        named = state in (IncidentState.TAKEN, IncidentState.ESCALATED)
        standings.append(Standing(state, name_first(rest, places, line) if named else None))
    return IncidentFact(word, IncidentWord(parts[0]), subject, tuple(standings))


def name_first(parts: list[str], places: Places, line: int) -> PersonName | None:
    """Take a name off the front, unless a state or nothing stands there."""
    if not parts or parts[0] in list(IncidentState):
        return None
    return places.person(parts.pop(0), line)


def read_missing(word: str, parts: list[str], places: Places, line: int) -> Fact:
    """`未报 NAME…` or `未报 无`."""
    names = split_names(" ".join(parts))
    if not names:
        raise TalkError(line, "“未报”后面写姓名，没有人就写“无”")
    if names == ["无"]:
        return MissingFact(word, ())
    return MissingFact(word, tuple(places.person(name, line) for name in names))


def read_observation(word: str, parts: list[str], places: Places, line: int) -> Fact:
    """`隔离 NAME 第N天` or `隔离 NAME 解除`."""
    day = re.fullmatch(r"第(\d{1,3})天", parts[1]) if len(parts) == 2 else None
    if day:
        return ObservationFact(word, places.person(parts[0], line), day=int(day[1]))
    if len(parts) == 2 and parts[1] == "解除":
        return ObservationFact(word, places.person(parts[0], line), is_released=True)
    raise TalkError(line, "要写成“隔离 姓名 第N天”或“隔离 姓名 解除”")


def read_notice(word: str, parts: list[str], places: Places, line: int) -> Fact:
    """`通知 WORDS STATE`; the words may hold blanks."""
    states = "|".join(NoticeState)
    found = re.fullmatch(rf"(.+?) ({states})(?: ?(\d+))?", " ".join(parts))
    if not found or (found[3] and found[2] != NoticeState.SENT):
        states = "、".join(NoticeState)
        raise TalkError(line, f"要写成“通知 几个字 状态”，状态是 {states}")
    return NoticeFact(word, found[1], NoticeState(found[2]), int(found[3]) if found[3] else None)


READERS: dict[str, Callable[[str, list[str], Places, int], Fact]] = {
    "读数": read_reading,
    "无读数": read_no_reading,
    "读数共": read_count,
    "待核": read_count,
    "事件": read_incident,
    "事件共": read_count,
    "未报": read_missing,
    "隔离": read_observation,
    "通知": read_notice,
    "待答": read_count,
    "发言": read_count,
}
