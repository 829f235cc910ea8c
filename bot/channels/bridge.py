"""The bridge: our own signed contract for whatever gateway an operator may connect.

One path each, all signed (bridge_signing.py):

    /hook/<name>          POST  an event of the gateway's side (bridge_event.py)
    /hook/<name>/outbox   GET   what waits to be said, where the gateway pulls
    /hook/<name>/ack      POST  what it has fetched
    <push_url>            POST  what we say, where we push

docs/bridge.md tells it to those who connect one.
"""

import asyncio
import ipaddress
import json
import re
import socket
from collections.abc import Callable
from datetime import datetime

import httpx2

from bot.channels import bridge_event, bridge_fields
from bot.channels.base import Answer, Call, Heard, Limit, Pull, Received
from bot.channels.bridge_signing import NONCE, TIMESTAMP, Nonces, signed_headers, verify
from bot.channels.http import Http, Reply
from bot.errors import BadPayload, Rejected, SendError, Throttled, Unknown, Unreachable
from bot.message import Inbound, MessageKind, Outbound

MAX_BODY = 256 * 1024
MAX_PULL = 100
MAX_TEXT = 16 * 1024  # ours; a gateway with less room splits again, or says so in its settings
RESOLVE_S = 5.0

ACCEPTED = Answer(202, b'{"accepted":true}', "application/json")
DUPLICATE = Answer(202, b'{"accepted":true,"duplicate":true}', "application/json")

