"""Nearness of a question to many wordings: shared characters and pairs, weighed by rarity."""

import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

_MARKS = re.compile(r"[^\w]+")


def grams(text: str) -> list[str]:
    """Single characters and pairs, marks and blanks left out."""
    run = _MARKS.sub("", text)
    return [*run, *map("".join, pairwise(run))]


@dataclass(frozen=True, slots=True)
class Near:
    """How near a document comes: its nearest wording, and what all its wordings say together."""

    best: float  # cosine to the nearest wording
    votes: float  # cosines to all wordings, cubed and added: many near ones outweigh one by chance


class Nearness:
    """An inverted index of grams over documents, each of which has one or more wordings.

    Grams that more than COMMON wordings have cannot tell entries apart and are left out of the
    postings, so that a question costs about the same however many entries there are.
    """

    COMMON = 450

    def __init__(self, wordings: Sequence[Sequence[str]]) -> None:
        """`wordings`: for each document, its wordings, folded."""
        self._owner = array("I", (doc for doc, several in enumerate(wordings) for _ in several))
        every = list(chain.from_iterable(wordings))
        seen: Counter[str] = Counter()
        for one in every:
            seen.update(frozenset(grams(one)))
        total = max(1, len(every))
        self._idf = {gram: math.log(1 + total / count) for gram, count in seen.items()}
        self._unseen = math.log(1 + total)
        rows: defaultdict[str, array[float]] = defaultdict(lambda: array("f"))
        for index, one in enumerate(every):  # counted anew: so many counts at once fill memory
            for gram, weight in self._weights(Counter(grams(one))).items():
                if seen[gram] <= self.COMMON:
                    rows[gram].extend((index, weight))
        self._places: dict[str, tuple[int, int]] = {}  # of a gram's rows among all
        self._rows = array("f")  # wording, weight, wording, weight …: a tenth of the room of pairs
        while rows:
            gram, row = rows.popitem()
            self._places[gram] = (len(self._rows), len(self._rows) + len(row))
            self._rows.extend(row)

    def _weights(self, counts: Counter[str]) -> dict[str, float]:
        raw = {
            gram: self._idf.get(gram, self._unseen) * (1 if count == 1 else 1 + math.log(count))
            for gram, count in counts.items()
        }
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {gram: weight / length for gram, weight in raw.items()}

    def scores(self, text: str) -> dict[int, Near]:
        """Documents that share anything, and how near they come."""
        sums: defaultdict[float, float] = defaultdict(float)  # whole up to 2 ** 24
        for gram, weight in self._weights(Counter(grams(text))).items():
            if gram in self._places:
                start, end = self._places[gram]
                row = self._rows[start:end]
                for index, other in zip(row[::2], row[1::2], strict=True):
                    sums[index] += weight * other
        best: defaultdict[int, float] = defaultdict(float)
        votes: defaultdict[int, float] = defaultdict(float)
        for index, score in sums.items():
            doc = self._owner[int(index)]
            votes[doc] += score * score * score
            if score > best[doc]:
                best[doc] = score
        return {doc: Near(score, votes[doc]) for doc, score in best.items()}


def shingles(text: str, size: int = 3) -> frozenset[str]:
    """Runs of `size` characters without marks and digits: edits of a forward keep most."""
    run = re.sub(r"[\W\d_]+", "", text)
    return frozenset(run[at : at + size] for at in range(len(run) - size + 1))
