"""亲属称呼 kinship: whom of a household a word means, from the speaker's own place in it.

A member's place is kept as the word by which the householder calls them. What another member says
is turned round: her 老伴 is he, a child's 爸 is the householder or the spouse, 孙子 said by either
grandparent is the same child.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.kin_words import LAST, Kin, Word, childs_word, rank_of, word_of
from bot.domain.kin_words import kins_of as kins_of

# What the last sign of a name tells of the sex, and the one before it where the last tells nothing.
_FEMALE_NAME = frozenset(
    "芳兰英梅花珍玲霞凤丽娟燕萍芹香琴淑秀莲娥翠芬菊桂娜婷妹婶姐姑嫂姨奶芝枝珠蓉艳静美莉茹倩雪蕾婆娘妮嫚丫巧环云"
)
_MALE_NAME = frozenset(
    "强军刚勇伟涛福财贵柱山民国建龙虎彪田爷叔哥爹生根栓旺才发富禄寿海江河林森东峰志祥祖宗仁义礼信德忠孝庆雷"
    "鹏飞超磊斌杰浩明亮光辉树武文胜利"
)
_FEMALE_FIRST = frozenset("秀淑翠桂丽美凤彩巧艳")
_MALE_FIRST = frozenset("德建国志大永根长福树广振学忠铁栓")

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
_OLD_PARENTS = (Kin.FATHER, Kin.MOTHER, Kin.FATHER_IN_LAW, Kin.MOTHER_IN_LAW)
_MATE = {
    Kin.FATHER: Kin.MOTHER,
    Kin.MOTHER: Kin.FATHER,
    Kin.FATHER_IN_LAW: Kin.MOTHER_IN_LAW,
    Kin.MOTHER_IN_LAW: Kin.FATHER_IN_LAW,
}

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
            Kin.GRANDFATHER: (Kin.FATHER, Kin.FATHER_IN_LAW),
            Kin.GRANDMOTHER: (Kin.MOTHER, Kin.MOTHER_IN_LAW),
            Kin.BROTHER: (Kin.SON, Kin.CHILD),
            Kin.SISTER: (Kin.DAUGHTER, Kin.CHILD),
            Kin.UNCLE: (Kin.BROTHER,),
            Kin.AUNT: (Kin.SISTER,),
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
            Kin.UNCLE: (Kin.SON,),
            Kin.AUNT: (Kin.DAUGHTER,),
        }
        for grandchild in _GRANDCHILDREN
    },
    **{
        parent: {
            Kin.SPOUSE: (_MATE[parent],),
            Kin.SON: _ELDERS,
            Kin.DAUGHTER: _ELDERS,
            Kin.DAUGHTER_IN_LAW: _ELDERS,
            Kin.SON_IN_LAW: _ELDERS,
            Kin.GRANDSON: (Kin.SON, Kin.CHILD),
            Kin.GRANDDAUGHTER: (Kin.DAUGHTER, Kin.CHILD),
            Kin.GRANDCHILD: _CHILDREN,
        }
        for parent in _OLD_PARENTS
    },
    **{
        sibling: {
            Kin.BROTHER: (Kin.SELF, Kin.BROTHER),
            Kin.SISTER: (Kin.SELF, Kin.SISTER),
            Kin.FATHER: (Kin.FATHER,),
            Kin.MOTHER: (Kin.MOTHER,),
            Kin.NEPHEW: (Kin.SON, Kin.CHILD),
            Kin.NIECE: (Kin.DAUGHTER, Kin.CHILD),
        }
        for sibling in (Kin.BROTHER, Kin.SISTER)
    },
}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a household: key, name, the householder's word for them ("" for himself)."""

    id: int
    name: str
    called: str


def meant(members: Sequence[Member], speaker_id: int, word: str) -> list[Member]:
    """Members of the speaker's household whom a kinship word may mean: one where it is sure."""
    found = guessed(members, speaker_id, word)
    if len(found) != 1 or found == _exact(members, speaker_id, word):
        return found
    speaker = next(m for m in members if m.id == speaker_id)
    return found if _is_likely(speaker, found[0], members, word_of(word)) else []


def guessed(members: Sequence[Member], speaker_id: int, word: str) -> list[Member]:
    """Members whom a word may mean, also where something speaks against the only one."""
    speaker = next((m for m in members if m.id == speaker_id), None)
    if speaker is None:
        return []
    exact = _exact(members, speaker_id, word)
    if exact:
        return exact
    said = word_of(word)
    wanted = {
        seen
        for place in _place(speaker, members)
        for relation in said.kins
        for seen in _SEEN.get(place, {}).get(relation, ())
    }
    found = [
        m
        for m in members
        if m.id != speaker_id
        and wanted.intersection(_place(m, members))
        and not _differ(_sex_by_word(m, members), said.is_male)
    ]
    if not found and childs_word(word):
        return _by_child(members, speaker, childs_word(word))
    if said.rank:
        found = _by_rank(found, said.rank)
    return _by_sex(found, members, said) if len(found) > 1 else found


