"""What became of a row: sent, later, perhaps, never; and what a stop left behind."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text, update
from sqlmodel import Session, col, select

from bot.errors import SendError, Throttled, Unknown
from bot.outbox.row import OPEN, Claim, Outbox

FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 300.0


def settle(session: Session, claimed: Claim, now: datetime, result: str | SendError) -> Outbox:
    """Note what became of a claimed row; `result`: the platform's id, or what it raised."""
    settle_all(session, [(claimed, result)], now)
    return session.get_one(Outbox, claimed.id, populate_existing=True)


def settle_all(
    session: Session, outcomes: Sequence[tuple[Claim, str | SendError]], now: datetime
) -> None:
    """Note what became of claimed rows, nearly all of them in one statement."""
    sent = [(claimed.id, result) for claimed, result in outcomes if isinstance(result, str)]
    if sent:
        _sent(session, sent, now)
    for claimed, result in outcomes:
        if not isinstance(result, str):
            _note(session, session.get_one(Outbox, claimed.id, populate_existing=True), now, result)
    session.flush()


_SENT = (
    update(Outbox.__table__)  # type: ignore[attr-defined]  # made by SQLModel
    .where(col(Outbox.id) == bindparam("row"))
    .values(state="sent", sent_at=bindparam("now"), platform_id=bindparam("name"), reason="")
)
_ALL_SENT = text(
    "UPDATE outbox SET state = 'sent', sent_at = :now, platform_id = one.name, reason = ''"
    " FROM unnest(CAST(:rows AS int[]), CAST(:names AS text[])) AS one (id, name)"
    " WHERE outbox.id = one.id"
)


def _sent(session: Session, sent: Sequence[tuple[int, str]], now: datetime) -> None:
    connection = session.connection()
    if connection.dialect.name == "postgresql":  # a statement a row is twice as slow here
        rows, names = zip(*sent, strict=True)
        connection.execute(_ALL_SENT, {"now": now, "rows": list(rows), "names": list(names)})
    else:
        connection.execute(_SENT, [{"row": row, "name": name, "now": now} for row, name in sent])


def _note(session: Session, row: Outbox, now: datetime, result: SendError) -> None:
    if not result.retryable and not isinstance(result, Unknown):
        row.state, row.reason = "failed", f"{result.code} {result.detail}".strip()
    else:
        row.state = "unknown" if isinstance(result, Unknown) else "queued"
        row.is_perhaps_doubled |= isinstance(result, Unknown)
        row.reason = f"{result.code} {result.detail}".strip()
        row.due_at = now + _backoff(row.id or 0, row.tries, result)
        if isinstance(result, Throttled):
            _pause(session, row, row.due_at)


def part_done(session: Session, row_id: int, now: datetime) -> None:
    """Note that one part of a long message was taken, so that a retry goes on behind it."""
    row = session.get_one(Outbox, row_id)
    row.parts_done += 1
    row.left_at = now
    session.add(row)


def _backoff(row_id: int, tries: int, error: SendError) -> timedelta:
    """The platform's own word, else 0.2 s doubling to 5 min; the row's number spreads them."""
    if error.retry_after is not None:
        return timedelta(seconds=error.retry_after)
    if not error.retryable:  # perhaps sent, and the platform drops no repeat: no hurry
        return timedelta(seconds=60)
    wait_s = FIRST_WAIT_S * 2.0 ** min(tries, 16) * (1 + row_id % 16 / 32)
    return timedelta(seconds=min(wait_s, LONGEST_WAIT_S))


def _pause(session: Session, row: Outbox, until: datetime) -> None:
    """A throttled receiver is left alone: its other rows wait as long."""
    query = select(Outbox).where(
        col(Outbox.state).in_(OPEN),
        Outbox.channel == row.channel,
        Outbox.chat == row.chat,
        Outbox.due_at < until,
    )
    for other in session.exec(query.with_for_update()).all():
        other.due_at = until
        session.add(other)


def recover(session: Session, now: datetime, alive: Collection[int] = ()) -> int:
    """After a stop: rows on their way are perhaps sent; they go again with the same key.

    Args:
        session: of a write transaction.
        now: the moment.
        alive: senders that still run: theirs are left to them.
    """
    query = select(Outbox).where(text("outbox.state = 'sending'"))
    if alive:
        query = query.where(col(Outbox.sender).not_in(alive))
    rows = session.exec(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.state, row.is_perhaps_doubled, row.due_at = "unknown", True, now
        row.reason = "发到一半时停过机"
        session.add(row)
    session.flush()
    return len(rows)
