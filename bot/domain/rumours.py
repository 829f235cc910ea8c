"""谣言图 rumours: one claim that is passed on, where it went round, and what was answered to it."""

from datetime import datetime, timedelta

from sqlmodel import Field, Session, SQLModel, col, func, or_, select

from bot.domain.types import Moment

ALIVE = timedelta(days=14)  # a claim that nobody passed on for so long begins anew


class Rumour(SQLModel, table=True):
    """One claim with all its edits. Nobody but a person says whether it is true."""

    id: int | None = Field(default=None, primary_key=True)
    text: str  # as first seen, without long numbers; "" once it is forgotten
    entry: str = ""  # the pack's entry that answers it, "" where there is none
    first_at: datetime = Field(sa_type=Moment)
    last_at: datetime = Field(sa_type=Moment, index=True)
    first_chat_id: int = Field(foreign_key="chat.id")
    notice_id: int | None = Field(default=None, foreign_key="notice.id")  # the rebuttal


class RumourMark(SQLModel, table=True):
    """A hash of a part of the text, by which near texts find each other."""

    __tablename__ = "rumour_mark"
    mark: int = Field(primary_key=True)
    rumour_id: int = Field(foreign_key="rumour.id", primary_key=True, index=True)


class RumourSeen(SQLModel, table=True):
    """A chat in which it went round."""

    __tablename__ = "rumour_seen"
    rumour_id: int = Field(foreign_key="rumour.id", primary_key=True)
    chat_id: int = Field(foreign_key="chat.id", primary_key=True)
    place_id: int = Field(foreign_key="place.id", index=True)
    first_at: datetime = Field(sa_type=Moment)
    last_at: datetime = Field(sa_type=Moment)
    count: int = 1
    rebutted_at: datetime | None = Field(default=None, sa_type=Moment)


class RumourTold(SQLModel, table=True):
    """Who upstairs was told of it: each person once."""

    __tablename__ = "rumour_told"
    rumour_id: int = Field(foreign_key="rumour.id", primary_key=True)
    resident_id: int = Field(foreign_key="resident.id", primary_key=True)
    at: datetime = Field(sa_type=Moment)


def near(db: Session, marks: tuple[int, ...], now: datetime, limit: int = 8) -> list[Rumour]:
    """Rumours still alive that share marks with a text, the most first."""
    shared = func.count(col(RumourMark.mark))
    query = (
        select(Rumour)
        .join(RumourMark, col(RumourMark.rumour_id) == Rumour.id)
        .where(col(RumourMark.mark).in_(marks), Rumour.last_at > now - ALIVE, Rumour.text != "")
        .group_by(col(Rumour.id))
        .order_by(shared.desc(), col(Rumour.id))
        .limit(limit)
    )
    return list(db.exec(query).all())


def of_entry(db: Session, entry: str, now: datetime) -> Rumour | None:
    """The rumour that a pack's entry answers, still alive."""
    query = select(Rumour).where(Rumour.entry == entry, Rumour.last_at > now - ALIVE)
    return db.exec(query.order_by(col(Rumour.id))).first()


def seen_in(db: Session, rumour_id: int, place_ids: list[int] | None = None) -> list[RumourSeen]:
    """The chats (of some places) in which it went round, the first first."""
    query = select(RumourSeen).where(RumourSeen.rumour_id == rumour_id)
    if place_ids is not None:
        query = query.where(col(RumourSeen.place_id).in_(place_ids))
    return list(db.exec(query.order_by(col(RumourSeen.first_at))).all())


def going_round(db: Session, place_ids: list[int], since: datetime) -> list[Rumour]:
    """Rumours of several chats or with an entry, seen below some places since a moment."""
    chats = (
        select(RumourSeen.rumour_id)
        .group_by(col(RumourSeen.rumour_id))
        .having(func.count(col(RumourSeen.chat_id)) > 1)
    )
    query = (
        select(Rumour)
        .join(RumourSeen, col(RumourSeen.rumour_id) == Rumour.id)
        .where(
            col(RumourSeen.place_id).in_(place_ids),
            Rumour.last_at > since,
            or_(col(Rumour.id).in_(chats), Rumour.entry != ""),
        )
        .distinct()
        .order_by(col(Rumour.last_at).desc())
    )
    return list(db.exec(query).all())
