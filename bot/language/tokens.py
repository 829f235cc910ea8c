"""Cuts a normalised message into words, numbers, names and marks in one pass."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from bot.language.normalise import MARK
from bot.language.numerals import INT, RUN, Form, Number, read_arabic, read_chinese
from bot.language.times import Clock, clock_at, date_at
from bot.language.words import BIT, Words, mask, words

NO_NAME_UNITS = frozenset("元米平伏安丝吨层席盘路度点分秒克升")
CODE = re.compile(
    r"1[3-9][\d×*xX]{9}|\d{2,3}:\d{2,3}(?![\d.])|\d{2,4}-\d{6,8}|\d+(?:-\d+){2,}|\d{1,3}-\d{1,4}(?![\d.°℃度])|\d+[×*]\d*|\d{5,}|\d+[A-Za-z]\d*(?<![CcFf])"
)
PRESSURE = re.compile(r"(\d{2,3})[/／](\d{2,3})(?![\d.])")
LATIN = re.compile(r"[A-Za-z]+")
LATIN_CODE = re.compile(r"[A-Za-z]+\d[\dA-Za-z×*-]*")
COUNTED = frozenset("点度号月时个岁块")
FAMILY_OF = re.compile(r"家(?=\s?(?:[一二两三四五六七八九十\d]{1,2}\s?(?:口|个|人)|都|全|的都))")
TRAIN = re.compile(r"[Tt]\d{2,}(?![\d.])")
BRACKET = re.compile(r"\[[^\[\]\s]{1,8}\]")
INDEX = re.compile(r"(\d{1,3})\s?[.、)．:](?=\s*[^\d\s.。,:])|[(]\d{1,3}[)]")
INDEX_TIGHT = re.compile(r"\d{1,2}[.、]\s?(?=(?:3[4-9]|4[0-3])[.。])")
FLAT = re.compile(
    r"(?:\d{1,3}(?:号楼|栋|幢|号院|#楼|#)\s?)?(?:\d{1,2}单元\s?)?\d{3,4}(?:室|房|号(?!楼|院)|户|(?![\d.]))"
    r"|\d{1,3}(?:巷|弄|里)\d{1,3}号|\d{1,3}(?:号楼|栋|幢|号院)\s?\d{1,2}单元\s?\d{3,4}(?:室|房|号)?|单元\s?\d{3,4}|\d{1,2}-\d{1,2}-\d{3,4}"
)
GROUP_NO = re.compile(
    r"(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?:组|队|屯|村|社|栋|号楼|单元|网格|大队|小队|片|巷|排|年级|班|号院)(?!长)"
)
COUNT = re.compile(
    r"(?:一家|全家|一家子|家里|家|我们|俺们|咱们|一共|共)?\s?(\d{1,2}|[二两三四五六七八九十]{1,2}|俩|仨)"
    r"\s?(?:口子|口人|口|个人|人)(?!罩|气|感|味|腔|温|表|算|才|民|家说)"
)
COUNT_KIN = re.compile(r"(?:\d|[两二三四五]|俩|仨)(?:个)?(?=[孩娃孙儿闺女宝老小崽妮丫外侄])")
LUNAR_OPENING = re.compile(
    "(十[一二三四五六七八九]|二十[一二三四五六七八九]?|廿[一二三四五六七八九]?)(?=早|晚|上午|下午|中午|那天)"
)
AFTER_TENTH = re.compile(
    r"(十[一二三四五六七八九]?|廿[一二三四五六七八九]?|二十[一二三四五六七八九]?)(?=\s?:?\s?[34]\d)"
)
SPACE, LINE = " ", "\n"
STOPS = frozenset("。！？!?；;…")
COMMAS = frozenset(",、，")
OPEN, CLOSE = frozenset("(【「『《<〈[{"), frozenset(")】」』》>〉]}")
QUOTES = frozenset("“”\"'‘’")
NAME_END = mask(
    "day period night now temp verb fever feverish link all kin fine particle unmeasured about "
    "over under site "
    "others household family_of title and ditto symptom device degree_word "
    "self third loose plan office unit notime high low negation slip"
)
NAME_LEFT = mask(
    "family_of kin day period night now temp verb link all kin job office title fine particle "
    "and site about high low notice "
    "slip self third you negation greeting hypo household wo seq notime example mine_before"
)


@dataclass(slots=True)
class Token:
    """A piece of the text; kind says what it is: word, name, num, clock, date, comma."""

    kind: str
    text: str
    start: int
    end: int
    bits: int = 0
    number: Number | None = None
    clock: Clock | None = None
    day: int | None = None


@lru_cache(maxsize=256)
def _by_head(names: frozenset[str]) -> dict[str, tuple[str, ...]]:
    heads: dict[str, list[str]] = {}
    for name in names:
        if len(name) >= 2:
            heads.setdefault(name[0], []).append(name)
    return {head: tuple(sorted(group, key=len, reverse=True)) for head, group in heads.items()}


class Cutter:
    """One pass over one message."""

    def __init__(
        self, text: str, sent_on: date, names: frozenset[str], own: Collection[str]
    ) -> None:
        self.text = text
        self.sent_on = sent_on
        self.lexicon: Words = words()
        self.heads = _by_head(names)
        self.own = tuple(own)
        self.out: list[Token] = []

    def cut(self) -> list[Token]:
        """The tokens in order."""
        at, size = 0, len(self.text)
        while at < size:
            token = self._next(at)
            self.out.append(token)
            at = token.end
        return self.out

    def _is_word(self, at: int) -> bool:
        """Whether a word of more than one sign, or a number of its own, starts at this numeral."""
        if at >= len(self.text):
            return False
        size = self.lexicon.longest(self.text, at)
        return size > 1 and not self.lexicon.classes[self.text[at : at + size]] & BIT["common"]

    def _next(self, at: int) -> Token:
        char = self.text[at]
        if "0" <= char <= "9":
            return self._digit(at)
        if char == LINE:
            return Token("line", char, at, at + 1)
        if char in " \t":
            end = at + 1
            while end < len(self.text) and self.text[end] in " \t":
                end += 1
            return Token("space", self.text[at:end], at, end)
        if "\u4e00" <= char <= "\u9fff" or char == "〇":
            return self._han(at)
        return self._mark(at, char)

    def _mark(self, at: int, char: str) -> Token:
        if char in STOPS:
            return Token("stop", char, at, at + 1)
        if char in COMMAS:
            return Token("comma", char, at, at + 1)
        if char == MARK:
            return Token("mark", char, at, at + 1)
        if char == "[" and (m := BRACKET.match(self.text, at)):
            return Token("emoji", m.group(), at, m.end())
        if char.isascii() and char.isalpha():
            return self._latin(at)
        if char == "(" and (m := INDEX.match(self.text, at)) and self._fresh():
            return Token("mark", m.group(), at, m.end())
        if char == "." and self.text.startswith("..", at):
            return Token("stop", char, at, at + 1)
        size = self.lexicon.longest(self.text, at)
        if size:
            text = self.text[at : at + size]
            return Token("word", text, at, at + size, self.lexicon.classes[text])
        if char in OPEN:
            return Token("open", char, at, at + 1)
        if char in CLOSE:
            return Token("close", char, at, at + 1)
        if char in QUOTES:
            return Token("quote", char, at, at + 1)
        if ord(char) > 0x2000:
            return Token("emoji", char, at, at + 1)
        return Token("punct", char, at, at + 1)

    def _latin(self, at: int) -> Token:
        m = LATIN.match(self.text, at)
        assert m is not None  # noqa: S101 - the caller stands on a letter
        word = m.group()
        mixed = self.lexicon.longest(self.text, at)
        if mixed > len(word):  # BB仔
            word = self.text[at : at + mixed]
            return Token("word", word, at, at + mixed, self.lexicon.classes[word])
        bits = self.lexicon.classes.get(word, 0) or self.lexicon.classes.get(word.lower(), 0)
        if bits and not (word in "Tt" and TRAIN.match(self.text, at)):
            return Token("word", word, at, m.end(), bits)
        code = LATIN_CODE.match(self.text, at)
        if code:
            return Token("code", code.group(), at, code.end())
        end = m.end()
        return Token("latin", word, at, end)

    def _fresh(self) -> bool:
        """Whether a list number may stand here: at the start of a line or behind a blank."""
        return (
            not self.out
            or self.out[-1].kind in ("line", "space", "comma", "stop", "mark", "close", "emoji")
            or (self.out[-1].text == ":")
        )

    def _digit(self, at: int) -> Token:
        text = self.text
        fresh = self._fresh()
        if fresh:
            m = INDEX.match(text, at) or INDEX_TIGHT.match(text, at)
            if m:
                return Token("mark", m.group(), at, m.end())
        group = GROUP_NO.match(text, at)
        if group and not FLAT.match(text, at):
            return Token("group", group.group(), at, group.end())
        count = COUNT.match(text, at)
        if count:
            return Token("count", count.group(), at, count.end())
        kin = COUNT_KIN.match(text, at)
        if kin:
            return Token("countkin", kin.group(), at, kin.end())
        day, end = date_at(text, at, self.sent_on, fresh)
        if end > at and not (day is not None and day < -14 and text[at:end][-1] in "号日"
                             and "月" not in text[at:end]):  # fmt: skip
            return Token("date", text[at:end], at, end, day=day)
        clock, end = clock_at(text, at)
        if end > at:
            return Token("clock", text[at:end], at, end, clock=clock)
        m = FLAT.match(text, at)
        if m and (len(m.group()) > 4 or not m.group().isdigit()):
            return Token("flat", m.group(), at, m.end())
        m = CODE.match(text, at)
        if m:
            return Token("code", m.group(), at, m.end())
        m = PRESSURE.match(text, at)
        if m and int(m[1]) > 45:
            return Token("code", m.group(), at, m.end())
        number = read_arabic(text, at, self._is_word)
        return Token("num", number.written, at, number.end, number=number)

    def _han(self, at: int) -> Token:
        text = self.text
        char = text[at]
        if (
            char == "家"
            and not text.startswith(("家属", "家长", "家人"), at)
            and self.out
            and (self.out[-1].kind == "name" or self.out[-1].bits & BIT["kin"])
        ):
            return Token("word", char, at, at + 1, self.lexicon.classes[char])
        known = self._known_name(at)
        if known:
            return Token("name", text[at : at + known], at, at + known, BIT["name"])
        size = self.lexicon.longest(text, at)
        word = text[at : at + size] if size else ""
        if size >= 2 and word[-1] == "体" and text.startswith("温", at + size):
            size -= 1  # 个体温 is 个 and 体温
            word = text[at : at + size]
        bits = self.lexicon.classes.get(word, 0)
        if size > 2 and bits == BIT["common"] and self._two_relatives(at, size):
            size -= 1
            word = text[at : at + size]
            bits = self.lexicon.classes.get(word, 0)
        if RUN.match(char) or char in "正腊冬阴农旧周星礼初俩仨一全家这本上":
            numeral = self._numeral(at, size, bits)
            if numeral is not None:
                return numeral
        named = self._called(at, size, bits) or self._surname(at, size, bits)
        if named:
            return Token("name", text[at : at + named], at, at + named, BIT["name"])
        if size:
            return Token("word", word, at, at + size, bits)
        return Token("char", char, at, at + 1)

    def _two_relatives(self, at: int, size: int) -> bool:
        """大哥大嫂 are two relatives, whatever a 大哥大 is."""
        inner = at + size - 1
        second = self.lexicon.longest(self.text, inner)
        kin = BIT["kin"]
        return (
            second > 1
            and bool(self.lexicon.classes.get(self.text[at:inner], 0) & kin)
            and bool(self.lexicon.classes[self.text[inner : inner + second]] & kin)
        )

    def _numeral(self, at: int, size: int, bits: int) -> Token | None:
        """A number, time, count or group in Chinese numerals, where it beats the word."""
        text = self.text
        group = GROUP_NO.match(text, at)
        if group and group.end() - at > size:
            return Token("group", group.group(), at, group.end())
        count = COUNT.match(text, at)
        longer = size + bool(bits & ~BIT["common"])
        if count and count.end() - at >= longer and not (size > 1 and bits & BIT["pair"]):
            return Token("count", count.group(), at, count.end())
        if text[at] in "两二三四五俩仨" and (kin := COUNT_KIN.match(text, at)) and size <= 1:
            return Token("countkin", kin.group(), at, kin.end())
        if not self.out or self.out[-1].kind == "line":
            opening = LUNAR_OPENING.match(text, at)
            if opening:
                day, _ = date_at("腊月" + opening[1], 0, self.sent_on, True)
                return Token("date", opening[1], at, opening.end(1), day=day)
        if self.out and any(t.kind == "date" and not t.text[0].isdigit() for t in self.out[-6:]):
            tenth = AFTER_TENTH.match(text, at)
            if tenth:
                day, _ = date_at("腊月" + tenth[1], 0, self.sent_on, True)
                return Token("date", tenth[1], at, tenth.end(1), day=day)
        day, end = date_at(text, at, self.sent_on, True)
        if end - at >= max(size, 2):
            return Token("date", text[at:end], at, end, day=day)
        clock, end = clock_at(text, at)
        if end - at > size or (end > at and bits == BIT["common"]):
            return Token("clock", text[at:end], at, end, clock=clock)
        if not RUN.match(text, at):
            return None
        number = read_chinese(text, at, self._is_word)
        if number is None or number.end - at < size or (size > 1 and number.form is Form.PLAIN):
            return None
        if number.end - at == size and size == 1 and bits:
            return None
        return Token("num", number.written, at, number.end, number=number)

    def _known_name(self, at: int) -> int:
        for name in self.heads.get(self.text[at], ()):
            if self.text.startswith(name, at):
                return len(name)
        for name in self.own:
            if self.text.startswith(name, at):
                return len(name)
        return 0

    def _called(self, at: int, size: int, bits: int) -> int:
        """Length of 何大爷, 老孟头, 小田, 老李大叔; 0 where nobody is called so."""
        text, lexicon = self.text, self.lexicon
        free = not self.out or self._name_may_start()
        if not free and self.out[-1].kind != "word":
            return 0
        head = 0
        if text[at] in "老小阿" and text[at + 1 : at + 2] in lexicon.surnames:
            if size >= 2 and (bits & ~BIT["common"] or text[at] != "老"):
                return 0
            head = 2
        elif text[at] in lexicon.surnames and (size <= 1 or bits & (BIT["common"] | BIT["goods"])):
            head = 1
        if not head:
            return 0
        if size > head and not bits & BIT["common"]:
            return 0
        if (
            head == 1
            and free
            and (FAMILY_OF.match(text, at + 1) or (text[at - 1 : at] not in ("老", "小") and self._of_family(at + 1)))
        ):
            return 1  # 苏家六口36.5, 邹家老三36.5
        after = at + head
        longest = lexicon.longest(text, after) if after < len(text) else 0
        if longest and lexicon.classes[text[after : after + longest]] & BIT["title"]:
            end = after + longest
            return end - at if free or len(text[after:end]) > 1 else 0
        if head == 2 and free:
            if text[after : after + 1] in ("头", "太") and self._name_ends(after + 1):
                return 3
            if self._name_ends(after) or text[after] == "家" or size < 2:
                return 2
        return 0

    def _of_family(self, at: int) -> bool:
        """家 and a relative of two signs."""
        if not self.text.startswith("家", at) or at + 1 >= len(self.text):
            return False
        size = self.lexicon.longest(self.text, at + 1)
        return size > 1 and bool(
            self.lexicon.classes[self.text[at + 1 : at + 1 + size]] & BIT["kin"]
        )

    def _ranked(self, at: int) -> int:
        """Length of the name behind a surname that is a rank in the family: 杨大妞, 游幺姑."""
        if self.text[at : at + 1] not in RANKS:
            return 0
        size = self.lexicon.longest(self.text, at)
        kin = size > 1 and self.lexicon.classes[self.text[at : at + size]] & BIT["kin"]
        return size if kin and self._name_ends(at + size) else 0

    def _surname(self, at: int, size: int, bits: int) -> int:
        """Length of a full name that starts here, 0 where there is none."""
        text, lexicon = self.text, self.lexicon
        if size >= 2 and bits & (BIT["goods"] | BIT["heat"]):
            return 0
        if size >= 2 and not bits & BIT["common"]:
            return 0
        last = self.out[-1] if self.out else None
        if last is not None and (
            (last.kind == "num" and text[at] in NO_NAME_UNITS) or last.text in ("老", "小", "阿")
        ):
            return 0
        if text[at] == "莫" and at + 1 < len(text) and text[at + 1] in NOT_MO:
            return 0
        if bits & BIT["wish"] and text.startswith(WISHED, at + size):
            return 0
        head = 2 if text[at : at + 2] in lexicon.double_surnames else 1
        if head == 1 and text[at] not in lexicon.surnames:
            return 0
        if self.out and not self._name_may_start():
            return 0
        if last is not None and last.kind == "name" and text[at] in "向和同从于":
            return 0  # 老丁向组织汇报
        if size <= 1 and (ranked := self._ranked(at + head)):
            return head + ranked
        for given in (2, 1):
            end = at + head + given
            name = text[at:end]
            if len(name) < head + given or not all("\u4e00" <= c <= "\u9fff" for c in name):
                continue
            if name in lexicon.classes and head == 1:
                continue
            if given == 1 and head == 1 and size >= 2:
                continue
            if RUN.match(name[-1]) and text[end : end + 1] in COUNTED:
                continue  # 向华八点钟
            if RUN.match(name[-1]) and RUN.match(text, end):
                continue  # 大概齐三十六度
            if size >= 2 and head == 1 and not self._hard_end(end):
                continue  # 高兴坏了 is no name, 高兴全36.5 is one
            if name[-1] in "里内" and name[:-1] in lexicon.things:
                continue  # 车库里38度
            if self._name_ends(end) and not self._swallows(at, end, head):
                return head + given
        return 0

    def _hard_end(self, end: int) -> bool:
        """Whether a number, a mark, a blank or the end of the text stands here."""
        return (
            end >= len(self.text)
            or not "\u4e00" <= self.text[end] <= "\u9fff"
            or bool(RUN.match(self.text[end]))
            or bool(self.lexicon.classes.get(self.text[end : end + 2], 0) & mask("temp day period"))
            or bool(self.lexicon.classes.get(self.text[end], 0) & mask("verb"))
        )

    def _swallows(self, at: int, end: int, head: int) -> bool:
        """Whether the given name would eat a word that must stand: 李老伴, 王今早."""
        for inner in range(at + head, end):
            size = self.lexicon.longest(self.text, inner)
            if (
                size == 2
                and self.text[inner] in "小大二"
                and self.text[inner + 1] in "宝妮丫双胖妹弟军"
            ):
                continue  # 宋小宝 is a name, 李老伴 is none
            inside = self.lexicon.classes.get(self.text[inner : inner + size], 0)
            if inside & BIT["nick"] and inner + size == end:
                continue  # 赵铁柱
            if size >= 2 and inside & NAME_BREAK:
                return True
        given = self.text[at + head : end]
        bits = self.lexicon.classes.get(given, 0)
        if bits & NAME_BREAK_WHOLE and not (len(given) == 2 and given[0] in "小大二"):
            return True
        last = self.text[end - 1]
        if last in NO_GIVEN_NAME:
            return True
        hard = end >= len(self.text) or not "\u4e00" <= self.text[end] <= "\u9fff"
        if hard and last in "有和都也在不跟":
            return False
        return (
            last
            in "吃喝拦看说听做买卖晾晒泡煮蒸炒熬烤开关跑走抱家的是了吗我俺都也有没不和跟说在你他她岁个这那量测烧"
            or bool(self.lexicon.classes.get(last, 0) & BIT["kin"] and end - at == head + 1)
        )

    def _name_may_start(self) -> bool:
        last = self.out[-1]
        if last.kind in ("char", "latin", "code"):
            return False
        if last.kind == "word":
            return bool(last.bits & NAME_LEFT) and not last.bits & BIT["goods"]
        return True

    def _name_ends(self, end: int) -> bool:
        text = self.text
        if end >= len(text):
            return True
        char = text[end]
        if not "\u4e00" <= char <= "\u9fff":
            return True
        if RUN.match(char):
            return True
        if char in "说让叫给来去从被把也都家的是在还没未已正刚有就才和跟与及":
            return True
        size = self.lexicon.longest(text, end)
        if not size or text[end : end + size] == "温":
            return False
        return bool(self.lexicon.classes[text[end : end + size]] & NAME_END)


RANKS = frozenset("大二三四五六七八九小幺老细满")
NOT_MO = frozenset("来去怕急催管慌动吃说要出见记算登乱得有让再担喊问笑怪嫌")
WISHED = ("大家", "各位", "你", "您", "全", "咱", "我", "乡亲", "所有", "愿", "福", "家人", "朋友")
NO_GIVEN_NAME = frozenset(
    "咋怎啥谁哪些嘛吧呢啊呀哈噻撒咯哦哟呗舱第厂次县区市镇乡省队部局厅院所系科厂店社站网室机器具费率量额价版报刊柜剂类型法术药病症炎酸路桥涨升降退掉烧到"
)
NAME_BREAK = mask(
    "kin",
    "day",
    "period",
    "self",
    "household",
    "temp",
    "verb",
    "others",
    "fever",
    "symptom",
    "fine",
    "unmeasured",
    "title",
    "device",
)
NAME_BREAK_WHOLE = mask(
    "kin", "title", "office", "day", "period", "temp", "verb", "fine", "goods", "heat"
)


def cut(text: str, sent_on: date, names: frozenset[str], own: Collection[str]) -> list[Token]:
    """The tokens of a normalised text. own are the names that the sender goes by."""
    return Cutter(text, sent_on, names, own).cut()


__all__ = ["INT", "Token", "cut"]
