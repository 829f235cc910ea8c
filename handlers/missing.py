"""漏报 missed reports: who owes one, who is reminded when, whose list it is at slot end."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bot.clock import clock_words, local_day
from bot.domain import reaching
from bot.domain.incidents import Incident, IncidentKind, open_incident
from bot.domain.owing import has_reported, missing, owing
from bot.domain.registry import (
    Resident,
    Role,
    RoleName,
    held_on,
    path_words,
    places_below,
)
from bot.domain.rules import SlotDay
from bot.domain.temperature import SlotStep
from bot.language.commands import Verb
from bot.outbox import Outbox
from bot.router import Router, Turn
from bot.work import SayOptions, Work
from handlers import alerts

router = Router()

NEAR_ROLES = (RoleName.GRID_WORKER, RoleName.GROUP_LEADER, RoleName.VILLAGE_SECRETARY)


@router.on_verb(Verb.MISSING)
def on_missing(turn: Turn) -> None:
    """还有谁没报: asked in a village chat it is answered privately."""
    work = turn.work
    one = work.rules.current(work.now)
    lines = []
    for place_id in turn.scope.place_ids:
        lines += place_lines(work, one, place_id)
    text = "\n".join(dict.fromkeys(lines)) or work.phrase("missing.none_owed")
    turn.reply(text, why="干部问谁没报")


def place_lines(work: Work, one: SlotDay, place_id: int) -> list[str]:
    """One line for each place below that owes reports: owed, reported, and who is missing."""
    owed: dict[int, list[Resident]] = defaultdict(list)
    for person in owing(work.db, one, places_below(work.db, place_id)):
        owed[person.place_id].append(person)
    late = {p.id for p in missing(work.db, one, list(owed))}
    lines = []
    for leaf, persons in owed.items():
        absent = [p for p in persons if p.id in late]
        lines.append(
            work.phrase(
                "missing.some" if absent else "missing.all",
                slot=one.slot.name,
                place=path_words(work.db, leaf),
                owed=len(persons),
                reported=len(persons) - len(absent),
                count=len(absent),
                names="、".join(_name(work, p) for p in absent[:30]),
                more="" if len(absent) <= 30 else f" 等{len(absent)}人",
            )
        )
    return lines


def _name(work: Work, person: Resident) -> str:
    """A missing person for the cadre: the tail of the phone, or that there is none."""
    if person.has_no_phone:
        return f"{person.name}（没手机）"
    return f"{person.name}（尾号{person.phone_tail}）" if person.phone_tail else person.name


def steps(work: Work, one: SlotDay) -> list[tuple[str, datetime]]:
    """The steps of a slot's chain and when each is due."""
    due = [
        (f"remind{number}", one.starts_at + after)
        for number, after in enumerate(work.rules.remind_after, 1)
    ]
    return [*due, ("close", one.ends_at)]


def walk(work: Work) -> None:
    """Take every step of the chain of silence that is due and not taken.

    Misfire: reminders of a slot that has ended are dropped; its closing list is sent until the next
    slot begins, later it is only marked. A step is a row, so two clocks take it once.
    """
    today = local_day(work.now)
    days = (today - timedelta(days=1), today)
    rows = work.db.exec(select(SlotStep).where(col(SlotStep.day).in_(days))).all()
    taken = {(row.day, row.slot, row.step) for row in rows}
    for day in days:
        for one in work.rules.slot_days(day):
            for step, due in steps(work, one):
                if due > work.now or (one.day, one.slot.name, step) in taken:
                    continue
                work.db.add(SlotStep(day=day, slot=one.slot.name, step=step, done_at=work.now))
                work.db.flush()
                _take(work, one, step)


def _take(work: Work, one: SlotDay, step: str) -> None:
    if step == "close":
        if work.now < work.rules.after(one).starts_at:
            close_slot(work, one)
    elif work.now < one.ends_at:
        remind(work, one, int(step.removeprefix("remind")))


