"""Three questions over ten million readings, by the product's own functions.

    bench/run readings [--villages 1500] [--each 250] [--keep FOLDER]

who is missing   the cadre of a village asks 还有谁没报
roll-up          a county's numbers of the slot, by place
curve            a person's last fourteen days
"""

import argparse
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import county
from ground import Row, at_most, folder
from sqlalchemy import text
from sqlmodel import Session, select

from app.schema import bring_up
from bot import content
from bot.clock import local_day
from bot.domain import temperature
from bot.domain.owing import missing
from bot.domain.registry import Place, PlaceKind
from bot.store import Store

DAYS = 14
_FILL = """
INSERT INTO slot_reading (place_id, resident_id, day, slot, reading_id, tenths, is_fever)
SELECT place_id, id, :day, :slot, 0, tenths, tenths >= 373 FROM (
  SELECT place_id, id, 360 + abs(random()) % 11 + 8 * (abs(random()) % 250 = 0) AS tenths
  FROM resident WHERE household_id IS NOT NULL AND abs(random()) % 20)
"""
_READINGS = """
INSERT INTO reading (resident_id, place_id, day, slot, tenths, site, is_approx, verdict, said_by,
  message_id, ordinal, at, is_late, is_correction, reason, source, is_exercise)
SELECT resident_id, place_id, day, slot, tenths, '', 0,
  CASE WHEN is_fever THEN 'fever' ELSE 'normal' END, resident_id, NULL, 0,
  day || ' 00:30:00.000000', 0, 0, '', 'typed', 0
FROM slot_reading WHERE day = :day AND slot = :slot
"""
_POINT = """
UPDATE slot_reading SET reading_id = (SELECT r.id FROM reading r WHERE
  r.resident_id = slot_reading.resident_id
  AND r.day = slot_reading.day AND r.slot = slot_reading.slot)
WHERE day = :day AND slot = :slot
"""
_SUMMARY = """
INSERT INTO slot_summary (day, slot, place_id, reported, fever, late)
SELECT day, slot, place_id, count(*), sum(is_fever), 0 FROM slot_reading
GROUP BY day, slot, place_id
"""


def fill(data: Path, villages: int, each: int) -> int:
    """Fourteen days of two slots, one in twenty missing; how many readings."""
    store = Store(f"sqlite:///{data / 'shouwang.db'}")
    bring_up(store)
    with store.begin() as session:
        _, ids = county.places(session, villages)
        county.people(session, ids, each)
        county.all_owe(session, ids, county.NOW - timedelta(days=30))
    with store.begin() as session:
        connection = session.connection()
        for day in county.days_before(local_day(county.NOW), DAYS):
            for slot in "早晚":
                given = {"day": day.isoformat(), "slot": slot}
                connection.execute(text(_FILL), given)
                connection.execute(text(_READINGS), given)
                connection.execute(text(_POINT), given)
        connection.execute(text(_SUMMARY))
        count = connection.execute(text("SELECT count(*) FROM reading")).scalar_one()
    store.close()
    return int(count)


def questions(words: list[str]) -> list[Row]:
    """p99 of each question, asked of villages and people at random."""
    p = argparse.ArgumentParser()
    p.add_argument("--villages", type=int, default=1_500)
    p.add_argument("--each", type=int, default=250)
    p.add_argument("--seconds", type=float, default=6, help="of each question")
    p.add_argument("--keep", type=Path, help="a folder that is filled once and kept")
    a = p.parse_args(words)
    with folder() as made:
        data = a.keep or made
        data.mkdir(parents=True, exist_ok=True)
        if not (data / "shouwang.db").exists():
            fill(data, a.villages, a.each)
        with closing(sqlite3.connect(data / "shouwang.db")) as opened:
            count = opened.execute("SELECT max(id) FROM reading").fetchone()[0]
        store = Store(f"sqlite:///{data / 'shouwang.db'}")
        try:
            with store.reading() as session:
                return list(_asked(session, count, a.seconds))
        finally:
            store.close()


def _asked(session: Session, count: int, seconds: float) -> list[Row]:
    rules = content.load().rules["cn-2020-01"]
    one, today = rules.current(county.NOW), local_day(county.NOW)
    kinds = {
        kind: list(session.exec(select(Place.id).where(Place.kind == kind)).all())
        for kind in (PlaceKind.VILLAGE, PlaceKind.COUNTY)
    }
    people = session.connection().execute(
        text("SELECT id FROM resident WHERE household_id IS NOT NULL ORDER BY random() LIMIT 2000")
    )
    persons = [row[0] for row in people]
    rnd = random.Random(1)  # noqa: S311
    asked: dict[str, tuple[float, Callable[[], object]]] = {
        "who is missing in a village": (
            5,
            lambda: missing(session, one, [rnd.choice(kinds[PlaceKind.VILLAGE])]),
        ),
        "a county's roll-up": (
            10,
            lambda: temperature.rolled_up(session, kinds[PlaceKind.COUNTY][0], one.day, "早"),
        ),
        "a person's curve": (5, lambda: temperature.curve(session, rnd.choice(persons), today)),
    }
    return [
        at_most(f"{what}, p99 of {n:,}", p99, goal, "ms", f"p50 {p50:.1f} ms; {count:,} readings")
        for what, (goal, ask) in asked.items()
        for p50, p99, n in [_times(session, ask, seconds)]
    ]


def _times(session: Session, ask: Callable[[], object], seconds: float) -> tuple[float, float, int]:
    """Median and 99th percentile in milliseconds; each asking starts with nothing in memory."""
    times: list[float] = []
    ask()
    end = time.perf_counter() + seconds
    while (time.perf_counter() < end or len(times) < 3) and len(times) < 1_000:
        session.expunge_all()
        began = time.perf_counter()
        ask()
        times.append(1e3 * (time.perf_counter() - began))
    times.sort()
    return times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))], len(times)
