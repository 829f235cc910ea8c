"""A file from outside, .xlsx or .csv, as rows of a roster: bounded, refused in words."""

import csv
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.sheets.table import BadCell, Cells, Table
from bot.errors import BotError
from handlers.roster import Row, RowError, roster_words

MOST_BYTES = 10 * 2**20
MOST_UNPACKED = 100 * 2**20
MOST_PARTS = 1_000
MOST_ROWS = 50_000
MOST_COLUMNS = 80
_LAST_LINE = 1_048_576


@dataclass(frozen=True, slots=True)
class Sheets:
    """What a file holds."""

    rows: tuple[Row, ...]
    problems: tuple[RowError, ...] = ()  # whole sheets that could not be read
    unused: tuple[str, ...] = ()  # headings that mean nothing to us


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
    with _damage_named(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and extensions that we do not read
        _guard(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                sheet.reset_dimensions()  # many programs write them wrong
                yield sheet.title, _lines(sheet)


@contextmanager
def _damage_named() -> Iterator[None]:
    """Whatever a damaged archive or its XML makes the library stumble over, in our words."""
    try:
        yield
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
        ArithmeticError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise BotError(
            "sheet_damaged", "文件坏了或不是 .xlsx；用 Excel 或 WPS 打开，另存为 .xlsx 再导入"
        ) from error


def _guard(data: bytes) -> None:
    """Refuse what unpacks to more than a roster can be.

    An archive that lies about its sizes fails the check sums when it is read.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise BotError(
            "sheet_large", "文件解开后太大；把名册复制到一个新的空白表里，另存为 .xlsx 再导入"
        )


def _lines(sheet: Any) -> Iterator[tuple[int, Cells]]:
    with _damage_named():
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
        table = Table(title, words)
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
