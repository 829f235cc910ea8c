"""Mentions of people in one line, and how many a word counts."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto

from bot.language.meaning import HOUSEHOLD, SELF
from bot.language.numerals import DIGIT, SEVERAL, zh_int
from bot.language.tokens import Token
from bot.language.words import BIT, mask, word_set, words

KIN = BIT["kin"]
OWNING = word_set("的 那 这 那个 这个 家 家的 个 家里 家那个 屋")


class Kind(Enum):
    """What sort of mention it is."""

    SELF = auto()
    HOUSEHOLD = auto()
    OTHERS = auto()
    KIN = auto()
    NAME = auto()
    FAMILY = auto()
    THIRD = auto()
    YOU = auto()
    OFFICE = auto()
    JOB = auto()
    FLAT = auto()


@dataclass(frozen=True, slots=True)
class Mention:
    """who holds one surface form, or several for 爸妈. first and last are token places."""

    kind: Kind
    who: tuple[str, ...]
    first: int
    last: int
    count: int | None = None
    owner: str = ""


class Families:
    """The tokens of one line, and the people counted in it."""

    def __init__(self, tokens: list[Token], own: Collection[str]) -> None:
        self.tokens = tokens
        self.own = own
        self.split = words().split

    def _bits(self, at: int) -> int:
        return self.tokens[at].bits if at < len(self.tokens) else 0

    def _text(self, at: int) -> str:
        return self.tokens[at].text if at < len(self.tokens) else ""

    def _kind(self, at: int) -> str:
        return self.tokens[at].kind if at < len(self.tokens) else ""

    def _trailing_count(self, at: int) -> tuple[int | None, int]:
        for place in (at + 1, at + 2):
            if self._kind(place) == "count" and (
                place == at + 1 or self._kind(at + 1) in ("space", "punct", "open")
            ):
                return count_of(self._text(place)), place
        return None, at

    def _body(self, at: int, found: list[Mention]) -> Mention:
        """水38，人36.7: 人 is who was spoken of last, or the sender."""
        if found and found[-1].kind in (Kind.KIN, Kind.NAME):
            return Mention(Kind.THIRD, ("人",), at, at)
        return Mention(Kind.SELF, (SELF,), at, at)

    def _skip_owning(self, at: int) -> int:
        steps = 0
        while steps < 3 and self._text(at) in OWNING:
            at += 1
            steps += 1
        return at

    def _counted(self, at: int) -> Mention | None:
        inner = at + 1
        if not self._bits(inner) & KIN:
            return None
        said = self._text(at)
        head = said[0]
        count = SEVERAL.get(head) or (int(head) if head.isdigit() else DIGIT.get(head))
        return Mention(Kind.KIN, (said + self._text(inner),), at, inner, count)

    def _count(self, at: int, found: list[Mention]) -> Mention | None:
        said = self._text(at)
        count = count_of(said)
        if "家" in said or "我们" in said or "俺们" in said or "咱们" in said or "口" in said:
            return Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), at, at, count)
        if self._bits(at + 1) & mask("all verb") and at < 3:
            return Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), at, at, count)
        if said[0] in SEVERAL and at and self._bits(at - 1) & mask("wo self"):
            return Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), at, at, count)
        return None


def count_of(text: str) -> int | None:
    """The number of people in 一家3口, 五口人, 仨人."""
    for char in text:
        if char in SEVERAL:
            return SEVERAL[char]
    digits = "".join(c for c in text if c.isdigit())
    if digits:
        return int(digits)
    body = text.removeprefix("一家").removeprefix("一共")
    run = "".join(c for c in body if c in DIGIT or c == "十")
    return zh_int(run) if run else None
