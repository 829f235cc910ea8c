"""Rows that somebody comes for: the hook in its answer, a gateway that pulls."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, and_, col, or_, select

from bot.outbox.row import OPEN, Filter, Outbox


def passive(
    session: Session, message_id: int, spot: tuple[str, str], now: datetime, stop: Filter
) -> list[Outbox]:
    """Rows for the writer of a message whose answer goes in the platform's own response.

    Also what was kept for this chat from before; all are marked sent. `spot`: channel and chat.
    """
    query = (
        select(Outbox)
        .where(
            Outbox.channel == spot[0],
            Outbox.chat == spot[1],
            col(Outbox.state).in_((*OPEN, "failed")),
            or_(
                and_(Outbox.message_id == message_id, Outbox.state != "failed"),
                col(Outbox.reason).startswith("no_"),
            ),
            or_(col(Outbox.expires_at).is_(None), col(Outbox.expires_at) > now),
        )
        .order_by(col(Outbox.id))
    )
    rows = _passed(session, session.exec(query.with_for_update()).all(), stop)
    for row in rows:
        row.state, row.sent_at, row.left_at, row.reason = "sent", now, now, ""
        row.platform_id = "passive"
        session.add(row)
    session.flush()
    return rows


def _passed(session: Session, rows: Sequence[Outbox], stop: Filter) -> list[Outbox]:
    """Those that the filter lets through; the others have failed."""
    kept = []
    for row in rows:
        reason = stop(session, row)
        if reason:
            row.state, row.reason = "failed", reason
            session.add(row)
        else:
            kept.append(row)
    return kept


def pending_for(
    session: Session, channel: str, after: int, limit: int, now: datetime, stop: Filter
) -> list[Outbox]:
    """What a gateway that pulls may fetch and has not confirmed, in order; `after` only pages."""
    query = (
        select(Outbox)
        .where(
            Outbox.channel == channel,
            col(Outbox.state).in_((*OPEN, "sending")),
            Outbox.due_at <= now,
            col(Outbox.id) > after,
            or_(col(Outbox.expires_at).is_(None), col(Outbox.expires_at) > now),
        )
        .order_by(col(Outbox.id))
        .limit(limit)
    )
    rows = _passed(session, session.exec(query.with_for_update()).all(), stop)
    for row in rows:
        row.left_at = now
        session.add(row)
    return rows
