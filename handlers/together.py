"""Shared: finds what a message says of several people together, a house or its children."""

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal

from bot.domain.registry import Resident
from bot.domain.rules import Verdict
from bot.hearing import Asked, Ear
from bot.language.meaning import HOUSEHOLD, Clarify, SpokenReading
from bot.mentions import words_before
from bot.router import Turn
from bot.spoken import house, several, whom
from handlers.asking import ask_number
from handlers.houses import Together, ask_members, take, wait_for_house
from handlers.taken import Taken, slot_of

_NUMBER = re.compile(r"\d{2}\.\d")
_EXTREME = re.compile(r"最[高低大]")
_NUMBERS = re.compile(rf"(?:{_NUMBER.pattern}(?:度|℃)?[\s,，、;；/]*)+")
Whose = tuple[SpokenReading, Asked]


@dataclass(slots=True)
class Sorted:
    """Readings of one person each, and single values that several people have."""

    single: list[Whose] = field(default_factory=list)
    each: list[tuple[SpokenReading, Resident]] = field(default_factory=list)


def is_same_time(one: SpokenReading, other: SpokenReading) -> bool:
    """Whether two readings are of one day and hour, as said."""
    return (one.day, one.period, one.minute) == (other.day, other.period, other.minute)


def sort_out(turn: Turn, ear: Ear, whose: list[Whose], taken: Taken) -> Sorted:
    """Take what was said of several together; the rest is left to be taken one by one."""
    sorted_out = Sorted()
    done: list[Whose] = []
    for one in whose:
        if any(one is other for other in done):
            continue
        asked = one[1]
        like = [o for o in whose if _is_like(o, one)]
        done += like
        if asked.is_house:
            _take_house(turn, ear, like, whose, taken, sorted_out)
        elif not _take_children(turn, ear, like, taken, sorted_out):
            sorted_out.single += like
    return sorted_out


def _is_like(one: Whose, other: Whose) -> bool:
    """Of the same people and hour; 老两口 and the rest of the house are not the same."""
    is_same = (one[1].key, one[1].couple) == (other[1].key, other[1].couple)
    return is_same and is_same_time(one[0], other[0])


def _take_house(
    turn: Turn,
    ear: Ear,
    like: list[Whose],
    whose: list[Whose],
    taken: Taken,
    out: Sorted,
) -> None:
    """一家三口36.5 36.6 36.4, 李大勇家都36.5. Who has a number of their own is not among 全家."""
    spoken, asked = like[0]
    found = house(ear, asked)
    together, odd = _together(turn, ear, like)
    for value in odd:
        ask_number(turn, Clarify(str(value.celsius), value.who), taken)
    if not together.values:
        return
    home, own = list(found.people), _own_numbers(ear, spoken, whose)
    rest = [m for m in home if m.id not in own]
    known = tuple(value for id_, value in own.items() if any(m.id == id_ for m in home))
    unclear = sum(one.who == spoken.who for one in turn.said.report.clarify)
    count = len(together.values) + len(odd) + unclear
    if not home:
        wait_for_house(turn, together, found.guesses, taken)
    elif count == 1 and _is_highest(turn, spoken):
        take(turn, together, rest, taken)
    elif count == 1 and spoken.count in (None, len(home), len(rest)):
        out.each += [(spoken, person) for person in rest]
    elif count > 1 and count in (len(rest), len(home)):
        together = replace(together, known=known)
        take(turn, together, rest if count == len(rest) else home, taken)
    else:
        ask_members(turn, together, rest or home, taken)


def _is_highest(turn: Turn, spoken: SpokenReading) -> bool:
    """全家最高36.8: of all of them, and of nobody in particular."""
    before = words_before(turn.said.report, turn.said.text, spoken.span[0])
    return _EXTREME.search(before) is not None


def _own_numbers(ear: Ear, spoken: SpokenReading, whose: list[Whose]) -> dict[int | None, Decimal]:
    """Who has a number of their own in the message, and which."""
    return {
        person.id: other.celsius
        for other, its in whose
        if not its.is_house and is_same_time(other, spoken)
        for person in whom(ear, its).people
    }


def _take_children(turn: Turn, ear: Ear, like: list[Whose], taken: Taken, out: Sorted) -> bool:
    """俩孩子36.7 36.6, 俩娃都36.5: of all whom the word means; False where they are not as many."""
    spoken, asked = like[0]
    people = list(several(ear, asked))
    together, odd = _together(turn, ear, like)
    if not people or odd:
        return False
    if len(like) > 1 and len(like) == len(people):
        take(turn, together, people, taken)
        return True
    if asked.is_all and len(like) == 1 and asked.count in (None, len(people)):
        out.each += [(spoken, person) for person in people]
        return True
    return False


def _run(turn: Turn, first: SpokenReading, said: list[Decimal]) -> list[Decimal]:
    """李大勇家36.4 36.4 36.5: the same number twice is two people's, where several are said."""
    run = _NUMBERS.match(turn.said.text, first.span[0])
    values = [Decimal(number) for number in _NUMBER.findall(run[0])] if run else []
    is_more = len(said) > 1 and len(values) > len(said) and set(values) == set(said)
    return values if is_more else said


def _together(turn: Turn, ear: Ear, like: list[Whose]) -> tuple[Together, list[SpokenReading]]:
    """The values that may be kept, and those that must be asked about first."""
    spoken, asked = like[0]
    rules, site = turn.work.rules, spoken.site or ""
    odd = [one for one, _ in like if rules.judge(one.celsius, site) is Verdict.ASK]
    said = [one.celsius for one, _ in like]
    kept = tuple(
        value
        for value in _run(turn, spoken, said)
        if rules.judge(value, site) not in (Verdict.ASK, Verdict.IMPLAUSIBLE)
    )
    name = ear.speaker.name if ear.speaker else ear.account.display_name
    label = asked.key
    if asked.who == HOUSEHOLD:
        label = f"{name}{asked.couple or '家'}"
    elif not asked.is_house:
        label = f"{name}家{asked.key}"
    return (
        Together(label, kept, slot_of(turn, spoken), site, turn.said.report.correction),
        odd,
    )
