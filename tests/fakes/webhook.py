"""A fake WeCom group webhook: 20 a minute for each key, removed keys, errors with HTTP 200.

Its words are recorded ones (tests/fixtures/wecom_webhook/).
"""

import json
from collections import defaultdict, deque
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from tests.fakes.faulty import JSON, FaultyServer, Reply, Seen

PER_MINUTE = 20
MAX_TEXT = 2048
_TAIL = "hint: [1755605200056773468916791], from ip: 192.0.2.7, more info at https://open.work.weixin.qq.com/devtool/query?e="


class FakeWebhook(FaultyServer):
    """Takes texts; `said` holds (key, text) in order."""

    def __init__(self, *keys: str, now: Callable[[], float] = lambda: 0.0) -> None:
        """Know these keys; `now` in seconds moves the sliding minute."""
        self.keys = set(keys)
        self.said: list[tuple[str, str]] = []
        self._now = now
        self._taken: defaultdict[str, deque[float]] = defaultdict(deque)
        super().__init__()

    def remove(self, key: str) -> None:
        """Somebody deleted the robot from the group."""
        self.keys.discard(key)

    def answer(self, seen: Seen) -> Reply:
        """Check as the platform does: path, key, type, content, rate."""
        parts = urlsplit(seen.target)
        if seen.method != "POST" or parts.path != "/cgi-bin/webhook/send":
            return Reply(404, b"<html>404</html>")
        key = parse_qs(parts.query).get("key", [""])[0]
        if key not in self.keys:
            return _error(93000, "invalid webhook url")
        body = json.loads(seen.body)
        if body.get("msgtype") != "text":
            return _error(40008, "invalid message type")
        content = body["text"]["content"]
        if not content:
            return _error(93017, "empty content")
        if len(content.encode()) > MAX_TEXT:
            return _error(40058, "text.content exceed max length 2048")
        return self._paced(key, content)

    def _paced(self, key: str, content: str) -> Reply:
        recent = self._taken[key]
        while recent and self._now() - recent[0] >= 60:
            recent.popleft()
        if len(recent) >= PER_MINUTE:
            return _error(45009, "api freq out of limit")
        recent.append(self._now())
        self.said.append((key, content))
        return coded(0, "ok")


def coded(code: int, words: str) -> Reply:
    """An answer with an errcode; the HTTP status is 200 whatever it says."""
    return Reply(
        200, json.dumps({"errcode": code, "errmsg": words}).encode(), {"Content-Type": JSON}
    )


def _error(code: int, words: str) -> Reply:
    return coded(code, f"{words}, {_TAIL}{code}")
