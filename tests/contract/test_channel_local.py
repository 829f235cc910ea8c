"""The local channel: the bridge's events without a signature, for this machine only."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Call, Channel
from bot.channels.local import Local
from bot.errors import BadSignature, WireError
from bot.message import Address, ChatKind, Outbound

FIXTURE = Path(__file__).parents[1] / "fixtures" / "local" / "events.json"
EVENTS = json.loads(FIXTURE.read_text("utf-8"))["events"]
NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)


def call(body: bytes, method: str = "POST", path: str = "") -> Call:
    """An unsigned call."""
    return Call(method, "/hook/talk", path, {}, {}, body, NOW)


def opened() -> Local:
    """A channel that believes everybody."""
    return Local("talk", lambda _: None, is_open=True)


def test_it_is_a_channel() -> None:
    channel: Channel = opened()
    assert (channel.can_push, channel.can_push_private, channel.dedupes) == (True, True, True)
    assert (channel.limits, channel.pulls) == ((), False)


@pytest.mark.parametrize("case", EVENTS, ids=lambda case: case["body"]["id"])
def test_documented_events(case: dict[str, Any]) -> None:
    channel = opened()
    heard = channel.hear(call(json.dumps(case["body"]).encode()))
    assert heard.answer.status == 202
    assert heard.repeat is not None
    assert json.loads(heard.repeat.body) == {"accepted": True, "duplicate": True}
    assert heard.received is not None
    inbound = channel.read(heard.received.payload)
    assert (inbound.channel, inbound.key) == ("talk", case["body"]["id"])
    assert {name: getattr(inbound, name) for name in case["read"]} == case["read"]


def test_it_is_closed_unless_it_was_opened() -> None:
    with pytest.raises(BadSignature):
        Local("talk", lambda _: None).hear(call(json.dumps(EVENTS[0]["body"]).encode()))


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (call(b"no json"), 400),
        (call(b"{}"), 422),
        (call(b"{}", "GET"), 405),
        (call(b"{}", path="outbox"), 405),
        (call(b" " * (256 * 1024 + 1)), 413),
    ],
)
def test_what_it_refuses(made: Call, status: int) -> None:
    with pytest.raises(WireError) as caught:
        opened().hear(made)
    assert caught.value.status == status


async def test_what_is_said_is_handed_over() -> None:
    said: list[Outbound] = []
    channel = Local("talk", said.append)
    words = Outbound("k-1", Address("talk", "三组群", ChatKind.GROUP), "已记 3 人。")
    assert await channel.say(words) == "local:k-1"
    assert said == [words]
    await channel.close()
