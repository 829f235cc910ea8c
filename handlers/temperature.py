"""体温 temperature: take readings out of talk, ask about what is unclear, take back what was recalled."""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlmodel import col, select

from bot import people
from bot.clock import local_day
from bot.domain.incidents import IncidentKind, open_incident, told_residents
from bot.domain.owing import owes
from bot.domain.prompts import Prompt, ask, waiting
from bot.domain.registry import Proxy, Resident, RoleName, SameName, household_members, path_words
from bot.domain.rules import SlotDay, Verdict
from bot.domain.temperature import Pending, Reading, SlotReading, project
from bot.inbox import Inbox
from bot.language.ages import says_infant
from bot.language.meaning import HOUSEHOLD, SELF, Clarify, MainIntent, SpokenReading
from bot.language.understand import Intent
from bot.message import MessageKind
from bot.router import Router, Turn
from handlers import alerts
from handlers.record import FEVERS, Kept, Said, record

router = Router()

_YES = re.compile(
    r"(?:是|是的|对|对的|嗯|嗯嗯|没错|好|好的|行|可以|中|1|一|yes|ok|OK|👌|👍|✅|\[OK\]|\[强\])(?:的|啊|呀|哈|呢|吧|了)?[。.!！~]*",
)
_NO = re.compile(r"(?:不是|不对|错了|不|否|没有|2|no|NO|❌)(?:的|啊|呀|哈|呢|了)?[。.!！~]*")
_RELAY = re.compile(r"接龙|(?:^|\n)\s*\d{1,3}\s*[.、．)）]\s*\S", re.MULTILINE)


@dataclass(slots=True)
class _Taken:
    """What one message gave."""

    kept: list[Kept]
    unknown: list[str]
    asked: bool = False


@router.on(Intent.REPORT)
def on_report(turn: Turn) -> None:
    """Take "我36.5 老伴36.7 孙子38.1": readings kept; a private reply, none in a group (rule S)."""
    report = turn.said.report
    taken = _Taken([], [])
    if turn.speaker is not None:
        words = [r.who for r in report.readings if not r.owner]
        turn.speaker = people.who_holds_the_phone(turn.work.db, turn.speaker, words)
    if report.correction and not report.readings and not report.clarify:
        _take_back(turn)
        return
    for spoken in report.readings:
        _take(turn, spoken, taken)
    for unclear in report.clarify:
        _ask_number(turn, unclear, taken)
    if report.intent is MainIntent.NORMAL and not taken.kept and not taken.asked:
        _ask_for_number(turn)
        return
    _answer(turn, taken)


def _take(turn: Turn, spoken: SpokenReading, taken: _Taken) -> None:
    """Find whom one reading is about and keep it, or let it wait."""
    persons = _persons(turn, spoken)
    if persons is None:
        _unassigned(turn, spoken, taken)
        return
    slot = _slot(turn, spoken)
    symptoms = tuple(s.name for s in turn.said.report.symptoms if s.who in (spoken.who, SELF))
    is_relay = bool(_RELAY.search(turn.said.text)) and len(turn.said.report.readings) > 1
    for person in persons:
        said = Said(
            person=person,
            celsius=spoken.celsius,
            slot=slot,
            site=spoken.site or person.usual_site,
            is_approx=spoken.approx,
            source=_source(turn, is_relay),
            by_account=turn.account.id,
            proxy=_proxy(turn, person),
            is_correction=turn.said.report.correction or _changes_a_line(turn, person, slot, is_relay),
            symptoms=symptoms,
            is_infant=says_infant(turn.said.text) and spoken.who != SELF,
        )
        kept = record(turn.work, said)
        if kept.verdict is Verdict.ASK:
            likely = Clarify(str(spoken.celsius), spoken.who)
            _ask_number(turn, likely, taken, person)
        elif kept.verdict is not Verdict.IMPLAUSIBLE:
            taken.kept.append(kept)


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
        _ask_which(turn, spoken, found.people)
        return []
    return [found.one] if found.one is not None else None


def _slot(turn: Turn, spoken: SpokenReading) -> SlotDay:
    """The slot it counts to; one that has not begun yet was the day before's."""
    slot = turn.work.rules.slot_for(
        turn.work.now, day=spoken.day, period=spoken.period or "", minute=spoken.minute
    )
    if slot.starts_at > turn.work.now and slot.day == local_day(turn.work.now):
        is_early = slot == turn.work.rules.slot_for(turn.work.now)
        return slot if is_early else SlotDay(slot.day - timedelta(days=1), slot.slot)
    return slot


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


