"""通知 notices in chat: draft, confirm, correct, cancel, and ask how it went."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from bot.clock import at, date_words, local_day
from bot.domain.notices import Notice, NoticeState, Receipt, deliveries
from bot.domain.prompts import Prompt, ask
from bot.domain.registry import (
    Chat,
    ChatPurpose,
    Place,
    Resident,
    Scope,
    is_below,
    may_see,
    path_words,
    places_below,
)
from bot.errors import RuleError
from bot.language.commands import Verb
from bot.language.orders import NoticeOrder, notice_order, until
from bot.router import Router, Turn
from bot.work import Work
from handlers import broadcast, delivery

router = Router()

KINDS = {
    "干部群": ChatPurpose.CADRES,
    "村民群": ChatPurpose.RESIDENTS,
    "包保群": ChatPurpose.CARE_TEAM,
}
CODE_LIFE = timedelta(hours=24)


@router.on_verb(Verb.NOTICE)
def on_notice(turn: Turn) -> None:
    """发通知 SCOPE TEXT 有效到 DAY: a preview with chats, people and a code; nothing is sent."""
    order = notice_order(
        turn.said.command.get("rest") if turn.said.command else "", local_day(turn.work.now)
    )
    _draft(turn, order)


def _draft(turn: Turn, order: NoticeOrder) -> None:
    work = turn.work
    if turn.speaker is None:
        return
    try:
        place, purpose, text = _scope(work, turn.scope, order)
        if order.problem:
            raise RuleError("notice.no_such_day", day=order.problem)
        if not text:
            raise RuleError("notice.no_text")
    except RuleError as error:
        turn.reply(work.phrase(error.phrase, **error.values), why="通知写得不全，问清楚")
        return
    if order.until_on is None:
        turn.reply(work.phrase("notice.until"), why="没有期限的通知不发")
        ask(
            work.db,
            turn.account.id or 0,
            "notice_until",
            work.now,
            work.now + CODE_LIFE,
            rest=turn.said.command.get("rest") if turn.said.command else "",
        )
        return
    expires_at = at(order.until_on, order.until_minute)
    if expires_at <= work.now:
        turn.reply(work.phrase("notice.over"), why="期限已过")
        return
    notice = broadcast.issue(
        work,
        author_id=turn.speaker.id or 0,
        place_id=place.id or 0,
        text=text,
        due_at=_due(work, order),
        expires_at=expires_at,
        purpose=purpose,
        repeat_minute=order.daily_minute,
        is_urgent=order.is_urgent,
    )
    _preview(turn, notice)


def _due(work: Work, order: NoticeOrder) -> datetime:
    if order.daily_minute is not None:
        today = at(local_day(work.now), order.daily_minute)
        return (
            today
            if today > work.now
            else at(local_day(work.now) + timedelta(days=1), order.daily_minute)
        )
    if order.on is not None and order.minute is not None:
        return at(order.on, order.minute)
    return work.now


def _scope(work: Work, scope: Scope, order: NoticeOrder) -> tuple[Place, str, str]:
    """Place, kind of chat and text; a first word that names no place is part of the text.

    Raises:
        RuleError: a place that is not this cadre's, or several of that name.
    """
    own = work.db.get_one(Place, scope.place_ids[0])
    word = order.scope
    if word in KINDS:
        return own, KINDS[word], order.text
    place = broadcast.named_place(work, scope, word)
    if place is not None:
        return place, ChatPurpose.RESIDENTS, order.text
    return own, ChatPurpose.RESIDENTS, f"{word} {order.text}".strip()


def _preview(turn: Turn, notice: Notice) -> None:
    work = turn.work
    chats = broadcast.receivers(work, notice)
    if not chats and notice.refers_to is None:
        turn.reply(
            work.phrase("notice.no_chats", place=path_words(work.db, notice.place_id)),
            why="没有群可发",
        )
        return
    turn.reply(
        work.phrase(
            "notice.preview",
            number=notice.id,
            text=delivery.words_of(work, notice),
            place=path_words(work.db, notice.place_id),
            chats=len(chats),
            people=broadcast.people_of(work, notice),
            when=broadcast.when_words(work, notice),
            until=broadcast.until_words(notice),
            code=notice.code,
        ),
        number=notice.id,
        code=notice.code,
        why="先看样子，回码才发",
    )
    ask(
        work.db,
        turn.account.id or 0,
        "notice_code",
        work.now,
        work.now + CODE_LIFE,
        say_back=notice.code,
        notice_id=notice.id,
    )


@router.first
def on_code(turn: Turn) -> bool:
    """The code that was asked for (of a draft, or of an approval), or the day that was missing."""
    if turn.speaker is None or (turn.is_group and turn.in_village_chat):
        return False
    text = turn.said.text.strip()
    for prompt in turn.prompts:
        if prompt.kind in ("notice_code", "notice_approve") and text == prompt.say_back:
            _confirm(turn, prompt)
            return True
        if prompt.kind == "notice_until":
            day = until(text, local_day(turn.work.now))
            if day is not None:
                prompt.closed_at = turn.work.now
                turn.work.db.add(prompt)
                words = f"{prompt.values['rest']} 有效到{date_words(day[0])}"
                _draft(turn, notice_order(words, local_day(turn.work.now)))
                return True
    return False


def _confirm(turn: Turn, prompt: Prompt) -> None:
    work, speaker = turn.work, turn.speaker
    notice = work.db.get_one(Notice, prompt.values["notice_id"])
    prompt.closed_at = work.now
    work.db.add(prompt)
    if speaker is None:
        return
    try:
        done = broadcast.approve(work, notice, speaker.id or 0)
    except RuleError as error:
        turn.reply(work.phrase(error.phrase, **error.values), why="规则不让")
        return
    key = {
        NoticeState.PENDING: "notice.pending",
        NoticeState.APPROVED: "notice.approved",
    }.get(NoticeState(done), "notice.going")
    if done == NoticeState.APPROVED and notice.due_at <= work.now:
        key = "notice.held"
    turn.reply(
        work.phrase(
            key,
            number=notice.id,
            when=broadcast.when_words(work, notice),
            who="、".join(p.name for p in broadcast.approvers(work, notice)),
        ),
        number=notice.id,
        why="确认了",
    )


@router.on_verb(Verb.CORRECT_NOTICE)
def on_correct(turn: Turn) -> None:
    """更正 NO TEXT: an update to the chats that got the first; it says what it corrects."""
    order = turn.said.command
    notice = _known(turn, order.get("number") if order else "", order.get("title") if order else "")
    if notice is None or order is None:
        return
    _follow_up(turn, notice, "update", order.get("text"))


@router.on_verb(Verb.CANCEL_NOTICE)
def on_cancel(turn: Turn) -> None:
    """取消 NO: one that has not left is taken back; one that has is cancelled where it went."""
    order = turn.said.command
    notice = _known(turn, order.get("number") if order else "", "")
    if notice is None:
        return
    work = turn.work
    left = [d for d in deliveries(work.db, notice.id or 0) if d.state not in ("queued", "failed")]
    if left or notice.state in (NoticeState.SENT, NoticeState.SENDING):
        _follow_up(turn, notice, "cancel", "")
        return
    delivery.take_back(work, notice)
    turn.reply(
        work.phrase("notice.taken_back", number=notice.id, title=notice.title), why="还没发，直接撤"
    )


def _follow_up(turn: Turn, first: Notice, kind: str, text: str) -> None:
    work = turn.work
    if turn.speaker is None:
        return
    notice = broadcast.issue(
        work,
        author_id=turn.speaker.id or 0,
        place_id=first.place_id,
        text=text,
        due_at=work.now,
        expires_at=max(first.expires_at, work.now + timedelta(days=1)),
        purpose=first.chat_purpose,
        kind=kind,
        refers_to=first.id,
        source=first.source,
    )
    _preview(turn, notice)


def _known(turn: Turn, number: str, title: str) -> Notice | None:
    """A notice of the speaker's own places by number or by words of its title."""
    query = select(Notice).order_by(col(Notice.id).desc())
    if number:
        query = query.where(Notice.id == int(number))
    elif title:
        word = title.removesuffix("通知")
        query = query.where(col(Notice.text).contains(word) | col(Notice.title).contains(word))
    for notice in turn.work.db.exec(query).all():
        if may_see(turn.work.db, turn.scope, notice.place_id):
            return notice
    turn.reply(turn.work.phrase("notice.unknown", number=number or title), why="没有这条通知")
    return None


