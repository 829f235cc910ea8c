"""One sheet as rows of a roster: finds its headings, then reads line by line."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from handlers.roster import Column, Row, RowError, Words

HEAD_WITHIN = 10  # rows
_MOST_CELL = 500  # characters; more is no roster
_EXACT_BELOW = 10**15  # Excel keeps 15 digits of a number
_LONG = (Column.ID_NUMBER, Column.PHONE)

Cells = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that holds no usable value."""

    problem: str
    what_to_do: str


@dataclass(slots=True)
class Table:
    """One sheet: finds its headings, then gives its rows."""

    title: str
    words: Words
    columns: dict[int, Column] = field(default_factory=dict)
    headings: dict[str, str] = field(default_factory=dict)
    ignored: list[int] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    problems: list[RowError] = field(default_factory=list)

    def rows(self, lines: Iterator[tuple[int, Cells]]) -> Iterator[Row]:
        """The people of the sheet; blank, example and total lines are passed over."""
        top = list(islice(lines, HEAD_WITHIN + 1))
        found = self._find_head(top[:HEAD_WITHIN])
        if found is None:
            if any(_cell(value) for _, cells in top for value in cells):
                self.problems.append(self._no_head())
            return
        below = top[found + 1 :]
        if below and self._is_second_head(below[0][1]):
            self._take_head(below[0][1])
            below = below[1:]
        if Column.NAME not in self.columns.values():
            self.problems.append(self._no_head())
            return
        for number, cells in (*below, *lines):
            row = self._row(number, cells)
            if row is not None:
                yield row

    def _no_head(self) -> RowError:
        return RowError(
            self.title,
            0,
            str(Column.NAME),
            f"前 {HEAD_WITHIN} 行里没有找到写着“姓名”的表头，这张表没有读",
            "把表头改成“姓名、户主、与户主关系、组……”这样，或用 shouwang roster template 生成空表",
        )

    def _known(self, cells: Cells) -> set[Column]:
        told = (self.words.column(_heading(value)) for value in cells)
        return {column for column in told if column is not None}

    def _find_head(self, top: Sequence[tuple[int, Cells]]) -> int | None:
        """The line with the most headings; 姓名 among them."""
        best: tuple[int, int] | None = None
        for at, (_, cells) in enumerate(top):
            known = self._known(cells)
            count = len(known) + sum(self.words.is_ignored(_heading(v)) for v in cells)
            if Column.NAME in known and (best is None or count > best[0]):
                best = (count, at)
        if best is None:
            return None
        self._take_head(top[best[1]][1])
        return best[1]

    def _is_second_head(self, cells: Cells) -> bool:
        """A second line of headings below merged ones (住址 over 村 and 组)."""
        name_at = next(at for at, column in self.columns.items() if column is Column.NAME)
        has_name = name_at < len(cells) and _cell(cells[name_at])
        known = self._known(cells)
        filled = sum(bool(_cell(value)) for value in cells)
        return not has_name and len(known) >= 1 and len(known) * 2 >= filled

    def _take_head(self, cells: Cells) -> None:
        for at, value in enumerate(cells):
            heading = _heading(value)
            column = self.words.column(heading)
            if column is not None and column not in self.columns.values():
                self.columns[at] = column
                self.headings[column] = heading
            elif column is not None:
                self.unused.append(f"{heading}（第二个）")
            elif self.words.is_ignored(heading):
                self.ignored.append(at)
            elif heading:
                self.unused.append(heading)

    def _row(self, number: int, cells: Cells) -> Row | None:
        told: dict[str, str] = {}
        faults: list[RowError] = []
        for at, column in self.columns.items():
            value = _cell(cells[at]) if at < len(cells) else ""
            if column in _LONG and isinstance(value, str):
                value = _exact(cells[at], value) if value else ""
            if isinstance(value, BadCell):
                heading = self.headings[column]
                faults.append(
                    RowError(self.title, number, heading, value.problem, value.what_to_do)
                )
                value = ""
            if value:
                told[column] = value
        if not (told or faults) or self._is_no_person(told, cells):
            return None
        return Row(self.title, number, told, self.headings, tuple(faults))

    def _is_no_person(self, told: dict[str, str], cells: Cells) -> bool:
        """Example, total, heading again, or a line that says nothing of one person."""
        words = self.words
        name = told.get(Column.NAME, "")
        marks = [_heading(cells[at]) for at in self.ignored if at < len(cells)]
        if any(mark in words.example_marks or mark in words.total_words for mark in marks):
            return True
        if name in words.total_words or name in words.example_marks or name[:2] in ("例：", "例:"):
            return True
        if name and words.column(name) is Column.NAME:
            return True  # the heading again, at the top of a printed page
        personal = (Column.ID_NUMBER, Column.PHONE, Column.RELATION, Column.BORN)
        return not name and not any(told.get(column) for column in personal)


def _heading(value: Any) -> str:
    text = _cell(value)
    return " ".join(text.split()) if isinstance(text, str) else ""


def _cell(value: Any) -> str | BadCell:
    """A cell as text, as somebody would type it."""
    if value is None or isinstance(value, BadCell):
        return value or ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, float):
        if not math.isfinite(value):
            return BadCell("不是一个数", "改成文字")
        return str(int(value)) if value.is_integer() else str(value)
    text = str(value).strip().removeprefix("'").strip()
    if len(text) > _MOST_CELL:
        return BadCell(f"有 {len(text)} 个字，太长", f"缩到 {_MOST_CELL} 字以内")
    return text


def _exact(raw: Any, text: str) -> str | BadCell:
    """A long number that Excel kept as a number has lost its last digits: no guess is made."""
    if isinstance(raw, int | float) and abs(raw) >= _EXACT_BELOW:
        return BadCell(
            "被 Excel 当成数字（如 3.2112E+17），后几位已经丢了", "把这一列设为文本格式后重填这一格"
        )
    return text
