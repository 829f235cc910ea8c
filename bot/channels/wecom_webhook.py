"""A WeCom group webhook (消息推送): says, and never hears.

The key in the address is the whole credential: whoever has it can write into the group. It stays in
this object: no log line, error or repr holds it.

Source: developer.work.weixin.qq.com/document/path/99110 (消息推送配置说明).
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from bot.channels.base import Answer, Call, Heard, Limit
from bot.channels.http import Http
from bot.errors import BadSignature, Rejected, SendError, Throttled, Unknown
from bot.message import ChatKind, Inbound, MessageKind, Outbound

API_BASE = "https://qyapi.weixin.qq.com"
SOURCE = "W/99110: 20 a minute for each webhook; whether the minute slides is not said"
MAX_TEXT = 2048  # bytes of a text; W/99110

RATE_WAIT_S = 60.0  # 45009: the documented minute
PARALLEL_WAIT_S = 2.0  # 45033: too many at once, not too many in all; the wait is ours

_HINT = re.compile(r"[,;.]?\s*(?:hint\s*:|from ip\s*:|more info at).*", re.IGNORECASE | re.DOTALL)


class WecomWebhook:
    """The webhooks of one configured account, one for each group."""

    kind = "wecom_webhook"
    limits: tuple[Limit, ...] = (Limit("chat", 18, 60.0, reserve=3, source=SOURCE),)
    can_push = True
    can_push_private = False
    dedupes = False
    max_bytes = MAX_TEXT
    pulls = False

    def __init__(
        self,
        name: str,
        hooks: Mapping[str, str],
        *,
        http: Http | None = None,
        api_base: str = API_BASE,
    ) -> None:
        """Configure the groups.

        Args:
            name: the channel's name.
            hooks: the group's reference (Address.chat) to the key of its webhook.
            http: shared client; without one the channel opens its own.
            api_base: where a test or a proxy stands in for the platform.
        """
        self.name = name
        self._hooks = dict(hooks)
        self._http = http or Http()
        self._api_base = api_base.rstrip("/")

    def hear(self, call: Call) -> Heard:
        """Nothing ever calls.

        Raises:
            BadSignature: always.
        """
        raise BadSignature("webhook_sends_only")

    def read(self, payload: str) -> Inbound:
        """Nothing was ever kept: whatever it is, it is unknown."""
        return Inbound(self.name, "", MessageKind.UNKNOWN, "", ChatKind.GROUP, "")

    async def say(self, message: Outbound) -> str:
        """Send one text; WeCom gives no id and no receipt.

        Raises:
            Throttled: 45009 or 45033: not sent.
            Unreachable: no connection.
            Unknown: -1, 5xx, a timeout, or an answer that is none of theirs: perhaps sent.
            Rejected: the webhook is gone (93000), or the text is refused.
        """
        key = self._hooks.get(message.to.chat)
        if message.to.kind is not ChatKind.GROUP or not key:
            raise Rejected("webhook_unknown_chat", "no webhook is configured for this chat")
        body: dict[str, object] = {"msgtype": "text", "text": {"content": message.text}}
        url = f"{self._api_base}/cgi-bin/webhook/send?key={quote(key, safe='')}"
        status, answer = await self._http.post_json(url, body)
        error = _error_of(status, answer, key)
        if error is not None:
            raise error
        return ""

    def pulled(self, messages: list[tuple[int, Outbound]], more: bool) -> Answer:
        """Nobody pulls here."""
        raise NotImplementedError(self.kind)

    async def close(self) -> None:
        """Close the client."""
        await self._http.close()


def _error_of(status: int, answer: Mapping[str, object], key: str) -> SendError | None:
    """What an answer means; None where the message was taken. Errors come with HTTP 200."""
    code = answer.get("errcode")
    if isinstance(code, int) and not isinstance(code, bool):
        return _error_of_code(code, answer.get("errmsg"), key)
    detail = f"HTTP {status}"
    if status == 429:
        return Throttled("webhook_busy", detail, RATE_WAIT_S)
    if 400 <= status < 500:
        return Rejected("webhook_refused", detail)
    return Unknown("webhook_answer", detail)


def _error_of_code(code: int, errmsg: object, key: str) -> SendError | None:
    if code == 0:
        return None
    detail = f"{code} {_words(errmsg, key)}".strip()
    if code == -1:  # "system busy": taken or not, nobody knows
        return Unknown("webhook_system_busy", detail, RATE_WAIT_S)
    if code == 45009:
        return Throttled("webhook_rate", detail, RATE_WAIT_S)
    if code == 45033:
        return Throttled("webhook_parallel", detail, PARALLEL_WAIT_S)
    if code == 93000:
        return Rejected("webhook_gone", detail)
    return Rejected("webhook_refused", detail)


def _words(errmsg: object, key: str) -> str:
    """The platform's words without its hint, our address and, whatever it echoes, the key."""
    if not isinstance(errmsg, str):
        return ""
    return _HINT.sub("", errmsg.replace(key, "***"))[:120]
