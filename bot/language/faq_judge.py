"""How sure each candidate is: entries and "none of them" share one probability.

    z(entry) = weights · what the matcher saw        confidence = e^z / (e^0 + sum of e^z)

so that a rival takes confidence away, and a text that no entry explains leaves all of it to none.

Calibration: the weights were fitted (multinomial logit, ridge 0.02) on the labelled questions of
tests/data/questions together with lines of ordinary talk, some 800 in all, each with the entries
that the matcher proposed for it; the floors in tests/unit/language hold at the packs' bars. With
84 questions alone the promised rate of wrong answers was missed fourfold: fit on at least 300.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.language.faq_ask import Form
from bot.language.faq_match import Candidate, Matcher

_WEIGHTS = {
    "none": -4.38,
    "must": 2.27,
    "forbidden must": -0.04,
    "other": 0.81,
    "forbidden other": -0.15,
    "both": 0.90,
    "near": 1.26,
    "known": 2.17,
    "foreign": -0.95,
    "met": 0.36,
    "share": 2.06,
    "conflict": 0.07,
    "agrees": 0.70,
    "forbidden": -1.75,
    "rumour": -0.43,
    "claimed": 0.10,
    "unasked": -3.12,
    "stated": 0.17,
    "figures": -2.64,
    "goods": -1.11,
    "words": 0.43,
    "one word": 0.26,
    "unknown": -1.24,
    "long": 1.30,
}
_NUMERAL = r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九十百千半]+(?:点[零一二三四五六七八九]+)?)"
_FIGURE = re.compile(r"\d+(?:\.\d+)?|[一二三四五六七八九十百千]{2,}(?:点[零一二三四五六七八九]+)?")
_GOODS = re.compile(  # so much of something, for so much: talk of trade and work
    _NUMERAL
    + r" ?(?:元|块|毛|分钱|斤|亩|公斤|吨|码|公分|公里|架次|票|捆|箱|双|只|头|岁|年|分(?!钟))"
)


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
        "figures": float(min(len(figures), 3)),
        "goods": float(bool(_GOODS.search(folded))),
        "words": float(min(len(one.words), 4)),
        "one word": float(len(one.words) == 1),
        "unknown": one.unknown,
        "long": min(len(folded), 60) / 20,
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
