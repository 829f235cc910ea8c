"""Official account: hearing, answering in the response, and customer-service messages."""

import json
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Call, Channel, Heard
from bot.channels.cipher import Refused
from bot.channels.http import Http
from bot.channels.official_account import OfficialAccount
from bot.channels.tokens import StoredToken, stable_token
from bot.errors import BadPayload, Rejected, SendError, Throttled, Unknown
from bot.message import Address, ChatKind, Inbound, MessageKind, Outbound
from tests.fakes.faulty import CUT_AFTER_TAKING, DOWN, HTML, SLOW, Fault
from tests.fakes.weixin import ACCOUNT, ACCOUNT_KEY, STABLE, TO_FOLLOWER, Weixin
from tests.fakes.weixin_seal import Sealer, envelope, get, post

FIXTURES = Path(__file__).parents[1] / "fixtures" / "official_account"
NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)
SEALER = Sealer(
    aes_key="oaKey0123456789abcdefghijklmnopqrstuvwxyzAB", receive_id="wx0123456789abcdef"
)


def account(sealer: Sealer = SEALER, **settings: Any) -> OfficialAccount:
    return OfficialAccount(
        name="door",
        token=sealer.token,
        aes_key=sealer.aes_key,
        receive_id=sealer.receive_id,
        **{"http": Http(), **settings},
    )


def fixture(name: str) -> dict[str, Any]:
    return dict(json.loads((FIXTURES / f"{name}.json").read_text("utf-8")))


def message(name: str) -> str:
    return str(fixture(name)["message"])


def event(name: str, rest: str = "") -> str:
    return (
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oZhang</FromUserName>"
        "<CreateTime>1580688732</CreateTime><MsgType>event</MsgType>"
        f"<Event>{name}</Event>{rest}</xml>"
    )


def heard(xml: str) -> tuple[Heard, Inbound]:
    """Through both halves; key and chat must agree."""
    found = account().hear(SEALER.xml_call(xml, NOW))
    assert found.received is not None
    said = account().read(found.received.payload)
    assert (said.key, said.chat) == (found.received.key, found.received.chat)
    return found, said


def test_is_a_channel() -> None:
    channel: Channel = account()
    assert not channel.can_push
    assert not channel.can_push_private
    assert channel.limits == ()


def plain_query(now: datetime = NOW, nonce: str = "486452656") -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    signature = SEALER.sign(timestamp, nonce)
    return {"signature": signature, "timestamp": timestamp, "nonce": nonce}


def test_documented_plain_signature() -> None:
    call = fixture("plain_query")
    channel = account(Sealer(call["token"], SEALER.aes_key, SEALER.receive_id))
    answer = channel.hear(get({**call["query"], "echostr": "5838479218127813673"}, NOW)).answer
    assert (answer.status, answer.body) == (200, b"5838479218127813673")


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "0" * 40},
        {"signature": ""},
        {"nonce": "1"},
        {"msg_signature": "0" * 40},
        {"msg_signature": ""},
        {"timestamp": "1580688732 "},
    ],
)
def test_url_check_refused(change: dict[str, str]) -> None:
    query = {**plain_query(), "echostr": "1", **change}
    with pytest.raises(Refused):
        account().hear(get(query, NOW))


def test_url_check_without_echostr() -> None:
    with pytest.raises(BadPayload):
        account().hear(get(plain_query(), NOW))


def test_url_check_sealed() -> None:
    found = account().hear(SEALER.check_call("1616140317555161061", NOW))
    assert found.answer.body == b"1616140317555161061"


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [("sealed_text", MessageKind.TEXT, "abcdteT"), ("sealed_event", MessageKind.UNKNOWN, "")],
)
def test_documented_sealed_calls(name: str, kind: MessageKind, text: str) -> None:
    call = fixture(name)
    channel = account(Sealer(call["token"], call["aes_key"], call["receive_id"]))
    found = channel.hear(post(call["body"], call["query"], NOW))
    assert found.answer.body == b"success"
    assert found.received is not None
    said = channel.read(found.received.payload)
    assert (said.kind, said.text, said.mentions_bot) == (kind, text, True)


def test_documented_text() -> None:
    found, said = heard(message("text"))
    assert (said.key, said.sender, said.text) == ("1234567890123456", "fromUser", "this is a test")
    assert said.chat_kind is ChatKind.PRIVATE
    assert (found.answer.body, found.passive_s) == (b"success", 4.0)


def test_documented_receipt() -> None:
    found, said = heard(message("template_receipt"))
    assert (said.kind, said.ref, said.state) == (MessageKind.RECEIPT, "200163836", "delivered")
    assert found.passive is None


def test_documented_follow_by_code() -> None:
    found, said = heard(message("subscribe_scene"))
    assert (said.kind, said.state) == (MessageKind.JOINED, "123123")
    assert found.passive is not None


