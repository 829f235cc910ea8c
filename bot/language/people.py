"""Finds who is spoken of: names, kinship, whole families, and whose relative somebody is."""

from collections.abc import Collection
from dataclasses import replace

from bot.language.families import KIN, Kind, Mention
from bot.language.kinfolk import SIZED, Kinfolk
from bot.language.meaning import HOUSEHOLD, SELF
from bot.language.senders import children_of, is_sender, own_names
from bot.language.tokens import Token
from bot.language.turns import turn
from bot.language.words import BIT, mask, word_set

JOB = BIT["job"]
PRONOUN = mask("self wo household you third pair triple others")
PEOPLE = PRONOUN | mask("office kin job")
BEFORE_NUMBER = mask(
    "link verb temp all day period now about fever over under third high unmeasured"
)
PEOPLED = frozenset(["name", "countkin", "count", "flat"])  # kinds of tokens that may be people
USUAL = mask("standard question")
SMALL = turn("small_kin")
YOUNG = word_set("崽 仔 崽崽")  # of people and of beasts
FATHER = frozenset(["大", "达"])  # 俺大, 俺达: so they call their father in Henan and Shaanxi
# One sign that is a relative only where something is measured or a 我 stands before it.
BARE_KIN = frozenset("姥宝奶子女公婆仔夫妻父母兄媳婿孙")
SONS = frozenset(["其", "我", "俺", "额"])  # 其子, 我儿: one sign is enough for a son behind these
HIMSELF = frozenset(["自己", "自个儿", "自个", "本人"])
NAME_LABELS = turn("name_labels")
NO_OTHERS = word_set("没 没有 无 不跟 冇")


