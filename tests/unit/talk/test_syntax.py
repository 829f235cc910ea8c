"""The talk format: what each line becomes, and which lines are refused."""

from datetime import date, datetime, timedelta

import pytest

from app.talk.errors import TalkError
from app.talk.items import Pattern
from app.talk.names import ChatName, PersonName
from app.talk.steps import (
    BotRemoved,
    CadreDef,
    CareRole,
    ChatDef,
    ChatWord,
    EnterChat,
    ExpectFact,
    ExpectLike,
    ExpectLine,
    ExpectNever,
    ExpectQuiet,
    HouseholdDef,
    Join,
    Leave,
    Member,
    NoPrivateDef,
    ObservationDef,
    OwesDef,
    PlaceDef,
    QuotedLine,
    Recall,
    RenameDef,
    Repeat,
    RoleWord,
    Rules,
    Say,
    SetTime,
    Step,
    TeamDef,
)
from app.talk.syntax import parse_talk

START = """# 一个对话
时间 2020-02-03 08:12
地点 朝阳县/柳树沟镇/柳树沟村/三组
地点 朝阳县/柳树沟镇/柳树沟村/十三组
地点 朝阳县/柳树沟镇/大营村/二组
群 三组群 三组 村民
[三组群]
"""
GROUP = ChatName("三组群")
THREE = ("朝阳县", "柳树沟镇", "柳树沟村", "三组")


def step(line: str, before: str = START) -> Step:
    """The step that one line, put behind a usual beginning, becomes."""
    return parse_talk(before + line + "\n", "试").steps[-1]


def said(line: str) -> Say:
    """The same for something said."""
    found = step(line)
    assert isinstance(found, Say)
    return found


def test_the_example_of_the_format_reads_whole() -> None:
    talk = parse_talk(EXAMPLE, "例子")
    assert talk.title == "一家三口，孙子发热"
    assert talk.is_loose
    kinds = [type(found).__name__ for found in talk.steps]
    assert kinds.count("Say") == 6
    assert kinds.count("ExpectFact") == 1
    relay = next(found for found in talk.steps if isinstance(found, Say))
    assert relay.text == "我36.5 老伴36.7 孙子38.1\n第二行"
    assert (relay.line, relay.end) == (17, 18)
    assert relay.raw == "张桂芳：我36.5 老伴36.7 孙子38.1"


def test_a_time_is_of_china_and_may_have_seconds() -> None:
    found = step("时间 2020-02-03 08:12:30")
    assert isinstance(found, SetTime)
    assert found.at.isoformat() == "2020-02-03T08:12:30+08:00"
    assert found.at.utcoffset() == timedelta(hours=8)
    again = step("时间 2020-02-03 08：13")
    assert isinstance(again, SetTime)
    assert again.at.replace(tzinfo=None) == datetime(2020, 2, 3, 8, 13)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("规则 cn-2020-01", Rules),
        ("地点 朝阳县/柳树沟镇/柳树沟村/四组", PlaceDef),
        ("重复", Repeat),
        ("撤回", Recall),
        ("机器人被移出", BotRemoved),
        ("进群 孙老三", Join),
        ("退群 王海", Leave),
        ("静", ExpectQuiet),
        ("[私 张桂芳]", EnterChat),
        ("无私聊 马强", NoPrivateDef),
    ],
)
def test_lines_of_one_word_or_one_name(line: str, kind: type[Step]) -> None:
    assert isinstance(step(line, START + "马强：来了\n"), kind)


def test_a_household_has_kin_and_flags() -> None:
    found = step("户 三组：张桂芳（独居,无手机），王小宝(孙子、无手机)、王德福（老伴）")
    assert isinstance(found, HouseholdDef)
    assert found.place == THREE
    assert found.members == (
        Member("张桂芳", has_phone=False, lives_alone=True),
        Member("王小宝", "孙子", has_phone=False),
        Member("王德福", "老伴"),
    )


