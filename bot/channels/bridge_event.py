"""One bridge event (contract G.2): JSON, checked field by field, becomes an Inbound.

    message              chat, sender, text or media; quote, mentions_bot, self, occurred_at
    joined left renamed  chat, sender (renamed without a sender: the chat's own title)
    recalled             chat, ref
    receipt              ref, state sent | delivered | failed; reason, retryable
    heartbeat            logged_in, chats
    ack                  ids: what a gateway that pulls has fetched; comes in at its own path
    anything else        kept as UNKNOWN

Unknown fields are ignored; a missing or wrong one is a 422 that names it.
"""

import json
from collections.abc import Callable
from dataclasses import replace

from bot.channels.bridge_fields import MAX_REF, Fields, is_ident
from bot.errors import BadPayload
from bot.message import ChatKind, Inbound, MessageKind, Quote

MAX_IDS = 500  # in one ack
MAX_MEDIA = 50

_MEDIA = {
    "image": MessageKind.IMAGE,
    "voice": MessageKind.VOICE,
    "audio": MessageKind.VOICE,
    "video": MessageKind.VIDEO,
}
_STATES = ("sent", "delivered", "failed")


def ack_of(body: dict[str, object], call: str) -> dict[str, object]:
    """The body of an ack as an event of its own.

    `call` makes its key: what failed for now is given again, and its second ack counts again.
    """
    return {"v": 1, "type": "ack", "id": f"ack:{call}", "ids": _ids(Fields(body))}


def inbound(channel: str, event: dict[str, object]) -> Inbound:
    """Make the message of an event.

    Raises:
        BadPayload: 422 with the field's name.
    """
    fields = Fields(event)
    kind = fields.ident("type")
    if fields.count("v") != 1 and not (kind == "heartbeat" and "v" not in event):
        raise fields.wrong("v")
    base = Inbound(
        channel=channel,
        key=fields.ident("id"),
        kind=MessageKind.UNKNOWN,
        chat="",
        chat_kind=ChatKind.GROUP,
        sender="",
        occurred_at=fields.moment("occurred_at"),
    )
    return _READERS.get(kind, _unknown)(base, fields)


def _message(base: Inbound, fields: Fields) -> Inbound:
    """Somebody said something. A picture with words under it is read for its words."""
    media = [_medium(fields, item) for item in fields.array("media", MAX_MEDIA)]
    text = fields.text("text", required=not media)
    kind = _MEDIA.get(str(media[0]["kind"]), MessageKind.FILE) if media else MessageKind.TEXT
    if text and kind is not MessageKind.VOICE:
        kind = MessageKind.TEXT
    said = _in_chat(base, fields, sender_required=True)
    return replace(
        said,
        kind=kind,
        text=text,
        mentions_bot=fields.flag("mentions_bot") or said.chat_kind is ChatKind.PRIVATE,
        quote=_quote(fields.inner("quote")),
        extra={"media": json.dumps(media)} if media else {},
    )


def _joined(base: Inbound, fields: Fields) -> Inbound:
    return replace(_in_chat(base, fields, sender_required=True), kind=MessageKind.JOINED)


def _left(base: Inbound, fields: Fields) -> Inbound:
    """Somebody left; `self`: the bot's account was taken out, which somebody must hear of."""
    said = _in_chat(base, fields, sender_required=not fields.flag("self"))
    if fields.flag("self"):
        return replace(said, kind=MessageKind.REMOVED, is_bot=False)
    return replace(said, kind=MessageKind.LEFT)


def _renamed(base: Inbound, fields: Fields) -> Inbound:
    return replace(_in_chat(base, fields, sender_required=False), kind=MessageKind.RENAMED)


def _recalled(base: Inbound, fields: Fields) -> Inbound:
    said = _in_chat(base, fields, sender_required=False)
    return replace(said, kind=MessageKind.RECALLED, ref=fields.ident("ref", most=MAX_REF))


def _receipt(base: Inbound, fields: Fields) -> Inbound:
    """What became of a message of ours. `retryable` is the gateway's view of a failure."""
    state = fields.text("state", required=True)
    if state not in _STATES:
        raise fields.wrong("state")
    return replace(
        base,
        kind=MessageKind.RECEIPT,
        ref=fields.ident("ref", most=MAX_REF),
        state=state,
        reason=fields.text("reason"),
        extra={"retryable": str(fields.flag("retryable")).lower()},
    )


def _heartbeat(base: Inbound, fields: Fields) -> Inbound:
    """The gateway lives; whether its account is logged in."""
    chats = fields.count("chats")
    return replace(
        base,
        kind=MessageKind.HEARTBEAT,
        state="logged_in" if fields.flag("logged_in", default=True) else "logged_out",
        extra={} if chats is None else {"chats": str(chats)},
    )


def _ack(base: Inbound, fields: Fields) -> Inbound:
    """What a gateway has fetched: taken, not yet said. `refs` holds all, `ref` the first."""
    ids = _ids(fields)
    refs = {"refs": json.dumps(ids)}
    return replace(base, kind=MessageKind.RECEIPT, ref=ids[0], state="taken", extra=refs)


def _unknown(base: Inbound, fields: Fields) -> Inbound:
    """A type of a later contract: where it says its chat the usual way, the chat is kept."""
    state = fields.ident("type")
    try:
        return replace(_in_chat(base, fields, sender_required=False), state=state)
    except BadPayload:
        return replace(base, state=state)


_READERS: dict[str, Callable[[Inbound, Fields], Inbound]] = {
    "message": _message,
    "joined": _joined,
    "left": _left,
    "renamed": _renamed,
    "recalled": _recalled,
    "receipt": _receipt,
    "heartbeat": _heartbeat,
    "ack": _ack,
}


def _in_chat(base: Inbound, fields: Fields, *, sender_required: bool) -> Inbound:
    """Chat and sender, as every event that happens in a chat gives them."""
    chat = fields.inner("chat", required=True) or Fields({})
    kind = chat.text("kind", required=True)
    if kind not in tuple(ChatKind):
        raise chat.wrong("kind")
    sender = fields.inner("sender", required=sender_required) or Fields({})
    return replace(
        base,
        chat=chat.ident("id"),
        chat_kind=ChatKind(kind),
        chat_title=chat.text("title"),
        sender=sender.ident("id", required=sender_required),
        sender_name=sender.text("name"),
        is_bot=fields.flag("self") or sender.flag("is_bot"),
    )


def _quote(quote: Fields | None) -> Quote | None:
    if quote is None:
        return None
    return Quote(
        text=quote.text("text"),
        sender=quote.ident("sender_id", required=False),
        sender_name=quote.text("sender_name"),
        key=quote.ident("id", required=False),
    )


def _medium(fields: Fields, item: object) -> dict[str, object]:
    """One picture, recording or file: where it lies; it is not fetched."""
    if not isinstance(item, dict):
        raise fields.wrong("media")
    medium = Fields(item, "media.")
    return {
        "kind": medium.ident("kind"),
        "url": medium.text("url"),
        "sha256": medium.text("sha256"),
        "bytes": medium.count("bytes"),
    }


def _ids(fields: Fields) -> list[str]:
    values = fields.array("ids", MAX_IDS)
    ids = [value for value in values if isinstance(value, str) and is_ident(value, MAX_REF)]
    if not ids or len(ids) != len(values):
        raise fields.wrong("ids")
    return ids
