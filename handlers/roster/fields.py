"""Roster cells: from the text of one cell to a value, or to words about what is wrong with it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.registry import ROLE_WORDS, RoleName
from bot.seal import Sealer, born_on, id_number_fault, is_male
from handlers.roster.model import Words, bare

_NAME = re.compile(r"[㐀-鿿\U00020000-\U000323AF〇·]{2,20}|[A-Za-z][A-Za-z .'·-]{1,39}")
_BRACKETED = re.compile(r"^(.+?)[(\[【〔](.+?)[)\]】〕]$")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.IGNORECASE)
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{9,11}|[2-9]\d{6,7}")
_PHONE_GLUE = re.compile(r"[\s\-—–_.()]+")
_BETWEEN = re.compile(r"[、,;/|\n]+|\s{2,}|(?<=\d{11})\s+|\s+(?=1[3-9]\d{9})")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]0{1,2}:00(?::00)?)?")
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL_FROM = date(1899, 12, 30)  # day 0 of Excel's calendar
_ROLE_GLUE = re.compile(r"[、,;/|+&\s]+")
TEXT_FIRST = "把这一列设为文本格式后重填"


@dataclass(frozen=True, slots=True)
class Told:
    """A value read from a cell, or the words about why not."""

    value: str = ""
    problem: str = ""
    what_to_do: str = ""
    note: str = ""  # the value stands, and this is worth saying


def half(text: str) -> str:
    """Full-width digits and signs as half-width ones."""
    return unicodedata.normalize("NFKC", text).strip()


def read_name(text: str) -> tuple[Told, str]:
    """A name, and what stood in brackets behind it: 王伟（东头）."""
    plain, aside = half(text), ""
    if found := _BRACKETED.match(plain):
        plain, aside = found[1].strip(), found[2].strip()
    plain = re.sub(r"[•・‧∙●.．]", "·", plain) if not plain.isascii() else plain
    if not plain.isascii():
        plain = re.sub(r"\s+", "", plain)
    if not plain:
        return Told(problem="没有填姓名", what_to_do="补上姓名，或删掉这一行"), aside
    if not _NAME.fullmatch(plain):
        return Told(
            problem=f"“{plain[:12]}”不像姓名", what_to_do="只写姓名，别的话写到备注列"
        ), aside
    return Told(plain), aside


def read_id_number(text: str) -> Told:
    """An 18-digit identity number, its X upper case."""
    plain = re.sub(r"[\s\-']+", "", half(text)).upper().replace("Х", "X").replace("×", "X")
    if not plain:
        return Told()
    if _SCIENTIFIC.fullmatch(plain):
        return Told(problem="变成了科学计数，后几位已经丢了", what_to_do=TEXT_FIRST)
    fault = id_number_fault(plain)
    if not fault:
        return Told(plain)
    shown = Sealer.mask_id_number(plain)
    return Told(problem=f"{shown} {fault}", what_to_do="对照证件改正；没有证件就空着")


def read_phone(text: str) -> Told:
    """A phone number, digits only; the first good one where a cell holds several."""
    plain = half(text)
    if not plain:
        return Told()
    if _SCIENTIFIC.fullmatch(plain):
        return Told(problem="变成了科学计数", what_to_do=TEXT_FIRST)
    whole = _digits(plain)
    if _is_phone(whole):
        return Told(whole)
    parts = [_digits(part) for part in _BETWEEN.split(plain)]
    good = [part for part in parts if _is_phone(part)]
    if good:
        note = f"有几个号码，只记第一个（尾号 {good[0][-4:]}）" if len(parts) > 1 else ""
        return Told(good[0], note=note)
    if len(whole) == 10 and whole.isdecimal() and whole[0] == "1":
        return Told(problem="少一位，只有 10 位", what_to_do="补齐 11 位手机号；不知道就空着")
    return Told(
        problem=f"“{Sealer.mask_phone(whole)[:20]}”不是电话号码",
        what_to_do="填 11 位手机号，或带区号的座机；不知道就空着",
    )


def _digits(text: str) -> str:
    digits = _PHONE_GLUE.sub("", text)
    return re.sub(r"^(?:\+86|0086|86(?=1\d{10}$))", "", digits)


def _is_phone(text: str) -> bool:
    return bool(_MOBILE.fullmatch(text) or _LANDLINE.fullmatch(text))


def read_day(text: str, id_number: str, today: date) -> tuple[date | None, Told]:
    """Date of birth, checked against the identity number where there is one."""
    by_number = born_on(id_number) if id_number else None
    plain = half(text)
    if not plain:
        return by_number, Told()
    day = _day(plain)
    if day is None:
        if by_number or re.fullmatch(r"\d{4}(?:[-/.年]\d{0,2}月?)?", plain):  # a month is no day
            return by_number, Told()
        return None, Told(
            problem=f"“{plain[:12]}”不是日期", what_to_do="写成 1950-01-31 这样；不知道就空着"
        )
    if day > today or day.year < 1880:
        return None, Told(problem=f"{day} 不可能是生日", what_to_do="改正；不知道就空着")
    if by_number and by_number != day:
        return None, Told(
            problem="和身份证号里的出生日期对不上",
            what_to_do="对照证件改正其中一个；拿不准就空着这一格",
        )
    return day, Told()


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(text) or _EIGHT.fullmatch(text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    if re.fullmatch(r"[3-9]\d{3}|[1-6]\d{4}", text):  # days since 1900: a date cell shown as number
        return _SERIAL_FROM + timedelta(days=int(text))
    return None


def read_flag(text: str, column: str, words: Words) -> tuple[bool | None, Told]:
    """Yes, no, or nothing said; a yes may also be the heading's own word (独居 under 独居)."""
    plain = bare(text) or half(text)
    if not plain:
        return None, Told()
    if plain in words.yes or plain == bare(column):
        return True, Told()
    if plain in words.no:
        return False, Told()
    return None, Told(problem=f"“{text[:8]}”看不出是或否", what_to_do="填“是”或“否”，不知道就空着")


def read_relation(text: str, id_number: str, words: Words) -> tuple[str, bool]:
    """The kinship word as the house says it, and whether it is the householder."""
    plain = half(text).replace(" ", "")
    plain = (
        re.sub(r"^(?:与?户主(?:的|之)?|之)(?=.)", "", plain) if plain not in words.heads else plain
    )
    if plain in words.heads or plain in words.yes:
        return "", True
    if plain in words.no:
        return "", False
    plain = words.spoken.get(plain, plain)
    if id_number and plain == words.spoken.get("配偶"):
        plain = words.spouses[0] if is_male(id_number) else words.spouses[1]
    return plain[:12], False


def read_roles(text: str, words: Words) -> tuple[tuple[RoleName, ...], tuple[str, ...]]:
    """The roles of a cell, and the words that are none that we know."""
    roles: list[RoleName] = []
    unknown: list[str] = []
    whole = bare(text)
    parts = [whole] if whole in words.roles else [bare(p) for p in _ROLE_GLUE.split(half(text))]
    for part in parts:
        if part in words.roles:
            roles.append(ROLE_WORDS[words.roles[part]])
        elif part and part not in words.no_roles:
            unknown.append(part[:12])
    return tuple(dict.fromkeys(roles)), tuple(unknown)
