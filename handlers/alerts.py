"""Shared: open an incident and tell the right people about it, privately and at once."""

from collections.abc import Sequence
from datetime import timedelta

from bot.clock import clock_words, local_day
from bot.domain.care import open_observation, team_of
from bot.domain.incidents import (
    WORD_OF_INCIDENT,
    Incident,
    IncidentKind,
    IncidentStep,
    told_residents,
)
from bot.domain.registry import (
    WORD_OF_ROLE,
    Household,
    Resident,
    RoleName,
    holders,
    path_words,
)
from bot.domain.rules import Escalation
from bot.work import Work

STAND_INS = (RoleName.GRID_WORKER, RoleName.GROUP_LEADER, RoleName.VILLAGE_SECRETARY)


def receivers(work: Work, incident: Incident, to: Sequence[str]) -> list[Resident]:
    """Turn the words of a rule pack (team, deputy, a role …) into people, each once.

    Where there is no care team the grid worker stands in; where a role has no holder in the
    village, the nearest level above that has one.
    """
    found: list[Resident] = []
    for word in to:
        found += _holders(work, incident, word)
    unique: dict[int, Resident] = {}
    for person in found:
        if person.id is not None and person.id != incident.resident_id:
            unique.setdefault(person.id, person)
    return list(unique.values())


def _holders(work: Work, incident: Incident, word: str) -> list[Resident]:
    today = local_day(work.now)
    subject = incident.resident_id or 0
    if word in ("team", "primary", "deputy"):
        team = team_of(work.db, subject, "" if word == "team" else word) if subject else []
        if team or word == "deputy":
            return team
        if word == "primary":
            return []
        return first_holders(work, incident.place_id, STAND_INS)
    return holders(work.db, incident.place_id, word, today)


def first_holders(work: Work, place_id: int, roles: Sequence[str]) -> list[Resident]:
    """Holders of the first of these roles that has any."""
    today = local_day(work.now)
    for role in roles:
        people = holders(work.db, place_id, role, today)
        if people:
            return people
    return []


def told_by_kind(work: Work, incident: Incident, kind: str) -> list[Resident]:
    """Who hears first of a kind of situation: the first word of the rule pack that has a holder."""
    words = work.rules.told.get(kind, ("village_secretary",))
    if kind == "shortage":
        for word in words:
            people = receivers(work, incident, (word,))
            if people:
                return people
        return []
    return receivers(work, incident, words)


def who_words(work: Work, person: Resident) -> str:
    """A person for the team: name, place, whose house, and the day of observation."""
    parts = [person.name]
    home = work.db.get(Household, person.household_id) if person.household_id else None
    if home is not None and home.householder_id not in (None, person.id):
        holder = work.db.get(Resident, home.householder_id)
        parts.append(
            f"（{path_words(work.db, person.place_id)} {holder.name if holder else ''}家）"
        )
    else:
        parts.append(f"（{path_words(work.db, person.place_id)}）")
    seen = open_observation(work.db, person.id or 0)
    if seen is not None:
        parts.append(f" 隔离第{seen.day_number(local_day(work.now))}天")
    return "".join(parts)


def open_incident(
    work: Work,
    kind: IncidentKind,
    place_id: int,
    summary: str,
    *,
    person: Resident | None = None,
    clock: Sequence[Escalation] = (),
    tell: Sequence[Resident] | None = None,
    phrase: str = "incident.told",
    reading_id: int | None = None,
    chat_id: int | None = None,
    is_urgent: bool = False,
) -> Incident:
    """Open an incident and take the first step of its clock (or tell `tell`)."""
    incident = Incident(
        kind=kind,
        place_id=place_id,
        resident_id=person.id if person else None,
        message_id=work.message_id,
        summary=summary,
        is_exercise=work.is_exercise,
        opened_at=work.now,
        reading_id=reading_id,
        chat_id=chat_id,
        is_urgent=is_urgent,
    )
    work.db.add(incident)
    work.db.flush()
    work.mark_fact()
    work.note(f"事件：{WORD_OF_INCIDENT[kind]}")
    if clock:
        take_step(work, incident, clock)
    else:
        people = list(tell) if tell is not None else told_by_kind(work, incident, kind)
        tell_all(work, incident, people, phrase)
    return incident


def take_step(work: Work, incident: Incident, clock: Sequence[Escalation]) -> list[Resident]:
    """Tell whom the next step of a clock names, and set when the one after is due."""
    if incident.step >= len(clock):  # a fever that rose late: its new clock has no step left
        incident.next_at = None
        work.db.add(incident)
        return []
    step = clock[incident.step]
    people = [
        p
        for p in receivers(work, incident, step.to)
        if p.id not in told_residents(work.db, incident.id or 0)
    ]
    tell_all(
        work, incident, people, "incident.told" if incident.step == 0 else "incident.escalated"
    )
    if incident.step > 0 and people:
        incident.escalated_to = people[0].id
    incident.step += 1
    incident.next_at = (
        incident.opened_at + clock[incident.step].after if incident.step < len(clock) else None
    )
    work.db.add(incident)
    work.db.flush()
    return people


def tell_all(work: Work, incident: Incident, people: Sequence[Resident], phrase: str) -> None:
    """Tell people of an incident and note each; who has no private way is noted too."""
    tried = tried_words(work, incident)
    word = WORD_OF_INCIDENT[IncidentKind(incident.kind)]
    text = work.phrase(
        phrase,
        word=word,
        summary=incident.summary,
        at=clock_words(incident.opened_at, local_day(work.now)),
        minutes=int((work.now - incident.opened_at) / timedelta(minutes=1)),
        tried=tried,
        number=incident.id,
    )
    for person in people:
        was_told = work.to_resident(
            person.id or 0,
            text,
            "emergency" if incident.kind == IncidentKind.EMERGENCY else "alert",
            key=f"{phrase}:{incident.id}:{incident.step}:{person.id}",
            is_urgent=True,
            number=incident.id,
            is_exercise=incident.is_exercise,
            why=f"{word}：先告诉能管的人",
        )
        log_step(work, incident, "told" if was_told else "unreachable", person)
        work.note(f"派 {person.name} {clock_words(work.now, local_day(work.now))}")


def tried_words(work: Work, incident: Incident) -> str:
    """Who was told before, for whoever is told next: 张大夫、赵敏."""
    names = [
        person.name
        for person in (work.db.get(Resident, i) for i in told_residents(work.db, incident.id or 0))
        if person is not None
    ]
    return "、".join(names) or "还没有人"


def log_step(
    work: Work, incident: Incident, what: str, person: Resident | None = None, note: str = ""
) -> None:
    """Add a row that nobody changes later."""
    work.db.add(
        IncidentStep(
            incident_id=incident.id or 0,
            at=work.now,
            what=what,
            resident_id=person.id if person else None,
            note=note,
        )
    )
    work.db.flush()


def role_words(work: Work, role: str, place_id: int) -> str:
    """Who holds a role around a place, in words: 村医张大夫; the role alone where nobody does."""
    people = holders(work.db, place_id, role, local_day(work.now))
    word = WORD_OF_ROLE[RoleName(role)]
    return f"{word}{people[0].name}" if people else word