def test_cadres_teams_observations_and_duties() -> None:
    cadre = step("干部 李书记 村支书 柳树沟村")
    assert isinstance(cadre, CadreDef)
    assert (cadre.role, cadre.place) == (RoleWord.VILLAGE_SECRETARY, THREE[:3])
    watched = step("隔离 王海 三组 湖北 2020-01-24")
    assert isinstance(watched, ObservationDef)
    assert (watched.origin, watched.arrived_on) == ("湖北", date(2020, 1, 24))
    team = step("包保 王海:赵敏（主）,张大夫(副)、刘树林")
    assert isinstance(team, TeamDef)
    assert [one.role for one in team.members] == [
        CareRole.PRIMARY,
        CareRole.DEPUTY,
        CareRole.MEMBER,
    ]
    owing = step("应报 三组、张桂芳 早晚")
    assert isinstance(owing, OwesDef)
    assert (owing.places, owing.people) == ((THREE,), (PersonName("张桂芳"),))
    assert (owing.morning, owing.evening) == (True, True)
    evening = step("应报 张桂芳 晚")
    assert isinstance(evening, OwesDef)
    assert (evening.morning, evening.evening) == (False, True)
    chat = step("群 干部群 柳树沟村 干部")
    assert isinstance(chat, ChatDef)
    assert chat.kind is ChatWord.CADRES
    renamed = step("改名 李大勇 勇敢牛牛")
    assert isinstance(renamed, RenameDef)
    assert renamed.shown == "勇敢牛牛"


@pytest.mark.parametrize(
    "words", ["三组", "柳树沟村三组", "柳树沟村/三组", "朝阳县/柳树沟镇/柳树沟村/三组"]
)
def test_a_place_is_named_by_its_last_words(words: str) -> None:
    found = step(f"户 {words}：张桂芳")
    assert isinstance(found, HouseholdDef)
    assert found.place == THREE


def test_a_name_that_two_places_share_must_say_which() -> None:
    two = START + "地点 朝阳县/柳树沟镇/大营村/三组\n"
    with pytest.raises(TalkError, match="有 2 个"):
        step("户 三组：张桂芳", two)
    found = step("王伟@大营村三组：36.6", two)
    assert isinstance(found, Say)
    assert found.speaker == PersonName("王伟", ("朝阳县", "柳树沟镇", "大营村", "三组"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("张桂芳（语音）：三十六度五", (True, False, None, "三十六度五")),
        ("张桂芳(语音):", (True, False, None, "")),
        ("天气助手（机器人）：今天-17到-6℃", (False, True, None, "今天-17到-6℃")),
        (
            "李大勇（引用 马强：38.2）：强子咋了",
            (False, False, QuotedLine(PersonName("马强"), "38.2"), "强子咋了"),
        ),
        (
            "李大勇 (语音) (引用 马强:早上(腋下)38.2)：咋了：真的",
            (True, False, QuotedLine(PersonName("马强"), "早上(腋下)38.2"), "咋了：真的"),
        ),
    ],
)
def test_what_stands_before_the_colon(
    line: str, expected: tuple[bool, bool, QuotedLine | None, str]
) -> None:
    found = said(line)
    assert (found.is_voice, found.is_bot, found.quote, found.text) == expected


def test_placeholders_stay_and_a_place_may_follow_the_speaker() -> None:
    found = said("王网格@柳树沟村：取消 {号}，{码}")
    assert found.speaker == PersonName("王网格", THREE[:3])
    assert found.text == "取消 {号}，{码}"
    assert found.chat == GROUP


def test_a_message_may_begin_on_its_second_line() -> None:
    talk = parse_talk(START + "刘芳：\n| #接龙\n\n# 批注\n|  1. 王桂芝 36.5\n|\n｜末行\n静\n", "试")
    found = talk.steps[-2]
    assert isinstance(found, Say)
    assert found.text == "#接龙\n 1. 王桂芝 36.5\n\n末行"
    assert (found.line, found.end) == (8, 14)


def test_bot_lines_are_exact_or_patterns() -> None:
    line = step("机器人：已记 3 人。\n| 第二行")
    assert isinstance(line, ExpectLine)
    assert line.text == "已记 3 人。\n第二行"
    like = step("机器人～王小宝 & 38.1 ＆ 接/收到 & ！电话 & !手机/号码")
    assert isinstance(like, ExpectLike)
    assert like.pattern == Pattern(
        (("王小宝",), ("38.1",), ("接", "收到")), ("电话", "手机", "号码")
    )
    never = step("没说~王小宝 & !演练")
    assert isinstance(never, ExpectNever)


def test_private_chats_are_told_from_groups() -> None:
    enter = step("[私 王伟@三组]")
    assert isinstance(enter, EnterChat)
    assert enter.chat == ChatName("王伟", True, THREE)
    assert str(enter.chat) == "私 王伟@三组"


