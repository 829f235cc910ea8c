"""Reads one line after another."""

import re
from itertools import pairwise

from bot.language.drafts import QUIET, Draft, Message
from bot.language.headings import Headings
from bot.language.people import Kind, mentions
from bot.language.relay import numbers_in
from bot.language.scan import Scan
from bot.language.tokens import Token
from bot.language.words import BIT

DOOR = re.compile(r"\d{1,3}-\d{2,4}(?:室|房|户)?")
YOUNG = frozenset("一二三四五六七八九十123456789") | {"10", "11", "12", "十一", "十二"}
ADDRESS = frozenset(["门牌", "门牌号", "房号", "户号"])
PRICED = BIT["goods"] | BIT["money"]


def lone_signs(lines: list[list[Token]]) -> None:
    """毛 inside 毛巾 is no money: one sign of an unknown word says nothing of its own."""
    for line in lines:
        for before, token, after in zip(line, line[1:], line[2:], strict=False):
            inside = len(token.text) == 1 and "char" in (before.kind, after.kind)
            if inside and before.number is None:
                token.bits &= ~PRICED
        for token, after, then in zip(line, line[1:], line[2:], strict=False):
            single = len(token.text) == 1 and token.bits & BIT["heat"] and after.kind == "char"
            if single and (then.number is not None or then.kind == "space" or then.text == "是"):
                token.bits &= ~BIT["heat"]  # 雪梅, 老羊倌


def doors(lines: list[list[Token]]) -> None:
    """1-1, 1-2, 2-2 at the heads of a list are doors where one of them can be no day just past."""
    heads = [line[0] for line in lines if line[0].kind == "date" and "-" in line[0].text]
    if any(head.day is None or not -14 <= head.day <= 0 for head in heads):
        for head in heads:
            head.kind, head.day = "flat", None


class LineReader(Headings):
    """Reads lines in order; headings hold for the lines under them."""

    def _cells(self, line: list[Token]) -> None:
        """男 and 女 in a row of their own are no relatives; 101 at the head of a row is a flat."""
        for one, two in pairwise(line):
            if one.text.endswith("岁") and two.text in (
                "上",
                "时",
                "那年",
                "那会儿",
                "时候",
                "那会",
                "的时候",
            ):
                two.bits |= BIT["story"]
        seps = ("space", "punct", "comma")
        for at, token in enumerate(line):
            if (
                token.text in ("男", "女")
                and at
                and (line[at - 1].kind in seps or line[at - 1].text in "/|-")
                and (
                    at + 1 < len(line) and (line[at + 1].kind in seps or line[at + 1].text in "/|-")
                )
                and any(t.kind == "name" for t in line[:at])
            ):
                token.bits, token.kind = BIT["particle"], "word"
        for one, two in pairwise(line):
            if one.text in ADDRESS and two.kind in ("num", "code"):
                for token in (one, two):
                    token.kind, token.bits, token.number = "punct", 0, None
        shown = [t for t in line if t.kind != "space"]
        if len(shown) > 1 and shown[0].text == "*" and shown[1].number is not None:
            shown[0].kind, shown[0].bits = "punct", BIT["slip"]  # *36.4 mends what was just sent
            self.message.bits |= BIT["slip"]
        for one, two, three in zip(line, line[1:], line[2:], strict=False):
            if (
                one.bits & BIT["self"]
                and two.kind == "num"
                and two.text in YOUNG
                and three.text in ("岁", "岁出", "岁发")
            ):
                three.bits |= BIT["story"]
        for one, two in pairwise(line):
            age = two.text.removesuffix("岁")
            if one.bits & BIT["self"] and age != two.text and age in YOUNG:
                two.bits |= BIT["story"]  # 我八岁出疹子烧到41度
        if any(a.text == "额" and b.bits & BIT["kin"] for a, b in pairwise(line)):
            for token in line:
                if token.text == "额":  # 额娃37度2，额36度4: so they say 我 in the north-west
                    token.bits = BIT["self"] | BIT["wo"]
        shown = [t for t in line if t.kind != "space"]
        if self.message.shape.is_list and shown and DOOR.fullmatch(shown[0].text):
            shown[0].kind, shown[0].number, shown[0].day = "flat", None, None
        if self.message.shape.is_list and len(shown) > 1 and shown[0].kind == "num":
            head = shown[0]
            if (
                head.text.isdigit()
                and len(head.text) in (3, 4)
                and (
                    shown[1].number is not None
                    or (shown[1].kind != "num" and len(numbers_in(line)) >= 1)
                )
            ):
                head.kind, head.number = "flat", None

    def read(self, line: list[Token], number: int) -> list[Draft]:
        """Drafts of all numbers in the line."""
        self._cells(line)
        found = mentions(line, self.message.own)
        scan = Scan(self, line, number, found)
        drafts = scan.run()
        if not any(d.verdict.outcome != "no" for d in drafts):
            if not numbers_in(line) or (
                self.message.shape.is_list and number < self.message.shape.first
            ):
                self.heading(line)
            if (
                self.message.shape.is_list
                and len(found) == 1
                and found[0].kind in (Kind.NAME, Kind.KIN, Kind.SELF)
            ):
                shown = [t for t in line if t.kind not in QUIET]
                if len(shown) == found[0].last - found[0].first + 1:
                    self.head_person = found[0]
        return drafts


__all__ = ["Draft", "LineReader", "Message", "doors", "lone_signs"]
