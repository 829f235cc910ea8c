"""Who acts beside a number, and is not the one who was measured: who reads it out, gives, asks."""

from collections.abc import Collection, Iterator, Mapping

from bot.language.people import Kind, Mention
from bot.language.tokens import NOTHING, Token
from bot.language.turns import turn
from bot.language.words import BIT, mask, word_set

AGENT_BEFORE = turn("agent_before")
THANKS = ("谢", "多谢", "感谢", "辛苦", "多亏", "劳烦")
CALLS = turn("calls")
HOME = turn("home")
AT_HOME = mask(
    "temp verb all fine unmeasured device pair triple others kin self wo link day period now"
)
COUNTS = frozenset("一两二三四五六七八九几俩仨")
HAVING = word_set("有 没 没有 只有 就 就有 只 还有 没得 冇")
TOLD = ("给", "跟", "向")
TELLING = ("报", "说", "打", "回", "捎")
THAT_ONE = word_set("那个 那位 这个 那")
READ = frozenset("念认读看瞅")
SCALE = word_set("刻度 数 数字 格")
LOOKED = turn("read_out")
GIVING = turn("giving")
CAME = word_set("回来 来 到 回")
ASKED = turn("asked_to")
TO_REPORT = turn("to_report")
FOR = turn("for_whom")
WIELDED = word_set("拿 拿着 举 举着 用 使 端 端着 掏 掏出")
PASSED_ON = turn("passed_on")
BORROWED = word_set("借 借了 借来 借的 找 跟")
LETS = word_set("我 俺 咱 我们")
PASSIVE = word_set("叫 让 被 给")
ENDS = ("comma", "stop")
OTHER_PEOPLE = turn("anybody")
GREETED = frozenset("好安位家们")
KNOWN = (Kind.KIN, Kind.NAME)


def _behind(line: list[Token], mention: Mention, most: int) -> Iterator[tuple[int, Token]]:
    """The words behind a person, up to the next mark or number."""
    for at in range(mention.last + 1, min(len(line), mention.last + 1 + most)):
        token = line[at]
        if token.kind in ENDS or token.number is not None:
            return
        yield at, token


def is_house(line: list[Token], mention: Mention) -> bool:
    """家里断网没报成, 给家里报个平安: the house, or who hears of it, and not who was measured."""
    at = mention.last + 1
    before = line[mention.first - 1].text if mention.first else ""
    after = line[at].text if at < len(line) else ""
    if before in TOLD and after[:1] in TELLING:
        return True
    if line[mention.last].text not in HOME or not after:
        return False
    if after in HAVING and any(t.bits & BIT["device"] for _, t in _behind(line, mention, 6)):
        return True  # 家里只有进口表
    for token in line[at:]:
        if token.kind in ENDS:
            break
        if token.kind in ("count", "num") or token.text[0] in COUNTS:
            return False
    return line[at].kind in ("char", "word") and not line[at].bits & AT_HOME


def is_called(line: list[Token], mention: Mention, people: Mapping[int, Mention]) -> bool:
    """喂 幺儿 我跟你说: a relative who is spoken to."""
    opening = [t for t in line[: mention.first] if t.kind not in ("space", "comma")]
    if not opening or not all(t.text in CALLS for t in opening):
        return False
    at = mention.last + 1
    while at < len(line) and line[at].kind in ("space", "comma"):
        at += 1
    after = people.get(at)
    return at > mention.last + 1 and after is not None and after.kind is Kind.SELF


def greeted(line: list[Token], mention: Mention) -> bool:
    """早上好各位邻居，36.5: who is greeted right before a mark."""
    before = line[mention.first - 1] if mention.first else NOTHING
    if not before.bits & BIT["greeting"] or before.text[-1] not in GREETED:
        return False
    return mention.last + 1 < len(line) and line[mention.last + 1].kind in ENDS


def brought(line: list[Token], mention: Mention) -> bool:
    """姑娘从加拿大捎回来的表: who gave the thermometer."""
    if mention.kind not in KNOWN:
        return False
    for at, token in _behind(line, mention, 8):
        if token.bits & BIT["self"]:
            return False  # 老伴用我买的体温计量的
        if token.text[-1] == "的" and at + 1 < len(line) and line[at + 1].bits & BIT["device"]:
            return at > mention.last + 1
    return False


def measures(line: list[Token], mention: Mention) -> bool:
    """路口量体温的大哥: whose work it is to measure."""
    if not mention.first or not line[mention.first - 1].text.endswith(("的", "那个", "那位")):
        return False
    before = line[max(0, mention.first - 4) : mention.first]
    return any(t.bits & BIT["verb"] or t.text[0] in "量测" for t in before)


def reads_out(line: list[Token], mention: Mention) -> bool:
    """孙女重新念了一遍刻度，是36.9: who read the thermometer, not who was measured."""
    if mention.kind not in KNOWN:
        return False
    read = False
    for at, token in _behind(line, mention, 8):
        if token.text in LETS and line[at - 1].text in PASSIVE:
            return False  # 我哥视频里让我看表了
        read = read or token.text[0] in READ
        if read and (token.bits & BIT["device"] or token.text in SCALE):
            return True
    return False


