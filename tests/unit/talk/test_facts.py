"""Fact lines: every form of the table, and what is refused."""

from decimal import Decimal

import pytest

from app.talk.errors import TalkError
from app.talk.facts import (
    CountFact,
    Fact,
    IncidentFact,
    IncidentState,
    IncidentWord,
    Judged,
    MissingFact,
    NoReadingFact,
    NoticeFact,
    NoticeState,
    ObservationFact,
    ReadingFact,
    SlotWord,
    Standing,
    parse_fact,
)
from app.talk.names import PersonName, Places

VILLAGE = ("朝阳县", "柳树沟镇", "柳树沟村")


def fact(words: str) -> Fact:
    """One fact, read where 柳树沟村 is known."""
    places = Places()
    places.add(VILLAGE)
    return parse_fact(words, places, 7)


BAO = PersonName("王小宝")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("读数 王小宝 38.1", ReadingFact("读数", BAO, Decimal("38.1"))),
        (
            "读数  王小宝 38.1℃ 发热 早",
            ReadingFact("读数", BAO, Decimal("38.1"), Judged.FEVER, SlotWord.MORNING),
        ),
        (
            "读数 王小宝 36 迟报 代报 刘芳 更正 昨晚 正常",
            ReadingFact(
                "读数",
                BAO,
                Decimal(36),
                Judged.NORMAL,
                SlotWord.LAST_EVENING,
                is_correction=True,
                is_late=True,
                proxy=PersonName("刘芳"),
            ),
        ),
        (
            "读数 王伟@柳树沟村 34.1 偏低 昨早",
            ReadingFact(
                "读数",
                PersonName("王伟", VILLAGE),
                Decimal("34.1"),
                Judged.LOW,
                SlotWord.LAST_MORNING,
            ),
        ),
        ("无读数 王小宝", NoReadingFact("无读数", BAO)),
        ("读数共 3", CountFact("读数共", 3)),
        ("待核 0", CountFact("待核", 0)),
        ("事件共 2", CountFact("事件共", 2)),
        ("待答 1", CountFact("待答", 1)),
        ("发言 4", CountFact("发言", 4)),
        ("事件 发热", IncidentFact("事件", IncidentWord.FEVER)),
        (
            "事件 发热 王小宝 未接",
            IncidentFact("事件", IncidentWord.FEVER, BAO, (Standing(IncidentState.OPEN),)),
        ),
        (
            "事件 通道中断 已接 李书记",
            IncidentFact(
                "事件",
                IncidentWord.CHANNEL_DOWN,
                None,
                (Standing(IncidentState.TAKEN, PersonName("李书记")),),
            ),
        ),
        (
            "事件 紧急 王小宝 未接 已升级 镇值班",
            IncidentFact(
                "事件",
                IncidentWord.EMERGENCY,
                BAO,
                (
                    Standing(IncidentState.OPEN),
                    Standing(IncidentState.ESCALATED, PersonName("镇值班")),
                ),
            ),
        ),
        (
            "事件 投诉 王小宝 已关",
            IncidentFact("事件", IncidentWord.COMPLAINT, BAO, (Standing(IncidentState.CLOSED),)),
        ),
        ("未报 无", MissingFact("未报", ())),
        (
            "未报 王小宝、李大勇 赵敏",
            MissingFact("未报", (BAO, PersonName("李大勇"), PersonName("赵敏"))),
        ),
        ("隔离 王小宝 第14天", ObservationFact("隔离", BAO, day=14)),
        ("隔离 王小宝 解除", ObservationFact("隔离", BAO, is_released=True)),
        ("通知 停集 已发 6", NoticeFact("通知", "停集", NoticeState.SENT, 6)),
        ("通知 明天 停电 待批", NoticeFact("通知", "明天 停电", NoticeState.PENDING)),
        ("通知 停集 已更正", NoticeFact("通知", "停集", NoticeState.CORRECTED)),
    ],
)
def test_every_form_of_the_table(words: str, expected: Fact) -> None:
    assert fact(words) == expected


@pytest.mark.parametrize("word", list(IncidentWord))
def test_every_kind_of_incident_is_known(word: IncidentWord) -> None:
    assert fact(f"事件 {word} 未接") == IncidentFact(
        "事件", word, None, (Standing(IncidentState.OPEN),)
    )


@pytest.mark.parametrize("word", ["待批", "暂缓", "已发", "已取消", "已更正", "已过期"])
def test_every_state_of_a_notice_is_known(word: str) -> None:
    assert fact(f"通知 停集 {word}") == NoticeFact("通知", "停集", NoticeState(word))


@pytest.mark.parametrize(
    "words",
    [
        "",
        "体温 王小宝 38.1",
        "读数 王小宝",
        "读数 王小宝 三十八",
        "读数 王小宝 38.1 很高",
        "读数 王小宝 38.1 早 晚",
        "读数 王小宝 38.1 代报",
        "读数 王伟@五组 36.5",
        "无读数",
        "读数共",
        "读数共 三",
        "待核 -1",
        "事件 火灾",
        "事件",
        "事件 发热 王小宝 快接",
        "事件 发热 王小宝 未接 李书记",
        "未报",
        "隔离 王小宝",
        "隔离 王小宝 第三天",
        "隔离 王小宝 第3天 解除",
        "通知 已发 6",
        "通知 停集",
        "通知 停集 待批 6",
        "通知 停集 发出去了",
    ],
)
def test_what_says_too_little_or_too_much_is_refused(words: str) -> None:
    with pytest.raises(TalkError) as caught:
        fact(words)
    assert caught.value.line == 7
