"""Signatures: groups of words of which each must be met, and the one pass that finds them.

A word of a group is one of
    口罩          anywhere in the text, but not inside a longer word that is another thing
    戴…多久       the parts in this order, at most eight characters apart, in one clause
    ^口罩  不$     at the start or the end of a clause
    @戴           any word of the lexicon's group of that name
    是不是…@病名   such a word as one of the parts
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.language.lexicon import Folder
from bot.language.pack import Groups

_GAP = r"[^,。.;!?\n ]{0,8}?"
_START = r"(?:^|(?<=[,。.;!?、:\n ]))"
_END = r"(?=$|[,。.;!?、\n ])"


@dataclass(frozen=True, slots=True)
class Found:
    """What of the vocabulary a text holds: word ids to where the first of each stands."""

    spans: Mapping[int, tuple[int, int]]

    def covered(self, ids: Iterable[int]) -> frozenset[int]:
        """Positions of the text that these words explain."""
        return frozenset(at for i in ids if i in self.spans for at in range(*self.spans[i]))


@dataclass(frozen=True, slots=True)
class Signature:
    """One set of groups, as word ids; `nots` forbid."""

    groups: tuple[frozenset[int], ...]
    nots: frozenset[int]

    def fires(self, found: Found) -> bool:
        """Whether each group is met and nothing forbids."""
        return self.is_met(found) and not self.is_forbidden(found)

    def is_met(self, found: Found) -> bool:
        """Whether each group is met."""
        ids = found.spans.keys()
        for group in self.groups:  # noqa: SIM110  # each message meets hundreds of them
            if group.isdisjoint(ids):
                return False
        return True

    def is_forbidden(self, found: Found) -> bool:
        """Whether a word stands there that must not."""
        return not self.nots.isdisjoint(found.spans.keys())

    def met(self, found: Found) -> frozenset[int]:
        """The words that met the groups."""
        return frozenset(i for group in self.groups for i in group if i in found.spans)


class Vocabulary:
    """All words of all signatures, looked for together."""

    def __init__(
        self,
        folder: Folder,
        groups: Mapping[str, Sequence[str]],
        inside: Mapping[str, Sequence[str]],
    ) -> None:
        """`groups` are what `@name` stands for; `inside`: word to longer words that hide it."""
        self._folder = folder
        self._groups = groups
        self._ids: dict[str, int] = {}
        self._written: dict[str, int] = {}  # packs write the same words many thousand times
        self._sets: dict[tuple[str, ...], frozenset[int]] = {}
        self._names: list[str] = []
        self._by_head: dict[str, list[tuple[str, int]]] = {}  # by its first two signs
        # By the first sign of what must stand in the text; "" where that is nothing certain.
        self._patterns: dict[str, list[tuple[int, str, re.Pattern[str]]]] = {}
        self._hidden: dict[str, list[tuple[str, str]]] = {}
        for word, longer in inside.items():
            if folder.fold(word) != word:
                continue  # another name: the folder leaves the longer words alone already
            for outer in longer:
                self._hidden.setdefault(outer[0], []).append((outer, word))

    def name(self, word_id: int) -> str:
        """The word as it was written in the pack."""
        return self._names[word_id]

    def close(self) -> None:
        """Let go of what only compiling needs."""
        self._written.clear()
        self._sets.clear()

    def folded(self, word: str) -> str:
        """A word of a signature in standard names."""
        return self._names[self._id(word)]

    def signature(self, must: Groups, nots: Sequence[str] = ()) -> Signature:
        """Compile; unknown words get an id.

        Raises:
            ValueError: `@name` is no group.
        """
        return Signature(tuple(map(self._set, must)), self._set(nots))

    def _set(self, words: Sequence[str]) -> frozenset[int]:
        key = tuple(words)
        if key not in self._sets:
            ids: set[int] = set()
            for word in key:
                if word.startswith("@") and "…" not in word:
                    ids |= self._set(self._members(word))
                else:
                    ids.add(self._id(word))
            self._sets[key] = frozenset(ids)
        return self._sets[key]

    def _id(self, word: str) -> int:
        if word not in self._written:
            self._written[word] = self._new(word)
        return self._written[word]

    def _new(self, word: str) -> int:
        start, end = word.startswith("^"), word.endswith("$")
        parts = [self._folder.fold(part) for part in word.strip("^$").split("…")]
        key = ("^" if start else "") + "…".join(parts) + ("$" if end else "")
        if key in self._ids:
            return self._ids[key]
        word_id = self._ids[key] = len(self._names)
        self._names.append(key)
        if start or end or len(parts) > 1:
            middle = _GAP.join(map(self._part, parts))
            pattern = (_START if start else "") + middle + (_END if end else "")
            literal = max((part for part in parts if not part.startswith("@")), key=len, default="")
            found = (word_id, literal, re.compile(pattern))
            self._patterns.setdefault(literal[:1], []).append(found)
        else:
            self._by_head.setdefault(parts[0][:2], []).append((parts[0], word_id))
        return word_id

    def _part(self, part: str) -> str:
        if not part.startswith("@"):
            return re.escape(part)
        words = sorted({self._folder.fold(word) for word in self._members(part)}, key=len)
        return f"(?:{'|'.join(map(re.escape, reversed(words)))})"

    def _members(self, name: str) -> Sequence[str]:
        if name[1:] not in self._groups:
            raise ValueError(f"没有叫 {name} 的词组")
        return self._groups[name[1:]]

    def find(self, text: str, solid: Sequence[tuple[int, int]] = ()) -> Found:
        """Look for every word in folded text.

        `solid`: spans that no word may cut; one that holds them whole, or lies beside, is met.
        """
        hidden = self._hidden_spans(text)
        spans: dict[int, tuple[int, int]] = {}
        for at, word, word_id in self._words_in(text):
            end = at + len(word)
            if word_id in spans or (solid and _cuts(at, end, solid)):
                continue
            if not any(a <= at and end <= b for a, b in hidden.get(word, ())):
                spans[word_id] = (at, end)
        for head in ("", *dict.fromkeys(text)):
            for word_id, literal, pattern in self._patterns.get(head, ()):
                if literal not in text:
                    continue
                for match in pattern.finditer(text):
                    if not _cuts(*match.span(), solid):
                        spans[word_id] = match.span()
                        break
        return Found(spans)

    def _words_in(self, text: str) -> Iterator[tuple[int, str, int]]:
        """Each place where a plain word stands, from left to right."""
        for at, head in enumerate(text):
            yield from ((at, word, word_id) for word, word_id in self._by_head.get(head, ()))
            for word, word_id in self._by_head.get(text[at : at + 2], ()):
                if len(word) > 1 and text.startswith(word, at):
                    yield at, word, word_id

    def _hidden_spans(self, text: str) -> dict[str, list[tuple[int, int]]]:
        spans: dict[str, list[tuple[int, int]]] = {}
        for at, head in enumerate(text):
            for outer, word in self._hidden.get(head, ()):
                if text.startswith(outer, at):
                    spans.setdefault(word, []).append((at, at + len(outer)))
        return spans


def _cuts(start: int, end: int, solid: Sequence[tuple[int, int]]) -> bool:
    """Whether a span begins or ends within one of them."""
    return any(a < start < b or a < end < b for a, b in solid)
