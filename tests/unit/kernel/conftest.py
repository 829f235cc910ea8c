"""What the tests of the kernel are given."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from tests.unit.kernel.ground import GROUND, memory


@pytest.fixture(params=["sqlite", "postgresql"], autouse=True)
def store_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each test of the kernel stands on both stores."""
    kind: str = request.param
    if kind == "postgresql":
        GROUND.server = request.getfixturevalue("postgres")
    yield kind
    if GROUND.server is not None:
        GROUND.server.release()
        GROUND.server = None


@pytest.fixture
def sqlite_only(store_kind: str) -> None:
    """What only a file can suffer."""
    if store_kind != "sqlite":
        pytest.skip("of SQLite's file only")


@pytest.fixture
def session(store_kind: str) -> Iterator[Session]:
    """A write session on a fresh store."""
    store = memory()
    with store.begin() as session:
        yield session
    store.close()
