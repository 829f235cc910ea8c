"""What becomes of a message when a platform refuses, throttles, breaks or is silent."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.outbox import Outbox
from tests.e2e.helpers import Deployment, deployed, eventually, people_of
from tests.fakes.faulty import CUT, CUT_AFTER_TAKING, DOWN, HTML, Fault, Reply
from tests.fakes.webhook import coded
from tests.fakes.weixin import GETTOKEN, TO_MEMBER


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, database: Callable[[], str]
) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("outbox"), database()) as house:
        yield house


def send(house: Deployment, **values: Any) -> str:
    """A message of its own to a webhook's group; its key."""
    key = uuid.uuid4().hex
    house.put(key=key, text=f"各户注意 {key}", **values)
    return key


def to_member(house: Deployment) -> str:
    with house.service.store.reading() as session:
        member = people_of(session)["李书记"]
    return send(house, channel="county", chat=member, chat_kind="private", topic="reply")


def row(house: Deployment, key: str) -> Outbox:
    (found,) = house.outbox(Outbox.key == key)
    assert isinstance(found, Outbox)
    return found


def state(house: Deployment, key: str, *states: str) -> Outbox:
    eventually(lambda: row(house, key).state in states and row(house, key).tries > 0)
    return row(house, key)


def times_said(house: Deployment, key: str) -> int:
    said = [text for _, text in house.platforms.webhook.said]
    said += [text for _, text in house.platforms.weixin.delivered]
    return sum(key in text for text in said)


def settled(house: Deployment, key: str, tries: int) -> Outbox:
    """The row once it has been tried so often and is no longer on its way."""
    eventually(lambda: row(house, key).tries == tries and row(house, key).state != "sending")
    return row(house, key)


def test_a_webhook_takes_it(house: Deployment) -> None:
    key = send(house)
    assert state(house, key, "sent").sent_at == house.clock.now()
    assert times_said(house, key) == 1


def test_too_fast_waits_as_long_as_the_platform_says(house: Deployment) -> None:
    house.platforms.webhook.fail(Fault(coded(45009, "api freq out of limit")))
    key = send(house)
    waits = settled(house, key, 1)
    assert (waits.state, waits.is_perhaps_doubled) == ("queued", False)
    assert (waits.due_at - house.clock.now()).total_seconds() == 60
    house.later(61)
    state(house, key, "sent")
    assert times_said(house, key) == 1


def test_a_no_is_shown_with_the_platforms_words_and_never_tried_again(house: Deployment) -> None:
    house.platforms.webhook.fail(Fault(coded(40058, "text.content exceed max length 2048")))
    key = send(house)
    assert "40058 text.content exceed max length 2048" in settled(house, key, 1).reason
    house.later(3600)
    assert row(house, key).state == "failed"
    assert times_said(house, key) == 0


@pytest.mark.parametrize("fault", [DOWN, HTML, CUT])
def test_perhaps_sent_goes_again_until_a_definite_answer(house: Deployment, fault: Fault) -> None:
    house.platforms.webhook.fail(fault, fault)
    key = send(house)
    first = settled(house, key, 1)
    assert (first.state, first.is_perhaps_doubled) == ("unknown", True)
    for tries in (2, 3):
        house.later(301)
        settled(house, key, tries)
    assert row(house, key).state == "sent"
    assert times_said(house, key) == 1


def test_a_message_taken_before_the_cut_is_perhaps_doubled_and_says_so(house: Deployment) -> None:
    house.platforms.webhook.fail(CUT_AFTER_TAKING)
    key = send(house)
    assert settled(house, key, 1).state == "unknown"
    house.later(301)
    sure = settled(house, key, 2)
    assert (sure.state, sure.is_perhaps_doubled) == ("sent", True)
    assert times_said(house, key) == 2


def test_unknown_is_over_with_its_validity(house: Deployment) -> None:
    house.platforms.webhook.fail(CUT)
    key = send(house, expires_at=house.clock.now().replace(year=2021))
    settled(house, key, 1)
    house.run(lambda session: _expire(session, key, house))
    house.later(301)
    eventually(lambda: row(house, key).state == "expired")
    assert row(house, key).is_perhaps_doubled


def _expire(session: Any, key: str, house: Deployment) -> None:
    found = session.get(Outbox, row(house, key).id)
    found.expires_at = house.clock.now()
    session.add(found)


def test_the_app_drops_a_repeat_of_what_it_took_before_the_cut(house: Deployment) -> None:
    first = to_member(house)
    state(house, first, "sent")
    house.platforms.weixin.fail(CUT_AFTER_TAKING)
    key = to_member(house)
    assert settled(house, key, 1).state == "unknown"
    house.later(301)
    settled(house, key, 2)
    assert row(house, key).state == "sent"
    assert times_said(house, key) == 1


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_token_that_ended_is_fetched_anew_and_the_message_goes(
    house: Deployment, errcode: int
) -> None:
    state(house, to_member(house), "sent")
    fetched = house.platforms.weixin.count(GETTOKEN)
    house.platforms.weixin.refuse(TO_MEMBER, errcode, times=1)
    key = to_member(house)
    assert state(house, key, "sent").tries == 1
    assert house.platforms.weixin.count(GETTOKEN) == fetched + 1
    assert times_said(house, key) == 1


def test_the_app_is_left_alone_when_it_is_too_fast(house: Deployment) -> None:
    house.platforms.weixin.refuse(TO_MEMBER, 45009, times=1)
    key = to_member(house)
    assert settled(house, key, 1).state == "queued"
    house.later(61)
    assert settled(house, key, 2).state == "sent"


def test_a_gateway_that_asks_for_time_gets_it(house: Deployment) -> None:
    gateway = house.platforms.gateway
    gateway.fail(Fault(Reply(429, b"", {"Retry-After": "7"})))
    house.platforms.gateway._now = house.clock.now
    key = send(house, channel="push", chat="room-17")
    waits = settled(house, key, 1)
    assert (waits.due_at - house.clock.now()).total_seconds() == 7
    house.later(8)
    assert settled(house, key, 2).state == "sent"
    assert row(house, key).platform_id.startswith("gw-")
    assert gateway.repeats == 0


def test_a_gateway_that_refuses_ends_it(house: Deployment) -> None:
    house.platforms.gateway.fail(Fault(Reply(422, b'{"error":"bad_chat"}')))
    key = send(house, channel="push", chat="room-17")
    assert "bad_chat" in settled(house, key, 1).reason
    assert row(house, key).state == "failed"


def test_the_filter_stands_behind_every_writer(house: Deployment) -> None:
    key = uuid.uuid4().hex
    house.put(key=key, text="张桂芳发烧了")
    eventually(lambda: row(house, key).state == "failed")
    assert row(house, key).tries == 0
    assert "人名" in row(house, key).reason


def test_outcomes_are_counted(house: Deployment) -> None:
    measured = house.client.get(f"{house.url}/metrics").text
    for outcome in ("sent", "throttled", "unknown", "rejected"):
        assert f'shouwang_sends_total{{channel="groups",outcome="{outcome}"}}' in measured
