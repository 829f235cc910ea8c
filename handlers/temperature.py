"""体温 temperature: take readings out of talk: whose each is, for which slot, and what to ask."""

import re
from dataclasses import replace
from datetime import timedelta

from sqlmodel import col, select

from bot import people
from bot.domain.prompts import waiting
from bot.domain.registry import Resident
from bot.domain.rules import SlotDay, Verdict
from bot.domain.temperature import Reading, waiting_of
from bot.hearing import Asked, Ear, Found, people_of
from bot.language.ages import says_infant
from bot.language.meaning import HOUSEHOLD, SELF, Clarify, MainIntent, SpokenReading
from bot.language.understand import Intent
from bot.mentions import asked_of, words_before
from bot.message import MessageKind
from bot.router import Router, Turn
from bot.spoken import several, whom
from handlers.asking import ask_number, ask_owed_number
from handlers.assigning import Unknown, ask_which, keep_unassigned
from handlers.recalls import on_recalled, take_back
from handlers.record import record
from handlers.said import Said
from handlers.taken import Taken, is_relay_list, proxy_between, proxy_of, slot_of, tell
from handlers.together import Whose, is_same_time, sort_out
from handlers.unanswered import said_since
from handlers.whose import ask_speaker, ask_workers

_HAN = re.compile(r"[\u4e00-\u9fff]")

router = Router()
router.on_event(MessageKind.RECALLED)(on_recalled)


@router.on(Intent.REPORT)
def on_report(turn: Turn) -> None:
    """Take "我36.5 老伴36.7 孙子38.1": readings kept; a private reply, none in a group (rule S)."""
    report = turn.said.report
    taken = Taken([], [])
    if report.correction and not report.readings and not report.clarify:
        take_back(turn)
        return
    ear = Ear(turn.work.db, turn.account, turn.speaker, turn.place_id)
    whose = _whose(turn, ear)
    speakers = people.who_holds_the_phone(ear, [asked.who for _, asked in whose])
    if len(speakers) == 1 and speakers[0] is not turn.speaker:
        turn.speaker = speakers[0]
        ear = Ear(turn.work.db, turn.account, turn.speaker, turn.place_id)
    sorted_out = sort_out(turn, ear, whose, taken)
    for spoken, person in sorted_out.each:
        _keep(turn, spoken, person, taken)
    for spoken, asked in sorted_out.single:
        _take(turn, ear, spoken, asked, whose, taken, speakers)
    ask_speaker(turn, taken.claims)
    for unclear in report.clarify:
        ask_number(turn, unclear, taken)
    if ask_workers(turn.work, ear, taken.claims):
        taken.unknown.clear()
    has_said = taken.kept or taken.houses or taken.asked
    if report.intent is MainIntent.NORMAL and not has_said:
        ask_owed_number(turn)
        return
    tell(turn, taken)


def _whose(turn: Turn, ear: Ear) -> list[Whose]:
    """Each reading with what was said around its name; the next number of one is its like."""
    report, text = turn.said.report, turn.said.text
    is_voice = turn.inbound.kind is MessageKind.VOICE
    found: list[Whose] = []
    words = ""
    for spoken in report.readings:
        own = words_before(report, text, spoken.span[0])
        has_words = _HAN.search(own) is not None
        words = own if has_words else words
        if found and found[-1][0].who == spoken.who != SELF and not has_words:
            found.append((spoken, found[-1][1]))
            continue
        is_named_before = spoken.who not in own and spoken.who not in (SELF, HOUSEHOLD)
        segment = words if is_named_before else own  # 我跟他爸36.5 36.6
        asked = asked_of(ear, segment, spoken.who, spoken.owner, is_voice=is_voice)
        found.append((spoken, asked))
    return found


