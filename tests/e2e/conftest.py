"""What the tests of the whole system are given."""

from collections.abc import Callable, Iterator

import pytest


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Gives the address of a fresh database with all tables; "" for the data folder's own."""
    if request.param == "sqlite":
        yield lambda: ""
        return
    server = request.getfixturevalue("postgres")
    yield server.blank
    server.release()
