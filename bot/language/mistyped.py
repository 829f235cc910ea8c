"""Numbers that may be a temperature typed wrong: 3.65, 63.5, 336.5 are asked about, or nobody's."""

import re

from bot.language.numerals import Number, Unit
from bot.language.scope import (
    FOREIGN,
    HEAT,
    MEASURED,
    MONEY,
    POINTING,
    Around,
    Left,
    Verdict,
    ask,
    no,
)
from bot.language.words import BIT, mask

POINTS = frozenset(".。·,、点")
OTHER = FOREIGN & ~BIT["goods"]
WRITING = re.compile("[写填打抄念输按](?:的|错|成|着)")
SIGNS = POINTS | {"度"}
SPOKEN = re.compile("[三四]十[一二三四五六七八九]?[度点][零一二三四五六七八九半]")
NOBODYS = "不像人的体温，得问"
SOMEBODYS = "说的是人，数不像人的体温"
TYPED = "像打错的体温"


def judge_slip(number: Number, left: Left, around: Around) -> Verdict:
    """What a number is that no living person can have."""
    plain = number.written.isdigit() or SIGNS.isdisjoint(number.written)
    degree = number.unit is Unit.DEGREE
    if around.of_thing and degree:
        return no("说的是别的东西")  # 发面放炕头，43度半
    other = left.foreign or around.measured_thing or (around.topic_thing and not around.measuring)
    if around.message & BIT["badly"] and degree and around.clean and not other:
        return ask(NOBODYS)
    small = number.written[1:2] in POINTS and not around.settled  # 手环显示睡眠3.78
    return (
        _of_another(left, around, plain=plain or small)
        or _of_a_measuring(number, left, around, plain)
        or _of_somebody(number, left, around, plain)
        or _alone(number, left, around, plain)
        or no("看不出是体温")
    )


def _of_another(left: Left, around: Around, *, plain: bool) -> Verdict | None:
    measured = left.bits & MEASURED
    if (
        left.foreign
        or (around.next.kind == "clock" and not around.settled)  # 6.8七点半停电
        or around.message & BIT["summer"]
        or (left.near_text in POINTING and around.message & HEAT)  # 张家的酒75度，李家的43.3度
        or around.topic_thing
        or around.measured_thing
        or (around.inherits and not measured)
        or (around.clause & FOREIGN and not measured)
        or around.heading & FOREIGN
        or around.clause & MONEY
    ):
        return no("说的是别的东西")
    showing = left.thing and left.shown and not around.clause & BIT["device"]  # 饮水机显示43.6度
    if left.unknown and (showing or ((left.thing or plain) and not measured)):
        return no(f"不知道“{left.unknown[:6]}”是什么")
    return None


def _of_a_measuring(number: Number, left: Left, around: Around, plain: bool) -> Verdict | None:
    """体温63.5, 量了356, 表上46.5."""
    if left.bits & BIT["temp"] or (left.bits & BIT["site"] and not plain):
        return ask(NOBODYS)
    three = plain and len(number.written) == 3 and number.written[0] in "36"
    if three and left.near & BIT["verb"]:
        return ask(TYPED)
    shown = left.shown and left.unknown and not around.clause & BIT["device"]
    told = left.bits & mask("verb device degree_word") and around.message & mask("temp device")
    if told and not shown:
        return ask(NOBODYS)
    return None


def _of_somebody(number: Number, left: Left, around: Around, plain: bool) -> Verdict | None:
    """老伴46.5, 孩子33度; beside other temperatures 老伴366.5."""
    someone, degree = bool(left.mentions), number.unit is Unit.DEGREE
    if someone and degree and not around.message & FOREIGN:
        return ask(SOMEBODYS)
    if left.bits & BIT["degree_word"] and degree and around.clean:
        return ask(NOBODYS)
    spoken = around.before & mask("temp device site") or (
        around.whole.is_list and around.whole.usual and left.unknown
    )
    another = left.thing or (left.shown and left.unknown) or around.clause & OTHER
    if spoken and not (plain or another):
        return ask(NOBODYS)
    told = someone or around.settled or left.bits & MEASURED
    told = told or (around.person and _one_key_off(number))
    scope = around.clause if number.near else around.message
    if told and not (plain or scope & FOREIGN):
        return ask(SOMEBODYS)
    if someone and around.siblings and (not plain or len(number.written) >= 3):
        return ask("别人的都像体温，这个不像")
    return None


def _alone(number: Number, left: Left, around: Around, plain: bool) -> Verdict | None:
    """36.6.3 or 3.65 by itself, 一量63.5."""
    told = around.message & mask("device temp verb") or (_nearly(number) and not around.before)
    told = told or (_first_off(number) and _written_down(around))
    if around.bare and not plain and told:
        return ask("像看错的体温")
    if _tripled(number.written, around) and not around.clause & FOREIGN:
        return ask(TYPED)
    if around.whole.alone and not POINTS.isdisjoint(number.written):
        return ask(TYPED)
    return None


def _first_off(number: Number) -> bool:
    """63.4, 56.5: one decimal, and only the first figure or the order is wrong."""
    head, _, tail = number.written.partition(".")
    whole = len(tail) == 1 and len(head) == 2 and head.isdigit()
    return whole and (head[1] in "5678" or head == "63")


def _written_down(around: Around) -> bool:
    """56.5，崽里帮我打的字: what stands behind it tells how it was written."""
    return bool(WRITING.search("".join(t.text for t in around.right)))


def _tripled(written: str, around: Around) -> bool:
    """365.5, 366.5 by itself; 36.6.3."""
    if written.count(".") == 2 and written[0] == "3":
        return True
    return around.lone and len(written) == 5 and written[:2] == "36"


def _nearly(number: Number) -> bool:
    """33.1, 47.2, 三十三度七: a decimal a few degrees beside what a living person has."""
    if SPOKEN.fullmatch(number.written):
        return True
    head, _, tail = number.written.partition(".")
    return len(tail) == 1 and head.isdigit() and 30 <= int(head) <= 49


def _one_key_off(number: Number) -> bool:
    """Whether one slip of a finger makes a temperature of it: 82.6 is none of anybody's."""
    digits = [c for c in number.written if c.isdigit()]
    fahrenheit = len(digits) >= 3 and 93 <= int("".join(digits[:-1])) <= 108
    return "3" in digits or digits[:1] in (["2"], ["4"]) or fahrenheit