@pytest.mark.parametrize(
    ("xml", "kind", "state", "reason"),
    [
        (event("subscribe"), MessageKind.JOINED, "", ""),
        (event("unsubscribe"), MessageKind.LEFT, "", ""),
        (event("SCAN", "<EventKey>village-7</EventKey>"), MessageKind.ENTERED, "village-7", ""),
        (event("CLICK", "<EventKey>help</EventKey>"), MessageKind.UNKNOWN, "click", ""),
        (event("LOCATION"), MessageKind.UNKNOWN, "location", ""),
        (
            event("TEMPLATESENDJOBFINISH", "<MsgID>7</MsgID><Status>failed:user block</Status>"),
            MessageKind.RECEIPT,
            "failed",
            "user block",
        ),
        (
            event("MASSSENDJOBFINISH", "<MsgID>8</MsgID><Status>send success</Status>"),
            MessageKind.RECEIPT,
            "sent",
            "",
        ),
        (
            event("MASSSENDJOBFINISH", "<MsgID>8</MsgID><Status>err(10001)</Status>"),
            MessageKind.RECEIPT,
            "failed",
            "err(10001)",
        ),
    ],
)
def test_events(xml: str, kind: MessageKind, state: str, reason: str) -> None:
    said = heard(xml)[1]
    assert (said.kind, said.state, said.reason) == (kind, state, reason)


def test_receipts_of_one_second_differ() -> None:
    keys = {heard(event("TEMPLATESENDJOBFINISH", f"<MsgID>{n}</MsgID>"))[1].key for n in (7, 8)}
    assert len(keys) == 2


def test_voice_is_read_where_it_was_recognised() -> None:
    xml = message("text").replace("[text]", "[voice]").replace("Content>", "Recognition>")
    said = heard(xml)[1]
    assert (said.kind, said.text) == (MessageKind.VOICE, "this is a test")


def test_chat_id_means_nothing_here() -> None:
    said = heard(message("text").replace("</xml>", "<ChatId>wr1</ChatId></xml>"))[1]
    assert (said.chat, said.chat_kind) == ("fromUser", ChatKind.PRIVATE)


@pytest.mark.parametrize("beside", ["", "<MsgId>1</MsgId><Content>38.9</Content>"])
def test_compatible_mode_reads_the_sealed_part_only(beside: str) -> None:
    encrypted = SEALER.seal(message("text"))
    body = envelope(encrypted).replace("</xml>", f"{beside}</xml>")
    query = {**SEALER.query(encrypted, NOW), "encrypt_type": "aes"}
    received = account().hear(post(body, query, NOW)).received
    assert received is not None
    assert received.key == "1234567890123456"


def plain_call(query: dict[str, str] | None = None) -> Call:
    return post(message("text"), plain_query() if query is None else query, NOW)


def test_plain_mode_is_off() -> None:
    with pytest.raises(BadPayload, match="no_encrypt"):
        account().hear(plain_call())
    downgraded = replace(SEALER.xml_call(message("text"), NOW), query=plain_query())
    with pytest.raises(Refused):
        account().hear(downgraded)


def test_plain_mode_for_a_developer() -> None:
    channel = account(allow_plain=True)
    found = channel.hear(plain_call())
    assert found.received is not None
    assert channel.read(found.received.payload).text == "this is a test"
    assert found.passive is not None
    assert "收到" in found.passive("收到").body.decode()
    for query in ({}, {**plain_query(), "nonce": "1"}):
        with pytest.raises(Refused):
            channel.hear(plain_call(query))
    sealed = SEALER.xml_call(message("text"), NOW)
    assert channel.hear(sealed).received is not None
    forged = {**sealed.query, **plain_query(), "msg_signature": "0"}
    with pytest.raises(Refused):  # a sealed call is never read as a plain one
        channel.hear(replace(sealed, query=forged))


@pytest.mark.parametrize("repeated", ["msg_signature", "timestamp", "nonce", "signature"])
def test_repeated_parameter(repeated: str) -> None:
    call = replace(SEALER.xml_call(message("text"), NOW), repeated=frozenset({repeated}))
    with pytest.raises(Refused):
        account().hear(call)


def opened(found: Heard, words: str) -> ET.Element:
    """Open the reply as the platform would."""
    assert found.passive is not None
    answer = found.passive(words)
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    outer = ET.fromstring(answer.body)  # noqa: S314  # our own
    encrypted = outer.findtext("Encrypt", "")
    timestamp, nonce = outer.findtext("TimeStamp", ""), outer.findtext("Nonce", "")
    assert outer.findtext("MsgSignature") == SEALER.sign(timestamp, nonce, encrypted)
    assert timestamp == str(int(NOW.timestamp()))
    return ET.fromstring(SEALER.open(encrypted))  # noqa: S314  # our own


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("收到，已记上", "收到，已记上"),
        ("a]]>b<xml>&amp;", "a]]>b<xml>&amp;"),
        ("]]>]]>", "]]>]]>"),
        ("一\n二", "一\n二"),
        ("NUL\x00 ESC\x1b", "NUL ESC"),
        ("lone \ud83d end", "lone \ufffd end"),
        ("😀𠮷", "😀𠮷"),
    ],
)
def test_passive_reply(words: str, shown: str) -> None:
    reply = opened(heard(message("text"))[0], words)
    assert reply.findtext("Content") == shown
    assert reply.findtext("ToUserName") == "fromUser"
    assert reply.findtext("FromUserName") == "toUser"
    assert reply.findtext("MsgType") == "text"


