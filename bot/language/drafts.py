"""A number with all that was found around it."""

from dataclasses import dataclass, field
from decimal import Decimal

from bot.language.meaning import SELF, Period, Site
from bot.language.people import Mention
from bot.language.scope import Left, Verdict
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
