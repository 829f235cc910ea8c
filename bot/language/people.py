"""Finds who is spoken of: names, kinship, whole families, and whose relative somebody is."""

from collections.abc import Collection
from dataclasses import replace

from bot.language.families import KIN, Families, Kind, Mention, count_of
from bot.language.meaning import HOUSEHOLD, SELF
from bot.language.senders import children_of, is_sender, own_names
from bot.language.tokens import Token
from bot.language.words import BIT, mask, word_set

CHILD = word_set("孩子 孩儿 娃 娃儿 宝宝 孩 小孩 娃娃 孩子们 宝贝")
TITLE, JOB = BIT["title"], BIT["job"]
PRONOUN = mask("self wo household you third pair triple others")
PEOPLE = PRONOUN | mask("office kin job")
BEFORE_NUMBER = mask(
    "link verb temp all day period now about fever over under third high unmeasured"
)
PEOPLED = frozenset(["name", "countkin", "count", "flat"])  # kinds of tokens that may be people
SMALL = word_set("公 婆 儿 子 宝 妮 丫 娃 女 夫 妻 胖")
FAMILY = frozenset(["家", "一家", "全家", "一家人", "家里", "家人", "一家子"])
# 大的36.7，小的36.9: children only where a number or a word of measuring follows.
SIZED = word_set(
    "细的 细的那个 最细的 大的 小的 老的 大的那个 小的那个 大那个 小那个 最小的 最小的那个 中间那个"
)
FATHER = frozenset(["大", "达"])  # 俺大, 俺达: so they call their father in Henan and Shaanxi
# One sign that is a relative only where something is measured or a 我 stands before it.
BARE_KIN = frozenset("姥宝奶子女公婆仔夫妻父母兄")
HIMSELF = frozenset(["自己", "自个儿", "自个", "本人"])
NAME_LABELS = word_set("姓名 名字 户主 填报人 报告人 本人姓名")


