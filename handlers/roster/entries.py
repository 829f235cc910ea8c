"""Roster rows as people: what stands once for a house is carried down, each cell is read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from bot.domain.kinship import kins_of
from bot.domain.registry import RoleName
from handlers.roster.fields import (
    Told,
    half,
    read_day,
    read_flag,
    read_id_number,
    read_name,
    read_phone,
    read_relation,
    read_roles,
)
from handlers.roster.model import PLACE_COLUMNS, Column, Row, RowError, Words, bare

_PLACES = (*(column for column, _ in PLACE_COLUMNS), Column.PLACE)
_NONE_IS_NOTHING = (Column.ID_NUMBER, Column.BORN, Column.MARK, Column.NICKNAME, Column.HOUSE_NO)
_HOUSE = (Column.HOUSE_NO, Column.HOUSEHOLDER, Column.ADDRESS)


@dataclass(frozen=True, slots=True)
class Entry:
    """One person as a roster tells of them. Empty and None: it says nothing about that."""

    row: Row
    name: str
    houses: int = 0  # which house of this householder in the table: two of one name are two
    householder: str = ""
    relation: str = ""
    is_head: bool = False
    id_number: str = ""
    phone: str = ""
    born_on: date | None = None
    mark: str = ""
    has_no_phone: bool | None = None
    lives_alone: bool | None = None
    roles: tuple[RoleName, ...] = ()
    nickname: str = ""

    @property
    def address(self) -> str:
        """Address of the house."""
        return self.row.said(Column.ADDRESS)

    @property
    def house_no(self) -> str:
        """Number of the house in the table, to tell houses apart; it is not kept."""
        return self.row.said(Column.HOUSE_NO)


@dataclass(slots=True)
class Carry:
    """What the rows above say for those below: places, and a house until the next begins."""

    words: Words
    sheet: str = ""
    number: int = 0
    places: dict[Column, str] | None = None
    house: dict[Column, str] | None = None

    def down(self, row: Row) -> Row:
        """The row with its blanks filled from above."""
        if row.sheet != self.sheet:
            self.sheet, self.places, self.house = row.sheet, {}, {}
        elif row.number > self.number + 1:  # a blank line ends a house
            self.house = {}
        self.number = row.number
        places = self._places(row)
        house = self._house(row)
        carried = {str(column): said for column, said in (places | house).items()}
        return replace(row, cells={**row.cells, **carried})

    def _places(self, row: Row) -> dict[Column, str]:
        own = {column: row.said(column) for column in _PLACES if row.said(column)}
        above = self.places or {}
        if own:
            first = min(_PLACES.index(column) for column in own)
            # A wider place that changes takes the narrower ones of the rows above with it.
            changed = any(above.get(column) not in (None, said) for column, said in own.items())
            kept = {c: s for c, s in above.items() if not changed or _PLACES.index(c) < first}
            if changed:
                self.house = {}
            self.places = {**kept, **own}
        return dict(self.places or {})

    def _house(self, row: Row) -> dict[Column, str]:
        own = {column: row.said(column) for column in _HOUSE if row.said(column)}
        name, aside = read_name(row.said(Column.NAME))
        holder = own.get(Column.HOUSEHOLDER, "")
        is_head = any(
            said and read_relation(said, "", self.words)[1]
            for said in (row.said(Column.RELATION), aside)
        )
        if is_head or (holder and bare(holder) in self.words.heads | self.words.yes):
            own[Column.HOUSEHOLDER] = name.value
        elif holder:
            own[Column.HOUSEHOLDER] = read_name(holder)[0].value or half(holder)
        above = self.house or {}
        same = all(
            own.get(column, above.get(column)) == above.get(column)
            for column in (Column.HOUSE_NO, Column.HOUSEHOLDER)
        )
        if same and not (is_head and name.value != above.get(Column.HOUSEHOLDER)):
            own = {**above, **own}
        self.house = own
        return own


def read_entries(
    rows: Iterable[Row], words: Words, today: date
) -> tuple[list[Entry], list[RowError], list[RowError]]:
    """People, what is wrong with the rows left out, what is worth saying of the others."""
    carry = Carry(words)
    entries: list[Entry] = []
    errors: list[RowError] = []
    notes: list[RowError] = []
    heads: dict[tuple[str, ...], int] = {}
    for raw in rows:
        row = carry.down(_cleared(raw, words))
        reader = _Reader(row, words, today, list(row.faults))
        entry = reader.read()
        errors += reader.faults
        if reader.faults:
            continue
        notes += reader.notes
        key = (*(row.said(column) for column in _PLACES), entry.householder)
        if entry.is_head:
            heads[key] = heads.get(key, 0) + 1
        entries.append(replace(entry, houses=heads.get(key, 1)))
    return entries, errors, notes


def _cleared(row: Row, words: Words) -> Row:
    """The row without cells that say nothing: 不详, /, and 无 where it means no more."""
    cells = {
        column: text
        for column, text in row.cells.items()
        if bare(text) not in words.nothing
        and not (column in _NONE_IS_NOTHING and bare(text) in words.no_phone)
    }
    return replace(row, cells=cells)


@dataclass(slots=True)
class _Reader:
    """Reads one row; gathers everything that is wrong with it, not only the first."""

    row: Row
    words: Words
    today: date
    faults: list[RowError]
    notes: list[RowError] = field(default_factory=list)

    def read(self) -> Entry:
        """The person; means nothing where there are faults."""
        row = self.row
        told, aside = read_name(row.said(Column.NAME))
        name = self._keep(Column.NAME, told)
        id_number = self._keep(Column.ID_NUMBER, read_id_number(row.said(Column.ID_NUMBER)))
        phone_text = row.said(Column.PHONE)
        says_none = bare(phone_text) in self.words.no_phone
        phone = "" if says_none else self._keep(Column.PHONE, read_phone(phone_text))
        born, told = read_day(row.said(Column.BORN), id_number, self.today)
        self._keep(Column.BORN, told)
        has_no_phone, lives_alone = self._flags()
        entry = Entry(
            row,
            name,
            id_number=id_number,
            phone=phone,
            born_on=born,
            has_no_phone=True if says_none else has_no_phone,
            lives_alone=lives_alone,
            roles=self._roles(),
            nickname=row.said(Column.NICKNAME)[:64],
        )
        return self._at_home(entry, aside)

    def _keep(self, column: Column, told: Told) -> str:
        error = self.row.error(column, told.problem, told.what_to_do)
        if told.problem and all(fault.column != error.column for fault in self.row.faults):
            self.faults.append(error)
        if told.note:
            self.notes.append(self.row.error(column, told.note, "要换就改这一格"))
        return told.value

    def _flags(self) -> tuple[bool | None, bool | None]:
        """Has no phone, lives alone: from their columns, else from a remark."""
        told: dict[Column, bool | None] = {}
        for column in (Column.NO_PHONE, Column.HAS_PHONE, Column.ALONE):
            said = self.row.said(column)
            if column is Column.HAS_PHONE and bare(said) == "无":
                said = "否"
            told[column], problem = read_flag(said, column, self.words)
            self._keep(column, problem)
        remark = self.row.said(Column.REMARK)
        without, has = told[Column.NO_PHONE], told[Column.HAS_PHONE]
        if without is None and has is not None:
            without = not has
        if without is None and re.search(r"[无没]有?(?:手机|电话)", remark):
            without = True
        alone = told[Column.ALONE]
        if alone is None and re.search(r"(?<![不非未没])(?<!不是)(?<!没有)独居", remark):
            alone = True
        return without, alone

    def _roles(self) -> tuple[RoleName, ...]:
        roles, unknown = read_roles(self.row.said(Column.ROLE), self.words)
        if unknown:
            known = "、".join(dict.fromkeys(self.words.roles.values()))
            problem = f"“{'、'.join(unknown)}”不是机器人认得的职务，没有记"
            self.notes.append(self.row.error(Column.ROLE, problem, f"认得的有：{known}"))
        return roles

    def _at_home(self, entry: Entry, aside: str) -> Entry:
        """The entry with its place in the house, and what stood in brackets behind the name."""
        row, words = self.row, self.words
        relation, is_head = read_relation(row.said(Column.RELATION), entry.id_number, words)
        householder = row.said(Column.HOUSEHOLDER)
        if aside and not relation and not is_head:
            word, is_head = read_relation(aside, entry.id_number, words)
            if kins_of(word):
                relation, aside = word, ""
        is_head = is_head or (bool(householder) and householder == entry.name)
        mark = row.said(Column.MARK)[:12] or (
            "" if is_head and bare(aside) in words.heads else aside[:6]
        )
        if householder and not is_head and not relation:
            relation = words.unknown_relation
        if relation and not householder:
            problem = "上面没有户主，这个人没有归到哪一户"
            self.notes.append(
                row.error(Column.RELATION, problem, "把户主写在本户第一行，或填“户主”列")
            )
        return replace(
            entry,
            householder=householder,
            is_head=is_head,
            relation="" if is_head else relation,
            mark=mark,
        )
