"""One text against all entries: what fires, what comes near, what is left unexplained."""

import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.language.faq_rank import Near, Nearness
from bot.language.faq_signature import Found, Signature, Vocabulary
from bot.language.lexicon import Folder, Lexicon, cut, load_words
from bot.language.pack import Entry

_EFFECTS: Mapping[str, str] = {
    "spreads": "spread",
    "prevents": "help",
    "kills": "help",
    "treats": "help",
    "harms": "harm",
}
FRAME = "框架"  # the lexicon's group of words that carry no topic
_NEAREST = 8  # entries that come near and are looked at though nothing of theirs fires
_FAR = Near(0.0, 0.0)
_TALK = 0.2  # the share of ordinary talk where none was ever heard: speaks neither way
_DIGITS = re.compile(r"[\d.]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry before a text."""

    entry: int
    must: bool  # the author's groups are met
    other: bool  # one of the further sets is met
    forbidden: bool  # a word stands there that should not
    met: frozenset[int]  # positions that the met words explain, frame words apart
    words: tuple[str, ...]
    near: float  # cosine to the nearest wording
    votes: float  # the entry's share of what all wordings of all entries say
    largest: float  # the largest share of an entry
    unasked: float  # the share of what is no question of ours
    known: float  # how much of what the text speaks of the entry speaks of too
    unknown: float  # the share of what no entry speaks of
    conflict: bool  # another effect is asked for: spreads is not prevents


class Matcher:
    """Everything of the entries that texts are held against."""

    def __init__(
        self, entries: Sequence[Entry], lexicon: Lexicon, unasked: Sequence[str] = ()
    ) -> None:
        """`lexicon`: base and packs merged; `unasked`: talk that asks for none of the entries.

        Raises:
            ValueError: an entry names a group that does not exist.
        """
        self.folder = Folder(lexicon.same, lexicon.inside)
        load_words(lexicon.same)
        load_words(self.folder.fold(word) for word in lexicon.words)
        self._vocabulary = Vocabulary(self.folder, lexicon.group, lexicon.inside)
        self._frame = frozenset(lexicon.group.get(FRAME, ()))
        self._signatures = [self._compile(entry) for entry in entries]
        self._by_word = self._rarest_first()
        self._nots = [self._vocabulary.signature((), entry.not_words).nots for entry in entries]
        self.folded = [[self.folder.fold(said) for said in entry.said_as()] for entry in entries]
        heard = [
            [*said, *map(self.folder.fold, entry.heard)]
            for said, entry in zip(self.folded, entries, strict=True)
        ]
        talk = (*unasked, *lexicon.ordinary)
        self._knows_talk = bool(talk)
        self._nearness = Nearness([*heard, [self.folder.fold(line) for line in talk]])
        self._blobs = [
            "\n".join((*said, self._spoken_of(entry)))
            for said, entry in zip(heard, entries, strict=True)
        ]
        self._vocabulary.close()
        self._weights = _rarity(self.folded)
        self._unknown = 0.6 * math.log(1 + len(entries))
        self._relations = [entry.relation for entry in entries]
        self._asks = {
            name: tuple(self.folder.fold(word) for word in words)
            for name, words in lexicon.relation.items()
        }
        self.is_rumour = [entry.verdict is not None for entry in entries]

    def _compile(self, entry: Entry) -> tuple[tuple[bool, Signature], ...]:
        try:
            return tuple(
                (groups is entry.must, self._vocabulary.signature(groups, entry.not_words))
                for groups in entry.signatures()
            )
        except ValueError as fault:
            raise ValueError(f"{entry.id}: {fault}") from fault

    def _rarest_first(self) -> Mapping[int, Sequence[tuple[int, bool, Signature]]]:
        """Each signature under the words of its smallest group, of which it needs one."""
        index: defaultdict[int, list[tuple[int, bool, Signature]]] = defaultdict(list)
        for at, signatures in enumerate(self._signatures):
            for is_must, one in signatures:
                for word in min(one.groups, key=len):
                    index[word].append((at, is_must, one))
        return dict(index)

    def _spoken_of(self, entry: Entry) -> str:
        return "\n".join(
            self._vocabulary.folded(word)
            for groups in entry.signatures()
            for group in groups
            for word in group
            if not word.startswith("@")
        )

    def match(self, folded: str) -> list[Candidate]:
        """Every entry that fires or comes near, in no order."""
        found = self._vocabulary.find(folded)
        near = self._nearness.scores(folded)
        votes = _Votes(near, len(self._signatures))
        topic = self._topic(folded)
        asks = {name for name, words in self._asks.items() if any(word in folded for word in words)}
        fired: dict[int, list[tuple[bool, Signature]]] = {at: [] for at in votes.foremost(_NEAREST)}
        hopeful = {one for word in found.spans for one in self._by_word.get(word, ())}
        for at, is_must, one in hopeful:
            if one.is_met(found):
                fired.setdefault(at, []).append((is_must, one))
        return [self._candidate(at, fired[at], found, votes, topic, asks) for at in sorted(fired)]

    def forbidding(self, entry: int, folded: str) -> frozenset[int]:
        """Where words stand that must not, if it is to be this entry."""
        return self._vocabulary.find(folded).covered(self._nots[entry])

    def _candidate(
        self,
        at: int,
        fired: Sequence[tuple[bool, Signature]],
        found: Found,
        votes: "_Votes",
        topic: Mapping[str, float],
        asks: set[str],
    ) -> Candidate:
        met = frozenset[int]().union(*(one.met(found) for _, one in fired))
        met = frozenset(i for i in met if self._vocabulary.name(i) not in self._frame)
        effect = _EFFECTS.get(self._relations[at])
        effects = {_EFFECTS[name] for name in asks if name in _EFFECTS}
        total = sum(topic.values())
        blob = self._blobs[at]
        known = sum(weight for word, weight in topic.items() if word in blob)
        unknown = sum(weight for word, weight in topic.items() if word not in self._weights)
        return Candidate(
            entry=at,
            must=any(is_must for is_must, _ in fired),
            other=any(not is_must for is_must, _ in fired),
            forbidden=not self._nots[at].isdisjoint(found.spans.keys()),
            met=found.covered(met),
            words=tuple(self._vocabulary.name(i) for i in sorted(met)),
            near=votes.near.get(at, _FAR).best,
            votes=votes.share(at),
            largest=votes.largest,
            unasked=votes.share(len(self._signatures)) if self._knows_talk else _TALK,
            known=known / total if total else 0.5,
            unknown=unknown / total if total else 0.0,
            conflict=bool(effect and effects and effect not in effects),
        )

    def speaks(self, folded: str) -> bool:
        """Whether there is a topic in it at all, beside the frame (有人知道吗)."""
        return bool(self._content(folded))

    def _content(self, folded: str) -> list[str]:
        return [
            word for word in cut(folded) if word not in self._frame and not _DIGITS.fullmatch(word)
        ]

    def _topic(self, folded: str) -> dict[str, float]:
        """What the text speaks of: its words without the frame, weighed by rarity among entries."""
        return {word: self._weights.get(word, self._unknown) for word in self._content(folded)}


class _Votes:
    """What the wordings say of one text: for each entry its share, `none` for no entry."""

    def __init__(self, near: Mapping[int, Near], none: int) -> None:
        self.near = near
        self._total = sum(one.votes for one in near.values())
        self._entries = [at for at in near if at != none]
        self.largest = max(map(self.share, self._entries), default=0.0)

    def share(self, at: int) -> float:
        return self.near[at].votes / self._total if at in self.near else 0.0

    def foremost(self, count: int) -> list[int]:
        return heapq.nlargest(count, self._entries, key=lambda at: self.near[at].votes)


def _rarity(folded: Sequence[Sequence[str]]) -> dict[str, float]:
    seen: Counter[str] = Counter()
    for several in folded:
        seen.update({word for one in several for word in cut.__wrapped__(one)})  # once each
    return {word: math.log(1 + len(folded) / count) for word, count in seen.items()}
