"""Call, Heard, Channel: what every platform must offer, and nothing more.

A platform is two verbs. `hear` is pure and comes in two halves, so that the answer to the platform
waits for no parsing: `hear(call)` verifies, decrypts and finds what dedupe needs (microseconds,
before the answer); `read(payload)` makes the `Inbound` later, in the dispatcher. `say` is
asynchronous and raises a `SendError`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.message import Inbound, Outbound


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request at /hook/{channel}, raw.

    `path` is the part after the channel's name ("" or "outbox", "ack"); `target` is path and query
    as sent (signatures cover it); `query` is decoded once, a repeated parameter keeps its first
    value and is listed in `repeated`; header names are lower case.
    """

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    repeated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform is answered."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Received:
    """One message to keep: `key`, `chat` for dedupe and order; `payload`, as said, for `read`."""

    key: str
    chat: str  # what keeps order: the group, or the person in a private chat
    payload: str


@dataclass(frozen=True, slots=True)
class Pull:
    """A gateway asks for what waits for it (bridge): rows of its outbox above the id `after`."""

    after: int
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Heard:
    """What one call means before anything is parsed.

    The answer leaves after `received` is on disk. Where `passive` is there, the hook waits a
    bounded time for the turn and sends `passive(words)` in the same response; `answer` is for when
    there are none.
    """

    answer: Answer
    received: Received | None = None
    repeat: Answer | None = None  # to a repeat, where it differs from `answer`
    passive: Callable[[str], Answer] | None = None
    passive_s: float = 0.0  # how long the platform waits, less one second
    pull: Pull | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` in any `per_s` seconds, counted for each `scope`.

    Args of the platform, as data with their source beside them where a channel lists them.
    scope: "account" (whole channel), "chat" (each receiver), "heard" (each receiver, since that
    person last wrote: nothing may be said when the window has passed without a word from them).
    unit: "calls", or "people" (a group counts its size).
    reserve: how many of `count` are kept for urgent messages.
    """

    scope: str
    count: int
    per_s: float
    unit: str = "calls"
    reserve: int = 0
    source: str = ""


class Channel(Protocol):
    """One configured account on one platform."""

    name: str  # the configured name: /hook/<name>
    kind: str  # wecom_app, wecom_bot, …
    limits: tuple[Limit, ...]
    can_push: bool  # say() may start a conversation in a group
    can_push_private: bool  # say() may start one with a person who never wrote
    dedupes: bool  # a repeat of the same key is dropped there: unknown outcomes may be sent again
    max_bytes: int  # of one text, UTF-8; longer ones are split before say()
    pulls: bool  # the gateway fetches its outbox itself; say() is never called

    def hear(self, call: Call) -> Heard:
        """Verify, decrypt, find key and chat. Pure.

        Raises:
            WireError: the call is not the platform's; its status is the answer.
        """
        ...

    def read(self, payload: str) -> Inbound:
        """Make the message of what `hear` kept; never raises on that: unknown is a kind."""
        ...

    async def say(self, message: Outbound) -> str:
        """Send; the platform's id of the message, "" where it gives none.

        Raises:
            SendError: by its kind the sender retries, waits, marks or gives up.
        """
        ...

    def pulled(self, messages: list[tuple[int, Outbound]], more: bool) -> Answer:
        """The answer to a `Pull`: (outbox id, message) pairs in order. Only where `pulls`."""
        ...

    async def close(self) -> None:
        """Close what say() keeps open."""
        ...
