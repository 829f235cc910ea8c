"""The bridge, both ways: signatures, events, what is pushed, what is pulled."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import Call, Channel, Heard, Pull
from bot.channels.bridge import DUPLICATE, Bridge
from bot.channels.bridge_signing import Nonces, key_of, signature, signed_headers
from bot.channels.http import Http
from bot.errors import BadPayload, BotError, Rejected, Throttled, Unknown, Unreachable, WireError
from bot.message import Address, ChatKind, Inbound, MessageKind, Outbound
from tests.fakes.bridge import FakeGateway
from tests.fakes.faulty import BUSY, CUT, CUT_AFTER_TAKING, DOWN, HTML, SLOW, Fault, Reply

FIXTURES = Path(__file__).parents[1] / "fixtures" / "bridge"
EVENTS = json.loads((FIXTURES / "events.json").read_text("utf-8"))["events"]
SIGNED = json.loads((FIXTURES / "signatures.json").read_text("utf-8"))
KEY, OTHER = bytes(range(32)), b"k" * 32
NOW = datetime(2020, 1, 27, 0, 15, 2, tzinfo=UTC)
GROUP = Address("sms", "room-17", ChatKind.GROUP)
WORDS = Outbound("n-7:room-17", GROUP, "今晚降温👨‍👩‍👧，关好门窗")
MESSAGE = EVENTS[0]["body"]


def bridge(**settings: Any) -> Bridge:
    """A bridge called sms with KEY."""
    return Bridge("sms", settings.pop("keys", (KEY,)), now=lambda: NOW, **settings)


def call(
    body: object = None, path: str = "", query: str = "", key: bytes = KEY, **changes: Any
) -> Call:
    """A signed call; bytes stay as they are, anything else becomes JSON."""
    method = changes.pop("method", "POST")
    sent_at = changes.pop("sent_at", NOW)
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    target = "/hook/sms" + (f"/{path}" if path else "") + (f"?{query}" if query else "")
    headers = signed_headers((key,), "sms", method, target, raw, sent_at)
    values = dict(pair.split("=") for pair in query.split("&")) if query else {}
    made = Call(method, target, path, values, headers, raw, NOW)
    return replace(made, **changes)


def refused(channel: Bridge, wrong: Call) -> WireError:
    """What hear raises."""
    with pytest.raises(WireError) as caught:
        channel.hear(wrong)
    return caught.value


def with_header(made: Call, name: str, value: str | None) -> Call:
    """The call with one header changed or taken away."""
    headers = {**made.headers, name: value or ""}
    if value is None:
        del headers[name]
    return replace(made, headers=headers)


def read(channel: Bridge, heard: Heard) -> Inbound:
    """The message of what was heard."""
    assert heard.received is not None
    return channel.read(heard.received.payload)


def test_it_is_a_channel() -> None:
    channel: Channel = bridge()
    assert channel.kind == "bridge"
    assert (channel.pulls, channel.dedupes, channel.can_push_private) == (True, False, False)
    pushing = bridge(push_url="https://gw.example/push", idempotent=True, private_to_anyone=True)
    assert (pushing.pulls, pushing.dedupes, pushing.can_push_private) == (False, True, True)


@pytest.mark.parametrize("case", SIGNED["vectors"], ids=lambda case: case["target"])
def test_signatures_are_those_of_openssl(case: dict[str, str]) -> None:
    key = key_of(SIGNED["key_hex"])
    assert case["signature"] == signature(
        key, case["method"], case["target"], case["timestamp"], case["nonce"], case["body"].encode()
    )


@pytest.mark.parametrize("text", ["", "ab" * 31, "zz" * 32, "ab" * 33, "０" * 64])
def test_a_key_is_64_hex_digits(text: str) -> None:
    with pytest.raises(ValueError, match="64 hex"):
        key_of(text)


@pytest.mark.parametrize("case", EVENTS, ids=lambda case: case["body"]["id"])
def test_documented_events(case: dict[str, Any]) -> None:
    channel = bridge()
    heard = channel.hear(call(case["body"]))
    assert (heard.answer.status, heard.answer.body) == (202, b'{"accepted":true}')
    assert heard.repeat == DUPLICATE
    inbound = read(channel, heard)
    assert heard.received is not None
    assert (heard.received.key, heard.received.chat) == (inbound.key, inbound.chat)
    assert inbound.key == case["body"]["id"]
    found = {name: getattr(inbound, name) for name in case["read"]}
    assert found == case["read"]


def test_quote_time_and_media() -> None:
    channel = bridge()
    inbound = read(channel, channel.hear(call(MESSAGE)))
    assert inbound.quote is not None
    assert (inbound.quote.key, inbound.quote.sender) == ("01J8", "m-12")
    assert inbound.quote.text == "今天谁还没报"
    assert inbound.occurred_at == NOW
    assert json.loads(inbound.extra["media"])[0]["bytes"] == 12345


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-sw-bridge", None),
        ("x-sw-bridge", "other"),
        ("x-sw-bridge", "sms "),
        ("x-sw-timestamp", None),
        ("x-sw-timestamp", "１５８００８４１０２"),
        ("x-sw-timestamp", " 1580084102"),
        ("x-sw-timestamp", "1580084103"),
        ("x-sw-timestamp", "9" * 400),
        ("x-sw-nonce", None),
        ("x-sw-nonce", "short"),
        ("x-sw-nonce", "n" * 65),
        ("x-sw-nonce", "0123456789abcdef\n"),
        ("x-sw-signature", None),
        ("x-sw-signature", ""),
        ("x-sw-signature", "v1=" + "0" * 64),
        ("x-sw-signature", "签名"),
        ("x-sw-signature", "\udcff"),
    ],
)
def test_a_wrong_header_is_401(header: str, value: str | None) -> None:
    assert refused(bridge(), with_header(call(MESSAGE), header, value)).status == 401


@pytest.mark.parametrize(
    "changes", [{"body": b"{}"}, {"method": "PUT"}, {"target": "/hook/sms?x=1"}]
)
def test_all_that_is_sent_is_covered(changes: dict[str, Any]) -> None:
    assert refused(bridge(), replace(call(MESSAGE), **changes)).code == "bridge_signature"


def test_the_window_is_300_seconds_both_ways() -> None:
    for seconds in (-300, 300):
        bridge().hear(call(MESSAGE, sent_at=NOW + timedelta(seconds=seconds)))
    for seconds in (-301, 301):
        wrong = call(MESSAGE, sent_at=NOW + timedelta(seconds=seconds))
        assert refused(bridge(), wrong).code == "bridge_clock"


def test_a_nonce_counts_once_and_a_forged_call_spends_none() -> None:
    channel = bridge()
    made = call(MESSAGE)
    assert refused(channel, replace(made, body=b"{}")).status == 401
    channel.hear(made)
    assert refused(channel, made).code == "bridge_replay"
    assert channel.hear(call(MESSAGE)).repeat == DUPLICATE  # signed anew: the id makes it a repeat


def test_nonces_are_forgotten_after_600_seconds_and_bounded() -> None:
    nonces = Nonces(most=3)
    assert nonces.is_new("a", NOW)
    assert not nonces.is_new("a", NOW + timedelta(seconds=600))
    assert nonces.is_new("a", NOW + timedelta(seconds=601))
    for name in "bcdefgh":
        assert nonces.is_new(name, NOW + timedelta(seconds=602))
    assert len(nonces) == 3


def test_two_keys_and_two_signatures() -> None:
    both = bridge(keys=(OTHER, KEY))
    both.hear(call(MESSAGE, key=KEY))
    both.hear(call(MESSAGE, key=OTHER))
    assert refused(bridge(keys=(OTHER,)), call(MESSAGE)).status == 401
    made = call(MESSAGE)
    own = made.headers["x-sw-signature"]
    bridge().hear(with_header(made, "x-sw-signature", "v1=" + "0" * 64 + ", " + own))
    third = with_header(call(MESSAGE), "x-sw-signature", ",".join(["v1=0", "v1=1", own]))
    assert refused(bridge(), third).status == 401
    assert refused(bridge(keys=()), call(MESSAGE)).status == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"v": None}, "v"),
        ({"v": 2}, "v"),
        ({"v": "1"}, "v"),
        ({"v": True}, "v"),
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": 17}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"id": "a\u0000b"}, "id"),
        ({"id": "a\ud800"}, "id"),
        ({"type": None}, "type"),
        ({"type": 1}, "type"),
        ({"chat": None}, "chat"),
        ({"chat": "room-17"}, "chat"),
        ({"chat": {"kind": "group"}}, "chat.id"),
        ({"chat": {"id": "room-17"}}, "chat.kind"),
        ({"chat": {"id": "room-17", "kind": "channel"}}, "chat.kind"),
        ({"chat": {"id": "room-17", "kind": "group", "title": 3}}, "chat.title"),
        ({"sender": None}, "sender"),
        ({"sender": {}}, "sender.id"),
        ({"sender": {"id": "m", "name": []}}, "sender.name"),
        ({"sender": {"id": "m", "is_bot": "no"}}, "sender.is_bot"),
        ({"text": None, "media": None}, "text"),
        ({"text": 36.5}, "text"),
        ({"mentions_bot": 1}, "mentions_bot"),
        ({"self": "false"}, "self"),
        ({"quote": "今天"}, "quote"),
        ({"quote": {"text": 3}}, "quote.text"),
        ({"media": {}}, "media"),
        ({"media": ["x"]}, "media"),
        ({"media": [{"url": "x"}]}, "media.kind"),
        ({"media": [{"kind": "image", "bytes": -1}]}, "media.bytes"),
        ({"media": [{"kind": "image"}] * 51}, "media"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2020-01-27T08:15:02"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+08:00"}, "occurred_at"),
        ({"type": "recalled"}, "ref"),
        ({"type": "receipt"}, "state"),
        ({"type": "receipt", "state": "read"}, "state"),
        ({"type": "receipt", "state": "sent"}, "ref"),
        ({"type": "receipt", "state": "sent", "ref": "n", "retryable": 0}, "retryable"),
        ({"type": "heartbeat", "chats": "12"}, "chats"),
    ],
)
def test_a_wrong_field_is_422_with_its_name(change: dict[str, Any], field: str) -> None:
    body = {name: value for name, value in {**MESSAGE, **change}.items() if value is not None}
    raw = json.dumps(body).encode()  # lone surrogates as escapes
    error = refused(bridge(), call(raw))
    assert (error.status, error.detail) == (422, field)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"v":1,"v":1}',
        b'{"v":NaN}',
        b'{"v":' + b"9" * 5000 + b"}",
        b"[" * 20_000,
        b'{"a":' * 20_000,
        b"<xml/>",
    ],
    ids=range(11),
)
def test_no_json_is_400_and_quick(raw: bytes) -> None:
    made = call(raw)
    began = time.process_time()
    assert refused(bridge(), made).status == 400
    assert time.process_time() - began < 0.05


def test_too_large_is_413_and_quick() -> None:
    made = call(b" " * (256 * 1024 + 1))
    began = time.process_time()
    assert refused(bridge(), made).status == 413
    assert time.process_time() - began < 0.05
    body = {**MESSAGE, "text": "", "pad": ""}
    room = 256 * 1024 - len(json.dumps(body, ensure_ascii=False).encode())
    bridge().hear(call({**body, "pad": "x" * room}))  # exactly 256 KiB


def test_text_that_no_database_keeps_is_replaced_visibly() -> None:
    channel = bridge()
    raw = json.dumps({**MESSAGE, "text": "体温\ud83d 36.5\u0000👍"}).encode()
    assert read(channel, channel.hear(call(raw))).text == "体温\ufffd 36.5\ufffd👍"
    marked = b"\xef\xbb\xbf" + json.dumps(MESSAGE).encode()
    assert read(channel, channel.hear(call(marked))).text == "体温36.5"


def test_a_heartbeat_needs_neither_id_nor_version() -> None:
    channel = bridge()
    beats = [channel.hear(call({"type": "heartbeat", "logged_in": True})) for _ in range(2)]
    assert [read(channel, beat).kind for beat in beats] == [MessageKind.HEARTBEAT] * 2
    assert len({read(channel, beat).key for beat in beats}) == 2


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from([*MESSAGE, "ref", "state", "logged_in", "ids"]),
    st.sampled_from(["message", "joined", "left", "renamed", "recalled", "receipt", "ack", "x"]),
)
def test_whatever_stands_in_a_field(value: object, field: str, kind: str) -> None:
    channel = bridge()
    raw = json.dumps({**MESSAGE, "type": kind, field: value}).encode()
    try:
        heard = channel.hear(call(raw))
    except WireError as error:
        assert error.status in (400, 422)  # noqa: PT017 - raised or not, both are right
        return
    inbound = read(channel, heard)
    inbound.text.encode()
    inbound.key.encode()


@given(st.binary(max_size=200), st.integers(0, 400))
def test_mutated_bodies(junk: bytes, at: int) -> None:
    raw = json.dumps(MESSAGE).encode()
    channel = bridge()
    try:
        read(channel, channel.hear(call(raw[:at] + junk + raw[at + len(junk) :])))
    except BotError as error:
        assert isinstance(error, BadPayload)  # noqa: PT017


# Pulling


def test_pull_asks_for_what_is_above() -> None:
    channel = bridge()
    heard = channel.hear(call(b"", "outbox", "after=12", method="GET"))
    assert heard.pull == Pull(12, 100)
    assert heard.received is None
    assert channel.hear(call(b"", "outbox", method="GET")).pull == Pull(0, 100)
    asked = channel.hear(call(b"", "outbox", "after=3&limit=5000", method="GET"))
    assert asked.pull == Pull(3, 100)


@pytest.mark.parametrize(
    "query", ["after=-1", "after=１", "after=1e3", "after=" + "9" * 19, "limit=x"]
)
def test_pull_reads_digits_only(query: str) -> None:
    error = refused(bridge(), call(b"", "outbox", query, method="GET"))
    assert (error.status, error.detail) == (422, query.partition("=")[0])


def test_pull_refuses_a_repeated_parameter() -> None:
    made = call(b"", "outbox", "after=12", method="GET", repeated=frozenset({"after"}))
    assert refused(bridge(), made).status == 422


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("", "GET", 405),
        ("outbox", "POST", 405),
        ("ack", "GET", 405),
        ("inbox", "GET", 404),
        ("outbox/../ack", "POST", 404),
    ],
)
def test_other_paths_and_methods(path: str, method: str, status: int) -> None:
    assert refused(bridge(), call(b"{}", path, method=method)).status == status


def test_a_bridge_that_is_pushed_to_has_no_outbox() -> None:
    pushing = bridge(push_url="https://gw.example/push")
    assert refused(pushing, call(b"", "outbox", method="GET")).status == 404
    assert refused(pushing, call({"ids": ["a"]}, "ack")).status == 404


def test_what_is_pulled() -> None:
    urgent = replace(WORDS, key="n-8", urgent=True, expires_at=NOW)
    answer = bridge().pulled([(7, WORDS), (9, urgent)], more=True)
    assert (answer.status, answer.content_type) == (200, "application/json")
    said = json.loads(answer.body)
    assert said["more"] is True
    assert said["messages"][0] == {
        "v": 1,
        "id": "n-7:room-17",
        "chat": {"id": "room-17", "kind": "group"},
        "text": WORDS.text,
        "mentions": [],
        "priority": "normal",
        "expires_at": None,
        "seq": 7,
    }
    assert said["messages"][1]["priority"] == "urgent"
    assert said["messages"][1]["expires_at"] == "2020-01-27T00:15:02+00:00"
    assert said["messages"][1]["seq"] == 9


def test_ack_is_a_receipt_for_all_of_them() -> None:
    channel = bridge()
    heard = channel.hear(call({"ids": ["n-7:room-17", "n-8"]}, "ack"))
    inbound = read(channel, heard)
    assert (inbound.kind, inbound.state, inbound.ref) == ("receipt", "taken", "n-7:room-17")
    assert json.loads(inbound.extra["refs"]) == ["n-7:room-17", "n-8"]
    assert inbound.key.startswith("ack:")


def test_a_second_ack_of_the_same_counts_again() -> None:
    """What failed for now is given and confirmed again under the same id."""
    channel = bridge()
    acks = [read(channel, channel.hear(call({"ids": ["n-7"]}, "ack"))) for _ in range(2)]
    assert acks[0].key != acks[1].key


@pytest.mark.parametrize("ids", [None, [], "n-7", [7], ["n-7", ""], ["x" * 513], ["n"] * 501])
def test_ack_of_nothing_is_422(ids: object) -> None:
    error = refused(bridge(), call({"ids": ids}, "ack"))
    assert (error.status, error.detail) == (422, "ids")


# Pushing


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A patient client: a busy machine fails no test."""
    client = Http(read_s=10.0)
    yield client
    await client.close()


