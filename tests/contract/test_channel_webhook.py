"""The WeCom group webhook: what it says, what every answer means, and that its key stays here."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.channels.base import Call, Channel
from bot.channels.http import Http
from bot.channels.split import split
from bot.channels.wecom_webhook import WecomWebhook
from bot.errors import BadSignature, Rejected, SendError, Throttled, Unknown, Unreachable
from bot.message import Address, ChatKind, MessageKind, Outbound
from tests.fakes.faulty import CUT, CUT_AFTER_TAKING, HTML, SLOW, Fault, Reply
from tests.fakes.webhook import FakeWebhook, coded

FIXTURE = Path(__file__).parents[1] / "fixtures" / "wecom_webhook" / "calls.json"
CALLS = json.loads(FIXTURE.read_text("utf-8"))
KEY = "693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"  # the sample of the documentation
WORDS = Outbound("n-7:g1", Address("hook", "g1", ChatKind.GROUP), "今晚降温👨‍👩‍👧，关好门窗")


@pytest.fixture
def platform() -> Iterator[FakeWebhook]:
    """A platform that knows KEY."""
    with FakeWebhook(KEY) as fake:
        yield fake


@pytest.fixture
async def channel(platform: FakeWebhook) -> AsyncIterator[WecomWebhook]:
    """One group g1 with KEY, and g2 whose webhook the platform does not know."""
    made = webhook(platform)
    yield made
    await made.close()


def webhook(platform: FakeWebhook, read_s: float = 10.0) -> WecomWebhook:
    """A channel at the fake platform."""
    hooks = {"g1": KEY, "g2": "gone"}
    return WecomWebhook("hook", hooks, http=Http(read_s=read_s), api_base=platform.url + "/")


def test_it_is_a_channel() -> None:
    made: Channel = WecomWebhook("hook", {})
    assert (made.kind, made.can_push, made.can_push_private) == ("wecom_webhook", True, False)
    assert (made.dedupes, made.pulls, made.max_bytes) == (False, False, 2048)
    (limit,) = made.limits
    assert (limit.scope, limit.count, limit.per_s, limit.reserve) == ("chat", 18, 60.0, 3)
    assert "W/99110" in limit.source


def test_it_never_hears() -> None:
    made = WecomWebhook("hook", {"g1": KEY})
    call = Call("POST", "/hook/hook", "", {}, {}, b"{}", datetime(2020, 1, 27, tzinfo=UTC))
    with pytest.raises(BadSignature):
        made.hear(call)
    assert made.read("{}").kind is MessageKind.UNKNOWN


async def test_the_documented_call(channel: WecomWebhook, platform: FakeWebhook) -> None:
    documented = CALLS["request"]
    words = replace(WORDS, text=documented["body"]["text"]["content"])
    assert await channel.say(words) == ""
    (seen,) = platform.seen
    assert (seen.method, seen.target) == (documented["method"], f"{documented['path']}?key={KEY}")
    assert json.loads(seen.body) == documented["body"]
    assert seen.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("answer", CALLS["answers"], ids=lambda answer: answer["means"])
async def test_documented_answers(
    channel: WecomWebhook, platform: FakeWebhook, answer: dict[str, object]
) -> None:
    platform.fail(Fault(Reply(200, json.dumps(answer["body"]).encode())))
    if answer["means"] == "taken":
        assert await channel.say(WORDS) == ""
        return
    with pytest.raises(SendError) as caught:
        await channel.say(WORDS)
    assert type(caught.value).__name__ == answer["means"]
    assert "192.0.2.7" not in str(caught.value)  # our own address
    assert "hint" not in caught.value.detail


@pytest.mark.parametrize(
    ("fault", "error", "retry_after"),
    [
        (Fault(coded(-1, "system busy")), Unknown, 60.0),
        (Fault(coded(45009, "api freq out of limit")), Throttled, 60.0),
        (Fault(coded(45033, "api concurrent out of limit")), Throttled, 2.0),
        (Fault(coded(93000, "invalid webhook url")), Rejected, None),
        *((Fault(coded(code, "bad")), Rejected, None) for code in (40008, 40058, 93017, 1)),
        *((Fault(Reply(status)), Unknown, None) for status in (500, 502, 504)),
        (Fault(Reply(429)), Throttled, 60.0),
        *((Fault(Reply(status)), Rejected, None) for status in (403, 404)),
        (Fault(Reply(302, b"", {"Location": "http://127.0.0.1:9/"})), Unknown, None),
        (HTML, Unknown, None),
        (Fault(Reply(200, b"")), Unknown, None),
        (Fault(Reply(200, b'{"errcode":"0"}')), Unknown, None),
        (Fault(Reply(200, b'{"errcode":false}')), Unknown, None),
        (Fault(Reply(200, b"[0]")), Unknown, None),
        (SLOW, Unknown, None),
        (CUT, Unknown, None),
        (CUT_AFTER_TAKING, Unknown, None),
    ],
)
async def test_every_answer_has_its_word(
    platform: FakeWebhook, fault: Fault, error: type[SendError], retry_after: float | None
) -> None:
    channel = webhook(platform, read_s=0.05 if fault.is_slow else 10.0)
    platform.fail(fault)
    with pytest.raises(error) as caught:
        await channel.say(WORDS)
    await channel.close()
    assert caught.value.retry_after == retry_after
    assert len(platform.seen) == 1


async def test_nobody_listens() -> None:
    with FakeWebhook(KEY) as platform:
        channel = webhook(platform)
    with pytest.raises(Unreachable):
        await channel.say(WORDS)
    await channel.close()


async def test_a_removed_webhook(channel: WecomWebhook, platform: FakeWebhook) -> None:
    await channel.say(WORDS)
    platform.remove(KEY)
    with pytest.raises(Rejected) as caught:
        await channel.say(WORDS)
    assert caught.value.code == "webhook_gone"
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "to", [Address("hook", "g9", ChatKind.GROUP), Address("hook", "g1", ChatKind.PRIVATE)]
)
async def test_only_configured_groups(
    channel: WecomWebhook, platform: FakeWebhook, to: Address
) -> None:
    with pytest.raises(Rejected):
        await channel.say(replace(WORDS, to=to))
    assert platform.seen == []


async def test_the_platform_counts_twenty_a_minute() -> None:
    seconds = [0.0]
    with FakeWebhook(KEY, now=lambda: seconds[0]) as platform:
        channel = webhook(platform)
        for _ in range(20):
            await channel.say(WORDS)
        with pytest.raises(Throttled):
            await channel.say(WORDS)
        seconds[0] = 60.0
        await channel.say(WORDS)
        await channel.close()
        assert len(platform.said) == 21


async def test_2048_bytes_are_the_most(channel: WecomWebhook, platform: FakeWebhook) -> None:
    await channel.say(replace(WORDS, text="一" * 682 + "ab"))
    with pytest.raises(Rejected):
        await channel.say(replace(WORDS, text="一" * 683))
    for part in split("各位村民：今天没有新增。\n" * 200, channel.max_bytes):
        await channel.say(replace(WORDS, text=part))
    assert len(platform.said) > 3


async def test_lone_surrogates_do_not_stop_it(channel: WecomWebhook, platform: FakeWebhook) -> None:
    await channel.say(replace(WORDS, text="坏\ud83d字"))
    assert platform.said[0][1].startswith("坏")


async def test_the_key_stays_here(platform: FakeWebhook, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    channel = webhook(platform, read_s=0.05)
    told = repr(channel)
    echo = coded(40058, f"bad request to /send?key={KEY}")
    for fault in (Fault(echo), SLOW, CUT, HTML, Fault(Reply(404, KEY.encode()))):
        platform.fail(fault)
        with pytest.raises(SendError) as caught:
            await channel.say(WORDS)
        error = caught.value
        told += f"{error} {error!r} {error.__cause__!r} {error.__suppress_context__}"
    await channel.close()
    dead = WecomWebhook("hook", {"g1": KEY}, api_base="http://127.0.0.1:1/a b")
    with pytest.raises(SendError) as caught:
        await dead.say(WORDS)
    await dead.close()
    assert KEY not in told + str(caught.value) + caplog.text
    assert "降温" not in told + caplog.text