def _proxy(turn: Turn, person: Resident) -> Resident | None:
    """Who reports for somebody of another house; the first time the grid worker is asked whether that is right."""
    speaker = turn.speaker
    if speaker is None or speaker.id == person.id:
        return None
    if speaker.household_id is not None and speaker.household_id == person.household_id:
        return None
    known = turn.work.db.get(Proxy, (speaker.id, person.id))
    if known is None and not turn.scope.is_cadre:
        turn.work.db.add(
            Proxy(reporter_id=speaker.id or 0, resident_id=person.id or 0, since_on=local_day(turn.work.now))
        )
        for worker in alerts.first_holders(turn.work, person.place_id, (RoleName.GRID_WORKER,)):
            turn.work.to_resident(
                worker.id or 0,
                turn.work.phrase("temperature.proxy_ask", name=person.name, reporter=speaker.name),
                "reply",
                why="头一回代报，问网格员一声",
            )
    return speaker


def _unassigned(turn: Turn, spoken: SpokenReading, taken: _Taken) -> None:
    """Somebody whom nobody knows: the reading waits, it is never dropped."""
    slot = _slot(turn, spoken)
    who = spoken.who if spoken.who != SELF else turn.account.display_name
    turn.work.db.add(
        Pending(
            kind="unassigned",
            place_id=turn.place_id,
            account_id=turn.account.id,
            spoken_who=who,
            number=str(spoken.celsius),
            tenths=int(spoken.celsius * 10),
            site=spoken.site or "",
            day=slot.day,
            slot=slot.slot.name,
            message_id=turn.work.message.id if turn.work.message else None,
            at=turn.work.now,
        )
    )
    if turn.work.message is not None:
        turn.work.message.has_fact = True
    taken.unknown.append(who)
    turn.work.note(f"待认领：{who} {spoken.celsius}")
    if turn.work.rules.judge(spoken.celsius, spoken.site or "") in FEVERS:
        _unknown_fever(turn, who, spoken.celsius)


def _unknown_fever(turn: Turn, who: str, celsius: Decimal) -> None:
    """A fever of somebody unknown still reaches a person: the grid worker and the doctor of the place."""
    if turn.place_id is None:
        return
    alerts.open_incident(
        turn.work,
        IncidentKind.FEVER,
        turn.place_id,
        turn.work.phrase(
            "temperature.unknown_fever",
            who=who,
            celsius=celsius,
            place=path_words(turn.work.db, turn.place_id),
        ),
        clock=turn.work.rules.fever_clock,
    )


def _ask_number(
    turn: Turn, unclear: Clarify, taken: _Taken, person: Resident | None = None
) -> None:
    """A number that looks like a temperature: asked about privately and once, with the likeliest value."""
    work = turn.work
    if person is None:
        found = people.find(work.db, turn.account, turn.speaker, turn.place_id, unclear.who)
        person = found.one
    likely = unclear.likely[0] if unclear.likely else None
    work.db.add(
        Pending(
            kind="clarify",
            place_id=turn.place_id,
            account_id=turn.account.id,
            resident_id=person.id if person else None,
            spoken_who=unclear.who,
            number=unclear.number,
            tenths=int(likely * 10) if likely is not None else None,
            message_id=work.message.id if work.message else None,
            at=work.now,
        )
    )
    work.db.flush()
    if work.message is not None:
        work.message.has_fact = True
    work.note(f"待核：{unclear.number}" + (f" → {likely}？" if likely else ""))
    asked = any(p.kind == "reading" for p in waiting(work.db, turn.account.id or 0, work.now))
    if asked or taken.asked:
        return
    whose = "" if person is None or (turn.speaker and person.id == turn.speaker.id) else person.name
    key = "temperature.ask_value" if likely is not None else "temperature.ask_again"
    text = work.phrase(key, number=unclear.number, likely=likely, whose=whose)
    taken.asked = turn.reply_privately(text, why="看不准的数，私下问一次")
    if taken.asked:
        ask(
            work.db,
            turn.account.id or 0,
            "reading",
            work.now,
            work.now + timedelta(hours=12),
            say_back="是" if likely is not None else "",
            number=unclear.number,
            likely=str(likely) if likely is not None else "",
            resident_id=person.id if person else None,
        )


