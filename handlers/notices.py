"""通知 notices: draft, preview, code, second person, due, sent; corrected and cancelled to whoever got the first."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from bot.clock import at, clock_words, day_words, local_day, local_minute
from bot.domain.audit import note as audit
from bot.domain.notices import Delivery, Notice, NoticeState, Receipt, audience, deliveries
from bot.domain.prompts import Prompt, ask, waiting
from bot.domain.registry import (
    Chat,
    ChatPurpose,
    Place,
    PlaceAbove,
    PlaceKind,
    Resident,
    Role,
    Scope,
    is_below,
    may_see,
    path_words,
    places_above,
    places_below,
    residents_of_place,
    scope_of,
    village_of,
)
from bot.errors import RuleError
from bot.language.commands import Verb
from bot.language.orders import NoticeOrder, notice_order, until
from bot.outbox import Outbox, supersede
from bot.router import Router, Turn
from bot.work import Work

router = Router()

OWN = ("", "全村", "本村", "全组", "本组", "各组", "全镇", "本镇", "各村", "全体", "所有群", "各群", "大家")
KINDS = {"干部群": ChatPurpose.CADRES, "村民群": ChatPurpose.RESIDENTS, "包保群": ChatPurpose.CARE_TEAM}
CODE_LIFE = timedelta(hours=24)
FINAL = ("sent", "failed", "expired", "superseded")


@router.on_verb(Verb.NOTICE)
def on_notice(turn: Turn) -> None:
    """发通知 SCOPE TEXT 有效到 DAY: a preview with text, chats, people and a code; nothing is sent yet."""
    order = notice_order(turn.said.command.get("rest") if turn.said.command else "", local_day(turn.work.now))
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
    notice = issue(
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
        return today if today > work.now else at(local_day(work.now) + timedelta(days=1), order.daily_minute)
    if order.on is not None and order.minute is not None:
        return at(order.on, order.minute)
    return work.now


def _scope(work: Work, scope: Scope, order: NoticeOrder) -> tuple[Place, str, str]:
    """The place, the kind of chat and the text: a first word that names no place is part of the text.

    Raises:
        RuleError: a place that is not this cadre's, or several of that name.
    """
    own = work.db.get_one(Place, scope.place_ids[0])
    word = order.scope
    if word in KINDS:
        return own, KINDS[word], order.text
    if word in OWN:
        return _own_level(work, own, word), ChatPurpose.RESIDENTS, order.text
    named = _places_named(work.db, word)
    mine = [p for p in named if may_see(work.db, scope, p.id or 0)]
    if len(mine) > 1:
        raise RuleError("notice.which_place", names="、".join(path_words(work.db, p.id or 0) for p in mine))
    if mine:
        return mine[0], ChatPurpose.RESIDENTS, order.text
    if named:
        raise RuleError("notice.not_your_place", place=word)
    return own, ChatPurpose.RESIDENTS, f"{word} {order.text}".strip()


def _own_level(work: Work, own: Place, word: str) -> Place:
    """全村 said by a group's grid worker is still no more than his own group; a wider one is refused elsewhere."""
    wanted = {"全村": PlaceKind.VILLAGE, "本村": PlaceKind.VILLAGE}.get(word)
    if wanted is not None and own.kind not in (PlaceKind.VILLAGE,):
        above = [p for p in places_above(work.db, own.id or 0) if p.kind == wanted]
        if above and above[0].id != own.id:
            raise RuleError("notice.not_your_place", place=above[0].name)
    return own


def _places_named(db: Session, word: str) -> list[Place]:
    """Places that a word names: the name itself, or a path's end like 小庄村一组."""
    exact = list(db.exec(select(Place).where(Place.name == word)).all())
    if exact:
        return exact
    out = []
    for place in db.exec(select(Place).where(func.length(Place.name) < len(word))).all():
        if word.endswith(place.name) and path_words(db, place.id or 0).endswith(word):
            out.append(place)
    return out


