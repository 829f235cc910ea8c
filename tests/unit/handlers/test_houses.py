"""Numbers of several people together: who has reported, what is asked, whose a fever is."""

from collections.abc import Iterator

import pytest

from app.world import Someone
from bot.domain.incidents import Incident
from bot.domain.prompts import Prompt
from bot.domain.registry import Resident
from bot.domain.temperature import Pending
from tests.unit.handlers.ground import Hamlet, hamlet

CHAT = "三组群"
HOUSES = (
    [Someone("李大勇"), Someone("王梅", "媳妇"), Someone("李小明", "儿子")],
    [
        Someone("刘芳"),
        Someone("刘刚", "老公"),
        Someone("刘大宝", "孩子"),
        Someone("刘二宝", "孩子"),
    ],
    [Someone("赵敏"), Someone("赵金山", "爸"), Someone("孙秀兰", "妈")],
)


@pytest.fixture
def village() -> Iterator[Hamlet]:
    with hamlet(homes=HOUSES) as made:
        yield made


def covered(village: Hamlet) -> set[str]:
    """Who is one of several of whom numbers count now."""
    names = {r.id: r.name for r in village.rows(Resident)}
    rows = village.rows(Pending, Pending.kind == "household", Pending.closed_at.is_(None))  # type: ignore[union-attr]  # a column here
    return {names[row.resident_id] for row in rows}


def waiting(village: Hamlet) -> list[tuple[str, str, str]]:
    rows = village.rows(Pending, Pending.closed_at.is_(None), Pending.kind != "household")  # type: ignore[union-attr]  # a column here
    return [(p.kind, p.spoken_who, p.number) for p in rows]


LI = {"李大勇", "王梅", "李小明"}


@pytest.mark.parametrize(
    ("name", "text", "who"),
    [
        ("李大勇", "我家3口 36.4 36.6 36.2", LI),
        ("王梅", "一家三口36.5 36.6 36.4", LI),
        ("马强", "李大勇家3口 36.4 36.6 36.2", LI),
        ("马强", "李大勇一家36.4 36.6 36.2", LI),
        ("马强", "李大勇家 36.5 36.5 36.4", LI),
        ("马强", "三组李大勇家：36.4、36.6、36.2", LI),
        ("李大勇", "两口子36.5 36.7", {"李大勇", "王梅"}),
        ("马强", "李大勇两口子36.4 36.6", {"李大勇", "王梅"}),
        ("赵敏", "老两口36.4 36.6", {"赵金山", "孙秀兰"}),
        ("刘芳", "俩孩子36.7 36.6", {"刘大宝", "刘二宝"}),
        ("李大勇", "我36.4，家里其他人36.5 36.6", {"王梅", "李小明"}),
    ],
)
def test_as_many_numbers_as_people(village: Hamlet, name: str, text: str, who: set[str]) -> None:
    village.say(name, text, CHAT)
    assert covered(village) == who
    assert waiting(village) == []


@pytest.mark.parametrize(
    ("name", "text", "who"),
    [
        ("李大勇", "我家三口人都36.5", LI),
        ("马强", "李大勇家都36.5", LI),
        ("刘芳", "两口子都36.5", {"刘芳", "刘刚"}),
        ("刘芳", "俩娃都36.5", {"刘大宝", "刘二宝"}),
    ],
)
def test_one_number_of_all(village: Hamlet, name: str, text: str, who: set[str]) -> None:
    village.say(name, text, CHAT)
    assert set(village.whose()) == {(one, 365) for one in who}
    assert waiting(village) == []


@pytest.mark.parametrize(
    ("answer", "who"),
    [
        ("1 3", {"李大勇", "李小明"}),
        ("1、3", {"李大勇", "李小明"}),
        ("大勇和小明", {"李大勇", "李小明"}),
        ("我和儿子", {"李大勇", "李小明"}),
        ("除了王梅", {"李大勇", "李小明"}),
        ("王梅没量", {"李大勇", "李小明"}),
        ("媳妇不在家", {"李大勇", "李小明"}),
        ("都量了", LI),
    ],
)
def test_who_was_measured_is_asked_once(village: Hamlet, answer: str, who: set[str]) -> None:
    village.say("李大勇", "我家2口 36.4 36.6", CHAT)
    assert covered(village) == set()
    assert waiting(village) == [("which", "李大勇家", "36.4、36.6")]
    village.say("李大勇", answer)
    assert covered(village) == who
    assert waiting(village) == []
    assert village.whose() == []


def test_of_the_same_number_it_is_each_ones(village: Hamlet) -> None:
    village.say("李大勇", "家里两口人都36.5", CHAT)
    village.say("李大勇", "李小明没量")
    assert village.whose() == [("李大勇", 365), ("王梅", 365)]


