"""Connections for many calls at once: each is a pool of one, and a call takes a free one.

One pool of all asks every idle connection, at the start and the end of every call, whether it still
stands: with 64 of them the calls of a broadcast cost twice what they need.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx2

_Origin = tuple[str, str, int | None]
_ONE = httpx2.Limits(max_connections=1, max_keepalive_connections=1)


class Connections(httpx2.AsyncBaseTransport):
    """At most `most` connections, kept open between calls; the last used is taken first."""

    def __init__(self, most: int) -> None:
        """Nothing is open yet."""
        self._slots = asyncio.Semaphore(most)
        self._trust = httpx2.create_ssl_context(trust_env=False)  # read once, not by each
        self._free: list[tuple[_Origin, httpx2.AsyncHTTPTransport]] = []
        self._opened = 0
        self._most = most

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Call on a free connection; it is free again when the answer has been read.

        Raises:
            PoolTimeout: none became free in time.
        """
        wait_s = request.extensions.get("timeout", {}).get("pool")
        try:
            async with asyncio.timeout(wait_s):
                await self._slots.acquire()
        except TimeoutError:
            raise httpx2.PoolTimeout("no free connection", request=request) from None
        origin = (request.url.scheme, request.url.host, request.url.port)
        connection = self._take(origin)

        def give_back() -> None:
            self._free.append((origin, connection))
            self._slots.release()

        try:
            answer = await connection.handle_async_request(request)
        except BaseException:
            give_back()
            raise
        assert isinstance(answer.stream, httpx2.AsyncByteStream)  # noqa: S101  # for the types
        return httpx2.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Answer(answer.stream, give_back),
            extensions=answer.extensions,
        )

    def _take(self, origin: _Origin) -> httpx2.AsyncHTTPTransport:
        """The last used to this place, else a new one, else the longest unused: it will move."""
        for index in range(len(self._free) - 1, -1, -1):
            if self._free[index][0] == origin:
                return self._free.pop(index)[1]
        if self._opened < self._most:
            self._opened += 1
            return httpx2.AsyncHTTPTransport(verify=self._trust, trust_env=False, limits=_ONE)
        return self._free.pop(0)[1]

    async def aclose(self) -> None:
        """Close what is idle."""
        while self._free:
            self._opened -= 1
            await self._free.pop()[1].aclose()


class _Answer(httpx2.AsyncByteStream):
    """The body of an answer; whoever closes it gives the connection back, once."""

    def __init__(self, body: httpx2.AsyncByteStream, give_back: Callable[[], None]) -> None:
        self._body, self._give_back = body, give_back
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            yield piece

    async def aclose(self) -> None:
        """Close the body and give the connection back."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._body.aclose()
        finally:
            self._give_back()
