"""What the sender takes back or puts right, once all numbers are judged."""

from itertools import pairwise

from bot.language.lines import Draft
from bot.language.meaning import SELF
from bot.language.message import Message
from bot.language.people import Kind
from bot.language.tokens import NOTHING, Token
from bot.language.turns import turn
from bot.language.words import BIT, mask

REPORTED = turn("reported")
SENT = turn("sent_things")
WAS = turn("was")
OF = turn("of")
UNDO = turn("undo")
RUMOUR = mask("hearsay untrue")


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
    fixed = fixed or bool(bits & BIT["mine_before"] and bits & BIT["mixed_up"] and _pressed(lines))
    fixed = _denied_pairs(drafts, lines) or fixed or _starts_with_is(lines, good[0])
    fixed = fixed or any(
        d.renamed and _clause_bits(lines[d.line], d.at) & BIT["mine_before"] for d in good
    )
    fixed = fixed or any(_redated(line) for line in lines)
    if fixed and not bits & mask("mine_before takeback") and _only_asked(lines, good):
        fixed = False
    erred = bits & mask("takeback slip mixed_up")
    for draft in good:
        if erred and _called_wrong(lines[draft.line], draft, good, bits):
            draft.dropped, fixed = "自己说错了", True
            _inherit(draft, good)
    for one, two in pairwise(good):
        if one.line != two.line or one.dropped or two.dropped:
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


def _pressed(lines: list[list[Token]]) -> bool:
    """奶奶那条是我弟乱按的: what stands there was sent by who only pressed the keys."""
    return any(t.bits & BIT["mixed_up"] and t.text[0] in "乱瞎" for line in lines for t in line)


def _redated(line: list[Token]) -> bool:
    """我刚报的36.7那是昨天的; 早上报的是老公的: what was reported is of another day or person."""
    reported = next((p for p, t in enumerate(line) if t.bits & BIT["mine_before"]), len(line))
    for at in range(reported + 1, min(len(line) - 1, reported + 7)):
        token = line[at]
        if token.kind in ("comma", "stop"):
            return False
        if token.bits & BIT["mixed_up"]:
            return True  # 刚才报的不是我的，我的是36.5
        if token.text in WAS and reported < at:
            said = line[at + 1 : at + 5]
            other = any(t.bits & mask("day kin") or t.kind in ("name", "date") for t in said)
            told = at - 1 > reported and line[at - 1].text[-1] == "的"  # 刚才那个我说的是我弟妹
            return other and (told or any(t.text in OF for t in said))
    return False


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
    if message.bits & BIT["mixed_up"] and message.bits & BIT["question"] and not far:
        return False  # 不是我发烧，是邻居问多少度要上报
    if message.bits & mask("money news notice") or (not far and message.bits & mask("goods heat")):
        return False
    if message.said.text.strip().startswith(('"', "“")) or "成员消息" in message.said.text:
        return False
    if any(t.text in SENT or t.text.endswith("图") for line in lines for t in line):
        return False  # 刚才那张图当没看见
    opening = next((t for line in lines for t in line if t.kind != "space"), None)
    pointed = (
        message.bits & mask("mine_before")
        or (opening is not None and opening.bits & BIT["takeback"])
        or any(t.text in ("这条", "那条", "那个") for line in lines for t in line)
    )
    return bool(pointed or message.bits & mask("mixed_up temp"))


def _speaks_of_report(lines: list[list[Token]]) -> bool:
    return any(t.text in REPORTED for line in lines for t in line)


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
    ahead, back = _clause_after(line, draft.at), _clause_before(line, draft.at)
    if _withdrawn(line, draft, good):
        return True
    if _takes_back(ahead) and not draft.left.bits & BIT["negation"]:
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
        and any(t.text in ("是", "那个", "属于", "系", "属") for t in ahead[:2])
    )


