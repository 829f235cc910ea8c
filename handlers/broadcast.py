"""Shared: 群发 broadcast, how a notice is written, agreed to and pushed, whoever asks for it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from bot.clock import clock_words, day_words, local_day, local_minute
from bot.domain.audit import note as audit
from bot.domain.notices import Delivery, Notice, NoticeState, audience, places_named
from bot.domain.prompts import ask
from bot.domain.registry import (
    Chat,
    ChatPurpose,
    Place,
    PlaceAbove,
    PlaceKind,
    Resident,
    Role,
    Scope,
    held_on,
    is_below,
    may_see,
    path_words,
    places_above,
    residents_of_place,
    scope_of,
    village_of,
)
from bot.errors import RuleError
from bot.work import Work
from handlers import delivery

# What a cadre calls the places that are theirs.
OWN = frozenset(
    (
        "",
        "全村",
        "本村",
        "全组",
        "本组",
        "各组",
        "全镇",
        "本镇",
        "各村",
        "全体",
        "所有群",
        "各群",
        "大家",
    )
)


def place_for(work: Work, scope: Scope, word: str) -> Place:
    """The place that a cadre's word means; "" means the cadre's own.

    Raises:
        RuleError: a place that is not this cadre's, or several of that name.
    """
    place = named_place(work, scope, word)
    if place is None:
        raise RuleError("notice.not_your_place", place=word)
    return place


def named_place(work: Work, scope: Scope, word: str) -> Place | None:
    """The place that a cadre's word means; None where no place has that name.

    Raises:
        RuleError: a place that is not this cadre's, or several of that name.
    """
    if word in OWN:
        return _own_level(work, work.db.get_one(Place, scope.place_ids[0]), word)
    named = places_named(work.db, word)
    mine = [p for p in named if may_see(work.db, scope, p.id or 0)]
    if len(mine) > 1:
        raise RuleError(
            "notice.which_place", names="、".join(path_words(work.db, p.id or 0) for p in mine)
        )
    if named and not mine:
        raise RuleError("notice.not_your_place", place=word)
    return mine[0] if mine else None


def _own_level(work: Work, own: Place, word: str) -> Place:
    """The cadre's own place; 全村 said by who holds only a group of it is refused."""
    if word in ("全村", "本村") and own.kind != PlaceKind.VILLAGE:
        above = [p for p in places_above(work.db, own.id or 0) if p.kind == PlaceKind.VILLAGE]
        if above and above[0].id != own.id:
            raise RuleError("notice.not_your_place", place=above[0].name)
    return own


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
    only_chats: Sequence[str] = (),
) -> Notice:
    """Write a draft down. Chat, command line and pages come here; what follows is approve().

    `only_chats`: titles or references to which it is narrowed; empty: all of the place.
    """
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
        only_chats="\n".join(only_chats),
    )
    work.db.add(notice)
    work.db.flush()
    notice.code = work.code("notice", notice.id)
    work.db.add(notice)
    audit(
        work.db,
        work.now,
        "notice.draft",
        actor_id=author_id,
        place_id=place_id,
        words=str(notice.id),
    )
    return notice


def receivers(work: Work, notice: Notice) -> list[Chat]:
    """The chats that a notice goes to; an update or a cancel goes to exactly those of the first."""
    if notice.refers_to is None:
        chats = audience(work.db, notice.place_id, notice.chat_purpose)
        named = set(notice.only_chats.split("\n")) - {""}
        return [c for c in chats if not named or named & {c.title, c.in_ref, c.out_ref}]
    got = select(Delivery.chat_id).where(
        Delivery.notice_id == notice.refers_to, col(Delivery.state).not_in(("failed", "expired"))
    )
    return list(
        work.db.exec(select(Chat).where(col(Chat.id).in_(got)).order_by(col(Chat.id))).all()
    )


def people_of(work: Work, notice: Notice) -> int:
    """How many residents live where a notice goes."""
    return len([r for r in residents_of_place(work.db, notice.place_id) if r.household_id])


def when_words(work: Work, notice: Notice) -> str:
    """When a notice will leave, as people say it."""
    if notice.repeat_minute is not None:
        return f"每天{notice.repeat_minute // 60:02d}:{notice.repeat_minute % 60:02d}"
    return "确认后就发" if notice.due_at <= work.now else clock_words(notice.due_at)


def until_words(notice: Notice) -> str:
    """Until when a notice holds, as people say it; midnight is 24:00 of the day before."""
    minute = local_minute(notice.expires_at)
    day = local_day(notice.expires_at)
    if minute == 0:
        return f"{day_words(day - timedelta(days=1))}24:00"
    return clock_words(notice.expires_at)


def approve(work: Work, notice: Notice, by_id: int) -> str:
    """Take the next step of a notice for a person; the new state.

    The author's own yes sends it only to one chat of the author's village; everything wider waits
    for a second person of a higher place, and is never released by its author.

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
    audit(
        work.db,
        work.now,
        "notice.approve",
        actor_id=by_id,
        place_id=notice.place_id,
        words=str(notice.id),
    )
    if notice.due_at <= work.now:
        push_due(work)
    return notice.state


def needs_second(work: Work, notice: Notice) -> bool:
    """Whether a second person must agree: several chats, or not the author's own village."""
    chats = receivers(work, notice)
    if len(chats) >= work.rules.approval_chats:
        return True
    village = village_of(work.db, notice.place_id)
    scope = scope_of(work.db, notice.author_id, local_day(work.now))
    return not any(is_below(work.db, p, village.id or 0) for p in scope.place_ids)


def approvers(work: Work, notice: Notice) -> list[Resident]:
    """Cadres of the nearest place above the author's that has any; never the author."""
    today = local_day(work.now)
    scope = scope_of(work.db, notice.author_id, today)
    own = [p for p in scope.place_ids if is_below(work.db, notice.place_id, p)] or list(
        scope.place_ids
    )
    depth = {p.id: i for i, p in enumerate(places_above(work.db, own[0]))} if own else {}
    for place_id in sorted(depth, key=lambda p: depth[p])[1:]:
        query = (
            select(Resident)
            .join(Role, col(Role.resident_id) == Resident.id)
            .where(Role.place_id == place_id, Resident.id != notice.author_id, *held_on(today))
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
                text=delivery.words_of(work, notice),
                place=path_words(work.db, notice.place_id),
                chats=len(receivers(work, notice)),
                people=people_of(work, notice),
                when=when_words(work, notice),
                until=until_words(notice),
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
    """Put every approved notice that is due into the outbox, chat by chat; how many notices.

    A notice is a pure function of rows: killed anywhere, it goes on where it was. Several that are
    due at once (held over the quiet hours) go to a chat as one message.
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
        elif notice.approved_by is None and needs_second(work, notice):
            notice.state = NoticeState.PENDING  # a chat has joined since the author's own yes
            _ask_approvers(work, notice)
        elif notice.is_urgent or not work.rules.is_quiet(work.now):
            due.append(notice)
        work.db.add(notice)
    by_chat: dict[int, tuple[Chat, list[Notice]]] = {}
    for notice in due:
        reached = delivery.reached(work, notice)
        for chat in receivers(work, notice):
            if chat.id not in reached:
                by_chat.setdefault(chat.id or 0, (chat, []))[1].append(notice)
    delivery.put(work, by_chat)
    for notice in due:
        notice.state = NoticeState.SENDING
        delivery.follow(work, notice)
        if notice.repeat_minute is not None:
            delivery.plan_next_day(work, notice)
        work.db.add(notice)
    work.db.flush()
    for notice in due:
        delivery.settle(work, notice)
    return len(due)
