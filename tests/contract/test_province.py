"""Several processes on one PostgreSQL: jobs, posts, senders that are gone, units that meet."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from procrastinate import App, SyncPsycopgConnector
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.bell import Bell
from app.engine import Engine, prepare
from app.posts import Post, PostLost, clock_post, sender_post, senders_alive
from app.roles import Role
from app.service import Service
from app.settings import SettingsError, load_settings
from bot import inbox, outbox
from bot.clock import ManualClock
from bot.domain.registry import Place, PlaceKind
from bot.inbox import DONE, Inbox
from bot.outbox import Outbox
from bot.router import Kernel, Router
from bot.store import Store
from tests.fakes.postgres import Postgres
from tests.unit.kernel.ground import NOW, Obedient, arrival, at, content, let_all, put, row, until


@pytest.fixture
def store(postgres: Postgres) -> Iterator[Store]:
    """A database with all tables, the engine's too."""
    made = Store(postgres.blank())
    prepare(made)
    yield made
    made.close()


@pytest.fixture
def engine(store: Store) -> Engine:
    """An engine whose handlers do nothing."""
    clock = ManualClock(NOW)
    kernel = Kernel(content(), {"c": Obedient()}, clock, b"secret", "cn-2020-01")
    return Engine(store, kernel, Router())


def jobs(store: Store) -> list[tuple[str, str]]:
    """(lock, status) of all jobs."""
    with store.reading() as session:
        found = session.connection().execute(
            text("SELECT lock, status FROM procrastinate_jobs ORDER BY id")
        )
        return [(lock, status) for lock, status in found]


def accept(store: Store, engine: Engine, *keys: str, chat: str = "g") -> None:
    with store.plain() as session:
        engine.accept(session, [arrival(key, chat) for key in keys])


async def worked(engine: Engine, store: Store, keys: int) -> None:
    """Let a worker run until so many messages are done, then stop it."""

    def done() -> bool:
        with store.reading() as session:
            return len(session.exec(select(Inbox.id).where(Inbox.state == DONE)).all()) == keys

    task = asyncio.create_task(engine.work())
    await until(done, 10)
    await until(lambda: jobs(store) == [], 10)
    engine.stop()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_one_job_a_chat_in_the_transaction_of_the_messages(store: Store, engine: Engine) -> None:
    accept(store, engine, "1", "2")
    accept(store, engine, "3")
    accept(store, engine, "4", chat="h")
    assert jobs(store) == [("c/g", "todo"), ("c/h", "todo")]
    with store.plain() as session:
        engine.accept(session, [arrival("5", "i")])
        session.rollback()
    assert len(jobs(store)) == 2


def test_repeats_put_no_job_in(store: Store, engine: Engine) -> None:
    accept(store, engine, "1")
    with store.plain() as session:
        session.connection().execute(text("DELETE FROM procrastinate_jobs"))
    accept(store, engine, "1", "1")
    assert jobs(store) == []


def test_a_job_that_waits_is_held_until_the_messages_are_there(
    store: Store, engine: Engine
) -> None:
    accept(store, engine, "1")
    fetch = text("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['drain'], NULL)")
    with store.plain() as session:
        engine.accept(session, [arrival("2")])
        with store.plain() as other:
            assert other.connection().scalar(fetch) is None
            other.rollback()
    with store.plain() as session:
        assert session.connection().scalar(fetch) is not None


def test_two_that_put_in_at_once_put_one_in(store: Store, engine: Engine) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with store.plain() as session:
            engine.accept(session, [arrival("1")])
            begun.set()
            assert go_on.wait(5)

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(5)
    other = threading.Thread(target=accept, args=(store, engine, "2"))
    other.start()
    go_on.set()
    thread.join(5)
    other.join(5)
    assert jobs(store) == [("c/g", "todo")]


async def test_a_worker_handles_all_once_and_in_order(store: Store, engine: Engine) -> None:
    for n in range(30):
        accept(store, engine, f"{n}", chat=f"g{n % 3}")
    told: list[int] = []
    engine.on_handled = told.extend
    await worked(engine, store, 30)
    with store.reading() as session:
        rows = session.exec(select(Inbox).order_by(col(Inbox.id))).all()
    assert [one.handled for one in rows] == [1] * 30
    for chat in ("g0", "g1", "g2"):
        mine = [one.id for one in rows if one.chat == chat]
        assert [one for one in told if one in mine] == mine


async def test_what_fell_between_is_found(store: Store, engine: Engine) -> None:
    with store.plain() as session:  # kept, and the process died before any job was put in
        inbox.accept(session, [arrival("1")])
    engine.kernel = Kernel(
        content(), engine.kernel.channels, ManualClock(at(60)), b"secret", "cn-2020-01"
    )
    await worked(engine, store, 1)


