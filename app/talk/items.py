"""Bot-line items of a talk against what the bot said: 静, 机器人：, 机器人~, 没说~, 发言.

All of it is pure. Whoever plays a talk keeps the bot's lines in order and a `Stretches`, which
knows from which line on an item of a chat looks:

    line said in a chat ──► what follows is that chat's stretch
    时间                 ──► every chat's stretch begins anew, before what falls due on the way
    重复 撤回 进群 …      ──► no new stretch; but 静 asks only of what came after it
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.talk.errors import TalkError
from app.talk.names import ChatName


@dataclass(frozen=True, slots=True)
class BotLine:
    """One message of the bot, however many lines it has."""

    chat: ChatName
    text: str
    at: datetime
    index: int  # its place among all bot lines of the talk, from 0
    step: int = 0  # the step of the talk during which it was said


@dataclass(frozen=True, slots=True)
class Pattern:
    """`王小宝 & 38.1 & 接/收到 & !电话`: all the wanted, any word of each, none unwanted."""

    wanted: tuple[tuple[str, ...], ...]
    unwanted: tuple[str, ...] = ()

    def holds(self, text: str) -> bool:
        """Whether one bot line is what the pattern asks for."""
        return all(any(word in text for word in words) for words in self.wanted) and not any(
            word in text for word in self.unwanted
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether an item is true, which bot lines it names, and in Chinese why not."""

    met: bool
    named: frozenset[int] = frozenset()
    why: str = ""


@dataclass(slots=True)
class Stretches:
    """From which bot line on the items of each chat look."""

    _all: int = 0
    _said: dict[ChatName, int] = field(default_factory=dict)
    _event: dict[ChatName, int] = field(default_factory=dict)

    def time_set(self, count: int) -> None:
        """A 时间 line is about to run; `count` bot lines were said so far."""
        self._all = count

    def said(self, chat: ChatName, count: int) -> None:
        """A line is about to be said in this chat."""
        self._said[chat] = count

    def happened(self, chat: ChatName, count: int) -> None:
        """A platform event (重复, 撤回, 进群 …) is about to come from this chat."""
        self._event[chat] = count

    def since(self, chat: ChatName) -> int:
        """Index of the first bot line that 机器人： and 机器人~ may mean."""
        return max(self._all, self._said.get(chat, 0))

    def quiet_since(self, chat: ChatName) -> int:
        """Index of the first bot line that breaks 静."""
        return max(self.since(chat), self._event.get(chat, 0))


def parse_pattern(words: str, line: int) -> Pattern:
    """Read what stands behind 机器人~ or 没说~.

    Raises:
        TalkError: a part without a word.
    """
    wanted: list[tuple[str, ...]] = []
    unwanted: list[str] = []
    for part in map(str.strip, re.split("[&＆]", words)):
        is_unwanted = part.startswith(("!", "！"))
        any_of = tuple(word.strip() for word in re.split("[/／]", part.lstrip("!！")))
        if not all(any_of):
            raise TalkError(line, "“&”“/”“!”两边都要有字")
        if is_unwanted:
            unwanted.extend(any_of)
        else:
            wanted.append(any_of)
    return Pattern(tuple(wanted), tuple(unwanted))


def stretch(lines: Iterable[BotLine], chat: ChatName, since: int = 0) -> list[BotLine]:
    """The bot's lines in one chat from one index on."""
    return [line for line in lines if line.chat == chat and line.index >= since]


def is_quiet(lines: Iterable[BotLine], chat: ChatName, since: int) -> Outcome:
    """静."""
    heard = stretch(lines, chat, since)
    return Outcome(not heard, why="" if not heard else f"应当没说话，却说了：{shown(heard)}")


def says(lines: Iterable[BotLine], chat: ChatName, since: int, text: str) -> Outcome:
    """机器人：the whole line, exactly; blanks at line ends do not count."""
    heard = stretch(lines, chat, since)
    found = [line.index for line in heard if trimmed(line.text) == trimmed(text)]
    return named(found, heard, f"没有这句：{text}")


def says_like(lines: Iterable[BotLine], chat: ChatName, since: int, pattern: Pattern) -> Outcome:
    """机器人~."""
    heard = stretch(lines, chat, since)
    found = [line.index for line in heard if pattern.holds(line.text)]
    return named(found, heard, "没有一句合要求")


def never_said(lines: Iterable[BotLine], chat: ChatName, pattern: Pattern) -> Outcome:
    """没说~: of this chat, since the talk began."""
    found = [line for line in stretch(lines, chat) if pattern.holds(line.text)]
    return Outcome(not found, why="" if not found else f"不该说，却说了：{shown(found)}")


def count_lines(lines: Iterable[BotLine], chat: ChatName) -> int:
    """发言: how many lines the bot said in this chat since the talk began."""
    return len(stretch(lines, chat))


def unnamed(lines: Iterable[BotLine], named_lines: Iterable[int]) -> list[BotLine]:
    """The bot's lines that no item named: each fails a strict talk."""
    known = frozenset(named_lines)
    return [line for line in lines if line.index not in known]


def named(found: Sequence[int], heard: Sequence[BotLine], why: str) -> Outcome:
    """The outcome of an item that asks for a line."""
    if found:
        return Outcome(True, frozenset(found))
    instead = f"说了的是：{shown(heard)}" if heard else "机器人没说话"
    return Outcome(False, why=f"{why}；{instead}")


def shown(lines: Iterable[BotLine]) -> str:
    """Bot lines for a person who reads the difference."""
    return " ／ ".join(line.text.replace("\n", "⏎") for line in lines)


def trimmed(text: str) -> str:
    """A text without blanks at the ends of its lines, and without empty lines around it."""
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))
