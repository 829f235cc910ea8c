"""名册模板 roster template: an .xlsx with headings, one example line and notes."""

from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from bot.domain.registry import ROLE_WORDS
from bot.errors import BotError
from handlers.roster import Column

FILLED_LINES = 2_000  # lines that are formatted before anybody types
_AUTHOR = "守望"


@dataclass(frozen=True, slots=True)
class _Head:
    column: str
    width: int
    example: str
    note: str
    choices: tuple[str, ...] = ()


HEADS = (
    _Head("序号", 6, "例", "随便填；写着“例”的行不会导入"),
    _Head(Column.TOWNSHIP, 12, "柳树沟镇", "只导入一个村时可以空着"),
    _Head(Column.VILLAGE, 14, "柳树沟村", "只导入一个村时可以空着"),
    _Head(Column.GROUP, 8, "三组", "写“三组”或“3”都行"),
    _Head(Column.HOUSEHOLDER, 10, "张桂芳", "一户填一次就行，往下空着算同一户"),
    _Head(Column.NAME, 10, "王小宝", "必填"),
    _Head(
        Column.RELATION,
        12,
        "孙子",
        "户主怎么叫这个人：户主、老伴、儿子、孙子；写“长子、配偶”也认得",
    ),
    _Head(Column.ID_NUMBER, 22, "", "18 位；没有就空着。这一列已设为文本，别改成数字"),
    _Head(Column.PHONE, 15, "", "11 位手机号或带区号的座机；没有就空着"),
    _Head(Column.BORN, 12, "2014-05-01", "填了身份证号就不用填"),
    _Head(Column.NO_PHONE, 8, "是", "不用手机的老人、小孩填“是”", ("是", "否")),
    _Head(Column.ALONE, 8, "否", "独居老人填“是”", ("是", "否")),
    _Head(Column.ROLE, 10, "", "村民不填；一人几职用顿号隔开", tuple(ROLE_WORDS)),
    _Head(Column.CHARGE, 12, "", "网格员、组长管的地方和住的地方不一样才填，如“二组”"),
    _Head(Column.MARK, 10, "", "同名的人怎么分，如“东头”"),
    _Head(Column.NICKNAME, 14, "", "微信群里的名字和真名不一样才填"),
    _Head(Column.ADDRESS, 18, "三组12号", "门牌或怎么找到这一家；一户填一次"),
    _Head(Column.REMARK, 16, "", "随便写，不导入"),
)
_NOTES = (
    "怎么填这张表",
    "1. 一人一行，只有“姓名”必填；列可以换顺序、可以删，表头的字别改。",
    "2. 一户人挨着写，户主写在第一行；“户主”“组”“村”空着就照上一行。",
    "3. 身份证号和电话两列是文本格式。从别处粘贴时选“粘贴为文本 / 只粘贴值”，"
    "出现 3.2112E+17 就是后几位已经丢了，要重填。",
    "4. 身份证号、电话存进去就加密，屏幕上只显示头尾几位。",
    "5. “职务”会给这个人看名单的权，只填真在岗的。认得的有：" + "、".join(ROLE_WORDS) + "。",
    "6. 序号写“例”的行是例子，不会导入，可以删。",
    "7. 填好先试一遍：shouwang roster import 名册.xlsx --dry-run；没有错再去掉 --dry-run。",
    "8. 同一张表导入两遍，不会多出人来；改过的格子会更新，空着的格子不会抹掉原来的。",
)


def roster_template(path: Path) -> None:
    """Write the empty roster to a new file.

    Raises:
        BotError: there is such a file already, or it cannot be written.
    """
    if path.exists():
        raise BotError("template", f"{path.name} 已经有了；换个名字，别盖掉填好的表")
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "名册"
    _headings(sheet)
    _example(sheet)
    _as_text(sheet)
    _notes(book.create_sheet("填写说明"))
    try:
        book.save(path)
    except OSError as error:
        raise BotError("template", f"写不了 {path.name}（{error.strerror}）；换个文件夹") from error


def _headings(sheet: Worksheet) -> None:
    for at, head in enumerate(HEADS, 1):
        cell = sheet.cell(1, at, str(head.column))
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="2F6B4F")
        cell.alignment = Alignment(horizontal="center", vertical="center")
        comment = Comment(head.note, _AUTHOR)
        comment.width, comment.height = 240, 80
        cell.comment = comment
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = head.width
        if head.choices:
            choice = DataValidation(
                "list", formula1=f'"{",".join(head.choices)}"', allow_blank=True
            )
            choice.showErrorMessage = False  # several roles in one cell are allowed
            sheet.add_data_validation(choice)
            choice.add(f"{letter}2:{letter}{FILLED_LINES}")
    sheet.row_dimensions[1].height = 24
    sheet.freeze_panes = "A2"


def _example(sheet: Worksheet) -> None:
    for at, head in enumerate(HEADS, 1):
        cell = sheet.cell(2, at, head.example or None)
        cell.font = Font(italic=True, color="808080")


def _as_text(sheet: Worksheet) -> None:
    """Long numbers are text before anybody types one, in the column and in each line."""
    texts = [at for at, h in enumerate(HEADS, 1) if h.column in (Column.ID_NUMBER, Column.PHONE)]
    for at in texts:
        sheet.column_dimensions[get_column_letter(at)].number_format = "@"
        for line in range(2, FILLED_LINES + 1):
            sheet.cell(line, at).number_format = "@"


def _notes(sheet: Worksheet) -> None:
    sheet.column_dimensions["A"].width = 100
    for at, words in enumerate(_NOTES, 1):
        cell = sheet.cell(at, 1, words)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if at == 1:
            cell.font = Font(bold=True, size=14)
    for at, head in enumerate(HEADS, len(_NOTES) + 2):
        sheet.cell(at, 1, f"{head.column}：{head.note}")
