"""The outbox: what shall be said, paced, said, and what became of it.

queued ──claimed──▶ sending ──▶ sent
  ▲                    ├──▶ queued    throttled, unreachable: later
  │                    ├──▶ unknown   the request left, no answer: again with the same key until
  │                    │              a definite answer or expiry (listed as perhaps doubled)
  └── held (quiet      └──▶ failed    the platform's no, or our own filter's
      hours, restore)      expired, superseded: never said
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Index, func, text, tuple_
from sqlmodel import Field, Session, SQLModel, and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.channels.base import Channel, Limit
from bot.domain.registry import Account
from bot.domain.types import Moment
from bot.errors import SendError, Throttled, Unknown
from bot.message import Address, ChatKind, Outbound

OPEN = ("queued", "unknown")
NEVER = datetime.max.replace(tzinfo=UTC)
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 300.0


class Outbox(SQLModel, table=True):
    """One message to say. `key` is unique: redoing the turn that wrote it adds nothing."""

    __table_args__ = (
        Index(
            "ix_outbox_open",
            "due_at",
            "id",
            sqlite_where=text("state IN ('queued', 'unknown')"),
            postgresql_where=text("state IN ('queued', 'unknown')"),
        ),
        Index("ix_outbox_window", "channel", "chat", "left_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    channel: str
    chat: str
    chat_kind: str
    chat_id: int | None = Field(default=None, index=True)
    resident_id: int | None = Field(default=None, index=True)  # whom it is for, in a private chat
    topic: str  # reply, alert, reminder, notice, receipt, group, emergency
    text: str
    is_urgent: bool = False
    is_exercise: bool = False
    state: str = "queued"
    created_at: datetime = Field(sa_type=Moment)
    due_at: datetime = Field(sa_type=Moment)
    expires_at: datetime | None = Field(default=None, sa_type=Moment)
    tries: int = 0
    left_at: datetime | None = Field(default=None, sa_type=Moment)
    sent_at: datetime | None = Field(default=None, sa_type=Moment)
    parts_done: int = 0
    people: int = 1
    platform_id: str = ""
    reason: str = ""
    is_perhaps_doubled: bool = False
    reply_token: str = ""
    message_id: int | None = Field(default=None, index=True)  # the inbox row that it answers
    number: int | None = None  # of the notice, question or errand that it is the first to tell of
    code: str = ""  # what it asks its reader to say back
    about: str = ""  # residents whom it asks for, ids with commas between
    why: str = ""  # the rule that made it, for whoever asks why the bot spoke


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this sender may send now."""

    id: int
    outbound: Outbound
    parts_done: int
    tries: int


# A filter looks at a row before it leaves and gives the reason to stop it, or "".
Filter = Callable[[Session, Outbox], str]


def put(session: Session, row: Outbox) -> Outbox | None:
    """Add a row, unless its key is there already (the turn was redone)."""
    known = session.exec(select(Outbox.id).where(Outbox.key == row.key)).first()
    if known is not None:
        return None
    session.add(row)
    session.flush()
    return row


def address(row: Outbox) -> Address:
    """Where a row goes."""
    return Address(row.channel, row.chat, ChatKind(row.chat_kind))


def claim(
    session: Session,
    now: datetime,
    channels: Mapping[str, Channel],
    stop: Filter,
    *,
    limit: int = 100,
    busy: frozenset[tuple[str, str]] = frozenset(),
    paused: frozenset[str] = frozenset(),
    settled: Callable[[Session, Outbox], None] = lambda session, row: None,
) -> list[Claim]:
    """Take rows that may leave now: due, within the platform's limits, one at a time per chat.

    Rows past their validity end here, and so do those that the filter stops; `settled` hears of
    them.

    Args:
        session: of a write transaction.
        now: the moment.
        channels: by name; a row of an unknown one has failed.
        stop: the outgoing filter.
        limit: at most so many.
        busy: chats with a message in flight; theirs wait, so that order within a chat holds.
        paused: channels that are down.
        settled: told of rows that end here.
    """
    pulling = {name for name, channel in channels.items() if channel.pulls}
    query = _first_of_each_chat(now, pulling | paused, busy).limit(limit * 2)
    taken: list[Claim] = []
    for row in session.exec(query).all():
        if len(taken) >= limit:
            break
        channel = channels.get(row.channel)
        if _ends(session, row, now, channel, stop) or channel is None:
            settled(session, row)
            continue
        wait = _must_wait(session, row, now, channel.limits)
        if wait is None:
            row.state, row.left_at, row.tries = "sending", now, row.tries + 1
            taken.append(Claim(row.id or 0, outbound(row), row.parts_done, row.tries))
        elif wait == NEVER:
            row.state, row.reason = "failed", "no_window 等对方再开口"
            settled(session, row)
        else:
            row.due_at = wait
        session.add(row)
    session.flush()
    return taken


