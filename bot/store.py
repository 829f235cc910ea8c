"""The database: engine and sessions on SQLite or PostgreSQL, and the one writer with group commit.

Several units of work share one transaction; each has a savepoint, so a unit's own changes stay all
or nothing. Everybody waits for the commit, and the commit is on disk (synchronous FULL) before
anybody is told.

On SQLite one process writes, one unit after the other. On PostgreSQL many do, and each unit still
sees the database as if it were alone (SERIALIZABLE): where two meet, one of them is done again.
"""

import asyncio
import ctypes
import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any, Protocol, TypeVar

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

log = logging.getLogger("shouwang.store")

T = TypeVar("T")
BURST_S, BURST = 0.1, 30  # so many arrivals in so many seconds are a burst
MOST_WAITING = 4096  # arrivals; while the store says nothing, who comes then is refused at once
# So long may the sender wait for a slice, and an arrival where the background has fallen behind;
# else an arrival ends it at once.
SLICE_S = 0.03


# PostgreSQL: how often a unit that met another is done again beside the others, before alone.
TRIES, PAUSE_S = 4, 0.02
_CONFLICTS = ("40001", "40P01")  # serialization failure, deadlock
_TOGETHER = text("LOCK TABLE alembic_version IN ROW SHARE MODE")
_ALONE = text("LOCK TABLE alembic_version IN EXCLUSIVE MODE")
# A link that died is noticed within ten seconds, a server that is away within three.
LINK: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives": 1,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 8000,
}


class Store:
    """Two engines on one database: the writer's, which takes the lock at once, and the readers'."""

    def __init__(self, url: str, *, statement_s: float = 0) -> None:
        """Connect at the first use.

        Args:
            url: an SQLAlchemy address; `sqlite://` lives in memory (talks, drills, tests).
            statement_s: PostgreSQL cuts a statement after so many seconds, and a transaction in
                which nothing happens after twice as many; 0: never (commands).
        """
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if not self.is_sqlite:
            options = (
                f"-c statement_timeout={int(statement_s * 1000)}"
                f" -c idle_in_transaction_session_timeout={int(statement_s * 2000)}"
                " -c timezone=UTC"
                # A scan of a whole table conflicts with every other unit that writes into it.
                " -c enable_seqscan=off -c jit=off"
            )
            arguments = {**LINK, "options": options}
            self.writer = create_engine(
                url, pool_size=8, max_overflow=24, pool_pre_ping=True, connect_args=arguments
            )
            self.serial: Engine = self.writer.execution_options(isolation_level="SERIALIZABLE")
            self.reader: Engine = self.writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            return
        in_memory = not self.url.database or self.url.database == ":memory:"
        pool: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {}
        self.writer = create_engine(url, connect_args={"check_same_thread": False}, **pool)
        self.serial = self.writer
        _sqlite(self.writer, begin="BEGIN IMMEDIATE")
        if in_memory:
            self.reader = self.writer
            return
        self.reader = create_engine(url, connect_args={"check_same_thread": False})
        _sqlite(self.reader, begin="BEGIN", read_only=True)

    @property
    def link(self) -> dict[str, Any]:
        """PostgreSQL: where it is, for what connects beside the engines; several hosts as well."""
        _, words = self.writer.dialect.create_connect_args(self.url)
        words.pop("context", None)  # the engine's own
        return {**words, **LINK}

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One write transaction with no other unit beside it; rolled back on an error."""
        with Session(self.writer, expire_on_commit=False) as session, session.begin():
            if not self.is_sqlite:
                session.connection().execute(_ALONE)
            yield session

    @contextmanager
    def together(self) -> Iterator[Session]:
        """One write transaction beside those of other processes, as if alone.

        Where it met another it ends with an error that `is_conflict` knows: `unit` does it again.
        """
        with Session(self.serial, expire_on_commit=False) as session, session.begin():
            if not self.is_sqlite:
                session.connection().execute(_TOGETHER)
            yield session

    @contextmanager
    def plain(self) -> Iterator[Session]:
        """One write transaction whose statements guard themselves (unique keys, row locks)."""
        with Session(self.writer, expire_on_commit=False) as session, session.begin():
            yield session

    def unit(self, work: Callable[[Session], T]) -> T:
        """Do a unit of work beside others, again where it met one of them, at last alone."""
        for tried in range(0 if self.is_sqlite else TRIES):
            try:
                with self.together() as session:
                    return work(session)
            except DBAPIError as error:
                if not is_conflict(error):
                    raise
                sleep(PAUSE_S * 2**tried * random.random())  # noqa: S311  # only spreads them
        with self.begin() as session:
            return work(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with Session(self.reader) as session:
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.writer.dispose()
        self.reader.dispose()


def is_conflict(error: DBAPIError) -> bool:
    """Whether a unit only met another process's, so that doing it again will help."""
    return getattr(error.orig, "sqlstate", None) in _CONFLICTS


