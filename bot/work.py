"""Work: one moment, one transaction, and what is said if it commits."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict, Unpack

from sqlmodel import Session, col, select

from bot import outbox
from bot.channels.base import Channel
from bot.content import Content
from bot.domain.registry import Account, Chat, ChatPurpose, Resident
from bot.domain.rules import RulePack
from bot.inbox import Waiting
from bot.message import Address, ChatKind

EXERCISE = "【演练】"


class SayOptions(TypedDict, total=False):
    """What may go with a saying; each is the column of the outbox that has its name."""

    key: str  # without one it is the next of the message's own
    is_urgent: bool
    is_exercise: bool
    due_at: datetime
    expires_at: datetime | None
    reply_token: str
    resident_id: int | None
    number: int | None
    code: str
    about: str
    why: str


@dataclass(slots=True)
class Work:
    """What a use case is given: the session, the moment, the rules, and ways to speak.

    Everything said is a row of the outbox in the same transaction. `message` is the inbox row that
    caused it, None where the clock or a command did; then each saying needs a key of its own.
    """

    db: Session
    now: datetime
    content: Content
    rules: RulePack
    channels: Mapping[str, Channel]
    secret: bytes = b""
    message: Waiting | None = None
    is_exercise: bool = False
    ordinal: int = 0
    said_in: list[tuple[str, str]] = field(default_factory=list)  # chat, and why something is said
    notes: list[str] = field(default_factory=list)  # why it did what it did, in a cadre's words

    @property
    def message_id(self) -> int | None:
        """The inbox row that caused it, if one did."""
        return self.message.id if self.message is not None else None

    def mark_fact(self) -> None:
        """Note that something was learnt from the message, if one caused it."""
        if self.message is not None:
            self.message.has_fact = True

    def phrase(self, key: str, **values: object) -> str:
        """One phrase of the content."""
        return self.content.phrase(key, **values)

    def code(self, *parts: object) -> str:
        """Four digits that only this deployment makes for this thing."""
        text = "\x1f".join(str(part) for part in parts).encode()
        number = int.from_bytes(hmac.new(self.secret, text, hashlib.sha256).digest()[:4], "big")
        return f"{number % 9000 + 1000}"

    def note(self, words: str) -> None:
        """Say why, for whoever asks what the bot was thinking."""
        self.notes.append(words)

    def person_behind(self, account: Account) -> Resident | None:
        """Who is known to speak with an account."""
        return self.db.get(Resident, account.resident_id) if account.resident_id else None

    def account_for(self, resident_id: int) -> Account | None:
        """The account by which a person can be told something privately, the latest heard first."""
        query = (
            select(Account)
            .where(Account.resident_id == resident_id)
            .order_by(col(Account.seen_at).desc(), col(Account.id))
        )
        return next((a for a in self.db.exec(query).all() if self.has_way(a)), None)

    def has_way(self, account: Account) -> bool:
        """Whether we may write to this account first."""
        channel = self.channels.get(account.channel)
        if channel is None or account.has_private_way is False:
            return False
        return channel.can_push_private or account.has_private_way is True

    def to_resident(
        self, resident_id: int, /, text: str, topic: str, **options: Unpack[SayOptions]
    ) -> bool:
        """Tell a person privately; False where no private way exists (nothing was written then)."""
        account = self.account_for(resident_id)
        if account is None:
            return False
        self.to_account(account, text, topic, **options)
        return True

    def to_account(
        self, account: Account, text: str, topic: str, **options: Unpack[SayOptions]
    ) -> None:
        """Write to one account. Reminders and notices wait for the end of the quiet hours."""
        to = Address(account.channel, account.account, ChatKind.PRIVATE)
        row = self._row(to, text, topic, options)
        self._put({**row, "resident_id": account.resident_id})

    def to_accounts(self, sayings: Sequence[tuple[Any, str, SayOptions]], topic: str) -> None:
        """Write to many accounts (or rows of their columns) at once; each option has a key.

        What was written before, by its key, is left out. One object and one statement for each
        would keep the clock busy for a quarter of a minute where ten thousand are reminded.
        """
        wait = topic in ("notice", "reminder") and self.rules.is_quiet(self.now)
        due_at = self.rules.quiet_ends(self.now) if wait else self.now
        mark = EXERCISE if self.is_exercise else ""
        rows = [
            {
                "channel": account.channel,
                "chat": account.account,
                "chat_kind": ChatKind.PRIVATE,
                "resident_id": account.resident_id,
                "topic": topic,
                "text": f"{mark}{text}",
                "created_at": self.now,
                "due_at": due_at,
                "is_exercise": self.is_exercise,
                **options,
            }
            for account, text, options in sayings
        ]
        self._put_all(rows)

    def to_chat(
        self, chat: Chat, text: str, topic: str, **options: Unpack[SayOptions]
    ) -> int | None:
        """Say something in a group, within rule S; its row, or None where the rule says silence.

        topic: notice and reminder are held over quiet hours; group lines are dropped then, and over
        the budget; emergency passes everything but a removed bot.
        """
        to = self._way_to(chat)
        if to is None:
            return None
        if topic not in ("notice", "emergency") and self._must_be_silent(chat, to, topic):
            return None
        return self._put(self._group_row(chat, to, text, topic, options))

    def to_chats(
        self,
        sayings: Sequence[tuple[Chat, str, SayOptions]],
        topic: Literal["notice", "emergency"],
    ) -> list[int | None]:
        """Say what no silence holds back in many groups at once, each saying as `to_chat` would.

        All name the same options, each a key of its own. As many statements as for one group.

        Returns:
            the row of each, None where the group cannot be reached or heard it before.
        """
        rows = [
            self._group_row(chat, to, text, topic, options)
            for chat, text, options in sayings
            if (to := self._way_to(chat)) is not None
        ]
        put = outbox.ids_of(self.db, self._put_all(rows))
        return [put.get(options["key"]) for _, _, options in sayings]

    def reply_to(self, to: Address, text: str, topic: str, **options: Unpack[SayOptions]) -> None:
        """Answer in the private chat in which a message came."""
        self._put(self._row(to, text, topic, options))

    def _way_to(self, chat: Chat) -> Address | None:
        """Where what is said in a group goes; None where it cannot be reached."""
        channel, ref = chat.out_channel or chat.in_channel, chat.out_ref or chat.in_ref
        if chat.is_removed or not channel:
            self.note("不说：这个群现在进不去")
            return None
        return Address(channel, ref, ChatKind.GROUP)

    def _must_be_silent(self, chat: Chat, to: Address, topic: str) -> bool:
        if chat.muted_until is not None and chat.muted_until > self.now:
            self.note("不说：有人让我在这个群里安静")
            return True
        if topic == "group" and self.rules.is_quiet(self.now):
            self.note("不说：夜里不在群里说话（规则 S3）")
            return True
        if chat.purpose != ChatPurpose.RESIDENTS:
            return False  # cadres ask and are answered
        since = self.now - timedelta(hours=1)
        lines = outbox.lines_since(self.db, to.channel, to.chat, since)
        if lines >= self.rules.group_lines_an_hour:
            self.note("不说：这一小时在群里说得够多了（规则 S3）")
            return True
        return False

    def _row(self, to: Address, text: str, topic: str, options: SayOptions) -> dict[str, Any]:
        key = options.get("key")
        if key is None:
            if self.message is None:
                raise ValueError("without a message a saying needs a key of its own")
            self.ordinal += 1
            key = f"m{self.message.id}.{self.ordinal}"
        due_at, origin = options.get("due_at", self.now), self.message
        if origin is not None and origin.passive_until is not None and origin.chat == to.chat:
            due_at = max(due_at, origin.passive_until)  # the hook may take it first
        is_exercise = options.get("is_exercise", self.is_exercise)
        may_wait = topic in ("notice", "reminder") and not options.get("is_urgent", False)
        if may_wait and self.rules.is_quiet(due_at):
            due_at = self.rules.quiet_ends(due_at)
        return {
            "channel": to.channel,
            "chat": to.chat,
            "chat_kind": to.kind,
            "topic": topic,
            "text": f"{EXERCISE}{text}" if is_exercise and EXERCISE not in text else text,
            "created_at": self.now,
            "message_id": self.message_id,
            "is_exercise": is_exercise,
            **options,
            "key": key,
            "due_at": due_at,
        }

    def _group_row(
        self, chat: Chat, to: Address, text: str, topic: str, options: SayOptions
    ) -> dict[str, Any]:
        row = self._row(to, text, topic, options)
        return {**row, "chat_id": chat.id, "people": max(chat.members, 1)}

    def _put(self, row: dict[str, Any]) -> int | None:
        kept = outbox.put(self.db, row)
        if kept is not None:
            self._was_said([row])
        return kept

    def _put_all(self, rows: Sequence[dict[str, Any]]) -> list[str]:
        """Put in those whose keys are new; these keys."""
        before = outbox.ids_of(self.db, [row["key"] for row in rows])
        fresh = [row for row in rows if row["key"] not in before]
        outbox.put_all(self.db, fresh)
        self._was_said(fresh)
        return [row["key"] for row in fresh]

    def _was_said(self, rows: Sequence[dict[str, Any]]) -> None:
        whys = [row.get("why") or row["topic"] for row in rows]
        self.said_in += [(row["chat"], why) for row, why in zip(rows, whys, strict=True)]
        for why in dict.fromkeys(whys):  # what many hear for one reason is one note
            self.note(f"说：{why}")
