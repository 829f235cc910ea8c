"""Several processes on PostgreSQL: what one of them needs beyond the parts that it runs.

web     puts a job in for each chat with news, and is rung when a message is handled elsewhere
worker  does the jobs
sender  claims under a number of its own, and takes over what a sender that is gone left behind
clock   ticks while it holds the post
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from app.bell import Bell
from app.engine import Engine
from app.hooks import Hook
from app.posts import Post, clock_post, sender_post, senders_alive
from app.roles import Role
from bot import outbox
from bot.router import Kernel, Router
from bot.sender import Sender
from bot.store import Store, Writer
from scheduler.runner import Runner

log = logging.getLogger("shouwang.province")

RECOVER_S = 2.0
_PATIENT = text("SET LOCAL statement_timeout = 60000")  # a job of the night looks at everything


@dataclass
class Province:
    """One process among several."""

    store: Store
    kernel: Kernel
    router: Router
    roles: frozenset[Role]
    _number: Post = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is connected yet."""
        self.engine = Engine(self.store, self.kernel, self.router)
        self.post = clock_post(self.store)
        self._number = sender_post(self.store)

    def wire(self, writer: Writer, sender: Sender, runner: Runner, hook: Hook) -> None:
        """Take the parts of this process in hand, before anything starts."""
        self.writer, self.sender, self.runner = writer, sender, runner
        self.bell = Bell(self.store, self._handled)
        self.waiters = hook.waiters
        sender.number, sender.may_claim = self._number.number, lambda: self._number.is_held
        runner.is_leader = lambda: self.post.is_held
        runner.run = self._tick

    def start(self) -> list[asyncio.Task[Any]]:
        """Start what this process's parts need; call it in the running event loop."""
        loops = []
        if self.roles & {Role.WEB, Role.SENDER}:
            self.bell.start()
        if Role.WORKER in self.roles:
            loops.append(self.engine.work())
        if Role.SENDER in self.roles:
            loops += [self._number.keep(self.sender.wake), self._recover_loop()]
        if Role.CLOCK in self.roles:
            loops.append(self.post.keep(self._lead))
        self._tasks = [asyncio.create_task(loop) for loop in loops]
        return self._tasks

    async def stop(self) -> None:
        """Begin no more."""
        self.engine.stop()
        await self.bell.stop()

    def leave(self) -> None:
        """Give up the posts: another may take them at once."""
        self.post.leave()
        self._number.leave()

    def _handled(self, ids: list[int]) -> None:
        self.waiters.handled(ids)
        self.sender.wake()

    def _lead(self) -> None:
        """This process's clock counts from now on: what was missed is decided at once."""
        log.info("leads")
        self._catching_up = asyncio.create_task(self.runner.tick_all())

    async def _tick(self, unit: Callable[[Session], Any]) -> Any:
        """A job of the clock, kept only where the post is still ours at that moment."""

        def guarded(session: Session) -> Any:
            session.connection().execute(_PATIENT)
            done = unit(session)
            session.flush()
            self.post.guard(session)
            return done

        return await self.writer.run(guarded)

    async def _recover_loop(self) -> None:
        """What a sender that is gone had on its way is perhaps sent: it goes again."""
        while True:
            try:
                if perhaps := await self.writer.run_plain(self._recover):
                    log.warning("perhaps_sent", extra={"count": perhaps})
                    self.sender.wake()
            except Exception as error:  # the store itself; the loop must outlive it
                log.error("recover_failed", extra={"error": type(error).__name__})
            await asyncio.sleep(RECOVER_S)

    def _recover(self, session: Session) -> int:
        return outbox.recover(session, self.kernel.clock.now(), senders_alive(session))
