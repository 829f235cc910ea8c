"""亲属称呼 kinship: whom of a household a word means, from the speaker's own place in it.

A member's place is kept as the word by which the householder calls them. What another member says
is turned round: her 老伴 is he, a child's 爸 is the householder or the spouse, 孙子 said by either
grandparent is the same child.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kin(StrEnum):
    """A relation, with the sex where the word tells it."""

    SELF = "self"
    SPOUSE = "spouse"
    SON = "son"
    DAUGHTER = "daughter"
    CHILD = "child"
    SON_IN_LAW = "son_in_law"
    DAUGHTER_IN_LAW = "daughter_in_law"
    GRANDSON = "grandson"
    GRANDDAUGHTER = "granddaughter"
    GRANDCHILD = "grandchild"
    FATHER = "father"
    MOTHER = "mother"
    FATHER_IN_LAW = "father_in_law"
    MOTHER_IN_LAW = "mother_in_law"
    GRANDFATHER = "grandfather"
    GRANDMOTHER = "grandmother"
    BROTHER = "brother"
    SISTER = "sister"


_WORDS: Mapping[Kin, str] = MappingProxyType(
    {
        Kin.SPOUSE: "老伴 老伴儿 老头 老头儿 老头子 老太婆 老婆子 老公 老婆 丈夫 妻子 "
        "爱人 对象 当家的 掌柜的 "
        "孩子他爸 孩子他爹 孩子他妈 孩他爸 孩他妈 孩子爸 孩子妈 娃他爸 娃他妈 "
        "娃他爹 他爸 他爹 她妈 他妈 屋里的 屋里人 "
        "家里那口子 那口子 我们那口子 先生 太太 内人 外头人",
        Kin.SON: "儿子 儿 小子 大小子 二小子 老小子 娃子",
        Kin.DAUGHTER: "闺女 女儿 姑娘 丫头 女娃 妮子 妮儿 囡囡 幺妹",
        Kin.CHILD: "孩子 娃 娃娃 小孩 小孩儿 孩儿 宝宝 崽 崽崽 细伢子",
        Kin.SON_IN_LAW: "女婿 姑爷",
        Kin.DAUGHTER_IN_LAW: "儿媳妇 儿媳 媳妇 媳妇儿",
        Kin.GRANDSON: "孙子 孙儿 外孙 外孙子 孙娃 孙娃子 重孙子",
        Kin.GRANDDAUGHTER: "孙女 外孙女 孙女儿 孙囡",
        Kin.GRANDCHILD: "孙子辈 孙孙",
        Kin.FATHER: "爸 爸爸 爹 父亲 老爹 老爸 阿爸 老汉 老爷子 大大 达",
        Kin.MOTHER: "妈 妈妈 娘 母亲 老妈 老娘 阿妈 老太太 姆妈",
        Kin.FATHER_IN_LAW: "公公 公爹 岳父 老丈人 丈人",
        Kin.MOTHER_IN_LAW: "婆婆 岳母 丈母娘",
        Kin.GRANDFATHER: "爷爷 爷 姥爷 外公 公公 阿公 外爷",
        Kin.GRANDMOTHER: "奶奶 奶 姥姥 外婆 婆婆 阿婆 姥娘 阿嬷",
        Kin.BROTHER: "哥 哥哥 弟 弟弟 大哥 兄弟 老弟",
        Kin.SISTER: "姐 姐姐 妹 妹妹 大姐 老妹",
    }
)
_KINS: dict[str, tuple[Kin, ...]] = {}
for _kin, _words in _WORDS.items():
    for _word in _words.split():
        _KINS[_word] = (*_KINS.get(_word, ()), _kin)
_KINS["媳妇"] = _KINS["媳妇儿"] = (Kin.DAUGHTER_IN_LAW, Kin.SPOUSE)
_KINS["姑娘"] = _KINS["丫头"] = (Kin.DAUGHTER, Kin.GRANDDAUGHTER)
for _word in ("孩子", "娃", "娃娃", "小孩", "宝宝"):
    _KINS[_word] = (Kin.CHILD, Kin.SON, Kin.DAUGHTER, Kin.GRANDSON, Kin.GRANDDAUGHTER)

_ORDER = "大小二三四老幺长"
_MALE_SPOUSE = frozenset(
    [
        "老头",
        "老头儿",
        "老头子",
        "老公",
        "丈夫",
        "当家的",
        "掌柜的",
        "孩子他爸",
        "孩子他爹",
        "孩他爸",
        "孩子爸",
        "他爸",
        "他爹",
    ]
)
_FEMALE_SPOUSE = frozenset(
    [
        "老太婆",
        "老婆子",
        "老婆",
        "妻子",
        "孩子他妈",
        "孩他妈",
        "孩子妈",
        "她妈",
        "他妈",
        "屋里的",
        "媳妇",
        "内人",
        "太太",
    ]
)
_FEMALE_NAME = frozenset("芳兰英梅花珍玲霞凤丽娟燕萍芹香琴淑秀莲娥翠芬菊桂娜婷妹婶姐姑嫂姨奶")
_MALE_NAME = frozenset("强军刚勇伟涛福财贵柱山民国建龙虎彪田爷叔哥爹")

_YOUNG = {
    Kin.SON: (Kin.SON, Kin.CHILD),
    Kin.DAUGHTER: (Kin.DAUGHTER, Kin.CHILD),
    Kin.CHILD: (Kin.SON, Kin.DAUGHTER, Kin.CHILD),
    Kin.GRANDSON: (Kin.GRANDSON, Kin.GRANDCHILD),
    Kin.GRANDDAUGHTER: (Kin.GRANDDAUGHTER, Kin.GRANDCHILD),
    Kin.GRANDCHILD: (Kin.GRANDSON, Kin.GRANDDAUGHTER, Kin.GRANDCHILD),
    Kin.SON_IN_LAW: (Kin.SON_IN_LAW,),
    Kin.DAUGHTER_IN_LAW: (Kin.DAUGHTER_IN_LAW,),
}
_ELDERS = (Kin.SELF, Kin.SPOUSE)
_CHILDREN = (Kin.SON, Kin.DAUGHTER, Kin.CHILD)
_GRANDCHILDREN = (Kin.GRANDSON, Kin.GRANDDAUGHTER, Kin.GRANDCHILD)
_TO_GRANDCHILDREN = {
    Kin.SON: (Kin.GRANDSON, Kin.GRANDCHILD),
    Kin.DAUGHTER: (Kin.GRANDDAUGHTER, Kin.GRANDCHILD),
    Kin.CHILD: _GRANDCHILDREN,
}
_PARENTS_IN_LAW = {Kin.FATHER_IN_LAW: _ELDERS, Kin.MOTHER_IN_LAW: _ELDERS}
_PARENTS = {Kin.FATHER: _ELDERS, Kin.MOTHER: _ELDERS}

# speaker's place → relation said → places (as the householder sees them) that it may be
_SEEN: dict[Kin, dict[Kin, tuple[Kin, ...]]] = {
    Kin.SELF: {
        **{kin: (kin,) for kin in Kin},
        **_YOUNG,
    },
    Kin.SPOUSE: {
        Kin.SPOUSE: (Kin.SELF,),
        **_YOUNG,
        Kin.FATHER_IN_LAW: (Kin.FATHER,),
        Kin.MOTHER_IN_LAW: (Kin.MOTHER,),
        Kin.FATHER: (Kin.FATHER_IN_LAW, Kin.FATHER),
        Kin.MOTHER: (Kin.MOTHER_IN_LAW, Kin.MOTHER),
    },
    **{
        child: {
            **_PARENTS,
            Kin.SPOUSE: (Kin.DAUGHTER_IN_LAW, Kin.SON_IN_LAW),
            Kin.DAUGHTER_IN_LAW: (Kin.DAUGHTER_IN_LAW,),
            **_TO_GRANDCHILDREN,
            Kin.GRANDFATHER: (Kin.FATHER,),
            Kin.GRANDMOTHER: (Kin.MOTHER,),
            Kin.BROTHER: (Kin.SON, Kin.CHILD),
            Kin.SISTER: (Kin.DAUGHTER, Kin.CHILD),
        }
        for child in _CHILDREN
    },
    **{
        in_law: {
            **_PARENTS,
            **_PARENTS_IN_LAW,
            Kin.SPOUSE: (Kin.SON, Kin.DAUGHTER, Kin.CHILD),
            **_TO_GRANDCHILDREN,
        }
        for in_law in (Kin.SON_IN_LAW, Kin.DAUGHTER_IN_LAW)
    },
    **{
        grandchild: {
            Kin.GRANDFATHER: _ELDERS,
            Kin.GRANDMOTHER: _ELDERS,
            Kin.FATHER: (Kin.SON, Kin.SON_IN_LAW),
            Kin.MOTHER: (Kin.DAUGHTER_IN_LAW, Kin.DAUGHTER),
            Kin.BROTHER: (Kin.GRANDSON, Kin.GRANDCHILD),
            Kin.SISTER: (Kin.GRANDDAUGHTER, Kin.GRANDCHILD),
        }
        for grandchild in _GRANDCHILDREN
    },
    **{
        parent: {
            Kin.SPOUSE: (Kin.MOTHER,) if parent is Kin.FATHER else (Kin.FATHER,),
            Kin.SON: _ELDERS,
            Kin.DAUGHTER: _ELDERS,
            Kin.DAUGHTER_IN_LAW: _ELDERS,
            Kin.GRANDSON: (Kin.SON, Kin.CHILD),
            Kin.GRANDDAUGHTER: (Kin.DAUGHTER, Kin.CHILD),
        }
        for parent in (Kin.FATHER, Kin.MOTHER)
    },
}
_MALE = frozenset(
    {Kin.FATHER, Kin.FATHER_IN_LAW, Kin.GRANDFATHER, Kin.SON, Kin.SON_IN_LAW, Kin.BROTHER}
)
_FEMALE = frozenset(
    {Kin.MOTHER, Kin.MOTHER_IN_LAW, Kin.GRANDMOTHER, Kin.DAUGHTER, Kin.DAUGHTER_IN_LAW, Kin.SISTER}
)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a household: key, name, the householder's word for them ("" for himself)."""

    id: int
    name: str
    called: str


