"""Names in running text: who is known, who is called by a title, and full names."""

import re

from bot.language.called import KIN, TITLE, WISHED, Called
from bot.language.normalise import HAN
from bot.language.numerals import NUMERALS
from bot.language.turns import turn, turn_signs
from bot.language.words import BIT, mask

NO_NAME_UNITS = turn_signs("no_name_units")
COUNTED = frozenset("点度号月时个岁块床层条")
SAYS_WHEN = mask("temp day period")
PRICED = turn_signs("priced")
YOUNG = turn("young_titles")
ROOMS = turn_signs("rooms")
CALLED_SO = turn("child_names")
ROOM_TAILS = turn_signs("room_tails") | turn_signs("thing_tails") | frozenset("天时前后那这")
RANKS = frozenset("大二三四五六七八九小幺老细满")
NOT_MO = turn_signs("not_mo")
OPENING = frozenset(["line", "comma", "stop", "mark", "space", "num"])
NEVER_GIVEN = frozenset("了着过的还都也就又再被把让是")
NO_GIVEN_NAME = turn_signs("no_given_name")
NO_NAME_END = turn_signs("no_name_end")
NAME_BREAK = mask(
    "kin day period self household temp verb others fever symptom fine unmeasured title device"
)
NAME_BREAK_WHOLE = mask("kin title office day period temp verb fine goods heat link")


HOUSE_OF = re.compile(r"家\s?[一二两三四五六七八九十\d]{1,2}\s?(?:口|个|人)")


