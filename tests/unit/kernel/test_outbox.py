"""The outbox: what may leave when, and what becomes of it, at the level of rows."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from bot import inbox, outbox
from bot.channels.base import Limit
from bot.domain.registry import Account
from bot.errors import Rejected, SendError, Throttled, Unknown, Unreachable
from bot.message import ChatKind
from bot.outbox import Claim, Outbox
from tests.unit.kernel.ground import (
    NOW,
    Obedient,
    arrival,
    at,
    closing,
    let_all,
    memory,
    put,
    row,
    values,
)

MINUTE = Limit("chat", 18, 60.0, reserve=3)
TWO_DAYS = 48 * 3600
HEARD = Limit("heard", 5, TWO_DAYS, reserve=1)


def claim(
    session: Session, seconds: float = 0, *limits: Limit, limit: int = 100, **more: object
) -> list[Claim]:
    channels = {"c": Obedient("c", limits=limits), "pulls": Obedient("pulls", pulls=True)}
    busy = more.pop("busy", frozenset())
    paused = more.pop("paused", frozenset())
    assert isinstance(busy, frozenset)
    assert isinstance(paused, frozenset)
    return outbox.claim(
        session, at(seconds), channels, let_all, limit=limit, busy=busy, paused=paused
    )


def claimed(session: Session, seconds: float = 0, *limits: Limit, **more: object) -> list[str]:
    return [one.outbound.key for one in claim(session, seconds, *limits, **more)]  # type: ignore[arg-type]


def say_all(session: Session, seconds: float, *limits: Limit) -> list[str]:
    """Claim and settle as sent until nothing may leave at this moment."""
    said: list[str] = []
    while found := claim(session, seconds, *limits):
        for one in found:
            outbox.settle(session, one, at(seconds), "p")
            said.append(one.outbound.key)
    return said


def fetched(session: Session, key: str) -> Outbox:
    return session.exec(select(Outbox).where(Outbox.key == key)).one()


def settled(session: Session, key: str, result: str | SendError, seconds: float = 0) -> Outbox:
    (one,) = claim(session, seconds)
    assert one.outbound.key == key
    return outbox.settle(session, one, at(seconds), result)


def test_a_key_is_kept_once(session: Session) -> None:
    assert outbox.put(session, values("m1.1", text="first")) is not None
    assert outbox.put(session, values("m1.1", text="second")) is None
    assert [one.text for one in session.exec(select(Outbox)).all()] == ["first"]


def test_what_is_due_leaves_in_order_urgent_first(session: Session) -> None:
    put(
        session,
        row("later", "g1", due_at=at(1)),
        row("b", "g2"),
        row("a", "g3", due_at=at(-1)),
        row("urgent", "g4", is_urgent=True),
    )
    assert claimed(session) == ["urgent", "a", "b"]
    assert claimed(session) == []
    assert claimed(session, 1) == ["later"]


def test_one_at_a_time_in_a_chat(session: Session) -> None:
    put(session, row("1"), row("2"), row("3", "other"))
    assert claimed(session) == ["1", "3"]
    busy = frozenset({("c", "g")})
    assert claimed(session, busy=busy) == []
    outbox.settle(session, Claim(1, outbox.outbound(fetched(session, "1")), 0, 1), NOW, "p")
    assert claimed(session) == ["2"]


def test_the_claim_has_room_for_no_more_than_asked(session: Session) -> None:
    put(session, *(row(f"{n}", f"g{n}") for n in range(9)))
    assert claimed(session, limit=4) == ["0", "1", "2", "3"]


def test_a_minute_has_its_count_and_keeps_a_reserve(session: Session) -> None:
    put(session, *(row(f"{n:02}") for n in range(30)))
    assert say_all(session, 0, MINUTE) == [f"{n:02}" for n in range(15)]
    put(session, *(row(f"u{n}", is_urgent=True) for n in range(5)))
    assert say_all(session, 1, MINUTE) == ["u0", "u1", "u2"]
    assert say_all(session, 59.9, MINUTE) == []
    freed = say_all(session, 60.1, MINUTE)
    assert freed[:2] == ["u3", "u4"]
    assert len(freed) <= 15


def test_the_window_slides_and_is_each_chats_own(session: Session) -> None:
    tight = Limit("chat", 1, 10.0)
    put(session, row("1", "g1"), row("2", "g1"), row("3", "g2"))
    assert say_all(session, 0, tight) == ["1", "3"]
    assert say_all(session, 9.9, tight) == []
    assert say_all(session, 10.1, tight) == ["2"]


def test_an_accounts_window_counts_all_chats(session: Session) -> None:
    put(session, *(row(f"{n}", f"g{n}") for n in range(4)))
    assert say_all(session, 0, Limit("account", 3, 60.0)) == ["0", "1", "2"]


def test_people_are_counted_where_the_platform_counts_people(session: Session) -> None:
    people = Limit("account", 100, 60.0, unit="people", reserve=20)
    put(session, row("a", "g1", people=50), row("b", "g2", people=40), row("c", "g3", people=30))
    assert say_all(session, 0, people) == ["a", "c"]
    put(session, row("u", "g4", people=20, is_urgent=True))
    assert say_all(session, 1, people) == ["u"]
    assert say_all(session, 61.1, people) == ["b"]


def test_a_group_larger_than_the_whole_limit_goes_alone(session: Session) -> None:
    people = Limit("account", 100, 60.0, unit="people")
    put(session, row("huge", "g1", people=500))
    assert say_all(session, 0, people) == ["huge"]


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.booleans(), st.integers(0, 2)), min_size=1, max_size=30
    )
)
def test_no_window_of_a_minute_ever_holds_more(rows: list[tuple[int, bool, int]]) -> None:
    tight = Limit("chat", 5, 60.0, reserve=2)
    left: dict[str, list[tuple[float, bool]]] = {}
    tick = 0.0
    store = memory()
    with closing(store), store.begin() as session:
        put(
            session,
            *(
                row(f"{n}", f"g{chat}", due_at=at(second), is_urgent=is_urgent)
                for n, (second, is_urgent, chat) in enumerate(rows)
            ),
        )
        while (due := outbox.next_due(session)) is not None:
            tick = max((due - NOW).total_seconds(), tick)
            for one in claim(session, tick, tight):
                outbox.settle(session, one, at(tick), "p")
                times = left.setdefault(one.outbound.to.chat, [])
                times.append((tick, one.outbound.urgent))
        assert outbox.counts(session) == {"sent": len(rows)}
    for times in left.values():
        for moment, is_urgent in times:
            before = [t for t, _ in times if moment - 60 < t <= moment]
            assert len(before) <= 5
            if not is_urgent:
                plain = [t for t, urgent in times if moment - 60 < t <= moment and not urgent]
                assert len(plain) <= 3


def private(key: str, **values: object) -> Outbox:
    return row(key, "u1", chat_kind=ChatKind.PRIVATE, topic="reply", **values)


def heard(session: Session, seconds: float) -> None:
    """The person writes."""
    account = session.exec(select(Account).where(Account.account == "u1")).first()
    account = account or Account(channel="c", account="u1")
    account.seen_at = at(seconds)
    session.add(account)
    session.flush()


def test_five_within_48_hours_of_a_word_and_the_last_for_what_is_urgent(session: Session) -> None:
    heard(session, 0)
    put(session, *(private(f"{n}") for n in range(6)))
    assert say_all(session, 1, HEARD) == ["0", "1", "2", "3"]
    put(session, private("u", is_urgent=True), private("v", is_urgent=True))
    assert say_all(session, 2, HEARD) == ["u"]
    assert say_all(session, 3600, HEARD) == []


def test_a_new_word_opens_the_window_anew(session: Session) -> None:
    heard(session, 0)
    put(session, *(private(f"{n}") for n in range(6)))
    assert len(say_all(session, 1, HEARD)) == 4
    heard(session, 60)
    put(session, private("answer"))
    assert "answer" in say_all(session, 61, HEARD)


def test_nothing_is_said_when_the_window_has_passed_in_silence(session: Session) -> None:
    heard(session, 0)
    put(session, private("late", due_at=at(TWO_DAYS + 60)))
    assert say_all(session, TWO_DAYS + 61, HEARD) == []


def test_a_backlog_of_one_channel_starves_no_other(session: Session) -> None:
    put(session, *(row(f"p{n}", f"g{n}", channel="pulls") for n in range(300)))
    put(session, row("mine", due_at=NOW))
    assert claimed(session, limit=64) == ["mine"]


def test_a_paused_channel_starves_no_other(session: Session) -> None:
    channels = {"c": Obedient("c"), "down": Obedient("down")}
    put(session, *(row(f"d{n}", f"g{n}", channel="down") for n in range(300)))
    put(session, row("mine"))
    found = outbox.claim(session, NOW, channels, let_all, limit=64, paused=frozenset({"down"}))
    assert [one.outbound.key for one in found] == ["mine"]


def test_a_backlog_of_one_chat_starves_no_other(session: Session) -> None:
    put(session, *(row(f"b{n}", "busy") for n in range(300)))
    put(session, row("mine", "g2"))
    assert "mine" in claimed(session, limit=64)


def test_a_row_past_its_validity_is_never_said(session: Session) -> None:
    put(session, row("1", expires_at=at(10)), row("2", "h", expires_at=at(10)))
    assert claimed(session, 9.9, busy=frozenset({("c", "h")})) == ["1"]
    assert claimed(session, 10) == []
    assert fetched(session, "2").state == "expired"
    assert fetched(session, "2").reason == "过了有效期"


def test_a_row_of_a_channel_that_is_gone_fails_with_its_name(session: Session) -> None:
    put(session, row("1", channel="old"))
    assert claimed(session) == []
    assert (fetched(session, "1").state, fetched(session, "1").reason) == (
        "failed",
        "没有这个通道：old",
    )


def test_the_filter_ends_a_row_with_its_reason(session: Session) -> None:
    put(session, row("1"), row("2", "g2"))
    found = outbox.claim(
        session, NOW, {"c": Obedient()}, lambda _, one: "不行" if one.key == "1" else ""
    )
    assert [one.outbound.key for one in found] == ["2"]
    assert (fetched(session, "1").state, fetched(session, "1").reason) == ("failed", "不行")


def test_sent_keeps_the_platforms_id(session: Session) -> None:
    put(session, row("1"))
    done = settled(session, "1", "p-77", 3)
    assert (done.state, done.sent_at, done.platform_id, done.reason) == ("sent", at(3), "p-77", "")


def test_no_is_no(session: Session) -> None:
    put(session, row("1"))
    done = settled(session, "1", Rejected("webhook_gone", "93000 invalid webhook url"))
    assert (done.state, done.reason) == ("failed", "webhook_gone 93000 invalid webhook url")
    assert claimed(session, 1e6) == []


def test_unreachable_waits_longer_each_time(session: Session) -> None:
    put(session, row("1"))
    moment, waits = 0.0, []
    for _ in range(14):
        done = settled(session, "1", Unreachable("connect_error"), moment)
        waits.append((done.due_at - at(moment)).total_seconds())
        moment += waits[-1]
    assert fetched(session, "1").state == "queued"
    assert fetched(session, "1").is_perhaps_doubled is False
    assert waits == sorted(waits)
    assert waits[0] <= 1
    assert waits[-1] == outbox.LONGEST_WAIT_S


def test_unknown_goes_again_with_the_same_key_until_a_definite_answer(session: Session) -> None:
    put(session, row("1"))
    first = settled(session, "1", Unknown("read_timeout"))
    assert (first.state, first.is_perhaps_doubled) == ("unknown", True)
    again = settled(session, "1", Unknown("read_timeout"), 400)
    assert again.state == "unknown"
    sure = settled(session, "1", "p", 1000)
    assert (sure.state, sure.is_perhaps_doubled, sure.tries) == ("sent", True, 3)


def test_unknown_ends_with_its_validity(session: Session) -> None:
    put(session, row("1", expires_at=at(100)))
    settled(session, "1", Unknown("read_timeout"))
    assert claimed(session, 101) == []
    assert fetched(session, "1").state == "expired"
    assert fetched(session, "1").is_perhaps_doubled is True
    assert claimed(session, 1e6) == []


def test_throttled_leaves_the_receiver_alone_and_only_them(session: Session) -> None:
    put(session, row("1"), row("2"), row("3", is_urgent=True, due_at=at(5)), row("4", "other"))
    one = next(c for c in claim(session) if c.outbound.key == "1")
    outbox.settle(session, one, NOW, Throttled("webhook_rate", "45009", retry_after=60))
    outbox.settle(session, Claim(4, outbox.outbound(fetched(session, "4")), 0, 1), NOW, "p")
    assert claimed(session, 59.9) == []
    assert claimed(session, 60) == ["3"]
    assert fetched(session, "1").is_perhaps_doubled is False


def test_what_was_on_its_way_at_a_stop_is_perhaps_sent(session: Session) -> None:
    put(session, row("1"), row("2", "g2"), row("3", "g3", due_at=at(50)))
    claim(session)
    assert outbox.recover(session, at(20)) == 2
    assert outbox.counts(session) == {"unknown": 2, "queued": 1}
    assert claimed(session, 20) == ["1", "2"]
    assert all(fetched(session, key).is_perhaps_doubled for key in "12")
    assert outbox.recover(session, at(21)) == 2


def test_parts_that_were_taken_are_not_said_again(session: Session) -> None:
    put(session, row("1"))
    (one,) = claim(session)
    outbox.part_done(session, one.id, at(1))
    outbox.settle(session, one, at(2), Unreachable("connect_error"))
    (again,) = claim(session, 10)
    assert (again.parts_done, again.outbound.key) == (1, "1")


def test_only_what_has_not_left_is_taken_back(session: Session) -> None:
    put(session, *(row(key, key) for key in ("queued", "unknown", "held", "sending", "sent")))
    for key in ("unknown", "held", "sending", "sent"):
        fetched(session, key).state = key
    session.flush()
    keys = ["queued", "unknown", "held", "sending", "sent", "never"]
    assert outbox.supersede(session, keys, "通知取消了") == 3
    assert outbox.counts(session) == {"superseded": 3, "sending": 1, "sent": 1}
    assert outbox.supersede(session, keys, "通知取消了") == 0


def test_held_rows_wait_for_a_person(session: Session) -> None:
    put(session, row("1", state="held"))
    assert claimed(session, 1e6) == []


def passive_message(session: Session) -> int:
    inbox.accept(
        session,
        [arrival("in", "u1", wants_row=True, passive_until=at(4))],
    )
    found = session.exec(select(inbox.Inbox).where(inbox.Inbox.key == "in")).one()
    found.state = inbox.DONE
    session.add(found)
    session.flush()
    assert found.id is not None
    return found.id


def passive(session: Session, message_id: int, seconds: float = 1) -> list[str]:
    rows = outbox.passive(session, message_id, ("c", "u1"), at(seconds), let_all)
    return [one.key for one in rows]


def test_passive_takes_the_answer_and_what_was_kept_for_the_person(session: Session) -> None:
    message = passive_message(session)
    put(
        session,
        private("kept", state="failed", reason="no_service_api"),
        private("kept long ago", state="failed", reason="no_service_api", expires_at=at(-1)),
        private("refused", state="failed", reason="群里不提人名和健康情况"),
        private("m1.1", message_id=message),
        row("other", "u2", message_id=message),
    )
    assert passive(session, message) == ["kept", "m1.1"]
    assert passive(session, message) == []
    done = fetched(session, "m1.1")
    assert (done.state, done.sent_at, done.platform_id) == ("sent", at(1), "passive")
    assert claimed(session, 2) == ["other"]


def test_passive_obeys_the_filter(session: Session) -> None:
    message = passive_message(session)
    put(session, private("m1.1", message_id=message))
    assert outbox.passive(session, message, ("c", "u1"), NOW, lambda _, __: "不行") == []
    assert fetched(session, "m1.1").reason == "不行"


def test_passive_finds_the_answer_behind_an_alert_on_another_channel(session: Session) -> None:
    message = passive_message(session)
    put(session, row("alert", "doctor", channel="d", message_id=message))
    put(session, private("m1.2", message_id=message))
    assert passive(session, message) == ["m1.2"]


def test_what_was_kept_is_said_where_the_turn_itself_says_nothing(session: Session) -> None:
    message = passive_message(session)
    put(session, private("kept", state="failed", reason="no_service_api"))
    assert passive(session, message) == ["kept"]


def test_a_gateway_fetches_what_is_due_in_order_behind_its_mark(session: Session) -> None:
    rows = put(
        session,
        row("1", channel="pulls"),
        row("2", channel="pulls", due_at=at(60)),
        row("3", channel="pulls", expires_at=at(5)),
        row("4", channel="pulls"),
        row("5", channel="c"),
        row("6", channel="pulls", state="sent"),
    )

    def fetch(after: int, seconds: float, limit: int = 10) -> list[str]:
        found = outbox.pending_for(session, "pulls", after, limit, at(seconds), let_all)
        return [one.key for one in found]

    assert fetch(0, 0) == ["1", "3", "4"]
    assert fetch(0, 5) == ["1", "4"]
    assert fetch(0, 60) == ["1", "2", "4"]
    assert fetch(0, 60, limit=2) == ["1", "2"]
    assert fetch(rows[0].id or 0, 60) == ["2", "4"]
    assert outbox.counts(session)["queued"] == 5


def test_a_gateway_fetches_nothing_that_the_filter_stops(session: Session) -> None:
    put(session, row("1", channel="pulls"), row("2", channel="pulls"))
    found = outbox.pending_for(
        session, "pulls", 0, 10, NOW, lambda _, one: "不行" if one.key == "1" else ""
    )
    assert [one.key for one in found] == ["2"]
    assert (fetched(session, "1").state, fetched(session, "1").reason) == ("failed", "不行")


def test_counts_and_the_next_moment(session: Session) -> None:
    assert outbox.next_due(session) is None
    put(
        session,
        row("1", due_at=at(9)),
        row("2", due_at=at(7)),
        row("3", due_at=at(1), state="sent"),
    )
    assert outbox.next_due(session) == at(7)
    assert outbox.counts(session) == {"queued": 2, "sent": 1}


@pytest.mark.parametrize("seconds", [0.001, 3600])
def test_a_moment_without_a_zone_is_refused(session: Session, seconds: float) -> None:
    naive = (NOW + timedelta(seconds=seconds)).replace(tzinfo=None)
    with pytest.raises(Exception, match="aware"):
        put(session, row("1", due_at=naive))
