"""The one writer: told after the disk, all or nothing each, alive after every fault."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, select

from bot import inbox
from bot.inbox import Inbox
from bot.store import Store, TooLong, Writer
from tests.unit.kernel.ground import arrival, closing, on_disk, row, until


class Background:
    """Work that notes when it runs, and lags when told so."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.is_late = False
        self.fault: Exception | None = None
        self.runs = self.told = 0

    def run(self, session: Session, must_yield: Callable[[], bool]) -> bool:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.runs += 1
        self.log.append("background")
        return False

    def lags(self) -> bool:
        return self.is_late

    def committed(self) -> Callable[[], None]:
        def tell() -> None:
            self.told += 1

        return tell


class Gate:
    """A unit of work that holds the writer's thread until it is opened."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, session: Session) -> None:
        session.connection()
        self.entered.set()
        assert self.open.wait(5)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = on_disk(tmp_path)
    yield store
    store.close()


@pytest.fixture
async def writer(store: Store) -> AsyncIterator[Writer]:
    writer = Writer(store, inbox.accept)
    writer.start()
    yield writer
    await writer.stop()


def impatient(store: Store) -> None:
    """Wait 20 ms for a lock instead of 5 s."""
    store.writer.dispose()
    event.listen(store.writer, "connect", lambda one, _: one.execute("PRAGMA busy_timeout=20"))


async def held(writer: Writer) -> tuple[Gate, asyncio.Future[None]]:
    """Hold the thread: what is asked for now gathers."""
    gate = Gate()
    future = writer.run(gate)
    await until(gate.entered.is_set)
    return gate, future


def kept(store: Store) -> list[str]:
    with store.reading() as session:
        return sorted(session.exec(select(Inbox.key)).all())


async def test_an_arrival_is_on_disk_before_its_future_is_done(
    writer: Writer, store: Store, tmp_path: Path
) -> None:
    seen: list[bool] = []
    future = writer.accept(arrival("1", wants_row=True))
    event.listen(store.writer, "commit", lambda _: seen.append(future.done()))
    accepted = await future
    assert seen == [False]
    assert accepted.is_new
    other = Store(str(store.url))
    with closing(other):
        assert kept(other) == ["1"]


@pytest.mark.usefixtures("sqlite_only")
def test_a_commit_is_synced_to_the_disk(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    with closing(store), store.begin() as session:
        assert session.connection().scalar(text("PRAGMA synchronous")) == 2
        assert session.connection().scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.connection().scalar(text("PRAGMA foreign_keys")) == 1


def test_readers_cannot_write(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    with closing(store), store.reading() as session, pytest.raises(DBAPIError, match="read"):
        inbox.accept(session, [arrival("1")])


async def test_what_gathers_is_one_commit(writer: Writer, store: Store) -> None:
    commits: list[int] = []
    event.listen(store.writer, "commit", lambda _: commits.append(1))
    gate, first = await held(writer)
    waiting: list[asyncio.Future[Any]] = [writer.accept(arrival(f"{n}")) for n in range(50)]
    waiting.append(writer.run(lambda session: session.add(row("said"))))
    gate.open.set()
    await asyncio.gather(first, *waiting)
    assert len(commits) == 1 + (1 if store.is_sqlite else 2)
    assert len(kept(store)) == 50


async def test_a_unit_that_fails_fails_alone(writer: Writer, store: Store) -> None:
    def wrong(session: Session) -> None:
        inbox.accept(session, [arrival("half")])
        raise KeyError("a fault of ours")

    def right(key: str) -> Callable[[Session], str]:
        def unit(session: Session) -> str:
            inbox.accept(session, [arrival(key)])
            return key

        return unit

    gate, first = await held(writer)
    results = asyncio.gather(
        first,
        writer.run(right("before")),
        writer.run(wrong),
        writer.run(right("after")),
        writer.accept(arrival("arrived")),
        return_exceptions=True,
    )
    gate.open.set()
    _, before, fault, after, _ = await results
    assert (before, after) == ("before", "after")
    assert isinstance(fault, KeyError)
    assert kept(store) == ["after", "arrived", "before"]
    assert writer.failures == 0


async def test_a_unit_that_breaks_a_constraint_fails_alone(writer: Writer, store: Store) -> None:
    gate, first = await held(writer)

    def twice(session: Session) -> None:
        session.add_all([row("same"), row("same")])
        session.flush()

    results = asyncio.gather(writer.run(twice), writer.accept(arrival("1")), return_exceptions=True)
    gate.open.set()
    fault, _ = await results
    await first
    assert isinstance(fault, Exception)
    assert kept(store) == ["1"]


async def test_nobody_is_told_yes_when_the_table_is_gone(writer: Writer, store: Store) -> None:
    await writer.run(lambda session: session.connection().execute(text("DROP TABLE inbox")))
    gate, first = await held(writer)
    results = asyncio.gather(
        writer.accept(arrival("1")),
        writer.run(lambda session: session.add(row("innocent"))),
        return_exceptions=True,
    )
    gate.open.set()
    faults = await results
    await first
    assert isinstance(faults[0], DBAPIError)
    if store.is_sqlite:  # arrivals and units share a commit
        assert isinstance(faults[1], OperationalError)
    assert writer.failures == 1
    assert writer.is_alive
    await writer.run(lambda session: Inbox.metadata.create_all(session.connection()))
    await writer.accept(arrival("1"))
    assert kept(store) == ["1"]


@pytest.mark.usefixtures("sqlite_only")
async def test_a_locked_file_fails_the_batch_and_the_next_one_goes_on(
    writer: Writer, store: Store
) -> None:
    impatient(store)
    other = Store(str(store.url))
    with closing(other):
        with other.begin() as holder:
            holder.connection()
            with pytest.raises(OperationalError, match="locked"):
                await writer.accept(arrival("1"))
            with pytest.raises(OperationalError, match="locked"):
                await writer.run(lambda session: session.connection())
        assert writer.failures == 2
        await writer.accept(arrival("1"))
    assert kept(store) == ["1"]


@pytest.mark.usefixtures("sqlite_only")
async def test_a_full_disk_in_one_unit_is_a_no_for_the_whole_batch(
    writer: Writer, store: Store
) -> None:
    def too_much(session: Session) -> None:
        pages = session.connection().scalar(text("PRAGMA page_count"))
        session.connection().execute(text(f"PRAGMA max_page_count={pages}"))
        session.add(row("big", text="x" * 2_000_000))
        session.flush()

    gate, first = await held(writer)
    results = asyncio.gather(
        writer.accept(arrival("1")),
        writer.run(too_much),
        writer.run(lambda session: inbox.accept(session, [arrival("2")])),
        return_exceptions=True,
    )
    gate.open.set()
    outcomes = await results
    await asyncio.gather(first, return_exceptions=True)
    told_yes = [key for key, one in zip("1-2", outcomes, strict=True) if not is_fault(one)]
    assert kept(store) == told_yes
    await writer.accept(arrival("3"))
    assert "3" in kept(store)


def is_fault(outcome: object) -> bool:
    return isinstance(outcome, Exception)


async def test_a_commit_that_fails_is_a_no_for_everybody(writer: Writer, store: Store) -> None:
    faults = [OSError("the disk is full")]

    def on_commit(_: Any) -> None:
        if faults:
            raise faults.pop()

    event.listen(store.writer, "commit", on_commit)
    with pytest.raises(OSError, match="full"):
        await writer.accept(arrival("1"))
    assert kept(store) == []
    await writer.accept(arrival("1"))
    assert kept(store) == ["1"]


async def test_a_fault_is_logged_by_its_kind_only(
    writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    await writer.run(lambda session: session.connection().execute(text("DROP TABLE inbox")))
    with caplog.at_level(logging.DEBUG), pytest.raises(DBAPIError):
        await writer.accept(arrival("张桂芳的消息"))
    assert "store_failed" in caplog.messages
    assert not any("张桂芳" in str(vars(one)) for one in caplog.records)


async def test_who_no_longer_waits_harms_nobody(writer: Writer, store: Store) -> None:
    gate, first = await held(writer)
    gone = writer.accept(arrival("1"))
    stays = writer.accept(arrival("2"))
    gone.cancel()
    gate.open.set()
    await asyncio.gather(first, stays)
    assert kept(store) == ["1", "2"]


async def test_a_store_that_says_nothing_does_not_fill_the_memory(
    writer: Writer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.MOST_WAITING", 3)
    gate, first = await held(writer)
    waiting = [writer.accept(arrival(f"{n}")) for n in range(3)]
    with pytest.raises(RuntimeError, match="too many"):
        writer.accept(arrival("3"))
    gate.open.set()
    await asyncio.gather(first, *waiting)
    await writer.accept(arrival("3"))
    assert kept(store) == ["0", "1", "2", "3"]


async def test_a_stop_finishes_what_waits(store: Store) -> None:
    writer = Writer(store, inbox.accept)
    writer.start()
    gate, first = await held(writer)
    waiting = [writer.accept(arrival(f"{n}")) for n in range(20)]
    gate.open.set()
    await writer.stop()
    await asyncio.gather(first, *waiting)
    assert len(kept(store)) == 20
    assert not writer.is_alive
    with pytest.raises(RuntimeError):
        writer.accept(arrival("late"))


async def in_order(store: Store, *, is_late: bool) -> list[str]:
    """What 300 arrivals at once and a background with work are done in."""
    log: list[str] = []
    background = Background(log)

    def accept(_: Session, items: Sequence[Any]) -> list[None]:
        log.append(f"{len(items)} arrivals")
        return [None] * len(items)

    writer = Writer(store, accept, background)
    writer.start()
    await until(lambda: background.told > 0)
    gate, first = await held(writer)
    waiting = [writer.accept(n) for n in range(300)]
    log.clear()
    background.is_late = is_late
    gate.open.set()
    await asyncio.gather(first, *waiting)
    background.is_late = False
    await until(lambda: "background" in log)
    await writer.stop()
    return log


async def test_arrivals_go_before_the_background(store: Store) -> None:
    log = await in_order(store, is_late=False)
    assert log[:3] == ["256 arrivals", "44 arrivals", "background"]


async def test_a_background_that_lags_has_its_turn(store: Store) -> None:
    log = await in_order(store, is_late=True)
    arrivals = [n for n, line in enumerate(log) if line.endswith("arrivals")]
    assert "background" in log[: arrivals[-1]]


async def test_a_fault_of_the_background_is_tried_again(store: Store) -> None:
    background = Background([])
    background.fault = OperationalError("", {}, Exception("locked"))
    writer = Writer(store, inbox.accept, background)
    writer.start()
    await writer.accept(arrival("1"))
    await until(lambda: background.told > 0)
    assert writer.failures == 1
    assert kept(store) == ["1"]
    await writer.stop()


async def test_a_wake_lets_the_background_look(store: Store) -> None:
    background = Background([])
    writer = Writer(store, inbox.accept, background)
    writer.start()
    await until(lambda: background.told == 1)
    writer.wake()
    await until(lambda: background.told == 2)
    await writer.stop()


async def test_a_unit_that_never_ends_is_cut_and_stops_no_other(store: Store) -> None:
    writer = Writer(store, inbox.accept, limit_s=0.5)
    writer.start()

    def forever(_: Session) -> None:
        while True:
            pass

    stuck = writer.run(forever)
    other = writer.run(lambda session: inbox.accept(session, [arrival("2")]))
    with pytest.raises(TooLong):
        await asyncio.wait_for(stuck, 10)
    await asyncio.gather(other, return_exceptions=True)
    await writer.accept(arrival("1"))
    assert "1" in kept(store)
    await writer.stop()


async def comes_during_a_slice(store: Store, accept: Callable[..., Any]) -> None:
    """One arrival while a background holds the thread, until it is kept."""
    gate, background = Gate(), Background([])
    run = background.run

    def held_up(session: Session, must_yield: Callable[[], bool]) -> bool:
        gate(session)
        return run(session, must_yield)

    background.run = held_up  # type: ignore[method-assign]
    one = Writer(store, accept, background)
    one.start()
    await until(gate.entered.is_set)
    future = one.accept(arrival("1"))
    gate.open.set()
    await future
    await one.stop()
    assert kept(store) == ["1"]


async def test_who_comes_during_a_slice_is_committed_with_it(store: Store) -> None:
    log: list[str] = []

    def accept(session: Session, items: Sequence[Any]) -> list[Any]:
        log.append("arrival")
        return list(inbox.accept(session, items))

    event.listen(store.writer, "begin", lambda _: log.append("begin"))
    event.listen(store.writer, "commit", lambda _: log.append("commit"))
    await comes_during_a_slice(store, accept)
    assert log[:3] == ["begin", "arrival", "commit"]


async def test_who_comes_during_a_slice_that_fails_is_kept_without_it(store: Store) -> None:
    faults = [OperationalError("", {}, Exception("disk I/O error"))]

    def accept(session: Session, items: Sequence[Any]) -> list[Any]:
        if faults:
            raise faults.pop()
        return list(inbox.accept(session, items))

    await comes_during_a_slice(store, accept)
    assert not faults
