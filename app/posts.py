"""Posts that one process holds at a time, as advisory locks on a connection of their own.

A lock ends with its connection: kill the process, cut the line, and the post is free at once.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from bot.errors import BotError
from bot.store import LINK, Store

CLOCK, SENDERS = 0x7377, 0x7378  # the first half of the locks' numbers
LOOK_S, TRUST_S = 1.0, 4.0  # so often is a post looked after; so long is it believed unseen

_TAKE = text("SELECT pg_try_advisory_lock(:kind, :number)")
_PID = text("SELECT pg_backend_pid()")
_LOCKS = (
    " FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid = :kind"
)
_HELD_BY = text(f"SELECT objid{_LOCKS}")
_STILL_MINE = text(f"SELECT count(*){_LOCKS} AND objid = :number AND pid = :pid")


class PostLost(BotError):
    """Another process may hold the post by now: nothing of this unit may be kept."""


@dataclass
class Post:
    """One post: taken where it is free, looked after every second."""

    store: Store
    kind: int
    number: int
    pid: int = 0
    _connection: Connection | None = None
    _holds: bool = False
    _seen: float = field(default=0.0)

    def __post_init__(self) -> None:
        """Nothing is connected yet."""
        arguments = {**LINK, "options": "-c statement_timeout=3000"}
        self._engine = create_engine(
            self.store.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments
        )

    @property
    def is_held(self) -> bool:
        """Whether this process holds it, and has seen so a moment ago."""
        return self._holds and monotonic() - self._seen < TRUST_S

    def look(self) -> bool:
        """Take it where it is free, see whether it is still ours; whether it is."""
        began = monotonic()
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
                self.pid = self._connection.scalar(_PID) or 0
            key = {"kind": self.kind, "number": self.number}
            if self._holds:
                mine = self._connection.scalar(_STILL_MINE, {**key, "pid": self.pid})
                self._holds = bool(mine)
            else:
                self._holds = bool(self._connection.scalar(_TAKE, key))
        except DBAPIError:
            self.leave()
        self._seen = began
        return self._holds

    def leave(self) -> None:
        """Give it up."""
        self._holds = False
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    async def keep(self, on_taken: Callable[[], object] = lambda: None) -> None:
        """Look after it until cancelled; `on_taken` hears each time that it becomes ours."""
        while True:
            had = self.is_held
            if await asyncio.to_thread(self.look) and not had:
                on_taken()
            await asyncio.sleep(LOOK_S)

    def guard(self, session: Session) -> None:
        """In a unit of work: go on only while the post is this process's own.

        Raises:
            PostLost: it is not.
        """
        known = {"kind": self.kind, "number": self.number, "pid": self.pid}
        if not session.connection().scalar(_STILL_MINE, known):
            raise PostLost("post_lost")


def clock_post(store: Store) -> Post:
    """The post of the one clock."""
    return Post(store, CLOCK, 1)


def sender_post(store: Store) -> Post:
    """A post of its own for each sender: its rows are left alone while it holds it."""
    return Post(store, SENDERS, secrets.randbelow(2**31 - 1) + 1)


def senders_alive(session: Session) -> list[int]:
    """Numbers of the senders that run now."""
    return [int(number) for number in session.connection().scalars(_HELD_BY, {"kind": SENDERS})]
