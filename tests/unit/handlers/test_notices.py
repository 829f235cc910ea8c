"""Notices: nobody releases their own above one chat, whatever is tried."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session, select

from app.stage import Stage
from bot.clock import local_day
from bot.domain.notices import Delivery, Notice, NoticeState
from bot.domain.registry import Resident, Role
from bot.errors import RuleError
from bot.work import Work
from handlers import broadcast, delivery
from tests.unit.handlers.ground import GROUP, TOWN, VILLAGE, Hamlet, hamlet

PEOPLE = ("王网格", "孙网格", "张大夫", "李书记", "赵镇", "张桂芳")
PLACES = (GROUP, (*VILLAGE, "一组"), VILLAGE, TOWN)

act = st.one_of(
    st.tuples(
        st.just("draft"), st.sampled_from(PEOPLE), st.sampled_from(PLACES), st.integers(0, 2)
    ),
    st.tuples(st.just("approve"), st.sampled_from(PEOPLE), st.integers(0, 9)),
    st.tuples(st.just("chat"), st.sampled_from(PLACES)),
    st.tuples(st.just("follow up"), st.sampled_from(PEOPLE), st.integers(0, 9)),
    st.tuples(st.just("later"), st.sampled_from([1, 61, 150])),
)


def id_of(session: Session, name: str) -> int:
    found = session.exec(select(Resident.id).where(Resident.name == name)).one()
    assert found is not None
    return found


def one_of(session: Session, index: int) -> Notice | None:
    rows = session.exec(select(Notice)).all()
    return rows[index % len(rows)] if rows else None


def do(stage: Stage, work: Work, step: tuple[Any, ...], count: int) -> None:
    """One act of somebody who means well or ill."""
    session = work.db
    world = stage.world(session)
    kind, *rest = step
    if kind == "chat":
        world.chat(f"群{count}", rest[0], "村民")
    elif kind == "later":
        stage.clock.set(stage.clock.now() + timedelta(minutes=rest[0]))
    elif kind == "draft":
        name, path, hours = rest
        broadcast.issue(
            work,
            author_id=id_of(session, name),
            place_id=world.place(path).id or 0,
            text=f"第{count}条",
            due_at=work.now + timedelta(hours=hours),
            expires_at=work.now + timedelta(days=1),
        )
    elif (notice := one_of(session, rest[1])) is not None:
        with suppress(RuleError):
            if kind == "approve":
                broadcast.approve(work, notice, id_of(session, rest[0]))
            else:
                broadcast.issue(
                    work,
                    author_id=id_of(session, rest[0]),
                    place_id=notice.place_id,
                    text="改了",
                    due_at=work.now,
                    expires_at=notice.expires_at,
                    kind="update",
                    refers_to=notice.id,
                )


def own_releases(session: Session) -> list[int]:
    """Notices in more than one chat to which nobody but their author has agreed."""
    found = []
    for notice in session.exec(select(Notice)).all():
        chats = session.exec(select(Delivery).where(Delivery.notice_id == notice.id)).all()
        is_own = notice.approved_by is None or notice.approved_by == notice.author_id
        if len(chats) > 1 and is_own:
            found.append(notice.id or 0)
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(act, min_size=3, max_size=14))
def test_nobody_releases_their_own_notice_above_one_chat(steps: list[tuple[Any, ...]]) -> None:
    with hamlet() as village:
        stage = village.stage
        for count, step in enumerate(steps):
            with stage.begin() as session:
                do(stage, stage.kernel.work(session), step, count)
            with stage.begin() as session:
                work = stage.kernel.work(session)
                broadcast.push_due(work)
                delivery.expire(work)
        with stage.begin() as session:
            assert own_releases(session) == []
            per_chat = [(d.notice_id, d.chat_id) for d in session.exec(select(Delivery)).all()]
            assert len(per_chat) == len(set(per_chat))


@pytest.fixture
def village() -> Iterator[Hamlet]:
    with hamlet() as made:
        yield made


def drafted(village: Hamlet, author: str, path: tuple[str, ...], **more: Any) -> int:
    with village.stage.begin() as session:
        work = village.stage.kernel.work(session)
        notice = broadcast.issue(
            work,
            author_id=id_of(session, author),
            place_id=village.stage.world(session).place(path).id or 0,
            text="今天下午两点发口罩",
            due_at=work.now + more.pop("after", timedelta()),
            expires_at=work.now + timedelta(days=1),
            **more,
        )
        return notice.id or 0


def approve(village: Hamlet, number: int, name: str) -> str:
    """What comes of somebody's yes: a state, or the phrase of the refusal."""
    with village.stage.begin() as session:
        work = village.stage.kernel.work(session)
        try:
            return str(
                broadcast.approve(work, session.get_one(Notice, number), id_of(session, name))
            )
        except RuleError as error:
            return error.phrase


def add_chat(village: Hamlet, title: str, path: tuple[str, ...]) -> None:
    with village.stage.begin() as session:
        village.stage.world(session).chat(title, path, "村民")


def test_one_chat_of_ones_own_village_needs_ones_own_code_only(village: Hamlet) -> None:
    number = drafted(village, "王网格", GROUP)
    assert approve(village, number, "李书记") == "notice.not_author"
    assert approve(village, number, "王网格") in (NoticeState.APPROVED, NoticeState.SENDING)
    village.stage.settle()
    assert village.heard == [("三组群", "今天下午两点发口罩")]


