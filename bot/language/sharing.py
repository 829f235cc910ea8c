"""Numbers that several people share: one each in order, one for all, and the same again."""

import re
from dataclasses import replace
from itertools import pairwise

from bot.language.drafts import QUIET, Draft
from bot.language.meaning import HOUSEHOLD
from bot.language.numerals import FEVER
from bot.language.people import Kind, Mention
from bot.language.scope import Left, reading
from bot.language.state import LineState
from bot.language.tokens import Token
from bot.language.turns import turn
from bot.language.whose import ALIKE, LIKE, PERSONS
from bot.language.words import BIT, mask, word_set

ALL_ABOVE = word_set("都是 全是 以上 以上是 以上都是 均为 都 全 全部是 通通是")
TIMES = turn("times")
REPEATED = re.compile(r"[两三四五几]\s?(?:回|次|遍|[道个处][卡关岗])")  # 过了三道卡
TOUCHED = word_set("把 给 跟 让 叫 被")
UNCHANGED = word_set("照旧 照常 不变 不动")  # …其余照旧: no number is said of them
JOINTS = word_set(": 、 /")
JOINS = frozenset(["、", "/", " "])
LONGEST_JOINT = 2
COLONS = frozenset(":-=")
PEOPLE = (Kind.SELF, Kind.KIN, Kind.NAME)
HOMES = (Kind.HOUSEHOLD, Kind.FAMILY)
ENDS = ("comma", "stop", "emoji", "close")
NOBODY = (Kind.YOU, Kind.OFFICE, Kind.THIRD)


def share(state: LineState, good: list[Draft]) -> None:
    """36.5 36.4 36.7 我们家仨人的; …，是我那小孙子: said behind all of them."""
    _one_each(state, good)
    if _is_family(state, good):
        for draft in good:
            draft.who, draft.count = (HOUSEHOLD,), None
        return
    last, unnamed = good[-1], [d for d in good if _is_nobodys(d)]
    times = {(d.day, d.period, d.minute) for d in good}
    by_time = all(d.timed for d in good) or len(times) == len(good)
    series = by_time and len(unnamed) == len(good) - 1 and len(state.mentions) == 1
    series = last.renamed and (series or _of_all(state, good))
    if series and last.mention is not None:
        for draft in good:  # 昨晚38.2，今早36.9，俺小子: one person, day by day
            draft.who, draft.mention, draft.owner = last.who, last.mention, last.owner
    elif len(unnamed) == len(good):
        if len(good) > 1:
            _same_patient(state, good)
        _all_of(state, good)


def _of_all(state: LineState, good: list[Draft]) -> bool:
    """我量了三回37.1 37.0 36.9 都是米粒的, ——以上是小满的: whose all the numbers are."""
    mention = good[-1].mention
    if len(good) < 2 or mention is None:
        return False
    for other in state.mentions:
        measured = other.kind is Kind.SELF and other.first < good[0].at
        if not measured and other != mention:
            return False
    return any(t.text in ALL_ABOVE for t in state.line[good[-1].at + 1 : mention.first])


def _same_patient(state: LineState, good: list[Draft]) -> None:
    """38.5，宝宝八个月，贴了退热贴，过一个钟头37.7: the one whom the next number is of."""
    first, second = good[0], good[1]
    fever = first.celsius is not None and first.celsius >= FEVER
    if (
        not fever
        or first.mention is not None
        or second.left.mentions
        or first.verdict.outcome != "reading"
    ):
        return
    mention = second.mention
    if mention is None or mention.kind not in PERSONS or state.mentions != [mention]:
        return
    if mention.first > first.at and second.at > mention.last:
        first.who, first.mention, first.owner = mention.who, mention, mention.owner


def _is_nobodys(draft: Draft) -> bool:
    housed = draft.mention is not None and draft.mention.kind is Kind.HOUSEHOLD
    near = draft.renamed and not (draft.far or housed)
    return not (draft.left.mentions or near) and draft.verdict.outcome == "reading"


def _all_of(state: LineState, good: list[Draft]) -> None:
    """Gives all numbers the one person or family that is said behind them, or before."""
    last = good[-1]
    mention = last.mention or _home_behind(state, good)
    if mention is None:
        return
    if mention.first < good[0].at:
        together = mention.kind is Kind.HOUSEHOLD and len(good) >= 2
        if together and not any(d.timed for d in good):
            for draft in good:
                draft.count = None
        return
    if mention.first < last.at or any(d.renamed for d in good[:-1]):
        return  # 大宝上着网课呢，36.7；小宝刚喝完奶，37.4
    for draft in good:
        draft.who, draft.mention, draft.owner = mention.who, mention, mention.owner
        draft.count = None if len(good) > 1 else mention.count


def _home_behind(state: LineState, good: list[Draft]) -> Mention | None:
    mention = next((m for m in state.mentions if m.first > good[-1].at), None)
    if mention is None or mention.kind not in HOMES or len(good) < 2:
        return None
    return None if state.line[mention.first - 1].text in TOUCHED else mention


def _one_each(state: LineState, good: list[Draft]) -> None:
    """我和他爸36.4 36.7; 36.6/36.5，我/俺媳妇: as many people as numbers, in one order."""
    for at, draft in enumerate(good):
        people = [(who, m) for m in draft.left.mentions for who in m.who]
        row = good[at : at + len(people)]
        if len(people) < 2 or draft.left.all or len(row) < len(people):
            continue
        if any(d.left.mentions or d.renamed for d in row[1:]):
            continue
        for one, (who, mention) in zip(row, people, strict=True):
            one.who, one.mention, one.owner = (who,), mention, mention.owner
    if len(good) == 1:
        _all_behind(state, good[0])
    elif not any(d.left.mentions for d in good):
        _row_behind(state, good)