def pushing(gateway: FakeGateway, http: Http, **settings: Any) -> Bridge:
    """A bridge that pushes to the fake gateway."""
    return bridge(push_url=gateway.push_url, http=http, allow_private_push=True, **settings)


async def test_push_is_signed_and_taken_once(http: Http) -> None:
    with FakeGateway("sms", KEY, now=lambda: NOW, path="/push?to=a%20b") as gateway:
        channel = pushing(gateway, http)
        assert await channel.say(WORDS) == "gw-1"
        await channel.say(WORDS)
        assert list(gateway.taken) == ["n-7:room-17"]
        assert gateway.repeats == 1
        assert gateway.taken["n-7:room-17"]["text"] == WORDS.text
        assert gateway.seen[0].body == gateway.seen[1].body  # the same try after try


@pytest.mark.parametrize("known", [KEY, OTHER])
async def test_push_during_a_change_of_keys(http: Http, known: bytes) -> None:
    with FakeGateway("sms", known, now=lambda: NOW) as gateway:
        await pushing(gateway, http, keys=(OTHER, KEY)).say(WORDS)
        assert len(gateway.taken) == 1


async def test_lone_surrogates_do_not_stop_a_push(http: Http) -> None:
    with FakeGateway("sms", KEY, now=lambda: NOW) as gateway:
        await pushing(gateway, http).say(replace(WORDS, text="坏\ud83d字\u0000"))
        assert gateway.taken["n-7:room-17"]["text"] == "坏\ufffd字\ufffd"


