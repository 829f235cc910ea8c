"""Claims: which rows a sender may say now, a batch of them in few statements."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, text, tuple_, update
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, or_

from bot.channels.base import Channel
from bot.domain.types import Moment
from bot.outbox.pacing import NEVER, Windows
from bot.outbox.row import IN_THE_WAY, IS_OPEN, Claim, Filter, Outbox, outbound

SPARE = 8  # candidates beyond those asked for: some must wait or end
# PostgreSQL: senders claim one after the other. And while the statistics do not know yet of a
# hundred thousand new rows, it would sort all of them for each claim, in place of reading the first
# ones from their index.
_CLAIMS = text(
    "SELECT pg_advisory_xact_lock(1937207148), set_config('enable_sort', 'off', true),"
    " set_config('enable_bitmapscan', 'off', true)"
)
_TABLE: Any = Outbox.__table__  # type: ignore[attr-defined]  # made by SQLModel
_END = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row"))
    .values(state=bindparam("end"), reason=bindparam("words"))
)
_WAIT = update(_TABLE).where(_TABLE.c.id == bindparam("row")).values(due_at=bindparam("until"))
# One parameter, however many: a list of them would be written and read anew for each claim.
_LEAVE = (
    "UPDATE outbox SET state = 'sending', tries = tries + 1, sender = :sender, left_at = :now"
    " WHERE id IN "
)
_LEAVES = {
    name: text(_LEAVE + ids).bindparams(bindparam("now", type_=Moment))
    for name, ids in (
        ("sqlite", "(SELECT value FROM json_each(:ids))"),
        ("postgresql", "(SELECT CAST(json_array_elements_text(CAST(:ids AS json)) AS int))"),
    )
}


def claim(
    session: Session,
    now: datetime,
    channels: Mapping[str, Channel],
    stop: Filter,
    *,
    limit: int = 100,
    sender: int = 0,
    busy: frozenset[tuple[str, str]] = frozenset(),
    paused: frozenset[str] = frozenset(),
    settled: Callable[[Session, Sequence[int]], None] = lambda session, ids: None,
) -> list[Claim]:
    """Take rows that may leave now: due, within the platform's limits, one at a time per chat.

    Rows past their validity end here, and so do those that the filter stops; `settled` hears of
    them.

    Args:
        session: of a write transaction.
        now: the moment.
        channels: by name; a row of an unknown one has failed.
        stop: the outgoing filter.
        limit: at most so many.
        sender: the number of the process that claims; its rows are `recover`ed when it is gone.
        busy: chats with a message in flight; theirs wait, so that order within a chat holds.
        paused: channels that are down.
        settled: told of the ids of rows that end here.
    """
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_CLAIMS)  # else two would fill one window of a limit twice
    pulling = {name for name, channel in channels.items() if channel.pulls}
    rows: list[Any] = []  # columns: an object for each row costs more than the rest of its claim
    for is_urgent in (True, False):
        if len(rows) < limit + SPARE:
            query = _first_of_each_chat(pulling | paused, busy, is_urgent=is_urgent)
            query = query.limit(limit + SPARE - len(rows))
            rows += connection.execute(query, {"now": now}).all()
    windows = Windows(session, now, rows)
    taken: list[Claim] = []
    ends: list[dict[str, object]] = []
    waits: list[dict[str, object]] = []
    for row in rows:
        if len(taken) >= limit:
            break
        channel = channels.get(row.channel)
        end = _ends(session, row, now, channel, stop)
        if end is None and channel is not None:
            wait = windows.wait(row, channel.limits)
            if wait is None:
                windows.take(row, channel.limits)
                taken.append(Claim(row.id, outbound(row), row.parts_done, row.tries + 1))
            elif wait == NEVER:
                end = "failed", "no_window 等对方再开口"
            else:
                waits.append({"row": row.id, "until": wait})
        if end is not None:
            ends.append({"row": row.id, "end": end[0], "words": end[1]})
    if waits:
        connection.execute(_WAIT, waits)
    if taken:
        ids = json.dumps([claimed.id for claimed in taken])
        leaves = _LEAVES[connection.dialect.name]
        connection.execute(leaves, {"ids": ids, "now": now, "sender": sender})
    if ends:
        connection.execute(_END, ends)
    session.expire_all()
    if ends:
        settled(session, [int(str(one["row"])) for one in ends])
    return taken


def _first_of_each_chat(
    left_out: Collection[str], busy: Collection[tuple[str, str]], *, is_urgent: bool
) -> Select[Any]:
    """Each chat's next row that is due at `:now`, in order."""
    query = _next_in_line(is_urgent)
    if left_out:
        query = query.where(col(Outbox.channel).not_in(left_out))
    if busy:
        query = query.where(tuple_(col(Outbox.channel), col(Outbox.chat)).not_in(busy))
    return query


@cache
def _next_in_line(is_urgent: bool) -> Select[Any]:
    """What is on its way, and a retry, hold back what follows in their chat; made once."""
    now = bindparam("now", type_=Moment)
    other = aliased(Outbox, name="other")
    before: Any = col(other.id) < col(Outbox.id)
    if is_urgent:
        before = and_(col(other.is_urgent).is_(True), before)
    else:
        before = or_(col(other.is_urgent).is_(True), before)
    waits = or_(col(other.due_at) <= now, col(other.tries) > 0)
    in_the_way = exists().where(
        col(other.channel) == col(Outbox.channel),
        col(other.chat) == col(Outbox.chat),
        text(f"other.{IN_THE_WAY}"),
        col(other.id) != col(Outbox.id),
        or_(col(other.state) == "sending", and_(waits, before)),
    )
    return (
        columns(*_TABLE.c)
        .where(
            IS_OPEN, col(Outbox.is_urgent).is_(is_urgent), col(Outbox.due_at) <= now, ~in_the_way
        )
        .order_by(col(Outbox.due_at), col(Outbox.id))
        .with_for_update(skip_locked=True, of=Outbox)
    )


def _ends(
    session: Session, row: Outbox, now: datetime, channel: Channel | None, stop: Filter
) -> tuple[str, str] | None:
    """State and reason of a row that must not leave any more; None where it may."""
    if row.expires_at is not None and row.expires_at <= now:
        return "expired", row.reason or "过了有效期"
    if channel is None:
        return "failed", f"没有这个通道：{row.channel}"
    reason = stop(session, row)
    return ("failed", reason) if reason else None
