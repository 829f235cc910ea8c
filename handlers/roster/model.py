"""花名册 roster: what a row says, what is wrong with it, the words of the trade."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from bot.content import HOME, parse_toml
from bot.domain.registry import PlaceKind


class Column(StrEnum):
    """What a column tells; the value is its heading in our template and in roster.toml."""

    NAME = "姓名"
    HOUSEHOLDER = "户主"
    RELATION = "与户主关系"
    HOUSE_NO = "户号"
    PLACE = "地点"
    CITY = "市"
    COUNTY = "县区"
    TOWNSHIP = "乡镇"
    VILLAGE = "村"
    GRID = "网格"
    GROUP = "组"
    ADDRESS = "住址"
    ID_NUMBER = "身份证号"
    PHONE = "电话"
    BORN = "出生日期"
    ROLE = "职务"
    CHARGE = "负责地点"
    MARK = "区分"
    NO_PHONE = "无手机"
    HAS_PHONE = "有手机"
    ALONE = "独居"
    NICKNAME = "微信昵称"
    REMARK = "备注"


# From wide to narrow: the order of a path.
PLACE_COLUMNS: tuple[tuple[Column, PlaceKind], ...] = (
    (Column.CITY, PlaceKind.CITY),
    (Column.COUNTY, PlaceKind.COUNTY),
    (Column.TOWNSHIP, PlaceKind.TOWNSHIP),
    (Column.VILLAGE, PlaceKind.VILLAGE),
    (Column.GRID, PlaceKind.GRID),
    (Column.GROUP, PlaceKind.VILLAGER_GROUP),
)


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing that is wrong or worth saying, and how to mend it; holds no whole number."""

    sheet: str
    row: int  # as the table numbers it; 0: the whole sheet
    column: str  # as the file heads it
    problem: str
    what_to_do: str

    def __str__(self) -> str:
        """名册 第 3 行 身份证号：校验位不对。对照证件改正。"""  # noqa: D415
        where = f"{self.sheet} 第 {self.row} 行" if self.row else self.sheet
        return f"{where} {self.column}：{self.problem}。{self.what_to_do}。".replace(" ：", "：")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: canonical heading → text. `headings`: the file's own words for them."""

    sheet: str
    number: int
    cells: Mapping[str, str]
    headings: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[RowError, ...] = ()  # found while reading: the row is named and left out

    def said(self, column: Column) -> str:
        """Text of a column, "" where the table has none."""
        return self.cells.get(column, "").strip()

    def error(self, column: Column, problem: str, what_to_do: str) -> RowError:
        """Something about one cell of this row."""
        heading = self.headings.get(column, str(column))
        return RowError(self.sheet, self.number, heading, problem, what_to_do)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of content/base/roster.toml, bare (see `bare`)."""

    columns: Mapping[str, Column]
    ignored: frozenset[str]
    notes_sheets: frozenset[str]
    example_marks: frozenset[str]
    total_words: frozenset[str]
    endings: tuple[tuple[str, PlaceKind], ...]  # longest first
    heads: frozenset[str]
    spoken: Mapping[str, str]
    unknown_relation: str
    spouses: tuple[str, str]  # husband, wife
    roles: Mapping[str, str]  # any word → the word of registry.ROLE_WORDS
    no_roles: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    no_phone: frozenset[str]
    nothing: frozenset[str]

    def column(self, heading: str) -> Column | None:
        """Which column a heading means."""
        found = self.columns.get(bare(heading))
        return found or self.columns.get(bare(_BRACKETS.sub("", heading)))

    def is_ignored(self, heading: str) -> bool:
        """Whether a heading is known and not kept."""
        return bare(_BRACKETS.sub("", heading)) in self.ignored

    def kind_of(self, name: str) -> PlaceKind | None:
        """Kind of a place by the ending of its name."""
        return next((kind for end, kind in self.endings if name.endswith(end)), None)


_BRACKETS = re.compile(r"[(（\[【〔].*?[)）\]】〕]")
_NOISE = re.compile(r"[\s*:：·・_、，,]+")


def bare(text: str) -> str:
    """A word without what tables put around it: blanks, stars, colons; half width, lower case."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _bare_set(words: list[str]) -> frozenset[str]:
    return frozenset(bare(word) or word for word in words)


@cache
def roster_words() -> Words:
    """The words, read once.

    Raises:
        ContentError: the file is missing or broken.
    """
    told = parse_toml(HOME / "base" / "roster.toml")
    reading, relations, answers = told["reading"], told["relations"], told["answers"]
    columns = {bare(word): Column(head) for head, ws in told["headings"].items() for word in ws}
    columns |= {bare(column): column for column in Column}
    roles = {bare(word): role for role, words in told["roles"].items() for word in (role, *words)}
    endings = [(end, PlaceKind(kind)) for kind, ends in told["places"].items() for end in ends]
    return Words(
        columns=columns,
        ignored=_bare_set(reading["ignored"]),
        notes_sheets=_bare_set(reading["notes_sheets"]),
        example_marks=_bare_set(reading["example_marks"]),
        total_words=_bare_set(reading["total_words"]),
        endings=tuple(sorted(endings, key=lambda pair: -len(pair[0]))),
        heads=_bare_set(relations["head"]),
        spoken=relations["spoken"],
        unknown_relation=relations["unknown"],
        spouses=(relations["spouse_male"], relations["spouse_female"]),
        roles=roles,
        no_roles=_bare_set(told["roles_of_nobody"]["words"]),
        yes=_bare_set(answers["yes"]),
        no=_bare_set(answers["no"]),
        no_phone=_bare_set(answers["no_phone"]),
        nothing=_bare_set(answers["nothing"]),
    )
