"""Places, households, people, accounts, chats and roles: who is who, and who may see what.

What every turn asks is a statement made once, with the values as parameters: making one costs
several times as much as running it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BindParameter, ColumnElement, Date, Index, bindparam
from sqlalchemy import select as columns
from sqlmodel import Field, Session, SQLModel, col, or_, select

from bot.domain import absent
from bot.domain.types import Moment


class PlaceKind(StrEnum):
    """Levels that have a name of their own; the tree may be of any depth."""

    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"
    VILLAGER_GROUP = "villager_group"
    GRID = "grid"
    POST = "post"


class ChatPurpose(StrEnum):
    """Who a chat is for."""

    RESIDENTS = "residents"
    CADRES = "cadres"
    CARE_TEAM = "care_team"
    PRIVATE = "private"


class RoleName(StrEnum):
    """What somebody is, for a place."""

    GRID_WORKER = "grid_worker"
    VILLAGE_DOCTOR = "village_doctor"
    VILLAGE_SECRETARY = "village_secretary"
    GROUP_LEADER = "group_leader"
    TOWNSHIP_DUTY = "township_duty"
    TOWNSHIP_HEAD = "township_head"
    COUNTY_DUTY = "county_duty"
    BUYER = "buyer"
    SUPERVISOR = "supervisor"


ROLE_WORDS = {
    "网格员": RoleName.GRID_WORKER,
    "村医": RoleName.VILLAGE_DOCTOR,
    "村支书": RoleName.VILLAGE_SECRETARY,
    "组长": RoleName.GROUP_LEADER,
    "镇值班": RoleName.TOWNSHIP_DUTY,
    "镇长": RoleName.TOWNSHIP_HEAD,
    "县值班": RoleName.COUNTY_DUTY,
    "代购员": RoleName.BUYER,
    "督导员": RoleName.SUPERVISOR,
}
WORD_OF_ROLE = {role: word for word, role in ROLE_WORDS.items()}


PURPOSE_WORDS = {
    "村民": ChatPurpose.RESIDENTS,
    "干部": ChatPurpose.CADRES,
    "包保": ChatPurpose.CARE_TEAM,
    "私聊": ChatPurpose.PRIVATE,
}
WORD_OF_PURPOSE = {purpose: word for word, purpose in PURPOSE_WORDS.items()}


class Place(SQLModel, table=True):
    """A node of the tree of places."""

    id: int | None = Field(default=None, primary_key=True)
    parent_id: int | None = Field(default=None, foreign_key="place.id", index=True)
    kind: str
    name: str = Field(index=True)


class PlaceAbove(SQLModel, table=True):
    """Closure of the tree: each place is above itself too."""

    __tablename__ = "place_above"
    ancestor_id: int = Field(foreign_key="place.id", primary_key=True)
    place_id: int = Field(foreign_key="place.id", primary_key=True, index=True)
    depth: int = 0


class Household(SQLModel, table=True):
    """A house and who heads it."""

    id: int | None = Field(default=None, primary_key=True)
    place_id: int = Field(foreign_key="place.id", index=True)
    address: str = ""
    householder_id: int | None = Field(default=None, index=True)


class Resident(SQLModel, table=True):
    """A person. Cadres are residents with a role; the key is ours, never a platform's id."""

    id: int | None = Field(default=None, primary_key=True)
    place_id: int = Field(foreign_key="place.id", index=True)
    household_id: int | None = Field(default=None, foreign_key="household.id", index=True)
    name: str = Field(index=True)
    called: str = ""  # kinship word by which the householder calls them, as said
    mark: str = ""  # tells two people of one name apart: 东头, 三组
    has_no_phone: bool = False
    lives_alone: bool = False
    born_on: date | None = None
    phone_sealed: bytes | None = None
    phone_tail: str = ""
    phone_hash: str = Field(default="", index=True)
    id_number_sealed: bytes | None = None
    id_number_mask: str = ""
    id_number_hash: str = Field(default="", index=True)
    muted_until: date | None = None
    muted_reason: str = ""
    takes_publicity: bool = True
    gone: str = ""  # "", moved, died
    usual_site: str = ""
    created_at: datetime | None = Field(default=None, sa_type=Moment)


