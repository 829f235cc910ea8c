"""Tokens: early refresh, one refresher, one store for several processes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.http import Http
from bot.channels.tokens import Fetch, StoredToken, TokenSource, corp_token, stable_token
from bot.errors import Rejected, SendError, Throttled, Unreachable
from tests.fakes.faulty import CUT, DOWN, HTML, Fault
from tests.fakes.weixin import ACCOUNT, ACCOUNT_KEY, GETTOKEN, STABLE, Weixin

START = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)


class Shared:
    """What processes share: a row, a lock and the time."""

    def __init__(self, life_s: float = 7200) -> None:
        self.now = START
        self.row: tuple[str, datetime] | None = None
        self.life_s = life_s
        self.fetched = 0
        self._row_lock = asyncio.Lock()

    async def load(self) -> tuple[str, datetime] | None:
        return self.row

    async def save(self, value: str, ends_at: datetime) -> None:
        self.row = (value, ends_at)

    async def fetch(self) -> tuple[str, float]:
        self.fetched += 1
        number = self.fetched
        await asyncio.sleep(0)
        return f"token{number}", self.life_s

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        async with self._row_lock:
            yield

    def process(self) -> StoredToken:
        return StoredToken(self.fetch, self.load, self.save, lambda: self.now, self.lock)


async def test_is_refreshed_ten_minutes_early() -> None:
    shared = Shared()
    source: TokenSource = shared.process()
    assert await source.get() == "token1"
    shared.now += timedelta(seconds=7200 - 601)
    assert await source.get() == "token1"
    shared.now += timedelta(seconds=2)
    assert await source.get() == "token2"
    assert shared.row == ("token2", shared.now + timedelta(seconds=7200))


async def test_processes_read_the_same_row() -> None:
    shared = Shared()
    processes = [shared.process() for _ in range(4)]
    values = await asyncio.gather(*(one.get() for one in processes for _ in range(5)))
    assert set(values) == {"token1"}
    assert shared.fetched == 1


async def test_restart_keeps_the_token() -> None:
    shared = Shared()
    await shared.process().get()
    assert await shared.process().get() == "token1"
    assert shared.fetched == 1


async def test_only_the_refused_value_is_dropped() -> None:
    shared = Shared()
    one, two = shared.process(), shared.process()
    assert await one.get() == await two.get() == "token1"
    await one.invalidate("token1")
    assert await one.get() == "token2"
    await one.invalidate("token1")  # a slow answer to an old send
    assert await one.get() == "token2"
    await two.invalidate("token1")  # finds what the other process has fetched
    assert await two.get() == "token2"
    assert shared.fetched == 2


async def test_short_rest_of_a_life_is_used() -> None:
    shared = Shared(life_s=300)
    source = shared.process()
    assert [await source.get() for _ in range(5)] == ["token1"] * 5
    shared.now += timedelta(seconds=151)
    assert await source.get() == "token2"


@pytest.fixture
def platform() -> Iterator[Weixin]:
    with Weixin() as platform:
        yield platform


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.close()


async def test_corp_tokens_replace_each_other(platform: Weixin, http: Http) -> None:
    fetch = corp_token(http, platform.url, ACCOUNT, ACCOUNT_KEY)
    first, life = await fetch()
    assert life == 7200
    assert await fetch() != (first, life)


async def test_stable_token_stays_the_same(platform: Weixin, http: Http) -> None:
    fetch = stable_token(http, platform.url, ACCOUNT, ACCOUNT_KEY)
    assert await fetch() == await fetch()


def fetches(platform: Weixin, http: Http) -> list[Fetch]:
    return [
        corp_token(http, platform.url, ACCOUNT, ACCOUNT_KEY),
        stable_token(http, platform.url, ACCOUNT, ACCOUNT_KEY),
    ]


@pytest.mark.parametrize("fault", [CUT, HTML, DOWN], ids=["cut", "html", "503"])
async def test_without_an_answer_nothing_was_sent(
    platform: Weixin, http: Http, fault: Fault
) -> None:
    for fetch in fetches(platform, http):
        platform.fail(fault)
        with pytest.raises(Unreachable, match="no_token"):
            await fetch()


@pytest.mark.parametrize(
    ("errcode", "error"),
    [(-1, Unreachable), (45009, Throttled), (40164, Rejected), (40243, Rejected)],
)
async def test_errcodes(platform: Weixin, http: Http, errcode: int, error: type[SendError]) -> None:
    for path, fetch in zip((GETTOKEN, STABLE), fetches(platform, http), strict=True):
        platform.refuse(path, errcode, times=1)
        with pytest.raises(error) as failure:
            await fetch()
        assert str(errcode) in failure.value.detail
        assert ACCOUNT_KEY not in str(failure.value)


async def test_wrong_account_or_secret(platform: Weixin, http: Http) -> None:
    for make in (corp_token, stable_token):
        for account, key in (("ww0", ACCOUNT_KEY), (ACCOUNT, "wrong")):
            with pytest.raises(Rejected, match="bad_credentials"):
                await make(http, platform.url, account, key)()
