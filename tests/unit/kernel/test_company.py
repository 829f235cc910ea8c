"""Who speaks in some messages: met together, and nothing of it stale for those who come after."""

from datetime import timedelta

from sqlmodel import Session, select

from bot.company import Company
from bot.domain.prompts import ask, look, waiting
from bot.domain.questions import keep_answer, last_answer
from bot.domain.questions import look as look_at_answers
from bot.domain.registry import Account, Chat, Resident, Role, add_place
from bot.message import ChatKind, Inbound, MessageKind
from tests.unit.kernel.ground import NOW, Obedient


def said(sender: str, chat: str = "", name: str = "", channel: str = "c") -> Inbound:
    kind = ChatKind.GROUP if chat else ChatKind.PRIVATE
    return Inbound(channel, sender, MessageKind.TEXT, chat or sender, kind, sender, "x", name)


def company(session: Session, *messages: Inbound) -> Company:
    made = Company(session, NOW, {"c": Obedient(), "d": Obedient("d")})
    made.meet(messages)
    return made


def test_each_account_and_chat_is_kept_once(session: Session) -> None:
    heard = (said("a", "g"), said("b", "g"), said("a"), said("a", channel="d"))
    company(session, *heard)
    met = company(session, *heard)
    accounts = session.exec(select(Account)).all()
    assert sorted((one.channel, one.account) for one in accounts) == [
        ("c", "a"),
        ("c", "b"),
        ("d", "a"),
    ]
    assert {one.seen_at for one in accounts} == {NOW}
    assert [one.heard_at for one in session.exec(select(Chat)).all()] == [NOW]
    assert met.chat(said("a", "g")).in_ref == "g"


def test_only_who_writes_in_private_may_be_written_to(session: Session) -> None:
    met = company(session, said("a", "g"), said("b"))
    assert met.account(said("a", "g"))[0].has_private_way is None
    assert met.account(said("b"))[0].has_private_way is True
    assert met.account(said("a"))[0].has_private_way is True


def test_somebody_bound_meanwhile_is_known_to_the_next_message(session: Session) -> None:
    place = add_place(session, None, "柳树沟村", "village")
    person = Resident(name="王德福", place_id=place.id or 0)
    session.add(person)
    session.flush()
    session.add(Role(resident_id=person.id or 0, place_id=place.id or 0, role="village_doctor"))
    met = company(session, said("a"))
    account, nobody = met.account(said("a"))
    assert nobody is None
    assert not met.scope(nobody).is_cadre
    account.resident_id = person.id
    assert met.account(said("a"))[1] is person
    assert met.scope(person).is_cadre


def test_what_is_written_after_the_look_is_found(session: Session) -> None:
    met = company(session, said("a"), said("b"))
    one, other = (met.account(said(name))[0].id or 0 for name in "ab")
    look(session, {one, other})
    look_at_answers(session, {one, other})
    until = NOW + timedelta(hours=1)
    asked = ask(session, one, "reading", NOW, until)
    keep_answer(session, one, "c", "喝酒能杀死病毒吗", NOW)
    assert waiting(session, one, NOW) == [asked]
    assert waiting(session, other, NOW) == []
    assert last_answer(session, one) is not None
    assert last_answer(session, other) is None


def test_what_was_there_before_the_look_is_found(session: Session) -> None:
    (one,) = (company(session, said("a")).account(said("a"))[0].id or 0,)
    asked = ask(session, one, "reading", NOW, NOW + timedelta(hours=1))
    look(session, {one, 99})
    assert waiting(session, one, NOW) == [asked]
