"""重要情况 incidents: danger first, then a clock that walks upward until somebody has taken it."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

from sqlmodel import col, func, select

from bot.clock import clock_words, local_day
from bot.domain.audit import note as audit
from bot.domain.care import open_observation, team_of
from bot.domain.incidents import (
    Incident,
    IncidentKind,
    IncidentStep,
    told_residents,
)
from bot.domain.registry import Resident, RoleName, is_below, path_words
from bot.domain.rules import Escalation
from bot.domain.temperature import Pending, Reading
from bot.language.commands import Command, Verb
from bot.language.understand import Intent
from bot.message import MessageKind
from bot.router import Router, Turn
from bot.work import Work
from handlers import alerts
from handlers.record import Said, record
from handlers.subjects import is_open, subject_of

router = Router()

_VALUE = re.compile(r"(3[4-9]|4[0-3])\s*[.。．·点度]?\s*(\d)?")
_SITES = {
    "腋": "axillary",
    "额": "forehead",
    "耳": "ear",
    "口": "oral",
    "腕": "wrist",
    "肛": "rectal",
}


@router.on(Intent.EMERGENCY)
def on_emergency(turn: Turn) -> None:
    """Danger with a living person as subject: "call 120 now" first, always, then people at once."""
    work = turn.work
    danger = turn.said.report.danger
    spoken = danger[0] if danger else None
    subject = subject_of(turn, spoken)
    turn.say_here(
        work.phrase("emergency.first"), "emergency", is_urgent=True, why="危险的话：先叫打 120"
    )
    if subject.place_id is None or is_open(turn, IncidentKind.EMERGENCY, subject):
        return
    incident = alerts.open_incident(
        work,
        IncidentKind.EMERGENCY,
        subject.place_id,
        work.phrase(
            "emergency.summary",
            who=subject.words,
            what=spoken.name if spoken else turn.said.text[:40],
            by=turn.account.display_name or (turn.speaker.name if turn.speaker else ""),
            place=path_words(work.db, subject.place_id),
        ),
        person=subject.person,
        clock=(Escalation(timedelta(), work.rules.emergency_to),),
        is_urgent=True,
    )
    if subject.person is None and turn.speaker is not None:  # who looks after the caller's house
        told = told_residents(work.db, incident.id or 0)
        team = [p for p in team_of(work.db, turn.speaker.id or 0) if p.id not in told]
        if team:
            alerts.tell_all(work, incident, team, "incident.told")


@router.on(Intent.SITUATION)
def on_situation(turn: Turn) -> None:
    """Felt fever or symptoms without a number: the grid worker hears; the speaker is told so.

    Of somebody whom nobody can name she hears what was said, and who it may be.
    """
    work = turn.work
    symptoms = turn.said.report.symptoms
    subject = subject_of(turn, symptoms[0] if symptoms else None)
    place_id = subject.place_id
    if place_id is None or (subject.person is None and not symptoms):
        return
    if is_open(turn, IncidentKind.HELP, subject):
        return
    probe = Incident(
        kind=IncidentKind.HELP,
        place_id=place_id,
        resident_id=subject.person.id if subject.person else None,
        opened_at=work.now,
    )
    alerts.open_incident(
        work,
        IncidentKind.HELP,
        place_id,
        work.phrase(
            "incident.felt",
            who=subject.words,
            what="、".join(dict.fromkeys(s.name for s in symptoms)),
        ),
        person=subject.person,
        tell=alerts.told_by_kind(work, probe, "felt_fever"),
    )
    worker = alerts.role_words(work, RoleName.GRID_WORKER, place_id)
    turn.reply_privately(
        work.phrase("incident.felt_reply", worker=worker), why="没有数的不舒服，网格员去看"
    )


@router.on_verb(Verb.TAKE)
def on_take(turn: Turn) -> None:
    """接 [NAME], by whoever was told or holds the place: stops the clock, tells the others."""
    incident = _meant(turn, turn.said.command, untaken=True)
    if incident is None or turn.speaker is None:
        turn.reply(turn.work.phrase("incident.nothing_to_take"), why="没有等人接的事")
        return
    work, now = turn.work, turn.work.now
    incident.taken_at, incident.taken_by, incident.next_at = now, turn.speaker.id, None
    incident.asked_outcome_at = now + work.rules.outcome_after
    work.db.add(incident)
    alerts.log_step(work, incident, "taken", turn.speaker)
    audit(work.db, now, "incident.take", actor_id=turn.speaker.id, subject_id=incident.resident_id)
    with _as_exercise(work, incident):
        turn.reply(
            work.phrase(
                "incident.taken", at=clock_words(now, local_day(now)), summary=incident.summary
            ),
            number=incident.id,
            why="接了",
        )
        for person_id in told_residents(work.db, incident.id or 0):
            if person_id != turn.speaker.id:
                work.to_resident(
                    person_id,
                    work.phrase(
                        "incident.taken_by", name=turn.speaker.name, summary=incident.summary
                    ),
                    "alert",
                    key=f"taken:{incident.id}:{person_id}",
                    why="告诉先前的人已经有人接了",
                )


class _as_exercise:  # noqa: N801 - reads as a word where it is used
    """What is said about an exercise carries its stamp, whoever speaks."""

    def __init__(self, work: Work, incident: Incident) -> None:
        self.work, self.before = work, work.is_exercise
        self.work.is_exercise = incident.is_exercise or work.is_exercise

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self.work.is_exercise = self.before


@router.on_verb(Verb.OUTCOME)
def on_outcome(turn: Turn) -> None:
    """复测 37.1 · 转诊 [to] · 观察 · 排除: what came of it; 转诊 and 排除 close it, signed."""
    order = turn.said.command
    incident = _meant(turn, None, untaken=False)
    if order is None or incident is None or turn.speaker is None:
        turn.reply(turn.work.phrase("incident.nothing_open"), why="没有没办完的事")
        return
    work = turn.work
    if incident.taken_at is None:
        incident.taken_at, incident.taken_by, incident.next_at = work.now, turn.speaker.id, None
    what, words = order.get("what"), order.get("note")
    with _as_exercise(work, incident):
        line = _recheck(turn, incident, words) if what in ("复测", "重测") else ""
        closes = what in ("转诊", "送医", "送医院", "排除", "误报")
        incident.outcome = f"{what}{words}"
        incident.asked_outcome_at = None
        if closes:
            incident.closed_at, incident.closed_by = work.now, turn.speaker.id
        work.db.add(incident)
        alerts.log_step(work, incident, "closed" if closes else "outcome", turn.speaker, what)
        audit(
            work.db,
            work.now,
            "incident.outcome",
            actor_id=turn.speaker.id,
            subject_id=incident.resident_id,
            words=what,
        )
        key = "incident.closed" if closes else "incident.noted"
        turn.reply(line + work.phrase(key, what=what, summary=incident.summary), why="结果记下了")


def _recheck(turn: Turn, incident: Incident, words: str) -> str:
    """Keep the value of 复测腋温37.1 as a reading of the incident's subject."""
    match = _VALUE.search(words)
    person = turn.work.db.get(Resident, incident.resident_id) if incident.resident_id else None
    if match is None or person is None:
        return ""
    celsius = Decimal(f"{match[1]}.{match[2] or 0}")
    site = next((s for c, s in _SITES.items() if c in words[: match.start()]), "")
    record(
        turn.work,
        Said(
            person=person,
            celsius=celsius,
            slot=turn.work.rules.slot_for(turn.work.now),
            site=site,
            by_account=turn.account.id,
            proxy=turn.speaker,
            reason="复测",
        ),
    )
    return turn.work.phrase("incident.recheck", name=person.name, celsius=celsius)


