"""How sure each candidate is: entries and "none of them" share one probability.

    z(entry) = weights · what the matcher saw        confidence = e^z / (e^0 + sum of e^z)

so that a rival takes confidence away, and a text that no entry explains leaves all of it to none.

Calibration: the weights were fitted (multinomial logit with a small ridge) on 860 questions by
hands that had not seen the pack, half of those of the other packs, the older sets at a third of
the weight, and 6,000 lines of ordinary talk, while none of them was heard or ordinary content;
the 860 are heard since. Signatures were tuned on the older sets, which must not weigh in full:
they make every signature look surer than it is. The floors in tests/unit/language hold at the
packs' bars.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.language.faq_ask import Form
from bot.language.faq_match import Candidate, Matcher

_WEIGHTS = {
    "none": -9.51,
    "must": 1.44,
    "other": 0.39,
    "votes": -1.73,
    "log votes": 1.02,
    "first": 0.57,
    "unasked": -1.49,
    "known": 4.73,
    "share": 2.83,
    "conflict": 0.26,
    "forbidden": -2.23,
    "rumour": -0.32,
    "claimed": 0.29,
    "no question": -3.08,
    "stated": -1.01,
    "figures": -2.35,
    "words": 0.61,
    "unknown": 0.75,
    "long": 5.93,
}
_FEW = 0.003
_FIGURE = re.compile(r"\d+(?:\.\d+)?|[一二三四五六七八九十百千]{2,}(?:点[零一二三四五六七八九]+)?")


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with its confidence; `met`: positions that its signature explains."""

    entry: int
    confidence: float
    why: str
    met: frozenset[int]


def features(one: Candidate, folded: str, shape: Form, *, rumour: bool) -> dict[str, float]:
    """What the weights weigh. A rumour may be stated flatly and still wants an answer."""
    asked = shape.question or shape.claim or shape.bare
    figures = [at for at in _FIGURE.finditer(folded) if one.met.isdisjoint(range(*at.span()))]
    return {
        "none": 1.0,
        "must": float(one.must and not one.forbidden),
        "other": float(one.other and not one.forbidden),
        "votes": one.votes,
        "log votes": math.log(max(one.votes, _FEW)),
        "first": float(one.votes == one.largest),
        "unasked": math.log(max(one.unasked, _FEW)),
        "known": one.known,
        "share": min(1.0, len(one.met) / max(1, len(folded))),
        "conflict": float(one.conflict),
        "forbidden": float(one.forbidden),
        "rumour": float(rumour),
        "claimed": float(rumour and shape.claim),
        "no question": float(not asked),
        "stated": float(rumour and not asked),
        "figures": float(min(len(figures), 3)),
        "words": float(min(len(one.words), 4)),
        "unknown": one.unknown,
        "long": min(1.0, len(folded) / 20),
    }


def judge(
    matcher: Matcher,
    folded: str,
    shape: Form,
    may: Callable[[int], bool] = lambda entry: True,
    keep: int = 6,
) -> list[Judged]:
    """The best candidates of one text, surest first; `may`: entries that compete at all.

    One that may not be said takes no confidence from those that may. One whose `not` word stands
    there is never said, however much else it meets, but what it would have been sure of is nobody
    else's either.
    """
    scored: list[tuple[float, Candidate]] = []
    for one in matcher.match(folded):
        if not may(one.entry):
            continue
        seen = features(one, folded, shape, rumour=matcher.is_rumour[one.entry])
        scored.append((sum(_WEIGHTS[name] * value for name, value in seen.items()), one))
    total = 1.0 + sum(math.exp(z) for z, _ in scored)
    scored.sort(key=lambda pair: (-pair[0], pair[1].entry))
    return [
        Judged(one.entry, round(math.exp(z) / total, 3), _why(one), one.met)
        for z, one in scored
        if not one.forbidden
    ][:keep]


def _why(one: Candidate) -> str:
    parts: Sequence[str] = (
        f"问到了 {'、'.join(one.words[:5])}" if one.words else "",
        f"与已有问法相近 {one.near:.2f}",
        "问的关系不同" if one.conflict else "",
    )
    return "，".join(part for part in parts if part)