def test_two_chats_need_a_second_person_of_a_higher_place(village: Hamlet) -> None:
    add_chat(village, "一组群", (*VILLAGE, "一组"))
    number = drafted(village, "李书记", VILLAGE)
    assert approve(village, number, "李书记") == NoticeState.PENDING
    assert approve(village, number, "李书记") == "notice.own"
    for name in ("王网格", "孙网格", "张大夫", "张桂芳"):
        assert approve(village, number, name) == "notice.not_higher"
    village.stage.settle()
    assert not any("口罩" in text for to, text in village.heard if to.endswith("群"))
    assert approve(village, number, "赵镇") in (NoticeState.APPROVED, NoticeState.SENDING)
    village.stage.settle()
    chats = [to for to, _ in village.heard if to.endswith("群")]
    assert sorted(chats) == ["一组群", "三组群"]


def test_a_chat_that_joins_between_yes_and_hour_gets_nothing_unapproved(village: Hamlet) -> None:
    number = drafted(village, "李书记", VILLAGE, after=timedelta(hours=1))
    assert approve(village, number, "李书记") == NoticeState.APPROVED
    add_chat(village, "一组群", (*VILLAGE, "一组"))
    village.later(61)
    with village.stage.begin() as session:
        assert own_releases(session) == []


def test_another_village_needs_a_second_person_even_for_one_chat(village: Hamlet) -> None:
    add_chat(village, "小庄群", (*TOWN, "小庄村"))
    number = drafted(village, "李书记", (*TOWN, "小庄村"))
    assert approve(village, number, "李书记") == NoticeState.PENDING


def test_who_has_the_higher_role_no_more_may_not_agree(village: Hamlet) -> None:
    add_chat(village, "一组群", (*VILLAGE, "一组"))
    number = drafted(village, "李书记", VILLAGE)
    approve(village, number, "李书记")
    with village.stage.begin() as session:
        role = session.exec(select(Role).where(Role.resident_id == id_of(session, "赵镇"))).one()
        role.to_on = local_day(village.now) - timedelta(days=1)
        session.add(role)
    assert approve(village, number, "赵镇") == "notice.not_higher"


def test_a_yes_after_its_validity_is_too_late(village: Hamlet) -> None:
    number = drafted(village, "王网格", GROUP)
    village.stage.clock.set(village.now + timedelta(days=2))
    assert approve(village, number, "王网格") == "notice.over"


def test_a_yes_twice_sends_once(village: Hamlet) -> None:
    number = drafted(village, "王网格", GROUP)
    approve(village, number, "王网格")
    assert approve(village, number, "王网格") == "notice.past"
    village.later(300)
    assert [to for to, _ in village.heard].count("三组群") == 1


def statements_of_a_push(groups: int) -> int:
    """How many statements a notice to so many groups takes; each must hear it once."""
    with hamlet() as village:
        for number in range(1, groups):
            add_chat(village, f"{number}号群", (*VILLAGE, "一组"))
        number = drafted(village, "李书记", VILLAGE, after=timedelta(hours=1))
        approve(village, number, "李书记")
        approve(village, number, "赵镇")
        stage = village.stage
        stage.clock.set(village.now + timedelta(hours=1))
        said: list[str] = []
        with stage.begin() as session:
            work = stage.kernel.work(session)
            event.listen(stage.store.writer, "before_cursor_execute", lambda *a: said.append(a[2]))
            assert broadcast.push_due(work) == 1
            count = len(said)
            assert broadcast.push_due(work) == 0
        stage.settle()
        heard = [to for to, text in village.heard if text == "今天下午两点发口罩"]
        assert sorted(heard) == sorted(["三组群", *(f"{n}号群" for n in range(1, groups))])
        assert {d.state for d in village.rows(Delivery)} == {"sent"}
        return count


def test_a_notice_to_many_groups_takes_as_many_statements_as_to_few() -> None:
    assert statements_of_a_push(3) == statements_of_a_push(40)


def test_somebody_elses_code_is_nothing(village: Hamlet) -> None:
    said = village.to("王网格", "发通知 三组 今天下午两点发口罩 有效到2月5日")
    with village.stage.begin() as session:
        code = session.exec(select(Notice.code)).one()
    assert code in said[0]
    for name in ("马强", "李书记", "张大夫"):
        village.say(name, code)
    village.say("王网格", code, "三组群")
    assert not any(to == "三组群" for to, _ in village.heard)
    village.say("王网格", code)
    assert ("三组群", "今天下午两点发口罩") in village.heard


def test_a_code_of_who_lost_the_role_is_nothing(village: Hamlet) -> None:
    village.say("王网格", "发通知 三组 今天下午两点发口罩 有效到2月5日")
    with village.stage.begin() as session:
        code = session.exec(select(Notice.code)).one()
        role = session.exec(select(Role).where(Role.resident_id == id_of(session, "王网格"))).one()
        role.to_on = local_day(village.now) - timedelta(days=1)
        session.add(role)
    village.say("王网格", code)
    assert not any(to == "三组群" for to, _ in village.heard)
