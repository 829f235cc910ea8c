"""The one HTTP client of all channels: bounded, timed, and silent about addresses and tokens.

What a failed call means for the sender:

    no connection, no free slot in the pool   Unreachable  nothing left this machine
    cut or silent after the request began     Unknown      perhaps it was taken
    any HTTP answer                           returned     the channel knows what 5xx means there
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2

from bot.channels.connections import Connections
from bot.errors import Unknown, Unreachable

CONNECT_S = 3.05
READ_S = 8.0
POOL_S = 8.0
TOTAL_S = 20.0  # a peer that drips one byte at a time never meets a read timeout
MAX_ANSWER = 256 * 1024

# These libraries log whole addresses, and an access token is part of the address.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

# Raised before the first byte of the request leaves.
_NOTHING_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.ProxyError,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer as it came; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http:
    """JSON in, JSON out. Opens at the first call, may be shared and closed more than once."""

    def __init__(
        self,
        max_connections: int = 64,
        *,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        pool_s: float = POOL_S,
        total_s: float = TOTAL_S,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Keep the limits; `transport` stands in for the network in tests."""
        self._max_connections = max_connections
        self._timeout = httpx2.Timeout(connect=connect_s, read=read_s, write=read_s, pool=pool_s)
        self._total_s = total_s
        self._transport = transport
        self._client: httpx2.AsyncClient | None = None

    async def post_json(
        self,
        url: str,
        body: Mapping[str, object] | bytes,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, object]]:
        """POST an object (or bytes that a signature already covers).

        Returns:
            HTTP status and the JSON object answered; {} where the answer is none.

        Raises:
            Unreachable: nothing was sent.
            Unknown: the request left and no whole answer came.
        """
        content = body if isinstance(body, bytes) else encode(body)
        sent = {"content-type": "application/json; charset=utf-8", **(headers or {})}
        return await self._call("POST", url, content, sent)

    async def get_json(
        self, url: str, params: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, object]]:
        """GET an object; returns and raises as `post_json` does."""
        return await self._call("GET", url, None, {}, params)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST these very bytes and see status and headers; raises as `post_json` does."""
        return await self._send("POST", url, body, headers)

    async def close(self) -> None:
        """Close idle connections; a later call opens again."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _call(
        self,
        method: str,
        url: str,
        content: bytes | None,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, object]]:
        reply = await self._send(method, url, content, headers, params)
        return reply.status, decode(reply.body)

    async def _send(
        self,
        method: str,
        url: str,
        content: bytes | None,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        # The causes are cut off (`from None`): their requests carry the address, and so the token.
        try:
            async with (
                asyncio.timeout(self._total_s),
                self._open().stream(
                    method, url, content=content, headers=headers, params=params
                ) as answer,
            ):
                return Reply(answer.status_code, answer.headers, await _bounded(answer))
        except _NOTHING_SENT as error:
            raise Unreachable(_code(error)) from None
        except httpx2.InvalidURL:
            raise Unreachable("bad_url") from None
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise Unknown(_code(error)) from None

    def _open(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                timeout=self._timeout,
                transport=self._transport or Connections(self._max_connections),
                follow_redirects=False,
                trust_env=False,
                headers={"user-agent": "shouwang", "accept-encoding": "identity"},
            )
        return self._client


def encode(body: Mapping[str, object]) -> bytes:
    """The same bytes for the same object: duplicate checks and signatures rely on it."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # a lone surrogate becomes "?", never an exception


def decode(raw: bytes) -> dict[str, object]:
    """Read a JSON object; {} for anything else (an HTML error page, a cut body, a list)."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


async def _bounded(answer: httpx2.Response) -> bytes:
    """Read at most MAX_ANSWER bytes; b"" for more, which no platform sends."""
    whole = bytearray()
    async for piece in answer.aiter_bytes():
        whole += piece
        if len(whole) > MAX_ANSWER:
            return b""
    return bytes(whole)


def _code(error: Exception) -> str:
    """Name the failure by its kind alone: ConnectTimeout becomes connect_timeout."""
    name = type(error).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
