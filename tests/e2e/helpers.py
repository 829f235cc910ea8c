"""The whole system on a real port: settings file, Service, uvicorn in a thread, fake platforms.

The clock stands until a test moves it, so whatever waits for its time waits for the test.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import uvicorn
from sqlmodel import Session, SQLModel, select

from app.main import create_app
from app.service import Service
from app.settings import load_settings
from app.world import Someone, World
from bot.channels.bridge_signing import signed_headers
from bot.clock import ManualClock
from bot.domain.registry import Account, Chat
from bot.domain.temperature import Reading
from bot.inbox import Inbox
from bot.outbox import Outbox
from tests.fakes.bridge import FakeGateway
from tests.fakes.webhook import FakeWebhook
from tests.fakes.weixin import ACCOUNT, ACCOUNT_KEY, Weixin
from tests.fakes.weixin_seal import Sealer, envelope

NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)  # 08:12 in China, in the morning's slot
VILLAGE = ("朝阳县", "柳树沟镇", "柳树沟村")
GROUP = (*VILLAGE, "三组")
KEY = bytes(range(32))
COUNTY = Sealer()
DOOR = Sealer(receive_id=ACCOUNT)
ROBOT = Sealer(aes_key="aibotKey0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6qE", receive_id="")
HOOKS = {"三组群": "key-of-the-third-group", "一组群": "key-of-the-first-group"}
CANARIES = ("张桂芳", "王德福", "王小宝", "36.5", "38.1", "三组群", "key-of-the-third-group")


@dataclass
class Platforms:
    """Tencent's servers and a gateway, as real servers on 127.0.0.1."""

    weixin: Weixin = field(default_factory=Weixin)
    webhook: FakeWebhook = field(default_factory=lambda: FakeWebhook(*HOOKS.values()))
    gateway: FakeGateway = field(default_factory=lambda: FakeGateway("push", KEY, now=lambda: NOW))

    def close(self) -> None:
        """Stop them all."""
        for server in (self.weixin, self.webhook, self.gateway):
            server.close()


def settings_file(platforms: Platforms) -> str:
    """The channels of a deployment, as its technician would write them."""
    hooks = ", ".join(f'"{ref}" = "{key}"' for ref, key in HOOKS.items())
    return f"""
max_hook_bytes = 16384
[channels.county]
kind = "wecom_app"
token = "{COUNTY.token}"
aes_key = "{COUNTY.aes_key}"
receive_id = "{COUNTY.receive_id}"
secret = "{ACCOUNT_KEY}"
agent_id = 1000002
api_base = "{platforms.weixin.url}"
[channels.door]
kind = "official_account"
token = "{DOOR.token}"
aes_key = "{DOOR.aes_key}"
receive_id = "{DOOR.receive_id}"
[channels.robot]
kind = "wecom_bot"
token = "{ROBOT.token}"
aes_key = "{ROBOT.aes_key}"
names = ["小守"]
[channels.sms]
kind = "bridge"
key = "{KEY.hex()}"
[channels.push]
kind = "bridge"
key = "{KEY.hex()}"
push_url = "{platforms.gateway.push_url}"
allow_private_push = true
[channels.groups]
kind = "wecom_webhook"
hooks = {{ {hooks} }}
api_base = "{platforms.webhook.url}"
"""


