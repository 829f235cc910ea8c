"""体温 temperature: readings are appended, never changed; two projections answer quickly.

reading       what was said, append-only; a correction points from the old to the new
slot_reading  the current value of a person's slot: serves "who is missing" and the curve
slot_summary  counts of a slot by place: serves the roll-up of a county
Both projections change in the transaction of the reading (+1, −1) and can be rebuilt from
`reading`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Index, Insert, bindparam, case, delete, false, func, insert
from sqlalchemy import select as columns
from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain import absent
from bot.domain.registry import Place, PlaceAbove
from bot.domain.types import Moment, insert_into


class Reading(SQLModel, table=True):
    """One body temperature as it was reported."""

    __table_args__ = (
        Index("ix_reading_resident_day", "resident_id", "day", "slot"),
        Index("ix_reading_said_by", "said_by", "at"),
        Index("uq_reading_origin", "message_id", "resident_id", "ordinal", unique=True),
    )
    id: int | None = Field(default=None, primary_key=True)
    resident_id: int = Field(foreign_key="resident.id")
    place_id: int = Field(foreign_key="place.id")
    day: date
    slot: str
    tenths: int  # of a degC
    site: str = ""
    is_approx: bool = False
    verdict: str
    said_by: int | None = Field(default=None, foreign_key="account.id")
    proxy_id: int | None = Field(default=None, foreign_key="resident.id")  # who reported for them
    message_id: int | None = None  # inbox row; None: entered by a cadre on a page
    ordinal: int = 0  # place in its message
    at: datetime = Field(sa_type=Moment)
    is_late: bool = False
    is_correction: bool = False
    reason: str = ""
    source: str = "typed"  # typed, voice, relay, sheet, page
    superseded_by: int | None = Field(default=None, foreign_key="reading.id")
    withdrawn_at: datetime | None = Field(default=None, sa_type=Moment)
    is_exercise: bool = False

    @property
    def celsius(self) -> Decimal:
        """degC, one decimal."""
        return Decimal(self.tenths) / 10

    @property
    def is_current(self) -> bool:
        """Neither superseded nor withdrawn."""
        return self.superseded_by is None and self.withdrawn_at is None


class SlotReading(SQLModel, table=True):
    """The highest current reading of a person in a slot (projection)."""

    __tablename__ = "slot_reading"
    __table_args__ = (
        Index("ix_slot_reading_slot", "day", "slot", "place_id", "tenths"),
        {"sqlite_with_rowid": False},
    )
    place_id: int = Field(primary_key=True)
    resident_id: int = Field(primary_key=True)
    day: date = Field(primary_key=True)
    slot: str = Field(primary_key=True)
    reading_id: int
    tenths: int
    is_fever: bool = False


class SlotSummary(SQLModel, table=True):
    """What a place said in a slot (projection); leaf places only."""

    __tablename__ = "slot_summary"
    day: date = Field(primary_key=True)
    slot: str = Field(primary_key=True)
    place_id: int = Field(primary_key=True)
    reported: int = 0
    fever: int = 0
    late: int = 0


class Owes(SQLModel, table=True):
    """应报: a decision of a place about who owes a report; without it only the observed do."""

    id: int | None = Field(default=None, primary_key=True)
    place_id: int | None = Field(default=None, foreign_key="place.id", index=True)
    resident_id: int | None = Field(default=None, foreign_key="resident.id", index=True)
    slots: str  # 早晚
    since: datetime = Field(sa_type=Moment)


class SlotStep(SQLModel, table=True):
    """A step of a slot's chain that was taken: two clocks by mistake do nothing twice."""

    __tablename__ = "slot_step"
    day: date = Field(primary_key=True)
    slot: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    done_at: datetime = Field(sa_type=Moment)


class Pending(SQLModel, table=True):
    """待核: something seen that waits for a person's word: unclear, or of somebody unknown."""

    id: int | None = Field(default=None, primary_key=True)
    # clarify, which, unassigned, recheck; household: this person is one of several of whom `number`
    # was said together, so none of them is missing, and whose each value is nobody said
    kind: str
    place_id: int | None = Field(default=None, index=True)
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True)
    resident_id: int | None = Field(default=None, foreign_key="resident.id")
    spoken_who: str = ""
    number: str = ""
    tenths: int | None = None
    site: str = ""
    day: date | None = None
    slot: str = ""
    message_id: int | None = Field(default=None, index=True)
    at: datetime = Field(sa_type=Moment)
    due_at: datetime | None = Field(default=None, sa_type=Moment, index=True)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    outcome: str = ""


absent.watch(Pending)
_SAID = (
    select(Reading)
    .where(
        Reading.resident_id == bindparam("resident_id"),
        Reading.day == bindparam("day"),
        Reading.slot == bindparam("slot"),
        col(Reading.withdrawn_at).is_(None),
        Reading.is_exercise == bindparam("is_exercise"),
    )
    .order_by(col(Reading.id))
)


