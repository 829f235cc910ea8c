"""What numbers side by side make of each other: a range, a choice, one value said twice."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from bot.language.beside import SCALE
from bot.language.lines import Draft
from bot.language.meaning import HOUSEHOLD
from bot.language.message import Message
from bot.language.numerals import FEVER
from bot.language.tokens import Token
from bot.language.turns import turn
from bot.language.words import BIT, mask

LOOKS = turn("looks_like")
CHOICE = turn("choice")
PERHAPS = turn("perhaps")


def ranges(drafts: list[Draft], lines: list[list[Token]]) -> None:
    """36.5到36.8 is its higher end; an arrow in a correction is what it became."""
    for one, two in pairwise(drafts):
        if (
            one.line != two.line
            or "no" in (one.verdict.outcome, two.verdict.outcome)
            or one.celsius is None
            or two.celsius is None
        ):
            continue
        between = [t for t in lines[one.line][one.at + 1 : two.at] if t.kind != "space"]
        tied = bool(between) and all(t.bits & BIT["to"] for t in between)  # 36.3--36.6
        if tied and one.celsius < two.celsius:
            one.dropped = "区间的低端"
            two.approx = True
            two.who, two.mention, two.count, two.owner = one.who, one.mention, one.count, one.owner
            two.day, two.period, two.site = one.day, one.period, one.site


def unsure(drafts: list[Draft], lines: list[list[Token]], message: Message) -> None:
    """36.5还是36.8看不清: both are asked about."""
    for one, two in pairwise(drafts):
        if one.line != two.line or one.verdict.why == "没有说是谁":
            continue  # 有三个发烧的，37.5还是38没准
        line, blurry = lines[one.line], bool(message.bits & BIT["blurry"])
        either = _either(line, one, two) or _either_looks(line, one, two)
        plain = either or (blurry and _plain_choice(line, one, two))
        if not (plain or _choosing(line, one, two, blurry=blurry, pair=len(drafts) == 2)):
            continue
        for draft in (one, two):
            draft.verdict = replace(draft.verdict, outcome="clarify", why="两个数里拿不准")
        if either or not plain:
            two.who = one.who


def _choosing(line: list[Token], one: Draft, two: Draft, *, blurry: bool, pair: bool) -> bool:
    """36.5还是36.8, 36.5？36.8？, and of what cannot be read also 36.5 36.8."""
    timed = one.timed and two.timed
    if "no" in (one.verdict.outcome, two.verdict.outcome) or two.left.mentions or timed:
        return False
    between = [t for t in line[one.at + 1 : two.at] if t.kind not in ("space", "comma")]
    stops = [t.text for t in line[one.at + 1 : two.at + 2] if t.kind == "stop"]
    if len(between) == 1 and stops == ["?", "?"]:
        return True
    if not between:
        return blurry and pair and not (one.left.mentions or two.timed)
    if len(between) > 4:
        return False
    doubted = any(t.text in CHOICE or t.bits & BIT["unsure"] for t in between)
    doubted = doubted or (blurry and any(t.text in PERHAPS for t in between))
    both = any(t.text == "还是" for t in between) and any(t.bits & BIT["all"] for t in between)
    return doubted and (blurry or not both)  # 36.5，还是都36.8 goes on


def _plain_choice(line: list[Token], one: Draft, two: Draft) -> bool:
    """字儿太小 36.6还是38.6俺眼花: two temperatures and a 还是, whatever stands before them."""
    between = [t.text for t in line[one.at + 1 : two.at] if t.kind not in ("space", "comma")]
    values = [d.token.number.celsius for d in (one, two) if d.token.number is not None]
    labelled = one.verdict.outcome != "no" or one.verdict.why.startswith(("说的是", "不知道"))
    foreign = one.left.foreign or two.left.foreign or not labelled
    return between == ["还是"] and all(v is not None for v in values) and not foreign


def _either_looks(line: list[Token], one: Draft, two: Draft) -> bool:
    """瞅着像369又像389: two figures that one sign may be."""
    before = line[one.at - 1].text if one.at else ""
    between = [t.text for t in line[one.at + 1 : two.at] if t.kind not in ("space", "comma")]
    return before in LOOKS and between in (["又像"], ["也像"], ["又", "像"], ["也", "像"], ["还是"])


def _either(line: list[Token], one: Draft, two: Draft) -> bool:
    """不是36.4就是37.4: one of the two, nobody knows which."""
    if one.verdict.why != "是在否认" or two.celsius is None:
        return False
    between = [t.text for t in line[one.at + 1 : two.at] if t.kind not in ("space", "comma")]
    return between in (["就是"], ["便是"], ["就"], ["度", "就是"])


def bounds(drafts: list[Draft], message: Message) -> None:
    """都没超过37.3 says only that nobody has a fever; a bound below that is the outcome."""
    for draft in drafts:
        if draft.verdict.outcome != "reading" or draft.celsius is None:
            continue
        if draft.bound == "under" and draft.celsius >= FEVER:
            draft.verdict = replace(draft.verdict, outcome="no", why="只是说没发烧")


def scales(drafts: list[Draft], lines: list[list[Token]]) -> None:
    """体温计从35度到42度: how far a scale goes."""
    for one, two in pairwise(drafts):
        if one.line != two.line or one.verdict.why != SCALE or _named_between(one, two):
            continue
        if any(t.bits & BIT["to"] for t in lines[one.line][one.at + 1 : two.at]):
            two.verdict = replace(two.verdict, outcome="no", why=SCALE)


def _named_between(one: Draft, two: Draft) -> bool:
    return any(m.first > one.at for m in two.left.mentions)


def knowledge(drafts: list[Draft], message: Message) -> None:
    """腋温36到37，口温36.3到37.2: several ranges of nobody are a lesson."""
    spans = [d for d in drafts if d.dropped == "区间的低端"]
    if not spans or any(d.left.mentions for d in drafts):
        return
    wide = any(b.celsius - a.celsius >= 2 for a, b in pairwise(drafts) if a.celsius and b.celsius)
    if len(spans) < 2 and not (wide or message.bits & mask("question standard")):
        return
    for draft in drafts:
        draft.dropped = "讲的是常识"


def restated(drafts: list[Draft]) -> None:
    """三十七度往下一点，大概三十六度九 is one value said twice."""
    for one, two in pairwise(drafts):
        if (
            one.verdict.outcome != "reading"
            or two.verdict.outcome != "reading"
            or one.line != two.line
        ):
            continue
        if one.celsius is None or two.celsius is None or two.left.mentions or two.timed:
            continue
        if one.approx and two.bound == "under" and one.celsius <= two.celsius:
            two.dropped = "前面说得更准"
        elif (
            one.approx
            and two.left.bits & BIT["about"]
            and abs(one.celsius - two.celsius) <= Decimal("0.5")
        ):
            one.dropped = "后面说得更准"


def repeated(drafts: list[Draft]) -> None:
    """The same number said over for emphasis is one reading."""
    kept = [d for d in drafts if d.verdict.outcome == "reading" and not d.dropped]
    for one, two in pairwise(kept):
        if (
            one.celsius != two.celsius
            or two.left.mentions
            or two.timed
            or two.left.bits & BIT["site"]
        ):
            continue
        if (
            one.who == two.who
            and two.who != (HOUSEHOLD,)
            and one.day == two.day
            and one.site == two.site
            and one.period == two.period
        ):
            two.dropped = "重复说了一遍"