@dataclass
class Deployment:
    """One process of shouwang that serves, and its platforms."""

    service: Service
    platforms: Platforms
    clock: ManualClock
    url: str
    client: httpx2.Client

    # what the platforms send

    def post(self, channel: str, body: bytes | str, query: dict[str, str]) -> httpx2.Response:
        """One call at a hook."""
        return self.client.post(f"{self.url}/hook/{channel}?{urlencode(query)}", content=body)

    def app_says(self, xml: str, sealer: Sealer = COUNTY) -> httpx2.Response:
        """A push to the self-built app."""
        sealed = sealer.seal(xml)
        return self.post("county", envelope(sealed), sealer.query(sealed, self.clock.now()))

    def door_says(self, xml: str) -> httpx2.Response:
        """A push to the official account."""
        sealed = DOOR.seal(xml)
        return self.post("door", envelope(sealed), DOOR.query(sealed, self.clock.now()))

    def robot_hears(self, **fields: Any) -> httpx2.Response:
        """A callback of the smart bot."""
        sealed = ROBOT.seal(json.dumps(fields, ensure_ascii=False))
        query = ROBOT.query(sealed, self.clock.now())
        return self.post("robot", json.dumps({"encrypt": sealed}), query)

    def bridge(
        self,
        path: str = "",
        event: dict[str, Any] | None = None,
        *,
        key: bytes = KEY,
        name: str = "sms",
        changes: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """A signed call of a gateway: GET without an event."""
        method = "GET" if event is None else "POST"
        body = b"" if event is None else json.dumps(event, ensure_ascii=False).encode()
        target = f"/hook/{name}{path}"
        headers = signed_headers((key,), name, method, target, body, self.clock.now())
        return self.client.request(
            method, self.url + target, content=body, headers={**headers, **(changes or {})}
        )

    # what is in the database

    def rows(self, table: type[SQLModel], *where: Any) -> list[Any]:
        """Rows of a table as they are on disk."""
        with self.service.store.reading() as session:
            found = list(session.exec(select(table).where(*where)).all())
            session.expunge_all()
            return found

    def readings(self) -> list[tuple[int, str]]:
        """(tenths, verdict) of all readings, in order."""
        return [(row.tenths, row.verdict) for row in self.rows(Reading)]

    def count(self, key: str) -> int:
        """How many rows of the inbox have this key."""
        return len(self.rows(Inbox, Inbox.key == key))

    def is_handled(self, key: str) -> bool:
        """Whether a message is done, once."""
        return [row.handled for row in self.rows(Inbox, Inbox.key == key)] == [1]

    def outbox(self, *where: Any) -> list[Outbox]:
        """Rows of the outbox."""
        return self.rows(Outbox, *where)

    def run(self, unit: Callable[[Session], Any]) -> Any:
        """A unit of work in the one writer, asked for from the test's thread."""

        async def asked() -> Any:
            return await self.service.writer.run(unit)

        loop = self.service.writer._loop
        assert loop is not None
        return asyncio.run_coroutine_threadsafe(asked(), loop).result(5)

    def put(self, **values: Any) -> None:
        """A row of the outbox to a group, due now, and the sender woken."""
        given = {
            "channel": "groups",
            "chat": "三组群",
            "chat_kind": "group",
            "topic": "notice",
            "created_at": self.clock.now(),
            "due_at": self.clock.now(),
            **values,
        }
        self.run(lambda session: session.add(Outbox(**given)))
        self.wake()

    def wake(self) -> None:
        """Let the sender look at once."""
        loop = self.service.writer._loop
        assert loop is not None
        loop.call_soon_threadsafe(self.service.sender.wake)

    def later(self, seconds: float) -> None:
        """Move the clock; the sender looks again."""
        self.clock.set(self.clock.now() + timedelta(seconds=seconds))
        self.wake()

    def tick(self) -> None:
        """Every job of the timetable, once."""
        loop = self.service.writer._loop
        assert loop is not None
        asyncio.run_coroutine_threadsafe(self.service.runner.tick_all(), loop).result(5)
        self.wake()


def eventually(true: Callable[[], Any], seconds: float = 8.0) -> Any:
    """Look again and again until something is true; its value."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
    return found


def xml(sender: str, text: str, msg_id: str, chat: str = "") -> str:
    """A text message as Tencent writes it; `chat` is a gateway's element for a group."""
    group = f"<ChatId><![CDATA[{chat}]]></ChatId>" if chat else ""
    return (
        f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName>"
        f"<FromUserName><![CDATA[{sender}]]></FromUserName><CreateTime>1580688732</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"
        f"<MsgId>{msg_id}</MsgId><AgentID>1000002</AgentID>{group}</xml>"
    )


def people_of(session: Session, channel: str = "county") -> dict[str, str]:
    """Accounts of a channel by the name of who owns them."""
    rows = session.exec(select(Account).where(Account.channel == channel)).all()
    return {row.display_name: row.account for row in rows}


def village(session: Session, now: datetime) -> None:
    """A house, four cadres and two chats that the app hears and the webhooks speak in."""
    world = World(session, "county", now)
    family = [Someone("张桂芳"), Someone("王德福", "老伴"), Someone("王小宝", "孙子")]
    world.household(GROUP, family)
    world.cadre("王网格", "网格员", GROUP)
    world.cadre("张大夫", "村医", VILLAGE)
    world.cadre("李书记", "村支书", VILLAGE)
    world.cadre("赵镇", "镇值班", VILLAGE[:2])
    for title, path in (("三组群", GROUP), ("一组群", (*VILLAGE, "一组"))):
        chat: Chat = world.chat(title, path, "村民")
        chat.out_channel, chat.out_ref, chat.members = "groups", title, 30
        session.add(chat)
    session.flush()


@contextmanager
def deployed(folder: Path, database: str = "") -> Iterator[Deployment]:
    """Start everything, hand it over, stop everything.

    Args:
        folder: of the data.
        database: its address; "" is the folder's own SQLite file.
    """
    platforms = Platforms()
    address = f'database_url = "{database}"\n' if database else ""
    (folder / "shouwang.toml").write_text(address + settings_file(platforms), "utf-8")
    clock = ManualClock(NOW)
    try:
        service = Service(load_settings(folder), clock=clock)
        with service.store.begin() as session:
            if session.exec(select(Account.id)).first() is None:
                village(session, NOW)
            platforms.weixin.members |= set(people_of(session).values())
        with _served(service) as url, httpx2.Client(trust_env=False, timeout=10) as client:
            yield Deployment(service, platforms, clock, url, client)
    finally:
        platforms.close()


@contextmanager
def _served(service: Service) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(service), log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    eventually(lambda: server.started or not thread.is_alive())
    assert server.started, "the server did not start"
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"
