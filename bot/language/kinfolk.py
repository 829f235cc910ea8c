"""Names and kinship words with what belongs to them: 张三家, 张三他妈, 孩子他爸, 老伴李桂兰."""

from bot.language.families import KIN, Families, Kind, Mention, count_of
from bot.language.meaning import SELF
from bot.language.senders import is_sender
from bot.language.turns import turn
from bot.language.words import BIT, word_set

CHILD = turn("child")
TITLE = BIT["title"]
FAMILY = turn("family")
HOMES = ("家", "一家")
# 大的36.7，小的36.9: children only where a number or a word of measuring follows.
SIZED = turn("sized")
SON = word_set("女 男 子 儿")  # behind a name these are the end of it, or tell its sex
HIS = word_set("他 她 的 它")
PRONOUNS = word_set("他 她")  # 对象他妈, 老伴她姐


class Kinfolk(Families):
    """Reads on from a name or a kinship word."""

    def _name(self, at: int, first: int | None = None) -> Mention:
        """The name at this place, with its title, its home or its relative."""
        start = at if first is None else first
        name, last = self.tokens[at].text, at
        if self._bits(last + 1) & TITLE and not self._bits(last + 1) & KIN:
            last += 1
        home = self._counted_home(name, start, last + 1) or self._home(name, start, last + 1)
        return home or self._relative_of(name, start, last + 1) or self._alone(name, start, last)

    def _alone(self, name: str, start: int, last: int) -> Mention:
        modest = name[1:] in ("某", "某某", "某人") and any(name[0] in own for own in self.own)
        if modest or is_sender(name, self.own):
            return Mention(Kind.SELF, (SELF,), start, last)
        return Mention(Kind.NAME, (name,), start, last)

    def _counted_home(self, name: str, start: int, after: int) -> Mention | None:
        """王大勇一家3口, 王大勇 家里5个人."""
        at = after + (self._kind(after) == "space")
        said = self._text(at)
        if self._kind(at) != "count" or "家" not in said[:2]:
            return None
        home = "一家" if at == after and said.startswith("一家") else "家"
        return Mention(Kind.FAMILY, (name + home,), start, at, count_of(said))

    def _home(self, name: str, start: int, after: int) -> Mention | None:
        """王大勇家, 王大勇家老二, 王大勇家俩孩子."""
        home = self._text(after)
        if home not in FAMILY:
            return None
        inner = self._skip_owning(after + 1)
        if self._bits(inner) & KIN:
            return self._kin(inner, start, name, name + home)
        if self._kind(inner) == "countkin" and (counted := self._counted(inner)):
            who = (name + home + counted.who[0],)
            return Mention(Kind.KIN, who, start, counted.last, counted.count, name)
        if home in HOMES and self._text(after + 1) in FAMILY:  # 蔺家两口子, 左家夫妻俩
            last = after + 1 + (self._text(after + 2) == "俩")
            couple = "".join(t.text for t in self.tokens[after + 1 : last + 1])
            return Mention(Kind.FAMILY, (name + home + couple,), start, last)
        count, last = self._trailing_count(after)
        return Mention(Kind.FAMILY, (name + home,), start, last, count)

    def _relative_of(self, name: str, start: int, after: int) -> Mention | None:
        """宝柱他爹, 宝柱的爹, 宝柱爹; 铁蛋妈 may be the sender."""
        inner = self._skip_owning(after)
        relative = self._bits(inner) & KIN and not self._bits(inner) & BIT["split"]
        if self._kind(inner) == "word" and relative:
            glue = "".join(t.text for t in self.tokens[after:inner])
            if self._text(inner) not in SON and glue in ("", "的"):
                if is_sender(name + glue + self._text(inner), self.own):
                    return Mention(Kind.SELF, (SELF,), start, inner)
                return self._kin(inner, start, name, name + glue)
        owned = self._text(after) in PRONOUNS and self._bits(after + 1) & KIN
        if self._kind(after) == "word" and owned:
            return self._kin(after + 1, start, name, name + self._text(after))
        return None

    def _kin(self, at: int, first: int, owner: str, lead: str) -> Mention:
        """A kinship word at this place; lead is what stands before it and belongs to it."""
        said = _without_owner(self.tokens[at].text)
        surface, last = lead + said, at
        pronoun = self._text(at + 1) in PRONOUNS and self._bits(at + 2) & KIN
        pet = said[0] == said[-1] and len(said) == 2 and not self._bits(at) & TITLE  # 丫丫爸
        if self.tokens[at].text in CHILD or pronoun or pet:
            join, last = self._childs_parent(at)
            owner = said if join and pet and not owner else owner
            surface += join
        if not lead and surface in self.split:
            return Mention(Kind.KIN, self.split[surface], first, last, owner=owner)
        after = last + 1 + (self._text(last + 1) == "叫")
        if self._kind(after) == "name" and not self._bits(after) & KIN:
            named = self._name(after, first)
            if named.kind in (Kind.NAME, Kind.SELF):
                return named
        if surface in self.own or (len(surface) > 2 and is_sender(surface, self.own)):
            return Mention(Kind.SELF, (SELF,), first, last)
        if self._text(after) == "的" and not lead and self._relative(after + 1):
            who = (surface + "的" + self._text(after + 1),)
            return Mention(Kind.KIN, who, first, after + 1)
        home = self._text(last + 1)
        if home in HOMES and not owner:
            count, end = self._trailing_count(last + 1)
            inner = self._skip_owning(last + 2)
            if self._bits(inner) & KIN:
                return self._kin(inner, first, surface, surface + home)
            return Mention(Kind.FAMILY, (surface + home,), first, end, count)
        return Mention(Kind.KIN, (surface,), first, last, owner=owner)

    def _childs_parent(self, at: int) -> tuple[str, int]:
        """孩子他爸, 娃的奶奶: what stands behind the child, and where it ends."""
        join = self._text(at + 1) if self._text(at + 1) in HIS else ""
        inner = at + 1 + bool(join)
        parent = self._bits(inner) & KIN and self._text(inner) not in CHILD
        if parent and (join or self._kind(inner) == "word"):
            return join + self._text(inner), inner
        return "", at

    def _relative(self, at: int) -> bool:
        """幺爸的孙孙: a relative of more than one sign, and no 大的 or 女."""
        said = self._text(at)
        kin = self._kind(at) == "word" and bool(self._bits(at) & KIN)
        return kin and len(said) > 1 and said not in SIZED


def _without_owner(said: str) -> str:
    """我家那位 is 那位, 俺屋里的 is 屋里的."""
    if len(said) < 3 or said[0] not in "我俺咱":
        return said
    rest = said[1:]
    return rest.removeprefix("家") if rest[0] == "家" and rest != "家属" else rest
