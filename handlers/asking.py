"""Shared: what is unclear about a reading waits as 待核 and is asked about, privately and once."""

from datetime import timedelta
from decimal import Decimal

from sqlmodel import col, select

from bot.domain.owing import has_reported, owes
from bot.domain.prompts import ask, waiting
from bot.domain.registry import Resident
from bot.domain.temperature import Pending
from bot.hearing import Ear
from bot.language.meaning import HOUSEHOLD, SELF, Clarify
from bot.mentions import asked_of, words_before
from bot.message import MessageKind
from bot.router import Turn
from bot.spoken import whom
from handlers.taken import Taken, is_relay_list


def ask_number(turn: Turn, unclear: Clarify, taken: Taken, person: Resident | None = None) -> None:
    """Ask privately and once about a number that looks like one, with the likeliest value.

    The next one of the same speaker is asked about when this one has been answered.
    """
    work = turn.work
    if work.is_exercise:
        return
    who = unclear.who
    if person is None:
        ear = Ear(work.db, turn.account, turn.speaker, turn.place_id)
        before = words_before(turn.said.report, turn.said.text, unclear.span[0])
        is_voice = turn.inbound.kind is MessageKind.VOICE
        said = asked_of(ear, before, who, is_voice=is_voice)
        person = whom(ear, said).one
        who = said.who if said.who in (SELF, HOUSEHOLD) else said.key
    likely = unclear.likely[0] if unclear.likely else None
    pending = Pending(
        kind="clarify",
        place_id=turn.place_id,
        account_id=turn.account.id,
        resident_id=person.id if person else None,
        spoken_who=who,
        number=unclear.number,
        tenths=int(likely * 10) if likely is not None else None,
        message_id=work.message_id,
        at=work.now,
    )
    if _is_asked_already(turn, pending):
        return
    work.db.add(pending)
    work.db.flush()
    work.mark_fact()
    work.note(f"待核：{unclear.number}" + (f" → {likely}？" if likely else ""))
    asked = any(p.kind == "reading" for p in waiting(work.db, turn.account.id or 0, work.now))
    if not asked and not taken.asked:
        taken.asked = ask_about(turn, pending)


def ask_about(turn: Turn, pending: Pending) -> bool:
    """Put the question about one unclear number; False where the speaker has no private way."""
    work = turn.work
    person = work.db.get(Resident, pending.resident_id) if pending.resident_id else None
    likely = Decimal(pending.tenths) / 10 if pending.tenths is not None else None
    is_own = person is None or (turn.speaker is not None and person.id == turn.speaker.id)
    whose = "" if is_own or person is None else person.name
    if person is None and pending.spoken_who != SELF:
        whose = "您家" if pending.spoken_who == HOUSEHOLD else pending.spoken_who
    key = "temperature.ask_value" if likely is not None else "temperature.ask_again"
    text = work.phrase(key, number=pending.number, likely=likely, whose=whose)
    if not turn.reply_privately(text, why="看不准的数，私下问一次"):
        return False
    ask(
        work.db,
        turn.account.id or 0,
        "reading",
        work.now,
        work.now + timedelta(hours=12),
        say_back="是" if likely is not None else "",
        number=pending.number,
        likely=str(likely) if likely is not None else "",
        resident_id=pending.resident_id,
        pending_id=pending.id,
    )
    return True


def ask_next(turn: Turn) -> None:
    """The next unclear number of this speaker, where one still waits."""
    query = (
        select(Pending)
        .where(
            Pending.kind == "clarify",
            Pending.account_id == turn.account.id,
            col(Pending.closed_at).is_(None),
            Pending.at > turn.work.now - timedelta(hours=12),
        )
        .order_by(col(Pending.id))
    )
    pending = turn.work.db.exec(query).first()
    if pending is not None:
        ask_about(turn, pending)


def _is_asked_already(turn: Turn, new: Pending) -> bool:
    """The same slip again: in the next copy of a relay list, or said once more."""
    query = select(Pending.id).where(
        Pending.kind == "clarify",
        Pending.spoken_who == new.spoken_who,
        Pending.number == new.number,
        Pending.place_id == new.place_id,
        Pending.at > turn.work.now - timedelta(hours=12),
        Pending.outcome != "撤回",
    )
    if new.spoken_who == SELF or not is_relay_list(turn.said.text):
        query = query.where(Pending.account_id == new.account_id, col(Pending.closed_at).is_(None))
    return turn.work.db.exec(query).first() is not None


def ask_owed_number(turn: Turn) -> None:
    """A 都不烧 keeps no reading; who owes a number is asked privately, once a slot."""
    work, speaker = turn.work, turn.speaker
    if speaker is None:
        return
    slot = work.rules.current(work.now)
    has = speaker.id in has_reported(work.db, [speaker.id or 0], slot.day, slot.slot.name)
    asked = any(p.kind == "number" for p in waiting(work.db, turn.account.id or 0, work.now))
    if asked or has or not owes(work.db, speaker, slot):
        if not turn.is_group and not asked:
            turn.reply_privately(work.phrase("temperature.well"), why="私聊里回一句")
        return
    if turn.reply_privately(
        work.phrase("temperature.number"), why="要报数的人只说了平安，私下问一次数"
    ):
        until = work.rules.after(slot).starts_at
        ask(work.db, turn.account.id or 0, "number", work.now, max(until, work.now))
