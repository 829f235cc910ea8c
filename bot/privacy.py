"""The one outgoing filter: no resident's name beside their health goes into a village chat.

It stands at the sender, behind every handler, so that no duty can forget it (rule S.2).
"""

import re
from datetime import date

from sqlmodel import Session, col, select

from bot.clock import local_day
from bot.domain.registry import Chat, ChatPurpose, PlaceAbove, Resident, Role, held_on, village_of
from bot.message import ChatKind
from bot.outbox import Outbox

HEALTH = re.compile(
    r"(?:三十[三四五六七八九]|四十[一二三]?|卅[三四五六七八九])[度点]"
    r"|(?:3[3-9]|4[0-3])(?:[.．。·点度]\s?\d?|\s?(?:°|℃|摄氏))|体温|发热|发烧|低烧|高烧|烧到|还烧|烧着|又烧|咳嗽|隔离|观察期"
    r"|确诊|疑似|密接|阳性|感染|症状|患病|没有?(?:上|再)?报|未报|没量|漏报|失联"
)
IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")


def stop(session: Session, row: Outbox) -> str:
    """Why this row must not leave, or "".

    A chat that is not known to be for cadres or a care team counts as a village chat.
    """
    if row.chat_kind != ChatKind.GROUP:
        return ""
    if IDENTITY.search(row.text):
        return "群里不发证件号码"
    if not HEALTH.search(row.text):
        return ""
    chat = session.get(Chat, row.chat_id) if row.chat_id else None
    if chat is not None and chat.purpose in (ChatPurpose.CADRES, ChatPurpose.CARE_TEAM):
        return ""
    names = _names(session, chat, local_day(row.created_at))
    return "群里不提人名和健康情况" if any(name in row.text for name in names) else ""


def _names(session: Session, chat: Chat | None, on: date) -> list[str]:
    """Names of the residents around a chat; cadres may be named as the ones to call."""
    cadres = select(Role.resident_id).where(*held_on(on))
    query = select(Resident.name).where(col(Resident.id).not_in(cadres))
    if chat is not None and chat.place_id is not None:
        village = village_of(session, chat.place_id)
        below = select(PlaceAbove.place_id).where(PlaceAbove.ancestor_id == village.id)
        query = query.where(col(Resident.place_id).in_(below))
    return [name for name in session.exec(query).all() if len(name) > 1]
