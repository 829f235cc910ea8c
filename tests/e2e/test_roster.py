"""A roster from its file to the rows of the database: read, looked at, written once, and mended."""

import csv
import io
import random
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlmodel import SQLModel, col, select

from app.sheets import MOST_ROWS, Sheets, read_bytes, read_file, roster_template
from bot.domain.audit import Audit
from bot.domain.registry import (
    Account,
    Chat,
    Household,
    Place,
    PlaceAbove,
    Resident,
    Role,
    RoleName,
    add_place,
    path_words,
    scope_of,
)
from bot.domain.temperature import Pending
from bot.errors import BotError
from bot.seal import Sealer
from bot.store import Store
from handlers import roster
from handlers.roster import Column, Plan, Row

FIXTURES = Path(__file__).parents[1] / "fixtures" / "roster"
NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)
SEALER = Sealer(bytes(range(32)))
HEADS = ("姓名", "户主", "关系", "组", "身份证号", "电话")

Line = Sequence[Any]


def id_number(head: str) -> str:
    """17 digits with their check digit (GB 11643-1999)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return head + "10X98765432"[sum(int(d) * w for d, w in zip(head, weights, strict=True)) % 11]


ZHANG = id_number("21130219550303452")
WANG = id_number("21130219520912451")


def xlsx(**sheets: Sequence[Line]) -> bytes:
    """A workbook with these sheets."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, lines in sheets.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(list(line))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table(*lines: Line, heads: Line = HEADS) -> Sheets:
    """One sheet 名册, written to .xlsx and read again."""
    return read_bytes(xlsx(名册=[heads, *lines]))


@dataclass
class Village:
    """A database with one empty village."""

    store: Store
    place: Place

    def look(self, sheets: Sheets, place: Place | None = None) -> Plan:
        """What an import would do."""
        with self.store.reading() as db:
            return roster.plan(db, sheets.rows, place or self.place, SEALER, NOW)

    def take_in(self, sheets: Sheets, place: Place | None = None) -> Plan:
        """Import it."""
        with self.store.begin() as db:
            planned = roster.plan(db, sheets.rows, place or self.place, SEALER, NOW)
            return roster.apply(db, planned, SEALER, NOW, source="名册.xlsx")

    def all(self, of: type[SQLModel]) -> list[Any]:
        """All rows of a table."""
        with self.store.reading() as db:
            found = list(db.exec(select(of)).all())
            db.expunge_all()
            return found

    def people(self) -> dict[str, Resident]:
        """Residents by name; only where names are unique."""
        return {person.name: person for person in self.all(Resident)}

    def where(self, person: Resident) -> str:
        """Where somebody lives, in words."""
        with self.store.reading() as db:
            return path_words(db, person.place_id)

    def dump(self) -> list[str]:
        """All that an import may write, except the audit."""
        tables = (Place, PlaceAbove, Household, Resident, Account, Chat, Role)
        return [repr(row.model_dump()) for of in tables for row in self.all(of)]


def empty_village(url: str) -> Village:
    """柳树沟村 in 柳树沟镇, 朝阳县."""
    store = Store(url)
    SQLModel.metadata.create_all(store.writer)
    with store.begin() as db:
        county = add_place(db, None, "朝阳县", "county")
        township = add_place(db, county, "柳树沟镇", "township")
        return Village(store, add_place(db, township, "柳树沟村", "village"))


@pytest.fixture
def village() -> Iterator[Village]:
    """One in memory."""
    made = empty_village("sqlite://")
    yield made
    made.store.close()


FAMILY: tuple[Line, ...] = (
    ("张桂芳", "张桂芳", "户主", "三组", ZHANG, "13812340001"),
    ("王德福", "张桂芳", "老伴", "三组", WANG, None),
    ("王小宝", "张桂芳", "孙子", "三组", None, None),
)


# ── reading files ──────────────────────────────────────────────────────────


