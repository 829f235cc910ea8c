"""A number with all that was found around it, and what holds for its whole message."""

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from bot.language.meaning import SELF, Period, Site, Utterance
from bot.language.numerals import Form, Unit
from bot.language.people import Mention, is_sender
from bot.language.relay import Shape
from bot.language.scope import CLEAN, Left, Verdict
from bot.language.tokens import Token
from bot.language.words import mask, word_set

WHOLE = (Decimal(36), Decimal(37))
HEALTHY = Decimal("35.8"), Decimal("37.3")
TIME = mask("day period night now")
KIN = mask("kin self wo")
SURVEYED = mask("temp device unmeasured fever verb")
LABELS = TIME | mask("kin self wo")
OTHER_BEHIND = mask("unit money goods")
OTHER_BEFORE = mask("goods money heat ordinal")
OURS = mask("kin site fine particle link whole loose")
LABELLING = word_set("name flat date")
MATTER = word_set("char latin code flat group count countkin")  # kinds that are no small talk
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


def _of_other_things(line: list[Token], at: int) -> bool:
    """Whether a unit or a price stands behind the number, or a thing before it."""
    after = line[at + 1] if at + 1 < len(line) else None
    before = line[at - 1] if at else None
    counted = after is not None and bool(after.bits & OTHER_BEHIND) and not after.bits & OURS
    of_thing = before is not None and bool(before.bits & OTHER_BEFORE) and not before.bits & OURS
    return counted or of_thing


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
    exact: int  # numbers with a decimal that could be one
    other_degrees: int  # numbers with a degree sign that nobody could have
    wholes: int  # integers of 36 and 37
    others: int  # numbers that are neither those nor decimals
    threes: int  # of them written like 365
    usual: bool  # more than one decimal, most of them what healthy people have
    peopled: bool  # a list in which labels are people
    bodily: bool  # … and at least half of them have a person, a room or a day

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
        bits = content = plausible = numbers = exact = healthy = threes = labels = odd = wholes = (
            plain
        ) = 0
        named = False
        for line in lines:
            for at, token in enumerate(line):
                here, number, kind = token.bits, token.number, token.kind
                bits |= here
                if here & LABELS or kind in LABELLING:
                    labels += 1
                    named = named or kind == "name" or bool(here & KIN)
                if number is not None:
                    if number.form is Form.PLAIN:
                        labels += not at and len(token.text) in (3, 4)
                        odd += number.unit is Unit.DEGREE
                        content += 1
                        plain += 1
                        continue
                    numbers += 1
                    if number.celsius is not None and number.form is not Form.INTEGER:
                        plausible += not _of_other_things(line, at)
                        exact += number.exact
                        healthy += HEALTHY[0] <= number.celsius < HEALTHY[1]
                    wholes += number.form is Form.INTEGER and number.celsius in WHOLE
                    threes += number.form is Form.THREE
                elif kind == "word":
                    content += not here & CLEAN
                elif kind == "name":
                    content += not is_sender(token.text, own)
                elif kind in MATTER:
                    content += 1
        usual = healthy >= 2 and healthy * 2 > exact
        bodily = usual and labels * 2 >= exact
        return cls(
            said,
            own,
            quoted,
            shape,
            bits,
            content,
            plausible,
            numbers,
            exact,
            odd,
            wholes,
            plain + numbers - exact - wholes,
            threes,
            usual,
            usual or named or bool(bits & SURVEYED),
            bodily,
        )
