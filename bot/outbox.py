"""The outbox: what shall be said, paced, said, and what became of it.

queued ──claimed──▶ sending ──▶ sent
  ▲                    ├──▶ queued    throttled, unreachable: later
  │                    ├──▶ unknown   the request left, no answer: again with the same key until
  │                    │              a definite answer or expiry (listed as perhaps doubled)
  └── held (quiet      └──▶ failed    the platform's no, or our own filter's
      hours, restore)      expired, superseded: never said
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Index, bindparam, exists, func, insert, text, tuple_, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import Field, Session, SQLModel, and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.channels.base import Channel, Limit
from bot.domain.registry import Account
from bot.domain.types import Moment, insert_into
from bot.errors import SendError, Throttled, Unknown
from bot.message import Address, ChatKind, Outbound

OPEN = ("queued", "unknown")
# Written out: neither store uses a partial index for a state that is a parameter.
_IS_OPEN = text("outbox.state IN ('queued', 'unknown')")
_IN_THE_WAY = "state IN ('queued', 'unknown', 'sending')"
_CLAIMS = text("SELECT pg_advisory_xact_lock(1937207148)")  # senders claim one after the other
NEVER = datetime.max.replace(tzinfo=UTC)
SPARE = 8  # candidates beyond those asked for: some must wait or end
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 300.0


class Outbox(SQLModel, table=True):
    """One message to say. `key` is unique: redoing the turn that wrote it adds nothing."""

    __table_args__ = (
        Index(
            "ix_outbox_open",
            "is_urgent",
            "due_at",
            "id",
            sqlite_where=text("state IN ('queued', 'unknown')"),
            postgresql_where=text("state IN ('queued', 'unknown')"),
        ),
        Index(
            "ix_outbox_line",  # who stands in line in a chat
            "channel",
            "chat",
            "id",
            sqlite_where=text(_IN_THE_WAY),
            postgresql_where=text(_IN_THE_WAY),
        ),
        Index("ix_outbox_window", "channel", "chat", "left_at"),
        Index(
            "ix_outbox_left",
            "channel",
            "left_at",
            sqlite_where=text("left_at IS NOT NULL"),
            postgresql_where=text("left_at IS NOT NULL"),
        ),
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
    sender: int = 0  # the process that claimed it last
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


@cache
def _put(dialect: str) -> ReturningInsert[int | None]:
    add = insert_into(Outbox, dialect).on_conflict_do_nothing(index_elements=["key"])
    put_in: ReturningInsert[int | None] = add.returning(col(Outbox.id))
    return put_in


def put(session: Session, row: Mapping[str, Any]) -> int | None:
    """Add a row, as the values of its columns, unless its key is there already (a turn was redone).

    Returns:
        its id; None where it was there.
    """
    connection = session.connection()
    added = connection.execute(_put(connection.dialect.name), row).first()
    return added[0] if added is not None else None


def put_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add many rows at once, each as the values of its columns; none of their keys is there yet."""
    session.connection().execute(insert(Outbox), list(rows))


def known(session: Session, keys: Sequence[str]) -> set[str]:
    """Those of some keys whose rows are there already."""
    found: set[str] = set()
    for start in range(0, len(keys), 5_000):
        piece = keys[start : start + 5_000]
        found.update(session.exec(select(Outbox.key).where(col(Outbox.key).in_(piece))).all())
    return found


_LINES = select(func.count()).where(
    Outbox.channel == bindparam("channel"),
    Outbox.chat == bindparam("chat"),
    col(Outbox.topic).not_in(("notice", "emergency")),
    Outbox.created_at > bindparam("since"),
)


