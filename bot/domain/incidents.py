"""重要情况 incidents: a fever, an emergency, a silence; a clock walks until a person takes it.

open ──接──▶ taken ──outcome──▶ closed        only a person closes it
  └── next_at: each step of its clock tells the next ones; each is a row, timed, never changed
"""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain.types import Moment


class IncidentKind(StrEnum):
    """What happened."""

    FEVER = "fever"
    EMERGENCY = "emergency"
    SILENCE = "silence"
    HELP = "help"
    GATHERING = "gathering"
    SHORTAGE = "shortage"
    PRICE = "price"
    COMPLAINT = "complaint"
    RUMOUR = "rumour"
    LEAK = "leak"
    UNMANNED = "unmanned"
    CHANNEL_DOWN = "channel_down"


INCIDENT_WORDS = {
    "发热": IncidentKind.FEVER,
    "紧急": IncidentKind.EMERGENCY,
    "失联": IncidentKind.SILENCE,
    "求助": IncidentKind.HELP,
    "聚集": IncidentKind.GATHERING,
    "缺物": IncidentKind.SHORTAGE,
    "物价": IncidentKind.PRICE,
    "投诉": IncidentKind.COMPLAINT,
    "谣言": IncidentKind.RUMOUR,
    "泄露": IncidentKind.LEAK,
    "无人值守": IncidentKind.UNMANNED,
    "通道中断": IncidentKind.CHANNEL_DOWN,
}
WORD_OF_INCIDENT = {kind: word for word, kind in INCIDENT_WORDS.items()}


class Incident(SQLModel, table=True):
    """One important situation."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(index=True)
    place_id: int = Field(foreign_key="place.id", index=True)
    resident_id: int | None = Field(default=None, foreign_key="resident.id", index=True)
    chat_id: int | None = Field(default=None, foreign_key="chat.id")
    reading_id: int | None = Field(default=None, foreign_key="reading.id")
    message_id: int | None = None
    summary: str = ""  # personal: shown to the team only
    is_urgent: bool = False
    is_exercise: bool = False
    opened_at: datetime = Field(sa_type=Moment)
    step: int = 0  # steps of its clock that were taken
    next_at: datetime | None = Field(default=None, sa_type=Moment, index=True)
    taken_at: datetime | None = Field(default=None, sa_type=Moment)
    taken_by: int | None = Field(default=None, foreign_key="resident.id")
    escalated_to: int | None = Field(default=None, foreign_key="resident.id")
    asked_outcome_at: datetime | None = Field(default=None, sa_type=Moment)
    outcome: str = ""
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_by: int | None = Field(default=None, foreign_key="resident.id")


class IncidentStep(SQLModel, table=True):
    """One thing that was done about an incident: who was told, who took it, what came of it."""

    __tablename__ = "incident_step"
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    at: datetime = Field(sa_type=Moment)
    what: str  # told, taken, outcome, corrected, withdrawn, closed
    resident_id: int | None = Field(default=None, foreign_key="resident.id")
    note: str = ""


def open_incident(
    db: Session, kind: str, resident_id: int, *, is_exercise: bool = False
) -> Incident | None:
    """The incident of this kind about a person that nobody has closed."""
    query = select(Incident).where(
        Incident.kind == kind,
        Incident.resident_id == resident_id,
        col(Incident.closed_at).is_(None),
        col(Incident.is_exercise).is_(is_exercise),
    )
    return db.exec(query).first()


def told_residents(db: Session, incident_id: int) -> list[int]:
    """Who has been told of an incident, in order."""
    query = (
        select(IncidentStep.resident_id)
        .where(IncidentStep.incident_id == incident_id, IncidentStep.what == "told")
        .order_by(col(IncidentStep.id))
    )
    return [r for r in db.exec(query).all() if r is not None]
