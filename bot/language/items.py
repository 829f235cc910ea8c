"""The engine over a foreign list of titles and bodies, which has no signatures.

What a title is about is taken from its rarest words: a question must speak of them, and of
nothing rare that the title does not know (雄黄 is not 双黄连). Frame words (可以预防新冠病毒吗)
weigh next to nothing, since in such a list every title has them.

Calibration as in faq_judge: entries and "none of them" share one probability; the weights were
fitted on 192 labelled questions over 291 titles, and the bar was set where wrong answers stay
at half the promised 1 %.
"""

import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.language.faq_match import FRAME
from bot.language.faq_rank import grams
from bot.language.lexicon import Folder, Lexicon, cut, frequency, load_words

BAR = 0.8
_KEPT = 40  # candidates that are looked at closely
_LONG_TEXT = 400  # more of a question than this is not read
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_EFFECTS = ("spreads", "prevents", "treats", "kills", "harms")
_FORMS = frozenset(("what", "how", "how_long", "who"))


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the foreign list."""

    id: str
    title: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """Answers over the bar with their confidence, and the best entry whatever its confidence."""

    action: Literal["answer", "none"]
    answers: tuple[tuple[str, float], ...]
    best: str | None


_WEIGHTS = {
    "none": -5.44,
    "near": 3.32,
    "told": 0.92,
    "asked": 2.75,
    "rarest": 1.62,
    "body": 1.64,
    "foreign": -0.66,
    "asked anywhere": 1.80,
    "conflict": -0.66,
    "conflict agrees": 0.42,
    "form agrees": 2.22,
    "number": -0.38,
    "nearest": 1.79,
    "exact": 0.18,
}


class _Postings:
    """Term to the documents that have it, with a weight each."""

    def __init__(self, documents: Sequence[Counter[str]]) -> None:
        seen: Counter[str] = Counter()
        for counts in documents:
            seen.update(counts.keys())
        total = max(1, len(documents))
        self.idf = {term: math.log(1 + total / count) for term, count in seen.items()}
        self.unseen = math.log(1 + total)
        lists: defaultdict[str, tuple[array[int], array[float]]] = defaultdict(
            lambda: (array("l"), array("f"))
        )
        limit = max(60, 0.12 * total)
        for at, counts in enumerate(documents):
            weights = self.weights(counts)
            for term, weight in weights.items():
                if seen[term] <= limit:
                    docs, values = lists[term]
                    docs.append(at)
                    values.append(weight)
        self._lists = dict(lists)

    def weights(self, counts: Counter[str]) -> dict[str, float]:
        """Unit vector."""
        raw = {
            term: self.idf.get(term, self.unseen) * (1 + math.log(count))
            for term, count in counts.items()
        }
        length = math.sqrt(sum(value * value for value in raw.values())) or 1.0
        return {term: value / length for term, value in raw.items()}

    def scores(self, counts: Counter[str]) -> dict[int, float]:
        """Cosine with every document that shares a term which is not everywhere."""
        sums: defaultdict[int, float] = defaultdict(float)
        for term, weight in self.weights(counts).items():
            if term in self._lists:
                for at, value in zip(*self._lists[term], strict=True):
                    sums[at] += weight * value
        return sums


class ItemEngine:
    """Holds no state after it is built."""

    def __init__(
        self, items: Iterable[Item], lexicon: Lexicon | None = None, bar: float = BAR
    ) -> None:
        """`lexicon`: content/language/gate_items.toml over the dialect: names, frame, relations."""
        lexicon = lexicon or Lexicon()
        self._folder = Folder(lexicon.same)
        load_words(lexicon.same)
        load_words(self._folder.fold(word) for word in lexicon.words)
        self._frame = frozenset(lexicon.group.get(FRAME, ()))
        self._relations = {
            name: tuple(self._folder.fold(word) for word in words)
            for name, words in lexicon.relation.items()
        }
        self._items = tuple(items)
        self._bar = bar
        self._titles = [self._folder.fold(item.title) for item in self._items]
        self._bodies_read = [self._folder.fold(item.body[:_LONG_TEXT]) for item in self._items]
        self._grams = _Postings([Counter(grams(title)) for title in self._titles])
        self._words = _Postings([Counter(self._core(title)) for title in self._titles])
        self._told = _Postings([Counter(self._core(body)) for body in self._bodies_read])
        self._asks = [self._relations_of(title) for title in self._titles]
        self._cores = [tuple(dict.fromkeys(self._core(title))) for title in self._titles]

    def ask(self, text: str) -> ItemAnswer:
        """The entry that the text speaks of, if one is sure enough."""
        folded = self._folder.fold(text[:_LONG_TEXT])
        scored = self._scored(folded)
        if not scored:
            return ItemAnswer("none", (), None)
        best, sure = scored[0]
        if sure < self._bar:
            return ItemAnswer("none", (), self._items[best].id)
        return ItemAnswer("answer", ((self._items[best].id, sure),), self._items[best].id)

    def _scored(self, folded: str) -> list[tuple[int, float]]:
        weighed = [
            (at, sum(_WEIGHTS[name] * value for name, value in seen.items()))
            for at, seen in self.features(folded)
        ]
        total = 1.0 + sum(math.exp(z) for _, z in weighed)
        weighed.sort(key=lambda pair: (-pair[1], pair[0]))
        return [(at, round(math.exp(z) / total, 4)) for at, z in weighed]

    def features(self, folded: str) -> list[tuple[int, dict[str, float]]]:
        """The likeliest titles with what is weighed of each."""
        near = self._grams.scores(Counter(grams(folded)))
        core = tuple(dict.fromkeys(self._core(folded)))
        words = self._words.scores(Counter(core))
        body = self._told.scores(Counter(core))
        first = defaultdict[int, float](float)
        for scores, share in ((near, 1.0), (words, 1.0), (body, 0.5)):
            for at, score in scores.items():
                first[at] += share * score
        chosen = sorted(first, key=lambda at: (-first[at], at))[:_KEPT]
        top = max((near.get(at, 0.0) for at in chosen), default=0.0)
        relations = self._relations_of(folded)
        return [
            (
                at,
                {
                    "none": 1.0,
                    "near": near.get(at, 0.0),
                    "nearest": float(near.get(at, 0.0) == top),
                    "body": body.get(at, 0.0),
                    **self._agreement(relations, self._asks[at]),
                    "number": float(_numbers_differ(folded, self._titles[at])),
                    **self._covers(at, folded, core),
                },
            )
            for at in chosen
        ]

    def _covers(self, at: int, folded: str, core: Sequence[str]) -> dict[str, float]:
        title, own = self._titles[at], self._cores[at]
        asked = [(self._rarity(word), word in title) for word in core]
        told = [(self._rarity(word), word in folded) for word in own]
        rarest = max(told, default=(0.0, False))
        return {
            "asked": _share(asked),
            "told": _share(told),
            "rarest": float(rarest[1]),
            "asked anywhere": _share(
                [
                    (weight, known or word in self._bodies_read[at])
                    for word, (weight, known) in zip(core, asked, strict=True)
                ]
            ),
            "foreign": min(2.0, sum(weight for weight, known in asked if not known) / 8),
            "exact": float(
                bool(told)
                and all(known for _, known in told)
                and bool(asked)
                and all(known for _, known in asked)
            ),
        }

    def _core(self, folded: str) -> list[str]:
        return [word for word in cut(folded) if word not in self._frame]

    def _relations_of(self, folded: str) -> frozenset[str]:
        return frozenset(
            name for name, words in self._relations.items() if any(word in folded for word in words)
        )

    @staticmethod
    def _agreement(ours: frozenset[str], theirs: frozenset[str]) -> dict[str, float]:
        one, other = ours.intersection(_EFFECTS), theirs.intersection(_EFFECTS)
        return {
            "conflict": float(bool(one and other) and one.isdisjoint(other)),
            "conflict agrees": float(bool(one & other)),
            "form agrees": float(bool(ours & theirs & _FORMS)),
        }

    def _rarity(self, word: str) -> float:
        """Rare in the list and rare in the language: what names a thing."""
        return self._words.idf.get(word, self._words.unseen) * _rare(word)


def _rare(word: str) -> float:
    return 1.0 if (common := frequency(word)) < 100 else 0.8 if common < 1000 else 0.5


def _share(pairs: Sequence[tuple[float, bool]]) -> float:
    total = sum(weight for weight, _ in pairs)
    return sum(weight for weight, known in pairs if known) / total if total else 0.0


def _numbers_differ(one: str, other: str) -> bool:
    ours, theirs = set(_NUMBER.findall(one)), set(_NUMBER.findall(other))
    return bool(ours and theirs) and ours.isdisjoint(theirs)
