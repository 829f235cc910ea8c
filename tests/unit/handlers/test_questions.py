"""Open questions: 答, 转, 待答, and who may."""

from collections.abc import Iterator

import pytest

from bot.domain.questions import OpenQuestion
from tests.unit.handlers.ground import Hamlet, hamlet

ASKED = "村口那条路什么时候修好？"


@pytest.fixture
def village() -> Iterator[Hamlet]:
    with hamlet() as made:
        made.say("张桂芳", ASKED)
        yield made


def question(village: Hamlet) -> OpenQuestion:
    (found,) = village.rows(OpenQuestion)
    assert isinstance(found, OpenQuestion)
    return found


def test_what_nobody_has_signed_goes_to_a_person_with_its_number(village: Hamlet) -> None:
    mine = [text for to, text in village.heard if to == village.ref("张桂芳")]
    owner = [text for to, text in village.heard if to == village.ref("王网格")]
    assert len(mine) == len(owner) == 1
    assert "王网格" in mine[0]
    assert ASKED in owner[0]
    assert all(str(question(village).id) in text for text in (*mine, *owner))


def test_the_asker_hears_the_answer_and_from_whom(village: Hamlet) -> None:
    said = village.say("王网格", "答 1 开春就修")
    told = dict(said)
    assert "开春就修" in told[village.ref("张桂芳")]
    assert "王网格" in told[village.ref("张桂芳")]
    assert question(village).answered_at == village.now
    assert village.to("王网格", "待答")[0].count(ASKED) == 0


def test_an_answer_is_given_once(village: Hamlet) -> None:
    village.say("王网格", "答 1 开春就修")
    again = village.say("李书记", "答 1 不修了")
    assert not any("不修" in text for to, text in again if to == village.ref("张桂芳"))
    assert question(village).answer == "开春就修"


@pytest.mark.parametrize("name", ["孙网格", "马强", "张桂芳"])
def test_who_may_not_answer(village: Hamlet, name: str) -> None:
    said = village.say(name, "答 1 不修")
    assert not any("不修" in text for to, text in said if to == village.ref("张桂芳"))
    assert question(village).answered_at is None


@pytest.mark.parametrize("order", ["答 99 开春", "答 开春", "转 99 李书记", "答 1"])
def test_orders_that_fit_nothing_change_nothing(village: Hamlet, order: str) -> None:
    village.say("王网格", order)
    assert question(village).answered_at is None
    assert question(village).owner_id == village.resident("王网格").id


def test_what_waits_is_listed_for_whom_it_concerns(village: Hamlet) -> None:
    for name, is_seen in (("王网格", True), ("李书记", True), ("赵镇", True), ("孙网格", False)):
        assert (ASKED in "".join(village.to(name, "待答"))) is is_seen
    assert not any(ASKED in text for text in village.to("马强", "待答"))


def test_it_is_handed_on_to_a_cadre_of_the_place(village: Hamlet) -> None:
    said = village.say("王网格", "转 1 李书记")
    assert any(ASKED in text for to, text in said if to == village.ref("李书记"))
    assert question(village).owner_id == village.resident("李书记").id
    village.say("李书记", "答 1 开春就修")
    assert question(village).answered_by == village.resident("李书记").id


@pytest.mark.parametrize("name", ["马强", "孙网格", "没有这个人"])
def test_it_is_handed_on_to_nobody_else(village: Hamlet, name: str) -> None:
    village.say("王网格", f"转 1 {name}")
    assert question(village).owner_id == village.resident("王网格").id


def test_an_overdue_one_goes_one_up_once(village: Hamlet) -> None:
    village.later(24 * 60 * 2)
    up = [text for to, text in village.heard if to == village.ref("李书记") and ASKED in text]
    assert len(up) == 1
    assert question(village).answered_at is None