def test_a_fever_of_a_house_alarms_before_it_has_a_name(village: Hamlet) -> None:
    village.say("李大勇", "我家3口 36.4 38.6 36.2", CHAT)
    (incident,) = village.rows(Incident)
    assert incident.resident_id is None
    assert {to for to, text in village.heard if "李大勇家 38.6" in text and "接" in text} == {
        village.ref("王网格"),
        village.ref("张大夫"),
    }
    village.say("李大勇", "小明")
    assert village.whose() == [("李小明", 386)]
    (incident,) = village.rows(Incident)
    assert incident.resident_id == village.resident("李小明").id
    assert covered(village) == LI


def test_a_bare_name_names_the_fever_first(village: Hamlet) -> None:
    village.say("李大勇", "我家4口 36.4 38.6 36.2 36.1", CHAT)
    village.say("李大勇", "小明")
    assert village.whose() == [("李小明", 386)]
    assert covered(village) == set()
    village.say("李大勇", "都量了")
    assert covered(village) == LI
    assert len(village.rows(Incident)) == 1


def test_a_fever_that_was_said_to_be_somebodys_is_not_asked_about(village: Hamlet) -> None:
    village.say("李大勇", "我38.4，我家三口38.4 36.5 36.6", CHAT)
    assert village.whose() == [("李大勇", 384)]
    assert waiting(village) == []
    assert len(village.rows(Incident)) == 1


def test_a_recalled_fever_of_a_house_stays_open(village: Hamlet) -> None:
    village.say("李大勇", "我家3口 36.4 38.6 36.2", CHAT)
    village.say("李大勇", "刚才那个作废", CHAT)
    assert covered(village) == set()
    assert waiting(village) == []
    assert any("说了作废" in text for to, text in village.heard if to == village.ref("张大夫"))
    (incident,) = village.rows(Incident)
    assert incident.closed_at is None


def test_a_correction_takes_the_place_of_what_it_corrects(village: Hamlet) -> None:
    village.say("李大勇", "我家三口36.4 36.6 36.8", CHAT)
    village.say("李大勇", "刚才报错了，我家三口36.4 36.6 36.5", CHAT)
    rows = village.rows(Pending, Pending.kind == "household")
    assert {row.number for row in rows if row.closed_at is None} == {"36.4、36.6、36.5"}
    assert covered(village) == LI


def test_whose_house_it_is_the_grid_worker_says(village: Hamlet) -> None:
    village.say("山里红", "我家三口36.5 38.6 36.3", CHAT, ref="wx-x")
    assert waiting(village) == [("unassigned", "山里红家", "36.5、38.6、36.3")]
    village.say("王网格", "李大勇")
    assert covered(village) == LI
    village.say("王网格", "2")
    assert village.whose() == [("王梅", 386)]
    assert len(village.rows(Incident)) == 1


def test_a_house_is_learnt(village: Hamlet) -> None:
    village.say("马强", "老刘家四口36.1 36.2 36.3 36.4", CHAT)
    village.say("王网格", "刘芳")
    village.later(600)
    village.say("马强", "老刘家四口36.1 36.2 36.3 36.5", CHAT)
    assert waiting(village) == []
    assert len(village.rows(Prompt, Prompt.kind == "assign")) == 1


def test_a_number_of_the_house_that_is_unclear(village: Hamlet) -> None:
    (said,) = [t for t in village.to("王梅", "一家三口36.5 36.6 33.5") if "33.5" in t]
    assert "household" not in said
    assert covered(village) == LI
    (said,) = village.to("王梅", "36.5")
    assert "王梅家 36.5" in said
    assert waiting(village) == []


def test_nobody_who_has_reported_is_reminded_of_the_house(village: Hamlet) -> None:
    people = [village.resident(name) for name in LI]
    with village.stage.begin() as session:
        for person in people:
            village.stage.world(session).owes("早晚", person=person)
    village.say("李大勇", "我家三口36.4 36.6 36.8", CHAT)
    before = len(village.heard)
    village.later(120)
    assert [to for to, _ in village.heard[before:] if to == village.ref("李大勇")] == []


def test_names_said_afterwards_answer_who_was_measured(village: Hamlet) -> None:
    village.say("李大勇", "我家2口 36.4 36.6", CHAT)
    village.say("李大勇", "我36.4 小明36.6", CHAT)
    assert village.whose() == [("李大勇", 364), ("李小明", 366)]
    assert waiting(village) == []


def test_the_highest_of_a_house_is_nobodys_own(village: Hamlet) -> None:
    village.say("李大勇", "全家最高36.8", CHAT)
    assert covered(village) == LI
    assert village.whose() == []


def test_two_pairs_of_one_house(village: Hamlet) -> None:
    village.say("赵敏", "老两口36.4 36.5，我36.6", CHAT)
    assert covered(village) == {"赵金山", "孙秀兰"}
    assert village.whose() == [("赵敏", 366)]
