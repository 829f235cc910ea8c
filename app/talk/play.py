"""Play a talk through the whole system in virtual time, and say where it differs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlmodel import select

from app.stage import CHANNEL, Stage
from app.talk import items
from app.talk.check import Facts, code_asked, not_built, number_given
from app.talk.errors import TalkError
from app.talk.items import BotLine, Outcome, Stretches
from app.talk.names import ChatName, PersonName
from app.talk.steps import (
    BotRemoved,
    CadreDef,
    CareRole,
    ChatDef,
    ChatStep,
    EnterChat,
    ExpectFact,
    ExpectLike,
    ExpectLine,
    ExpectNever,
    ExpectQuiet,
    HouseholdDef,
    Join,
    Leave,
    NoPrivateDef,
    ObservationDef,
    OwesDef,
    PlaceDef,
    Recall,
    RenameDef,
    Repeat,
    Rules,
    Say,
    SetTime,
    Step,
    Talk,
    TeamDef,
)
from app.world import Someone, World
from bot.content import Content
from bot.domain.registry import Account
from bot.message import ChatKind, Outbound
from bot.store import Store

BEGINNING = datetime(2020, 1, 20, 0, 0, tzinfo=UTC)
PARTS = {CareRole.PRIMARY: "primary", CareRole.DEPUTY: "deputy", CareRole.MEMBER: "member"}


@dataclass(frozen=True, slots=True)
class Difference:
    """An item of a talk that is not true."""

    line: int
    raw: str
    why: str


@dataclass
class Player:
    """One talk on one stage."""

    talk: Talk
    content: Content
    rule_pack: str = "cn-2020-01"
    stage: Stage | None = None
    store: Store | None = None  # a fresh one with all tables; None: in memory
    lines: list[BotLine] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    step: int = 0
    on_said: Callable[[Outbound, datetime], None] = lambda message, moment: None
    _stretches: Stretches = field(default_factory=Stretches)
    _named: set[int] = field(default_factory=set)
    _chats: dict[tuple[str, str], ChatName] = field(default_factory=dict)
    _accounts: dict[PersonName, tuple[int, str]] = field(default_factory=dict)
    _shown: dict[str, str] = field(default_factory=dict)
    _began: datetime | None = None

    def play(self) -> list[Difference]:
        """Play it from the first line to the last.

        Raises:
            TalkError: the talk asks for what cannot be (an unknown rule pack).
        """
        pack = next((s.pack for s in self.talk.steps if isinstance(s, Rules)), self.rule_pack)
        if pack not in self.content.rules:
            raise TalkError(1, f"没有规则包“{pack}”")
        start = next((s.at for s in self.talk.steps if isinstance(s, SetTime)), BEGINNING)
        if self.stage is None:
            store = self.store or Store("sqlite://")
            self.stage = Stage(self.content, pack, start, store=store)
        self.stage.on_said = self._heard
        self._began = start
        try:
            for index, step in enumerate(self.talk.steps):
                self.step = index
                self._do(step)
        finally:
            self.stage.close()
        if not self.talk.is_loose:
            for line in items.unnamed(self.lines, self._named):
                where = self.talk.steps[line.step]
                self.differences.append(
                    Difference(where.end, where.raw, f"没写到的话 [{line.chat}] {line.text}")
                )
        return sorted(self.differences, key=lambda d: d.line)

    @property
    def on(self) -> Stage:
        """The stage, once it stands."""
        if self.stage is None:
            raise RuntimeError("the talk has not begun")
        return self.stage

    def _heard(self, message: Outbound, at: datetime) -> None:
        is_private = message.to.kind is ChatKind.PRIVATE
        key = ("私" if is_private else "群", message.to.chat)
        chat = self._chats.get(key) or self._chat_of(key, message.to.chat)
        self.lines.append(BotLine(chat, message.text, at, len(self.lines), self.step))
        self.on_said(message, at)

    def _chat_of(self, key: tuple[str, str], ref: str) -> ChatName:
        """The name of a chat that no line has entered yet."""
        if key[0] == "群":
            return ChatName(ref)
        with self.on.store.reading() as session:
            account = session.exec(
                select(Account).where(Account.channel == CHANNEL, Account.account == ref)
            ).first()
        name = ChatName(account.display_name if account else ref, is_private=True)
        self._chats[key] = name
        return name

    def _do(self, step: Step) -> None:
        match step:
            case SetTime():
                self._stretches.time_set(len(self.lines))
                self.on.advance(step.at)
            case EnterChat():
                self._canonical(step.chat)
            case ExpectFact():
                self._fact(step)
            case ChatStep():
                self._in_chat(step)
            case RenameDef():
                _, ref = self._account(step.person)
                self._shown[ref] = step.shown
                self._accounts[PersonName(step.shown)] = self._accounts[step.person]
            case _:
                with self.on.begin() as session:
                    self._set_up(self.on.world(session), step)

    # what the village is

    def _set_up(self, world: World, step: Step) -> None:
        match step:
            case PlaceDef():
                world.place(step.place)
            case HouseholdDef():
                members = [Someone(m.name, m.kin, m.has_phone, m.lives_alone) for m in step.members]
                world.household(step.place, members)
            case CadreDef():
                world.cadre(step.person.name, str(step.role), step.place)
            case ObservationDef():
                world.observed(
                    step.person.name, step.place, step.origin, step.arrived_on, self.on.kernel.rules
                )
            case TeamDef():
                subject = world.person(step.person.name, step.person.place)
                if subject is None:
                    raise TalkError(step.line, f"没有“{step.person}”这个人")
                team = [(self._must(world, m.person, step), PARTS[m.role]) for m in step.members]
                world.team(subject, team)
            case OwesDef():
                slots = ("早" if step.morning else "") + ("晚" if step.evening else "")
                for path in step.places:
                    world.owes(slots, place=world.place(path))
                for person in step.people:
                    world.owes(slots, person=self._must(world, person, step))
            case ChatDef():
                world.chat(step.chat.name, step.place, str(step.kind))
            case NoPrivateDef():
                for person in step.people:
                    account = world.account(self._must(world, person, step))
                    account.has_private_way = False
                    world.db.add(account)

    @staticmethod
    def _must(world: World, person: PersonName, step: Step) -> Any:
        found = world.person(person.name, person.place)
        if found is None:
            raise TalkError(step.line, f"没有“{person}”这个人，先写“户”或“干部”")
        return found

    # who speaks where

    def _account(self, person: PersonName) -> tuple[int, str]:
        """(resident id or 0, account) of somebody; a stranger's account is made of the name."""
        if person in self._accounts:
            return self._accounts[person]
        with self.on.begin() as session:
            world = self.on.world(session)
            resident = world.person(person.name, person.place)
            ref = world.account(resident).account if resident else f"x:{person.name}"
            found = (resident.id or 0 if resident else 0, ref)
        self._accounts[person] = found
        return found

    def _canonical(self, chat: ChatName) -> ChatName:
        """One name for a chat, also after somebody was renamed."""
        if not chat.is_private:
            return chat
        _, ref = self._account(chat.person)
        return self._chats.setdefault(("私", ref), chat)

    def _where(self, chat: ChatName, person: PersonName) -> dict[str, Any]:
        _, ref = self._account(person)
        place = self._account(chat.person)[1] if chat.is_private else chat.name
        return {
            "chat": place,
            "is_group": not chat.is_private,
            "sender": ref,
            "name": self._shown.get(ref, person.name),
        }

    # what happens

    def _in_chat(self, step: ChatStep) -> None:
        chat = self._canonical(step.chat)
        if isinstance(step, ExpectQuiet | ExpectLine | ExpectLike | ExpectNever):
            self._expect(chat, step)
            return
        if isinstance(step, Say):
            self._stretches.said(chat, len(self.lines))
            self._say(chat, step)
            return
        self._stretches.happened(chat, len(self.lines))
        self._event(chat, step)

    def _say(self, chat: ChatName, step: Say) -> None:
        where = self._where(chat, step.speaker)
        more: dict[str, Any] = {"text": self._filled(step)}
        if step.is_voice:
            more["media"] = [{"kind": "voice"}]
        if step.quote is not None:
            more["quote"] = {
                "sender_id": self._account(step.quote.person)[1],
                "text": step.quote.text,
            }
        who = {"sender": {"is_bot": True}} if step.is_bot else {}
        sender = where.pop("sender")
        self._send("message", sender, where, {**more, **who})

    def _send(self, kind: str, sender: str, where: dict[str, Any], more: dict[str, Any]) -> None:
        flags = more.pop("sender", {})
        self.on.count += 1
        self.on.hear(
            {
                "v": 1,
                "id": f"t{self.on.count}",
                "type": kind,
                "chat": {
                    "id": where["chat"],
                    "kind": "group" if where["is_group"] else "private",
                },
                "sender": {"id": sender, "name": where["name"], **flags},
                **more,
            }
        )

    def _filled(self, step: Say) -> str:
        """The words with {码} and {号} put in; where nothing was given they stay as they are."""
        if "{码}" not in step.text and "{号}" not in step.text:
            return step.text
        resident_id, ref = self._account(step.speaker)
        with self.on.store.reading() as session:
            account = session.exec(
                select(Account.id).where(Account.channel == CHANNEL, Account.account == ref)
            ).first()
            code = code_asked(session, account or 0)
            number = number_given(session, resident_id)
        return step.text.replace("{码}", code or "{码}").replace("{号}", number or "{号}")

    def _event(self, chat: ChatName, step: ChatStep) -> None:
        stage = self.on
        match step:
            case Repeat():
                if stage.last is not None:
                    stage.hear(stage.last)
            case Recall():
                said = stage.last
                if said is not None:
                    where = {
                        "chat": said["chat"]["id"],
                        "is_group": said["chat"]["kind"] == "group",
                        "name": said["sender"]["name"],
                    }
                    self._send("recalled", said["sender"]["id"], where, {"ref": said["id"]})
            case Join() | Leave():
                kind = "joined" if isinstance(step, Join) else "left"
                for person in step.people:
                    where = self._where(chat, person)
                    self._send(kind, where.pop("sender"), where, {})
            case BotRemoved():
                self._send(
                    "left", "bot", {"chat": chat.name, "is_group": True, "name": ""}, {"self": True}
                )

    # what must be true

    def _expect(self, chat: ChatName, step: ChatStep) -> None:
        since = self._stretches.since(chat)
        match step:
            case ExpectQuiet():
                outcome = items.is_quiet(self.lines, chat, self._stretches.quiet_since(chat))
            case ExpectLine():
                outcome = items.says(self.lines, chat, since, step.text)
            case ExpectLike():
                outcome = items.says_like(self.lines, chat, since, step.pattern)
            case ExpectNever():
                outcome = items.never_said(self.lines, chat, step.pattern)
            case _:
                return
        self._judge(step, outcome)

    def _fact(self, step: ExpectFact) -> None:
        if step.fact.word == "发言":
            chat = self._canonical(step.chat) if step.chat else ChatName("")
            count = items.count_lines(self.lines, chat)
            wanted = getattr(step.fact, "count", 0)
            self._judge(step, Outcome(count == wanted, why=f"实际是 {count}"))
            return
        unbuilt = not_built(step.fact)
        if unbuilt:
            raise TalkError(step.line, f"“{unbuilt}”这项还没做，这个对话现在放不了")
        with self.on.begin() as session:
            facts = Facts(self.on.world(session), self.on.kernel.rules, self._began or BEGINNING)
            why = facts.check(step.fact)
        self._judge(step, Outcome(not why, why=why))

    def _judge(self, step: Step, outcome: Outcome) -> None:
        self._named |= outcome.named
        if not outcome.met:
            self.differences.append(Difference(step.line, step.raw, outcome.why))


def transcript(lines: Iterable[BotLine]) -> str:
    """What the bot said, for a person to read."""
    return "\n".join(f"[{line.chat}] {line.text}" for line in lines)
