"""Shared: what is unclear about a reading waits as 待核 and is asked about, privately and once."""

from datetime import timedelta
from decimal import Decimal

from sqlmodel import select

from bot import people
from bot.domain.incidents import IncidentKind
from bot.domain.owing import owes
from bot.domain.prompts import ask, waiting
from bot.domain.registry import Resident, path_words
from bot.domain.temperature import Pending, SlotReading
from bot.language.meaning import SELF, Clarify, SpokenReading
from bot.router import Turn
from handlers import alerts
from handlers.record import FEVERS
from handlers.taken import Taken, slot_of


def keep_unassigned(turn: Turn, spoken: SpokenReading, taken: Taken) -> None:
    """Somebody whom nobody knows: the reading waits, it is never dropped."""
    slot = slot_of(turn, spoken)
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
    """A fever of somebody unknown still reaches the grid worker and the doctor of the place."""
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


def ask_number(turn: Turn, unclear: Clarify, taken: Taken, person: Resident | None = None) -> None:
    """Ask privately and once about a number that looks like one, with the likeliest value."""
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


def ask_which(turn: Turn, spoken: SpokenReading, candidates: tuple[Resident, ...]) -> None:
    """Two people of one name: asked once, remembered for this speaker."""
    work = turn.work
    slot = slot_of(turn, spoken)
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


def ask_owed_number(turn: Turn) -> None:
    """A 都不烧 keeps no reading; who owes a number is asked privately, once a slot."""
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
    if turn.reply_privately(
        work.phrase("temperature.number"), why="要报数的人只说了平安，私下问一次数"
    ):
        until = work.rules.after(slot).starts_at
        ask(work.db, turn.account.id or 0, "number", work.now, max(until, work.now))