def _ask_which(turn: Turn, spoken: SpokenReading, candidates: tuple[Resident, ...]) -> None:
    """Two people of one name: asked once, remembered for this speaker."""
    work = turn.work
    slot = _slot(turn, spoken)
    pending = Pending(
        kind="which",
        place_id=turn.place_id,
        account_id=turn.account.id,
        spoken_who=spoken.who,
        number=str(spoken.celsius),
        tenths=int(spoken.celsius * 10),
        site=spoken.site or "",
        day=slot.day,
        slot=slot.slot.name,
        message_id=work.message.id if work.message else None,
        at=work.now,
    )
    work.db.add(pending)
    work.db.flush()
    choices = [
        f"{i} {c.mark or path_words(work.db, c.place_id)}{c.name}"
        for i, c in enumerate(candidates, 1)
    ]
    sent = turn.reply_privately(
        work.phrase("temperature.which", who=spoken.who, choices="；".join(choices)),
        why="同名的人，问一次记住",
    )
    if sent:
        ask(
            work.db,
            turn.account.id or 0,
            "which",
            work.now,
            work.now + timedelta(hours=12),
            pending_id=pending.id,
            spoken=spoken.who,
            resident_ids=[c.id for c in candidates],
        )


def _answer(turn: Turn, taken: _Taken) -> None:
    """One message for one question: privately what was kept; in a village group only what a fever needs."""
    work = turn.work
    fevers = [k for k in taken.kept if k.verdict in FEVERS and not k.is_repeat]
    others = [k for k in taken.kept if k.verdict in (Verdict.RECHECK, Verdict.LOW)]
    if not turn.in_village_chat:
        _answer_alone(turn, taken, fevers, others)
        return
    lines = [_fever_line(turn, k) for k in fevers] + [_odd_line(turn, k) for k in others]
    if not lines:
        return
    if not turn.reply_privately("\n".join(lines), why="发热或要复测的，私下说"):
        turn.say_here(work.phrase("temperature.neutral"), why="没有私聊的路，群里只说这一句（规则 S2）")


def _answer_alone(
    turn: Turn, taken: _Taken, fevers: list[Kept], others: list[Kept]
) -> None:
    work = turn.work
    lines: list[str] = []
    fresh = [k for k in taken.kept if k.reading is not None]
    if fresh:
        values = "、".join(f"{k.said.person.name} {k.said.celsius}" for k in fresh[:12])
        more = f" 等 {len(fresh)} 个" if len(fresh) > 12 else ""
        lines.append(work.phrase("temperature.kept", values=values, more=more))
    elif taken.kept:
        lines.append(work.phrase("temperature.again"))
    if turn.said.report.absent:
        lines.append(
            work.phrase(
                "temperature.absent",
                count=len(turn.said.report.absent),
                names="、".join(turn.said.report.absent[:20]),
            )
        )
    if taken.unknown:
        lines.append(work.phrase("temperature.unknown", names="、".join(taken.unknown[:20])))
    lines += [_fever_line(turn, k) for k in fevers] + [_odd_line(turn, k) for k in others]
    if lines and not (taken.asked and not fresh and not taken.unknown):
        turn.reply("\n".join(lines), why="私聊里回一句记了什么")


def _fever_line(turn: Turn, kept: Kept) -> str:
    work, person = turn.work, kept.said.person
    doctor = alerts.role_words(work, RoleName.VILLAGE_DOCTOR, person.place_id)
    own = turn.speaker is not None and person.id == turn.speaker.id
    return work.phrase(
        "temperature.fever_own" if own else "temperature.fever_other",
        name=person.name,
        celsius=kept.said.celsius,
        doctor=doctor,
    )


def _odd_line(turn: Turn, kept: Kept) -> str:
    key = "temperature.recheck" if kept.verdict is Verdict.RECHECK else "temperature.low"
    return turn.work.phrase(key, name=kept.said.person.name, celsius=kept.said.celsius)


def _ask_for_number(turn: Turn) -> None:
    """"都不烧" keeps no reading; where a number is owed it is asked for privately, once a slot."""
    work, speaker = turn.work, turn.speaker
    if speaker is None:
        return
    slot = work.rules.current(work.now)
    has = select(SlotReading.reading_id).where(
        SlotReading.resident_id == speaker.id,
        SlotReading.day == slot.day,
        SlotReading.slot == slot.slot.name,
    )
    asked = any(p.kind == "number" for p in waiting(work.db, turn.account.id or 0, work.now))
    if asked or work.db.exec(has).first() is not None or not owes(work.db, speaker, slot):
        if not turn.is_group and not asked:
            turn.reply_privately(work.phrase("temperature.well"), why="私聊里回一句")
        return
    if turn.reply_privately(work.phrase("temperature.number"), why="要报数的人只说了平安，私下问一次数"):
        until = work.rules.after(slot).starts_at
        ask(work.db, turn.account.id or 0, "number", work.now, max(until, work.now))


