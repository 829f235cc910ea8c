"""The map of what is passed on, and the rebuttal that follows it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.domain.notices import Notice, NoticeState
from bot.domain.rumours import Rumour, RumourMark, RumourSeen
from bot.outbox import Outbox
from tests.unit.handlers.ground import TOWN, VILLAGE, Hamlet, hamlet
from tests.unit.handlers.test_hand_over import code_of, heard

GAS = "【转发】紧急通知！今晚零点开始全县统一停气三天，请大家提前囤好煤气罐，收到请转给家人和邻居！"
GAS_TOO = "紧急通知：刚刚得知，今晚零点开始全镇统一停气三天，请各家提前囤好煤气罐，互相转告"
TRUTH = "没有停气这回事。出处：县燃气公司2月3日公告"


@pytest.fixture
def village() -> Iterator[Hamlet]:
    with hamlet() as made:
        build(made)
        yield made


def build(made: Hamlet) -> None:
    """A second village with two chats, and a second publisher of the township."""
    with made.stage.begin() as session:
        world = made.stage.world(session)
        world.cadre("王镇", "镇长", TOWN)
        world.cadre("何书记", "村支书", (*TOWN, "大营村"))
        world.chat("大营群", (*TOWN, "大营村", "一组"), "村民")
        world.chat("四组群", (*VILLAGE, "四组"), "村民")


def rebut(village: Hamlet, order: str = f"回应 1 {TRUTH}") -> None:
    code = code_of(village.to("赵镇", order)[-1])
    village.say("赵镇", code)
    village.say("王镇", code_of(heard(village, "王镇")[-1]))


def in_chats(village: Hamlet, part: str) -> list[str]:
    rows = village.rows(Outbox, Outbox.chat_kind == "group")
    return [row.chat for row in rows if part in row.text]


def test_edits_are_one_claim_with_its_spread(village: Hamlet) -> None:
    village.say("马强", GAS, "三组群")
    village.say("马强", GAS, "三组群")
    village.later(60)
    village.say("张桂芳", GAS_TOO, "大营群")
    (rumour,) = village.rows(Rumour)
    seen = {row.chat_id: row.count for row in village.rows(RumourSeen)}
    assert sorted(seen.values()) == [1, 2]
    assert (rumour.last_at - rumour.first_at).total_seconds() == 3600
    assert "2村2群" in village.to("赵镇", "谣言")[0]


def test_upstairs_hears_once_and_only_of_several_chats(village: Hamlet) -> None:
    village.say("马强", GAS, "三组群")
    assert not heard(village, "李书记")
    village.say("马强", GAS_TOO, "四组群")
    assert len(heard(village, "李书记")) == 1
    assert not heard(village, "赵镇")
    village.say("马强", GAS, "大营群")
    assert len(heard(village, "赵镇")) == 1
    for chat in ("三组群", "四组群", "大营群"):
        village.say("张桂芳", GAS, chat)
    assert [len(heard(village, name)) for name in ("李书记", "赵镇", "何书记")] == [1, 1, 0]


def test_nobody_is_woken_for_it() -> None:
    with hamlet(datetime(2020, 2, 3, 15, tzinfo=UTC)) as village:  # 23:00 in China
        build(village)
        village.say("马强", GAS, "三组群")
        village.say("马强", GAS, "大营群")
        assert not heard(village, "赵镇")
        village.later(8 * 60)
        assert len(heard(village, "赵镇")) == 1


def test_it_is_rebutted_where_it_went_round_once(village: Hamlet) -> None:
    village.say("马强", GAS, "三组群")
    village.say("马强", GAS_TOO, "大营群")
    rebut(village)
    assert len(in_chats(village, "没有停气")) == 2
    for _ in range(2):
        village.later(120)
        village.say("马强", GAS, "三组群")
        village.say("张桂芳", GAS, "四组群")
    assert len(in_chats(village, "没有停气")) == 3
    assert len(set(in_chats(village, "没有停气"))) == 3
    (notice,) = village.rows(Notice)
    assert notice.approved_by == village.resident("王镇").id != notice.author_id


def test_without_a_number_the_last_one_is_meant_and_words_are_asked_for(village: Hamlet) -> None:
    village.say("马强", GAS, "三组群")
    village.say("马强", GAS, "大营群")
    assert "出处" in village.to("赵镇", "回应")[0]
    assert "县燃气公司" in village.to("赵镇", TRUTH)[0]
    assert village.rows(Notice)[0].state == NoticeState.DRAFT


@pytest.mark.parametrize(
    ("name", "order", "said"),
    [
        ("赵镇", "回应 1 没有这回事", "出处"),
        ("赵镇", "回应 1 出处 县里", "出处"),
        ("赵镇", "回应 9 没有 出处 县里", "9"),
        ("赵镇", "回应 1 没有 出处 县里 2月31日", "2月31日"),
        ("何书记", "回应 1 没有 出处 县里", "没有您能回应的"),
        ("王网格", f"回应 1 {TRUTH}", "村支书或镇里"),
    ],
)
def test_what_is_not_drafted(village: Hamlet, name: str, order: str, said: str) -> None:
    village.say("马强", GAS, "三组群")
    village.say("马强", GAS, "四组群")
    assert said in village.to(name, order)[0]
    assert not village.rows(Notice)


def test_a_resident_sees_and_drafts_nothing(village: Hamlet) -> None:
    village.say("马强", GAS, "三组群")
    village.say("马强", GAS, "四组群")
    for words in ("谣言", f"回应 1 {TRUTH}"):
        assert not any("停气" in text for text in village.to("马强", words))
    assert not village.rows(Notice)


def test_its_author_alone_sends_nothing(village: Hamlet) -> None:
    village.say("马强", GAS, "三组群")
    village.say("马强", GAS, "大营群")
    code = code_of(village.to("赵镇", f"回应 1 {TRUTH}")[-1])
    for name in ("王镇", "赵镇", "赵镇"):
        village.say(name, code)
    village.say("赵镇", code_of(heard(village, "王镇")[-1]))
    assert not in_chats(village, "没有停气")


def test_of_two_drafts_the_later_counts(village: Hamlet) -> None:
    village.say("马强", GAS, "三组群")
    village.say("马强", GAS, "大营群")
    first = code_of(village.to("赵镇", "回应 1 假的 出处 县里")[-1])
    village.say("赵镇", first)
    second = code_of(heard(village, "王镇")[-1])
    rebut(village)
    village.say("王镇", second)
    assert len(in_chats(village, "没有停气")) == 2
    assert not in_chats(village, "：假的")
    assert "已经辟过谣" in village.to("赵镇", "回应 1 又说 出处 县里")[0]


def test_one_village_s_secretary_answers_for_that_village(village: Hamlet) -> None:
    village.say("马强", GAS, "三组群")
    village.say("马强", GAS, "四组群")
    village.say("马强", GAS, "大营群")
    preview = village.to("李书记", f"回应 1 {TRUTH}")[-1]
    assert "2个群" in preview
    village.say("李书记", code_of(preview))
    village.say("赵镇", code_of(heard(village, "赵镇")[-1]))
    assert len(in_chats(village, "没有停气")) == 2


def test_at_night_it_waits_and_takes_in_who_comes_meanwhile(village: Hamlet) -> None:
    village.say("马强", GAS, "三组群")
    village.say("马强", GAS, "大营群")
    village.later(14 * 60)
    rebut(village)
    village.say("马强", GAS, "四组群")
    assert not in_chats(village, "没有停气") or not any(
        "没有停气" in text for _, text in village.heard if "【辟谣】" in text[:4]
    )
    village.later(9 * 60)
    assert len(set(in_chats(village, "没有停气"))) == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("李书记", GAS),
        ("马强", f"演练：{GAS}"),
        ("马强", "听说喝酒能防病毒是真的吗"),
        ("马强", "今儿天好 把白菜晾一晾"),
    ],
)
def test_what_is_not_on_the_map(village: Hamlet, name: str, text: str) -> None:
    village.say(name, text, "三组群")
    village.say(name, text, "大营群")
    assert not village.rows(Rumour)


def test_our_own_notice_is_no_rumour(village: Hamlet) -> None:
    words = "明天早上八点大集停了，周边各村都别去赶集，什么时候恢复等通知，家里缺东西找代购员"
    preview = village.to("李书记", f"发通知 三组 {words} 有效到2020年2月9日")[-1]
    assert words in preview
    village.say("马强", f"【转发】{words}，请转告", "四组群")
    village.say("马强", f"【转发】{words}，请转告", "大营群")
    assert not any("谣言线索" in text for _, text in village.heard)


def test_what_stayed_in_one_chat_is_forgotten(village: Hamlet) -> None:
    village.say("马强", GAS, "三组群")
    village.say("马强", GAS, "大营群")
    village.say("马强", "听说西山路明天要封，大伙儿赶紧备点菜", "三组群")
    assert len(village.rows(Rumour)) == 2
    village.later(5 * 24 * 60)
    (rumour,) = village.rows(Rumour)
    assert rumour.text == GAS
    village.later(30 * 24 * 60)
    (rumour,) = village.rows(Rumour)
    assert rumour.text == ""
    assert not village.rows(RumourMark)