class Account(SQLModel, table=True):
    """A platform account. One may speak for a household; its id may change."""

    __table_args__ = (Index("uq_account_channel_account", "channel", "account", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    channel: str
    account: str
    display_name: str = ""
    resident_id: int | None = Field(default=None, foreign_key="resident.id", index=True)
    bound_by: str = ""  # name, code, cadre, roster
    has_private_way: bool | None = None  # None: not known yet, the channel's own rule decides
    seen_at: datetime | None = Field(default=None, sa_type=Moment)


class Chat(SQLModel, table=True):
    """A chat; inbound and outbound channel apart (one platform hears, another pushes)."""

    __table_args__ = (Index("uq_chat_in", "in_channel", "in_ref", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    place_id: int | None = Field(default=None, foreign_key="place.id", index=True)
    purpose: str = ChatPurpose.RESIDENTS
    title: str = ""
    in_channel: str = ""
    in_ref: str = ""
    out_channel: str = ""
    out_ref: str = ""
    members: int = 0
    muted_until: datetime | None = Field(default=None, sa_type=Moment)
    heard_at: datetime | None = Field(default=None, sa_type=Moment)
    is_removed: bool = False


class Role(SQLModel, table=True):
    """What a resident is for a place, and since when."""

    id: int | None = Field(default=None, primary_key=True)
    resident_id: int = Field(foreign_key="resident.id", index=True)
    place_id: int = Field(foreign_key="place.id", index=True)
    role: str
    from_on: date | None = None
    to_on: date | None = None


class SameName(SQLModel, table=True):
    """Which of two people of one name a speaker means: asked once, remembered."""

    __tablename__ = "same_name"
    account_id: int = Field(foreign_key="account.id", primary_key=True)
    spoken: str = Field(primary_key=True)
    resident_id: int = Field(foreign_key="resident.id")


absent.watch(SameName)
_WHO_TAUGHT = columns(col(SameName.account_id)).where(
    col(SameName.account_id).in_(bindparam("account_ids", expanding=True))
)


def look_learnt(db: Session, account_ids: Collection[int]) -> None:
    """Find out of which accounts a word was learnt; the others are not asked about again."""
    absent.look(db, SameName, _WHO_TAUGHT, account_ids)


def learnt(db: Session, account_id: int, spoken: str) -> SameName | None:
    """What was learnt of a word of this account."""
    if absent.is_absent(db, SameName, account_id):
        return None
    return db.get(SameName, (account_id, spoken))


class Proxy(SQLModel, table=True):
    """Somebody who reports for another, and whether a cadre has agreed."""

    reporter_id: int = Field(foreign_key="resident.id", primary_key=True)
    resident_id: int = Field(foreign_key="resident.id", primary_key=True)
    state: str = "asked"  # asked, agreed, refused
    since_on: date | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What one person may see and do: their roles, each for a place and all below it."""

    resident_id: int
    roles: tuple[tuple[str, int], ...]  # (role, place id)

    @property
    def is_cadre(self) -> bool:
        """Whether they hold any role."""
        return bool(self.roles)

    def has(self, *names: str) -> bool:
        """Whether they hold one of these roles anywhere."""
        return any(role in names for role, _ in self.roles)

    @property
    def place_ids(self) -> tuple[int, ...]:
        """Places at which they hold a role."""
        return tuple(place for _, place in self.roles)


def add_place(db: Session, parent: Place | None, name: str, kind: str) -> Place:
    """Make a place and its rows of the closure."""
    place = Place(parent_id=parent.id if parent else None, name=name, kind=kind)
    db.add(place)
    db.flush()
    place_id = place.id or 0
    above = [(place_id, 0)]
    if parent is not None:
        rows = db.exec(select(PlaceAbove).where(PlaceAbove.place_id == parent.id)).all()
        above += [(row.ancestor_id, row.depth + 1) for row in rows]
    for ancestor_id, depth in above:
        db.add(PlaceAbove(ancestor_id=ancestor_id, place_id=place_id, depth=depth))
    db.flush()
    return place


_ABOVE = (
    select(Place)
    .join(PlaceAbove, col(PlaceAbove.ancestor_id) == Place.id)
    .where(PlaceAbove.place_id == bindparam("place_id"))
    .order_by(col(PlaceAbove.depth))
)


def places_above(db: Session, place_id: int) -> list[Place]:
    """The place itself and all above it, nearest first."""
    return list(db.exec(_ABOVE, params={"place_id": place_id}).all())


def places_below(db: Session, place_id: int) -> list[int]:
    """Ids of the place itself and all below it."""
    query = select(PlaceAbove.place_id).where(PlaceAbove.ancestor_id == place_id)
    return list(db.exec(query).all())


def is_below(db: Session, place_id: int, ancestor_id: int) -> bool:
    """Whether a place lies in the subtree of another (or is it)."""
    return db.get(PlaceAbove, (ancestor_id, place_id)) is not None


def village_of(db: Session, place_id: int) -> Place:
    """The village a place lies in; where there is none above it, the place itself."""
    above = places_above(db, place_id)
    return next((p for p in above if p.kind == PlaceKind.VILLAGE), above[0])


def path_words(db: Session, place_id: int) -> str:
    """A place as people say it: its village and below, 柳树沟村三组."""
    names: list[str] = []
    for place in places_above(db, place_id):
        names.append(place.name)
        if place.kind in (PlaceKind.VILLAGE, PlaceKind.TOWNSHIP, PlaceKind.COUNTY):
            break
    return "".join(reversed(names))


def held_on(on: date | BindParameter[date]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Conditions under which a row of Role holds on a day."""
    return (
        or_(col(Role.from_on).is_(None), col(Role.from_on) <= on),
        or_(col(Role.to_on).is_(None), col(Role.to_on) >= on),
    )


_HELD = (
    select(Role.resident_id, Role.role, Role.place_id)
    .where(
        col(Role.resident_id).in_(bindparam("people", expanding=True)),
        *held_on(bindparam("day", type_=Date)),
    )
    .order_by(col(Role.id))
)


def scopes_of(db: Session, resident_ids: Collection[int], on: date) -> dict[int, Scope]:
    """The roles that each of some people holds on a day."""
    roles: dict[int, list[tuple[str, int]]] = {one: [] for one in resident_ids}
    held = db.exec(_HELD, params={"people": list(resident_ids), "day": on}).all()
    for resident_id, role, place_id in held:
        roles[resident_id].append((role, place_id))
    return {one: Scope(one, tuple(own)) for one, own in roles.items()}


def scope_of(db: Session, resident_id: int, on: date) -> Scope:
    """The roles that a person holds on a day."""
    return scopes_of(db, (resident_id,), on)[resident_id]


def may_see(db: Session, scope: Scope, place_id: int) -> bool:
    """Whether a place lies below one where this person holds a role: below, never beside."""
    return any(is_below(db, place_id, own) for own in scope.place_ids)


_HOLDERS = (
    select(Resident, PlaceAbove.depth)
    .join(Role, col(Role.resident_id) == Resident.id)
    .join(PlaceAbove, col(PlaceAbove.ancestor_id) == Role.place_id)
    .where(
        PlaceAbove.place_id == bindparam("place_id"),
        Role.role == bindparam("role"),
        *held_on(bindparam("day", type_=Date)),
    )
    .order_by(col(PlaceAbove.depth), col(Role.id))
)


def holders(db: Session, place_id: int, role: str, on: date) -> list[Resident]:
    """Who holds a role for a place: at the place itself or the nearest level above that has one."""
    found = db.exec(_HOLDERS, params={"place_id": place_id, "role": role, "day": on}).all()
    return [resident for resident, depth in found if depth == found[0][1]]


def residents_of_place(db: Session, place_id: int) -> list[Resident]:
    """Everybody who lives at a place or below it (cadres without a house there too)."""
    query = (
        select(Resident)
        .join(PlaceAbove, col(PlaceAbove.place_id) == Resident.place_id)
        .where(PlaceAbove.ancestor_id == place_id, Resident.gone == "")
        .order_by(col(Resident.id))
    )
    return list(db.exec(query).all())


_MEMBERS = (
    select(Resident)
    .where(Resident.household_id == bindparam("household_id"), Resident.gone == "")
    .order_by(col(Resident.id))
)


def household_members(db: Session, household_id: int) -> list[Resident]:
    """The people of a house, householder first."""
    return list(db.exec(_MEMBERS, params={"household_id": household_id}).all())