def remind(work: Work, one: SlotDay, number: int) -> None:
    """Remind privately who is missing or who reports for them; then other words, and the house."""
    groups: dict[int, tuple[Any, list[Resident]]] = {}
    absent = missing(work.db, one)
    ways = _Ways(work, absent, widely=number > 1)
    for person in absent:
        for account in ways.to(person):
            groups.setdefault(account.id, (account, []))[1].append(person)
    until = clock_words(one.ends_at, local_day(work.now))
    sayings: list[tuple[Any, str, SayOptions]] = []
    for account, persons in groups.values():
        own = len(persons) == 1 and persons[0].id == account.resident_id
        text = work.phrase(
            "missing.remind_own" if own else "missing.remind_others",
            n=number - 1,
            slot=one.slot.name,
            names="、".join(p.name for p in persons),
            until=until,
        )
        options: SayOptions = {
            "key": f"remind:{one.day}:{one.slot.name}:{number}:{account.id}",
            "expires_at": one.ends_at,
            "about": ",".join(str(p.id) for p in persons),
            "why": f"{one.slot.name}报第{number}次提醒",
        }
        sayings.append((account, text, options))
    work.to_accounts(sayings, "reminder")


class _Ways:
    """By which accounts to remind each of many people, looked up for all of them together."""

    def __init__(self, work: Work, persons: Sequence[Resident], *, widely: bool) -> None:
        """`widely`: by everybody of the house."""
        self.work, self.widely = work, widely
        ids = [p.id or 0 for p in persons]
        houses = {p.household_id for p in persons if p.household_id is not None}
        self.heads = reaching.householders(work.db, houses)
        self.house = reaching.members(work.db, houses) if widely else {}
        every = {*ids, *self.heads.values(), *(m.id or 0 for h in self.house.values() for m in h)}
        self.accounts = reaching.accounts_of(work.db, every)
        self.speakers = reaching.last_speakers(work.db, ids)
        self.by_id = reaching.accounts_by_id(work.db, set(self.speakers.values()))

    def of(self, resident_id: int) -> Any:
        """The account by which a person can be told something privately, the latest heard first."""
        return next((a for a in self.accounts.get(resident_id, ()) if self.work.has_way(a)), None)

    def reporter(self, person_id: int, household_id: int | None) -> Any:
        """Whose account speaks for a person: who last reported for them, else the householder."""
        found = self.speakers.get(person_id)
        if found is not None:
            return self.by_id.get(found)
        head = self.heads.get(household_id or 0)
        return self.of(head) if head is not None else None

    def to(self, person: Resident) -> list[Any]:
        """Own, else who reports for them; widely: the house."""
        found: list[Any] = []
        person_id, house = person.id or 0, person.household_id
        own = None if person.has_no_phone else self.of(person_id)
        reporter = None
        if own is None or own.seen_at is None:
            reporter = self.reporter(person_id, house)
        speaks_for = reporter is not None and reporter.resident_id != person_id
        if own is not None and not speaks_for:
            found.append(own)
        elif reporter is not None and self.work.has_way(reporter):
            found.append(reporter)
        elif own is not None:
            found.append(own)
        if self.widely:
            for member in self.house.get(house or 0, ()):
                account = None if member.has_no_phone else self.of(member.id or 0)
                if account is not None and all(account.id != a.id for a in found):
                    found.append(account)
        return found


def stop_stale(session: Session, row: Outbox) -> str:
    """At the sender: a reminder whose people have all reported meanwhile does not leave."""
    if row.topic != "reminder" or not row.key.startswith("remind:"):
        return ""
    _, day, slot, _, _ = row.key.split(":")
    about = {int(i) for i in row.about.split(",")}
    done = has_reported(session, list(about), datetime.fromisoformat(day).date(), slot)
    return "已经报了" if about <= done else ""


def close_slot(work: Work, one: SlotDay) -> None:
    """Slot end: a list to who looks after the missing; silent twice becomes an incident."""
    absent = missing(work.db, one)
    lists: dict[int, tuple[Resident, list[Resident]]] = {}
    teams = reaching.teams(work.db, [p.id or 0 for p in absent])
    near: dict[int, list[Resident]] = {}
    for person in absent:
        for cadre in _who_looks_after(work, person, teams, near):
            lists.setdefault(cadre.id or 0, (cadre, []))[1].append(person)
    told = set(lists)
    for cadre, persons in lists.values():
        work.to_resident(
            cadre.id or 0,
            work.phrase(
                "missing.worklist",
                slot=one.slot.name,
                count=len(persons),
                names="\n".join(_line(work, p) for p in persons[:60]),
                summary=_summary(work, one, cadre, persons),
            ),
            "receipt",
            key=f"worklist:{one.day}:{one.slot.name}:{cadre.id}",
            expires_at=work.rules.after(one).starts_at,
            why="这一档结束，没报的列给管的人",
        )
    _receipts(work, one, told)
    _silences(work, one, absent)


