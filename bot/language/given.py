"""Given names and pet names without a surname: 梓涵, 子墨, 朵朵."""

from bot.language.called import KIN
from bot.language.normalise import is_han
from bot.language.surnames import Surnames
from bot.language.turns import turn, turn_signs
from bot.language.words import BIT

PET_SIGNS = turn_signs("pet_signs")
TWICE = turn("no_pet_names")
SHOWN = frozenset("那这")  # 那秀清: whoever has a daily sign for a surname


class Given(Surnames):
    """Finds children by what they are called at home and at school."""

    def _given_alone(self, at: int, size: int, bits: int) -> int:
        """Length of a given name or a pet name that starts here, 0 where there is none."""
        name = self.text[at : at + 2]
        if len(name) < 2 or not is_han(name) or (bits & ~BIT["common"] and size > 1):
            return 0
        if self.out and (not self._name_may_start() or self.out[-1].text in SHOWN):
            return 0
        if name[0] == name[1]:
            return 2 if self._is_pet_name(at, name) else 0
        return 2 if size <= 1 and self._is_given_name(at, name) else 0

    def _is_pet_name(self, at: int, name: str) -> bool:
        """朵朵, 糖糖: a sign said twice that is no word of time or of all."""
        if name in TWICE or (name[0] not in PET_SIGNS and name[0] not in self.lexicon.given_too):
            return False
        return self._name_ends(at + 2) or self._kin_at(at + 2)

    def _is_given_name(self, at: int, name: str) -> bool:
        """梓涵, 子墨: two signs of given names that make no word with what stands behind them."""
        lexicon = self.lexicon
        if name in lexicon.classes or not set(name) <= lexicon.given_too:
            return False
        if not set(name) & lexicon.given or len(lexicon.word_at(self.text, at + 1)) > 1:
            return False
        sure = set(name) <= lexicon.given
        return sure or self._name_ends(at + 2) or self._kin_at(at + 2)

    def _kin_at(self, at: int) -> bool:
        """Whether a relative stands here: 糖糖妈, 若曦她哥."""
        word = self.lexicon.word_at(self.text, at) if at < len(self.text) else ""
        return bool(word) and bool(self.lexicon.classes[word] & KIN)
