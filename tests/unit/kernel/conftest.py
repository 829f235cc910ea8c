"""What the tests of the kernel are given."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from tests.unit.kernel.ground import memory


@pytest.fixture
def session() -> Iterator[Session]:
    """A write session on a fresh store in memory."""
    store = memory()
    with store.begin() as session:
        yield session
    store.close()