def test_a_gb18030_file_with_titles_above_and_totals_below(village: Village) -> None:
    sheets = read_file(FIXTURES / "village_gb18030.csv")
    assert [row.number for row in sheets.rows] == [4, 5, 6, 7]
    assert sheets.unused == ()
    done = village.take_in(sheets)
    assert done.errors == ()
    people = village.people()
    assert village.where(people["王小宝"]) == "柳树沟村三组"
    assert village.where(people["李国柱"]) == "柳树沟村一组"
    assert [people[name].called for name in ("张桂芳", "王德福", "王小宝")] == [
        "",
        "丈夫",
        "大孙子",
    ]
    assert people["张桂芳"].phone_tail == "0001"
    assert people["李国柱"].phone_tail == "5678"
    assert people["王小宝"].has_no_phone
    assert people["李国柱"].lives_alone
    assert not people["王德福"].lives_alone
    assert people["王德福"].born_on == date(1952, 9, 12)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_as_programs_write_it(encoding: str, delimiter: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([HEADS, *FAMILY])
    sheets = read_bytes(text.getvalue().encode(encoding))
    assert [row.said(Column.NAME) for row in sheets.rows] == ["张桂芳", "王德福", "王小宝"]
    assert sheets.rows[0].said(Column.ID_NUMBER) == ZHANG


@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_columns_and_any_words_for_them(village: Village, seed: int) -> None:
    words = {
        "姓名": ["姓名", "姓  名", "村民姓名", "姓名*", "姓名（必填）"],
        "户主": ["户主", "户主姓名", "户 主"],
        "关系": ["关系", "与户主关系", "与户主的关系", "家庭关系"],
        "组": ["组", "村民小组", "小组", "组别", "所在组"],
        "身份证号": ["身份证", "身份证号", "证件号码", "公民身份号码", "身份证号\n码"],
        "电话": ["电话", "手机", "联系电话", "手机号码：", "联系方式（手机）"],
    }
    chance = random.Random(seed)  # noqa: S311  # layouts, no secret
    order = chance.sample(range(len(HEADS)), len(HEADS))
    titles = [["柳树沟村村民花名册"], [], ["填表人：王会计", "2020年1月"]][: chance.randrange(4)]
    heads = [chance.choice(words[HEADS[at]]) for at in order]
    lines = [[line[at] for at in order] for line in FAMILY]
    done = village.take_in(
        read_bytes(xlsx(甲=[*titles, ["序号", *heads], *([1, *x] for x in lines)]))
    )
    assert (len(done.add), done.errors) == (3, ())
    people = village.people()
    assert people["张桂芳"].id_number_mask == ZHANG[:4] + "*" * 10 + ZHANG[-4:]
    assert [people[name].called for name in ("张桂芳", "王德福", "王小宝")] == ["", "老伴", "孙子"]


def test_merged_cells_and_a_heading_in_two_lines(village: Village) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "三组"
    for line in (
        ("花名册",),
        ("家庭住址", None, "户主", "姓名", "关系"),
        ("组", "门牌", None, None, None),
        ("三组", "12号", "张桂芳", "张桂芳", "户主"),
        (None, None, None, "王德福", "丈夫"),
        (None, None, None, "王小宝", "孙子"),
        (None, "14号", "赵六", "赵六", "户主"),
        (None, None, None, "孙梅", "妻"),
        ("一组", "2号", "李四", "李四", None),
        (None, None, None, "李五", None),
    ):
        sheet.append(line)
    for merged in (
        "A1:E1",
        "A2:B2",
        "C2:C3",
        "D2:D3",
        "E2:E3",
        "A4:A8",
        "C4:C6",
        "C7:C8",
        "A9:A10",
    ):
        sheet.merge_cells(merged)
    out = io.BytesIO()
    book.save(out)
    done = village.take_in(read_bytes(out.getvalue()))
    assert (done.errors, done.new_households) == ((), 3)
    people = village.people()
    homes = {home.id: home for home in village.all(Household)}
    assert [homes[people[name].household_id].address for name in ("王小宝", "孙梅", "李五")] == [
        "12号",
        "14号",
        "2号",
    ]
    assert people["孙梅"].called == "妻子"
    assert people["李五"].called == "家人"
    assert village.where(people["孙梅"]) == "柳树沟村三组"
    assert homes[people["李五"].household_id].householder_id == people["李四"].id


def test_several_sheets_of_which_one_is_no_roster(village: Village) -> None:
    data = xlsx(
        三组=[HEADS, *FAMILY],
        干部=[("姓名", "职务", "手机"), ("陈志远", "村医", "13812340009")],
        账目=[("日期", "金额"), ("2020-01-01", 3)],
        填写说明=[("姓名必填",)],
        Sheet4=[],
    )
    sheets = read_bytes(data)
    assert {row.sheet for row in sheets.rows} == {"三组", "干部"}
    (problem,) = sheets.problems
    assert str(problem).startswith("账目 姓名：前 10 行里没有找到")
    assert len(village.take_in(sheets).add) == 4


def _rewritten(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """An archive with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == name else old.read(part))
    return out.getvalue()


def test_formulas_are_read_as_values() -> None:
    formula = '<c r="A2" t="str"><f>"王"&amp;"伟"</f><v>王伟</v></c>'.encode()
    data = _rewritten(
        xlsx(名册=[("姓名",), ("占位",)]),
        "xl/worksheets/sheet1.xml",
        lambda part: re.sub(rb'<c r="A2".*?</c>', formula, part),
    )
    assert [row.said(Column.NAME) for row in read_bytes(data).rows] == ["王伟"]


def test_a_damaged_formula_is_named() -> None:
    (row,) = table(("张桂芳", None, None, "#REF!", None, None)).rows
    assert str(row.faults[0]) == "名册 第 2 行 组：是公式错误 #REF!。把这一格改成文字。"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "空的"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "另存为 .xlsx"),
        (b"%PDF-1.7 ...", "不是表格"),
        (b"PK\x03\x04 torn", "坏了"),
        (xlsx(甲=[("姓名",), ("张桂芳",)])[:-200], "坏了"),
        (b"\x81\xff\xff\x00", "编码"),
        (b"x" * (10 * 2**20 + 1), "超过 10 MiB"),
        ("姓名\n".encode(), "没有人"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(BotError) as caught:
        read_bytes(data)
    assert said in caught.value.detail


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="看看路径"):
        read_file(tmp_path / "没有.xlsx")


def test_an_archive_that_swells_is_refused_unread() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(101 * 2**20))
    assert len(out.getvalue()) < 2**20
    with pytest.raises(BotError, match="解开后太大"):
        read_bytes(out.getvalue())


def test_entities_in_a_workbook_are_refused() -> None:
    xml = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>'
    data = _rewritten(
        xlsx(甲=[("姓名",), ("张桂芳",)]),
        "xl/workbook.xml",
        lambda part: xml + part[part.index(b"<workbook") :],
    )
    with pytest.raises(BotError, match="坏了"):
        read_bytes(data)


def test_a_torn_part_of_a_workbook_is_refused_in_words() -> None:
    whole = xlsx(甲=[HEADS, *FAMILY])
    for name in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"):
        for cut in (0, 80, 300):
            data = _rewritten(whole, name, lambda part, at=cut: part[: at or -9])  # type: ignore[misc]  # default binds
            with pytest.raises(BotError) as caught:
                read_bytes(data)
            assert caught.value.code == "sheet_damaged"


def test_too_many_rows_are_refused() -> None:
    text = "姓名\n" + "张桂芳\n" * (MOST_ROWS + 1)
    with pytest.raises(BotError, match=f"超过 {MOST_ROWS} 行"):
        read_bytes(text.encode())


# ── rows that are wrong ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("column", "cell", "problem", "what_to_do"),
    [
        (4, 3.2112195001011e17, "被 Excel 当成数字", "设为文本格式后重填"),
        (4, 321121950010112345, "被 Excel 当成数字", "设为文本格式后重填"),
        (4, "3.21112E+17", "科学计数", "设为文本格式后重填"),
        (
            4,
            ZHANG[:-1] + str((int(ZHANG[-1].replace("X", "0")) + 1) % 10),
            "校验位不对",
            "对照证件",
        ),
        (4, ZHANG[:-1], "有 17 位", "对照证件"),
        (4, "110105491231002", "15 位的旧号", "对照证件"),
        (5, "1381234000", "少一位", "补齐 11 位"),
        (5, "1.38E+10", "科学计数", "设为文本格式后重填"),
        (5, "找她儿子要", "不是电话号码", "11 位手机号"),
        (0, "张桂芳、王德福", "不像姓名", "只写姓名"),
        (0, "三组共12人", "不像姓名", "只写姓名"),
        (0, None, "没有填姓名", "补上姓名"),
    ],
)
def test_a_broken_row_is_named_and_left_out_and_the_others_go_in(
    village: Village, column: int, cell: object, problem: str, what_to_do: str
) -> None:
    broken = [*FAMILY[0]]
    broken[column] = cell
    done = village.take_in(table(broken, *FAMILY[1:]))
    (error,) = done.errors
    assert (error.sheet, error.row, error.column) == ("名册", 2, HEADS[column])
    assert problem in error.problem
    assert what_to_do in error.what_to_do
    assert ZHANG[:-1] not in str(error)
    people = village.people()
    assert set(people) == {"王德福", "王小宝"}
    assert people["王德福"].household_id == people["王小宝"].household_id is not None
    mended = village.take_in(table(*FAMILY))
    assert [person.name for person in mended.add] == ["张桂芳"]
    (home,) = village.all(Household)
    assert home.householder_id == village.people()["张桂芳"].id


def test_a_row_names_all_that_is_wrong_with_it(village: Village) -> None:
    plan = village.look(table(("张桂芳", None, None, None, "123", "456")))
    assert [error.column for error in plan.errors] == ["身份证号", "电话"]
    assert plan.rows_left_out == 1


def test_birthday_and_number_must_agree(village: Village) -> None:
    heads = ("姓名", "身份证", "出生年月")
    lines = (
        ("甲一", ZHANG, "1955年3月3日"),
        ("甲二", WANG, date(1952, 9, 12)),
        ("甲三", None, 18264),
        ("甲四", None, "1950.1"),
        ("甲五", None, "2031-01-01"),
        ("甲六", id_number("21130219600101452"), "1961-01-01"),
        ("甲七", None, "属虎"),
    )
    done = village.take_in(table(*lines, heads=heads))
    assert [error.row for error in done.errors] == [6, 7, 8]
    people = village.people()
    assert people["甲一"].born_on == date(1955, 3, 3)
    assert people["甲三"].born_on == date(1950, 1, 1)
    assert people["甲四"].born_on is None


def test_the_same_person_twice_in_one_file(village: Village) -> None:
    heads = ("姓名", "组", "身份证号", "电话", "职务")
    done = village.take_in(
        table(
            ("张桂芳", "三组", ZHANG, None, None),
            ("陈志远", "一组", None, None, None),
            ("张桂芳", "三组", ZHANG, None, None),  # again
            ("陈志远", None, None, "13812340009", "村医"),  # carried: 三组, so somebody else
            ("王德福", "三组", ZHANG, None, None),  # another's number
            heads=heads,
        )
    )
    assert [(error.row, error.column) for error in done.errors] == [(6, "身份证号")]
    assert "姓名却不一样" in done.errors[0].problem
    assert [(note.row, "两行合成一个" in note.problem) for note in done.notes] == [(4, True)]
    assert sorted(person.name for person in done.add) == ["张桂芳", "陈志远", "陈志远"]


def test_a_list_of_cadres_adds_to_the_list_of_people(village: Village) -> None:
    data = xlsx(
        村民=[("姓名", "组", "身份证号"), ("陈志远", "一组", WANG)],
        干部=[("姓名", "职务", "手机"), ("陈志远", "村医", "13812340009")],
    )
    done = village.take_in(read_bytes(data))
    assert len(done.add) == 1
    (doctor,) = village.all(Resident)
    assert (doctor.phone_tail, village.where(doctor)) == ("0009", "柳树沟村一组")
    (role,) = village.all(Role)
    assert (role.resident_id, role.role, role.place_id) == (
        doctor.id,
        RoleName.VILLAGE_DOCTOR,
        village.place.id,
    )


def test_two_householders_of_one_name_must_be_told_apart(village: Village) -> None:
    one, other = (
        ("王伟", "王伟", "户主", "三组", None, None),
        ("王芳", "王伟", "女儿", "三组", None, None),
    )
    done = village.take_in(table(one, other, one))
    (error,) = done.errors
    assert "分不清" in error.problem
    numbered = ("王伟", "王伟", "户主", "三组", WANG, None)
    again = village.take_in(table((*one[:4], ZHANG, None), other, numbered))
    assert again.errors == ()
    assert [p.id_number_mask[-4:] for p in village.all(Resident) if p.name == "王伟"] == [
        ZHANG[-4:],
        WANG[-4:],
    ]
    assert len(village.all(Household)) == 2


def test_a_place_of_another_village_is_an_error(village: Village) -> None:
    heads = ("乡镇", "村", "组", "姓名")
    done = village.take_in(
        table(
            ("柳树沟镇", "柳树沟", "3", "张桂芳"),
            ("柳树沟镇", "杨树沟村", "1", "李四"),
            ("柳树沟镇", "柳树沟村委会", "第三村民小组", "王德福"),
            heads=heads,
        )
    )
    assert [(error.row, error.column) for error in done.errors] == [(3, "村")]
    assert "“杨树沟村”" in done.errors[0].problem
    assert {village.where(person) for person in village.all(Resident)} == {"柳树沟村三组"}
    assert len(village.all(Place)) == 4


def test_a_group_without_its_village_is_an_error(village: Village) -> None:
    with village.store.reading() as db:
        township = db.exec(select(Place).where(Place.kind == "township")).one()
    for place in (None, township):
        with village.store.reading() as db:
            rows = table(("张桂芳", None, None, "三组", None, None)).rows
            found = roster.plan(db, rows, place, SEALER, NOW)
        assert "不知道是哪个村" in found.errors[0].problem
    with village.store.reading() as db:
        rows = table(("张桂芳", None, None, None, None, None)).rows
        found = roster.plan(db, rows, None, SEALER, NOW)
    assert "没写是哪个村" in found.errors[0].problem


def test_places_are_made_with_their_kinds(village: Village) -> None:
    heads = ("县区", "乡镇", "村", "网格", "组", "姓名")
    lines = (
        ("北山区", "城关街道", "幸福社区", "第2网格", None, "甲一"),
        ("北山区", "城关街道", "柳河", None, "12", "甲二"),
        ("朝阳县", "柳树沟镇", "柳树沟村", None, "张家屯", "甲三"),
    )
    with village.store.begin() as db:
        planned = roster.plan(db, table(*lines, heads=heads).rows, None, SEALER, NOW)
        roster.apply(db, planned, SEALER, NOW)
    made = {place.name: place.kind for place in village.all(Place)}
    assert made == {
        "朝阳县": "county",
        "柳树沟镇": "township",
        "柳树沟村": "village",
        "北山区": "county",
        "城关街道": "township",
        "幸福社区": "village",
        "二网格": "grid",
        "柳河村": "village",
        "十二组": "villager_group",
        "张家屯": "villager_group",
    }
    people = village.people()
    assert village.where(people["甲二"]) == "柳河村十二组"


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ("柳树沟村三组", "柳树沟村三组"),
        ("朝阳县/柳树沟镇/柳树沟村/3组", "柳树沟村三组"),
        ("朝阳县柳树沟镇柳树沟村第三村民小组", "柳树沟村三组"),
        ("柳树沟村", "柳树沟村"),
    ],
)
def test_a_place_in_one_cell(village: Village, told: str, place: str) -> None:
    village.take_in(table(("张桂芳", told), heads=("姓名", "所属村组")))
    assert village.where(village.people()["张桂芳"]) == place


# ── writing ────────────────────────────────────────────────────────────────


def test_looking_writes_nothing(village: Village) -> None:
    before = village.dump()
    plan = village.look(table(*FAMILY))
    assert (
        plan.summary() == "新增 3 人，改 0 人，不变 0 人，新建 1 户，新建地点 1 个，有错没进 0 行"
    )
    assert plan.new_places == ("柳树沟村三组",)
    assert village.dump() == before
    assert village.all(Audit) == []


def test_the_same_file_twice_changes_nothing(village: Village) -> None:
    sheets = read_file(FIXTURES / "village_gb18030.csv")
    village.take_in(sheets)
    before = village.dump()
    again = village.take_in(sheets)
    assert (len(again.add), len(again.change), len(again.same)) == (0, 0, 4)
    assert (again.new_households, again.new_places) == (0, ())
    assert village.dump() == before
    assert [row.note for row in village.all(Audit) if row.action == "roster_import"][1].startswith(
        "名册.xlsx：新增 0 人，改 0 人，不变 4 人"
    )


def test_an_old_plan_applied_twice_does_no_harm(village: Village) -> None:
    plan = village.look(table(*FAMILY))
    for same in (0, 3):
        with village.store.begin() as db:
            assert len(roster.apply(db, plan, SEALER, NOW).same) == same
    assert len(village.all(Resident)) == 3


def test_a_failed_import_leaves_nothing(village: Village) -> None:
    before = village.dump()
    planned = village.look(table(*FAMILY))

    def broken() -> None:
        with village.store.begin() as db:
            roster.apply(db, planned, SEALER, NOW)
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        broken()
    assert village.dump() == before


def test_what_changed_is_shown_masked_and_a_blank_takes_nothing_away(village: Village) -> None:
    village.take_in(table(*FAMILY))
    changed = table(
        ("张桂芬", None, None, None, ZHANG, "13912340002"),
        ("王德福", "张桂芳", "丈夫", "三组", None, None),
        ("王小宝", "张桂芳", None, "三组", id_number("21130220140501451"), None),
    )
    done = village.take_in(changed)
    shown = {person.name: str(person) for person in done.change}
    assert shown["张桂芬"] == "柳树沟村 张桂芬：姓名 张桂芳→张桂芬；电话 尾号 0001→139****0002"
    assert shown["王德福"] == "柳树沟村三组 王德福：与户主关系 老伴→丈夫"
    assert "身份证号 （空）→2113**********" in shown["王小宝"]
    assert "出生日期 （空）→2014-05-01" in shown["王小宝"]
    people = village.people()
    assert people["张桂芬"].id_number_hash == SEALER.fingerprint(ZHANG)
    assert people["王德福"].id_number_hash == SEALER.fingerprint(WANG)
    assert people["王小宝"].called == "孙子"
    assert len(people) == 3


def test_number_before_phone_before_name(village: Village) -> None:
    heads = ("姓名", "组", "身份证号", "电话")
    village.take_in(
        table(("王伟", "三组", ZHANG, None), ("李强", "三组", None, "13812340007"), heads=heads)
    )
    done = village.take_in(
        table(
            ("王伟", "三组", WANG, None),  # another number: another 王伟
            ("李强", "五组", None, "13812340007"),  # moved, known by phone
            ("李小强", "三组", None, "13812340007"),  # his son has the same phone
            ("王伟", "一组", ZHANG, None),  # moved, known by number
            heads=heads,
        )
    )
    assert sorted(person.name for person in done.add) == ["李小强", "王伟"]
    assert sorted(str(person) for person in done.change) == [
        "柳树沟村一组 王伟：地点 柳树沟村三组→柳树沟村一组",
        "柳树沟村五组 李强：地点 柳树沟村三组→柳树沟村五组",
    ]


def test_a_name_that_two_bear_is_asked_about(village: Village) -> None:
    heads = ("姓名", "组", "身份证号", "独居")
    village.take_in(table(("王伟", "三组", ZHANG, None), ("王伟", "三组", WANG, None), heads=heads))
    done = village.take_in(table(("王伟", "三组", None, "是"), heads=heads))
    assert "已有 2 个“王伟”" in done.errors[0].problem
    assert not any(person.lives_alone for person in village.all(Resident))


def test_somebody_known_as_dead_is_not_brought_back(village: Village) -> None:
    village.take_in(table(*FAMILY))
    with village.store.begin() as db:
        for name, gone in (("张桂芳", "died"), ("王德福", "moved")):
            db.exec(select(Resident).where(Resident.name == name)).one().gone = gone
    done = village.take_in(table(*FAMILY))
    assert "已记为去世" in done.errors[0].problem
    assert [str(change) for person in done.change for change in person.changes] == [
        "备注 已搬走→在村"
    ]


def test_roles_hold_where_they_belong(village: Village) -> None:
    heads = ("姓名", "组", "职务", "负责地点")
    done = village.take_in(
        table(
            ("陈志远", "一组", "村医", None),
            ("刘书记", "二组", "支部书记、网格员", None),
            ("马强", "三组", "组长", "二组"),
            ("孙会计", "三组", "会计", None),
            ("周镇长", None, "镇长", None),
            ("吴五", "三组", "群众", None),
            heads=heads,
        )
    )
    with village.store.reading() as db:
        held = {
            (db.get_one(Resident, role.resident_id).name, role.role, path_words(db, role.place_id))
            for role in db.exec(select(Role))
        }
        doctor = db.exec(select(Resident).where(Resident.name == "陈志远")).one()
        assert scope_of(db, doctor.id or 0, date(2020, 2, 3)).is_cadre
    assert held == {
        ("陈志远", "village_doctor", "柳树沟村"),
        ("刘书记", "village_secretary", "柳树沟村"),
        ("刘书记", "grid_worker", "柳树沟村二组"),
        ("马强", "group_leader", "柳树沟村二组"),
        ("周镇长", "township_head", "柳树沟镇"),
    }
    assert len(done.roles) == 5
    assert ["会计" in note.problem for note in done.notes] == [True]
    assert sum(row.action == "role_given" for row in village.all(Audit)) == 5


def test_no_number_stands_open_in_the_database_files(tmp_path: Path) -> None:
    village = empty_village(f"sqlite:///{tmp_path / 'shouwang.db'}")
    village.take_in(table(*FAMILY))
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert "张桂芳".encode() in written
    for number in (ZHANG, WANG, "13812340001"):
        assert number.encode() not in written
        assert number[:8].encode() not in written
        assert number[-8:].encode() not in written
    person = village.people()["张桂芳"]
    assert person.id_number_sealed is not None
    assert person.phone_sealed is not None
    row_id = person.id or 0
    assert SEALER.open(person.id_number_sealed, roster.id_number_context(row_id)) == ZHANG
    assert SEALER.open(person.phone_sealed, roster.phone_context(row_id)) == "13812340001"
    with pytest.raises(BotError):
        SEALER.open(person.phone_sealed, roster.phone_context(row_id + 1))
    village.store.close()


def test_the_template_is_a_roster_without_anybody_and_fills_in_well(
    village: Village, tmp_path: Path
) -> None:
    path = tmp_path / "名册.xlsx"
    roster_template(path)
    with pytest.raises(BotError, match="已经有了"):
        roster_template(path)
    with pytest.raises(BotError, match="没有人"):
        read_file(path)
    book = load_workbook(path)
    sheet = book["名册"]
    assert sheet.freeze_panes == "A2"
    heads = {str(cell.value): cell.column for cell in sheet[1]}
    assert {
        sheet.cell(line, heads[h]).number_format for line in (2, 99) for h in ("身份证号", "电话")
    } == {"@"}
    assert "填写说明" in book.sheetnames
    for head, value in (("序号", 1), ("姓名", "张桂芳"), ("身份证号", ZHANG), ("组", "3")):
        sheet.cell(3, heads[head], value)
    book.save(path)
    done = village.take_in(read_file(path))
    assert (len(done.add), done.errors, done.notes) == (1, (), ())
    assert village.where(village.people()["张桂芳"]) == "柳树沟村三组"


# ── any village, any layout ────────────────────────────────────────────────


def _houses(chance: random.Random) -> list[list[dict[str, str]]]:
    """Families with unique names."""
    names = [
        s + g for s in "王李张刘陈杨赵黄" for g in ("伟", "秀英", "建国", "小宝", "桂芳", "磊")
    ]
    chance.shuffle(names)
    houses = []
    for serial in range(10):
        group = f"{chance.choice('一二三')}组"
        relations = [
            "户主",
            *chance.sample(["老伴", "儿子", "儿媳", "孙子", "孙女"], chance.randrange(5)),
        ]
        members = []
        for at, relation in enumerate(relations):
            born = f"19{20 + serial:02d}{1 + at:02d}15"
            member = {"姓名": names.pop(), "关系": relation, "组": group, "住址": f"{serial + 1}号"}
            member["身份证号"] = (
                id_number(f"211302{born}{serial:03d}") if chance.random() < 0.6 else ""
            )
            member["电话"] = f"1381234{serial:02d}{at:02d}" if chance.random() < 0.5 else ""
            members.append(member)
        houses.append(members)
    return houses


def _laid_out(houses: list[list[dict[str, str]]], chance: random.Random) -> Sheets:
    """The families in one of many layouts: all on each line or only on the first."""
    heads = ["姓名", "关系", "组", "住址", "身份证号", "电话"]
    has_householder, is_sparse = chance.random() < 0.5, chance.random() < 0.5
    if has_householder:
        heads.append("户主")
    chance.shuffle(heads)
    lines = [heads]
    for members in chance.sample(houses, len(houses)):
        for at, member in enumerate(members):
            told = {**member, "户主": members[0]["姓名"]}
            if is_sparse and at:
                told |= {"组": "", "住址": "", "户主": ""}
            lines.append([told[head] for head in heads])
    if chance.random() < 0.5:
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        return read_bytes(text.getvalue().encode(chance.choice(["gb18030", "utf-8-sig"])))
    return read_bytes(xlsx(名册=[["花名册"], *lines]))


@pytest.mark.parametrize("seed", range(12))
def test_layouts_of_one_village_say_the_same(village: Village, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # layouts, no secret
    houses = _houses(chance)
    first = village.take_in(_laid_out(houses, chance))
    assert first.errors == ()
    before = village.dump()
    for _ in range(4):
        again = village.take_in(_laid_out(houses, chance))
        assert (again.errors, again.add, again.change) == ((), (), ())
    assert village.dump() == before
    people = village.people()
    homes = {home.id: home for home in village.all(Household)}
    assert len(people) == sum(len(members) for members in houses)
    for members in houses:
        home = homes[people[members[0]["姓名"]].household_id]
        assert home.address == members[0]["住址"]
        assert home.householder_id == people[members[0]["姓名"]].id
        for member in members:
            person = people[member["姓名"]]
            assert person.household_id == home.id
            assert person.called == ("" if member["关系"] == "户主" else member["关系"])
            assert village.where(person) == f"柳树沟村{member['组']}"
            assert person.phone_hash == SEALER.fingerprint(member["电话"])
            assert person.id_number_hash == SEALER.fingerprint(member["身份证号"])


def test_random_rubbish_never_raises_and_never_comes_in_twice(village: Village) -> None:
    chance = random.Random(7)  # noqa: S311  # layouts, no secret
    cells = [
        "",
        "张桂芳",
        "王伟（东头）",
        "户主",
        "是",
        "无",
        "三组",
        "/",
        ZHANG,
        "13812340001",
        "长子",
    ]
    cells += [
        "村医、会计",
        "柳树沟村三组",
        "=1+1",
        "\u200b",
        "🙂",
        "x" * 600,
        "1955-02-30",
        "市县镇村组",
    ]
    for number in range(60):
        columns = chance.sample(list(Column), 8)
        rows = [
            Row("名册", line, {column: chance.choice(cells) for column in columns})
            for line in range(2, 12)
        ]
        village.take_in(Sheets(tuple(rows)))
        before = village.dump()
        village.take_in(Sheets(tuple(rows)))
        assert village.dump() == before, number


# ── accounts and chats ─────────────────────────────────────────────────────


def test_nicknames_of_the_roster_bind_accounts_but_never_a_cadres(village: Village) -> None:
    with village.store.begin() as db:
        for number, name in enumerate(("平安是福", "老马", "李叔", "李叔")):
            db.add(Account(channel="county", account=f"u{number}", display_name=name))
    heads = ("姓名", "微信昵称", "职务")
    done = village.take_in(
        table(
            ("张桂芳", "平安是福", None),
            ("马强", "老马", "组长"),
            ("李四", "李叔", None),
            heads=heads,
        )
    )
    assert done.errors == ()
    bound = {a.display_name: (a.resident_id, a.bound_by) for a in village.all(Account)}
    assert bound["平安是福"] == (village.people()["张桂芳"].id, "roster")
    assert bound["老马"] == bound["李叔"] == (None, "")


def test_unbound_accounts_come_with_guesses_and_are_bound_by_hand(village: Village) -> None:
    village.take_in(table(*FAMILY, ("周志强", None, None, "一组", None, None)))
    shown = ("张桂芬", "3组王德福", "周自强", "平安是福", "小宝妈妈")
    with village.store.begin() as db:
        other = add_place(db, None, "杨树沟村", "village")
        for name in (*shown, "隔壁村"):
            account = Account(channel="county", account=f"wx-{name}", display_name=name)
            db.add(account)
            db.flush()
            at = other.id if name == "隔壁村" else village.place.id
            if name in ("平安是福", "隔壁村"):
                db.add(Pending(kind="unassigned", place_id=at, account_id=account.id, at=NOW))
    with village.store.reading() as db:
        found = roster.unbound(db, village.place.id or 0)
        best = {
            one.account.display_name: [guess.resident.name for guess in one.guesses][:1]
            for one in found
        }
    assert found[0].account.display_name == "平安是福"
    assert found[0].waiting == 1
    assert best == {
        "张桂芬": ["张桂芳"],
        "3组王德福": ["王德福"],
        "周自强": ["周志强"],
        "平安是福": [],
        "小宝妈妈": ["王小宝"],
    }
    with village.store.begin() as db:
        people = {p.name: p for p in db.exec(select(Resident))}
        bound = roster.bind(db, people["张桂芳"], "county", "wx-张桂芬", NOW)
        assert roster.bind(db, people["张桂芳"], "county", "wx-张桂芬", NOW).id == bound.id
        assert (bound.resident_id, bound.bound_by) == (people["张桂芳"].id, "cadre")
        with pytest.raises(BotError, match="--replace"):
            roster.bind(db, people["王德福"], "county", "wx-张桂芬", NOW)
        roster.bind(db, people["王德福"], "county", "wx-张桂芬", NOW, replace=True)
        never_heard = roster.bind(db, people["王小宝"], "county", "wx-new", NOW)
        assert never_heard.id is not None
    assert sum(row.action == "account_bound" for row in village.all(Audit)) == 3
    with village.store.reading() as db:
        names = {one.account.display_name for one in roster.unbound(db, village.place.id or 0)}
    assert names == {"3组王德福", "周自强", "平安是福", "小宝妈妈"}


def test_a_chat_is_registered_once_with_its_two_ways(village: Village) -> None:
    with village.store.begin() as db:
        db.add(Chat(title="三组的群", in_channel="bot", in_ref="wr1"))  # heard before
    for title in ("三组群", ""):
        with village.store.begin() as db:
            roster.register_chat(db, village.place, "村民", title, "bot", "wr1", "push", "三组群")
    with village.store.begin() as db:
        roster.register_chat(db, village.place, "干部", "干部群", "", "", "push", "干部群")
        for words in (("亲友", "甲", "bot", "x"), ("村民", "甲", "", "")):
            with pytest.raises(BotError):
                roster.register_chat(db, village.place, *words)
    with village.store.reading() as db:
        first, second = db.exec(select(Chat).order_by(col(Chat.id))).all()
        assert (first.title, first.purpose, first.place_id) == (
            "三组群",
            "residents",
            village.place.id,
        )
        assert (first.out_channel, first.out_ref) == ("push", "三组群")
        assert (second.purpose, second.in_channel, second.in_ref) == ("cadres", "push", "干部群")
