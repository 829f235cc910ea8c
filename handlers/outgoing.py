"""Between the outbox and the platforms: reasons not to send, and who hears how it went."""

from collections.abc import Sequence

from sqlmodel import Session

from bot import privacy
from bot.outbox import Outbox
from handlers import delivery, missing


def stop(session: Session, row: Outbox) -> str:
    """Why a row must not leave, or "": health in a group, a reminder that nobody needs."""
    return privacy.stop(session, row) or missing.stop_stale(session, row)


def settled(session: Session, ids: Sequence[int]) -> None:
    """Rows have news; deliveries of notices are kept in step with them."""
    delivery.settled(session, ids)
