"""Households of a roster: which rows are one house, and which of ours that is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.registry import Household, Resident
from handlers.roster.match import People, Placed
from handlers.roster.places import Spot

HouseKey = tuple[Spot, str, str, int]


@dataclass(slots=True)
class House:
    """One house of the roster. `id` None: to be made."""

    spot: Spot
    householder: str
    id: int | None = None
    address: str = ""  # as the roster says it; "": it says nothing new
    members: list[int] = field(default_factory=list)  # places in the list of rows
    head: int | None = None  # the same, of the householder


def key_of(one: Placed) -> HouseKey | None:
    """Rows of one key live in one house; None where no house is told."""
    entry = one.entry
    if not entry.householder:
        return None
    return (one.spot, entry.house_no, entry.householder, entry.houses)


def find_houses(
    placed: Sequence[Placed], residents: Sequence[Resident | None], known: People
) -> dict[HouseKey, House]:
    """The houses of the rows, each with our household where a member or the head's name leads."""
    houses: dict[HouseKey, House] = {}
    for at, one in enumerate(placed):
        key = key_of(one)
        if key is None:
            continue
        house = houses.setdefault(key, House(one.spot, one.entry.householder))
        house.members.append(at)
        house.address = house.address or one.entry.address
        if one.entry.is_head:
            house.head = at
    taken: set[int] = set()
    for house in houses.values():
        house.id = _by_members(house, residents, known, taken)
        if house.id is not None:
            taken.add(house.id)
    by_head: dict[str, list[Household]] = {}
    for home in known.households.values():
        by_head.setdefault(known.head_names[home.id or 0], []).append(home)
    for house in houses.values():
        if house.id is None:
            house.id = _by_head(house, by_head.get(house.householder, []), known, taken)
            if house.id is not None:
                taken.add(house.id)
        home_now = known.households.get(house.id or 0)
        if home_now is not None and house.address == home_now.address:
            house.address = ""
    return houses


def _by_members(
    house: House, residents: Sequence[Resident | None], known: People, taken: set[int]
) -> int | None:
    """The one that the householder heads, else a member's if it is headed so or by nobody."""
    first = [] if house.head is None else [house.head]
    for at in (*first, *house.members):
        person = residents[at]
        home = known.households.get((person.household_id or 0) if person is not None else 0)
        if person is None or home is None or home.id in taken:
            continue
        heads_it = at == house.head and home.householder_id == person.id
        if heads_it or known.head_names[home.id or 0] in ("", house.householder):
            return home.id
    return None


def _by_head(
    house: House, homes: Sequence[Household], known: People, taken: set[int]
) -> int | None:
    """Of those headed by that name the one at the place; the address picks of several."""
    found = [
        home
        for home in homes
        if home.id not in taken and known.places.covers(house.spot, home.place_id)
    ]
    same = [home for home in found if house.address and home.address == house.address]
    return (same or found)[0].id if len(same or found) == 1 else None