def _who_looks_after(
    work: Work, person: Resident, teams: dict[int, list[Resident]], near: dict[int, list[Resident]]
) -> list[Resident]:
    """Their team, else the nearest cadre; `near` keeps that one for each place."""
    team = teams.get(person.id or 0)
    if team:
        return team
    if person.place_id not in near:
        near[person.place_id] = alerts.first_holders(work, person.place_id, NEAR_ROLES)[:1]
    return near[person.place_id]


def _line(work: Work, person: Resident) -> str:
    return f"· {_name(work, person)} {path_words(work.db, person.place_id)}"


def _summary(work: Work, one: SlotDay, cadre: Resident, listed: Sequence[Resident]) -> str:
    """Numbers of the cadre's own places, where the list is all that is missing there."""
    today = local_day(work.now)
    roles = work.db.exec(
        select(Role.place_id).where(Role.resident_id == cadre.id, *held_on(today))
    ).all()
    below = {p for place in roles for p in places_below(work.db, place)}
    owed = owing(work.db, one, list(below)) if below else []
    absent = {p.id for p in missing(work.db, one, list(below))} if below else set()
    if absent != {p.id for p in listed}:
        return ""
    return work.phrase(
        "missing.summary", owed=len(owed), reported=len(owed) - len(absent), count=len(absent)
    )


def _receipts(work: Work, one: SlotDay, told: set[int]) -> None:
    """Tell the cadre of each place where everybody has reported that nothing is left to do."""
    by_place: dict[int, list[Resident]] = defaultdict(list)
    for person in owing(work.db, one):
        by_place[person.place_id].append(person)
    counted: dict[int, tuple[Resident, int]] = {}
    for place_id, persons in by_place.items():
        for cadre in alerts.first_holders(work, place_id, NEAR_ROLES)[:1]:
            if cadre.id not in told:
                _, count = counted.get(cadre.id or 0, (cadre, 0))
                counted[cadre.id or 0] = (cadre, count + len(persons))
    for cadre, count in counted.values():
        work.to_resident(
            cadre.id or 0,
            work.phrase("missing.receipt", slot=one.slot.name, count=count),
            "receipt",
            key=f"worklist:{one.day}:{one.slot.name}:{cadre.id}",
            expires_at=work.rules.after(one).starts_at,
            why="这一档结束，报齐了也说一声",
        )


def _silences(work: Work, one: SlotDay, absent: Sequence[Resident]) -> None:
    """Silent in this slot and in the one before: 失联, to the team and the village secretary."""
    slots = work.rules.slots
    index = slots.index(one.slot)
    before = SlotDay(one.day if index else one.day - timedelta(days=1), slots[index - 1])
    if not (_was_walked(work, before, "close") and _was_walked(work, one, "remind1")):
        return  # we were not there to hear them: nobody is lost for that
    still = {p.id for p in missing(work.db, before)}
    for person in absent:
        if person.id not in still or open_incident(work.db, IncidentKind.SILENCE, person.id or 0):
            continue
        probe = Incident(
            kind=IncidentKind.SILENCE,
            place_id=person.place_id,
            resident_id=person.id,
            opened_at=work.now,
        )
        alerts.open_incident(
            work,
            IncidentKind.SILENCE,
            person.place_id,
            work.phrase("missing.silent", who=alerts.who_words(work, person)),
            person=person,
            tell=alerts.receivers(work, probe, work.rules.told["silence"]),
        )


def _was_walked(work: Work, one: SlotDay, step: str) -> bool:
    """Whether a step of a slot was taken in time: we were up and heard what was said."""
    row = work.db.get(SlotStep, (one.day, one.slot.name, step))
    return row is not None and row.done_at < work.rules.after(one).starts_at


def next_step(work: Work) -> datetime | None:
    """When the chain has its next step (the clock that is moved by hand stops there)."""
    today = local_day(work.now)
    due = [
        moment
        for day in (today, today + timedelta(days=1))
        for one in work.rules.slot_days(day)
        for _, moment in steps(work, one)
        if moment > work.now
    ]
    return min(due, default=None)
