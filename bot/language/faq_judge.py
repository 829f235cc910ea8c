"""How sure each candidate is: entries and "none of them" share one probability.

    z(entry) = weights · what the matcher saw        confidence = e^z / (e^0 + sum of e^z)

so that a rival takes confidence away, and a text that no entry explains leaves all of it to none.

Calibration: the weights were fitted (multinomial logit, ridge 0.02) on the labelled questions of
tests/data/questions together with lines of ordinary talk, some 800 in all, each with the entries
that the matcher proposed for it; the floors in tests/unit/language hold at the packs' bars. With
84 questions alone the promised rate of wrong answers was missed fourfold: fit on at least 300.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.language.faq_ask import Form
from bot.language.faq_match import Candidate, Matcher

_WEIGHTS = {
    "none": -2.42,
    "must": 1.61,
    "forbidden must": -0.63,
    "other": 1.48,
    "forbidden other": 0.07,
    "both": 0.78,
    "near": 1.19,
    "known": 0.49,
    "foreign": -1.55,
    "met": 0.82,
    "share": 1.02,
    "conflict": -0.13,
    "agrees": 0.47,
    "forbidden": -0.28,
    "rumour": -0.54,
    "claimed": 0.19,
    "unasked": -2.26,
    "stated": -0.28,
}


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
    return {
        "none": 1.0,
        "must": float(one.must and not one.forbidden),
        "forbidden must": float(one.must and one.forbidden),
        "other": float(one.other and not one.forbidden),
        "forbidden other": float(one.other and one.forbidden),
        "both": float(one.must and one.other),
        "near": one.near,
        "known": one.known,
        "foreign": min(one.foreign, 8.0) / 4,
        "met": float(min(len(one.met), 10)),
        "share": min(1.0, len(one.met) / max(1, len(folded))),
        "conflict": float(one.conflict),
        "agrees": float(one.agrees),
        "forbidden": float(one.forbidden),
        "rumour": float(rumour),
        "claimed": float(rumour and shape.claim),
        "unasked": float(not asked),
        "stated": float(rumour and not asked),
    }


def judge(
    matcher: Matcher,
    folded: str,
    shape: Form,
    may: Callable[[int], bool] = lambda entry: True,
    keep: int = 6,
) -> list[Judged]:
    """The best candidates of one text, surest first; `may`: entries that compete at all.

    One that may not be said takes no confidence from those that may.
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
        for z, one in scored[:keep]
    ]


def _why(one: Candidate) -> str:
    parts: Sequence[str] = (
        f"问到了 {'、'.join(one.words[:5])}" if one.words else "",
        f"与已有问法相近 {one.near:.2f}",
        "问的关系不同" if one.conflict else "",
        "有不该出现的词" if one.forbidden else "",
    )
    return "，".join(part for part in parts if part)
