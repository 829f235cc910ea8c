"""Shared: what a fever starts: the chain, a second look at a forehead value, a correction."""

from datetime import timedelta

from sqlalchemy import bindparam
from sqlmodel import col, select

from bot.clock import day_words, local_day
from bot.domain.incidents import Incident, IncidentKind, open_incident, told_residents
from bot.domain.registry import Resident
from bot.domain.rules import SlotDay, Verdict
from bot.domain.temperature import Pending, Reading
from bot.work import Work
from handlers import alerts
from handlers.said import FEVERS, Said


def follow(work: Work, said: Said, reading: Reading, verdict: Verdict) -> Incident | None:
    """Open what the verdict asks for; later values are added to a person's one open fever."""
    _close_rechecks(work, said, verdict)
    if verdict is Verdict.RECHECK:
        _ask_recheck(work, said, reading)
        return None
    if verdict not in FEVERS:
        return None
    is_urgent = verdict is Verdict.URGENT or said.is_infant or _is_infant(said.person, work)
    known = open_incident(
        work.db, IncidentKind.FEVER, said.person.id or 0, is_exercise=work.is_exercise
    )
    if known is not None:
        known.reading_id = known.reading_id or reading.id
        return _fever_again(work, known, said, is_urgent)
    return open_fever(work, said, reading, is_urgent)


def open_fever(work: Work, said: Said, reading: Reading, is_urgent: bool) -> Incident:
    """The fever chain begins: team and doctor are told, the clock runs."""
    clock = work.rules.urgent_clock if is_urgent else work.rules.fever_clock
    return alerts.open_incident(
        work,
        IncidentKind.FEVER,
        said.person.place_id,
        fever_words(work, said),
        person=said.person,
        clock=clock,
        reading_id=reading.id,
        is_urgent=is_urgent,
    )


def _fever_again(work: Work, known: Incident, said: Said, is_urgent: bool) -> Incident:
    alerts.log_step(work, known, "again", said.person, str(said.celsius))
    if is_urgent and not known.is_urgent:
        known.is_urgent = True
        known.summary = fever_words(work, said)
        people = alerts.receivers(work, known, work.rules.urgent_clock[0].to)
        alerts.tell_all(work, known, people, "incident.rose")
        known.step = 1  # the urgent clock runs from now
        clock = work.rules.urgent_clock
        if known.taken_at is None:
            known.next_at = work.now + clock[1].after if len(clock) > 1 else None
    work.db.add(known)
    work.db.flush()
    return known


def fever_words(work: Work, said: Said) -> str:
    """One line for the team: who, how high, when, what else."""
    when = _when(work, said.slot)
    parts = [f"{alerts.who_words(work, said.person)} {when}{said.celsius}℃"]
    if said.site in ("forehead", "wrist", "ear"):
        parts.append({"forehead": "额温", "wrist": "腕温", "ear": "耳温"}[said.site])
    parts += said.symptoms
    if said.proxy is not None:
        parts.append(f"{said.proxy.name}代报")
    return " ".join(parts)


def _when(work: Work, slot: SlotDay) -> str:
    days = (local_day(work.now) - slot.day).days
    if days == 0:
        return "" if slot == work.rules.current(work.now) else f"今{slot.slot.name}"
    return f"昨{slot.slot.name}曾" if days == 1 else f"{day_words(slot.day)}{slot.slot.name}曾"


def _is_infant(person: Resident, work: Work) -> bool:
    """Under three months any fever is urgent."""
    return person.born_on is not None and local_day(work.now) - person.born_on < timedelta(days=90)


def _ask_recheck(work: Work, said: Said, reading: Reading) -> None:
    """A forehead or wrist value at its line: measured again; the team hears of it from 37.3."""
    work.db.add(
        Pending(
            kind="recheck",
            place_id=said.person.place_id,
            account_id=said.by_account,
            resident_id=said.person.id,
            number=str(said.celsius),
            tenths=reading.tenths,
            site=said.site,
            day=said.slot.day,
            slot=said.slot.slot.name,
            message_id=reading.message_id,
            at=work.now,
            due_at=work.now + work.rules.recheck_wait,
        )
    )
    if said.celsius < work.rules.recheck_tells:
        return
    probe = Incident(
        kind=IncidentKind.FEVER,
        place_id=said.person.place_id,
        resident_id=said.person.id,
        opened_at=work.now,
    )
    for person in alerts.receivers(work, probe, ("team",)):
        work.to_resident(
            person.id or 0,
            work.phrase("temperature.recheck_team", summary=fever_words(work, said)),
            "alert",
            key=f"recheck:{reading.id}:{person.id}",
            is_urgent=True,
            is_exercise=work.is_exercise,
            why="额温到线：先复测，告诉包保组",
        )


_RECHECKS = select(Pending).where(
    Pending.kind == "recheck",
    Pending.resident_id == bindparam("resident_id"),
    col(Pending.closed_at).is_(None),
)


def _close_rechecks(work: Work, said: Said, verdict: Verdict) -> None:
    """An armpit value (or one without a site) answers a pending recheck."""
    if verdict is Verdict.RECHECK:
        return
    for pending in work.db.exec(_RECHECKS, params={"resident_id": said.person.id}).all():
        pending.closed_at, pending.outcome = work.now, str(said.celsius)
        work.db.add(pending)


def tell_corrected(work: Work, said: Said, replaced: Reading) -> None:
    """A fever that was corrected stays open: whoever was told hears of the correction."""
    incident = open_incident(
        work.db, IncidentKind.FEVER, said.person.id or 0, is_exercise=work.is_exercise
    )
    if incident is None or incident.reading_id != replaced.id:
        return
    alerts.log_step(work, incident, "corrected", said.person, str(said.celsius))
    for person_id in told_residents(work.db, incident.id or 0):
        work.to_resident(
            person_id,
            work.phrase(
                "incident.corrected",
                name=said.person.name,
                old=replaced.celsius,
                new=said.celsius,
                number=incident.id,
            ),
            "alert",
            key=f"corrected:{said.person.id}:{replaced.id}:{person_id}",
            is_urgent=True,
            is_exercise=incident.is_exercise,
            why="更正不关单，人来关",
        )
