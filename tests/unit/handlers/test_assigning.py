"""Whose reading it is: what waits, who is asked, what an answer settles, and what is learnt."""

from collections.abc import Iterator

import pytest

from app.world import Someone
from bot.domain.prompts import Prompt
from bot.domain.registry import Account, SameName
from tests.unit.handlers.ground import GROUP, TOWN, VILLAGE, Hamlet, hamlet

CHAT = "三组群"
MORE = (
    [Someone("孙福来")],
    [Someone("孙德贵"), Someone("李秀英", "老伴")],
    [Someone("刘芳"), Someone("刘刚", "老公"), Someone("刘小柱", "儿子")],
)


@pytest.fixture
def village() -> Iterator[Hamlet]:
    with hamlet(homes=MORE) as made:
        yield made


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("老孙头36.8", "老孙头"),
        ("替老孙头报一下36.8", "老孙头"),
        ("隔壁老孙体温36.7", "隔壁老孙"),
        ("后街孙婶36.5", "后街孙婶"),
        ("小翠她爸36.7", "小翠爸"),
        ("黑娃36.8", "黑娃"),
        ("我妈36.5", "妈"),
    ],
)
def test_nobody_is_guessed_at(village: Hamlet, text: str, word: str) -> None:
    village.say("刘芳", text, CHAT)
    assert village.whose() == []
    assert village.waiting() == [("unassigned", word)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("大勇36.5", "李大勇"),
        ("秀英婶36.6", "李秀英"),
        ("小宝奶奶36.6", "张桂芳"),
        ("张桂芳老伴36.6", "王德福"),
        ("三组王德福36.6", "王德福"),
        ("王德福（三组）36.6", "王德福"),
        ("儿子小柱36.6", "刘小柱"),
    ],
)
def test_what_is_said_around_a_name(village: Hamlet, text: str, name: str) -> None:
    with village.stage.begin() as session:
        village.stage.world(session).household(GROUP, [Someone("李大勇")])
    village.say("刘芳", text, CHAT)
    assert [who for who, _ in village.whose()] == [name]
    assert village.waiting() == []


def test_numbers_of_open_questions_do_not_clash(village: Hamlet) -> None:
    village.say("刘芳", "老孙头36.8", CHAT)
    village.say("马强", "孙大爷36.4", CHAT)
    asked = village.rows(Prompt, Prompt.kind == "assign")
    assert [p.values["first"] for p in asked] == [1, 4]
    village.say("王网格", "5")
    assert village.whose() == [("孙德贵", 364)]
    village.say("王网格", "5")
    assert village.waiting() == [("unassigned", "老孙头")]


def test_yes_to_a_number_is_no_choice(village: Hamlet) -> None:
    village.say("王网格", "63.5")
    village.say("刘芳", "老孙头36.8", CHAT)
    village.say("王网格", "1")
    assert village.whose() == [("王网格", 365)]
    village.say("王网格", "3")
    assert village.whose()[1:] == [("孙福来", 368)]


def test_a_name_that_fits_two_questions_is_asked_back(village: Hamlet) -> None:
    village.say("刘芳", "老孙头36.8", CHAT)
    village.say("马强", "孙大爷36.4", CHAT)
    (said,) = village.to("王网格", "孙福来")
    assert "老孙头" in said
    assert "孙大爷" in said
    assert village.whose() == []
    village.say("王网格", "孙大爷是孙福来")
    assert village.whose() == [("孙福来", 364)]


def test_a_word_is_learnt_for_its_speaker_only(village: Hamlet) -> None:
    village.say("刘芳", "老孙头36.8", CHAT)
    village.say("王网格", "2")
    assert [(s.spoken) for s in village.rows(SameName)] == ["老孙头"]
    village.say("刘芳", "老孙头36.9", CHAT)
    assert village.whose() == [("孙德贵", 368), ("孙德贵", 369)]
    village.say("马强", "老孙头36.7", CHAT)
    assert village.waiting() == [("unassigned", "老孙头")]


def test_somebody_of_another_village_is_no_answer(village: Hamlet) -> None:
    with village.stage.begin() as session:
        village.stage.world(session).household((*TOWN, "小庄村"), [Someone("外村人")])
    village.say("刘芳", "老孙头36.8", CHAT)
    (said,) = village.to("王网格", "老孙头是外村人")
    assert "没找到" in said
    assert village.whose() == []


def test_a_stranger_is_bound_to_no_cadre(village: Hamlet) -> None:
    village.say("夜猫子", "36.6", CHAT, ref="wx-x")
    village.say("王网格", "夜猫子是李书记")
    assert [name for name, _ in village.whose()] == ["李书记"]
    (account,) = village.rows(Account, Account.account == "wx-x")
    assert account.resident_id is None


def test_a_list_posted_by_many_is_asked_about_once(village: Hamlet) -> None:
    text = "#接龙\n1. 老孙头 36.8\n2. 马强 36.5"
    for poster in ("马强", "刘芳", "张桂芳"):
        village.say(poster, text, CHAT)
    assert village.waiting() == [("unassigned", "老孙头")]
    told = [words for to, words in village.heard if to == village.ref("王网格")]
    assert sum("老孙头" in words for words in told) == 1
    assert not any("代报" in words for words in told)


def test_a_name_of_two_is_asked_once_for_a_day(village: Hamlet) -> None:
    with village.stage.begin() as session:
        world = village.stage.world(session)
        for group in ("一组", "二组"):
            world.household((*VILLAGE, group), [Someone("王伟"), Someone(f"{group}人", "老伴")])
    village.say("刘芳", "王伟36.5", CHAT)
    village.say("刘芳", "王伟36.6", CHAT)
    assert len(village.rows(Prompt, Prompt.kind == "which")) == 1
    village.say("刘芳", "一组的")
    assert [t for _, t in village.whose()] == [365, 366]
    assert village.waiting() == []


def test_not_one_of_those_goes_to_the_grid_worker(village: Hamlet) -> None:
    with village.stage.begin() as session:
        village.stage.world(session).household(GROUP, [Someone("张伟")])
    village.say("刘芳", "张玮36.5", CHAT)
    village.say("刘芳", "不是")
    assert village.waiting() == [("unassigned", "张玮")]
    village.say("王网格", "不认识")
    assert village.waiting() == []
    assert village.whose() == []