class Finder(Families):
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
        if token.text == "人" and (not at or self._kind(at - 1) in ("comma", "stop", "space")):
            beast = any(t.bits & BIT["heat"] and not t.bits & BIT["place"] for t in self.tokens)
            if self._measured_next(at + 1) and not beast:
                return Mention(Kind.SELF, (SELF,), at, at)
            return None
        named = self._kind(at + 1) == "name"
        if token.text in BARE_KIN and not (named or self._measured_next(at + 1)):
            return None
        if token.text in SIZED and not self._measured_next(at + 1):
            return None
        if token.text in ("崽", "仔", "崽崽") and any(
            t.bits & BIT["heat"] and not t.bits & BIT["place"] for t in self.tokens[:at]
        ):
            return None  # 母猪下完崽39度2
        housed = token.text == "子" and at and self._bits(at - 1) & BIT["household"]
        if token.text in ("儿", "子") and at and (housed or not self._may_own(at - 1)):
            return None  # 阴凉地儿
        if bits & KIN:
            if self._bits(at + 1) & BIT["device"] and self._text(at + 1) not in ("表", "枪"):
                return None  # 我家那个温度计
            if at and (
                (len(token.text) == 1 and self._kind(at - 1) == "char")
                or (token.text in SMALL and self._bits(at - 1) & mask("heat goods common"))
                or (len(token.text) == 1 and self._bits(at - 1) & BIT["heat"])
            ):
                return None  # 迎儿, 柱子, 娟姐: the end of a nickname
            return self._kin(at, at, "", "")
        if bits & JOB:
            if self._kind(at + 1) == "name":
                return self._name(at + 1, at)
            return Mention(Kind.JOB, (token.text,), at, at)
        return None

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

    def _name(self, at: int, first: int | None = None) -> Mention:
        token = self.tokens[at]
        start = at if first is None else first
        name, last = token.text, at
        if self._bits(last + 1) & TITLE and not self._bits(last + 1) & KIN:
            last += 1
        after = last + 1
        if self._kind(after) == "count" and "家" in self._text(after)[:2]:
            said = self._text(after)
            family = "一家" if said.startswith("一家") else "家"
            return Mention(Kind.FAMILY, (name + family,), start, after, count_of(said))
        if (
            self._kind(after) == "space"
            and self._kind(after + 1) == "count"
            and ("家" in self._text(after + 1)[:2])
        ):
            return Mention(
                Kind.FAMILY, (name + "家",), start, after + 1, count_of(self._text(after + 1))
            )
        if self._text(after) in FAMILY:
            home = self._text(after)
            inner = self._skip_owning(after + 1)
            if self._bits(inner) & KIN:
                return self._kin(inner, start, name, name + home)
            if self._kind(inner) == "countkin":
                counted = self._counted(inner)
                if counted:
                    return Mention(Kind.KIN, (name + home + counted.who[0],), start, counted.last,
                                   counted.count, name)  # fmt: skip
            count, last = self._trailing_count(after)
            return Mention(Kind.FAMILY, (name + home,), start, last, count)
        inner = self._skip_owning(after)
        if (
            self._kind(inner) == "word"
            and self._bits(inner) & KIN
            and not self._bits(inner) & BIT["split"]
        ):
            glue = "".join(t.text for t in self.tokens[after:inner])
            if self._text(inner) not in ("女", "男", "子", "儿") and (
                inner == after or glue == "的"
            ):
                if is_sender(name + glue + self._text(inner), self.own):
                    return Mention(Kind.SELF, (SELF,), start, inner)
                return self._kin(inner, start, name, name + glue)
        if (
            self._kind(after) == "word"
            and self._text(after) in ("他", "她")
            and self._bits(after + 1) & KIN
        ):
            return self._kin(after + 1, start, name, name + self._text(after))
        if is_sender(name, self.own):
            return Mention(Kind.SELF, (SELF,), start, last)
        return Mention(Kind.NAME, (name,), start, last)

    def _kin(self, at: int, first: int, owner: str, lead: str) -> Mention:
        """A kinship word at this place; lead is what stands before it and belongs to it."""
        token = self.tokens[at]
        said = token.text
        if said[-2:] == "那位" and len(said) > 2 and said[0] in "我俺咱":
            said = said[-2:]  # 我家那位
        elif said[0] in "我俺咱" and said[1:3] in ("屋里", "屋头"):
            said = said[1:]  # 俺屋里的
        surface, last = lead + said, at
        if token.text in CHILD:
            join = self._text(last + 1) if self._text(last + 1) in ("他", "她", "的", "它") else ""
            inner = last + 1 + bool(join)
            if (
                self._bits(inner) & KIN
                and (join or self._kind(inner) == "word")
                and (self._text(inner) not in CHILD)
            ):
                surface += join + self._text(inner)
                last = inner
        if not lead and surface in self.split:
            return Mention(Kind.KIN, self.split[surface], first, last, owner=owner)
        nxt = last + 1
        if self._text(nxt) == "叫":
            nxt += 1
        if self._kind(nxt) == "name" and not self._bits(nxt) & KIN:
            named = self._name(nxt, first)
            if named.kind in (Kind.NAME, Kind.SELF):
                return named
        if surface in self.own or (len(surface) > 2 and is_sender(surface, self.own)):
            return Mention(Kind.SELF, (SELF,), first, last)
        if self._text(nxt) == "的" and not lead and self._relative(nxt + 1):
            return Mention(Kind.KIN, (surface + "的" + self._text(nxt + 1),), first, nxt + 1)
        if self._text(last + 1) in ("家", "一家") and not owner:
            count, end = self._trailing_count(last + 1)
            inner = self._skip_owning(last + 2)
            if self._bits(inner) & KIN:
                return self._kin(inner, first, surface, surface + self._text(last + 1))
            return Mention(Kind.FAMILY, (surface + self._text(last + 1),), first, end, count)
        return Mention(Kind.KIN, (surface,), first, last, owner=owner)

    def _relative(self, at: int) -> bool:
        """幺爸的孙孙: a relative of more than one sign, and no 大的 or 女."""
        return (
            self._kind(at) == "word"
            and bool(self._bits(at) & KIN)
            and len(self._text(at)) > 1
            and self._text(at) not in SIZED
        )

    def _pronoun(self, at: int, bits: int) -> Mention | None:
        token = self.tokens[at]
        inner = self._skip_owning(at + 1)
        if bits & BIT["others"] and at and self._text(at - 1) in ("没", "没有", "无", "不跟", "冇"):
            return None
        if bits & BIT["others"]:
            count, last = self._trailing_count(at)
            return Mention(Kind.OTHERS, (HOUSEHOLD,), at, last, count)
        if self._kind(inner) == "countkin" and not bits & BIT["you"]:
            counted = self._counted(inner)
            if counted:
                return Mention(Kind.KIN, counted.who, at, counted.last, counted.count)
        if bits & mask("wo self third you household"):
            if self._bits(inner) & BIT["device"]:
                return None
            noble = token.text == "其" or self._kind(inner + 1) == "name"
            if (
                self._kind(inner) == "word"
                and self._bits(inner) & KIN
                and (noble or self._text(inner) not in ("子", "儿"))
            ):
                lead = token.text if bits & BIT["you"] else ""
                return self._kin(inner, at, "", lead)
            if (bits & mask("wo household") and inner > at + 1) or bits & BIT["wo"]:
                middle = self._bits(inner) & mask("you third")
                if middle and self._bits(inner + 1) & KIN:
                    return self._kin(
                        inner + 1, at, "", self._text(inner) if middle & BIT["you"] else ""
                    )
            if (
                self._text(inner) in FATHER
                and bits & BIT["self"]
                and self._measured_next(inner + 1)
            ):
                return Mention(Kind.KIN, (self._text(inner),), at, inner)
            if (
                self._kind(inner) == "name"
                and (inner > at + 1 or bits & mask("household third"))
                and (not bits & BIT["you"])
            ):
                return self._name(inner, at)
        if bits & mask("pair triple"):
            return Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), at, at, 2 if bits & BIT["pair"] else 3)
        if bits & BIT["household"]:
            count, last = self._trailing_count(at)
            return Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), at, last, count)
        if bits & BIT["self"]:
            nxt = at + 1
            if self._text(nxt) in ("是", "叫") and self._kind(nxt + 1) in ("word", "name"):
                role = self._at(nxt + 1, [])
                if role is not None and role.kind in (Kind.KIN, Kind.NAME, Kind.SELF):
                    return Mention(Kind.SELF, (SELF,), at, role.last)
            if self._kind(nxt) == "name" and self._is_own(self._text(nxt)):
                return Mention(Kind.SELF, (SELF,), at, nxt)
            return Mention(Kind.SELF, (SELF,), at, at)
        if bits & BIT["you"]:
            return Mention(Kind.YOU, (token.text,), at, at)
        return Mention(Kind.THIRD, (token.text,), at, at)


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
