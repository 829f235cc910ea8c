"""What leaves as text: valid everywhere, cut at a character border, safe inside CDATA."""

import re
from datetime import datetime

from wechatpy.replies import TextReply

_LONE = re.compile("[\ud800-\udfff]")
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0
_MORE = "…"


def clean(text: str) -> str:
    """Show a lone surrogate as U+FFFD, drop what XML 1.0 forbids (NUL and other controls)."""
    return _FORBIDDEN.sub("", _LONE.sub("\ufffd", text))


def cut(text: str, max_bytes: int) -> str:
    """Keep at most so many UTF-8 bytes, whole characters, with "…" where something is missing."""
    raw = text.encode()
    if len(raw) <= max_bytes:
        return text
    return raw[: max_bytes - len(_MORE.encode())].decode(errors="ignore") + _MORE


def text_reply(words: str, to: str, sender: str, now: datetime, max_bytes: int) -> str:
    """The clear XML of a passive text reply (M/service …/Receiving_standard_messages)."""
    reply = TextReply(
        source=_cdata(sender),
        target=_cdata(to),
        time=int(now.timestamp()),
        content=_cdata(cut(clean(words), max_bytes)),
    )
    return str(reply.render())


def _cdata(text: str) -> str:
    """Keep "]]>" from ending the section that wechatpy puts around a text."""
    return text.replace("]]>", "]]]]><![CDATA[>")
