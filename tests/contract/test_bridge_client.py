"""The reference client against our own end of the contract, on a real port, through outages."""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.bridge_client import BridgeClient, Message, Said
from bot.channels.bridge import Bridge
from bot.channels.bridge_signing import key_of
from bot.errors import Rejected, SendError, Throttled, Unknown, Unreachable
from bot.message import Address, ChatKind, MessageKind, Outbound
from tests.fakes.bridge import FakeHook
from tests.fakes.faulty import BUSY, CUT, CUT_AFTER_TAKING, DOWN, Fault, Reply

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "bridge.md").read_text("utf-8")
VECTORS = ROOT / "tests" / "fixtures" / "bridge" / "signatures.json"
KEY = bytes(range(32))
SAID: Message = {
    "id": "m-1",
    "chat": {"id": "room-17", "kind": "group"},
    "sender": {"id": "m-88", "name": "李建国"},
    "text": "体温36.5",
}


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        """Begin on a January morning."""
        self.moment = datetime(2020, 1, 27, 0, 15, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The moment."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def time() -> Time:
    """One clock for both ends."""
    return Time()


@pytest.fixture
def hook(time: Time) -> Iterator[FakeHook]:
    """Our end, with a bridge called sms that pulls."""
    with FakeHook(Bridge("sms", (KEY,), now=time.now), time.now) as server:
        yield server


@pytest.fixture
def client(hook: FakeHook, time: Time) -> Iterator[BridgeClient]:
    """The gateway's end."""
    with BridgeClient(hook.url, "sms", KEY, now=time.now, sleep=time.sleep) as made:
        yield made


def waiting(hook: FakeHook, count: int) -> None:
    """Put so many messages into the outbox."""
    to = Address("sms", "room-17", ChatKind.GROUP)
    hook.outbox = {n: Outbound(f"n-{n}", to, f"通知 {n}") for n in range(1, count + 1)}


def rounds(count: int) -> Iterator[bool]:
    """False so often, then True: for `is_over`."""
    yield from [False] * count
    yield True


def test_send_and_repeat(client: BridgeClient, hook: FakeHook) -> None:
    assert client.send(SAID) == {"accepted": True}
    assert client.send(SAID) == {"accepted": True, "duplicate": True}
    (heard,) = hook.heard
    assert (heard.text, heard.sender_name) == ("体温36.5", "李建国")


def test_outages_are_waited_out_and_double_nothing(
    client: BridgeClient, hook: FakeHook, time: Time
) -> None:
    hook.fail(CUT, CUT_AFTER_TAKING, DOWN, BUSY, Fault(Reply(500)))
    assert client.send(SAID) == {"accepted": True, "duplicate": True}
    assert time.slept == [1.0, 2.0, 3.0, 7.0, 16.0]  # Retry-After goes before our own backoff
    assert len(hook.heard) == 1
    nonces = [seen.headers["x-sw-nonce"] for seen in hook.seen]
    assert len(set(nonces)) == len(nonces) == 6


@pytest.mark.parametrize(
    ("fault", "error"), [(BUSY, Throttled), (DOWN, Unreachable), (CUT, Unknown)]
)
def test_it_gives_up_in_the_end(
    hook: FakeHook, time: Time, fault: Fault, error: type[SendError]
) -> None:
    with BridgeClient(hook.url, "sms", KEY, now=time.now, sleep=time.sleep, tries=3) as client:
        hook.fail(fault, fault, fault)
        with pytest.raises(error):
            client.send(SAID)
    assert len(hook.seen) == 3


def test_nobody_listens(time: Time) -> None:
    url = "http://127.0.0.1:1"
    with (
        BridgeClient(url, "sms", KEY, now=time.now, sleep=time.sleep, tries=2) as client,
        pytest.raises(Unreachable),
    ):
        client.heartbeat()


def test_a_wrong_field_is_named_and_not_tried_again(client: BridgeClient, hook: FakeHook) -> None:
    with pytest.raises(Rejected, match=r"chat\.kind"):
        client.send({**SAID, "chat": {"id": "room-17"}})
    assert len(hook.seen) == 1


def test_a_wrong_key_or_clock_stops_listening(hook: FakeHook, time: Time) -> None:
    late = time.now() + timedelta(seconds=301)
    for key, now in ((b"x" * 32, time.now), (KEY, lambda: late)):
        with (
            BridgeClient(hook.url, "sms", key, now=now, sleep=time.sleep) as client,
            pytest.raises(Rejected, match="401"),
        ):
            client.listen(lambda _: None)


def test_listen_says_each_once_with_receipt_and_ack(client: BridgeClient, hook: FakeHook) -> None:
    waiting(hook, 250)
    said: list[Message] = []
    over = rounds(2)
    client.listen(said.append, is_over=lambda: next(over))
    assert [message["id"] for message in said] == [f"n-{n}" for n in range(1, 251)]
    assert said[0]["text"] == "通知 1"
    assert hook.outbox == {}
    receipts = [heard for heard in hook.heard if heard.kind is MessageKind.RECEIPT]
    sent = [heard.ref for heard in receipts if heard.state == "sent"]
    assert sent == [f"n-{n}" for n in range(1, 251)]
    assert len([heard for heard in receipts if heard.state == "taken"]) == 3  # three pages


def test_a_lost_receipt_says_nothing_twice(client: BridgeClient, hook: FakeHook) -> None:
    said: list[Message] = []

    def say(message: Message) -> None:
        said.append(message)
        hook.fail(*[DOWN] * 8)  # the receipt fails for good; the next round begins anew

    waiting(hook, 1)
    over = rounds(2)
    client.listen(say, is_over=lambda: next(over))
    assert len(said) == 1
    assert hook.outbox == {}


def test_what_became_of_it(client: BridgeClient, hook: FakeHook) -> None:
    def say(message: Message) -> Said | None:
        if message["id"] == "n-1":
            return Said("delivered")
        if message["id"] == "n-2":
            raise Rejected("not_in_chat")
        return None

    waiting(hook, 3)
    over = rounds(1)
    client.listen(say, is_over=lambda: next(over))
    told = {heard.ref: heard for heard in hook.heard if heard.state != "taken"}
    assert (told["n-1"].state, told["n-3"].state) == ("delivered", "sent")
    assert (told["n-2"].state, told["n-2"].reason) == ("failed", "not_in_chat")
    assert told["n-2"].extra == {"retryable": "false"}


def test_what_failed_for_now_is_tried_when_it_comes_again(
    client: BridgeClient, hook: FakeHook
) -> None:
    tries: list[Message] = []

    def say(message: Message) -> None:
        tries.append(message)
        if len(tries) == 1:
            raise Unreachable("modem_off")

    over = rounds(1)
    waiting(hook, 1)
    client.listen(say, is_over=lambda: next(over))
    over = rounds(1)
    waiting(hook, 1)
    client.listen(say, is_over=lambda: next(over))
    states = [heard.state for heard in hook.heard if heard.kind is MessageKind.RECEIPT]
    assert states == ["failed", "taken", "sent", "taken"]


def test_a_heartbeat_a_minute(client: BridgeClient, hook: FakeHook, time: Time) -> None:
    over = rounds(91)
    client.listen(lambda _: None, is_over=lambda: next(over), poll_s=2.0, chats=lambda: 12)
    beats = [heard for heard in hook.heard if heard.kind is MessageKind.HEARTBEAT]
    assert len(beats) == 4  # at 0, 60, 120 and 180 seconds
    assert {beat.extra["chats"] for beat in beats} == {"12"}
    assert {beat.state for beat in beats} == {"logged_in"}


def test_the_whole_path_is_signed(time: Time) -> None:
    """A proxy that strips a prefix breaks the signature, and docs/bridge.md says so."""
    with FakeHook(Bridge("sms", (KEY,), now=time.now), time.now) as hook:
        url = f"{hook.url}/bot/"
        with (
            BridgeClient(url, "sms", KEY, now=time.now, sleep=time.sleep) as client,
            pytest.raises(Rejected),
        ):
            client.send(SAID)
        assert hook.seen[0].target == "/bot/hook/sms"


# The guide


def block(language: str) -> str:
    """The first block of one language in docs/bridge.md."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_vectors_of_the_guide() -> None:
    for vector in json.loads(VECTORS.read_text("utf-8"))["vectors"]:
        assert vector["signature"] in GUIDE
        assert vector["body"] in GUIDE
    assert key_of(tomllib.loads(block("toml"))["channels"]["sms"]["key"]) == KEY


def test_the_gateway_of_the_guide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample runs one round as it stands there, against a clock that is the real one."""
    monkeypatch.setenv("no_proxy", "*")
    now = lambda: datetime.now(UTC)  # noqa: E731
    with FakeHook(Bridge("sms", (KEY,), now=now), now) as hook:
        waiting(hook, 2)
        sample = block("python").replace("http://127.0.0.1:8000", hook.url)
        sample = sample.replace("00010203…", KEY.hex()).replace("time.sleep(30)", "break")
        said: list[tuple[object, ...]] = []
        exec(sample, {"print": lambda *words: said.append(words)})  # noqa: S102 - our own guide
        assert said == [("room-17", "通知 1"), ("room-17", "通知 2")]
        assert hook.outbox == {}
        states = [heard.state for heard in hook.heard]
        assert states == ["logged_in", "sent", "taken", "sent", "taken"]
