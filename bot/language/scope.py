"""What stands around one number: the values that its judges weigh."""

from dataclasses import dataclass, field

from bot.language.people import Kind, Mention
from bot.language.tokens import Token
from bot.language.words import BIT, mask

HEAT, GOODS, MONEY, UNIT = BIT["heat"], BIT["goods"], BIT["money"], BIT["unit"]
FOREIGN = HEAT | GOODS | MONEY
MEASURED = mask("temp verb fever feverish site")
SKIP = mask(
    "link moving says_self temp verb fever feverish day period night now site about over under all "
    "ditto device degree_word "
    "particle fine symptom high low whole slip mine_before greeting between loose "
    "over_after under_after "
    "takeback blurry returnee unsure seq feel unmeasured notime weak_slip again medicine"
)
CLEAN = SKIP | mask(
    "to seq badly self wo third household pair triple others kin title office "
    "and negation question danger you noone family_of wish plan request"
)
PLACE_TAILS = frozenset("坨村屯庄沟湾坳塆寨店营堡岭坡桥河集铺镇乡队组坪埠圩")
POINTING = ("那个", "家的", "的")
UNNAMED = (Kind.OTHERS, Kind.JOB)


@dataclass(slots=True)
class Left:
    """What stands to the left of a number, up to the one before."""

    mentions: list[Mention] = field(default_factory=list)
    bits: int = 0  # classes of the words passed over
    near_text: str = ""
    near: int = 0  # classes of the word right before the number
    unknown: str = ""  # the run of words that is none of ours
    unknown_at: int = -1
    thing: bool = False  # … and its last word is a noun that a number could be of
    foreign: str = ""
    comma: bool = False
    colon: bool = False
    shown: bool = False  # 显示, 读数: what stands before it is a thing that shows a number
    minus: bool = False  # a minus sign stands right before it
    all: bool = False
    dated: bool = False  # a date stands before it
    you: bool = False  # said of whom is spoken to

    @property
    def named(self) -> bool:
        """Whether somebody in particular stands before it."""
        return any(m.kind not in UNNAMED for m in self.mentions)


@dataclass(frozen=True, slots=True)
class Whole:
    """What holds for the message that a number stands in."""

    is_list: bool
    is_group: bool
    alone: bool  # nothing but small talk and one number
    usual: bool  # more than one decimal, most of them what healthy people have
    bodily: bool  # … and at least half of them have a person, a room or a day
    exact: int  # decimals that could be temperatures
    other_degrees: int  # degrees that nobody could have
    wholes: int  # integers of 36 and 37, where there are no other figures
    threes: int  # numbers like 365
    answers: bool  # a question about somebody's temperature is quoted above it


@dataclass(slots=True)
class Around:
    """The scope a number stands in."""

    right: tuple[Token, ...]  # up to four tokens behind, blanks left out
    next: Token  # the first of them
    second: Token
    whole: Whole
    clause: int = 0  # classes of its clause
    told_of: int = 0  # classes of the clause before its own, where nobody is spoken of in it
    of_thing: bool = False  # … and it is about something warm
    clause_before: int = 0  # classes of its clause before it
    before: int = 0  # classes of the sentence before it
    after: int = 0  # classes of the sentence behind it
    message: int = 0
    glued: bool = False  # whether the first of them is not behind a blank
    clean: bool = False  # nothing but our own words in its part of the sentence
    siblings: int = 0  # other numbers that are written like temperatures
    heading: int = 0
    left_word: str = ""  # the last word of the person before it
    people_only: bool = False  # … and beside them only people and our own words
    topic: Mention | None = None
    settled: bool = False  # a temperature of a person was read before in this line
    labelled: bool = False  # the unknown words look like a label and not like a story
    only_places: bool = False  # the clause's warm things are only where a person stands
    sick_ones: bool = False  # 有三个发烧的: feverish people whom nobody names
    storied: bool = False  # words that are none of ours stand in the clauses beside it
    crowd: bool = False  # a group or ten people and more are spoken of before it
    always: bool = False  # 一直没超过37
    habit: bool = False  # 一紧张就37.2
    inherits: bool = False  # the number before it in the sentence was about something else
    topic_thing: str = ""  # 母猪不吃食，量着…: what a clause before was about, where nobody is said
    measured_thing: str = ""  # 给猪量了，对着西瓜打了: what was measured was no person
    later: bool = False  # 明天, 后天
    bare: bool = False  # a clause of its own at the start of a sentence
    lone: bool = False  # a clause of its own
    measuring: bool = False  # the sentence speaks of measuring before it
    reset: bool = False  # a blank stands between it and the words before
    person: bool = False  # a relative or a name is what the sentence is about
    people: bool = False  # relatives or names are spoken of in the line


@dataclass(frozen=True, slots=True)
class Verdict:
    """outcome is reading, clarify or no."""

    outcome: str
    why: str
    unit: str = ""  # where another unit than a degree stands behind the number


def no(why: str) -> Verdict:
    """Not a temperature of a person."""
    return Verdict("no", why)


def reading(why: str) -> Verdict:
    """A temperature of a person."""
    return Verdict("reading", why)


def ask(why: str) -> Verdict:
    """Perhaps one, perhaps a slip: somebody has to ask."""
    return Verdict("clarify", why)


def counted(unit: str) -> Verdict:
    """A number of something else: its unit stands behind it."""
    return Verdict("no", f"后面是“{unit}”", unit)
