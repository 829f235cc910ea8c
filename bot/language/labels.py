"""Words before a number that are none of ours: a nickname, the thing it is of, or only talk."""

from bot.language.drafts import QUIET
from bot.language.meaning import SELF
from bot.language.normalise import is_han
from bot.language.people import Kind, Mention, is_sender
from bot.language.relay import HEAD_WORDS
from bot.language.scope import SKIP, Left
from bot.language.state import LineState
from bot.language.tokens import Token
from bot.language.turns import turn, turn_signs
from bot.language.words import BIT, mask

SAID = turn("said")
INSIDE = frozenset(["里", "里头", "里面", "里边", "内"])
LOOKED = turn("looked")
AIMED = turn("aimed")
DONE = frozenset(["完", "了", "着", "过", "完了", "罢"])
REACHED = ("到", "到了")
# A word of these endings is a place, a vessel or a machine and has a temperature of its own.
THING_TAILS = turn_signs("thing_tails")
ROOM_TAILS = turn_signs("room_tails")
CALLED = "哥姐嫂叔婶姨爷奶伯妈爸妹弟仔"  # 娟姐, 肥仔
NOT_LABEL = mask(
    "heat goods money day period night now temp verb fever site self wo household all others "
    "unmeasured device slip negation ordinal over under about high low fine greeting symptom "
    "question rule standard hypo story news joke hearsay"
)
NO_LABEL_KINDS = ("space", "punct", "open", "close", "group", "latin", "clock")
LABEL_MARKS = frozenset(":-=|/")
NAME_PARTS = mask("common kin namehead nametail title")
FRESH = frozenset((*QUIET, "comma", "stop", "group", "num", "clock", "date"))
SPOKEN_OF = (Kind.NAME, Kind.KIN, Kind.SELF)
RELATED = (Kind.KIN, Kind.NAME)
LONGEST_RUN = 6


def _text(tokens: list[Token]) -> str:
    return "".join(t.text for t in tokens)


