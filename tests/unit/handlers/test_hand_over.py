"""Open questions: joins, the way up, what is said on, entries out of answers."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.domain.entries import EntryState, LocalEntry
from bot.domain.questions import LastAnswer, OpenQuestion, QuestionAsker, QuestionTally
from tests.unit.handlers.ground import TOWN, Hamlet, hamlet

ROAD = "村口那条路什么时候修好"
ROAD_TOO = "村口的路啥时候能修好啊"
MASK = "口罩多久换一次"


@pytest.fixture
def village() -> Iterator[Hamlet]:
    with hamlet() as made:
        with made.stage.begin() as session:
            made.stage.world(session).cadre("王镇", "镇长", TOWN)
        yield made


def heard(village: Hamlet, name: str) -> list[str]:
    ref = village.ref(name)
    return [text for to, text in village.heard if to == ref]


def code_of(words: str) -> str:
    """The code that a message asks to be said back."""
    return words.split("回 ")[-1][:4]


def signed(village: Hamlet, order: str) -> None:
    village.say("张桂芳", ROAD)
    village.say("王网格", "答 1 开春就修")
    preview = village.to("赵镇", order)[-1]
    village.say("赵镇", code_of(preview))
    village.say("王镇", code_of(heard(village, "王镇")[-1]))


def test_two_askers_one_question_two_answers(village: Hamlet) -> None:
    village.say("张桂芳", ROAD)
    village.say("马强", ROAD_TOO)
    village.say("马强", ROAD_TOO)
    assert len(village.rows(OpenQuestion)) == 1
    assert len(village.rows(QuestionAsker)) == 2
    assert len(heard(village, "王网格")) == 1
    village.say("王网格", "答 1 开春就修")
    for name in ("张桂芳", "马强"):
        assert sum("开春就修" in text for text in heard(village, name)) == 1


def test_an_answer_of_today_is_told_again_and_tomorrow_asked_again(village: Hamlet) -> None:
    village.say("张桂芳", ROAD)
    village.say("王网格", "答 1 开春就修")
    assert "开春就修" in village.to("马强", ROAD_TOO)[0]
    assert len(village.rows(OpenQuestion)) == 1
    village.later(24 * 60)
    assert not any("开春就修" in text for text in village.to("马强", ROAD_TOO))
    assert len(village.rows(OpenQuestion)) == 2


def test_a_body_s_question_joins_nobody_else_s(village: Hamlet) -> None:
    for name in ("张桂芳", "马强", "马强"):
        village.say(name, "布洛芬一次吃几片")
    assert len(village.rows(OpenQuestion, OpenQuestion.kind == "doctor")) == 2
    assert len([t for t in heard(village, "张大夫") if "布洛芬" in t]) == 2


def test_words_without_a_topic_join_nobody_else_s(village: Hamlet) -> None:
    village.say("张桂芳", "那到底什么时候")
    village.say("马强", "那到底什么时候")
    village.say("马强", "那到底什么时候")
    assert len(village.rows(OpenQuestion)) == 2


def test_overdue_goes_up_the_ladder_and_each_hears_once(village: Hamlet) -> None:
    village.say("张桂芳", ROAD)
    village.later(5 * 24 * 60)
    for name in ("王网格", "李书记", "赵镇", "王镇"):
        assert sum(ROAD in text for text in heard(village, name)) == 1, name
    village.say("王镇", "答 1 开春就修")
    assert "开春就修" in heard(village, "张桂芳")[-1]


@pytest.mark.parametrize(
    ("hour", "due"), [(0, 10), (5, 10), (6, 10), (9, 13), (16, 18), (17.5, 34), (22, 34)]
)
def test_nobody_owes_an_answer_at_night(hour: float, due: int) -> None:
    minutes = round(hour * 60)
    start = datetime(2020, 2, 2, 16, tzinfo=UTC)  # midnight in China
    with hamlet(start) as village:
        village.later(minutes)
        village.say("张桂芳", ROAD)
        (question,) = village.rows(OpenQuestion)
        assert (question.due_at - start).total_seconds() / 3600 == due


def test_an_answer_becomes_an_entry_signed_by_two(village: Hamlet) -> None:
    signed(village, "收录 1 出处 镇政府2月2日通告 有效到2020年2月20日")
    (entry,) = village.rows(LocalEntry)
    assert (entry.state, entry.answer) == (EntryState.SIGNED, "开春就修")
    assert entry.author_id == village.resident("赵镇").id
    assert entry.approved_by == village.resident("王镇").id
    words = village.to("马强", ROAD_TOO)[0]
    assert "开春就修" in words
    assert "出处：镇政府通告，2020年2月2日" in words
    assert "下架" in village.to("赵镇", f"下架 {entry.id}")[0]
    village.later(24 * 60)
    assert not any("开春就修" in text for text in village.to("马强", ROAD_TOO))


def test_a_changed_entry_shows_what_it_said_and_takes_its_place(village: Hamlet) -> None:
    signed(village, "收录 1 出处 镇政府")
    preview = village.to("赵镇", "收录 1 三月底修完 出处 镇政府")[-1]
    assert "原来答的是：开春就修" in preview
    assert "三月底修完" in preview
    village.say("赵镇", code_of(preview))
    assert "开春就修" in village.to("马强", ROAD_TOO)[0], "until both have signed the old one holds"
    village.say("王镇", code_of(heard(village, "王镇")[-1]))
    assert "三月底修完" in village.to("马强", ROAD_TOO)[0]
    states = [entry.state for entry in village.rows(LocalEntry)]
    assert states == [EntryState.RETIRED, EntryState.SIGNED]


@pytest.mark.parametrize(
    ("name", "order", "said"),
    [
        ("赵镇", "收录 1", "出处"),
        ("赵镇", "收录 1 出处", "出处"),
        ("赵镇", "收录 99 出处 镇政府", "99"),
        ("赵镇", "收录 1 出处 镇政府 2月31日", "2月31日"),
        ("赵镇", "收录 1 出处 镇政府 有效到2020年1月1日", "过了"),
        ("赵镇", f"收录 1 {'长' * 121} 出处 镇政府", "121"),
        ("王网格", "收录 1 出处 镇政府", "镇里"),
        ("孙网格", "收录 1 出处 镇政府", "镇里"),
    ],
)
def test_what_is_not_taken_in(village: Hamlet, name: str, order: str, said: str) -> None:
    village.say("张桂芳", ROAD)
    village.say("王网格", "答 1 开春就修")
    assert said in village.to(name, order)[0]
    assert not village.rows(LocalEntry)


def test_neither_doses_nor_open_ones_are_taken_in(village: Hamlet) -> None:
    village.say("张桂芳", ROAD)
    assert "没有能收录的" in village.to("赵镇", "收录 1 出处 镇政府")[0]
    village.say("马强", "布洛芬一次吃几片")
    village.say("张大夫", "答 2 来卫生室")
    assert "大夫" in village.to("赵镇", "收录 2 出处 卫生院")[0]
    assert not village.rows(LocalEntry)


def test_the_author_cannot_be_the_second(village: Hamlet) -> None:
    village.say("张桂芳", ROAD)
    village.say("王网格", "答 1 开春就修")
    code = code_of(village.to("赵镇", "收录 1 出处 镇政府")[-1])
    village.say("王镇", code)
    village.say("马强", code)
    assert village.rows(LocalEntry)[0].state == EntryState.DRAFT
    village.say("赵镇", code)
    village.say("赵镇", code)
    village.say("赵镇", code_of(heard(village, "王镇")[-1]))
    assert village.rows(LocalEntry)[0].state == EntryState.PENDING


def test_alone_nobody_signs() -> None:
    with hamlet() as village:
        village.say("张桂芳", ROAD)
        village.say("王网格", "答 1 开春就修")
        assert "第二个人" in village.to("赵镇", "收录 1 出处 镇政府")[0]


def test_thanks_are_answered_once(village: Hamlet) -> None:
    assert not village.to("马强", "谢谢")
    village.say("马强", MASK)
    assert village.to("马强", "谢谢啊") == ["不客气。"]
    assert not village.to("马强", "谢谢")
    village.say("马强", f"小守 {MASK}", "三组群")
    assert not village.say("马强", "谢谢", "三组群")
    assert not village.say("马强", "小守 谢谢", "三组群")


def test_a_doubt_waits_for_a_person_once(village: Hamlet) -> None:
    for name in ("马强", "张桂芳"):
        village.say(name, MASK)
        assert "核实" in village.to(name, "不对吧")[0]
    (question,) = village.rows(OpenQuestion)
    assert question.kind == "doubt"
    assert len(village.rows(QuestionAsker)) == 2


def test_who_answered_does_not_judge_the_doubt_about_it(village: Hamlet) -> None:
    village.say("马强", ROAD)
    village.say("王网格", "答 1 开春就修")
    assert "李书记" in village.to("马强", "不对，听说不修了")[0]
    assert "不修了" in heard(village, "李书记")[-1]
    assert len(heard(village, "王网格")) == 2


@pytest.mark.parametrize("between", ["36.5", "后山那条路什么时候修"])
def test_wrong_is_no_doubt_where_something_came_between(village: Hamlet, between: str) -> None:
    village.say("马强", MASK)
    village.later(1)
    village.say("马强", between)
    village.later(1)
    village.say("马强", "不对")
    assert not village.rows(OpenQuestion, OpenQuestion.kind == "doubt")


def test_another_case_never_gets_the_same_answer(village: Hamlet) -> None:
    village.say("马强", MASK)
    said = village.to("马强", "那唱戏的呢")
    assert not any("8小时" in text for text in said)
    assert MASK in village.rows(OpenQuestion)[0].text


def test_a_whole_question_is_not_of_the_one_before(village: Hamlet) -> None:
    village.say("马强", MASK)
    said = village.to("马强", "要是发烧了怎么办")
    assert any("发烧" in text or "大夫" in text for text in said)
    assert not any(MASK in row.text for row in village.rows(OpenQuestion))


def test_each_case_is_a_question_of_its_own(village: Hamlet) -> None:
    village.say("马强", "快递要不要消毒")
    for text in ("那外卖呢", "那蔬菜呢"):
        village.say("马强", text)
    assert [row.text.count("接着") for row in village.rows(OpenQuestion)] == [1, 1]


@pytest.mark.parametrize(
    ("first", "on", "said"),
    [
        ("喝酒能防病毒吗", "那大蒜呢", "大蒜"),
        ("喝酒能防病毒吗", "抽烟呢", "抽烟"),
        ("口罩咋戴才对", "那孩子呢", "3岁"),
        ("口罩咋戴才对", "那孕妇呢", "大夫"),
        ("84消毒液怎么兑", "那酒精呢", "王网格"),
    ],
)
def test_a_thing_in_the_place_of_a_thing(village: Hamlet, first: str, on: str, said: str) -> None:
    village.say("马强", first)
    assert said in village.to("马强", on)[0]


def test_of_a_dose_it_goes_on_to_the_doctor(village: Hamlet) -> None:
    village.say("马强", "布洛芬一次吃几片")
    assert "大夫" in village.to("马强", "那孩子呢")[0]
    assert not village.rows(OpenQuestion, OpenQuestion.kind == "cadre")


def test_long_after_nobody_knows_what_is_meant(village: Hamlet) -> None:
    village.say("马强", MASK)
    village.later(90)
    village.say("马强", "那孩子呢")
    assert not any(MASK in row.text for row in village.rows(OpenQuestion))


def test_what_neighbours_ask_each_other_is_counted(village: Hamlet) -> None:
    village.say("马强", f"{MASK}？", "三组群")
    village.say("张桂芳", f"{MASK}？", "三组群")
    village.say("马强", f"嫂子 你那{MASK}", "三组群")
    village.say("马强", "吃了吗", "三组群")
    village.say("马强", f"小守 {MASK}", "三组群")
    found = {row.outcome: row.count for row in village.rows(QuestionTally)}
    assert found == {"answered": 1, "repeated": 1, "neighbours": 1}


def test_last_answers_are_forgotten(village: Hamlet) -> None:
    village.say("马强", MASK)
    assert village.rows(LastAnswer)
    village.later(5 * 24 * 60)
    assert not village.rows(LastAnswer)
