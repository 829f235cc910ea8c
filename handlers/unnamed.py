"""Shared: a fever whose person nobody has named alarms all the same, and gets its name later."""

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import col, select

from bot.domain.care import team_of
from bot.domain.incidents import Incident, IncidentKind, told_residents
from bot.domain.registry import Resident, path_words
from bot.domain.temperature import Pending
from bot.router import Turn
from bot.work import Work
from handlers import alerts


def unnamed_fever(
    work: Work,
    spoken: str,
    celsius: Decimal,
    by: str,
    place_id: int | None,
    *,
    home: Sequence[Resident] = (),
    message_id: int | None = None,
) -> None:
    """Open the chain for a fever of somebody unknown, once.

    Args:
        work: the unit of work.
        spoken: for whom it was said, as it is asked about.
        celsius: degC.
        by: who said it.
        place_id: where it was said, or where the house is.
        home: it is one of these; who looks after any of them hears too.
        message_id: in which it was said; None: the one of this unit.
    """
    this = work.message_id
    if place_id is None or _find(work, message_id or this, spoken) is not None:
        return
    is_urgent = work.rules.urgent.reached(celsius)
    incident = alerts.open_incident(
        work,
        IncidentKind.FEVER,
        place_id,
        work.phrase(
            "temperature.house_fever" if home else "temperature.unknown_fever",
            who=spoken,
            celsius=celsius,
            place=path_words(work.db, place_id),
            by=by,
            names="、".join(p.name for p in home),
        ),
        clock=work.rules.urgent_clock if is_urgent else work.rules.fever_clock,
        is_urgent=is_urgent,
    )
    _tell_teams(work, incident, home)


def _tell_teams(work: Work, incident: Incident, home: Sequence[Resident]) -> None:
    """Who looks after any of a house hears what its grid worker hears."""
    told = told_residents(work.db, incident.id or 0)
    teams = {p.id: p for one in home for p in team_of(work.db, one.id or 0)}
    others = [p for i, p in teams.items() if i not in told]
    if others:
        alerts.tell_all(work, incident, others, "incident.told")


def name_fever(turn: Turn, pending: Pending, person: Resident) -> Incident | None:
    """The fever of somebody unknown gets its person; whoever was told hears who it is."""
    work = turn.work
    incident = _find(work, pending.message_id, pending.spoken_who)
    if incident is None:
        return None
    incident.resident_id, incident.place_id = person.id, person.place_id
    work.db.add(incident)
    alerts.log_step(work, incident, "named", turn.speaker, person.name)
    for told in told_residents(work.db, incident.id or 0):
        if turn.speaker is not None and told == turn.speaker.id:
            continue
        work.to_resident(
            told,
            work.phrase(
                "temperature.claim_fever",
                who=pending.spoken_who.removesuffix(f" {pending.number}"),
                celsius=pending.number,
                name=alerts.who_words(work, person),
            ),
            "alert",
            key=f"named:{incident.id}:{told}",
            is_urgent=True,
            number=incident.id,
            why="发热的人认出来了",
        )
    return incident


def tell_withdrawn(work: Work, pending: Pending, how: str) -> None:
    """Whoever was told of such a fever hears that it was taken back; a person closes it."""
    incident = _find(work, pending.message_id, pending.spoken_who)
    if incident is None:
        return
    alerts.log_step(work, incident, "withdrawn", note=how)
    for told in told_residents(work.db, incident.id or 0):
        work.to_resident(
            told,
            work.phrase(
                "incident.withdrawn",
                name=f"“{pending.spoken_who.removesuffix(f' {pending.number}')}”",
                value=pending.number,
                how=how,
            ),
            "alert",
            key=f"withdrawn:{incident.id}:{told}",
            is_urgent=True,
            why="撤回不关单",
        )


def _find(work: Work, message_id: int | None, spoken: str) -> Incident | None:
    query = select(Incident).where(
        Incident.kind == IncidentKind.FEVER,
        col(Incident.resident_id).is_(None),
        col(Incident.closed_at).is_(None),
        Incident.message_id == message_id,
        col(Incident.summary).contains(f"“{spoken}”", autoescape=True),
    )
    return work.db.exec(query).first()
