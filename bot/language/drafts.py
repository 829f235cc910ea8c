"""A number with all that was found around it, and what holds for its whole message."""

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from bot.language.meaning import SELF, Period, Site, Utterance
from bot.language.numerals import Form
from bot.language.people import Mention, is_sender
from bot.language.relay import Shape
from bot.language.subjects import CLEAN, Left, Verdict
from bot.language.tokens import Token
from bot.language.words import mask, word_set

TIME = mask("day period night now")
QUIET = word_set("space punct open close quote emoji mark latin")


@dataclass(slots=True)
class Draft:
    """A number that was judged, with all that was found around it."""

    token: Token
    line: int
    at: int
    verdict: Verdict
    who: tuple[str, ...] = (SELF,)
    mention: Mention | None = None
    owner: str = ""
    count: int | None = None
    celsius: Decimal | None = None
    approx: bool = False
    day: int = 0
    period: Period | None = None
    minute: int | None = None
    site: Site | None = None
    timed: bool = False
    left: Left = field(default_factory=Left)
    bound: str = ""  # over or under
    dropped: str = ""  # why it is taken back
    renamed: bool = False  # the person was said behind the number
    far: bool = False  # … and in a clause of his own


@dataclass(slots=True)
class Message:
    """What holds for the whole message."""

    said: Utterance
    own: Collection[str]
    quoted: str
    shape: Shape
    bits: int
    content: int  # all words and numbers that are not small talk
    plausible: int  # numbers written like a temperature
    numbers: int  # numbers that could be a temperature or a slip of one

    @classmethod
    def of(
        cls,
        lines: list[list[Token]],
        said: Utterance,
        own: Collection[str],
        quoted: str,
        shape: Shape,
    ) -> "Message":
        """Counts the words of all lines once."""
        bits = content = plausible = numbers = 0
        for line in lines:
            for token in line:
                bits |= token.bits
                number = token.number
                if number is not None:
                    if number.celsius is not None and number.form is not Form.INTEGER:
                        plausible += 1
                    if number.form is not Form.PLAIN:
                        numbers += 1
                        continue
                    content += 1
                elif token.kind == "name":
                    content += not is_sender(token.text, own)
                elif token.kind in (
                    "char",
                    "latin",
                    "code",
                    "flat",
                    "group",
                    "count",
                    "countkin",
                ) or (token.kind == "word" and not token.bits & CLEAN):
                    content += 1
        return cls(said, own, quoted, shape, bits, content, plausible, numbers)