def kins_of(word: str) -> tuple[Kin, ...]:
    """What a kinship word may mean, () where it is none; an order (大儿子) does not count."""
    if word in _KINS:
        return _KINS[word]
    bare = word.lstrip(_ORDER)
    return _KINS.get(bare, ()) if bare else ()


def meant(members: Sequence[Member], speaker_id: int, word: str) -> list[Member]:
    """Members of the speaker's household whom a kinship word may mean: one where it is sure."""
    speaker = next((m for m in members if m.id == speaker_id), None)
    if speaker is None:
        return []
    exact = [m for m in members if m.called == word and m.id != speaker_id]
    if not speaker.called and len(exact) == 1:
        return exact
    said = kins_of(word)
    places = [kin for place in _place(speaker) for kin in (place,)]
    wanted: list[tuple[Kin, Kin]] = [
        (relation, seen)
        for place in places
        for relation in said
        for seen in _SEEN.get(place, {}).get(relation, ())
    ]
    found = [
        m for m in members if m.id != speaker_id and any(seen in _place(m) for _, seen in wanted)
    ]
    if len(found) > 1:
        found = _by_order(found, word) or found
    return _by_sex(found, members, said) if len(found) > 1 else found


def _place(member: Member) -> tuple[Kin, ...]:
    return kins_of(member.called)[:1] if member.called else (Kin.SELF,)


