"""The facts of a talk against the database: what is true now, and in Chinese why it is not."""

from datetime import date, datetime, timedelta

from sqlmodel import Session, col, func, select

from app.talk.facts import (
    CountFact,
    Fact,
    IncidentFact,
    IncidentState,
    MissingFact,
    NoReadingFact,
    NoticeFact,
    ObservationFact,
    ReadingFact,
)
from app.talk.names import PersonName
from app.world import World
from bot.clock import day_words, local_day
from bot.domain.care import Observation
from bot.domain.incidents import INCIDENT_WORDS, Incident, IncidentStep
from bot.domain.notices import Delivery, Notice, NoticeState
from bot.domain.owing import missing
from bot.domain.prompts import Prompt
from bot.domain.questions import OpenQuestion
from bot.domain.registry import Resident
from bot.domain.rules import RulePack
from bot.domain.temperature import Pending, Reading
from bot.outbox import Outbox
from handlers.record import UNCLEAR, WORDS

NOTICE_STATES = {
    "待批": (NoticeState.DRAFT, NoticeState.PENDING),
    "暂缓": (NoticeState.APPROVED,),
    "已发": (NoticeState.SENDING, NoticeState.SENT),
    "已取消": (NoticeState.CANCELLED,),
    "已更正": (NoticeState.SUPERSEDED,),
    "已过期": (NoticeState.EXPIRED,),
}


# Incidents that no handler opens yet.
UNBUILT = ("聚集", "缺物", "物价", "投诉", "谣言", "无人值守")


def not_built(fact: Fact) -> str:
    """The word of a fact whose duty is not built yet, "" where it is."""
    if isinstance(fact, IncidentFact) and str(fact.kind) in UNBUILT:
        return str(fact.kind)
    return "解除" if isinstance(fact, ObservationFact) and fact.is_released else ""