def issue(
    work: Work,
    *,
    author_id: int,
    place_id: int,
    text: str,
    due_at: datetime,
    expires_at: datetime,
    purpose: str = ChatPurpose.RESIDENTS,
    repeat_minute: int | None = None,
    is_urgent: bool = False,
    kind: str = "alert",
    refers_to: int | None = None,
    source: str = "",
) -> Notice:
    """Write a draft down. Chat, command line and pages come here; what follows is approve()."""
    notice = Notice(
        status="exercise" if work.is_exercise else "actual",
        kind=kind,
        refers_to=refers_to,
        place_id=place_id,
        chat_purpose=purpose,
        title=text.split("\n")[0][:20],
        text=text,
        source=source,
        author_id=author_id,
        is_urgent=is_urgent,
        created_at=work.now,
        due_at=due_at,
        expires_at=expires_at,
        repeat_minute=repeat_minute,
    )
    work.db.add(notice)
    work.db.flush()
    notice.code = work.code("notice", notice.id)
    work.db.add(notice)
    audit(work.db, work.now, "notice.draft", actor_id=author_id, place_id=place_id, words=str(notice.id))
    return notice


def receivers(work: Work, notice: Notice) -> list[Chat]:
    """The chats that a notice goes to; an update or a cancel goes to exactly those of the first."""
    if notice.refers_to is None:
        return audience(work.db, notice.place_id, notice.chat_purpose)
    got = select(Delivery.chat_id).where(
        Delivery.notice_id == notice.refers_to, col(Delivery.state).not_in(("failed", "expired"))
    )
    return list(work.db.exec(select(Chat).where(col(Chat.id).in_(got)).order_by(col(Chat.id))).all())


def _preview(turn: Turn, notice: Notice) -> None:
    work = turn.work
    chats = receivers(work, notice)
    if not chats and notice.refers_to is None:
        turn.reply(work.phrase("notice.no_chats", place=path_words(work.db, notice.place_id)), why="没有群可发")
        return
    turn.reply(
        work.phrase(
            "notice.preview",
            number=notice.id,
            text=words_of(work, notice),
            place=path_words(work.db, notice.place_id),
            chats=len(chats),
            people=_people(work, notice),
            when=_when_words(work, notice),
            until=_until_words(notice),
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


def _people(work: Work, notice: Notice) -> int:
    return len([r for r in residents_of_place(work.db, notice.place_id) if r.household_id])


def _when_words(work: Work, notice: Notice) -> str:
    if notice.repeat_minute is not None:
        return f"每天{notice.repeat_minute // 60:02d}:{notice.repeat_minute % 60:02d}"
    return "确认后就发" if notice.due_at <= work.now else clock_words(notice.due_at)


def _until_words(notice: Notice) -> str:
    minute = local_minute(notice.expires_at)
    day = local_day(notice.expires_at)
    if minute == 0:
        return f"{day_words(day - timedelta(days=1))}24:00"
    return clock_words(notice.expires_at)


def words_of(work: Work, notice: Notice) -> str:
    """What is said in the chat: the text unaltered; an update or a cancel says of which notice."""
    if notice.refers_to is None:
        return notice.text
    first = work.db.get_one(Notice, notice.refers_to)
    key = "notice.update" if notice.kind == "update" else "notice.cancel"
    return work.phrase(
        key, day=day_words(local_day(first.created_at)), number=first.id, title=first.title, text=notice.text
    )


@router.first
def on_code(turn: Turn) -> bool:
    """The code that was asked for (of a draft, or of an approval), or the day that was missing."""
    if turn.speaker is None or (turn.is_group and turn.in_village_chat):
        return False
    text = turn.said.text.strip()
    for prompt in waiting(turn.work.db, turn.account.id or 0, turn.work.now):
        if prompt.kind in ("notice_code", "notice_approve") and text == prompt.say_back:
            _confirm(turn, prompt)
            return True
        if prompt.kind == "notice_until":
            day = until(text, local_day(turn.work.now))
            if day is not None:
                prompt.closed_at = turn.work.now
                turn.work.db.add(prompt)
                words = f"{prompt.values['rest']} 有效到{day[0].year}年{day[0].month}月{day[0].day}日"
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
        done = approve(work, notice, speaker.id or 0)
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
            when=_when_words(work, notice),
            who="、".join(p.name for p in approvers(work, notice)),
        ),
        number=notice.id,
        why="确认了",
    )


