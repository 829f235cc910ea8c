"""Walks left from a number over the words that may stand between it and its person."""

from bot.language.actors import FOR, TO_REPORT, greeted, others_measure, was_asked
from bot.language.drafts import QUIET
from bot.language.labels import LOOKED, Labels
from bot.language.matter import WHILE
from bot.language.numerals import Form, Unit
from bot.language.people import Kind, Mention
from bot.language.scope import FOREIGN, SKIP, Left
from bot.language.state import DENYING
from bot.language.tokens import NOTHING, Token
from bot.language.turns import turn, turn_signs
from bot.language.words import BIT, mask, word_set

SPEAKS = turn("speaks")
COMPARED = word_set("比 较 不如")
SHOWN = turn("shown")
HEIGHTS = turn("heights")
MEASURES = turn_signs("pieces") | {"公斤", "立方", "小时", "天", "月"}
EACH = ("一", "每", "1")
SHOWN_TO = word_set("看 瞧 瞅 听 的")
GLASSES = word_set("眼镜 灯")
INNER = ("上", "里")
ANDS = word_set("、 , 和 / 个")
TIMED = ("clock", "date", "group")
SPEAKERS = (Kind.KIN, Kind.NAME, Kind.SELF, Kind.THIRD)
FIGURES = frozenset("数价费钱分票款")  # what the heading of a count ends in
READ_OFF = ("度数", "读数")
UNSEEN = (Kind.OFFICE, Kind.YOU)
ALL_OF_THEM = (Kind.HOUSEHOLD, Kind.OTHERS)


