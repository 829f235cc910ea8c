"""应报 who owes a report in a slot, and who has not given it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import exists
from sqlmodel import Session, and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.domain.care import Observation
from bot.domain.registry import PlaceAbove, Resident
from bot.domain.rules import SlotDay
from bot.domain.temperature import Owes, Pending, Reading, SlotReading


def owing(db: Session, one: SlotDay, place_ids: Sequence[int] | None = None) -> list[Resident]:
    """Who owes a report in a slot: the observed, and whoever a place has decided on (应报).

    A cadre owes one only where a household names them. A slot that had ended before the decision is
    not owed.
    """
    return list(db.exec(_owing(one, place_ids)).all())


def _owing(one: SlotDay, place_ids: Sequence[int] | None) -> SelectOfScalar[Resident]:
    observed = select(Observation.resident_id).where(
        Observation.exempt == "",
        Observation.began_at < one.ends_at,
        or_(col(Observation.closed_at).is_(None), col(Observation.closed_at) > one.starts_at),
    )
    decided = (col(Owes.slots).contains(one.slot.name), Owes.since < one.ends_at)
    persons = select(Owes.resident_id).where(col(Owes.resident_id).is_not(None), *decided)
    places = (
        select(PlaceAbove.place_id)
        .join(Owes, col(Owes.place_id) == PlaceAbove.ancestor_id)
        .where(*decided)
    )
    if place_ids is not None:
        places = places.where(col(PlaceAbove.place_id).in_(place_ids))
    query = (
        select(Resident)
        .where(
            or_(
                col(Resident.id).in_(observed),
                col(Resident.id).in_(persons),
                and_(col(Resident.household_id).is_not(None), col(Resident.place_id).in_(places)),
            ),
            Resident.gone == "",
            or_(col(Resident.muted_until).is_(None), col(Resident.muted_until) < one.day),
        )
        .order_by(col(Resident.id))
    )
    return query if place_ids is None else query.where(col(Resident.place_id).in_(place_ids))


def missing(db: Session, one: SlotDay, place_ids: Sequence[int] | None = None) -> list[Resident]:
    """Who owes a report in a slot and has not given one."""
    day, slot = one.day, one.slot.name
    here = exists().where(
        col(SlotReading.place_id) == col(Resident.place_id),
        col(SlotReading.resident_id) == col(Resident.id),
        col(SlotReading.day) == day,
        col(SlotReading.slot) == slot,
    )
    elsewhere = exists().where(  # who has moved since
        col(Reading.resident_id) == col(Resident.id),
        col(Reading.day) == day,
        col(Reading.slot) == slot,
        col(Reading.superseded_by).is_(None),
        col(Reading.withdrawn_at).is_(None),
        col(Reading.is_exercise).is_(False),
    )
    query = _owing(one, place_ids).where(~here, ~elsewhere, col(Resident.id).not_in(_together(one)))
    return list(db.exec(query).all())


def _together(one: SlotDay) -> Any:
    """Of whom one of several values was said in a slot, and nobody knows which."""
    return select(Pending.resident_id).where(
        Pending.kind == "household",
        Pending.day == one.day,
        Pending.slot == one.slot.name,
        col(Pending.closed_at).is_(None),
        col(Pending.resident_id).is_not(None),
    )


def has_reported(db: Session, resident_ids: Sequence[int], day: date, slot: str) -> set[int]:
    """Those of some people who have: asked of few, it does not look at a whole county."""
    own = select(Reading.resident_id).where(
        col(Reading.resident_id).in_(resident_ids),
        Reading.day == day,
        Reading.slot == slot,
        col(Reading.superseded_by).is_(None),
        col(Reading.withdrawn_at).is_(None),
        col(Reading.is_exercise).is_(False),
    )
    together = select(Pending.resident_id).where(
        Pending.kind == "household",
        Pending.day == day,
        Pending.slot == slot,
        col(Pending.closed_at).is_(None),
        col(Pending.resident_id).in_(resident_ids),
    )
    ids = {*db.exec(own).all(), *db.exec(together).all()}
    return {i for i in ids if i is not None}


def owes(db: Session, person: Resident, one: SlotDay) -> bool:
    """Whether one person owes a report in a slot."""
    query = _owing(one, [person.place_id]).where(Resident.id == person.id)
    return db.exec(query).first() is not None