_AFTER = re.compile(r"[0-9]{1,18}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_LATER = (408, 425)  # and every 5xx


class Bridge:
    """One connected gateway; it pushes events to us, and fetches or is pushed what we say."""

    kind = "bridge"
    limits: tuple[Limit, ...] = ()  # a gateway says 429 when it has enough

    def __init__(
        self,
        name: str,
        keys: tuple[bytes, ...],
        *,
        now: Callable[[], datetime],
        http: Http | None = None,
        push_url: str | None = None,
        idempotent: bool = False,
        private_to_anyone: bool = False,
        can_push: bool = True,
        allow_private_push: bool = False,
        max_bytes: int = MAX_TEXT,
    ) -> None:
        """Configure one gateway.

        Args:
            name: the bridge's id, [a-z0-9-]{1,40}; also what X-SW-Bridge must say.
            keys: 32 bytes each; two while the key is being changed, the new one first.
            now: the clock, for the timestamp of what we push.
            http: shared client; without one the bridge opens its own.
            push_url: where to POST what we say; None: the gateway pulls.
            idempotent: the gateway drops a repeat of our id.
            private_to_anyone: it can write to a person who never wrote.
            can_push: it can write into a group unasked.
            allow_private_push: push_url may be inside this machine or network.
            max_bytes: of one text.
        """
        self.name = name
        self.can_push = can_push
        self.can_push_private = private_to_anyone
        self.dedupes = idempotent
        self.max_bytes = max_bytes
        self.pulls = push_url is None
        self._keys = keys
        self._now = now
        self._http = http or Http()
        self._push_url = httpx2.URL(push_url) if push_url else None
        self._allow_private_push = allow_private_push
        self._nonces = Nonces()

    def hear(self, call: Call) -> Heard:
        """Verify, then take an event, an ack, or a wish to pull.

        Raises:
            Unauthorised: 401.
            BadPayload: 400, 404, 405, 413, or 422 whose detail names the field.
        """
        if len(call.body) > MAX_BODY:
            raise BadPayload("bridge_too_large", status=413)
        verify(call, self.name, self._keys, self._nonces)
        if call.path == "outbox" and self.pulls:
            _want(call, "GET")
            return self._pull(call)
        if call.path == "ack" and self.pulls:
            _want(call, "POST")
            event = bridge_event.ack_of(bridge_fields.parse(call.body), _mark(call))
            return self._keep(event, json.dumps(event))
        if call.path:
            raise BadPayload("bridge_path", status=404)
        _want(call, "POST")
        return self._event(call)

    def read(self, payload: str) -> Inbound:
        """Make the message of what `hear` kept."""
        return bridge_event.inbound(self.name, bridge_fields.parse(payload.encode()))

    async def say(self, message: Outbound) -> str:
        """Push one message; the gateway's own id of it, "" where it gives none.

        Raises:
            Throttled: 429.
            Unreachable: 408, 425, 5xx, no connection.
            Unknown: cut or silent after the body had left, or answered with a web page.
            Rejected: anything else.
        """
        if self._push_url is None:
            raise Rejected("bridge_pulls", "the gateway fetches its messages itself")
        if not self._allow_private_push:
            await _refuse_private(self._push_url.host)
        body = json.dumps(_wire(message), ensure_ascii=False).encode("utf-8", "replace")
        target = self._push_url.raw_path.decode("ascii")
        headers = signed_headers(self._keys, self.name, "POST", target, body, self._now())
        headers["content-type"] = "application/json; charset=utf-8"
        reply = await self._http.post(str(self._push_url), body, headers)
        if not 200 <= reply.status < 300:
            raise _refused(reply)
        if reply.body.lstrip().startswith(b"<"):
            # A page of a proxy or a hotel's sign-in, not of a gateway.
            raise Unknown("bridge_answer", f"HTTP {reply.status} with a page")
        return _their_id(reply.body)

    def pulled(self, messages: list[tuple[int, Outbound]], more: bool) -> Answer:
        """What waits, in order; `seq` is what the next `after` says."""
        rows = [{**_wire(message), "seq": seq} for seq, message in messages]
        text = json.dumps({"messages": rows, "more": more}, ensure_ascii=False)
        return Answer(200, text.encode("utf-8", "replace"), "application/json")

    async def close(self) -> None:
        """Close the client."""
        await self._http.close()

    def _event(self, call: Call) -> Heard:
        event = bridge_fields.parse(call.body)
        if event.get("type") == MessageKind.HEARTBEAT and "id" not in event:
            # Each heartbeat is new, and its nonce says so.
            event["id"] = f"heartbeat:{_mark(call)}"
            return self._keep(event, json.dumps(event))
        return self._keep(event, call.body.decode("utf-8-sig"))

    def _keep(self, event: dict[str, object], payload: str) -> Heard:
        """The whole event is checked here: a gateway's author must see a wrong field at once."""
        made = bridge_event.inbound(self.name, event)
        return Heard(ACCEPTED, Received(made.key, made.chat, payload), repeat=DUPLICATE)

    def _pull(self, call: Call) -> Heard:
        for name in ("after", "limit"):
            if name in call.repeated:
                raise BadPayload("bridge_field", name, status=422)
        after = _number(call, "after", 0)
        limit = min(_number(call, "limit", MAX_PULL), MAX_PULL)
        return Heard(self.pulled([], more=False), pull=Pull(after, max(limit, 1)))


def _mark(call: Call) -> str:
    """What only this call has; `verify` saw to it that both headers are short and plain."""
    return f"{call.headers[TIMESTAMP]}:{call.headers[NONCE]}"


def _want(call: Call, method: str) -> None:
    if call.method.upper() != method:
        raise BadPayload("bridge_method", status=405)


def _number(call: Call, name: str, default: int) -> int:
    value = call.query.get(name, str(default))
    if not _AFTER.fullmatch(value):
        raise BadPayload("bridge_field", name, status=422)
    return int(value)


def _wire(message: Outbound) -> dict[str, object]:
    """One message as contract G.3 says it."""
    return {
        "v": 1,
        "id": message.key,
        "chat": {"id": message.to.chat, "kind": message.to.kind.value},
        "text": bridge_fields.clean(message.text),
        "mentions": [],
        "priority": "urgent" if message.urgent else "normal",
        "expires_at": message.expires_at.isoformat() if message.expires_at else None,
    }


def _their_id(body: bytes) -> str:
    """The gateway's id in its answer; an answer that is no JSON has none."""
    try:
        value = bridge_fields.parse(body).get("id")
    except BadPayload:
        return ""
    return value if isinstance(value, str) and bridge_fields.is_ident(value) else ""


def _refused(reply: Reply) -> SendError:
    """What an answer outside 2xx means (the table of contract G)."""
    detail = f"HTTP {reply.status}"
    wait = _retry_after(reply)
    if reply.status == 429:
        return Throttled("bridge_busy", detail, wait)
    if reply.status in _LATER or reply.status >= 500:
        return Unreachable("bridge_down", detail, wait)
    if 300 <= reply.status < 400:
        return Rejected("bridge_redirect", detail)
    try:
        word = bridge_fields.parse(reply.body).get("error")
    except BadPayload:
        word = None
    if isinstance(word, str) and _WORD.fullmatch(word):
        detail = f"{detail} {word}"
    return Rejected("bridge_refused", detail)


def _retry_after(reply: Reply) -> float | None:
    """Seconds of Retry-After; a date there is left to the sender's own backoff."""
    value = reply.headers.get("retry-after", "").strip()
    return float(value) if re.fullmatch(r"[0-9]{1,6}", value, re.ASCII) else None


async def _refuse_private(host: str) -> None:
    """Hold a wrong or malicious push address off this machine and its network.

    Raises:
        Rejected: the name leads to an address that is not public.
        Unreachable: the name leads nowhere.
    """
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, None, type=socket.SOCK_STREAM
            )
    except (OSError, UnicodeError, TimeoutError):
        raise Unreachable("bridge_dns") from None
    for *_, place in found:
        if not _is_public(str(place[0])):
            raise Rejected("bridge_private_address", "push_url is not a public address")


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return parsed.is_global and not parsed.is_multicast
