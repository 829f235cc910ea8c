"""Signature and encryption of Tencent's callbacks: wechatpy's scheme with the checks it leaves out.

An opened callback has passed, in this order, and each step has its own code in `Refused`:

    signature          bad_signature
    timestamp          bad_timestamp, expired_timestamp (only where a window is set)
    base64             bad_base64
    ciphertext length  bad_ciphertext
    padding            bad_padding
    frame              bad_length
    receive id         bad_receive_id
    UTF-8              bad_utf8
"""

import binascii
import hashlib
import hmac
import re
import secrets
from base64 import b64decode
from datetime import datetime

from wechatpy.crypto import PrpCrypto, WeChatCrypto

from bot.channels.http import encode
from bot.errors import BadSignature

BLOCK = 32  # Tencent pads to 32 bytes, not to AES's 16
FRAME = 20  # 16 random bytes, then the length of the message in 4
_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
_SECONDS = re.compile(r"[0-9]{1,12}")  # int() alone also takes full-width digits and spaces


class Refused(BadSignature):
    """A call that Tencent did not make for this account: answered 403, with nothing said."""


class Cipher(PrpCrypto):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's AES with a secure random prefix and a strict way back."""

    def get_random_string(self) -> bytes:
        """Sixteen bytes from the system (wechatpy draws from `random`, without repeats)."""
        return secrets.token_bytes(16)

    def seal(self, text: str, receive_id: str) -> str:
        """Frame, pad, encrypt; base64 text."""
        return str(self.encrypt(text, receive_id), "ascii")

    def _decrypt(self, text: str, _id: str, exception: type[Exception] | None = None) -> str:
        try:
            sealed = binascii.a2b_base64(text, strict_mode=True)
        except ValueError:
            raise Refused("bad_base64") from None
        if not sealed or len(sealed) % BLOCK:
            raise Refused("bad_ciphertext")
        plain: bytes = self.cipher.decrypt(sealed)
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or plain[-pad:] != bytes((pad,)) * pad:
            raise Refused("bad_padding")
        end = len(plain) - pad
        after = FRAME + int.from_bytes(plain[16:FRAME], "big")
        if end < FRAME or after > end:
            raise Refused("bad_length")
        if plain[after:end] != _id.encode():
            raise Refused("bad_receive_id")
        try:
            return plain[FRAME:after].decode()
        except UnicodeDecodeError:
            raise Refused("bad_utf8") from None


class Envelope(WeChatCrypto):  # type: ignore[misc]  # wechatpy has no types
    """What one account opens and seals: its token, its key and its own id."""

    def __init__(
        self,
        token: str,
        aes_key: str,
        receive_id: str,
        *,
        old_aes_key: str = "",
        max_skew_s: int | None = None,
    ) -> None:
        """Check the key before wechatpy asserts on it.

        Args:
            token: the callback's Token.
            aes_key: EncodingAESKey.
            receive_id: CorpID, AppID, or "" for a smart bot.
            old_aes_key: the key before this one, while the platform still switches over.
            max_skew_s: how far a timestamp may be off, seconds; None: as far as it likes.

        Raises:
            ValueError: a key or token that cannot be right, in the words of the settings page.
        """
        if not token:
            raise ValueError("Token 不能为空，请从平台的回调设置里抄过来")
        super().__init__(token, checked_key(aes_key), receive_id)
        old = [b64decode(checked_key(old_aes_key) + "=")] if old_aes_key else []
        self._ciphers = [Cipher(key) for key in (self.key, *old)]
        self._token = token.encode()
        self._receive_id = receive_id
        self._max_skew_s = max_skew_s

    def open(
        self, encrypted: str, signature: str, timestamp: str, nonce: str, now: datetime
    ) -> str:
        """Verify and decrypt.

        Raises:
            Refused: by the first check that failed.
        """
        self.verify(signature, timestamp, nonce, encrypted)
        self.check_time(timestamp, now)
        first, *older = self._ciphers
        try:
            return str(first.decrypt(encrypted, self._receive_id))
        except Refused:
            for cipher in older:
                try:
                    return str(cipher.decrypt(encrypted, self._receive_id))
                except Refused:
                    continue
            raise

    def verify(self, signature: str, *parts: str) -> None:
        """Compare the SHA-1 over the token and these parts, in constant time.

        Raises:
            Refused: bad_signature.
        """
        mine = self.signature(*parts).encode()
        if not hmac.compare_digest(mine, signature.encode("utf-8", "replace")):
            raise Refused("bad_signature")

    def signature(self, *parts: str) -> str:
        """Sort token and parts as bytes, join them, hash them: lower-case hex."""
        pieces = [self._token, *(part.encode("utf-8", "replace") for part in parts)]
        pieces.sort()
        return hashlib.sha1(b"".join(pieces), usedforsecurity=False).hexdigest()

    def check_time(self, timestamp: str, now: datetime) -> None:
        """Refuse what is no number of seconds, and where a window is set what lies outside it.

        Raises:
            Refused: bad_timestamp, expired_timestamp.
        """
        if not _SECONDS.fullmatch(timestamp):
            raise Refused("bad_timestamp")
        window = self._max_skew_s
        if window is not None and abs(int(timestamp) - now.timestamp()) > window:
            raise Refused("expired_timestamp")

    def seal_xml(self, message: str, now: datetime) -> bytes:
        """Seal a reply for A and B: Encrypt, MsgSignature, TimeStamp, Nonce."""
        nonce, timestamp = secrets.token_hex(8), str(int(now.timestamp()))
        sealed = self._encrypt_message(message, nonce, timestamp, lambda _key: self._ciphers[0])
        return str(sealed).encode()

    def seal_json(self, message: str, nonce: str, now: datetime) -> bytes:
        """Seal a reply for a smart bot, with the nonce of the call that it answers (W/101033)."""
        encrypted, timestamp = (
            self._ciphers[0].seal(message, self._receive_id),
            int(now.timestamp()),
        )
        signature = self.signature(str(timestamp), nonce, encrypted)
        return encode(
            {
                "encrypt": encrypted,
                "msgsignature": signature,
                "timestamp": timestamp,
                "nonce": nonce,
            }
        )


def checked_key(aes_key: str) -> str:
    """Let through an EncodingAESKey of the right shape.

    The last character may carry unused bits (three of four official sample keys do), so this asks
    for the alphabet and the length, not for canonical base64.

    Raises:
        ValueError: in Chinese, naming the field.
    """
    if not _AES_KEY.fullmatch(aes_key):
        raise ValueError(
            f"EncodingAESKey 要 43 个字符，只能是字母和数字；现在是 {len(aes_key)} 个字符"
        )
    return aes_key
