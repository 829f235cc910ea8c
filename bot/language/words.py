"""The word lists of the temperature grammar: every word with its classes, loaded once."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import jieba

from bot.language.data import language_dir
from bot.language.meaning import Period, Site


def word_set(listed: str) -> frozenset[str]:
    """Words parted by blanks."""
    return frozenset(listed.split())


def list_of(listed: str) -> list[str]:
    """Words parted by blanks, in order."""
    return listed.split()


CLASSES = list_of(
    "self wo third you it household pair triple others kin title office job family_of namehead "
    "nametail day period site night now greeting notime temp degree_word verb fever feverish "
    "device loose about over under over_after under_after between high low to seq whole link fine "
    "particle ditto all and noone unmeasured heat goods money unit ordinal hearsay says_self news "
    "notice rule hypo wish joke story plan request example feel question modal unsure blurry slip "
    "weak_slip standard takeback mixed_up mine_before negation aggregate returnee gathering summer "
    "shortage complaint badly place anyone moving climate again medicine signature symptom danger "
    "idiom cause split untrue emoji name nick common"
)
BIT = {name: 1 << n for n, name in enumerate(CLASSES)}
NUMERALS = "零一二三四五六七八九十两百千几"
# Lines of jieba's dictionary: words with their tags, without people's names and without what its
# corpus has less than 30 times, which is mostly no word of talk. (The first line is no word.)
COMMON = re.compile(r"\n(\S{2,4}) (?:[3-9]\d|\d{3,}) (?!nr)(\w+)")
NOUNS = frozenset(["n", "nz", "nt", "ng", "j", "ns"])  # jieba's tags of what a number could be of
PREFIXES = list_of("大 二 三 四 五 六 小 老 幺 满")


@cache
def mask(*names: str) -> int:
    """The classes as one bit mask."""
    bits = 0
    for name in " ".join(names).split():
        bits |= BIT[name]
    return bits


@dataclass(frozen=True, slots=True)
class Words:
    """classes: word to bit mask. longer: two characters to the lengths of the words of three and
    more that start so, longest first. name_heads: what a name may start with. daily_surnames: signs
    of daily use that are surnames only where a name must stand.

    things: nouns that are none of our own words, by the tags of jieba's dictionary. given: signs of
    given names that are rare elsewhere; given_too: these, and daily ones.
    """

    classes: dict[str, int]
    longer: dict[str, tuple[int, ...]]
    days: dict[str, int]
    periods: dict[str, Period]
    sites: dict[str, Site]
    split: dict[str, tuple[str, ...]]
    surnames: frozenset[str]
    double_surnames: frozenset[str]
    daily_surnames: frozenset[str]
    name_heads: frozenset[str]
    things: frozenset[str]
    given: frozenset[str]
    given_too: frozenset[str]

    def word_at(self, text: str, at: int) -> str:
        """The longest word that starts here, empty where there is none."""
        classes, head = self.classes, text[at : at + 2]
        for size in self.longer.get(head, ()):
            word = text[at : at + size]
            if word in classes and len(word) == size:
                return word
        if head in classes:
            return head
        return head[0] if head[0] in classes else ""


@dataclass(slots=True)
class _Shelf:
    """What the files have given so far."""

    classes: dict[str, int]
    days: dict[str, int]
    periods: dict[str, Period]
    sites: dict[str, Site]
    split: dict[str, tuple[str, ...]]
    single: set[str]
    double: set[str]
    daily: set[str]
    given: set[str]
    given_too: set[str]

    def add(self, word: str, name: str) -> None:
        self.classes[word] = self.classes.get(word, 0) | BIT[name]

    def compose(self, rule: dict[str, Any]) -> None:
        """Words made of parts: 夹 and 完 of a verb, 昨 and 黑里 of a day and a period."""
        for pieces in product(*(part.split() for part in rule["parts"])):
            word = "".join(pieces)
            for name in rule["classes"].split():
                self.add(word, name)
            if "day" in rule:
                self.days[word] = int(rule["day"])
            if "period" in rule:
                self.periods[word] = Period(rule["period"])

    def take(self, table: dict[str, Any]) -> None:
        for name, listed in table.get("words", {}).items():
            if name == "kin_base":
                for head, base in product(PREFIXES, listed.split()):
                    self.add(head + base, "kin")
                    if len(base) > 1:
                        self.add(base, "kin")
                continue
            for word in listed.split():
                self.add(word, name)
        for day, listed in table.get("days", {}).items():
            for word in listed.split():
                self.days[word] = int(day)
                self.add(word, "day")
        for period, listed in table.get("periods", {}).items():
            for word in listed.split():
                self.periods[word] = Period(period)
                self.add(word, "period")
        for key, listed in table.get("both", {}).items():
            day, period = key.split()
            for word in listed.split():
                self.days[word], self.periods[word] = int(day), Period(period)
                self.add(word, "day")
                self.add(word, "period")
        for site, listed in table.get("sites", {}).items():
            for word in listed.split():
                self.sites[word] = Site(site)
                self.add(word, "site")
        for word in table.get("emoji", {}):
            self.add(word, "kin")
        for word, parts in table.get("split", {}).items():
            self.split[word] = tuple(parts)
            self.add(word, "kin")
            self.add(word, "split")
        for rule in table.get("compose", []):
            self.compose(rule)
        surnames = table.get("surnames", {})
        self.single.update("".join(surnames.get("single", "").split()))
        self.double.update(surnames.get("double", "").split())
        self.daily.update("".join(surnames.get("daily", "").split()))
        self.given.update("".join(surnames.get("given", "").split()))
        self.given_too.update("".join(surnames.get("given_too", "").split()))


def _files(root: Path) -> list[Path]:
    return [*sorted(root.glob("*.toml")), *sorted((root / "dialects").glob("*.toml"))]


def _common(classes: dict[str, int]) -> frozenset[str]:
    """Adds the common words of jieba's dictionary to the classes; returns its nouns."""
    things: list[str] = []
    ours = frozenset(classes)
    listed = (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8")
    for word, tag in COMMON.findall(listed):
        if word in ours or not word.rstrip("点时分度").strip(NUMERALS):
            continue  # 两点, 三十: the grammar reads numbers and times itself
        if tag in NOUNS:
            things.append(word)
        classes[word] = BIT["common"]
    return frozenset(things)


@cache
def words() -> Words:
    """The lists under content/language/temperature, dialects after the rest."""
    root = language_dir() / "temperature"
    shelf = _Shelf({}, {}, {}, {}, {}, set(), set(), set(), set(), set())
    for path in _files(root):
        shelf.take(tomllib.loads(path.read_text(encoding="utf-8")))
    things = _common(shelf.classes)
    longer: dict[str, set[int]] = {}
    for word in shelf.classes:
        if len(word) > 2:
            longer.setdefault(word[:2], set()).add(len(word))
    return Words(
        classes=shelf.classes,
        longer={head: tuple(sorted(sizes, reverse=True)) for head, sizes in longer.items()},
        days=shelf.days,
        periods=shelf.periods,
        sites=shelf.sites,
        split=shelf.split,
        surnames=frozenset(shelf.single),
        double_surnames=frozenset(shelf.double),
        daily_surnames=frozenset(shelf.daily - shelf.single),
        name_heads=frozenset("老小阿") | shelf.single | {name[0] for name in shelf.double},
        things=things,
        given=frozenset(shelf.given),
        given_too=frozenset(shelf.given | shelf.given_too),
    )