def _sqlite(engine: Engine, *, begin: str, read_only: bool = False) -> None:
    """Say BEGIN ourselves (the driver's is too late) and set what keeps a commit on disk."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        run = connection.execute
        run("PRAGMA busy_timeout=5000")
        run("PRAGMA foreign_keys=ON")
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA cache_size=-32768")
        run("PRAGMA journal_size_limit=67108864")
        if read_only:
            run("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)


class TooLong(Exception):
    """A unit of work held the writer too long and was cut."""


@dataclass
class Watch:
    """Cuts a unit of work that never ends, so that it stops no other.

    The exception lands in the writer's thread while the unit, or at the latest the batch around it,
    can still catch it: whoever leaves takes the same lock. Code that waits inside C is cut when it
    returns.
    """

    limit_s: float
    thread_id: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _since: float | None = None

    @contextmanager
    def over(self) -> Iterator[None]:
        """While this runs, it is watched."""
        with self._lock:
            self._since = monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._since = None

    def look(self) -> bool:
        """Cut what has run too long; whether anything was."""
        with self._lock:
            if self._since is None or monotonic() - self._since < self.limit_s:
                return False
            self._since = None
            thread = ctypes.c_ulong(self.thread_id)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TooLong))
            return True


class Background(Protocol):
    """Work that fills the time in which nobody waits for the writer (the dispatcher)."""

    def run(self, session: Session, must_yield: Callable[[], bool]) -> bool:
        """Do a slice in this transaction, less where somebody waits; whether there is more."""
        ...

    def lags(self) -> bool:
        """Whether it has fallen so far behind that it may no longer give way."""
        ...

    def committed(self) -> Callable[[], None]:
        """The slice is on disk; what shall be called in the event loop."""
        ...


@dataclass(slots=True)
class _Job:
    lane: str
    what: Any
    future: asyncio.Future[Any]


_Settled = list[tuple[_Job, Any, BaseException | None]]


@dataclass
class Writer:
    """The one thread that writes.

    Lanes and a background: `accept` takes whole batches of arrivals in one statement, `run` takes
    any unit of work, `run_plain` one that guards itself. Arrivals go first. The background runs
    between them; in a burst (many arrivals a moment ago) it gives way altogether, until it lags.
    """

    store: Store
    accept_batch: Callable[[Session, Sequence[Any]], list[Any]]
    background: Background | None = None
    most: int = 256
    limit_s: float = 10.0  # no unit may hold the writer longer
    _queue: SimpleQueue[_Job | None] = field(default_factory=SimpleQueue)
    _intake: deque[_Job] = field(default_factory=deque)
    _tasks: deque[_Job] = field(default_factory=deque)
    _recent: deque[tuple[float, int]] = field(default_factory=deque)
    _more: bool = True
    _sliced_at: float = 0.0
    _called: int = 0  # arrivals put in by the event loop, and those taken out by the thread:
    _heard: int = 0  # each counter has one writer
    _stopping: bool = False
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _watch: Watch = field(init=False)
    _stopped: threading.Event = field(default_factory=threading.Event)
    failures: int = 0

    def start(self) -> None:
        """Start the thread; call it in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._watch = Watch(self.limit_s)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()
        self._watch.thread_id = self._thread.ident or 0
        threading.Thread(target=self._look, name="writer-watch", daemon=True).start()

    async def stop(self) -> None:
        """Finish what waits, then end the thread."""
        self._stopping = True
        self._queue.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 10.0)
        self._stopped.set()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """How many jobs wait (a metric, not exact)."""
        return self._queue.qsize() + len(self._intake) + len(self._tasks)

    def accept(self, item: Any) -> asyncio.Future[Any]:
        """Keep an arrival; the future is done when it is on disk.

        Raises:
            RuntimeError: too many wait already, or the writer does not run.
        """
        if self._called - self._heard + len(self._intake) >= MOST_WAITING:
            raise RuntimeError("too many arrivals wait")
        self._called += 1
        return self._put("intake", item)

    def run(self, unit: Callable[[Session], T]) -> asyncio.Future[T]:
        """Run a unit of work in a savepoint; the future is done when it is on disk."""
        return self._put("task", unit)

    def run_plain(self, unit: Callable[[Session], T]) -> asyncio.Future[T]:
        """Run a unit whose own locks keep it apart from other processes (claims of the sender)."""
        return self._put("task" if self.store.is_sqlite else "plain", unit)

    def wake(self) -> None:
        """Let the background look for work."""
        self._queue.put(None)

    def _put(self, lane: str, what: Any) -> asyncio.Future[Any]:
        if self._loop is None or self._stopping:
            raise RuntimeError("the writer does not run")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(_Job(lane, what, future))
        return future

    def _look(self) -> None:
        while not self._stopped.wait(min(0.5, self.limit_s / 4)):
            if self._watch.look():
                log.error("unit_cut", extra={"ms": int(self.limit_s * 1000)})

    def _run(self) -> None:
        while True:
            self._collect(block=not (self._intake or self._tasks or self._more))
            if self._intake or self._tasks:
                self._turn()
            if self._more and self._may_slice():
                self._slice()
            if self._stopping and not (self._intake or self._tasks) and self._queue.empty():
                return

    def _may_slice(self) -> bool:
        """Whether the background has its turn."""
        if self.background is not None and self.background.lags():
            return True
        if self._intake or not self._queue.empty():
            return False
        if not self._in_burst():
            return True
        # Nobody waits just now, but the next arrivals are near: a slice would keep them waiting.
        try:
            job = self._queue.get(timeout=BURST_S / 5)
        except Empty:
            return not self._in_burst()
        self._sort(job)
        return False

    def _in_burst(self) -> bool:
        """Whether the last moment brought more arrivals than handling can keep up with."""
        since = monotonic() - BURST_S
        while self._recent and self._recent[0][0] < since:
            self._recent.popleft()
        return sum(count for _, count in self._recent) > BURST

    def _must_yield(self) -> bool:
        """Whether somebody waits for the writer while a slice runs."""
        if self._queue.empty():
            return False
        lags = self.background is not None and self.background.lags()
        is_called = self._called > self._heard and not lags
        return is_called or monotonic() - self._sliced_at > SLICE_S

    def _collect(self, *, block: bool) -> None:
        try:
            self._sort(self._queue.get(block=block))
            while len(self._intake) < self.most:
                self._sort(self._queue.get_nowait())
        except Empty:
            return

    def _sort(self, job: _Job | None) -> None:
        if job is None:
            self._more = self.background is not None
        elif job.lane == "intake":
            self._heard += 1
            self._intake.append(job)
            self._more = self.background is not None
        else:
            self._tasks.append(job)

    def _turn(self) -> None:
        """Commit what has gathered: arrivals in one statement, then each task in its savepoint."""
        arrivals, tasks = self._gathered()
        if self.store.is_sqlite:  # one fsync for all of them
            self._commit(arrivals, tasks, self.store.unit)
            return
        if arrivals:
            self._commit(arrivals, [], self._plain)
        for lane, commit in (("plain", self._plain), ("task", self.store.unit)):
            mine = [job for job in tasks if job.lane == lane]
            if mine:
                self._commit([], mine, commit)

    def _gathered(self) -> tuple[list[_Job], list[_Job]]:
        arrivals = [self._intake.popleft() for _ in range(min(self.most, len(self._intake)))]
        tasks = [self._tasks.popleft() for _ in range(min(64, len(self._tasks)))]
        if arrivals:
            self._recent.append((monotonic(), len(arrivals)))
        return arrivals, tasks

    def _plain(self, work: Callable[[Session], T]) -> T:
        with self.store.plain() as session:
            return work(session)

    def _commit(self, arrivals: list[_Job], tasks: list[_Job], commit: Callable[..., Any]) -> None:
        """One transaction; whoever waits hears after it."""
        try:
            settled = commit(lambda session: self._do(session, arrivals, tasks))
        # Whatever the store refuses (a full disk, a lock, a failed fsync): nobody is told yes, and
        # the thread must live on: the next batch opens a new transaction.
        except Exception as error:
            self._failed(error)
            settled = [(job, None, error) for job in (*arrivals, *tasks)]
        self._tell(lambda: _settle(settled))

    def _do(self, session: Session, arrivals: list[_Job], tasks: list[_Job]) -> _Settled:
        done: _Settled = []
        if arrivals:
            results = self.accept_batch(session, [job.what for job in arrivals])
            done += [(j, r, None) for j, r in zip(arrivals, results, strict=True)]
        for job in tasks:
            with self._watch.over():
                outcome = _in_savepoint(session, job.what)
            done.append((job, *outcome))
        return done

    def _slice(self) -> None:
        """A slice of the background, and whoever came meanwhile: one fsync for all of them."""
        background = self.background
        if background is None:
            self._more = False
            return
        arrivals: list[_Job] = []
        tasks: list[_Job] = []
        self._sliced_at = monotonic()
        try:
            with self.store.begin() as session:
                with self._watch.over():
                    more = background.run(session, self._must_yield)
                self._more = False
                self._collect(block=False)
                self._more = self._more or more
                arrivals, tasks = self._gathered()
                settled = self._do(session, arrivals, tasks)
        except Exception as error:
            # Same reason as above; the rows are still there and are tried again, and whoever came
            # meanwhile without them.
            self._failed(error)
            self._intake.extendleft(reversed(arrivals))
            self._tasks.extendleft(reversed(tasks))
            self._more = True
            threading.Event().wait(0.2)
            return
        self._tell(background.committed())
        self._tell(lambda: _settle(settled))

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        log.error("store_failed", extra={"error": type(error).__name__})
        self.store.writer.dispose()  # a connection that failed to sync must not be believed again

    def _tell(self, what: Callable[[], None]) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(what)


def _in_savepoint(session: Session, unit: Any) -> tuple[Any, BaseException | None]:
    try:
        with session.begin_nested():
            return unit(session), None
    except OperationalError:
        raise  # a full disk takes the whole transaction with it: nobody here may be told yes
    except Exception as error:  # goes to whoever waits for this unit; the others commit
        return None, error


def _settle(settled: _Settled) -> None:
    for job, result, error in settled:
        if job.future.done():
            continue
        if error is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(error)
