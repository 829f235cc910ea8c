"""From a WeCom smart bot's JSON to `Inbound`; a field of another shape than documented is empty."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.channels.adapter import MAX_ID, moment
from bot.channels.reply import clean
from bot.errors import BadPayload
from bot.message import ChatKind, Inbound, MessageKind, Quote

_MESSAGES = {
    "text": MessageKind.TEXT,
    "mixed": MessageKind.TEXT,  # text and images; an image alone never comes from a group
    "voice": MessageKind.VOICE,
    "image": MessageKind.IMAGE,
    "file": MessageKind.FILE,
    "video": MessageKind.VIDEO,
}
_EVENTS = {"enter_chat": MessageKind.ENTERED}
_CARD = ("event_key", "task_id", "card_type")

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who wrote where, and the mark that repeated callbacks share (W/100719)."""

    key: str
    chat: str
    kind: ChatKind
    sender: str


def identity(said: Json) -> Identity:
    """Find key, chat and sender.

    Raises:
        BadPayload: 400, one of them is missing or no id.
    """
    key, sender = text(said, "msgid"), text(part(said, "from"), "userid")
    kind = ChatKind.GROUP if text(said, "chattype") == "group" else ChatKind.PRIVATE
    chat = text(said, "chatid") if kind is ChatKind.GROUP else sender
    for name, value in (("msgid", key), ("chatid", chat), ("userid", sender)):
        if not value or len(value) > MAX_ID:
            raise BadPayload("bad_field", name)
    return Identity(key, chat, kind, sender)


def inbound(channel: str, said: Json, names: re.Pattern[str] | None) -> Inbound:
    """Make the message of what `identity` has accepted.

    Args:
        channel: the configured name.
        said: the opened callback.
        names: finds the bot's own mentions, which are cut out.
    """
    who = identity(said)
    msgtype, event = text(said, "msgtype"), part(said, "event")
    eventtype = text(event, "eventtype")
    if msgtype == "event":
        kind = _EVENTS.get(eventtype, MessageKind.UNKNOWN)
    else:
        kind = _MESSAGES.get(msgtype, MessageKind.UNKNOWN)
    said_by_them = words(said)
    if names is not None:
        said_by_them = names.sub("", said_by_them)
    return Inbound(
        channel=channel,
        key=who.key,
        kind=kind,
        chat=who.chat,
        chat_kind=who.kind,
        sender=who.sender,
        text=said_by_them.strip(),
        mentions_bot=True,  # a group's message comes only when the bot is mentioned
        quote=_quote(said),
        occurred_at=moment(str(said.get("create_time", ""))),  # events only
        state=(eventtype or msgtype) if kind is MessageKind.UNKNOWN else "",
        reply_token=text(said, "response_url"),
        extra=_extra(said, msgtype, part(event, eventtype)),
    )


def words(said: Json) -> str:
    """What a message or a quote says in words; a picture or file says none."""
    match text(said, "msgtype"):
        case "text":
            return text(part(said, "text"), "content")
        case "voice":
            return text(part(said, "voice"), "content")
        case "mixed":
            items = part(said, "mixed").get("msg_item")
            if not isinstance(items, list):
                return ""
            texts = (
                text(part(item, "text"), "content") for item in items if isinstance(item, dict)
            )
            return "\n".join(filter(None, texts))
        case _:
            return ""


def mention(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """Match the literal "@name " that the platform leaves in a text; longer names first.

    A name counts only where it ends: "@小守" is not cut out of "@小守望".
    """
    known = sorted(filter(None, names), key=len, reverse=True)
    if not known:
        return None
    return re.compile(rf"[@＠](?:{'|'.join(map(re.escape, known))})(?:\s+|$)")


def text(said: Json, name: str) -> str:
    """A field that must be text, "" where it is none."""
    value = said.get(name)
    return clean(value) if isinstance(value, str) else ""


def part(said: Json, name: str) -> Json:
    """A field that must be an object, {} where it is none."""
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def _quote(said: Json) -> Quote | None:
    """The quoted message. The platform names no author: it is never the speaker's own report."""
    quote = part(said, "quote")
    return Quote(text=words(quote)) if quote else None


def _extra(said: Json, msgtype: str, card: Json) -> dict[str, str]:
    pairs = {name: text(card, name) for name in _CARD}
    pairs["url"] = text(part(said, msgtype), "url")  # image, file, video: sealed, good for 5 min
    return {name: value for name, value in pairs.items() if value}