def lines_since(session: Session, channel: str, chat: str, since: datetime) -> int:
    """How many lines that count against the budget of a chat were written since a moment."""
    where = {"channel": channel, "chat": chat, "since": since}
    return session.exec(_LINES, params=where).one()


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
    sender: int = 0,
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
        sender: the number of the process that claims; its rows are `recover`ed when it is gone.
        busy: chats with a message in flight; theirs wait, so that order within a chat holds.
        paused: channels that are down.
        settled: told of rows that end here.
    """
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(_CLAIMS)  # else two would fill one window of a limit twice
    pulling = {name for name, channel in channels.items() if channel.pulls}
    rows: list[Outbox] = []
    for is_urgent in (True, False):
        if len(rows) < limit + SPARE:
            query = _first_of_each_chat(pulling | paused, busy, is_urgent=is_urgent)
            query = query.limit(limit + SPARE - len(rows))
            rows += session.exec(query, params={"now": now}).all()
    windows = Windows(session, now, rows)
    taken: list[Claim] = []
    with session.no_autoflush:  # nothing here asks for what it changes
        for row in rows:
            if len(taken) >= limit:
                break
            channel = channels.get(row.channel)
            if _ends(session, row, now, channel, stop) or channel is None:
                settled(session, row)
                continue
            wait = windows.wait(row, channel.limits)
            if wait is None:
                windows.take(row, channel.limits)
                taken.append(Claim(row.id or 0, outbound(row), row.parts_done, row.tries + 1))
            elif wait == NEVER:
                row.state, row.reason = "failed", "no_window 等对方再开口"
                settled(session, row)
            else:
                row.due_at = wait
    session.flush()
    if taken:  # one statement: a row's own costs more than all the rest of its claim
        leaves = {"state": "sending", "tries": Outbox.tries + 1, "sender": sender, "left_at": now}
        ids = [claimed.id for claimed in taken]
        session.exec(
            update(Outbox)
            .where(col(Outbox.id).in_(ids))
            .values(leaves)
            .execution_options(synchronize_session=False)
        )
        session.expire_all()
    return taken


def _first_of_each_chat(
    left_out: Collection[str], busy: Collection[tuple[str, str]], *, is_urgent: bool
) -> SelectOfScalar[Outbox]:
    """Each chat's next row that is due at `:now`, in order."""
    query = _next_in_line(is_urgent)
    if left_out:
        query = query.where(col(Outbox.channel).not_in(left_out))
    if busy:
        query = query.where(tuple_(col(Outbox.channel), col(Outbox.chat)).not_in(busy))
    return query


