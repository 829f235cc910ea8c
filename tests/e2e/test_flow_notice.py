"""A notice from a cadre's phone to the groups, over the app, the webhooks and a pulling gateway."""

import re
from collections.abc import Callable, Iterator

import pytest
from sqlmodel import Session

from app.world import World
from bot.domain.incidents import Incident
from bot.domain.notices import Delivery, Notice
from bot.outbox import Outbox
from tests.e2e.helpers import NOW, VILLAGE, Deployment, deployed, eventually, people_of, xml
from tests.fakes.faulty import Fault
from tests.fakes.webhook import coded


@pytest.fixture
def house(
    tmp_path_factory: pytest.TempPathFactory, database: Callable[[], str]
) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("notice"), database()) as house:
        yield house


class Phone:
    """One person's phone on the county's app: what they say, and what they read."""

    def __init__(self, house: Deployment, name: str) -> None:
        self.house = house
        with house.service.store.reading() as session:
            self.account = people_of(session)[name]
        self._count = 0

    def say(self, text: str) -> None:
        self._count += 1
        key = f"{self.account}-{self._count}"
        assert self.house.app_says(xml(self.account, text, key)).status_code == 200
        eventually(lambda: self.house.is_handled(key))

    def read(self, word: str) -> str:
        """The first message to this phone with a word in it, once it has come."""

        def found() -> str:
            mine = [t for to, t in self.house.platforms.weixin.delivered if to == self.account]
            return next((text for text in mine if word in text), "")

        return str(eventually(found))

    def code(self, word: str) -> str:
        match = re.search(r"(?<!\d)\d{4}(?!\d)", self.read(word).rpartition("回")[2])
        assert match is not None
        return match[0]


def said(house: Deployment) -> list[tuple[str, str]]:
    return list(house.platforms.webhook.said)


def test_one_group_gets_it_once_after_the_code(house: Deployment) -> None:
    cadre = Phone(house, "王网格")
    cadre.say("发通知 三组 今天下午两点在村口发口罩 有效到2月5日")
    code = cadre.code("发口罩")
    assert said(house) == []
    cadre.say(code)
    eventually(lambda: said(house))
    cadre.say(code)
    house.tick()
    house.tick()
    eventually(lambda: house.rows(Notice)[0].state == "sent")
    (one,) = said(house)
    assert one[0] == "key-of-the-third-group"
    assert "今天下午两点在村口发口罩" in one[1]
    assert [d.state for d in house.rows(Delivery)] == ["sent"]


def test_a_whole_village_waits_for_a_second_person(house: Deployment) -> None:
    author, second = Phone(house, "李书记"), Phone(house, "赵镇")
    author.say("发通知 全村 明天早上八点开始消毒，请关好门窗 有效到2月5日")
    code = author.code("消毒")
    author.say(code)
    author.say(code)
    house.tick()
    approval = second.code("消毒")
    author.say(approval)
    house.tick()
    assert said(house) == []
    second.say(approval)
    eventually(lambda: len(said(house)) == 2)
    house.tick()
    keys = sorted(key for key, _ in said(house))
    assert keys == ["key-of-the-first-group", "key-of-the-third-group"]
    eventually(lambda: [n.state for n in house.rows(Notice)] == ["sent"])


def test_a_group_whose_robot_was_deleted_is_shown_with_the_platforms_words(
    house: Deployment,
) -> None:
    house.platforms.webhook.remove("key-of-the-third-group")
    cadre = Phone(house, "王网格")
    cadre.say("发通知 三组 今天下午两点在村口发口罩 有效到2月5日")
    cadre.say(cadre.code("发口罩"))
    eventually(lambda: [d.state for d in house.rows(Delivery)] == ["failed"])
    house.tick()
    cadre.say("送达")
    assert "93000" in cadre.read("93000")
    assert any(i.kind == "channel_down" for i in house.rows(Incident))


def test_one_that_expired_on_the_way_is_closed(house: Deployment) -> None:
    house.platforms.webhook.fail(*[Fault(coded(45009, "api freq out of limit"))] * 3)
    cadre = Phone(house, "王网格")
    cadre.say("发通知 三组 今天下午两点在村口发口罩 有效到2月3日")
    cadre.say(cadre.code("发口罩"))
    eventually(lambda: any("45009" in row.reason for row in house.outbox(Outbox.topic == "notice")))
    house.later(24 * 3600)
    eventually(lambda: [d.state for d in house.rows(Delivery)] == ["expired"])
    house.tick()
    eventually(lambda: house.rows(Notice)[0].state not in ("sending", "approved"))
    assert said(house) == []


def gateway_group(session: Session) -> None:
    """A group of the second villager group, reached through a gateway that pulls."""
    world = World(session, "sms", NOW)
    chat = world.chat("网关群", (*VILLAGE, "二组"), "村民")
    chat.in_ref = "room-17"
    session.add(chat)


def test_a_gateway_fetches_confirms_and_the_notice_is_closed(house: Deployment) -> None:
    house.run(gateway_group)
    cadre = Phone(house, "李书记")
    cadre.say("发通知 二组 今天下午两点在村口发口罩 有效到2月5日")
    cadre.say(cadre.code("发口罩"))
    fetched = eventually(lambda: house.bridge("/outbox?after=0").json()["messages"])
    (message,) = fetched
    assert message["chat"] == {"id": "room-17", "kind": "group"}
    assert "发口罩" in message["text"]
    again = house.bridge("/outbox?after=0").json()["messages"]
    assert [one["id"] for one in again] == [message["id"]]
    assert house.bridge(f"/outbox?after={message['seq']}").json()["messages"] == []
    assert house.bridge("/ack", {"ids": [message["id"]]}).status_code == 202
    eventually(lambda: house.bridge("/outbox?after=0").json()["messages"] == [])
    eventually(lambda: [d.state for d in house.rows(Delivery)] == ["sent"])
    house.tick()
    eventually(lambda: [n.state for n in house.rows(Notice)] == ["sent"])
    assert said(house) == []
