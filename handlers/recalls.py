"""撤回 recalls: what was taken back is marked and kept; an alert stays, and its sender is asked."""

from datetime import timedelta

from sqlmodel import col, select

from bot.domain.incidents import IncidentKind, open_incident, told_residents
from bot.domain.prompts import Prompt, ask
from bot.domain.registry import Resident
from bot.domain.temperature import Pending, Reading, project
from bot.inbox import Inbox
from bot.router import Turn
from handlers import alerts
from handlers.unnamed import tell_withdrawn


def take_back(turn: Turn) -> None:
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
    together = _last_of_house(turn)
    if together and (reading is None or together[0].at >= reading.at):
        _close_waiting(turn, together, "说了作废")
    elif reading is not None:
        _withdraw(turn, [reading], "说了作废")


def _last_of_house(turn: Turn) -> list[Pending]:
    """What the speaker said last of several people together, all of that message."""
    query = (
        select(Pending)
        .where(
            Pending.account_id == turn.account.id,
            Pending.kind == "household",
            col(Pending.closed_at).is_(None),
            Pending.at > turn.work.now - timedelta(hours=12),
        )
        .order_by(col(Pending.id).desc())
    )
    last = turn.work.db.exec(query).first()
    return _waiting_of(turn, last.message_id) if last and last.message_id else []


def on_recalled(turn: Turn) -> None:
    """A recalled message: its readings are withdrawn, what it left open is closed."""
    work = turn.work
    query = select(Inbox.id).where(
        Inbox.channel == turn.inbound.channel, Inbox.key == turn.inbound.ref
    )
    message_id = work.db.exec(query).first()
    if message_id is None:
        return
    _close_waiting(turn, _waiting_of(turn, message_id), "撤回了")
    said = select(Reading).where(
        Reading.message_id == message_id, col(Reading.withdrawn_at).is_(None)
    )
    readings = list(work.db.exec(said).all())
    if readings:
        _withdraw(turn, readings, "撤回了")


def _waiting_of(turn: Turn, message_id: int) -> list[Pending]:
    query = select(Pending).where(
        Pending.message_id == message_id, col(Pending.closed_at).is_(None)
    )
    return list(turn.work.db.exec(query).all())


def _close_waiting(turn: Turn, pendings: list[Pending], how: str) -> None:
    """What it left open needs no word any more; a fever of nobody yet named stays a fever."""
    for pending in pendings:
        pending.closed_at, pending.outcome = turn.work.now, "撤回"
        turn.work.db.add(pending)
        tell_withdrawn(turn.work, pending, how)
    if pendings:
        _drop_questions(turn, pendings)


def _drop_questions(turn: Turn, pendings: list[Pending]) -> None:
    """What was asked about a recalled message needs no answer any more."""
    work = turn.work
    query = select(Prompt).where(
        col(Prompt.kind).in_(("reading", "which", "assign")),
        col(Prompt.closed_at).is_(None),
        col(Prompt.expires_at) > work.now,
    )
    for prompt in work.db.exec(query).all():
        values = prompt.values
        if any(_is_about(prompt, values, pending) for pending in pendings):
            prompt.closed_at = work.now
            work.db.add(prompt)


def _is_about(prompt: Prompt, values: dict[str, object], pending: Pending) -> bool:
    if prompt.kind == "reading":
        return values.get("pending_id") == pending.id
    own = (values.get("by_account"), values.get("spoken"))
    return own == (pending.account_id, pending.spoken_who)


def _withdraw(turn: Turn, readings: list[Reading], how: str) -> None:
    was_fever = False
    for reading in readings:
        was_superseded = reading.superseded_by is not None
        _mark(turn, reading)
        if _tell_withdrawn(turn, reading, how) and not was_superseded:
            was_fever = True
    if was_fever:
        sent = turn.reply_privately(
            turn.work.phrase("temperature.recalled"), why="撤回的像发热，私下问一声"
        )
        if sent:
            ask(
                turn.work.db,
                turn.account.id or 0,
                "recalled",
                turn.work.now,
                turn.work.now + timedelta(hours=12),
                reading_ids=[r.id for r in readings],
            )


def _mark(turn: Turn, reading: Reading) -> None:
    """Withdraw one; what it had corrected counts again."""
    work = turn.work
    reading.withdrawn_at = work.now
    work.db.add(reading)
    query = select(Reading).where(Reading.superseded_by == reading.id)
    for older in work.db.exec(query).all():
        older.superseded_by = None
        work.db.add(older)
    project(work.db, reading.resident_id, reading.place_id, reading.day, reading.slot)


def stand_by(turn: Turn, reading_ids: list[int]) -> None:
    """没报错: what was recalled counts again, and whoever was told hears so."""
    work = turn.work
    for reading in _recalled(turn, reading_ids):
        reading.withdrawn_at = None
        work.db.add(reading)
        project(work.db, reading.resident_id, reading.place_id, reading.day, reading.slot)
        _tell_told(turn, reading, "recall_true")
    turn.reply_privately(work.phrase("temperature.recall_true"), why="撤回的没报错")


def own_up(turn: Turn, reading_ids: list[int]) -> None:
    """报错了: it stays withdrawn; whoever was told hears so and closes it after a look."""
    for reading in _recalled(turn, reading_ids):
        _tell_told(turn, reading, "recall_wrong")
    turn.reply_privately(turn.work.phrase("temperature.say_again"), why="撤回的报错了，请重发")


def _recalled(turn: Turn, reading_ids: list[int]) -> list[Reading]:
    found = (turn.work.db.get(Reading, i) for i in reading_ids)
    return [r for r in found if r is not None and r.withdrawn_at is not None]


def _tell_told(turn: Turn, reading: Reading, how: str) -> None:
    work = turn.work
    incident = open_incident(work.db, IncidentKind.FEVER, reading.resident_id)
    if incident is None or incident.reading_id != reading.id:
        return
    alerts.log_step(work, incident, how, turn.speaker, str(reading.celsius))
    person = work.db.get_one(Resident, reading.resident_id)
    for told in told_residents(work.db, incident.id or 0):
        work.to_resident(
            told,
            work.phrase(f"incident.{how}", name=person.name, value=reading.celsius),
            "alert",
            key=f"{how}:{reading.id}:{told}",
            is_urgent=True,
            why="撤回的问清了，人来关",
        )


def _tell_withdrawn(turn: Turn, reading: Reading, how: str) -> bool:
    """Whoever was told of this fever hears that it was taken back; False where it opened none."""
    work = turn.work
    incident = open_incident(
        work.db, IncidentKind.FEVER, reading.resident_id, is_exercise=reading.is_exercise
    )
    if incident is None or incident.reading_id != reading.id:
        return False
    alerts.log_step(work, incident, "withdrawn", turn.speaker, how)
    person = work.db.get_one(Resident, reading.resident_id)
    for told in told_residents(work.db, incident.id or 0):
        work.to_resident(
            told,
            work.phrase("incident.withdrawn", name=person.name, value=reading.celsius, how=how),
            "alert",
            key=f"withdrawn:{reading.id}:{told}",
            is_urgent=True,
            is_exercise=reading.is_exercise,
            why="撤回不关单",
        )
    return True
