"""The drill: one seed is one drill, its truth is whole, and its checker sees what is wrong."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import pytest

from app.drill import DrillResult, Finding, run_drill, voices
from app.drill.county import CountyMaker
from app.drill.people import Person, Village
from app.drill.truth import RECOVERY, Alarm, Book, Line
from app.stage import Stage
from bot.clock import at
from bot.content import Content, load
from bot.language.understand import Intent
from handlers import ROUTER

MORNING = at(date(2020, 2, 3), 8 * 60)


@pytest.fixture(scope="module")
def content() -> Content:
    """What a deployment uses."""
    return load()


@dataclass
class Made:
    """A county on a stage."""

    villages: list[Village]
    stage: Stage


@pytest.fixture(scope="module")
def made(content: Content) -> Iterator[Made]:
    """Seven villages of one seed: two townships."""
    stage = Stage(content, "cn-2020-01", MORNING)
    with stage.begin() as session:
        maker = CountyMaker(stage.world(session), Random(3), stage.kernel.rules, date(2020, 2, 3))  # noqa: S311
        villages = maker.make(7)
    yield Made(villages, stage)
    stage.close()


def test_one_day_is_played_and_compared(content: Content) -> None:
    seen: list[tuple[int, int]] = []
    result = run_drill(
        content,
        villages=1,
        days=1,
        seed=11,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert result.messages > 30
    assert result.readings > 20
    assert seen[-1][0] == seen[-1][1]
    again = run_drill(content, villages=1, days=1, seed=11)
    one, two = result.as_json(), again.as_json()
    one.pop("seconds")
    two.pop("seconds")
    assert one == two
    assert json.loads(json.dumps(one, ensure_ascii=False)) == one
    assert {"missed", "wrong", "doubled", "late", "false", "unwanted", "leaks"} <= set(one)
    # What may never happen, whatever the language part makes of a sentence.
    assert one["doubled"] == []
    assert one["leaks"] == []
    assert not [f for f in result.found["missed"] if f.what == "message"]


def test_a_county_has_a_township_for_six_villages_and_everybody_is_somebody(made: Made) -> None:
    assert len({v.duty.id for v in made.villages}) == 2
    cadres = [p for v in made.villages for p in (v.grid_worker, v.doctor, v.secretary)]
    assert len({p.name for p in cadres}) == len(cadres)
    for village in made.villages:
        assert 2 <= len(village.groups) <= 3
        names = [p.name for p in village.people]
        assert len(set(names)) == len(names)
        for group in village.groups:
            assert 4 <= len(group.houses) <= 12
        assert any(p.team for p in village.people)


def test_wordings_keep_their_number() -> None:
    rng = Random(1)  # noqa: S311
    assert voices.arabic(365) == "36.5"
    assert voices.chinese(368) == "三十六度八"
    assert voices.chinese(400) == "四十度"
    for dialect in voices.PLAIN:
        for _ in range(40):
            text = voices.own(dialect, 370, rng, is_ill=False)
            assert "{" not in text
            assert any(mark in text for mark in ("37", "３７", "三十七")), text


def _line(village: Village, speaker: Person) -> Line:
    return Line(MORNING, speaker, village.groups[0].chat, "我38.2", "plain", village)


def test_an_outage_gives_more_time(made: Made) -> None:
    book = Book(made.villages)
    assert book.latest(MORNING) == MORNING + timedelta(minutes=1)
    end = MORNING + timedelta(minutes=20)
    book.outages.append((MORNING - timedelta(minutes=1), end))
    assert book.is_down(MORNING)
    assert not book.is_down(end)
    assert book.latest(MORNING) == end + RECOVERY


def test_steps_of_an_alarm_follow_the_clock(made: Made) -> None:
    village = made.villages[0]
    person = next(p for p in village.people if not p.team)
    line = _line(village, person)
    calm = Alarm("发热", person, line, is_urgent=False, taken_at=None, closed_at=None)
    assert [int(after / timedelta(minutes=1)) for after, _ in calm.steps()] == [0, 15, 30]
    assert calm.steps()[0][1] == [village.grid_worker, village.doctor]
    urgent = Alarm("发热", person, line, is_urgent=True, taken_at=None, closed_at=None)
    assert village.secretary in urgent.steps()[0][1]
    life = Alarm("紧急", person, line, is_urgent=True, taken_at=None, closed_at=None)
    assert [people[-1] for _, people in life.steps()] == [village.duty]


def test_a_result_is_a_table_and_an_object() -> None:
    result = DrillResult(1, 2, 3)
    assert result.is_clean
    result.add(
        "missed", Finding("reading", "08:00", "一组群", "我36.5\n好", "王桂芳 36.5", style="plain")
    )
    assert not result.is_clean
    text = result.as_text()
    assert "漏了 1" in text
    assert "我36.5⏎好" in text
    assert result.as_json()["missed"][0]["expected"] == "王桂芳 36.5"


def test_the_checker_sees_what_the_system_lost(
    content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that keeps no reading is found out at once."""
    monkeypatch.setitem(ROUTER.intents, Intent.REPORT, lambda turn: None)
    result = run_drill(content, villages=1, days=1, seed=11)
    lost = [f for f in result.found["missed"] if f.what == "reading"]
    assert len(lost) > result.readings * 0.9
