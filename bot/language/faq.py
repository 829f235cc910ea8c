"""Questions and rumours: the approved entry that a message asks for, or the honest lack of one.

text ── gate ── 120 · doctor · cadre · small talk
      └ form ── passed on: near to a registered rumour?
             └ match: whole message, then its clauses ── judge ── answer · a person · silence
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.language.alike import Topics
from bot.language.faq_ask import Form, Forwards, clauses, form
from bot.language.faq_judge import Judged, judge
from bot.language.faq_match import Matcher
from bot.language.gate import WHY, Action, Gate
from bot.language.lexicon import Lexicon, without_mention
from bot.language.pack import Entry, Pack, Verdict

__all__ = ["Action", "Asked", "Engine", "Hit"]

_STORY = 120  # of a longer message only its clauses are judged: as a whole it holds every word
_GROUP_LENGTH = 60  # a longer message in a group is a story or a notice, not a question
_FORWARD_SURE = 0.95
_SHORTEST_CLAIM = 6  # characters of a clause that claims something
_PASSED_ON = 0.9
_CLAIM = Form(False, True, False, True, False, False, False)
_REFUTES = re.compile("谣言|辟谣|假的|不实|别信|不要信|没有根据|不能预防|防不了|没用")
_SHORTEST_CLAUSE = 4
_ECHO = 0.1  # less of the whole message than this is not asked in a part of it either
_TOGETHER = 0.9
_SECOND = 0.25
_NEAREST = 0.05
_UNSURE = 0.5  # from here on it is a question of ours, though not one we can answer


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry, how sure (0..1, calibrated), and why in Chinese."""

    entry: Entry
    confidence: float
    why: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message asks. hits: what is said, at most two; nearest: up to three that are not.

    expired: what would have been said, were it not past its days. is_ours: it asks for something
    that a pack speaks of, answered or not.
    """

    action: Action
    hits: tuple[Hit, ...] = ()
    nearest: tuple[Hit, ...] = ()
    is_question: bool = False
    is_forward: bool = False
    steps: tuple[str, ...] = ()
    expired: Hit | None = None
    is_ours: bool = False


class Engine:
    """All packs of a place. Holds no state after it is built, so threads may share it."""

    def __init__(
        self, packs: Sequence[Pack], *, gate: Gate, base_lexicon: Lexicon | None = None
    ) -> None:
        """`base_lexicon`: dialect that all packs share; each pack adds its own words.

        Raises:
            ValueError: an entry names a word group that does not exist.
        """
        self._gate = gate
        self._owner = [pack for pack in packs for _ in pack.entries]
        self._entries = [entry for pack in packs for entry in pack.entries]
        lexicon = (base_lexicon or Lexicon()).merged(*(pack.lexicon for pack in packs))
        self._matcher = Matcher(self._entries, lexicon)
        self.topics = Topics(base_lexicon or Lexicon())
        self._forwards = Forwards(
            [
                (at, folded)
                for at, several in enumerate(self._matcher.folded)
                if self._entries[at].verdict is not None
                for folded in several
            ]
        )

    def ask(self, text: str, *, on: date, addressed: bool, in_group: bool) -> Asked:
        """Find what the message asks for, and whether it may be said there on that day."""
        to_us = addressed or not in_group
        folded = self._matcher.folder.fold(without_mention(text))
        shape = form(folded)
        asked = shape.question or shape.claim or (shape.bare and to_us)
        steps: list[str] = []
        gated = self._gate.judge(text)
        danger = gated is not None and gated.action is Action.EMERGENCY
        forwarded = self._forwarded(folded, shape, to_us, lambda at: self._current(at, on))
        if forwarded is not None and shape.forward and not danger:
            return forwarded  # before the gate: what is passed on is nobody's own dose or errand
        if gated is not None:
            steps.append(f"{WHY[gated.action]}（{gated.rule}：{'、'.join(gated.words[:6])}）")
            action = gated.action if to_us or danger else Action.NONE
            asks_us = asked and gated.action is not Action.NONE  # small talk asks nothing of us
            return Asked(action, (), (), asks_us, shape.forward, tuple(steps))
        if forwarded is None and shape.forward:
            forwarded = self._passed_on(folded, on, to_us)
        if forwarded is not None:
            return forwarded
        if shape.reading or (not to_us and not _may_answer_in_group(folded, shape)):
            steps.append("没有在问" if not asked else "是邻里之间说话，或不是一句问话")
            return Asked(
                Action.NONE, (), (), asked, shape.forward, tuple(steps),
                is_ours=shape.question and self._is_ours(folded, shape, on),
            )  # fmt: skip
        found = self._answer(folded, shape, on, to_us)
        return found if found.hits else self._with_lapsed(found, folded, shape, on, to_us)

    def nearest(self, text: str, on: date) -> list[Entry]:
        """Up to three entries that come nearest to a question which they do not answer."""
        folded = self._matcher.folder.fold(without_mention(text))
        found = judge(self._matcher, folded, form(folded), lambda at: self._current(at, on))
        return [self._entries[one.entry] for one in found[:3] if one.confidence >= _NEAREST]

    def entry(self, entry_id: str) -> tuple[Entry, Pack] | None:
        """An entry with its pack, by its id."""
        found = zip(self._entries, self._owner, strict=True)
        return next((pair for pair in found if pair[0].id == entry_id), None)

    def _is_ours(self, folded: str, shape: Form, on: date) -> bool:
        """Whether talk among neighbours asks for what a pack could answer."""
        if len(folded) > _GROUP_LENGTH:
            return False
        best = judge(self._matcher, folded, shape, lambda at: self._current(at, on))
        return bool(best) and best[0].confidence >= _UNSURE

    def _with_lapsed(self, found: Asked, folded: str, shape: Form, on: date, to_us: bool) -> Asked:
        """Name the entry that would have been said, had its days not ended."""
        if not any(self._lapsed(at, on) for at in range(len(self._entries))):
            return found
        best = self._judge_parts(folded, shape, lambda at: self._current_or_lapsed(at, on))[:1]
        for one in best:
            if self._lapsed(one.entry, on) and self._may_say(one, folded, shape, to_us):
                why = f"不在有效期内，不能说；{one.why}"
                hit = Hit(self._entries[one.entry], one.confidence, why)
                is_asked = to_us and shape.question
                return replace(
                    found,
                    action=Action.CADRE if is_asked else found.action,
                    nearest=(hit, *found.nearest[:2]),
                    steps=(_step(hit), *found.steps[:4]),
                    expired=hit,
                    is_ours=True,
                )
        return found

    def _forwarded(
        self, folded: str, shape: Form, to_us: bool, may: Callable[[int], bool]
    ) -> Asked | None:
        near = self._forwards.nearest(folded, may)
        if near is None or not (shape.forward or shape.claim):
            return None
        at, share = near
        if len(folded) < 25 and not to_us:
            return None
        sure = min(0.99, 0.6 + 0.4 * share) if share < 1 else _FORWARD_SURE
        hit = Hit(self._entries[at], round(sure, 3), f"和登记过的传言字句重合 {share:.0%}")
        if sure < self._bar(at, to_us):
            return None
        return Asked(Action.ANSWER, (hit,), (), shape.question, True, (hit.why,))

    def _passed_on(self, folded: str, on: date, to_us: bool) -> Asked | None:
        """A forward in other words: one of its clauses surely claims what a known rumour claims.

        A text that refutes the rumour names it too; it is left alone.
        """
        if _REFUTES.search(folded):
            return None
        found: dict[int, Judged] = {}
        for start, end in clauses(folded):
            part = folded[start:end]
            if end - start < _SHORTEST_CLAIM:
                continue
            for one in judge(self._matcher, part, _CLAIM, lambda at: self._current(at, on))[:1]:
                is_sure = one.confidence >= max(self._bar(one.entry, to_us), _PASSED_ON)
                if is_sure and self._matcher.is_rumour[one.entry]:
                    found.setdefault(one.entry, one)
        if not found:
            return None
        best = max(found.values(), key=lambda one: one.confidence)
        hit = Hit(self._entries[best.entry], best.confidence, f"转发的话里有这条传言；{best.why}")
        if hit.entry.verdict not in (Verdict.FALSE, Verdict.PARTLY):
            return None
        return Asked(Action.ANSWER, (hit,), (), False, True, (hit.why,))

    def _answer(self, folded: str, shape: Form, on: date, to_us: bool) -> Asked:
        judged = self._judge_parts(folded, shape, lambda at: self._current(at, on))
        said: list[Hit] = []
        kept: list[Hit] = []
        for one in judged:
            hit = Hit(self._entries[one.entry], one.confidence, one.why)
            if len(said) < 2 and self._may_say(one, folded, shape, to_us):
                said.append(hit)
            else:
                kept.append(hit)
        steps = [_step(hit) for hit in (*said, *kept)][:5]
        if said and not to_us:
            said = said[:1]
        action = Action.ANSWER if said else Action.NONE
        if not said and to_us and shape.question and kept and kept[0].confidence >= _UNSURE:
            action = Action.CADRE
            steps.append("把握不够，交给干部回答")
        is_ours = bool(said) or (bool(kept) and kept[0].confidence >= _UNSURE)
        return Asked(
            action, tuple(said), tuple(kept[:3]), shape.question, shape.forward, tuple(steps),
            is_ours=is_ours,
        )  # fmt: skip

    def _judge_parts(self, folded: str, shape: Form, may: Callable[[int], bool]) -> list[Judged]:
        """The whole message, then clauses that the first answer does not already explain."""
        whole = [] if len(folded) > _STORY else judge(self._matcher, folded, shape, may)
        best = {one.entry: one for one in self._both(whole)}
        spans = clauses(folded)
        for start, end in spans if len(spans) > 1 else []:
            part = folded[start:end]
            part_shape = form(part)
            if end - start < _SHORTEST_CLAUSE or not (part_shape.question or part_shape.claim):
                continue
            for one in judge(self._matcher, part, part_shape, may)[:1]:
                if _is_own_question(one, whole, best.get(one.entry), start, end):
                    best[one.entry] = one
        return sorted(best.values(), key=lambda one: -one.confidence)

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

    def _may_say(self, one: Judged, folded: str, shape: Form, to_us: bool) -> bool:
        """Over the bar, and among people only where the whole message is that one question."""
        if one.confidence < self._bar(one.entry, to_us):
            return False
        asked = shape.question or shape.claim or shape.bare
        if not asked and not self._matcher.is_rumour[one.entry]:
            return False  # a plain statement may repeat a rumour, but it asks for no rule
        return to_us or all(
            any(start <= at < end for at in one.met) or not self._matcher.speaks(folded[start:end])
            for start, end in clauses(folded)
        )

    def _bar(self, at: int, to_us: bool) -> float:
        pack = self._owner[at]
        return pack.bar_private if to_us else pack.bar_group

    def _current(self, at: int, on: date) -> bool:
        return self._owner[at].is_current(self._entries[at], on)

    def _lapsed(self, at: int, on: date) -> bool:
        return self._owner[at].is_over(self._entries[at], on)

    def _current_or_lapsed(self, at: int, on: date) -> bool:
        return self._current(at, on) or self._lapsed(at, on)


def _step(hit: Hit) -> str:
    return f"{hit.entry.question}：{hit.confidence:.2f}，{hit.why}"


def _is_own_question(
    one: Judged, whole: list[Judged], known: Judged | None, start: int, end: int
) -> bool:
    """Whether a clause asks something that the whole message leaves open, and asks it surer."""
    if not whole:
        return True
    if known is None or one.confidence <= known.confidence:
        return False
    first = whole[0]
    if known.entry == first.entry or first.confidence < _UNSURE:
        return True
    return known.confidence >= _ECHO and not any(start <= at < end for at in first.met)


def _may_answer_in_group(folded: str, shape: Form) -> bool:
    return (
        shape.question
        and len(folded) <= _GROUP_LENGTH
        and not (shape.neighbour or shape.rhetoric or shape.forward)
    )
