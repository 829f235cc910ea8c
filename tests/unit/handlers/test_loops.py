"""The same words again and again: another machine perhaps, and the bot is quiet (rule S.5)."""

from collections.abc import Iterator

import pytest

from bot.domain.incidents import Incident
from bot.domain.temperature import Reading
from tests.unit.handlers.ground import Hamlet, hamlet

ASKED = "喝酒能杀死病毒吗？"


@pytest.fixture
def village() -> Iterator[Hamlet]:
    with hamlet() as made:
        yield made


def answers(village: Hamlet, times: int, name: str = "马强", text: str = ASKED) -> list[bool]:
    return [bool(village.say(name, text)) for _ in range(times)]


def test_after_three_equal_texts_in_an_hour_it_is_quiet(village: Hamlet) -> None:
    said = answers(village, 6)
    assert said[0] is True
    assert said[4:] == [False, False]


def test_an_hour_later_it_answers_again(village: Hamlet) -> None:
    answers(village, 5)
    village.later(61)
    assert answers(village, 1) == [True]


def test_what_others_say_is_not_counted_against_somebody(village: Hamlet) -> None:
    for name in ("张桂芳", "王德福", "王小宝", "马强"):
        village.say(name, "小守，我有个事想问问，能帮我看看不", "三组群", mentions_bot=True)
    notes = [note for note in village.notes if "三遍" in note]
    assert notes == []


def test_a_longer_text_that_holds_it_is_not_the_same(village: Hamlet) -> None:
    for tail in ("急", "真急", "特别急"):
        village.say("马强", f"{ASKED}{tail}")
    village.notes.clear()
    assert answers(village, 1) == [True]


@pytest.mark.parametrize("text", ["100%有效吗？", '他说"没事"对吗？', "a_b吗？"])
def test_odd_characters_are_compared_as_they_are(village: Hamlet, text: str) -> None:
    for _ in range(4):
        village.say("马强", text)
    assert any("三遍" in note for note in village.notes)


def test_readings_and_danger_are_heard_however_often(village: Hamlet) -> None:
    for _ in range(5):
        village.say("马强", "36.5")
    assert [row.tenths for row in village.rows(Reading)] == [365]
    for _ in range(5):
        village.say("张桂芳", "老伴喘不上气了")
    assert len(village.rows(Incident)) == 1
    said = village.say("张桂芳", "老伴喘不上气了")
    assert any("120" in text for _, text in said)


def test_another_bot_is_never_answered(village: Hamlet) -> None:
    where = {"id": "三组群", "kind": "group"}
    village.stage.hear(
        {
            "v": 1,
            "id": "bot-1",
            "type": "message",
            "chat": where,
            "sender": {"id": "b", "name": "天气助手", "is_bot": True},
            "text": "小守 喝酒能杀死病毒吗？我38.9",
            "mentions_bot": True,
        }
    )
    assert village.heard == []
    assert village.rows(Reading) == []
