"""Invented counties, put in with plain statements: what is measured is the product, not this."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from ground import CHANNEL
from sqlalchemy import insert
from sqlmodel import Session

from app.world import World
from bot.domain.registry import (
    Account,
    Chat,
    Household,
    Place,
    PlaceAbove,
    PlaceKind,
    Resident,
)
from bot.domain.temperature import Owes

NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)  # 08:12 in China, in the morning's slot
CITY, COUNTY = "临山市", "朝阳县"


def places(session: Session, villages: int, now: datetime = NOW) -> tuple[World, list[int]]:
    """A city, a county, towns of a hundred villages; the ids of the villages."""
    world = World(session, CHANNEL, now)
    towns = [world.place((CITY, COUNTY, f"第{n + 1}镇")) for n in range(-(-villages // 100))]
    above = world.place((CITY, COUNTY))
    city = world.place((CITY,))
    first = (max(town.id or 0 for town in towns)) + 1
    ids = list(range(first, first + villages))
    town_of = {i: towns[k // 100].id for k, i in enumerate(ids)}
    _put(
        session,
        Place,
        [
            {"id": i, "parent_id": town_of[i], "kind": PlaceKind.VILLAGE, "name": f"第{i}村"}
            for i in ids
        ],
    )
    chain = [(i, (i, town_of[i], above.id, city.id)) for i in ids]
    _put(
        session,
        PlaceAbove,
        [
            {"ancestor_id": one, "place_id": i, "depth": depth}
            for i, line in chain
            for depth, one in enumerate(line)
        ],
    )
    return world, ids


def people(session: Session, villages: Sequence[int], each: int, now: datetime = NOW) -> list[int]:
    """So many residents with a house and an account in each village; their ids."""
    ids = list(range(1_000, 1_000 + len(villages) * each))
    place = {i: villages[k // each] for k, i in enumerate(ids)}
    _put(session, Household, [{"id": i, "place_id": place[i], "householder_id": i} for i in ids])
    _put(
        session,
        Resident,
        [
            {
                "id": i,
                "place_id": place[i],
                "household_id": i,
                "name": f"王{chr(0x4E00 + i % 900)}{chr(0x5E00 + i // 900)}",
                "created_at": now,
            }
            for i in ids
        ],
    )
    _put(
        session,
        Account,
        [
            {
                "id": i,
                "channel": CHANNEL,
                "account": f"u{i}",
                "resident_id": i,
                "bound_by": "roster",
                "has_private_way": True,
                "seen_at": now,
            }
            for i in ids
        ],
    )
    return ids


def all_owe(session: Session, villages: Sequence[int], since: datetime = NOW) -> None:
    """Every village has decided that everybody reports, mornings and evenings."""
    rows = [{"place_id": i, "slots": "早晚", "since": since} for i in villages]
    _put(session, Owes, rows)


def groups(session: Session, villages: Sequence[int], channel: str) -> list[str]:
    """One group a village, heard by nobody, spoken to by a webhook; their references."""
    refs = [f"g{i:06d}" for i in villages]
    _put(
        session,
        Chat,
        [
            {
                "place_id": i,
                "purpose": "residents",
                "title": ref,
                "in_channel": CHANNEL,
                "in_ref": ref,
                "out_channel": channel,
                "out_ref": ref,
                "members": 100,
            }
            for i, ref in zip(villages, refs, strict=True)
        ],
    )
    return refs


def days_before(day: date, count: int) -> list[date]:
    """So many days that end with this one."""
    return [day - timedelta(days=n) for n in reversed(range(count))]


def _put(session: Session, table: type, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), 20_000):
        session.connection().execute(insert(table), rows[start : start + 20_000])
