"""Logs that say which row and how long, never who or what.

A line is its event (one word of our own code) and fields of an allow-list; all else is dropped:
words, arguments, the messages of exceptions. Of what a library logs only logger and place are kept.
"""

import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog

# What a line may hold. Each is an id of ours, a count, a stable word or a time.
FIELDS = frozenset(
    {
        "action", "address", "attempt", "channel", "chat_id", "code", "count", "error", "failed",
        "id", "inbox", "incident", "intent", "job", "kind", "late_s", "message_id", "ms", "notice",
        "outbox", "outcome", "parts", "path", "port", "question", "row", "rows", "score", "state",
        "status", "tries", "version",
    }
)  # fmt: skip
OURS = frozenset({"app", "bot", "handlers", "scheduler", "shouwang"})
# Loggers that tell of single calls, statements or words at a low level.
QUIET = (
    "alembic", "apscheduler", "asyncio", "concurrent", "h11", "httpcore", "httpcore2", "httptools",
    "httpx", "httpx2", "jieba", "multipart", "python_multipart", "sqlalchemy", "uvicorn",
    "watchfiles", "websockets", "wechatpy",
)  # fmt: skip
# For uvicorn.run: our handlers instead of its own; it logs whole addresses, and so signatures.
UVICORN: dict[str, Any] = {"log_config": None, "access_log": False}

_EVENT = re.compile(r"[a-z][a-z0-9_]{1,59}(?![^\s:])")
_WORD = re.compile(r"[A-Za-z0-9_.:/+\[\]-]{1,120}", re.ASCII)
_LONG_NUMBER = re.compile(r"\d{11,}")  # a telephone or an identity number has no business here
_FRAMES = 12

Event = MutableMapping[str, Any]


def set_up(level: str = "info", form: str = "text", stream: TextIO | None = None) -> None:
    """Send all logging through the allow-list to one stream (default: stderr)."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=True)
        if form == "json"
        else structlog.processors.LogfmtRenderer(
            key_order=["time", "level", "event"], bool_as_flag=False
        )
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_line], processors=[_only_the_line, renderer], use_get_message=False
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.raiseExceptions = False  # a line that cannot be made would print its arguments instead
    logging.captureWarnings(True)
    for name in QUIET:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(max(logger.level, logging.WARNING))
    # The one logs whole addresses; the other brings its own handler whenever it is imported.
    for name in ("uvicorn.access", "jieba"):
        logging.getLogger(name).disabled = True


def catch_uncaught() -> None:
    """Log what nobody catches as all else: Python itself would print its words and lines."""
    log = logging.getLogger("shouwang.uncaught")

    def in_main(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            log.critical("uncaught", exc_info=(kind, error, at))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            in_main(args.exc_type, args.exc_value, args.exc_traceback)

    def in_finaliser(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value is not None:
            in_main(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = in_main
    threading.excepthook = in_thread
    sys.unraisablehook = in_finaliser


def _line(_: Any, __: str, event: Event) -> Event:
    """What of a record may be seen."""
    record: logging.LogRecord = event["_record"]
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    line: Event = {"time": time, "level": record.levelname.lower(), "event": _event(record)}
    if line["event"] in ("library", "unnamed"):
        line["logger"] = _value(record.name)
        line["at"] = f"{_value(record.filename)}:{record.lineno}"
    for key, value in record.__dict__.items():
        if key in FIELDS:
            line[key] = _value(value)
    if record.exc_info and record.exc_info[1] is not None:
        line.update(_exception(record.exc_info[1]))
    return {**line, "_record": record, "_from_structlog": False}


def _only_the_line(_: Any, __: str, event: Event) -> Event:
    return {k: v for k, v in event.items() if k not in ("_record", "_from_structlog")}


def _event(record: logging.LogRecord) -> str:
    """The leading word of our own templates; arguments are never put in."""
    if record.name.partition(".")[0] not in OURS:
        return "library"
    found = _EVENT.match(record.msg) if isinstance(record.msg, str) else None
    return found.group() if found else "unnamed"


def _value(value: object) -> object:
    """A number, or a word of plain characters; whatever else it is, only its kind."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**10 else "?"
    if isinstance(value, str):
        text = str(value)
        return text if _WORD.fullmatch(text) and not _LONG_NUMBER.search(text) else "?"
    return type(value).__name__


def _exception(error: BaseException) -> dict[str, object]:
    """Kinds and places of an exception and its causes, without their words."""
    kinds, frames = [], []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kinds.append(type(current).__name__)
        frames += _frames(current.__traceback__)
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return {"exception": "<".join(kinds), "frames": " ".join(frames[-_FRAMES:])}


def _frames(traceback: TracebackType | None) -> list[str]:
    frames = []
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        frames.append(f"{path.parent.name}/{path.name}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return frames
