"""辟谣 rebuttals: one message with its source drafts it, a second person signs, its chats hear."""

import re
from datetime import timedelta

from sqlmodel import col, select

from bot.clock import at, date_words, local_day
from bot.domain.audit import note as audit
from bot.domain.notices import Notice, NoticeState
from bot.domain.prompts import ask
from bot.domain.registry import Chat, Place, path_words, places_above, places_below
from bot.domain.rumours import Rumour, RumourSeen, RumourTold, seen_in
from bot.errors import RuleError
from bot.language.cited import Cited, cited
from bot.language.commands import Verb
from bot.router import Router, Turn
from bot.work import Work
from handlers import broadcast, signing, spread

router = Router()

HOLDS = timedelta(days=7)
ASKED = "rebuttal"
LIFE = timedelta(hours=24)
_SOURCE = re.compile(r"出处|来源|依据")


@router.on_verb(Verb.REBUT)
def on_rebut(turn: Turn) -> None:
    """回应 [NO] TEXT 出处 WHERE, DAY: a preview with chats and a code; nothing is sent."""
    order = turn.said.command
    if order is None:
        return
    number, text = order.get("number"), order.get("text")
    _try(turn, int(number) if number else None, text)


@router.first
def on_words(turn: Turn) -> bool:
    """The words with 出处 that were missing."""
    if turn.is_group and turn.in_village_chat:
        return False
    if turn.said.command is not None or not _SOURCE.search(turn.said.text):
        return False
    for prompt in turn.prompts:
        if prompt.kind == ASKED:
            prompt.closed_at = turn.work.now
            turn.work.db.add(prompt)
            _try(turn, prompt.values["rumour_id"], turn.said.text)
            return True
    return False


def _try(turn: Turn, number: int | None, text: str) -> None:
    work = turn.work
    if turn.speaker is None or not signing.publishes(turn.scope):
        turn.reply(work.phrase("rumour.not_yours"), why="辟谣要村支书或镇里起草")
        return
    try:
        rumour, place = _meant(turn, number)
        words = cited(text, local_day(work.now))
        if words.problem:
            raise RuleError("notice.no_such_day", day=words.problem)
        if not words.text or not words.source:
            _ask_words(turn, rumour)
            return
        notice = _draft(turn, rumour, place, words)
    except RuleError as error:
        turn.reply(work.phrase(error.phrase, **error.values), why="起草不成，说明白")
        return
    signing.ask_author(turn, _paper(notice), "rumour.preview", **_values(work, notice))


def _paper(notice: Notice) -> signing.Paper:
    """A rebuttal as a thing to sign."""
    return signing.Paper("rebuttal", notice.id or 0, notice.place_id, notice.author_id)


def _meant(turn: Turn, number: int | None) -> tuple[Rumour, Place]:
    """The rumour, by number or the last one this person was told of, and the place they answer for.

    Raises:
        RuleError: none, or one that is not theirs or has its rebuttal.
    """
    work = turn.work
    rumour = work.db.get(Rumour, number) if number else _last_told(turn)
    if rumour is None or not rumour.text:
        raise RuleError("rumour.unknown", number=number or "")
    if rumour.notice_id is not None:
        notice = work.db.get_one(Notice, rumour.notice_id)
        if notice.state in (*spread.SAID, NoticeState.APPROVED):
            raise RuleError("rumour.done", number=rumour.id, notice=notice.id)
    places = [
        signing.own_place(work, turn.scope, s.place_id) for s in seen_in(work.db, rumour.id or 0)
    ]
    mine = {place.id: place for place in places if place is not None}
    if not mine:
        raise RuleError("rumour.unknown", number=number or "")
    depth = {pid: len(places_above(work.db, pid or 0)) for pid in mine}
    return rumour, mine[min(depth, key=lambda pid: depth[pid])]


def _last_told(turn: Turn) -> Rumour | None:
    query = (
        select(Rumour)
        .join(RumourTold, col(RumourTold.rumour_id) == Rumour.id)
        .where(
            RumourTold.resident_id == (turn.speaker.id if turn.speaker else 0),
            col(Rumour.notice_id).is_(None),
        )
        .order_by(col(RumourTold.at).desc(), col(Rumour.id).desc())
    )
    return turn.work.db.exec(query).first()


def _ask_words(turn: Turn, rumour: Rumour) -> None:
    """Without a source nothing is rebutted: the words are asked for."""
    work = turn.work
    turn.reply(
        work.phrase("rumour.how", number=rumour.id, claim=spread.quoted(rumour)),
        number=rumour.id,
        why="辟谣要写怎么说和出处",
    )
    ask(work.db, turn.account.id or 0, ASKED, work.now, work.now + LIFE, rumour_id=rumour.id)