def _row_behind(state: LineState, good: list[Draft]) -> None:
    last = good[-1].at
    behind = [m for m in state.mentions if m.first > last and m.kind in PEOPLE]
    people = [(who, m) for m in behind for who in m.who]
    if len(people) != len(good):
        return
    between = range(last + 1, behind[-1].last)
    if not all(state.covered[p] or _joins(state.line[p]) for p in between):
        return
    inner = state.line[behind[0].last + 1 : behind[-1].first]
    if any(t.bits & BIT["link"] and len(t.text) > LONGEST_JOINT for t in inner):
        return  # 36.7啊36.7，我妈打电话问我八百遍了
    for one, (who, mention) in zip(good, people, strict=True):
        one.who, one.mention, one.owner = (who,), mention, mention.owner
        one.renamed = True


def _joins(token: Token) -> bool:
    joined = token.bits & mask("and link") or token.text in ALL_ABOVE
    return token.kind in ("space", "comma", "open", "punct") or bool(joined)


def _all_behind(state: LineState, one: Draft) -> None:
    """都是36.5：我，孩儿妈，老丫头: the people of one number, told behind it."""
    people = [m for m in state.mentions if m.first > one.at]
    if one.left.mentions or len(people) < 2 or any(m.kind not in PEOPLE for m in people):
        return
    rest = [t for p, t in enumerate(state.line) if p > one.at and not state.covered[p]]
    if all(
        t.kind in QUIET or t.kind == "comma" or t.text in JOINTS or t.bits & BIT["and"]
        for t in rest
    ):
        one.who = tuple(w for m in people for w in m.who)
        one.mention, one.renamed = people[-1], True


def _is_family(state: LineState, good: list[Draft]) -> bool:
    """36.5、36.6、36.6、36.8: three numbers or more and nobody named are a family."""
    if len(good) < 3 or any(
        d.left.mentions or d.renamed or d.timed or d.left.bits & BIT["site"] for d in good
    ):
        return False
    if state.topic is not None and state.topic.kind is not Kind.SELF:
        return False
    if good[0].left.bits & BIT["verb"] or state.message.bits & BIT["device"]:
        return False
    if REPEATED.search(state.message.said.text) or any(t.text in TIMES for t in state.line):
        return False
    between = state.line[good[0].at + 1 : good[-1].at]
    return all(
        t.number is not None or t.kind in ("space", "comma") or t.text in ("/", "+", "|")
        for t in between
    )


def ditto(state: LineState) -> None:
    """老伴也是, 老头同上, 奶奶跟爷爷一样: a number before is said of one more person."""
    for one, two in pairwise(state.mentions):
        joined = state.line[one.last + 1 : two.first]
        alike = state.token(two.last + 1).text.startswith(ALIKE)
        if len(joined) == 1 and joined[0].text in LIKE and alike:
            told = _read(state)
            model = next((d for d in told if d.who == two.who), None)
            if model is not None and not any(d.who == one.who for d in told):
                _repeat(state, model, one, two.last + 1)
    for mention in state.mentions:
        at = _ditto_at(state, mention)
        model = _model(state, mention) if at else None
        if mention.kind is Kind.OTHERS and state.line[at].text in UNCHANGED:
            continue
        if model is not None and mention.kind not in NOBODY:
            for one in _joined_to(state, mention, model):
                if one.who != model.who:
                    _repeat(state, model, one, at)


def _joined_to(state: LineState, mention: Mention, model: Draft) -> list[Mention]:
    """爸妈还有小妹也都是: this person and those who are joined to him."""
    group = [mention]
    if state.token(mention.last + 1).text.startswith(ALIKE):
        return group  # 奶奶跟爷爷一样
    start = model.at if model in state.drafts else -1
    before = [m for m in state.mentions if start < m.first < mention.first]
    for other in reversed(before):
        between = state.line[other.last + 1 : group[0].first]
        if not between or not all(t.bits & BIT["and"] or t.text in JOINS for t in between):
            break
        group.insert(0, other)
    return group


def _read(state: LineState) -> list[Draft]:
    return [d for d in state.drafts if d.verdict.outcome == "reading"]


def _ditto_at(state: LineState, mention: Mention) -> int:
    """The place of the 也是 behind this person, 0 where there is none."""
    at = mention.last + 1
    while at < len(state.line) and _before_ditto(state.line[at]):
        at += 1
    if not state.token(at).bits & BIT["ditto"] or state.covered[at]:
        return 0
    rest = range(at + 1, len(state.line))
    follows = next((p for p in rest if state.line[p].kind != "space"), at)
    after = next((t for t in state.line[at + 1 : at + 5] if t.kind != "space"), None)
    if follows in state.by_first or after is None or after.text == "的":
        return at
    ends = after.bits & mask("particle fine ditto") or after.kind in ENDS
    return at if ends and after.number is None else 0


def _before_ditto(token: Token) -> bool:
    said = token.bits & mask("temp all") and not token.bits & BIT["ditto"]
    return token.kind == "space" or token.text in COLONS or bool(said)


def _model(state: LineState, mention: Mention) -> Draft | None:
    """The reading that is said again: the last one before the person."""
    before = [d for d in _read(state) if d.at < mention.first]
    if before:
        return max(before, key=lambda d: d.at)
    above = state.number and state.message.shape.is_list
    return state.reader.last if above else None


def _repeat(state: LineState, model: Draft, mention: Mention, at: int) -> None:
    state.drafts.append(
        replace(
            model,
            who=mention.who,
            mention=mention,
            owner=mention.owner,
            count=mention.count,
            verdict=reading("说跟前面一样"),
            left=Left(mentions=[mention]),
            at=at,
        )
    )
