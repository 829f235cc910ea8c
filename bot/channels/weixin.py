"""Calls to Tencent's servers: the token, the one retry it gets, and what an errcode means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from bot.channels.http import Http
from bot.channels.tokens import TokenSource
from bot.errors import Rejected, SendError, Throttled, Unknown, Unreachable

# Secret or token wrong, token invalid, token expired: the same three everywhere (W/90313).
_TOKEN_REFUSED = frozenset({40001, 40014, 42001})
_WORDS = 200
_HINT = re.compile(r"[,;.]?\s*(?:hint\s*:|rid\s*:|more info at).*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one errcode means for the sender."""

    error: type[SendError]
    code: str
    retry_after: float | None = None


BUSY = Verdict(Unreachable, "busy")


class Api:
    """One account on one of Tencent's servers."""

    def __init__(
        self, http: Http, base: str, tokens: TokenSource, verdicts: Mapping[int, Verdict]
    ) -> None:
        """`verdicts`: the meaning of each errcode; one that is not there is final."""
        self._http, self._base, self._tokens = http, base.rstrip("/"), tokens
        self._verdicts = verdicts

    async def send(self, path: str, body: Mapping[str, object], receiver: str) -> dict[str, object]:
        """POST with a token; where it is refused once more with a new one, then give up.

        Args:
            path: below the server, e.g. /cgi-bin/message/send.
            body: the same bytes at both tries.
            receiver: an account, kept out of the error's words.

        Raises:
            SendError: `token_refused` after the second refusal, else by the errcode.
        """
        token, status, said = await self._post(path, body)
        if _is_token_refused(said):
            await self._tokens.invalidate(token)
            token, status, said = await self._post(path, body)
            if _is_token_refused(said):
                raise Rejected("token_refused", str(said["errcode"]))
        check(status, said, self._verdicts, hidden=(receiver, token))
        return said

    async def close(self) -> None:
        """Close idle connections."""
        await self._http.close()

    async def _post(
        self, path: str, body: Mapping[str, object]
    ) -> tuple[str, int, dict[str, object]]:
        token = await self._tokens.get()
        url = f"{self._base}{path}?access_token={quote(token, safe='')}"
        return token, *await self._http.post_json(url, body)


def check(
    status: int,
    said: Mapping[str, object],
    verdicts: Mapping[int, Verdict],
    hidden: tuple[str, ...] = (),
) -> None:
    """Let errcode 0 pass.

    Args:
        status: of HTTP; Tencent answers errors with 200 too, so it decides only without errcode.
        said: the JSON object answered, {} for none.
        verdicts: by errcode.
        hidden: accounts and tokens that the platform may repeat in its words.

    Raises:
        SendError: everything else.
    """
    errcode = said.get("errcode")
    if not isinstance(errcode, int):
        raise _without_errcode(status)
    if errcode == 0:
        return
    words = _HINT.sub("", str(said.get("errmsg", "")))  # an IP stays: 40164 is mended with it
    for secret in filter(None, hidden):
        words = words.replace(secret, "…")
    verdict = verdicts.get(errcode, Verdict(Rejected, f"errcode_{errcode}"))
    detail = f"{errcode} {words}"[:_WORDS]
    raise verdict.error(verdict.code, detail, verdict.retry_after)


def _is_token_refused(said: Mapping[str, object]) -> bool:
    errcode = said.get("errcode")
    return isinstance(errcode, int) and errcode in _TOKEN_REFUSED


def _without_errcode(status: int) -> SendError:
    """No word of Tencent's: a proxy's page, a captive portal, a broken server."""
    code = f"http_{status}"
    if status == 429:
        return Throttled(code, retry_after=60)
    if 300 <= status < 400:
        return Unreachable(code)
    if 400 <= status < 500:
        return Rejected(code)
    return Unknown(code)