@router.on_verb(Verb.DELIVERY)
def on_delivery(turn: Turn) -> None:
    """送达 NO: numbers, and each chat that has not got it with the platform's words."""
    order = turn.said.command
    notice = _known(turn, order.get("number") if order else "", "")
    if notice is None:
        return
    work = turn.work
    rows = deliveries(work.db, notice.id or 0)
    lines = []
    for row in rows:
        chat = work.db.get(Chat, row.chat_id)
        words = work.phrase(f"delivery.{row.state}")
        reason = f"，{row.reason}" if row.reason else ""
        lines.append(f"{chat.title if chat else row.chat_id}：{words}{reason}")
    receipts = work.db.exec(
        select(Resident.name)
        .join(Receipt, col(Receipt.resident_id) == Resident.id)
        .where(Receipt.notice_id == notice.id)
    ).all()
    turn.reply(
        work.phrase(
            "notice.delivery",
            number=notice.id,
            title=notice.title,
            chats=len(rows),
            sent=sum(r.state == "sent" for r in rows),
            failed=sum(r.state == "failed" for r in rows),
            lines="\n".join(lines[:40]),
            receipts="、".join(receipts) or "还没有",
        ),
        number=notice.id,
        why="问送达",
    )


@router.on_verb(Verb.RECEIPT, cadres=False)
def on_receipt(turn: Turn) -> None:
    """收到 of a place's cadre counts as its receipt; no word back, in no chat."""
    order = turn.said.command
    number = order.get("number") if order else ""
    query = select(Notice).where(col(Notice.state).in_((NoticeState.SENT, NoticeState.SENDING)))
    if number:
        query = query.where(Notice.id == int(number))
    for notice in turn.work.db.exec(query.order_by(col(Notice.id).desc())).all():
        mine = [p for p in turn.scope.place_ids if p in places_below(turn.work.db, notice.place_id)]
        above = [p for p in turn.scope.place_ids if is_below(turn.work.db, notice.place_id, p)]
        known = select(Receipt.id).where(
            Receipt.notice_id == notice.id,
            Receipt.resident_id == (turn.speaker.id if turn.speaker else 0),
        )
        if (mine or above) and turn.speaker and turn.work.db.exec(known).first() is None:
            turn.work.db.add(
                Receipt(
                    notice_id=notice.id or 0,
                    resident_id=turn.speaker.id or 0,
                    place_id=(mine or above)[0],
                    at=turn.work.now,
                )
            )
            turn.work.note(f"回执：通知 {notice.id}")
            return
