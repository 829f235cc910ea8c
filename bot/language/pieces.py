"""A piece of the text, and the state of the pass that cuts the text into pieces."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from bot.language.numerals import Form, Number
from bot.language.times import Clock
from bot.language.words import BIT, Words, words

# Behind these a list number may stand: at the start of a line or behind a blank.
LIST_BEGINS = frozenset(["line", "space", "comma", "stop", "mark", "close", "emoji"])


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

    @property
    def degrees(self) -> bool:
        """Whether it is a number that could be a temperature or a slip of one."""
        return self.number is not None and self.number.form is not Form.PLAIN


NOTHING = Token("stop", "\0", 0, 0)  # what stands behind the last piece of a line


class Pieces:
    """What the pass over one message has cut so far."""

    def __init__(
        self, text: str, sent_on: date, names: frozenset[str], own: Collection[str]
    ) -> None:
        self.text = text
        self.sent_on = sent_on
        self.lexicon: Words = words()
        self.known = _roster(names)
        self.own = _sender(tuple(own))
        self.out: list[Token] = []

    def _word_at(self, at: int) -> str:
        """The longest word that starts here; empty where there is none, or the text has ended."""
        return self.lexicon.word_at(self.text, at) if at < len(self.text) else ""

    def _bits_at(self, at: int) -> int:
        """The classes of the longest word that starts here."""
        return self.lexicon.classes.get(self._word_at(at), 0)

    def _is_word(self, at: int) -> bool:
        """Whether a word of more than one sign, or a number of its own, starts at this numeral."""
        word = self._word_at(at)
        return len(word) > 1 and not self.lexicon.classes[word] & BIT["common"]

    def _fresh(self) -> bool:
        """Whether a list number may stand here."""
        if not self.out:
            return True
        last = self.out[-1]
        return last.kind in LIST_BEGINS or last.text == ":"


def _by_head(names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The names by their first character, longest first."""
    heads: dict[str, list[str]] = {}
    for name in names:
        if len(name) >= 2:
            heads.setdefault(name[0], []).append(name)
    return {head: tuple(sorted(group, key=len, reverse=True)) for head, group in heads.items()}


_roster = lru_cache(maxsize=256)(_by_head)
_sender = lru_cache(maxsize=4096)(_by_head)
