"""Roster import, first half: what rows would add and change, and what is wrong. Writes nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from bot.clock import local_day
from bot.domain.registry import WORD_OF_ROLE, Account, Place, PlaceKind, Resident, Role, RoleName
from bot.seal import Sealer
from handlers.roster.changes import FieldChange, house_changes, own_changes
from handlers.roster.entries import read_entries
from handlers.roster.houses import House, HouseKey, find_houses, key_of
from handlers.roster.match import People, Placed
from handlers.roster.model import Column, Row, RowError, Words, roster_words
from handlers.roster.places import Places, Spot
from handlers.roster.twins import join_twins

_ABOVE = {
    RoleName.VILLAGE_DOCTOR: (PlaceKind.VILLAGE,),
    RoleName.VILLAGE_SECRETARY: (PlaceKind.VILLAGE,),
    RoleName.BUYER: (PlaceKind.VILLAGE,),
    RoleName.TOWNSHIP_DUTY: (PlaceKind.TOWNSHIP,),
    RoleName.TOWNSHIP_HEAD: (PlaceKind.TOWNSHIP,),
    RoleName.SUPERVISOR: (PlaceKind.TOWNSHIP,),
    RoleName.COUNTY_DUTY: (PlaceKind.COUNTY,),
}


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the roster and what would become of them."""

    one: Placed
    place: str
    resident: Resident | None  # None: new
    house: HouseKey | None
    changes: tuple[FieldChange, ...] = ()
    roles: tuple[tuple[RoleName, Spot], ...] = ()  # those that they do not have yet
    account_id: int | None = None  # account to be bound by its nickname

    @property
    def name(self) -> str:
        """The name."""
        return self.one.entry.name

    def __str__(self) -> str:
        """柳树沟村三组 张桂芳：电话 （空）→138****0001."""
        told = "；".join(str(change) for change in self.changes)
        return f"{self.place} {self.name}" + (f"：{told}" if told else "")


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do. Applying reads `rows` again, so an old plan does no harm."""

    add: tuple[Person, ...]
    change: tuple[Person, ...]
    same: tuple[Person, ...]
    errors: tuple[RowError, ...]  # rows left out
    notes: tuple[RowError, ...]  # rows that go in, with something worth saying
    new_households: int
    new_places: tuple[str, ...]
    rows: tuple[Row, ...] = field(repr=False)
    default_place: Place | None = field(repr=False)
    houses: dict[HouseKey, House] = field(repr=False)
    places: Places = field(repr=False)

    @property
    def rows_left_out(self) -> int:
        """How many rows do not go in."""
        return len({(error.sheet, error.row) for error in self.errors})

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that would be given, to be looked at: each opens what its place holds."""
        return tuple(
            f"{person.name} {WORD_OF_ROLE[role]} {self.places.words_of(spot)}"
            for person in (*self.add, *self.change)
            for role, spot in person.roles
        )

    def summary(self) -> str:
        """Counts in one line."""
        parts = [
            f"新增 {len(self.add)} 人",
            f"改 {len(self.change)} 人",
            f"不变 {len(self.same)} 人",
        ]
        if self.new_households:
            parts.append(f"新建 {self.new_households} 户")
        if self.new_places:
            parts.append(f"新建地点 {len(self.new_places)} 个")
        if self.roles:
            parts.append(f"新给职务 {len(self.roles)} 个")
        parts.append(f"有错没进 {self.rows_left_out} 行")
        return "，".join(parts)


def plan(
    db: Session,
    rows: Iterable[Row],
    default_place: Place | None,
    sealer: Sealer,
    now: datetime,
) -> Plan:
    """Read the rows against what we have.

    Args:
        db: only read.
        rows: as `app.sheets` gives them, or made by hand.
        default_place: where people live whose row names no place; another one is an error.
        sealer: fingerprints and masks.
        now: tells today.
    """
    kept, words = tuple(rows), roster_words()
    entries, errors, notes = read_entries(kept, words, local_day(now))
    entries, wrong, said = join_twins(entries, words.unknown_relation)
    errors += wrong
    notes += said
    places = Places(db, words, default_place)
    placed: list[Placed] = []
    for entry in entries:
        spot = places.spot(entry.row)
        if isinstance(spot, RowError):
            errors.append(spot)
            continue
        hashes = sealer.fingerprint(entry.id_number), sealer.fingerprint(entry.phone)
        placed.append(Placed(entry, spot, *hashes))
    return _Planner(db, places, words, now, errors, notes).plan(kept, placed)


