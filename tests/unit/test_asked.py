"""`shouwang report`: what was asked and left alone is counted, by village, zero too."""

from collections.abc import Iterator
from datetime import date

import pytest

from app.asked import line, questions_of
from tests.unit.handlers.ground import Hamlet, hamlet

MASK = "口罩多久换一次"
TODAY = date(2020, 2, 3)


@pytest.fixture
def village() -> Iterator[Hamlet]:
    with hamlet() as made:
        yield made


def row(village: Hamlet, on: date = TODAY) -> dict[str, object]:
    with village.stage.begin() as session:
        (found,) = questions_of(session, on)
        return found


def test_nothing_asked_is_zero(village: Hamlet) -> None:
    found = row(village)
    assert found["village"] == "柳树沟村"
    assert {value for key, value in found.items() if key != "village"} == {0}
    assert "没插嘴 0" in line(found)


def test_questions_left_alone_are_counted_with_their_reason(village: Hamlet) -> None:
    village.say("马强", f"{MASK}？", "三组群")
    village.say("张桂芳", f"{MASK}？", "三组群")
    village.say("马强", f"嫂子 你那{MASK}", "三组群")
    village.say("马强", "小守 村口那条路什么时候修好", "三组群")
    village.say("马强", f"演练：{MASK}？", "三组群")
    found = row(village)
    assert (found["answered"], found["silent"]) == (1, 2)
    assert (found["repeated"], found["neighbours"]) == (1, 1)
    assert (found["handed_over"], found["waiting"]) == (1, 1)
    assert row(village, date(2020, 2, 2))["silent"] == 0
    assert "没插嘴 2（当天说过1、邻里在聊1" in line(found)


def test_what_is_said_to_cadres_is_not_neighbours_talk(village: Hamlet) -> None:
    village.say("李书记", f"{MASK}？", "干部群")
    assert row(village)["answered"] == 0
