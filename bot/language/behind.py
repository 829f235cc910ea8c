"""Whose a number is where the person stands behind it."""

from bot.language.actors import AGENT_BEFORE
from bot.language.normalise import is_han
from bot.language.numerals import FEVER
from bot.language.people import Kind, Mention
from bot.language.state import DENYING, LineState
from bot.language.turns import turn
from bot.language.words import BIT, mask, word_set

IS = turn("is")
SAID_IS = word_set("是 这是 就是 说的是 那是 的是 说 讲 指 指的是 讲的是")
SPEAKING = ("说的是", "讲的是", "说", "讲", "报的是", "指的是")
GIVING = word_set("给 替 帮")
MEASURED = word_set("量的 测的 报的 量")
OWN = word_set("他 她 咱 我 俺")
CLOSING = word_set("的 量的 那个 啊 哈")
FIGURE = word_set("数 度数 体温 温度 读数 数字 那个 那份")
SOFT = word_set("的 量的 了 吧 呢")
ARROWS = word_set("⬅ ← < 👈")
CARED = turn("cared_for")
BREAK = ("comma", "stop", "space")
SOFT_BREAK = ("space", "comma", "stop", "emoji", "close")
PERSONS = (Kind.KIN, Kind.NAME)
OWNERS = (Kind.SELF, Kind.KIN, Kind.NAME, Kind.FAMILY)


def owner_behind(state: LineState, place: int) -> Mention | None:
    """36.9那个是我妹夫: whose the number was is said behind it."""
    commas, denied = 0, False
    for at in range(place + 1, min(len(state.line), place + 12)):
        token = state.line[at]
        commas += token.kind == "comma"
        denied = denied or token.text == "不是我"  # 36.9，不是我，是我屋对门的幺婶
        if token.kind == "stop" or token.degrees or commas > 1 + denied:
            return None
        mention = state.by_first.get(at)
        if mention is None or mention.kind is Kind.THIRD:
            continue
        before, after = state.line[at - 1].text, state.token(mention.last + 1)
        if mention.kind is Kind.HOUSEHOLD and after.bits & BIT["link"]:
            continue  # 是我家隔壁的二婶
        if before in DENYING or before == "不是我":
            continue
        told = at > 1 and (state.line[at - 2].text.endswith("是") or _last_clause(state, at - 2))
        if before in GIVING and told and state.token(mention.last + 1).text in MEASURED:
            return mention
        return mention if _is_owner(state, place, mention) else None
    return None


def _last_clause(state: LineState, at: int) -> bool:
    """Whether a clause starts behind this mark and no number comes any more."""
    return state.line[at].kind in ("comma", "space") and not any(
        t.degrees for t in state.line[at + 1 :]
    )


def _is_owner(state: LineState, place: int, mention: Mention) -> bool:
    said = mention.first - 1
    while said > place and _leads_on(state, said):
        said -= 1
    after = state.token(mention.last + 1)
    ends = after.kind in (*BREAK, "emoji") or after.text in CLOSING
    return state.line[said].text in IS and ends and mention.kind in OWNERS


def _leads_on(state: LineState, at: int) -> bool:
    """是她对门满红梅: what stands between 是 and the name."""
    token = state.line[at]
    ours = token.bits & mask("household family_of link wo") and token.text not in IS
    where = token.text == "的" and state.line[at - 1].bits & BIT["link"]  # 是我屋对门的幺婶
    return token.text in OWN or bool(ours or where)


def person_behind(state: LineState, place: int) -> Mention | None:
    """36.5我, 36.8老伴; 快39了，…，是我媳妇: the person stands behind the number."""
    mention = state.by_first.get(_past_small_words(state, place + 1))
    if mention is not None and not state.no_name(mention) and _is_last_word(state, mention):
        return mention
    return ill_behind(state, place) or _later(state, place)


def is_told_of(state: LineState, mention: Mention) -> bool:
    """说的是我家老闺女: of whom all that stands before was said."""
    before = "".join(t.text for t in state.line[max(0, mention.first - 3) : mention.first])
    return before.endswith(SPEAKING)


def _past_small_words(state: LineState, at: int) -> int:
    """Past an arrow, a bracket, 了 or 左右, as far as these are not people themselves."""
    small = mask("particle link loose over_after under_after")
    while at < len(state.line):
        token = state.line[at]
        framed = token.kind in ("open", "close") and at + 1 in state.by_first
        small_word = token.bits & small and at not in state.by_first
        if not (token.kind == "space" or token.text in ARROWS or framed or small_word):
            break
        at += 1
    return at


