"""Whatever is thrown at a sealed hook: a message that can be read, or a 4xx; nothing else."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.base import Call, Channel
from bot.channels.http import Http
from bot.channels.official_account import OfficialAccount
from bot.channels.wecom_app import WecomApp
from bot.channels.wecom_bot import WecomBot
from bot.errors import WireError
from tests.fakes.weixin_seal import Sealer

NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)
XML, JSON = Sealer(), Sealer(receive_id="")


class NoToken:
    """Hearing needs no token."""

    async def get(self) -> str:
        raise AssertionError

    async def invalidate(self, value: str) -> None:
        raise AssertionError


KEYS: dict[str, Any] = {"name": "fuzz", "token": XML.token, "aes_key": XML.aes_key}
APP: Channel = WecomApp(
    **KEYS, receive_id=XML.receive_id, agent_id=1, http=Http(), tokens=NoToken()
)
ACCOUNT: Channel = OfficialAccount(**KEYS, receive_id=XML.receive_id, http=Http())
BOT: Channel = WecomBot(**KEYS, bot_names=("小守",), http=Http())

NAMES = st.sampled_from(
    ["MsgType", "MsgId", "MsgID", "FromUserName", "ToUserName", "CreateTime", "Event", "EventKey",
     "Content", "ChatId", "Status", "Recognition", "Title", "Label", "Articles", "a"]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        ["text", "event", "voice", "device_text", "subscribe", "qrscene_1", "scanbarcode|x", "SCAN",
         "TEMPLATESENDJOBFINISH", "1580688732", "-1", "9e99", "", " ", "<a/>", "<a>1</a>",
         "<!--x-->", "<?x y?>", "&amp;", "&z;", "<![CDATA[<!DOCTYPE>]]>", "]]>", "\x00", "\ud800"]
    ),
    st.text(max_size=40),
)  # fmt: skip
GOOD = {"FromUserName": "u", "MsgType": "event", "MsgId": "1", "Event": "x", "CreateTime": "9"}
XMLS = st.builds(
    lambda base, fields, more: "".join(
        ["<xml>"]
        + [f"<{name}>{value}</{name}>" for name, value in {**base, **fields}.items()]
        + [f"<{name}>{value}</{name}>" for name, value in more]
        + ["</xml>"]
    ),
    st.sampled_from([{}, GOOD, GOOD, GOOD]),
    st.dictionaries(NAMES, VALUES, max_size=5),
    st.lists(st.tuples(NAMES, VALUES), max_size=1),
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(["text", "mixed", "event", "stream", "voice", "group", "single"]),
)  # fmt: skip
FIELDS = st.sampled_from(
    ["msgid", "from", "userid", "chatid", "chattype", "msgtype", "text", "content", "mixed",
     "msg_item", "event", "eventtype", "quote", "response_url", "create_time"]
)  # fmt: skip
JSONS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=6),
    max_leaves=20,
)


def thorough(count: int) -> settings:
    """The same examples at every run: a test that fails now and then helps nobody."""
    return settings(max_examples=count, deadline=None, derandomize=True, database=None)


def check(channel: Channel, call: Call) -> None:
    """The promise of `hear` and `read`."""
    try:
        found = channel.hear(call)
    except WireError as refused:
        assert 400 <= refused.status < 500  # noqa: PT017  # both ways are right
        return
    if found.received is not None:
        message = channel.read(found.received.payload)
        assert (message.key, message.chat) == (found.received.key, found.received.chat)
        assert message.key
        for said in (message.key, message.chat, message.sender, message.text, message.state):
            assert "\x00" not in said
            said.encode()
    if found.passive is not None:
        assert found.passive("]]>\x00\ud800").status == 200


def utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@thorough(300)
@given(XMLS)
def test_sealed_xml(xml: str) -> None:
    for channel in (APP, ACCOUNT):
        check(channel, XML.xml_call(utf8(xml), NOW))


@thorough(300)
@given(JSONS, st.booleans())
def test_sealed_json(value: object, is_message: bool) -> None:
    if is_message and isinstance(value, dict):
        value = {"msgid": "1", "from": {"userid": "u"}, "chattype": "single", **value}
    check(BOT, JSON.json_call(json.dumps(value), NOW))


@thorough(200)
@given(st.binary(max_size=300))
def test_sealed_noise(raw: bytes) -> None:
    check(APP, XML.xml_call(raw, NOW))
    check(ACCOUNT, XML.xml_call(raw, NOW))
    check(BOT, JSON.json_call(raw, NOW))


@thorough(200)
@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=15), st.text(max_size=40)))
def test_noise(raw: bytes, query: dict[str, str]) -> None:
    for channel in (APP, ACCOUNT, BOT):
        for method in ("GET", "POST"):
            call = Call(method, "/hook/fuzz", "", query, {}, raw, NOW)
            refuses(channel, call)


@thorough(200)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_one_byte_changed(at: int, by: int) -> None:
    """Nothing of the sealed text may be changed unseen; what is outside of it says nothing."""
    xml = "<xml><FromUserName>u</FromUserName><MsgType>text</MsgType><MsgId>1</MsgId></xml>"
    jsn = '{"msgid":"1","from":{"userid":"u"},"msgtype":"text","text":{"content":"x"}}'
    for channel, call, message in (
        (APP, XML.xml_call(xml, NOW), xml),
        (ACCOUNT, XML.xml_call(xml, NOW), xml),
        (BOT, JSON.json_call(jsn, NOW), jsn),
    ):
        raw = bytearray(call.body)
        raw[at % len(raw)] ^= by
        try:
            found = channel.hear(replace(call, body=bytes(raw)))
        except WireError:
            continue
        assert found.received is not None
        assert found.received.payload == message


def refuses(channel: Channel, call: Call) -> None:
    """Without the token nothing is believed."""
    try:
        channel.hear(call)
    except WireError as refused:
        assert 400 <= refused.status < 500  # noqa: PT017  # no other way out
    else:
        raise AssertionError("believed")
