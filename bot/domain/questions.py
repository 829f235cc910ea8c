"""问答 questions: what waits for a person, who asked it, who was told; what was said where.

open ──答──▶ answered        every asker hears it
  └── due_at: overdue, the next one up is told and owns it
"""

from collections.abc import Collection
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, bindparam
from sqlalchemy import select as columns
from sqlmodel import Field, Session, SQLModel, col, func, select

from bot.domain import absent
from bot.domain import entries as entries  # whose table a key below names
from bot.domain.types import Moment, insert_into


class OpenQuestion(SQLModel, table=True):
    """A question that waits for a person."""

    __tablename__ = "open_question"
    id: int | None = Field(default=None, primary_key=True)
    place_id: int = Field(foreign_key="place.id", index=True)
    text: str
    kind: str = "cadre"  # cadre, doctor, doubt, expired
    asker_id: int | None = Field(default=None, foreign_key="account.id")  # the first
    owner_id: int | None = Field(default=None, foreign_key="resident.id", index=True)
    nearest: str = ""  # ids of the nearest entries; of a doubt or an expired one: the entry
    message_id: int | None = None
    asked_at: datetime = Field(sa_type=Moment)
    due_at: datetime = Field(sa_type=Moment, index=True)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    answered_by: int | None = Field(default=None, foreign_key="resident.id")
    answer: str = ""


class QuestionAsker(SQLModel, table=True):
    """Somebody who asked it, in whatever words; all of them hear the answer."""

    __tablename__ = "question_asker"
    question_id: int = Field(foreign_key="open_question.id", primary_key=True)
    account_id: int = Field(foreign_key="account.id", primary_key=True)
    chat_id: int | None = Field(default=None, foreign_key="chat.id")  # None: in private
    text: str
    at: datetime = Field(sa_type=Moment)


class QuestionTold(SQLModel, table=True):
    """Who was told of a question, and when: nobody twice, unless it is handed to them."""

    __tablename__ = "question_told"
    question_id: int = Field(foreign_key="open_question.id", primary_key=True)
    resident_id: int = Field(foreign_key="resident.id", primary_key=True)
    at: datetime = Field(sa_type=Moment)


ASKED = 200  # characters of a question that are kept


class LastAnswer(SQLModel, table=True):
    """What an account was last answered: 那孩子呢, 谢谢 and 不对 speak of it."""

    __tablename__ = "last_answer"
    account_id: int = Field(foreign_key="account.id", primary_key=True)
    chat_key: str  # where it was said
    asked: str
    entry: str = ""  # an entry of a pack
    local_entry_id: int | None = Field(default=None, foreign_key="local_entry.id")
    question_id: int | None = Field(default=None, foreign_key="open_question.id")
    at: datetime = Field(sa_type=Moment)
    is_thanked: bool = False


_ANSWERED = select(LastAnswer).where(LastAnswer.account_id == bindparam("account_id"))
_FIELDS = ("chat_key", "asked", "entry", "local_entry_id", "question_id", "at", "is_thanked")


@cache
def _keep_answer(dialect: str) -> Insert:
    add = insert_into(LastAnswer, dialect)
    changes = {name: add.excluded[name] for name in _FIELDS}
    statement: Insert = add.on_conflict_do_update(index_elements=["account_id"], set_=changes)
    return statement


_WHO = columns(col(LastAnswer.account_id)).where(
    col(LastAnswer.account_id).in_(bindparam("account_ids", expanding=True))
)


def look(db: Session, account_ids: Collection[int]) -> None:
    """Find out of which accounts something was answered; the others are not asked about again."""
    absent.look(db, LastAnswer, _WHO, account_ids)


def last_answer(db: Session, account_id: int) -> LastAnswer | None:
    """What an account was last answered, as it is in the database now."""
    if absent.is_absent(db, LastAnswer, account_id):
        return None
    fresh = {"populate_existing": True}
    where = {"account_id": account_id}
    return db.exec(_ANSWERED, params=where, execution_options=fresh).first()


def keep_answer(
    db: Session, account_id: int, chat_key: str, asked: str, at: datetime, **to: Any
) -> None:
    """Keep what an account was answered, in the place of what it was answered before.

    Args:
        db: of a write transaction.
        account_id: who asked.
        chat_key: where.
        asked: in which words.
        at: when.
        to: the entry, local_entry_id or question_id that answered it.
    """
    usual = {"entry": "", "local_entry_id": None, "question_id": None, "is_thanked": False}
    values = {"account_id": account_id, "chat_key": chat_key, "asked": asked[:ASKED], "at": at}
    absent.wrote(db, LastAnswer, account_id)
    connection = db.connection()
    connection.execute(_keep_answer(connection.dialect.name), {**usual, **values, **to})


class EntrySaid(SQLModel, table=True):
    """An entry that was said in a chat on a day: once is enough."""

    __tablename__ = "entry_said"
    chat_key: str = Field(primary_key=True)  # channel and chat
    entry: str = Field(primary_key=True)
    day: date = Field(primary_key=True)


class QuestionTally(SQLModel, table=True):
    """What became of the questions of a place on a day; numbers only."""

    __tablename__ = "question_tally"
    day: date = Field(primary_key=True)
    place_id: int = Field(foreign_key="place.id", primary_key=True)
    outcome: str = Field(primary_key=True)  # answered, repeated, neighbours, unsure, doctor, handed
    count: int = 0


def tally(db: Session, day: date, place_id: int, outcome: str) -> None:
    """Count one more."""
    row = db.get(QuestionTally, (day, place_id, outcome))
    if row is None:
        row = QuestionTally(day=day, place_id=place_id, outcome=outcome)
    row.count += 1
    db.add(row)
    db.flush()


def tallied(db: Session, day: date, place_ids: list[int]) -> dict[str, int]:
    """Outcome to how many, over some places."""
    query = (
        select(QuestionTally.outcome, func.sum(QuestionTally.count))
        .where(QuestionTally.day == day, col(QuestionTally.place_id).in_(place_ids))
        .group_by(col(QuestionTally.outcome))
    )
    return {outcome: int(count) for outcome, count in db.exec(query).all()}


def open_questions(db: Session, place_ids: list[int]) -> list[OpenQuestion]:
    """Questions of these places that nobody has answered, oldest first."""
    query = (
        select(OpenQuestion)
        .where(
            col(OpenQuestion.place_id).in_(place_ids),
            col(OpenQuestion.answered_at).is_(None),
        )
        .order_by(col(OpenQuestion.id))
    )
    return list(db.exec(query).all())


def askers_of(db: Session, question_id: int) -> list[QuestionAsker]:
    """Everybody who asked it, the first first."""
    query = (
        select(QuestionAsker)
        .where(QuestionAsker.question_id == question_id)
        .order_by(col(QuestionAsker.at), col(QuestionAsker.account_id))
    )
    return list(db.exec(query).all())
