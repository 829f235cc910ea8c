"""The bell: hears from other processes, over PostgreSQL's NOTIFY, which messages are handled.

Nothing depends on it but speed: who misses a ring finds the same in the database a little later.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from app.engine import HANDLED
from bot.store import Store

log = logging.getLogger("shouwang.bell")


@dataclass
class Bell:
    """A thread that listens."""

    store: Store
    on_handled: Callable[[list[int]], None]  # called in the event loop
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen from here on; call it in the running event loop."""
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="bell", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 5.0)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stopping.is_set():
            try:
                self._listen(loop)
            except psycopg.Error as error:
                log.warning("bell_failed", extra={"error": type(error).__name__})
                self._stopping.wait(1.0)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        with psycopg.connect(autocommit=True, **self.store.link) as connection:
            connection.execute(f"LISTEN {HANDLED}")
            while not self._stopping.is_set():
                for note in connection.notifies(timeout=1.0):
                    ids = [int(one) for one in note.payload.split(",")]
                    if not loop.is_closed():
                        loop.call_soon_threadsafe(self.on_handled, ids)
                    if self._stopping.is_set():
                        return
