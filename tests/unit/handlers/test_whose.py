"""Questions about whose a reading is: asked at once, handed on in time, none of a batch lost."""

from collections.abc import Iterator

import pytest

from app.world import Someone
from bot.domain.incidents import Incident
from bot.domain.prompts import Prompt
from bot.domain.registry import SameName
from tests.unit.handlers.ground import VILLAGE, Hamlet, account_of, hamlet

CHAT = "三组群"
HOUSES = (
    [Someone("刘芳"), Someone("刘大宝", "孩子"), Someone("刘二宝", "孩子")],
    [Someone("赵金山"), Someone("孙秀兰", "老伴"), Someone("赵小翠", "闺女")],
    [Someone("孙福来")],
    [Someone("孙德贵")],
    [Someone("张伟")],
    [Someone("赵敏")],
)
BATCH = (
    "老孙头",
    "老李头",
    "铁蛋",
    "栓柱",
    "狗剩",
    "老周头",
    "三胖",
    "福顺",
    "秋生",
    "小顺子",
    "大壮",
    "铁柱",
)


@pytest.fixture
def village() -> Iterator[Hamlet]:
    with hamlet(homes=HOUSES) as made:
        yield made


def told(village: Hamlet, name: str, word: str) -> list[str]:
    """What somebody heard that holds a word."""
    return [text for to, text in village.heard if to == village.ref(name) and word in text]


def test_an_unanswered_question_is_handed_on_once(village: Hamlet) -> None:
    village.say("刘芳", "娃36.5", CHAT)
    village.later(119)
    assert village.waiting() == [("which", "娃")]
    assert told(village, "王网格", "娃") == []
    village.later(2)
    assert village.waiting() == [("unassigned", "娃")]
    village.later(300)
    (said,) = told(village, "王网格", "娃")
    assert "刘大宝" in said
    assert "刘二宝" in said
    village.say("王网格", "2")
    assert village.whose() == [("刘二宝", 365)]
    assert village.waiting() == []


def test_after_that_its_speaker_may_still_answer(village: Hamlet) -> None:
    village.say("刘芳", "娃36.5", CHAT)
    village.later(150)
    village.say("刘芳", "1")
    assert village.whose() == [("刘大宝", 365)]
    village.say("王网格", "2")
    assert village.whose() == [("刘大宝", 365)]
    assert village.rows(Prompt, Prompt.closed_at.is_(None)) == []  # type: ignore[union-attr]  # a column here


def test_one_message_hands_on_all_of_a_speaker(village: Hamlet) -> None:
    village.say("刘芳", "娃36.5 张玮36.6", CHAT)
    village.later(121)
    (said,) = told(village, "王网格", "没回音")
    assert "娃 36.5" in said
    assert "张玮 36.6" in said


def test_a_recalled_question_is_not_handed_on(village: Hamlet) -> None:
    village.say("刘芳", "娃36.5", CHAT)
    last = village.stage.last
    assert last is not None
    village.stage.event(
        "recalled", last["chat"]["id"], True, village.ref("刘芳"), "刘芳", ref=last["id"]
    )
    village.later(150)
    assert told(village, "王网格", "娃") == []


def test_a_word_for_one_of_two_children_is_learnt(village: Hamlet) -> None:
    village.say("刘芳", "娃36.5", CHAT)
    (said,) = village.to("刘芳", "二宝")
    assert "以后" in said
    assert [s.spoken for s in village.rows(SameName)] == ["娃"]
    village.later(24 * 60)
    village.say("刘芳", "娃36.6", CHAT)
    assert village.whose() == [("刘二宝", 365), ("刘二宝", 366)]
    assert village.waiting() == []


def test_another_number_may_be_of_the_other_child(village: Hamlet) -> None:
    village.say("刘芳", "娃36.5", CHAT)
    village.say("刘芳", "二宝")
    village.say("刘芳", "娃36.8", CHAT)
    assert village.waiting() == [("which", "娃 36.8")]
    village.say("刘芳", "大宝")
    assert village.whose() == [("刘二宝", 365), ("刘大宝", 368)]
    assert {s.resident_id for s in village.rows(SameName)} == {village.resident("刘二宝").id}


def test_two_words_are_asked_about_in_one_message(village: Hamlet) -> None:
    said = village.to("刘芳", "大的36.5 小的36.6", CHAT)
    assert len(said) == 1
    village.say("刘芳", "是")
    assert village.whose() == []
    village.say("刘芳", "1 4")
    assert village.whose() == [("刘大宝", 365), ("刘二宝", 366)]


def test_none_of_a_long_batch_is_lost(village: Hamlet) -> None:
    text = "三组早 " + " ".join(f"{name}36.{i % 9}" for i, name in enumerate(BATCH))
    said = [t for t in village.to("王网格", text) if "老孙头" in t]
    assert len(said) == 1
    assert [name for name in BATCH if name not in said[0]] == []
    assert len(village.waiting()) == len(BATCH)
    village.say("王网格", "大壮是孙德贵")
    village.say("王网格", "铁蛋不是")
    village.say("王网格", "1")
    assert [name for name, _ in village.whose()] == ["孙德贵", "孙福来"]
    assert len(village.waiting()) == len(BATCH) - 3
    village.say("王网格", "都不是")
    assert village.waiting() == []


