"""Turn, Router, Dispatcher: from a kept message to its one handler, in order within a chat."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Unpack

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot import inbox
from bot.channels.base import Channel, Received
from bot.clock import Clock, local_day, local_minute
from bot.company import Company
from bot.content import Content
from bot.domain.prompts import Prompt, waiting
from bot.domain.registry import Account, Chat, ChatPurpose, Resident, Scope
from bot.domain.rules import RulePack
from bot.inbox import Waiting
from bot.language.commands import Command, Verb
from bot.language.meaning import Utterance
from bot.language.understand import Intent, Understanding, understand
from bot.message import Address, ChatKind, Inbound, MessageKind
from bot.people import Names, identify
from bot.work import SayOptions, Work

log = logging.getLogger("shouwang.dispatcher")

SPOKEN = (MessageKind.TEXT, MessageKind.VOICE, MessageKind.LINK)
SPEECHLESS = (MessageKind.RECEIPT, MessageKind.HEARTBEAT)  # of machines: nobody speaks
SLICE = 32  # messages of one transaction
FIRST = 4  # of these, looked up together first: whoever waits shall not wait for all
MAX_LAG = timedelta(seconds=10)  # so far may handling fall behind in a burst


@dataclass(slots=True)
class Turn:
    """One message on its way through its handlers: who speaks, where, and what it means."""

    work: Work
    inbound: Inbound
    account: Account
    speaker: Resident | None
    scope: Scope
    chat: Chat | None  # the group; None in private
    place_id: int | None
    meaning: Understanding | None = None
    has_replied: bool = False
    _asked: list[Prompt] | None = None

    @property
    def is_group(self) -> bool:
        """Whether many hear it."""
        return self.inbound.chat_kind is ChatKind.GROUP

    @property
    def in_village_chat(self) -> bool:
        """Whether residents hear it (a group that nobody has registered counts as one)."""
        return self.is_group and (
            self.chat is None or self.chat.purpose in (ChatPurpose.RESIDENTS, ChatPurpose.PRIVATE)
        )

    @property
    def said(self) -> Understanding:
        """What the words mean; only where there are words."""
        if self.meaning is None:
            raise ValueError("nothing was said in this turn")
        return self.meaning

    @property
    def prompts(self) -> list[Prompt]:
        """What the speaker had been asked before this turn and has not answered, latest first."""
        if self._asked is None:
            self._asked = waiting(self.work.db, self.account.id or 0, self.work.now)
        return [prompt for prompt in self._asked if prompt.closed_at is None]

    def has_private_way(self) -> bool:
        """Whether the speaker can be answered alone."""
        return not self.is_group or self.work.has_way(self.account)

    def reply(self, text: str, topic: str = "reply", **options: Unpack[SayOptions]) -> bool:
        """Answer the speaker: in a cadre chat there, else privately; False where no way exists."""
        if self.is_group and not self.in_village_chat and self.chat is not None:
            options.setdefault("resident_id", self.speaker.id if self.speaker else None)
            return self.work.to_chat(self.chat, text, topic, **options) is not None
        return self.reply_privately(text, topic, **options)

    def reply_privately(
        self, text: str, topic: str = "reply", **options: Unpack[SayOptions]
    ) -> bool:
        """Answer the speaker alone; False where no private way exists."""
        if not self.is_group:
            here = Address(self.inbound.channel, self.inbound.chat, ChatKind.PRIVATE)
            options.setdefault("reply_token", self.inbound.reply_token)
            options.setdefault("resident_id", self.speaker.id if self.speaker else None)
            self.work.reply_to(here, text, topic, **options)
        elif self.work.has_way(self.account):
            self.work.to_account(self.account, text, topic, **options)
        else:
            return False
        self.has_replied = True
        return True

    def say_here(self, text: str, topic: str = "group", **options: Unpack[SayOptions]) -> bool:
        """Say something in the group where this was said (rule S decides), or answer in private."""
        if not self.is_group:
            return self.reply_privately(text, "reply", **options)
        chat = self.chat
        if chat is None:
            return False
        options.setdefault("reply_token", self.inbound.reply_token)
        return self.work.to_chat(chat, text, topic, **options) is not None


Handler = Callable[[Turn], None]


@dataclass
class Router:
    """A plain table from intents and events to handlers; put together in `handlers/__init__.py`."""

    intents: dict[Intent, Handler] = field(default_factory=dict)
    verbs: dict[Verb, tuple[Handler, bool]] = field(
        default_factory=dict
    )  # and whether only cadres may
    events: dict[MessageKind, Handler] = field(default_factory=dict)
    before: list[Callable[[Turn], bool]] = field(default_factory=list)

    def on(self, intent: Intent) -> Callable[[Handler], Handler]:
        """Register the handler of an intent."""

        def keep(handler: Handler) -> Handler:
            self.intents[intent] = handler
            return handler

        return keep

    def on_verb(self, *verbs: Verb, cadres: bool = True) -> Callable[[Handler], Handler]:
        """Register what does a command; `cadres`: only for who holds a role."""

        def keep(handler: Handler) -> Handler:
            for verb in verbs:
                self.verbs[verb] = (handler, cadres)
            return handler

        return keep

    def on_event(self, *kinds: MessageKind) -> Callable[[Handler], Handler]:
        """Register the handler of events without words."""

        def keep(handler: Handler) -> Handler:
            for kind in kinds:
                self.events[kind] = handler
            return handler

        return keep

    def first(self, taker: Callable[[Turn], bool]) -> Callable[[Turn], bool]:
        """Register what may take a turn before its intents count (answers to our questions)."""
        self.before.append(taker)
        return taker

    @staticmethod
    def joined(routers: Sequence["Router"]) -> "Router":
        """One table of several, in order; two handlers for one intent are a mistake."""
        whole = Router()
        for router in routers:
            twice = (
                whole.intents.keys() & router.intents.keys() | whole.events.keys() & router.events
            )
            if twice:
                raise ValueError(f"two handlers for {sorted(twice)}")
            whole.intents |= router.intents
            whole.verbs |= router.verbs
            whole.events |= router.events
            whole.before += router.before
        return whole

    def handle(self, turn: Turn) -> None:
        """Give a turn to who takes it first, else to the handler of each of its intents."""
        if turn.meaning is None:
            handler = self.events.get(turn.inbound.kind)
            if handler is not None:
                handler(turn)
            return
        if any(taker(turn) for taker in self.before):
            return
        if turn.meaning.command is not None:
            self._obey(turn, turn.meaning.command)
            return
        for intent in turn.meaning.intents:
            handler = self.intents.get(intent)
            if handler is not None:
                handler(turn)

    def _obey(self, turn: Turn, order: Command) -> None:
        handler, cadres = self.verbs.get(order.verb, (None, False))
        if handler is None:
            if turn.scope.is_cadre:
                turn.reply(turn.work.phrase("help.not_built"), why="这句话还没做好")
            return
        if cadres and not turn.scope.is_cadre:
            turn.work.note("不办：这句话只有干部能用")
            if not turn.is_group:
                turn.reply_privately(turn.work.phrase("help.not_yours"))
            return
        handler(turn)


@dataclass
class Kernel:
    """What every turn and every job is built from; made once in app/main.py."""

    content: Content
    channels: Mapping[str, Channel]
    clock: Clock
    secret: bytes
    rule_pack: str
    names: Names = field(default_factory=Names)

    @property
    def rules(self) -> RulePack:
        """The rule pack in force."""
        return self.content.rules[self.rule_pack]

    def work(self, session: Session, message: Waiting | None = None) -> Work:
        """A unit of work at this moment."""
        return Work(
            db=session,
            now=self.clock.now(),
            content=self.content,
            rules=self.rules,
            channels=self.channels,
            secret=self.secret,
            message=message,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Some messages of a slice, whose lookups and marks share their statements.

    heard: by the number of the row; empty where one of them cannot be read.
    done: handled, not marked yet.
    """

    company: Company
    heard: Mapping[int, Inbound]
    done: list[Waiting]

    def has_spoken(self, row: Waiting) -> bool:
        """Whether the sender of a message sent one that is not marked yet."""
        inbound = self.heard.get(row.id)
        if inbound is None:
            return bool(self.done)
        return any(self.heard[one.id].sender == inbound.sender for one in self.done)


