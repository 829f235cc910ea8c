"""Shared: what one message gave in readings: the slot, who reports for whom, and the one reply."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from bot.clock import local_day
from bot.domain.registry import Proxy, Resident, RoleName
from bot.domain.rules import SlotDay, Verdict
from bot.language.meaning import SpokenReading
from bot.router import Turn
from handlers import alerts
from handlers.assigning import Claims
from handlers.said import FEVERS, Kept

_NUMBERED = re.compile(r"(?:^|\n)\s*\d{1,3}\s*[.、．)）]\s*\S")


def is_relay_list(text: str) -> bool:
    """Whether a message is a relay list: it says so, or it has two numbered lines."""
    return "接龙" in text or len(_NUMBERED.findall(text)) > 1


@dataclass(slots=True)
class Taken:
    """What one message gave."""

    kept: list[Kept]
    unknown: list[str]
    asked: bool = False
    houses: list[str] = field(default_factory=list)  # what houses said together, in words
    learnt: list[str] = field(default_factory=list)  # what is remembered from here on, in words
    claims: Claims = field(default_factory=Claims)


def slot_of(turn: Turn, spoken: SpokenReading) -> SlotDay:
    """The slot it counts to; one that has not begun yet was the day before's."""
    slot = turn.work.rules.slot_for(
        turn.work.now, day=spoken.day, period=spoken.period or "", minute=spoken.minute
    )
    if slot.starts_at > turn.work.now and slot.day == local_day(turn.work.now):
        is_early = slot == turn.work.rules.slot_for(turn.work.now)
        return slot if is_early else SlotDay(slot.day - timedelta(days=1), slot.slot)
    return slot


def proxy_between(speaker: Resident | None, person: Resident) -> Resident | None:
    """Who reports for somebody of another house; None for oneself and one's own."""
    if speaker is None or speaker.id == person.id:
        return None
    if speaker.household_id is not None and speaker.household_id == person.household_id:
        return None
    return speaker


def proxy_of(turn: Turn, person: Resident) -> Resident | None:
    """Who reports for somebody of another house; at first the grid worker is asked about it."""
    speaker = proxy_between(turn.speaker, person)
    if speaker is None:
        return None
    known = turn.work.db.get(Proxy, (speaker.id, person.id))
    if known is None and not turn.scope.is_cadre:
        turn.work.db.add(
            Proxy(
                reporter_id=speaker.id or 0,
                resident_id=person.id or 0,
                since_on=local_day(turn.work.now),
            )
        )
        for worker in alerts.first_holders(turn.work, person.place_id, (RoleName.GRID_WORKER,)):
            turn.work.to_resident(
                worker.id or 0,
                turn.work.phrase("temperature.proxy_ask", name=person.name, reporter=speaker.name),
                "reply",
                why="头一回代报，问网格员一声",
            )
    return speaker


def tell(turn: Turn, taken: Taken) -> None:
    """One reply a message: privately what was kept; in a village group what a fever needs."""
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
        turn.say_here(
            work.phrase("temperature.neutral"), why="没有私聊的路，群里只说这一句（规则 S2）"
        )


def _answer_alone(turn: Turn, taken: Taken, fevers: list[Kept], others: list[Kept]) -> None:
    work = turn.work
    lines: list[str] = []
    fresh = [k for k in taken.kept if k.reading is not None]
    told = taken.houses + [f"{k.said.person.name} {k.said.celsius}" for k in fresh]
    if told:
        values = "、".join(told[:12])
        more = f" 等 {len(told)} 个" if len(told) > 12 else ""
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
        more = f" 等 {len(taken.unknown)} 个" if len(taken.unknown) > 20 else ""
        names = "、".join(taken.unknown[:20]) + more
        lines.append(work.phrase("temperature.unknown", names=names))
    lines += taken.learnt
    lines += [_fever_line(turn, k) for k in fevers] + [_odd_line(turn, k) for k in others]
    if lines and not (taken.asked and not told and not taken.unknown):
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
