"""What a sentence is about where it is not a person, and when: a thing, another day, a habit."""

from bot.language.labels import AIMED, INSIDE
from bot.language.people import Kind, Mention
from bot.language.scope import FOREIGN, PLACE_TAILS
from bot.language.state import LineState
from bot.language.tokens import Token
from bot.language.turns import turn
from bot.language.words import BIT, mask, word_set

OTHER_UNITS = turn("other_units")
BACK = turn("back_again")
SERVING = ("给", "替", "帮")
THAT = word_set("那 这 的 个 那个")
OPENING = mask("day period now night link place ordinal namehead unit")
BUT = word_set("倒 倒是 倒都 反倒")  # 狗崽子38.9，家里人倒都36.4
WHILE = word_set("前 后 时 之前 之后 以后 的时候 时候")
OUT = word_set("出来 回来 上来 下来 进屋 回家 到家 回到家")
LEAVING = (["从"], ["刚从"], ["才从"])
DONE = frozenset("完了罢")
STORY = 3  # so many words that are none of ours tell of something else
VILLAGE_TAILS = PLACE_TAILS - frozenset("桥河岭")
FAR = 40
OWNERS = (Kind.SELF, Kind.HOUSEHOLD)
NOBODY = (Kind.HOUSEHOLD, Kind.OFFICE, Kind.YOU, Kind.OTHERS)
ENDS = ("comma", "stop")


def names_no_sick(state: LineState, place: int) -> bool:
    """有三个发烧的，37.5还是38没准: nobody's name is told."""
    for at in range(place - 1, max(0, place - 8), -1):
        if state.line[at].kind == "stop":
            return False
        if state.line[at].text == "的" and state.free[at - 1] & BIT["fever"]:
            start = state.starts[at]
            told = (m for m in state.mentions if start <= m.first < at)
            named = any(m.kind not in NOBODY and not is_place(m) for m in told)
            some = any(t.text[0] == "有" for t in state.line[start:at])
            return some and not named  # but 喂了退烧的，再量37.7
    return False


def is_place(mention: Mention) -> bool:
    """双井村, 柳树沟: a village that reads like a name; but 大河 and 铁桥 are people."""
    return mention.kind is Kind.NAME and mention.who[0][-1] in VILLAGE_TAILS


def aimed_at(state: LineState, place: int) -> str:
    """拿测温枪打炕头，41.3: what the thermometer was held at."""
    for at in range(place - 1, max(0, place - 10), -1):
        token = state.line[at]
        if token.kind == "stop" or at in state.by_last:
            break
        if token.text[0] in AIMED and state.before[at] & BIT["device"]:
            inner = token.text[1:]  # 打石头 as one word
            known = token.bits & BIT["badly"] and at == place - 1  # 体温枪打石头43.7
            if known or state.lexicon.classes.get(inner, 0) & FOREIGN:
                return inner
        known = not state.covered[at] and token.text in state.lexicon.things
        how = state.line[at - 1].text
        aimed = how in AIMED and (len(how) > 1 or state.before[at] & BIT["device"])
        if aimed and (state.free[at] & FOREIGN or known):
            return token.text
    return ""


def measured_thing(state: LineState, place: int) -> str:
    """给猪量了，40.7; 对着西瓜打了42.7; 火墙摸着热乎，一量37.4: what was measured, no person."""
    if aimed := aimed_at(state, place):
        return aimed
    for at in range(place - 1, max(0, place - 10), -1):
        if state.line[at].kind == "stop" or at in state.by_last:
            break
        served = state.line[at - 1].text in SERVING or state.line[at + 1].text[0] == "摸"
        if served and state.free[at] & BIT["heat"]:
            return state.line[at].text
    return ""


def is_storied(state: LineState, place: int) -> bool:
    """楼上彩钢瓦晒透了，39.4℃，夜里都没法睡: something else is told around it."""
    start = state.starts[max(0, state.starts[place] - 1)]
    told = commas = 0
    for at in range(start, min(len(state.line), place + 12)):
        token = state.line[at]
        commas += at > place and token.kind in ("comma", "stop", "space")
        if commas > 1:
            break
        strange = token.kind == "char" or (
            token.kind == "word" and token.bits & mask("common heat goods")
        )
        told += bool(strange) and not state.covered[at]
    return told >= STORY