async def test_a_job_of_a_worker_that_is_gone_holds_up_nobody(store: Store, engine: Engine) -> None:
    accept(store, engine, "1")
    with store.plain() as session:
        session.connection().execute(
            text("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['drain'], NULL)")
        )
    assert jobs(store) == [("c/g", "doing")]
    engine.kernel = Kernel(
        content(), engine.kernel.channels, ManualClock(at(60)), b"secret", "cn-2020-01"
    )
    await worked(engine, store, 1)


async def test_every_part_finds_the_one_of_several_hosts_that_takes_writes(
    store: Store, engine: Engine, tmp_path: Path
) -> None:
    here, name = store.url.query["host"], store.url.database
    hosts = f"host={tmp_path}&host={here}&host={tmp_path}&target_session_attrs=read-write"
    both = Store(f"postgresql+psycopg://postgres@/{name}?{hosts}")
    rung: list[int] = []
    bell = Bell(both, rung.extend)
    bell.start()
    post = clock_post(both)
    assert post.look()
    post.leave()
    engine.store = both
    accept(both, engine, "1")
    await worked(engine, both, 1)
    await until(lambda: len(rung) == 1, 5)
    await bell.stop()
    both.close()


def test_the_engines_interface_is_as_we_use_it() -> None:
    """Where this fails, a newer engine is installed: see ADR 12."""
    app = App(connector=SyncPsycopgConnector())
    assert callable(app.job_manager.batch_defer_jobs)
    assert callable(app.job_manager.get_stalled_jobs)


async def test_one_holds_the_post_until_it_leaves(store: Store) -> None:
    first, second = clock_post(store), clock_post(store)
    assert first.look()
    assert not second.look()
    assert (first.is_held, second.is_held) == (True, False)
    first.leave()
    await until(second.look)
    with store.together() as session:
        second.guard(session)
    with pytest.raises(PostLost), store.together() as session:
        first.guard(session)
    second.leave()


async def test_a_post_whose_connection_was_cut_is_lost_at_once(store: Store) -> None:
    post: Post = clock_post(store)
    assert post.look()
    with store.plain() as session:
        session.connection().execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": post.pid})
    assert not post.look()
    with pytest.raises(PostLost), store.together() as session:
        post.guard(session)
    await until(post.look)
    post.leave()


async def test_only_the_rows_of_a_sender_that_is_gone_go_again(store: Store) -> None:
    here, gone = sender_post(store), sender_post(store)
    assert here.look()
    assert gone.look()
    channels = {"c": Obedient()}
    with store.begin() as session:
        put(session, row("1", "g1"), row("2", "g2"))
    for post in (here, gone):
        with store.plain() as session:
            outbox.claim(session, NOW, channels, let_all, limit=1, sender=post.number)
    gone.leave()

    def is_gone() -> bool:
        with store.plain() as session:
            return senders_alive(session) == [here.number]

    await until(is_gone)
    with store.plain() as session:
        assert outbox.recover(session, NOW, senders_alive(session)) == 1
    with store.reading() as session:
        states = dict(session.exec(select(Outbox.key, Outbox.state)).all())
    assert states == {"1": "sending", "2": "unknown"}
    here.leave()


def test_two_senders_never_claim_in_one_chat(store: Store) -> None:
    channels = {"c": Obedient()}
    with store.begin() as session:
        put(session, row("1"), row("2"))
    with store.plain() as session:
        first = outbox.claim(session, NOW, channels, let_all, sender=1)
    with store.plain() as session:
        second = outbox.claim(session, NOW, channels, let_all, sender=2)
    assert [one.outbound.key for one in first] == ["1"]
    assert second == []


def test_units_that_meet_both_happen(store: Store) -> None:
    with store.begin() as session:
        session.add(Place(kind=PlaceKind.VILLAGE, name="0"))

    def count_on(session: Session) -> None:
        place = session.exec(select(Place)).one()
        place.name = str(int(place.name) + 1)
        session.add(place)

    threads = [
        threading.Thread(target=lambda: [store.unit(count_on) for _ in range(10)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with store.reading() as session:
        assert session.exec(select(Place.name)).one() == "40"


@pytest.mark.parametrize("role", list(Role))
def test_one_part_alone_needs_postgresql(tmp_path: Path, role: Role) -> None:
    with pytest.raises(SettingsError, match="PostgreSQL"):
        Service(load_settings(tmp_path), roles=frozenset({role}))