@pytest.mark.parametrize(
    ("fault", "error", "retry_after"),
    [
        (BUSY, Throttled, 7.0),
        (Fault(Reply(429)), Throttled, None),
        (Fault(Reply(429, b"", {"Retry-After": "Mon, 27 Jan 2020 00:16:02 GMT"})), Throttled, None),
        (DOWN, Unreachable, 3.0),
        *((Fault(Reply(status)), Unreachable, None) for status in (408, 425, 500, 502, 504)),
        (SLOW, Unknown, None),
        (CUT, Unknown, None),
        (CUT_AFTER_TAKING, Unknown, None),
        (HTML, Unknown, None),
        *((Fault(Reply(status)), Rejected, None) for status in (400, 401, 403, 404, 410, 422)),
        (Fault(Reply(302, b"", {"Location": "http://127.0.0.1:9/"})), Rejected, None),
    ],
)
async def test_every_answer_has_its_word(
    http: Http, fault: Fault, error: type[BotError], retry_after: float | None
) -> None:
    with FakeGateway("sms", KEY, now=lambda: NOW) as gateway:
        gateway.fail(fault)
        hasty = pushing(gateway, Http(read_s=0.05) if fault.is_slow else http)
        with pytest.raises(error) as caught:
            await hasty.say(WORDS)
        await hasty.close()
        assert getattr(caught.value, "retry_after", None) == retry_after
        assert len(gateway.seen) == 1  # no redirect followed, nothing sent twice by us
        await pushing(gateway, http).say(WORDS)
        assert len(gateway.taken) == 1


