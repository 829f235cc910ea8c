"""Who speaks in some messages, and where: looked up for all of them together.

That somebody spoke is noted here, before their turns: it stays true whatever becomes of a turn.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from operator import attrgetter

from sqlalchemy import bindparam, func, insert, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from bot.channels.base import Channel
from bot.clock import local_day
from bot.domain import prompts, questions, temperature
from bot.domain.registry import Account, Chat, ChatPurpose, Resident, Scope, look_learnt, scopes_of
from bot.message import ChatKind, Inbound

_FEW = 2  # of so few speakers each is asked about alone, where anybody asks

_ACCOUNTS = (
    select(Account, Resident)
    .outerjoin(Resident, col(Resident.id) == Account.resident_id)
    .where(
        Account.channel == bindparam("channel"),
        col(Account.account).in_(bindparam("accounts", expanding=True)),
    )
)
_CHATS = select(Chat).where(
    Chat.in_channel == bindparam("channel"),
    col(Chat.in_ref).in_(bindparam("refs", expanding=True)),
)
_NEWEST = select(func.max(Resident.id))
_NEW = insert(Account)
_SEEN = update(Account).where(col(Account.id) == bindparam("row")).values(seen_at=bindparam("now"))
_HEARD = update(Chat).where(col(Chat.id) == bindparam("row")).values(heard_at=bindparam("now"))


@dataclass
class Company:
    """The accounts, people, chats and roles of a few messages; keep it no longer than those."""

    db: Session
    now: datetime
    channels: Mapping[str, Channel]
    _accounts: dict[tuple[str, str], tuple[Account, Resident | None]] = field(default_factory=dict)
    _chats: dict[tuple[str, str], Chat] = field(default_factory=dict)
    _scopes: dict[int, Scope] = field(default_factory=dict)

    def meet(self, messages: Sequence[Inbound]) -> None:
        """Look up everybody who speaks in these messages, and note that they did."""
        for channel, some in _by_channel(messages):
            self._meet_accounts(channel, {one.sender: one for one in reversed(some) if one.sender})
            groups = (one for one in reversed(some) if one.chat_kind is ChatKind.GROUP)
            self._meet_chats(channel, {one.chat: one for one in groups})
        people = {person.id or 0 for _, person in self._accounts.values() if person is not None}
        self._scopes = scopes_of(self.db, people, local_day(self.now)) if people else {}
        ids = {account.id or 0 for account, _ in self._accounts.values()}
        if len(ids) > _FEW:
            look_learnt(self.db, ids)
            prompts.look(self.db, ids)
            questions.look(self.db, ids)
            temperature.look(self.db, ids)

    def account(self, message: Inbound) -> tuple[Account, Resident | None]:
        """Who speaks: the account, and the person behind it if known."""
        if not message.sender:  # the platform speaks of the chat, not of a person
            return Account(channel=message.channel, account=""), None
        account, person = self._accounts[message.channel, message.sender]
        if (person.id if person is not None else None) != account.resident_id:  # bound since
            person = self.db.get(Resident, account.resident_id) if account.resident_id else None
        if message.sender_name and message.sender_name != account.display_name:
            account.display_name = message.sender_name
        if account.has_private_way is None and self._opens_a_way(message):
            account.has_private_way = True
        return account, person

    @cached_property
    def newest(self) -> int:
        """The last resident's number: no turn adds one."""
        return self.db.exec(_NEWEST).one() or 0

    def chat(self, message: Inbound) -> Chat:
        """The group in which it is said."""
        chat = self._chats[message.channel, message.chat]
        if message.chat_title and not chat.title:
            chat.title = message.chat_title
        return chat

    def scope(self, person: Resident | None) -> Scope:
        """What the speaker may do."""
        person_id = person.id or 0 if person is not None else 0
        if person_id and person_id not in self._scopes:  # known only since the turn began
            self._scopes |= scopes_of(self.db, {person_id}, local_day(self.now))
        return self._scopes.get(person_id, Scope(person_id, ()))

    def _meet_accounts(self, channel: str, speakers: Mapping[str, Inbound]) -> None:
        if not speakers:
            return
        known = self._known_accounts(channel, list(speakers))
        if known:
            seen = [{"row": account.id, "now": self.now} for account, _ in known.values()]
            self.db.connection().execute(_SEEN, seen)
            for account, _ in known.values():
                set_committed_value(account, "seen_at", self.now)
        new = [self._new(speakers[name]) for name in speakers if name not in known]
        if new:  # made and read again: an object and its flush cost twice as much
            self.db.connection().execute(_NEW, new)
            known |= self._known_accounts(channel, [str(one["account"]) for one in new])
        self._accounts |= {(channel, name): found for name, found in known.items()}

    def _known_accounts(
        self, channel: str, names: Sequence[str]
    ) -> dict[str, tuple[Account, Resident | None]]:
        rows = self.db.exec(_ACCOUNTS, params={"channel": channel, "accounts": names}).all()
        return {account.account: (account, person) for account, person in rows}

    def _new(self, message: Inbound) -> dict[str, object]:
        return {
            "channel": message.channel,
            "account": message.sender,
            "display_name": message.sender_name,
            "has_private_way": True if self._opens_a_way(message) else None,
            "seen_at": self.now,
        }

    def _opens_a_way(self, message: Inbound) -> bool:
        """Whether who says this in private may be written to from now on."""
        if message.chat_kind is not ChatKind.PRIVATE:
            return False
        channel = self.channels[message.channel]
        return channel.can_push or any(limit.scope == "heard" for limit in channel.limits)

    def _meet_chats(self, channel: str, spoken: Mapping[str, Inbound]) -> None:
        if not spoken:
            return
        rows = self.db.exec(_CHATS, params={"channel": channel, "refs": list(spoken)}).all()
        known = {chat.in_ref: chat for chat in rows}
        if known:
            heard = [{"row": chat.id, "now": self.now} for chat in known.values()]
            self.db.connection().execute(_HEARD, heard)
            for chat in known.values():
                set_committed_value(chat, "heard_at", self.now)
        for ref, message in spoken.items():
            if ref not in known:  # nobody registered it yet: kept, shown, never spoken in unasked
                known[ref] = Chat(
                    purpose=ChatPurpose.RESIDENTS,
                    title=message.chat_title,
                    in_channel=channel,
                    in_ref=ref,
                    heard_at=self.now,
                )
                self.db.add(known[ref])
        self.db.flush()
        self._chats |= {(channel, ref): chat for ref, chat in known.items()}


def _by_channel(messages: Sequence[Inbound]) -> Iterator[tuple[str, list[Inbound]]]:
    channel = attrgetter("channel")
    for name, some in groupby(sorted(messages, key=channel), channel):
        yield name, list(some)
