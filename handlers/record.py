"""Shared: keep one reading and do what its verdict asks for; chat, clock and console come here."""

from decimal import Decimal

from sqlmodel import col, select

from bot.domain.registry import Account, Household, Resident
from bot.domain.rules import SlotDay, Verdict
from bot.domain.temperature import Pending, Reading, keep, project, said_of
from bot.work import Work
from handlers.fevers import follow, tell_corrected
from handlers.said import FEVERS as FEVERS
from handlers.said import UNCLEAR as UNCLEAR
from handlers.said import Kept as Kept
from handlers.said import Origin as Origin
from handlers.said import Said as Said


def record(work: Work, said: Said) -> Kept:
    """Judge and keep one reading, and open the chain where it is a fever.

    The same value again in the same slot writes nothing, nor does an old copy of a relay list that
    still shows a corrected value. A correction supersedes the latest value that its speaker gave
    for the person in that slot, else the latest; a fever that is corrected stays open: a person
    closes it.
    """
    verdict = work.rules.judge(said.celsius, said.site)
    if verdict in (Verdict.ASK, Verdict.IMPLAUSIBLE):
        return Kept(said, verdict, None)
    rows = said_of(
        work.db,
        said.person.id or 0,
        said.slot.day,
        said.slot.slot.name,
        is_exercise=work.is_exercise,
    )
    current = [row for row in rows if row.superseded_by is None]
    tenths = int(said.celsius * 10)
    same = next((r for r in current if r.tenths == tenths and r.site in ("", said.site)), None)
    replaced = _replaced(said, [row for row in current if row is not same])
    if _is_old_copy(said, rows, tenths) or (same is not None and replaced is None):
        return Kept(said, verdict, None, is_repeat=True)
    reading = same or _write(work, said, verdict, tenths)
    if replaced is not None:
        replaced.superseded_by = reading.id
        work.db.add(replaced)
    slot = (reading.resident_id, reading.place_id, said.slot.day, said.slot.slot.name)
    whole = rows if same is not None else [*rows, reading]
    project(work.db, *slot, None if work.is_exercise else whole)
    work.note(
        f"记 {said.person.name} {said.celsius} {said.slot.slot.name} {WORDS[verdict]}".rstrip()
    )
    incident = follow(work, said, reading, verdict) if same is None else None
    if replaced is not None and verdict not in FEVERS:
        tell_corrected(work, said, replaced)
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


def _replaced(said: Said, current: list[Reading]) -> Reading | None:
    """What a correction is about."""
    if not said.is_correction or not current:
        return None
    own = [row for row in current if row.said_by == said.by_account]
    return (own or current)[-1]


def _is_old_copy(said: Said, rows: list[Reading], tenths: int) -> bool:
    """Whether a relay list was copied before its line was corrected by somebody else."""
    if said.source != "relay":
        return False
    by_id = {row.id: row for row in rows}
    newer = (by_id.get(row.superseded_by or 0) for row in rows if row.tenths == tenths)
    return any(row is not None and row.said_by != said.by_account for row in newer)


def _write(work: Work, said: Said, verdict: Verdict, tenths: int) -> Reading:
    work.ordinal += 1
    message_id = work.message_id
    origin = said.origin or Origin(message_id, work.ordinal, work.now)
    values = {
        "resident_id": said.person.id or 0,
        "place_id": said.person.place_id,
        "day": said.slot.day,
        "slot": said.slot.slot.name,
        "tenths": tenths,
        "site": said.site,
        "is_approx": said.is_approx,
        "verdict": verdict,
        "said_by": said.by_account,
        "proxy_id": said.proxy.id if said.proxy else None,
        "message_id": origin.message_id,
        "ordinal": origin.ordinal,
        "at": origin.at,
        "is_late": origin.at >= said.slot.ends_at,
        "is_correction": said.is_correction,
        "reason": said.reason,
        "source": said.source,
        "is_exercise": work.is_exercise,
    }
    work.mark_fact()
    return keep(work.db, values)


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


def record_waiting(work: Work, pending: Pending, person: Resident, proxy: Resident | None) -> Kept:
    """Somebody was named: what waited becomes that person's reading, as of when it was said."""
    slots = {slot.name: slot for slot in work.rules.slots}
    slot = slots.get(pending.slot)
    day_slot = work.rules.slot_for(pending.at)
    if slot is not None and pending.day is not None:
        day_slot = SlotDay(pending.day, slot)
    pending.closed_at, pending.outcome = work.now, person.name
    work.db.add(pending)
    said = Said(
        person=person,
        celsius=Decimal(pending.tenths or 0) / 10,
        slot=day_slot,
        site=pending.site,
        by_account=pending.account_id,
        proxy=proxy,
        reason="认领",
        origin=Origin.of(pending),
    )
    return record(work, said)


def adopt(work: Work, account: Account) -> int:
    """Readings that waited for an account become its person's own; how many were kept."""
    person = work.person_behind(account)
    if person is None:
        return 0
    query = select(Pending).where(
        Pending.kind == "unassigned",
        Pending.account_id == account.id,
        Pending.spoken_who == account.display_name,
        col(Pending.closed_at).is_(None),
        col(Pending.tenths).is_not(None),
    )
    kept = [record_waiting(work, one, person, None) for one in work.db.exec(query).all()]
    return sum(one.reading is not None for one in kept)
