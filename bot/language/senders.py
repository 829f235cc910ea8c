"""What a display name says of its bearer: his own names, and those of his children."""

from collections.abc import Collection
from functools import lru_cache

from bot.language.normalise import is_han
from bot.language.words import list_of

UNITS = list_of("小队 号楼 单元 大队 组长 组 队 栋 村 屯 社 号 楼")
TITLES = list_of("网格员 村医 会计 书记 主任 老师 司机 大夫 单位 楼长")
PARENTS = list_of(
    "他姐 他哥 他弟 他妹 她哥 她姐 他婆 他公 他姥 他姥姥 她爹 她娘 她奶 婆婆 他爸 他妈 他爹 他娘 "
    "他奶 他爷 她爸 她妈 爸爸 妈妈 奶奶 爷爷 姥姥 姥爷 爸 妈 爹 娘 奶 爷"
)


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
                forms.add(tail)
            elif head and title != form and len(head) >= 2:
                forms.add(head)
    return tuple(sorted((f for f in forms if len(f) >= 2 and is_han(f)), key=len, reverse=True))


@lru_cache(maxsize=4096)
def children_of(sender: str) -> tuple[str, ...]:
    """Names inside a display name that are somebody else's: 宝柱 of 宝柱他爹."""
    for tail in PARENTS:
        head = sender.removesuffix(tail)
        if head != sender and 2 <= len(head) <= 4 and is_han(head):
            return (head,)
    return ()


def is_sender(name: str, own: Collection[str]) -> bool:
    """Whether a name written in the message is the sender's own."""
    return any(name == form or (len(name) >= 2 and form.endswith(name)) for form in own)