class Surnames(Called):
    """Finds where a name starts and ends."""

    def _ranked(self, at: int) -> int:
        """Length of the name behind a surname that is a rank in the family: 杨大妞, 游幺姑."""
        word = self._word_at(at)
        if not word or (word[0] not in RANKS and word not in YOUNG):
            return 0
        kin = len(word) > 1 and self.lexicon.classes[word] & KIN
        return len(word) if kin and self._name_ends(at + len(word)) else 0

    def _seasonal(self, at: int, size: int) -> int:
        """Length of 谷雨生 right before a number: a surname in a day of the year."""
        text, end = self.text, at + 3
        called = size == 2 and text[at : at + 2] in CALLED_SO and text[at] in self.lexicon.surnames
        if not called or not HAN.fullmatch(text, at, min(end, len(text))):
            return 0
        return 3 if text[at + 2 : end] not in ROOM_TAILS and self._number_at(end) else 0

    def _nicknamed(self, at: int, head: int) -> int:
        """Length of 王二麻子, 于老倔头, 马大哈 right before a number; 0 for anything else."""
        text = self.text
        if text[at + head : at + head + 1] not in RANKS:
            return 0
        for size, tails in ((3, "子头儿"), (2, "哈脚嘴胆嗓")):
            end = at + head + size
            whole = end <= len(text) and HAN.fullmatch(text, at, end)
            if whole and text[end - 1] in tails and self._number_at(end):
                return end - at
        return 0

    def _daily(self, at: int, size: int, bits: int) -> int:
        """Length of 全老太, 台春花 where a sign of daily use can only be a surname."""
        text, lexicon = self.text, self.lexicon
        if self.out and self.out[-1].kind not in OPENING:
            return 0
        if size > 1 and bits & ~BIT["common"]:
            return 0
        title = self._word_at(at + 1)
        end = at + 1 + len(title)
        if len(title) > 1 and lexicon.classes[title] & TITLE and self._number_at(end):
            return end - at
        end = at + 3
        full = size <= 1 and end <= len(text) and HAN.fullmatch(text, at, end)
        if not full or self._swallows(at, end, 1):
            return 0
        kin = self._word_at(end)
        owned = bool(kin) and lexicon.classes[kin] & KIN and self._number_at(end + len(kin))
        return 3 if self._number_at(end) or owned else 0

    def _surname(self, at: int, size: int, bits: int) -> int:
        """Length of a full name that starts here, 0 where there is none."""
        text, lexicon = self.text, self.lexicon
        if (
            size == 2
            and text[at + 3 : at + 4] == "家"
            and HOUSE_OF.match(text, at + 3)
            and self._is_given(at, 1, 2, size)
        ):
            return 3 if text[at] in lexicon.surnames else 0  # 周长安家4口, whatever a 周长 is
        if size >= 2 and bits & (BIT["goods"] | BIT["heat"]):
            return 0 if bits & BIT["goods"] else self._seasonal(at, size)
        if size >= 2 and not bits & mask("common wish"):
            return 0
        head = 2 if text[at : at + 2] in lexicon.double_surnames else 1
        if (head == 1 and text[at] not in lexicon.surnames) or self._is_no_surname(at, size, bits):
            return 0
        if self.out and not self._name_may_start():
            return self._amid_words(at, size, head)
        if self.out and self.out[-1].kind == "name" and text[at] in "向和同从于":
            return 0  # 老丁向组织汇报
        if size <= 1 and (ranked := self._ranked(at + head)):
            return head + ranked
        if size <= 2 and (called := self._nicknamed(at, head)):
            return called
        for given in (2, 1):
            if self._is_given(at, head, given, size):
                return head + given
        return 0

    def _is_no_surname(self, at: int, size: int, bits: int) -> bool:
        """36.5元, 老王's 王, 莫急, 祝大家: what begins so is another word."""
        text = self.text
        last = self.out[-1] if self.out else None
        if last is not None and (
            (last.kind == "num" and text[at] in NO_NAME_UNITS) or last.text in ("老", "小", "阿")
        ):
            return True
        if text[at] == "庄" and text[at - 1 : at] == "家":
            return True  # 从柏家庄回来
        if text[at] == "莫" and text[at + 1 : at + 2] in NOT_MO:
            return True
        return bool(bits & BIT["wish"]) and text.startswith(WISHED, at + size)

    def _amid_words(self, at: int, size: int, head: int) -> int:
        """肉摊顾大海36.8: behind a word a name is sure only where its number follows."""
        end = at + head + 2
        name = self.text[at:end]
        mended = self.lexicon.classes.get(self.text[end : end + 2], 0) & mask("slip weak_slip")
        if not HAN.fullmatch(name) or not (mended or self._number_at(end)):
            return 0
        known = len(name) < head + 2 or name in self.lexicon.classes or size > 1
        known = known or any(c in NEVER_GIVEN for c in name[head:])
        if known or name[head] in NUMERALS or self._swallows(at, end, head):
            return 0
        return head + 2

    def _is_given(self, at: int, head: int, given: int, size: int) -> bool:
        """Whether so many signs behind the surname are a given name."""
        text = self.text
        end = at + head + given
        name = text[at:end]
        if len(name) < head + given or not HAN.fullmatch(name):
            return False
        if head == 1 and (name in self.lexicon.classes or (given == 1 and size >= 2)):
            return False
        if name[-1] in NUMERALS and text[end : end + 1] in COUNTED | PRICED | NUMERALS:
            return False  # 向华八点钟, 大概齐三十六度
        if name[-1] == "斤" and self._number_at(end):
            return True  # 王六斤36.5
        if given == 2 and name[head] in NUMERALS and name[-1] in COUNTED | NUMERALS | PRICED:
            return False  # 今天满六十了, 转钟两点
        if given == 2 and name[-1] in "早午晚" and self._number_at(end):
            return False  # 乐乐早36.4
        if any(c in NEVER_GIVEN for c in name[head:]):
            return False  # 立秋了还35度
        if given == 1 and name[-1] in "龄屋房箱棚仓缸炉锅桶盆窖":
            return False  # 东屋38度
        if size >= 2 and head == 1 and not (self._hard_end(end) or HOUSE_OF.match(text, end)):
            return False  # 高兴坏了 is no name, 高兴全36.5 and 周长安家4口 are
        if name[-1] in "里内" and (name[:-1] in self.lexicon.things or name[-2] in ROOMS):
            return False  # 车库里38度
        return self._name_ends(end) and not self._swallows(at, end, head)

    def _hard_end(self, end: int) -> bool:
        """Whether a number, a mark, a blank or the end of the text stands here."""
        return (
            end >= len(self.text)
            or not "\u4e00" <= self.text[end] <= "\u9fff"
            or self.text[end] in NUMERALS
            or bool(self.lexicon.classes.get(self.text[end : end + 2], 0) & SAYS_WHEN)
            or bool(self.lexicon.classes.get(self.text[end], 0) & BIT["verb"])
        )

    def _swallows(self, at: int, end: int, head: int) -> bool:
        """Whether the given name would eat a word that must stand: 李老伴, 王今早."""
        for inner in range(at + head, end):
            word = self.lexicon.word_at(self.text, inner)
            if len(word) == 2 and word[0] in "小大二" and word[1] in "宝妮丫双胖妹弟军":
                continue  # 宋小宝 is a name, 李老伴 is none
            inside = self.lexicon.classes.get(word, 0)
            if inside == BIT["common"] and len(word) > 2 and inner + len(word) > end:
                return True  # 连小数点
            if inside & BIT["nick"] and inner + len(word) == end:
                continue  # 赵铁柱
            if len(word) >= 2 and inside & NAME_BREAK:
                return True
        given = self.text[at + head : end]
        bits = self.lexicon.classes.get(given, 0)
        if (
            bits & NAME_BREAK_WHOLE
            and not bits & BIT["nick"]
            and not (len(given) == 2 and given[0] in "小大二细三老")
        ):
            return True
        last = self.text[end - 1]
        if last in NO_GIVEN_NAME:
            return True
        if self.text[end : end + 1] == "家":
            return False  # 苏长有家2口
        hard = end >= len(self.text) or not "\u4e00" <= self.text[end] <= "\u9fff"
        if hard and last in "有和都也在不跟":
            return False
        if last in NO_NAME_END:
            return True
        return end - at == head + 1 and bool(self.lexicon.classes.get(last, 0) & KIN)
