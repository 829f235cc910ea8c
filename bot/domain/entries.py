"""本地条目 entries that grew out of a cadre's answer: signed by two, dated, of one place.

draft ──code──▶ pending ──second person──▶ signed ──▶ retired (a person, or valid_to has passed)
"""

from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain.registry import PlaceAbove
from bot.domain.types import Moment


class EntryState(StrEnum):
    """Where an entry is in its life."""

    DRAFT = "draft"
    PENDING = "pending"
    SIGNED = "signed"
    RETIRED = "retired"


class LocalEntry(SQLModel, table=True):
    """An answer that holds for a place and all below it, said to whoever asks the same there."""

    __tablename__ = "local_entry"
    id: int | None = Field(default=None, primary_key=True)
    place_id: int = Field(foreign_key="place.id", index=True)
    question_id: int = Field(foreign_key="open_question.id", index=True)
    question: str
    wordings: str = ""  # the words of all who asked, one a line
    answer: str
    source: str
    source_on: date
    valid_to: date
    author_id: int = Field(foreign_key="resident.id")
    created_at: datetime = Field(sa_type=Moment)
    state: str = Field(default=EntryState.DRAFT, index=True)
    approved_by: int | None = Field(default=None, foreign_key="resident.id")
    approved_at: datetime | None = Field(default=None, sa_type=Moment)
    retired_at: datetime | None = Field(default=None, sa_type=Moment)
    retired_by: int | None = Field(default=None, foreign_key="resident.id")

    def said_as(self) -> list[str]:
        """The question in all its words."""
        return [self.question, *(line for line in self.wordings.split("\n") if line)]


def signed_entries(db: Session, place_id: int) -> list[LocalEntry]:
    """Signed entries that hold for a place, the nearest place's and the newest first."""
    query = (
        select(LocalEntry)
        .join(PlaceAbove, col(PlaceAbove.ancestor_id) == LocalEntry.place_id)
        .where(PlaceAbove.place_id == place_id, LocalEntry.state == EntryState.SIGNED)
        .order_by(col(PlaceAbove.depth), col(LocalEntry.id).desc())
    )
    return list(db.exec(query).all())
