"""Dictation that heard other characters of one sound (山石流度吧 is 三十六度八): asked about."""

import re
from decimal import Decimal

from bot.language.meaning import Clarify

_SOUNDS = {
    "3": "三叁山伞散删衫珊",
    "10": "十拾是石时事式世市师实食",
    "4": "四是似死寺肆",
    "5": "五无吴物舞屋伍午武",
    "6": "六流留刘柳溜陆榴",
    "7": "七气起其期妻柒奇",
    "8": "八吧把爸巴捌疤",
    "9": "九就酒久旧玖救",
    "0": "零林灵铃",
    "1": "一以已衣医依",
    "2": "二而儿尔两",
}
_DIGITS = frozenset("三十四五六七八九零一二点度叁拾肆伍陆柒捌玖两")


def _any(*numbers: str) -> str:
    return "[" + "".join(_SOUNDS[n] for n in numbers) + "]"


_HEARD = re.compile(
    f"(?P<tens>{_any(*'34')})(?P<ten>{_any('10')})(?P<ones>{_any(*'456789120')})?"
    f"(?P<mark>[度肚读杜渡赌点店典电])(?P<tenth>{_any(*'0123456789')})?"
)
_LOW, _HIGH = Decimal("34.0"), Decimal("43.0")


def misheard(text: str) -> Clarify | None:
    """A temperature by its sound, written with other characters, with the likeliest value."""
    for match in _HEARD.finditer(text):
        words = match.group(0)
        if all(char in _DIGITS for char in words):
            continue
        tens = _digit(match["tens"], "3", "4")
        ones = _digit(match["ones"], *"456789120") if match["ones"] else "0"
        tenth = _digit(match["tenth"], *"0123456789") if match["tenth"] else "0"
        value = Decimal(f"{tens}{ones}.{tenth}")
        if _LOW <= value <= _HIGH:
            return Clarify(words, "self", (value,), match.span())
    return None


def _digit(char: str, *numbers: str) -> str:
    """The number that a character sounds like; the number's own character wins."""
    own = next((n for n in numbers if _SOUNDS[n].startswith(char)), None)
    return own or next(n for n in numbers if char in _SOUNDS[n])
