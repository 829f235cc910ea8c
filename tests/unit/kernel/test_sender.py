"""The sender: chats side by side, each in order, and every outcome a row's fate."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from bot import outbox
from bot import sender as sender_module
from bot.channels.base import Limit
from bot.clock import ManualClock
from bot.errors import Rejected, Throttled, Unknown, Unreachable
from bot.outbox import Outbox
from bot.sender import BREAK, BREAKS_AT, Sender
from bot.store import Store
from tests.unit.kernel.ground import NOW, Obedient, at, let_all, memory, put, row, until


@dataclass
class Desk:
    """A sender on a store in memory, with one channel that obeys."""

    store: Store = field(default_factory=memory)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    channel: Obedient = field(default_factory=Obedient)
    told: list[tuple[str, str]] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    stop: Callable[[Session, Outbox], str] = let_all

    def __post_init__(self) -> None:
        self.sender = Sender(
            {"c": self.channel},
            self.clock,
            self.run,
            lambda session, one: self.stop(session, one),
            self.hear,
            on_outcome=lambda _, outcome: self.outcomes.append(outcome),
        )

    def hear(self, session: Session, ids: Sequence[int]) -> None:
        query = select(Outbox.key, Outbox.state).where(col(Outbox.id).in_(ids))
        self.told += session.exec(query.order_by(col(Outbox.id))).all()

    async def run(self, unit: Callable[[Session], Any]) -> Any:
        if self.faults:
            raise self.faults.pop(0)
        with self.store.begin() as session:
            return unit(session)

    def put(self, *rows: Outbox) -> None:
        with self.store.begin() as session:
            put(session, *rows)

    def get(self, key: str) -> Outbox:
        with self.store.begin() as session:
            found = session.exec(select(Outbox).where(Outbox.key == key)).one()
            session.expunge(found)
            return found

    def said(self) -> list[str]:
        return [one.key for one in self.channel.said]

    def move(self, moment: datetime) -> None:
        self.clock.set(moment)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    await desk.sender.drain()
    desk.store.close()


async def test_a_backlog_leaves_in_order(desk: Desk) -> None:
    desk.put(*(row(f"{n}", f"g{n % 3}") for n in range(30)))
    await desk.sender.flush()
    for chat in range(3):
        order = [one.key for one in desk.channel.said if one.to.chat == f"g{chat}"]
        assert order == [f"{n}" for n in range(chat, 30, 3)]
    assert len(desk.said()) == 30
    assert set(desk.told) == {(f"{n}", "sent") for n in range(30)}


async def test_a_slow_chat_holds_up_no_other(desk: Desk) -> None:
    hangs = asyncio.Event()
    desk.channel.orders.append(hangs)
    desk.put(row("slow 1", "slow"), row("slow 2", "slow"), row("1", "g"), row("2", "g"))
    await desk.sender.start_due()
    await until(lambda: desk.said() == ["1"])
    await until(lambda: desk.get("1").state == "sent")
    await desk.sender.start_due()
    await until(lambda: desk.said() == ["1", "2"])
    hangs.set()
    await desk.sender.drain()
    await desk.sender.flush()
    assert desk.said() == ["1", "2", "slow 1", "slow 2"]


async def test_a_retry_is_not_overtaken_in_its_chat(desk: Desk) -> None:
    desk.channel.orders.append(Unreachable("connect_error"))
    desk.put(row("1"), row("2"), row("3", "other"))
    await desk.sender.flush()
    assert desk.said() == ["3"]
    desk.move(at(60))
    await desk.sender.flush()
    assert desk.said() == ["3", "1", "2"]


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Rejected("webhook_gone", "93000"), "failed"),
        (Unreachable("connect_error"), "queued"),
        (Throttled("webhook_rate", "45009", 60), "queued"),
        (Unknown("read_timeout"), "unknown"),
    ],
)
async def test_outcomes(desk: Desk, fault: Exception, state: str) -> None:
    assert isinstance(fault, Rejected | Unreachable | Throttled | Unknown)
    desk.channel.orders.append(fault)
    desk.put(row("1"))
    await desk.sender.flush()
    assert desk.get("1").state == state
    assert desk.told == [("1", state)]
    assert desk.outcomes == [type(fault).__name__.lower()]


async def test_a_fault_of_ours_in_a_channel_is_unknown(desk: Desk) -> None:
    async def broken(_: object) -> str:
        raise KeyError("a fault of ours")

    desk.channel.say = broken  # type: ignore[method-assign,assignment]
    desk.put(row("1"))
    await desk.sender.flush()
    assert (desk.get("1").state, desk.get("1").reason) == ("unknown", "fault KeyError")


async def test_a_say_that_never_ends_is_unknown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "SAY_S", 0.02)
    desk.channel.orders.append(asyncio.Event())
    desk.put(row("1"))
    await desk.sender.start_due()
    await until(lambda: desk.get("1").state == "unknown")
    assert desk.get("1").is_perhaps_doubled


async def test_a_long_text_goes_on_behind_the_parts_that_were_taken(desk: Desk) -> None:
    desk.channel.max_bytes = 64
    desk.put(row("1", text="".join(f"第{n}条要说的话。" for n in range(12))))
    unit = desk.channel.say

    async def fails_at_the_third(message: Any) -> str:
        if len(desk.channel.said) == 2 and not desk.channel.tried[2:]:
            desk.channel.tried.append(message)
            raise Unreachable("connect_error")
        return await unit(message)

    desk.channel.say = fails_at_the_third  # type: ignore[method-assign]
    await desk.sender.flush()
    assert desk.said() == ["1#1", "1#2"]
    assert desk.get("1").parts_done == 2
    desk.move(at(60))
    await desk.sender.flush()
    keys = desk.said()
    assert keys == [f"1#{n + 1}" for n in range(len(keys))]
    assert len(keys) > 3
    assert "".join(one.text for one in desk.channel.said).count("要说的话") == 12


async def say_without_a_note(desk: Desk) -> None:
    """One row is said, and the store refuses to keep what became of it."""
    desk.put(row("1"))
    hangs = asyncio.Event()
    desk.channel.orders.append(hangs)
    await desk.sender.start_due()
    desk.faults += [OperationalError("", {}, Exception("locked")) for _ in range(2)]
    hangs.set()
    await desk.sender.drain()
    assert desk.get("1").state == "sending"


async def test_a_note_that_cannot_be_kept_leaves_the_row_on_its_way(desk: Desk) -> None:
    await say_without_a_note(desk)
    with desk.store.begin() as session:
        assert outbox.recover(session, NOW) == 1
    await Desk(desk.store, channel=desk.channel).sender.flush()
    assert [one.key for one in desk.channel.said] == ["1", "1"]
    assert (desk.get("1").state, desk.get("1").is_perhaps_doubled) == ("sent", True)


async def test_a_note_that_could_not_be_kept_is_kept_at_the_next_try(desk: Desk) -> None:
    await say_without_a_note(desk)
    await desk.sender.flush()
    assert [one.key for one in desk.channel.said] == ["1"]
    assert (desk.get("1").state, desk.get("1").is_perhaps_doubled) == ("sent", False)


async def test_a_note_and_the_next_claim_are_one_transaction(desk: Desk) -> None:
    desk.put(*(row(f"{n}", "one chat") for n in range(5)))
    units = 0
    run = desk.sender.run

    async def counted(unit: Callable[[Session], Any]) -> Any:
        nonlocal units
        units += 1
        return await run(unit)

    desk.sender.run = counted
    loop = asyncio.create_task(desk.sender.loop())
    await until(lambda: len(desk.told) == 5)
    loop.cancel()
    await asyncio.wait([loop])
    assert desk.said() == ["0", "1", "2", "3", "4"]
    assert units <= 7  # the first claim, five notes with the next claim, one look in vain


async def test_a_channel_that_fails_again_and_again_is_left_alone(desk: Desk) -> None:
    desk.channel.orders.extend(Unreachable("connect_error") for _ in range(BREAKS_AT))
    desk.put(*(row(f"{n}", f"g{n}") for n in range(BREAKS_AT)))
    await desk.sender.flush()
    desk.put(row("new", "new"))
    await desk.sender.flush()
    assert len(desk.channel.tried) == BREAKS_AT
    desk.move(NOW + BREAK + timedelta(seconds=1))
    await desk.sender.flush()
    assert sorted(desk.said()) == sorted([*(f"{n}" for n in range(BREAKS_AT)), "new"])


async def test_what_ends_before_it_leaves_is_told_too(desk: Desk) -> None:
    desk.stop = lambda _, one: "不行" if one.key == "stopped" else ""
    desk.put(
        row("over", "g1", expires_at=at(-1)), row("stopped", "g2"), row("gone", "g3", channel="old")
    )
    await desk.sender.flush()
    assert sorted(desk.told) == [("gone", "failed"), ("over", "expired"), ("stopped", "failed")]
    assert desk.channel.tried == []


async def test_limits_are_kept_by_a_sender_that_was_started_anew(desk: Desk) -> None:
    desk.channel.limits = (Limit("chat", 2, 60.0),)
    desk.put(*(row(f"{n}") for n in range(3)))
    await desk.sender.flush()
    again = Desk(store=desk.store, clock=desk.clock, channel=desk.channel)
    await again.sender.flush()
    assert desk.said() == ["0", "1"]
    desk.move(at(61))
    await again.sender.flush()
    assert desk.said() == ["0", "1", "2"]


async def test_the_loop_outlives_a_store_that_says_no(desk: Desk) -> None:
    desk.faults.append(OperationalError("", {}, Exception("disk I/O error")))
    desk.put(row("1"))
    loop = asyncio.create_task(desk.sender.loop())
    await until(lambda: not desk.faults)
    desk.sender.wake()
    await until(lambda: desk.get("1").state == "sent")
    loop.cancel()
    await asyncio.wait({loop}, timeout=2)
    assert loop.done(), "a cancel was swallowed: a stop would hang"
