"""Tencent's servers as one real HTTP server: tokens, sending, limits, refusals on order.

It speaks gettoken, stable_token, message/send (duplicate check, 30 a minute to a member),
appchat/send, message/custom/send (5 messages in 48 h) and aibot/response (one call a code). What a
person would have got is in `delivered`; every call that arrived is in `calls`, answered or not.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.faulty import FaultyServer, Reply, Seen

GETTOKEN = "/cgi-bin/gettoken"
STABLE = "/cgi-bin/stable_token"
TO_MEMBER = "/cgi-bin/message/send"
TO_CHAT = "/cgi-bin/appchat/send"
TO_FOLLOWER = "/cgi-bin/message/custom/send"
RESPOND = "/cgi-bin/aibot/response"
ACCOUNT = "ww0123456789abcdef"
ACCOUNT_KEY = "key-of-a-fake"

_WINDOW_S, _WINDOW_COUNT = 48 * 3600, 5
_MINUTE_COUNT = 30


class Weixin(FaultyServer):
    """An enterprise and an official account, with the people that they know."""

    def __init__(self) -> None:
        """Know two members, one group, two followers; nobody has written yet."""
        self.members = {"zhangsan", "lisi"}
        self.invalid: set[str] = set()  # reported with errcode 0, as in a partial failure
        self.chats = {"CHATID"}
        self.followers = {"oZhang", "oLi"}
        self.now: Callable[[], float] = lambda: 1_764_000_000.0
        self.token_life_s = 7200
        self.delivered: list[tuple[str, str]] = []  # receiver, text
        self.dropped = 0  # over a limit that the platform does not report
        self._refusals: defaultdict[str, list[list[int]]] = defaultdict(list)
        self._token, self._tokens = "", 0
        self._taken: dict[bytes, tuple[float, str]] = {}
        self._minute: defaultdict[str, list[float]] = defaultdict(list)
        self._windows: dict[str, tuple[float, int]] = {}  # last heard, said since
        self._codes: dict[str, str] = {}
        super().__init__()

    @property
    def calls(self) -> list[str]:
        """Paths of what arrived, in order."""
        return [urlsplit(seen.target).path for seen in self.seen]

    def count(self, path: str) -> int:
        """How many calls of a path arrived."""
        return Counter(self.calls)[path]

    def refuse(self, path: str, errcode: int, times: int = 1_000_000) -> None:
        """Answer the next calls of a path with an errcode; without `times` for ever."""
        self._refusals[path].append([errcode, times])

    def end_token(self) -> None:
        """End the token before its time, as the platform may."""
        self._token = ""

    def person_writes(self, openid: str) -> None:
        """Begin a follower's window anew."""
        self._windows[openid] = (self.now(), 0)

    def response_url(self, code: str, chat: str) -> str:
        """What a callback brings for its one answer."""
        self._codes[code] = chat
        return f"{self.url}{RESPOND}?response_code={code}"

    def answer(self, seen: Seen) -> Reply:
        """Do what the platform would."""
        target = urlsplit(seen.target)
        query = dict(parse_qsl(target.query))
        body: dict[str, Any] = json.loads(seen.body) if seen.body else {}
        receiver = body.get("touser") or body.get("chatid") or query.get("response_code", "")
        for refusal in self._refusals[target.path]:
            if refusal[1]:
                refusal[1] -= 1
                return _said(refusal[0], f"on order, to {receiver}, hint: [17]")
        if target.path == GETTOKEN:
            return self._new_token(query)
        if target.path == STABLE:
            return self._same_token(body)
        if target.path == RESPOND:
            return self._respond(query, body)
        if not self._token or query.get("access_token") != self._token:
            return _said(40014, "invalid access_token")
        if target.path == TO_MEMBER:
            return self._to_member(seen.body, body)
        if target.path == TO_CHAT:
            return self._to_chat(body)
        return self._to_follower(body) if target.path == TO_FOLLOWER else Reply(404)

    def _new_token(self, query: dict[str, str]) -> Reply:
        if query.get("corpid") != ACCOUNT:
            return _said(40013, "invalid corpid")
        if query.get("corpsecret") != ACCOUNT_KEY:
            return _said(40001, "invalid credential")
        self._tokens += 1
        self._token = f"token+/&={self._tokens}"  # as odd as a token may be
        return _said(0, access_token=self._token, expires_in=self.token_life_s)

    def _same_token(self, body: dict[str, Any]) -> Reply:
        if body.get("appid") != ACCOUNT:
            return _said(40013, "invalid appid")
        if body.get("secret") != ACCOUNT_KEY:
            return _said(40125, "invalid appsecret")
        if not self._token:
            self._tokens += 1
            self._token = f"stable{self._tokens}"
        return _reply({"access_token": self._token, "expires_in": self.token_life_s})

    def _to_member(self, raw: bytes, body: dict[str, Any]) -> Reply:
        now, interval = self.now(), body.get("duplicate_check_interval", 1800)
        taken_at, msgid = self._taken.get(raw, (0.0, ""))
        if body.get("enable_duplicate_check") and now - taken_at < interval:
            return _said(0, msgid=msgid)
        user, msgid = body["touser"], f"msg{len(self.seen)}"
        if user in self.invalid:
            return _said(0, invaliduser=user, msgid=msgid)
        if user.lower() not in self.members:
            return _said(81013, f"all receivers invalid: {user}")
        self._taken[raw] = (now, msgid)
        recent = [at for at in self._minute[user] if now - at < 60]
        if len(recent) >= _MINUTE_COUNT:
            self.dropped += 1
        else:
            self._minute[user] = [*recent, now]
            self.delivered.append((user, body["text"]["content"]))
        return _said(0, invaliduser="", msgid=msgid)

    def _to_chat(self, body: dict[str, Any]) -> Reply:
        if body["chatid"] not in self.chats:
            return _said(40050, "chatid not exists")
        self.delivered.append((body["chatid"], body["text"]["content"]))
        return _said(0)

    def _to_follower(self, body: dict[str, Any]) -> Reply:
        openid = body["touser"]
        if openid not in self.followers:
            return _said(40003, f"invalid openid {openid}")
        heard_at, said = self._windows.get(openid, (-1e12, 0))
        if self.now() - heard_at > _WINDOW_S:
            return _said(45015, "response out of time limit")
        if said >= _WINDOW_COUNT:
            return _said(45047, "out of response count limit")
        self._windows[openid] = (heard_at, said + 1)
        self.delivered.append((openid, body["text"]["content"]))
        return _said(0)

    def _respond(self, query: dict[str, str], body: dict[str, Any]) -> Reply:
        chat = self._codes.pop(query.get("response_code", ""), None)
        if chat is None:
            return _said(40058, "invalid response_code")
        self.delivered.append((chat, body["markdown"]["content"]))
        return _said(0)


def _said(errcode: int, errmsg: str = "ok", **fields: object) -> Reply:
    return _reply({"errcode": errcode, "errmsg": errmsg, **fields})


def _reply(fields: dict[str, object]) -> Reply:
    body = json.dumps(fields, ensure_ascii=False).encode()
    return Reply(200, body, {"Content-Type": "application/json"})
