"""Work: what may be said where and when, at the moment in which it is written."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot import outbox
from bot.clock import at as at_minute
from bot.clock import local_day, minute_of
from bot.domain.registry import Account, Chat, ChatPurpose, Resident, add_place
from bot.inbox import Waiting
from bot.message import Address, ChatKind
from bot.outbox import Outbox
from bot.work import EXERCISE, SayOptions, Work
from tests.unit.kernel.ground import NOW, Obedient, at, content

Make = Callable[..., Work]
DAY = local_day(NOW)


def clock(text: str) -> datetime:
    return at_minute(DAY, minute_of(text))


@pytest.fixture
def make(session: Session) -> Make:
    def make(now: datetime = NOW, **values: Any) -> Work:
        channels = values.pop("channels", {"c": Obedient()})
        loaded = content()
        return Work(
            db=session,
            now=now,
            content=loaded,
            rules=loaded.rules["cn-2020-01"],
            channels=channels,
            secret=b"secret",
            message=values.pop("message", Waiting(7, "c", "k", "u1", NOW, None, "")),
            **values,
        )

    return make


@pytest.fixture
def chat(session: Session) -> Chat:
    place = add_place(session, None, "柳树沟村", "village")
    chat = Chat(place_id=place.id, in_channel="c", in_ref="g", members=30)
    session.add(chat)
    session.flush()
    return chat


def rows(session: Session) -> list[Outbox]:
    return list(session.exec(select(Outbox).order_by(Outbox.id)).all())  # type: ignore[arg-type]


def test_a_turn_done_again_adds_nothing(session: Session, make: Make, chat: Chat) -> None:
    for _ in range(2):
        work = make()
        work.to_chat(chat, "一", "emergency")
        work.to_chat(chat, "二", "emergency")
    assert [(row.key, row.text) for row in rows(session)] == [("m7.1", "一"), ("m7.2", "二")]


def test_the_clock_needs_a_key_of_its_own(make: Make, chat: Chat) -> None:
    work = make(message=None)
    with pytest.raises(ValueError, match="key"):
        work.to_chat(chat, "一", "emergency")
    assert work.to_chat(chat, "一", "emergency", key="job:1") is not None
    assert work.to_chat(chat, "一", "emergency", key="job:1") is None


@pytest.mark.parametrize(
    ("moment", "topic", "is_urgent", "due"),
    [
        ("21:29", "notice", False, "21:29"),
        ("21:30", "notice", False, "30:30"),
        ("06:29", "notice", False, "06:30"),
        ("06:30", "notice", False, "06:30"),
        ("23:00", "notice", True, "23:00"),
        ("23:00", "reminder", False, "30:30"),
        ("23:00", "emergency", False, "23:00"),
    ],
)
def test_quiet_hours_hold_notices_and_reminders(
    session: Session, make: Make, chat: Chat, moment: str, topic: str, is_urgent: bool, due: str
) -> None:
    hours, minutes = (int(part) for part in due.split(":"))
    make(clock(moment)).to_chat(chat, "x", topic, is_urgent=is_urgent)
    assert rows(session)[0].due_at == at_minute(DAY, hours * 60 + minutes)


@pytest.mark.parametrize(
    ("moment", "is_said"), [("21:29", True), ("21:30", False), ("06:29", False), ("06:30", True)]
)
def test_quiet_hours_drop_group_lines(make: Make, chat: Chat, moment: str, is_said: bool) -> None:
    assert (make(clock(moment)).to_chat(chat, "x", "group") is not None) is is_said


def test_quiet_hours_hold_no_private_answer_and_no_alert(session: Session, make: Make) -> None:
    account = Account(channel="c", account="u1", has_private_way=True)
    work = make(clock("23:00"))
    for topic in ("reply", "alert", "emergency"):
        work.to_account(account, "x", topic)
    assert {row.due_at for row in rows(session)} == {clock("23:00")}


def test_six_lines_an_hour_in_a_village_chat_notices_and_emergencies_apart(
    make: Make, chat: Chat
) -> None:
    work = make()
    for _ in range(9):
        assert work.to_chat(chat, "x", "notice") is not None
    said = [work.to_chat(chat, "x", "group") is not None for _ in range(8)]
    assert said == [True] * 6 + [False] * 2
    assert work.to_chat(chat, "x", "emergency") is not None
    assert (
        make(NOW + timedelta(minutes=59), message=None).to_chat(chat, "x", "group", key="a") is None
    )
    assert make(NOW + timedelta(minutes=61), message=None).to_chat(chat, "x", "group", key="b")


def test_a_muted_chat_hears_notices_and_emergencies_only(make: Make, chat: Chat) -> None:
    chat.muted_until = at(60)
    topics = ("group", "reply", "notice", "emergency")
    said = [topic for topic in topics if make(message=None).to_chat(chat, "x", topic, key=topic)]
    assert said == ["notice", "emergency"]
    assert make(at(60), message=None).to_chat(chat, "x", "group", key="later")


def test_nothing_is_said_where_the_bot_was_removed(make: Make, chat: Chat) -> None:
    chat.is_removed = True
    assert make().to_chat(chat, "x", "emergency") is None


def test_one_platform_hears_and_another_pushes(session: Session, make: Make, chat: Chat) -> None:
    chat.out_channel, chat.out_ref = "hook", "三组"
    make(channels={"c": Obedient(), "hook": Obedient("hook")}).to_chat(chat, "x", "notice")
    row = rows(session)[0]
    assert (row.channel, row.chat, row.people, row.chat_id) == ("hook", "三组", 30, chat.id)


@pytest.mark.parametrize("moment", ["21:29", "23:00"])
def test_many_groups_at_once_hear_what_each_would_alone(
    session: Session, make: Make, chat: Chat, moment: str
) -> None:
    now = clock(moment)
    usual: dict[str, Any] = {"place_id": chat.place_id, "in_channel": "c"}
    muted = Chat(**usual, in_ref="muted", muted_until=now + timedelta(hours=1))
    pushed = Chat(**usual, in_ref="p", out_channel="hook", out_ref="三组", members=3)
    chats = [chat, muted, Chat(**usual, in_ref="gone", is_removed=True), pushed]
    session.add_all(chats)
    session.flush()
    channels = {"c": Obedient(), "hook": Obedient("hook")}
    one, many = make(now, channels=channels), make(now, channels=channels)
    alone = [one.to_chat(c, f"给{c.in_ref}", "notice", key=f"a{c.in_ref}") for c in chats]
    sayings: list[tuple[Chat, str, SayOptions]] = [
        (c, f"给{c.in_ref}", {"key": f"b{c.in_ref}"}) for c in chats
    ]
    at_once = many.to_chats(sayings, "notice")
    by_id = {row.id: row.model_dump(exclude={"id"}) for row in rows(session)}
    assert [by_id[n]["key"] for n in at_once if n] == ["bg", "bmuted", "bp"]
    for a, b in zip(alone, at_once, strict=True):
        assert (a is None) == (b is None)
        if a and b:
            assert by_id[a] | {"key": ""} == by_id[b] | {"key": ""}
    assert many.said_in == one.said_in
    assert make(now, channels=channels).to_chats(sayings, "notice") == [None] * 4
    assert len(rows(session)) == 6


def test_cadres_are_answered_without_a_budget(make: Make, chat: Chat) -> None:
    chat.purpose = ChatPurpose.CADRES
    work = make()
    assert all(work.to_chat(chat, "x", "reply") for _ in range(12))


def test_an_exercise_says_so_once(session: Session, make: Make, chat: Chat) -> None:
    work = make(is_exercise=True)
    work.to_chat(chat, "集合", "emergency")
    work.to_chat(chat, f"{EXERCISE}集合", "emergency")
    assert [row.text for row in rows(session)] == [f"{EXERCISE}集合"] * 2
    assert all(row.is_exercise for row in rows(session))


def message(passive_seconds: float) -> Waiting:
    return Waiting(7, "c", "k", "u1", NOW, at(passive_seconds), "")


def test_the_sender_leaves_an_answer_to_the_hook_that_waits(session: Session, make: Make) -> None:
    work = make(message=message(4))
    work.reply_to(Address("c", "u1", ChatKind.PRIVATE), "答", "reply")
    work.to_account(Account(channel="c", account="u1"), "又答", "reply")
    work.to_account(Account(channel="c", account="doctor"), "报", "alert")
    due = {row.text: row.due_at for row in rows(session)}
    assert due == {"答": at(4), "又答": at(4), "报": NOW}
    said = outbox.passive(session, 7, ("c", "u1"), at(1), lambda _, __: "")
    assert [row.text for row in said] == ["答", "又答"]


def test_people_are_reached_by_the_account_heard_last(
    session: Session, make: Make, chat: Chat
) -> None:
    person = Resident(name="张桂芳", place_id=chat.place_id or 0)
    session.add(person)
    session.flush()
    old = Account(channel="c", account="old", resident_id=person.id, seen_at=at(-900))
    new = Account(channel="c", account="new", resident_id=person.id, seen_at=at(-60))
    closed = Account(
        channel="c", account="no", resident_id=person.id, seen_at=at(0), has_private_way=False
    )
    gone = Account(channel="gone", account="x", resident_id=person.id, seen_at=at(0))
    session.add_all([old, new, closed, gone])
    session.flush()
    assert make().account_for(person.id or 0) is new
    new.has_private_way = False
    assert make().account_for(person.id or 0) is old
    old.has_private_way = False
    assert make().account_for(person.id or 0) is None
    assert make().to_resident(person.id or 0, "x", "alert") is False
    assert rows(session) == []


@pytest.mark.parametrize(
    ("can_push_private", "known", "has_way"),
    [
        (True, None, True),
        (True, False, False),
        (False, None, False),
        (False, True, True),
    ],
)
def test_ways_to_a_person(
    make: Make, can_push_private: bool, known: bool | None, has_way: bool
) -> None:
    channel = Obedient()
    channel.can_push_private = can_push_private
    account = Account(channel="c", account="u", has_private_way=known)
    assert make(channels={"c": channel}).has_way(account) is has_way


def test_codes_are_this_deployments_own(make: Make) -> None:
    one, other = make(), make()
    other.secret = b"another"
    assert one.code("notice", 1) == make().code("notice", 1)
    assert one.code("notice", 1) != other.code("notice", 1)
    assert all(len(one.code("notice", n)) == 4 for n in range(200))
    assert one.code("ab", "c") != one.code("a", "bc")
