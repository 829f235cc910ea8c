"""Three questions over ten million readings, by the product's own functions.

    bench/run readings [--villages 1500] [--each 250] [--store sqlite postgresql]

who is missing   the cadre of a village asks 还有谁没报
roll-up          a county's numbers of the slot, by place
curve            a person's last fourteen days
"""

import argparse
import random
import re
import time
from collections.abc import Callable
from datetime import timedelta

import county
from ground import Row, at_most
from sqlalchemy import Date, bindparam, text
from sqlmodel import Session, func, select
from stores import KINDS, store_of

from app.schema import bring_up
from bot import content
from bot.clock import at, local_day
from bot.domain import temperature
from bot.domain.owing import missing
from bot.domain.registry import Place, PlaceKind
from bot.domain.temperature import Reading
from bot.domain.types import Moment
from bot.store import Store

DAYS = 14
_READINGS = """
INSERT INTO reading (resident_id, place_id, day, slot, tenths, site, is_approx, verdict, said_by,
  message_id, ordinal, at, is_late, is_correction, reason, source, is_exercise)
SELECT id, place_id, :day, :slot, tenths, '', false,
  CASE WHEN tenths >= 373 THEN 'fever' ELSE 'normal' END, id, NULL, 0,
  :at, false, false, '', 'typed', false
FROM (SELECT place_id, id, 360 + dice(11) + CASE WHEN dice(250) = 0 THEN 8 ELSE 0 END AS tenths
  FROM resident WHERE household_id IS NOT NULL AND dice(20) > 0) AS said
"""
_SLOTS = """
INSERT INTO slot_reading (place_id, resident_id, day, slot, reading_id, tenths, is_fever)
SELECT place_id, resident_id, day, slot, id, tenths, verdict = 'fever' FROM reading WHERE id > :last
"""
_SUMMARY = """
INSERT INTO slot_summary (day, slot, place_id, reported, fever, late)
SELECT day, slot, place_id, count(*), sum(CASE WHEN is_fever THEN 1 ELSE 0 END), 0
FROM slot_reading GROUP BY day, slot, place_id
"""
_DICE = {"sqlite": r"(abs(random()) % \1)", "postgresql": r"(floor(random() * \1)\:\:int)"}


def fill(store: Store, villages: int, each: int) -> None:
    """Fourteen days of two slots, one in twenty missing."""
    bring_up(store)
    with store.begin() as session:
        _, ids = county.places(session, villages)
        county.people(session, ids, each)
        county.all_owe(session, ids, county.NOW - timedelta(days=30))
    dice = _DICE[store.url.get_backend_name()]
    said = text(re.sub(r"dice\((\d+)\)", dice, _READINGS)).bindparams(
        bindparam("day", type_=Date), bindparam("at", type_=Moment)
    )
    last = 0
    for day in county.days_before(local_day(county.NOW), DAYS):
        with store.plain() as session:
            run = session.connection().execute
            if not store.is_sqlite:  # the rows refer to what is there: ten million looks less
                run(text("SET LOCAL session_replication_role = replica"))
            for slot in "早晚":
                run(said, {"day": day, "slot": slot, "at": at(day, 510)})
                run(text(_SLOTS), {"last": last})
                last = run(text("SELECT max(id) FROM reading")).scalar_one()
    with store.plain() as session:
        session.connection().execute(text(_SUMMARY))
    with store.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not store.is_sqlite:  # as its own housekeeping does after such a load
            connection.execute(text("VACUUM ANALYZE"))


def questions(words: list[str]) -> list[Row]:
    """p99 of each question, asked of villages and people at random."""
    p = argparse.ArgumentParser()
    p.add_argument("--villages", type=int, default=1_500)
    p.add_argument("--each", type=int, default=250)
    p.add_argument("--seconds", type=float, default=6, help="of each question")
    p.add_argument("--store", nargs="*", default=KINDS)
    a = p.parse_args(words)
    found: list[Row] = []
    for kind in a.store:
        with store_of(kind) as store:
            fill(store, a.villages, a.each)
            with store.reading() as session:
                count = session.exec(select(func.max(Reading.id))).one() or 0
                found += _asked(session, f"{kind}, {count:,} readings", a.seconds)
    return found


def _asked(session: Session, where: str, seconds: float) -> list[Row]:
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
        at_most(f"{what}, p99 of {n:,}", p99, goal, "ms", f"p50 {p50:.1f} ms; {where}")
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