def _takes_back(ahead: list[Token]) -> bool:
    """36.5作废; but 今天走亲取消了 takes something else back."""
    for before, token in pairwise([NOTHING, *ahead]):
        other = before.kind == "char" or before.bits & BIT["common"]
        if token.bits & BIT["takeback"] and not other:
            return True
    return False


def _withdrawn(line: list[Token], draft: Draft, good: list[Draft]) -> bool:
    """刚才报的37.6是热毛巾敷过的，不能作数; 那个36.1没夹住，不作数，又量36.6."""
    if not any(t.bits & BIT["mine_before"] for t in _clause_before(line, draft.at)):
        return False
    end = next((d.at for d in good if d.line == draft.line and d.at > draft.at), len(line))
    return any(t.bits & BIT["takeback"] for t in line[draft.at + 1 : end])


def _replaced(between: list[Token], one: Draft, two: Draft, fixed: bool) -> bool:
    shown = [t for t in between if t.kind not in ("space", "comma")]
    while len(shown) > 1 and shown[0].bits & BIT["particle"]:
        shown = shown[1:]  # 36.8，哎不是，36.3
    if shown and all(t.bits & BIT["seq"] for t in shown):
        spelled = any(t.text in ("改成", "改为", "更正为") for t in shown)
        return (fixed or spelled) and not two.timed
    undo = any(t.text in UNDO for t in between)
    another = two.timed or two.renamed or (two.mention and two.mention.first > one.at)
    undo = undo or (fixed and not another and _owns_up(between))
    undo = undo or (bool(shown) and shown[0].text in ("哦不", "噢不", "不是", "啊不"))
    renamed = one.celsius == two.celsius  # 潘细牛36.9应为潘大牛36.9
    undo = undo and not any(t.bits & BIT["again"] for t in shown[1:])
    return undo and (not two.left.mentions or two.who == one.who or renamed)


def _owns_up(between: list[Token]) -> bool:
    """38.8写大了，36.8: a clause between two numbers that calls the first one wrong."""
    slip = next((p for p, t in enumerate(between) if t.bits & BIT["slip"]), None)
    if slip is None or "成" in between[slip].text:
        return False  # 36.9，我打成39.6了
    return any(t.kind == "comma" for t in between[slip + 1 :])


def _denied_pairs(drafts: list[Draft], lines: list[list[Token]]) -> bool:
    """不是37.5是36.5."""
    for one, two in pairwise(drafts):
        right_first = one.verdict.outcome == "reading" and two.verdict.why == "是在否认"
        mixed = sorted(one.token.text) == sorted(two.token.text)  # 36.2，不是62.3
        if one.line == two.line and right_first and mixed:
            return True
        if one.line == two.line and right_first and _is_and_is_not(one, two, lines):
            return True
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
            if not (two.left.mentions or two.renamed) and (late or told):
                two.who = told[-1].who if told else (SELF,)
                two.mention = told[-1] if told else None
            return True
    return False


def _is_and_is_not(one: Draft, two: Draft, lines: list[list[Token]]) -> bool:
    """是36.5不是39.5, 小女儿是37.2，不是37.8: what was reported before is put right."""
    claimed = one.left.near_text == "是" and not _clause_bits(lines[one.line], one.at) & RUMOUR
    denied = two.left.near_text in ("不是", "并不是")
    return denied and (claimed or not _commas(lines, one, two))


def _commas(lines: list[list[Token]], one: Draft, two: Draft) -> bool:
    return any(t.kind == "comma" for t in lines[one.line][one.at : two.at])


def _clause_after(line: list[Token], at: int) -> list[Token]:
    out: list[Token] = []
    for token in line[at + 1 : at + 12]:
        if token.kind in ("comma", "stop") or token.degrees:
            break
        out.append(token)
    return out


def _clause_before(line: list[Token], at: int) -> list[Token]:
    out: list[Token] = []
    for token in reversed(line[max(0, at - 4) : at]):
        if token.kind in ("comma", "stop") or token.degrees:
            break
        out.append(token)
    return out
