"""What holds for the whole message: its words and its numbers, counted once."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from bot.language.meaning import Utterance
from bot.language.numerals import FEVER, Form, Number, Unit
from bot.language.people import is_sender
from bot.language.relay import Shape
from bot.language.scope import CLEAN, FOREIGN, Whole
from bot.language.tokens import Token
from bot.language.words import mask, word_set

NORMAL = (Decimal(36), Decimal(37))
HEALTHY = Decimal("35.8"), FEVER
KIN = mask("kin self wo")
SURVEYED = mask("temp device unmeasured fever verb")
LABELS = mask("day period night now kin self wo")
OTHER_BEHIND = mask("unit money goods")
OTHER_BEFORE = mask("goods money heat ordinal")
OURS = mask("kin site fine particle link whole loose")
ASKING = ("度", "体温", "烧", "量")
LABELLING = word_set("name flat date")
MATTER = word_set("char latin code flat group count countkin")  # kinds that are no small talk


@dataclass(slots=True)
class Tally:
    """The words and numbers of a message, counted."""

    bits: int = 0
    content: int = 0  # all words and numbers that are not small talk
    plausible: int = 0  # numbers written like a temperature
    numbers: int = 0  # numbers that could be a temperature or a slip of one
    exact: int = 0  # numbers with a decimal that could be one
    healthy: int = 0  # numbers that healthy people have
    other_degrees: int = 0  # numbers with a degree sign that nobody could have
    wholes: int = 0  # integers of 36 and 37
    plain: int = 0  # numbers that are no temperature
    threes: int = 0  # numbers written like 365
    labels: int = 0  # people, rooms, days that a number may be of
    named: bool = False
    day_clock: bool = False  # a clock time that can only be of 24 hours

    def add(self, line: list[Token], own: Collection[str]) -> None:
        """Counts one more line."""
        for at, token in enumerate(line):
            bits, kind = token.bits, token.kind
            self.bits |= bits
            if bits & LABELS or kind in LABELLING:
                self.labels += 1
                self.named = self.named or kind == "name" or bool(bits & KIN)
            if token.clock is not None:
                self.day_clock = self.day_clock or token.clock.sure
            if token.number is not None:
                self._number(line, at, token.number)
            elif kind == "word":
                self.content += not bits & CLEAN
            elif kind == "name":
                self.content += not is_sender(token.text, own)
            elif kind in MATTER:
                self.content += 1

    def _number(self, line: list[Token], at: int, number: Number) -> None:
        if number.form is Form.PLAIN:
            self.labels += not at and len(line[at].text) in (3, 4)
            self.other_degrees += number.unit is Unit.DEGREE
            self.content += 1
            self.plain += 1
            return
        self.numbers += 1
        if number.form is Form.INTEGER:
            self.wholes += number.celsius in NORMAL
        elif number.celsius is not None:
            self.plausible += not _of_other_things(line, at)
            self.exact += number.exact
            self.healthy += HEALTHY[0] <= number.celsius < HEALTHY[1]
        self.threes += number.form is Form.THREE


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
    usual: bool  # more than one decimal, most of them what healthy people have
    peopled: bool  # a list in which labels are people
    bodily: bool  # usual, and at least half of the decimals have a person, a room or a day
    day_clock: bool  # clock times are told in 24 hours
    whole: Whole

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
        all_of = Tally()
        for line in lines:
            all_of.add(line, own)
        bits, exact = all_of.bits, all_of.exact
        usual = all_of.healthy >= 2 and all_of.healthy * 2 > exact
        bodily = usual and all_of.labels * 2 >= exact
        figures = all_of.plain + all_of.numbers - exact - all_of.wholes
        return cls(
            said=said,
            own=own,
            quoted=quoted,
            shape=shape,
            bits=bits,
            content=all_of.content,
            plausible=all_of.plausible,
            numbers=all_of.numbers,
            usual=usual,
            peopled=usual or (len(lines) > 2 and bool(all_of.named or bits & SURVEYED)),
            bodily=bodily,
            day_clock=all_of.day_clock,
            whole=Whole(
                is_list=shape.is_list,
                is_group=said.is_group,
                alone=not (all_of.content or shape.columns or bits & FOREIGN),
                usual=usual,
                bodily=bodily,
                exact=exact,
                other_degrees=all_of.other_degrees,
                wholes=0 if figures else all_of.wholes,
                threes=all_of.threes,
                answers=any(word in quoted for word in ASKING),
            ),
        )
