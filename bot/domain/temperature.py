"""体温 temperature: readings are appended, never changed; two projections answer quickly.

reading       what was said, append-only; a correction points from the old to the new
slot_reading  the current value of a person's slot: serves "who is missing" and the curve
slot_summary  counts of a slot by place: serves the roll-up of a county
Both projections change in the transaction of the reading (+1, −1) and can be rebuilt from
`reading`.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Index, delete
from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain.types import Moment


class Reading(SQLModel, table=True):
    """One body temperature as it was reported."""

    __table_args__ = (
        Index("ix_reading_resident_day", "resident_id", "day", "slot"),
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


def project(db: Session, resident_id: int, place_id: int, day: date, slot: str) -> None:
    """Bring the two projections of one person's slot into line with `reading`."""
    db.flush()
    old = db.get(SlotReading, (place_id, resident_id, day, slot))
    rows = db.exec(
        select(Reading).where(
            Reading.resident_id == resident_id,
            Reading.day == day,
            Reading.slot == slot,
            col(Reading.superseded_by).is_(None),
            col(Reading.withdrawn_at).is_(None),
            col(Reading.is_exercise).is_(False),
        )
    ).all()
    best = max(rows, key=lambda r: (r.tenths, r.id or 0), default=None)
    summary = db.get(SlotSummary, (day, slot, place_id))
    if summary is None:
        summary = SlotSummary(day=day, slot=slot, place_id=place_id)
    if old is not None:
        summary.reported -= 1
        summary.fever -= old.is_fever
        previous = db.get(Reading, old.reading_id)
        summary.late -= bool(previous and previous.is_late)
        db.delete(old)
        db.flush()
    if best is not None:
        is_fever = best.verdict in ("fever", "urgent")
        db.add(
            SlotReading(
                place_id=place_id,
                resident_id=resident_id,
                day=day,
                slot=slot,
                reading_id=best.id or 0,
                tenths=best.tenths,
                is_fever=is_fever,
            )
        )
        summary.reported += 1
        summary.fever += is_fever
        summary.late += best.is_late
    db.add(summary)
    db.flush()


def recount(db: Session) -> dict[tuple[date, str, int], tuple[int, int]]:
    """Count (reported, fever) by (day, slot, place) from `reading` alone, for `doctor`."""
    query = select(Reading).where(
        col(Reading.superseded_by).is_(None),
        col(Reading.withdrawn_at).is_(None),
        col(Reading.is_exercise).is_(False),
    )
    best: dict[tuple[date, str, int, int], Reading] = {}
    for row in db.exec(query):
        key = (row.day, row.slot, row.place_id, row.resident_id)
        if key not in best or (row.tenths, row.id or 0) > (best[key].tenths, best[key].id or 0):
            best[key] = row
    counts: dict[tuple[date, str, int], tuple[int, int]] = {}
    for (day, slot, place_id, _), row in best.items():
        reported, fever = counts.get((day, slot, place_id), (0, 0))
        counts[day, slot, place_id] = (reported + 1, fever + (row.verdict in ("fever", "urgent")))
    return counts


def rebuild(db: Session) -> int:
    """Make both projections anew from `reading`; how many slots of people there are."""
    db.exec(delete(SlotReading))
    db.exec(delete(SlotSummary))
    keys = db.exec(
        select(
            col(Reading.resident_id), col(Reading.place_id), col(Reading.day), col(Reading.slot)
        ).distinct()
    ).all()
    for resident_id, place_id, day, slot in keys:
        project(db, resident_id, place_id, day, slot)
    return len(keys)


def curve(db: Session, resident_id: int, until: date, days: int = 14) -> list[SlotReading]:
    """A person's current values of the last days, oldest first."""
    query = (
        select(SlotReading)
        .where(
            SlotReading.resident_id == resident_id,
            SlotReading.day > until - timedelta(days=days),
            SlotReading.day <= until,
        )
        .order_by(col(SlotReading.day), col(SlotReading.slot))
    )
    return list(db.exec(query).all())
