"""How people are reached, asked for many at once: accounts, who reports for whom, who looks after.

One question for each person of a county would keep the clock busy for minutes.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import case
from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from bot.domain.care import TeamMember
from bot.domain.listed import listed
from bot.domain.registry import Account, Household, Resident
from bot.domain.temperature import Reading

# Columns, because an object for each costs more than all the rest; of `seen_at` only whether.
_ACCOUNT = (
    col(Account.id),
    col(Account.channel),
    col(Account.account),
    col(Account.resident_id),
    col(Account.has_private_way),
    case((col(Account.seen_at).is_not(None), True)).label("seen_at"),
)


def accounts_of(db: Session, resident_ids: Collection[int]) -> dict[int, list[Any]]:
    """The accounts of each of some people, the latest heard first, as rows of columns."""
    query = (
        columns(*_ACCOUNT)
        .where(col(Account.resident_id).in_(listed(db, resident_ids)))
        .order_by(col(Account.seen_at).desc(), col(Account.id))
    )
    found: dict[int, list[Any]] = {}
    for row in db.connection().execute(query):
        found.setdefault(row.resident_id, []).append(row)
    return found


def last_speakers(db: Session, resident_ids: Collection[int]) -> dict[int, int]:
    """By which account each of some people was last reported."""
    latest = (
        select(func.max(Reading.id))
        .where(
            col(Reading.resident_id).in_(listed(db, resident_ids)),
            col(Reading.said_by).is_not(None),
        )
        .group_by(col(Reading.resident_id))
    )
    query = select(Reading.resident_id, Reading.said_by).where(col(Reading.id).in_(latest))
    return {who: by for who, by in db.exec(query).all() if by is not None}


def accounts_by_id(db: Session, ids: Collection[int]) -> dict[int, Any]:
    """Accounts by their own ids, as rows of columns."""
    query = columns(*_ACCOUNT).where(col(Account.id).in_(listed(db, ids)))
    return {row.id: row for row in db.connection().execute(query)}


def householders(db: Session, household_ids: Collection[int]) -> dict[int, int]:
    """Who heads each of some houses."""
    query = select(Household.id, Household.householder_id).where(
        col(Household.id).in_(listed(db, household_ids))
    )
    return {i: who for i, who in db.exec(query).all() if i and who is not None}


def members(db: Session, household_ids: Collection[int]) -> dict[int, list[Resident]]:
    """The people of each of some houses, householder first."""
    query = (
        select(Resident)
        .where(col(Resident.household_id).in_(listed(db, household_ids)), Resident.gone == "")
        .order_by(col(Resident.id))
    )
    found: dict[int, list[Resident]] = {}
    for person in db.exec(query).all():
        found.setdefault(person.household_id or 0, []).append(person)
    return found


def teams(db: Session, resident_ids: Collection[int]) -> dict[int, list[Resident]]:
    """The care team of each of some people who has one, primary first."""
    order = {"primary": 0, "deputy": 1, "member": 2}
    found: dict[int, list[tuple[int, int, Resident]]] = {}
    query = (
        select(TeamMember, Resident)
        .join(Resident, col(Resident.id) == TeamMember.member_id)
        .where(col(TeamMember.resident_id).in_(listed(db, resident_ids)))
    )
    for member, person in db.exec(query).all():
        line = (order[member.part], person.id or 0, person)
        found.setdefault(member.resident_id, []).append(line)
    return {
        who: [line[2] for line in sorted(lines, key=lambda x: x[:2])]
        for who, lines in found.items()
    }
