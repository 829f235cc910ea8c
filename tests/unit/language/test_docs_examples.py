"""The examples of docs/temperatures.md, each read as the page says."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.language.meaning import (
    HOUSEHOLD,
    SELF,
    Clarify,
    MainIntent,
    Period,
    Report,
    Site,
    SpokenReading,
    Utterance,
)
from bot.language.readings import read

PAGE = Path(__file__).resolve().parents[3] / "docs" / "temperatures.md"
SENT_ON = date(2020, 2, 11)  # the page says: 2月11日，星期二，正月十八，早上八点
HEAD = "| 这样说 | 记成什么 |"
DAYS = {0: "", -1: "昨天", -2: "前天"}
PERIODS = {
    Period.MORNING: "早上",
    Period.NOON: "中午",
    Period.AFTERNOON: "下午",
    Period.EVENING: "晚上",
}
SITES = {
    Site.AXILLARY: "腋下",
    Site.FOREHEAD: "额头",
    Site.EAR: "耳朵",
    Site.ORAL: "嘴里",
    Site.RECTAL: "肛门",
    Site.WRIST: "手腕",
}


def examples() -> list[tuple[str, str]]:
    """The rows below each heading 这样说 | 记成什么."""
    rows: list[tuple[str, str]] = []
    is_inside = False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line == HEAD:
            is_inside = True
        elif not line.startswith("|"):
            is_inside = False
        elif is_inside and not line.startswith("|--"):
            said, kept = (cell.strip() for cell in line.strip("|").split("|"))
            rows.append((said.replace("<br>", "\n"), kept))
    return rows


def in_page_words(report: Report) -> str:
    """What the page writes in its second column."""
    parts = [_reading(r) for r in report.readings]
    parts += [_question(c) for c in report.clarify]
    parts += [f"{name}没有数" for name in report.absent]
    parts += [f"{'本人' if s.who == SELF else s.who}{s.name}" for s in report.symptoms]
    words = "；".join(parts)
    if report.correction:
        words = f"改成 {words}" if words else "上一个作废"
    if report.danger:
        words += "（险情）"
    return words or ("报平安，没有数" if report.intent is MainIntent.NORMAL else "不记")


def _reading(reading: SpokenReading) -> str:
    who = {SELF: "本人", HOUSEHOLD: "全家"}.get(reading.who, reading.who)
    count = f"（{reading.count} 口）" if reading.count else ""
    words = [f"{who}{count} {'约 ' if reading.approx else ''}{reading.celsius}"]
    if when := _when(reading):
        words.append(when)
    if reading.site is not None:
        words.append(SITES[reading.site])
    return "，".join(words)


def _when(reading: SpokenReading) -> str:
    day = SENT_ON + timedelta(days=reading.day)
    when = DAYS.get(reading.day, f"{day.month}月{day.day}日")
    when += PERIODS[reading.period] if reading.period else ""
    if reading.minute is not None:
        when += f" {reading.minute // 60}:{reading.minute % 60:02}"
    return when


def _question(asked: Clarify) -> str:
    who = "" if asked.who == SELF else asked.who
    if not asked.likely:
        return f"问{who}：{asked.number} 没看明白"
    likely = str(asked.likely[0])
    number = "" if likely == asked.number else f"{asked.number} "
    return f"问{who}：{number}是 {likely} 吗"


def test_the_page_has_its_examples() -> None:
    assert len(examples()) >= 80


@pytest.mark.parametrize(("said", "kept"), examples(), ids=[said for said, _ in examples()])
def test_the_page_says_what_is_read(said: str, kept: str) -> None:
    report = read(Utterance(said, "王大勇", True, SENT_ON, 8 * 60))
    assert in_page_words(report) == kept
