"""体温 temperature: take readings out of talk, and take back what was recalled."""

import re
from datetime import timedelta

from sqlmodel import col, select

from bot import people
from bot.domain.incidents import IncidentKind, open_incident, told_residents
from bot.domain.registry import Resident, household_members
from bot.domain.rules import SlotDay, Verdict
from bot.domain.temperature import Pending, Reading, project
from bot.inbox import Inbox
from bot.language.ages import says_infant
from bot.language.meaning import HOUSEHOLD, SELF, Clarify, MainIntent, SpokenReading
from bot.language.understand import Intent
from bot.message import MessageKind
from bot.router import Router, Turn
from handlers import alerts
from handlers.asking import ask_number, ask_owed_number, ask_which, keep_unassigned
from handlers.record import Said, record
from handlers.taken import Taken, proxy_of, slot_of, tell

router = Router()

_NUMBERED = re.compile(r"(?:^|\n)\s*\d{1,3}\s*[.、．)）]\s*\S")


@router.on(Intent.REPORT)
def on_report(turn: Turn) -> None:
    """Take "我36.5 老伴36.7 孙子38.1": readings kept; a private reply, none in a group (rule S)."""
    report = turn.said.report
    taken = Taken([], [])
    if turn.speaker is not None:
        words = [r.who for r in report.readings if not r.owner]
        turn.speaker = people.who_holds_the_phone(turn.work.db, turn.speaker, words)
    if report.correction and not report.readings and not report.clarify:
        _take_back(turn)
        return
    for spoken in report.readings:
        _take(turn, spoken, taken)
    for unclear in report.clarify:
        ask_number(turn, unclear, taken)
    if report.intent is MainIntent.NORMAL and not taken.kept and not taken.asked:
        ask_owed_number(turn)
        return
    tell(turn, taken)


def _take(turn: Turn, spoken: SpokenReading, taken: Taken) -> None:
    """Find whom one reading is about and keep it, or let it wait."""
    persons = _persons(turn, spoken)
    if persons is None:
        keep_unassigned(turn, spoken, taken)
        return
    slot = slot_of(turn, spoken)
    symptoms = tuple(s.name for s in turn.said.report.symptoms if s.who in (spoken.who, SELF))
    is_relay = is_relay_list(turn.said.text)
    for person in persons:
        said = Said(
            person=person,
            celsius=spoken.celsius,
            slot=slot,
            site=spoken.site or person.usual_site,
            is_approx=spoken.approx,
            source=_source(turn, is_relay),
            by_account=turn.account.id,
            proxy=proxy_of(turn, person),
            is_correction=turn.said.report.correction
            or _changes_a_line(turn, person, slot, is_relay),
            symptoms=symptoms,
            is_infant=says_infant(turn.said.text) and spoken.who != SELF,
        )
        kept = record(turn.work, said)
        if kept.verdict is Verdict.ASK:
            likely = Clarify(str(spoken.celsius), spoken.who)
            ask_number(turn, likely, taken, person)
        elif kept.verdict is not Verdict.IMPLAUSIBLE:
            taken.kept.append(kept)


def is_relay_list(text: str) -> bool:
    """Whether a message is a relay list: it says so, or it has two numbered lines."""
    return "接龙" in text or len(_NUMBERED.findall(text)) > 1


def _source(turn: Turn, is_relay: bool) -> str:
    if turn.inbound.kind is MessageKind.VOICE:
        return "voice"
    return "relay" if is_relay else "typed"


def _persons(turn: Turn, spoken: SpokenReading) -> list[Resident] | None:
    """Whom it is about; None where nobody, or more than one, can be meant."""
    speaker = turn.speaker
    if spoken.who == HOUSEHOLD:
        if speaker is None or speaker.household_id is None:
            return [speaker] if speaker is not None else None
        home = household_members(turn.work.db, speaker.household_id)
        if spoken.count not in (None, len(home)):
            return None
        named = {r.who for r in turn.said.report.readings if r.who not in (HOUSEHOLD,)}
        return [m for m in home if m.name not in named and m.called not in named]
    found = people.find(
        turn.work.db, turn.account, speaker, turn.place_id, spoken.who, spoken.owner
    )
    if len(found.people) > 1:
        ask_which(turn, spoken, found.people)
        return []
    return [found.one] if found.one is not None else None


def _changes_a_line(turn: Turn, person: Resident, slot: SlotDay, is_relay: bool) -> bool:
    """A line of a relay list that differs from what the list said before is a correction."""
    if not is_relay:
        return False
    query = select(Reading.id).where(
        Reading.resident_id == person.id,
        Reading.day == slot.day,
        Reading.slot == slot.slot.name,
        Reading.source == "relay",
        col(Reading.superseded_by).is_(None),
        col(Reading.withdrawn_at).is_(None),
    )
    return turn.work.db.exec(query).first() is not None


def _take_back(turn: Turn) -> None:
    """Withdraw the speaker's last reading (刚才那个作废); whoever was told hears of it."""
    query = (
        select(Reading)
        .where(
            Reading.said_by == turn.account.id,
            col(Reading.superseded_by).is_(None),
            col(Reading.withdrawn_at).is_(None),
            Reading.at > turn.work.now - timedelta(hours=12),
        )
        .order_by(col(Reading.id).desc())
    )
    reading = turn.work.db.exec(query).first()
    if reading is not None:
        _withdraw(turn, [reading], "说了作废")


@router.on_event(MessageKind.RECALLED)
def on_recalled(turn: Turn) -> None:
    """A recalled message: its readings are withdrawn, an alert stays, the sender is asked."""
    query = select(Inbox.id).where(
        Inbox.channel == turn.inbound.channel, Inbox.key == turn.inbound.ref
    )
    message_id = turn.work.db.exec(query).first()
    if message_id is None:
        return
    readings = list(
        turn.work.db.exec(
            select(Reading).where(
                Reading.message_id == message_id, col(Reading.withdrawn_at).is_(None)
            )
        ).all()
    )
    pendings = select(Pending).where(
        Pending.message_id == message_id, col(Pending.closed_at).is_(None)
    )
    for pending in turn.work.db.exec(pendings).all():
        pending.closed_at, pending.outcome = turn.work.now, "撤回"
        turn.work.db.add(pending)
    if readings:
        _withdraw(turn, readings, "撤回了")


def _withdraw(turn: Turn, readings: list[Reading], how: str) -> None:
    work = turn.work
    was_fever = False
    for reading in readings:
        reading.withdrawn_at = work.now
        work.db.add(reading)
        project(work.db, reading.resident_id, reading.place_id, reading.day, reading.slot)
        incident = open_incident(work.db, IncidentKind.FEVER, reading.resident_id)
        if incident is None or incident.reading_id != reading.id:
            continue
        was_fever = True
        alerts.log_step(work, incident, "withdrawn", turn.speaker, how)
        person = work.db.get_one(Resident, reading.resident_id)
        for told in told_residents(work.db, incident.id or 0):
            work.to_resident(
                told,
                work.phrase("incident.withdrawn", name=person.name, value=reading.celsius, how=how),
                "alert",
                key=f"withdrawn:{reading.id}:{told}",
                is_urgent=True,
                why="撤回不关单",
            )
    if was_fever:
        turn.reply_privately(work.phrase("temperature.recalled"), why="撤回的像发热，私下问一声")