def _is_last_word(state: LineState, mention: Mention) -> bool:
    """Whether the clause ends behind the person, or the next number has its person behind too."""
    if mention.kind is not Kind.HOUSEHOLD and mention.kind not in OWNERS:
        return False
    after = mention.last + 1
    while after < len(state.line):
        token = state.line[after]
        if token.kind not in SOFT_BREAK and token.text not in SOFT:
            break
        after += 1
    if after >= len(state.line):
        return True
    if state.line[after].number is not None and postposed(state):
        return True
    closing = mention.last + 1 + (state.token(mention.last + 1).text == "的")  # 36.6婆娘的，…
    return state.token(closing).kind in ("comma", "stop", "open")


def _later(state: LineState, place: int) -> Mention | None:
    """38.5，…，是我媳妇: the next person of the line, where the clause says nothing else of him."""
    for later in state.mentions:
        fits = later.kind is Kind.HOUSEHOLD or later.kind in PERSONS
        if later.kind is Kind.SELF and later.first == place + 2:
            fits = state.line[place + 1].kind in BREAK  # 36.5，我；36.4，我妈
        if later.first <= place or not fits or state.no_name(later):
            continue
        if any(t.degrees for t in state.line[place + 1 : later.first]):
            return None
        before, at = state.line[later.first - 1], later.last + 1
        if before.text in AGENT_BEFORE and later.kind is Kind.HOUSEHOLD:
            continue  # 昨天还跟我们一桌吃饭来着——小叔子
        starts = before.kind in BREAK or before.text in SAID_IS or before.text == "-"
        after = state.token(at)
        ends = (
            after.kind in BREAK
            or (after.text == "的" and state.ends_clause(_past_figure(state, at + 1)))
            or after.text in ("家的", "仨人的")
        )
        shown = next((t for t in state.line[at:] if t.kind != "space"), None)
        free = shown is None or shown.number is None
        return later if starts and ends and free else None
    return None


def _past_figure(state: LineState, at: int) -> int:
    """这是我老公的数: where the clause goes on behind the figure."""
    return at + (state.token(at).text in FIGURE)


def ill_behind(state: LineState, place: int) -> Mention | None:
    """快39了！二妮抱卫生院去了: the one person of the line, said to be ill, has the fever."""
    number = state.line[place].number
    if number is None or number.celsius is None or number.celsius < FEVER or state.topic:
        return None
    people = [m for m in state.mentions if m.kind in PERSONS and not state.is_office(m.who[0][1:])]
    if len(people) != 1 or people[0].first < place or state.office_call(people[0]):
        return None
    rest = state.line[people[0].last + 1 : people[0].last + 12]
    if any(t.degrees for t in rest) or state.line[people[0].first - 1].text in AGENT_BEFORE:
        return None
    if any(t.text[0] in "我俺咱" for t in rest):
        return None  # 媳妇给我熬粥喝
    ill = any(t.bits & mask("symptom danger feverish medicine") or t.text in CARED for t in rest)
    return people[0] if ill else None


def postposed(state: LineState) -> bool:
    """36.5我 36.8老伴: a person stands behind the last number too."""
    last = 0
    for place, token in enumerate(state.line):
        if token.number is not None and token.number.celsius is not None:
            last = place
    after = [m for m in state.mentions[-2:] if m.first > last]
    ends = bool(after) and state.token(after[-1].last + 1).kind in (*SOFT_BREAK, "open")
    return ends and all(
        t.kind in ("space", "open", "punct") or t.text in "/-:"
        for t in state.line[last + 1 : after[0].first]
    )


def label_behind(state: LineState, place: int) -> Mention | None:
    """36.3 门银柱 in a list whose other lines have the name first."""
    if not (state.message.shape.is_list and state.message.peopled) or state.mentions:
        return None
    rest = [t for t in state.line[place + 1 :] if t.kind != "space"]
    text = "".join(t.text for t in rest)
    han = 2 <= len(text) <= 4 and is_han(text)
    parts = mask("namehead nametail nick")
    if not han or any(len(t.text) > 1 or t.bits & ~parts for t in rest):
        return None
    return Mention(Kind.NAME, (text,), place + 1, len(state.line) - 1)
