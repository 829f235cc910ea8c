"""Who speaks and who is meant: from an account, or from a spoken word, to a resident."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.company import Company
from bot.domain.kin_words import Kin, kins_of
from bot.domain.kinship import Member, guessed, meant
from bot.domain.registry import (
    Account,
    Chat,
    PlaceAbove,
    Resident,
    Role,
    learnt,
    village_of,
)
from bot.hearing import Ear, lives_where
from bot.hearing import Found as Found
from bot.message import ChatKind, Inbound
from bot.spoken import find as find
from bot.work import Work

_PREFIX = re.compile(
    r"^[\d一二三四五六七八九十]+[组队社号屯区栋楼单元院室\-—_ ]*|^[东西南北中前后]头"
)
_SUFFIX = re.compile(r"[（(].*[)）]$|[\d\-—_ ]+$")


def identify(
    work: Work, inbound: Inbound, company: Company
) -> tuple[Account, Resident | None, Chat | None, int | None]:
    """The account, the person behind it if known, the group if it is one, and the place."""
    chat = company.chat(inbound) if inbound.chat_kind is ChatKind.GROUP else None
    account, speaker = company.account(inbound)
    if account.resident_id is None and chat is not None and chat.place_id is not None:
        _bind_by_name(work.db, account, chat.place_id)
        speaker = work.person_behind(account)
    place_id = chat.place_id if chat is not None else None
    if place_id is None and speaker is not None:
        place_id = speaker.place_id
    return account, speaker, chat, place_id


def plain_name(display_name: str) -> str:
    """A display name without what villages put around it: 3组王大勇 → 王大勇."""
    name = _SUFFIX.sub("", _PREFIX.sub("", display_name.strip())).strip()
    return name or display_name.strip()


def _bind_by_name(db: Session, account: Account, place_id: int) -> None:
    """Bind an account to the one resident of that name in the village.

    A cadre's name binds nobody: whoever types it as a nickname would get the role. Nor does a name
    whose owner speaks by another account of this channel.
    """
    name = plain_name(account.display_name)
    if len(name) < 2:
        return
    found = by_name(db, village_of(db, place_id).id or place_id, name)
    if len(found) > 1:  # 3组王桂芝 tells which of the two it is
        found = [p for p in found if lives_where(db, p, account.display_name)]
    if len(found) != 1:
        return
    resident = found[0]
    has_role = db.exec(select(Role.id).where(Role.resident_id == resident.id)).first()
    other = select(Account.id).where(
        Account.resident_id == resident.id,
        Account.channel == account.channel,
        col(Account.seen_at).is_not(None),
    )
    if has_role is not None or db.exec(other).first() is not None:
        return
    account.resident_id, account.bound_by = resident.id, "name"
    db.add(account)
    db.flush()


_BY_NAME = (
    select(Resident)
    .join(PlaceAbove, col(PlaceAbove.place_id) == Resident.place_id)
    .where(
        PlaceAbove.ancestor_id == bindparam("place_id"),
        Resident.name == bindparam("name"),
        Resident.gone == "",
    )
    .order_by(col(Resident.id))
)


def by_name(db: Session, place_id: int, name: str) -> list[Resident]:
    """People of a name in the subtree of a place."""
    return list(db.exec(_BY_NAME, params={"place_id": place_id, "name": name}).all())


@dataclass
class Names:
    """Names that a village knows, kept until somebody is added."""

    _kept: dict[int, tuple[int, frozenset[str]]] = field(default_factory=dict)

    def near(self, db: Session, place_id: int | None, newest: int) -> frozenset[str]:
        """Names of the residents of the village around a place; none where no place is known.

        newest: the last resident's number, by which it is seen that somebody was added.
        """
        if place_id is None:
            return frozenset()
        kept = self._kept.get(place_id)
        if kept is None or kept[0] != newest:
            village = village_of(db, place_id)
            query = (
                select(Resident.name)
                .join(PlaceAbove, col(PlaceAbove.place_id) == Resident.place_id)
                .where(PlaceAbove.ancestor_id == village.id)
            )
            kept = (newest, frozenset(db.exec(query).all()))
            self._kept[place_id] = kept
        return kept[1]


def who_holds_the_phone(ear: Ear, words: Sequence[str]) -> tuple[Resident, ...]:
    """Who may be speaking by this account: one where it is sure.

    A child on grandma's phone says 俺奶: a word that means nobody from the account's own place in
    the house, and its owner from the place of exactly one other member. 我妈 does not tell: it may
    be the child of the house, or the owner of their own mother, who lives elsewhere.
    """
    speaker = ear.speaker
    if speaker is None:
        return ()
    members = [Member(r.id or 0, r.name, r.called) for r in ear.home]
    for word in words:
        kins = kins_of(word)
        if not kins or guessed(members, speaker.id or 0, word) or _is_learnt(ear, word):
            continue
        others = [
            r
            for r in ear.home
            if r.id != speaker.id and speaker.id in {m.id for m in meant(members, r.id or 0, word)}
        ]
        if others and set(kins) <= {Kin.FATHER, Kin.MOTHER}:
            return (speaker, *others)
        if len(others) == 1:
            return (others[0],)
    return (speaker,)


def _is_learnt(ear: Ear, word: str) -> bool:
    return learnt(ear.db, ear.account.id or 0, word) is not None
