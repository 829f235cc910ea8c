"""台账 ledger in words: today's list, curve, person, roster, summary; a cadre's corrections."""

import re
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from sqlmodel import col, select

from bot import people
from bot.clock import day_words, local_day
from bot.domain.audit import note as audit
from bot.domain.care import Observation, team_of
from bot.domain.incidents import WORD_OF_INCIDENT, Incident, IncidentKind
from bot.domain.owing import missing, owing
from bot.domain.prompts import ask
from bot.domain.registry import (
    Resident,
    may_see,
    path_words,
    places_below,
    residents_of_place,
)
from bot.domain.rules import SlotDay
from bot.domain.temperature import Pending, Reading, SlotSummary, curve
from bot.language.commands import Verb
from bot.router import Router, Turn
from bot.work import Work
from handlers import alerts
from handlers.record import UNCLEAR, Said, record

router = Router()

_NUMBER = re.compile(r"(\d{2})[.。．·点度]?(\d)?")


def _celsius(text: str) -> Decimal | None:
    match = _NUMBER.fullmatch(text.strip().rstrip("度。"))
    if match is None:
        return None
    try:
        return Decimal(f"{match[1]}.{match[2] or 0}")
    except InvalidOperation:
        return None


def _person(turn: Turn, name: str) -> Resident | None:
    """Somebody of the speaker's places by name; asks back where there is not just one."""
    work = turn.work
    found = {
        p.id: p for place in turn.scope.place_ids for p in people.by_name(work.db, place, name)
    }
    mine = list(found.values())
    if not mine and turn.speaker is not None:
        near = people.find(work.db, turn.account, turn.speaker, turn.place_id, name)
        mine = [p for p in near.people if _may_know(turn, p)]
    if len(mine) == 1:
        return mine[0]
    key = "lists.which" if mine else "lists.nobody"
    names = "、".join(f"{p.mark or path_words(work.db, p.place_id)}{p.name}" for p in mine)
    turn.reply(work.phrase(key, name=name, names=names), why="名字对不上一个人")
    return None


def _may_know(turn: Turn, person: Resident) -> bool:
    """Who may see a person's health: cadres of the place and above, care team, own house."""
    if turn.speaker is None:
        return False
    own_house = (
        turn.speaker.household_id is not None and turn.speaker.household_id == person.household_id
    )
    in_team = any(m.id == turn.speaker.id for m in team_of(turn.work.db, person.id or 0))
    return (
        turn.speaker.id == person.id
        or own_house
        or in_team
        or may_see(turn.work.db, turn.scope, person.place_id)
    )


@router.on_verb(Verb.CURVE, cadres=False)
def on_curve(turn: Turn) -> None:
    """曲线 NAME: fourteen days in words, for those who may see it; privately in village chats."""
    order = turn.said.command
    person = _person(turn, order.get("name") if order else "")
    if person is None:
        return
    work = turn.work
    if not _may_know(turn, person):
        turn.reply(work.phrase("lists.nobody", name=person.name, names=""), why="不是他能看的")
        return
    audit(
        work.db,
        work.now,
        "curve.read",
        actor_id=turn.speaker.id if turn.speaker else None,
        subject_id=person.id,
    )
    rows = curve(work.db, person.id or 0, local_day(work.now))
    days: dict[date, list[str]] = {}
    for row in rows:
        mark = "↑" if row.is_fever else ""
        days.setdefault(row.day, []).append(f"{row.slot}{row.tenths / 10:.1f}{mark}")
    lines = [f"{day_words(day)} {' '.join(values)}" for day, values in days.items()]
    key = "lists.curve" if lines else "lists.no_curve"
    turn.reply(work.phrase(key, name=person.name, lines="\n".join(lines)), why="看曲线（已留痕）")


@router.on_verb(Verb.LOOK_UP)
def on_look_up(turn: Turn) -> None:
    """查 NAME: house, observation, last readings and open incidents of a person; audited."""
    order = turn.said.command
    person = _person(turn, order.get("name") if order else "")
    if person is None:
        return
    work = turn.work
    audit(
        work.db,
        work.now,
        "person.read",
        actor_id=turn.speaker.id if turn.speaker else None,
        subject_id=person.id,
    )
    last = curve(work.db, person.id or 0, local_day(work.now), 3)[-3:]
    incidents = work.db.exec(
        select(Incident).where(Incident.resident_id == person.id, col(Incident.closed_at).is_(None))
    ).all()
    team = "、".join(p.name for p in team_of(work.db, person.id or 0))
    turn.reply(
        work.phrase(
            "lists.person",
            who=alerts.who_words(work, person),
            readings=" ".join(f"{day_words(r.day)}{r.slot}{r.tenths / 10:.1f}" for r in last)
            or "还没有",
            incidents="、".join(WORD_OF_INCIDENT[IncidentKind(i.kind)] for i in incidents)
            or "没有",
            team=team or "没有",
        ),
        why="查一个人（已留痕）",
    )


