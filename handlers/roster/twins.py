"""The same person in two rows of one roster (people, then cadres): joined, or named."""

from collections.abc import Sequence
from dataclasses import replace

from handlers.roster.entries import Entry
from handlers.roster.model import PLACE_COLUMNS, Column, Row, RowError
from handlers.roster.places import place_key

_SINGLE = (
    ("id_number", Column.ID_NUMBER),
    ("phone", Column.PHONE),
    ("born_on", Column.BORN),
    ("householder", Column.HOUSEHOLDER),
    ("relation", Column.RELATION),
    ("has_no_phone", Column.NO_PHONE),
    ("lives_alone", Column.ALONE),
    ("mark", Column.MARK),
    ("nickname", Column.NICKNAME),
)


def join_twins(
    entries: Sequence[Entry], unknown_relation: str
) -> tuple[list[Entry], list[RowError], list[RowError]]:
    """One entry a person; errors of rows that contradict, notes of rows that were joined."""
    kept: list[Entry] = []
    by_number: dict[str, int] = {}
    by_name: dict[str, list[int]] = {}
    errors: list[RowError] = []
    notes: list[RowError] = []
    for entry in entries:
        twin = by_number.get(entry.id_number) if entry.id_number else None
        if twin is None:
            alike = [i for i in by_name.get(entry.name, ()) if _is_same(kept[i], entry)]
            if len(alike) > 1:
                errors.append(_which(entry, [kept[i] for i in alike]))
                continue
            twin = alike[0] if alike else None
        blurred = None if twin is not None else _blurred(kept, by_name.get(entry.name, ()), entry)
        if blurred is not None:
            errors.append(_blur(entry, blurred))
            continue
        if twin is None:
            twin = len(kept)
            kept.append(entry)
            by_name.setdefault(entry.name, []).append(twin)
        else:
            wrong = _contradicts(kept[twin], entry, unknown_relation)
            if wrong is not None:
                errors.append(wrong)
                continue
            kept[twin] = _joined(kept[twin], entry, unknown_relation)
            notes.append(_told(kept[twin], entry))
        if entry.id_number:
            by_number[entry.id_number] = twin
    return kept, errors, notes


def _is_same(one: Entry, other: Entry) -> bool:
    """Two rows of one name: the same person unless number, birth, house or place says otherwise."""
    if _differ(one.id_number, other.id_number) or _differ(one.born_on, other.born_on):
        return False
    if one.phone and one.phone == other.phone:
        return True
    if _differ(_house(one), _house(other)) or _differ(one.mark, other.mark):
        return False
    same_house = bool(one.householder) and _house(one) == _house(other)
    return _places_agree(one.row, other.row) and (same_house or not _differ(one.phone, other.phone))


def _blurred(kept: Sequence[Entry], at: Sequence[int], entry: Entry) -> Entry | None:
    """An earlier householder of that name and place whom nothing tells from this one."""
    for one in (kept[i] for i in at):
        told = (
            _differ(one.id_number, entry.id_number),
            _differ(one.born_on, entry.born_on),
            _differ(one.phone, entry.phone),
            _differ(one.mark, entry.mark),
            _differ(one.house_no, entry.house_no),
            _differ(one.address, entry.address),
        )
        is_house = one.is_head and entry.is_head and one.houses != entry.houses
        if is_house and not any(told) and _places_agree(one.row, entry.row):
            return one
    return None


def _house(entry: Entry) -> tuple[str, str, int] | None:
    return (entry.householder, entry.house_no, entry.houses) if entry.householder else None


def _differ(one: object, other: object) -> bool:
    return bool(one) and bool(other) and one != other


def _places_agree(one: Row, other: Row) -> bool:
    columns = (*(column for column, _ in PLACE_COLUMNS), Column.PLACE)
    return not any(
        _differ(place_key(one.said(column)), place_key(other.said(column))) for column in columns
    )


def _value(entry: Entry, name: str, unknown_relation: str) -> object:
    value = getattr(entry, name)
    return "" if name == "relation" and value == unknown_relation else value


def _contradicts(one: Entry, other: Entry, unknown_relation: str) -> RowError | None:
    """What the second row says otherwise than the first."""
    if one.name != other.name:
        return other.row.error(
            Column.ID_NUMBER,
            f"和{_where(one)}“{one.name}”的证件号码一样，姓名却不一样",
            "对照证件，改正写错的一行",
        )
    for name, column in _SINGLE:
        before, now = _value(one, name, unknown_relation), _value(other, name, unknown_relation)
        if before not in ("", None) and now not in ("", None) and before != now:
            return other.row.error(
                column, f"和{_where(one)}是同一个人，这一格却不一样", "留下对的一行，删掉另一行"
            )
    return None


def _joined(one: Entry, other: Entry, unknown_relation: str) -> Entry:
    """The first row with its blanks filled from the second; the exacter place counts."""
    filled = {
        name: getattr(other, name)
        for name, _ in _SINGLE
        if _value(one, name, unknown_relation) in ("", None)
        and _value(other, name, unknown_relation) not in ("", None)
    }
    cells = {**other.row.cells, **{k: v for k, v in one.row.cells.items() if v}}
    return replace(
        one,
        row=replace(one.row, cells=cells, headings={**other.row.headings, **one.row.headings}),
        roles=tuple(dict.fromkeys((*one.roles, *other.roles))),
        is_head=one.is_head or other.is_head,
        houses=one.houses if one.householder else other.houses,
        **filled,
    )


def _where(entry: Entry) -> str:
    return f"“{entry.row.sheet}”第 {entry.row.number} 行"


def _told(one: Entry, other: Entry) -> RowError:
    return other.row.error(
        Column.NAME, f"和{_where(one)}是同一个人，两行合成一个", "如果是两个人，写上各自的身份证号"
    )


def _blur(entry: Entry, one: Entry) -> RowError:
    return entry.row.error(
        Column.NAME,
        f"和{_where(one)}的户主同名，分不清是一个人还是两个人",
        "写上身份证号、电话或住址；重复的就删掉一行",
    )


def _which(entry: Entry, alike: Sequence[Entry]) -> RowError:
    rows = "、".join(_where(one) for one in alike)
    return entry.row.error(
        Column.NAME, f"叫“{entry.name}”的有几个（{rows}），不知道是哪个", "写上身份证号或户主"
    )
