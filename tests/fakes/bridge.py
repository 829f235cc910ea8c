"""Both ends of the bridge contract as real servers, with a signature check of their own.

FakeGateway   takes what we push to `push_url`
FakeHook      stands where shouwang stands: hands every call to a Bridge, keeps what it hears
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from bot.channels.base import Answer, Call, Pull
from bot.channels.bridge import Bridge
from bot.errors import WireError
from bot.message import Inbound, Outbound
from tests.fakes.faulty import JSON, FaultyServer, Reply, Seen


class FakeGateway(FaultyServer):
    """A gateway that takes pushes; `taken` holds each message once, by id, in order."""

    def __init__(
        self, bridge_id: str, *keys: bytes, now: Callable[[], datetime], path: str = "/push"
    ) -> None:
        """Believe calls signed with one of these keys."""
        self.taken: dict[str, dict[str, object]] = {}
        self.repeats = 0
        self.push_path = path
        self._bridge_id = bridge_id
        self._keys = keys
        self._now = now
        self._nonces: set[str] = set()
        super().__init__()

    @property
    def push_url(self) -> str:
        """What is configured as push_url."""
        return self.url + self.push_path

    def answer(self, seen: Seen) -> Reply:
        """202 for what is signed and new, also for a repeat of an id; 401, 422 otherwise."""
        if not self._is_signed(seen):
            return Reply(401)
        message = json.loads(seen.body)
        if message.get("v") != 1 or not message.get("id") or not message.get("chat", {}).get("id"):
            return Reply(422, b'{"error":"bad_field"}', {"Content-Type": JSON})
        if message["id"] in self.taken:
            self.repeats += 1
        self.taken.setdefault(message["id"], message)
        own = json.dumps({"accepted": True, "id": f"gw-{len(self.taken)}"}).encode()
        return Reply(202, own, {"Content-Type": JSON})

    def _is_signed(self, seen: Seen) -> bool:
        """Written from the contract's words, not from our code: a second witness."""
        stamp, nonce = seen.headers.get("x-sw-timestamp", ""), seen.headers.get("x-sw-nonce", "")
        if seen.headers.get("x-sw-bridge") != self._bridge_id:
            return False
        if not re.fullmatch("[0-9]+", stamp) or not re.fullmatch("[A-Za-z0-9_-]{16,64}", nonce):
            return False
        if abs(self._now().timestamp() - int(stamp)) > 300 or nonce in self._nonces:
            return False
        digest = hashlib.sha256(seen.body).hexdigest()
        text = f"v1\n{seen.method}\n{seen.target}\n{stamp}\n{nonce}\n{digest}".encode()
        wanted = {"v1=" + hmac.new(key, text, "sha256").hexdigest() for key in self._keys}
        self._nonces.add(nonce)
        return bool(wanted & set(seen.headers.get("x-sw-signature", "").split(",")))


class FakeHook(FaultyServer):
    """Our side of a bridge on a real port; `heard` in order, `outbox` waits to be pulled."""

    def __init__(self, channel: Bridge, now: Callable[[], datetime]) -> None:
        """Serve one channel at /hook/<its name>."""
        self.channel = channel
        self.heard: list[Inbound] = []
        self.outbox: dict[int, Outbound] = {}
        self._now = now
        self._keys: set[str] = set()
        super().__init__()

    def answer(self, seen: Seen) -> Reply:
        """Hear, keep once, answer."""
        try:
            answer = self._hear(call_of(seen, self.channel.name, self._now()))
        except WireError as error:
            words = json.dumps({"error": error.code, "field": error.detail}).encode()
            return Reply(error.status, words if error.status == 422 else b"")
        return Reply(answer.status, answer.body, {"Content-Type": answer.content_type})

    def _hear(self, call: Call) -> Answer:
        heard = self.channel.hear(call)
        if heard.pull:
            return self._pulled(heard.pull)
        if heard.received is None or heard.received.key in self._keys:
            return heard.repeat or heard.answer
        self._keys.add(heard.received.key)
        self.heard.append(self.channel.read(heard.received.payload))
        for ref in json.loads(self.heard[-1].extra.get("refs", "[]")):
            self.outbox = {seq: out for seq, out in self.outbox.items() if out.key != ref}
        return heard.answer

    def _pulled(self, pull: Pull) -> Answer:
        waiting = [(seq, out) for seq, out in sorted(self.outbox.items()) if seq > pull.after]
        return self.channel.pulled(waiting[: pull.limit], more=len(waiting) > pull.limit)


def call_of(seen: Seen, name: str, now: datetime) -> Call:
    """A request as the hook hands it over."""
    parts = urlsplit(seen.target)
    query: dict[str, str] = {}
    repeated = set()
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key in query:
            repeated.add(key)
        query.setdefault(key, value)
    path = parts.path.removeprefix(f"/hook/{name}").strip("/")
    return Call(
        seen.method, seen.target, path, query, seen.headers, seen.body, now, frozenset(repeated)
    )
