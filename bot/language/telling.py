"""How a number is told: as hearsay, a rule, a wish, a joke, a story, a plan or a question."""

from decimal import Decimal

from bot.language.numerals import FEVER, Form, Number, Unit
from bot.language.people import Kind
from bot.language.scope import GOODS, HEAT, MEASURED, PLACE_TAILS, Around, Left, Verdict, no
from bot.language.tokens import NOTHING
from bot.language.words import BIT, mask, word_set

ROUND = (FEVER, Decimal(37), Decimal(38))  # lines that people measure themselves by
TO_DO = word_set("先 请 要 得 须 应 必须 务必 一律 立即 立刻 马上 赶紧 直接 及时 单独 打 给")
HOW = ("咋", "怎")
DISTANT = word_set("离 距 距离 差")
CHANGES = word_set("从 是 到 降到")
NEAREST = (Kind.KIN, Kind.NAME, Kind.FAMILY)
CLAIMED = mask("temp verb site day period now night fever")
OR = "还是"
ALWAYS = word_set("天天 日日 年年 月月")
PAUSE = ("comma", "stop", "emoji", "close")


def by_speech(number: Number, left: Left, around: Around) -> Verdict | None:
    """What the way of telling says, None where the number is told as a fact."""
    if around.later:
        return no("说的是以后")
    if _opens(number, around):
        return None  # 36.4，吃完粉才想起要报: what comes behind a number of its own is talk
    return (
        _denied_or_asked(number, left, around)
        or _of_nobody(left, around)
        or _reported(number, left, around)
        or _unreal(number, left, around)
        or _not_now(number, left, around)
        or _unmeasured(number, left, around)
        or _of_many(left, around)
        or _ruled(number, left, around)
        or _bounded(number, left, around)
    )


def _opens(number: Number, around: Around) -> bool:
    slip = number.form is Form.SLIP and not number.written.isdigit()
    about = number.unit is not Unit.NONE and around.before == BIT["about"]  # 将近37度，属于正常
    if not (around.bare and (number.exact or slip or about)) or around.before & ~BIT["about"]:
        return False
    after = around.after
    if about and around.next.kind == "comma" and around.second.text.endswith("正常"):
        after &= ~BIT["standard"]  # 将近37度，属于正常
    return not after & mask("hearsay standard joke") and around.next.text not in "呢?"


def _told_now(number: Number, left: Left) -> bool:
    """What was measured just now is told, whatever else the message jokes or remembers."""
    return number.exact and (left.named or bool(left.bits & mask("verb temp now again site day")))


def _fresh(left: Left, around: Around) -> bool:
    """Whether a measuring is told right before the number."""
    told = left.bits & mask("verb now again")
    return bool(told) and not around.clause_before & mask("hypo story")


def _denied_or_asked(number: Number, left: Left, around: Around) -> Verdict | None:
    """不是37.5, 离37.3差一丝, 36.5高不高: the number is not claimed."""
    someone = left.named or bool(left.bits & MEASURED)
    if left.near & BIT["negation"] or around.after & BIT["untrue"]:
        return no("是在否认")
    if left.near_text in DISTANT and number.celsius in ROUND:
        return no("说的是发热的线")  # 37.2，离37.3就差一丝儿
    bound = number.celsius in ROUND and left.bits & BIT["question"] and left.bits & BIT["temp"]
    if bound and not (left.named or around.person or left.bits & mask("now day period verb")):
        return no("问的是标准")  # 请问体温到37.3是先打电话吗
    priced = around.clause & GOODS and around.after & BIT["question"]
    if priced and not left.named and left.near_text in CHANGES:
        return no("是算术题")
    if left.bits & BIT["question"] and not (someone or around.person):
        return no("是在问")
    ours = left.named or (around.person and left.bits & mask("verb now day period again"))
    gate = left.near & BIT["device"] and around.glued  # 杨姐，测温门37.3就叫
    if around.next.bits & BIT["rule"] and (gate or not ours):
        return no("是规定或标准")
    return None


def _of_nobody(left: Left, around: Around) -> Verdict | None:
    """37.3以上的都留下, 谁要是38: whoever has it; 你37.2; 一紧张就37.2."""
    if _whoever(left, around) and not (left.named or left.bits & mask("verb again")):
        return no("没有说是谁")
    every = left.bits & mask("all link")
    if around.clause_before & BIT["anyone"] and (every or not left.bits & BIT["verb"]):
        return no("没有说是谁")
    if left.you:
        return no("说的是对方")
    if left.near_text in ALWAYS and not left.mentions:
        return no("说的是平常会怎样")  # 情人节快乐，天天36.5
    if around.habit and not left.bits & mask("now day period"):
        return no("说的是平常会怎样")
    return None


