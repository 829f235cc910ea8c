"""Whether enough speaks for a person's temperature: first what speaks against it, then decimals."""

from decimal import Decimal

from bot.language.integers import judge_integer
from bot.language.numerals import FEVER, Form, Number, Unit
from bot.language.people import Kind
from bot.language.scope import (
    FOREIGN,
    HEAT,
    MEASURED,
    MONEY,
    POINTING,
    Around,
    Left,
    Verdict,
    no,
    reading,
)
from bot.language.threes import judge_three
from bot.language.tokens import NOTHING
from bot.language.turns import turn_signs
from bot.language.words import BIT, mask

RARE = Decimal("35.8"), Decimal(39)  # what is outside needs some word of a person
COLD = Decimal(35)
BEASTS = turn_signs("beasts")
DENYING = ("不是", "并不是")  # 是三十六度九，不是九度六
OTHER_HEAT = "说的是水、天气、牲口或机器"


def by_evidence(number: Number, left: Left, around: Around) -> Verdict:
    """What the number is by all that speaks for and against it."""
    if left.foreign:
        return no(f"说的是{left.foreign}")
    verdict = (
        _other_heat(number, left, around)
        or _other_goods(number, left, around)
        or _unknown(number, left, around)
    )
    if verdict is not None:
        return verdict
    families = bool(left.mentions) and left.mentions[0].kind in (Kind.FAMILY, Kind.HOUSEHOLD)
    if around.inherits and (families or not left.mentions) and not left.bits & MEASURED:
        return no("接着说前面那样东西")
    if number.form is Form.THREE:
        return judge_three(number, left, around)
    if number.exact:
        return judge_exact(number, left, around)
    return judge_integer(number, left, around)


def _other_heat(number: Number, left: Left, around: Around) -> Verdict | None:
    """The water, the weather, a beast or a machine that the sentence is about."""
    someone, exact = bool(left.mentions), number.exact
    spoken = (around.clause | around.before) & mask("temp fever symptom verb medicine device")
    beside = around.whole.other_degrees and number.unit is not Unit.NONE
    pointed = left.near_text in POINTING  # 五粮液52度，高书记那个36度
    if pointed and around.told_of & FOREIGN:
        return no("旁边的度数不是人的")
    claimed = left.near_text == "是" and any(t.text in DENYING for t in around.right)
    if beside and not spoken and not claimed and (pointed or not (someone or left.bits & MEASURED)):
        return no("旁边的度数不是人的")
    day = exact and around.whole.bodily and left.near & mask("day period now")
    if day and not around.clause & HEAT:
        return reading("几天的体温")
    ill = around.message & mask("symptom fever danger medicine")
    patient = around.person and exact and ill and not left.thing  # 我家…，猫打喷嚏，宠物店量40.6
    if around.topic_thing and not (someone or patient or _temp_of_his(number, left, around)):
        return no(f"说的是{around.topic_thing}")
    if left.near & BIT["degree_word"] and around.next.bits & HEAT:
        return no(f"说的是{around.next.text}那边")  # 温度37.5 湿度39
    if around.measured_thing and not left.bits & BIT["temp"]:
        return no(f"说的是{around.measured_thing}")
    headed = around.heading & FOREIGN and not around.heading & mask("temp degree_word device verb")
    beasts = around.heading & HEAT and not (someone or around.heading & BIT["place"])
    if beasts or (headed and not left.bits & BIT["temp"]):
        return no("单子上记的不是体温")
    measured = exact and left.bits & BIT["verb"]
    warm = around.clause_before & HEAT and not (exact and left.near & BIT["verb"])
    theirs = left.bits & mask("temp again") or (someone and not left.unknown)
    if warm and not (measured and around.only_places) and not theirs:
        return no(OTHER_HEAT)
    return None


def _temp_of_his(number: Number, left: Left, around: Around) -> bool:
    """喂完猪，体温36.5; but 马驹子下生三天，体温38度多 is the foal's."""
    beast = not BEASTS.isdisjoint(around.topic_thing)
    return bool(left.bits & BIT["temp"]) and not (beast and not (number.exact and healthy(number)))


def _other_goods(number: Number, left: Left, around: Around) -> Verdict | None:
    """What is bought and sold; or, the other way, what goes on about somebody's temperature."""
    someone, exact = bool(left.mentions), number.exact
    told = around.measuring or (exact and (someone or _dated(left, around)))
    bought = around.clause & MONEY or (around.message & MONEY and not told)
    if bought and not (
        left.bits & mask("temp fever site")
        or (exact and left.bits & BIT["verb"] and not around.clause & FOREIGN)
        or (someone and (number.unit is not Unit.NONE or left.bits & MEASURED))
    ):
        return no("说的是钱或买卖")
    told = exact and around.settled and not around.clause & FOREIGN and not around.whole.is_list
    if told and not (left.unknown and around.labelled):
        return reading("接着前面的体温说")
    return None


def _dated(left: Left, around: Around) -> bool:
    """今天36.6，订了36块5的菜: a clause that says nothing but the day."""
    return bool(around.bare and left.bits & mask("day period now"))