def _first_of_each_chat(
    now: datetime, left_out: Collection[str], busy: Collection[tuple[str, str]]
) -> SelectOfScalar[Outbox]:
    """Each chat's next row: urgent first, then in order; a retry holds back what follows it."""
    place = (
        func.row_number()
        .over(
            partition_by=(col(Outbox.channel), col(Outbox.chat)),
            order_by=(col(Outbox.is_urgent).desc(), col(Outbox.id)),
        )
        .label("place")
    )
    waits = or_(col(Outbox.due_at) <= now, col(Outbox.tries) > 0)
    ranked = select(Outbox.id, place).where(
        col(Outbox.state).in_(OPEN), waits, col(Outbox.channel).not_in(left_out)
    )
    if busy:
        ranked = ranked.where(tuple_(col(Outbox.channel), col(Outbox.chat)).not_in(busy))
    first = ranked.subquery()
    return (
        select(Outbox)
        .join(first, first.c.id == col(Outbox.id))
        .where(first.c.place == 1, col(Outbox.due_at) <= now)
        .order_by(col(Outbox.is_urgent).desc(), col(Outbox.due_at), col(Outbox.id))
    )


def outbound(row: Outbox) -> Outbound:
    """A row as a channel says it."""
    return Outbound(row.key, address(row), row.text, row.is_urgent, row.reply_token, row.expires_at)


def _ends(
    session: Session, row: Outbox, now: datetime, channel: Channel | None, stop: Filter
) -> bool:
    """Close rows that must not leave any more; whether it was closed."""
    if row.expires_at is not None and row.expires_at <= now:
        row.state, row.reason = "expired", row.reason or "过了有效期"
    elif channel is None:
        row.state, row.reason = "failed", f"没有这个通道：{row.channel}"
    elif reason := stop(session, row):
        row.state, row.reason = "failed", reason
    else:
        return False
    session.add(row)
    return True


def _must_wait(
    session: Session, row: Outbox, now: datetime, limits: tuple[Limit, ...]
) -> datetime | None:
    """When the tightest limit lets this row go; None: now; NEVER: once its receiver writes again.

    Counted from the rows that left, so a restart resets nothing.
    """
    for limit in limits:
        room = limit.count if row.is_urgent else limit.count - limit.reserve
        since = now - timedelta(seconds=limit.per_s)
        if limit.scope == "heard":
            heard = _heard_at(session, row)
            if heard is None or heard <= since:
                return NEVER
            since = heard
        what = func.sum(Outbox.people) if limit.unit == "people" else func.count()
        query = select(what, func.min(Outbox.left_at)).where(
            Outbox.channel == row.channel,
            col(Outbox.left_at) > since,
            Outbox.id != row.id,
        )
        if limit.scope != "account":
            query = query.where(Outbox.chat == row.chat)
        used, oldest = session.exec(query).one()
        need = row.people if limit.unit == "people" else 1
        if (used or 0) + need > room and used:
            if limit.scope == "heard":
                return NEVER
            return (oldest or now) + timedelta(seconds=limit.per_s, milliseconds=1)
    return None


def _heard_at(session: Session, row: Outbox) -> datetime | None:
    """When the receiver of a private message last wrote."""
    query = select(Account.seen_at).where(
        Account.channel == row.channel, Account.account == row.chat
    )
    return session.exec(query).first()


def settle(session: Session, claimed: Claim, now: datetime, result: str | SendError) -> Outbox:
    """Note what became of a claimed row; `result`: the platform's id, or what it raised."""
    row = session.get_one(Outbox, claimed.id)
    if isinstance(result, str):
        row.state, row.sent_at, row.platform_id, row.reason = "sent", now, result, ""
    elif not result.retryable and not isinstance(result, Unknown):
        row.state, row.reason = "failed", f"{result.code} {result.detail}".strip()
    else:
        row.state = "unknown" if isinstance(result, Unknown) else "queued"
        row.is_perhaps_doubled |= isinstance(result, Unknown)
        row.reason = f"{result.code} {result.detail}".strip()
        row.due_at = now + _backoff(row.id or 0, row.tries, result)
        if isinstance(result, Throttled):
            _pause(session, row, row.due_at)
    session.add(row)
    session.flush()
    return row


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
    for other in session.exec(query).all():
        other.due_at = until
        session.add(other)


def recover(session: Session, now: datetime) -> int:
    """After a stop: rows on their way are perhaps sent; they go again with the same key."""
    rows = session.exec(select(Outbox).where(Outbox.state == "sending")).all()
    for row in rows:
        row.state, row.is_perhaps_doubled, row.due_at = "unknown", True, now
        row.reason = "发到一半时停过机"
        session.add(row)
    session.flush()
    return len(rows)


def supersede(session: Session, keys: list[str], reason: str) -> int:
    """Take back rows that have not left."""
    rows = session.exec(
        select(Outbox).where(col(Outbox.key).in_(keys), col(Outbox.state).in_((*OPEN, "held")))
    ).all()
    for row in rows:
        row.state, row.reason = "superseded", reason
        session.add(row)
    session.flush()
    return len(rows)


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
    rows = _passed(session, session.exec(query).all(), stop)
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
    rows = _passed(session, session.exec(query).all(), stop)
    for row in rows:
        row.left_at = now
        session.add(row)
    return rows


def counts(session: Session) -> dict[str, int]:
    """How many rows are in each state."""
    return dict(session.exec(select(Outbox.state, func.count()).group_by(col(Outbox.state))).all())


def next_due(session: Session, after: datetime | None = None) -> datetime | None:
    """When the next row wants to leave; of those after a moment, where one is given."""
    query = select(func.min(Outbox.due_at)).where(col(Outbox.state).in_(OPEN))
    if after is not None:
        query = query.where(Outbox.due_at > after)
    return session.exec(query).one()
