"""Whom a roster's row means: by identity number, by phone, by name and place."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from bot.domain.registry import Household, Resident
from bot.likeness import sound
from handlers.roster.entries import Entry
from handlers.roster.model import Column, RowError
from handlers.roster.places import Places, Spot

T = TypeVar("T")
_CHUNK = 500  # values in one IN (…): under the limit of every store


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry with its place and its fingerprints."""

    entry: Entry
    spot: Spot
    id_hash: str
    phone_hash: str


@dataclass
class People:
    """The residents that the rows may mean, their households, and who heads those."""

    db: Session
    places: Places
    by_id_hash: dict[str, Resident] = field(default_factory=dict)
    by_phone: dict[str, list[Resident]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[str, list[Resident]] = field(default_factory=lambda: defaultdict(list))
    households: dict[int, Household] = field(default_factory=dict)
    head_names: dict[int, str] = field(default_factory=dict)  # household id → householder's name
    _ids: set[int] = field(default_factory=set)

    def load(self, placed: Sequence[Placed]) -> None:
        """Read those whom the rows may mean."""
        for person in self._residents(Resident.id_number_hash, (p.id_hash for p in placed)):
            self.by_id_hash[person.id_number_hash] = person
        for person in self._residents(Resident.phone_hash, (p.phone_hash for p in placed)):
            self.by_phone[person.phone_hash].append(person)
        for person in self._residents(Resident.name, (p.entry.name for p in placed)):
            self.by_name[person.name].append(person)
        self._load_households({p.spot.base_id for p in placed if p.spot.base_id})

    def _residents(self, column: Any, values: Iterable[str]) -> Iterable[Resident]:
        for chunk in _chunks(value for value in values if value):
            for person in self.db.exec(select(Resident).where(col(column).in_(chunk))):
                self._ids.add(person.household_id or 0)
                yield person

    def _load_households(self, place_ids: set[int]) -> None:
        for column, values in ((Household.place_id, place_ids), (Household.id, self._ids)):
            for chunk in _chunks(values):
                query = (
                    select(Household, Resident.name)
                    .join(Resident, col(Resident.id) == Household.householder_id, isouter=True)
                    .where(col(column).in_(chunk))
                    .order_by(col(Household.id))
                )
                for household, name in self.db.exec(query).all():
                    self.households[household.id or 0] = household
                    self.head_names[household.id or 0] = name or ""

    def meant(self, placed: Sequence[Placed]) -> list[Resident | RowError | None]:
        """For each row the resident, None (new), or who cannot be told apart; nobody twice."""
        found: list[Resident | RowError | None] = [None] * len(placed)
        taken: set[int] = set()
        names = Counter(p.entry.name for p in placed)
        passes: tuple[Callable[[Placed], list[Resident]], ...] = (
            self._by_id_number,
            self._by_phone,
            lambda one: self._by_name(one, is_only=names[one.entry.name] == 1),
        )
        for candidates in passes:
            for at, one in enumerate(placed):
                if found[at] is not None:
                    continue
                free = [p for p in candidates(one) if p.id not in taken]
                if len(free) > 1:
                    found[at] = _which(one.entry, free)
                elif free:
                    found[at] = free[0]
                    taken.add(free[0].id or 0)
        return found

    def _by_id_number(self, one: Placed) -> list[Resident]:
        person = self.by_id_hash.get(one.id_hash) if one.id_hash else None
        return [person] if person is not None else []

    def _by_phone(self, one: Placed) -> list[Resident]:
        """A house shares a phone: the name must be the same or sound the same (a slip)."""
        alike = [
            person
            for person in self.by_phone.get(one.phone_hash, ())
            if sounds_alike(person.name, one.entry.name) and not _contradicts(person, one)
        ]
        exact = [person for person in alike if person.name == one.entry.name]
        return _narrowed(exact or alike, one, self)

    def _by_name(self, one: Placed, *, is_only: bool) -> list[Resident]:
        near = [
            person
            for person in self.by_name.get(one.entry.name, ())
            if not person.gone
            and not _contradicts(person, one)
            and self.places.covers(one.spot, person.place_id)
        ]
        if is_only and len(near) == 1:
            return near
        return _narrowed([person for person in near if self._may_live(person, one)], one, self)

    def _may_live(self, person: Resident, one: Placed) -> bool:
        """Whether a person may live in the house of a row: where one is not told, yes."""
        head = self.head_names.get(person.household_id or 0, "")
        return not head or not one.entry.householder or head == one.entry.householder


def _contradicts(person: Resident, one: Placed) -> bool:
    """Another number or another birthday: another person, whatever the name."""
    if one.id_hash and person.id_number_hash and one.id_hash != person.id_number_hash:
        return True
    born = one.entry.born_on
    return born is not None and person.born_on is not None and born != person.born_on


def _narrowed(people: list[Resident], one: Placed, known: People) -> list[Resident]:
    """Of several, those whom phone, house, mark, address or place speak for."""
    entry = one.entry

    def heads(person: Resident) -> str:
        return known.head_names.get(person.household_id or 0, "")

    def address(person: Resident) -> str:
        home = known.households.get(person.household_id or 0)
        return home.address if home is not None else ""

    tests: tuple[Callable[[Resident], bool], ...] = (
        lambda person: bool(one.phone_hash) and person.phone_hash == one.phone_hash,
        lambda person: bool(entry.householder) and heads(person) == entry.householder,
        lambda person: bool(entry.mark) and person.mark == entry.mark,
        lambda person: bool(entry.address) and address(person) == entry.address,
        lambda person: person.place_id == one.spot.base_id and not one.spot.new,
    )
    for test in tests:
        if len(people) > 1:
            people = [person for person in people if test(person)] or people
    return people


def sounds_alike(one: str, other: str) -> bool:
    """The same name, or one that is read the same (建国, 建囯)."""
    if one == other or len(one) != len(other):
        return one == other
    return not one.isascii() and sound(one) == sound(other)


def _which(entry: Entry, people: Sequence[Resident]) -> RowError:
    column = Column.NAME
    return entry.row.error(
        column,
        f"已有 {len(people)} 个“{entry.name}”，不知道是哪个",
        "写上身份证号、电话或户主，再导入",
    )


def _chunks(values: Iterable[T]) -> Iterable[list[T]]:
    unique = list(dict.fromkeys(values))
    for start in range(0, len(unique), _CHUNK):
        yield unique[start : start + _CHUNK]
