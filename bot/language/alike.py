"""Whether two questions ask the same, or two short claims claim the same: strict, never clever.

What only one of them names is forgiven, as long as both mostly speak of the same; where each names
something that the other does not (醋 and 酒, 今天 and 明天), they are two things.
"""

import re
from dataclasses import dataclass

from bot.language.faq_match import FRAME
from bot.language.lexicon import Folder, Lexicon, cut, without_mention

_KINDS = {
    "when": re.compile(r"什么时候|几点|哪天|几号|星期几|周几|几月"),
    "where": re.compile(r"哪里|哪儿|在哪|去哪|上哪|到哪|往哪|什么地方|哪块|哪领|哪买|哪取|哪办"),
    "who": re.compile(r"谁|哪位|哪个人|哪个干部|哪家"),
    "how_long": re.compile(r"多久|几天|多少天|几个小时|几小时|几分钟"),
    "how_much": re.compile(r"多少(?!天)|几[个斤块毛元袋只包张]"),
    "why": re.compile(r"为什么|凭什么"),
    "how": re.compile(r"怎么(?!办|样)"),
    "whether": re.compile(
        r"吗|[么不没呗吧](?=$|[?。!,、 ])|能不能|可不可以|行不行|要不要|让不让|有没有|(.)[不没]\1"
    ),
}
# Frame elsewhere, but two questions that differ in them are two.
_DAYS = frozenset(("今天", "明天", "后天", "昨天", "前天", "上午", "下午", "晚上", "早上", "中午"))
_TRIVIAL = frozenset(("那条", "这条", "不要", "一次", "一下", *"那条么呗哦哈嘞嗯唉您贵边里头儿完"))
_ENDED = re.compile(r"(?<=[\u4e00-\u9fff])[好完到成着上下了]$")
_SURE = 0.5
_WHOLE, _SINGLE = 1.0, 0.6  # weight of a word, and of a single sign


@dataclass(frozen=True, slots=True)
class Topic:
    """What a text speaks of, and what kinds of answer it wants."""

    folded: str
    words: frozenset[str]
    kinds: frozenset[str]


class Topics:
    """Compares texts by what they name, over the dialect that all packs share."""

    def __init__(self, lexicon: Lexicon) -> None:
        """`lexicon`: its `same` folds names, its group 框架 carries no topic."""
        self._folder = Folder(lexicon.same)
        self._frame = frozenset(lexicon.group.get(FRAME, ())) - _DAYS | _TRIVIAL

    def of(self, text: str) -> Topic:
        """The topic of a text."""
        folded = self._folder.fold(without_mention(text))
        words = {
            _ENDED.sub("", word)
            for word in cut(folded)
            if word not in self._frame and not any(f.fullmatch(word) for f in _KINDS.values())
        }
        kinds = frozenset(name for name, form in _KINDS.items() if form.search(folded))
        if len(kinds) > 1:
            kinds -= {"whether"}  # 请问什么时候开门吗 asks when
        return Topic(folded, frozenset(words) - self._frame, kinds)

    def alike(self, one: str, other: str) -> bool:
        """Whether both ask, or claim, the same."""
        first, second = self.of(one), self.of(other)
        if first.folded == second.folded:
            return bool(first.words)  # 什么时候 alone may mean anything
        if first.kinds and second.kinds and first.kinds.isdisjoint(second.kinds):
            return False
        only_first, only_second = apart(first, second)
        if only_first and only_second:
            return False
        shared = weight((first.words - only_first) | (second.words - only_second))
        lonely = weight(only_first | only_second)
        return shared >= _WHOLE and shared / (shared + lonely) >= _SURE

    def names(self, words: str, text: str) -> bool:
        """Whether a text speaks of everything that some words name."""
        topic, folded = self.of(words), self._folder.fold(text)
        return bool(topic.words) and all(_stands(word, folded) for word in topic.words)


def apart(one: Topic, other: Topic) -> tuple[frozenset[str], frozenset[str]]:
    """What only the first and what only the second names."""
    return (
        frozenset(word for word in one.words if not _stands(word, other.folded)),
        frozenset(word for word in other.words if not _stands(word, one.folded)),
    )


def _stands(word: str, text: str) -> bool:
    return word in text or (
        len(word) == 2 and word.isalpha() and all(sign in text for sign in word)
    )


def weight(words: frozenset[str]) -> float:
    """How much is named."""
    return sum(_WHOLE if len(word) > 1 else _SINGLE for word in words)
