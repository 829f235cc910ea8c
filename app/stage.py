"""A stage: the whole system in one thread and in virtual time, for talks and drills.

Nothing is stubbed but the platform: calls come in by the local channel's hear, go through inbox,
dispatcher and handlers, and what is said leaves through the sender to the local channel's say.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel

from app.world import World
from bot import inbox, outbox
from bot.channels.base import Call, Channel
from bot.channels.local import Local
from bot.clock import ManualClock, local
from bot.content import Content
from bot.inbox import Arrival
from bot.message import Outbound
from bot.router import Dispatcher, Kernel, Turn
from bot.sender import Sender
from bot.store import Store
from handlers import ROUTER, outgoing
from scheduler import runner

CHANNEL = "talk"
MOST_ROUNDS = 1000


@dataclass
class Stage:
    """One deployment in memory (or on a given store) with a clock that is moved by hand."""

    content: Content
    rule_pack: str
    start: datetime
    store: Store = field(default_factory=lambda: Store("sqlite://"))
    on_turn: Callable[[Turn], None] = lambda turn: None
    on_heard: Callable[[dict[str, Any], datetime], None] = lambda event, at: None
    on_said: Callable[[Outbound, datetime], None] = lambda outbound, at: None
    count: int = 0
    last: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Wire it together."""
        SQLModel.metadata.create_all(self.store.writer)
        self.clock = ManualClock(self.start)
        self.local = Local(CHANNEL, self._deliver, is_open=True)
        channels: dict[str, Channel] = {CHANNEL: self.local}
        self.kernel = Kernel(self.content, channels, self.clock, b"talk", self.rule_pack)
        self.dispatcher = Dispatcher(self.kernel, ROUTER, on_turn=lambda t: self.on_turn(t))
        self.loop = asyncio.new_event_loop()
        self.sender = Sender(channels, self.clock, self._run, outgoing.stop, outgoing.settled)

    def close(self) -> None:
        """Let go of everything."""
        self.loop.close()
        self.store.close()

    async def _run(self, unit: Callable[[Session], Any]) -> Any:
        with self.store.begin() as session:
            return unit(session)

    def _deliver(self, message: Outbound) -> None:
        self.on_said(message, self.clock.now())

    def begin(self) -> AbstractContextManager[Session]:
        """A write transaction."""
        return self.store.begin()

    def world(self, session: Session) -> World:
        """What the village is made with."""
        return World(session, CHANNEL, self.clock.now())

    def hear(self, event: dict[str, Any]) -> None:
        """One call of the platform: kept, handled, answered, and all that is due now done."""
        self.last = event
        self.on_heard(event, self.clock.now())
        body = json.dumps(event, ensure_ascii=False).encode()
        call = Call("POST", f"/hook/{CHANNEL}", "", {}, {}, body, self.clock.now())
        heard = self.local.hear(call)
        if heard.received is not None:
            with self.store.begin() as session:
                inbox.accept(session, [Arrival(CHANNEL, heard.received, self.clock.now())])
        self.settle()

    def event(
        self, kind: str, chat: str, is_group: bool, sender: str, name: str, **more: Any
    ) -> None:
        """Hear an event of the local channel with an id of its own."""
        self.count += 1
        self.hear(
            {
                "v": 1,
                "id": f"t{self.count}",
                "type": kind,
                "occurred_at": local(self.clock.now()).isoformat(),
                "chat": {"id": chat, "kind": "group" if is_group else "private"},
                "sender": {"id": sender, "name": name, **more.pop("sender", {})},
                **more,
            }
        )

    def settle(self) -> None:
        """Handle, run what is due, send, until nothing more happens at this moment."""
        for _ in range(MOST_ROUNDS):
            with self.store.begin() as session:
                more = self.dispatcher.run(session)
            self.dispatcher.committed()()
            if not more:
                break
        with self.store.begin() as session:
            runner.run_all(self.kernel.work(session))
        self.loop.run_until_complete(self.sender.flush())
        with self.store.begin() as session:
            runner.run_all(self.kernel.work(session))
        self.loop.run_until_complete(self.sender.flush())

    def next_due(self) -> datetime | None:
        """The next moment at which something falls due: a job, a message to send, a failed turn."""
        with self.store.begin() as session:
            work = self.kernel.work(session)
            moments = [
                runner.next_due(work),
                outbox.next_due(session, work.now),
                inbox.next_try(session),
            ]
        now = self.clock.now()
        return min((m for m in moments if m is not None and m > now), default=None)

    def advance(self, to: datetime) -> None:
        """Move the clock, doing on the way whatever falls due."""
        while (due := self.next_due()) is not None and due <= to:
            self.clock.set(due)
            self.settle()
        self.clock.set(to)
        self.settle()
