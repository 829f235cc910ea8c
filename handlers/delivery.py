"""Shared: 送达 delivery, a notice on its way: a row a chat, the result, taken back, followed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, insert, update
from sqlmodel import Session, col, select

from bot.clock import at, day_words, local_day
from bot.domain.notices import Delivery, Notice, NoticeState, deliveries
from bot.domain.registry import Chat
from bot.outbox import Outbox, supersede
from bot.work import SayOptions, Work

FINAL = ("sent", "failed", "expired", "superseded")
_PUT = insert(Delivery)


def words_of(work: Work, notice: Notice) -> str:
    """What is said in the chat: the text unaltered; an update or a cancel says of which notice."""
    if notice.refers_to is None:
        return notice.text
    first = work.db.get_one(Notice, notice.refers_to)
    key = "notice.update" if notice.kind == "update" else "notice.cancel"
    return work.phrase(
        key,
        day=day_words(local_day(first.created_at)),
        number=first.id,
        title=first.title,
        text=notice.text,
    )


def reached(work: Work, notice: Notice) -> set[int]:
    """The chats into which a notice has been put."""
    query = select(Delivery.chat_id).where(Delivery.notice_id == notice.id)
    return set(work.db.exec(query).all())


def put(work: Work, by_chat: Mapping[int, tuple[Chat, list[Notice]]]) -> None:
    """Say one or more notices in each chat as one message, and note a delivery for each."""
    once = {n.id: n for _, notices in by_chat.values() for n in notices}
    words = {number: words_of(work, notice) for number, notice in once.items()}
    sayings = [
        (chat, "\n\n".join(words[n.id] for n in notices), _options(chat, notices))
        for chat, notices in by_chat.values()
    ]
    rows = work.to_chats(sayings, "notice")
    put_in = [
        {
            "notice_id": notice.id,
            "chat_id": chat.id,
            "outbox_id": row_id,
            "state": "queued" if row_id else "failed",
            "reason": "" if row_id else "这个群进不去",
            "at": work.now,
        }
        for (chat, notices), row_id in zip(by_chat.values(), rows, strict=True)
        for notice in notices
    ]
    if put_in:
        work.db.connection().execute(_PUT, put_in)


def _options(chat: Chat, notices: list[Notice]) -> SayOptions:
    first = notices[0]
    return {
        "key": f"notice:{first.id}:{chat.id}",
        "is_urgent": any(n.is_urgent for n in notices),
        "is_exercise": first.status == "exercise",
        "expires_at": max(n.expires_at for n in notices),
        "number": first.id,
        "why": f"通知 {'、'.join(str(n.id) for n in notices)} 到时候了",
    }


def plan_next_day(work: Work, notice: Notice) -> None:
    """The same notice tomorrow, as a row of its own, until it expires."""
    due_at = at(local_day(work.now) + timedelta(days=1), notice.repeat_minute or 0)
    if due_at >= notice.expires_at:
        return
    work.db.add(
        Notice(
            **notice.model_dump(exclude={"id", "due_at", "state", "reported_at"}),
            due_at=due_at,
            state=NoticeState.APPROVED,
        )
    )


def settled(session: Session, ids: Sequence[int]) -> None:
    """The sender has news of rows: note it at the deliveries that they carry."""
    is_news = col(Outbox.state).in_((*FINAL, "unknown"))
    session.flush()
    session.connection().execute(
        update(Delivery)
        .where(
            col(Delivery.outbox_id) == Outbox.id,
            col(Outbox.id).in_(ids),
            col(Outbox.topic) == "notice",
        )
        .values(state=case((is_news, Outbox.state), else_="queued"), reason=Outbox.reason)
    )
    for one in list(session.identity_map.values()):
        if isinstance(one, Delivery):
            session.expire(one)


def close_sent(work: Work) -> None:
    """Notices whose last delivery is known: sent; the author hears the result once."""
    query = select(Notice).where(Notice.state == NoticeState.SENDING)
    for notice in work.db.exec(query).all():
        settle(work, notice)


def settle(work: Work, notice: Notice) -> None:
    """Close one notice where nothing of it is on its way any more."""
    rows = deliveries(work.db, notice.id or 0)
    if notice.state != NoticeState.SENDING or any(r.state not in FINAL for r in rows):
        return
    notice.state = NoticeState.SENT
    notice.reported_at = work.now
    work.db.add(notice)
    sent = sum(r.state == "sent" for r in rows)
    failed = len(rows) - sent
    if failed or len(rows) > 1:
        work.to_resident(
            notice.author_id,
            work.phrase(
                "notice.result", number=notice.id, title=notice.title, sent=sent, failed=failed
            ),
            "receipt",
            key=f"result:{notice.id}",
            why="发完了说一声结果",
        )


def take_back(work: Work, notice: Notice) -> None:
    """Cancel what has not left."""
    notice.state = NoticeState.CANCELLED
    work.db.add(notice)
    keys = (
        select(Outbox.key)
        .join(Delivery, col(Delivery.outbox_id) == Outbox.id)
        .where(Delivery.notice_id == notice.id)
    )
    supersede(work.db, list(work.db.exec(keys).all()), "通知取消了")


def follow(work: Work, notice: Notice) -> None:
    """When an update or a cancel leaves, the first ends, and so do its next days."""
    if notice.refers_to is None:
        return
    first = work.db.get_one(Notice, notice.refers_to)
    first.state = NoticeState.SUPERSEDED if notice.kind == "update" else NoticeState.CANCELLED
    work.db.add(first)
    rest = select(Notice).where(
        Notice.text == first.text,
        Notice.author_id == first.author_id,
        Notice.state == NoticeState.APPROVED,
        col(Notice.repeat_minute).is_not(None),
    )
    if first.repeat_minute is not None:
        for other in work.db.exec(rest).all():
            take_back(work, other)


def expire(work: Work) -> None:
    """Mark what is past its validity and not sent; queued rows expire at the sender."""
    query = select(Notice).where(
        col(Notice.state).in_((NoticeState.DRAFT, NoticeState.PENDING, NoticeState.APPROVED)),
        Notice.expires_at <= work.now,
    )
    for notice in work.db.exec(query).all():
        notice.state = NoticeState.EXPIRED
        work.db.add(notice)


def next_due(work: Work) -> datetime | None:
    """When the next approved notice is due; after the quiet hours, where they hold it."""
    query = select(Notice.due_at, Notice.is_urgent).where(Notice.state == NoticeState.APPROVED)
    moments = []
    for due_at, is_urgent in work.db.exec(query).all():
        moment = max(due_at, work.now)
        held = work.rules.is_quiet(moment) and not is_urgent
        moments.append(work.rules.quiet_ends(moment) if held else moment)
    return min(moments, default=None)
