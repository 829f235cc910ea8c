"""WeChat Official Account: followers one to one, in the response or by customer service."""

from collections.abc import Callable, Mapping

from wechatpy.parser import parse_message

from bot.channels.adapter import identity, inbound
from bot.channels.base import Answer, Call, Heard, Limit, Received
from bot.channels.cipher import Envelope
from bot.channels.envelope import echo, is_check, opened, sealed_xml
from bot.channels.http import Http
from bot.channels.reply import clean, cut, text_reply
from bot.channels.tokens import TokenSource
from bot.channels.weixin import BUSY, Api, Verdict
from bot.channels.xml import fields
from bot.errors import BadPayload, Rejected, Throttled
from bot.message import Inbound, Outbound

API_BASE = "https://api.weixin.qq.com"
MAX_BYTES = 2048  # no size is documented; 45002 says "content size out of limit"
PASSIVE_S = 4.0  # the platform waits 5 s
_SUCCESS = Answer(body=b"success")
_XML = "text/xml; charset=utf-8"
_ANSWERED = frozenset(
    {"subscribe", "scan", "click"}
)  # events after which a person looks at the chat

# Meanings: M/offiaccount/Getting_Started/Global_Return_Code; what to do about them is ours.
_VERDICTS = {
    -1: BUSY,
    40003: Verdict(Rejected, "unknown_user"),  # not our openid, or no follower
    40013: Verdict(Rejected, "bad_account"),
    40125: Verdict(Rejected, "bad_account"),
    40243: Verdict(Rejected, "bad_account"),
    40164: Verdict(Rejected, "ip_not_trusted"),
    43004: Verdict(Rejected, "not_following"),
    43101: Verdict(Rejected, "no_consent"),
    45002: Verdict(Rejected, "too_long"),
    45009: Verdict(Throttled, "daily_quota", 3600),  # until midnight: asked again each hour
    45011: Verdict(Throttled, "too_fast", 60),
    45015: Verdict(Rejected, "window_closed"),  # 48 h are over, or unfollowed
    45028: Verdict(Rejected, "no_quota"),
    45047: Verdict(Rejected, "count_used_up"),  # until the person writes again
    48001: Verdict(Rejected, "not_allowed"),
    50002: Verdict(Rejected, "restricted"),
}

LIMITS = (
    Limit(
        "heard",
        5,
        48 * 3600 - 600,
        reserve=1,
        source="M/offiaccount/Customer_Service: 5 messages within 48 h of a person's message",
    ),
    Limit(
        "account",
        480_000,
        86_400,
        reserve=10_000,
        source="M/service/Message_Management/API_Call_Limits: 500,000 customer messages a day",
    ),
)


