"""A bare 36 or 37度: a temperature only where a person, a measuring or its row says so."""

from bot.language.matter import is_place
from bot.language.numerals import FEVER, Number, Unit
from bot.language.people import Kind
from bot.language.scope import FOREIGN, GOODS, HEAT, MONEY, Around, Left, Verdict, no, reading
from bot.language.words import BIT, mask, word_set

NORMAL = (36, 37)
SPELLED = word_set("三十六 三十七")
DIGITS = word_set("36 37")


def judge_integer(number: Number, left: Left, around: Around) -> Verdict:
    """What an integer is."""
    return (
        _in_a_row(number, left, around)
        or _of_somebody(number, left, around)
        or _measured(number, left, around)
        or _by_its_size(number, left, around)
        or (no("话里说的是别的东西") if around.message & FOREIGN else None)
        or _said_alone(number, left, around)
        or no("光一个整数，看不出是体温")
    )


def _loose(left: Left, around: Around) -> bool:
    """37左右, 快37, 37整: how people speak of a measured number."""
    before = left.bits & mask("about over under whole")
    return bool(before or around.next.bits & mask("loose whole under_after over_after"))


def _in_a_row(number: Number, left: Left, around: Around) -> Verdict | None:
    """36度，没事; 李四37 in a list; 我36 老伴37."""
    if left.near_text == "今年" or _aged(number, left, around):
        return no("说的是岁数")
    if left.mentions and is_place(left.mentions[0]) and number.unit is Unit.NONE:
        return no("是村子和数")  # 双井村37 柳树沟41
    normal, foreign = number.celsius in NORMAL, around.message & FOREIGN
    sign = number.unit is not Unit.NONE or left.near & mask("about under")  # 不到37，看个大概
    opens = around.bare and sign and not (around.message & BIT["climate"] or foreign)
    if opens and (normal or around.next.bits & BIT["loose"]):
        return reading("开头单说一个度数")
    days = left.near & mask("period day night") and around.whole.wholes > 1
    if days and normal and around.clean and not foreign:
        return reading("几天的体温")  # 早上36，晚上37
    if not (left.mentions and normal):
        return None
    row = around.whole.wholes and (around.whole.exact or around.whole.wholes > 1)
    if row and not left.near_text and not around.message & GOODS:
        return reading("跟别人的一起报的")
    one = left.mentions[0].kind in (Kind.KIN, Kind.NAME)
    mine = left.mentions[0].kind is Kind.SELF and around.after & mask("whole fine")
    if mine and not foreign:
        return reading("单说一个度数")  # 我37，正好
    if one and around.message & mask("unmeasured fine symptom") and not foreign:
        return reading("跟别人的一起报的")
    return None


def _aged(number: Number, left: Left, around: Around) -> bool:
    """我儿子37了，还没对象: where nothing was measured, somebody's years."""
    plain = number.celsius in NORMAL and number.unit is Unit.NONE and not left.near_text
    told = plain and left.mentions and around.next.text == "了"
    behind = any(t.bits & mask("fine symptom") for t in around.right)
    body = around.measuring or around.settled or behind
    return bool(told) and not body


def _of_somebody(number: Number, left: Left, around: Around) -> Verdict | None:
    """体温37, 孩子37度, 老伴快37: said of somebody."""
    if left.bits & mask("temp fever feverish site"):
        return reading("写明是体温")
    if not left.mentions:
        return None
    if number.unit is not Unit.NONE:
        return reading("写明是人的度数")
    paid = around.before & (GOODS | MONEY)  # 工钱凭啥他39我38
    if paid:
        return None
    beside = left.mentions[0].kind is not Kind.HOUSEHOLD and _beside(around)
    if (
        beside
        or _loose(left, around)
        or (around.before | around.after) & mask("temp device feverish")
    ):
        return reading("跟别的体温一起报的")
    return None


def _beside(around: Around) -> bool:
    """Whether an integer stands beside temperatures, and not beside other figures."""
    listed = around.whole.is_list and around.whole.exact
    return around.settled or bool(listed or (around.siblings and around.people_only))


def _measured(number: Number, left: Left, around: Around) -> Verdict | None:
    """量了37度; 孩子昨天烧，…，37度左右."""
    degree = number.unit is not Unit.NONE
    if left.bits & BIT["verb"] and (degree or left.mentions or around.clean):
        return reading("写明是量的")
    told = around.person and around.measuring and not left.unknown
    warm = (around.clause | around.before) & HEAT
    if told and (degree or _loose(left, around)) and not (warm or around.clause & FOREIGN):
        return reading("接着说那个人")
    return None


def _by_its_size(number: Number, left: Left, around: Around) -> Verdict | None:
    """都没过37, 37也是我妈, 表上37: 36 or 37 where no other thing is spoken of."""
    whole = number.celsius in NORMAL
    foreign = around.clause & FOREIGN
    told = left.all or left.mentions or not around.storied
    outcome = whole and told and left.near & BIT["under"] and not around.always
    if outcome and (around.only_places or not foreign):
        return reading("说没到这个数")
    shown = [t for t in around.right if t.text != "/"]
    behind = around.glued and shown and shown[0].bits & mask("self kin")
    if behind and around.settled and not foreign:
        return reading("说的是后面那个人")
    if not whole or around.always:
        return None
    device = around.message & mask("device temp") and not around.message & GOODS
    if device and around.clean and not (left.unknown or around.sick_ones or around.of_thing):
        return reading("说的是温度表上的数")
    if left.near & mask("whole now") and around.clean:
        return reading("单说一个度数")
    return None


def _said_alone(number: Number, left: Left, around: Around) -> Verdict | None:
    """36多度; 孩子…，38度多; 37 by itself: no other thing is spoken of in the message."""
    degree, loose = number.unit is not Unit.NONE, _loose(left, around)
    round_degree = degree or loose
    if around.clean and round_degree and not around.message & BIT["common"]:
        return reading("单说一个度数")
    if around.clean and loose and around.message & mask("feverish temp verb fine"):
        return reading("接着说发烧或量体温")
    ill = number.celsius is not None and number.celsius > FEVER
    if loose and around.people and (ill or around.message & mask("symptom blurry")):
        return reading("说的是后面那个人")
    return _beside_others(number, left, around)


def _beside_others(number: Number, left: Left, around: Around) -> Verdict | None:
    days = around.siblings and around.clean and left.bits & mask("day period now")
    if days and not around.before & (GOODS | MONEY):
        return reading("几天的体温")
    typed = number.written in DIGITS and not around.whole.is_group
    if around.whole.alone and (typed or number.written in SPELLED):
        return reading("单说一个度数")
    return None
