"""Runs the timetable: few ticks, one leader, each job alone; one that hangs stops no other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlmodel import Session

from bot.clock import CHINA
from bot.work import Work
from scheduler.timetable import TIMETABLE, Job

log = logging.getLogger("shouwang.scheduler")


@dataclass
class Runner:
    """APScheduler as a clock of few ticks; what is due lives in our tables."""

    work: Callable[[Session], Work]
    run: Callable[[Callable[[Session], object]], Awaitable[object]]
    is_leader: Callable[[], bool] = lambda: True
    on_done: Callable[[str, float], None] = lambda name, seconds: None
    timetable: Sequence[Job] = TIMETABLE
    _scheduler: AsyncIOScheduler | None = None
    _running: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Begin to tick. Every job runs once at the start: what was missed is decided at once."""
        scheduler = AsyncIOScheduler(timezone=CHINA)
        for job in self.timetable:
            scheduler.add_job(
                self.tick,
                CronTrigger.from_crontab(job.cron, timezone=CHINA),
                args=[job],
                id=job.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        """Stop ticking; what runs ends by itself."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)

    async def tick(self, job: Job) -> None:
        """Run one job in a transaction of its own; its fault is logged and stays its own."""
        if job.name in self._running or not self.is_leader():
            return
        self._running.add(job.name)
        began = asyncio.get_running_loop().time()
        try:
            await self.run(lambda session: job.run(self.work(session)))
        except Exception:  # one job's fault must stop neither the clock nor the others
            log.exception("job_failed", extra={"job": job.name})
        finally:
            self._running.discard(job.name)
            self.on_done(job.name, asyncio.get_running_loop().time() - began)

    async def tick_all(self) -> None:
        """Run every job now (at the start, and where a clock is moved by hand)."""
        for job in self.timetable:
            await self.tick(job)


def run_all(work: Work, timetable: Sequence[Job] = TIMETABLE) -> None:
    """Run every job in one transaction (talks and drills, whose clock is moved by hand)."""
    for job in timetable:
        job.run(work)


def next_due(work: Work, timetable: Sequence[Job] = TIMETABLE) -> datetime | None:
    """The next moment after now at which any job will have something to do."""
    found = next_job(work, timetable)
    return found[0] if found else None


def next_job(work: Work, timetable: Sequence[Job] = TIMETABLE) -> tuple[datetime, Job] | None:
    """That moment with the job that will have something to do."""
    moments = ((job.next_due(work), job) for job in timetable)
    later = [(moment, job) for moment, job in moments if moment is not None and moment > work.now]
    return min(later, key=lambda pair: pair[0], default=None)
