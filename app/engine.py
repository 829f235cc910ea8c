"""Procrastinate as the engine of several processes: a job `drain(chat)` for a chat with news.

The transaction that keeps messages puts the jobs in, over its own connection. A job takes its
chat's messages in order until none is left. Its lock and its queueing lock are the chat: one runs,
at most one waits. A job never retries: a message that failed carries its next try in its own row,
and `sweep` puts a job in when that has come.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from time import sleep

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.schema import SchemaManager
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bot import inbox
from bot.inbox import Accepted, Arrival, Spots
from bot.router import Dispatcher, Kernel, Router
from bot.store import Store, Watch

log = logging.getLogger("shouwang.engine")

QUEUE = TASK = "drain"
POLL_S = 0.2  # a job that ends wakes nobody who waits for its lock
BEAT_S, STALL_S = 1, 5  # a worker that is silent so long is gone
SWEEP_S = 1.0
FRESH = timedelta(seconds=2)  # a younger message has its own job on the way
LIMIT_S = 10.0  # no message may be handled longer
HANDLED = "shouwang_handled"  # where others hear which messages are done

_LOCK = text("SELECT pg_advisory_xact_lock(1937207149)")
# A job that still waits is held back until this transaction is on disk, so that it will see what
# is kept in it; one that has begun is no longer found, and another is put in.
_WAITING = text(
    "SELECT queueing_lock FROM procrastinate_jobs"
    " WHERE status = 'todo' AND queueing_lock = ANY(:locks) FOR SHARE"
)
_TELL = text("SELECT pg_notify(:channel, :ids)")


def prepare(store: Store) -> None:
    """Make the engine's own tables where they are missing."""
    with store.writer.begin() as connection:
        connection.execute(_LOCK)
        if not inspect(connection).has_table("procrastinate_jobs"):
            connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


@dataclass
class Engine:
    """Puts jobs in (web) and does them (worker)."""

    store: Store
    kernel: Kernel
    router: Router
    concurrency: int = 2
    on_handled: Callable[[list[int]], None] = lambda _: None  # called in a thread
    _door: App = field(init=False)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _watches: set["_Watched"] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Nothing is connected yet."""
        self._door = App(connector=SyncPsycopgConnector())  # never opened: only lends its words

    # putting in

    def accept(self, session: Session, arrivals: Sequence[Arrival]) -> list[Accepted | None]:
        """Keep a batch, and put in a job for each chat in which something is new."""
        return inbox.accept(session, arrivals, self.put_in)

    def put_in(self, session: Session, spots: Spots) -> None:
        """One job a chat, in the transaction of a session."""
        wanted = {f"{channel}/{chat}": (channel, chat) for channel, chat in spots}
        found = session.connection().execute(_WAITING, {"locks": sorted(wanted)})
        for (lock,) in found.all():
            wanted.pop(lock, None)
        # In one order, so that two that put in at once wait for each other and never in a ring.
        jobs = [_job(lock, *wanted[lock]) for lock in sorted(wanted)]
        if jobs and not self._put(session, jobs):
            for job in jobs:
                self._put(session, [job])

    def _put(self, session: Session, jobs: list[Job]) -> bool:
        """Put jobs in; False where another process was quicker with one of them."""
        connection = session.connection().connection.driver_connection
        with suppress(AlreadyEnqueued), session.begin_nested():
            self._door.job_manager.batch_defer_jobs(jobs, connection=connection)
            return True
        return False

    # doing

    async def work(self) -> None:
        """Do jobs until cancelled; a server that is away is waited for."""
        logging.getLogger("procrastinate").setLevel(logging.WARNING)  # a line a job is too much
        while not self._stopping.is_set():
            try:
                await self._work()
            except (ConnectorException, DBAPIError, OSError) as error:
                log.error("engine_failed", extra={"error": type(error).__name__})
            await asyncio.sleep(0.5)

    async def _work(self) -> None:
        app = App(
            connector=PsycopgConnector(
                min_size=1,
                max_size=self.concurrency + 4,
                timeout=5,
                kwargs={**self.store.link, "application_name": "shouwang-worker"},
            )
        )
        app.task(name=TASK, queue=QUEUE)(self._drain)
        done = asyncio.Event()
        async with app.open_async():
            sweeping = asyncio.create_task(self._sweep_loop(app, done))
            try:
                await app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self.concurrency,
                    fetch_job_polling_interval=POLL_S,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    update_heartbeat_interval=BEAT_S,
                    stalled_worker_timeout=STALL_S,
                    shutdown_graceful_timeout=10,
                )
            finally:
                done.set()
                await asyncio.wait([sweeping], timeout=5)

    async def _drain(self, channel: str, chat: str) -> None:
        await asyncio.to_thread(self.drain, channel, chat)

    def drain(self, channel: str, chat: str) -> None:
        """Handle what a chat holds, in order, until nothing of it may be handled now."""
        dispatcher = Dispatcher(self.kernel, self.router, spot=(channel, chat))
        watched = _Watched(Watch(LIMIT_S, threading.get_ident()))

        def slice_of(session: Session) -> bool:
            with watched.watch.over():
                more = dispatcher.run(session)
            if dispatcher.handled:
                ids = ",".join(map(str, dispatcher.handled))
                session.connection().execute(_TELL, {"channel": HANDLED, "ids": ids})
            return more

        self._watches.add(watched)
        try:
            more = True
            while more and not self._stopping.is_set():
                try:
                    more = self.store.unit(slice_of)
                except DBAPIError as error:  # the rows are still there and are tried again
                    log.error("store_failed", extra={"error": type(error).__name__})
                    sleep(0.2)
                    continue
                self.on_handled(dispatcher.handled)
        finally:
            self._watches.discard(watched)

    def stop(self) -> None:
        """What runs ends after its slice; the rest is found by other workers."""
        self._stopping.set()

    # what fell between

    async def _sweep_loop(self, app: App, done: asyncio.Event) -> None:
        while not done.is_set():  # a cancel may be lost in the driver: it becomes a failed query
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_S):
                    await done.wait()
            for watched in tuple(self._watches):
                if watched.watch.look():
                    log.error("unit_cut", extra={"ms": int(LIMIT_S * 1000)})
            try:
                await self._free_stalled(app)
                await asyncio.to_thread(self.sweep)
            except (ConnectorException, DBAPIError) as error:
                log.error("sweep_failed", extra={"error": type(error).__name__})

    async def _free_stalled(self, app: App) -> None:
        """Drop the jobs of workers that are gone: their chats get new ones from `sweep`."""
        manager = app.job_manager
        for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALL_S):
            with suppress(ConnectorException):  # another worker was quicker
                await manager.finish_job(job, Status.FAILED, delete_job=True)

    def sweep(self) -> None:
        """Put in a job for each chat with a message whose time has come and that has none."""
        now = self.kernel.clock.now()
        with self.store.plain() as session:
            spots = inbox.waiting_spots(session, now, now - FRESH)
            if spots:
                self.put_in(session, spots)


@dataclass(eq=False)
class _Watched:
    """A thread that handles messages, by identity."""

    watch: Watch


def _job(lock: str, channel: str, chat: str) -> Job:
    return Job(
        queue=QUEUE,
        task_name=TASK,
        lock=lock,
        queueing_lock=lock,
        task_kwargs={"channel": channel, "chat": chat},
    )
