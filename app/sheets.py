"""Tables from outside, .xlsx and .csv, as rows of a roster: headings in any order, titles above them tolerated."""

import csv
import io
import math
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from bot.errors import BotError
from handlers.roster import Column, Row, RowError, Words, roster_words

MOST_BYTES = 10 * 2**20
MOST_UNPACKED = 100 * 2**20
MOST_PARTS = 1_000
MOST_ROWS = 50_000
MOST_COLUMNS = 80
HEAD_WITHIN = 10  # rows
_MOST_CELL = 500  # characters; more is no roster
_EXACT_BELOW = 10**15  # Excel keeps 15 digits of a number
_LAST_LINE = 1_048_576
_LONG = (Column.ID_NUMBER, Column.PHONE)

Cells = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sheets:
    """What a file holds."""

    rows: tuple[Row, ...]
    problems: tuple[RowError, ...] = ()  # whole sheets that could not be read
    unused: tuple[str, ...] = ()  # headings that mean nothing to us


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that holds no usable value."""

    problem: str
    what_to_do: str


def read_file(path: Path) -> Sheets:
    """The rows of a file.

    Raises:
        BotError: no such file, or see `read_bytes`.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _too_large()
        data = path.read_bytes()
    except OSError as error:
        raise BotError(
            "sheet", f"打不开文件 {path.name}（{error.strerror}）；看看路径对不对"
        ) from error
    return read_bytes(data, path.stem)


def read_bytes(data: bytes, title: str = "表格") -> Sheets:
    """The rows of an upload; what it is shows in its first bytes, whatever its name says.

    Raises:
        BotError: too large, damaged, of another kind, or no roster in it: the words say what to do.
    """
    if len(data) > MOST_BYTES:
        raise _too_large()
    if not data.strip(b"\x00\r\n\t "):
        raise BotError("sheet_empty", "文件是空的；先填好再导入")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise BotError(
            "sheet_kind",
            "这是旧版 .xls 或加了密码的文件；用 Excel 或 WPS 去掉密码，另存为 .xlsx 再导入",
        )
    if data.startswith(b"PK"):
        return _gather(_workbook(data))
    if data.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"{\\rtf")):
        raise BotError("sheet_kind", "这不是表格；要 .xlsx 或 .csv 文件")
    return _gather([(title, _csv_lines(_text(data)))])


def _too_large() -> BotError:
    most = MOST_BYTES // 2**20
    return BotError("sheet_large", f"文件超过 {most} MiB；去掉图片，或按村分成几个文件再导入")


def _too_many() -> BotError:
    return BotError("sheet_rows", f"超过 {MOST_ROWS} 行；按村分成几个文件再导入")


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BotError("sheet_encoding", "看不懂文件的编码；另存为“CSV UTF-8”或 .xlsx 再导入")


def _csv_lines(text: str) -> Iterator[tuple[int, Cells]]:
    head = text[:4000]
    delimiter = max(",\t;", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, 1):
            yield number, tuple(cells[:MOST_COLUMNS])
    except csv.Error as error:
        raise BotError(
            "sheet_damaged", f"第 {reader.line_num} 行起读不下去；另存为 .xlsx 再导入"
        ) from error


def _workbook(data: bytes) -> Iterator[tuple[str, Iterator[tuple[int, Cells]]]]:
    try:
        _guard(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that we do not read
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            for sheet in book.worksheets:
                if sheet.sheet_state == "visible":
                    sheet.reset_dimensions()  # many programs write them wrong
                    yield sheet.title, _lines(sheet)
    except (
        zipfile.BadZipFile,
        zlib.error,
        InvalidFileException,
        SyntaxError,  # ElementTree.ParseError is one
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise BotError(
            "sheet_damaged", "文件坏了或不是 .xlsx；用 Excel 或 WPS 打开，另存为 .xlsx 再导入"
        ) from error


def _guard(data: bytes) -> None:
    """Refuse what unpacks to more than a roster can be. An archive that lies about it fails its own check."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise BotError(
            "sheet_large", "文件解开后太大；把名册复制到一个新的空白表里，另存为 .xlsx 再导入"
        )


def _lines(sheet: Any) -> Iterator[tuple[int, Cells]]:
    rows = sheet.iter_rows(max_row=_LAST_LINE, max_col=MOST_COLUMNS)
    for number, cells in enumerate(rows, 1):
        yield number, tuple(_value(cell) for cell in cells)


def _value(cell: Any) -> Any:
    if cell.value is not None and cell.data_type == "e":
        return BadCell(f"是公式错误 {cell.value}", "把这一格改成文字")
    return cell.value


def _gather(tables: Iterable[tuple[str, Iterator[tuple[int, Cells]]]]) -> Sheets:
    words = roster_words()
    rows: list[Row] = []
    problems: list[RowError] = []
    unused: dict[str, None] = {}
    for title, lines in tables:
        if title.strip() in words.notes_sheets:
            continue
        table = _Table(title, words)
        for row in table.rows(lines):
            rows.append(row)
            if len(rows) > MOST_ROWS:
                raise _too_many()
        problems += table.problems
        unused |= dict.fromkeys(table.unused)
    if not rows and not problems:
        raise BotError(
            "sheet_empty", "表里没有人；先填好再导入，或用 shouwang roster template 生成空表"
        )
    return Sheets(tuple(rows), tuple(problems), tuple(unused))


@dataclass(slots=True)
class _Table:
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
        """Example, total, heading again, or a line without a name and without anything of one person."""
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
