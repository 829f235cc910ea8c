"""The lines of a talk file: which belong together, and what stands before a speaker's colon."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.talk.errors import TalkError
from app.talk.names import NAME
from app.talk.steps import Step

KEYWORDS = frozenset(
    {
        "时间",
        "宽松",
        "规则",
        "地点",
        "户",
        "干部",
        "隔离",
        "包保",
        "应报",
        "群",
        "无私聊",
        "改名",
        "重复",
        "撤回",
        "进群",
        "退群",
        "机器人被移出",
        "没说",
    }
)
SPEAKER = re.compile(rf"({NAME}(?:@{NAME})?)\s*(?=[：:（(])")
BRACKET = {"（": 1, "(": 1, "）": -1, ")": -1}


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a talk with the `|` lines that go on with it."""

    at: Step
    more: tuple[str, ...] = ()

    def whole(self, first: str) -> str:
        """The text of a message; an empty first line only introduces what follows."""
        return "\n".join((first, *self.more) if first or not self.more else self.more)


def title(text: str) -> str:
    """The first comment, if it stands before anything else."""
    for line in text.split("\n"):
        if line.strip():
            return line.strip().lstrip("#").strip() if line.strip().startswith("#") else ""
    return ""


def items(text: str) -> Iterator[Item]:
    """Put each line together with its `|` lines."""
    last: Item | None = None
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line[0] in "|｜":
            if last is None or not goes_on(last.at.raw):
                raise TalkError(number, "“|”要接在一句话或一句“机器人：”后面")
            at = Step(last.at.line, number, last.at.raw)
            last = Item(at, (*last.more, line[1:].removeprefix(" ")))
            continue
        if last is not None:
            yield last
        last = Item(Step(number, number, line))
    if last is not None:
        yield last


def goes_on(line: str) -> bool:
    """Whether `|` may follow: somebody speaks, or the bot does word by word."""
    word = re.split(r"[\s：:]", line, maxsplit=1)[0]
    return word not in KEYWORDS and bool(SPEAKER.match(line))


def brackets(at: Step, rest: str) -> tuple[list[str], str]:
    """The bracketed words behind a speaker, and what is said behind the colon."""
    flags: list[str] = []
    while rest[:1] in ("（", "("):
        end = closing(rest)
        if end < 0:
            raise TalkError(at.line, "括号不成对")
        flags.append(rest[1:end].strip())
        rest = rest[end + 1 :].lstrip()
    if rest[:1] not in ("：", ":"):
        raise TalkError(at.line, f"看不懂这一行：{at.raw}")
    return flags, rest[1:].strip()


def closing(text: str) -> int:
    """Where the bracket with which the text begins is closed; brackets nest; -1 if nowhere."""
    depth = 0
    for index, letter in enumerate(text):
        depth += BRACKET.get(letter, 0)
        if depth == 0:
            return index
    return -1
