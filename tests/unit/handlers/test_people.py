"""Who is taken for whom: names in nicknames, two accounts, chats that nobody registered."""

from collections.abc import Iterator

import pytest

from bot.domain.registry import Account, Chat, Resident, Role
from bot.domain.temperature import Pending, Reading
from bot.people import plain_name
from tests.unit.handlers.ground import TOWN, VILLAGE, Hamlet, hamlet


@pytest.fixture
def village() -> Iterator[Hamlet]:
    with hamlet() as made:
        yield made


def forget_accounts(village: Hamlet, name: str) -> None:
    """As if nobody had ever been heard: the roster knows the person, no account does."""
    with village.stage.begin() as session:
        person = village_person(village, name)
        for row in village.rows(Account, Account.resident_id == person):
            session.delete(session.get_one(Account, row.id))


def village_person(village: Hamlet, name: str) -> int:
    return village.resident(name).id or 0


def bound(village: Hamlet, ref: str) -> int | None:
    (account,) = village.rows(Account, Account.account == ref)
    found = account.resident_id
    assert found is None or isinstance(found, int)
    return found


@pytest.mark.parametrize("shown", ["马强", "3组马强", "三组-马强", "马强（东头）", "马强 138"])
def test_a_nickname_that_is_one_residents_name_binds(village: Hamlet, shown: str) -> None:
    forget_accounts(village, "马强")
    village.say(shown, "36.5", "三组群", ref="wx-new")
    assert bound(village, "wx-new") == village_person(village, "马强")
    assert [r.tenths for r in village.rows(Reading)] == [365]


@pytest.mark.parametrize("name", ["王网格", "张大夫", "李书记"])
def test_a_cadres_name_binds_nobody(village: Hamlet, name: str) -> None:
    forget_accounts(village, name)
    village.say(name, "还有谁没报", "三组群", ref="wx-thief")
    assert bound(village, "wx-thief") is None
    assert village.heard == []


def test_a_thief_with_a_cadres_name_gets_no_list_in_private(village: Hamlet) -> None:
    village.say("李书记", "大家好", "三组群", ref="wx-thief")
    said = village.say("李书记", "还有谁没报", ref="wx-thief")
    assert not any("张桂芳" in text for _, text in said)


def test_a_name_whose_owner_speaks_by_another_account_binds_nobody(village: Hamlet) -> None:
    village.say("马强", "36.5", "三组群")
    village.say("马强", "38.9", "三组群", ref="wx-other")
    assert bound(village, "wx-other") is None
    assert [r.tenths for r in village.rows(Reading)] == [365]
    assert len(village.rows(Pending, Pending.kind == "unassigned")) == 1


def test_a_name_of_two_binds_nobody(village: Hamlet) -> None:
    with village.stage.begin() as session:
        world = village.stage.world(session)
        for group in ("一组", "二组"):
            place = world.place((*VILLAGE, group))
            session.add(Resident(name="刘伟", place_id=place.id or 0))
    village.say("刘伟", "36.5", "三组群", ref="wx-new")
    assert bound(village, "wx-new") is None
    assert village.rows(Reading) == []


def test_a_resident_of_another_village_is_not_meant(village: Hamlet) -> None:
    with village.stage.begin() as session:
        world = village.stage.world(session)
        place = world.place((*TOWN, "小庄村"))
        session.add(Resident(name="外村人", place_id=place.id or 0))
    village.say("外村人", "36.5", "三组群", ref="wx-new")
    assert bound(village, "wx-new") is None


def test_two_accounts_of_one_person_write_one_persons_readings(village: Hamlet) -> None:
    person = village_person(village, "马强")
    with village.stage.begin() as session:
        session.add(Account(channel="talk", account="wx-2", resident_id=person, bound_by="cadre"))
    village.say("马强", "36.5", "三组群")
    village.say("强子", "36.5", "三组群", ref="wx-2")
    village.say("强子", "37.9", "三组群", ref="wx-2")
    rows = village.rows(Reading)
    assert [(r.resident_id, r.tenths) for r in rows] == [(person, 365), (person, 379)]


def test_a_chat_that_nobody_registered_is_kept_and_never_spoken_in(village: Hamlet) -> None:
    village.say("陌生人", "小守 喝酒能杀死病毒吗", "新来的群", ref="wx-s", mentions_bot=True)
    village.say("陌生人", "我38.9", "新来的群", ref="wx-s")
    (chat,) = village.rows(Chat, Chat.in_ref == "新来的群")
    assert chat.place_id is None
    assert not any("38.9" in text for _, text in village.heard)
    assert village.rows(Reading) == []


def test_an_unknown_speakers_reading_waits_and_is_not_dropped(village: Hamlet) -> None:
    village.say("勇敢牛牛", "36.6", "三组群")
    assert village.rows(Reading) == []
    (waiting,) = village.rows(Pending)
    assert (waiting.kind, waiting.tenths) == ("unassigned", 366)


def test_an_unknown_speakers_fever_reaches_a_person(village: Hamlet) -> None:
    village.say("勇敢牛牛", "我发烧38.9", "三组群")
    told = [to for to, text in village.heard if "38.9" in text]
    assert village.ref("王网格") in told
    assert "三组群" not in told


def test_a_role_that_has_ended_commands_nothing(village: Hamlet) -> None:
    person = village_person(village, "王网格")
    with village.stage.begin() as session:
        for row in village.rows(Role, Role.resident_id == person):
            role = session.get_one(Role, row.id)
            role.to_on = village.now.date().replace(year=2019)
            session.add(role)
    assert not any("张桂芳" in words for words in village.to("王网格", "名单"))


@pytest.mark.parametrize(
    ("shown", "plain"),
    [
        ("3组王大勇", "王大勇"),
        ("三组-王大勇", "王大勇"),
        ("王大勇（在家）", "王大勇"),
        ("王大勇13800000000", "王大勇"),
        ("东头王大勇", "王大勇"),
        ("王大勇", "王大勇"),
        ("  ", ""),
        ("123", "123"),
    ],
)
def test_a_name_without_what_villages_put_around_it(shown: str, plain: str) -> None:
    assert plain_name(shown) == plain
