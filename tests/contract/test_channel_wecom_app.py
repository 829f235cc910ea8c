"""WeCom app, hearing: what is believed, what is refused, what becomes of each push."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Answer, Call, Channel
from bot.channels.cipher import Refused
from bot.channels.http import Http
from bot.channels.wecom_app import WecomApp
from bot.errors import BadPayload, WireError
from bot.message import ChatKind, Inbound, MessageKind
from tests.fakes.weixin_seal import Sealer, envelope, get, post

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wecom_app"
NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)
SEALER = Sealer()


class NoToken:
    """Hearing needs no token."""

    async def get(self) -> str:
        raise AssertionError

    async def invalidate(self, value: str) -> None:
        raise AssertionError


def app(sealer: Sealer = SEALER, **settings: Any) -> WecomApp:
    return WecomApp(
        name="county",
        token=sealer.token,
        aes_key=sealer.aes_key,
        receive_id=sealer.receive_id,
        agent_id=1000002,
        http=Http(),
        tokens=NoToken(),
        **settings,
    )


def fixture(name: str) -> dict[str, Any]:
    return dict(json.loads((FIXTURES / f"{name}.json").read_text("utf-8")))


def documented(name: str) -> tuple[WecomApp, dict[str, Any]]:
    call = fixture(name)
    sealer = Sealer(call["token"], call["aes_key"], call["receive_id"])
    return app(sealer), call


def push(fields: str, *, sender: str = "zhangsan", created: str = "1580688732") -> str:
    return (
        f"<xml><ToUserName><![CDATA[{SEALER.receive_id}]]></ToUserName>"
        f"<FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>{created}</CreateTime>{fields}<AgentID>1000002</AgentID></xml>"
    )


def text(content: str = "我36.5", msg_id: str = "7300000000000000001", extra: str = "") -> str:
    return push(
        "<MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{msg_id}</MsgId>{extra}"
    )


def event(name: str, rest: str = "", created: str = "1580688732") -> str:
    fields = f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{name}]]></Event>{rest}"
    return push(fields, created=created)


def heard(xml: str, channel: WecomApp | None = None) -> Inbound:
    """Through both halves; key and chat must agree."""
    channel = channel or app()
    received = channel.hear(SEALER.xml_call(xml, NOW)).received
    assert received is not None
    message = channel.read(received.payload)
    assert (message.key, message.chat) == (received.key, received.chat)
    return message


def test_is_a_channel() -> None:
    channel: Channel = app()
    assert channel.can_push
    assert channel.can_push_private
    assert channel.dedupes
    assert all(limit.source for limit in channel.limits)


def test_documented_url_check() -> None:
    channel, call = documented("url_check")
    answer = channel.hear(get(call["query"], NOW)).answer
    assert (answer.status, answer.body.decode()) == (200, call["answer"])


def test_documented_sealed_text() -> None:
    channel, call = documented("sealed_text")
    found = channel.hear(post(call["body"], call["query"], NOW))
    assert found.answer == Answer()
    assert found.passive is None
    assert found.received is not None
    assert channel.read(found.received.payload) == Inbound(
        channel="county",
        key="4561255354251345929",
        kind=MessageKind.TEXT,
        chat="mycreate",
        chat_kind=ChatKind.PRIVATE,
        sender="mycreate",
        text="hello",
        mentions_bot=True,
        occurred_at=datetime.fromtimestamp(1409659813, UTC),
    )


@pytest.mark.parametrize(
    ("name", "kind", "sender", "state"),
    [
        ("subscribe", MessageKind.JOINED, "userid", ""),
        ("enter_agent", MessageKind.ENTERED, "fromuser", ""),
        ("kf_msg_or_event", MessageKind.UNKNOWN, "", "kf_msg_or_event"),
    ],
)
def test_documented_events(name: str, kind: MessageKind, sender: str, state: str) -> None:
    message = heard(fixture(name)["message"])
    assert (message.kind, message.sender, message.state) == (kind, sender, state)
    assert message.chat


def test_chat_id_names_a_group() -> None:
    message = heard(text(extra="<ChatId><![CDATA[wrChat01]]></ChatId>"))
    assert (message.chat, message.chat_kind) == ("wrChat01", ChatKind.GROUP)
    assert (message.sender, message.mentions_bot) == ("zhangsan", False)


def test_userid_is_read_without_regard_to_case() -> None:
    message = heard(push("<MsgType>text</MsgType><MsgId>1</MsgId>", sender=" ZhangSan "))
    assert (message.sender, message.chat) == ("zhangsan", "zhangsan")


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        ("<MsgType>image</MsgType><MediaId>m</MediaId>", MessageKind.IMAGE, ""),
        ("<MsgType>voice</MsgType><Format>amr</Format>", MessageKind.VOICE, ""),
        ("<MsgType>video</MsgType><ThumbMediaId>t</ThumbMediaId>", MessageKind.VIDEO, ""),
        ("<MsgType>file</MsgType>", MessageKind.FILE, ""),
        ("<MsgType>location</MsgType><Label>村口</Label>", MessageKind.LOCATION, "村口"),
        ("<MsgType>link</MsgType><Title>甲</Title><Description>乙</Description>",
         MessageKind.LINK, "甲\n乙"),
        ("<MsgType>sys_approval_change</MsgType>", MessageKind.UNKNOWN, ""),
        ("<MsgType></MsgType>", MessageKind.UNKNOWN, ""),
    ],
)  # fmt: skip
def test_kinds(fields: str, kind: MessageKind, words: str) -> None:
    message = heard(push(f"{fields}<MsgId>7300000000000000002</MsgId>"))
    assert (message.kind, message.text) == (kind, words)


def test_card_click_is_kept_as_unknown() -> None:
    rest = (
        "<EventKey>take</EventKey><TaskId>task-7</TaskId>"
        "<SelectedItems><SelectedItem><QuestionKey>q</QuestionKey></SelectedItem></SelectedItems>"
    )
    message = heard(event("template_card_event", rest))
    assert (message.kind, message.state) == (MessageKind.UNKNOWN, "template_card_event")
    assert message.extra == {"event_key": "take", "task_id": "task-7"}


def test_event_keys_tell_repeats_from_others() -> None:
    keys = [
        heard(xml).key
        for xml in (
            event("enter_agent"),
            event("enter_agent", "<EventKey></EventKey>"),
            event("enter_agent", created="1580688733"),
            event("click", "<EventKey>a</EventKey>"),
            event("click", "<EventKey>b</EventKey>"),
            event("view", f"<EventKey>https://example.com/{'x' * 900}</EventKey>"),
        )
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5
    assert max(map(len, keys)) <= 200


@pytest.mark.parametrize(
    "content",
    [
        "<!DOCTYPE xml> 36.5",
        "&amp; <b>36.5</b>",
        "体温 36.5 ]]]]><![CDATA[> 正常",
        "第一行\n第二行",
        "😀 36.5 𠮷",
    ],
)
def test_text_is_only_text(content: str) -> None:
    assert heard(text(content)).text == content.replace("]]]]><![CDATA[>", "]]>")


@pytest.mark.parametrize("created", ["9e99", "-5", "", "99999999999999", "１５８０６８８７３２"])
def test_odd_time_is_no_time(created: str) -> None:
    assert (
        heard(push("<MsgType>text</MsgType><MsgId>1</MsgId>", created=created)).occurred_at is None
    )


@pytest.mark.parametrize(
    "xml",
    [
        text().replace("<xml>", "<!DOCTYPE xml><xml>"),
        '<!DOCTYPE xml [<!ENTITY z "z">]>' + text("&z;"),
        text(extra="<a>" * 3000 + "</a>" * 3000),
        text(extra="<a/>" * 1 + "<b/>" * 1 + "".join(f"<f{i}/>" for i in range(80))),
        text(extra="<MsgId>2</MsgId>"),
        text(extra="<ChatId><a>wr</a></ChatId>"),
        text().replace("<Content>", '<Content a="1">'),
        text(msg_id=""),
        text(msg_id="9" * 129),
        push("<MsgType>text</MsgType><MsgId>1</MsgId>", sender="张" * 5000),
        event("").replace("<Event><![CDATA[]]></Event>", ""),
        event("click", created=""),
        "<root><MsgId>1</MsgId></root>",
        "体温36.5",
        "",
        text("\x00"),
    ],
    ids=range(16),
)
def test_sealed_but_malformed(xml: str) -> None:
    with pytest.raises(BadPayload) as bad:
        app().hear(SEALER.xml_call(xml, NOW))
    assert bad.value.status == 400


def forged() -> dict[str, Call]:
    good = SEALER.xml_call(text(), NOW)
    other = Sealer(token="another")  # noqa: S106  # of a fake
    stranger = Sealer(receive_id="ww9999999999999999")
    return {
        "no query": replace(good, query={}),
        "no signature": replace(good, query={**good.query, "msg_signature": ""}),
        "altered": replace(good, query={**good.query, "nonce": "1"}),
        "repeated": replace(good, repeated=frozenset({"msg_signature"})),
        "other token": replace(good, query=other.xml_call(text(), NOW).query),
        "other account": stranger.xml_call(text(), NOW),
        "surrogate": replace(good, query={**good.query, "nonce": "\ud800"}),
        "echostr": get({**good.query, "echostr": SEALER.seal("1")}, NOW),
        "no echostr": get(SEALER.query("", NOW), NOW),
    }


@pytest.mark.parametrize("name", forged())
def test_forged(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(Refused) as refused:
        app().hear(forged()[name])
    assert refused.value.status == 403
    assert refused.value.detail == ""
    assert not caplog.records


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"body": b""}, 400),
        ({"body": b"\xff\xfe<xml/>"}, 400),
        ({"body": b"<xml><Encrypt>" + b"A" * 70_000 + b"</Encrypt></xml>"}, 413),
        ({"body": text().encode()}, 400),
        ({"method": "PUT"}, 405),
        ({"method": "HEAD"}, 405),
        ({"path": "outbox"}, 404),
    ],
)
def test_calls_that_are_none(change: dict[str, Any], status: int) -> None:
    with pytest.raises(WireError) as bad:
        app().hear(replace(SEALER.xml_call(text(), NOW), **change))
    assert bad.value.status == status


def test_window_is_off_unless_set() -> None:
    late = replace(SEALER.xml_call(text(), NOW), now=NOW.replace(year=2021))
    assert app().hear(late).received is not None
    with pytest.raises(Refused, match="expired_timestamp"):
        app(max_skew_s=300).hear(late)


def test_old_key_while_the_platform_switches() -> None:
    newer = Sealer(aes_key="oaKey0123456789abcdefghijklmnopqrstuvwxyzAB")
    both = app(newer, old_aes_key=SEALER.aes_key)
    for sealer in (newer, SEALER):
        assert both.hear(sealer.xml_call(text(), NOW)).received is not None
    with pytest.raises(Refused, match="bad_padding"):
        app(newer).hear(SEALER.xml_call(text(), NOW))


def test_clear_fields_beside_encrypt_are_not_read() -> None:
    encrypted = SEALER.seal(text())
    body = envelope(encrypted).replace("</xml>", "<MsgId>1</MsgId><Content>38.9</Content></xml>")
    received = app().hear(post(body, SEALER.query(encrypted, NOW), NOW)).received
    assert received is not None
    assert received.key == "7300000000000000001"
    assert app().read(received.payload).text == "我36.5"


@pytest.mark.parametrize(
    ("sealer", "field"),
    [
        (Sealer(aes_key="short"), "EncodingAESKey 要 43 个字符"),
        (Sealer(aes_key="钥" * 43), "EncodingAESKey"),
        (Sealer(token=""), "Token"),
        (Sealer(receive_id=""), "receive_id"),
    ],
)
def test_settings_that_cannot_be_right(sealer: Sealer, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        app(sealer)


def test_nothing_is_pulled() -> None:
    with pytest.raises(BadPayload):
        app().pulled([], more=False)