@cache
def _next_in_line(is_urgent: bool) -> SelectOfScalar[Outbox]:
    """What is on its way, and a retry, hold back what follows in their chat; made once."""
    now = bindparam("now", type_=Moment)
    other = aliased(Outbox, name="other")
    before: Any = col(other.id) < col(Outbox.id)
    if is_urgent:
        before = and_(col(other.is_urgent).is_(True), before)
    else:
        before = or_(col(other.is_urgent).is_(True), before)
    waits = or_(col(other.due_at) <= now, col(other.tries) > 0)
    in_the_way = exists().where(
        col(other.channel) == col(Outbox.channel),
        col(other.chat) == col(Outbox.chat),
        text(f"other.{_IN_THE_WAY}"),
        col(other.id) != col(Outbox.id),
        or_(col(other.state) == "sending", and_(waits, before)),
    )
    return (
        select(Outbox)
        .where(
            _IS_OPEN, col(Outbox.is_urgent).is_(is_urgent), col(Outbox.due_at) <= now, ~in_the_way
        )
        .order_by(col(Outbox.due_at), col(Outbox.id))
        .with_for_update(skip_locked=True, of=Outbox)
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


@dataclass
class Windows:
    """What has left in the windows of the limits, counted once for all candidates of a claim.

    Counted from the rows that left, so a restart resets nothing.
    """

    session: Session
    now: datetime
    rows: Sequence[Outbox]
    _counted: dict[tuple[str, Limit], dict[str, tuple[int, datetime | None]]] = field(
        default_factory=dict
    )

    def wait(self, row: Outbox, limits: tuple[Limit, ...]) -> datetime | None:
        """When the tightest limit lets a row go; None: now; NEVER: once its receiver writes."""
        for limit in limits:
            room = limit.count if row.is_urgent else limit.count - limit.reserve
            span = timedelta(seconds=limit.per_s)
            if limit.scope == "heard":
                heard = _heard_at(self.session, row)
                if heard is None or heard <= self.now - span:
                    return NEVER
                used, oldest = self._of_one(row, limit, heard)
            else:
                used, oldest = self._used(row, limit)
                if row.left_at is not None and row.left_at > self.now - span:
                    used -= _size(row, limit)  # its own last try
            if used + _size(row, limit) > room and used > 0:
                if limit.scope == "heard":
                    return NEVER
                return (oldest or self.now) + span + timedelta(milliseconds=1)
        return None

    def take(self, row: Outbox, limits: tuple[Limit, ...]) -> None:
        """A row leaves now: those behind it find less room."""
        for limit in limits:
            counted = self._counted.get((row.channel, limit))
            if counted is not None:
                where = "" if limit.scope == "account" else row.chat
                used, oldest = counted.get(where, (0, None))
                counted[where] = (used + _size(row, limit), oldest or self.now)

    def _used(self, row: Outbox, limit: Limit) -> tuple[int, datetime | None]:
        key = (row.channel, limit)
        if key not in self._counted:
            self._counted[key] = dict(self._count(row.channel, limit))
        return self._counted[key].get("" if limit.scope == "account" else row.chat, (0, None))

    def _count(
        self, channel: str, limit: Limit
    ) -> Iterable[tuple[str, tuple[int, datetime | None]]]:
        what = func.sum(Outbox.people) if limit.unit == "people" else func.count()
        since = self.now - timedelta(seconds=limit.per_s)
        left = (Outbox.channel == channel, col(Outbox.left_at) > since)
        if limit.scope == "account":
            used, oldest = self.session.exec(
                select(what, func.min(Outbox.left_at)).where(*left)
            ).one()
            yield "", (used or 0, oldest)
            return
        chats = {row.chat for row in self.rows if row.channel == channel}
        query = (
            select(Outbox.chat, what, func.min(Outbox.left_at))
            .where(*left, col(Outbox.chat).in_(chats))
            .group_by(col(Outbox.chat))
        )
        for chat, used, oldest in self.session.exec(query).all():
            yield chat, (used or 0, oldest)

    def _of_one(self, row: Outbox, limit: Limit, since: datetime) -> tuple[int, datetime | None]:
        what = func.sum(Outbox.people) if limit.unit == "people" else func.count()
        query = select(what).where(
            Outbox.channel == row.channel,
            Outbox.chat == row.chat,
            col(Outbox.left_at) > since,
            Outbox.id != row.id,
        )
        return self.session.exec(query).one() or 0, None


def _size(row: Outbox, limit: Limit) -> int:
    return row.people if limit.unit == "people" else 1


def _heard_at(session: Session, row: Outbox) -> datetime | None:
    """When the receiver of a private message last wrote."""
    query = select(Account.seen_at).where(
        Account.channel == row.channel, Account.account == row.chat
    )
    return session.exec(query).first()


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
            _note(session, session.get_one(Outbox, claimed.id), now, result)
    session.flush()


def rows_of(session: Session, claims: Iterable[Claim]) -> Sequence[Outbox]:
    """The rows of claims as they are now."""
    query = select(Outbox).where(col(Outbox.id).in_([claimed.id for claimed in claims]))
    return session.exec(query.order_by(col(Outbox.id))).all()


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


def supersede(session: Session, keys: list[str], reason: str) -> int:
    """Take back rows that have not left."""
    query = select(Outbox).where(col(Outbox.key).in_(keys), col(Outbox.state).in_((*OPEN, "held")))
    rows = session.exec(query.with_for_update()).all()  # not what a sender takes just now
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


def counts(session: Session) -> dict[str, int]:
    """How many rows are in each state."""
    return dict(session.exec(select(Outbox.state, func.count()).group_by(col(Outbox.state))).all())


def next_due(session: Session, after: datetime | None = None) -> datetime | None:
    """When the next row wants to leave; of those after a moment, where one is given."""
    query = select(func.min(Outbox.due_at)).where(_IS_OPEN)
    if after is not None:
        query = query.where(Outbox.due_at > after)
    return session.exec(query).one()
