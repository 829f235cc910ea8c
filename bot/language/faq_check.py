"""What is wrong with a pack, in words for whoever writes it."""

import re
from collections.abc import Iterator
from datetime import date

from bot.language.faq_match import Matcher
from bot.language.lexicon import Lexicon, plain
from bot.language.pack import Entry, Pack

LONGEST_ANSWER = 120
FEWEST_WORDINGS = 4
_FORWARD = 60  # a wording of this length is a text passed on, known by its shingles
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SPOKEN = re.compile("[零〇一二两三四五六七八九十百千]{2,}")
_ABOUT = re.compile("([一二两三四五六七八九])([一二两三四五六七八九])")
_UNITS = {"十": 10, "百": 100, "千": 1000}
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}


def check_pack(pack: Pack, *, base: Lexicon | None = None, on: date | None = None) -> list[str]:
    """All that keeps a pack from being let in, one line each; empty where nothing does.

    Args:
        pack: as it was read.
        base: the dialect that all packs share, as at run time.
        on: also name what may no longer be said on that day.
    """
    problems = [
        f"{entry.id}：{problem}" for entry in pack.entries for problem in _of_entry(pack, entry, on)
    ]
    problems += _same_wordings(pack)
    return problems + _signatures(pack, base or Lexicon())


def _of_entry(pack: Pack, entry: Entry, on: date | None) -> Iterator[str]:
    if entry.source is None:
        yield "缺出处 source"
    elif not entry.source.url:
        yield "出处没有地址 source.url"
    if on is not None and not pack.is_current(entry, on):
        yield f"{on.isoformat()} 不在有效期内"
    if entry.valid_from and entry.valid_to and entry.valid_to < entry.valid_from:
        yield "有效期的末日在首日之前"
    if len(entry.answer) > LONGEST_ANSWER:
        yield f"回答有 {len(entry.answer)} 字，不能超过 {LONGEST_ANSWER} 字"
    others = {plain(word) for word in entry.wordings} - {plain(entry.question)}
    if len(others) < FEWEST_WORDINGS:
        yield f"只有 {len(others)} 种别的问法，至少要 {FEWEST_WORDINGS} 种"
    for number in sorted(numbers(entry.answer) - numbers(" ".join(entry.facts))):
        yield f"回答里的数字 {number} 在 facts 里找不到"
    known = {other.id for other in pack.entries}
    for other in entry.confused_with:
        if other not in known:
            yield f"confused_with 里的 {other} 不是本包的条目"


def numbers(text: str) -> frozenset[str]:
    """Numbers of a text, 十四 and 14 alike; single spoken digits (一个) are no figures."""
    text = plain(text)
    spoken = {str(value) for run in _SPOKEN.findall(text) for value in _values(run)}
    return frozenset(_NUMBER.findall(text)) | spoken


def _values(run: str) -> tuple[int, ...]:
    """What a run says: 两三 is two or three, 二三十 twenty or thirty, 一二三二〇 spelt out."""
    about = _ABOUT.search(run)
    if about is None:
        return (_value(run),)
    low, high = about.groups()
    counts_on = _DIGITS[high] - _DIGITS[low] == 1 or about[0] == "三五"
    if not any(char in _UNITS for char in run) and (len(run) > len(about[0]) or not counts_on):
        return (_value(run),)
    return tuple(_value(run.replace(about[0], digit, 1)) for digit in (low, high))


def _value(run: str) -> int:
    """A spoken number; where no unit is said, digit by digit (一二三二〇)."""
    if not any(char in _UNITS for char in run):
        return int("".join(str(_DIGITS[char]) for char in run))
    total, digit = 0, 0
    for char in run:
        if char in _UNITS:
            total += (digit or 1) * _UNITS[char]
            digit = 0
        else:
            digit = _DIGITS[char]
    return total + digit


def _same_wordings(pack: Pack) -> list[str]:
    first: dict[str, str] = {}
    problems = []
    for entry in pack.entries:
        for said in dict.fromkeys(plain(word) for word in entry.said_as()):
            owner = first.setdefault(said, entry.id)
            if owner != entry.id:
                problems.append(f"{entry.id}：问法“{said}”在 {owner} 里也有")
    return problems


def _signatures(pack: Pack, base: Lexicon) -> list[str]:
    try:
        matcher = Matcher(pack.entries, base.merged(pack.lexicon))
    except ValueError as fault:
        return [str(fault)]
    problems = []
    for at, entry in enumerate(pack.entries):
        if not entry.signatures():
            continue
        for said, folded in zip(entry.said_as(), matcher.folded[at], strict=True):
            if len(said) >= _FORWARD:
                continue
            fired = [
                one.entry
                for one in matcher.match(folded)
                if (one.must or one.other) and not one.forbidden
            ]
            if fired and at not in fired:
                others = "、".join(pack.entries[other].id for other in fired[:3])
                problems.append(f"{entry.id}：自己的问法“{said}”只问到了 {others}")
            elif not fired:
                problems.append(f"{entry.id}：自己的问法“{said}”没有问到它")
    return problems
