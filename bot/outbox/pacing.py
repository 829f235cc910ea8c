"""Pacing: when the limits of a platform let a row go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.channels.base import Limit
from bot.domain.registry import Account
from bot.outbox.row import Outbox

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Windows:
    """What has left in the windows of the limits, counted once for all candidates of a claim.

    Counted from the rows that left, so a restart resets nothing.
    """

    session: Session
    now: datetime
    rows: Sequence[Outbox]
    _counted: dict[tuple[str, Limit], dict[str, tuple[int, datetime | None]]] = field(
        default_factory=dict
    )

    def wait(self, row: Outbox, limits: tuple[Limit, ...]) -> datetime | None:
        """When the tightest limit lets a row go; None: now; NEVER: once its receiver writes."""
        for limit in limits:
            room = limit.count if row.is_urgent else limit.count - limit.reserve
            span = timedelta(seconds=limit.per_s)
            if limit.scope == "heard":
                heard = _heard_at(self.session, row)
                if heard is None or heard <= self.now - span:
                    return NEVER
                used, oldest = self._of_one(row, limit, heard)
            else:
                used, oldest = self._used(row, limit)
                if row.left_at is not None and row.left_at > self.now - span:
                    used -= _size(row, limit)  # its own last try
            if used + _size(row, limit) > room and used > 0:
                if limit.scope == "heard":
                    return NEVER
                return (oldest or self.now) + span + timedelta(milliseconds=1)
        return None

    def take(self, row: Outbox, limits: tuple[Limit, ...]) -> None:
        """A row leaves now: those behind it find less room."""
        for limit in limits:
            counted = self._counted.get((row.channel, limit))
            if counted is not None:
                where = "" if limit.scope == "account" else row.chat
                used, oldest = counted.get(where, (0, None))
                counted[where] = (used + _size(row, limit), oldest or self.now)

    def _used(self, row: Outbox, limit: Limit) -> tuple[int, datetime | None]:
        key = (row.channel, limit)
        if key not in self._counted:
            self._counted[key] = dict(self._count(row.channel, limit))
        return self._counted[key].get("" if limit.scope == "account" else row.chat, (0, None))

    def _count(
        self, channel: str, limit: Limit
    ) -> Iterable[tuple[str, tuple[int, datetime | None]]]:
        what = func.sum(Outbox.people) if limit.unit == "people" else func.count()
        since = self.now - timedelta(seconds=limit.per_s)
        left = (Outbox.channel == channel, col(Outbox.left_at) > since)
        if limit.scope == "account":
            used, oldest = self.session.exec(
                select(what, func.min(Outbox.left_at)).where(*left)
            ).one()
            yield "", (used or 0, oldest)
            return
        chats = {row.chat for row in self.rows if row.channel == channel}
        query = (
            select(Outbox.chat, what, func.min(Outbox.left_at))
            .where(*left, col(Outbox.chat).in_(chats))
            .group_by(col(Outbox.chat))
        )
        for chat, used, oldest in self.session.exec(query).all():
            yield chat, (used or 0, oldest)

    def _of_one(self, row: Outbox, limit: Limit, since: datetime) -> tuple[int, datetime | None]:
        what = func.sum(Outbox.people) if limit.unit == "people" else func.count()
        query = select(what).where(
            Outbox.channel == row.channel,
            Outbox.chat == row.chat,
            col(Outbox.left_at) > since,
            Outbox.id != row.id,
        )
        return self.session.exec(query).one() or 0, None


def _size(row: Outbox, limit: Limit) -> int:
    return row.people if limit.unit == "people" else 1


def _heard_at(session: Session, row: Outbox) -> datetime | None:
    """When the receiver of a private message last wrote."""
    query = select(Account.seen_at).where(
        Account.channel == row.channel, Account.account == row.chat
    )
    return session.exec(query).first()
