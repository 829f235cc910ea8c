"""An empty database of either kind for one bench; both keep fsync."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from ground import folder

from bot.store import Store
from tests.fakes.postgres import Postgres

KINDS = ("sqlite", "postgresql")
SETTINGS = ("listen_addresses=", "shared_buffers=1GB", "max_wal_size=8GB", "log_min_messages=fatal")


@contextmanager
def store_of(kind: str) -> Iterator[Store]:
    """A store without tables; gone afterwards."""
    if kind == "sqlite":
        with folder() as data, closing(Store(f"sqlite:///{data / 'shouwang.db'}")) as store:
            yield store
        return
    server = Postgres(SETTINGS)
    try:
        with closing(Store(server.database())) as store:
            yield store
    finally:
        server.close()
