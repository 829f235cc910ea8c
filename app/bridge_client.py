"""The gateway's side of the bridge contract: what `shouwang bridge send` and `listen` run.

It is also the reference for whoever writes a gateway in another language (docs/bridge.md):

    send       one event in; again with backoff until taken, the same id and a new nonce each time
    listen     pull, say, receipt, ack, in this order: a crash repeats a message, and loses none
"""

import json
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import httpx2

from bot.channels.bridge_signing import signed_headers
from bot.errors import Rejected, SendError, Throttled, Unknown, Unreachable

HEARTBEAT_S = 60.0
POLL_S = 2.0
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0
TRIES = 8  # 1 + 2 + 4 … seconds: about two minutes, then the caller decides
MAX_KNOWN = 10_000  # ids said lately, so that a repeat is not said twice

log = logging.getLogger(__name__)

Message = dict[str, object]


@dataclass(frozen=True, slots=True)
class Said:
    """What became of one message at the gateway."""

    state: str = "sent"  # sent, delivered, failed
    reason: str = ""
    retryable: bool = False


class BridgeClient:
    """One gateway's account. Not for several threads at once."""

    def __init__(
        self,
        base_url: str,
        bridge_id: str,
        key: bytes,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        tries: int = TRIES,
        timeout_s: float = 10.0,
    ) -> None:
        """Point it at a server.

        Args:
            base_url: e.g. "https://example.org"; the calls go to /hook/<bridge_id> there.
            bridge_id: the channel's configured name.
            key: the 32 bytes shown once when the bridge was set up.
            now: the clock; more than five minutes off, and every call is refused.
            sleep: waits between tries.
            tries: of one call before its error is raised.
            timeout_s: of one try.
        """
        self._bridge_id = bridge_id
        self._keys = (key,)
        self._now = now
        self._sleep = sleep
        self._tries = tries
        self._known: OrderedDict[str, Said] = OrderedDict()
        self._hook = httpx2.URL(f"{base_url.rstrip('/')}/hook/{bridge_id}")
        self._client = httpx2.Client(timeout=timeout_s, follow_redirects=False, trust_env=False)

    def __enter__(self) -> "BridgeClient":
        """The client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, message: Message) -> Message:
        """Send one event; `v` and `type` are filled in where they are missing.

        Returns:
            The answer: {"accepted": true}, with "duplicate": true for a repeat.

        Raises:
            Rejected: 401, 413, 422 …: sending it again helps nobody.
            SendError: not taken after all tries.
        """
        body = {"v": 1, "type": "message", **message}
        return self._call("POST", "", json.dumps(body).encode())

    def heartbeat(self, *, logged_in: bool = True, chats: int | None = None) -> Message:
        """Say that the gateway lives, once a minute; raises as `send` does."""
        body: Message = {"v": 1, "type": "heartbeat", "logged_in": logged_in}
        if chats is not None:
            body["chats"] = chats
        return self._call("POST", "", json.dumps(body).encode())

    def pull(self, after: int = 0) -> tuple[list[Message], bool]:
        """What waits above `after`, and whether there is more."""
        answer = self._call("GET", f"/outbox?after={after}", b"")
        rows = answer.get("messages")
        found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return found, answer.get("more") is True

    def ack(self, ids: list[str]) -> Message:
        """Confirm that these messages were fetched."""
        return self._call("POST", "/ack", json.dumps({"ids": ids}).encode())

    def receipt(self, ref: str, said: Said) -> Message:
        """Tell what became of one message."""
        return self.send(
            {
                "id": f"receipt:{secrets.token_hex(16)}",
                "type": "receipt",
                "ref": ref,
                "state": said.state,
                "reason": said.reason,
                "retryable": said.retryable,
            }
        )

    def listen(
        self,
        on_message: Callable[[Message], Said | None],
        *,
        is_over: Callable[[], bool] = lambda: False,
        poll_s: float = POLL_S,
        chats: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Pull and say until `is_over`, with a heartbeat a minute; outages are waited out.

        Args:
            on_message: says one message; what it returns becomes the receipt (None: sent). A
                SendError becomes a failed one.
            is_over: asked once a round.
            poll_s: between two pulls when nothing waits.
            chats: how many chats the gateway sees, for the heartbeat.

        Raises:
            Rejected: the server refuses this gateway: wrong key, wrong clock, unknown bridge.
        """
        beat_at: float | None = None
        while not is_over():
            try:
                moment = self._now().timestamp()
                if beat_at is None or moment - beat_at >= HEARTBEAT_S:
                    self.heartbeat(chats=chats())
                    beat_at = moment
                self._say_all(on_message)
            except SendError as error:
                if not error.retryable:
                    raise
                log.warning("bridge_waits code=%s", error.code)
            self._sleep(poll_s)

    def _say_all(self, on_message: Callable[[Message], Said | None]) -> None:
        """Pull page by page, say, confirm. What is confirmed is not given again: start from 0."""
        after, more = 0, True
        while more:
            messages, more = self.pull(after)
            ids = []
            for message in messages:
                ref, seq = message.get("id"), message.get("seq")
                if isinstance(ref, str) and isinstance(seq, int):
                    self.receipt(ref, self._say(ref, message, on_message))
                    ids.append(ref)
                    after = max(after, seq)
            if not ids:
                return
            self.ack(ids)

    def _say(
        self, ref: str, message: Message, on_message: Callable[[Message], Said | None]
    ) -> Said:
        """Say a message once; a repeat gets the receipt of the first time."""
        if ref not in self._known:
            try:
                said = on_message(message) or Said()
            except SendError as error:
                said = Said("failed", error.code, error.retryable)
            if said.retryable:
                return said  # it may come again, and is then tried again
            self._known[ref] = said
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return self._known[ref]

    def _call(self, method: str, path: str, body: bytes) -> Message:
        """One call, tried again while its error says so."""
        waits = _waits(self._tries)
        while True:
            try:
                return self._try(method, path, body)
            except SendError as error:
                wait = next(waits, None)
                if not error.retryable or wait is None:
                    raise
                self._sleep(min(error.retry_after or wait, LONGEST_WAIT_S))

    def _try(self, method: str, path: str, body: bytes) -> Message:
        """One try. A repeat is safe whatever happened to the last one: the server knows the id."""
        url = httpx2.URL(f"{self._hook}{path}")
        target = url.raw_path.decode("ascii")
        headers = signed_headers(self._keys, self._bridge_id, method, target, body, self._now())
        headers["content-type"] = "application/json; charset=utf-8"
        try:
            answer = self._client.request(method, url, content=body, headers=headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise Unreachable("bridge_unreachable", type(error).__name__) from None
        except httpx2.HTTPError as error:
            raise Unknown("bridge_unknown", type(error).__name__) from None
        if answer.is_success:
            return _object(answer)
        raise _refused(answer)


def _refused(answer: httpx2.Response) -> SendError:
    """429 and 5xx: later. The rest: never; the field that is wrong is in the server's words."""
    status = answer.status_code
    detail = f"HTTP {status} {answer.text[:200]}".strip()
    value = answer.headers.get("retry-after", "")
    wait = float(value) if value.isascii() and value.isdigit() else None
    if status == 429:
        return Throttled("bridge_busy", detail, wait)
    if status in (408, 425) or status >= 500:
        return Unreachable("bridge_down", detail, wait)
    return Rejected("bridge_refused", detail)


def _object(answer: httpx2.Response) -> Message:
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _waits(tries: int) -> Iterator[float]:
    """Seconds before the second try, the third …: 1, 2, 4, at most LONGEST_WAIT_S."""
    for nth in range(tries - 1):
        yield min(FIRST_WAIT_S * 2**nth, LONGEST_WAIT_S)