def approve(work: Work, notice: Notice, by_id: int) -> str:
    """Take the next step of a notice for a person; the new state.

    The author's own yes sends it only to one chat of the author's village; everything wider waits for a
    second person of a higher place, and is never released by its author.

    Raises:
        RuleError: this person may not, or the notice is past that.
    """
    if notice.expires_at <= work.now:
        raise RuleError("notice.over")
    if notice.state == NoticeState.DRAFT:
        if by_id != notice.author_id:
            raise RuleError("notice.not_author")
        if needs_second(work, notice):
            notice.state = NoticeState.PENDING
            work.db.add(notice)
            _ask_approvers(work, notice)
            return notice.state
    elif notice.state == NoticeState.PENDING:
        if by_id == notice.author_id:
            raise RuleError("notice.own")
        if by_id not in {p.id for p in approvers(work, notice)}:
            raise RuleError("notice.not_higher")
        notice.approved_by, notice.approved_at = by_id, work.now
    else:
        raise RuleError("notice.past", number=notice.id)
    notice.state = NoticeState.APPROVED
    work.db.add(notice)
    audit(work.db, work.now, "notice.approve", actor_id=by_id, place_id=notice.place_id, words=str(notice.id))
    if notice.due_at <= work.now:
        push_due(work)
    return notice.state


def needs_second(work: Work, notice: Notice) -> bool:
    """Whether a second person must agree: more than one chat, or a place that is not the author's village."""
    chats = receivers(work, notice)
    if len(chats) >= work.rules.approval_chats:
        return True
    village = village_of(work.db, notice.place_id)
    scope = scope_of(work.db, notice.author_id, local_day(work.now))
    return not any(is_below(work.db, p, village.id or 0) for p in scope.place_ids)


def approvers(work: Work, notice: Notice) -> list[Resident]:
    """Cadres of the nearest place above the author's that has any; never the author."""
    scope = scope_of(work.db, notice.author_id, local_day(work.now))
    own = [p for p in scope.place_ids if is_below(work.db, notice.place_id, p)] or list(scope.place_ids)
    depth = {p.id: i for i, p in enumerate(places_above(work.db, own[0]))} if own else {}
    for place_id in sorted(depth, key=lambda p: depth[p])[1:]:
        query = (
            select(Resident)
            .join(Role, col(Role.resident_id) == Resident.id)
            .where(Role.place_id == place_id, Resident.id != notice.author_id)
            .order_by(col(Role.id))
        )
        found = list({p.id: p for p in work.db.exec(query).all()}.values())
        if found and work.db.get(PlaceAbove, (place_id, notice.place_id)) is not None:
            return found
    return []


def _ask_approvers(work: Work, notice: Notice) -> None:
    author = work.db.get_one(Resident, notice.author_id)
    for person in approvers(work, notice):
        account = work.account_for(person.id or 0)
        if account is None:
            continue
        code = work.code("approve", notice.id, person.id)
        work.to_account(
            account,
            work.phrase(
                "notice.approve",
                number=notice.id,
                author=author.name,
                text=words_of(work, notice),
                place=path_words(work.db, notice.place_id),
                chats=len(receivers(work, notice)),
                people=_people(work, notice),
                when=_when_words(work, notice),
                until=_until_words(notice),
                code=code,
            ),
            "alert",
            key=f"approve:{notice.id}:{person.id}",
            number=notice.id,
            code=code,
            why="超过一个群，请上一级第二个人批",
        )
        ask(
            work.db,
            account.id or 0,
            "notice_approve",
            work.now,
            notice.expires_at,
            say_back=code,
            notice_id=notice.id,
        )


def push_due(work: Work) -> int:
    """Put every approved notice whose time has come into the outbox, chat by chat; how many notices.

    A notice is a pure function of rows: killed anywhere, it goes on where it was. Several that are due at
    once (held over the quiet hours) go to a chat as one message.
    Misfire: one that is still valid is sent, once; one that is not is marked expired.
    """
    query = (
        select(Notice)
        .where(Notice.state == NoticeState.APPROVED, Notice.due_at <= work.now)
        .order_by(col(Notice.id))
    )
    due = []
    for notice in work.db.exec(query).all():
        if notice.expires_at <= work.now:
            notice.state = NoticeState.EXPIRED
        elif notice.is_urgent or not work.rules.is_quiet(work.now):
            due.append(notice)
        work.db.add(notice)
    by_chat: dict[int, list[Notice]] = {}
    chats: dict[int, Chat] = {}
    for notice in due:
        for chat in receivers(work, notice):
            if _first_delivery(work, notice, chat):
                by_chat.setdefault(chat.id or 0, []).append(notice)
                chats[chat.id or 0] = chat
    for chat_id, notices in by_chat.items():
        _put(work, chats[chat_id], notices)
    for notice in due:
        notice.state = NoticeState.SENDING
        follow(work, notice)
        if notice.repeat_minute is not None:
            _next_day(work, notice)
        work.db.add(notice)
    work.db.flush()
    for notice in due:
        settle(work, notice)
    return len(due)


