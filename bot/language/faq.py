"""Questions and rumours: the approved entry that a message asks for, or the honest lack of one.

text ── gate ── 120 · doctor · cadre · small talk
      └ form ── passed on: near to a registered rumour?
             └ each pack of the illness that is named ── whole message, then its clauses
                    └ judged against each other ── answer · a person · silence
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from bot.language.alike import Topics
from bot.language.faq_ask import Form, form
from bot.language.faq_disease import Diseases
from bot.language.faq_shelf import UNSURE, Found, Shelf, weighed
from bot.language.gate import WHY, Action, Gate, Judgement
from bot.language.lexicon import Folder, Lexicon, without_mention
from bot.language.pack import Entry, Pack, Verdict

__all__ = ["Action", "Asked", "Engine", "Hit"]

_GROUP_LENGTH = 60  # a longer message in a group is a story or a notice, not a question
_FORWARD_SURE = 0.95
_SHORTEST_FORWARD = 25
_REFUTES = re.compile("谣言|辟谣|假的|不实|别信|不要信|没有根据|不能预防|防不了|没用")
_NEAREST = 0.05
_RECURRING = 20  # characters of what many say in the same words: 收到, 我36.5, 快递到了没


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
        """`base_lexicon`: dialect that all packs share; each pack adds its own words to its own.

        Raises:
            ValueError: an entry names a word group that does not exist.
        """
        base = base_lexicon or Lexicon()
        self._diseases = Diseases(packs, base)
        self._gate = gate.knowing(self._diseases.names)
        self._shelves = [Shelf(pack, base, self._diseases) for pack in packs]
        self._folder = Folder(base.same, base.inside)
        self.topics = Topics(base)
        self._again = lru_cache(maxsize=1024)(self._ask)

    def ask(self, text: str, *, on: date, addressed: bool, in_group: bool) -> Asked:
        """Find what the message asks for, and whether it may be said there on that day."""
        ask = self._again if len(text) <= _RECURRING else self._ask
        return ask(text, on, addressed or not in_group)

    def _ask(self, text: str, on: date, is_to_us: bool) -> Asked:
        message = _Message(self, without_mention(text), on, is_to_us)
        shape, to_us = message.shape, message.to_us
        asked = shape.question or shape.claim or (shape.bare and to_us)
        steps: list[str] = []
        gated = self._gate.judge(text)
        danger = gated is not None and gated.action is Action.EMERGENCY
        forwarded = self._repeated(message)
        if forwarded is not None and shape.forward and not danger:
            return forwarded  # before the gate: what is passed on is nobody's own dose or errand
        if gated is not None:
            if gated.action is Action.NONE and to_us and shape.question:
                asked_in_passing = self._answer(message, surely=True)
                if asked_in_passing.hits:
                    return asked_in_passing  # small talk on the face of it
            steps.append(_gated(gated))
            action = gated.action if to_us or danger else Action.NONE
            asks_us = asked and gated.action is not Action.NONE  # small talk asks nothing of us
            return Asked(action, (), (), asks_us, shape.forward, tuple(steps))
        if forwarded is None and shape.forward:
            forwarded = self._claimed(message)
        if forwarded is not None:
            return forwarded
        if shape.reading or (not to_us and not _may_answer_in_group(message)):
            steps.append("没有在问" if not asked else "是邻里之间说话，或不是一句问话")
            return Asked(
                Action.NONE, (), (), asked, shape.forward, tuple(steps),
                is_ours=shape.question and self._is_ours(message),
            )  # fmt: skip
        found = self._answer(message)
        if not found.hits and to_us and (gated := self._gate.judge(text, last=True)):
            return replace(found, action=gated.action, steps=(_gated(gated), *found.steps[:4]))
        return found if found.hits else self._with_lapsed(found, message)

    def nearest(self, text: str, on: date) -> list[Entry]:
        """Up to three entries that come nearest to a question which they do not answer."""
        found = self._judged(_Message(self, without_mention(text), on, to_us=True))
        return [one.entry for one in found[:3] if one.confidence >= _NEAREST]

    def entry(self, entry_id: str) -> tuple[Entry, Pack] | None:
        """An entry with its pack, by its id."""
        every = ((entry, shelf.pack) for shelf in self._shelves for entry in shelf.pack.entries)
        return next((pair for pair in every if pair[0].id == entry_id), None)

    def _judged(self, message: "_Message") -> list[Found]:
        """What each pack makes of the whole message."""
        return weighed(
            [
                shelf.judge(put, shelf.may(message.on, message.diseases))
                for shelf, put in message.put
            ]
        )

    def _is_ours(self, message: "_Message") -> bool:
        """Whether talk among neighbours asks for what a pack could answer."""
        if len(message.folded) > _GROUP_LENGTH:
            return False
        best = self._judged(message)
        return bool(best) and best[0].confidence >= UNSURE

    def _with_lapsed(self, found: Asked, message: "_Message") -> Asked:
        """Name the entry that would have been said, had its days not ended."""
        on = message.on
        over = [(shelf, put) for shelf, put in message.put if shelf.has_lapsed(on)]
        every = weighed(
            [
                shelf.judge_parts(put, shelf.may(on, message.diseases, lapsed=True))
                for shelf, put in over
            ]
        )
        for one in every[:1]:
            if one.shelf.pack.is_over(one.entry, on) and _may_say(one, message.to_us):
                hit = Hit(one.entry, one.confidence, f"不在有效期内，不能说；{one.one.why}")
                is_asked = message.to_us and message.shape.question
                return replace(
                    found,
                    action=Action.CADRE if is_asked else found.action,
                    nearest=(hit, *found.nearest[:2]),
                    steps=(_step(hit), *found.steps[:4]),
                    expired=hit,
                    is_ours=True,
                )
        return found

    def _repeated(self, message: "_Message") -> Asked | None:
        """A registered rumour, nearly word for word."""
        shape = message.shape
        if not (shape.forward or shape.claim):
            return None
        if len(message.folded) < _SHORTEST_FORWARD and not message.to_us:
            return None
        near = [
            (*found, shelf)
            for shelf, put in message.put
            if (found := shelf.repeated(put, shelf.may(message.on, frozenset()))) is not None
        ]
        if not near:
            return None
        entry, share, shelf = max(near, key=lambda one: one[1])
        sure = min(0.99, 0.6 + 0.4 * share) if share < 1 else _FORWARD_SURE
        hit = Hit(entry, round(sure, 3), f"和登记过的传言字句重合 {share:.0%}")
        if sure < shelf.bar(message.to_us):
            return None
        return Asked(Action.ANSWER, (hit,), (), shape.question, True, (hit.why,))

    def _claimed(self, message: "_Message") -> Asked | None:
        """A forward in other words: one of its clauses surely claims what a known rumour claims.

        A text that refutes the rumour names it too; it is left alone.
        """
        if _REFUTES.search(message.folded):
            return None
        found = [
            one
            for shelf, put in message.put
            for one in shelf.claimed(put, shelf.may(message.on, message.diseases), message.to_us)
        ]
        if not found:
            return None
        best = max(found, key=lambda one: one.confidence)
        hit = Hit(best.entry, best.confidence, f"转发的话里有这条传言；{best.one.why}")
        if hit.entry.verdict not in (Verdict.FALSE, Verdict.PARTLY):
            return None
        return Asked(Action.ANSWER, (hit,), (), False, True, (hit.why,))

    def _answer(self, message: "_Message", *, surely: bool = False) -> Asked:
        """`surely`: only what would be said among people too."""
        shape, to_us = message.shape, message.to_us
        said: list[Hit] = []
        kept: list[Hit] = []
        may = ((one, one[0].may(message.on, message.diseases)) for one in message.put)
        for found in weighed([shelf.judge_parts(put, allowed) for (shelf, put), allowed in may]):
            hit = Hit(found.entry, found.confidence, found.one.why)
            bar = found.shelf.bar(not surely)
            is_met = bool(found.one.met) or not said  # a second answer needs words of its own
            if len(said) < 2 and is_met and found.confidence >= bar and _may_say(found, to_us):
                said.append(hit)
            else:
                kept.append(hit)
        steps = [_step(hit) for hit in (*said, *kept)][:5]
        if said and not to_us:
            said = said[:1]
        action = Action.ANSWER if said else Action.NONE
        if not said and to_us and shape.question and kept and kept[0].confidence >= UNSURE:
            action = Action.CADRE
            steps.append("把握不够，交给干部回答")
        is_ours = bool(said) or (bool(kept) and kept[0].confidence >= UNSURE)
        return Asked(
            action, tuple(said), tuple(kept[:3]), shape.question, shape.forward, tuple(steps),
            is_ours=is_ours,
        )  # fmt: skip


class _Message:
    """A message with its form, the illnesses it names and the packs that are asked."""

    def __init__(self, engine: Engine, text: str, on: date, to_us: bool) -> None:
        self.on = on
        self.to_us = to_us
        self.folded = engine._folder.fold(text)
        self.shape = form(self.folded)
        self.diseases = engine._diseases.named(text)
        asked = [shelf for shelf in engine._shelves if shelf.is_asked(self.diseases)]
        self.put = [(shelf, shelf.put(text)) for shelf in asked]


def _gated(judged: Judgement) -> str:
    return f"{WHY[judged.action]}（{judged.rule}：{'、'.join(judged.words[:6])}）"


def _step(hit: Hit) -> str:
    return f"{hit.entry.question}：{hit.confidence:.2f}，{hit.why}"


def _may_say(found: Found, to_us: bool) -> bool:
    """Over the bar, and among people only where the whole message is that one question."""
    if found.confidence < found.shelf.bar(to_us):
        return False
    shape = found.put.shape
    if not (shape.question or shape.bare) and found.entry.verdict is None:
        return False  # a plain statement may repeat a rumour, but it asks for no rule
    if shape.rhetoric and not found.one.met:
        return False  # a sigh that is like a question, without a word of it
    return to_us or found.shelf.is_whole(found)


def _may_answer_in_group(message: _Message) -> bool:
    shape: Form = message.shape
    return (
        shape.question
        and len(message.folded) <= _GROUP_LENGTH
        and not (shape.neighbour or shape.rhetoric or shape.forward)
    )