@pytest.mark.parametrize("words", [b"", b"ok", b'{"ok":true}', b'{"id":7}', b"[1]"])
async def test_any_words_with_200_are_a_yes(http: Http, words: bytes) -> None:
    with FakeGateway("sms", KEY, now=lambda: NOW) as gateway:
        gateway.fail(Fault(Reply(200, words)))
        assert await pushing(gateway, http).say(WORDS) == ""


async def test_nobody_listens(http: Http) -> None:
    with FakeGateway("sms", KEY, now=lambda: NOW) as gateway:
        channel = pushing(gateway, http)
    with pytest.raises(Unreachable):
        await channel.say(WORDS)


async def test_a_word_of_refusal_is_kept_and_talk_is_not(http: Http) -> None:
    with FakeGateway("sms", KEY, now=lambda: NOW) as gateway:
        channel = pushing(gateway, http)
        gateway.fail(Fault(Reply(404, b'{"error":"no_such_chat"}')))
        with pytest.raises(Rejected, match="HTTP 404 no_such_chat"):
            await channel.say(WORDS)
        gateway.fail(Fault(Reply(404, '{"error":"张桂芳 不在群里"}'.encode())))
        with pytest.raises(Rejected) as caught:
            await channel.say(WORDS)
        assert caught.value.detail == "HTTP 404"


