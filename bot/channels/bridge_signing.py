"""The signature of the bridge contract, in both directions: HMAC-SHA256 over all that is sent.

Signed bytes, one line each, without a last line end:

    v1
    METHOD
    path?query
    timestamp
    nonce
    hex SHA-256 of the raw body

HMAC, not a bare hash over sorted strings: no length extension, no ambiguity, the body is covered.
"""

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

from bot.channels.base import Call
from bot.errors import BadSignature

WINDOW_S = 300  # the contract is ours: a gateway's clock may be off by five minutes, not more
NONCE_S = 600  # twice the window: a nonce is forgotten when its timestamp is refused anyway
MAX_NONCES = 120_000  # 200 calls a second for NONCE_S
MAX_SIGNATURES = 2  # old and new key while a key is being changed

BRIDGE = "x-sw-bridge"
TIMESTAMP = "x-sw-timestamp"
NONCE = "x-sw-nonce"
SIGNATURE = "x-sw-signature"

_KEY = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


class Unauthorised(BadSignature):
    """The bridge contract says 401, the same for an unknown bridge and for a wrong signature."""

    status = 401


class Nonces:
    """Nonces seen within NONCE_S, oldest first, bounded.

    In memory: a restart or another process forgets them. What makes a message count once is its id,
    kept on disk; this only makes an overheard call useless.
    """

    def __init__(self, most: int = MAX_NONCES) -> None:
        """Remember at most so many; past that the oldest is forgotten first."""
        self._most = most
        self._seen: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._seen)

    def is_new(self, nonce: str, now: datetime) -> bool:
        """Remember the nonce; False where it was already there."""
        moment = now.timestamp()
        while self._seen:
            oldest, at = next(iter(self._seen.items()))
            if 0 <= moment - at <= NONCE_S and len(self._seen) < self._most:
                break
            del self._seen[oldest]
        if nonce in self._seen:
            return False
        self._seen[nonce] = moment
        return True


def key_of(text: str) -> bytes:
    """The key as people copy it: 64 hex digits are its 32 bytes.

    Raises:
        ValueError: anything else; the message does not repeat it.
    """
    if not _KEY.fullmatch(text):
        raise ValueError("a bridge's key is 64 hex digits")
    return bytes.fromhex(text)


def signature(key: bytes, method: str, target: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The value of one signature: `v1=` and 64 lower-case hex digits.

    `target` is path and query exactly as sent ("/hook/sms/outbox?after=12"), `timestamp` Unix
    seconds in ASCII digits.
    """
    lines = ("v1", method.upper(), target, timestamp, nonce, hashlib.sha256(body).hexdigest())
    signed = "\n".join(lines).encode("utf-8", "surrogateescape")
    return "v1=" + hmac.new(key, signed, hashlib.sha256).hexdigest()


def signed_headers(
    keys: Iterable[bytes], bridge: str, method: str, target: str, body: bytes, now: datetime
) -> dict[str, str]:
    """The four headers of one call; two keys give two signatures: either end may change first."""
    timestamp = str(int(now.timestamp()))
    nonce = secrets.token_urlsafe(18)
    signatures = (signature(key, method, target, timestamp, nonce, body) for key in keys)
    return {
        BRIDGE: bridge,
        TIMESTAMP: timestamp,
        NONCE: nonce,
        SIGNATURE: ",".join(signatures),
    }


def verify(call: Call, bridge: str, keys: tuple[bytes, ...], nonces: Nonces) -> None:
    """Believe a call, or refuse it. The nonce is remembered only once the signature holds.

    Raises:
        Unauthorised: whatever is wrong; its code is for the log, the answer is the same for all.
    """
    timestamp = call.headers.get(TIMESTAMP, "")
    nonce = call.headers.get(NONCE, "")
    if not hmac.compare_digest(_bytes(call.headers.get(BRIDGE, "")), _bytes(bridge)):
        raise Unauthorised("bridge_unknown")
    if not _SECONDS.fullmatch(timestamp):
        raise Unauthorised("bridge_timestamp")
    if not _NONCE.fullmatch(nonce):
        raise Unauthorised("bridge_nonce")
    if not _is_signed(call, keys, timestamp, nonce):
        raise Unauthorised("bridge_signature")
    if abs(call.now.timestamp() - int(timestamp)) > WINDOW_S:
        raise Unauthorised("bridge_clock")
    if not nonces.is_new(nonce, call.now):
        raise Unauthorised("bridge_replay")


def _is_signed(call: Call, keys: tuple[bytes, ...], timestamp: str, nonce: str) -> bool:
    """Compare every signature given with every key, without stopping at the first that fits."""
    given = call.headers.get(SIGNATURE, "").split(",", MAX_SIGNATURES)[:MAX_SIGNATURES]
    fits = False
    for key in keys:
        wanted = _bytes(signature(key, call.method, call.target, timestamp, nonce, call.body))
        for one in given:
            fits |= hmac.compare_digest(_bytes(one.strip()), wanted)
    return fits


def _bytes(text: str) -> bytes:
    """Bytes for compare_digest, which refuses a str that is not ASCII."""
    return text.encode("utf-8", "surrogatepass")
