"""What stands right beside a number and says that it counts something else."""

from itertools import takewhile

from bot.language.numerals import Form, Number, Unit
from bot.language.people import Kind
from bot.language.scope import (
    FOREIGN,
    GOODS,
    HEAT,
    MEASURED,
    MONEY,
    UNIT,
    Around,
    Left,
    Verdict,
    counted,
    no,
    reading,
)
from bot.language.tokens import NOTHING, Token
from bot.language.turns import turn, turn_signs
from bot.language.words import BIT, mask, word_set

# these may follow a temperature with a decimal without being its unit
PEOPLE_SAFE = turn("beside_people")
NO_UNIT = mask("whole loose kin site fine")
BOUNDS = mask("over_after under_after")
FIRM = mask("verb now again day period night")
SPOKEN_LATIN = word_set("ok c f t tw yes no y n hi bye good")
OWING = turn("owing")
RATES = turn("rates")
SCORED = word_set("得 得了 考 考了")  # 语文小测满分40，小子得36.5
PIECES = turn_signs("pieces")
UNIT_HEADS = frozenset("斤元块米亩吨天")
COUNTED = frozenset("车周方米包")  # surnames that are measures too
RATIOS = word_set("/ % × * x")
COPIED = ("写", "抄", "填", "复制", "粘贴", "照搬")
SCALE = "说的是表上的刻度"
SUCH = turn("such")
SUMS = turn("sums")
MARKS = turn("scale_marks")
CALLED = turn("named_so")
ANYBODY = turn("anybody")
SAID_OF = word_set("是 说的是 指的是 讲的是")
OWNERS = word_set("是 就是 才是")
ENDS = ("comma", "stop")


def by_neighbours(number: Number, left: Left, around: Around) -> Verdict | None:
    """What the words on both sides say, None where they leave it open."""
    if around.next is not NOTHING:
        verdict = (
            (_unit(number, around) if number.unit is Unit.NONE else None)
            or _thing(left, around)
            or _odd_unit(number, left, around)
            or _owner(around)
            or _sum_of(number, around)
        )
        if verdict is not None:
            return verdict
    return _before(number, left, around)


def _unit(number: Number, around: Around) -> Verdict | None:
    """36.5斤, 36块, 36/斤, 35一袋."""
    behind, second, glued = around.next, around.second, around.glued
    whole = number.exact and behind.bits & BIT["whole"]  # 36平 is a round 36, 36.5平 a room
    if behind.bits & UNIT and (whole or not behind.bits & NO_UNIT):
        runs_on = second is not NOTHING and second.kind not in ENDS
        safe = number.exact and behind.text in PEOPLE_SAFE and runs_on
        if (glued or behind.bits & MONEY) and not safe:
            return counted(behind.text)
    if behind.text.startswith("岁"):
        return counted("岁")  # 38岁的时候
    if glued and behind.text[0] == "几" and behind.text[1:2] in PIECES:
        return counted(behind.text)  # 三十几页
    if glued and behind.text == "万一" and second.bits & UNIT:
        return counted("万")
    if behind.text in RATIOS and (behind.text != "/" or second.bits & UNIT):
        return no("后面是单价或比例")
    if glued and not number.exact and behind.text[0] in UNIT_HEADS:
        return counted(behind.text[0])
    if _priced(behind, second) or _one_each(behind, around):
        return no("后面是单价")
    if glued and behind.text == ":" and second.number is not None:
        return no("后面是单价或比例")  # 36.0:3的配比
    if glued and behind.kind == "name" and not number.exact and behind.text[0] in COUNTED:
        return counted(behind.text[0])  # 35车沙
    return None


def _priced(behind: Token, second: Token) -> bool:
    """36一斤, 36.5一袋."""
    if behind.text == "一":
        return second.text in PIECES or bool(second.bits & UNIT)
    return behind.text[0] == "一" and behind.text[1:2] in PIECES


def _one_each(behind: Token, around: Around) -> bool:
    """34.6一个, but not 一个36.4一个36.6."""
    return behind.text == "一个" and around.second.number is None and not around.people