def _whoever(left: Left, around: Around) -> bool:
    """今天37.3以上的都留下, 超37.3的不让进: whoever has it, and nobody in particular."""
    behind, second = around.next, around.second
    if behind.text == "的":
        passed = left.near & BIT["over"] and second is not NOTHING and second.kind not in PAUSE
        return bool(passed or second.bits & BIT["all"])  # 39度的都有
    bound = behind.bits & mask("over_after under_after")
    return bool(bound) and (second.text == "的" or behind.text[-1] == "的")


def _reported(number: Number, left: Left, around: Around) -> Verdict | None:
    """听说38, 电视里说37.5: somebody else told it."""
    before = around.before
    if around.after & BIT["hearsay"] and not any(m.kind is Kind.SELF for m in left.mentions):
        return no("听来的")
    anew = around.reset and (left.named or number.exact)
    own = left.mentions and left.mentions[0].kind is Kind.SELF
    mine = own and number.exact and not around.clause_before & BIT["hearsay"]
    if left.near & BIT["hearsay"] or (before & BIT["hearsay"] and not (anew or mine)):
        return no("听来的")  # but 没有38，别瞎传，我就是37.1
    if before & BIT["news"] and not _mine(left, around):
        return no("新闻或书上的")
    return None


def _mine(left: Left, around: Around) -> bool:
    """Whether a measuring of one's own is told behind the news."""
    mine = _fresh(left, around) and (left.named or around.topic is not None)
    family = around.person and around.before & BIT["verb"]
    return bool(mine or family) and not around.clause & BIT["news"]


def _unreal(number: Number, left: Left, around: Around) -> Verdict | None:
    """要是38, 祝大家36.5, 36.5算正常, 哈哈热到40: no fact."""
    before, clause = around.before, around.clause
    if before & BIT["hypo"] and not _fresh(left, around):
        return no("是假设")
    wished = clause & BIT["wish"] and not (left.named or left.bits & MEASURED)
    if before & BIT["wish"] or wished:
        return no("是祝愿")
    asked = left.bits & BIT["standard"]  # 娃他爹啥叫低热，37.3到38
    if asked or ((before | around.after) & BIT["standard"] and not left.named):
        return no("是规定或标准")
    if around.message & BIT["joke"]:
        slip = left.bits & BIT["temp"] or around.person or left.named
        told = (
            _told_now(number, left)
            or (number.form is Form.SLIP and slip)
            or (number.exact and around.measuring and around.person)
        )
        cool = around.bare and number.celsius is not None and number.celsius < FEVER
        told = told or (number.exact and (cool or around.message & BIT["slip"]))
        if not told or clause & BIT["joke"]:
            return no("是玩笑")
    return None


def _not_now(number: Number, left: Left, around: Around) -> Verdict | None:
    """小时候烧到41, 一会儿量, 格式如36.5: another time, or none."""
    before, clause = around.before, around.clause
    if before & BIT["story"]:
        then = around.clause_before & mask("period night") and number.exact  # 凌晨两点那会儿38.8
        just = then or (around.clause_before & BIT["now"] and left.named)
        said = _told_now(number, left) and not clause & BIT["story"]
        if not (_fresh(left, around) or just or said):
            return no("是从前的事或平常的数")
    if (before & mask("request example") and not left.named) or before & BIT["example"]:
        return no("是格式或例子")
    return None


def _unmeasured(number: Number, left: Left, around: Around) -> Verdict | None:
    """她说38, 摸着有38, 表坏了显示38: nobody measured it well."""
    before, clause = around.before, around.clause
    speaker = left.mentions[0] if left.mentions else around.topic
    if speaker is not None and speaker.owner and clause & BIT["says_self"]:
        return no("别人家的事，听来的")
    felt = clause if number.exact else clause | before
    measured = left.bits if before & BIT["feel"] and not number.exact else around.message
    if felt & BIT["feel"] and not measured & mask("verb temp"):
        return no("手摸的，没有量")
    if around.clause_before & BIT["badly"] and around.clause_before & HEAT:
        return no("表坏了")  # 她们那机器见谁都报36.2
    broken = around.message & BIT["badly"] and around.message & BIT["device"]
    if broken and not (left.named or number.form is Form.SLIP or around.bare):
        return no("表坏了")
    return None