def topic_thing(state: LineState, place: int) -> str:
    """大棚里夜间15度，晌午别超36.5: what the sentence opened with."""
    if not state.before[place] & mask("heat goods"):
        return ""
    start = place
    while start and state.line[start - 1].kind != "stop":
        start -= 1
    shown = any(t.text == "显示" for t in state.line[max(0, place - 2) : place])
    opening, thing = True, ""
    for at in range(start, place):
        token = state.line[at]
        person = at in state.by_first
        if at and token.bits & BIT["heat"] and not person and _is_owned(state, start, at):
            thing, opening = token.text, False  # 我家狗鼻子发干，肛温38.7
            continue
        back = token.text in BACK and state.before[place] & mask("verb plan")
        if thing and not back:  # 点豆腐前量的，36.1; 从大棚里出来，37.3
            meanwhile = token.bits & BIT["verb"] and state.line[at - 1].text in WHILE
            back = meanwhile or _came_out(state, at)
        if back or person or token.bits & mask("self wo household"):
            opening, thing = False, ""
        elif token.kind in ("comma", "space"):
            opening = True
        elif opening and token.kind in ("word", "char", "name"):
            warm = token.bits & BIT["heat"] and not token.bits & BIT["place"]
            if warm or (token.bits & BIT["goods"] and shown):
                thing = token.text
            elif token.bits & mask("verb temp fever device now") and not thing:
                return ""
            opening = _goes_on(state, token)
    return thing


def _came_out(state: LineState, at: int) -> bool:
    """从大棚里出来: whether this is the end of how somebody left a place."""
    if state.line[at].text not in OUT:
        return False
    words = [t.text for t in state.line[max(0, at - 5) : at]]
    while words and (words[-1] in INSIDE or state.lexicon.classes.get(words[-1], 0) & BIT["heat"]):
        words.pop()
    return words[-1:] in LEAVING


def _goes_on(state: LineState, token: Token) -> bool:
    """Whether a thing may still come up as what the clause is about: but not behind 刚吃完."""
    if token.text[-1] in DONE:
        return False
    return token.text in state.lexicon.things or bool(token.bits & OPENING)


def _is_owned(state: LineState, start: int, at: int) -> bool:
    """我家狗: whether the sender or the family stands before this thing."""
    back = at - 1
    while back > start and state.line[back].text in THAT:
        back -= 1
    owner = state.by_last.get(back)
    return owner is not None and owner.kind in OWNERS


def is_later(state: LineState, place: int) -> bool:
    """明儿还是38度 tells of no measuring."""
    if not state.before[place] & BIT["day"]:
        return False
    for at in range(place - 1, max(-1, place - 8), -1):
        token = state.line[at]
        if token.kind in ENDS:
            return False
        if token.bits & BIT["day"] and state.lexicon.days.get(token.text, 0) > 0:
            return True
        if at in state.by_last or token.number is not None:
            return False
    return False


def is_habit(state: LineState, place: int) -> bool:
    """一紧张体温就37.2 says what happens now and again; 一量就38.5 does not."""
    if not state.before[place] & BIT["modal"]:
        return False  # no 就
    then = False
    for at in range(place - 1, max(-1, place - 9), -1):
        token = state.line[at]
        if token.kind in ENDS or token.bits & BIT["verb"]:
            return False
        then = then or token.text == "就"
        one = token.text[0] == "一" and token.kind in ("word", "num") and len(token.text) <= 2
        if then and one:
            return token.text == "一"
    return False


def inherits(state: LineState, place: int) -> bool:
    """昨天棚里37.6，今天36.8: both are of the greenhouse."""
    last = state.drafts[-1] if state.drafts else None
    if last is None or last.verdict.outcome != "no":
        return False
    if state.message.bits & BIT["slip"]:
        return bool(last.left.foreign)  # 锅炉出水377度？少了个小数点吧，37.7
    unit = last.verdict.unit
    if unit and unit not in OTHER_UNITS:
        return False
    if not (unit or last.left.unknown or last.left.foreign) or last.left.unknown.startswith("甩"):
        return False  # 先甩到35以下再夹的，出来36.8
    between = state.line[last.at : place]
    return not any(t.kind == "stop" or t.bits & BIT["temp"] or t.text in BUT for t in between)


def only_places(state: LineState, place: int) -> bool:
    """室外36.5: whether the warm things of the clause are only where somebody stands."""
    if not state.before[place] & BIT["heat"]:
        return True
    for at in range(place - 1, max(-1, place - FAR), -1):
        if state.line[at].kind in ENDS:
            break
        if state.free[at] & BIT["heat"] and not state.free[at] & BIT["place"]:
            return False
    return True
