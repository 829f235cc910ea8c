"""The sender: takes what may leave from the outbox, says it, and notes what became of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bot import outbox
from bot.channels.base import Channel
from bot.channels.split import split
from bot.clock import Clock
from bot.errors import SendError, Throttled, Unknown
from bot.outbox import Claim, Filter

log = logging.getLogger("shouwang.sender")

SAY_S = 20.0  # longer than any client's own time limit
BREAKS_AT, BREAK = (
    5,
    timedelta(seconds=20),
)  # failures in a row that open the circuit, and for how long
IDLE_S = 0.5


Outcome = tuple[Claim, str | SendError]


class Units(Protocol):
    """Runs a unit of work in a write transaction (the writer, or a store directly)."""

    def __call__(self, unit: Callable[[Session], Any]) -> Awaitable[Any]:
        """Run it and wait until it is on disk."""
        ...


@dataclass
class Sender:
    """Says what is due: chats side by side, each in order, each channel within its limits."""

    channels: Mapping[str, Channel]
    clock: Clock
    run: Units
    stop: Filter
    settled: Callable[[Session, Sequence[int]], None]  # told of the ids of rows with news
    concurrency: int = 64
    number: int = 0  # of this process among several that send
    may_claim: Callable[[], bool] = lambda: True
    on_outcome: Callable[[str, str], None] = lambda channel, outcome: None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: set[tuple[str, str]] = field(default_factory=set)
    _failures: dict[str, int] = field(default_factory=dict)
    _paused: dict[str, datetime] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _finished: list[Outcome] = field(default_factory=list)
    _saying: int = 0
    _goes_on: bool = False
    _stepping: asyncio.Lock = field(default_factory=asyncio.Lock)

    def wake(self) -> None:
        """Something new may be due."""
        self._wake.set()

    async def loop(self) -> None:
        """Run until cancelled; a fault of the store is waited out."""
        self._goes_on = True
        try:
            while True:
                self._wake.clear()
                started = 0
                try:
                    started = await self.start_due()
                except Exception as error:  # the loop must outlive a full disk and a locked file
                    log.error("sender_failed", extra={"error": type(error).__name__})
                if started == 0 or self._saying >= self.concurrency:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(IDLE_S):
                            await self._wake.wait()
        finally:
            self._goes_on = False

    async def drain(self) -> None:
        """Wait for what is on its way (an orderly stop)."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)
        await self._note()

    async def start_due(self) -> int:
        """Note what has finished, claim what may leave now and start saying it; how many."""
        async with self._stepping:
            return await self._step(self._batch(), claims=True)

    async def flush(self) -> None:
        """Send until nothing may leave any more at this moment (talks, tests, the command line)."""
        while await self.start_due():
            await self.drain()

    async def _send(self, claimed: Claim) -> None:
        to = claimed.outbound.to
        try:
            result = await self._say(claimed)
        finally:
            self._saying -= 1
            self._busy.discard((to.channel, to.chat))
        self._watch(to.channel, result)
        outcome = "sent" if isinstance(result, str) else type(result).__name__.lower()
        self.on_outcome(to.channel, outcome)
        log.info("said", extra={"outbox": claimed.id, "channel": to.channel, "status": outcome})

        self._finished.append((claimed, result))
        await self._note()

    async def _note(self) -> None:
        """Note all that has finished; what finishes meanwhile goes together into the next note.

        While the loop runs, the same transaction claims for those who are free now.
        """
        async with self._stepping:
            batch = self._batch()
            try:
                if batch:
                    await self._step(batch, claims=self._goes_on)
            except Exception as error:  # the rows stay "sending", and are noted at the next try
                fault = type(error).__name__
                log.error("settle_failed", extra={"count": len(batch), "error": fault})

    def _batch(self) -> tuple[Outcome, ...]:
        batch, self._finished = tuple(self._finished), []
        return batch

    async def _step(self, batch: tuple[Outcome, ...], *, claims: bool) -> int:
        """One transaction: outcomes are noted and, where it shall, the next are claimed."""
        room = self.concurrency - self._saying if claims and self.may_claim() else 0
        if room <= 0 and not batch:
            return 0
        now = self.clock.now()
        paused = frozenset(name for name, until in self._paused.items() if until > now)
        busy = frozenset(self._busy)

        def unit(session: Session) -> list[Claim]:
            if batch:
                self._settle(session, batch)
            if room <= 0:
                return []
            return outbox.claim(
                session,
                now,
                self.channels,
                self.stop,
                limit=room,
                sender=self.number,
                busy=busy,
                paused=paused,
                settled=self.settled,
            )

        try:
            claimed: list[Claim] = await self.run(unit)
        except (DBAPIError, asyncio.CancelledError):  # nobody knows: all of them at the next try
            self._finished[:0] = batch
            raise
        except Exception as error:  # somebody who is told of a row has a fault: his alone
            if not batch:
                raise
            log.error("follower_failed", extra={"error": type(error).__name__})
            for outcome in batch:
                await self._note_alone(outcome)
            return 0
        for one in claimed:
            self._start(one)
        return len(claimed)

    def _start(self, claimed: Claim) -> None:
        self._busy.add((claimed.outbound.to.channel, claimed.outbound.to.chat))
        self._saying += 1
        task = asyncio.create_task(self._send(claimed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _note_alone(self, one: Outcome) -> None:
        now = self.clock.now()
        try:
            await self.run(lambda session: self._settle(session, (one,)))
        except DBAPIError:
            self._finished.append(one)
        except Exception as error:
            log.error("follower_failed", extra={"outbox": one[0].id, "error": type(error).__name__})
            await self.run(lambda session: outbox.settle_all(session, (one,), now))

    def _settle(self, session: Session, batch: Sequence[Outcome]) -> None:
        outbox.settle_all(session, batch, self.clock.now())
        self.settled(session, [claimed.id for claimed, _ in batch])

    async def _say(self, claimed: Claim) -> str | SendError:
        channel = self.channels[claimed.outbound.to.channel]
        parts = split(claimed.outbound.text, channel.max_bytes)
        platform_id = ""
        try:
            for number, part in enumerate(parts):
                if number < claimed.parts_done:
                    continue
                key = (
                    claimed.outbound.key
                    if len(parts) == 1
                    else f"{claimed.outbound.key}#{number + 1}"
                )
                message = replace(claimed.outbound, text=part, key=key)
                async with asyncio.timeout(SAY_S):
                    platform_id = await channel.say(message)
                if number + 1 < len(parts):
                    await self._part(claimed.id)
        except SendError as error:
            return error
        except TimeoutError:
            return Unknown("timeout")
        except Exception as error:  # a fault of ours in a channel: nobody knows whether it left
            log.exception("channel_failed", extra={"outbox": claimed.id})
            return Unknown("fault", type(error).__name__)
        return platform_id

    async def _part(self, row_id: int) -> None:
        now = self.clock.now()
        await self.run(lambda session: outbox.part_done(session, row_id, now))

    def _watch(self, channel: str, result: str | SendError) -> None:
        """Open the circuit of a channel that fails again and again; one message tries it later."""
        if isinstance(result, str) or not result.retryable or isinstance(result, Throttled):
            self._failures.pop(channel, None)
            self._paused.pop(channel, None)
            return
        self._failures[channel] = self._failures.get(channel, 0) + 1
        if self._failures[channel] >= BREAKS_AT:
            self._paused[channel] = self.clock.now() + BREAK
