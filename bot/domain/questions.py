"""问答 questions: what waits for a person, who asked it, who was told; what was said where.

open ──答──▶ answered        every asker hears it
  └── due_at: overdue, the next one up is told and owns it
"""

from datetime import date, datetime

from sqlmodel import Field, Session, SQLModel, col, func, select

from bot.domain.types import Moment


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
