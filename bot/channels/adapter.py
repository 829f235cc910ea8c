"""From the XML of an app or an official account to `Inbound`: wechatpy parses, types are ours.

`identity` is the fast half (what dedupe needs, from the fields that the pre-check found); `inbound`
is the slow half. Neither trusts a shape: a field is a string or it is not there.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.channels.xml import fields
from bot.errors import BadPayload
from bot.message import ChatKind, Inbound, MessageKind

MAX_ID = 128  # openid 28, userid 64, chatid 32: whatever is longer is no id
_MAX_KEY = 200

_MESSAGES = {
    "text": MessageKind.TEXT,
    "voice": MessageKind.VOICE,
    "image": MessageKind.IMAGE,
    "video": MessageKind.VIDEO,
    "shortvideo": MessageKind.VIDEO,
    "file": MessageKind.FILE,
    "location": MessageKind.LOCATION,
    "link": MessageKind.LINK,
}
_EVENTS = {
    "subscribe": MessageKind.JOINED,
    "subscribe_scan": MessageKind.JOINED,  # wechatpy's name for a follow by a code with a scene
    "unsubscribe": MessageKind.LEFT,
    "scan": MessageKind.ENTERED,
    "enter_agent": MessageKind.ENTERED,
    "templatesendjobfinish": MessageKind.RECEIPT,
    "masssendjobfinish": MessageKind.RECEIPT,
}
_WORDS = {
    MessageKind.TEXT: ("Content",),
    MessageKind.VOICE: ("Recognition",),
    MessageKind.LOCATION: ("Label",),
    MessageKind.LINK: ("Title", "Description"),
}
_EXTRA = {
    "MediaId": "media_id",
    "PicUrl": "pic_url",
    "Format": "format",
    "Url": "url",
    "Location_X": "latitude",
    "Location_Y": "longitude",
    "EventKey": "event_key",
    "TaskId": "task_id",
    "OpenKfId": "open_kfid",
}
# Status of a receipt, lower case (M/offiaccount … Template_Message_Interface, Batch_Sends).
_STATES = {"success": "delivered", "send success": "sent"}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who spoke where, and the key that stays the same over retries."""

    key: str
    chat: str
    sender: str
    in_group: bool


@dataclass(frozen=True, slots=True)
class Push:
    """One push as wechatpy saw it: names in lower case, fields that are text."""

    type: str
    event: str
    fields: Mapping[str, str]

    @property
    def kind(self) -> MessageKind:
        """What came in; whatever is new to us is UNKNOWN."""
        if self.type == "event":
            return _EVENTS.get(self.event, MessageKind.UNKNOWN)
        return _MESSAGES.get(self.type, MessageKind.UNKNOWN)

    def get(self, name: str) -> str:
        """The text of a field, "" where it is missing or holds elements."""
        return self.fields.get(name, "")


def identity(found: Mapping[str, str], *, fold: bool = False, groups: bool = False) -> Identity:
    """Find sender, chat and key.

    Args:
        found: what `xml.fields` found.
        fold: ids are read without regard to case (userids of an enterprise, W/90236).
        groups: a ChatId names a group (a gateway's extension; Tencent documents none).

    Raises:
        BadPayload: 400, a field is missing without which a repeat cannot be told, or is no id.
    """
    sender = found.get("FromUserName", "").strip()
    if fold:
        sender = sender.lower()
    group = found.get("ChatId", "").strip() if groups else ""
    chat = group or sender or found.get("ToUserName", "").strip()  # some events have no sender
    if not chat or len(chat) > MAX_ID or len(sender) > MAX_ID:
        raise BadPayload("bad_field", "FromUserName")
    if found.get("MsgType", "").strip().lower() == "event":
        return Identity(_event_key(found, sender), chat, sender, bool(group))
    key = found.get("MsgId", "").strip()
    if not key or len(key) > MAX_ID:
        raise BadPayload("bad_field", "MsgId")
    return Identity(key, chat, sender, bool(group))


def inbound(
    channel: str,
    payload: str,
    parse: Callable[[str], object],
    *,
    fold: bool = False,
    groups: bool = False,
) -> Inbound:
    """Make the message of a payload that `identity` has accepted.

    Args:
        channel: the configured name.
        payload: clear XML.
        parse: wechatpy's parser of this platform.
        fold: as for `identity`.
        groups: as for `identity`.
    """
    found = fields(payload)
    who = identity(found, fold=fold, groups=groups)
    push = parsed(payload, found, parse)
    kind = push.kind
    return Inbound(
        channel=channel,
        key=who.key,
        kind=kind,
        chat=who.chat,
        chat_kind=ChatKind.GROUP if who.in_group else ChatKind.PRIVATE,
        sender=who.sender,
        text="\n".join(filter(None, (push.get(name) for name in _WORDS.get(kind, ())))),
        mentions_bot=not who.in_group,
        occurred_at=moment(push.get("CreateTime")),
        ref=push.get("MsgID") if kind is MessageKind.RECEIPT else "",
        state=_state(push),
        reason=_reason(push),
        extra={ours: push.get(theirs) for theirs, ours in _EXTRA.items() if push.get(theirs)},
    )


def parsed(payload: str, found: Mapping[str, str], parse: Callable[[str], object]) -> Push:
    """Let wechatpy parse, then take only what is text.

    It raises where MsgType, or the Event of an event, says nothing; such a push it never sees.
    """
    kind, event = found.get("MsgType", "").strip().lower(), found.get("Event", "").strip().lower()
    if not kind or (not event and kind.startswith(("event", "device_"))):
        return Push(kind, event, found)
    data = getattr(parse(payload), "_data", None)
    if not isinstance(data, dict):
        return Push(kind, event, found)
    texts = {name: value for name, value in data.items() if isinstance(value, str)}
    return Push(kind, texts.get("Event", "").lower(), texts)


def moment(seconds: str) -> datetime | None:
    """The sender's clock; None for what is no plausible number of seconds."""
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= 11):
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def _event_key(found: Mapping[str, str], sender: str) -> str:
    """Tencent suggests sender and time; two events in one second differ by name and key.

    A receipt has MsgID where others have EventKey. A menu's EventKey may be a whole address.
    """
    created, event = found.get("CreateTime", "").strip(), found.get("Event", "").strip()
    if not created or not event:
        raise BadPayload("bad_field", "CreateTime" if event else "Event")
    detail = found.get("EventKey", "").strip() or found.get("MsgID", "").strip()
    key = "|".join((sender, created, event, detail))
    if len(key) <= _MAX_KEY:
        return key
    return "|".join((sender, created[:12], hashlib.sha256(key.encode()).hexdigest()))


def _state(push: Push) -> str:
    if push.kind is MessageKind.RECEIPT:
        return _STATES.get(push.get("Status").lower(), "failed")
    if push.kind in (MessageKind.JOINED, MessageKind.ENTERED):
        return push.get("EventKey").removeprefix("qrscene_")
    if push.kind is MessageKind.UNKNOWN:
        return push.event or push.type
    return ""


def _reason(push: Push) -> str:
    """Why a receipt says failed, in the platform's words: "user block" of "failed:user block"."""
    if push.kind is not MessageKind.RECEIPT or _state(push) != "failed":
        return ""
    return push.get("Status").partition(":")[2].strip() or push.get("Status")
