"""亲属称呼 words for relatives: what each may mean, whose sex it tells, and which of several."""

import re
from collections.abc import Mapping
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
    NEPHEW = "nephew"
    NIECE = "niece"
    UNCLE = "uncle"
    AUNT = "aunt"


_WORDS: Mapping[Kin, str] = MappingProxyType(
    {
        Kin.SPOUSE: "老伴 老伴儿 老头 老头儿 老头子 老太婆 老婆子 老公 老婆 丈夫 妻子 "
        "爱人 对象 当家的 掌柜的 "
        "孩子他爸 孩子他爹 孩子他妈 孩子他娘 孩他爸 孩他爹 孩他妈 孩他娘 孩子爸 孩子妈 "
        "娃他爸 娃他妈 娃他爹 娃他娘 他爸 他爹 她爸 她爹 她妈 他妈 他娘 她娘 屋里的 屋里人 "
        "家里那口子 那口子 我们那口子 先生 太太 内人 外头人 男人 俺家那口子",
        Kin.SON: "儿子 儿 小子 老小子 娃子 长子 次子",
        Kin.DAUGHTER: "闺女 女儿 姑娘 丫头 女娃 妮子 妮儿 囡囡 幺妹 女子 长女 次女",
        Kin.CHILD: "孩子 娃 娃娃 娃儿 小孩 小孩儿 孩儿 宝宝 崽 崽崽 细伢子",
        Kin.SON_IN_LAW: "女婿 姑爷",
        Kin.DAUGHTER_IN_LAW: "儿媳妇 儿媳 媳妇 媳妇儿",
        Kin.GRANDSON: "孙子 孙儿 外孙 外孙子 孙娃 孙娃子 重孙子",
        Kin.GRANDDAUGHTER: "孙女 外孙女 孙女儿 孙囡",
        Kin.GRANDCHILD: "孙子辈 孙孙",
        Kin.FATHER: "爸 爸爸 爹 父亲 老爹 老爸 阿爸 老汉 老爷子 大大 达",
        Kin.MOTHER: "妈 妈妈 娘 母亲 老妈 老娘 阿妈 老太太 姆妈",
        Kin.FATHER_IN_LAW: "公公 公爹 岳父 老丈人 丈人",
        Kin.MOTHER_IN_LAW: "婆婆 岳母 丈母娘 丈母",
        Kin.GRANDFATHER: "爷爷 爷 姥爷 外公 公公 阿公 外爷 姥姥爷",
        Kin.GRANDMOTHER: "奶奶 奶 姥姥 外婆 婆婆 阿婆 姥娘 阿嬷 姥",
        Kin.BROTHER: "哥 哥哥 弟 弟弟 兄弟 老弟",
        Kin.SISTER: "姐 姐姐 妹 妹妹 妹子 老妹",
        Kin.NEPHEW: "侄子 侄儿 外甥",
        Kin.NIECE: "侄女 外甥女",
        Kin.UNCLE: "叔 叔叔 伯 伯伯 伯父 大伯 舅 舅舅 姑父 姨父 大爷",
        Kin.AUNT: "婶 婶婶 婶子 姑 姑姑 姨 姨妈 舅妈 大娘 伯母",
    }
)
_KINS: dict[str, tuple[Kin, ...]] = {}
for _kin, _words in _WORDS.items():
    for _word in _words.split():
        _KINS[_word] = (*_KINS.get(_word, ()), _kin)
_KINS["媳妇"] = _KINS["媳妇儿"] = (Kin.DAUGHTER_IN_LAW, Kin.SPOUSE)
_KINS["姑娘"] = _KINS["丫头"] = (Kin.DAUGHTER, Kin.GRANDDAUGHTER)
YOUNG_ONES = (Kin.CHILD, Kin.SON, Kin.DAUGHTER, Kin.GRANDSON, Kin.GRANDDAUGHTER)
for _word in ("孩子", "娃", "娃娃", "小孩", "宝宝"):
    _KINS[_word] = YOUNG_ONES