def _thing(left: Left, around: Around) -> Verdict | None:
    """36度的水, 38.5那头猪, 37那道线: what it is of stands behind it."""
    behind, second = around.next, around.second
    if _said_of(around):
        return no("说的是别的东西")
    if not around.glued:
        return None
    if behind.text in MARKS and second.text not in OWNERS and not left.bits & BIT["under"]:
        return no("是后面那样东西的度数")
    if behind.bits & HEAT and not behind.bits & BIT["kin"] and not left.mentions:
        return no(f"说的是{behind.text}")
    other = second.bits & (FOREIGN | UNIT) or second.kind == "char"
    if behind.text in ("的", "那") and (
        other or (second.bits & BIT["common"] and not left.mentions)
    ):
        return no("说的是别的东西")
    return None


def _said_of(around: Around) -> bool:
    """42度说的是炕, 41.2是水温: and no place where somebody stood."""
    said = list(takewhile(lambda token: not token.bits & HEAT, around.right))
    thing = around.right[len(said)] if len(said) < len(around.right) else NOTHING
    owned = len(said) + 1 < len(around.right) and around.right[len(said) + 1].text == "的"
    stood = thing.bits & BIT["place"] and not owned  # 是屋里量的, but 是棚里的
    return "".join(t.text for t in said) in SAID_OF and not stood


def _odd_unit(number: Number, left: Left, around: Around) -> Verdict | None:
    """36多块, 36迷, 36kW, 36呢？: no unit of ours, but like one."""
    behind, second = around.next, around.second
    plain = number.unit is Unit.NONE
    ends = second is NOTHING or second.kind in ENDS
    if plain and around.glued and behind.kind == "char" and ends:
        return no(f"后面的“{behind.text}”像单位")
    if not (left.mentions or left.bits & MEASURED) and behind.text == "呢" and second.text in "?？":
        return no("问的是标准")
    latin = behind.kind in ("latin", "code") and behind.text.lower() not in SPOKEN_LATIN
    if around.glued and (latin or behind.text[0] in "‰Ω"):
        return counted(behind.text)
    return None


def _owner(around: Around) -> Verdict | None:
    """豆腐三块六，36.5是我体温."""
    if around.next.text not in OWNERS:
        return None
    said = 0
    for token in around.right[1:]:
        said |= token.bits
    told = said & BIT["temp"] and said & mask("self kin")
    return reading("后面说明是谁的体温") if told else None


def _sum_of(number: Number, around: Around) -> Verdict | None:
    if number.unit is Unit.FAHRENHEIT and number.celsius is not None and around.people:
        return None  # 97.9℉换算下来多少我不会，是我爷的
    told = around.next.text in SUMS or "".join(t.text for t in around.right[:2]) in SUMS  # 读 作
    return no("是算术题") if told else None


def _before(number: Number, left: Left, around: Around) -> Verdict | None:
    """从36, 叫36.5, 第36, 零下36: what stands right before it."""
    someone, behind = bool(left.mentions), around.next.text
    told = behind == "的" or left.near_text in ("的", "的是", "是")
    if left.unknown.endswith(COPIED) and not (someone or told):
        return no("说的是怎么填")
    if any(t.text in SUCH for t in around.right):
        return no("是格式或例子")
    if left.minus:
        return no("是零下")
    if left.near_text == "从" and around.next.bits & BIT["to"] and left.bits & BIT["device"]:
        return no(SCALE)  # 体温计从35度到42度
    named = someone and not left.comma
    firm = named or left.bits & FIRM or (around.people and around.message & BIT["verb"])
    if behind[0] == "算" and not firm:
        return no("问的是标准")
    if around.next.bits & BOUNDS and around.second.text[:1] == "算":
        return no("问的是标准")  # 37.2以上算不算低烧
    if left.near_text in CALLED and not someone:
        return no("是名字")
    housed = around.topic is not None and around.topic.kind is Kind.HOUSEHOLD
    if someone and around.left_word in ANYBODY and not (around.settled or housed):
        return no("没有说是谁")  # 别人体温36.5
    scored = left.near_text in SCORED and around.before & GOODS
    spoken = around.message & BIT["temp"] or left.bits & MEASURED
    if number.form is Form.THREE and not spoken and (left.near_text in OWING or behind in RATES):
        return counted("元")
    if left.near & BIT["ordinal"] and (scored or not left.near & mask("link verb")):
        return no("前面是编号或数量")
    return None
