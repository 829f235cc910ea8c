"""One pack before a question, in its own words: no other pack's names or groups reach into it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from bot.language.faq_ask import Form, Forwards, clauses, form, points_back
from bot.language.faq_disease import Diseases
from bot.language.faq_judge import Judged, judge
from bot.language.faq_match import Matcher
from bot.language.lexicon import Lexicon
from bot.language.pack import Entry, Pack

_STORY = 120  # of a longer message only its clauses are judged: as a whole it holds every word
_SHORTEST_CLAUSE = 4
_ECHO = 0.05  # less of the whole message than this is not asked in a part of it either
_TOGETHER = 0.9
_SECOND = 0.25
UNSURE = 0.5  # from here on it is a question of ours, though not one we can answer
_CLAIM = Form(False, True, False, True, False, False, False)
_SHORTEST_CLAIM = 6  # characters of a clause that claims something
_PASSED_ON = 0.9

May = Callable[[Entry], bool]


@dataclass(frozen=True, slots=True)
class Put:
    """A message as one pack reads it."""

    folded: str
    shape: Form


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of a pack with its confidence; clauses: those that its words stand in."""

    shelf: "Shelf"
    put: Put
    one: Judged

    @property
    def entry(self) -> Entry:
        """The entry itself."""
        return self.shelf.pack.entries[self.one.entry]

    @property
    def confidence(self) -> float:
        """0..1."""
        return self.one.confidence

    def clauses(self) -> frozenset[int]:
        """Numbers of the clauses that hold what met it; all packs count clauses alike."""
        spans = clauses(self.put.folded)
        return frozenset(
            number
            for number, (start, end) in enumerate(spans)
            if any(start <= at < end for at in self.one.met)
        )

    def sure(self, confidence: float) -> "Found":
        """The same with another confidence."""
        return replace(self, one=replace(self.one, confidence=round(confidence, 3)))


