"""A row of the outbox: one message to say, and what every step reads of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, func, text
from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain.types import Moment, partial_index
from bot.message import Address, ChatKind, Outbound

OPEN = ("queued", "unknown")
# Written out: neither store uses a partial index for a state that is a parameter.
_OPEN = "IN ('queued', 'unknown')"
IS_OPEN = text(f"outbox.state {_OPEN}")
IN_THE_WAY = "state IN ('queued', 'unknown', 'sending')"


class Outbox(SQLModel, table=True):
    """One message to say. `key` is unique: redoing the turn that wrote it adds nothing."""

    __table_args__ = (
        partial_index("ix_outbox_open", "is_urgent", "due_at", "id", where=f"state {_OPEN}"),
        # who stands in line in a chat
        partial_index("ix_outbox_line", "channel", "chat", "id", where=IN_THE_WAY),
        Index("ix_outbox_window", "channel", "chat", "left_at"),
        partial_index("ix_outbox_left", "channel", "left_at", where="left_at IS NOT NULL"),
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


# A filter looks at a row before it leaves and gives the reason to stop it, or "".
Filter = Callable[[Session, Outbox], str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this sender may send now."""

    id: int
    outbound: Outbound
    parts_done: int
    tries: int


def outbound(row: Outbox) -> Outbound:
    """A row as a channel says it."""
    to = Address(row.channel, row.chat, ChatKind(row.chat_kind))
    return Outbound(row.key, to, row.text, row.is_urgent, row.reply_token, row.expires_at)


def counts(session: Session) -> dict[str, int]:
    """How many rows are in each state."""
    return dict(session.exec(select(Outbox.state, func.count()).group_by(col(Outbox.state))).all())


def next_due(session: Session, after: datetime | None = None) -> datetime | None:
    """When the next row wants to leave; of those after a moment, where one is given."""
    query = select(func.min(Outbox.due_at)).where(IS_OPEN)
    if after is not None:
        query = query.where(Outbox.due_at > after)
    return session.exec(query).one()