def _is_spoken(inbound: Inbound) -> bool:
    """Whether somebody says it who is not a bot."""
    return not inbound.is_bot and inbound.kind not in SPEECHLESS


@dataclass
class Dispatcher:
    """Handles what the inbox holds, a few messages a transaction, each in its own savepoint."""

    kernel: Kernel
    router: Router
    spot: tuple[str, str] | None = None  # of this chat only (several processes); None: of all
    on_handled: Callable[[list[int]], None] = lambda _: None  # called when they are on disk
    on_turn: Callable[[Turn], None] = lambda _: None  # sees each turn before it commits (the demo)
    _handled: list[int] = field(default_factory=list)
    _oldest: datetime | None = None

    def lags(self) -> bool:
        """Whether the oldest message has waited too long."""
        return self._oldest is not None and self.kernel.clock.now() - self._oldest > MAX_LAG

    @property
    def handled(self) -> list[int]:
        """Messages of the slice that has just run."""
        return list(self._handled)

    def committed(self) -> Callable[[], None]:
        """The last slice is on disk: tell who waits for its messages."""
        done, self._handled = self._handled, []
        return lambda: self.on_handled(done)

    def run(self, session: Session, must_yield: Callable[[], bool] = lambda: False) -> bool:
        """Handle one slice; whether there is more to do at once."""
        self._handled = []  # of a slice that was undone
        now = self.kernel.clock.now()
        rows = inbox.next_rows(session, now, SLICE, self.spot)
        self._oldest = rows[0].received_at if rows else None
        blocked: set[tuple[str, str]] = set()
        for start, end in ((0, FIRST), (FIRST, SLICE)):
            part = self._open(session, rows[start:end], now)
            for at, row in enumerate(rows[start:end], start):
                if at and must_yield():
                    inbox.done(session, part.done, now)
                    return True
                if (row.channel, row.chat) in blocked:
                    continue
                if not self._handle(session, row, part):
                    blocked.add((row.channel, row.chat))
            inbox.done(session, part.done, now)
        return len(rows) == SLICE

    def _open(self, session: Session, rows: Sequence[Waiting], now: datetime) -> Part:
        """Read some messages and meet who speaks in them."""
        channels = self.kernel.channels
        part = Part(Company(session, now, channels), {}, [])
        try:
            with session.begin_nested():
                heard = {row.id: channels[row.channel].read(row.payload) for row in rows}
                part.company.meet([one for one in heard.values() if _is_spoken(one)])
        except OperationalError:
            raise  # the store itself: nothing of this slice may be believed
        except Exception as error:  # one of them is poisonous: each is read in its own turn
            log.warning("read_apart", extra={"count": len(rows), "error": type(error).__name__})
            return Part(Company(session, now, channels), {}, [])
        return replace(part, heard=heard)

    def rehearse(self, session: Session) -> None:
        """Handle one message that nobody sent and undo it: the first real one shall not pay for it.

        Mappers, statements and word lists are made at their first use, 0.1 s together.
        """
        inbound = Inbound(
            "", "rehearsal", MessageKind.TEXT, "", ChatKind.GROUP, "rehearsal", "我36.5"
        )
        with session.begin_nested() as savepoint:
            received = Received(inbound.key, inbound.chat, "")
            inbox.accept(session, [inbox.Arrival("", received, self.kernel.clock.now())])
            row = inbox.next_rows(session, self.kernel.clock.now(), 1, ("", inbound.chat))[0]
            company = Company(session, self.kernel.clock.now(), self.kernel.channels)
            company.meet([inbound])
            self.router.handle(self._meet(self.kernel.work(session, row), inbound, company))
            inbox.done(session, [row], self.kernel.clock.now())
            session.flush()
            savepoint.rollback()

    def _handle(self, session: Session, row: Waiting, part: Part) -> bool:
        """Handle one message; False where its chat must wait."""
        began = perf_counter()
        if part.has_spoken(row):  # what they said before must be found
            inbox.done(session, part.done, self.kernel.clock.now())
            part.done.clear()
        try:
            with session.begin_nested():
                self._turn(session, row, part)
        except OperationalError:
            raise  # the store itself: nothing of this slice may be believed
        except Exception as error:
            # A poisonous message: kept, tried again, parked; its chat goes on.
            name = type(error).__name__
            log.exception("turn_failed", extra={"inbox": row.id, "error": name})
            return inbox.fail(session, row.id, self.kernel.clock.now(), name)
        self._handled.append(row.id)
        part.done.append(row)
        ms = round((perf_counter() - began) * 1000, 1)
        log.info("handled", extra={"inbox": row.id, "channel": row.channel, "ms": ms})
        return True

    def _turn(self, session: Session, row: Waiting, part: Part) -> None:
        kernel = self.kernel
        work = kernel.work(session, row)
        inbound, company = part.heard.get(row.id), part.company
        if inbound is None:
            inbound = kernel.channels[row.channel].read(row.payload)
            company = Company(session, work.now, kernel.channels)
            company.meet([inbound] if _is_spoken(inbound) else [])
        if not inbound.is_bot:
            turn = self._meet(work, inbound, company)
            self.router.handle(turn)
            self.on_turn(turn)

    def _meet(self, work: Work, inbound: Inbound, company: Company) -> Turn:
        """Who speaks, where, and what it means."""
        kernel = self.kernel
        if inbound.kind in SPEECHLESS:
            machine = Account(channel=inbound.channel, account=inbound.sender)
            return Turn(work, inbound, machine, None, Scope(0, ()), None, None)
        account, speaker, chat, place_id = identify(work, inbound, company)
        today, scope = local_day(work.now), company.scope(speaker)
        turn = Turn(work, inbound, account, speaker, scope, chat, place_id)
        if inbound.kind not in SPOKEN:
            return turn
        if work.message is not None:
            work.message.said_by = account.id
            digest = hashlib.sha256(kernel.secret + inbound.text.strip().encode())
            work.message.text_hash = digest.hexdigest()[:16]
        said = Utterance(
            text=inbound.text,
            sender=inbound.sender_name or account.display_name,
            is_group=turn.is_group,
            sent_on=today,
            sent_minute=local_minute(work.now),
            is_voice=inbound.kind is MessageKind.VOICE,
            names=kernel.names.near(work.db, place_id, company.newest),
            quoted=inbound.quote.text if inbound.quote else "",
        )
        turn.meaning = understand(
            said,
            kernel.content.engine,
            today,
            mentions_bot=inbound.mentions_bot,
            may_command=scope.is_cadre or not turn.is_group,
        )
        work.is_exercise = turn.meaning.is_exercise
        return turn
