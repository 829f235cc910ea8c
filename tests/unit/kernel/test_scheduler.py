"""The clock: two do nothing twice, a job that fails stops no other, downtime ends in no burst."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel, col, select

from app.world import Someone, World
from bot import inbox
from bot.clock import ManualClock, at, local_day, minute_of
from bot.domain.incidents import Incident, IncidentKind
from bot.domain.notices import Notice
from bot.domain.questions import OpenQuestion
from bot.domain.registry import Resident
from bot.outbox import Outbox
from bot.router import Kernel
from bot.store import Store, Writer
from bot.work import Work
from handlers import broadcast
from scheduler.runner import Runner, next_due, run_all
from scheduler.timetable import TIMETABLE, Job
from tests.unit.kernel.ground import NOW, Obedient, closing, content, memory, on_disk

DAY = local_day(NOW)
GROUP = ("朝阳县", "柳树沟镇", "柳树沟村", "三组")


def clock(text: str, days: int = 0) -> datetime:
    return at(DAY + timedelta(days=days), minute_of(text))


def kernel(moves: ManualClock) -> Kernel:
    return Kernel(content(), {"talk": Obedient("talk")}, moves, b"secret", "cn-2020-01")


def village(work: Work) -> None:
    """Two houses that owe reports, one observed, four cadres, a notice, a question, a fever."""
    world = World(work.db, "talk", work.now)
    for name in ("张桂芳", "马强"):
        world.household(GROUP, [Someone(name), Someone(f"{name[0]}老伴", "老伴")])
    grid = world.cadre("王网格", "网格员", GROUP)
    world.cadre("张大夫", "村医", GROUP[:3])
    world.cadre("李书记", "村支书", GROUP[:3])
    world.cadre("赵镇", "镇值班", GROUP[:2])
    chat = world.chat("三组群", GROUP, "村民")
    place = world.place(GROUP)
    world.owes("早晚", place=place)
    notice = broadcast.issue(
        work,
        author_id=grid.id or 0,
        place_id=chat.place_id or 0,
        text="下午两点发口罩",
        due_at=clock("14:00"),
        expires_at=clock("20:00"),
    )
    broadcast.approve(work, notice, grid.id or 0)
    daily = broadcast.issue(
        work,
        author_id=grid.id or 0,
        place_id=chat.place_id or 0,
        text="早上好，量一下体温",
        due_at=clock("07:00"),
        expires_at=clock("07:30", 5),
        repeat_minute=7 * 60,
    )
    broadcast.approve(work, daily, grid.id or 0)
    work.db.add(
        OpenQuestion(
            place_id=place.id or 0,
            text="路啥时候通",
            owner_id=grid.id,
            asked_at=work.now,
            due_at=work.now + timedelta(hours=4),
        )
    )
    sick = work.db.exec(select(Resident).where(Resident.name == "马强")).one()
    incident = Incident(
        kind=IncidentKind.FEVER,
        place_id=place.id or 0,
        resident_id=sick.id,
        summary="马强 38.1",
        opened_at=work.now,
        next_at=work.now,
    )
    work.db.add(incident)
    work.db.flush()


def lines(store: Store) -> Counter[tuple[str, str, str]]:
    with store.begin() as session:
        rows = session.exec(select(Outbox).order_by(col(Outbox.id))).all()
        return Counter((row.key, row.chat, row.text) for row in rows)


def facts(store: Store) -> dict[str, int]:
    with store.begin() as session:
        tables: tuple[type[SQLModel], ...] = (Incident, Notice, Outbox, OpenQuestion)
        return {t.__name__: len(session.exec(select(t)).all()) for t in tables}


def stops(store: Store, moves: ManualClock, until: datetime) -> Iterator[datetime]:
    """Now and each moment up to then at which a job has something to do; the clock goes there."""
    parts = kernel(moves)
    yield moves.now()
    while True:
        with store.begin() as session:
            due = next_due(parts.work(session))
        if due is None or due > until:
            moves.set(until)
            yield until
            return
        moves.set(due)
        yield due


def alone(until: datetime) -> tuple[Counter[tuple[str, str, str]], dict[str, int]]:
    """A day with one clock."""
    store, moves = memory(), ManualClock(clock("05:00"))
    parts = kernel(moves)
    with closing(store):
        with store.begin() as session:
            village(parts.work(session))
        for _ in stops(store, moves, until):
            with store.begin() as session:
                run_all(parts.work(session))
        return lines(store), facts(store)


async def test_two_clocks_on_one_database_do_nothing_twice(tmp_path: Path) -> None:
    until = clock("09:00", 1)
    moves = ManualClock(clock("05:00"))
    first = on_disk(tmp_path)
    stores = [first, Store(first.url.render_as_string(hide_password=False))]
    with closing(*stores):
        with stores[0].begin() as session:
            village(kernel(moves).work(session))
        writers = [Writer(store, inbox.accept) for store in stores]
        runners = [Runner(kernel(moves).work, writer.run) for writer in writers]
        for writer in writers:
            writer.start()
        for _ in stops(stores[0], moves, until):
            await asyncio.gather(*(runner.tick_all() for runner in runners))
        for writer in writers:
            await writer.stop()
        both = lines(stores[0]), facts(stores[0])
    one = alone(until)
    assert max(both[0].values()) == 1
    assert both == one
    assert len(one[0]) > 10


async def test_a_job_that_raises_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []

    def broken(_: Work) -> None:
        raise KeyError("张桂芳")

    jobs = [
        Job("one", "一", "* * * * *", lambda work: ran.append("one")),
        Job("broken", "坏", "* * * * *", broken),
        Job("two", "二", "* * * * *", lambda work: ran.append("two")),
    ]
    store = memory()

    async def run(unit: Any) -> Any:
        with store.begin() as session:
            return unit(session)

    done: list[str] = []
    runner = Runner(
        kernel(ManualClock(NOW)).work,
        run,
        on_done=lambda name, _: done.append(name),
        timetable=jobs,
    )
    with closing(store), caplog.at_level(logging.DEBUG):
        await runner.tick_all()
        await runner.tick_all()
    assert ran == ["one", "two"] * 2
    assert done == ["one", "broken", "two"] * 2
    assert caplog.messages.count("job_failed") == 2


async def test_a_job_that_hangs_runs_once_and_stops_no_other() -> None:
    hangs = asyncio.Event()
    ran: list[str] = []

    async def run(unit: Any) -> None:
        if not ran:
            ran.append("slow")
            await hangs.wait()
        else:
            ran.append("other")

    jobs = [Job(name, name, "* * * * *", lambda work: None) for name in ("slow", "other")]
    runner = Runner(kernel(ManualClock(NOW)).work, run, timetable=jobs)
    slow = asyncio.create_task(runner.tick(jobs[0]))
    await asyncio.sleep(0)
    await runner.tick(jobs[0])
    await runner.tick(jobs[1])
    assert ran == ["slow", "other"]
    hangs.set()
    await slow


async def test_who_does_not_lead_does_nothing() -> None:
    ran: list[int] = []

    async def run(unit: Any) -> None:
        ran.append(1)

    runner = Runner(kernel(ManualClock(NOW)).work, run, is_leader=lambda: False)
    await runner.tick_all()
    assert ran == []


async def test_it_ticks_and_stops_by_the_wall_clock_alone() -> None:
    runner = Runner(kernel(ManualClock(NOW)).work, lambda unit: asyncio.sleep(0))
    runner.start()
    scheduler = runner._scheduler
    assert scheduler is not None
    assert {job.id for job in scheduler.get_jobs()} == {job.name for job in TIMETABLE}
    runner.stop()


def after_downtime(days: int) -> tuple[Store, list[Outbox]]:
    """Stop before anything is due, start again so many days later at 12:00: what is written."""
    store, moves = memory(), ManualClock(clock("05:00"))
    parts = kernel(moves)
    with store.begin() as session:
        village(parts.work(session))
    moves.set(clock("12:00", days))
    for _ in range(3):
        with store.begin() as session:
            run_all(parts.work(session))
    with store.begin() as session:
        rows = list(session.exec(select(Outbox)).all())
        session.expunge_all()
    return store, rows


def test_three_days_down_end_in_no_burst() -> None:
    store, rows = after_downtime(3)
    with closing(store):
        assert not [row for row in rows if row.topic == "reminder"]
        people = Counter(row.chat for row in rows if row.key[:8] not in ("incident", "notice:2"))
        assert max(people.values()) <= 2
        notices = [row for row in rows if row.topic == "notice"]
        assert [row.text for row in notices] == ["早上好，量一下体温"]


def test_nobody_is_missing_for_the_days_on_which_we_were_down() -> None:
    store, rows = after_downtime(3)
    with closing(store), store.begin() as session:
        assert {row.kind for row in session.exec(select(Incident)).all()} == {IncidentKind.FEVER}
    assert not any("失联" in row.text for row in rows)


def test_a_notice_that_expired_while_we_were_down_is_marked_and_not_sent() -> None:
    store, rows = after_downtime(3)
    with closing(store), store.begin() as session:
        states = {
            n.text: n.state for n in session.exec(select(Notice)).all() if not n.repeat_minute
        }
        assert states == {"下午两点发口罩": "expired"}
    assert not any("口罩" in row.text for row in rows)


def test_a_fever_that_waited_is_told_at_the_first_tick() -> None:
    store, rows = after_downtime(3)
    with closing(store):
        assert any("马强" in row.text and row.is_urgent for row in rows)


def test_a_daily_notice_goes_on_the_day_after() -> None:
    store, _ = after_downtime(3)
    moves = ManualClock(clock("12:00", 3))
    with closing(store):
        parts = kernel(moves)
        for _ in stops(store, moves, clock("08:00", 5)):
            with store.begin() as session:
                run_all(parts.work(session))
        with store.begin() as session:
            rows = session.exec(select(Outbox).where(Outbox.topic == "notice")).all()
            days = Counter(local_day(row.due_at) for row in rows)
    assert days == {DAY + timedelta(days=n): 1 for n in (3, 4, 5)}
