"""Words of a pack: names of one thing folded into one, groups of words, and the cutting of text."""

import math
import re
import threading
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import jieba

_JIEBA = threading.Lock()
_KNOWN: set[str] = set()
_JUNK = re.compile(
    "[\u200b-\u200f\u2060\ufe00-\ufe0f\U0001f000-\U0001faff\u2600-\u27bf]"
    r"|\[[\u4e00-\u9fffa-z]{1,4}\]"  # how platforms write their own faces: [捂脸]
)
_BLANKS = re.compile(r"[ \t\r\u3000]+")
_POINTS = re.compile("[这那]")
_MENTION = re.compile(r"@[^\s,，:：]{1,12}[\s,，:：]*")


class _Tokenizer(jieba.Tokenizer):  # type: ignore[misc]  # jieba has no types
    """jieba without its cache file and without the words that its corpus hardly has.

    The cache lies in the shared temporary folder and is believed whoever wrote it. Of the 349,046
    words 200,000 were seen three times or less; without them it takes half the time and memory.
    """

    LEAST = 4
    initialized: bool

    def initialize(self, dictionary: object = None) -> None:
        """Read the dictionary that ships with jieba, once."""
        with self.lock:
            if self.initialized:
                return
            with self.get_dict_file() as lines:
                self.FREQ, self.total = self._frequent(lines)
            self.initialized = True

    def get_DAG(self, sentence: str) -> dict[int, list[int]]:  # noqa: N802  # jieba's name
        """Nothing: `calc` looks for the words itself, which halves the time."""
        self.check_initialized()
        return {}

    def calc(self, sentence: str, dag: object, route: dict[int, tuple[float, int]]) -> None:
        """From each place to the end the likeliest way, as jieba's own: the longer word of two."""
        known, size, log = self.FREQ, len(sentence), math.log
        whole = log(self.total)
        route[size] = (0, 0)
        for start in range(size - 1, -1, -1):
            best, last = -math.inf, start
            end = start + 1
            while end <= size and (count := known.get(sentence[start:end])) is not None:
                if count and (sure := log(count) - whole + route[end][0]) >= best:
                    best, last = sure, end - 1
                end += 1
            if best == -math.inf:
                best = route[start + 1][0] - whole
            route[start] = (best, last)

    def _frequent(self, lines: Iterable[bytes]) -> tuple[dict[str, int], int]:
        known: dict[str, int] = {}
        total = 0
        for line in lines:
            word, count, _ = line.decode("utf-8").split(" ", 2)
            total += int(count)
            if int(count) < self.LEAST:
                continue
            known[word] = int(count)
            for end in range(1, len(word)):
                known.setdefault(word[:end], 0)
        return known, total


_TOKENIZER = _Tokenizer()


def warm() -> None:
    """Load jieba's dictionary now, so that the first question need not wait."""
    with _JIEBA:
        _TOKENIZER.initialize()


def load_words(words: Iterable[str]) -> None:
    """Give jieba the packs' words once; later packs add, nothing is taken away."""
    with _JIEBA:
        for word in words:
            if word not in _KNOWN:
                _KNOWN.add(word)
                _TOKENIZER.add_word(word)
                cut.cache_clear()


@lru_cache(maxsize=4096)
def cut(text: str) -> tuple[str, ...]:
    """Words of folded text, blanks and marks left out."""
    with _JIEBA:
        words = _TOKENIZER.lcut(text, HMM=False)
    return tuple(word for word in words if word[0].isalnum())


def frequency(word: str) -> int:
    """How often jieba's own corpus has the word; 0 where it is unknown."""
    with _JIEBA:
        _TOKENIZER.initialize()
    return int(_TOKENIZER.FREQ.get(word) or 0)


