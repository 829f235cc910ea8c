"""谣言图 rumours: what is passed on in several chats is one claim, shown upstairs, never judged.

seen in one chat: kept for as long as any text · in several: who is above all of them hears once ·
with a pack's entry: answered by it, and on the map · rebutted: said once in each chat it reaches
"""

from sqlalchemy import delete
from sqlmodel import col, func, select

from bot.domain.notices import Notice
from bot.domain.registry import (
    Chat,
    ChatPurpose,
    Place,
    RoleName,
    places_above,
    places_below,
    village_of,
)
from bot.domain.rumours import (
    ALIVE,
    Rumour,
    RumourMark,
    RumourSeen,
    RumourTold,
    going_round,
    near,
    of_entry,
    seen_in,
)
from bot.language.commands import Verb
from bot.language.faq import Action
from bot.language.passed_on import PassedOn, passed_on, same_claim
from bot.router import Router, Turn
from bot.work import Work
from handlers import alerts, spread

router = Router()

SEVERAL = 2  # chats from which on somebody upstairs hears of it
SHOWN = 12  # lines of the map
UPSTAIRS = (RoleName.TOWNSHIP_DUTY, RoleName.TOWNSHIP_HEAD, RoleName.COUNTY_DUTY)


@router.first
def on_passed_on(turn: Turn) -> bool:
    """Note what residents pass on in a village chat; the turn goes on to whoever answers it."""
    chat = turn.chat
    if chat is None or chat.place_id is None or chat.purpose != ChatPurpose.RESIDENTS:
        return False
    said = turn.said
    if said.is_exercise or said.command is not None or said.report.readings or said.report.danger:
        return False
    if turn.scope.is_cadre:
        return False  # a cadre carries official words
    found = passed_on(said.text)
    if found is not None:
        _see(turn, chat, found)
    return False


def _see(turn: Turn, chat: Chat, found: PassedOn) -> None:
    work = turn.work
    entry = _entry(turn)
    rumour = _known(work, entry, found)
    if rumour is None:
        rumour = Rumour(
            text=found.text,
            entry=entry,
            first_at=work.now,
            last_at=work.now,
            first_chat_id=chat.id or 0,
        )
        work.db.add(rumour)
        work.db.flush()
        for mark in found.marks:
            work.db.add(RumourMark(mark=mark, rumour_id=rumour.id or 0))
    rumour.last_at, rumour.entry = work.now, entry or rumour.entry
    work.db.add(rumour)
    seen = work.db.get(RumourSeen, (rumour.id, chat.id))
    is_new = seen is None
    if seen is None:
        seen = RumourSeen(
            rumour_id=rumour.id or 0,
            chat_id=chat.id or 0,
            place_id=chat.place_id or 0,
            first_at=work.now,
            last_at=work.now,
            count=0,
        )
    seen.count, seen.last_at = seen.count + 1, work.now
    work.db.add(seen)
    work.db.flush()
    work.note(f"谣言图：第 {rumour.id} 条，这个群第 {seen.count} 次")
    if rumour.notice_id is not None:
        _rebut(turn, rumour, seen, chat)
    elif is_new and not rumour.entry:
        _tell_upstairs(work, rumour)


def _entry(turn: Turn) -> str:
    """The entry by which it is answered here."""
    asked = turn.said.asked
    if asked is None or asked.action is not Action.ANSWER or not asked.is_forward:
        return ""
    return asked.hits[0].entry.id


def _known(work: Work, entry: str, found: PassedOn) -> Rumour | None:
    if entry and (rumour := of_entry(work.db, entry, work.now)):
        return rumour
    topics = work.content.engine.topics
    alive = near(work.db, found.marks, work.now)
    return next((r for r in alive if same_claim(topics, r.text, found.text)), None)


def _rebut(turn: Turn, rumour: Rumour, seen: RumourSeen, chat: Chat) -> None:
    """A rebutted rumour comes to a chat: its rebuttal goes there too, once."""
    work = turn.work
    notice = work.db.get(Notice, rumour.notice_id)
    if notice is None or seen.rebutted_at is not None:
        return
    if chat.place_id not in places_below(work.db, notice.place_id):
        return
    if notice.state in spread.WAITING:
        chats = notice.only_chats.split("\n")
        notice.only_chats = "\n".join(dict.fromkeys([*chats, chat.in_ref]))
        seen.rebutted_at = work.now if notice.state == spread.APPROVED else None
        work.db.add(notice)
    elif (
        notice.state in spread.SAID
        and notice.expires_at > work.now
        and turn.say_here(notice.text, why="这条传言辟过谣，传到这个群，说一次")
    ):
        seen.rebutted_at = work.now
    work.db.add(seen)


