"""问答 questions: what was asked and nobody has answered yet, and what was said where."""

from datetime import date, datetime

from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain.types import Moment


class OpenQuestion(SQLModel, table=True):
    """A question that waits for a person."""

    __tablename__ = "open_question"
    id: int | None = Field(default=None, primary_key=True)
    place_id: int = Field(foreign_key="place.id", index=True)
    text: str
    kind: str = "cadre"  # cadre, doctor, doubt, expired
    asker_id: int | None = Field(default=None, foreign_key="account.id")
    owner_id: int | None = Field(default=None, foreign_key="resident.id", index=True)
    nearest: str = ""  # ids of the nearest entries
    message_id: int | None = None
    asked_at: datetime = Field(sa_type=Moment)
    due_at: datetime = Field(sa_type=Moment, index=True)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    answered_by: int | None = Field(default=None, foreign_key="resident.id")
    answer: str = ""


class EntrySaid(SQLModel, table=True):
    """An entry that was said in a chat on a day: once is enough."""

    __tablename__ = "entry_said"
    chat_key: str = Field(primary_key=True)  # channel and chat
    entry: str = Field(primary_key=True)
    day: date = Field(primary_key=True)


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