@router.on_verb(Verb.TODAY)
def on_today(turn: Turn) -> None:
    """今天该找谁: open incidents, who is missing, what waits for a word, releases of the day."""
    work = turn.work
    below = _below(turn)
    lines = [
        f"· {WORD_OF_INCIDENT[IncidentKind(i.kind)]} {i.summary}"
        for i in work.db.exec(
            select(Incident)
            .where(col(Incident.closed_at).is_(None), col(Incident.place_id).in_(below))
            .order_by(col(Incident.id))
        ).all()
        if not i.is_exercise
    ]
    one = work.rules.current(work.now)
    absent = missing(work.db, one, below)
    if absent:
        lines.append(f"· {one.slot.name}报还差：{'、'.join(p.name for p in absent[:30])}")
    pending = work.db.exec(
        select(Pending).where(
            col(Pending.kind).in_(UNCLEAR),
            col(Pending.place_id).in_(below),
            col(Pending.closed_at).is_(None),
        )
    ).all()
    lines += [f"· 待核 {p.spoken_who} {p.number}" for p in pending[:20]]
    lines += _releases(work, below)
    key = "lists.today" if lines else "lists.nothing_today"
    turn.reply(work.phrase(key, lines="\n".join(lines)), why="问今天该找谁")


def _releases(work: Work, below: list[int]) -> list[str]:
    today = local_day(work.now)
    rows = work.db.exec(
        select(Observation).where(
            col(Observation.closed_at).is_(None), col(Observation.place_id).in_(below)
        )
    ).all()
    out = []
    for row in rows:
        if row.ends_on <= today:
            person = work.db.get_one(Resident, row.resident_id)
            out.append(f"· 到期 {person.name} 隔离第{row.day_number(today)}天")
    return out


def _below(turn: Turn) -> list[int]:
    return [p for place in turn.scope.place_ids for p in places_below(turn.work.db, place)]


@router.on_verb(Verb.ROSTER)
def on_roster(turn: Turn) -> None:
    """名单: houses and people of each place of the speaker's; names of one villager group."""
    work = turn.work
    lines = []
    for place_id in turn.scope.place_ids:
        for leaf in places_below(work.db, place_id):
            own = [
                p
                for p in residents_of_place(work.db, leaf)
                if p.place_id == leaf and p.household_id
            ]
            if own:
                houses = len({p.household_id for p in own})
                lines.append(
                    work.phrase(
                        "lists.roster_line",
                        place=path_words(work.db, leaf),
                        houses=houses,
                        people=len(own),
                    )
                )
    turn.reply("\n".join(lines) or work.phrase("lists.no_roster"), why="问名单")


@router.on_verb(Verb.SUMMARY)
def on_summary(turn: Turn) -> None:
    """汇总: numbers of the slot that is open, from the projection."""
    work = turn.work
    one = work.rules.current(work.now)
    below = _below(turn)
    turn.reply(summary_words(work, one, below), why="问汇总")


def summary_words(work: Work, one: SlotDay, below: list[int]) -> str:
    """Owed, reported, fever, late and open incidents of some places in a slot."""
    rows = work.db.exec(
        select(SlotSummary).where(
            SlotSummary.day == one.day,
            SlotSummary.slot == one.slot.name,
            col(SlotSummary.place_id).in_(below),
        )
    ).all()
    open_now = work.db.exec(
        select(Incident).where(col(Incident.closed_at).is_(None), col(Incident.place_id).in_(below))
    ).all()
    owed = owing(work.db, one, below)
    absent = missing(work.db, one, below)
    return work.phrase(
        "lists.summary",
        day=day_words(one.day),
        slot=one.slot.name,
        owed=len(owed),
        reported=sum(r.reported for r in rows),
        missing=len(absent),
        fever=sum(r.fever for r in rows),
        late=sum(r.late for r in rows),
        incidents=sum(not i.is_exercise for i in open_now),
    )