def _of_many(left: Left, around: Around) -> Verdict | None:
    """有三个发烧的37.5, 二组52人最高37.0: of a crowd and of nobody in it."""
    if around.sick_ones and not left.named:
        return no("没有说是谁")  # 有三个发烧的，37.5还是38没准
    crowd = (left.near | left.bits) & mask("high low") or around.next.bits & BIT["to"]
    crowd = crowd or left.near & BIT["to"]
    place = left.named and left.mentions[0].who[0][-1] in PLACE_TAILS
    person = left.named and not place and left.mentions[0].kind in NEAREST
    if crowd and around.crowd and not person:
        return no("是全组全村的数")  # 二组52人全部报完，最高37.0
    counts = around.before & BIT["aggregate"] and not (around.whole.is_list and around.settled)
    person = person or (around.person and not place)  # 村里也要：谌子萱，大二班，36.7
    if counts and not person and (place or not left.named):
        return no("是全组全村的数")
    return None


def _bound(left: Left, around: Around) -> int:
    """Classes of 超过 before the number and of 以上 behind it."""
    return around.next.bits & mask("over_after under_after") | left.near & mask("over under")


def _ruled(number: Number, left: Left, around: Around) -> Verdict | None:
    """过37.3不让进; 多少算低烧？37.3还是37.5？: what holds for everybody."""
    asked = around.message & BIT["question"] and (
        around.message & BIT["standard"] or _one_or_other(left, around)
    )
    someone = left.mentions or left.bits & CLAIMED
    if asked and around.siblings and not someone:
        return no("问的是标准")
    before, after, behind = around.before, around.after, around.next.text
    if after & BIT["rule"] or (before & BIT["rule"] and not left.named):
        family = around.person or (around.people and around.message & BIT["verb"])
        family = family and not before & BIT["question"]  # 娃他爹，多少算发烧，37.3
        measured = around.measuring or before & BIT["now"]  # 测了，36.4，报不报; 刚…，37.1，算不
        alone = around.lone and measured and not before & BIT["rule"]
        firm = left.mentions or left.bits & CLAIMED or (number.exact and (family or alone))
        ends = around.next is NOTHING
        ruled = _bound(left, around) and behind != "了" and (not ends or before & BIT["rule"])
        if not firm or (ruled and not after & BIT["now"]):
            return no("是规定或标准")
    if _orders(around) and not (left.named or left.bits & mask("verb now")):
        return no("是规定或标准")
    told = left.named or around.person or left.bits & mask("verb now day period night again")
    called = around.second.kind == "code"  # 体温超过38度打139…
    if left.near & BIT["over"] and _goes_on(around) and (called or not told):
        return no("是规定或标准")
    return None


def _one_or_other(left: Left, around: Around) -> bool:
    """多少度算发烧？37.3还是37.5？: which of two bounds it is, and nothing was measured."""
    choice = OR in (around.next.text, left.near_text)
    message = around.message
    return choice and bool(message & mask("rule over")) and not message & mask("blurry verb device")


def _orders(around: Around) -> bool:
    """37.3及以上先给我打电话, 39以上咋送医院: what is to be done by whoever is over it."""
    how = around.second.text in TO_DO or around.second.text[:1] in HOW
    return bool(around.next.bits & BIT["over_after"]) and how


def _goes_on(around: Around) -> bool:
    """过37.3不让进: more of the sentence stands behind the number."""
    behind = around.next
    return behind is not NOTHING and not (
        behind.kind in PAUSE
        or behind.text == "了"
        or behind.bits & mask("particle loose whole self wo kin")
    )


def _bounded(number: Number, left: Left, around: Around) -> Verdict | None:
    """超过37.3(含)的, 一直没过37, 超过38吗: a bound of nobody's measuring."""
    bound = _bound(left, around)
    if not bound:
        return None
    if around.always and not left.bits & mask("now again"):
        return no("说的是平常会怎样")
    if around.clause & BIT["question"] and not (left.named or around.person):
        return no("问的是标准")
    told = left.named or around.person or left.bits & mask("now day period night again")
    if bound & mask("over over_after") and number.celsius == FEVER and not told:
        return no("说的是发热的线")
    return None
