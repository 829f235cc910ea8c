"""The default rule pack at the edge of each of its numbers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import at, local, minute_of
from bot.domain.rules import RulePack, SlotDay, Verdict
from tests.unit.kernel.ground import content

RULES: RulePack = content().rules["cn-2020-01"]
DAY = date(2020, 2, 3)
moments = st.integers(0, 366 * 24 * 3600).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def clock(text: str, day: date = DAY) -> datetime:
    return at(day, minute_of(text))


EDGES = [
    ("", "37.2", "normal"),
    ("", "37.3", "fever"),
    ("axillary", "37.2", "normal"),
    ("axillary", "37.3", "fever"),
    ("ear", "37.5", "normal"),
    ("ear", "37.6", "fever"),
    ("oral", "37.5", "normal"),
    ("oral", "37.6", "fever"),
    ("rectal", "38.0", "normal"),
    ("rectal", "38.1", "fever"),
    ("forehead", "36.7", "normal"),
    ("forehead", "36.8", "recheck"),
    ("forehead", "37.3", "recheck"),
    ("forehead", "37.9", "recheck"),
    ("forehead", "38.0", "fever"),
    ("wrist", "36.7", "normal"),
    ("wrist", "36.8", "recheck"),
    ("wrist", "38.0", "fever"),
    ("", "38.9", "fever"),
    ("", "39.0", "urgent"),
    ("forehead", "38.9", "fever"),
    ("forehead", "39.0", "urgent"),
    ("rectal", "39.0", "urgent"),
    ("", "35.0", "normal"),
    ("", "34.9", "low"),
    ("forehead", "34.9", "low"),
    ("", "34.0", "low"),
    ("", "33.9", "ask"),
    ("", "33.0", "ask"),
    ("", "32.9", "implausible"),
    ("", "43.0", "urgent"),
    ("", "43.1", "ask"),
    ("", "43.9", "ask"),
    ("", "44.0", "implausible"),
    ("elbow", "37.3", "fever"),
]


@pytest.mark.parametrize(("site", "celsius", "verdict"), EDGES)
def test_a_reading_at_an_edge(site: str, celsius: str, verdict: str) -> None:
    assert RULES.judge(Decimal(celsius), site) == verdict


@given(st.integers(250, 500), st.sampled_from(["", *RULES.fever, *RULES.recheck]))
def test_hotter_is_never_milder(tenths: int, site: str) -> None:
    order = [Verdict.LOW, Verdict.NORMAL, Verdict.RECHECK, Verdict.FEVER, Verdict.URGENT]
    one, two = (RULES.judge(Decimal(t) / 10, site) for t in (tenths, tenths + 1))
    if one in order and two in order:
        assert order.index(one) <= order.index(two)


def test_the_team_hears_of_a_recheck_from_the_fever_line_on() -> None:
    assert RULES.recheck_tells == Decimal("37.3")
    assert RULES.recheck_wait == timedelta(minutes=30)


SLOTS = [
    # when it was said, the day and the slot to which it counts
    ("03:59", "2020-02-02", "晚"),
    ("00:00", "2020-02-02", "晚"),
    ("00:05", "2020-02-02", "晚"),
    ("04:00", "2020-02-03", "早"),
    ("05:59", "2020-02-03", "早"),
    ("06:00", "2020-02-03", "早"),
    ("10:00", "2020-02-03", "早"),
    ("15:59", "2020-02-03", "早"),
    ("16:00", "2020-02-03", "晚"),
    ("20:00", "2020-02-03", "晚"),
    ("23:59", "2020-02-03", "晚"),
]


@pytest.mark.parametrize(("when", "day", "slot"), SLOTS)
def test_the_slot_to_which_a_report_counts(when: str, day: str, slot: str) -> None:
    one = RULES.slot_for(clock(when))
    assert (one.day.isoformat(), one.slot.name) == (day, slot)


SAID = [
    # when said, day, period, minute said, day and slot
    ("12:00", 0, "morning", None, "2020-02-03", "早"),
    ("12:00", 0, "evening", None, "2020-02-03", "晚"),
    ("09:00", -1, "evening", None, "2020-02-02", "晚"),
    ("09:00", -1, "morning", None, "2020-02-02", "早"),
    ("09:00", -1, "", None, "2020-02-02", "晚"),
    ("17:00", 0, "afternoon", None, "2020-02-03", "晚"),
    ("14:00", 0, "afternoon", None, "2020-02-03", "早"),
    ("23:00", 0, "", 7 * 60, "2020-02-03", "早"),
    ("09:00", 0, "", 3 * 60, "2020-02-02", "晚"),
    ("00:30", 0, "morning", None, "2020-02-03", "早"),
]


@pytest.mark.parametrize(("when", "back", "period", "minute", "day", "slot"), SAID)
def test_what_was_said_of_day_and_hour_decides(
    when: str, back: int, period: str, minute: int | None, day: str, slot: str
) -> None:
    one = RULES.slot_for(clock(when), day=back, period=period, minute=minute)
    assert (one.day.isoformat(), one.slot.name) == (day, slot)


@pytest.mark.parametrize(
    ("when", "day", "slot"),
    [
        ("05:59", "2020-02-02", "晚"),
        ("06:00", "2020-02-03", "早"),
        ("15:59", "2020-02-03", "早"),
        ("16:00", "2020-02-03", "晚"),
    ],
)
def test_the_slot_that_is_open(when: str, day: str, slot: str) -> None:
    one = RULES.current(clock(when))
    assert (one.day.isoformat(), one.slot.name) == (day, slot)


def test_slots_end_and_follow_each_other() -> None:
    morning, evening = RULES.slot_days(DAY)
    assert (local(morning.starts_at).hour, local(morning.ends_at).hour) == (6, 10)
    assert (local(evening.starts_at).hour, local(evening.ends_at).hour) == (16, 20)
    assert RULES.after(morning) == evening
    assert RULES.after(evening) == SlotDay(date(2020, 2, 4), morning.slot)


@given(moments)
def test_any_moment_has_a_slot_that_has_begun(moment: datetime) -> None:
    one = RULES.current(moment)
    assert one.starts_at <= moment < RULES.after(one).starts_at


@pytest.mark.parametrize(
    ("when", "is_quiet"),
    [("21:29", False), ("21:30", True), ("00:00", True), ("06:29", True), ("06:30", False)],
)
def test_quiet_hours(when: str, is_quiet: bool) -> None:
    assert RULES.is_quiet(clock(when)) is is_quiet


@given(moments)
def test_quiet_hours_end_at_half_past_six(moment: datetime) -> None:
    if RULES.is_quiet(moment):
        end = RULES.quiet_ends(moment)
        assert moment < end <= moment + timedelta(hours=9)
        assert (local(end).hour, local(end).minute) == (6, 30)
        assert not RULES.is_quiet(end)


def test_the_clocks() -> None:
    minutes = [step.after / timedelta(minutes=1) for step in RULES.fever_clock]
    assert minutes == [0, 15, 30]
    assert [step.to for step in RULES.fever_clock] == [
        ("team", "village_doctor"),
        ("deputy", "village_secretary"),
        ("township_duty",),
    ]
    assert [step.after / timedelta(minutes=1) for step in RULES.urgent_clock] == [0, 15]
    assert set(RULES.urgent_clock[0].to) == {
        "team",
        "village_doctor",
        "deputy",
        "village_secretary",
    }
    assert RULES.urgent_clock[1].to == ("township_duty",)
    assert RULES.remind_after == (timedelta(hours=2), timedelta(hours=3))
    assert RULES.outcome_after == timedelta(minutes=30)
    assert RULES.upward_within == timedelta(hours=2)


def test_the_other_numbers() -> None:
    assert RULES.observation_days == 14
    assert RULES.approval_chats == 2
    assert RULES.group_lines_an_hour == 6
    assert RULES.keep_text == timedelta(hours=72)
    assert RULES.keep_personal == timedelta(days=30)


@pytest.mark.parametrize("pack", content().rules.values(), ids=lambda pack: pack.id)
def test_every_pack_is_dated_sourced_and_signed(pack: RulePack) -> None:
    assert pack.source
    assert pack.signed_by
    assert set(pack.fever) >= {"axillary"}
    low, high = pack.stored
    assert pack.asked[0] < low < pack.low < high < pack.asked[1]
