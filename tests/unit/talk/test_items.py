"""Bot-line items against what was said."""

from datetime import UTC, datetime

import pytest

from app.talk.items import (
    BotLine,
    Stretches,
    count_lines,
    is_quiet,
    never_said,
    parse_pattern,
    says,
    says_like,
    unnamed,
)
from app.talk.names import ChatName

GROUP = ChatName("三组群")
DOCTOR = ChatName("张大夫", True)
NOON = datetime(2020, 2, 3, 4, 0, tzinfo=UTC)
LINES = [
    BotLine(DOCTOR, "王小宝 38.1，请回“接”。", NOON, 0),
    BotLine(GROUP, "现在就打120！\n村医已经知道。", NOON, 1),
    BotLine(DOCTOR, "王小宝还没人接，电话 138。", NOON, 2),
]


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ("王小宝 & 38.1 & 接/收到 & !电话", "王小宝 38.1，回接", True),
        ("王小宝 & 38.1 & 接/收到 & !电话", "王小宝 38.1 收到请回", True),
        ("王小宝 & 38.1 & 接/收到 & !电话", "王小宝 38.1 打电话，接", False),
        ("王小宝 & 38.1 & 接/收到 & !电话", "王小宝 38.1", False),
        ("120", "第一行\n打 120", True),
        ("!演练", "真的", True),
        ("!演练/测试", "测试", False),
    ],
)
def test_a_pattern_asks_for_words_and_bars_others(words: str, text: str, expected: bool) -> None:
    assert parse_pattern(words, 1).holds(text) is expected


def test_items_look_at_one_chat_from_one_line_on() -> None:
    call = parse_pattern("王小宝 & 接", 1)
    assert says_like(LINES, DOCTOR, 0, call).named == {0, 2}
    assert says_like(LINES, DOCTOR, 1, call).named == {2}
    assert not says_like(LINES, GROUP, 0, call).met
    assert is_quiet(LINES, GROUP, 2).met
    broken = is_quiet(LINES, GROUP, 0)
    assert not broken.met
    assert "120" in broken.why


def test_an_exact_line_forgives_blanks_at_line_ends() -> None:
    assert says(LINES, GROUP, 0, "现在就打120！ \n村医已经知道。").named == {1}
    missed = says(LINES, GROUP, 0, "现在就打120！")
    assert not missed.met
    assert "村医已经知道" in missed.why


def test_never_said_looks_back_to_the_start_and_ignores_barred_lines() -> None:
    assert not never_said(LINES, DOCTOR, parse_pattern("王小宝 & 38.1", 1)).met
    assert never_said(LINES, GROUP, parse_pattern("王小宝 & 38.1", 1)).met
    assert never_said(LINES, DOCTOR, parse_pattern("王小宝 & !接", 1)).met


def test_lines_are_counted_and_the_unnamed_kept_for_strict_talks() -> None:
    assert count_lines(LINES, DOCTOR) == 2
    assert [line.index for line in unnamed(LINES, {0, 1})] == [2]


def test_a_stretch_begins_with_a_line_here_or_a_time_whichever_is_later() -> None:
    marks = Stretches()
    marks.said(GROUP, 2)
    assert (marks.since(GROUP), marks.since(DOCTOR)) == (2, 0)
    marks.time_set(5)
    assert (marks.since(GROUP), marks.since(DOCTOR)) == (5, 5)
    marks.said(DOCTOR, 6)
    assert (marks.since(GROUP), marks.since(DOCTOR)) == (5, 6)


def test_an_event_begins_no_stretch_but_silence_is_asked_from_it_on() -> None:
    marks = Stretches()
    marks.said(GROUP, 2)
    marks.happened(GROUP, 3)
    assert (marks.since(GROUP), marks.quiet_since(GROUP)) == (2, 3)
    marks.said(GROUP, 4)
    assert marks.quiet_since(GROUP) == 4
