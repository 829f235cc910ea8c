"""Cuts a normalised message into words, numbers, names and marks in one pass."""

import re
from collections.abc import Collection
from datetime import date

from bot.language.figures import INDEX, NUMERAL_HEADS, Figures
from bot.language.given import CALLED_HEADS, Given
from bot.language.normalise import MARK
from bot.language.pieces import NOTHING, Token
from bot.language.words import BIT

LATIN = re.compile(r"[A-Za-z]+")
LATIN_CODE = re.compile(r"[A-Za-z]+\d[\dA-Za-z×*-]*")
TRAIN = re.compile(r"[Tt]\d{2,}(?![\d.])")
BRACKET = re.compile(r"\[[^\[\]\s]{1,8}\]")
BLANK = re.compile(r"[ \t]+")
SIMPLE = {
    **dict.fromkeys("。！？!?；;…", "stop"),
    **dict.fromkeys(",、，", "comma"),
    MARK: "mark",
    "\n": "line",
}
FRAMES = (
    dict.fromkeys("(【「『《<〈[{", "open")
    | dict.fromkeys(")】」』》>〉]}", "close")
    | dict.fromkeys("“”\"'‘’", "quote")
)
KIN, COMMON = BIT["kin"], BIT["common"]


class Cutter(Figures, Given):
    """One pass over one message."""

    def cut(self) -> list[Token]:
        """The tokens in order."""
        text, out = self.text, self.out
        at, size = 0, len(text)
        while at < size:
            char = text[at]
            if "\u4e00" <= char <= "\u9fff" or char == "〇":
                token = self._han(at, char)
            elif "0" <= char <= "9":
                token = self._digit(at)
            elif kind := SIMPLE.get(char):
                token = Token(kind, char, at, at + 1)
            else:
                token = self._mark(at, char)
            out.append(token)
            at = token.end
        return out

    def _mark(self, at: int, char: str) -> Token:
        text = self.text
        if m := BLANK.match(text, at):
            return Token("space", m.group(), at, m.end())
        if char == "[" and (m := BRACKET.match(text, at)):
            return Token("emoji", m.group(), at, m.end())
        if char.isascii() and char.isalpha():
            return self._latin(at)
        if char == "(" and (m := INDEX.match(text, at)) and self._fresh():
            return Token("mark", m.group(), at, m.end())
        if char == "." and text.startswith("..", at):
            return Token("stop", char, at, at + 1)
        word = self.lexicon.word_at(text, at)
        if word:
            return Token("word", word, at, at + len(word), self.lexicon.classes[word])
        kind = FRAMES.get(char) or ("emoji" if ord(char) > 0x2000 else "punct")
        return Token(kind, char, at, at + 1)

    def _latin(self, at: int) -> Token:
        m = LATIN.match(self.text, at)
        assert m is not None  # noqa: S101 - the caller stands on a letter
        word = m.group()
        mixed = self.lexicon.word_at(self.text, at)
        if len(mixed) > len(word):  # BB仔
            return Token("word", mixed, at, at + len(mixed), self.lexicon.classes[mixed])
        bits = self.lexicon.classes.get(word, 0) or self.lexicon.classes.get(word.lower(), 0)
        if bits and not (word in "Tt" and TRAIN.match(self.text, at)):
            return Token("word", word, at, m.end(), bits)
        code = LATIN_CODE.match(self.text, at)
        if code:
            return Token("code", code.group(), at, code.end())
        return Token("latin", word, at, m.end())

    def _han(self, at: int, char: str) -> Token:
        text, lexicon = self.text, self.lexicon
        if char == "家" and self._is_family(at):
            return Token("word", char, at, at + 1, lexicon.classes[char])
        if (char in self.known or char in self.own) and (known := self._known_name(at, char)):
            return Token("name", text[at : at + known], at, at + known, BIT["name"])
        word = lexicon.word_at(text, at)
        if word[-1:] == "体" and len(word) > 1 and text.startswith("温", at + len(word)):
            word = word[:-1]  # 个体温 is 个 and 体温
        if len(word) > 2 and word[-1] in lexicon.surnames and self._titled(at + len(word)):
            word = word[:-1]  # 隔壁庄大娘: no village is called 隔壁庄 here
        bits = lexicon.classes.get(word, 0)
        if bits == COMMON and len(word) > 2 and self._two_relatives(at, word):
            word = word[:-1]
            bits = lexicon.classes.get(word, 0)
        size = len(word)
        if char in NUMERAL_HEADS and (numeral := self._numeral(at, size, bits)):
            return numeral
        if char in lexicon.name_heads:
            named = self._called(at, size, bits) or self._surname(at, size, bits)
            if named:
                return Token("name", text[at : at + named], at, at + named, BIT["name"])
        if char in lexicon.daily_surnames and (named := self._daily(at, size, bits)):
            return Token("name", text[at : at + named], at, at + named, BIT["name"])
        called = char in lexicon.given_too or char in CALLED_HEADS
        if (called or text.startswith(char, at + 1)) and (
            named := self._given_alone(at, size, bits)
        ):
            return Token("name", text[at : at + named], at, at + named, BIT["name"])
        if size:
            return Token("word", word, at, at + size, bits)
        return Token("char", char, at, at + 1)

    def _titled(self, at: int) -> bool:
        """Whether a title of two signs stands here."""
        title = self._word_at(at)
        return len(title) > 1 and bool(self.lexicon.classes[title] & BIT["title"])

    def _two_relatives(self, at: int, word: str) -> bool:
        """大哥大嫂 are two relatives, whatever a 大哥大 is."""
        classes = self.lexicon.classes
        if not classes.get(word[:-1], 0) & KIN:
            return False
        second = self.lexicon.word_at(self.text, at + len(word) - 1)
        return len(second) > 1 and bool(classes[second] & KIN)

    def _is_family(self, at: int) -> bool:
        """张三家, 姑家: the 家 behind a person."""
        if not self.out or self.text.startswith(("家属", "家长", "家人"), at):
            return False
        last = self.out[-1]
        return last.kind == "name" or bool(last.bits & KIN)


def cut(text: str, sent_on: date, names: frozenset[str], own: Collection[str]) -> list[Token]:
    """The tokens of a normalised text. own are the names that the sender goes by."""
    return Cutter(text, sent_on, names, own).cut()


__all__ = ["NOTHING", "Token", "cut"]
