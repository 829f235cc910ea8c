"""What a display name says of its bearer: his own names, and those of his children."""

import re
from collections.abc import Collection
from functools import lru_cache

from bot.language.normalise import is_han
from bot.language.words import list_of

UNITS = list_of("小队 号楼 单元 大队 组长 组 队 栋 村 屯 社 号 楼")
TITLES = list_of("网格员 村医 会计 书记 主任 老师 司机 大夫 单位 楼长")
# 宝柱他爹, 付梓涵妈妈, 栾可心家长, 苗苗她姨. 娟姐 and 杏花婶 are what people are called themselves.
PARENT = re.compile(
    r"(?:家长|监护人|[他她](?:姑|姨|舅|叔|婶|哥|姐|弟|妹)|的?[他她]?(?:爸爸|妈妈|妈咪|爹爹|奶奶|爷爷"
    r"|姥姥|姥爷|外公|外婆|婆婆|公公|姑姑|姑妈|姨妈|小姨|舅舅|舅妈|叔叔|婶婶|哥哥|姐姐|爸|妈|爹|娘|奶|爷))$"
)
NO_CHILD = "大小老二三四五六七八九幺家"  # ends of what stands before a title: 李大爷, 刘家奶奶
LONGEST_NAME = 4


@lru_cache(maxsize=4096)
def own_names(sender: str) -> tuple[str, ...]:
    """What the sender calls himself, longest first: 3组王大勇 is 王大勇, 网格员小田 is 小田."""
    forms = {sender}
    for part in sender.replace("（", "(").replace("）", ")").replace(")", "(").split("("):
        forms.add(part.strip())
    for joiner in "-—_·|/ 　":
        for form in tuple(forms):
            forms.update(part for part in form.split(joiner))
    for form in tuple(forms):
        rest = form.lstrip("0123456789一二三四五六七八九十第")
        for unit in UNITS:
            if rest != form and rest.startswith(unit):
                forms.add(rest[len(unit) :])
        for title in TITLES:
            head, _, tail = form.partition(title)
            if tail:
                forms.update((tail, head + title) if head else (tail,))  # 小关老师关佳琪
            elif head and title != form and len(head) >= 2:
                forms.add(head)
    return tuple(sorted((f for f in forms if len(f) >= 2 and is_han(f)), key=len, reverse=True))


@lru_cache(maxsize=4096)
def children_of(sender: str) -> tuple[str, ...]:
    """Names inside a display name that are somebody else's: 宝柱 of 宝柱他爹, 付梓涵 and 梓涵."""
    behind = PARENT.search(sender)
    name = sender[: behind.start()] if behind else ""
    if not 2 <= len(name) <= LONGEST_NAME or not is_han(name) or name[-1] in NO_CHILD:
        return ()
    if len(name) == 2 or name[0] in "小阿大":
        return (name,)
    return (name, name[2 if len(name) == LONGEST_NAME else 1 :])


def is_sender(name: str, own: Collection[str]) -> bool:
    """Whether a name written in the message is the sender's own."""
    old = name[:2] if name[0] == "老" and name[2:] in ("头", "头子") else name
    return any(form == name or (len(name) >= 2 and form.endswith((name, old))) for form in own)