def looks_male(member: Member) -> bool | None:
    """What the householder's word for somebody tells of their sex, or else the name."""
    return _is_male(member, [member])


def _exact(members: Sequence[Member], speaker_id: int, word: str) -> list[Member]:
    """What the householder calls just one member, said by the householder."""
    if any(m.id == speaker_id and m.called for m in members):
        return []
    exact = [m for m in members if m.called == word and m.id != speaker_id]
    return exact if len(exact) == 1 else []


def _by_child(members: Sequence[Member], speaker: Member, word: str) -> list[Member]:
    """他爷, 娃他爸: whom the youngest of the house would mean by the word."""
    for generation in (_GRANDCHILDREN, _CHILDREN):
        children = [m for m in members if set(generation) & set(_place(m, members))]
        ids = {
            m.id
            for child in children
            if child.id != speaker.id
            for m in guessed(members, child.id, word)
        }
        if ids - {speaker.id}:
            return [m for m in members if m.id in ids - {speaker.id}]
    return []


def _place(member: Member, members: Sequence[Member]) -> tuple[Kin, ...]:
    if not member.called:
        return (Kin.SELF,)
    kins = kins_of(member.called)
    if len(kins) > 1 and kins[1] is Kin.SPOUSE and _is_wife(member, members):
        return (Kin.SPOUSE,)
    return kins[:1]


def _is_wife(member: Member, members: Sequence[Member]) -> bool:
    """媳妇 is a man's wife and a woman's daughter-in-law; no man has two."""
    others = [m for m in members if m.id != member.id]
    if any(kins_of(m.called)[:1] == (Kin.SPOUSE,) for m in others):
        return False
    holder = next((m for m in others if not m.called), None)
    return holder is None or _sex_by_name(holder.name) is not False


def _by_rank(found: list[Member], rank: int) -> list[Member]:
    """老大, 二儿子, 小孙子 of several: by the order in the householder's own words.

    Where all have one, the order counts (大 and 小: the second is 小); where some have none, who
    has another is not meant.
    """
    own = [rank_of(m.called) for m in found]
    same = [m for m, other in zip(found, own, strict=True) if other == rank]
    if same or not found:
        return same
    if len(found) > 1 and all(own) and len(set(own)) == len(own):
        in_order = [m for _, m in sorted(zip(own, found, strict=True), key=lambda pair: pair[0])]
        if rank == LAST:
            return in_order[-1:]
        return in_order[rank - 1 : rank]
    return [m for m, other in zip(found, own, strict=True) if not other]


def _by_sex(found: list[Member], members: Sequence[Member], said: Word) -> list[Member]:
    """Father or mother of two elders: by what their spouse calls them, or by a name that tells."""
    if said.is_male is None:
        return found
    fitting = [m for m in found if _is_male(m, members) is said.is_male]
    if len(fitting) == 1:
        return fitting
    rest = [m for m in found if not _differ(_is_male(m, members), said.is_male)]
    return rest if len(rest) == 1 else found


def _is_likely(speaker: Member, one: Member, members: Sequence[Member], said: Word) -> bool:
    """Whether nothing speaks against the only one whom a word may mean.

    A 二儿子 may live elsewhere where the roster has one son; a man says no 老头; a woman's name is
    no father's.
    """
    if 1 < said.rank < LAST and not rank_of(one.called):
        ranked = [m for m in members if rank_of(m.called) and m.id != one.id]
        if not any(kins_of(m.called) == kins_of(one.called) for m in ranked):
            return False
    if said.kins[:1] == (Kin.SPOUSE,):
        return said.is_male is None or _is_male(speaker, members) is not said.is_male
    return not _differ(_is_male(one, members), said.is_male)


def _differ(one: bool | None, other: bool | None) -> bool:
    return one is not None and other is not None and one is not other


def _is_male(member: Member, members: Sequence[Member]) -> bool | None:
    told = _sex_by_word(member, members)
    return told if told is not None else _sex_by_name(member.name)


def _sex_by_word(member: Member, members: Sequence[Member]) -> bool | None:
    """What the householder's words tell: of others their own, of the householder a spouse's."""
    if member.called:
        return word_of(member.called).is_male
    spouses = [word_of(m.called) for m in members if _place(m, members) == (Kin.SPOUSE,)]
    told = [word.is_male for word in spouses if word.is_male is not None]
    return not told[0] if told else None


def _sex_by_name(name: str) -> bool | None:
    last, before = name[-1:], name[1:-1]
    if last in _FEMALE_NAME:
        return False
    if last in _MALE_NAME:
        return True
    if before[:1] in _FEMALE_FIRST and before:
        return False
    return True if before and before[:1] in _MALE_FIRST else None
