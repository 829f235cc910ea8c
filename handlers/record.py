"""Shared: keep one reading and do what its verdict asks for; chat, clock and console come here."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlmodel import col, select

from bot.clock import local_day
from bot.domain.incidents import Incident, IncidentKind, open_incident, told_residents
from bot.domain.registry import Account, Household, Resident
from bot.domain.rules import SlotDay, Verdict
from bot.domain.temperature import Pending, Reading, project
from bot.work import Work
from handlers import alerts

FEVERS = (Verdict.FEVER, Verdict.URGENT)
UNCLEAR = ("clarify", "unassigned", "which")  # kinds of Pending that count as 待核


@dataclass(frozen=True, slots=True)
class Said:
    """A reading as it came, before it is judged."""

    person: Resident
    celsius: Decimal
    slot: SlotDay
    site: str = ""
    is_approx: bool = False
    source: str = "typed"  # typed, voice, relay, sheet, page
    by_account: int | None = None
    proxy: Resident | None = None
    is_correction: bool = False
    reason: str = ""
    symptoms: tuple[str, ...] = ()
    is_infant: bool = False  # said to be under three months


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of it."""

    said: Said
    verdict: Verdict
    reading: Reading | None  # None: nothing was written (asked about, or the same again)
    is_repeat: bool = False
    incident: Incident | None = None


def record(work: Work, said: Said) -> Kept:
    """Judge and keep one reading, and open the chain where it is a fever.

    The same value again in the same slot writes nothing. A correction supersedes the person's
    latest value of that slot; a fever that is corrected stays open: a person closes it.
    """
    verdict = work.rules.judge(said.celsius, said.site)
    if verdict in (Verdict.ASK, Verdict.IMPLAUSIBLE):
        return Kept(said, verdict, None)
    current = _current(work, said)
    tenths = int(said.celsius * 10)
    if any(row.tenths == tenths and row.site in ("", said.site) for row in current):
        return Kept(said, verdict, None, is_repeat=True)
    reading = _write(work, said, verdict, tenths)
    replaced = current[-1] if said.is_correction and current else None
    if replaced is not None:
        replaced.superseded_by = reading.id
        work.db.add(replaced)
    project(work.db, reading.resident_id, reading.place_id, said.slot.day, said.slot.slot.name)
    work.note(
        f"记 {said.person.name} {said.celsius} {said.slot.slot.name} {WORDS[verdict]}".rstrip()
    )
    incident = _chain(work, said, reading, verdict)
    if replaced is not None and verdict not in FEVERS:
        _tell_corrected(work, said, replaced)
    return Kept(said, verdict, reading, incident=incident)


WORDS = {
    Verdict.NORMAL: "正常",
    Verdict.FEVER: "发热",
    Verdict.URGENT: "发热",
    Verdict.RECHECK: "待核",
    Verdict.LOW: "偏低",
    Verdict.ASK: "待核",
    Verdict.IMPLAUSIBLE: "",
}


def _current(work: Work, said: Said) -> list[Reading]:
    query = (
        select(Reading)
        .where(
            Reading.resident_id == said.person.id,
            Reading.day == said.slot.day,
            Reading.slot == said.slot.slot.name,
            col(Reading.superseded_by).is_(None),
            col(Reading.withdrawn_at).is_(None),
            col(Reading.is_exercise).is_(work.is_exercise),
        )
        .order_by(col(Reading.id))
    )
    return list(work.db.exec(query).all())


def _write(work: Work, said: Said, verdict: Verdict, tenths: int) -> Reading:
    work.ordinal += 1
    reading = Reading(
        resident_id=said.person.id or 0,
        place_id=said.person.place_id,
        day=said.slot.day,
        slot=said.slot.slot.name,
        tenths=tenths,
        site=said.site,
        is_approx=said.is_approx,
        verdict=verdict,
        said_by=said.by_account,
        proxy_id=said.proxy.id if said.proxy else None,
        message_id=work.message.id if work.message else None,
        ordinal=work.ordinal,
        at=work.now,
        is_late=work.now >= said.slot.ends_at,
        is_correction=said.is_correction,
        reason=said.reason,
        source=said.source,
        is_exercise=work.is_exercise,
    )
    work.db.add(reading)
    work.db.flush()
    if work.message is not None:
        work.message.has_fact = True
    return reading


def _chain(work: Work, said: Said, reading: Reading, verdict: Verdict) -> Incident | None:
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
    return (
        f"昨{slot.slot.name}曾"
        if days == 1
        else f"{slot.day.month}月{slot.day.day}日{slot.slot.name}曾"
    )


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


def _close_rechecks(work: Work, said: Said, verdict: Verdict) -> None:
    """An armpit value (or one without a site) answers a pending recheck."""
    if verdict is Verdict.RECHECK:
        return
    query = select(Pending).where(
        Pending.kind == "recheck",
        Pending.resident_id == said.person.id,
        col(Pending.closed_at).is_(None),
    )
    for pending in work.db.exec(query).all():
        pending.closed_at, pending.outcome = work.now, str(said.celsius)
        work.db.add(pending)


def _tell_corrected(work: Work, said: Said, replaced: Reading) -> None:
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


def reporter_of(work: Work, person: Resident) -> int | None:
    """Whose account speaks for this person: who last reported for them, else the householder."""
    query = (
        select(Reading.said_by)
        .where(Reading.resident_id == person.id, col(Reading.said_by).is_not(None))
        .order_by(col(Reading.id).desc())
        .limit(1)
    )
    found = work.db.exec(query).first()
    if found is not None:
        return found
    home = work.db.get(Household, person.household_id) if person.household_id else None
    if home is None or home.householder_id is None:
        return None
    account = work.account_for(home.householder_id)
    return account.id if account else None


def adopt(work: Work, account: Account) -> int:
    """Readings that waited for an account become its person's own; how many were kept."""
    person = work.db.get(Resident, account.resident_id) if account.resident_id else None
    if person is None:
        return 0
    query = select(Pending).where(
        Pending.kind == "unassigned",
        Pending.account_id == account.id,
        Pending.spoken_who == account.display_name,
        col(Pending.closed_at).is_(None),
    )
    slots = {slot.name: slot for slot in work.rules.slots}
    kept = 0
    for pending in work.db.exec(query).all():
        pending.closed_at, pending.outcome = work.now, person.name
        work.db.add(pending)
        if pending.day is None or pending.tenths is None or pending.slot not in slots:
            continue
        said = Said(
            person=person,
            celsius=Decimal(pending.tenths) / 10,
            slot=SlotDay(pending.day, slots[pending.slot]),
            site=pending.site,
            by_account=account.id,
            reason="认领",
        )
        kept += record(work, said).reading is not None
    return kept
