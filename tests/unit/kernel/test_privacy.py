"""The outgoing filter: a resident's name beside their health never passes into a village chat."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from bot import privacy
from bot.domain.registry import Chat, ChatPurpose, Resident, Role, RoleName, add_place
from bot.message import ChatKind
from tests.unit.kernel.ground import NOW, memory, row

NAMES = ("张桂芳", "王德福", "李雪", "马强", "欧阳建国", "古丽娜", "赵敏", "陈有福")
HEALTH = (
    "38.1",
    "38．1",
    "38点1",
    "37度5",
    "三十八度五",
    "38℃",
    "38 ℃",
    "38°",
    "体温",
    "发热",
    "发烧",
    "低烧",
    "高烧",
    "烧到三十九",
    "咳嗽",
    "隔离",
    "观察期",
    "确诊",
    "疑似",
    "密接",
    "阳性",
    "感染",
    "症状",
    "患病",
    "没报",
    "还没有报",
    "未报",
    "漏报",
    "失联",
)
HARMLESS = (
    "村委会通知今天下午两点发口罩",
    "各户注意关好门窗",
    "38路公交停运",
    "今晚降温到零下17度",
    "每户一袋面，400斤土豆到村口",
    "请到三组张家门口领菜",
    "有事打 13800000000",
)
words = st.text("今天下午请大家注意，。！ 的了\n到家中各户 0123456789abc", max_size=12)


@dataclass
class Village:
    """A village with residents, a cadre, and chats of each kind."""

    session: Session
    chats: dict[str, int | None]


@pytest.fixture(scope="module")
def village() -> Iterator[Village]:
    store = memory()
    with store.begin() as session:
        town = add_place(session, None, "柳树沟镇", "township")
        place = add_place(session, town, "柳树沟村", "village")
        group = add_place(session, place, "三组", "villager_group")
        elsewhere = add_place(session, town, "小庄村", "village")
        session.add_all([Resident(name=name, place_id=group.id or 0) for name in NAMES])
        session.add(Resident(name="别村人", place_id=elsewhere.id or 0))
        cadre = Resident(name="王网格", place_id=group.id or 0)
        session.add(cadre)
        session.flush()
        session.add(
            Role(resident_id=cadre.id or 0, place_id=group.id or 0, role=RoleName.GRID_WORKER)
        )
        chats: dict[str, int | None] = {"unknown": None}
        for purpose in (ChatPurpose.RESIDENTS, ChatPurpose.CADRES, ChatPurpose.CARE_TEAM):
            chat = Chat(place_id=group.id, purpose=purpose, in_channel="c", in_ref=purpose)
            session.add(chat)
            session.flush()
            chats[purpose] = chat.id
        lost = Chat(place_id=None, in_channel="c", in_ref="lost")
        session.add(lost)
        session.flush()
        chats["no place"] = lost.id
        yield Village(session, chats)
    store.close()


def stopped(village: Village, text: str, chat: str = "residents", **values: Any) -> str:
    return privacy.stop(village.session, row("k", text=text, chat_id=village.chats[chat], **values))


@settings(max_examples=2000, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    health=st.sampled_from(HEALTH),
    between=st.tuples(words, words, words),
    name_first=st.booleans(),
    chat=st.sampled_from(["residents", "unknown", "no place"]),
)
def test_a_name_beside_health_never_passes(
    village: Village,
    name: str,
    health: str,
    between: tuple[str, str, str],
    name_first: bool,
    chat: str,
) -> None:
    first, second = (name, health) if name_first else (health, name)
    text = f"{between[0]}{first}{between[1]}{second}{between[2]}"
    assert stopped(village, text, chat)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    health=st.sampled_from(HEALTH),
    chat=st.sampled_from(["cadres", "care_team"]),
)
def test_cadres_and_care_teams_may_read_it(
    village: Village, name: str, health: str, chat: str
) -> None:
    assert stopped(village, f"{name}{health}", chat) == ""


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_lines_pass(village: Village, text: str) -> None:
    assert stopped(village, text) == ""
    assert stopped(village, f"{text}，{NAMES[0]}家那边也一样") == ""


@pytest.mark.parametrize("health", HEALTH)
def test_health_without_a_name_passes(village: Village, health: str) -> None:
    assert stopped(village, f"{health}的请私下告诉村医") == ""


def test_a_cadre_may_be_named_as_the_one_to_call(village: Village) -> None:
    assert stopped(village, "发热先打给王网格") == ""


def test_in_private_everything_may_be_said(village: Village) -> None:
    assert stopped(village, "王德福38.1", chat_kind=ChatKind.PRIVATE) == ""


@pytest.mark.parametrize("chat", ["residents", "cadres", "care_team", "unknown"])
def test_identity_numbers_enter_no_group(village: Village, chat: str) -> None:
    assert stopped(village, "名单：11010519491231002X", chat)


def test_a_chat_that_nobody_registered_counts_as_a_village_chat(village: Village) -> None:
    assert stopped(village, "别村人发烧", "unknown")
    assert stopped(village, "别村人发烧", "no place")


def test_who_has_a_role_no_more_is_a_resident_again(village: Village) -> None:
    session = village.session
    place = session.get_one(Chat, village.chats["residents"]).place_id or 0
    past = Resident(name="周前任", place_id=place)
    session.add(past)
    session.flush()
    role = Role(resident_id=past.id or 0, place_id=place, role="grid_worker")
    role.to_on = NOW.date().replace(year=2019)
    session.add(role)
    session.flush()
    assert stopped(village, "周前任发烧")