class OfficialAccount:
    """One account, in safe mode; compatible mode is read by its sealed part only."""

    kind = "official_account"
    can_push = False  # it knows no groups
    can_push_private = False  # nor anybody who has not written
    dedupes = False
    max_bytes = MAX_BYTES
    pulls = False

    def __init__(
        self,
        *,
        name: str,
        token: str,
        aes_key: str,
        receive_id: str,
        http: Http,
        tokens: TokenSource | None = None,
        service_api: bool = False,
        allow_plain: bool = False,
        api_base: str = API_BASE,
        old_aes_key: str = "",
        max_skew_s: int | None = None,
    ) -> None:
        """Check what can be checked without a network.

        Args:
            name: the configured name.
            token: the callback's Token.
            aes_key: EncodingAESKey.
            receive_id: AppID.
            http: the shared client.
            tokens: the access token; only with `service_api`.
            service_api: the account has the customer-service API (it is verified).
            allow_plain: take clear pushes too. The signature does not cover their body: for a
                developer's own machine only.
            api_base: where the platform is.
            old_aes_key: as for `Envelope`.
            max_skew_s: as for `Envelope`.

        Raises:
            ValueError: a setting cannot be right, in Chinese.
        """
        if not receive_id:
            raise ValueError("receive_id 不能为空：公众号要填 AppID（wx 开头）")
        if service_api and tokens is None:
            raise ValueError("secret 不能为空：开了客服接口（service_api）就要填 AppSecret")
        self.name = name
        self.limits: tuple[Limit, ...] = LIMITS if service_api else ()
        self._envelope = Envelope(
            token, aes_key, receive_id, old_aes_key=old_aes_key, max_skew_s=max_skew_s
        )
        self._allow_plain = allow_plain
        self._api = (
            Api(http, api_base, tokens, _VERDICTS) if service_api and tokens is not None else None
        )

    def hear(self, call: Call) -> Heard:
        """Open a push; words that come in time go out in the same response."""
        if is_check(call):
            return Heard(self._checked(call))
        plain = self._allow_plain and _is_plain(call)
        if plain:
            self._verify_plain(call)
            found = fields(call.body)
            payload = call.body.decode()
        else:
            payload = opened(call, sealed_xml(call.body), self._envelope)
            found = fields(payload)
        who = identity(found)
        passive = self._passive(call, found, plain) if _may_answer(found) else None
        return Heard(
            _SUCCESS,
            Received(who.key, who.chat, payload),
            passive=passive,
            passive_s=PASSIVE_S if passive else 0.0,
        )

    def read(self, payload: str) -> Inbound:
        """Make the message; every chat here is private."""
        return inbound(self.name, payload, parse_message)

    async def say(self, message: Outbound) -> str:
        """Send a customer-service message: 5 within 48 h of the person's own."""
        if self._api is None:
            raise Rejected("no_service_api")
        text = cut(clean(message.text), MAX_BYTES)
        body = {"touser": message.to.chat, "msgtype": "text", "text": {"content": text}}
        said = await self._api.send("/cgi-bin/message/custom/send", body, message.to.chat)
        return str(said.get("msgid", ""))

    def pulled(self, messages: list[tuple[int, Outbound]], more: bool) -> Answer:
        """No gateway fetches from here."""
        raise BadPayload("no_such_path", status=404)

    async def close(self) -> None:
        """Close what `say` keeps open."""
        if self._api is not None:
            await self._api.close()

    def _checked(self, call: Call) -> Answer:
        """Answer the URL check; one that brings a sealed echostr is believed by that alone."""
        if "msg_signature" in call.query:
            return echo(call, self._envelope)
        self._verify_plain(call)
        echostr = call.query.get("echostr", "")
        if not echostr:
            raise BadPayload("bad_field", "echostr")
        return Answer(body=echostr.encode("utf-8", "replace"))

    def _verify_plain(self, call: Call) -> None:
        timestamp = call.query.get("timestamp", "")
        signature, nonce = call.query.get("signature", ""), call.query.get("nonce", "")
        self._envelope.verify(signature, timestamp, nonce)
        self._envelope.check_time(timestamp, call.now)

    def _passive(
        self, call: Call, found: Mapping[str, str], plain: bool
    ) -> Callable[[str], Answer]:
        def answer(words: str) -> Answer:
            if not clean(words).strip():
                return _SUCCESS  # an XML with empty Content shows the person an error
            to, sender = found.get("FromUserName", ""), found.get("ToUserName", "")
            clear = text_reply(words, to, sender, call.now, MAX_BYTES)
            body = clear.encode() if plain else self._envelope.seal_xml(clear, call.now)
            return Answer(body=body, content_type=_XML)

        return answer


def _is_plain(call: Call) -> bool:
    return "msg_signature" not in call.query and call.query.get("encrypt_type", "raw") == "raw"


def _may_answer(found: Mapping[str, str]) -> bool:
    """Whether a reply in the response would be seen by the person who caused the push."""
    if found.get("MsgType", "").strip().lower() != "event":
        return True
    return found.get("Event", "").strip().lower() in _ANSWERED
