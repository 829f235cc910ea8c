"""Roster import, second half: write what a plan says, in the caller's one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.clock import local_day
from bot.domain.audit import note
from bot.domain.registry import Account, Household, Resident, Role
from bot.seal import Sealer
from handlers.roster.changes import called_of
from handlers.roster.houses import HouseKey
from handlers.roster.model import roster_words
from handlers.roster.plan import Person, Plan, plan


def phone_context(resident_id: int) -> str:
    """What a sealed phone is bound to."""
    return f"resident.phone:{resident_id}"


def id_number_context(resident_id: int) -> str:
    """What a sealed identity number is bound to."""
    return f"resident.id_number:{resident_id}"


def apply(
    db: Session,
    planned: Plan,
    sealer: Sealer,
    now: datetime,
    *,
    source: str = "",
    actor: str = "command",
    actor_id: int | None = None,
) -> Plan:
    """Write it. The rows are read again against what is there now: nothing is written twice.

    Args:
        db: a session in one write transaction (`Store.begin()`).
        planned: what was looked at.
        sealer: seals numbers.
        now: when.
        source: name of the file, for the audit.
        actor: how whoever does it came in.
        actor_id: who does it, where known.

    Returns:
        What was done: equal to `planned` unless somebody wrote in between.
    """
    done = plan(db, planned.rows, planned.default_place, sealer, now)
    _Writing(db, done, sealer, now, actor, actor_id).write()
    place_id = done.default_place.id if done.default_place is not None else None
    note(
        db,
        now,
        "roster_import",
        actor=actor,
        actor_id=actor_id,
        place_id=place_id,
        words=f"{source}：{done.summary()}" if source else done.summary(),
    )
    return done


@dataclass(slots=True)
class _Writing:
    db: Session
    done: Plan
    sealer: Sealer
    now: datetime
    actor: str
    actor_id: int | None

    def write(self) -> None:
        written = [*self.done.add, *self.done.change]
        people = [self._resident(person) for person in written]
        self.db.add_all(people)
        self.db.flush()
        homes = self._households()
        for person, resident in zip(written, people, strict=True):
            self._seal(person, resident)
            self._settle(person, resident, homes)
            self._give(person, resident)
        self.db.flush()

    def _resident(self, person: Person) -> Resident:
        entry = person.one.entry
        resident = person.resident
        if resident is None:
            place_id = self.done.places.make(person.one.spot)
            resident = Resident(place_id=place_id, name=entry.name, created_at=self.now)
        elif not self.done.places.covers(person.one.spot, resident.place_id):
            resident.place_id = self.done.places.make(person.one.spot)
        resident.name, resident.gone = entry.name, ""
        resident.mark = entry.mark or resident.mark
        resident.born_on = entry.born_on or resident.born_on
        if entry.has_no_phone is not None:
            resident.has_no_phone = entry.has_no_phone
        if entry.lives_alone is not None:
            resident.lives_alone = entry.lives_alone
        return resident

    def _seal(self, person: Person, resident: Resident) -> None:
        """Numbers are sealed with the row's id, so the row is there first."""
        one, number = person.one, resident.id or 0
        if one.phone_hash and one.phone_hash != resident.phone_hash:
            resident.phone_sealed = self.sealer.seal(one.entry.phone, phone_context(number))
            resident.phone_tail = one.entry.phone[-4:]
            resident.phone_hash = one.phone_hash
        if one.id_hash and one.id_hash != resident.id_number_hash:
            sealed = self.sealer.seal(one.entry.id_number, id_number_context(number))
            resident.id_number_sealed = sealed
            resident.id_number_mask = Sealer.mask_id_number(one.entry.id_number)
            resident.id_number_hash = one.id_hash

    def _households(self) -> dict[HouseKey, Household | int]:
        """The new houses, made, and the ids of the others; those get their new address."""
        homes: dict[HouseKey, Household | int] = {}
        for key, house in self.done.houses.items():
            if house.id is None:
                place_id = self.done.places.make(house.spot)
                homes[key] = Household(place_id=place_id, address=house.address)
                self.db.add(homes[key])
            else:
                homes[key] = house.id
                if house.address:
                    self.db.get_one(Household, house.id).address = house.address
        self.db.flush()
        return homes

    def _settle(
        self, person: Person, resident: Resident, homes: dict[HouseKey, Household | int]
    ) -> None:
        """The person's place in their house."""
        if person.house is None:
            return
        entry, home = person.one.entry, homes[person.house]
        home_id = home if isinstance(home, int) else home.id or 0
        self._leave(resident, home_id)
        resident.household_id = home_id
        unknown = roster_words().unknown_relation
        resident.called = called_of(entry.relation, entry.is_head, resident.called, unknown)
        if entry.is_head:
            kept = self.db.get_one(Household, home) if isinstance(home, int) else home
            kept.householder_id = resident.id

    def _leave(self, resident: Resident, home_id: int) -> None:
        """A house whose householder moves away has none until a roster names one."""
        if resident.household_id in (None, home_id):
            return
        old = self.db.get(Household, resident.household_id)
        if old is not None and old.householder_id == resident.id:
            old.householder_id = None
            self.db.add(old)

    def _give(self, person: Person, resident: Resident) -> None:
        """Roles and the account of the nickname."""
        roles: Sequence[Role] = [
            Role(
                resident_id=resident.id or 0,
                place_id=self.done.places.make(spot),
                role=role,
                from_on=local_day(self.now),
            )
            for role, spot in person.roles
        ]
        for role in roles:
            self.db.add(role)
            note(
                self.db,
                self.now,
                "role_given",
                actor=self.actor,
                actor_id=self.actor_id,
                subject_id=role.resident_id,
                place_id=role.place_id,
                words=f"{role.role}（名册导入）",
            )
        if person.account_id is not None:
            account = self.db.get_one(Account, person.account_id)
            account.resident_id, account.bound_by = resident.id, "roster"
            self.db.add(account)
