"""WeCom self-built app: hears members one to one, speaks to them and to the groups it created."""

from zlib import crc32

from wechatpy.enterprise.parser import parse_message

from bot.channels.adapter import identity, inbound
from bot.channels.base import Answer, Call, Heard, Limit, Received
from bot.channels.cipher import Envelope
from bot.channels.envelope import echo, is_check, opened, sealed_xml
from bot.channels.http import Http
from bot.channels.reply import clean, cut
from bot.channels.tokens import TokenSource
from bot.channels.weixin import BUSY, Api, Verdict
from bot.channels.xml import fields
from bot.errors import BadPayload, Rejected, Throttled, Unknown, Unreachable
from bot.message import ChatKind, Inbound, Outbound

API_BASE = "https://qyapi.weixin.qq.com"
MAX_BYTES = 2048  # text content, W/90236
_DUPLICATE_S = 1800  # duplicate_check_interval, W/90236; at most 4 h
_EMPTY = Answer()  # 200 and an empty body: heard, nothing to say

# Meanings: W/90313, W/90236, W/90244, W/90248; what to do about them is ours.
_VERDICTS = {
    -1: BUSY,
    6000: Verdict(Unreachable, "conflict"),  # concurrent writers
    40003: Verdict(Rejected, "unknown_user"),
    40031: Verdict(Rejected, "unknown_user"),
    60111: Verdict(Rejected, "unknown_user"),
    81013: Verdict(Rejected, "unknown_user"),  # all receivers invalid
    40013: Verdict(Rejected, "bad_account"),
    40056: Verdict(Rejected, "bad_account"),
    40050: Verdict(Rejected, "no_such_chat"),
    45009: Verdict(Throttled, "too_fast", 60),
    45033: Verdict(Throttled, "too_many_at_once", 5),
    48002: Verdict(Rejected, "not_allowed"),
    60011: Verdict(Rejected, "no_right"),
    60020: Verdict(Rejected, "ip_not_trusted"),
}

LIMITS = (
    Limit("chat", 25, 60, source="W/90236: 30 a minute to one member, the rest dropped silently"),
    Limit("chat", 950, 3600, source="W/90236: 1,000 an hour to one member"),
    Limit("account", 9_000, 60, reserve=500, source="W/90454: one API 10,000 a minute"),
    Limit("account", 140_000, 3600, reserve=5_000, source="W/90454: one API 150,000 an hour"),
    Limit(
        "account",
        18_000,
        60,
        unit="people",
        reserve=1_000,
        source="W/90248: group messages 20,000 person-times a minute",
    ),
    Limit(
        "account",
        140_000,
        3600,
        unit="people",
        reserve=5_000,
        source="W/90248: group messages 150,000 person-times an hour, small or unverified",
    ),
)


class WecomApp:
    """One app of one enterprise."""

    kind = "wecom_app"
    can_push = True
    can_push_private = True
    dedupes = True  # message/send; an unknown outcome in a group is marked not retryable
    max_bytes = MAX_BYTES
    pulls = False

    def __init__(
        self,
        *,
        name: str,
        token: str,
        aes_key: str,
        receive_id: str,
        agent_id: int,
        http: Http,
        tokens: TokenSource,
        api_base: str = API_BASE,
        old_aes_key: str = "",
        max_skew_s: int | None = None,
        limits: tuple[Limit, ...] = LIMITS,
    ) -> None:
        """Check what can be checked without a network.

        Raises:
            ValueError: a setting cannot be right, in Chinese.
        """
        if not receive_id:
            raise ValueError("receive_id 不能为空：自建应用要填企业 ID（ww 开头）")
        self.name = name
        self.limits = limits
        self._envelope = Envelope(
            token, aes_key, receive_id, old_aes_key=old_aes_key, max_skew_s=max_skew_s
        )
        self._agent_id = agent_id
        self._api = Api(http, api_base, tokens, _VERDICTS)

    def hear(self, call: Call) -> Heard:
        """Open a callback; the answer is always empty, replies go out by `say`."""
        if is_check(call):
            return Heard(echo(call, self._envelope))
        payload = opened(call, sealed_xml(call.body), self._envelope)
        who = identity(fields(payload), fold=True, groups=True)
        return Heard(_EMPTY, Received(who.key, who.chat, payload))

    def read(self, payload: str) -> Inbound:
        """Make the message; an element ChatId names a group, in which nobody addressed the bot."""
        return inbound(self.name, payload, parse_message, fold=True, groups=True)

    async def say(self, message: Outbound) -> str:
        """Send to a member, or into a group that this app created."""
        text = cut(clean(message.text), MAX_BYTES)
        if message.to.kind is ChatKind.GROUP:
            return await self._say_in_group(message.to.chat, text)
        if message.to.chat == "@all" or "|" in message.to.chat:
            raise Rejected("bad_address")  # one person was meant, and these reach many
        said = await self._api.send(
            "/cgi-bin/message/send",
            {
                "touser": message.to.chat,
                "msgtype": "text",
                "agentid": self._agent_id,
                "text": {"content": text},
                "safe": 0,
                "enable_duplicate_check": 1,
                "duplicate_check_interval": _interval(message.key),
            },
            message.to.chat,
        )
        for failed in ("invaliduser", "unlicenseduser"):
            if said.get(failed):  # partial failure comes with errcode 0 (W/90236)
                raise Rejected("unknown_user", failed)
        return str(said.get("msgid", ""))

    async def _say_in_group(self, chat: str, text: str) -> str:
        body = {"chatid": chat, "msgtype": "text", "text": {"content": text}, "safe": 0}
        try:
            said = await self._api.send("/cgi-bin/appchat/send", body, chat)
        except Unknown as error:
            error.retryable = False  # appchat/send has no duplicate check (W/90248)
            raise
        return str(said.get("msgid", ""))

    def pulled(self, messages: list[tuple[int, Outbound]], more: bool) -> Answer:
        """No gateway fetches from here."""
        raise BadPayload("no_such_path", status=404)

    async def close(self) -> None:
        """Close what `say` keeps open."""
        await self._api.close()


def _interval(key: str) -> int:
    """Vary the duplicate check by message.

    It compares whole requests, and the same words said twice on purpose are two messages.
    """
    return _DUPLICATE_S + crc32(key.encode()) % _DUPLICATE_S
