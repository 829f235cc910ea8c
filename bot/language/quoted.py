"""Whom a quoted question asks about, for an answer that names nobody."""

import re
from datetime import date

from bot.language.meaning import HOUSEHOLD
from bot.language.people import Kind, Mention, children_of, mentions, own_names
from bot.language.tokens import Token, cut
from bot.language.words import mask

ASKS = mask("question temp verb unmeasured request")
# 你家二柱今天多少度: a name by which only the village knows the child
YOUR_CHILD = re.compile(
    "(?:你家|您家|你屋|恁家)([\u4e00-\u9fff]{2})(?=今天|今早|今晚|昨|现在|多少|几度|咋样|退|烧|还|体温)"
)
ADDRESSED = re.compile(r"@[^\s@,:]{1,12}\s")
# 李逵你老婆多少度: of whom it asks stands behind the 你
YOUR = re.compile(
    "^.{0,8}?(?:你们家|你家|您家|你屋|恁家|你|您|恁)(?:家)?(?:那个|那位|的)?(?=[^们])"
)
EITHER = re.compile(r"(.)不\1")  # 烧不烧, 量没量
# 二柱他娘还烧不: a child of the village and his relative
HIS_KIN = re.compile("^([一-鿿]{2}(?:他|她))")
HOME = re.compile(
    "(?:你们家|你家|您家|你屋|恁家|家里|你们).{0,6}?(?:都|几|人|大家|全家|咋样|多少|量|测)"
)
ASKING = ("没", "没有", "吗", "么", "呢", "不", "?", "嘛", "咋样", "怎么样", "哈")
YOURS = ("你们家", "你家", "您家", "你屋", "恁家", "你", "您", "恁")


def asked_person(quoted: str, sender: str, sent_on: date) -> Mention | None:
    """莫叔你母亲今天多少度: 母亲. None where the question is put to the sender himself."""
    _, _, words = quoted.rpartition(":") if quoted.count(":") == 1 else ("", "", quoted)
    words = ADDRESSED.sub("", words)
    words = words.rstrip('」”"。.!~ ')
    own = own_names(sender)
    tokens = cut(words[:200], sent_on, frozenset(children_of(sender)), own)
    if quoted.startswith(sender + ":"):
        return _told_of(tokens)
    bits = 0
    for token in tokens:
        bits |= token.bits
    if (
        not words.endswith(ASKING)
        and not bits & ASKS
        and "多少" not in words
        and "几度" not in words
        and "几多" not in words
        and not EITHER.search(words)
    ):
        return None
    if (yours := _of_yours(words, sent_on)) is not None:
        return yours
    found = [
        m for m in mentions(tokens, own) if m.kind in (Kind.KIN, Kind.NAME, Kind.YOU, Kind.SELF)
    ]
    while len(found) > 1 and found[0].kind is Kind.SELF and _parted(tokens, found[0]):
        del found[0]  # 赵小兰 老人量了没有
    for mention in found:
        if mention.kind is not Kind.KIN:
            continue
        who = mention.who[0]
        lead = next((y for y in YOURS if who.startswith(y)), "")
        if lead:
            return Mention(Kind.KIN, (who.removeprefix(lead),), mention.first, mention.last)
    if (called := YOUR_CHILD.search(words)) is not None:
        return Mention(Kind.NAME, (called[1],), 0, 0)
    if any(m.kind in (Kind.YOU, Kind.SELF) for m in found) or len(found) != 1:
        return None
    only = found[0]
    owned = HIS_KIN.match(words) if only.kind is Kind.KIN else None
    if owned is not None and words.startswith(owned[1] + only.who[0]):
        return Mention(Kind.KIN, (owned[1] + only.who[0],), only.first, only.last)
    addressed = _parted(tokens, only)
    return None if addressed or _is_called_so(only.who[0], sender) else only


def _told_of(tokens: list[Token]) -> Mention | None:
    """「静雯：安安37.6」 quoted by 静雯 herself: the one person of whom she had reported."""
    found = [m for m in mentions(tokens, ()) if m.kind in (Kind.KIN, Kind.NAME)]
    return found[0] if len(found) == 1 else None


def _parted(tokens: list[Token], mention: Mention) -> bool:
    """Whether a mark or a blank stands behind the person."""
    after = mention.last + 1
    return after < len(tokens) and tokens[after].kind in ("comma", "space")


def _of_yours(words: str, sent_on: date) -> Mention | None:
    """李逵你老婆多少度, 小兰你家果果的爷爷呢: the relative right behind the 你; 你们家都多少度."""
    if (lead := YOUR.match(words)) is None:
        return None
    rest = words[lead.end() :]
    found = mentions(cut(rest[:100], sent_on, frozenset(), ()), ())
    if found and found[0].first == 0 and found[0].kind is Kind.KIN:
        return found[0]
    if not found and HOME.search(words) is not None and YOUR_CHILD.search(words) is None:
        return Mention(Kind.HOUSEHOLD, (HOUSEHOLD,), 0, 0)
    return None


def _is_called_so(name: str, sender: str) -> bool:
    """王婶家还没报呢 asks 王婶."""
    return name in sender or name.removesuffix("家") in sender