class LeftSide(Labels):
    """The left walk."""

    def _left(self, place: int) -> Left:
        """Walks left from a number over words that may stand between it and its person."""
        left = Left(minus=self._minus(place))
        at: int | None = place - 1
        while at is not None and at >= self.bound:
            mention = self.by_last.get(at)
            if mention and mention.first >= self.bound and mention.first not in self.used:
                at = self._past_person(left, mention, place)
            elif self.covered[at]:
                at -= 1
            else:
                at = self._past_word(left, at, place)
        nobody = not (left.mentions or left.foreign or self.used or self.topic)
        cut = len(left.mentions) == 1 and self._is_cut(left.mentions[0])
        if self.message.shape.is_list and self.message.peopled and (nobody or cut):
            self._entry(place, left)
        if not left.foreign and not left.bits & mask("temp fever"):
            left.foreign = self._opened_by() if left.mentions and left.named else ""
        return left

    def _past_person(self, left: Left, mention: Mention, place: int) -> int | None:
        """Takes this person, or where the walk goes on: before who only acts or is spoken to."""
        before = self.line[mention.first - 1].text if mention.first else ""
        if mention.kind is Kind.THIRD and before in FOR and self.third is not None:
            left.mentions = [self.third]
            return None  # 姥爷不会使手机我替他说 36.1
        if before in COMPARED:
            return mention.first - 2  # 我比他低 36.2
        if mention.kind is Kind.SELF and was_asked(self.line, mention):
            return mention.first - 1
        if self._reports(mention) or self._stands_by_left(mention, before):
            return mention.first - 1
        if mention.kind is Kind.YOU and before != "给" and not left.bits & mask("temp verb"):
            left.you = True
        last = self.line[mention.last].text
        if last == "师傅" and mention.last == place - 1 and self.message.usual:
            left.mentions = [Mention(Kind.NAME, (last,), mention.last, mention.last)]
            return None  # 师傅36.6 押车的36.4
        reflexive = last == "自己" and self.line[mention.last - 1].text.endswith("说")
        if mention.kind in UNSEEN or (reflexive and mention.last) or self._speaker(mention):
            return mention.first - 1
        measuring = mention.kind is Kind.JOB and left.bits & BIT["verb"]
        if measuring and mention.first and not self.message.shape.is_list:
            return mention.first - 1
        self._gather(left, mention)
        return None

    def _stands_by_left(self, mention: Mention, before: str) -> bool:
        """给我瞧：36.3; 报给我的数是37.4; 人家测的37.7: nobody who was measured."""
        if mention.kind is Kind.SELF:
            return before == "给" and self.token(mention.last + 1).text in SHOWN_TO
        return others_measure(self.line, mention)

    def _past_word(self, left: Left, at: int, place: int) -> int | None:
        """Notes this word; None where the walk ends at it."""
        token = self.line[at]
        if token.text == "不是我" and not left.bits & BIT["temp"]:
            left.near |= BIT["negation"]
            return None  # 不是我37.2，是俺婆婆37.2
        if token.kind in ("comma", "emoji"):
            left.comma = True
            self._over_comma(left, at)
            return None
        if token.kind == "stop" or token.text == "~":
            return None
        if not left.near_text and token.kind != "space":
            left.near, left.near_text = token.bits, token.text
        left.colon = left.colon or token.text == ":"
        left.shown = left.shown or token.text in SHOWN
        if token.kind == "date":
            left.bits |= BIT["day"]
            left.near = left.near or BIT["day"]
            left.dated = True
        each = token.text in MEASURES and self._text_before(at) in EACH
        if at == place - 1 and (each or _each(token.text)):
            left.foreign = token.text  # 一公斤35.3
            return None
        if passed := self._passed(left, at, place):
            return at - passed
        self._stops_at(left, at, place)
        return None

    def _text_before(self, at: int) -> str:
        return self.line[at - 1].text if at else ""

    def _passed(self, left: Left, at: int, place: int) -> int:
        """How many words may stand between the number and its person here."""
        token, bits = self.line[at], self.line[at].bits
        if token.kind in QUIET or token.kind in TIMED:
            return 1
        before = self.line[at - 1] if at else NOTHING
        if token.text in INNER and before.bits & mask("place site") and not bits & FOREIGN:
            return 1  # 卡口上37.4
        if bits & SKIP:
            left.bits |= bits
            left.all = left.all or bool(bits & BIT["all"])
            return 1
        if token.kind == "num" and self._rejected(token):
            return 1
        if bits & mask("negation question"):
            left.bits |= bits
            return 1
        number = self.line[place].number
        bare = number is not None and number.unit is Unit.NONE and number.form is Form.DECIMAL
        return int(bool(bits & BIT["place"]) and (bare or bool(left.bits & mask("verb temp"))))

    def _stops_at(self, left: Left, at: int, place: int) -> None:
        """A word that is none of ours: another thing, another matter, a label or talk."""
        token = self.line[at]
        if token.bits & FOREIGN:
            if not self._narrated(at, place):
                left.foreign = token.text
        elif left.bits & mask("medicine now slip"):
            return  # 吃了布洛芬这会儿38.1, 发群里才看见少打个点 是36.8: another matter
        elif left.colon:
            self._labelled(left, at)
        else:
            self._unknown(left, at)

    def _opened_by(self) -> str:
        """电费吕佳37.9 马翠兰40.5: the thing that a row of names and numbers is about."""
        if figures := self._figures():
            return figures
        first = next(t for t in self.line if t.kind not in ("space", "mark", "emoji"))
        thing = first.text in self.lexicon.things and first.text[-1] not in "况数据报表单果录"
        if not (thing or first.bits & BIT["goods"]) or first.kind == "name":
            return ""
        if self.message.bits & mask("temp fever feverish symptom") or self.message.bodily:
            return ""
        label: list[str] = []
        for place, token in enumerate(self.line):
            if token.kind == "comma" or token.number is not None:
                break
            quiet = token.kind in ("space", "punct", "mark") or token.bits & BIT["goods"]
            if place and not quiet:
                named = self.by_first.get(place)
                if named is not None and not label:
                    return first.text if named.kind is Kind.NAME else ""
                label.append(token.text)
        named_row = all(m.kind is Kind.NAME for m in self.mentions)
        if named_row and token.number is not None and 2 <= len("".join(label)) <= 4:
            return first.text  # 猪价 西营子34.9 赵家店39.1
        return ""

    def _figures(self) -> str:
        """菜地垄数 康建民37 吴小军36: a heading that says what is counted."""
        at, heading = 0, ""
        while at < len(self.line) and self.line[at].kind in ("word", "char"):
            heading, at = heading + self.line[at].text, at + 1
        first = self.line[0]
        if first.bits & FOREIGN and first.text[-1] in FIGURES and 1 in self.by_first:
            return first.text  # 电费秦香莲36.1 唐小龙37.2
        headed = (
            at and at < len(self.line) and self.line[at].kind == "space" and at + 1 in self.by_first
        )
        counts = headed and heading[-1] in FIGURES and not heading.endswith(READ_OFF)
        return heading if counts and not self.message.bits & BIT["temp"] else ""

    def _minus(self, place: int) -> bool:
        """今天-34℃, but not 李桂兰-36.5."""
        if not place or self.line[place - 1].text != "-":
            return False
        return self.line[place - 2].kind in ("space", "comma", "stop") or bool(
            self.line[place - 2].bits & mask("day heat")
        )

    def _narrated(self, at: int, place: int) -> bool:
        """喝了两碗梨水 37.8: a thing somebody did something with, and then a blank."""
        between = self.line[at + 1 : place]
        first = between[0].text if between else ""
        if first in SHOWN or first == "报":
            return False  # 冰柜报39.6度, 电子秤显示37.4
        if first in WHILE or (first in LOOKED and self.line[at].text in GLASSES):
            return True  # 杀鸡之前量的36.5, 戴上眼镜再瞧是36.3
        if not any(t.kind == "space" or t.text in LOOKED or t.bits & BIT["verb"] for t in between):
            return False
        start = at
        while start > self.bound and self.line[start - 1].kind not in ("comma", "stop", "space"):
            start -= 1
        return any(t.text[-1] in "了完着过" for t in self.line[start:at])

    def _reports(self, mention: Mention) -> bool:
        """穆天成（妈妈代报）36.4: who only writes it down for another."""
        opened = mention.first and self.line[mention.first - 1].kind == "open"
        after = self.token(mention.last + 1).text
        both = after + self.token(mention.last + 2).text
        return bool(opened) and (after in TO_REPORT or both in TO_REPORT)

    def _rejected(self, token: Token) -> bool:
        """Whether this number was found to be of something else."""
        if any(d.token is token and d.verdict.outcome == "no" for d in self.drafts[-3:]):
            return True
        return token.number is not None and not token.degrees and self.message.shape.is_list

    def _speaker(self, mention: Mention) -> bool:
        """我妈说…: who speaks or acts is not who was measured."""
        at = mention.last + 1
        if mention.kind not in SPEAKERS:
            return False  # 司机说36.5
        after = self.token(at)
        if mention.first and self.line[mention.first - 1].text in DENYING:
            return True
        acts = after.text in FOR if mention.kind is Kind.SELF else after.text == "给"
        if acts or (mention.kind is Kind.SELF and after.bits & BIT["slip"]):
            return True  # 高速口给打了个35.8: who held the thermometer
        return after.text in SPEAKS and at not in self.by_first

    def _over_comma(self, left: Left, at: int) -> None:
        """李桂兰，36.4: the name stands right before the comma."""
        mention = self.by_last.get(self._before_height(at - 1))
        if mention is None or mention.first < self.bound or mention.first in self.used:
            return
        if left.unknown or mention.kind in (*UNSEEN, Kind.JOB) or greeted(self.line, mention):
            return
        if not (self.office_call(mention) or self._speaker(mention) or self.no_name(mention)):
            self._gather(left, mention)

    def _before_height(self, at: int) -> int:
        """数葛大爷高，37.1; 秦二婶比我高一丢，36.7: past how high he was."""
        if at < 1 or self.line[at].text not in HEIGHTS:
            return at
        other = self.by_last.get(at - 1)
        if other is None or not other.first or self.line[other.first - 1].text not in COMPARED:
            return at - 1
        return other.first - 2

    def _gather(self, left: Left, mention: Mention) -> None:
        """This person, and those beside him: 我跟他妈, 爸、妈都."""
        group = [mention]
        at = mention.first - 1
        while at >= self.bound:
            glue: list[Token] = []
            while at >= self.bound and at not in self.by_last and len(glue) < 3:
                glue.append(self.line[at])
                at -= 1
            other = self.by_last.get(at) if at >= self.bound else None
            if other is None or other.first in self.used or not _joined(other, mention, left, glue):
                break
            group.insert(0, other)
            at = other.first - 1
        left.mentions = group


def _each(text: str) -> bool:
    """一车 as one word."""
    return text[0] in EACH and text[1:] in MEASURES


def _joined(other: Mention, mention: Mention, left: Left, glue: list[Token]) -> bool:
    """Whether one number may be said of both: 爸妈都, 我跟他妈, but not 303 骆红兵."""
    if not all(t.bits & BIT["and"] or t.text in ANDS or t.kind == "space" for t in glue):
        return False
    linked = any(t.bits & BIT["and"] or t.text in ("、", "/") for t in glue)
    if not (linked or left.all) or other.kind in UNSEEN or other.kind is Kind.FLAT:
        return False
    return other.kind not in ALL_OF_THEM and mention.kind is not Kind.HOUSEHOLD
