"""The demo's village: invented people in the real system, with a clock that can be pushed."""

import asyncio
import json
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, SQLModel, col, select

import bot
from app.console.demo import DemoError
from app.demo_seed import DATABASE, Screen, open_morning
from app.schema import bring_up
from app.service import Service
from app.stage import CHANNEL, Stage
from app.talk.play import Player
from app.talk.steps import SetTime
from app.talk.syntax import parse_talk
from bot.channels.base import Received
from bot.clock import ShiftedClock, at, clock_words, local, local_day
from bot.content import Content
from bot.domain.incidents import WORD_OF_INCIDENT, Incident, IncidentKind
from bot.domain.owing import missing, owing
from bot.domain.registry import (
    WORD_OF_ROLE,
    Account,
    Chat,
    ChatPurpose,
    Household,
    Place,
    Resident,
    Role,
    RoleName,
)
from bot.domain.temperature import SlotReading
from bot.errors import SendError, Unreachable
from bot.inbox import Arrival
from bot.language.understand import Intent
from bot.message import ChatKind, Outbound
from bot.outbox import OPEN, Outbox
from bot.people import Names
from bot.router import Turn
from bot.store import Store
from scheduler import runner

VILLAGE = Path(bot.__file__).resolve().parents[1] / "content" / "demo" / "village.talk"
KEPT = 2000
MORNING = 7 * 60
WEEK = "一二三四五六日"
BOT = "守望"


@dataclass
class Line:
    """One line that somebody sees in a chat of the demo."""

    n: int
    chat: str
    who: str
    text: str
    at: str
    is_bot: bool = False
    kind: str = "text"
    quote: str = ""
    is_other_bot: bool = False
    key: str = ""
    account: str = ""

    def shown(self) -> dict[str, Any]:
        """As the page reads it."""
        keep = ("n", "chat", "who", "is_bot", "text", "at", "kind", "quote", "is_other_bot")
        return {name: getattr(self, name) for name in keep} | {"is_recalled": False}


@dataclass(frozen=True, slots=True)
class Morning:
    """The village as its morning left it."""

    ended: datetime
    rows: dict[str, list[dict[str, Any]]]
    lines: tuple[Line, ...]
    thoughts: tuple[dict[str, Any], ...]