_MALE_SPOUSES = (
    "老头 老头儿 老头子 老公 丈夫 当家的 掌柜的 先生 男人 外头人 孩子他爸 孩子他爹 孩他爸 孩他爹 "
    "孩子爸 娃他爸 娃他爹 他爸 他爹 她爸 她爹"
)
_FEMALE_SPOUSES = (
    "老太婆 老婆子 老婆 妻子 孩子他妈 孩子他娘 孩他妈 孩他娘 孩子妈 娃他妈 娃他娘 她妈 他妈 他娘 "
    "她娘 屋里的 屋里人 媳妇 媳妇儿 内人 太太"
)
_MALE_SPOUSE = frozenset(_MALE_SPOUSES.split())
_FEMALE_SPOUSE = frozenset(_FEMALE_SPOUSES.split())
_MALE = frozenset(
    {
        Kin.FATHER,
        Kin.FATHER_IN_LAW,
        Kin.GRANDFATHER,
        Kin.SON,
        Kin.SON_IN_LAW,
        Kin.BROTHER,
        Kin.GRANDSON,
        Kin.NEPHEW,
        Kin.UNCLE,
    }
)
_FEMALE = frozenset(
    {
        Kin.MOTHER,
        Kin.MOTHER_IN_LAW,
        Kin.GRANDMOTHER,
        Kin.DAUGHTER,
        Kin.DAUGHTER_IN_LAW,
        Kin.SISTER,
        Kin.GRANDDAUGHTER,
        Kin.NIECE,
        Kin.AUNT,
    }
)
# One person has at most one of these: a word for one of them can be learnt.
SINGLES = frozenset(
    {
        Kin.SPOUSE,
        Kin.FATHER,
        Kin.MOTHER,
        Kin.FATHER_IN_LAW,
        Kin.MOTHER_IN_LAW,
        Kin.GRANDFATHER,
        Kin.GRANDMOTHER,
    }
)

LAST = 99  # 小, 老, 幺: the youngest of several
_RANKS = {"大": 1, "长": 1, "二": 2, "次": 2, "三": 3, "四": 4, "五": 5, "六": 6}
_RANKS |= dict.fromkeys("小幺老", LAST)
# Children by their place alone: 老大, 小的, 二宝. Whose children they are, the house tells.
_ALONE = re.compile(
    r"老?(?P<a>[大二三四五六幺小])的?(?:那个|那孩子)?|(?P<b>[大二三])宝|(?:最|中间)?(?P<c>小)的(?:那个)?"
)
_CHILDS_VIEW = re.compile(
    r"(?:(?:孩子|娃儿|娃娃|娃|孩|宝宝)(?:他|她|的)?|他|她)"
    r"(?P<word>爷爷|爷|奶奶|奶|姥姥|姥爷|姥|外公|外婆|爸爸|妈妈|爸|妈|爹|娘|叔叔|叔|姑姑|姑|姨|舅)"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word for a relative, taken apart."""

    kins: tuple[Kin, ...]
    rank: int = 0  # 0: not said; LAST: the youngest
    is_alone: bool = False  # 老大: only the rank was said
    is_male: bool | None = None  # None: the word does not tell


def kins_of(word: str) -> tuple[Kin, ...]:
    """What a kinship word may mean, () where it is none; an order (大儿子) does not count."""
    return word_of(word).kins


def word_of(word: str) -> Word:
    """A kinship word taken apart; no kins where it is none."""
    if word in _KINS:
        rank = 1 if word[0] == "长" else 2 if word[0] == "次" else 0
        return Word(_KINS[word], rank, is_male=_sex(word, _KINS[word]))
    alone = _ALONE.fullmatch(word)
    if alone is not None and word not in _RANKS:
        sign = alone["a"] or alone["b"] or alone["c"]
        return Word(YOUNG_ONES, _RANKS[sign], is_alone=True)
    bare = word[1:].removeprefix("的")
    if word[:1] in _RANKS and bare in _KINS:
        return Word(_KINS[bare], _RANKS[word[0]], is_male=_sex(bare, _KINS[bare]))
    return Word(())


def rank_of(called: str) -> int:
    """The place among several that the householder's word tells, 0 where it tells none."""
    return word_of(called).rank


def childs_word(word: str) -> str:
    """他爷, 娃他奶: the word as the child of the house would say it, "" where it is no such one."""
    match = _CHILDS_VIEW.fullmatch(word)
    return match["word"] if match else ""


def is_single(word: str) -> bool:
    """Whether a speaker can mean only one person by it, ever."""
    said = word_of(word)
    return not said.kins or bool(said.rank) or all(kin in SINGLES for kin in said.kins)


def _sex(word: str, kins: tuple[Kin, ...]) -> bool | None:
    if word in _MALE_SPOUSE or word in _FEMALE_SPOUSE:
        return word in _MALE_SPOUSE
    is_male, is_female = any(k in _MALE for k in kins), any(k in _FEMALE for k in kins)
    return is_male if is_male != is_female else None