def _meant(turn: Turn, order: Command | None, *, untaken: bool) -> Incident | None:
    """The incident that somebody means: by name, else the latest they were told of or hold."""
    work = turn.work
    query = (
        select(Incident).where(col(Incident.closed_at).is_(None)).order_by(col(Incident.id).desc())
    )
    if untaken:
        query = query.where(col(Incident.taken_at).is_(None))
    name = order.get("name") if order else ""
    mine = turn.speaker.id if turn.speaker else 0
    told = set(
        work.db.exec(select(IncidentStep.incident_id).where(IncidentStep.resident_id == mine)).all()
    )
    found = [
        incident
        for incident in work.db.exec(query).all()
        if (incident.is_exercise or not work.is_exercise)
        and (not name or _is_about(work, incident, name))
    ]
    if not untaken:  # what they hold goes before what they were only told of
        found.sort(key=lambda incident: incident.taken_by != mine)
    for incident in found:
        near = any(is_below(work.db, incident.place_id, p) for p in turn.scope.place_ids)
        if incident.id in told or incident.taken_by == mine or (name and near):
            return incident
    return None


def _is_about(work: Work, incident: Incident, name: str) -> bool:
    person = work.db.get(Resident, incident.resident_id) if incident.resident_id else None
    return name in (person.name if person is not None else incident.summary)