@dataclass
class DemoVillage:
    """What the demo's page shows and does; the rest is the product itself."""

    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=KEPT))
    thoughts: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    recalled: set[int] = field(default_factory=set)
    count: int = 0
    version: int = 0
    until_down: datetime | None = None
    service: Service | None = None
    clock: ShiftedClock | None = None
    names: dict[str, str] = field(default_factory=dict)
    _morning: Morning = field(init=False)
    _by_key: dict[str, int] = field(default_factory=dict)
    _moving: asyncio.Lock = field(default_factory=asyncio.Lock)

    # before the server starts

    def open(self, kept: Path, folder: Path, content: Content, rule_pack: str) -> datetime:
        """Make the village in `folder` with its morning behind it; when the morning ended."""
        screen = open_morning(kept, folder, lambda at: self._play(at, content, rule_pack))
        self.lines.clear()
        self.lines.extend(Line(**line) for line in screen.lines)
        self.thoughts.clear()
        self.thoughts.extend(screen.thoughts)
        self.names = dict(screen.names)
        self.count = max((line.n for line in self.lines), default=0)
        self._by_key = {line.key: line.n for line in self.lines if line.key}
        store = Store(f"sqlite:///{folder / DATABASE}")
        with store.reading() as session:
            self.names |= dict(session.exec(select(Account.account, Account.display_name)).all())
        self._keep_morning(store, screen.ended)
        store.close()
        return screen.ended

    def _play(self, folder: Path, content: Content, rule_pack: str) -> Screen:
        """Play the morning on a fresh database."""
        store = Store(f"sqlite:///{folder / DATABASE}")
        bring_up(store)
        talk = parse_talk(VILLAGE.read_text(encoding="utf-8"), VILLAGE.name)
        start = next(step.at for step in talk.steps if isinstance(step, SetTime))
        stage = Stage(content, rule_pack, start, store=store)
        stage.on_turn = self.on_turn
        stage.on_heard = self._note_event
        Player(talk, content, rule_pack, stage, on_said=self.deliver_at).play()
        lines = [asdict(line) for line in self.lines]
        return Screen(stage.clock.now(), lines, list(self.thoughts), self.names)

    def attach(self, service: Service, clock: ShiftedClock) -> None:
        """From here on the running service is what the page talks to."""
        self.service, self.clock = service, clock
        service.on_turn = self.on_turn

    # what happens

    def deliver(self, message: Outbound) -> None:
        """The platform's side of say(): a line in a chat, or no platform while it is down."""
        now = self.now()
        if self.until_down is not None and now < self.until_down:
            raise _down()
        self.deliver_at(message, now)

    def deliver_at(self, message: Outbound, moment: datetime) -> None:
        """Show what the bot said."""
        chat = message.to.chat
        if message.to.kind is ChatKind.PRIVATE:
            chat = f"私:{self.names.get(chat, chat)}"
        self._add(chat, BOT, message.text, moment, is_bot=True)

    def _note_event(self, event: dict[str, Any], moment: datetime) -> None:
        if event["type"] != "message":
            if event["type"] == "recalled" and event.get("ref") in self._by_key:
                self.recalled.add(self._by_key[event["ref"]])
                self.version += 1
            return
        sender = event["sender"]
        self.names[sender["id"]] = sender["name"]
        chat = event["chat"]["id"]
        if event["chat"]["kind"] == "private":
            chat = f"私:{sender['name']}"
        line = self._add(
            chat,
            sender["name"],
            event.get("text", ""),
            moment,
            kind="voice" if event.get("media") else "quote" if event.get("quote") else "text",
            quote=event.get("quote", {}).get("text", "") if event.get("quote") else "",
            is_other_bot=bool(sender.get("is_bot")),
            key=event["id"],
            account=sender["id"],
        )
        self._by_key[event["id"]] = line.n

    def _add(self, chat: str, who: str, text: str, moment: datetime, **more: Any) -> Line:
        self.count += 1
        self.version += 1
        line = Line(self.count, chat, who, text, f"{local(moment):%H:%M}", **more)
        self.lines.append(line)
        return line

    def on_turn(self, turn: Turn) -> None:
        """What the bot thought of a message, before it is on disk."""
        number = self._by_key.get(turn.inbound.key)
        if number is None:
            return
        spoke = any(chat == turn.inbound.chat for chat, _ in turn.work.said_in)
        self.version += 1
        self.thoughts.append(
            {
                "n": number,
                "silent": not spoke,
                "why": _why(turn, spoke),
                "notes": list(turn.work.notes),
                "steps": [
                    {"words": s.words, "outcome": s.outcome, "why": s.why}
                    for s in (turn.meaning.report.steps if turn.meaning else ())
                ],
            }
        )

    # what the page asks

    def now(self) -> datetime:
        """The demo's clock."""
        if self.clock is None:
            raise RuntimeError("the demo has not started")
        return self.clock.now()

    @property
    def running(self) -> Service:
        """The service, once it runs."""
        if self.service is None:
            raise RuntimeError("the demo has not started")
        return self.service

    async def state(self, after: int) -> dict[str, Any]:
        """Everything that the page shows; lines only after `after`."""
        return await asyncio.to_thread(self._state, after)

    def _state(self, after: int) -> dict[str, Any]:
        now, service = self.now(), self.running
        with service.store.reading() as session:
            work = service.kernel.work(session)
            due = runner.next_job(work)
            facts = {
                "people": _people(session),
                "chats": _chats(session),
                "board": _board(session, service, now),
            }
        day = local(now)
        return {
            "now": day.isoformat(timespec="seconds"),
            "now_words": f"{clock_words(now)} 周{WEEK[day.weekday()]}",
            "version": self.version,
            "lines": [line.shown() for line in list(self.lines) if line.n > after],
            "recalled": sorted(self.recalled),
            "thoughts": [t for t in list(self.thoughts) if t["n"] > after - 40],
            "next": {"at": clock_words(due[0], local_day(now)), "words": due[1].words}
            if due
            else None,
            "rules": service.settings.rule_pack,
            "speed": 1,
            **facts,
        }

    async def say(self, chat: str, speaker: str, text: str, voice: bool, quote: int | None) -> None:
        """Somebody says something; back when it has been handled and answered.

        Raises:
            DemoError: no such chat or person, or nothing to say.
        """
        if not text.strip() or len(text) > 20_000:
            raise DemoError("请写点什么，最多两万字")
        event = await asyncio.to_thread(self._event, chat, speaker)
        event |= {"type": "message", "text": text}
        if voice:
            event["media"] = [{"kind": "voice"}]
        if quote is not None:
            quoted = next((line for line in self.lines if line.n == quote), None)
            if quoted is not None:
                event["quote"] = {"sender_id": quoted.account, "text": quoted.text}
        await self._hear(event)

    def _event(self, chat: str, speaker: str) -> dict[str, Any]:
        with self.running.store.reading() as session:
            account = session.exec(
                select(Account)
                .join(Resident, col(Resident.id) == Account.resident_id)
                .where(Resident.name == speaker, Account.channel == CHANNEL)
            ).first()
            group = session.exec(select(Chat).where(Chat.title == chat)).first()
        if account is None:
            raise DemoError(f"村里没有“{speaker}”这个能发微信的人")
        is_private = chat.startswith("私:")
        if not is_private and group is None:
            raise DemoError(f"没有“{chat}”这个群")
        if is_private and chat != f"私:{speaker}":
            raise DemoError("私聊只能自己和守望聊")
        self.names[account.account] = speaker
        where = (
            {"id": account.account, "kind": "private"}
            if is_private
            else {"id": chat, "kind": "group"}
        )
        return {
            "v": 1,
            "id": f"d{self.count + 1}-{int(self.now().timestamp())}",
            "chat": where,
            "sender": {"id": account.account, "name": speaker},
        }

    async def _hear(self, event: dict[str, Any]) -> None:
        """The same way in as any platform's call: kept, then handled; here we wait for it."""
        service, now = self.running, self.now()
        self._note_event(event, now)
        payload = json.dumps(event, ensure_ascii=False)
        channel = service.channels[CHANNEL]
        made = channel.read(payload)
        received = Received(made.key, made.chat, payload)
        row = await service.writer.accept(Arrival(CHANNEL, received, now, wants_row=True))
        if row is not None and row.is_new:
            await service.hook.waiters.wait(row.id, 3.0)
        await self._quiet()

    async def _quiet(self) -> None:
        """Wait until what was said now has been sent."""
        service = self.running
        for _ in range(40):
            await service.sender.start_due()
            await service.sender.drain()
            due = await service.writer.run(lambda session: _has_due(session, self.now()))
            if not due:
                return
            await asyncio.sleep(0.05)

    async def recall(self, line: int) -> None:
        """The sender takes a line back.

        Raises:
            DemoError: nobody's line, or the bot's.
        """
        found = next((one for one in self.lines if one.n == line), None)
        if found is None or found.is_bot or not found.key:
            raise DemoError("这一条撤不回来")
        event = await asyncio.to_thread(self._event, found.chat, found.who)
        await self._hear(event | {"type": "recalled", "ref": found.key})

    async def move(self, to: str) -> None:
        """Push the clock: +15 minutes, to the next thing that falls due, or to the next morning.

        Raises:
            DemoError: another word.
        """
        async with self._moving:
            now = self.now()
            if to.startswith("+") and to[1:].isdecimal():
                target = now + timedelta(minutes=min(int(to[1:]), 24 * 60))
            elif to == "next":
                due = await asyncio.to_thread(self._next)
                target = due if due is not None else now + timedelta(minutes=15)
            elif to == "morning":
                target = at(local_day(now) + timedelta(days=1), MORNING)
            else:
                raise DemoError("只会 +分钟、到下一件、到明早")
            await self._run_to(target)

    def _next(self) -> datetime | None:
        with self.running.store.reading() as session:
            return runner.next_due(self.running.kernel.work(session))

    async def _run_to(self, target: datetime) -> None:
        """Go there, stopping wherever something falls due on the way."""
        if self.clock is None:
            return
        while (due := await asyncio.to_thread(self._next)) is not None and due <= target:
            self.clock.push_to(due)
            await self._tick()
        self.clock.push_to(target)
        await self._tick()
        self.version += 1

    async def _tick(self) -> None:
        self.running.writer.wake()
        await self.running.runner.tick_all()
        await self._quiet()
        await self.running.runner.tick_all()

    async def outage(self, minutes: int) -> None:
        """The platform refuses everything for so long; what is to be said waits."""
        self.until_down = self.now() + timedelta(minutes=max(0, min(minutes, 24 * 60)))
        self.version += 1

    async def reset(self) -> None:
        """Begin again: the village, its chats and its clock as the morning left them."""
        async with self._moving:
            await self.running.writer.run(self._restore)
            if self.clock is not None:
                self.clock.restart(self._morning.ended)
            self.running.kernel.names = Names()
            self.lines.clear()
            self.lines.extend(self._morning.lines)
            self.thoughts.clear()
            self.thoughts.extend(self._morning.thoughts)
            self.recalled.clear()
            self.until_down = None
            self.version += 1

    def _keep_morning(self, store: Store, ended: datetime) -> None:
        """Remember how the morning ended, so that it can be had again."""
        with store.reading() as session:
            rows = {
                table.name: [
                    dict(row._mapping) for row in session.connection().execute(table.select())
                ]
                for table in SQLModel.metadata.sorted_tables
            }
        self._morning = Morning(ended, rows, tuple(self.lines), tuple(self.thoughts))

    def _restore(self, session: Session) -> None:
        connection = session.connection()
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in reversed(SQLModel.metadata.sorted_tables):
            connection.execute(table.delete())
        for table in SQLModel.metadata.sorted_tables:
            if self._morning.rows[table.name]:
                connection.execute(table.insert(), self._morning.rows[table.name])

    async def as_talk(self) -> str:
        """What was played, as a talk file that `shouwang play` reads."""
        head = VILLAGE.read_text(encoding="utf-8").split("\n[", 1)[0].rstrip()
        out, chat = [head], ""
        for line in list(self.lines):
            if line.chat != chat:
                chat = line.chat
                out.append(f"\n[{'私 ' + chat[2:] if chat.startswith('私:') else chat}]")
            first, *rest = line.text.split("\n")
            who = (
                "机器人" if line.is_bot else line.who + ("（语音）" if line.kind == "voice" else "")
            )
            out.append(f"{who}：{first}")
            out += [f"| {part}" for part in rest]
        return "\n".join(out) + "\n"