class Shelf:
    """A pack's entries with the words of the pack and of the base."""

    def __init__(self, pack: Pack, base: Lexicon, diseases: Diseases) -> None:
        """Compile; `diseases` are those of all packs.

        Raises:
            ValueError: an entry names a word group that does not exist.
        """
        self.pack = pack
        self._matcher = Matcher(pack.entries, base.merged(pack.lexicon), pack.unasked)
        self._forwards = Forwards(
            [
                (at, folded)
                for at, several in enumerate(self._matcher.folded)
                if self._matcher.is_rumour[at]
                for folded in several
            ]
        )
        self._diseases = diseases
        self._own = frozenset(pack.lexicon.diseases)
        self._speaks_of = [self._illnesses(entry) for entry in pack.entries]
        self._at = {entry.id: at for at, entry in enumerate(pack.entries)}
        ends = (pack.valid_to, *(entry.valid_to for entry in pack.entries))
        self._first_end = min((day for day in ends if day is not None), default=None)

    def _illnesses(self, entry: Entry) -> frozenset[str]:
        """Those that an entry may be asked about: one that names some of its pack's is of these."""
        named = self._diseases.named(f"{entry.question} {_needs(entry)}")
        return named if named & self._own else named | self._own

    def put(self, text: str) -> Put:
        """The message in the words of this pack."""
        folded = self._matcher.folder.fold(text)
        return Put(folded, form(folded))

    def is_asked(self, named: frozenset[str]) -> bool:
        """Whether a question that names these illnesses is for this pack; of none, for every one.

        An illness that some pack is of is left to that pack.
        """
        owned = named & self._diseases.owned
        if owned and owned.isdisjoint(self._own):
            return False
        return any(named <= known for known in self._speaks_of)

    def has_lapsed(self, on: date) -> bool:
        """Whether the days of any entry have passed."""
        return self._first_end is not None and self._first_end < on

    def bar(self, to_us: bool) -> float:
        """How sure one must be."""
        return self.pack.bar_private if to_us else self.pack.bar_group

    def may(self, on: date, diseases: frozenset[str], *, lapsed: bool = False) -> May:
        """Entries that may be said on that day of what is asked; `lapsed`: or might have been."""

        def allowed(entry: Entry) -> bool:
            is_now = self.pack.is_current(entry, on) or (lapsed and self.pack.is_over(entry, on))
            return is_now and diseases <= self._speaks_of[self._at[entry.id]]

        return allowed

    def judge(self, put: Put, may: May) -> list[Found]:
        """What the whole message asks for, surest first."""
        return [Found(self, put, one) for one in self._judge(put.folded, put.shape, may)]

    def judge_parts(self, put: Put, may: May) -> list[Found]:
        """The whole message, then clauses that the first answer does not already explain."""
        folded = put.folded
        whole = [] if len(folded) > _STORY else self._judge(folded, put.shape, may)
        best = {one.entry: one for one in self._both(whole)}
        spans = clauses(folded)
        shapes = [form(folded[start:end]) for start, end in spans] if len(spans) > 1 else []
        asking = [span for span, shape in zip(spans, shapes, strict=False) if shape.question]
        for (start, end), part_shape in zip(spans, shapes, strict=False):
            part = folded[start:end]
            if end - start < _SHORTEST_CLAUSE or not (part_shape.question or part_shape.claim):
                continue
            if start and points_back(part):
                continue
            for one in self._judge(part, part_shape, may)[:1]:
                known = best.get(one.entry)
                is_own = _is_own_question(one, whole, known, start, end)
                if is_own or (known is None and self._is_beside(one, whole, folded, asking)):
                    met = frozenset(at + start for at in one.met)
                    best[one.entry] = replace(one, met=met)
        found = sorted(best.values(), key=lambda one: -one.confidence)
        return [Found(self, put, one) for one in found]

    def _is_beside(
        self, one: Judged, whole: list[Judged], folded: str, asking: list[tuple[int, int]]
    ) -> bool:
        """Whether only the words of another question keep it from being said of the whole.

        能戴几天 完了往哪扔 asks twice; 哪天能打麻将 手痒 asks nothing.
        """
        forbidding = self._matcher.forbidding(one.entry, folded)
        is_open = bool(whole) and whole[0].confidence < UNSURE
        return is_open and all(any(a <= at < b for a, b in asking) for at in forbidding)

    def claimed(self, put: Put, may: May, to_us: bool) -> list[Found]:
        """Rumours that a clause of a forward surely claims, each once."""
        found: dict[int, Judged] = {}
        for start, end in clauses(put.folded):
            part = put.folded[start:end]
            if end - start < _SHORTEST_CLAIM:
                continue
            for one in self._judge(part, _CLAIM, may)[:1]:
                is_sure = one.confidence >= max(self.bar(to_us), _PASSED_ON)
                if is_sure and self._matcher.is_rumour[one.entry]:
                    found.setdefault(one.entry, one)
        return [Found(self, put, one) for one in found.values()]

    def repeated(self, put: Put, may: May) -> tuple[Entry, float] | None:
        """The registered rumour whose wording the message nearly repeats, and how nearly."""
        near = self._forwards.nearest(put.folded, lambda at: may(self.pack.entries[at]))
        return None if near is None else (self.pack.entries[near[0]], near[1])

    def is_whole(self, found: Found) -> bool:
        """Whether the message speaks of nothing beside what met the entry."""
        folded = found.put.folded
        return all(
            any(start <= at < end for at in found.one.met)
            or not self._matcher.speaks(folded[start:end])
            for start, end in clauses(folded)
        )

    def _judge(self, folded: str, shape: Form, may: May) -> list[Judged]:
        return judge(self._matcher, folded, shape, lambda at: may(self.pack.entries[at]))

    def _both(self, whole: list[Judged]) -> list[Judged]:
        """Two remedies named in one breath share the confidence: both are asked for."""
        if len(whole) < 2 or not all(self._matcher.is_rumour[one.entry] for one in whole[:2]):
            return whole
        first, second = whole[:2]
        if not (first.met - second.met and second.met - first.met):
            return whole
        if first.confidence + second.confidence < _TOGETHER or second.confidence < _SECOND:
            return whole
        shared = round(first.confidence + second.confidence, 3)
        return [replace(first, confidence=shared), replace(second, confidence=shared), *whole[2:]]


def _needs(entry: Entry) -> str:
    """The words that an entry asks for."""
    return " ".join(word for groups in entry.signatures() for group in groups for word in group)


def _is_own_question(
    one: Judged, whole: list[Judged], known: Judged | None, start: int, end: int
) -> bool:
    """Whether a clause asks something that the whole message leaves open, and asks it surer."""
    if not whole:
        return True
    if known is None or one.confidence <= known.confidence:
        return False
    first = whole[0]
    if known.entry == first.entry or first.confidence < UNSURE:
        return True
    if not first.met:
        return False  # nothing says which clause the first is in: it may be all of them
    return known.confidence >= _ECHO and not any(start <= at < end for at in first.met)


def weighed(found: list[list[Found]]) -> list[Found]:
    """What several packs found, surest first: they compete for the same words of a message.

    Each pack's confidence stands against "none of mine"; an entry of another pack that is met in
    the same clause takes its share as a rival within the pack would.
    """
    every = [one for several in found for one in several]
    if len(found) > 1:
        every = [one.sure(_against(one, every)) for one in every]
    return sorted(every, key=lambda one: -one.confidence)


def _against(one: Found, every: list[Found]) -> float:
    spoken = one.clauses()
    rivals = [
        _odds(other.confidence)
        for other in every
        if other.shelf is not one.shelf and not (spoken and spoken.isdisjoint(other.clauses()))
    ]
    own = _odds(one.confidence)
    return own / (1.0 + own + max(rivals, default=0.0))


def _odds(confidence: float) -> float:
    return confidence / max(0.001, 1.0 - confidence)