def plain(text: str) -> str:
    """Width, case, faces and blanks folded; marks stay, because they part questions."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return _BLANKS.sub(" ", _JUNK.sub(" ", folded)).strip()


def without_mention(text: str) -> str:
    """The words without `@name`, which is for whom they are and not what they ask."""
    return _MENTION.sub(" ", text).strip()


_Lists: TypeAlias = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What lexicon.toml holds.

    same: standard name to its other names, folded into it. relation: relation to its words.
    group: a name for many words, used in `must` as `@name`. inside: a word to longer words in
    which it is another thing (酒 in 酒精). words: for jieba. diseases: what illnesses a pack is of.
    ordinary: lines of ordinary talk, which tell a question by not being like one.
    """

    same: _Lists = field(default_factory=dict)
    relation: _Lists = field(default_factory=dict)
    group: _Lists = field(default_factory=dict)
    inside: _Lists = field(default_factory=dict)
    words: tuple[str, ...] = ()
    diseases: tuple[str, ...] = ()
    ordinary: tuple[str, ...] = ()

    @staticmethod
    def from_toml(values: Mapping[str, object], place: str) -> "Lexicon":
        """Build it from a parsed lexicon.toml.

        Raises:
            ValueError: the file and the part are named.
        """
        known = {"same", "relation", "group", "inside", "words", "disease", "ordinary"}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"{place}: 不认识的部分 {'、'.join(unknown)}")
        return Lexicon(
            same=_lists(values.get("same", {}), f"{place}: [same]"),
            relation=_lists(values.get("relation", {}), f"{place}: [relation]"),
            group=_lists(values.get("group", {}), f"{place}: [group]"),
            inside=_lists(values.get("inside", {}), f"{place}: [inside]"),
            words=_column(values, "words", "add", place),
            diseases=_column(values, "disease", "names", place),
            ordinary=_column(values, "ordinary", "lines", place),
        )

    def merged(self, *others: "Lexicon") -> "Lexicon":
        """All words together; a name that several have gets the words of all."""
        every = (self, *others)
        return Lexicon(
            same=_joined(lexicon.same for lexicon in every),
            relation=_joined(lexicon.relation for lexicon in every),
            group=_joined(lexicon.group for lexicon in every),
            inside=_joined(lexicon.inside for lexicon in every),
            words=tuple(dict.fromkeys(word for lexicon in every for word in lexicon.words)),
            diseases=tuple(dict.fromkeys(name for lexicon in every for name in lexicon.diseases)),
            ordinary=tuple(dict.fromkeys(line for lexicon in every for line in lexicon.ordinary)),
        )

    def disease_names(self) -> dict[str, str]:
        """Every way to name one of its illnesses, to its standard name; 这病毒 names none."""
        return {
            name: disease
            for disease in self.diseases
            for name in (disease, *self.same.get(disease, ()))
            if not _POINTS.match(name)
        }


def _column(values: Mapping[str, object], part: str, key: str, place: str) -> tuple[str, ...]:
    table = values.get(part, {})
    if not isinstance(table, Mapping):
        raise ValueError(f"{place}: [{part}] 应当是一张表")
    return _words(table.get(key, ()), f"{place}: [{part}] {key}")


def _words(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"{place} 应当是一列词")
    if any(not isinstance(word, str) or not word.strip() for word in value):
        raise ValueError(f"{place} 里有一项不是词")
    return tuple(plain(word).replace("...", "…") for word in value)  # NFKC takes … apart


def _lists(value: object, place: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{place} 应当是一张表")
    return {plain(str(name)): _words(words, f"{place} {name}") for name, words in value.items()}


def _joined(tables: Iterable[_Lists]) -> dict[str, tuple[str, ...]]:
    whole: dict[str, tuple[str, ...]] = {}
    for table in tables:
        for name, words in table.items():
            whole[name] = tuple(dict.fromkeys((*whole.get(name, ()), *words)))
    return whole


class Folder:
    """Turns other names of one thing into its standard name, the longest name first."""

    def __init__(self, same: _Lists, inside: _Lists | None = None) -> None:
        """A name that two standard names claim goes to the first.

        `inside`: longer words in which a name is another thing; they stay as they are.
        """
        self._standard: dict[str, str] = {}
        for standard, names in same.items():
            self._standard.setdefault(standard, standard)
            for name in names:
                self._standard.setdefault(name, standard)
        for name, longer in (inside or {}).items():
            for word in longer if name in self._standard else ():
                self._standard.setdefault(word, word)
        longest_first = sorted(self._standard, key=len, reverse=True)
        pattern = "|".join(map(re.escape, longest_first))
        self._names = re.compile(pattern) if pattern else None

    def fold(self, text: str) -> str:
        """Plain text with standard names."""
        text = plain(text)
        if self._names is None:
            return text
        return self._names.sub(lambda name: self._standard[name[0]], text)
