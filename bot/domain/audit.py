"""留痕 audit: who did or read what about whom and why, in a chain that shows any later change."""

import hashlib
from datetime import datetime

from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain.types import Moment


class Audit(SQLModel, table=True):
    """One line of the chain. `digest` covers the line and the digest before it."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Moment)
    actor_id: int | None = None  # resident; None: the system or the command line
    actor: str = ""  # how the actor came in: chat, command, console
    action: str
    subject_id: int | None = None  # resident concerned
    place_id: int | None = None
    note: str = ""
    digest: str


def _digest(before: str, row: Audit) -> str:
    parts = (
        before,
        row.at.isoformat(),
        str(row.actor_id),
        row.actor,
        row.action,
        str(row.subject_id),
        str(row.place_id),
        row.note,
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def note(
    db: Session,
    at: datetime,
    action: str,
    *,
    actor_id: int | None = None,
    actor: str = "chat",
    subject_id: int | None = None,
    place_id: int | None = None,
    words: str = "",
) -> None:
    """Add a line. Runs in the one writer, so the chain cannot fork."""
    last = db.exec(select(Audit.digest).order_by(col(Audit.id).desc()).limit(1)).first()
    row = Audit(
        at=at,
        actor_id=actor_id,
        actor=actor,
        action=action,
        subject_id=subject_id,
        place_id=place_id,
        note=words,
        digest="",
    )
    row.digest = _digest(last or "", row)
    db.add(row)
    db.flush()


def verify(db: Session) -> tuple[int, int | None]:
    """Walk the chain; (lines, id of the first line that does not fit or None)."""
    before, count = "", 0
    for row in db.exec(select(Audit).order_by(col(Audit.id))):
        count += 1
        if row.digest != _digest(before, row):
            return count, row.id
        before = row.digest
    return count, None