class Facts:
    """Looks facts up at one moment."""

    def __init__(self, world: World, rules: RulePack, began: datetime) -> None:
        """`began`: when the talk began; counts are since then."""
        self.world, self.db, self.rules, self.began = world, world.db, rules, began
        self.today = local_day(world.now)

    def check(self, fact: Fact) -> str:
        """Why the fact is not true now, or "" where it is."""
        match fact:
            case ReadingFact():
                return self._reading(fact)
            case NoReadingFact():
                found = self._readings(fact.person, self.today)
                return f"今天有读数 {self._shown(found)}" if found else ""
            case IncidentFact():
                return self._incident(fact)
            case MissingFact():
                return self._missing(fact)
            case ObservationFact():
                return self._observation(fact)
            case NoticeFact():
                return self._notice(fact)
            case CountFact():
                count = self._count(fact.word)
                return "" if count == fact.count else f"实际是 {count}"
        return f"不会查“{fact.word}”"

    def _who(self, person: PersonName) -> Resident | None:
        return self.world.person(person.name, person.place)

    def _readings(self, person: PersonName, day: date | None = None) -> list[Reading]:
        who = self._who(person)
        if who is None:
            return []
        query = select(Reading).where(
            Reading.resident_id == who.id,
            col(Reading.superseded_by).is_(None),
            col(Reading.withdrawn_at).is_(None),
            col(Reading.is_exercise).is_(False),
        )
        if day is not None:
            query = query.where(Reading.day == day)
        return list(self.db.exec(query.order_by(col(Reading.id))).all())

    @staticmethod
    def _shown(rows: list[Reading]) -> str:
        return "、".join(
            f"{r.celsius} {WORDS_OF.get(r.verdict, '')} {day_words(r.day)}{r.slot}"
            + ("更正" if r.is_correction else "")
            + ("迟报" if r.is_late else "")
            for r in rows
        )

    def _reading(self, fact: ReadingFact) -> str:
        rows = self._readings(fact.person)
        for row in rows:
            if self._fits(row, fact):
                return ""
        return f"没有这样的读数；现有：{self._shown(rows) or '无'}"

    def _fits(self, row: Reading, fact: ReadingFact) -> bool:
        day, slot = row.day, row.slot
        if fact.slot is not None:
            wanted = str(fact.slot)
            on = self.today - timedelta(days=1 if wanted.startswith("昨") else 0)
            if (day, slot) != (on, wanted[-1]):
                return False
        proxy = self._who(fact.proxy) if fact.proxy else None
        return (
            row.celsius == fact.celsius
            and (fact.judged is None or WORDS_OF.get(row.verdict) == str(fact.judged))
            and (not fact.is_correction or row.is_correction)
            and (not fact.is_late or row.is_late)
            and (fact.proxy is None or (proxy is not None and row.proxy_id == proxy.id))
        )

    def _count(self, word: str) -> int:
        match word:
            case "读数共":
                query = select(func.count()).where(
                    col(Reading.superseded_by).is_(None),
                    col(Reading.withdrawn_at).is_(None),
                    col(Reading.is_exercise).is_(False),
                )
            case "待核":
                query = select(func.count()).where(
                    col(Pending.kind).in_(UNCLEAR), col(Pending.closed_at).is_(None)
                )
            case "事件共":
                query = select(func.count()).where(col(Incident.is_exercise).is_(False))
            case _:
                query = select(func.count()).where(col(OpenQuestion.answered_at).is_(None))
        return self.db.exec(query).one()

    def _incident(self, fact: IncidentFact) -> str:
        query = select(Incident).where(
            Incident.kind == INCIDENT_WORDS[str(fact.kind)], col(Incident.is_exercise).is_(False)
        )
        if fact.person is not None:
            who = self._who(fact.person)
            query = query.where(Incident.resident_id == (who.id if who else -1))
        rows = self.db.exec(query.order_by(col(Incident.id))).all()
        if not rows:
            return "没有这样的事件"
        whys = [self._standings(row, fact) for row in rows]
        return "" if any(why == "" for why in whys) else whys[-1]

    def _standings(self, row: Incident, fact: IncidentFact) -> str:
        for standing in fact.standings:
            who = self._who(standing.by) if standing.by else None
            match standing.state:
                case IncidentState.TAKEN:
                    ok = row.taken_at is not None and (who is None or row.taken_by == who.id)
                case IncidentState.ESCALATED:
                    ok = row.escalated_to is not None and (
                        who is None or row.escalated_to == who.id or self._was_told(row, who)
                    )
                case IncidentState.CLOSED:
                    ok = row.closed_at is not None
                case _:
                    ok = row.taken_at is None and row.closed_at is None
            if not ok:
                return f"事件不是“{standing.state}”"
        return ""

    def _was_told(self, row: Incident, who: Resident) -> bool:
        query = select(IncidentStep.id).where(
            IncidentStep.incident_id == row.id, IncidentStep.resident_id == who.id
        )
        return row.step > 1 and self.db.exec(query).first() is not None

    def _missing(self, fact: MissingFact) -> str:
        one = self.rules.current(self.world.now)
        absent = {p.id: p.name for p in missing(self.db, one)}
        wanted = {who.id for person in fact.people if (who := self._who(person))}
        if set(absent) == wanted and len(wanted) == len(fact.people):
            return ""
        return f"没报的是：{'、'.join(absent.values()) or '无'}"

    def _observation(self, fact: ObservationFact) -> str:
        who = self._who(fact.person)
        query = select(Observation).where(Observation.resident_id == (who.id if who else -1))
        row = self.db.exec(query.order_by(col(Observation.id).desc())).first()
        if row is None:
            return "没有隔离记录"
        if fact.is_released:
            return "" if row.closed_at is not None else "还没解除"
        number = row.day_number(self.today)
        return "" if fact.day in (None, number) and row.closed_at is None else f"现在是第{number}天"

    def _notice(self, fact: NoticeFact) -> str:
        query = select(Notice).where(
            col(Notice.text).contains(fact.words) | col(Notice.title).contains(fact.words)
        )
        rows = self.db.exec(query).all()
        if not rows:
            return "没有这样的通知"
        for row in rows:
            if row.state in NOTICE_STATES[str(fact.state)] and self._sent(row, fact.chats):
                return ""
        return "通知是：" + "、".join(f"{r.state} {self._chats(r)}" for r in rows)

    def _chats(self, row: Notice) -> int:
        query = select(func.count()).where(Delivery.notice_id == row.id, Delivery.state == "sent")
        return self.db.exec(query).one()

    def _sent(self, row: Notice, chats: int | None) -> bool:
        return chats is None or self._chats(row) == chats


WORDS_OF = {str(verdict): words for verdict, words in WORDS.items()}


def number_given(session: Session, resident_id: int) -> str:
    """The number (question, notice) that the bot last gave somebody, "" where it gave none."""
    query = (
        select(Outbox.number)
        .where(Outbox.resident_id == resident_id, col(Outbox.number).is_not(None))
        .order_by(col(Outbox.id).desc())
    )
    found = session.exec(query).first()
    return str(found) if found is not None else ""


def code_asked(session: Session, account_id: int) -> str:
    """What the bot last asked somebody to say back, "" where it asked nothing."""
    query = (
        select(Prompt.say_back)
        .where(Prompt.account_id == account_id, Prompt.say_back != "")
        .order_by(col(Prompt.id).desc())
    )
    return session.exec(query).first() or ""