def _take(
    turn: Turn,
    ear: Ear,
    spoken: SpokenReading,
    asked: Asked,
    all_of: list[Whose],
    taken: Taken,
    speakers: tuple[Resident, ...],
) -> None:
    """Find whom one reading is about and keep it, or let it wait."""
    if asked.who.endswith("家") and asked.phrase.endswith("的"):  # 老王家的 is one person
        owner = asked.who.removesuffix("家")
        guesses = whom(ear, replace(asked, owner=owner)).guesses
        known = whom(ear, Asked(asked.phrase)).one
        if known is not None:
            _keep(turn, spoken, known, taken)
        else:
            _wait(turn, spoken, asked, taken, guesses)
        return
    found = whom(ear, asked)
    if asked.who == SELF and len(speakers) > 1:
        unknown = replace(_unknown(turn, spoken, asked, may_learn=False), is_own=False)
        ask_which(turn, unknown, speakers, taken.claims, is_sure=True)
        return
    children = several(ear, asked)
    if _is_said_of_two(ear, spoken, asked, children or found.people, all_of):
        _wait(turn, spoken, asked, taken, children or found.people, may_learn=False)
    elif children and (asked.is_all or _is_another(turn, spoken, found.one)):
        unknown = _unknown(turn, spoken, asked, may_learn=False)
        ask_which(turn, unknown, children, taken.claims, is_sure=True)
    elif found.one is not None:
        _keep(turn, spoken, found.one, taken)
    elif _is_each(spoken, asked, found, all_of):
        for person in found.people:
            _keep(turn, spoken, person, taken)
    elif found.people:
        unknown = _unknown(turn, spoken, asked)
        ask_which(turn, unknown, found.people, taken.claims, is_sure=found.is_sure)
    else:
        _wait(turn, spoken, asked, taken, found.guesses)


def _keep(turn: Turn, spoken: SpokenReading, person: Resident, taken: Taken) -> None:
    report, is_relay = turn.said.report, is_relay_list(turn.said.text)
    slot = _slot(turn, spoken, person)
    said = Said(
        person=person,
        celsius=spoken.celsius,
        slot=slot,
        site=spoken.site or person.usual_site,
        is_approx=spoken.approx,
        source=_source(turn, is_relay),
        by_account=turn.account.id,
        proxy=proxy_between(turn.speaker, person) if is_relay else proxy_of(turn, person),
        is_correction=report.correction or (is_relay and _changes_a_line(turn, person, slot)),
        symptoms=tuple(s.name for s in report.symptoms if s.who in (spoken.who, SELF)),
        is_infant=says_infant(turn.said.text) and spoken.who != SELF,
    )
    if not turn.work.is_exercise:
        said_since(turn, said)
    kept = record(turn.work, said)
    if kept.verdict is Verdict.ASK:
        ask_number(turn, Clarify(str(spoken.celsius), spoken.who), taken, person)
    elif kept.verdict is not Verdict.IMPLAUSIBLE:
        taken.kept.append(kept)
        _settle(turn, person, str(spoken.celsius))


def _wait(
    turn: Turn,
    spoken: SpokenReading,
    asked: Asked,
    taken: Taken,
    guesses: tuple[Resident, ...] = (),
    *,
    may_learn: bool = True,
) -> None:
    """Nobody can be named: it waits, and the grid worker is asked once all is read."""
    unknown = _unknown(turn, spoken, asked, may_learn=may_learn)
    if not guesses and unknown.is_own:
        ear = Ear(turn.work.db, turn.account, None, turn.place_id)
        own = whom(ear, Asked(people.plain_name(unknown.spoken)))
        guesses = own.people or own.guesses
    if keep_unassigned(turn, unknown, guesses, taken.claims):
        taken.unknown.append(unknown.spoken)


def _unknown(turn: Turn, spoken: SpokenReading, asked: Asked, *, may_learn: bool = True) -> Unknown:
    """What is shown and learnt: the word as said; a line that can mean nobody else by its value."""
    is_own = asked.who == SELF
    word = asked.key
    if is_own:
        name = turn.speaker.name if turn.speaker else turn.account.display_name
        word = name if may_learn else "我"
    return Unknown(
        spoken=word if may_learn else f"{word} {spoken.celsius}",
        celsius=spoken.celsius,
        slot=slot_of(turn, spoken),
        site=spoken.site or "",
        is_relay=is_relay_list(turn.said.text),
        is_own=is_own,
        may_learn=may_learn,
    )


