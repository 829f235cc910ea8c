"""The door for platforms at /hook/{channel}: raw bytes in, the platform's answer out, nothing else.

An ASGI object in front of FastAPI: a typed route costs several times what opening the envelope
does.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

from sqlmodel import Session

from app.metrics import Metrics
from bot import inbox, outbox
from bot.channels.base import Answer, Call, Channel, Heard
from bot.clock import Clock
from bot.errors import WireError
from bot.inbox import Accepted, Arrival, Inbox
from bot.message import Outbound
from bot.outbox import Filter
from bot.store import Writer

log = logging.getLogger("shouwang.hook")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/hook/"
MAX_HEAD = 64 * 1024
BODY_S = 5.0  # a body that takes longer is no platform's
ANSWER_S = 4.7  # no platform waits longer than five seconds
SKEW = timedelta(seconds=120)

NOT_FOUND = Answer(404)
UNAUTHORISED = Answer(401)
TOO_LARGE = Answer(413)
TOO_LARGE_HEAD = Answer(431)
TOO_SLOW = Answer(408)
UNAVAILABLE = Answer(503)
# Given before the body was read to its end: what follows on this connection may be the rest of it.
UNREAD = (NOT_FOUND, UNAUTHORISED, TOO_LARGE, TOO_LARGE_HEAD, TOO_SLOW)


@dataclass
class Waiters:
    """Hooks that wait for a turn, woken when it is on disk."""

    _events: dict[int, asyncio.Event] = field(default_factory=dict)

    def handled(self, ids: list[int]) -> None:
        """These messages are handled."""
        for row_id in ids:
            event = self._events.get(row_id)
            if event is not None:
                event.set()

    async def wait(self, row_id: int, seconds: float) -> None:
        """Wait until a message is handled, or so long."""
        event = self._events.setdefault(row_id, asyncio.Event())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await event.wait()
        finally:
            self._events.pop(row_id, None)


@dataclass
class Hook:
    """The door for platforms."""

    channels: Mapping[str, Channel]
    writer: Writer
    clock: Clock
    metrics: Metrics
    stop: Filter
    max_body: int
    waiters: Waiters = field(default_factory=Waiters)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        began = perf_counter()
        name, _, rest = scope["path"][len(PREFIX) :].partition("/")
        answer = await self._answer(name, rest, scope, receive)
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", b"%d" % len(answer.body)),
        ]
        if any(answer is one for one in UNREAD):
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        self.metrics.answered(name, answer.status, perf_counter() - began)

    async def _answer(self, name: str, rest: str, scope: Scope, receive: Receive) -> Answer:
        raw = scope["headers"]
        if sum(len(key) + len(value) for key, value in raw) > MAX_HEAD:
            return TOO_LARGE_HEAD
        channel = self.channels.get(name)
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in raw}
        if channel is None:
            return UNAUTHORISED if "x-sw-bridge" in headers else NOT_FOUND
        body = await self._body(receive)
        if isinstance(body, Answer):
            return body
        try:
            return await self._hear(channel, self._call(rest, scope, headers, body))
        except WireError as error:
            log.info("refused", extra={"channel": name, "code": error.code, "status": error.status})
            return refusal(error)

    async def _body(self, receive: Receive) -> bytes | Answer:
        parts: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(BODY_S):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return TOO_SLOW
                    parts.append(message.get("body", b""))
                    more = message.get("more_body", False)
                    size += len(parts[-1])
                    if size > self.max_body:
                        return TOO_LARGE
        except TimeoutError:
            return TOO_SLOW
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _call(self, rest: str, scope: Scope, headers: dict[str, str], body: bytes) -> Call:
        raw_query = scope["query_string"].decode("latin-1")
        query: dict[str, str] = {}
        repeated: list[str] = []
        for key, value in parse_qsl(raw_query, keep_blank_values=True):
            if key in query:
                repeated.append(key)
            else:
                query[key] = value
        raw_path = scope.get("raw_path") or scope["path"].encode()
        path = raw_path.decode("latin-1")
        return Call(
            method=scope["method"],
            target=f"{path}?{raw_query}" if raw_query else path,
            path=rest,
            query=query,
            headers=headers,
            body=body,
            now=self.clock.now(),
            repeated=frozenset(repeated),
        )

    async def _hear(self, channel: Channel, call: Call) -> Answer:
        heard = channel.hear(call)
        if heard.pull is not None:
            return await self._pulled(channel, heard.pull.after, heard.pull.limit)
        if heard.received is None:
            return heard.answer
        wants_row = heard.passive is not None or heard.repeat is not None
        until = call.now + timedelta(seconds=heard.passive_s) if heard.passive else None
        arrival = Arrival(channel.name, heard.received, call.now, wants_row, until)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._kept(heard, arrival)
        except Exception as error:
            # Whatever the store says, or that it says nothing: perhaps it was not kept, so the
            # platform shall send it again.
            log.error("not_stored", extra={"channel": channel.name, "error": type(error).__name__})
            return UNAVAILABLE

    async def _kept(self, heard: Heard, arrival: Arrival) -> Answer:
        """The answer once it is on disk."""
        row: Accepted | None = await self.writer.accept(arrival)
        if row is None:
            return heard.answer
        if heard.passive is not None:
            return await self._passive(heard, row, arrival.received.chat)
        return heard.answer if row.is_new or heard.repeat is None else heard.repeat

    async def _passive(self, heard: Heard, row: Accepted, chat: str) -> Answer:
        """Wait a bounded time for the turn and answer with its words; a repeat gets the same."""
        words = row.answer
        if words is None:
            if row.state == inbox.NEW:
                await self.waiters.wait(row.id, heard.passive_s)
            words = await self.writer.run(lambda session: self._take(session, row.id, chat))
        return heard.passive(words) if words and heard.passive else heard.answer

    def _take(self, session: Session, row_id: int, chat: str) -> str:
        row = session.get_one(Inbox, row_id)
        if row.answer is None:
            if row.state == inbox.NEW:  # too late: what it says goes by the next permitted way
                row.answer = ""
            else:
                said = outbox.passive(
                    session, row_id, (row.channel, chat), self.clock.now(), self.stop
                )
                row.answer = "\n\n".join(one.text for one in said)
            session.add(row)
        return row.answer

    async def _pulled(self, channel: Channel, after: int, limit: int) -> Answer:
        now = self.clock.now()

        def waiting(session: Session) -> list[tuple[int, Outbound]]:
            rows = outbox.pending_for(session, channel.name, after, limit + 1, now, self.stop)
            return [(row.id or 0, outbox.outbound(row)) for row in rows]

        messages = await self.writer.run(waiting)
        return channel.pulled(messages[:limit], len(messages) > limit)


def refusal(error: WireError) -> Answer:
    """The answer to a call that is not the platform's: the reason only where it helps."""
    if error.status != 422:
        return Answer(error.status)
    body = json.dumps({"error": error.code, "field": error.detail}).encode()
    return Answer(error.status, body, "application/json")
