"""People called by a title or a nickname: 何大爷, 老孟头, 小田; and where any name may start."""

import re

from bot.language.numerals import NUMERALS
from bot.language.pieces import Pieces
from bot.language.turns import turn
from bot.language.words import BIT, mask

FAMILY_OF = re.compile(
    r"家(?=\s?(?:[一二两三四五六七八九十\d]{1,2}\s?(?:口|个|人)|都|全(?! \d)|的都))"
)
NAME_END = mask(
    "day period night now temp verb fever feverish link all kin fine particle unmeasured about "
    "over under site "
    "others household family_of title and ditto symptom device degree_word "
    "self third loose weak_slip plan office unit notime high low negation slip mine_before"
)
NAME_LEFT = mask(
    "family_of kin day period night now temp verb link all kin job office title fine particle "
    "and site about high low notice "
    "slip self third you negation greeting hypo household wo seq notime example mine_before"
)
TEMPERATURE = re.compile(r"[ :]?(?:3[4-9]|4[0-2])[.。·点度]|[ :]?三十[四五六七八九][点度]")
BEFORE_NAMES = frozenset("叫听问找陪喊请帮替给跟")
WISHED = tuple(turn("wished"))  # 祝大家, 祝老哥哥们
MEASURING = mask("now temp")
KIN, TITLE = BIT["kin"], BIT["title"]


class Called(Pieces):
    """Finds people who are called so, and the ends of names."""

    def _known_name(self, at: int, char: str) -> int:
        for names in (self.known, self.own):
            for name in names.get(char, ()):
                if self.text.startswith(name, at):
                    small = name[0] == "小" or name[0] == name[1]
                    return len(name) + (small and self.text.startswith("儿", at + len(name)))
        return 0

    def _called(self, at: int, size: int, bits: int) -> int:
        """Length of 何大爷, 老孟头, 小田, 老李大叔; 0 where nobody is called so."""
        text = self.text
        free = not self.out or self._name_may_start()
        if not free and self.out[-1].kind not in ("word", "char"):
            return 0
        old = text[at] == "老" and text[at + 1 : at + 2] in self.lexicon.surnames and free
        if old and text.startswith("头子", at + 2) and self._name_ends(at + 4):
            return 4
        if old and text[at + 2 : at + 3] == "头" and self._name_ends(at + 3):
            return 3  # 老孙头: 老孙 may be a grandson
        if text[at : at + 2] in self.lexicon.double_surnames and FAMILY_OF.match(text, at + 2):
            return 2 if free else 0  # 赫连家三口
        if text[at : at + 2] in self.lexicon.double_surnames:
            return self._double_titled(at + 2) if free else 0  # 欧阳大妈
        if bits & BIT["wish"] and text.startswith(WISHED, at + size):
            return 0
        head = self._head(at, size, bits)
        if not head or (size > head and not bits & BIT["common"]):
            return 0
        if head == 1 and free:
            inner = text[at - 1 : at] not in ("老", "小") and self._of_family(at + 1)
            if inner or FAMILY_OF.match(text, at + 1):
                return 1  # 苏家六口36.5, 邹家老三36.5
        after = at + head
        title = self._word_at(after)
        if title and self.lexicon.classes[title] & TITLE:
            sure = free or len(title) > 1
            if not sure and self.out[-1].kind == "word":  # 秀英婶 is no 英婶
                sure = self._number_at(after + len(title))
            return head + len(title) if sure else 0
        return self._old_or_young(after, size, free) if head == 2 else 0

    def _double_titled(self, after: int) -> int:
        """Length of a double surname with the title that stands behind it."""
        title = self._word_at(after)
        return 2 + len(title) if title and self.lexicon.classes[title] & (TITLE | KIN) else 0

    def _head(self, at: int, size: int, bits: int) -> int:
        """Length of the surname, with the 老 or 小 before it."""
        text, surnames = self.text, self.lexicon.surnames
        if text[at] in "老小阿" and text[at + 1 : at + 2] in surnames:
            named = bool(self.out) and self.out[-1].bits & KIN  # 房客小路
            named = named or self._measured_at(at + 2)  # 帮厨小孔刚量38.4
            other = bits & ~BIT["common"] or not (text[at] == "老" or named)
            return 0 if size >= 2 and other else 2
        free = size <= 1 or bits & (BIT["common"] | BIT["goods"])
        return int(text[at] in surnames and bool(free))

    def _old_or_young(self, after: int, size: int, free: bool) -> int:
        """老杭36.5, 老孟头, 小田: no title stands behind the surname."""
        if not free:
            return 2 if self._number_at(after) or self._measured_at(after) else 0  # 豆腐摊老杭36.5
        if self.text[after : after + 1] in ("头", "太") and self._name_ends(after + 1):
            return 3
        ends = self._name_ends(after) or self.text[after] == "家"
        return 2 if ends or size < 2 else 0

    def _measured_at(self, at: int) -> bool:
        """Whether a word of measuring, or of just now, stands here."""
        return bool(self._bits_at(at) & MEASURING)

    def _number_at(self, at: int) -> bool:
        """Whether a number written like a temperature stands here: 肉摊顾大海36.8."""
        return bool(TEMPERATURE.match(self.text, at))

    def _of_family(self, at: int) -> bool:
        """家 and a relative of two signs."""
        if not self.text.startswith("家", at) or at + 1 >= len(self.text):
            return False
        word = self.lexicon.word_at(self.text, at + 1)
        return len(word) > 1 and bool(self.lexicon.classes[word] & KIN)

    def _name_may_start(self) -> bool:
        last = self.out[-1]
        if last.kind in ("char", "latin", "code"):
            return last.text in BEFORE_NAMES
        if last.kind == "word":
            if last.text in BEFORE_NAMES:
                return True  # 男的叫阙明
            return bool(last.bits & NAME_LEFT) and not last.bits & BIT["goods"]
        return True

    def _name_ends(self, end: int) -> bool:
        text = self.text
        if end >= len(text):
            return True
        char = text[end]
        if not "\u4e00" <= char <= "\u9fff":
            return True
        if char in NUMERALS:
            return True
        if char in "说报发让叫给来去从被把也都家的是在还没未已正刚有就才和跟与及":
            return True
        word = self.lexicon.word_at(text, end)
        return bool(word and word != "温" and self.lexicon.classes[word] & NAME_END)
