"""Sealing of what nobody may read from a copied disk: identity numbers and phones, masks, look-up.

A sealed text opens only in the row that it was sealed for: the context (kind and row id) is
authenticated with it. A look-up goes by keyed fingerprint, so that equal texts are found without
opening any.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.errors import BotError

KEY_BYTES = 32
_NONCE_BYTES = 12  # random: good for 2**32 texts under one key
_VERSION = b"\x01"
_SHOWN = 4  # characters that a mask leaves at either end

# Source: GB 11643-1999, ISO 7064 MOD 11-2.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


class Sealer:
    """AES-256-GCM seals, HMAC-SHA-256 fingerprints; each has its own key from one secret."""

    def __init__(self, key: bytes) -> None:
        """`key`: 32 bytes.

        Raises:
            BotError: another length.
        """
        if len(key) != KEY_BYTES:
            raise BotError("seal_key", f"密钥要 {KEY_BYTES} 字节，这个是 {len(key)} 字节")
        self._aead = AESGCM(hmac.digest(key, b"shouwang seal 1", "sha256"))
        self._look_up = hmac.digest(key, b"shouwang fingerprint 1", "sha256")

    def seal(self, text: str, context: str) -> bytes:
        """Seal a text for one place; `context` names it: `resident.phone:12`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._aead.encrypt(nonce, text.encode(), context.encode())

    def open(self, blob: bytes, context: str) -> str:
        """What was sealed.

        Raises:
            BotError: another key, another context, or the bytes were changed.
        """
        nonce, sealed = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
        if blob[:1] != _VERSION or len(sealed) < 16:
            raise BotError("seal_open", "这不是密封过的内容；从备份恢复这一行")
        try:
            return self._aead.decrypt(nonce, sealed, context.encode()).decode()
        except InvalidTag as error:
            raise BotError(
                "seal_open", "打不开密封的内容：密钥换过，或内容被改过；把原来的密钥文件放回去"
            ) from error

    def fingerprint(self, text: str) -> str:
        """Keyed hash for look-up, 64 hex digits; "" of "" (nothing to look up)."""
        return hmac.new(self._look_up, text.encode(), hashlib.sha256).hexdigest() if text else ""

    @staticmethod
    def mask_id_number(text: str) -> str:
        """2113**********1234."""
        hidden = len(text) - 2 * _SHOWN
        if hidden < _SHOWN:
            return "*" * len(text)
        return text[:_SHOWN] + "*" * hidden + text[-_SHOWN:]

    @staticmethod
    def mask_phone(text: str) -> str:
        """138****5678; of a shorter number only the last four."""
        if len(text) <= _SHOWN:
            return "*" * len(text)
        shown = 3 if len(text) >= 11 else 0
        return text[:shown] + "*" * (len(text) - shown - _SHOWN) + text[-_SHOWN:]


def id_number_fault(text: str) -> str:
    """What is wrong with an 18-digit identity number, in words; "" where nothing is."""
    if len(text) == 15 and text.isdecimal():
        return "是 15 位的旧号"
    if len(text) != 18:
        return f"有 {len(text)} 位，应为 18 位"
    if not (text.isascii() and text[:17].isdecimal() and text[17] in "0123456789X"):
        return "里有不该有的字（只有最后一位可以是 X）"
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return "第 7 到 14 位不是一个日期"
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    return "" if _CHECK[total % 11] == text[17] else "校验位不对，多半是抄错了一位"


def born_on(id_number: str) -> date:
    """Date of birth of a number in which `id_number_fault` finds nothing."""
    return date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))


def is_male(id_number: str) -> bool:
    """Sex by the 17th digit of a number in which `id_number_fault` finds nothing: odd is male."""
    return int(id_number[16]) % 2 == 1


def load_or_make_key(path: Path, *, may_make: bool = True) -> bytes:
    """The key of a file (64 hex digits); made where it is missing, for its owner only.

    Args:
        path: the file; a missing folder is made for its owner only.
        may_make: False where sealed rows exist already: a new key would never open them.

    Raises:
        BotError: no key can be had; the words say how to mend it.
    """
    try:
        text = path.read_text("ascii")
    except FileNotFoundError:
        if not may_make:
            raise BotError(
                "seal_key",
                f"找不到密钥文件 {path.name}，而库里已有密封的号码；从备份放回这个文件再启动",
            ) from None
        return _make(path)
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise BotError(
            "seal_key", f"读不了密钥文件 {path.name}（{error.strerror}）；看看它属于谁"
        ) from error
    _keep_private(path)
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BotError(
            "seal_key",
            f"密钥文件 {path.name} 坏了（应为 64 个十六进制字符）；从备份放回，别删了重来："
            "换了密钥，已经密封的号码就打不开了",
        )
    return key


def _make(path: Path) -> bytes:
    """Write a new key whole or not at all; where another process was faster, its key counts."""
    key = secrets.token_bytes(KEY_BYTES)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600
    except OSError as error:
        raise BotError(
            "seal_key",
            f"写不了密钥文件 {path.name}（{error.strerror}）；看看文件夹能不能写、盘满没满",
        ) from error
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(fresh)  # fails where the file exists by now
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        return load_or_make_key(path, may_make=False)
    except OSError as error:
        raise BotError(
            "seal_key", f"写不了密钥文件 {path.name}（{error.strerror}）；换一个本机磁盘上的文件夹"
        ) from error
    finally:
        with suppress(OSError):
            fresh.unlink()
    return key


def _keep_private(path: Path) -> None:
    """Take other people's right to read away.

    Raises:
        BotError: they keep it.
    """
    if not path.stat().st_mode & 0o077:
        return
    with suppress(OSError):
        path.chmod(0o600)
    if path.stat().st_mode & 0o077:
        raise BotError("seal_key", f"密钥文件 {path.name} 别人也能读；运行 chmod 600 {path.name}")
