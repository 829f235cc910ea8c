"""What is taken back, put right, unsure, repeated or a range, once all numbers are judged."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from bot.language.lines import Draft, Message
from bot.language.meaning import HOUSEHOLD, SELF, Clarify, SpokenReading, Step
from bot.language.normalise import Normal
from bot.language.numerals import Form, Unit, plausible, tenth
from bot.language.people import Kind
from bot.language.tokens import Token
from bot.language.words import BIT, mask, word_set

FEVER = Decimal("37.3")
LOOKS = word_set("像 好像 象 看着像 瞅着像 似")
CHOICE = word_set("还是 或者 或 要么 又好像 又像 又象 再不就是 要么就是 要不就是 也可能")


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
        if len(between) == 1 and between[0].bits & BIT["to"] and one.celsius < two.celsius:
            one.dropped = "区间的低端"
            two.approx = True
            two.who, two.mention, two.count, two.owner = one.who, one.mention, one.count, one.owner
            two.day, two.period, two.site = one.day, one.period, one.site


def unsure(drafts: list[Draft], lines: list[list[Token]], message: Message) -> None:
    """36.5还是36.8看不清: both are asked about."""
    for one, two in pairwise(drafts):
        same = one.line == two.line
        if same and (
            _either(lines[one.line], one, two) or _either_looks(lines[one.line], one, two)
        ):
            for draft in (one, two):
                draft.verdict = replace(draft.verdict, outcome="clarify", why="两个数里拿不准")
            two.who = one.who
            continue
        if same and message.bits & BIT["blurry"] and _plain_choice(lines[one.line], one, two):
            for draft in (one, two):
                draft.verdict = replace(draft.verdict, outcome="clarify", why="两个数里拿不准")
            continue
        if one.line != two.line or "no" in (one.verdict.outcome, two.verdict.outcome):
            continue
        between = [
            t for t in lines[one.line][one.at + 1 : two.at] if t.kind not in ("space", "comma")
        ]
        doubt = [t.text for t in lines[one.line][one.at + 1 : two.at + 2] if t.kind == "stop"]
        if len(between) == 1 and doubt == ["?", "?"] and not two.left.mentions:
            between = [replace(between[0], text="还是")]
        either = message.bits & BIT["blurry"] and not between and len(drafts) == 2
        if either and not (one.left.mentions or two.left.mentions or two.timed):
            between = [replace(one.token, text="还是")]
        choosing = any(t.text in CHOICE for t in between) or (
            any(t.text == "好像" for t in between) and message.bits & BIT["blurry"]
        )
        if not choosing or two.left.mentions or len(between) > 4 or (one.timed and two.timed):
            continue
        if (
            not message.bits & BIT["blurry"]
            and any(t.text == "还是" for t in between)
            and any(t.bits & BIT["all"] for t in between)
        ):
            continue
        for draft in (one, two):
            draft.verdict = replace(draft.verdict, outcome="clarify", why="两个数里拿不准")
        two.who = one.who


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
        if one.line != two.line or one.verdict.why != "说的是涨落" or two.left.mentions:
            continue
        if any(t.bits & BIT["to"] for t in lines[one.line][one.at + 1 : two.at]):
            two.verdict = replace(two.verdict, outcome="no", why="说的是涨落")


def knowledge(drafts: list[Draft], message: Message) -> None:
    """腋温36到37，口温36.3到37.2: several ranges of nobody are a lesson."""
    spans = [d for d in drafts if d.dropped == "区间的低端"]
    if not spans or any(d.left.mentions for d in drafts):
        return
    wide = any(b.celsius - a.celsius >= 2 for a, b in pairwise(drafts) if a.celsius and b.celsius)
    if len(spans) < 2 and not (wide or message.bits & BIT["question"]):
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


def corrected(drafts: list[Draft], lines: list[list[Token]], message: Message) -> bool:
    """Drops what the sender takes back; True where something is put right."""
    bits = message.bits
    good = [d for d in drafts if d.verdict.outcome != "no"]
    if not good:
        return _bare_takeback(lines, message)
    fixed = bool(bits & BIT["slip"]) or bool(
        bits & BIT["weak_slip"] and bits & BIT["mine_before"] and _speaks_of_report(lines)
    )
    fixed = fixed or bool(
        bits & BIT["takeback"] and (bits & BIT["mine_before"] or "撤" in message.said.text)
    )
    fixed = _denied_pairs(drafts, lines) or fixed or _starts_with_is(lines, good[0])
    fixed = fixed or any(
        d.renamed and _clause_bits(lines[d.line], d.at) & BIT["mine_before"] for d in good
    )
    if fixed and not bits & mask("mine_before takeback") and _only_asked(lines, good):
        fixed = False
    for draft in good:
        if _called_wrong(lines[draft.line], draft, good, bits):
            draft.dropped, fixed = "自己说错了", True
            _inherit(draft, good)
    for one, two in pairwise(good):
        if one.line != two.line or one.dropped:
            continue
        if _replaced(lines[one.line][one.at + 1 : two.at], one, two, fixed):
            one.dropped, fixed = "改成了后面的数", True
            if not two.left.mentions:
                two.who, two.mention, two.count, two.owner = (
                    one.who,
                    one.mention,
                    one.count,
                    one.owner,
                )
            if not two.timed:
                two.day, two.period, two.minute = one.day, one.period, one.minute
    return fixed


def _inherit(wrong: Draft, good: list[Draft]) -> None:
    """我闺女那格我填成37.2了，应该是36.2: the right number is of the same person."""
    behind = next((d for d in good if d.line == wrong.line and d.at > wrong.at), None)
    if behind is None or behind.left.mentions or behind.renamed:
        return
    called = (
        behind.mention is not None and behind.mention.kind is Kind.SELF
    )  # …是我读错了，实际37.5
    if wrong.mention is not None and (
        called or behind.mention is None or behind.mention.first < wrong.at
    ):
        behind.who, behind.mention, behind.owner = wrong.who, wrong.mention, wrong.owner
    if not behind.timed:
        behind.day, behind.period = wrong.day, wrong.period


def _only_asked(lines: list[list[Token]], good: list[Draft]) -> bool:
    """3.59，好像少打了一个数: what is called wrong is the number that is asked about."""
    first = good[0]
    ahead = any(t.bits & BIT["slip"] for line in lines[: first.line] for t in line)
    ahead = ahead or any(t.bits & BIT["slip"] for t in lines[first.line][: first.at])
    return not ahead and all(d.verdict.outcome == "clarify" for d in good)


def _bare_takeback(lines: list[list[Token]], message: Message) -> bool:
    """刚才那个作废: takes back without the right value. Small talk about mistakes does not."""
    far = message.bits & BIT["takeback"] and message.bits & BIT["mine_before"]
    if message.content > (16 if far else 8) or not message.bits & mask("takeback slip mixed_up"):
        return False
    if message.bits & mask("money news notice") or (not far and message.bits & mask("goods heat")):
        return False
    if message.said.text.strip().startswith(('"', "“")) or "成员消息" in message.said.text:
        return False
    opening = next((t for line in lines for t in line if t.kind != "space"), None)
    pointed = (
        message.bits & mask("mine_before")
        or (opening is not None and opening.bits & BIT["takeback"])
        or any(t.text in ("这条", "那条", "那个") for line in lines for t in line)
    )
    return bool(pointed or message.bits & mask("mixed_up temp"))


def _speaks_of_report(lines: list[list[Token]]) -> bool:
    return any(
        t.text
        in (
            "报的",
            "报的那个",
            "发的",
            "写的",
            "那个",
            "这个",
            "那条",
            "上面",
            "前头",
            "刚才",
            "刚那个",
            "我报的",
        )
        for line in lines
        for t in line
    )


def _starts_with_is(lines: list[list[Token]], first: Draft) -> bool:
    """是364: an answer that mends what was asked about."""
    if first.line or first.verdict.outcome != "reading":
        return False
    line = [t for t in lines[0][: first.at] if t.kind not in ("space", "comma")]
    return bool(line) and (
        (line[0].text in ("是", "应该是", "应为") and len(line) == 1)
        or line[0].text in ("修改", "改", "改正", "改一下")
    )


def _clause_bits(line: list[Token], at: int) -> int:
    bits = 0
    for token in _clause_before(line, at):
        bits |= token.bits
    return bits


def _called_wrong(line: list[Token], draft: Draft, good: list[Draft], bits: int) -> bool:
    """37.6是打错字, 38是我按错的, 打成了38.5."""
    if not bits & mask("takeback slip mixed_up"):
        return False
    ahead, back = _clause_after(line, draft.at), _clause_before(line, draft.at)
    if any(t.bits & BIT["takeback"] for t in ahead) and not draft.left.bits & BIT["negation"]:
        return len(good) > 1 or not any(t.bits & BIT["fine"] for t in ahead)
    named = any(
        len(t.text) <= 3 and t.text.rstrip("了").endswith("成") and t.text[0] not in "改更"
        for t in back
    )
    if named and len(good) > 1 and bits & BIT["slip"]:
        return True
    wrong = [t for t in ahead if t.bits & mask("slip mixed_up")]
    if wrong and len(good) > 1 and draft.left.bits & BIT["mine_before"] and not draft.renamed:
        return True  # 早先那个35.6打反了
    return (
        bool(wrong)
        and len(good) > 1
        and not draft.renamed
        and any(t.text in ("是", "那个", "属于") for t in ahead[:2])
    )


def _replaced(between: list[Token], one: Draft, two: Draft, fixed: bool) -> bool:
    shown = [t for t in between if t.kind not in ("space", "comma")]
    while len(shown) > 1 and shown[0].bits & BIT["particle"]:
        shown = shown[1:]  # 36.8，哎不是，36.3
    if shown and all(t.bits & BIT["seq"] for t in shown):
        spelled = any(t.text in ("改成", "改为", "更正为") for t in shown)
        return (fixed or spelled) and not two.timed
    undo = any(
        t.text
        in (
            "不对",
            "不对不对",
            "错了",
            "打错了",
            "说错了",
            "写错了",
            "看错了",
            "报错了",
            "打错",
            "写错",
            "应该是",
            "应为",
            "改成",
            "改为",
            "更正",
            "实际是",
            "其实是",
            "手抖",
            "手抖了",
            "手滑",
            "手滑了",
            "手误",
            "其实",
            "应是",
        )
        for t in between
    )
    undo = undo or (bool(shown) and shown[0].text in ("哦不", "噢不", "不是", "啊不"))
    renamed = one.celsius == two.celsius  # 潘细牛36.9应为潘大牛36.9
    return undo and (not two.left.mentions or two.who == one.who or renamed)


def _denied_pairs(drafts: list[Draft], lines: list[list[Token]]) -> bool:
    """不是37.5是36.5."""
    for one, two in pairwise(drafts):
        right_first = one.verdict.outcome == "reading" and two.verdict.why == "是在否认"
        mixed = sorted(one.token.text) == sorted(two.token.text)  # 36.2，不是62.3
        if one.line == two.line and right_first and mixed:
            return True
        if (
            one.line == two.line
            and right_first
            and (two.left.near_text in ("不是", "并不是") and not _commas(lines, one, two))
        ):
            return True  # 是36.5不是39.5
        if (
            one.line != two.line
            or one.verdict.why != "是在否认"
            or two.verdict.outcome != "reading"
        ):
            continue
        between = lines[one.line][one.at + 1 : two.at]
        if any(t.text in ("是", "应该是", "而是") for t in between):
            told = one.left.mentions
            late = two.mention is not None and two.mention.first > one.at
            if not two.left.mentions and (late or told):
                two.who = told[-1].who if told else (SELF,)
                two.mention = told[-1] if told else None
            return True
    return False


def _commas(lines: list[list[Token]], one: Draft, two: Draft) -> bool:
    return any(t.kind == "comma" for t in lines[one.line][one.at : two.at])


def _clause_after(line: list[Token], at: int) -> list[Token]:
    out: list[Token] = []
    for token in line[at + 1 : at + 12]:
        if token.kind in ("comma", "stop") or (
            token.number is not None and token.number.form is not Form.PLAIN
        ):
            break
        out.append(token)
    return out


def _clause_before(line: list[Token], at: int) -> list[Token]:
    out: list[Token] = []
    for token in reversed(line[max(0, at - 4) : at]):
        if token.kind in ("comma", "stop") or (
            token.number is not None and token.number.form is not Form.PLAIN
        ):
            break
        out.append(token)
    return out


def likely(number: str) -> tuple[Decimal, ...]:
    """What a mistyped number most likely was."""
    digits = "".join(c for c in number if c.isdigit())
    found: list[Decimal] = []
    if not digits:
        return ()
    trials = [
        digits,
        digits[0:1] + digits[2:],
        digits[1:2] + digits[0:1] + digits[2:],
        "3" + digits[1:],
        "3" + digits,
    ]
    if len(digits) == 2:
        trials.insert(1, "3" + digits)
    for trial in trials:
        if len(trial) >= 3:
            value = Decimal(trial[:3]) / 10
            if Decimal(35) <= value <= Decimal("42.5") and value not in found:
                found.append(value)
    try:
        as_written = Decimal(number.replace("。", ".").replace(",", "."))
    except ArithmeticError:
        return tuple(found[:3])
    if plausible(as_written):
        return (as_written,)
    if Decimal(93) <= as_written <= Decimal(108):
        return (tenth((as_written - 32) / Decimal("1.8")),)
    return tuple(found[:3])


def spoken(draft: Draft, normal: Normal) -> list[SpokenReading]:
    """The readings of one draft, one for each person side by side."""
    assert draft.celsius is not None  # noqa: S101 - settled before
    number = draft.token.number
    assert number is not None  # noqa: S101 - only numbers get here
    value = tenth(draft.celsius) if number.unit is Unit.FAHRENHEIT else draft.celsius
    span = normal.span(draft.token.start, draft.token.start + len(number.written))
    return [
        SpokenReading(
            who=who,
            celsius=value,
            approx=draft.approx,
            day=draft.day,
            period=draft.period,
            site=draft.site,
            count=draft.count if who == HOUSEHOLD or "家" in who else None,
            span=span,
            minute=draft.minute,
            owner=draft.owner,
        )
        for who in draft.who
    ]


def asked(draft: Draft, normal: Normal) -> Clarify:
    """The question of one draft."""
    number = draft.token.number
    assert number is not None  # noqa: S101 - only numbers get here
    span = normal.span(draft.token.start, draft.token.start + len(number.written))
    known = draft.celsius
    guesses = (known,) if known is not None else likely(number.written)
    return Clarify(number.written, draft.who[0], guesses, span)


def step(draft: Draft, normal: Normal) -> Step:
    """Why this number became what it did."""
    number = draft.token.number
    written = number.written if number is not None else draft.token.text
    outcome = "no" if draft.dropped else draft.verdict.outcome
    span = normal.span(draft.token.start, draft.token.start + len(written))
    return Step(span, written, outcome, draft.dropped or draft.verdict.why)


__all__ = [
    "SELF",
    "Kind",
    "asked",
    "bounds",
    "corrected",
    "knowledge",
    "ranges",
    "repeated",
    "restated",
    "spoken",
    "step",
    "unsure",
]