def _draft(turn: Turn, rumour: Rumour, place: Place, words: Cited) -> Notice:
    """Write the rebuttal down as a notice to just those chats.

    Raises:
        RuleError: nobody could be its second person.
    """
    work, today = turn.work, local_day(turn.work.now)
    author_id = turn.speaker.id or 0 if turn.speaker else 0
    if not signing.seconds(work, signing.Paper("rebuttal", 0, place.id or 0, author_id)):
        raise RuleError("entry.no_second", place=path_words(work.db, place.id or 0))
    chats = _chats(work, rumour, place.id or 0)
    last = words.until_on or today + HOLDS
    if last < today:
        raise RuleError("notice.over")
    notice = broadcast.issue(
        work,
        author_id=author_id,
        place_id=place.id or 0,
        text=work.phrase(
            "rumour.rebuttal",
            claim=spread.quoted(rumour),
            text=words.text.rstrip("。"),
            source=words.source,
            day=date_words(words.on or today),
        ),
        due_at=work.now,
        expires_at=at(last + timedelta(days=1), 0),
        source=words.source,
        only_chats=[chat.in_ref for chat in chats],
    )
    notice.title = work.phrase("rumour.title", number=rumour.id)
    notice.code = ""  # signed by two, never by its author alone
    _drop_older(work, rumour)
    rumour.notice_id = notice.id
    work.db.add_all((notice, rumour))
    work.db.flush()
    return notice


def _drop_older(work: Work, rumour: Rumour) -> None:
    """A draft that this one takes the place of can no longer be signed."""
    older = work.db.get(Notice, rumour.notice_id) if rumour.notice_id else None
    if older is not None and older.state in (NoticeState.DRAFT, NoticeState.PENDING):
        older.state = NoticeState.SUPERSEDED
        work.db.add(older)


def _chats(work: Work, rumour: Rumour, place_id: int) -> list[Chat]:
    rows = seen_in(work.db, rumour.id or 0, places_below(work.db, place_id))
    return [work.db.get_one(Chat, row.chat_id) for row in rows]


def _values(work: Work, notice: Notice) -> dict[str, object]:
    chats = broadcast.receivers(work, notice)
    return {
        "text": notice.text,
        "chats": len(chats),
        "names": "、".join(chat.title for chat in chats[:8]),
        "until": broadcast.until_words(notice),
    }


@router.first
def on_code(turn: Turn) -> bool:
    """The code by which its author goes on, or the second person agrees."""
    return signing.on_code(turn, "rebuttal", _confirmed, _approved)


def _confirmed(turn: Turn, number: int) -> None:
    """Its author has said yes: the second people are asked."""
    work = turn.work
    notice = work.db.get_one(Notice, number)
    if notice.state != NoticeState.DRAFT:
        turn.reply(work.phrase("notice.past", number=number), why="已经定过了")
        return
    notice.state = NoticeState.PENDING
    work.db.add(notice)
    people = signing.ask_seconds(work, _paper(notice), "rumour.second", **_values(work, notice))
    turn.reply(
        work.phrase("rumour.pending", number=number, who=signing.names(people)),
        number=number,
        why="等第二个人签",
    )


def _approved(turn: Turn, number: int) -> None:
    """The second person has said yes: it goes where the rumour went round, once a chat."""
    work = turn.work
    notice = work.db.get_one(Notice, number)
    if turn.speaker is None or notice.state != NoticeState.PENDING:
        turn.reply(work.phrase("notice.past", number=number), why="已经定过了")
        return
    if notice.expires_at <= work.now:
        turn.reply(work.phrase("notice.over"), why="期限已过")
        return
    notice.state, notice.approved_by = NoticeState.APPROVED, turn.speaker.id
    notice.approved_at = work.now
    work.db.add(notice)
    audit(
        work.db,
        work.now,
        "rumour.sign",
        actor_id=turn.speaker.id,
        place_id=notice.place_id,
        words=str(notice.id),
    )
    chats = broadcast.receivers(work, notice)
    mine = select(RumourSeen).join(Rumour, col(Rumour.id) == RumourSeen.rumour_id)
    for seen in work.db.exec(mine.where(Rumour.notice_id == notice.id)).all():
        if seen.chat_id in {chat.id for chat in chats}:
            seen.rebutted_at = work.now
            work.db.add(seen)
    broadcast.push_due(work)
    is_held = notice.state == NoticeState.APPROVED
    key = "rumour.held" if is_held else "rumour.going"
    turn.reply(work.phrase(key, number=number, chats=len(chats)), number=number, why="两个人都签了")
