"""What Prometheus may ask: counts and times by channel and outcome, nothing about anybody."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from shutil import disk_usage
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
INBOX_STATES = {0: "new", 1: "done", 2: "parked"}
OUTBOX_STATES = (
    "queued", "sending", "sent", "failed", "unknown", "held", "expired", "superseded",
)  # fmt: skip
OUTCOMES = ("sent", "throttled", "unreachable", "unknown", "rejected")
_HOOK_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_OTHER = "other"  # whatever a stranger may make up is one label


class Metrics:
    """All series of one process, in a registry of their own."""

    def __init__(self, channels: Collection[str], version: str = "") -> None:
        """`channels`: the configured names; any other name is counted as "other"."""
        self._channels = frozenset(channels)
        self.registry = CollectorRegistry(auto_describe=True)
        self._build(version)

    def _build(self, version: str) -> None:
        own: Any = {"registry": self.registry, "namespace": "shouwang"}
        Gauge("build_info", "The version that runs.", ["version"], **own).labels(version).set(1)
        self._hooks = Counter("hook_answers", "Calls answered.", ["channel", "status"], **own)
        self._hook_s = Histogram(
            "hook_seconds", "From call to answer.", ["channel"], buckets=_HOOK_S, **own
        )
        self._inbox = Gauge("inbox_messages", "Messages by state.", ["state"], **own)
        self._queue_age = Gauge("queue_age_seconds", "Age of the oldest unhandled message.", **own)
        self._outbox = Gauge("outbox_messages", "Messages to say by state.", ["state"], **own)
        self._sends = Counter("sends", "Tries to send.", ["channel", "outcome"], **own)
        self._readings = Gauge("readings", "Temperatures written down.", **own)
        self._incidents = Gauge("incidents_open", "Incidents that nobody has closed.", **own)
        self._waiting = Gauge("writer_waiting", "Jobs that wait for the writer.", **own)
        self._failures = Gauge("writer_failures", "Transactions that the store refused.", **own)
        self._tick_s = Gauge(
            "tick_seconds", "How long a job took at its last tick.", ["job"], **own
        )
        self._ticks = Counter("ticks", "Ticks of the clock.", ["job", "outcome"], **own)
        self._due_age = Gauge("outbox_age_seconds", "How long the oldest is due.", **own)
        self._disk = Gauge("disk_free_bytes", "Room on the disk of the data folder.", **own)
        self._share = Gauge("disk_free_ratio", "The same as a share of the disk.", **own)
        self._changed = Gauge("database_pages_changed", "Pages that nobody wrote.", **own)
        self._copy_age = Gauge("copy_age_seconds", "Age of the log's last copy; -1: none.", **own)
        self._copy_age.set(-1)

    def answered(self, channel: str, status: int, seconds: float) -> None:
        """One call at the hook."""
        counter, times = self._of_hook(self._known(channel), status)
        counter.inc()
        times.observe(seconds)

    @lru_cache(maxsize=512)  # noqa: B019 - as many as channels and statuses, and one Metrics a process
    def _of_hook(self, name: str, status: int) -> tuple[Counter, Histogram]:
        return self._hooks.labels(name, str(status)), self._hook_s.labels(name)

    def sent(self, channel: str, outcome: str) -> None:
        """One try to send: sent, or the kind of the SendError in lower case."""
        known = outcome.lower() if outcome.lower() in OUTCOMES else _OTHER
        self._sends.labels(self._known(channel), known).inc()

    def ticked(self, job: str, seconds: float, *, ok: bool = True) -> None:
        """One tick of a job of the timetable, and how long it took."""
        self._ticks.labels(job, "ok" if ok else "failed").inc()
        self._tick_s.labels(job).set(max(seconds, 0.0))

    def inbox(self, counts: Mapping[int, int], oldest: datetime | None, now: datetime) -> None:
        """The state of the inbox: `inbox.counts` and `inbox.oldest_new`."""
        for state, name in INBOX_STATES.items():
            self._inbox.labels(name).set(counts.get(state, 0))
        age = (now - oldest).total_seconds() if oldest is not None else 0.0
        self._queue_age.set(max(age, 0.0))

    def outbox(self, counts: Mapping[str, int]) -> None:
        """The state of the outbox: `outbox.counts`."""
        for name in OUTBOX_STATES:
            self._outbox.labels(name).set(counts.get(name, 0))

    def due(self, oldest: datetime | None, now: datetime) -> None:
        """When the oldest row that has not left wanted to leave: `outbox.next_due`."""
        age = (now - oldest).total_seconds() if oldest is not None else 0.0
        self._due_age.set(max(age, 0.0))

    def machine(self, data: Path, now: datetime, copied_at: datetime | None, changed: int) -> None:
        """The disk of the data folder, the copies of the log, and damage that was found."""
        usage = disk_usage(data)
        self._disk.set(usage.free)
        self._share.set(usage.free / usage.total)
        self._changed.set(changed)
        self._copy_age.set(-1 if copied_at is None else max((now - copied_at).total_seconds(), 0))

    def facts(self, readings: int, incidents_open: int) -> None:
        """What is written down."""
        self._readings.set(readings)
        self._incidents.set(incidents_open)

    def writer(self, waiting: int, failures: int) -> None:
        """`Writer.waiting` and `Writer.failures`."""
        self._waiting.set(waiting)
        self._failures.set(failures)

    def _known(self, channel: str) -> str:
        return channel if channel in self._channels else _OTHER


def render(metrics: Metrics) -> bytes:
    """The answer to GET /metrics, of type CONTENT_TYPE."""
    return generate_latest(metrics.registry)
