"""The inbox: each message is accepted exactly once, and stays until it is handled or parked.

new ──handled──▶ done
 │ fails: tried again, its chat waits
 └──after three tries──▶ parked ──replay──▶ new
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Index, Insert, Select, bindparam, exists, func, text, tuple_, update
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import Field, Session, SQLModel, and_, col, or_, select

from bot.channels.base import Received
from bot.domain.types import Moment, insert_into, partial_index

NEW, DONE, PARKED = 0, 1, 2
# Written out: neither store uses a partial index for a state that is a parameter.
_IS_NEW = text("inbox.state = 0")
BACKOFF = (timedelta(seconds=1), timedelta(seconds=5))  # after that it is parked: three tries


class Inbox(SQLModel, table=True):
    """One message as a platform gave it."""

    __table_args__ = (
        Index("uq_inbox_channel_key", "channel", "key", unique=True),
        Index("ix_inbox_said_by", "said_by", "received_at"),
        partial_index("ix_inbox_new", "channel", "chat", "id", where="state = 0"),
    )
    id: int | None = Field(default=None, primary_key=True)
    channel: str
    key: str
    chat: str
    payload: str
    received_at: datetime = Field(sa_type=Moment)
    attempt: int = 0  # tells the call that stored the row from its repeats
    state: int = NEW
    tries: int = 0
    next_at: datetime | None = Field(default=None, sa_type=Moment)
    handled: int = 0  # how often its effects were committed: 1, or something is very wrong
    handled_at: datetime | None = Field(default=None, sa_type=Moment)
    fault: str = ""
    passive_until: datetime | None = Field(default=None, sa_type=Moment)
    answer: str | None = None  # words given in the platform's own response; "" none
    said_by: int | None = None  # account; None until it is read
    text_hash: str = ""  # tells equal texts of one sender, also after the words are gone
    has_fact: bool = False  # a reading, an incident or a question stands on it: kept longer


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message at the door. `wants_row`: the hook must know of a repeat, and what was answered."""

    channel: str
    received: Received
    at: datetime
    wants_row: bool = False
    passive_until: datetime | None = None  # until then its answer may go in the response itself


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the store knows of an arrival after the commit."""

    id: int
    is_new: bool
    state: int
    answer: str | None


@lru_cache
def _insert(dialect: str) -> Insert:
    """The statement of every arrival, made once: building it costs as much as running it."""
    keep = insert_into(Inbox, dialect)
    statement: Insert = keep.on_conflict_do_nothing(index_elements=["channel", "key"])
    return statement


Spots = set[tuple[str, str]]  # chats: channel, and the platform's reference in it


@lru_cache
def _insert_and_tell(dialect: str) -> ReturningInsert[str, str]:
    """The same, with the chat of each row that was new."""
    return _insert(dialect).returning(col(Inbox.channel), col(Inbox.chat))


def accept(
    session: Session,
    arrivals: Sequence[Arrival],
    on_new: Callable[[Session, Spots], None] | None = None,
) -> list[Accepted | None]:
    """Store a batch, repeats left out by the unique key; rows only for those that want them.

    Args:
        session: of a write transaction.
        arrivals: the batch.
        on_new: hears in the same transaction of the chats in which something is new.
    """
    rows: list[dict[str, Any]] = []
    for arrival in arrivals:
        received = arrival.received
        rows.append(
            {
                "channel": arrival.channel,
                "key": _kept(received.key),
                "chat": _kept(received.chat),
                "payload": _kept(received.payload),
                "received_at": arrival.at,
                "passive_until": arrival.passive_until,
                "attempt": secrets.randbits(31) if arrival.wants_row else 0,
            }
        )
    connection = session.connection()
    if on_new is None:
        connection.execute(_insert(connection.dialect.name), rows)
    else:
        fresh = connection.execute(_insert_and_tell(connection.dialect.name), rows)
        spots = {(row[0], row[1]) for row in fresh}
        if spots:
            on_new(session, spots)
    return _rows(session, arrivals, rows)


def _kept(words: str) -> str:
    """What every store can keep: PostgreSQL's text has no NUL."""
    return words.replace("\0", "") if "\0" in words else words


def _rows(
    session: Session, arrivals: Sequence[Arrival], rows: list[dict[str, Any]]
) -> list[Accepted | None]:
    wanted = [(a.channel, _kept(a.received.key)) for a in arrivals if a.wants_row]
    if not wanted:
        return [None] * len(arrivals)
    query = columns(
        col(Inbox.channel),
        col(Inbox.key),
        col(Inbox.id),
        col(Inbox.attempt),
        col(Inbox.state),
        col(Inbox.answer),
    ).where(tuple_(col(Inbox.channel), col(Inbox.key)).in_(wanted))
    found = {(row[0], row[1]): row for row in session.connection().execute(query).all()}
    out: list[Accepted | None] = []
    for arrival, row in zip(arrivals, rows, strict=True):
        if not arrival.wants_row:
            out.append(None)
            continue
        _, _, row_id, attempt, state, answer = found[row["channel"], row["key"]]
        out.append(Accepted(row_id or 0, attempt == row["attempt"], state, answer))
    return out


@dataclass(slots=True)
class Waiting:
    """A message that waits for its turn, without the session: what the turn finds goes to `done`.

    The fields up to `payload` are columns; the rest is for the turn to fill in.
    """

    id: int
    channel: str
    key: str
    chat: str
    received_at: datetime
    passive_until: datetime | None
    payload: str
    said_by: int | None = None
    text_hash: str = ""
    has_fact: bool = False


