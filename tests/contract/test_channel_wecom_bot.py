"""WeCom smart bot in callback mode: hearing, the one reply in the response, and response_url."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Answer, Channel, Heard
from bot.channels.cipher import Refused
from bot.channels.http import Http
from bot.channels.wecom_bot import WecomBot
from bot.errors import BadPayload, Rejected, SendError, Throttled, Unknown, WireError
from bot.message import Address, ChatKind, Inbound, MessageKind, Outbound, Quote
from tests.fakes.faulty import CUT_AFTER_TAKING, DOWN, HTML, Fault
from tests.fakes.weixin import RESPOND, Weixin
from tests.fakes.weixin_seal import Sealer, post

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wecom_bot"
NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)
SEALER = Sealer(aes_key="aibotKey0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6qE", receive_id="")


def robot(**settings: Any) -> WecomBot:
    return WecomBot(
        name="robot",
        token=SEALER.token,
        aes_key=SEALER.aes_key,
        **{"http": Http(), "bot_names": ("RobotA", "小守", "小守望"), **settings},
    )


def documented(name: str) -> str:
    return str(json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))["message"])


def said(kind: str | None = "text", **fields: object) -> str:
    whole = {
        "msgid": "CAIQ16HMjQYY/NGagIOAgAMgq4KM0AI=",
        "aibotid": "AIBOTID",
        "chatid": "CHATID",
        "chattype": "group",
        "from": {"userid": "USERID"},
        "msgtype": kind,
        **fields,
    }
    return json.dumps({name: value for name, value in whole.items() if value is not None})


def text(content: str, **fields: object) -> str:
    return said("text", text={"content": content}, **fields)


def heard(message: str) -> tuple[Heard, Inbound]:
    """Through both halves; key and chat must agree."""
    found = robot().hear(SEALER.json_call(message, NOW))
    assert found.answer == Answer()
    assert found.received is not None
    read = robot().read(found.received.payload)
    assert (read.key, read.chat) == (found.received.key, found.received.chat)
    return found, read


def test_is_a_channel() -> None:
    channel: Channel = robot()
    assert not channel.can_push
    assert not channel.can_push_private
    assert all(limit.source for limit in channel.limits)


def test_url_check() -> None:
    found = robot().hear(SEALER.check_call("1616140317555161061", NOW))
    assert found.answer.body == b"1616140317555161061"
    with pytest.raises(Refused):
        robot().hear(replace(SEALER.check_call("1", NOW), query={"echostr": "1"}))


def test_documented_group_message() -> None:
    found, read = heard(documented("text_in_group"))
    assert read == Inbound(
        channel="robot",
        key="CAIQ16HMjQYY/NGagIOAgAMgq4KM0AI=",
        kind=MessageKind.TEXT,
        chat="CHATID",
        chat_kind=ChatKind.GROUP,
        sender="USERID",
        text="hello robot",
        mentions_bot=True,
        quote=Quote("这是今日的测试情况"),
        reply_token="RESPONSEURL",  # noqa: S106  # as documented
    )
    assert found.passive_s == 4.0


def test_documented_visit() -> None:
    found, read = heard(documented("enter_chat"))
    assert (read.kind, read.chat, read.chat_kind) == (
        MessageKind.ENTERED,
        "USERID",
        ChatKind.PRIVATE,
    )
    assert read.occurred_at == datetime.fromtimestamp(1700000000, UTC)
    assert reply(found, "您好") == {"msgtype": "text", "text": {"content": "您好"}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("@小守 我36.5", "我36.5"),
        ("@小守\u2005我36.5", "我36.5"),
        ("我36.5 @小守", "我36.5"),
        ("@小守", ""),
        ("@小守望 在吗", "在吗"),
        ("@小守 @小守望 两个都叫", "两个都叫"),
        ("@小守家 我36.5", "@小守家 我36.5"),
        ("@张三 36.5", "@张三 36.5"),
        ("小守 36.5", "小守 36.5"),
        ("@小守 第一行\n第二行", "第一行\n第二行"),
        ("a\x00b\ud83d", "ab\ufffd"),
    ],
)
def test_own_name_is_cut_out(content: str, words: str) -> None:
    assert heard(text(content))[1].text == words


def test_quote_is_never_the_speakers_own() -> None:
    quote = {"msgtype": "mixed", "mixed": {"msg_item": [
        {"msgtype": "text", "text": {"content": "我38.2"}}, {"msgtype": "image"},
        {"msgtype": "text", "text": {"content": "头疼"}}]}}  # fmt: skip
    read = heard(text("@小守 这是谁报的", quote=quote))[1]
    assert read.text == "这是谁报的"
    assert read.quote == Quote("我38.2\n头疼")
    assert heard(text("在", quote={"msgtype": "image", "image": {}}))[1].quote == Quote("")


@pytest.mark.parametrize(
    ("message", "kind", "words", "extra"),
    [
        (said("voice", voice={"content": "三十六度五"}), MessageKind.VOICE, "三十六度五", {}),
        (said("image", image={"url": "https://x/1"}), MessageKind.IMAGE, "", {"url": "https://x/1"}),
        (said("file", file={"url": "https://x/2"}), MessageKind.FILE, "", {"url": "https://x/2"}),
        (said("video", video={"url": "https://x/3"}), MessageKind.VIDEO, "", {"url": "https://x/3"}),
        (said("mixed", mixed={"msg_item": [{"msgtype": "text", "text": {"content": "@小守 看"}},
                                           {"msgtype": "image", "image": {"url": "u"}}]}),
         MessageKind.TEXT, "看", {}),
        (said("text", text="odd"), MessageKind.TEXT, "", {}),
        (said("mixed", mixed={"msg_item": "odd"}), MessageKind.TEXT, "", {}),
        (said("mixed", mixed={"msg_item": ["odd", 1, None]}), MessageKind.TEXT, "", {}),
        (said("event", event={"eventtype": "template_card_event", "template_card_event": {
            "card_type": "vote_interaction", "event_key": "take", "task_id": "7"}}),
         MessageKind.UNKNOWN, "",
         {"card_type": "vote_interaction", "event_key": "take", "task_id": "7"}),
        (said("event", event=[]), MessageKind.UNKNOWN, "", {}),
        (said("xyzzy"), MessageKind.UNKNOWN, "", {}),
        (said(None), MessageKind.UNKNOWN, "", {}),
    ],
    ids=range(12),
)  # fmt: skip
def test_kinds(message: str, kind: MessageKind, words: str, extra: dict[str, str]) -> None:
    read = heard(message)[1]
    assert (read.kind, read.text, read.extra) == (kind, words, extra)


@pytest.mark.parametrize(
    ("message", "state"),
    [
        (said("xyzzy"), "xyzzy"),
        (said("event", event={"eventtype": "feedback_event"}), "feedback_event"),
        (said("event", event={}), "event"),
    ],
)
def test_unknown_says_what_it_was(message: str, state: str) -> None:
    found, read = heard(message)
    assert read.state == state
    if '"event"' in message:
        assert found.passive is None


def test_private_chat_is_the_persons() -> None:
    for fields in ({"chattype": "single", "chatid": ""}, {"chattype": None, "chatid": None}):
        read = heard(text("我36.5", **fields))[1]
        assert (read.chat, read.chat_kind, read.mentions_bot) == (
            "USERID",
            ChatKind.PRIVATE,
            True,
        )


def test_stream_refresh_is_answered_and_not_kept() -> None:
    found = robot().hear(SEALER.json_call(said("stream", stream={"id": "STREAMID"}), NOW))
    assert found == Heard(Answer())


@pytest.mark.parametrize(
    "message",
    [
        text("x", msgid=None),
        text("x", msgid=1),
        text("x", msgid="9" * 129),
        text("x", chatid=None),
        text("x", **{"from": "USERID"}),
        text("x", **{"from": {"userid": None}}),
        "[]",
        "null",
        "",
        "{",
        '{"msgid":"1","msgid":"2"}',
        '{"msgid":NaN}',
        '{"a":' * 20_000 + "1" + "}" * 20_000,
        '{"a":' + "9" * 5000 + "}",
    ],
    ids=range(14),
)
def test_sealed_but_malformed(message: str) -> None:
    with pytest.raises(BadPayload) as bad:
        robot().hear(SEALER.json_call(message, NOW))
    assert bad.value.status == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"<xml><Encrypt>x</Encrypt></xml>", 400),
        (b'{"encrypt":"x"}', 403),
        (b'{"encrypt":"\\ud800"}', 403),
        (b'{"encrypt":["x"]}', 400),
        (b"\xff\xfe{\x00}\x00", 400),
        (b'{"encrypt":"' + b"A" * 300_000 + b'"}', 413),
    ],
    ids=range(7),
)
def test_outer_body(body: bytes, status: int) -> None:
    good = SEALER.json_call(text("x"), NOW)
    with pytest.raises(WireError) as bad:
        robot().hear(post(body, dict(good.query), NOW))
    assert bad.value.status == status


def test_message_for_another_account() -> None:
    other = replace_id("ww0123456789abcdef")
    with pytest.raises(Refused, match="bad_receive_id"):
        robot().hear(other.json_call(text("x"), NOW))


def replace_id(receive_id: str) -> Sealer:
    return Sealer(SEALER.token, SEALER.aes_key, receive_id)


def reply(found: Heard, words: str) -> dict[str, Any]:
    """Open the reply as the platform would."""
    assert found.passive is not None
    answer = found.passive(words)
    assert (answer.status, answer.content_type) == (200, "application/json; charset=utf-8")
    outer = json.loads(answer.body)
    assert outer["nonce"] == "1372623149"  # of the call
    assert outer["timestamp"] == int(NOW.timestamp())
    signature = SEALER.sign(str(outer["timestamp"]), outer["nonce"], outer["encrypt"])
    assert outer["msgsignature"] == signature
    return dict(json.loads(SEALER.open(outer["encrypt"])))


def test_passive_reply_is_one_finished_stream() -> None:
    found = heard(text("@小守 谁没报"))[0]
    answer = reply(found, "还有 2 户\n没报")
    assert answer["msgtype"] == "stream"
    assert answer["stream"]["finish"] is True
    assert answer["stream"]["content"] == "还有 2 户\n没报"
    again = reply(heard(text("@小守 谁没报"))[0], "还有 2 户\n没报")
    assert again["stream"]["id"] == answer["stream"]["id"]
    other = reply(heard(text("@小守 谁没报", msgid="2"))[0], "没有")
    assert other["stream"]["id"] != answer["stream"]["id"]


def test_passive_reply_limits() -> None:
    content = reply(heard(text("x"))[0], "字" * 20_000 + "\x00")["stream"]["content"]
    assert len(content.encode()) <= 20_480
    assert reply(heard(text("x"))[0], "a\ud800b")["stream"]["content"] == "a\ufffdb"
    passive = heard(text("x"))[0].passive
    assert passive is not None
    assert passive(" \x00") == Answer()


@pytest.fixture
def platform() -> Iterator[Weixin]:
    with Weixin() as platform:
        yield platform


@pytest.fixture
async def speaker(platform: Weixin) -> AsyncIterator[WecomBot]:
    speaker = robot(api_base=platform.url)
    yield speaker
    await speaker.close()


def words(url: str, content: str = "**38.1** 请复测") -> Outbound:
    to = Address("robot", "CHATID", ChatKind.GROUP)
    return Outbound("o1", to, content, reply_token=url)


async def test_answers_by_response_url(platform: Weixin, speaker: WecomBot) -> None:
    await speaker.say(words(platform.response_url("code1", "CHATID")))
    assert platform.delivered == [("CHATID", "**38.1** 请复测")]
    assert json.loads(platform.seen[-1].body)["msgtype"] == "markdown"


async def test_response_url_is_used_once(platform: Weixin, speaker: WecomBot) -> None:
    url = platform.response_url("code1", "CHATID")
    await speaker.say(words(url))
    with pytest.raises(Rejected, match="reply_spent"):
        await speaker.say(words(url))
    assert platform.count(RESPOND) == 1
    restarted = robot(api_base=platform.url)
    with pytest.raises(Rejected, match="errcode_40058"):
        await restarted.say(words(url))
    await restarted.close()


async def test_never_pushes(speaker: WecomBot) -> None:
    with pytest.raises(Rejected, match="no_push"):
        await speaker.say(words(""))


@pytest.mark.parametrize(
    "url",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=1",
        "https://qyapi.weixin.qq.com.evil.example/cgi-bin/aibot/response",
        "https://qyapi.weixin.qq.com@evil.example/",
        "https://qyapi.weixin.qq.com:8443/",
        "https://user@qyapi.weixin.qq.com/",
        "https://qyapi.weixin.qq.com\\@evil.example/",
        " https://qyapi.weixin.qq.com/",
        "https://QYAPI.weixin.qq.com.evil/",
        "file:///etc/hostname",
        "RESPONSEURL",
    ],
)
async def test_response_url_elsewhere(url: str) -> None:
    with pytest.raises(Rejected, match="bad_reply_url"):
        await robot().say(words(url))


@pytest.mark.parametrize(
    ("errcode", "error"), [(45009, Throttled), (45033, Throttled), (93008, Rejected)]
)
async def test_errcodes(
    platform: Weixin, speaker: WecomBot, errcode: int, error: type[SendError]
) -> None:
    url = platform.response_url("code1", "CHATID")
    platform.refuse(RESPOND, errcode, times=1)
    with pytest.raises(error) as failure:
        await speaker.say(words(url))
    assert "code1" not in str(failure.value)
    await speaker.say(words(url))
    assert len(platform.delivered) == 1


@pytest.mark.parametrize("fault", [CUT_AFTER_TAKING, HTML, DOWN], ids=["cut", "html", "503"])
async def test_unknown_outcome(platform: Weixin, speaker: WecomBot, fault: Fault) -> None:
    platform.fail(fault)
    with pytest.raises(Unknown):
        await speaker.say(words(platform.response_url("code1", "CHATID")))
