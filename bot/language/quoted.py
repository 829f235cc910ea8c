"""Whom a quoted question asks about, for an answer that names nobody."""

import re
from datetime import date

from bot.language.people import Kind, Mention, mentions, own_names
from bot.language.tokens import cut
from bot.language.words import mask

ASKS = mask("question temp verb unmeasured request")
# 你家二柱今天多少度: a name by which only the village knows the child
YOUR_CHILD = re.compile(
    "(?:你家|您家|你屋|恁家)([\u4e00-\u9fff]{2})(?=今天|今早|今晚|昨|现在|多少|几度|咋样|退|烧|还|体温)"
)
ADDRESSED = re.compile(r"@[^\s@,:]{1,12}\s")
ASKING = ("没", "没有", "吗", "么", "呢", "不", "?", "嘛", "咋样", "怎么样", "哈")
YOURS = ("你们家", "你家", "您家", "你屋", "恁家", "你", "您", "恁")


def asked_person(quoted: str, sender: str, sent_on: date) -> Mention | None:
    """莫叔你母亲今天多少度: 母亲. None where the question is put to the sender himself."""
    _, _, words = quoted.rpartition(":") if quoted.count(":") == 1 else ("", "", quoted)
    words = ADDRESSED.sub("", words)
    words = words.rstrip('」”"。.!~ ')
    own = own_names(sender)
    tokens = cut(words[:200], sent_on, frozenset(), own)
    bits = 0
    for token in tokens:
        bits |= token.bits
    if (
        not words.endswith(ASKING)
        and not bits & ASKS
        and "多少" not in words
        and "几度" not in words
        and "几多" not in words
    ):
        return None
    found = [
        m for m in mentions(tokens, own) if m.kind in (Kind.KIN, Kind.NAME, Kind.YOU, Kind.SELF)
    ]
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
    addressed = only.last + 1 < len(tokens) and tokens[only.last + 1].kind in ("comma", "space")
    return None if addressed or _is_called_so(only.who[0], sender) else only


def _is_called_so(name: str, sender: str) -> bool:
    """王婶家还没报呢 asks 王婶."""
    return name in sender or name.removesuffix("家") in sender
