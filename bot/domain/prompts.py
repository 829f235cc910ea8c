"""What the bot has asked somebody and waits to hear back: a code, a yes, a name, a reason."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain import absent
from bot.domain.types import Moment


class Prompt(SQLModel, table=True):
    """One question of ours to one person; the latest of a kind counts."""

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    kind: str  # reading, code, approve, which, reason, …
    say_back: str = ""  # what confirms it: a code, or 是
    payload: str = "{}"
    asked_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)

    @property
    def values(self) -> dict[str, Any]:
        """What was asked about."""
        values: dict[str, Any] = json.loads(self.payload)
        return values


absent.watch(Prompt)


def ask(
    db: Session,
    account_id: int,
    kind: str,
    now: datetime,
    expires_at: datetime,
    *,
    say_back: str = "",
    **values: Any,
) -> Prompt:
    """Remember that this person was asked."""
    prompt = Prompt(
        account_id=account_id,
        kind=kind,
        say_back=say_back,
        payload=json.dumps(values, ensure_ascii=False),
        asked_at=now,
        expires_at=expires_at,
    )
    db.add(prompt)
    db.flush()
    return prompt


_WAITING = (
    select(Prompt)
    .where(
        Prompt.account_id == bindparam("account_id"),
        col(Prompt.closed_at).is_(None),
        col(Prompt.expires_at) > bindparam("now"),
    )
    .order_by(col(Prompt.id).desc())
)


_WHO = columns(col(Prompt.account_id)).where(
    col(Prompt.account_id).in_(bindparam("account_ids", expanding=True)),
    col(Prompt.closed_at).is_(None),
)


def look(db: Session, account_ids: Collection[int]) -> None:
    """Find out of which accounts something was asked; the others are not asked about again."""
    absent.look(db, Prompt, _WHO, account_ids)


def waiting(db: Session, account_id: int, now: datetime) -> list[Prompt]:
    """What this person has been asked and not answered, latest first."""
    if absent.is_absent(db, Prompt, account_id):
        return []
    return list(db.exec(_WAITING, params={"account_id": account_id, "now": now}).all())
