"""Ground for tests of duties: a village on a stage, and what each of its people hears."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from app.stage import CHANNEL, Stage
from app.world import Someone
from bot.domain.registry import Account, Chat, Resident
from bot.domain.temperature import Pending, Reading
from bot.message import Outbound
from tests.unit.kernel.ground import NOW, content, memory

TOWN = ("朝阳县", "柳树沟镇")
VILLAGE = (*TOWN, "柳树沟村")
GROUP = (*VILLAGE, "三组")


@dataclass
class Hamlet:
    """A stage with people on it; who speaks is named, what is heard is kept."""

    stage: Stage
    heard: list[tuple[str, str]] = field(default_factory=list)  # account or chat, text
    notes: list[str] = field(default_factory=list)

    def rows(self, table: Any, *where: Any) -> list[Any]:
        """Rows as they are now."""
        with self.stage.begin() as session:
            found = list(session.exec(select(table).where(*where)).all())
            session.expunge_all()
            return found

    def resident(self, name: str) -> Resident:
        """Somebody by name."""
        (found,) = self.rows(Resident, Resident.name == name)
        assert isinstance(found, Resident)
        return found

    def ref(self, name: str) -> str:
        """The first account of somebody; a stranger's is made of the name."""
        people = self.rows(Resident, Resident.name == name)
        if not people:
            return f"x:{name}"
        found = self.rows(Account, Account.resident_id == people[0].id)
        return str(found[0].account)

    def say(
        self, name: str, text: str, chat: str = "", *, ref: str = "", **more: Any
    ) -> list[tuple[str, str]]:
        """One line, in private or in a group; what was said because of it."""
        account = ref or self.ref(name)
        before = len(self.heard)
        self.stage.event("message", chat or account, bool(chat), account, name, text=text, **more)
        return self.heard[before:]

    def to(self, name: str, text: str, chat: str = "") -> list[str]:
        """One line; what its speaker is told in private."""
        account = self.ref(name)
        return [words for to, words in self.say(name, text, chat) if to == account]

    def whose(self) -> list[tuple[str, int]]:
        """(name, tenths) of what counts, in order."""
        names = {r.id: r.name for r in self.rows(Resident)}
        return [(names[r.resident_id], r.tenths) for r in self.rows(Reading) if r.is_current]

    def waiting(self) -> list[tuple[str, str]]:
        """(kind, word) of what waits."""
        open_ones = self.rows(Pending, Pending.closed_at.is_(None))  # type: ignore[union-attr]  # a column here
        return [(p.kind, p.spoken_who) for p in open_ones]

    def later(self, minutes: float) -> None:
        """Let time pass, doing what falls due."""
        self.stage.advance(self.now + timedelta(minutes=minutes))

    @property
    def now(self) -> datetime:
        """The moment on the stage."""
        return self.stage.clock.now()


@contextmanager
def hamlet(start: datetime = NOW, *, homes: Sequence[Sequence[Someone]] = ()) -> Iterator[Hamlet]:
    """Two houses and others, five cadres, a village chat, a cadre chat."""
    stage = Stage(content(), "cn-2020-01", start, store=memory())
    made = Hamlet(stage)
    stage.on_said = lambda message, _: made.heard.append(_pair(message))
    stage.on_turn = lambda turn: made.notes.extend(turn.work.notes)
    with stage.begin() as session:
        _build(stage, session)
        for home in homes:
            stage.world(session).household(GROUP, home)
    try:
        yield made
    finally:
        stage.close()


def _pair(message: Outbound) -> tuple[str, str]:
    return message.to.chat, message.text


def _build(stage: Stage, session: Session) -> None:
    world = stage.world(session)
    world.household(
        GROUP, [Someone("张桂芳"), Someone("王德福", "老伴"), Someone("王小宝", "孙子")]
    )
    world.household(GROUP, [Someone("马强")])
    world.cadre("王网格", "网格员", GROUP)
    world.cadre("孙网格", "网格员", (*VILLAGE, "一组"))
    world.cadre("张大夫", "村医", VILLAGE)
    world.cadre("李书记", "村支书", VILLAGE)
    world.cadre("赵镇", "镇值班", TOWN)
    world.chat("三组群", GROUP, "村民")
    world.chat("干部群", VILLAGE, "干部")


def account_of(session: Session, ref: str) -> Account:
    """An account of the stage's channel."""
    return session.exec(
        select(Account).where(Account.channel == CHANNEL, Account.account == ref)
    ).one()


def chat_of(session: Session, title: str) -> Chat:
    """A chat of the stage by its title."""
    return session.exec(select(Chat).where(Chat.title == title)).one()
