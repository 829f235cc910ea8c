"""Brings a message into one shape, with every place mapped back to the text as given."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

HAN = re.compile("[\u4e00-\u9fff]+")
KEYCAP = "\u20e3"
JOINERS = frozenset("\ufe0f\ufe0e\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u061c")
SAME = {
    "％": "%", "，": ",", "：": ":", "；": ";", "！": "!", "？": "?", "（": "(", "）": ")",
    "\u3000": " ", "\u00a0": " ", "\t": "\t", "\r": "\n", "～": "~", "∼": "~", "〜": "~",
    "﹣": "-", "－": "-", "—": "-", "–": "-", "−": "-", "―": "-", "─": "-", "゜": "°", "º": "°",
    "˚": "°", "．": ".", "｡": "。", "•": "·", "・": "·", "‧": "·", "∙": "·", "℃": "℃", "℉": "℉",
    "拾": "十", "＋": "+", "➕": "+", "✖": "×",
    "／": "/", "｜": "|", "【": "【", "】": "】", "\u2028": "\n",
}  # fmt: skip
TRADITIONAL = str.maketrans(
    "體溫點額腋測量發燒嗎們這個還沒過兒媽爺說間後時歲塊錢錯報請"
    "張陳劉黃楊趙吳孫馬鄭謝韓馮蕭許鄧葉蘇盧蔣賈閻鍾譚陸萬錢湯龔華顧賀聶應現氣熱門醫號層樓國無喲啊",
    "体温点额腋测量发烧吗们这个还没过儿妈爷说间后时岁块钱错报请"
    "张陈刘黄杨赵吴孙马郑谢韩冯萧许邓叶苏卢蒋贾阎钟谭陆万钱汤龚华顾贺聂应现气热门医号层楼国无哟啊",
)
CIRCLED = frozenset("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽🔟")
MARK = "①"  # one list mark stands for all
NO = "无"

CAPITALS = dict(zip("壹贰叁肆伍陆柒捌玖", "一二三四五六七八九", strict=True))
# 伍 and 陆 are surnames too: numerals only beside one.
CAPITAL = re.compile("[壹贰叁肆伍陆柒捌玖](?=[十点度])|(?<=[十点度])[壹贰叁肆伍陆柒捌玖]")
# What a dictating phone writes for 度 between the numerals, and for the digit behind it.
DEGREE_HEARD = re.compile("(?<=十[五六七八九])[渡镀杜肚毒独妒堵](?=[一二三四五六七八九])")
HEARD = {
    **dict.fromkeys("山伞", "三"),
    **dict.fromkeys("寺似", "四"),
    **dict.fromkeys("吴武舞午", "五"),
    **dict.fromkeys("溜留柳", "六"),
    **dict.fromkeys("妻棋期", "七"),
    **dict.fromkeys("巴疤芭", "八"),
    **dict.fromkeys("酒久玖", "九"),
}
LAST_HEARD = re.compile(f"(?<=十[五六七八九]度)[{''.join(HEARD)}](?=$|[\\s,。，!！?？])")


@dataclass(frozen=True, slots=True)
class Normal:
    """text in one shape; back[i] is the place of text[i] in what was given, back[len] its end."""

    text: str
    back: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the text as given."""
        if start >= end:
            return self.back[start], self.back[start]
        return self.back[start], self.back[end - 1] + 1


class _Shapes(dict[int, str]):
    """What every character becomes, found when it is first met."""

    MOST = 10_000

    def __missing__(self, code: int) -> str:
        char = chr(TRADITIONAL.get(code, code))
        shaped = char if _is_plain_han(char) else _one(char)
        if len(self) < self.MOST:
            self[code] = shaped
        return shaped


def is_han(text: str) -> bool:
    """Whether a text is of Chinese characters and nothing else."""
    return HAN.fullmatch(text) is not None


def _is_plain_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff" and char not in SAME


def _one(char: str) -> str:
    """What one character becomes; empty where it only joins or hides."""
    if char in SAME:
        return SAME[char]
    if char in JOINERS or unicodedata.category(char) == "Cf":
        return ""
    if char in CIRCLED:
        return MARK
    if char in "🈚🆓":
        return NO
    code = ord(char)
    if 0xFF01 <= code <= 0xFF5E:
        return chr(code - 0xFEE0)
    if char.isdigit() and not "0" <= char <= "9":
        folded = unicodedata.normalize("NFKC", char)
        return folded if len(folded) == 1 and folded.isascii() else char
    if char == "\n":
        return char
    return " " if unicodedata.category(char) in ("Cc", "Zs") and char != "\t" else char


def _plain_han() -> str:
    """The Han characters that stay as they are, as ranges of a pattern."""
    changed = sorted(code for code in (*TRADITIONAL, *map(ord, SAME)) if 0x4E00 <= code <= 0x9FFF)
    starts = (0x4E00, *(code + 1 for code in changed))
    ends = (*(code - 1 for code in changed), 0x9FFF)
    pairs = zip(starts, ends, strict=True)
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in pairs if start <= end)


SHAPES = _Shapes()
HALVES = tuple((mark, SAME[mark]) for mark in "，：！？（）")
PLAIN = re.compile(f"[\n\t -~。、{_plain_han()}]*")  # most messages, once their marks are halved


def dictated(text: str) -> str:
    """叁拾陆点伍, 三十六渡九, 三十六度吴: numerals as banks and dictation have them."""
    text = CAPITAL.sub(lambda m: CAPITALS[m[0]], text)
    if "十" not in text:
        return text
    text = DEGREE_HEARD.sub("度", text)
    return LAST_HEARD.sub(lambda m: HEARD[m[0]], text)


def normalise(given: str) -> Normal:
    """Half width, simplified where it matters, no joiners; keycaps become digits or marks."""
    size = len(given)
    plain = given
    for mark, half in HALVES:
        plain = plain.replace(mark, half)
    if PLAIN.fullmatch(plain):
        return Normal(dictated(plain), range(size + 1))
    if KEYCAP not in given:
        text = given.translate(SHAPES)
        if len(text) == size:  # nothing was left out: every place is its own
            return Normal(dictated(text), range(size + 1))
    simple = given.translate(TRADITIONAL)
    out: list[str] = []
    back: list[int] = []
    for at, char in enumerate(simple):
        if char == KEYCAP:
            continue
        keyed = "0" <= char <= "9" and _is_mark(simple, at, size)
        shaped = MARK if keyed else SHAPES[ord(char)]
        if shaped:
            out.append(shaped)
            back.append(at)
    back.append(size)
    return Normal(dictated("".join(out)), tuple(back))


def _is_mark(text: str, at: int, size: int) -> bool:
    """A keycap digit that stands alone numbers a list; several in a row are a figure."""
    after = at + 1
    while after < size and text[after] in "\ufe0f\ufe0e":
        after += 1
    if after >= size or text[after] != KEYCAP:
        return False
    while after < size and text[after] in "\ufe0f\ufe0e\u20e3":
        after += 1
    if after < size and (text[after].isdigit() or text[after] in ".。·点度"):
        return False
    before = at - 1
    while before >= 0 and text[before] in "\ufe0f\ufe0e\u20e3":
        before -= 1
    return not (
        (before >= 0 and before < at - 1 and (text[before].isdigit() or text[before] in ".。·"))
        or (before == at - 1 and before >= 0 and text[before] in ".。·点度")
    )
