"""通道中断 channel down: a platform refuses us for good, or a gateway has lost its login."""

from collections import defaultdict
from datetime import timedelta

from sqlmodel import col, or_, select

from bot.domain.incidents import Incident, IncidentKind
from bot.domain.registry import Chat, path_words
from bot.outbox import Outbox
from bot.work import Work
from handlers import alerts

# What a person must mend: keys, rights, addresses (codes of bot/channels).
LASTING = (
    "bad_credentials",
    "token_refused",
    "bad_account",
    "ip_not_trusted",
    "not_allowed",
    "no_right",
    "restricted",
    "bot_removed",
    "webhook_gone",
    "daily_quota",
)
LOOK_BACK = timedelta(hours=1)


def watch(work: Work) -> None:
    """Open an incident for each channel that refused us for good in the last hour, once.

    Misfire: what was refused while nobody watched is found at the first tick within the hour.
    """
    query = select(Outbox.channel, Outbox.reason).where(
        Outbox.state == "failed",
        col(Outbox.left_at) > work.now - LOOK_BACK,
        or_(*(col(Outbox.reason).startswith(code) for code in LASTING)),
    )
    reasons: dict[str, set[str]] = defaultdict(set)
    for channel, reason in work.db.exec(query).all():
        reasons[channel].add(reason)
    for channel, found in reasons.items():
        down(work, channel, "、".join(sorted(found))[:80])


def down(work: Work, channel: str, why: str) -> None:
    """Tell who looks after the chats of a channel that it is down, each once an outage."""
    summary = work.phrase("incident.channel_down", channel=channel, why=why)
    known = select(Incident.id).where(
        Incident.kind == IncidentKind.CHANNEL_DOWN,
        col(Incident.closed_at).is_(None),
        col(Incident.summary).contains(channel),
    )
    if work.db.exec(known).first() is not None:
        return
    query = select(Chat).where(
        or_(Chat.in_channel == channel, Chat.out_channel == channel),
        col(Chat.place_id).is_not(None),
    )
    chat = work.db.exec(query.order_by(col(Chat.id))).first()
    if chat is None or chat.place_id is None:
        return
    work.note(f"通道中断：{path_words(work.db, chat.place_id)}")
    alerts.open_incident(work, IncidentKind.CHANNEL_DOWN, chat.place_id, summary, chat_id=chat.id)
