"""Nearness of a question to many wordings: shared characters and pairs, weighed by rarity."""

import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
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
        holders: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
        self._more: dict[str, dict[int, float]] = {}  # where a gram stands in a wording repeatedly
        for index, one in enumerate(every):
            found = grams(one)
            once = dict.fromkeys(found)
            for gram in once:
                holders[gram].append(index)
            if len(once) < len(found):
                for gram, count in Counter(found).items():
                    if count > 1:
                        self._more.setdefault(gram, {})[index] = math.log(count)
        total = max(1, len(every))
        self._idf = {gram: math.log(1 + total / len(row)) for gram, row in holders.items()}
        self._unseen = math.log(1 + total)
        self._lengths = self._lengths_of(holders, len(every))
        self._places: dict[str, tuple[int, int]] = {}  # of a gram's wordings among all
        self._rows = array("I")
        while holders:
            gram, row = holders.popitem()
            if len(row) <= self.COMMON:
                self._places[gram] = (len(self._rows), len(self._rows) + len(row))
                self._rows.extend(row)

    def _lengths_of(self, holders: Mapping[str, "array[int]"], count: int) -> "array[float]":
        """The length of each wording's vector, to divide by."""
        squares = [0.0] * count
        for gram, row in holders.items():
            square = self._idf[gram] ** 2
            for index in row:
                squares[index] += square
            for index, more in self._more.get(gram, {}).items():
                squares[index] += square * ((1 + more) ** 2 - 1)
        return array("d", (math.sqrt(square) or 1.0 for square in squares))

    def _weights(self, counts: Counter[str]) -> dict[str, float]:
        raw = {
            gram: self._idf.get(gram, self._unseen) * (1 if count == 1 else 1 + math.log(count))
            for gram, count in counts.items()
        }
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {gram: weight / length for gram, weight in raw.items()}

    def scores(self, text: str) -> dict[int, Near]:
        """Documents that share anything, and how near they come."""
        sums: defaultdict[int, float] = defaultdict(float)
        for gram, weight in self._weights(Counter(grams(text))).items():
            if gram in self._places:
                start, end = self._places[gram]
                shared = weight * self._idf[gram]
                for index in self._rows[start:end]:
                    sums[index] += shared
                for index, more in self._more.get(gram, {}).items():
                    sums[index] += shared * more
        best: defaultdict[int, float] = defaultdict(float)
        votes: defaultdict[int, float] = defaultdict(float)
        for index, whole in sums.items():
            score = whole / self._lengths[index]
            doc = self._owner[index]
            votes[doc] += score * score * score
            if score > best[doc]:
                best[doc] = score
        return {doc: Near(score, votes[doc]) for doc, score in best.items()}


def shingles(text: str, size: int = 3) -> frozenset[str]:
    """Runs of `size` characters without marks and digits: edits of a forward keep most."""
    run = re.sub(r"[\W\d_]+", "", text)
    return frozenset(run[at : at + size] for at in range(len(run) - size + 1))