def test_a_fact_knows_its_chat() -> None:
    found = step("= 发言 2")
    assert isinstance(found, ExpectFact)
    assert found.chat == GROUP


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    talk = parse_talk("\ufeff" + EXAMPLE.replace("\n", "\r\n"), "试")
    assert [type(a) for a in talk.steps] == [type(a) for a in parse_talk(EXAMPLE, "试").steps]
    assert talk.title == "一家三口，孙子发热"


@pytest.mark.parametrize(
    "line",
    [
        "这一行什么都不是",
        "明天 早上 8:00 开会",
        "时间 2020-2-3 8:12",
        "时间 08:40",
        "时间 2020-02-30 08:12",
        "时间 2020-02-03 24:12",
        "时间 2020-02-03 08:11",
        "时间：2020-02-03 08:13",
        "宽松 一点",
        "规则",
        "地点 朝阳县//三组",
        "户 三组",
        "户 五组：张桂芳",
        "户 三组：",
        "户 三组：张桂芳（独居",
        "户 三组：王小宝（孙子、外孙）",
        "干部 李书记 书记 柳树沟村",
        "干部 李书记 村支书",
        "隔离 王海 三组 湖北",
        "隔离 王海 三组 湖北 1月24日",
        "包保 王海：赵敏（正）",
        "包保 王海",
        "应报 三组",
        "应报 三组 中",
        "群 三组群 三组 村民",
        "群 五组群 三组 闲聊",
        "无私聊",
        "改名 李大勇",
        "[四组群]",
        "[三组群",
        "[私 ]",
        "张桂芳（大声）：36.5",
        "张桂芳（引用 马强）：36.5",
        "张桂芳（引用 马强：38.2：36.5",
        "张桂芳@五组：36.5",
        "机器人~",
        "机器人~王小宝 & ",
        "机器人~接/",
        "没说：王小宝",
        "静悄悄",
        "发言 2",
        "撤回",
        "= 读数",
        "= 天气 晴",
        "| 接在谁后面",
    ],
)
def test_a_line_that_fits_nothing_is_named_by_its_number(line: str) -> None:
    with pytest.raises(TalkError) as caught:
        step(line)
    assert caught.value.line == START.count("\n") + 1
    assert str(caught.value.line) in str(caught.value)


@pytest.mark.parametrize("line", ["静", "张桂芳：36.5", "机器人：好", "= 发言 1", "进群 孙老三"])
def test_what_belongs_to_a_chat_needs_one(line: str) -> None:
    with pytest.raises(TalkError, match="先用"):
        parse_talk("时间 2020-02-03 08:12\n" + line, "试")


@pytest.mark.parametrize("line", ["机器人被移出", "退群 王海"])
def test_membership_is_a_matter_of_groups(line: str) -> None:
    with pytest.raises(TalkError, match="群里"):
        step(line, START + "[私 王海]\n")


def test_nobody_speaks_before_the_clock_stands() -> None:
    with pytest.raises(TalkError, match="时间"):
        parse_talk("[私 张桂芳]\n张桂芳：36.5", "试")


def test_a_pattern_does_not_go_on() -> None:
    with pytest.raises(TalkError) as caught:
        step("机器人~王小宝\n| 38.1")
    assert caught.value.line == START.count("\n") + 2


EXAMPLE = """# 一家三口，孙子发热
时间 2020-02-03 08:12
宽松
规则 cn-2020-01
地点 朝阳县/柳树沟镇/柳树沟村/三组
户 三组：张桂芳、王德福（老伴）、王小宝（孙子）
户 三组：李奶奶（无手机）
干部 李书记 村支书 柳树沟村
隔离 王海 三组 湖北 2020-01-24
包保 王海：赵敏（主）、张大夫（副）、刘树林
应报 三组 早晚
群 三组群 三组 村民
无私聊 马强
改名 李大勇 勇敢牛牛

[三组群]
张桂芳：我36.5 老伴36.7 孙子38.1
| 第二行
张桂芳（语音）：三十六度五
李大勇（引用 马强：38.2）：强子咋了
天气助手（机器人）：今天-17到-6℃
王伟@三组：36.6
王网格：{码}
重复
撤回
进群 孙老三
退群 王海
机器人被移出
[私 张桂芳]
静
机器人：已记 3 人。
机器人~王小宝 & 38.1 & 接/收到 & !电话
没说~王小宝 & 38.1
= 读数 王小宝 38.1 发热 早
"""