def _by_order(found: list[Member], word: str) -> list[Member]:
    """大孙子 and 小孙子 are told apart by the order in front, where the roster has it too."""
    if word not in _KINS and word[:1] in _ORDER and kins_of(word[1:]):
        same = [m for m in found if m.called[:1] == word[0] or m.called == word]
        return same if len(same) == 1 else []
    return []


def _by_sex(found: list[Member], members: Sequence[Member], said: tuple[Kin, ...]) -> list[Member]:
    """Father or mother of two elders: by what their spouse calls them, or by a name that tells."""
    wants_male = any(kin in _MALE for kin in said)
    if wants_male == any(kin in _FEMALE for kin in said):
        return found
    fitting = [m for m in found if _is_male(m, members) is wants_male]
    if len(fitting) == 1:
        return fitting
    other = [m for m in found if _is_male(m, members) is (not wants_male)]
    rest = [m for m in found if m not in other]
    return rest if len(rest) == 1 else found


def _is_male(member: Member, members: Sequence[Member]) -> bool | None:
    if member.called in _MALE_SPOUSE:
        return True
    if member.called in _FEMALE_SPOUSE:
        return False
    kin = _place(member)[0] if _place(member) else None
    if kin in _MALE or kin in _FEMALE:
        return kin in _MALE
    if not member.called:
        words = {m.called for m in members}
        if words & _MALE_SPOUSE:
            return False
        if words & _FEMALE_SPOUSE:
            return True
    if member.name[-1:] in _FEMALE_NAME:
        return False
    return True if member.name[-1:] in _MALE_NAME else None
