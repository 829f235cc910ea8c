"""`--update`: the talk says what the bot said, nothing else changes."""

from datetime import UTC, datetime

from app.talk.items import BotLine
from app.talk.names import ChatName
from app.talk.syntax import parse_talk
from app.talk.update import rewrite, update_lines

GROUP = ChatName("三组群")
DOCTOR = ChatName("张大夫", True)
NOON = datetime(2020, 2, 3, 4, 0, tzinfo=UTC)
HEAD = """# 试
时间 2020-02-03 08:12
地点 朝阳县/柳树沟镇/柳树沟村/三组
群 三组群 三组 村民
"""


def updated(body: str, *said: tuple[ChatName, str, str], head: str = HEAD) -> str:
    """The body after an update; a bot line is its chat, its text and the raw line that ran."""
    talk = parse_talk(head + body, "试")
    raws = [step.raw for step in talk.steps]
    lines = [
        BotLine(chat, text, NOON, number, raws.index(during))
        for number, (chat, text, during) in enumerate(said)
    ]
    return rewrite(talk.text, update_lines(talk, lines)).removeprefix(head)


def test_rewrite_replaces_takes_away_and_keeps_the_rest() -> None:
    assert rewrite("一\n二\n三\n", {2: ["甲", "乙"], 3: []}) == "一\n甲\n乙\n"
    assert rewrite("一\r\n二\r\n", {2: ["甲", "乙"]}) == "一\r\n甲\r\n乙\r\n"


def test_a_wrong_line_is_rewritten_whole() -> None:
    body = "[私 张大夫]\n张大夫：接\n机器人：旧话\n| 旧二行\n= 待核 0\n"
    assert updated(body, (DOCTOR, "新话\n新二行", "张大夫：接")) == (
        "[私 张大夫]\n张大夫：接\n机器人：新话\n| 新二行\n= 待核 0\n"
    )


def test_what_is_right_stays_as_it_is_with_its_comments() -> None:
    body = "[私 张大夫]\n张大夫：接\n机器人：好\n# 批注\n| 二行\n"
    assert updated(body, (DOCTOR, "好\n二行", "张大夫：接")) == body


def test_a_line_that_was_not_said_becomes_silence() -> None:
    body = "[三组群]\n马强：38.2\n机器人：收到\n"
    assert updated(body) == "[三组群]\n马强：38.2\n静\n"


def test_a_line_behind_its_cause_is_put_in() -> None:
    body = "[私 张大夫]\n张大夫：接\n= 待核 0\n"
    assert updated(body, (DOCTOR, "已接", "张大夫：接")) == (
        "[私 张大夫]\n张大夫：接\n机器人：已接\n= 待核 0\n"
    )


def test_a_broken_silence_becomes_what_was_said_in_a_strict_talk_only() -> None:
    body = "[三组群]\n马强：38.2\n静\n"
    line = (GROUP, "收到", "马强：38.2")
    assert updated(body, line) == "[三组群]\n马强：38.2\n机器人：收到\n"
    assert updated(body, line, head="宽松\n" + HEAD) == body


def test_a_line_in_a_chat_that_is_entered_later_goes_there() -> None:
    body = "[三组群]\n马强：38.2\n静\n[私 张大夫]\n张大夫：接\n机器人：已接\n"
    assert updated(
        body, (DOCTOR, "马强 38.2", "马强：38.2"), (DOCTOR, "已接", "张大夫：接")
    ) == body.replace("[私 张大夫]\n", "[私 张大夫]\n机器人：马强 38.2\n")


def test_a_line_in_a_chat_never_entered_gets_a_heading_and_the_talk_goes_back() -> None:
    body = "[三组群]\n马强：38.2\n静\n时间 2020-02-03 08:40\n静\n"
    assert updated(body, (DOCTOR, "马强 38.2", "马强：38.2")) == (
        "[三组群]\n马强：38.2\n静\n[私 张大夫]\n机器人：马强 38.2\n[三组群]\n"
        "时间 2020-02-03 08:40\n静\n"
    )
    assert updated("[三组群]\n马强：38.2\n静\n", (DOCTOR, "马强 38.2", "马强：38.2")) == (
        "[三组群]\n马强：38.2\n静\n[私 张大夫]\n机器人：马强 38.2\n"
    )


def test_lines_that_a_pattern_asks_for_are_left_to_it() -> None:
    body = "[私 张大夫]\n张大夫：接\n机器人~已接\n"
    assert updated(body, (DOCTOR, "马强 已接", "张大夫：接")) == body


def test_silence_after_a_repeat_is_kept() -> None:
    body = "[私 张大夫]\n张大夫：接\n机器人：已接\n重复\n静\n"
    assert updated(body, (DOCTOR, "已接", "张大夫：接")) == body


def test_an_updated_talk_changes_no_more() -> None:
    body = "[三组群]\n马强：38.2\n静\n[私 张大夫]\n"
    once = updated(body, (DOCTOR, "甲", "马强：38.2"), (DOCTOR, "乙", "马强：38.2"))
    assert once == body + "机器人：甲\n机器人：乙\n"
    assert updated(once, (DOCTOR, "甲", "马强：38.2"), (DOCTOR, "乙", "马强：38.2")) == once
