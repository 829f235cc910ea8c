"""`--update`: write what the bot really said into the 机器人： lines of a talk, and nothing else.

Within one stretch of one chat (`items.Stretches`) the 静 and 机器人： items are the places where
its lines may stand. A line that a 机器人~ item asks for is left to that item. In a strict talk a
line without such a place gets one: behind the last thing that happened in that chat, or under a
chat heading of its own. A loose talk keeps its 静 and gets no new lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from app.talk.items import BotLine
from app.talk.names import ChatName
from app.talk.steps import (
    ChatStep,
    EnterChat,
    ExpectLike,
    ExpectLine,
    ExpectNever,
    ExpectQuiet,
    Say,
    SetTime,
    Step,
    Talk,
)

EXPECTED = (ExpectQuiet, ExpectLine, ExpectLike, ExpectNever)


def rewrite(text: str, replacements: Mapping[int, Sequence[str]]) -> str:
    """Put other lines in the place of numbered ones (from 1); an empty list takes a line away."""
    ending = "\r" if "\r\n" in text else ""
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if number in replacements:
            lines.extend(new.removesuffix("\r") + ending for new in replacements[number])
        else:
            lines.append(line)
    return "\n".join(lines)


def update_lines(talk: Talk, spoken: Sequence[BotLine]) -> dict[int, list[str]]:
    """What `rewrite` needs so that the talk says what the bot said.

    Args:
        talk: as it stands.
        spoken: every bot line of one play, in order. `step` is the index in `talk.steps` of what
            ran when it was said; `chat` is as the talk names it.
    """
    edits = Edits(talk)
    for chat in chats(talk, spoken):
        for where in stretches(talk, chat):
            heard = [line for line in spoken if line.chat == chat and line.step in where]
            fit(edits, chat, where, heard)
    return edits.replacements()


def chats(talk: Talk, spoken: Iterable[BotLine]) -> list[ChatName]:
    """Every chat that is entered or in which the bot spoke, in order of appearance."""
    entered = [step.chat for step in talk.steps if isinstance(step, EnterChat)]
    return list(dict.fromkeys([*entered, *(line.chat for line in spoken)]))


def stretches(talk: Talk, chat: ChatName) -> list[range]:
    """Runs of steps within which items of this chat look at the same bot lines."""
    starts = [
        index
        for index, step in enumerate(talk.steps)
        if isinstance(step, SetTime) or (isinstance(step, Say) and step.chat == chat)
    ]
    return [range(*bounds) for bounds in pairwise(sorted({0, *starts, len(talk.steps)}))]


def fit(edits: "Edits", chat: ChatName, where: range, heard: list[BotLine]) -> None:
    """Make the items of one stretch say what was heard in it."""
    talk = edits.talk
    mine = [
        index
        for index in where
        if isinstance(step := talk.steps[index], ChatStep) and step.chat == chat
    ]
    likes = [step for index in mine if isinstance(step := talk.steps[index], ExpectLike)]
    rest = [line for line in heard if not any(like.pattern.holds(line.text) for like in likes)]
    for index in mine:
        step = talk.steps[index]
        if not isinstance(step, ExpectLine | ExpectQuiet):
            continue
        due = [line for line in rest if line.step < index]
        if isinstance(step, ExpectLine):
            rest = rest[len(due) :]
            if [line.text for line in due] != [step.text]:
                silent = not any(line.step < index for line in heard)
                edits.replace(step, ["静"] if silent else written(due))
        elif not talk.is_loose and edits.broken(index, chat, heard):
            rest = rest[len(due) :]
            edits.replace(step, written(due))
    if rest and not talk.is_loose:
        edits.insert(chat, where, rest)


def written(lines: Iterable[BotLine]) -> list[str]:
    """Bot lines as a talk writes them."""
    found: list[str] = []
    for line in lines:
        first, *more = line.text.strip().split("\n")
        found.append(f"机器人：{first.rstrip()}")
        found.extend(f"| {part.rstrip()}".rstrip() for part in more)
    return found


@dataclass(slots=True)
class Edits:
    """Changes to one talk, kept by line."""

    talk: Talk
    _instead: dict[int, list[str]] = field(default_factory=dict)
    _behind: dict[int, list[str]] = field(default_factory=dict)
    _before: dict[int, list[str]] = field(default_factory=dict)

    def replace(self, step: Step, lines: list[str]) -> None:
        """Other lines in place of a whole item."""
        for number in range(step.line, step.end + 1):
            self._instead[number] = []
        self._instead[step.line] = lines

    def insert(self, chat: ChatName, where: range, lines: list[BotLine]) -> None:
        """Lines that have no item yet: behind what happened in their chat, or with its heading."""
        steps = self.talk.steps
        inside = [
            step
            for index in where
            if isinstance(step := steps[index], ChatStep | EnterChat)
            and step.chat == chat
            and index >= lines[-1].step
        ]
        if inside:
            self._behind.setdefault(inside[-1].end, []).extend(written(lines))
            return
        block = [f"[{chat}]", *written(lines)]
        if where.stop == len(steps):
            self._behind.setdefault(steps[-1].end, []).extend(block)
            return
        current = self.current(where.stop)
        back = [f"[{current}]"] if current and self.needs_chat(where.stop) else []
        self._before.setdefault(steps[where.stop].line, []).extend([*block, *back])

    def current(self, index: int) -> ChatName | None:
        """The chat that is entered before a step."""
        entered = [step.chat for step in self.talk.steps[:index] if isinstance(step, EnterChat)]
        return entered[-1] if entered else None

    def needs_chat(self, index: int) -> bool:
        """Whether something from here on belongs to the chat entered before it."""
        for step in self.talk.steps[index:]:
            if isinstance(step, EnterChat):
                return False
            if isinstance(step, ChatStep):
                return True
        return False

    def broken(self, index: int, chat: ChatName, heard: Iterable[BotLine]) -> bool:
        """Whether a 静 is not true: of its stretch, or of the time since the last 重复, 撤回 …."""
        since = max(
            (
                event
                for event, step in enumerate(self.talk.steps[:index])
                if isinstance(step, ChatStep)
                and step.chat == chat
                and not isinstance(step, EXPECTED)
            ),
            default=0,
        )
        return any(since <= line.step < index for line in heard)

    def replacements(self) -> dict[int, list[str]]:
        """All changes, by line."""
        lines = self.talk.text.split("\n")
        found: dict[int, list[str]] = {}
        for number in sorted({*self._instead, *self._behind, *self._before}):
            here = self._instead.get(number, [lines[number - 1]])
            found[number] = [*self._before.get(number, []), *here, *self._behind.get(number, [])]
        return found