class Labels(LineState):
    """Reads the unknown words before a number."""

    def _entry(self, place: int, left: Left) -> None:
        """In a list what stands before the number names its person: 来福36.8, 押车的 36.4."""
        start = place
        while start > self.bound and self.line[start - 1].kind not in ("comma", "stop", "mark"):
            start -= 1
        shown = [
            t
            for t in self.line[start:place]
            if t.kind not in NO_LABEL_KINDS and t.text not in LABEL_MARKS
        ]
        text = _text(shown)
        if text in HEAD_WORDS or not 2 <= len(text) <= 5 or text[0] in "我俺咱":
            return  # 我说的39.0是棚里的
        if text[-1] in ROOM_TAILS and not self.message.usual:
            return
        if not all(_may_name(t, self.message.usual) for t in shown):
            return
        first = next(p for p in range(start, place) if self.line[p] is shown[0])
        left.mentions = [Mention(Kind.NAME, (text,), first, first)]
        left.unknown, left.near = "", left.near & ~BIT["ordinal"]

    def _is_cut(self, mention: Mention) -> bool:
        """台春花婆婆, of which 台春 was left over: in a list the whole label is the name."""
        at = mention.first - 1
        parts = ("char", "word") if mention.kind is Kind.JOB else ("char",)  # 拉奶车司机
        while at >= self.bound and self.line[at].kind in parts:
            at -= 1
        begins = at < self.bound or self.line[at].kind in ("mark", "space", "stop", "comma")
        return begins and 0 < mention.first - 1 - at <= 3

    def _labelled(self, left: Left, at: int) -> None:
        """迎儿：36.7 is a person, 第三天居家隔离：晨36.3 is none."""
        self._unknown(left, at)
        if left.unknown in HEAD_WORDS:
            left.foreign = left.unknown  # 年龄：37
        if not left.mentions:
            left.unknown, left.unknown_at, left.thing = "", -1, False

    def _unknown(self, left: Left, end: int) -> None:
        """The run of unknown words that ends here; a nickname becomes a mention."""
        run = self._run(end)
        at = end - len(run)
        text = _text(run)
        if len(text) > 2 and run[-1].text == "是":
            run, text = run[:-1], text[:-1]  # 石头是36.4
        listed = self.message.shape.is_list
        if (left.dated and not listed) or self._is_talk(run, end):
            return  # 欠了两天的一块补 2月8号36.5
        if run and is_sender(text, self.message.own) and len(text) > 1:
            left.mentions = [Mention(Kind.SELF, (SELF,), at + 1, end)]
            return  # 莲花36.4 said by 杨莲花
        person = self.by_last.get(at)
        if person is not None and person.kind in RELATED and self._describes(end):
            left.mentions = [person]
            return  # 三叔开出租的 37度多点
        left.unknown, left.unknown_at = text or self.line[end].text, end
        left.thing = bool(run) and self._is_thing(run, end)
        if not run:
            return
        fresh = self._is_fresh(at)
        while len(run) > 2 and text[-2] in "小老阿" and run[0].text not in "小老阿":
            at, run, fresh = at + 1, run[1:], True  # 鱼摊阿根36.3
            text = _text(run)
        house = self.by_last.get(at)
        if house is not None and house.kind is Kind.HOUSEHOLD and len(text) == 2:
            fresh = text[0] in "小大老细"  # 我屋细毛38.2
            left.thing = left.thing and not fresh
        if self._nickname(text, run, fresh, left):
            if self.token(end + 1).text == "的" and len(text) == 2 and listed:
                text += "的"  # 拉煤的 35.9
            mine = is_sender(text, self.message.own)
            kind, who = (Kind.SELF, SELF) if mine else (Kind.NAME, text)
            left.mentions = [Mention(kind, (who,), at + 1, end)]
            left.unknown = ""

    def _describes(self, end: int) -> bool:
        """开出租的 37度: what somebody is, and then a blank."""
        return self.token(end + 1).text == "的" and self.token(end + 2).kind == "space"

    def _run(self, at: int) -> list[Token]:
        """The unknown words that end at this place."""
        run: list[Token] = []
        while at >= self.bound and len(run) < LONGEST_RUN:
            token = self.line[at]
            ours = token.bits & SKIP and run and not token.bits & BIT["common"]
            told = self.covered[at] or token.text == "给"
            if told or ours or token.kind not in ("char", "word", "name"):
                break
            run.insert(0, token)
            at -= 1
        return run

    def _is_talk(self, run: list[Token], end: int) -> bool:
        """昨晚折腾到37.8, 来信儿说36.4, 戴上老花镜一看是36.9: how it came or was told."""
        after = self.token(end + 1).text
        if after in REACHED and run and not self._is_thing(run, end):
            return bool(self.clause_before(end) & mask("day period night now"))
        return after in LOOKED or (after in SAID and not self.message.shape.is_list)

    def _is_fresh(self, at: int) -> bool:
        """Whether a name may start behind this place."""
        if at < 0 or self.line[at].kind in FRESH:
            return True
        before = self.line[at]
        if before.bits & mask("day period now and slip"):
            return True
        if at in self.by_last and self.by_last[at].kind is Kind.JOB:
            return True
        return before.text == ":" and any(m.kind is Kind.NAME for m in self.mentions)

    def _is_thing(self, run: list[Token], end: int) -> bool:
        """Whether a number behind these words would be of a thing or a place and not a person."""
        after, last = self.token(end + 1), run[-1]
        if after.text in DONE:
            return False  # 值完夜班回来36.2
        known = last.text in self.lexicon.things
        if known or last.text[-1] in THING_TAILS or last.text in INSIDE:
            return True
        if max(len(last.text), len(run)) > 1 and last.text[-1] in "里内上下":
            return True
        if after.text in REACHED:
            return len(last.text) == 1  # 折腾到37.8
        if after.text == "上" and not after.bits & BIT["site"]:
            return last.kind == "char" or bool(last.bits & BIT["common"])  # 戏台子上
        return after.text in INSIDE

    def _nickname(self, text: str, run: list[Token], fresh: bool, left: Left) -> bool:
        """小蛋36.5, 娟姐36.4, and in a row of people whatever has the length of a name."""
        if text in HEAD_WORDS or not fresh or not 2 <= len(text) <= 4:
            return False
        if text[-1] in "了着过吗呢吧得" or not is_han(text):
            return False
        listed = self.message.shape.is_list and self.message.peopled
        named = any(m.kind is Kind.NAME for m in self.mentions)
        row = named and (self.message.usual or (len(text) >= 3 and run[-1].text != text))
        if left.thing and (not (listed or row) or text[-1] in ROOM_TAILS):
            return False
        if any(t.bits & ~NAME_PARTS and len(t.text) > 1 for t in run):
            return False
        if len(run) == 1 and run[0].bits & BIT["common"]:
            listed = listed or (named and not left.bits and self.message.usual)
            return listed and self.message.plausible >= 2
        if row and len(text) == 3 and len(run) == 2 and len(run[0].text) == 1:
            return True  # 丘大力 in a row of names
        others = any(m.kind in SPOKEN_OF for m in self.mentions)
        beside = self.message.plausible >= 2 and others and not left.bits & ~mask("link weak_slip")
        if not (listed or beside or _is_shaped(text, left)):
            return False
        return not any(t.bits & BIT["common"] for t in run if len(run) > 1 and len(t.text) > 1)


def _may_name(token: Token, usual: bool) -> bool:
    """Whether it may be part of a label: 斤 and 九 of 冯九斤, but no word of measuring."""
    spelled = usual and token.kind == "num" and not token.text[0].isdigit()
    label = NOT_LABEL if len(token.text) > 1 or not usual else NOT_LABEL & ~mask("ordinal goods")
    return (token.kind in ("word", "char") or spelled) and not token.bits & label


def _is_shaped(text: str, left: Left) -> bool:
    """小蛋, 豆豆, 铁柱, 老綦头, 娟姐: how people are called."""
    size, head, last = len(text), text[0], text[-1]
    if size == 2 and (head in "小大老阿二三细" or head == last or last in "娃蛋妞丫柱锁栓妮"):
        return True
    if size == 3 and head in "老小阿" and last in "头子儿太":
        return True
    return size <= 3 and (last in CALLED or (last == "子" and not left.thing))