def _is_said_of_two(
    ear: Ear,
    spoken: SpokenReading,
    asked: Asked,
    people: tuple[Resident, ...],
    all_of: list[Whose],
) -> bool:
    """王伟36.5 王伟36.8 in one message, where two bear the name: nobody can tell which is which."""
    again = [
        other
        for other, its in all_of
        if its.key == asked.key and is_same_time(other, spoken) and other.celsius != spoken.celsius
    ]
    if not again or asked.who == SELF:
        return False
    return len(people) > 1 or len(people_of(ear.db, ear.villages, asked.who)) > 1


def _is_another(turn: Turn, spoken: SpokenReading, learnt: Resident | None) -> bool:
    """娃36.8 after 娃36.5: perhaps the other one, whatever was learnt of the word."""
    if learnt is None or turn.said.report.correction:
        return False
    slot = slot_of(turn, spoken)
    query = select(Reading.id).where(
        Reading.resident_id == learnt.id,
        Reading.said_by == turn.account.id,
        Reading.day == slot.day,
        Reading.slot == slot.slot.name,
        Reading.tenths != int(spoken.celsius * 10),
        col(Reading.superseded_by).is_(None),
        col(Reading.withdrawn_at).is_(None),
    )
    return turn.work.db.exec(query).first() is not None


def _is_each(spoken: SpokenReading, asked: Asked, found: Found, all_of: list[Whose]) -> bool:
    """俩孩子都36.5: one number of all whom the word means, if they are as many as was said."""
    again = [o for o, its in all_of if its.key == asked.key and is_same_time(o, spoken)]
    is_right = asked.count in (None, len(found.people))
    return asked.is_all and found.is_sure and bool(found.people) and is_right and len(again) == 1


def _source(turn: Turn, is_relay: bool) -> str:
    if turn.inbound.kind is MessageKind.VOICE:
        return "voice"
    return "relay" if is_relay else "typed"


def _slot(turn: Turn, spoken: SpokenReading, person: Resident) -> SlotDay:
    """The slot it counts to; a correction without a time is about what its speaker said last."""
    slot = slot_of(turn, spoken)
    is_timed = spoken.day != 0 or spoken.period is not None or spoken.minute is not None
    if not turn.said.report.correction or is_timed:
        return slot
    query = (
        select(Reading)
        .where(
            Reading.resident_id == person.id,
            Reading.said_by == turn.account.id,
            col(Reading.superseded_by).is_(None),
            col(Reading.withdrawn_at).is_(None),
            Reading.at > turn.work.now - timedelta(hours=6),
        )
        .order_by(col(Reading.id).desc())
    )
    last = turn.work.db.exec(query).first()
    slots = {one.name: one for one in turn.work.rules.slots}
    return SlotDay(last.day, slots[last.slot]) if last and last.slot in slots else slot


def _changes_a_line(turn: Turn, person: Resident, slot: SlotDay) -> bool:
    """A line of a relay list that differs from what the list said before is a correction."""
    query = select(Reading.id).where(
        Reading.resident_id == person.id,
        Reading.day == slot.day,
        Reading.slot == slot.slot.name,
        Reading.source == "relay",
        col(Reading.superseded_by).is_(None),
        col(Reading.withdrawn_at).is_(None),
    )
    return turn.work.db.exec(query).first() is not None


def _settle(turn: Turn, person: Resident, value: str) -> None:
    """A clear number of somebody answers what was asked about an unclear one."""
    work = turn.work
    since, settled = work.rules.slot_for(work.now).starts_at, set()
    for pending in waiting_of(work.db, turn.account.id or 0, work.message_id):
        is_asked = (pending.kind, pending.resident_id) == ("clarify", person.id)
        if not is_asked or pending.at < since:
            continue
        pending.closed_at, pending.outcome = work.now, value
        work.db.add(pending)
        settled.add(pending.id)
    for prompt in waiting(work.db, turn.account.id or 0, work.now) if settled else ():
        if prompt.kind == "reading" and prompt.values.get("pending_id") in settled:
            prompt.closed_at = work.now
            work.db.add(prompt)
