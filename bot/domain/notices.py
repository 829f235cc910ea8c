"""通知 notices: what is told to which chats, who agreed, and what became of each delivery.

draft ──code──▶ pending ──second person──▶ approved ──due──▶ sending ──▶ sent
        (one chat of one's own village: the code is enough)   └▶ cancelled, superseded, expired
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, Session, SQLModel, col, func, select

from bot.domain.registry import Chat, ChatPurpose, Place, PlaceAbove, path_words
from bot.domain.types import Moment


class NoticeState(StrEnum):
    """Where a notice is in its life."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Notice(SQLModel, table=True):
    """One notice, after CAP 1.2: status, kind and reference, validity, a text nobody alters."""

    id: int | None = Field(default=None, primary_key=True)
    status: str = "actual"  # actual, exercise, test
    kind: str = "alert"  # alert, update, cancel
    refers_to: int | None = Field(default=None, foreign_key="notice.id")
    place_id: int = Field(foreign_key="place.id", index=True)
    chat_purpose: str = ChatPurpose.RESIDENTS
    only_chats: str = ""  # titles or references, one a line, to which it is narrowed
    title: str = ""
    text: str
    source: str = ""
    author_id: int = Field(foreign_key="resident.id")
    state: str = Field(default=NoticeState.DRAFT, index=True)
    code: str = ""
    is_urgent: bool = False
    created_at: datetime = Field(sa_type=Moment)
    due_at: datetime = Field(sa_type=Moment, index=True)
    expires_at: datetime = Field(sa_type=Moment)
    approved_by: int | None = Field(default=None, foreign_key="resident.id")
    approved_at: datetime | None = Field(default=None, sa_type=Moment)
    repeat_minute: int | None = None  # each day at this minute of China's day, until it expires
    reported_at: datetime | None = Field(default=None, sa_type=Moment)


class Delivery(SQLModel, table=True):
    """A notice in one chat: at most once, by the store's own key."""

    __table_args__ = (Index("uq_delivery_notice_chat", "notice_id", "chat_id", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    notice_id: int = Field(foreign_key="notice.id")
    chat_id: int = Field(foreign_key="chat.id", index=True)
    outbox_id: int | None = Field(default=None, index=True)
    state: str = "queued"  # queued, held, sent, failed, unknown, superseded, expired
    reason: str = ""
    at: datetime = Field(sa_type=Moment)


class Receipt(SQLModel, table=True):
    """收到: a place's cadre has seen a notice."""

    __table_args__ = (Index("uq_receipt_notice_resident", "notice_id", "resident_id", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    notice_id: int = Field(foreign_key="notice.id")
    resident_id: int = Field(foreign_key="resident.id")
    place_id: int = Field(foreign_key="place.id")
    at: datetime = Field(sa_type=Moment)


def audience(db: Session, place_id: int, purpose: str = ChatPurpose.RESIDENTS) -> list[Chat]:
    """The chats of a subtree that a notice reaches, each once."""
    query = (
        select(Chat)
        .join(PlaceAbove, col(PlaceAbove.place_id) == Chat.place_id)
        .where(
            PlaceAbove.ancestor_id == place_id,
            Chat.purpose == purpose,
            col(Chat.is_removed).is_(False),
        )
        .order_by(col(Chat.id))
    )
    return list(db.exec(query).all())


def places_named(db: Session, word: str) -> list[Place]:
    """Places that a word names: the name itself, or a path's end like 小庄村一组."""
    exact = list(db.exec(select(Place).where(Place.name == word)).all())
    if exact:
        return exact
    shorter = db.exec(select(Place).where(func.length(Place.name) < len(word))).all()
    return [
        place
        for place in shorter
        if word.endswith(place.name) and path_words(db, place.id or 0).endswith(word)
    ]


def deliveries(db: Session, notice_id: int) -> list[Delivery]:
    """What became of a notice, chat by chat."""
    query = select(Delivery).where(Delivery.notice_id == notice_id).order_by(col(Delivery.id))
    return list(db.exec(query).all())
