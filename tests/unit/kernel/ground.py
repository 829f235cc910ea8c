"""Ground for tests of the kernel: stores, content loaded once, a channel that obeys orders."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlmodel import Session, SQLModel

from bot import content as content_of
from bot.channels.base import Answer, Call, Heard, Limit, Received
from bot.content import Content
from bot.errors import SendError
from bot.inbox import Arrival
from bot.message import ChatKind, Inbound, MessageKind, Outbound
from bot.outbox import Outbox
from bot.store import Store
from tests.fakes.postgres import Postgres

NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)  # 08:12 in China


@cache
def content() -> Content:
    """Everything the bot may say, loaded once for all tests."""
    return content_of.load()


def at(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


@cache
def _blank(tables: int) -> bytes:
    """A database with all tables, as bytes: made once for each number of tables that is known."""
    store = Store("sqlite://")
    SQLModel.metadata.create_all(store.writer)
    with store.writer.connect() as connection:
        made: bytes = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
    store.close()
    return made


@dataclass
class Ground:
    """Which kind of store the test that runs now stands on; `conftest.py` sets it."""

    server: Postgres | None = None


GROUND = Ground()


def memory() -> Store:
    """A store with all tables, in memory or on the test server."""
    if GROUND.server is not None:
        return Store(GROUND.server.blank())
    store = Store("sqlite://")
    blank = _blank(len(SQLModel.metadata.tables))
    raw = store.writer.raw_connection()
    raw.driver_connection.deserialize(blank)  # type: ignore[union-attr]
    raw.close()
    return store


def on_disk(folder: Path) -> Store:
    """A store with all tables, in a file or on the test server: two stores may meet on it."""
    if GROUND.server is not None:
        return Store(GROUND.server.blank())
    store = Store(f"sqlite:///{folder / 'kernel.db'}")
    SQLModel.metadata.create_all(store.writer)
    return store


@contextmanager
def closing(*stores: Store) -> Iterator[None]:
    """Close stores whatever happens."""
    try:
        yield
    finally:
        for store in stores:
            store.close()


class Obedient:
    """A channel that hears nothing and says what it is told: each `say` takes the next order."""

    kind = "test"
    can_push = True
    can_push_private = True
    dedupes = False

    def __init__(
        self,
        name: str = "c",
        *,
        limits: tuple[Limit, ...] = (),
        pulls: bool = False,
        max_bytes: int = 2048,
    ) -> None:
        """All goes well until an order says otherwise."""
        self.name = name
        self.limits = limits
        self.pulls = pulls
        self.max_bytes = max_bytes
        self.orders: deque[SendError | asyncio.Event] = deque()
        self.tried: list[Outbound] = []
        self.said: list[Outbound] = []

    def hear(self, call: Call) -> Heard:
        """Take the body as the words."""
        return Heard(Answer(), Received(call.path, call.target, call.body.decode()))

    def read(self, payload: str) -> Inbound:
        """A message of one person in one group; the payload is what was said."""
        return Inbound(self.name, payload, MessageKind.TEXT, "g", ChatKind.GROUP, "u", text=payload)

    async def say(self, message: Outbound) -> str:
        """Raise what was ordered, wait for what was ordered, or take it."""
        self.tried.append(message)
        if self.orders:
            order = self.orders.popleft()
            if isinstance(order, SendError):
                raise order
            await order.wait()
        self.said.append(message)
        return f"p{len(self.said)}"

    def pulled(self, messages: list[tuple[int, Outbound]], more: bool) -> Answer:
        """Nobody pulls."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""


def arrival(
    key: str, chat: str = "g", *, channel: str = "c", at: datetime = NOW, **more: Any
) -> Arrival:
    """A message at the door."""
    return Arrival(channel, Received(key, chat, f"payload of {key}"), at, **more)


def row(key: str, chat: str = "g", **more: Any) -> Outbox:
    """A row of the outbox, due now."""
    return Outbox(**values(key, chat, **more))


def values(key: str, chat: str = "g", **more: Any) -> dict[str, Any]:
    """The columns of such a row."""
    return {
        "key": key,
        "channel": "c",
        "chat": chat,
        "chat_kind": ChatKind.GROUP,
        "topic": "notice",
        "text": f"words of {key}",
        "created_at": NOW,
        "due_at": NOW,
        **more,
    }


def put(session: Session, *rows: Outbox) -> list[Outbox]:
    """Keep rows."""
    session.add_all(rows)
    session.flush()
    return list(rows)


def let_all(_: Session, __: Outbox) -> str:
    """A filter that stops nothing."""
    return ""


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait in small steps until something is true; fail where it does not become so."""
    end = asyncio.get_running_loop().time() + seconds
    while not true():
        assert asyncio.get_running_loop().time() < end, "waited in vain"
        await asyncio.sleep(0.002)