def test_no_choice_could_be_a_temperature(village: Hamlet) -> None:
    for speaker in ("刘芳", "马强", "赵敏"):
        for name in ("老孙头", "小孙", "孙大爷", "孙叔", "孙伯"):
            village.say(speaker, f"{name}36.5", CHAT)
    numbers = [
        prompt.values["first"] + at
        for prompt in village.rows(Prompt, Prompt.kind == "assign")
        for at in range(len(prompt.values["resident_ids"]))
    ]
    assert max(numbers) > 33
    assert not [n for n in numbers if 33 <= n <= 43]


def test_not_one_of_several_says_which(village: Hamlet) -> None:
    village.say("王网格", "老孙头36.5 小孙36.7")
    (said,) = village.to("王网格", "不是")
    assert "写明" in said
    assert len(village.waiting()) == 2


def test_a_cadre_is_asked_where_no_grid_worker_can_be(village: Hamlet) -> None:
    refs = [village.ref(name) for name in ("王网格", "孙网格", "李书记")]
    with village.stage.begin() as session:
        village.stage.world(session).cadre("吴主任", "督导员", (*VILLAGE, "四组"))
        for ref in refs:
            account_of(session, ref).has_private_way = False
    assert [t for t in village.to("吴主任", "铁蛋36.5") if "铁蛋" in t]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("小翠她爸喘不上气", "赵金山"),
        ("小翠她妈昏迷了叫不醒", "孙秀兰"),
        ("三组赵金山喘不上气了", "赵金山"),
        ("我喘不上气", "刘芳"),
    ],
)
def test_danger_finds_its_person(village: Hamlet, text: str, name: str) -> None:
    village.say("刘芳", text, CHAT)
    (incident,) = village.rows(Incident)
    assert incident.resident_id == village.resident(name).id


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我爸喘不上气", "刘芳的爸"),
        ("老孙头喘不上气", "老孙头（可能是孙福来"),
        ("隔壁老孙喘不上气", "孙德贵"),
    ],
)
def test_danger_of_somebody_unknown_is_nobody_elses(village: Hamlet, text: str, words: str) -> None:
    village.say("刘芳", text, CHAT)
    village.say("刘芳", text, CHAT)
    (incident,) = village.rows(Incident)
    assert incident.resident_id is None
    assert words in incident.summary
    assert words in told(village, "张大夫", "紧急")[0]


def test_a_complaint_of_somebody_unknown_reaches_the_grid_worker(village: Hamlet) -> None:
    village.say("刘芳", "小翠她爸发烧了", CHAT)
    village.say("刘芳", "老孙头咳嗽发烧", CHAT)
    first, second = village.rows(Incident)
    assert first.resident_id == village.resident("赵金山").id
    assert second.resident_id is None
    assert "孙福来" in told(village, "王网格", "老孙头")[0]


def test_an_unclear_number_of_somebody_elses_relative(village: Hamlet) -> None:
    (said,) = village.to("刘芳", "小翠她爸63.5")
    assert "赵金山" in said
    village.say("刘芳", "是")
    assert village.whose() == [("赵金山", 365)]


def test_said_again_with_a_clear_name_it_is_answered(village: Hamlet) -> None:
    village.say("刘芳", "娃38.5", CHAT)
    village.say("刘芳", "刘大宝38.5", CHAT)
    assert village.whose() == [("刘大宝", 385)]
    assert village.waiting() == []
    (incident,) = village.rows(Incident)
    assert incident.resident_id == village.resident("刘大宝").id
    village.later(150)
    assert told(village, "王网格", "没回音") == []


def test_another_number_answers_nothing(village: Hamlet) -> None:
    village.say("刘芳", "娃36.5", CHAT)
    village.say("刘芳", "刘大宝36.7", CHAT)
    assert village.waiting() == [("which", "娃")]


def test_a_pet_name_may_be_of_the_house(village: Hamlet) -> None:
    (said,) = village.to("刘芳", "小宝36.5", CHAT)
    assert all(name in said for name in ("刘大宝", "刘二宝", "王小宝"))
    village.say("马强", "小宝36.6", CHAT)
    assert village.whose() == [("王小宝", 366)]


def test_one_of_the_house_by_a_pet_name(village: Hamlet) -> None:
    (said,) = village.to("赵金山", "翠翠36.5", CHAT)
    assert "赵小翠" in said
    village.say("赵金山", "是")
    village.later(24 * 60)
    village.say("赵金山", "翠翠36.6", CHAT)
    assert village.whose() == [("赵小翠", 365), ("赵小翠", 366)]


def test_a_word_said_before_the_numbers_tells_the_later_one(village: Hamlet) -> None:
    village.say("赵小翠", "我和俺爸36.5 36.6", CHAT)
    assert village.whose() == [("赵小翠", 365), ("赵金山", 366)]