def _take_back(turn: Turn) -> None:
    """"刚才那个作废": the speaker's last reading of the day is withdrawn; whoever was told hears of it."""
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
    """A recalled message: its readings are marked withdrawn, an alert stays, the sender is asked privately."""
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


@router.first
def on_answer(turn: Turn) -> bool:
    """An answer to what we asked about a number or a name: 是, 对, 1, an emoji, a number, a choice."""
    if turn.is_group and turn.in_village_chat:
        return False
    text = turn.said.text.strip()
    for prompt in waiting(turn.work.db, turn.account.id or 0, turn.work.now):
        if prompt.kind == "reading" and _answers_number(turn, prompt, text):
            return True
        if prompt.kind == "which" and _answers_which(turn, prompt, text):
            return True
    return False


def _answers_number(turn: Turn, prompt: Prompt, text: str) -> bool:
    values = prompt.values
    if _YES.fullmatch(text) and values["likely"]:
        celsius = Decimal(values["likely"])
    elif _NO.fullmatch(text):
        turn.reply_privately(turn.work.phrase("temperature.say_again"), why="不是那个数，请重发")
        _close(turn, prompt, "不是")
        return True
    elif len(turn.said.report.readings) == 1 and turn.said.report.readings[0].who == SELF:
        celsius = turn.said.report.readings[0].celsius
    else:
        return False
    person = turn.work.db.get(Resident, values["resident_id"]) if values["resident_id"] else None
    pendings = _pending_of(turn, values["number"])
    if person is None:
        for pending in pendings:
            pending.kind, pending.tenths = "unassigned", int(celsius * 10)
            turn.work.db.add(pending)
        turn.reply_privately(turn.work.phrase("temperature.unknown", names=turn.account.display_name))
        _close(turn, prompt, "")
        return True
    slot = turn.work.rules.slot_for(prompt.asked_at)
    kept = record(
        turn.work,
        Said(person=person, celsius=celsius, slot=slot, by_account=turn.account.id, reason="问过"),
    )
    for pending in pendings:
        pending.closed_at, pending.outcome = turn.work.now, str(celsius)
        turn.work.db.add(pending)
    _close(turn, prompt, str(celsius))
    _answer(turn, _Taken([kept], []))
    return True


def _pending_of(turn: Turn, number: str) -> list[Pending]:
    query = select(Pending).where(
        Pending.kind == "clarify",
        Pending.account_id == turn.account.id,
        Pending.number == number,
        col(Pending.closed_at).is_(None),
    )
    return list(turn.work.db.exec(query).all())


def _answers_which(turn: Turn, prompt: Prompt, text: str) -> bool:
    values = prompt.values
    chosen = None
    for index, resident_id in enumerate(values["resident_ids"], 1):
        person = turn.work.db.get_one(Resident, resident_id)
        mark = person.mark or path_words(turn.work.db, person.place_id)
        if text.rstrip("。.") == str(index) or (mark and (mark in text or text.strip("的") in mark)):
            chosen = person
            break
    if chosen is None:
        return False
    pending = turn.work.db.get_one(Pending, values["pending_id"])
    _remember(turn, values["spoken"], chosen)
    slot_names = {s.name: s for s in turn.work.rules.slots}
    kept = record(
        turn.work,
        Said(
            person=chosen,
            celsius=Decimal(pending.tenths or 0) / 10,
            slot=SlotDay(pending.day or local_day(turn.work.now), slot_names[pending.slot]),
            site=pending.site,
            by_account=turn.account.id,
            proxy=_proxy(turn, chosen),
        ),
    )
    pending.closed_at, pending.outcome = turn.work.now, chosen.name
    turn.work.db.add(pending)
    _close(turn, prompt, chosen.name)
    _answer(turn, _Taken([kept], []))
    return True


def _remember(turn: Turn, spoken: str, person: Resident) -> None:
    known = turn.work.db.get(SameName, (turn.account.id, spoken))
    if known is None:
        known = SameName(account_id=turn.account.id or 0, spoken=spoken, resident_id=person.id or 0)
    known.resident_id = person.id or 0
    turn.work.db.add(known)


def _close(turn: Turn, prompt: Prompt, outcome: str) -> None:
    prompt.closed_at = turn.work.now
    turn.work.db.add(prompt)
    turn.work.note(f"问过的有了回话：{outcome}")
