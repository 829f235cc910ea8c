"""待核 clarification: what people say back when we asked about a number or a name."""

import re
from decimal import Decimal

from sqlmodel import col, select

from bot.clock import local_day
from bot.domain.prompts import Prompt, waiting
from bot.domain.registry import Resident, SameName, path_words
from bot.domain.rules import SlotDay
from bot.domain.temperature import Pending
from bot.language.meaning import SELF
from bot.router import Router, Turn
from handlers.record import Said, record
from handlers.taken import Taken, proxy_of, tell

router = Router()

_YES = re.compile(
    r"(?:是|是的|对|对的|嗯|嗯嗯|没错|好|好的|行|可以|中|1|一|yes|ok|OK|👌|👍|✅|\[OK\]|\[强\])"
    r"(?:的|啊|呀|哈|呢|吧|了)?[。.!！~]*",
)
_NO = re.compile(r"(?:不是|不对|错了|不|否|没有|2|no|NO|❌)(?:的|啊|呀|哈|呢|了)?[。.!！~]*")


@router.first
def on_answer(turn: Turn) -> bool:
    """An answer to what we asked of a number or a name: 是, 1, an emoji, a number, a choice."""
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
        turn.reply_privately(
            turn.work.phrase("temperature.unknown", names=turn.account.display_name)
        )
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
    tell(turn, Taken([kept], []))
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
        if text.rstrip("。.") == str(index) or (
            mark and (mark in text or text.strip("的") in mark)
        ):
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
            proxy=proxy_of(turn, chosen),
        ),
    )
    pending.closed_at, pending.outcome = turn.work.now, chosen.name
    turn.work.db.add(pending)
    _close(turn, prompt, chosen.name)
    tell(turn, Taken([kept], []))
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