def escalate(work: Work) -> None:
    """Take the due steps of all clocks, ask for outcomes, and turn forgotten rechecks into fevers.

    Misfire: a step that was missed while we were down is taken at once, one step a tick; nobody is
    skipped.
    """
    due = select(Incident).where(
        col(Incident.closed_at).is_(None),
        col(Incident.taken_at).is_(None),
        col(Incident.next_at) <= work.now,
    )
    for incident in work.db.exec(due).all():
        clock = work.rules.urgent_clock if incident.is_urgent else work.rules.fever_clock
        with _as_exercise(work, incident):
            alerts.take_step(work, incident, clock)
    _ask_outcomes(work)
    _forgotten_rechecks(work)


def _ask_outcomes(work: Work) -> None:
    query = select(Incident).where(
        col(Incident.closed_at).is_(None), col(Incident.asked_outcome_at) <= work.now
    )
    for incident in work.db.exec(query).all():
        with _as_exercise(work, incident):
            work.to_resident(
                incident.taken_by or 0,
                work.phrase("incident.ask_outcome", summary=incident.summary),
                "alert",
                key=f"outcome:{incident.id}:{incident.asked_outcome_at}",
                is_urgent=True,
                why="接了以后问结果",
            )
        incident.asked_outcome_at = None
        work.db.add(incident)


def _forgotten_rechecks(work: Work) -> None:
    """A forehead value at the line that nobody has measured again in time is the fever chain."""
    query = select(Pending).where(
        Pending.kind == "recheck", col(Pending.closed_at).is_(None), col(Pending.due_at) <= work.now
    )
    for pending in work.db.exec(query).all():
        pending.closed_at, pending.outcome = work.now, "没复测"
        work.db.add(pending)
        person = work.db.get(Resident, pending.resident_id) if pending.resident_id else None
        if person is None or (pending.tenths or 0) < work.rules.recheck_tells * 10:
            continue
        reading = work.db.exec(
            select(Reading.id)
            .where(Reading.resident_id == person.id, Reading.message_id == pending.message_id)
            .order_by(col(Reading.id).desc())
        ).first()
        alerts.open_incident(
            work,
            IncidentKind.FEVER,
            person.place_id,
            work.phrase(
                "incident.no_recheck",
                who=alerts.who_words(work, person),
                value=pending.number,
                minutes=int(work.rules.recheck_wait / timedelta(minutes=1)),
            ),
            person=person,
            clock=work.rules.fever_clock,
            reading_id=reading,
        )


def next_step(work: Work) -> datetime | None:
    """When the next clock of any incident or recheck runs out."""
    moments = [
        work.db.exec(
            select(func.min(Incident.next_at)).where(
                col(Incident.closed_at).is_(None), col(Incident.taken_at).is_(None)
            )
        ).one(),
        work.db.exec(
            select(func.min(Incident.asked_outcome_at)).where(col(Incident.closed_at).is_(None))
        ).one(),
        work.db.exec(
            select(func.min(Pending.due_at)).where(
                Pending.kind == "recheck", col(Pending.closed_at).is_(None)
            )
        ).one(),
    ]
    return min((m for m in moments if m is not None), default=None)


@router.on_event(MessageKind.REMOVED)
def on_removed(turn: Turn) -> None:
    """Taken out of a chat: nobody there is called missing; secretary and township hear of it."""
    chat = turn.chat
    if chat is None or chat.place_id is None:
        return
    chat.is_removed = True
    turn.work.db.add(chat)
    alerts.open_incident(
        turn.work,
        IncidentKind.CHANNEL_DOWN,
        chat.place_id,
        turn.work.phrase("incident.removed", title=chat.title),
        chat_id=chat.id,
    )


@router.on_event(MessageKind.LEFT)
def on_left(turn: Turn) -> None:
    """Somebody under observation left the group: the team follows up by phone; the record stays."""
    work, person = turn.work, turn.speaker
    if person is None or open_observation(work.db, person.id or 0) is None:
        return
    probe = Incident(
        kind=IncidentKind.HELP, place_id=person.place_id, resident_id=person.id, opened_at=work.now
    )
    for member in alerts.receivers(work, probe, ("team",)):
        work.to_resident(
            member.id or 0,
            work.phrase("incident.left", who=alerts.who_words(work, person)),
            "alert",
            is_urgent=True,
            why="观察的人退群",
        )


@router.on_event(MessageKind.JOINED, MessageKind.RENAMED, MessageKind.ENTERED)
def on_membership(turn: Turn) -> None:
    """Joins and new names need no word; a chat that the bot is back in opens again."""
    if turn.chat is not None and turn.chat.is_removed:
        turn.chat.is_removed = False
        turn.work.db.add(turn.chat)
