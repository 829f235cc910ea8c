"""One process of shouwang: everything built once, started and stopped in order.

One process does all, on either store. On PostgreSQL a process may also do one part of it, and any
number of processes each part (`app/province.py`).

start: lock → migrate → what was on its way when we stopped → writer → sender → clock
       → language warm: ready
stop:  no new calls → clock → what runs ends (10 s) → writer → connections
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

from app.backup_follow import copied_at
from app.backup_keeping import keeping_of
from app.hold import hold
from app.hooks import Hook
from app.metrics import Metrics
from app.roles import ALL, Role
from app.schema import bring_up
from app.settings import Settings, SettingsError, load_secret, ready_folder
from app.wiring import Parts, build
from bot import content, inbox, outbox
from bot.channels.base import Channel
from bot.channels.http import Http
from bot.clock import Clock, SystemClock
from bot.content import Content
from bot.domain.incidents import Incident
from bot.domain.temperature import Reading
from bot.errors import BotError
from bot.language import lexicon, readings
from bot.message import Outbound
from bot.router import Dispatcher, Kernel, Turn
from bot.seal import Sealer
from bot.sender import Sender
from bot.store import Store, Writer
from handlers import ROUTER, outgoing
from scheduler.runner import Runner

if TYPE_CHECKING:  # only PostgreSQL needs it, and what it needs is an extra
    from app.province import Province

log = logging.getLogger("shouwang")

STATEMENT_S = 5.0  # no statement of a server waits longer for PostgreSQL


@dataclass
class Service:
    """The parts of one process, wired."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    deliver: Callable[[Outbound], None] = lambda message: None
    on_turn: Callable[[Turn], None] = lambda turn: None
    roles: frozenset[Role] = ALL
    loaded: Content | None = None  # where whoever starts it has loaded the content already
    is_ready: bool = False
    _lock: IO[str] | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Build everything; nothing runs yet.

        Raises:
            SettingsError: a setting, the folder or the content is wrong: one clear line.
        """
        if self.settings.is_sqlite and self.roles != ALL:
            raise SettingsError(
                "分开跑要用 PostgreSQL（设置 database_url）："
                "SQLite 的库只能由一个进程写，请用 shouwang serve"
            )
        ready_folder(self.settings.data)
        if self.settings.is_sqlite:
            self._lock = hold(self.settings.data)
        try:
            self._build()
        except BaseException:
            if self._lock is not None:
                self._lock.close()
            raise

    def _build(self) -> None:
        settings = self.settings
        secret = load_secret(settings.data)
        try:
            self.content = self.loaded or content.load(
                packs=settings.pack_names, extra=settings.pack_folders
            )
        except BotError as error:
            raise SettingsError(f"内容有错：{error.detail}") from error
        self.sealer = Sealer(secret)
        self.keeping = keeping_of(settings.database_url, self.clock)
        self.store = Store(settings.database_url, statement_s=STATEMENT_S)
        try:
            bring_up(self.store)
        except OperationalError:
            self.store.close()
            raise SettingsError(
                "数据库连不上，或在升级时断了：看看 database_url 的地址和密码，服务起来没有"
            ) from None
        self.http = Http()
        self.channels: dict[str, Channel] = {}
        self.kernel = Kernel(self.content, self.channels, self.clock, secret, settings.rule_pack)
        self.dispatcher = Dispatcher(self.kernel, ROUTER, on_turn=lambda t: self.on_turn(t))
        self.province: Province | None = None
        if settings.is_sqlite:
            self.writer = Writer(self.store, inbox.accept, self.dispatcher)
        else:
            from app import province

            self.province = province.Province(self.store, self.kernel, ROUTER, self.roles)
            self.writer = Writer(self.store, self.province.engine.accept)
        self.metrics = Metrics(settings.channels)
        self.sender = Sender(
            self.channels,
            self.clock,
            self.writer.run_plain,
            outgoing.stop,
            outgoing.settled,
            on_outcome=self.metrics.sent,
        )
        parts = Parts(self.http, self.clock, self.writer.run, self.sealer, self.deliver)
        self._build_channels(parts)
        self.hook = Hook(
            self.channels,
            self.writer,
            self.clock,
            self.metrics,
            outgoing.stop,
            settings.max_hook_bytes,
        )
        self.runner = Runner(self.kernel.work, self.writer.run, on_done=self.metrics.ticked)
        if self.province is not None:
            self.province.wire(self.writer, self.sender, self.runner, self.hook)

    def _build_channels(self, parts: Parts) -> None:
        try:
            self.channels.update(build(dict(self.settings.channels), parts))
        except ValueError as error:
            raise SettingsError(str(error)) from error

    async def start(self) -> None:
        """Start all loops and warm the language up; ready at the end."""
        if self.keeping is not None:
            await asyncio.to_thread(self.keeping.start)
        self.writer.start()
        if self.province is None:
            await self._recover()
        if Role.SENDER in self.roles:
            self._tasks.append(asyncio.create_task(self.sender.loop()))
        if Role.WORKER in self.roles:
            self._tasks.append(asyncio.create_task(self._retry_loop()))
            await asyncio.to_thread(warm)
            await self.writer.run(self.dispatcher.rehearse)
        if self.province is not None:
            self._tasks += self.province.start()
        elif Role.CLOCK in self.roles:
            self._tasks.append(asyncio.create_task(self.runner.tick_all()))
        if Role.CLOCK in self.roles:
            self.runner.start()
        self.is_ready = True
        log.info("ready", extra={"port": self.settings.port})

    async def _recover(self) -> None:
        """What was on its way when this one process stopped is perhaps sent."""
        self.dispatcher.on_handled = self._handled
        now = self.clock.now()
        perhaps = await self.writer.run(lambda session: outbox.recover(session, now))
        if perhaps:
            log.warning("perhaps_sent", extra={"count": perhaps})

    def _handled(self, ids: list[int]) -> None:
        self.hook.waiters.handled(ids)
        if ids:
            self.sender.wake()

    async def _retry_loop(self) -> None:
        """Wake the dispatcher for messages whose next try has come (new ones wake it anyway)."""
        while True:
            await asyncio.sleep(0.5)
            self.writer.wake()

    async def stop(self) -> None:
        """Stop in order; what was kept goes on at the next start."""
        self.is_ready = False
        self.runner.stop()
        if self.province is not None:
            await self.province.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sender.drain()
        await self.writer.stop()
        if self.keeping is not None:
            await asyncio.to_thread(self.keeping.stop)
        if self.province is not None:
            self.province.leave()
        for channel in self.channels.values():
            await channel.close()
        await self.http.close()
        self.store.close()
        if self._lock is not None:
            self._lock.close()
        log.info("stopped")

    def measure(self) -> None:
        """Bring the gauges up to date (GET /metrics)."""
        now = self.clock.now()
        with self.store.reading() as session:
            self.metrics.inbox(inbox.counts(session), inbox.oldest_new(session), now)
            self.metrics.outbox(outbox.counts(session))
            self.metrics.due(outbox.next_due(session), now)
            self.metrics.facts(*_facts(session))
        self.metrics.writer(self.writer.waiting, self.writer.failures)
        keeping = self.keeping
        copied = copied_at(keeping.database) if keeping is not None else None
        changed = keeping.changed if keeping is not None else 0
        self.metrics.machine(self.settings.data, now, copied, changed)

    def can_store(self) -> bool:
        """Whether messages can be stored and handled now."""
        return self.is_ready and self.writer.is_alive


def _facts(session: Session) -> tuple[int, int]:
    readings_kept = session.exec(select(func.count()).select_from(Reading)).one()
    still_open = select(func.count()).select_from(Incident).where(col(Incident.closed_at).is_(None))
    return readings_kept, session.exec(still_open).one()


def warm() -> None:
    """Load what is loaded once, so that the first message does not wait for it."""
    lexicon.warm()
    readings.warm()
