"""Accounts and chats made known by hand: who is behind an account, and what a chat is for."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from rapidfuzz import fuzz
from sqlmodel import Session, col, select

from bot.domain.audit import note
from bot.domain.registry import (
    Account,
    Chat,
    ChatPurpose,
    Place,
    PlaceAbove,
    Resident,
    path_words,
    residents_of_place,
)
from bot.domain.temperature import Pending
from bot.errors import BotError
from bot.likeness import dull, sound
from bot.people import plain_name

PURPOSE_WORDS = {
    "村民": ChatPurpose.RESIDENTS,
    "干部": ChatPurpose.CADRES,
    "包保": ChatPurpose.CARE_TEAM,
}
_GUESSES = 3
_LEAST = 60


@dataclass(frozen=True, slots=True)
class Guess:
    """Somebody who may be behind an account; 100 is the very name."""

    resident: Resident
    place: str
    score: int


@dataclass(frozen=True, slots=True)
class Unbound:
    """An account without a resident, how many of its readings wait, and who it may be."""

    account: Account
    waiting: int
    guesses: tuple[Guess, ...]


def unbound(db: Session, place_id: int) -> list[Unbound]:
    """Accounts without a resident, heard at a place or nobody knows where; most waiting first."""
    near = set(db.exec(select(PlaceAbove.place_id).where(PlaceAbove.ancestor_id == place_id)))
    heard: dict[int, set[int | None]] = {}
    waiting: Counter[int] = Counter()
    query = select(Pending.account_id, Pending.place_id, Pending.closed_at).where(
        Pending.kind == "unassigned", col(Pending.account_id).is_not(None)
    )
    for account_id, at, closed_at in db.exec(query).all():
        heard.setdefault(account_id or 0, set()).add(at)
        waiting[account_id or 0] += closed_at is None
    names = _Names(db, place_id)
    found = []
    for account in db.exec(select(Account).where(col(Account.resident_id).is_(None))):
        where = heard.get(account.id or 0, set()) - {None}
        if where and not where & near:
            continue  # heard beside, not below
        guesses = names.guesses(account)
        found.append(Unbound(account, waiting[account.id or 0], guesses))
    return sorted(found, key=lambda one: (-one.waiting, one.account.id or 0))


class _Names:
    """The people of a place, ready to be compared with display names."""

    def __init__(self, db: Session, place_id: int) -> None:
        people = residents_of_place(db, place_id)
        places = {p.place_id for p in people}
        self.places = {place: path_words(db, place) for place in places}
        self.people = [(person, sound(person.name), dull(person.name)) for person in people]
        query = select(Account.resident_id, Account.channel).where(
            col(Account.resident_id).is_not(None)
        )
        self.bound = set(db.exec(query).all())

    def guesses(self, account: Account) -> tuple[Guess, ...]:
        """The best few who do not speak by another account of this channel."""
        shown = plain_name(account.display_name)
        if len(shown) < 2:
            return ()
        heard, heard_dull = sound(shown), dull(shown)
        scored = []
        for person, own_sound, own_dull in self.people:
            score = _score(shown, account.display_name, person)
            if heard == own_sound:
                score = max(score, 95)
            elif heard_dull == own_dull:
                score = max(score, 85)
            if score >= _LEAST and (person.id, account.channel) not in self.bound:
                scored.append(Guess(person, self.places[person.place_id], score))
        return tuple(sorted(scored, key=lambda g: (-g.score, g.resident.id or 0))[:_GUESSES])


def _score(shown: str, display_name: str, person: Resident) -> int:
    """Likeness as written: the name, the name within more, the given name, one sign off."""
    name = person.name
    if name == shown or (person.mark and shown in (person.mark, person.mark + name)):
        return 100
    if name in display_name:
        return 90
    if len(name) > 2 and name[1:] in display_name:
        return 80
    same_surname = name[0] == shown[0]
    return round(fuzz.ratio(name, shown)) if same_surname and abs(len(name) - len(shown)) < 2 else 0


def bind(
    db: Session,
    resident: Resident,
    channel: str,
    account: str,
    now: datetime,
    *,
    by: str = "cadre",
    actor: str = "command",
    actor_id: int | None = None,
    replace: bool = False,
) -> Account:
    """Say who is behind an account; one that was never heard is kept for when it speaks.

    Raises:
        BotError: it is bound to somebody else and `replace` was not said.
    """
    query = select(Account).where(Account.channel == channel, Account.account == account)
    row = db.exec(query).first() or Account(channel=channel, account=account)
    if row.resident_id == resident.id and row.resident_id is not None:
        return row
    before = row.resident_id
    if before is not None and not replace:
        raise BotError(
            "account_taken", "这个账号已经绑定给别人；问清楚确实换了人，再加 --replace 重绑"
        )
    row.resident_id, row.bound_by = resident.id, by
    db.add(row)
    db.flush()
    words = f"{channel}:{account}" + (f"，原来是 {before} 号村民" if before else "")
    note(
        db,
        now,
        "account_bound",
        actor=actor,
        actor_id=actor_id,
        subject_id=resident.id,
        place_id=resident.place_id,
        words=words,
    )
    return row


def register_chat(
    db: Session,
    place: Place,
    purpose: str,
    title: str,
    in_channel: str,
    in_ref: str,
    out_channel: str = "",
    out_ref: str = "",
) -> Chat:
    """Say what a chat is for and how it is heard and spoken to; again changes the same chat.

    Args:
        db: a session in a write transaction.
        place: whose chat it is.
        purpose: 村民, 干部 or 包保 (or a ChatPurpose).
        title: as people call it.
        in_channel: channel by which it is heard; empty: only spoken to.
        in_ref: the chat's id there.
        out_channel: channel by which it is spoken to; empty: the same.
        out_ref: the chat's id there; empty: the same.

    Raises:
        BotError: another purpose, or no chat is named.
    """
    wanted = PURPOSE_WORDS.get(purpose)
    if wanted is None:
        if purpose not in PURPOSE_WORDS.values():
            raise BotError("chat_purpose", f"群的用处写成{'、'.join(PURPOSE_WORDS)}中的一个")
        wanted = ChatPurpose(purpose)
    heard = (in_channel or out_channel, in_ref or out_ref)
    said = (out_channel or in_channel, out_ref or in_ref)
    if not all((*heard, *said)):
        raise BotError("chat_ref", "没写是哪个群；写上通道名和群号，如 county/wrXXXX")
    query = select(Chat).where(Chat.in_channel == heard[0], Chat.in_ref == heard[1])
    chat = db.exec(query).first() or Chat(in_channel=heard[0], in_ref=heard[1])
    chat.place_id, chat.purpose, chat.is_removed = place.id, wanted, False
    chat.title = title or chat.title
    chat.out_channel, chat.out_ref = said
    db.add(chat)
    db.flush()
    return chat
