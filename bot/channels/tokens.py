"""Access tokens: one refresher, kept where every process finds them, refreshed before they end.

get ── good in memory ───────────────────────────────► value
 └── one at a time ── good in the store ─────────────► value
                       └── fetched, saved ───────────► value
invalidate(value): that value is not believed again, wherever it is found
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Protocol

from bot.channels.http import Http
from bot.errors import Rejected, SendError, Throttled, Unknown, Unreachable

EARLY = timedelta(minutes=10)  # protocols: refreshed 10 min before expiry
_LIFE_S = 7200.0  # W/91039, M/service/api/base/api_getstableaccesstoken

Fetch = Callable[[], Awaitable[tuple[str, float]]]  # the value and its life in seconds
Load = Callable[[], Awaitable[tuple[str, datetime] | None]]  # the value and when it ends
Save = Callable[[str, datetime], Awaitable[None]]


class TokenSource(Protocol):
    """Where an access token comes from."""

    async def get(self) -> str:
        """Give a token that should be good.

        Raises:
            SendError: none can be had; nothing was sent.
        """
        ...

    async def invalidate(self, value: str) -> None:
        """Do not give this value again: the platform refused it."""
        ...


class StoredToken:
    """A token kept in a store that all processes share."""

    def __init__(
        self,
        fetch: Fetch,
        load: Load,
        save: Save,
        now: Callable[[], datetime],
        lock: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
    ) -> None:
        """Wire the store.

        Args:
            fetch: asks the platform.
            load: the last saved value and its end, or None.
            save: keeps a new value and its end.
            now: the clock.
            lock: entered around load, fetch and save, so that one process refreshes at a time.
        """
        self._fetch, self._load, self._save = fetch, load, save
        self._now, self._lock = now, lock
        self._one_at_a_time = asyncio.Lock()
        self._value = ""
        self._good_until: datetime | None = None
        self._refused = ""

    async def get(self) -> str:
        """Give the token in memory, else the stored one, else a new one."""
        async with self._one_at_a_time:
            if self._good_until is None or self._now() >= self._good_until:
                async with self._lock():
                    await self._renew()
            return self._value

    async def invalidate(self, value: str) -> None:
        """Forget this value; another that came meanwhile stays."""
        self._refused = value
        if self._value == value:
            self._good_until = None

    async def _renew(self) -> None:
        now = self._now()
        stored = await self._load()
        if stored is not None and stored[0] != self._refused and now < stored[1] - EARLY:
            self._value, self._good_until = stored[0], stored[1] - EARLY
            return
        value, life_s = await self._fetch()
        life = timedelta(seconds=life_s)
        # stable_token may answer with the rest of a life: 10 min off that would ask at every call.
        self._value, self._good_until = value, now + life - min(EARLY, life / 2)
        await self._save(value, now + life)


def corp_token(http: Http, api_base: str, corp_id: str, secret: str) -> Fetch:
    """An enterprise's token for one app: GET /cgi-bin/gettoken (W/91039)."""

    async def fetch() -> tuple[str, float]:
        query = {"corpid": corp_id, "corpsecret": secret}
        return await _asked(http.get_json(f"{api_base}/cgi-bin/gettoken", query))

    return fetch


def stable_token(http: Http, api_base: str, app_id: str, secret: str) -> Fetch:
    """An official account's token: POST /cgi-bin/stable_token, never forced.

    In this mode a second caller gets the same token, and old and new overlap by 5 min
    (M/service/api/base/api_getstableaccesstoken).
    """
    body = {
        "grant_type": "client_credential",
        "appid": app_id,
        "secret": secret,
        "force_refresh": False,
    }

    async def fetch() -> tuple[str, float]:
        return await _asked(http.post_json(f"{api_base}/cgi-bin/stable_token", body))

    return fetch


async def _asked(answer: Awaitable[tuple[int, dict[str, object]]]) -> tuple[str, float]:
    """Read a token from an answer; whatever went wrong, the message itself was not sent."""
    try:
        status, said = await answer
    except Unknown as error:
        raise Unreachable("no_token", error.code) from None
    value, life = said.get("access_token"), said.get("expires_in", _LIFE_S)
    if isinstance(value, str) and value and isinstance(life, int | float) and life > 0:
        return value, min(float(life), _LIFE_S)
    raise _no_token(status, said)


def _no_token(status: int, said: dict[str, object]) -> SendError:
    errcode = said.get("errcode")
    if errcode in (45009, 45011):
        return Throttled("no_token", str(errcode), retry_after=60)
    if errcode in (None, -1):
        return Unreachable("no_token", f"http_{status}" if errcode is None else "-1")
    # Secret, id or address of the server are wrong: a person must mend the settings. The words name
    # an address at most, and whoever mends it needs that (40164, 60020).
    return Rejected("bad_credentials", f"{errcode} {said.get('errmsg', '')}"[:200])