@lru_cache
def _next(of_chat: bool) -> Select[*tuple[Any, ...]]:
    """The statement of every slice, made once."""
    earlier = aliased(Inbox, name="earlier")
    waits = exists().where(
        col(earlier.channel) == col(Inbox.channel),
        col(earlier.chat) == col(Inbox.chat),
        text("earlier.state = 0"),
        col(earlier.next_at) > bindparam("now"),
        col(earlier.id) <= col(Inbox.id),
    )
    query: Select[*tuple[Any, ...]] = (
        columns(
            col(Inbox.id),
            col(Inbox.channel),
            col(Inbox.key),
            col(Inbox.chat),
            col(Inbox.received_at),
            col(Inbox.passive_until),
            col(Inbox.payload),
        )
        .where(_IS_NEW, ~waits)
        .order_by(col(Inbox.id))
        .limit(bindparam("most"))
    )
    if of_chat:
        here = (col(Inbox.channel) == bindparam("channel"), col(Inbox.chat) == bindparam("chat"))
        return query.where(*here)
    return query


def next_rows(
    session: Session, now: datetime, limit: int, spot: tuple[str, str] | None = None
) -> list[Waiting]:
    """Messages to handle, oldest first; not where an earlier one of the chat waits for a try.

    Args:
        session: of a write transaction.
        now: the moment.
        limit: at most so many.
        spot: of this chat only; None: of all.
    """
    channel, chat = spot or ("", "")
    where = {"now": now, "most": limit, "channel": channel, "chat": chat}
    rows = session.connection().execute(_next(spot is not None), where).all()
    return [Waiting(*row) for row in rows]


_DONE = (
    update(Inbox)
    .where(col(Inbox.id) == bindparam("row"))
    .values(
        state=DONE,
        handled=Inbox.handled + 1,
        handled_at=bindparam("now"),
        said_by=bindparam("by"),
        text_hash=bindparam("hash"),
        has_fact=bindparam("fact"),
        payload=bindparam("words"),
    )
)


def done(session: Session, messages: Sequence[Waiting], now: datetime) -> None:
    """Their turns are over, and nothing more will be done for them."""
    rows = [
        {
            "row": message.id,
            "now": now,
            "by": message.said_by,
            "hash": message.text_hash,
            "fact": message.has_fact,
            "words": message.payload,
        }
        for message in messages
    ]
    if rows:
        session.connection().execute(_DONE, rows)


_SAID = select(func.count()).where(
    Inbox.said_by == bindparam("by"),
    Inbox.text_hash == bindparam("hash"),
    Inbox.received_at > bindparam("since"),
    Inbox.id != bindparam("row"),
)


def said_before(session: Session, message: Waiting, since: datetime) -> int:
    """How often its sender has said the same text since a moment."""
    where = {"by": message.said_by, "hash": message.text_hash, "row": message.id, "since": since}
    return session.exec(_SAID, params=where).one()


def waiting_spots(session: Session, now: datetime, since: datetime) -> Spots:
    """Chats with a message to handle now that came before a moment, or whose next try has come."""
    ready = or_(
        and_(col(Inbox.next_at).is_(None), col(Inbox.received_at) <= since),
        col(Inbox.next_at) <= now,
    )
    query = select(Inbox.channel, Inbox.chat).where(_IS_NEW, ready).distinct()
    return set(session.exec(query).all())


def fail(session: Session, row_id: int, now: datetime, fault: str) -> bool:
    """Note a fault; True when the message is parked and its chat may go on."""
    row = session.get_one(Inbox, row_id)
    row.tries += 1
    row.fault = fault
    if row.tries > len(BACKOFF):
        row.state, row.next_at = PARKED, None
    else:
        row.next_at = now + BACKOFF[row.tries - 1]
    session.add(row)
    session.flush()
    return row.state == PARKED


def replay(session: Session, row_id: int | None = None) -> int:
    """Put parked messages (one, or all) back; how many."""
    statement = (
        update(Inbox)
        .where(col(Inbox.state) == PARKED)
        .values(state=NEW, tries=0, next_at=None, fault="")
    )
    if row_id is not None:
        statement = statement.where(col(Inbox.id) == row_id)
    return session.connection().execute(statement).rowcount


def counts(session: Session) -> dict[int, int]:
    """How many messages are in each state."""
    query = select(Inbox.state, func.count()).group_by(col(Inbox.state))
    return dict(session.exec(query).all())


def oldest_new(session: Session) -> datetime | None:
    """When the oldest message that nobody has handled came."""
    query = select(func.min(Inbox.received_at)).where(_IS_NEW)
    return session.exec(query).one()


def next_try(session: Session) -> datetime | None:
    """When the next failed message may be tried again; None: nothing waits for its time."""
    query = select(func.min(Inbox.next_at)).where(_IS_NEW, col(Inbox.next_at).is_not(None))
    return session.exec(query).one()


def forget_texts(session: Session, before: datetime) -> int:
    """Drop the words of messages without a fact that were handled before a moment; how many."""
    statement = (
        update(Inbox)
        .where(
            col(Inbox.state) == DONE,
            col(Inbox.handled_at) < before,
            col(Inbox.has_fact).is_(False),
            col(Inbox.payload) != "",
        )
        .values(payload="", answer="")
    )
    return session.connection().execute(statement).rowcount
