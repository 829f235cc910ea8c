"""认领 assigning: whose reading it is, asked of the speaker or of who knows the village; learnt.

two of one name, two sons, a name alike ──► the speaker is asked, once
nobody in the roster, or no way to ask  ──► the reading waits; the grid worker is asked
the speaker never answered              ──► the grid worker is asked (handlers/unanswered.py)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.domain.registry import Resident
from bot.domain.rules import SlotDay
from bot.domain.temperature import Pending, has_waited, wait
from bot.router import Turn
from bot.work import Work
from handlers.said import FEVERS, UNCLEAR
from handlers.unnamed import unnamed_fever


class Asks(StrEnum):
    """What an answer to 是哪位 is."""

    PERSON = "person"
    HOUSE = "house"  # a person whose house it is
    MEMBERS = "members"  # those of a house who were measured


@dataclass(frozen=True, slots=True)
class Unknown:
    """A reading and the word for whom it is, not understood.

    celsius: None where several numbers were said together; `values` has them then.
    """

    spoken: str  # as it is shown and learnt
    celsius: Decimal | None
    slot: SlotDay
    site: str = ""
    is_relay: bool = False
    is_own: bool = False  # said of themselves, by an account that nobody knows
    may_learn: bool = True  # the word means the same person next time
    values: str = ""
    asks: Asks = Asks.PERSON
    home: tuple[Resident, ...] = ()  # it is one of these
    message_id: int | None = None  # in which it was said; None: this one

    @property
    def number(self) -> str:
        """The value, or the values, as they are shown."""
        return self.values or str(self.celsius)

    @property
    def word(self) -> str:
        """For whom, without the value where that is told beside it."""
        return self.spoken.removesuffix(f" {self.number}")


@dataclass(frozen=True, slots=True)
class Question:
    """Whose an unknown reading may be; is_sure: one of these it is."""

    unknown: Unknown
    people: tuple[Resident, ...]
    is_sure: bool = True


@dataclass(slots=True)
class Claims:
    """What one message leaves to ask its speaker, and to ask the grid worker."""

    which: list[Question] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)


def keep_waiting(turn: Turn, unknown: Unknown, kind: str) -> bool:
    """Let a reading wait for a person's word; False where this very line waits or has been settled.

    A relay list is posted by many: its line is the same whoever posts it.
    """
    work = turn.work
    work.note(f"待认领：{unknown.spoken} {unknown.number}")
    if work.is_exercise or _is_known(turn, unknown):
        return False
    this = work.message_id
    values = {
        "kind": kind,
        "place_id": turn.place_id,
        "account_id": turn.account.id,
        "spoken_who": unknown.spoken,
        "number": unknown.number,
        "tenths": int(unknown.celsius * 10) if unknown.celsius is not None else None,
        "site": unknown.site,
        "day": unknown.slot.day,
        "slot": unknown.slot.slot.name,
        "message_id": unknown.message_id or this,
        "at": work.now,
        "due_at": work.now + work.rules.unanswered_after if kind == "which" else None,
    }
    wait(work.db, values)
    work.mark_fact()
    return True


def _is_known(turn: Turn, unknown: Unknown) -> bool:
    """Whether this very line waits or has been settled."""
    if not unknown.is_relay and not has_waited(turn.work.db, turn.account.id or 0):
        return False
    query = _like_it(turn.place_id is not None, unknown.is_relay)
    where = {
        "place_id": turn.place_id,
        "spoken_who": unknown.spoken,
        "number": unknown.number,
        "day": unknown.slot.day,
        "slot": unknown.slot.slot.name,
        "account_id": turn.account.id,
    }
    return turn.work.db.exec(query, params=where).first() is not None


@cache
def _like_it(has_place: bool, is_relay: bool) -> SelectOfScalar[Pending]:
    same = ["spoken_who", "number", "day", "slot"]
    same += ["place_id"] * has_place + ["account_id"] * (not is_relay)
    query = select(Pending).where(
        col(Pending.kind).in_(UNCLEAR),
        Pending.outcome != "撤回",
        *(getattr(Pending, name) == bindparam(name) for name in same),
    )
    return query if has_place else query.where(col(Pending.place_id).is_(None))


def keep_unassigned(
    turn: Turn, unknown: Unknown, guesses: Sequence[Resident], claims: Claims
) -> bool:
    """Somebody whom nobody knows: the reading waits, never dropped; False for a known line."""
    is_new = keep_waiting(turn, unknown, "unassigned")
    if is_new or turn.work.is_exercise:
        alarm(turn, unknown)
    if is_new:
        claims.asked.append(Question(unknown, tuple(guesses)))
    return is_new


def ask_which(
    turn: Turn, unknown: Unknown, candidates: Sequence[Resident], claims: Claims, *, is_sure: bool
) -> None:
    """Two people of one name, or one of a name alike: the speaker is asked once, and it is learnt.

    Who cannot be asked alone leaves it to the grid worker.
    """
    if not turn.has_private_way():
        keep_unassigned(turn, unknown, candidates, claims)
        return
    is_new = keep_waiting(turn, unknown, "which")
    if is_new or turn.work.is_exercise:
        alarm(turn, unknown)
    if is_new:
        claims.which.append(Question(unknown, tuple(candidates), is_sure))


def alarm(turn: Turn, unknown: Unknown) -> None:
    """A fever of somebody unknown still reaches whoever looks after the place, or the house."""
    celsius, work = unknown.celsius, turn.work
    if celsius is not None and work.rules.judge(celsius, unknown.site) in FEVERS:
        by = turn.speaker.name if turn.speaker else turn.account.display_name
        place_id = unknown.home[0].place_id if unknown.home else turn.place_id
        unnamed_fever(
            work,
            unknown.spoken,
            celsius,
            by,
            place_id,
            home=unknown.home,
            message_id=unknown.message_id,
        )


def unknown_again(work: Work, pending: Pending, values: Mapping[str, Any]) -> Unknown:
    """What waits, to be asked once more of somebody else.

    Args:
        work: the unit of work.
        pending: what waits.
        values: of the question that was put before.
    """
    is_one = pending.tenths is not None
    ids = values.get("resident_ids", ()) if values.get("is_home") else ()
    home = (work.db.get(Resident, i) for i in ids)
    return Unknown(
        spoken=pending.spoken_who,
        celsius=Decimal(pending.tenths or 0) / 10 if is_one else None,
        slot=work.rules.slot_for(pending.at),
        site=pending.site,
        is_own=values.get("is_own", False),
        may_learn=values.get("may_learn", True),
        values="" if is_one else pending.number,
        asks=Asks(values.get("asks", Asks.PERSON if is_one else Asks.HOUSE)),
        home=tuple(person for person in home if person is not None),
    )
