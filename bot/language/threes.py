"""Three digits, 365: a temperature whose point was left out, where one is plainly meant."""

from decimal import Decimal

from bot.language.numerals import Number
from bot.language.scope import FOREIGN, Around, Left, Verdict, ask, no, reading
from bot.language.words import BIT, mask, word_set

LIKELY = Decimal("35.5"), Decimal("39.5")
OWNING = word_set("是 那是 这是")
POINTLESS = "少写了小数点"


def judge_three(number: Number, left: Left, around: Around) -> Verdict:
    """What three digits are."""
    likely = number.celsius is not None and LIKELY[0] <= number.celsius <= LIKELY[1]
    several = around.whole.threes >= 2 and not around.message & FOREIGN
    if several and (around.people_only or (likely and _family_row(left, around))):
        return reading("几个人的体温，都少写了小数点")
    if left.mentions and around.message & BIT["fine"] and around.people_only:
        return reading(POINTLESS)
    if likely and (_measured(left, around) or _pointed_at(left, around)):
        return reading("写明是量的，少写了小数点")
    if _said(left, around) or _told_plainly(number, left, around):
        return reading(POINTLESS)
    if around.whole.alone:
        asked = around.whole.answers or not around.whole.is_group
        if asked or (left.near & BIT["link"] and not left.mentions):
            return reading("单说三位数，少写了小数点")
        return ask("三位数，像少写了小数点")
    return no("三位数，看不出是体温")


def _family_row(left: Left, around: Around) -> bool:
    """365我，367老伴; 老伴368."""
    adjacent = bool(left.mentions) and not left.near_text
    return bool((around.bare or adjacent) and around.message & mask("kin self household"))


def _measured(left: Left, around: Around) -> bool:
    """量了365."""
    return bool(left.bits & BIT["verb"]) and not (around.message & FOREIGN or left.thing)


def _pointed_at(left: Left, around: Around) -> bool:
    """刚才那个365是我妈的."""
    owner = around.next.text in OWNING and around.second.bits & mask("self kin")
    return bool(left.bits & BIT["mine_before"] and owner)


def _said(left: Left, around: Around) -> bool:
    """体温365, 腋下365, 度数365; beside other temperatures also 老伴365."""
    foreign = around.clause & FOREIGN or around.topic_thing
    if not foreign and (left.bits & mask("temp site fever") or around.next.bits & BIT["site"]):
        return True  # 体温365; 365 腋下
    claimed = left.mentions or left.bits & BIT["slip"]
    beside = around.whole.exact and (around.settled or around.whole.usual)
    spoken = beside or around.message & mask("temp slip")
    return bool(claimed and not foreign and spoken)


def _told_plainly(number: Number, left: Left, around: Around) -> bool:
    """都365, 365正常, 早上三六五: nothing else is spoken of."""
    if around.message & FOREIGN or left.unknown or not around.clean:
        return False
    spelled = not number.written.isdigit() and "百" not in number.written
    return bool(
        left.bits & BIT["verb"]
        or (left.mentions and left.all)
        or (around.bare and around.message & mask("fine feverish"))
        or (spelled and (left.bits & mask("day period now") or around.lone))
    )
