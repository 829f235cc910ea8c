"""The platform's side of the encryption, written apart from ours: it seals calls, opens answers."""

import base64
import hashlib
import os
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.channels.base import Call


@dataclass(frozen=True, slots=True)
class Sealer:
    """One account as the platform knows it."""

    token: str = "shouwang-token"  # noqa: S105  # of a fake
    aes_key: str = "wecomKEY9876543210zyxwvutsrqponmlkjihgfedcB"
    receive_id: str = "ww0123456789abcdef"

    def _cipher(self) -> Cipher[modes.CBC]:
        key = base64.b64decode(self.aes_key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def sign(self, *parts: str) -> str:
        """SHA-1 over the sorted parts and the token."""
        joined = b"".join(sorted(part.encode() for part in (self.token, *parts)))
        return hashlib.sha1(joined).hexdigest()  # noqa: S324  # the platform's choice

    def seal(self, message: str | bytes) -> str:
        """Frame, pad to 32, encrypt, base64."""
        raw = message.encode() if isinstance(message, str) else message
        frame = os.urandom(16) + len(raw).to_bytes(4, "big") + raw + self.receive_id.encode()
        pad = 32 - len(frame) % 32
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(frame + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def open(self, encrypted: str) -> str:
        """Open what we answered."""
        decryptor = self._cipher().decryptor()
        plain = decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
        frame = plain[: -plain[-1]]
        size = int.from_bytes(frame[16:20], "big")
        if frame[20 + size :] != self.receive_id.encode():
            raise ValueError("receive id")
        return frame[20 : 20 + size].decode()

    def query(self, encrypted: str, now: datetime, nonce: str = "1372623149") -> dict[str, str]:
        """The query of a sealed call."""
        timestamp = str(int(now.timestamp()))
        signature = self.sign(timestamp, nonce, encrypted)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    def xml_call(self, message: str | bytes, now: datetime) -> Call:
        """A push as A and B make it."""
        encrypted = self.seal(message)
        return post(envelope(encrypted), self.query(encrypted, now), now)

    def json_call(self, message: str | bytes, now: datetime) -> Call:
        """A callback as a smart bot makes it."""
        encrypted = self.seal(message)
        return post(f'{{"encrypt":"{encrypted}"}}', self.query(encrypted, now), now)

    def check_call(self, echostr: str, now: datetime) -> Call:
        """A URL check as B and D make it."""
        encrypted = self.seal(echostr)
        return get({**self.query(encrypted, now), "echostr": encrypted}, now)


def envelope(encrypted: str) -> str:
    """The outer XML of a push."""
    return (
        "<xml><ToUserName><![CDATA[account]]></ToUserName>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )


def post(body: str | bytes, query: dict[str, str], now: datetime) -> Call:
    """A POST at the hook."""
    raw = body.encode() if isinstance(body, str) else body
    return Call("POST", "/hook/test", "", query, {}, raw, now)


def get(query: dict[str, str], now: datetime) -> Call:
    """A GET at the hook."""
    return Call("GET", "/hook/test", "", query, {}, b"", now)
