"""The projections of readings: whatever is corrected or withdrawn, they say what `reading` says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from bot.domain.registry import Resident, add_place
from bot.domain.temperature import (
    Reading,
    SlotReading,
    SlotSummary,
    curve,
    project,
    rebuild,
    recount,
)
from tests.unit.kernel.ground import NOW, content, memory

DAY = date(2020, 2, 3)
RULES = content().rules["cn-2020-01"]


@dataclass
class Village:
    """Two places, three people."""

    session: Session
    people: list[Resident]

    def empty(self) -> None:
        for table in (SlotReading, SlotSummary, Reading):
            for row in self.session.exec(select(table)).all():
                self.session.delete(row)
        self.session.flush()

    def read(
        self, who: int, tenths: int, slot: str = "早", day: date = DAY, **more: Any
    ) -> Reading:
        person = self.people[who]
        row = Reading(
            resident_id=person.id or 0,
            place_id=person.place_id,
            day=day,
            slot=slot,
            tenths=tenths,
            verdict=RULES.judge(Decimal(tenths) / 10),
            at=NOW,
            **more,
        )
        self.session.add(row)
        self.session.flush()
        self.project(row)
        return row

    def project(self, row: Reading) -> None:
        project(self.session, row.resident_id, row.place_id, row.day, row.slot)

    def current(self) -> list[Reading]:
        rows = self.session.exec(select(Reading).order_by(col(Reading.id))).all()
        return [row for row in rows if row.is_current]

    def summaries(self) -> dict[tuple[date, str, int], tuple[int, int]]:
        rows = self.session.exec(select(SlotSummary)).all()
        return {
            (row.day, row.slot, row.place_id): (row.reported, row.fever)
            for row in rows
            if row.reported or row.fever
        }

    def late(self) -> int:
        return sum(row.late for row in self.session.exec(select(SlotSummary)).all())


@pytest.fixture(scope="module")
def village() -> Iterator[Village]:
    store = memory()
    with store.begin() as session:
        one, two = (add_place(session, None, name, "villager_group") for name in ("一组", "二组"))
        people = [
            Resident(name=f"人{n}", place_id=place.id or 0)
            for n, place in enumerate((one, one, two))
        ]
        session.add_all(people)
        session.flush()
        yield Village(session, people)
    store.close()


step = st.one_of(
    st.tuples(
        st.just("read"),
        st.integers(0, 2),
        st.integers(350, 400),
        st.sampled_from("早晚"),
        st.booleans(),
        st.booleans(),
    ),
    st.tuples(st.just("correct"), st.integers(0, 99), st.integers(350, 400)),
    st.tuples(st.just("withdraw"), st.integers(0, 99)),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(step, max_size=15))
def test_projections_equal_a_recount(village: Village, steps: list[tuple[object, ...]]) -> None:
    village.empty()
    for kind, *values in steps:
        if kind == "read":
            who, tenths, slot, is_late, is_exercise = values
            assert isinstance(who, int)
            assert isinstance(tenths, int)
            more: dict[str, Any] = {
                "is_late": bool(is_late),
                "is_exercise": bool(is_exercise) and tenths % 5 == 0,
            }
            village.read(who, tenths, str(slot), **more)
            continue
        current = village.current()
        if not current:
            continue
        index = values[0]
        assert isinstance(index, int)
        row = current[index % len(current)]
        if kind == "withdraw":
            row.withdrawn_at = NOW
        else:
            who = [person.id for person in village.people].index(row.resident_id)
            tenths = values[1]
            assert isinstance(tenths, int)
            new = village.read(who, tenths, row.slot, is_late=row.is_late, is_correction=True)
            row.superseded_by = new.id
        village.session.add(row)
        village.project(row)
    counted = recount(village.session)
    assert village.summaries() == counted
    kept = {
        (r.resident_id, r.slot): r.tenths for r in village.session.exec(select(SlotReading)).all()
    }
    real = [r for r in village.current() if not r.is_exercise]
    highest: dict[tuple[int, str], int] = {}
    for r in real:
        highest[r.resident_id, r.slot] = max(r.tenths, highest.get((r.resident_id, r.slot), 0))
    assert kept == highest
    late = village.late()
    assert rebuild(village.session) == len(kept)
    assert village.summaries() == counted
    assert village.late() == late


def test_the_highest_current_value_counts_once(village: Village) -> None:
    village.empty()
    village.read(0, 365)
    hot = village.read(0, 381)
    village.read(0, 367)
    place = village.people[0].place_id
    assert village.summaries() == {(DAY, "早", place): (1, 1)}
    hot.withdrawn_at = NOW
    village.session.add(hot)
    village.project(hot)
    assert village.summaries() == {(DAY, "早", place): (1, 0)}


def test_an_exercise_is_outside_all_counts(village: Village) -> None:
    village.empty()
    village.read(0, 391, is_exercise=True)
    assert village.summaries() == {}
    assert recount(village.session) == {}


def test_the_curve_is_fourteen_days_oldest_first(village: Village) -> None:
    village.empty()
    for back in range(20):
        village.read(0, 360 + back, day=DAY - timedelta(days=back))
    rows = curve(village.session, village.people[0].id or 0, DAY)
    assert [row.tenths for row in rows] == list(range(373, 359, -1))
