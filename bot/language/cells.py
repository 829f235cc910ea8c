"""What a word of a line is by its neighbours alone: cells of a table, doors, ages, marks."""

import re
from itertools import pairwise

from bot.language.message import Message
from bot.language.relay import numbers_in
from bot.language.tokens import Token
from bot.language.words import BIT

AGE = "岁"
THEN = frozenset(["上", "时", "那年", "那会儿", "时候", "那会", "的时候"])  # 五岁那年
YOUNG = frozenset("一二三四五六七八九十123456789") | {"10", "11", "12", "十一", "十二"}
SEXES = frozenset(["男", "女"])
ADDRESS = frozenset(["门牌", "门牌号", "房号", "户号"])
DOOR = re.compile(r"\d{1,3}-\d{2,4}(?:室|房|户)?")
MORNINGS = frozenset(["早", "晨", "早上", "上"])
HEAT = BIT["heat"]
PRICED = BIT["goods"] | BIT["money"]


def lone_signs(lines: list[list[Token]]) -> None:
    """毛 inside 毛巾 is no money: one sign of an unknown word says nothing of its own."""
    for line in lines:
        for before, token, after in zip(line, line[1:], line[2:], strict=False):
            if len(token.text) > 1:
                continue
            inside = before.number is None and "char" in (before.kind, after.kind)
            if inside and token.bits & PRICED:
                token.bits &= ~PRICED
            named = token.kind == "char" and len(before.text) == 1
            if named and before.bits & HEAT and _ends_name(after):
                before.bits &= ~HEAT  # 雪梅, 老羊倌


def _ends_name(after: Token) -> bool:
    return after.number is not None or after.kind == "space" or after.text == "是"


def doors(lines: list[list[Token]]) -> None:
    """1-1, 1-2, 2-2 at the heads of a list are doors where one of them can be no day just past."""
    heads = [line[0] for line in lines if line[0].kind == "date" and "-" in line[0].text]
    if any(head.day is None or not -14 <= head.day <= 0 for head in heads):
        for head in heads:
            head.kind, head.day = "flat", None


def settle_cells(line: list[Token], message: Message) -> None:
    """Settles what the words of the line are; the tokens are changed in place."""
    texts = {token.text for token in line}
    if not texts.isdisjoint(SEXES):
        _sexes(line)
    if not texts.isdisjoint(ADDRESS):
        for one, two in pairwise(line):
            if one.text in ADDRESS and two.kind in ("num", "code"):
                for token in (one, two):
                    token.kind, token.bits, token.number = "punct", 0, None
    if AGE in message.said.text:
        _ages(line)
    if "中" in texts and not texts.isdisjoint(MORNINGS):
        _noons(line)
    if "额" in texts and any(a.text == "额" and b.bits & BIT["kin"] for a, b in pairwise(line)):
        for token in line:
            if token.text == "额":  # 额娃37度2，额36度4: so they say 我 in the north-west
                token.bits = BIT["self"] | BIT["wo"]
    if "*" not in texts and not message.shape.is_list:
        return
    shown = [t for t in line if t.kind != "space"]
    if len(shown) > 1 and shown[0].text == "*" and shown[1].number is not None:
        shown[0].kind, shown[0].bits = "punct", BIT["slip"]  # *36.4 mends what was just sent
        message.bits |= BIT["slip"]
    if message.shape.is_list and shown:
        _head(line, shown)


def _sexes(line: list[Token]) -> None:
    """男 and 女 in a cell of their own are no relatives."""

    def parted(at: int) -> bool:
        beside = line[at]
        return beside.kind in ("space", "punct", "comma") or beside.text in "/|-"

    for at in range(1, len(line) - 1):
        token = line[at]
        alone = token.text in SEXES and parted(at - 1) and parted(at + 1)
        if alone and any(t.kind == "name" for t in line[:at]):
            token.bits, token.kind = BIT["particle"], "word"


def _noons(line: list[Token]) -> None:
    """早36.5 中36.8: noon beside a morning, and no word of content."""
    for at, token in enumerate(line):
        if token.text == "中" and any(t.degrees for t in line[at + 1 : at + 3]):
            token.text, token.bits = "中午", BIT["period"]


def _ages(line: list[Token]) -> None:
    """五岁那年, 我八岁出疹子: what was long ago."""
    for at, token in enumerate(line):
        if not token.text.endswith(AGE):
            continue
        if at + 1 < len(line) and line[at + 1].text in THEN:
            line[at + 1].bits |= BIT["story"]
        age, owner = token.text.removesuffix(AGE), at - 1
        if not age and at and line[at - 1].kind == "num":
            age, owner = line[at - 1].text, at - 2
        if age in YOUNG and owner >= 0 and line[owner].bits & BIT["self"]:
            token.bits |= BIT["story"]


def _head(line: list[Token], shown: list[Token]) -> None:
    """8-101 and 101 at the head of a row are doors."""
    head = shown[0]
    if DOOR.fullmatch(head.text):
        head.kind, head.number, head.day = "flat", None, None
    elif len(shown) > 1 and head.kind == "num" and head.text.isdigit() and len(head.text) in (3, 4):
        reads_on = shown[1].number is not None
        if reads_on or (shown[1].kind != "num" and numbers_in(line)):
            head.kind, head.number = "flat", None
