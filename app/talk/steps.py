"""What a talk is made of: one value for each item, with the lines on which it stands."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.talk.facts import Fact
from app.talk.items import Pattern
from app.talk.names import ChatName, PersonName, Place


class RoleWord(StrEnum):
    """What a cadre does there."""

    GRID_WORKER = "网格员"
    VILLAGE_DOCTOR = "村医"
    VILLAGE_SECRETARY = "村支书"
    GROUP_LEADER = "组长"
    TOWNSHIP_DUTY = "镇值班"
    TOWNSHIP_HEAD = "镇长"
    COUNTY_DUTY = "县值班"
    ERRAND_RUNNER = "代购员"
    SUPERVISOR = "督导员"


class ChatWord(StrEnum):
    """Who is in a group."""

    RESIDENTS = "村民"
    CADRES = "干部"
    CARE_TEAM = "包保"


class CareRole(StrEnum):
    """Who acts first in a care team."""

    PRIMARY = "主"
    DEPUTY = "副"
    MEMBER = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One item: `line` to `end` (from 1, both inclusive), and its first line as written."""

    line: int
    end: int
    raw: str


@dataclass(frozen=True, slots=True)
class SetTime(Step):
    """时间: the clock stands here; all that falls due on the way is done."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Loose(Step):
    """宽松: bot lines that no item names do not fail the talk."""


@dataclass(frozen=True, slots=True)
class Rules(Step):
    """规则: the rule pack in force."""

    pack: str


@dataclass(frozen=True, slots=True)
class PlaceDef(Step):
    """地点: a path of places, the widest first, made where missing."""

    place: Place


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a household; `kin` is what the householder calls them."""

    name: str
    kin: str = ""
    has_phone: bool = True
    lives_alone: bool = False


@dataclass(frozen=True, slots=True)
class HouseholdDef(Step):
    """户: a household, the householder first."""

    place: Place
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class CadreDef(Step):
    """干部: a cadre, their role and where they hold it."""

    person: PersonName
    role: RoleWord
    place: Place


@dataclass(frozen=True, slots=True)
class ObservationDef(Step):
    """隔离: who is observed, where, from where they came and on which day."""

    person: PersonName
    place: Place
    origin: str
    arrived_on: date


@dataclass(frozen=True, slots=True)
class TeamMember:
    """One person of a care team."""

    person: PersonName
    role: CareRole = CareRole.MEMBER


@dataclass(frozen=True, slots=True)
class TeamDef(Step):
    """包保: the care team of one person."""

    person: PersonName
    members: tuple[TeamMember, ...]


@dataclass(frozen=True, slots=True)
class OwesDef(Step):
    """应报: whole places or people, and the slots in which they owe a report."""

    places: tuple[Place, ...]
    people: tuple[PersonName, ...]
    morning: bool
    evening: bool


@dataclass(frozen=True, slots=True)
class ChatDef(Step):
    """群: a group, its place and who is in it."""

    chat: ChatName
    place: Place
    kind: ChatWord


@dataclass(frozen=True, slots=True)
class NoPrivateDef(Step):
    """无私聊: these people never added the bot."""

    people: tuple[PersonName, ...]


@dataclass(frozen=True, slots=True)
class RenameDef(Step):
    """改名: the account of `person` shows `shown` from here on, and its lines stand under it."""

    person: PersonName
    shown: str


@dataclass(frozen=True, slots=True)
class EnterChat(Step):
    """[三组群] or [私 张桂芳]: what follows is said here."""

    chat: ChatName


@dataclass(frozen=True, slots=True)
class ChatStep(Step):
    """Anything that belongs to the chat last entered."""

    chat: ChatName


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """The message that a message quotes."""

    person: PersonName
    text: str


@dataclass(frozen=True, slots=True)
class Say(ChatStep):
    """Something is said; {码} and {号} stand in `text` as written."""

    speaker: PersonName
    text: str
    is_voice: bool = False
    is_bot: bool = False
    quote: QuotedLine | None = None


@dataclass(frozen=True, slots=True)
class Repeat(ChatStep):
    """重复: the platform sends the last message again, same id."""


@dataclass(frozen=True, slots=True)
class Recall(ChatStep):
    """撤回: the last message is recalled by its sender."""


@dataclass(frozen=True, slots=True)
class Join(ChatStep):
    """进群."""

    people: tuple[PersonName, ...]


@dataclass(frozen=True, slots=True)
class Leave(ChatStep):
    """退群."""

    people: tuple[PersonName, ...]


@dataclass(frozen=True, slots=True)
class BotRemoved(ChatStep):
    """机器人被移出."""


@dataclass(frozen=True, slots=True)
class ExpectQuiet(ChatStep):
    """静."""


@dataclass(frozen=True, slots=True)
class ExpectLine(ChatStep):
    """机器人：a bot line, exactly."""

    text: str


@dataclass(frozen=True, slots=True)
class ExpectLike(ChatStep):
    """机器人~ a bot line that holds some words and not others."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class ExpectNever(ChatStep):
    """没说~ no such bot line in this chat since the talk began."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class ExpectFact(Step):
    """= a fact, true now. `chat` is the one last entered (发言 looks at it), None before any."""

    fact: Fact
    chat: ChatName | None


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk file, read. `title` is its first comment."""

    name: str
    title: str
    text: str
    steps: tuple[Step, ...]
    is_loose: bool