def _down() -> SendError:
    return Unreachable("demo_down", "演示：断网", retry_after=30.0)


def _has_due(session: Session, now: datetime) -> bool:
    query = select(Outbox.id).where(col(Outbox.state).in_((*OPEN, "sending")), Outbox.due_at <= now)
    return session.exec(query.limit(1)).first() is not None


def _why(turn: Turn, spoke: bool) -> str:
    """The first line of the thinking column."""
    notes = turn.work.notes
    said = next((n.removeprefix("说：") for n in notes if n.startswith("说：")), "")
    quiet = next((n for n in notes if n.startswith(("静：", "不说："))), "")
    if spoke:
        here = [why for chat, why in turn.work.said_in if chat == turn.inbound.chat]
        return f"说：{here[-1]}"
    if said:
        return f"群里静，私下办：{said}"
    if quiet:
        return quiet
    if turn.meaning is None:
        return "静：这不是一句话"
    if Intent.REPORT in turn.meaning.intents:
        return "静：体温记下了，群里不应声（规则 S1、S2）"
    return "静：没人叫它，也不是要它管的事（规则 S1）"


def _people(session: Session) -> list[dict[str, str]]:
    roles = {
        resident_id: WORD_OF_ROLE[RoleName(role)]
        for resident_id, role in session.exec(select(Role.resident_id, Role.role)).all()
    }
    places = {p.id: p.name for p in session.exec(select(Place)).all()}
    homes = {h.id: h.householder_id for h in session.exec(select(Household)).all()}
    names = {r.id: r for r in session.exec(select(Resident).order_by(col(Resident.id))).all()}
    with_phone = set(session.exec(select(Account.resident_id)).all())
    out = []
    for resident_id, person in names.items():
        if resident_id not in with_phone:
            continue
        holder = names.get(homes.get(person.household_id))
        home = places.get(person.place_id, "")
        if holder is not None:
            home += f" {holder.name}家" + (f"的{person.called}" if person.called else "")
        out.append(
            {
                "id": person.name,
                "name": person.name,
                "role": roles.get(resident_id or 0, "村民"),
                "home": home,
            }
        )
    return out