def said_of(
    db: Session, resident_id: int, day: date, slot: str, *, is_exercise: bool = False
) -> list[Reading]:
    """What was said of a person for a slot and not taken back, oldest first."""
    where = {"resident_id": resident_id, "day": day, "slot": slot, "is_exercise": is_exercise}
    return list(db.exec(_SAID, params=where).all())


_LAST_AT = (
    select(Reading.at)
    .where(Reading.said_by == bindparam("account_id"))
    .order_by(col(Reading.at).desc())
    .limit(1)
)


def last_said_at(db: Session, account_id: int) -> datetime | None:
    """When an account last reported somebody."""
    return db.exec(_LAST_AT, params={"account_id": account_id}).first()


_WAITING = (
    select(Pending)
    .where(Pending.account_id == bindparam("account_id"), col(Pending.closed_at).is_(None))
    .order_by(col(Pending.id))
)


_WHO = columns(col(Pending.account_id)).where(
    col(Pending.account_id).in_(bindparam("account_ids", expanding=True))
)


def look(db: Session, account_ids: Collection[int]) -> None:
    """Find out of which accounts something waits or waited; the others are not asked about."""
    absent.look(db, Pending, _WHO, account_ids)


def wait(db: Session, values: Mapping[str, Any]) -> None:
    """Let something wait for a person's word, as the values of its columns."""
    absent.wrote(db, Pending, values["account_id"])
    db.connection().execute(_WAIT, values)


def has_waited(db: Session, account_id: int) -> bool:
    """Whether anything of an account may wait or have waited; False: surely not."""
    return not absent.is_absent(db, Pending, account_id)


def waiting_of(db: Session, account_id: int, but: int | None = None) -> list[Pending]:
    """What an account said in other messages that waits for a person's word, oldest first.

    but: this message, of which nothing is meant.
    """
    if absent.is_absent(db, Pending, account_id):
        return []
    rows = db.exec(_WAITING, params={"account_id": account_id}).all()
    return [row for row in rows if row.message_id not in (None, but)]


_OF_SLOT: dict[str, Any] = {
    name: bindparam(f"the_{name}") for name in ("place_id", "resident_id", "day", "slot")
}
_SHOWN = (
    columns(col(SlotReading.is_fever), func.coalesce(Reading.is_late, false()))
    .outerjoin(Reading, col(Reading.id) == SlotReading.reading_id)
    .where(*(getattr(SlotReading, name) == value for name, value in _OF_SLOT.items()))
)
_HIDE = delete(SlotReading).where(
    *(getattr(SlotReading, name) == value for name, value in _OF_SLOT.items())
)
_KEEP = insert(Reading)
_WAIT = insert(Pending)
_COUNTED = ("reported", "fever", "late")


@cache
def _show(dialect: str) -> Insert:
    add = insert_into(SlotReading, dialect)
    changes = {name: add.excluded[name] for name in ("reading_id", "tenths", "is_fever")}
    statement: Insert = add.on_conflict_do_update(index_elements=list(_OF_SLOT), set_=changes)
    return statement


@cache
def _count(dialect: str) -> Insert:
    add = insert_into(SlotSummary, dialect)
    sums = {name: getattr(SlotSummary, name) + add.excluded[name] for name in _COUNTED}
    key = ["day", "slot", "place_id"]
    statement: Insert = add.on_conflict_do_update(index_elements=key, set_=sums)
    return statement


def keep(db: Session, values: Mapping[str, Any]) -> Reading:
    """Append a reading, as the values of its columns."""
    db.connection().execute(_KEEP, values)
    names = ("resident_id", "day", "slot")
    return said_of(db, *(values[n] for n in names), is_exercise=values["is_exercise"])[-1]


def project(
    db: Session,
    resident_id: int,
    place_id: int,
    day: date,
    slot: str,
    said: Sequence[Reading] | None = None,
) -> None:
    """Bring the two projections of one person's slot into line with `reading`.

    Args:
        db: of a write transaction.
        resident_id: whose slot.
        place_id: where they lived.
        day: of the slot.
        slot: its name.
        said: what `said_of` gives, where the caller has it.
    """
    db.flush()
    connection = db.connection()
    dialect = connection.dialect.name
    key = {"place_id": place_id, "resident_id": resident_id, "day": day, "slot": slot}
    where = {f"the_{name}": value for name, value in key.items()}
    said = said_of(db, resident_id, day, slot) if said is None else said
    rows = [row for row in said if row.is_current]
    best = max(rows, key=lambda r: (r.tenths, r.id or 0), default=None)
    shown = connection.execute(_SHOWN, where).first()
    before = (1, *map(int, shown)) if shown is not None else (0, 0, 0)
    after = (0, 0, 0)
    if best is not None:
        is_fever = best.verdict in ("fever", "urgent")
        after = (1, int(is_fever), int(best.is_late))
        value = {"reading_id": best.id, "tenths": best.tenths, "is_fever": is_fever}
        connection.execute(_show(dialect), {**key, **value})
    elif shown is not None:
        connection.execute(_HIDE, where)
    changes = {name: new - old for name, old, new in zip(_COUNTED, before, after, strict=True)}
    connection.execute(_count(dialect), {"day": day, "slot": slot, "place_id": place_id, **changes})


