"""Given names, pet names and nicknames without a surname: 梓涵, 朵朵, 石头."""

import re

from bot.language.called import KIN
from bot.language.normalise import is_han
from bot.language.surnames import CALLED_SO, Surnames
from bot.language.turns import turn
from bot.language.words import BIT, mask

NO_PET_SIGNS = turn("no_pet_signs")
CALLED_HEADS = frozenset(name[0] for name in CALLED_SO) | {"小"}
SHOWN = frozenset("那这")  # 那秀清: whoever has a daily sign for a surname
LITTLE = re.compile(r"小[\u4e00-\u9fff][子儿]")
DEGREE = re.compile(
    r"[ :]?(?:不到|快到?|还是|刚好|是)?(?:(?:3[4-9]|4[0-2]|三十.|四十.?)[度℃°点]"
    r"|(?:3[5-9]|4[01])\.\d(?=$|[ ,，。;；\n!！、)]))"
)
SAID_OF = mask("day period night now temp fever")
ELDERS = frozenset("婶嫂叔伯哥姐姨姑")
PRONOUNS = ("他", "她")
COMMON, SOLD = BIT["common"], mask("common goods")
PATIENT = mask("temp fever feverish unmeasured symptom")


class Given(Surnames):
    """Finds children by what they are called at home and at school."""

    def _given_alone(self, at: int, size: int, bits: int) -> int:
        """Length of a given name or a pet name that starts here, 0 where there is none."""
        name = self.text[at : at + 2]
        called = name in CALLED_SO
        if size > 1 and bits & ~(SOLD if called else COMMON):
            return 0
        little = name[:1] == "小" and LITTLE.match(self.text, at) is not None
        twice = name[:1] == name[1:]
        if not (called or little or twice or (size <= 1 and self._is_given_name(at, name))):
            return 0
        if not is_han(name) or (
            self.out and (not self._name_may_start() or self.out[-1].text in SHOWN)
        ):
            return 0
        if little and size < 3 and self._told_at(at + 3):
            return 3
        if called:
            cheap = bits & ~COMMON
            return 2 if self._patient_at(at + 2) or (not cheap and self._told_at(at + 2)) else 0
        if twice:
            return 2 if self._is_pet_name(at, name) else 0
        return 0 if little else 2 + self._titled_so(at + 2)

    def _is_pet_name(self, at: int, name: str) -> bool:
        """朵朵, 糯糯: a sign said twice that is no word of doing, of time or of all."""
        if name[0] in NO_PET_SIGNS or name in self.lexicon.things:
            return False
        return self._name_ends(at + 2) or self._owns_at(at + 2)

    def _is_given_name(self, at: int, name: str) -> bool:
        """梓涵, 子墨: two signs of given names that make no word with what stands behind them."""
        lexicon = self.lexicon
        if len(name) < 2 or name in lexicon.classes or not lexicon.given_too.issuperset(name):
            return False
        if lexicon.given.isdisjoint(name) or len(lexicon.word_at(self.text, at + 1)) > 1:
            return False
        sure = set(name) <= lexicon.given
        return sure or self._name_ends(at + 2) or self._owns_at(at + 2)

    def _titled_so(self, at: int) -> int:
        """Length of a title of one sign behind a given name: 秀英婶 is called so herself."""
        return int(self._word_at(at) in ELDERS)

    def _told_at(self, at: int) -> bool:
        """小果子38度5, 小果子昨晚, 小果子他妈: what is said of people, and of no goods."""
        return self._said_at(at, SAID_OF) or bool(DEGREE.match(self.text, at))

    def _patient_at(self, at: int) -> bool:
        """Whether a fever, its measuring or a relative stands here: 石头体温36.7, 豆包她妈."""
        return self._said_at(at, PATIENT)

    def _said_at(self, at: int, classes: int) -> bool:
        """Whether a word of these classes stands here, or his or her relative."""
        his = self.text[at : at + 1] in PRONOUNS
        return bool(self._bits_at(at) & classes) or (his and self._owns_at(at))

    def _owns_at(self, at: int) -> bool:
        """Whether a relative stands here: 糖糖妈, 若曦她哥."""
        at += self.text[at : at + 1] in PRONOUNS
        return bool(self._bits_at(at) & KIN)
