"""The dispatcher: in order within a chat, all or nothing each, a poisonous message parked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from bot import inbox
from bot.channels.base import Received
from bot.clock import ManualClock
from bot.domain.registry import Place
from bot.inbox import Arrival, Inbox
from bot.language.understand import Intent
from bot.message import ChatKind, Inbound, MessageKind
from bot.outbox import Outbox
from bot.router import SLICE, Dispatcher, Kernel, Router, Turn
from bot.store import Store
from tests.unit.kernel.ground import NOW, Obedient, at, content, memory


class Plain(Obedient):
    """Whatever is kept is said by `u` in the group before the colon: g1:words; a * marks a bot."""

    def read(self, payload: str) -> Inbound:
        chat, _, words = payload.partition(":")
        return Inbound(
            self.name,
            payload,
            MessageKind.TEXT,
            chat,
            ChatKind.GROUP,
            "u",
            text=words,
            is_bot=words.startswith("*"),
        )


@dataclass
class Bench:
    """A dispatcher whose only handler writes a place and a line, then does what `then` says."""

    store: Store = field(default_factory=memory)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    then: Callable[[Turn], None] = lambda turn: None
    heard: list[str] = field(default_factory=list)
    handled: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        kernel = Kernel(content(), {"c": Plain()}, self.clock, b"secret", "cn-2020-01")
        router = Router(before=[self.take])
        self.dispatcher = Dispatcher(kernel, router, on_handled=self.handled.append)

    def take(self, turn: Turn) -> bool:
        text = turn.inbound.text
        self.heard.append(text)
        turn.work.db.add(Place(kind="village", name=text))
        turn.say_here(f"听到 {text}", "emergency")
        self.then(turn)
        return True

    def hear(self, *payloads: str) -> None:
        with self.store.begin() as session:
            inbox.accept(
                session,
                [
                    Arrival("c", Received(p, p.partition(":")[0], p), self.clock.now())
                    for p in payloads
                ],
            )

    def run(self) -> bool:
        with self.store.begin() as session:
            more = self.dispatcher.run(session)
        self.dispatcher.committed()()
        return more

    def states(self) -> dict[str, int]:
        with self.store.begin() as session:
            return {row.key: row.state for row in session.exec(select(Inbox)).all()}

    def names(self) -> list[str]:
        with self.store.begin() as session:
            return list(session.exec(select(Place.name)).all())

    def lines(self) -> list[str]:
        with self.store.begin() as session:
            return list(session.exec(select(Outbox.text)).all())


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.store.close()


def raise_for(word: str, error: Exception) -> Callable[[Turn], None]:
    def then(turn: Turn) -> None:
        if word in turn.inbound.text:
            raise error

    return then


def test_facts_words_and_done_commit_together(bench: Bench) -> None:
    bench.hear("g1:a", "g2:b")
    assert bench.run() is False
    assert bench.states() == {"g1:a": inbox.DONE, "g2:b": inbox.DONE}
    assert bench.names() == ["a", "b"]
    assert bench.lines() == ["听到 a", "听到 b"]
    assert bench.handled == [[1, 2]]


def test_a_failing_message_leaves_nothing_and_only_its_chat_waits(bench: Bench) -> None:
    bench.then = raise_for("bad", KeyError("a fault of ours"))
    bench.hear("g1:bad", "g1:next", "g2:other")
    bench.run()
    assert bench.names() == ["other"]
    assert bench.lines() == ["听到 other"]
    assert bench.states()["g1:next"] == inbox.NEW
    assert bench.handled == [[3]]


def test_it_is_parked_after_three_tries_and_the_chat_goes_on_in_order(bench: Bench) -> None:
    bench.then = raise_for("bad", KeyError("a fault of ours"))
    bench.hear("g1:1", "g1:bad", "g1:2", "g1:3")
    for seconds in (0, 0.5, 1, 3, 6):
        bench.clock.set(at(seconds))
        bench.run()
    assert bench.heard == ["1", "bad", "bad", "bad", "2", "3"]
    assert bench.names() == ["1", "2", "3"]
    assert bench.states()["g1:bad"] == inbox.PARKED
    bench.then = lambda turn: None
    with bench.store.begin() as session:
        assert inbox.replay(session) == 1
    bench.run()
    assert bench.names()[-1] == "bad"
    assert set(bench.states().values()) == {inbox.DONE}


def test_a_fault_of_the_store_undoes_the_whole_slice(bench: Bench) -> None:
    bench.then = raise_for("bad", OperationalError("", {}, Exception("disk I/O error")))
    bench.hear("g1:1", "g2:bad")
    with pytest.raises(OperationalError):
        bench.run()
    assert bench.names() == []
    assert set(bench.states().values()) == {inbox.NEW}
    bench.then = lambda turn: None
    bench.run()
    assert bench.names() == ["1", "bad"]
    assert bench.handled[-1] == [1, 2]


def test_what_is_done_again_after_a_crash_is_done_once(bench: Bench) -> None:
    bench.hear("g1:a")

    def crash() -> None:
        with bench.store.begin() as session:
            bench.dispatcher.run(session)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    bench.run()
    bench.run()
    assert bench.names() == ["a"]
    assert bench.lines() == ["听到 a"]
    with bench.store.begin() as session:
        assert session.get_one(Inbox, 1).handled == 1


def test_other_bots_are_kept_and_never_handled(bench: Bench) -> None:
    bench.hear("g1:*天气")
    bench.run()
    assert bench.heard == []
    assert bench.states() == {"g1:*天气": inbox.DONE}


def test_a_burst_is_handled_slice_by_slice_in_order(bench: Bench) -> None:
    bench.hear(*(f"g{n % 3}:{n:02}" for n in range(40)))
    slices = 1
    while bench.run():
        slices += 1
    assert slices == -(-40 // SLICE)
    for chat in range(3):
        assert [t for t in bench.heard if int(t) % 3 == chat] == sorted(
            t for t in bench.heard if int(t) % 3 == chat
        )
    assert len(bench.heard) == 40


def test_a_slice_gives_way_to_who_waits_and_says_that_there_is_more(bench: Bench) -> None:
    bench.hear("g1:1", "g1:2", "g1:3")
    with bench.store.begin() as session:
        assert bench.dispatcher.run(session, lambda: True) is True
    assert bench.heard == ["1"]


def test_it_lags_when_the_oldest_has_waited_ten_seconds(bench: Bench) -> None:
    bench.hear("g1:1")
    bench.clock.set(at(9))
    with bench.store.begin() as session:
        bench.dispatcher.run(session)
        assert bench.dispatcher.lags() is False
    bench.clock.set(at(20))
    assert bench.dispatcher.lags() is True


def test_the_first_taker_ends_a_turn() -> None:
    seen: list[str] = []
    one, two = Router(), Router()

    def take(name: str, text: str) -> Callable[[Turn], bool]:
        def taker(turn: Turn) -> bool:
            seen.append(name)
            return text in turn.inbound.text

        return taker

    one.first(take("one", "a"))
    two.first(take("two", ""))
    bench = Bench()
    bench.dispatcher.router = Router.joined([one, two])
    bench.hear("g1:a", "g1:b")
    bench.run()
    bench.store.close()
    assert seen == ["one", "one", "two"]


def test_two_handlers_for_one_intent_are_a_mistake() -> None:
    one, two = Router(), Router()
    for router in (one, two):
        router.on(Intent.QUESTION)(lambda turn: None)
    with pytest.raises(ValueError, match="two handlers"):
        Router.joined([one, two])


def test_a_message_that_no_channel_knows_any_more_is_parked_not_lost(bench: Bench) -> None:
    with bench.store.begin() as session:
        inbox.accept(session, [Arrival("gone", Received("1", "g1", "x"), NOW)])
    bench.hear("g1:2")
    for seconds in (0, 1, 6):
        bench.clock.set(at(seconds))
        bench.run()
    assert bench.states() == {"1": inbox.PARKED, "g1:2": inbox.DONE}


def test_the_log_of_a_fault_names_nobody(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.then = raise_for("张桂芳", KeyError("x"))
    bench.hear("g1:张桂芳36.5")
    with caplog.at_level("DEBUG"):
        bench.run()
    assert "turn_failed" in caplog.messages
    assert not any("张桂芳" in one.getMessage() for one in caplog.records)
