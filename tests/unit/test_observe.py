"""Logs hold ids, counts and stable words; canaries are looked for and never found."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app import observe
from app.metrics import Metrics, render

PERSON, PHONE, ID_NUMBER = "王小宝", "13812345678", "211302199001011234"
CANARIES = (PERSON, PHONE, ID_NUMBER, "38.1", "canary-token", "三组群里的话")
NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)


@pytest.fixture(params=["text", "json"])
def stream(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """All logging, at its most talkative, into one text; afterwards all is as it was."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.raiseExceptions)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    out = io.StringIO()
    observe.set_up("debug", request.param, out)
    yield out
    logging.captureWarnings(False)
    root.handlers[:], root.level, logging.raiseExceptions = before
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


def said(stream: io.StringIO) -> str:
    """What was logged, and none of it is about anybody."""
    text = stream.getvalue()
    for canary in CANARIES:
        assert canary not in text
        assert canary.encode("unicode_escape").decode() not in text
    return text


def test_a_line_is_its_event_and_its_fields(stream: io.StringIO) -> None:
    log = logging.getLogger("bot.router")
    log.info("handled", extra={"inbox": 7, "channel": "county", "ms": 1.5, "name_said": PERSON})
    line = said(stream)
    for piece in ("info", "handled", "7", "county", "1.5"):
        assert piece in line
    assert "name_said" not in line
    assert len(line.splitlines()) == 1


def test_values_that_are_no_ids_are_dropped(stream: io.StringIO) -> None:
    values = [PERSON, PHONE, int(PHONE), ID_NUMBER, f"x={PHONE}", "a\nlevel=error forged", [PERSON]]
    for value in values:
        logging.getLogger("bot").info("tried", extra={"code": value, "count": 1})
    text = said(stream)
    assert "forged" not in text
    assert len(text.splitlines()) == len(values)


def test_words_and_arguments_are_dropped(stream: io.StringIO) -> None:
    log = logging.getLogger("handlers.temperature")
    log.info(f"{PERSON} 38.1")  # the mistake that is meant
    log.warning("bridge_waits code=%s", PHONE)
    log.warning("wrong %d %d", PERSON)
    log.warning({"said": PERSON})
    text = said(stream)
    assert "unnamed" in text
    assert "bridge_waits" in text
    assert len(text.splitlines()) == 4


def test_exceptions_keep_kinds_and_places(stream: io.StringIO) -> None:
    def fail() -> None:
        try:
            raise ValueError(PERSON)
        except ValueError as error:
            raise RuntimeError(f"token canary-token of {PHONE}") from error

    try:
        fail()
    except RuntimeError:
        logging.getLogger("bot.router").exception("turn_failed", extra={"inbox": 3})
    text = said(stream)
    assert "RuntimeError<ValueError" in text
    assert "test_observe.py:" in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["uvicorn.error", "asyncio", "sqlalchemy.engine", "apscheduler", "wechatpy"]
)
def test_libraries_keep_their_place_only(stream: io.StringIO, name: str) -> None:
    log = logging.getLogger(name)
    log.debug("GET https://host/?access_token=canary-token")
    log.error("Task failed: %s", PERSON)
    log.error(f"future: <Task exception=ValueError('{PERSON}')>\nsecond line")
    text = said(stream)
    assert "GET" not in text
    assert len(text.splitlines()) == 2


def test_access_logs_are_off(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").error("POST /hook/county?msg_signature=canary-token 200")
    logging.getLogger("jieba").error("Loading model")
    assert said(stream) == ""
    assert observe.UVICORN["access_log"] is False


def test_what_nobody_catches_is_logged_the_same_way(stream: io.StringIO) -> None:
    observe.catch_uncaught()
    try:
        raise ValueError(PERSON)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    def fail() -> None:
        raise KeyError(PHONE)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(PERSON, stacklevel=1)
    text = said(stream)
    assert text.count("uncaught") == 2
    assert "KeyError" in text


def test_json_lines_are_json() -> None:
    out = io.StringIO()
    handler_before = logging.getLogger().handlers[:]
    level_before, raise_before = logging.getLogger().level, logging.raiseExceptions
    observe.set_up("info", "json", out)
    try:
        logging.getLogger("shouwang").info("started", extra={"port": 8000, "version": "0.1.0"})
    finally:
        logging.captureWarnings(False)
        logging.getLogger().handlers[:] = handler_before
        logging.getLogger().setLevel(level_before)
        logging.raiseExceptions = raise_before
    line = json.loads(out.getvalue())
    assert (line["event"], line["port"], line["level"]) == ("started", 8000, "info")
    assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)


def test_metrics_have_few_labels_and_nobody_in_them() -> None:
    metrics = Metrics(["county"], "0.1.0")
    for name in ("county", PERSON, "canary-token", *(f"guess-{n}" for n in range(50))):
        metrics.answered(name, 200, 0.004)
        metrics.sent(name, "Throttled")
        metrics.sent(name, PERSON)
    metrics.ticked("remind", 0.2)
    metrics.inbox({0: 3, 2: 1}, NOW - timedelta(seconds=9), NOW)
    metrics.outbox({"queued": 2, "held": 1})
    metrics.facts(readings=41, incidents_open=1)
    metrics.writer(waiting=0, failures=0)
    text = render(metrics).decode()
    for line in (
        'shouwang_hook_answers_total{channel="county",status="200"} 1.0',
        'shouwang_hook_answers_total{channel="other",status="200"} 52.0',
        'shouwang_sends_total{channel="county",outcome="throttled"} 1.0',
        'shouwang_inbox_messages{state="new"} 3.0',
        'shouwang_inbox_messages{state="parked"} 1.0',
        "shouwang_queue_age_seconds 9.0",
        'shouwang_outbox_messages{state="held"} 1.0',
        "shouwang_incidents_open 1.0",
        "shouwang_readings 41.0",
        'shouwang_build_info{version="0.1.0"} 1.0',
    ):
        assert line in text
    assert not any(canary in text for canary in CANARIES)
    assert len(text.splitlines()) < 150
