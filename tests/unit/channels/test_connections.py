"""Connections: kept between calls, at most so many, and moved where another place needs one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from bot.channels.http import Http
from bot.errors import Unreachable


@dataclass
class Place:
    """Answers {} to every call, when it may; counts the connections that were made."""

    url: str = ""
    opened: int = 0
    answers: asyncio.Event | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                if self.answers is not None:
                    await self.answers.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def place(answers: asyncio.Event | None = None) -> AsyncIterator[Place]:
    made = Place(answers=answers)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield made


@pytest.fixture
async def http() -> AsyncIterator[Callable[..., Http]]:
    made: list[Http] = []

    def make(most: int, pool_s: float = 5.0) -> Http:
        made.append(Http(most, pool_s=pool_s))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_calls_one_after_the_other_use_one_connection(http: Callable[..., Http]) -> None:
    client = http(4)
    async with place() as here:
        for _ in range(5):
            assert await client.get_json(here.url) == (200, {})
        assert here.opened == 1
        await client.close()


async def test_calls_at_once_use_as_many_as_there_may_be(http: Callable[..., Http]) -> None:
    client = http(4)
    async with place() as here:
        found = await asyncio.gather(*(client.get_json(here.url) for _ in range(20)))
        assert found == [(200, {})] * 20
        assert here.opened == 4
        await client.close()


async def test_another_place_gets_the_connection_that_is_free(http: Callable[..., Http]) -> None:
    client = http(1)
    async with place() as here, place() as there:
        for one in (here, there, here):
            assert await client.get_json(one.url) == (200, {})
        assert (here.opened, there.opened) == (2, 1)
        await client.close()


async def test_who_waits_too_long_for_one_has_sent_nothing(http: Callable[..., Http]) -> None:
    client = http(1, pool_s=0.02)
    answers = asyncio.Event()
    async with place(answers) as here:
        first = asyncio.create_task(client.get_json(here.url))
        await asyncio.sleep(0.01)
        with pytest.raises(Unreachable, match="pool_timeout"):
            await client.get_json(here.url)
        answers.set()
        assert await first == (200, {})
        assert await client.get_json(here.url) == (200, {})
        await client.close()


async def test_a_call_that_is_given_up_gives_its_connection_back(http: Callable[..., Http]) -> None:
    client = http(1)
    answers = asyncio.Event()
    async with place(answers) as here:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.get_json(here.url)
        answers.set()
        assert await client.get_json(here.url) == (200, {})
        await client.close()