def _unknown(number: Number, left: Left, around: Around) -> Verdict | None:
    """Words that are none of ours stand before the number: what it is of, or only talk."""
    if not left.unknown:
        return None
    someone, exact = bool(left.mentions), number.exact
    foreign, fahrenheit = around.clause & FOREIGN, number.unit is Unit.FAHRENHEIT
    thing = no(f"说的是{left.unknown[:6]}")
    if left.near_text == "从" and not (someone or around.topic or left.bits & MEASURED):
        return thing  # 肋条从35.6涨到36.6
    if left.shown and not (someone or fahrenheit or around.clause & BIT["device"]):
        return thing
    agent = left.bits & BIT["verb"] and not left.shown
    if left.thing and not (someone or around.person or agent or left.bits & mask("temp again")):
        return thing
    clear = not foreign and (
        around.clause & BIT["temp"]
        or (exact and (not left.thing or around.message & BIT["blurry"]))
    )
    if not (
        (left.bits & MEASURED and (not foreign or left.near & BIT["verb"]))
        or (exact and left.bits & BIT["again"])  # 到外头凉一下再测就只有36.8
        or (exact and (around.clean or (around.person and around.before & mask("fever symptom"))))
        or fahrenheit
        or clear
    ):
        return no(f"不知道“{left.unknown[:6]}”是什么")
    return None


def healthy(number: Number) -> bool:
    """Whether it is what people mostly report."""
    return number.celsius is not None and RARE[0] <= number.celsius < FEVER


def rare_value(number: Number) -> bool:
    """Whether few people ever have this temperature."""
    return number.celsius is not None and not RARE[0] <= number.celsius <= RARE[1]


def judge_exact(number: Number, left: Left, around: Around) -> Verdict:
    """36.5, 36度5: a decimal that somebody could have."""
    if left.mentions or left.bits & MEASURED:
        return reading("写明是人量的")
    if number.unit is Unit.FAHRENHEIT:
        return reading("华氏度换算")
    sign = number.unit is not Unit.NONE
    spoken = around.message & mask("temp fever feverish symptom device verb fine medicine danger")
    strange = sign and around.storied and not healthy(number)
    if strange and not (spoken or around.person or around.people):
        return no("前后说的是别的事")
    if sign and _in_summer(around):
        return no(OTHER_HEAT)
    tenths = number.form is Form.SPLIT and not number.written.endswith("半")
    usual = tenths and not rare_value(number)  # nobody says 36度4 of a room
    if around.bare and (usual or not (sign and around.message & BIT["climate"])):
        return reading("开头单说一个度数")
    if _of_weather(number, left, around):
        return no(OTHER_HEAT)
    if around.clean or around.whole.is_list:
        return reading("单说一个度数")
    if not (left.thing or around.clause & FOREIGN) and _somebodys(number, left, around):
        return reading("没说是别的东西")
    return no("看不出是人的体温")


def _in_summer(around: Around) -> bool:
    """晌午头36.6度，蝉叫得心烦; 最热那天是初六，38度半: what is said only of hot days."""
    if (around.clause_before | around.told_of) & BIT["summer"]:
        return True
    return bool(around.message & BIT["summer"]) and not (around.person or around.measuring)


def _of_weather(number: Number, left: Left, around: Around) -> bool:
    """屋里热得很，36.5度: a degree of the weather or of a thing that the sentence has named."""
    weather = number.unit is not Unit.NONE and around.message & BIT["climate"]
    timed = around.clean and left.bits & mask("day period now") and healthy(number)
    if weather and not (around.measuring or around.person or timed):
        return True
    warm = rare_value(number) and around.before & HEAT
    return bool(warm) and not (around.person or around.only_places)


def _somebodys(number: Number, left: Left, around: Around) -> bool:
    """Whether illness, a person or the size of the number speaks for a body."""
    measured = around.settled or around.before & mask("verb device")
    labelled = left.unknown and number.unit is not Unit.NONE and around.next is not NOTHING
    label = labelled and not measured  # 开关箱里线头36度9，得紧螺丝
    ill = around.message & mask("symptom fever feverish medicine danger temp mine_before")
    if ill or around.person or left.bits & mask("day period night now"):
        return True
    if _said_whose(around) and not (around.before | around.after) & FOREIGN:
        return True
    if label:
        return False
    usual = number.celsius is not None and COLD <= number.celsius < FEVER
    told = around.people or number.unit is Unit.NONE or number.form is Form.SPLIT
    row = left.unknown.isalpha() and around.after & FOREIGN  # 肋条36.5 大鹅38; 纸抽37.1，谁要
    return usual and told and not (row or around.before & FOREIGN)


def _said_whose(around: Around) -> bool:
    """大夫报给我的数是37.4，我外甥的: a relative stands in the clause behind the number."""
    kin = any(t.bits & BIT["kin"] for t in around.right[1:3])
    return kin and around.next.kind == "comma" and around.right[-1].text == "的"