class Finder(Kinfolk):
    """Mentions of one line of tokens, left to right."""

    def find(self) -> list[Mention]:
        """All mentions in order."""
        found: list[Mention] = []
        at = 0
        while at < len(self.tokens):
            token = self.tokens[at]
            if token.kind not in PEOPLED and not token.bits & PEOPLE and token.text != "人":
                at += 1
                continue
            mention = self._at(at, found)
            if mention is None:
                at += 1
                continue
            if self._text(mention.last + 1) == "的" and self._text(mention.last + 2) == "人":
                at = mention.last + 1  # 怀着孩子的人: anyone
                continue
            if mention.kind in (Kind.KIN, Kind.NAME) and self._text(mention.last + 1) in HIMSELF:
                mention = replace(mention, last=mention.last + 1)
            found.append(mention)
            at = mention.last + 1
        return found

    def _at(self, at: int, found: list[Mention]) -> Mention | None:
        """The person whom the token at this place begins, if any."""
        token = self.tokens[at]
        kind, bits = token.kind, token.bits
        if kind == "name":
            return self._name(at)
        if kind == "countkin":
            return self._counted(at)
        if kind == "count":
            return self._count(at, found)
        if kind == "flat":
            return Mention(Kind.FLAT, (token.text,), at, at)
        if kind != "word" or not bits:
            return None
        if bits & PRONOUN:
            return self._pronoun(at, bits)
        if bits & BIT["office"] and not bits & (KIN | JOB):
            return Mention(Kind.OFFICE, (token.text,), at, at)
        if token.text == "人" and opens_clause(self.tokens, at):
            human = self._measured_next(at + 1) and (
                self._told_beside(at + 1) or not self._beasts(self.tokens)
            )
            return self._body(at, found) if human else None
        if self._is_no_relative(at):
            return None
        if bits & KIN:
            return self._kin(at, at, "", "")
        if not bits & JOB:
            return None
        if self._kind(at + 1) == "name":
            return self._name(at + 1, at)
        return Mention(Kind.JOB, (token.text,), at, at)

    def _is_no_relative(self, at: int) -> bool:
        """宝 not measured, 母猪下完崽39度2, 阴凉地儿, 我家那个温度计, the end of 娟姐."""
        text, bits, measured = self._text(at), self._bits(at), self._measured_next(at + 1)
        listed = self._text(at + 1) in ("/", "、") or (at and self._text(at - 1) in ("/", "、"))
        if text in BARE_KIN and not (measured or listed or self._kind(at + 1) == "name"):
            return True
        paired = any(t.text in SIZED for t in self.tokens[:at])  # 小的38.4，大的还没发作，36.7
        also = self._text(at + 1) == "也" and opens_clause(self.tokens, at)  # 小的也醒了，36度8
        if text in SIZED and not (measured or paired or also):
            return True
        if text in YOUNG and self._beasts(self.tokens[:at]):
            return True
        before = self._bits(at - 1) if at else 0
        if text in ("儿", "子") and at and (before & BIT["household"] or not self._may_own(at - 1)):
            return True
        if not bits & KIN:
            return False
        if text[-1] == "个" and self._bits(at + 1) & BIT["device"]:
            return True
        nickname = len(text) == 1 and at and self._kind(at - 1) == "char"
        thing = (len(text) == 1 and before & BIT["heat"]) or (
            text in SMALL and before & mask("heat goods common")
        )
        return bool(nickname or thing)

    def _told_beside(self, at: int) -> bool:
        """盆里水38，人36.7: a decimal right behind 人, where nobody asks what is usual."""
        number = self.tokens[at].number
        usual = any(t.bits & USUAL for t in self.tokens)
        return number is not None and number.exact and not usual

    @staticmethod
    def _beasts(tokens: list[Token]) -> bool:
        """Whether beasts or warm things are spoken of."""
        return any(t.bits & BIT["heat"] and not t.bits & BIT["place"] for t in tokens)

    def _may_own(self, at: int) -> bool:
        """Whether 儿 may be somebody's son behind this token."""
        token = self.tokens[at]
        return token.kind not in ("word", "char") or bool(
            token.bits & mask("self wo you third kin link and household all title")
        )

    def _is_own(self, name: str) -> bool:
        """我小宋 said by 宋小宝."""
        if is_sender(name, self.own):
            return True
        return len(name) == 2 and name[0] in "小老阿" and any(own[0] == name[1] for own in self.own)

    def _measured_next(self, at: int) -> bool:
        """Whether a temperature stands here, perhaps behind a few words of ours."""
        for place in range(at, min(at + 4, len(self.tokens))):
            token = self.tokens[place]
            if token.number is not None:
                return token.number.celsius is not None
            if token.kind != "space" and not token.bits & BEFORE_NUMBER:
                return False
        return False

    def _ends_person(self, at: int) -> bool:
        """俺大36.8, 额达额妈都是, 后晌36.8 俺大: whether a person ends right before this place."""
        last = at >= len(self.tokens) and any(t.number is not None for t in self.tokens)
        return last or bool(self._bits(at) & mask("wo kin and")) or self._measured_next(at)

    def _pronoun(self, at: int, bits: int) -> Mention | None:
        token = self.tokens[at]
        inner = self._skip_owning(at + 1)
        if bits & BIT["others"]:
            if at and self._text(at - 1) in NO_OTHERS:
                return None
            count, last = self._trailing_count(at)
            return Mention(Kind.OTHERS, (HOUSEHOLD,), at, last, count)
        if self._kind(inner) == "countkin" and not bits & BIT["you"]:
            counted = self._counted(inner)
            if counted:
                return Mention(Kind.KIN, counted.who, at, counted.last, counted.count)
        if bits & mask("wo self third you household"):
            if self._bits(inner) & BIT["device"]:
                return None
            relative = self._owned(at, inner, bits)
            if relative is not None:
                return relative
        if bits & BIT["pair"] and self._text(inner) == "大人":
            return Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), at, inner, 2)  # 俺俩大人36.5
        if bits & mask("pair triple"):
            return Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), at, at, 2 if bits & BIT["pair"] else 3)
        if bits & BIT["household"]:
            count, last = self._trailing_count(at)
            return Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), at, last, count)
        if bits & BIT["self"]:
            return self._self(at)
        kind = Kind.YOU if bits & BIT["you"] else Kind.THIRD
        return Mention(kind, (token.text,), at, at)

    def _owned(self, at: int, inner: int, bits: int) -> Mention | None:
        """我妈, 我家那个老头, 我他妈, 俺大, 我家李桂兰: the relative whom the pronoun owns."""
        you = bits & BIT["you"]
        noble = self._text(at) in SONS or self._kind(inner + 1) == "name"
        relative = self._kind(inner) == "word" and self._bits(inner) & KIN
        if relative and (noble or self._text(inner) not in ("子", "儿")):
            return self._kin(inner, at, "", self._text(at) if you else "")
        middle = self._bits(inner) & mask("you third")
        mine = bits & BIT["wo"] or (bits & BIT["household"] and inner > at + 1)
        if mine and middle and self._bits(inner + 1) & KIN:
            lead = self._text(inner) if middle & BIT["you"] else ""
            return self._kin(inner + 1, at, "", lead)
        if self._text(inner) in FATHER and bits & BIT["self"] and self._ends_person(inner + 1):
            return Mention(Kind.KIN, (self._text(inner),), at, inner)
        named = self._kind(inner) == "name" and not you
        if named and (inner > at + 1 or bits & mask("household third")):
            return self._name(inner, at)
        return None

    def _self(self, at: int) -> Mention:
        """我, 我是小宝他爸, 我宋小宝."""
        after = at + 1
        if self._text(after) in ("是", "叫") and self._kind(after + 1) in ("word", "name"):
            role = self._at(after + 1, [])
            if role is not None and role.kind in (Kind.KIN, Kind.NAME, Kind.SELF):
                return Mention(Kind.SELF, (SELF,), at, role.last)
        own = self._kind(after) == "name" and self._is_own(self._text(after))
        return Mention(Kind.SELF, (SELF,), at, after if own else at)


def opens_clause(tokens: list[Token], at: int) -> bool:
    """Whether a clause starts at this place."""
    return not at or tokens[at - 1].kind in ("comma", "stop", "space")


def named_in_form(lines: list[list[Token]]) -> Mention | None:
    """体温：36.5 姓名：寇俊峰: the name behind its label, where there is only one."""
    found: list[Mention] = []
    for line in lines:
        for at, token in enumerate(line):
            if token.text not in NAME_LABELS:
                continue
            rest = at + 1
            while rest < len(line) and (line[rest].text in ":=-" or line[rest].kind == "space"):
                rest += 1
            if rest < len(line) and line[rest].kind == "name":
                found.append(Mention(Kind.NAME, (line[rest].text,), rest, rest))
    return found[0] if len(found) == 1 else None


def mentions(tokens: list[Token], own: Collection[str]) -> list[Mention]:
    """All mentions of people in one line of tokens."""
    return Finder(tokens, own).find()


__all__ = [
    "Kind",
    "Mention",
    "children_of",
    "is_sender",
    "mentions",
    "named_in_form",
    "own_names",
]
