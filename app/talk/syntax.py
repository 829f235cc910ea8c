"""The talk format: text in, a `Talk` of ordered steps out, or a `TalkError` with its line.

    text ─► items (a line with its `|` lines; blanks and # left out) ─► one step each

A keyword is followed by a blank (`户 三组：…`); every other line with a colon is somebody speaking.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time

from app.talk import layout
from app.talk.errors import TalkError
from app.talk.facts import parse_fact
from app.talk.items import parse_pattern
from app.talk.lines import KEYWORDS, SPEAKER, Item, brackets, items, title
from app.talk.names import ChatName, Places
from app.talk.steps import (
    BotRemoved,
    ChatDef,
    EnterChat,
    ExpectFact,
    ExpectLike,
    ExpectLine,
    ExpectNever,
    ExpectQuiet,
    Join,
    Leave,
    Loose,
    QuotedLine,
    Recall,
    Repeat,
    Say,
    SetTime,
    Step,
    Talk,
)
from bot.clock import CHINA

LAYOUT: dict[str, Callable[[Step, str, Places], Step]] = {
    "规则": layout.rules,
    "地点": layout.place,
    "户": layout.household,
    "干部": layout.cadre,
    "隔离": layout.observation,
    "包保": layout.care_team,
    "应报": layout.owes,
    "群": layout.chat,
    "无私聊": layout.no_private,
    "改名": layout.rename,
}
TIME = re.compile(r"(\d{4}-\d{2}-\d{2})\s+(\d{2})[：:](\d{2})(?:[：:](\d{2}))?")
CHAT = re.compile(r"[\[［]\s*(?:(私)\s+)?(\S+?)\s*[\]］]")


def parse_talk(text: str, name: str) -> Talk:
    """Read a talk.

    Args:
        text: the file, decoded.
        name: what the talk is called where it is spoken of, as a rule its file name.

    Raises:
        TalkError: a line fits nothing.
    """
    text = text.removeprefix("\ufeff")
    reader = Reader()
    steps = tuple(reader.step(item) for item in items(text))
    return Talk(name, title(text), text, steps, any(isinstance(step, Loose) for step in steps))


@dataclass(slots=True)
class Reader:
    """Reads the items of one talk in order; knows what earlier lines have made."""

    places: Places = field(default_factory=Places)
    groups: set[ChatName] = field(default_factory=set)
    now: datetime | None = None
    chat: ChatName | None = None
    has_spoken: bool = False

    def step(self, item: Item) -> Step:
        """One item as a step."""
        line = item.at.raw
        word, *tail = line.split(maxsplit=1)
        rest = "".join(tail)
        if word in LAYOUT and rest:
            return self.layout(item.at, word, rest)
        if word == "时间" and rest:
            return self.time(item.at, rest)
        if word in ("进群", "退群") and rest:
            people = layout.named(item.at, rest, self.places)
            kind = Join if word == "进群" else Leave
            return kind(item.at.line, item.at.end, line, self.group(item.at), people)
        if line[0] in "[［":
            return self.enter(item.at)
        if line[0] in "=＝":
            fact = parse_fact(line[1:], self.places, item.at.line)
            if fact.word == "发言":
                self.here(item.at)
            return ExpectFact(item.at.line, item.at.end, line, fact, self.chat)
        return self.plain(item) or self.expectation(item) or self.said(item)

    def layout(self, at: Step, word: str, rest: str) -> Step:
        """A set-up line."""
        step = LAYOUT[word](at, rest, self.places)
        if isinstance(step, ChatDef):
            if step.chat in self.groups:
                raise TalkError(at.line, f"“{step.chat}”已经有了")
            self.groups.add(step.chat)
        return step

    def time(self, at: Step, rest: str) -> Step:
        """`时间 2020-02-03 08:12`; never back."""
        found = TIME.fullmatch(rest)
        if not found:
            raise TalkError(at.line, "要写成“时间 2020-02-03 08:12”")
        day = layout.day_of(found[1], at.line)
        try:
            clock = time(int(found[2]), int(found[3]), int(found[4] or 0), tzinfo=CHINA)
        except ValueError:
            raise TalkError(at.line, f"没有“{rest}”这个时刻") from None
        moment = datetime.combine(day, clock)
        if self.now is not None and moment < self.now:
            raise TalkError(at.line, f"时间不能往回走：前面已经到了 {self.now:%Y-%m-%d %H:%M}")
        self.now = moment
        return SetTime(at.line, at.end, at.raw, moment)

    def enter(self, at: Step) -> Step:
        """`[三组群]` or `[私 张桂芳]`."""
        found = CHAT.fullmatch(at.raw)
        if not found:
            raise TalkError(at.line, "要写成“[群名]”或“[私 姓名]”")
        if found[1]:
            person = self.places.person(found[2], at.line)
            self.chat = ChatName(person.name, True, person.place)
        else:
            self.chat = ChatName(found[2])
            if self.chat not in self.groups:
                raise TalkError(at.line, f"没有“{found[2]}”这个群，先用“群 …”写出来")
        return EnterChat(at.line, at.end, at.raw, self.chat)

    def plain(self, item: Item) -> Step | None:
        """Items of one word."""
        at = item.at
        match at.raw:
            case "宽松":
                return Loose(at.line, at.end, at.raw)
            case "静":
                return ExpectQuiet(at.line, at.end, at.raw, self.here(at))
            case "重复" | "撤回":
                if not self.has_spoken:
                    raise TalkError(at.line, f"前面还没人说话，“{at.raw}”不知道指哪一句")
                kind = Repeat if at.raw == "重复" else Recall
                return kind(at.line, at.end, at.raw, self.here(at))
            case "机器人被移出":
                return BotRemoved(at.line, at.end, at.raw, self.group(at))
        return None

    def expectation(self, item: Item) -> Step | None:
        """机器人：, 机器人~ and 没说~."""
        at = item.at
        found = re.match("(机器人|没说)[ \t]*([~～：:])", at.raw)
        if not found or (found[1], found[2]) in (("没说", "："), ("没说", ":")):
            return None
        rest = at.raw[found.end() :].strip()
        if found[2] in "：:":
            return ExpectLine(at.line, at.end, at.raw, self.here(at), item.whole(rest))
        kind = ExpectLike if found[1] == "机器人" else ExpectNever
        return kind(at.line, at.end, at.raw, self.here(at), parse_pattern(rest, at.line))

    def said(self, item: Item) -> Step:
        """`王伟@三组（语音）（引用 马强：38.2）：…`."""
        at = item.at
        found = SPEAKER.match(at.raw)
        if not found or found[1] in KEYWORDS:
            raise TalkError(at.line, f"看不懂这一行：{at.raw}")
        flags, text = brackets(at, at.raw[found.end() :])
        speaker = self.places.person(found[1], at.line)
        chat = self.here(at)
        if self.now is None:
            raise TalkError(at.line, "有人说话之前，要先写“时间 …”")
        quote = None
        voice = bot = False
        for flag in flags:
            if flag == "语音":
                voice = True
            elif flag == "机器人":
                bot = True
            elif flag.startswith("引用"):
                quote = self.quoted(at, flag.removeprefix("引用"))
            else:
                raise TalkError(
                    at.line, f"括号里的“{flag}”看不懂，只有 语音、机器人、引用 姓名：原话"
                )
        self.has_spoken = True
        return Say(at.line, at.end, at.raw, chat, speaker, item.whole(text), voice, bot, quote)

    def quoted(self, at: Step, words: str) -> QuotedLine:
        """`马强：38.2` inside the brackets of a quotation."""
        name, text = layout.halves(at, words, "（引用 姓名：原话）")
        return QuotedLine(self.places.person(name, at.line), text)

    def here(self, at: Step) -> ChatName:
        """The chat last entered."""
        if self.chat is None:
            raise TalkError(at.line, "先用“[群名]”或“[私 姓名]”说明在哪儿")
        return self.chat

    def group(self, at: Step) -> ChatName:
        """The chat last entered, which must be a group."""
        if self.here(at).is_private:
            raise TalkError(at.line, "这件事只能发生在群里")
        return self.here(at)