PRIVATE = (
    "127.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:10.0.0.1]",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "224.0.0.1",
    "0",  # all of this machine
    "2130706433",  # 127.0.0.1 as one number
)


@pytest.mark.parametrize("host", PRIVATE)
async def test_private_addresses_are_refused(http: Http, host: str) -> None:
    channel = bridge(push_url=f"http://{host}:9/push", http=http)
    with pytest.raises(Rejected) as caught:
        await channel.say(WORDS)
    assert caught.value.code == "bridge_private_address"


async def test_a_pulling_bridge_never_pushes() -> None:
    channel = bridge()
    with pytest.raises(Rejected):
        await channel.say(WORDS)
    await channel.close()


async def test_no_key_and_no_text_in_logs_or_errors(
    http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    with FakeGateway("sms", OTHER, now=lambda: NOW) as gateway:
        with pytest.raises(Rejected) as caught:
            await pushing(gateway, http).say(WORDS)
        told = caplog.text + repr(caught.value) + repr(caught.value.__cause__)
    assert KEY.hex() not in told
    assert "降温" not in told


async def test_many_at_once(http: Http) -> None:
    with FakeGateway("sms", KEY, now=lambda: NOW) as gateway:
        channel = pushing(gateway, Http())
        await asyncio.gather(*(channel.say(replace(WORDS, key=f"n-{n}")) for n in range(50)))
        await channel.close()
        assert len(gateway.taken) == 50
