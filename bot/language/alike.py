"""Whether two questions ask the same, or two short claims claim the same: strict, never clever.

What only one of them names is forgiven, as long as both mostly speak of the same; where each names
something that the other does not (醋 and 酒, 今天 and 明天), they are two things.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

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
# Words that name nothing. Days, illness and what it does are no such words: 传染 and 症状 tell two
# questions apart, 今天 and 明天 too.
_EMPTY = frozenset(
    "吗呢啊呀吧么嘛呗哦哈嘞嗯唉的了着过是在有就都也还又再才很太最更和跟与或被把给让叫对到去来上下里从向往"
    "用能会要得可该想说看问我你他她它您咱这那哪谁几没不点个些种次回条件位边头儿完老只先才请帮叫算地"
) | {
    "可以", "应该", "需要", "知道", "请问", "想问", "问下", "怎么", "什么", "怎么办", "为什么",
    "哪里", "哪儿", "哪个", "多少", "多久", "什么时候", "怎么样", "能不能", "行不行", "要不要",
    "是不是", "有没有", "会不会", "让不让", "我们", "你们", "他们", "自己", "大家", "人家", "这个",
    "那个", "这些", "那些", "这样", "那样", "这么", "那么", "一下", "一次", "一点", "时候", "现在",
    "到底", "究竟", "其实", "就是", "没有", "不要", "不会", "那条", "这条", "你好", "您好", "告诉",
    "打听", "咨询", "麻烦", "领导", "书记", "小守",
}  # fmt: skip
_ENDED = re.compile(r"(?<=[\u4e00-\u9fff])[好完到成着上下了]$")
_SURE = 0.55
_SEVERAL = 2
_UNKNOWN = 3  # single signs in a row
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
        """`lexicon`: its `same` folds other names of one thing."""
        self._folder = Folder(lexicon.same, lexicon.inside)

    def of(self, text: str) -> Topic:
        """The topic of a text."""
        folded = self._folder.fold(without_mention(text))
        words = {
            _ENDED.sub("", word)
            for word in _joined(cut(folded))
            if word not in _EMPTY and not any(f.fullmatch(word) for f in _KINDS.values())
        }
        kinds = frozenset(name for name, form in _KINDS.items() if form.search(folded))
        if len(kinds) > 1:
            kinds -= {"whether"}  # 请问什么时候开门吗 asks when
        return Topic(folded, frozenset(words) - _EMPTY, kinds)

    def alike(self, one: str, other: str) -> bool:
        """Whether both ask, or claim, the same."""
        first, second = self.of(one), self.of(other)
        if first.folded == second.folded:
            return bool(first.words)  # 什么时候 alone may mean anything
        if first.kinds.isdisjoint(second.kinds) and (first.kinds or second.kinds):
            return False
        only_first, only_second = apart(first, second)
        if only_first and only_second:
            return False
        both = min(first.words - only_first, second.words - only_second, key=weight)
        lonely = only_first | only_second
        if lonely and len(both) < _SEVERAL:
            return False  # one shared name is a subject, not yet a question
        shared = weight(both)
        return shared >= _WHOLE and shared / (shared + weight(lonely)) >= _SURE

    def names(self, words: str, text: str) -> bool:
        """Whether a text speaks of everything that some words name."""
        topic, folded = self.of(words), self._folder.fold(text)
        return bool(topic.words) and all(_stands(word, folded) for word in topic.words)


def _joined(words: Sequence[str]) -> Iterator[str]:
    """Words, with three and more single signs in a row as one: a name that jieba does not know."""
    for is_run, run in groupby(words, lambda word: len(word) == 1 and word not in _EMPTY):
        found = list(run)
        if is_run and len(found) >= _UNKNOWN:
            yield "".join(found)
        else:
            yield from found


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
