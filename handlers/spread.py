"""Shared: 传播 spread, how far a rumour went and what was answered to it, in words."""

from bot.clock import clock_words, local_day
from bot.domain.notices import Notice, NoticeState
from bot.domain.registry import Chat, path_words, village_of
from bot.domain.rumours import Rumour, RumourSeen
from bot.language.passed_on import headline
from bot.work import Work

APPROVED = NoticeState.APPROVED
WAITING = (NoticeState.DRAFT, NoticeState.PENDING, NoticeState.APPROVED)
SAID = (NoticeState.SENDING, NoticeState.SENT)
QUOTED = 40  # characters of a claim


def values(work: Work, rumour: Rumour, rows: list[RumourSeen]) -> dict[str, object]:
    """What is said of a rumour: its words, first seen where and when, and how far it went."""
    first = rows[0]
    chat = work.db.get(Chat, first.chat_id)
    return {
        "number": rumour.id,
        "claim": quoted(rumour),
        "villages": len({village_of(work.db, row.place_id).id for row in rows}),
        "chats": len(rows),
        "count": sum(row.count for row in rows),
        "first": clock_words(first.first_at, local_day(work.now)),
        "where": path_words(work.db, first.place_id) + (f" {chat.title}" if chat else ""),
    }


def quoted(rumour: Rumour) -> str:
    """A claim in a few words."""
    return headline(rumour.text, QUOTED)


def state(work: Work, rumour: Rumour) -> str:
    """What answers it: a rebuttal and how far that is, an entry, or nothing."""
    notice = work.db.get(Notice, rumour.notice_id) if rumour.notice_id else None
    if notice is not None:
        done = notice.state in SAID
        return work.phrase("rumour.rebutted" if done else "rumour.drafted", number=notice.id)
    found = work.content.engine.entry(rumour.entry) if rumour.entry else None
    if found is not None:
        return work.phrase("rumour.entry", question=found[0].question)
    return work.phrase("rumour.open")