def test_passive_reply_is_cut_between_characters() -> None:
    shown = opened(heard(message("text"))[0], "字" * 2000).findtext("Content", "")
    assert len(shown.encode()) <= 2048
    assert shown.rstrip("…") == "字" * (len(shown) - 1)


@pytest.mark.parametrize("words", ["", "  ", "\x00"])
def test_no_words_is_success(words: str) -> None:
    found = heard(message("text"))[0]
    assert found.passive is not None
    assert found.passive(words).body == b"success"


@pytest.fixture
def platform() -> Iterator[Weixin]:
    with Weixin() as platform:
        yield platform


class Kept:
    """One token, fetched at most once unless it is refused."""

    async def load(self) -> None:
        return None

    async def save(self, value: str, ends_at: datetime) -> None:
        pass


@pytest.fixture
async def tokens(platform: Weixin) -> AsyncIterator[StoredToken]:
    http, kept = Http(), Kept()
    fetch = stable_token(http, platform.url, ACCOUNT, ACCOUNT_KEY)
    tokens = StoredToken(fetch, kept.load, kept.save, now=lambda: NOW)
    await tokens.get()  # the next request is the message's
    yield tokens
    await http.close()


def service(platform: Weixin, tokens: StoredToken, http: Http) -> OfficialAccount:
    return account(http=http, tokens=tokens, service_api=True, api_base=platform.url)


@pytest.fixture
async def door(platform: Weixin, tokens: StoredToken) -> AsyncIterator[OfficialAccount]:
    """An account with the customer-service API."""
    door = service(platform, tokens, Http())
    yield door
    await door.close()


def words(text: str = "王大夫说可以出门了", to: str = "oZhang") -> Outbound:
    return Outbound("o1", Address("door", to, ChatKind.PRIVATE), text)


async def test_customer_service_message(platform: Weixin, door: OfficialAccount) -> None:
    platform.person_writes("oZhang")
    await door.say(words())
    assert platform.delivered == [("oZhang", "王大夫说可以出门了")]
    sent = json.loads(platform.seen[-1].body)
    assert sent == {"touser": "oZhang", "msgtype": "text", "text": {"content": words().text}}


async def test_window_of_the_platform(platform: Weixin, door: OfficialAccount) -> None:
    with pytest.raises(Rejected, match="window_closed"):
        await door.say(words())
    platform.person_writes("oZhang")
    for _ in range(5):
        await door.say(words())
    with pytest.raises(Rejected, match="count_used_up"):
        await door.say(words())
    with pytest.raises(Rejected, match="unknown_user"):
        await door.say(words(to="oGone"))
    heard_limit = door.limits[0]
    assert (heard_limit.scope, heard_limit.count) == ("heard", 5)
    assert heard_limit.per_s == 48 * 3600 - 600


async def test_without_the_service_api() -> None:
    with pytest.raises(Rejected, match="no_service_api"):
        await account().say(words())
    with pytest.raises(ValueError, match="secret"):
        account(service_api=True)


@pytest.mark.parametrize("errcode", [45009, 45011])
async def test_quota_is_for_later(platform: Weixin, door: OfficialAccount, errcode: int) -> None:
    platform.refuse(TO_FOLLOWER, errcode, times=1)
    with pytest.raises(Throttled) as failure:
        await door.say(words())
    assert failure.value.retry_after


@pytest.mark.parametrize("errcode", [40164, 43004, 43101, 45002, 48001, 50002])
async def test_final_refusals(platform: Weixin, door: OfficialAccount, errcode: int) -> None:
    platform.refuse(TO_FOLLOWER, errcode, times=1)
    with pytest.raises(Rejected) as failure:
        await door.say(words())
    assert not failure.value.retryable
    assert "oZhang" not in failure.value.detail


@pytest.mark.parametrize(
    "fault", [SLOW, CUT_AFTER_TAKING, HTML, DOWN], ids=["slow", "cut", "html", "503"]
)
async def test_unknown_outcome(platform: Weixin, tokens: StoredToken, fault: Fault) -> None:
    """The API has no duplicate check: whether it is said again is not for the channel to say."""
    door = service(platform, tokens, Http(read_s=0.04) if fault is SLOW else Http())
    platform.person_writes("oZhang")
    platform.fail(fault)
    with pytest.raises(Unknown):
        await door.say(words())
    assert not door.dedupes
    await door.close()


async def test_token_refused_for_ever(platform: Weixin, door: OfficialAccount) -> None:
    platform.refuse(TO_FOLLOWER, 40001)
    before = platform.count(STABLE)
    with pytest.raises(SendError, match="token_refused"):
        await door.say(words())
    assert platform.count(TO_FOLLOWER) == 2
    assert platform.count(STABLE) - before == 1
