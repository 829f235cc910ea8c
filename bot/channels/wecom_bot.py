"""WeCom smart bot (智能机器人) in callback mode: hears @-mentions, answers each of them once."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable

from bot.channels.aibot import identity, inbound, mention, part, text
from bot.channels.base import Answer, Call, Heard, Limit, Received
from bot.channels.cipher import Envelope
from bot.channels.envelope import echo, is_check, json_object, opened, sealed_json
from bot.channels.http import Http, encode
from bot.channels.reply import clean, cut
from bot.channels.weixin import BUSY, Verdict, check
from bot.errors import BadPayload, Rejected, Throttled, Unknown
from bot.message import Inbound, Outbound

API_BASE = "https://qyapi.weixin.qq.com"
MAX_BYTES = 20_480  # stream and markdown content, W/101031, W/101138
PASSIVE_S = 4.0
_REMEMBERED = 4096
_EMPTY = Answer()
_JSON = "application/json; charset=utf-8"

# The official list of aibot's codes could not be read; these stand in W/90313 or W/101463.
_VERDICTS = {
    -1: BUSY,
    6000: Verdict(Unknown, "conflict"),  # "already delivered" where another writer was first
    45009: Verdict(Throttled, "too_fast", 60),
    45033: Verdict(Throttled, "too_many_at_once", 5),
    93001: Verdict(Rejected, "bot_removed"),
    93006: Verdict(Rejected, "bot_removed"),
    93008: Verdict(Rejected, "bot_removed"),
}

LIMITS = (
    Limit("chat", 27, 60, reserve=3, source="W/101463: 30 a minute a chat"),
    Limit("chat", 950, 3600, reserve=50, source="W/101463: 1,000 an hour a chat"),
)


class WecomBot:
    """One in-house bot: its receive id is empty."""

    kind = "wecom_bot"
    can_push = False
    can_push_private = False
    dedupes = False
    max_bytes = MAX_BYTES
    pulls = False

    def __init__(
        self,
        *,
        name: str,
        token: str,
        aes_key: str,
        http: Http,
        receive_id: str = "",
        bot_names: tuple[str, ...] = (),
        api_base: str = API_BASE,
        old_aes_key: str = "",
        max_skew_s: int | None = None,
        limits: tuple[Limit, ...] = LIMITS,
    ) -> None:
        """Check what can be checked without a network.

        Args:
            name: the configured name.
            token: the callback's Token.
            aes_key: EncodingAESKey.
            http: the shared client.
            receive_id: "" unless the bot belongs to a third party.
            bot_names: what the bot is called in its groups; "@name " is cut out of what is said.
            api_base: the only place that a response_url may point to.
            old_aes_key: as for `Envelope`.
            max_skew_s: as for `Envelope`.
            limits: how fast it may speak.

        Raises:
            ValueError: a setting cannot be right, in Chinese.
        """
        self.name = name
        self.limits = limits
        self._envelope = Envelope(
            token, aes_key, receive_id, old_aes_key=old_aes_key, max_skew_s=max_skew_s
        )
        self._mention = mention(bot_names)
        self._http = http
        self._home = api_base.rstrip("/") + "/"
        self._spent: OrderedDict[str, None] = OrderedDict()

    def hear(self, call: Call) -> Heard:
        """Open a callback; words that come in time go out in the same response."""
        if is_check(call):
            return Heard(echo(call, self._envelope))
        payload = opened(call, sealed_json(call.body), self._envelope)
        said = json_object(payload)
        msgtype = text(said, "msgtype")
        if msgtype == "stream":  # the platform asks how an answer goes on; ours end at once
            return Heard(_EMPTY)
        who = identity(said)
        received = Received(who.key, who.chat, payload)
        eventtype = text(part(said, "event"), "eventtype")
        if msgtype == "event" and eventtype != "enter_chat":
            return Heard(_EMPTY, received)
        passive = self._passive(call, who.key, is_welcome=msgtype == "event")
        return Heard(_EMPTY, received, passive=passive, passive_s=PASSIVE_S)

    def read(self, payload: str) -> Inbound:
        """Make the message, without the bot's own name; a quote stays apart."""
        return inbound(self.name, json_object(payload), self._mention)

    async def say(self, message: Outbound) -> str:
        """Answer one message by its response_url: one call within an hour (W/101138)."""
        url = message.reply_token
        if not url:
            raise Rejected("no_push")
        # It came inside a sealed message; yet a leaked key must not turn us into a proxy.
        if not url.startswith(self._home):
            raise Rejected("bad_reply_url")
        if url in self._spent:
            raise Rejected("reply_spent")
        content = cut(clean(message.text), MAX_BYTES)
        body = {"msgtype": "markdown", "markdown": {"content": content}}
        status, said = await self._http.post_json(url, body)
        check(status, said, _VERDICTS, hidden=(message.to.chat, url, url.rpartition("=")[2]))
        self._spent[url] = None
        if len(self._spent) > _REMEMBERED:
            self._spent.popitem(last=False)
        return str(said.get("msgid", ""))

    def pulled(self, messages: list[tuple[int, Outbound]], more: bool) -> Answer:
        """No gateway fetches from here."""
        raise BadPayload("no_such_path", status=404)

    async def close(self) -> None:
        """Close what `say` keeps open."""
        await self._http.close()

    def _passive(self, call: Call, key: str, is_welcome: bool) -> Callable[[str], Answer]:
        """A welcome is text, an answer a stream that is finished at once (W/101031)."""

        def answer(words: str) -> Answer:
            content = cut(clean(words), MAX_BYTES)
            if not content.strip():
                return _EMPTY
            reply: dict[str, object] = {"msgtype": "text", "text": {"content": content}}
            if not is_welcome:
                stream = {"id": _stream_id(key), "finish": True, "content": content}
                reply = {"msgtype": "stream", "stream": stream}
            nonce = call.query.get("nonce", "")
            sealed = self._envelope.seal_json(encode(reply).decode(), nonce, call.now)
            return Answer(body=sealed, content_type=_JSON)

        return answer


def _stream_id(key: str) -> str:
    """The same for a repeat of the same message, so that the platform sees one answer."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]