@dataclass(slots=True)
class _Planner:
    db: Session
    places: Places
    words: Words
    now: datetime
    errors: list[RowError]
    notes: list[RowError]

    def plan(self, rows: tuple[Row, ...], placed: list[Placed]) -> Plan:
        known = People(self.db, self.places)
        known.load(placed)
        meant = known.meant(placed)
        sure: list[tuple[Placed, Resident | None, tuple[tuple[RoleName, Spot], ...]]] = []
        for one, who in zip(placed, meant, strict=True):
            wrong = self._wrong(one, who)
            roles = self._roles(one)
            for fault in (wrong, roles):
                if isinstance(fault, RowError):
                    self.errors.append(fault)
            if wrong is None and not isinstance(roles, RowError) and not isinstance(who, RowError):
                sure.append((one, who, roles))
        ones = [one for one, _, _ in sure]
        houses = find_houses(ones, [who for _, who, _ in sure], known)
        held = self._held([who for _, who, _ in sure])
        accounts = self._nicknames(sure, held)
        people = [
            self._person(at, one, who, roles, known, houses, held, accounts)
            for at, (one, who, roles) in enumerate(sure)
        ]
        return self._done(rows, people, houses)

    def _wrong(self, one: Placed, who: Resident | RowError | None) -> RowError | None:
        if isinstance(who, RowError):
            return who
        if who is not None and who.gone == "died":
            return one.entry.row.error(
                Column.NAME, "这个人已记为去世", "核对证件号码；真记错了，先改回来再导入"
            )
        return None

    def _roles(self, one: Placed) -> tuple[tuple[RoleName, Spot], ...] | RowError:
        """Where each role holds: where the row says so, else the level that the role belongs to."""
        entry = one.entry
        if not entry.roles:
            return ()
        charge = self.places.charge(entry.row, one.spot)
        if isinstance(charge, RowError):
            return charge
        is_told = bool(entry.row.said(Column.CHARGE))
        return tuple(
            (role, charge if is_told else self._level(role, one.spot)) for role in entry.roles
        )

    def _level(self, role: RoleName, home: Spot) -> Spot:
        kinds = _ABOVE.get(role)
        # Where that level does not exist, the narrower place: never more than was meant.
        return (self.places.at_level(home, kinds) or home) if kinds else home

    def _held(self, people: Sequence[Resident | None]) -> dict[int, set[tuple[str, int]]]:
        """Roles that the people hold today."""
        today = local_day(self.now)
        ids = [person.id or 0 for person in people if person is not None]
        held: dict[int, set[tuple[str, int]]] = {}
        for start in range(0, len(ids), 500):
            query = select(Role).where(col(Role.resident_id).in_(ids[start : start + 500]))
            for role in self.db.exec(query):
                if role.to_on is None or role.to_on >= today:
                    held.setdefault(role.resident_id, set()).add((role.role, role.place_id))
        return held

    def _nicknames(
        self,
        sure: Sequence[tuple[Placed, Resident | None, tuple[tuple[RoleName, Spot], ...]]],
        held: dict[int, set[tuple[str, int]]],
    ) -> dict[str, int]:
        """Accounts to be bound by the nickname that the roster gives: seen once, claimed once.

        A cadre's nickname binds nobody: whoever takes it would get the role.
        """
        claimed = Counter(one.entry.nickname for one, _, _ in sure)
        wanted = {
            one.entry.nickname
            for one, who, roles in sure
            if len(one.entry.nickname) > 1
            and claimed[one.entry.nickname] == 1
            and not roles
            and not (who is not None and held.get(who.id or 0))
        }
        if not wanted:
            return {}
        seen: dict[str, list[Account]] = {}
        for account in self.db.exec(select(Account).where(Account.display_name != "")):
            if account.display_name in wanted:
                seen.setdefault(account.display_name, []).append(account)
        return {
            name: accounts[0].id or 0
            for name, accounts in seen.items()
            if len(accounts) == 1 and accounts[0].resident_id is None
        }

    def _person(
        self,
        at: int,
        one: Placed,
        who: Resident | None,
        roles: tuple[tuple[RoleName, Spot], ...],
        known: People,
        houses: dict[HouseKey, House],
        held: dict[int, set[tuple[str, int]]],
        accounts: dict[str, int],
    ) -> Person:
        key = key_of(one)
        house = houses[key] if key is not None else None
        own = held.get(who.id or 0, set()) if who is not None else set()
        fresh = tuple((r, spot) for r, spot in roles if spot.new or (r, spot.base_id) not in own)
        account_id = accounts.get(one.entry.nickname)
        place = self.places.words_of(one.spot)
        if who is None:
            return Person(one, place, None, key, (), fresh, account_id)
        changes = own_changes(one, who, self.places)
        changes += house_changes(at, one, who, house, known, self.words.unknown_relation)
        changes += [
            FieldChange(Column.ROLE, "", f"{WORD_OF_ROLE[role]}（{self.places.words_of(spot)}）")
            for role, spot in fresh
        ]
        if account_id is not None:
            changes.append(FieldChange(Column.NICKNAME, "", f"{one.entry.nickname}（绑定账号）"))
        return Person(one, place, who, key, tuple(changes), fresh, account_id)

    def _done(
        self, rows: tuple[Row, ...], people: list[Person], houses: dict[HouseKey, House]
    ) -> Plan:
        spots = [person.one.spot for person in people]
        spots += [spot for person in people for _, spot in person.roles]
        cut = {Spot(s.base_id, s.new[:n]) for s in spots for n in range(1, len(s.new) + 1)}
        order = {(row.sheet, row.number): at for at, row in enumerate(rows)}

        def in_order(told: list[RowError]) -> tuple[RowError, ...]:
            return tuple(sorted(told, key=lambda e: order.get((e.sheet, e.row), -1)))

        return Plan(
            add=tuple(p for p in people if p.resident is None),
            change=tuple(p for p in people if p.resident is not None and p.changes),
            same=tuple(p for p in people if p.resident is not None and not p.changes),
            errors=in_order(self.errors),
            notes=in_order(self.notes),
            new_households=sum(house.id is None for house in houses.values()),
            new_places=tuple(sorted(self.places.words_of(spot) for spot in cut)),
            rows=rows,
            default_place=self.places.default,
            houses=houses,
            places=self.places,
        )