def _chats(session: Session) -> list[dict[str, Any]]:
    kinds = {ChatPurpose.RESIDENTS: "residents", ChatPurpose.CADRES: "cadres"}
    return [
        {
            "id": chat.title,
            "title": chat.title,
            "kind": kinds.get(ChatPurpose(chat.purpose), "care_team"),
            "members": chat.members,
        }
        for chat in session.exec(select(Chat).order_by(col(Chat.id))).all()
    ]


def _board(session: Session, service: Service, now: datetime) -> dict[str, Any]:
    one = service.kernel.rules.current(now)
    owed, absent = owing(session, one), missing(session, one)
    names = {r.id: r.name for r in session.exec(select(Resident)).all()}
    fevers = session.exec(
        select(SlotReading).where(
            SlotReading.day == one.day,
            SlotReading.slot == one.slot.name,
            col(SlotReading.is_fever).is_(True),
        )
    ).all()
    incidents = session.exec(
        select(Incident).where(col(Incident.closed_at).is_(None)).order_by(col(Incident.id).desc())
    ).all()
    state_of = {i.resident_id: _state(i) for i in incidents}
    return {
        "slot": one.slot.name,
        "owed": len(owed),
        "reported": len(owed) - len(absent),
        "missing": [p.name for p in absent],
        "fevers": [
            {
                "name": names.get(f.resident_id, ""),
                "value": f"{f.tenths / 10:.1f}",
                "state": state_of.get(f.resident_id, "已关"),
            }
            for f in fevers
        ],
        "incidents": [
            {
                "word": WORD_OF_INCIDENT[IncidentKind(i.kind)],
                "who": names.get(i.resident_id, "") if i.resident_id else "",
                "state": _state(i),
                "at": f"{local(i.opened_at):%H:%M}",
            }
            for i in incidents[:8]
        ],
    }


def _state(incident: Incident) -> str:
    if incident.taken_at is not None:
        return "已接"
    return "已升级" if incident.escalated_to is not None else "未接"
