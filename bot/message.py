"""Address, Inbound, Outbound: words that no platform owns."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ChatKind(StrEnum):
    """Whether many hear what is said, or one."""

    GROUP = "group"
    PRIVATE = "private"


class MessageKind(StrEnum):
    """What came in; UNKNOWN is kept, answered as the platform wants, shown as not understood."""

    TEXT = "text"
    VOICE = "voice"  # text holds the platform's transcript, "" where it gave none
    IMAGE = "image"
    VIDEO = "video"
    FILE = "file"
    LOCATION = "location"
    LINK = "link"  # text holds title and description
    JOINED = "joined"  # somebody joined the chat, or followed the account
    LEFT = "left"
    RENAMED = "renamed"
    RECALLED = "recalled"  # ref names the message taken back
    REMOVED = "removed"  # the bot itself was taken out of the chat
    ENTERED = "entered"  # somebody opened the private chat; nothing was said
    RECEIPT = "receipt"  # ref names our own message; state says what became of it
    HEARTBEAT = "heartbeat"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is said. In a private chat `chat` is the person's account on that channel."""

    channel: str  # the configured name, e.g. "county"
    chat: str
    kind: ChatKind


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that a message quotes. Its words are never the speaker's own."""

    text: str
    sender: str = ""  # account, "" where the platform does not say
    sender_name: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing that a platform told us.

    `key` is what makes a repeat a repeat: unique within the channel, stable over retries.
    """

    channel: str
    key: str
    kind: MessageKind
    chat: str
    chat_kind: ChatKind
    sender: str
    text: str = ""
    sender_name: str = ""
    chat_title: str = ""
    mentions_bot: bool = False  # also true where everything said there is said to the bot
    is_bot: bool = False  # another bot, or our own account: stored, never handled
    quote: Quote | None = None
    occurred_at: datetime | None = None  # the sender's clock; order is by arrival
    ref: str = ""  # RECALLED, RECEIPT: the message that is meant
    # RECEIPT: sent, delivered, failed; JOINED: scene; UNKNOWN: the platform's own type.
    state: str = ""
    reason: str = ""
    reply_token: str = ""  # what say() needs to answer just this message (aibot's response_url)
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to say. `key` is the same at every try, so that a platform can spot a repeat."""

    key: str
    to: Address
    text: str
    urgent: bool = False
    reply_token: str = ""
    expires_at: datetime | None = None