def _first_delivery(work: Work, notice: Notice, chat: Chat) -> bool:
    known = select(Delivery.id).where(
        Delivery.notice_id == notice.id, Delivery.chat_id == chat.id
    )
    return work.db.exec(known).first() is None


def _put(work: Work, chat: Chat, notices: list[Notice]) -> None:
    first = notices[0]
    before, work.is_exercise = work.is_exercise, first.status == "exercise"
    row = work.to_chat(
        chat,
        "\n\n".join(words_of(work, n) for n in notices),
        "notice",
        key=f"notice:{first.id}:{chat.id}",
        is_urgent=any(n.is_urgent for n in notices),
        expires_at=min(n.expires_at for n in notices),
        number=first.id,
        why=f"通知 {'、'.join(str(n.id) for n in notices)} 到时候了",
    )
    work.is_exercise = before
    for notice in notices:
        work.db.add(
            Delivery(
                notice_id=notice.id or 0,
                chat_id=chat.id or 0,
                outbox_id=row.id if row else None,
                state="queued" if row else "failed",
                reason="" if row else "这个群进不去",
                at=work.now,
            )
        )
    work.db.flush()


def _next_day(work: Work, notice: Notice) -> None:
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


def settled(session: Session, row: Outbox) -> None:
    """The sender has news of a row: note it at the deliveries that it carries."""
    if row.topic != "notice":
        return
    state = row.state if row.state in (*FINAL, "unknown") else "queued"
    for delivery in session.exec(select(Delivery).where(Delivery.outbox_id == row.id)).all():
        delivery.state, delivery.reason = state, row.reason
        session.add(delivery)
    session.flush()


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
    sent, failed = (sum(r.state == s for r in rows) for s in ("sent", "failed"))
    if failed or len(rows) > 1:
        work.to_resident(
            notice.author_id,
            work.phrase("notice.result", number=notice.id, title=notice.title, sent=sent, failed=failed),
            "receipt",
            key=f"result:{notice.id}",
            why="发完了说一声结果",
        )


@router.on_verb(Verb.CORRECT_NOTICE)
def on_correct(turn: Turn) -> None:
    """更正 NO TEXT: an update to exactly the chats that got the first, and it says what it corrects."""
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
    take_back(work, notice)
    turn.reply(work.phrase("notice.taken_back", number=notice.id, title=notice.title), why="还没发，直接撤")


def take_back(work: Work, notice: Notice) -> None:
    """Cancel what has not left."""
    notice.state = NoticeState.CANCELLED
    work.db.add(notice)
    keys = select(Outbox.key).join(Delivery, col(Delivery.outbox_id) == Outbox.id).where(
        Delivery.notice_id == notice.id
    )
    supersede(work.db, list(work.db.exec(keys).all()), "通知取消了")


def _follow_up(turn: Turn, first: Notice, kind: str, text: str) -> None:
    work = turn.work
    if turn.speaker is None:
        return
    notice = issue(
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


def follow(work: Work, notice: Notice) -> None:
    """When an update or a cancel leaves, the first is superseded or cancelled, and so are its next days."""
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
        lines.append(f"{chat.title if chat else row.chat_id}：{words}{('，' + row.reason) if row.reason else ''}")
    receipts = work.db.exec(select(Resident.name).join(Receipt, col(Receipt.resident_id) == Resident.id).where(
        Receipt.notice_id == notice.id
    )).all()
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


@router.on_verb(Verb.RECEIPT)
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
            Receipt.notice_id == notice.id, Receipt.resident_id == (turn.speaker.id if turn.speaker else 0)
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


def expire(work: Work) -> None:
    """Drafts, approvals and approved notices past their validity are marked; queued rows expire at the sender."""
    query = select(Notice).where(
        col(Notice.state).in_((NoticeState.DRAFT, NoticeState.PENDING, NoticeState.APPROVED)),
        Notice.expires_at <= work.now,
    )
    for notice in work.db.exec(query).all():
        notice.state = NoticeState.EXPIRED
        work.db.add(notice)


def next_due(work: Work) -> datetime | None:
    """When the next approved notice is due (after the quiet hours, where they hold it), or one expires."""
    query = select(Notice.due_at, Notice.is_urgent).where(Notice.state == NoticeState.APPROVED)
    moments = []
    for due_at, is_urgent in work.db.exec(query).all():
        moment = max(due_at, work.now)
        held = work.rules.is_quiet(moment) and not is_urgent
        moments.append(work.rules.quiet_ends(moment) if held else moment)
    return min(moments, default=None)
