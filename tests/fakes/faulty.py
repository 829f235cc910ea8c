"""A real HTTP server on 127.0.0.1 that fails on order: the ground under the fake platforms."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request.

    reply: sent in place of the right answer; None: none at all.
    taken: whether the request did its work first.
    is_slow: no answer until the server closes; otherwise, without a reply, the connection is cut.
    """

    reply: Reply | None = None
    taken: bool = False
    is_slow: bool = False


BUSY = Fault(Reply(429, b"", {"Retry-After": "7"}))
DOWN = Fault(Reply(503, b"", {"Retry-After": "3"}))
HTML = Fault(
    Reply(200, b"<html><title>captive portal</title></html>", {"Content-Type": "text/html"})
)
SLOW = Fault(is_slow=True)
CUT = Fault()
CUT_AFTER_TAKING = Fault(taken=True)


class _Server(ThreadingHTTPServer):
    """Room for a burst of connections."""

    request_queue_size = 256
    daemon_threads = True


class FaultyServer:
    """Answers through `answer`, which a fake platform overrides; `fail` orders faults."""

    def __init__(self) -> None:
        """Listen on a free port at once."""
        self.seen: list[Seen] = []
        self._faults: deque[Fault] = deque()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, *faults: Fault) -> None:
        """The next requests fail so, in this order; then all is well again."""
        self._faults.extend(faults)

    def answer(self, seen: Seen) -> Reply:
        """What the platform does and says; one request at a time."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop listening and let go of slow requests."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        """The server itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _take(self, seen: Seen) -> Reply | None:
        """The answer to one request, or None where the connection is to be cut."""
        with self._lock:
            self.seen.append(seen)
            fault = self._faults.popleft() if self._faults else None
            if fault is None or fault.taken:
                reply = self.answer(seen)
                if fault is None:
                    return reply
        if fault.is_slow:
            self._over.wait()
        return fault.reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            """One connection."""

            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: otherwise each answer takes 40 ms

            def do_GET(self) -> None:
                self._do()

            def do_POST(self) -> None:
                self._do()

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = server._take(Seen(self.command, self.path, headers, body))
                if reply is None:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Tests are quiet."""

        return Handler