def others_measure(line: list[Token], mention: Mention) -> bool:
    """在站口给拦下了，人家测的37.7: whoever measured there, and nobody who was measured."""
    if line[mention.last].text not in OTHER_PEOPLE:
        return False
    for at, token in _behind(line, mention, 5):
        if token.bits & BIT["verb"] and token.text[-1] == "的":
            return at + 1 == len(line) or not line[at + 1].bits & BIT["all"]
    return False


def made(line: list[Token], mention: Mention, things: Collection[str]) -> bool:
    """老婆定的规矩，36.5: by whom a thing is, whose name ends the clause."""
    for at, token in _behind(line, mention, 5):
        if token.text[-1] == "的" and at + 2 < len(line) and line[at + 2].kind in ENDS:
            return at > mention.last + 1 and line[at + 1].text in things
    return False


def lent(line: list[Token], mention: Mention) -> bool:
    """借了满姨的，一量，36度7: whose thermometer it is."""
    at = mention.last + 1
    if at + 1 >= len(line) or line[at].text != "的":
        return False
    if not (line[at + 1].kind in ENDS or line[at + 1].bits & BIT["device"]):
        return False
    return any(t.text in BORROWED for t in line[max(0, mention.first - 3) : mention.first])


def meddled(line: list[Token], mention: Mention) -> bool:
    """奶奶那条是我弟乱按的: who only pressed the keys."""
    at = mention.last + 1
    return at < len(line) and bool(line[at].bits & BIT["mixed_up"])


def thanked(line: list[Token], mention: Mention) -> bool:
    """谢谢三楼大姐的药，夜里退到38.0."""
    for at in range(mention.first - 1, max(-1, mention.first - 5), -1):
        if line[at].kind in ENDS:
            return False
        if line[at].text.startswith(THANKS):
            return True
    return False


def was_felt(line: list[Token], mention: Mention) -> bool:
    """俺伯刚才摸俺头: the one whose head was felt is the one who was measured."""
    if not mention.first or not line[mention.first - 1].bits & BIT["feel"]:
        return False
    at = mention.last + 1
    at += at < len(line) and line[at].text == "的"
    return at < len(line) and line[at].text[0] in "头额脑脸"


def looks(line: list[Token], mention: Mention) -> bool:
    """太姥爷眼神不济，我凑跟前看的: read out for him."""
    return any(token.text in LOOKED for _, token in _behind(line, mention, 7))


def measures_another(line: list[Token], mention: Mention, people: Mapping[int, Mention]) -> bool:
    """我跟他儿子按着给量的: measured by the sender, of whom was spoken before."""
    gave = False
    for at, token in _behind(line, mention, 13):
        if token.text in GIVING:
            gave = True
        elif at in people and gave:
            return people[at].kind is Kind.THIRD  # 我给大夫报的
        elif token.bits & BIT["verb"] and token.text[0] in FOR:
            return True  # 我帮着报
        elif gave and (token.bits & BIT["verb"] or token.text in PASSED_ON):
            return True
    return False


def helps_me(line: list[Token], mention: Mention) -> bool:
    """儿媳妇给我报的36.5: who only helps the sender."""
    at = mention.last + 1
    while at < len(line) and (line[at].bits & BIT["device"] or line[at].text in WIELDED):
        at += 1  # 小伙儿拿枪给我来一下
    if mention.kind not in KNOWN or at + 1 >= len(line) or line[at].text not in FOR:
        return False
    whom = line[at + 1]
    return whom.text[0] in "我俺咱" and not whom.bits & BIT["household"] and len(whom.text) > 1


def served(line: list[Token], mention: Mention) -> bool:
    """替我在呼和浩特的二姐报一个: for whom a number is passed on."""
    if mention.kind not in KNOWN or mention.last + 1 >= len(line):
        return False
    after = line[mention.last + 1]
    if not (after.text in PASSED_ON or after.bits & BIT["verb"]):
        return False
    for at in range(mention.first - 1, max(-1, mention.first - 9), -1):
        if line[at].kind in ENDS:
            return False
        if line[at].text in FOR:
            return True
    return False


def took_it(line: list[Token], mention: Mention, things: Collection[str]) -> bool:
    """手机叫孙子抱去上网课了: who did something to a thing that the clause opens with."""
    at = mention.first - 1
    if mention.kind not in KNOWN or at < 1 or line[at].text not in PASSIVE:
        return False
    thing = line[at - 1]
    return thing.text in things or bool(thing.bits & mask("heat goods device"))


def described(line: list[Token], mention: Mention) -> bool:
    """昨天从成都回来的侄儿: a clause with 的 that tells where this person came from."""
    at = mention.first - 1
    if at >= 0 and line[at].text in THAT_ONE:
        at -= 1
    if at < 1 or not line[at].text.endswith("的"):
        return False
    said = line[max(0, at - 3) : at]
    return bool(line[at].bits & BIT["returnee"]) or any(
        t.bits & BIT["returnee"] or t.text in CAME for t in said
    )


def was_asked(line: list[Token], mention: Mention) -> bool:
    """女婿守夜，托我报: who only passes the number on."""
    before = line[mention.first - 1].text if mention.first else ""
    after = line[mention.last + 1].text if mention.last + 1 < len(line) else ""
    return before in ASKED and after in TO_REPORT
