"""Which illness a question names, and who may answer it: flu is no norovirus."""

import re
from collections.abc import Mapping, Sequence

from bot.language.lexicon import Lexicon, plain
from bot.language.pack import Pack


class Diseases:
    """All names of all illnesses that packs are of, and of some that no pack is of."""

    def __init__(self, packs: Sequence[Pack], base: Lexicon) -> None:
        """Illnesses of one standard name are one illness, whichever pack names them.

        `base`: names illnesses that no pack need be of.
        """
        self.owned = frozenset(name for pack in packs for name in pack.lexicon.diseases)
        self._standard: dict[str, str] = {}
        for lexicon in (*(pack.lexicon for pack in packs), base):
            for name, disease in lexicon.disease_names().items():
                self._standard.setdefault(name, disease)
        longest_first = sorted(self._standard, key=len, reverse=True)
        self._names = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    @property
    def names(self) -> Mapping[str, str]:
        """Every name to its standard name."""
        return self._standard

    def named(self, text: str) -> frozenset[str]:
        """The illnesses that a text names; the longest name counts (禽流感 is no 流感)."""
        if self._names is None:
            return frozenset()
        return frozenset(self._standard[name] for name in self._names.findall(plain(text)))
