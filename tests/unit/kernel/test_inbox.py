"""The inbox: once each, in order within a chat, parked after three tries, forgotten in time."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from bot import inbox
from bot.inbox import Arrival, Inbox
from tests.unit.kernel.ground import NOW, arrival, at, closing, memory, on_disk


def keys(session: Session) -> list[str]:
    return list(session.exec(select(Inbox.key).order_by(col(Inbox.id))).all())


def next_keys(session: Session, seconds: float = 0, limit: int = 16) -> list[str]:
    return [row.key for row in inbox.next_rows(session, at(seconds), limit)]


def id_of(session: Session, key: str) -> int:
    found = session.exec(select(Inbox.id).where(Inbox.key == key)).one()
    assert found is not None
    return found


def done(session: Session, key: str, seconds: float = 0) -> None:
    row = session.get_one(Inbox, id_of(session, key))
    row.state, row.handled, row.handled_at = inbox.DONE, 1, at(seconds)
    session.add(row)
    session.flush()


def test_a_repeat_is_kept_once_within_and_across_batches(session: Session) -> None:
    inbox.accept(session, [arrival("1"), arrival("2"), arrival("1")])
    inbox.accept(session, [arrival("2"), arrival("3")])
    assert keys(session) == ["1", "2", "3"]


def test_the_same_key_of_another_channel_is_another_message(session: Session) -> None:
    inbox.accept(session, [arrival("1"), arrival("1", channel="d")])
    assert keys(session) == ["1", "1"]


def test_only_the_first_is_new(session: Session) -> None:
    first, second = inbox.accept(
        session, [arrival("1", wants_row=True), arrival("1", wants_row=True)]
    )
    (third,) = inbox.accept(session, [arrival("1", wants_row=True)])
    assert first is not None
    assert second is not None
    assert third is not None
    assert [one.is_new for one in (first, second, third)] == [True, False, False]
    assert first.id == second.id == third.id


def test_a_repeat_hears_what_the_first_was_answered(session: Session) -> None:
    inbox.accept(session, [arrival("1", wants_row=True)])
    row = session.get_one(Inbox, id_of(session, "1"))
    row.answer = "记上了"
    session.add(row)
    session.flush()
    (again,) = inbox.accept(session, [arrival("1", wants_row=True)])
    assert again is not None
    assert (again.is_new, again.answer) == (False, "记上了")


def test_rows_only_for_those_that_want_them(session: Session) -> None:
    found = inbox.accept(session, [arrival("1"), arrival("2", wants_row=True), arrival("3")])
    assert [one is None for one in found] == [True, False, True]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 7), st.booleans()), min_size=1, max_size=9)))
def test_any_batches_keep_each_key_once_in_order_of_first_arrival(
    batches: list[list[tuple[int, bool]]],
) -> None:
    store = memory()
    seen: list[str] = []
    with closing(store), store.begin() as session:
        for batch in batches:
            found = inbox.accept(
                session, [arrival(f"k{key}", wants_row=wants) for key, wants in batch]
            )
            fresh: list[str] = []
            for key, _ in batch:
                if f"k{key}" not in [*seen, *fresh]:
                    fresh.append(f"k{key}")
            news = {one.id for one in found if one is not None and one.is_new}
            assert len(news) <= len(fresh)
            seen += fresh
        assert keys(session) == seen


def test_two_writers_keep_one_row(tmp_path: Path) -> None:
    one, other = on_disk(tmp_path), on_disk(tmp_path)
    with closing(one, other):
        for store in (one, other, one):
            with store.begin() as session:
                inbox.accept(session, [arrival("1"), arrival("2")])
        with one.reading() as session:
            assert keys(session) == ["1", "2"]


def test_order_is_by_arrival(session: Session) -> None:
    inbox.accept(session, [arrival("b", "g1"), arrival("a", "g2"), arrival("c", "g1")])
    assert next_keys(session) == ["b", "a", "c"]
    assert next_keys(session, limit=2) == ["b", "a"]


def test_a_chat_waits_for_its_failing_message_and_others_go_on(session: Session) -> None:
    inbox.accept(session, [arrival("1", "g1"), arrival("2", "g1"), arrival("3", "g2")])
    assert inbox.fail(session, id_of(session, "1"), NOW, "KeyError") is False
    assert next_keys(session) == ["3"]
    assert next_keys(session, 0.9) == ["3"]
    assert next_keys(session, 1) == ["1", "2", "3"]
    assert inbox.next_try(session) == at(1)


def test_a_later_failure_does_not_hold_up_the_earlier(session: Session) -> None:
    inbox.accept(session, [arrival("1"), arrival("2"), arrival("3")])
    inbox.fail(session, id_of(session, "2"), NOW, "KeyError")
    assert next_keys(session) == ["1"]


def test_the_same_chat_id_of_another_channel_does_not_wait(session: Session) -> None:
    inbox.accept(session, [arrival("1"), arrival("1", channel="d")])
    inbox.fail(session, id_of_channel(session, "c"), NOW, "KeyError")
    assert [row.channel for row in inbox.next_rows(session, NOW, 16)] == ["d"]


def id_of_channel(session: Session, channel: str) -> int:
    found = session.exec(select(Inbox.id).where(Inbox.channel == channel)).one()
    assert found is not None
    return found


def test_parked_after_three_tries_then_the_chat_goes_on(session: Session) -> None:
    inbox.accept(session, [arrival("1"), arrival("2")])
    poisonous = id_of(session, "1")
    assert inbox.fail(session, poisonous, NOW, "KeyError") is False
    assert inbox.fail(session, poisonous, at(1), "KeyError") is False
    assert next_keys(session, 5.9) == []
    assert next_keys(session, 6) == ["1", "2"]
    assert inbox.fail(session, poisonous, at(6), "KeyError") is True
    assert next_keys(session, 6) == ["2"]
    assert inbox.next_try(session) is None
    parked = session.get_one(Inbox, poisonous)
    assert (parked.state, parked.tries, parked.fault) == (inbox.PARKED, 3, "KeyError")
    assert parked.payload == "payload of 1"
    assert inbox.counts(session) == {inbox.NEW: 1, inbox.PARKED: 1}


@pytest.fixture
def two_parked(session: Session) -> Session:
    inbox.accept(session, [arrival("1", "g1"), arrival("2", "g2"), arrival("3", "g1")])
    for key in ("1", "2"):
        for _ in range(3):
            inbox.fail(session, id_of(session, key), NOW, "KeyError")
    return session


def test_replay_of_one(two_parked: Session) -> None:
    assert inbox.replay(two_parked, id_of(two_parked, "2")) == 1
    two_parked.expire_all()
    assert next_keys(two_parked) == ["2", "3"]
    row = two_parked.get_one(Inbox, id_of(two_parked, "2"))
    assert (row.tries, row.fault, row.next_at) == (0, "", None)


def test_replay_of_all_comes_before_what_is_younger(two_parked: Session) -> None:
    assert inbox.replay(two_parked) == 2
    assert next_keys(two_parked) == ["1", "2", "3"]
    assert inbox.replay(two_parked) == 0


def test_replay_touches_neither_new_nor_done(session: Session) -> None:
    inbox.accept(session, [arrival("1"), arrival("2")])
    done(session, "2")
    assert inbox.replay(session, id_of(session, "1")) == 0
    assert inbox.replay(session, id_of(session, "2")) == 0


def test_texts_without_a_fact_are_forgotten(session: Session) -> None:
    inbox.accept(session, [arrival(key) for key in ("old", "fact", "young", "new", "parked")])
    for key, seconds in (("old", 0), ("fact", 0), ("young", 7200)):
        done(session, key, seconds)
    fact = session.get_one(Inbox, id_of(session, "fact"))
    fact.has_fact = True
    session.add(fact)
    session.flush()
    for _ in range(3):
        inbox.fail(session, id_of(session, "parked"), NOW, "KeyError")
    limit = NOW + timedelta(hours=1)
    assert inbox.forget_texts(session, limit) == 1
    assert inbox.forget_texts(session, limit) == 0
    session.expire_all()
    left = {row.key: row.payload for row in session.exec(select(Inbox)).all()}
    assert left["old"] == ""
    assert all(left[key] == f"payload of {key}" for key in ("fact", "young", "new", "parked"))


def test_a_repeat_of_a_forgotten_message_is_still_a_repeat(session: Session) -> None:
    inbox.accept(session, [arrival("1")])
    done(session, "1")
    inbox.forget_texts(session, at(1))
    (again,) = inbox.accept(session, [arrival("1", wants_row=True)])
    assert again is not None
    assert again.is_new is False
    assert keys(session) == ["1"]


def test_ages_and_counts(session: Session) -> None:
    assert inbox.oldest_new(session) is None
    inbox.accept(session, [Arrival("c", arrival("1").received, at(5)), arrival("2", at=at(9))])
    assert inbox.oldest_new(session) == at(5)
    done(session, "1")
    assert inbox.oldest_new(session) == at(9)
    assert inbox.counts(session) == {inbox.NEW: 1, inbox.DONE: 1}