def recount(db: Session) -> dict[tuple[date, str, int], tuple[int, int]]:
    """Count (reported, fever) by (day, slot, place) from `reading` alone, for `doctor`."""
    db.flush()
    best = _best().subquery()
    where = (best.c.day, best.c.slot, best.c.place_id)
    query = columns(*where, func.count(), func.sum(best.c.is_fever)).group_by(*where)
    rows = db.connection().execute(query).all()
    return {(row[0], row[1], row[2]): (row[3], int(row[4] or 0)) for row in rows}


_SLOT_OF = (Reading.resident_id, Reading.place_id, Reading.day, Reading.slot)


def _best() -> Any:
    """The highest current reading of each person's slot, the latest of equals."""
    place = func.row_number().over(
        partition_by=[col(one) for one in _SLOT_OF],
        order_by=(col(Reading.tenths).desc(), col(Reading.id).desc()),
    )
    ranked = (
        columns(
            col(Reading.place_id),
            col(Reading.resident_id),
            col(Reading.day),
            col(Reading.slot),
            col(Reading.id).label("reading_id"),
            col(Reading.tenths),
            case((col(Reading.verdict).in_(("fever", "urgent")), 1), else_=0).label("is_fever"),
            case((col(Reading.is_late), 1), else_=0).label("late"),
            place.label("place"),
        )
        .where(
            col(Reading.superseded_by).is_(None),
            col(Reading.withdrawn_at).is_(None),
            col(Reading.is_exercise).is_(False),
        )
        .subquery()
    )
    return columns(ranked).where(ranked.c.place == 1)


def rebuild(db: Session) -> int:
    """Make both projections anew from `reading`; how many slots of people there are."""
    db.exec(delete(SlotReading))
    db.exec(delete(SlotSummary))
    best = _best().subquery()
    kept = [best.c[name] for name in ("place_id", "resident_id", "day", "slot", "reading_id")]
    fever = (best.c.is_fever == 1).label("is_fever")
    made = db.connection().execute(
        insert(SlotReading).from_select(
            ["place_id", "resident_id", "day", "slot", "reading_id", "tenths", "is_fever"],
            columns(*kept, best.c.tenths, fever),
        )
    )
    where = (best.c.day, best.c.slot, best.c.place_id)
    counts = (func.count(), func.sum(best.c.is_fever), func.sum(best.c.late))
    db.connection().execute(
        insert(SlotSummary).from_select(
            ["day", "slot", "place_id", "reported", "fever", "late"],
            columns(*where, *counts).group_by(*where),
        )
    )
    db.expire_all()
    return made.rowcount


def curve(db: Session, resident_id: int, until: date, days: int = 14) -> list[SlotReading]:
    """A person's current values of the last days, oldest first."""
    lived = select(Reading.place_id).where(  # the key begins with the place
        Reading.resident_id == resident_id, Reading.day > until - timedelta(days=days)
    )
    query = (
        select(SlotReading)
        .where(
            col(SlotReading.place_id).in_(lived),
            SlotReading.resident_id == resident_id,
            SlotReading.day > until - timedelta(days=days),
            SlotReading.day <= until,
        )
        .order_by(col(SlotReading.day), col(SlotReading.slot))
    )
    return list(db.exec(query).all())


def rolled_up(db: Session, place_id: int, day: date, slot: str) -> dict[int, tuple[int, int, int]]:
    """(reported, fever, late) of a slot for each place right below one: a county by its towns."""
    counts = (col(SlotSummary.reported), col(SlotSummary.fever), col(SlotSummary.late))
    query = (
        columns(col(PlaceAbove.ancestor_id), *(func.sum(one) for one in counts))
        .join(Place, col(Place.id) == PlaceAbove.ancestor_id)
        .join(SlotSummary, col(SlotSummary.place_id) == PlaceAbove.place_id)
        .where(
            col(Place.parent_id) == place_id,
            col(SlotSummary.day) == day,
            col(SlotSummary.slot) == slot,
        )
        .group_by(col(PlaceAbove.ancestor_id))
    )
    rows = db.connection().execute(query).all()
    return {row[0]: (row[1], row[2], row[3]) for row in rows}
