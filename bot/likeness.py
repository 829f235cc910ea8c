"""How alike two names are: to the eye, to the ear, and to an ear that runs sounds together."""

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from rapidfuzz import fuzz

# Sounds that dialects and input methods run together, first to second.
_RUN_TOGETHER = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l"), ("hu", "f"))
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_ELDERS = (
    "奶奶|爷爷|大爷|大娘|大妈|大叔|大婶|大伯|大嫂|大哥|大姐|婆婆|阿婆|阿姨|老汉|老头儿?|老太太?"
)
_PEERS = "婶[子儿婶]?|嫂子?|叔叔?|伯伯?|姑[姑娘]?|姨|哥|姐|妹|弟|婆|老师|师傅|头儿?|爷|奶|子"
_HOUSE = "家(?:的|里的|媳妇|那口子|婶子|大娘)?"
_TITLES = f"{_ELDERS}|{_PEERS}|{_HOUSE}"
_CALLED = re.compile(rf"(?P<size>[老小大])?(?P<surname>[\u4e00-\u9fff])(?P<title>{_TITLES})?")
_TITLED = re.compile(
    r"(?P<name>[\u4e00-\u9fff]{2,3})(?:大[爷娘妈叔婶伯嫂哥姐]|婶子?|嫂子?|叔|伯|姨|姑|哥|姐|老师)"
)
_WOMEN = re.compile(r"奶|娘|妈|婶|嫂|姨|姑|姐|妹|婆|太|媳妇|家的|家里的|那口子")
_MEN = re.compile(r"爷|叔|伯|哥|弟|汉|头")


@lru_cache(maxsize=20_000)
def sound(text: str) -> tuple[str, ...]:
    """Syllables without their tones: how a dictated name and the meant one agree."""
    return tuple(lazy_pinyin(text))


@lru_cache(maxsize=20_000)
def tones(text: str) -> tuple[str, ...]:
    """Syllables with their tones."""
    return tuple(lazy_pinyin(text, style=Style.TONE3))


@lru_cache(maxsize=20_000)
def dull(text: str) -> tuple[str, ...]:
    """Syllables as somebody hears them who does not tell zh from z, n from l, ing from in."""
    out = []
    for syllable in sound(text):
        for sharp, flat in _RUN_TOGETHER:
            if syllable.startswith(sharp):
                syllable = flat + syllable[len(sharp) :]
                break
        out.append(syllable.removesuffix("g") if syllable.endswith("ng") else syllable)
    return tuple(out)


def is_name(text: str) -> bool:
    """Whether it could be a person's whole name: two to four signs, all of them Chinese."""
    return 2 <= len(text) <= 4 and _HAN.fullmatch(text) is not None


def called(text: str) -> tuple[str, bool | None] | None:
    """老孙头, 孙奶奶, 小李: the surname, and whether a man is meant; None where it is no such."""
    match = _CALLED.fullmatch(text)
    if match is None or not (match["title"] or match["size"] in ("老", "小")):
        return None
    title = match["title"] or ""
    if _WOMEN.search(title):
        return match["surname"], False
    return match["surname"], True if _MEN.search(title) else None


def without_title(text: str) -> str:
    """秀英婶, 王桂芝大娘: the name before the title, "" where there is none of two signs."""
    match = _TITLED.fullmatch(text)
    return match["name"] if match else ""


def pet_sign(text: str) -> str:
    """虎 of 虎子, 小虎, 阿虎 and 虎虎: the sign of a given name that a pet name keeps, or ""."""
    if len(text) != 2:
        return ""
    if text[0] == text[1]:
        return text[0]
    short = text.removesuffix("子").removesuffix("儿").removeprefix("小").removeprefix("阿")
    return short if len(short) == 1 else ""


def score(said: str, name: str) -> int:
    """How well a name fits what was said, 0 to 100: written, within it, by ear, one sign off."""
    if name == said:
        return 100
    if sound(name) == sound(said):
        return 95
    if name in said:
        return 90
    if dull(name) == dull(said):
        return 85
    if len(name) > 2 and name[1:] in said:
        return 80
    short = pet_sign(said)
    if short and short in name[1:]:
        return 70
    if name[0] == said[0] and abs(len(name) - len(said)) < 2 and called(said) is None:
        ratio = round(fuzz.ratio(name, said))
        return ratio if ratio >= 60 else 0
    return 0