def _tell_upstairs(work: Work, rumour: Rumour) -> None:
    """Who is above all the chats where it went round hears of it, once, with how to answer it."""
    rows = seen_in(work.db, rumour.id or 0)
    if len(rows) < SEVERAL or _is_our_own(work, rumour):
        return
    common = _common(work, [row.place_id for row in rows])
    villages = {village_of(work.db, row.place_id).id for row in rows}
    first = (RoleName.VILLAGE_SECRETARY,) if len(villages) == 1 else ()
    for person in alerts.first_holders(work, common.id or 0, first + UPSTAIRS):
        if work.db.get(RumourTold, (rumour.id, person.id)) is not None:
            continue
        work.db.add(RumourTold(rumour_id=rumour.id or 0, resident_id=person.id or 0, at=work.now))
        quiet = work.rules.is_quiet(work.now)
        work.to_resident(
            person.id or 0,
            work.phrase("rumour.upstairs", **spread.values(work, rumour, rows)),
            "alert",
            key=f"rumour:{rumour.id}:{person.id}",
            number=rumour.id,
            due_at=work.rules.quiet_ends(work.now) if quiet else work.now,
            why="同一条传言在几个群里出现",
        )


def _common(work: Work, place_ids: list[int]) -> Place:
    """The lowest place above all of some."""
    above = [places_above(work.db, place) for place in dict.fromkeys(place_ids)]
    shared = set.intersection(*({place.id for place in line} for line in above))
    return next((place for place in above[0] if place.id in shared), above[0][-1])


def _is_our_own(work: Work, rumour: Rumour) -> bool:
    """Whether it is a notice of ours that people carry on."""
    query = select(Notice.text).where(Notice.created_at > work.now - ALIVE)
    topics = work.content.engine.topics
    return any(same_claim(topics, text, rumour.text) for text in work.db.exec(query).all())


@router.on_verb(Verb.RUMOURS)
def on_map(turn: Turn) -> None:
    """谣言: what goes round in the speaker's places: since when, how far, answered by what."""
    work = turn.work
    below = [p for place in turn.scope.place_ids for p in places_below(work.db, place)]
    found = going_round(work.db, below, work.now - ALIVE)
    lines = []
    for rumour in found[:SHOWN]:
        rows = seen_in(work.db, rumour.id or 0, below)
        titles = [c.title for row in rows if (c := work.db.get(Chat, row.chat_id)) is not None]
        line = work.phrase(
            "rumour.line", **spread.values(work, rumour, rows), state=spread.state(work, rumour)
        )
        lines.append(f"{line}（{'、'.join(titles[:4])}{'等' if len(titles) > 4 else ''}）")
    key = "rumour.map" if lines else "rumour.none"
    turn.reply(work.phrase(key, count=len(found), lines="\n".join(lines)), why="问谣言图")


def forget(work: Work) -> None:
    """Drop what stayed in one chat, like any text without a fact; of old ones only numbers stay.

    Misfire: run late it drops the same rows.
    """
    before = work.now - work.rules.keep_text
    several = select(RumourSeen.rumour_id).group_by(col(RumourSeen.rumour_id))
    lonely = several.having(func.count(col(RumourSeen.chat_id)) < SEVERAL)
    alone = select(Rumour.id).where(
        Rumour.last_at < before,
        Rumour.entry == "",
        col(Rumour.notice_id).is_(None),
        col(Rumour.id).in_(lonely),
    )
    ids = [found for found in work.db.exec(alone).all() if found is not None]
    old = select(Rumour).where(Rumour.last_at < work.now - 2 * ALIVE, Rumour.text != "")
    gone = list(work.db.exec(old).all())
    marked = [*ids, *(rumour.id for rumour in gone)]
    work.db.exec(delete(RumourMark).where(col(RumourMark.rumour_id).in_(marked)))
    work.db.exec(delete(RumourSeen).where(col(RumourSeen.rumour_id).in_(ids)))
    work.db.exec(delete(Rumour).where(col(Rumour.id).in_(ids)))
    for rumour in gone:
        if rumour.id not in ids:
            rumour.text = ""
            work.db.add(rumour)
    work.db.flush()
