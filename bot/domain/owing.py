"""应报 who owes a report in a slot, and who has not given it."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Date, String, bindparam, exists
from sqlmodel import Session, and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.domain.care import Observation
from bot.domain.registry import PlaceAbove, Resident
from bot.domain.rules import SlotDay
from bot.domain.temperature import Owes, Pending, Reading, SlotReading
from bot.domain.types import Moment

# Bound at each asking: the statements are made once, which takes longer than to answer one.
_BEGINS, _ENDS = bindparam("begins", type_=Moment), bindparam("ends", type_=Moment)
_DAY, _SLOT = bindparam("day", type_=Date), bindparam("slot", type_=String)
_PLACES: Any = bindparam("places", expanding=True)


def _given(one: SlotDay, place_ids: Sequence[int] | None) -> dict[str, Any]:
    given = {"begins": one.starts_at, "ends": one.ends_at, "day": one.day, "slot": one.slot.name}
    return given if place_ids is None else {**given, "places": list(place_ids)}


def owing(db: Session, one: SlotDay, place_ids: Sequence[int] | None = None) -> list[Resident]:
    """Who owes a report in a slot: the observed, and whoever a place has decided on (应报).

    A cadre owes one only where a household names them. A slot that had ended before the decision is
    not owed.
    """
    query = _owing(somewhere=place_ids is not None)
    return list(db.exec(query, params=_given(one, place_ids)).all())


@cache
def _owing(*, somewhere: bool) -> SelectOfScalar[Resident]:
    observed = select(Observation.resident_id).where(
        Observation.exempt == "",
        Observation.began_at < _ENDS,
        or_(col(Observation.closed_at).is_(None), col(Observation.closed_at) > _BEGINS),
    )
    decided = (col(Owes.slots).contains(_SLOT), col(Owes.since) < _ENDS)
    persons = select(Owes.resident_id).where(col(Owes.resident_id).is_not(None), *decided)
    places = (
        select(PlaceAbove.place_id)
        .join(Owes, col(Owes.place_id) == PlaceAbove.ancestor_id)
        .where(*decided)
    )
    if somewhere:
        places = places.where(col(PlaceAbove.place_id).in_(_PLACES))
    query = (
        select(Resident)
        .where(
            or_(
                col(Resident.id).in_(observed),
                col(Resident.id).in_(persons),
                and_(col(Resident.household_id).is_not(None), col(Resident.place_id).in_(places)),
            ),
            Resident.gone == "",
            or_(col(Resident.muted_until).is_(None), col(Resident.muted_until) < _DAY),
        )
        .order_by(col(Resident.id))
    )
    return query.where(col(Resident.place_id).in_(_PLACES)) if somewhere else query


def missing(db: Session, one: SlotDay, place_ids: Sequence[int] | None = None) -> list[Resident]:
    """Who owes a report in a slot and has not given one."""
    query = _missing(somewhere=place_ids is not None)
    return list(db.exec(query, params=_given(one, place_ids)).all())


@cache
def _missing(*, somewhere: bool) -> SelectOfScalar[Resident]:
    here = exists().where(
        col(SlotReading.place_id) == col(Resident.place_id),
        col(SlotReading.resident_id) == col(Resident.id),
        col(SlotReading.day) == _DAY,
        col(SlotReading.slot) == _SLOT,
    )
    elsewhere = exists().where(  # who has moved since
        col(Reading.resident_id) == col(Resident.id),
        col(Reading.day) == _DAY,
        col(Reading.slot) == _SLOT,
        col(Reading.superseded_by).is_(None),
        col(Reading.withdrawn_at).is_(None),
        col(Reading.is_exercise).is_(False),
    )
    # Of whom one of several values was said in the slot, and nobody knows which.
    together = select(Pending.resident_id).where(
        Pending.kind == "household",
        Pending.day == _DAY,
        Pending.slot == _SLOT,
        col(Pending.closed_at).is_(None),
        col(Pending.resident_id).is_not(None),
    )
    query = _owing(somewhere=somewhere)
    return query.where(~here, ~elsewhere, col(Resident.id).not_in(together))


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
    query = _owing(somewhere=True).where(Resident.id == person.id)
    return db.exec(query, params=_given(one, [person.place_id])).first() is not None
