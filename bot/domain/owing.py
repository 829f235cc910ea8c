"""应报 who owes a report in a slot, and who has not given it."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, or_, select

from bot.domain.care import Observation
from bot.domain.registry import PlaceAbove, Resident
from bot.domain.rules import SlotDay
from bot.domain.temperature import Owes, Pending, SlotReading


def owing(db: Session, one: SlotDay, place_ids: Sequence[int] | None = None) -> list[Resident]:
    """Who owes a report in a slot: the observed, and whoever a place has decided on (应报).

    A cadre owes one only where a household names them. A slot that had ended before the decision is
    not owed.
    """
    observed = select(Observation.resident_id).where(
        Observation.exempt == "",
        Observation.began_at < one.ends_at,
        or_(col(Observation.closed_at).is_(None), col(Observation.closed_at) > one.starts_at),
    )
    decided = _decided(db, one)
    query = (
        select(Resident)
        .where(
            or_(col(Resident.id).in_(observed), col(Resident.id).in_(decided)),
            Resident.gone == "",
            or_(col(Resident.muted_until).is_(None), col(Resident.muted_until) < one.day),
        )
        .order_by(col(Resident.id))
    )
    if place_ids is not None:
        query = query.where(col(Resident.place_id).in_(place_ids))
    return list(db.exec(query).all())


def _decided(db: Session, one: SlotDay) -> list[int]:
    ids: list[int] = []
    rows = db.exec(
        select(Owes).where(col(Owes.slots).contains(one.slot.name), Owes.since < one.ends_at)
    ).all()
    for row in rows:
        if row.resident_id is not None:
            ids.append(row.resident_id)
        elif row.place_id is not None:
            below = select(PlaceAbove.place_id).where(PlaceAbove.ancestor_id == row.place_id)
            query = select(Resident.id).where(
                col(Resident.place_id).in_(below), col(Resident.household_id).is_not(None)
            )
            ids += [i for i in db.exec(query).all() if i is not None]
    return ids


def missing(db: Session, one: SlotDay, place_ids: Sequence[int] | None = None) -> list[Resident]:
    """Who owes a report in a slot and has not given one."""
    found = reported(db, one.day, one.slot.name)
    return [person for person in owing(db, one, place_ids) if person.id not in found]


def reported(db: Session, day: date, slot: str) -> set[int]:
    """Who has a reading in a slot, or is one of several whose values were given together."""
    own = select(SlotReading.resident_id).where(SlotReading.day == day, SlotReading.slot == slot)
    together = select(Pending.resident_id).where(
        Pending.kind == "household",
        Pending.day == day,
        Pending.slot == slot,
        col(Pending.closed_at).is_(None),
    )
    ids = {*db.exec(own).all(), *db.exec(together).all()}
    return {i for i in ids if i is not None}


def owes(db: Session, person: Resident, one: SlotDay) -> bool:
    """Whether one person owes a report in a slot."""
    return any(p.id == person.id for p in owing(db, one, [person.place_id]))