@router.on_verb(Verb.CHANGE)
def on_change(turn: Turn) -> None:
    """改 NAME 早 36.9: the reason is asked for; both values stay visible."""
    order = turn.said.command
    person = _person(turn, order.get("name") if order else "")
    if person is None or order is None:
        return
    work = turn.work
    celsius = _celsius(order.get("value"))
    if celsius is None or not may_see(work.db, turn.scope, person.place_id):
        turn.reply(work.phrase("lists.no_number", value=order.get("value")), why="数不对")
        return
    one = _slot(work, order.get("slot"), order.get("day"))
    old = _last(work, person, one)
    reason = order.get("reason").strip(" ，,。")
    if reason:
        _change(turn, person, celsius, one, reason)
        return
    turn.reply(
        work.phrase(
            "lists.why",
            name=person.name,
            day=day_words(one.day),
            slot=one.slot.name,
            old=old.celsius if old else "没有数",
            new=celsius,
        ),
        why="改数要说原因",
    )
    ask(
        work.db,
        turn.account.id or 0,
        "reason",
        work.now,
        work.now + timedelta(minutes=30),
        resident_id=person.id,
        celsius=str(celsius),
        day=one.day.isoformat(),
        slot=one.slot.name,
    )


def _slot(work: Work, slot: str, day: str) -> SlotDay:
    on = local_day(work.now) - timedelta(days=1 if day == "昨" else 0)
    if not slot:
        return work.rules.current(work.now)
    return SlotDay(on, next(s for s in work.rules.slots if s.name == slot))


def _last(work: Work, person: Resident, one: SlotDay) -> Reading | None:
    query = (
        select(Reading)
        .where(
            Reading.resident_id == person.id,
            Reading.day == one.day,
            Reading.slot == one.slot.name,
            col(Reading.superseded_by).is_(None),
            col(Reading.withdrawn_at).is_(None),
        )
        .order_by(col(Reading.id).desc())
    )
    return work.db.exec(query).first()


@router.first
def on_reason(turn: Turn) -> bool:
    """The reason for a change that was asked for."""
    if turn.is_group and turn.in_village_chat:
        return False
    if turn.meaning is None or turn.meaning.command is not None:
        return False
    for prompt in turn.prompts:
        if prompt.kind != "reason":
            continue
        values = prompt.values
        prompt.closed_at = turn.work.now
        turn.work.db.add(prompt)
        slot = next(s for s in turn.work.rules.slots if s.name == values["slot"])
        _change(
            turn,
            turn.work.db.get_one(Resident, values["resident_id"]),
            Decimal(values["celsius"]),
            SlotDay(date.fromisoformat(values["day"]), slot),
            turn.said.text[:60],
        )
        return True
    return False


def _change(turn: Turn, person: Resident, celsius: Decimal, one: SlotDay, reason: str) -> None:
    work = turn.work
    had_one = _last(work, person, one) is not None
    kept = record(
        work,
        Said(
            person=person,
            celsius=celsius,
            slot=one,
            source="sheet",
            by_account=turn.account.id,
            proxy=turn.speaker,
            is_correction=had_one,
            reason=reason,
        ),
    )
    audit(
        work.db,
        work.now,
        "reading.change",
        actor_id=turn.speaker.id if turn.speaker else None,
        subject_id=person.id,
        words=reason,
    )
    key = "lists.changed" if kept.reading is not None else "lists.unchanged"
    turn.reply(
        work.phrase(key, name=person.name, slot=one.slot.name, new=celsius, reason=reason),
        why="改好了",
    )


@router.on_verb(Verb.PROXY)
def on_proxy(turn: Turn) -> None:
    """代报 NAME 36.5: a cadre reports for somebody of his places."""
    order = turn.said.command
    person = _person(turn, order.get("name") if order else "")
    if person is None or order is None:
        return
    work = turn.work
    celsius = _celsius(order.get("value"))
    if celsius is None:
        turn.reply(work.phrase("lists.no_number", value=order.get("value")), why="数不对")
        return
    record(
        work,
        Said(
            person=person,
            celsius=celsius,
            slot=work.rules.slot_for(work.now),
            by_account=turn.account.id,
            proxy=turn.speaker,
        ),
    )
    turn.reply(
        work.phrase("temperature.kept", values=f"{person.name} {celsius}", more=""), why="代报记了"
    )
