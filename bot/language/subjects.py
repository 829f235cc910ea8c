"""Decides what a number is about: a person's temperature, something to ask about, or neither."""

from dataclasses import dataclass, field
from decimal import Decimal

from bot.language.numerals import Form, Number, Unit
from bot.language.people import Kind, Mention
from bot.language.tokens import Token
from bot.language.words import BIT, mask, word_set

HEAT, GOODS, MONEY, UNIT = BIT["heat"], BIT["goods"], BIT["money"], BIT["unit"]
FOREIGN = HEAT | GOODS | MONEY
MEASURED = mask("temp verb fever feverish site")
SKIP = mask(
    "link moving says_self temp verb fever feverish day period night now site about over under all "
    "ditto device degree_word "
    "particle fine symptom high low whole slip mine_before greeting between loose "
    "over_after under_after "
    "takeback blurry returnee unsure seq feel unmeasured notime weak_slip again medicine"
)
CLEAN = SKIP | mask(
    "to seq badly self wo third household pair triple others kin title office "
    "and negation question danger you noone family_of wish plan request"
)
# these may follow a temperature with a decimal without being its unit
PEOPLE_SAFE = word_set(
    "人 家 口 下 次 回 头 天 周 月 号 日 里 两 遍 安 度 档 面 站 期 班 组 队 村 "
    "中 行 场 步 发 响 对 本 年 位 名 户 例 只 条 平 趟 车 句 字 "
    "个人 孔 团 院 楼 房 室 街 道 网 连 股 级 转 款 项 局 "
    "船 首 张 把 台 副 串 板 朵 棵 片 支 根 套 件 双 桶 盒 包 袋 箱 罐 瓶 盘 碗 杯 锅"
)


DEMANDS = word_set("人 要 请 一律 都 先 才 必须 每 就 不得 不准 不许 不能 应 应该 须 赶紧 立即")
FIRM = mask("verb now again day period night")
SPOKEN_LATIN = word_set("ok c f t tw yes no y n hi bye good")
PIECES = frozenset(
    "平亩斤只袋箱包桶瓶吨方条根片张盒份副套件支双米尺丈里码卷捆筐车棵株垛朵串盘碗提罐壶桌席股票页晚"
)
COPIED = ("写", "抄", "填", "复制", "粘贴", "照搬")
SUCH = word_set("这种 这类 那种 之类 之类的 诸如此类")
SUMS = word_set("加 减 乘 除 除以 乘以 等于 约等于 读作 写作 读成 四舍五入")
MARKS = word_set("那条 那根 那道 那格 那条线 那根线")
PLACE_TAILS = frozenset("村屯庄沟湾坳塆寨店营堡岭坡桥河集铺镇乡队组坪埠圩")
RARE = Decimal("35.8"), Decimal(39)  # what is outside needs some word of a person
ANYBODY = word_set("别人 人家 旁人 别家 外人")
LINE = Decimal("37.3")  # of a fever: said with 超过 it is the rule and nobody's temperature
ROUND = (LINE, Decimal(37), Decimal(38))  # lines that people measure themselves by


@dataclass(slots=True)
class Left:
    """What stands to the left of a number, up to the one before."""

    mentions: list[Mention] = field(default_factory=list)
    bits: int = 0  # classes of the words passed over
    near_text: str = ""
    near: int = 0  # classes of the word right before the number
    unknown: str = ""  # the run of words that is none of ours
    unknown_at: int = -1
    thing: bool = False  # … and its last word is a noun that a number could be of
    foreign: str = ""
    comma: bool = False
    shown: bool = False  # 显示, 读数: what stands before it is a thing that shows a number
    minus: bool = False  # a minus sign stands right before it
    all: bool = False
    dated: bool = False  # a date stands before it
    you: bool = False  # said of whom is spoken to


@dataclass(slots=True)
class Around:
    """The scope a number stands in."""

    clause: int = 0  # classes of its clause
    clause_before: int = 0  # classes of its clause before it
    before: int = 0  # classes of the sentence before it
    after: int = 0  # classes of the sentence behind it
    message: int = 0
    right: tuple[Token, ...] = ()  # up to four tokens behind, blanks left out
    glued: bool = False  # whether the first of them is not behind a blank
    clean: bool = False  # nothing but our own words in its part of the sentence
    alone: bool = False  # the message is this number and small talk
    siblings: int = 0  # other numbers that are written like temperatures
    is_list: bool = False
    usual: bool = False  # … and more than one of them
    bodily: bool = False  # most decimals of the message are what healthy people have
    heading: int = 0
    is_group: bool = True
    exact: int = 0  # decimals in the message that could be temperatures
    other_degrees: int = 0  # degrees in the message that nobody could have
    wholes: int = 0  # integers of 36 and 37 in the message
    left_word: str = ""  # the last word of the person before it
    threes: int = 0  # numbers like 365 in the message
    people_only: bool = False  # … and beside them only people and our own words
    topic: Mention | None = None
    settled: bool = False  # a temperature of a person was read before in this line
    listed: bool = False  # … in a list, where every entry stands for itself
    labelled: bool = False  # the unknown words look like a label and not like a story
    only_places: bool = False  # the clause's warm things are only where a person stands
    sick_ones: bool = False  # 有三个发烧的: feverish people whom nobody names
    storied: bool = False  # words that are none of ours stand in the clauses beside it
    crowd: bool = False  # a group or ten people and more are spoken of before it
    always: bool = False  # 一直没超过37
    habit: bool = False  # 一紧张就37.2
    inherits: bool = False  # the number before it in the sentence was about something else
    topic_thing: str = ""  # 母猪不吃食，量着…: what a clause before was about, where nobody is said
    later: bool = False  # 明天, 后天
    bare: bool = False  # a clause of its own at the start of a sentence
    bare_people: bool = False  # the message speaks of who has not measured yet
    lone: bool = False  # a clause of its own
    measuring: bool = False  # the sentence speaks of measuring before it
    reset: bool = False  # a blank stands between it and the words before
    person: bool = False  # a relative or a name is what the sentence is about
    people: bool = False  # relatives or names are spoken of in the line


@dataclass(frozen=True, slots=True)
class Verdict:
    """outcome is reading, clarify or no."""

    outcome: str
    why: str
    unit: str = ""  # where another unit than a degree stands behind the number


def no(why: str) -> Verdict:
    """Not a temperature of a person."""
    return Verdict("no", why)


def counted(unit: str) -> Verdict:
    """A number of something else: its unit stands behind it."""
    return Verdict("no", f"后面是“{unit}”", unit)


def weigh(number: Number, left: Left, around: Around) -> Verdict:
    """What the number is, and why."""
    verdict = _by_neighbours(number, left, around) or _by_speech(number, left, around)
    if verdict is not None:
        return verdict
    if number.form is Form.SLIP:
        return _slip(number, left, around)
    return _evidence(number, left, around)


def _by_neighbours(number: Number, left: Left, around: Around) -> Verdict | None:
    """Units behind, numberings before."""
    right = around.right
    if right and number.unit is Unit.NONE:
        nxt = right[0]
        exact_form = number.form in (Form.DECIMAL, Form.SPLIT)
        if nxt.bits & UNIT and not nxt.bits & mask("whole loose kin site fine"):
            exact = number.form in (Form.DECIMAL, Form.SPLIT)
            runs_on = len(right) > 1 and right[1].kind not in ("comma", "stop")
            safe = exact and nxt.text in PEOPLE_SAFE and runs_on
            if (around.glued or nxt.bits & MONEY) and not safe:
                return counted(nxt.text)
        if around.glued and nxt.text == "万一" and len(right) > 1 and right[1].bits & UNIT:
            return counted("万")
        if nxt.bits & MONEY and around.glued:
            return counted(nxt.text)
        if nxt.text in ("/", "%", "×", "*", "x"):
            follow = right[1] if len(right) > 1 else None
            if nxt.text != "/" or (follow is not None and follow.bits & UNIT):
                return no("后面是单价或比例")
        if around.glued and not exact_form and nxt.text[0] in "斤元块米亩吨":
            return counted(nxt.text[0])
        if len(nxt.text) >= 2 and nxt.text[0] == "一" and nxt.text[1] in PIECES:
            return no("后面是单价")
        if nxt.text == "一" and len(right) > 1 and right[1].text in PIECES:
            return no("后面是单价")
        sum_up = number.form is Form.INTEGER and nxt.text in ("+", "-", "×", "=")
        if around.glued and (sum_up or nxt.text == "÷"):
            return no("是算术题")
    if right and around.glued and right[0].text in MARKS:
        return no("说的是表上的刻度")
    thing = right and around.glued and right[0].bits & HEAT and not right[0].bits & mask("kin")
    if thing and not left.mentions:
        return no(f"说的是{right[0].text}")
    if (
        right
        and around.glued
        and right[0].text[0] == "那"
        and right[0].bits & (UNIT | BIT["common"])
        and (right[0].text not in ("那个", "那次", "那是"))
    ):
        return no("说的是别的东西")
    if (
        len(right) > 1
        and around.glued
        and right[0].text in ("的", "那")
        and (
            right[1].bits & (FOREIGN | UNIT)
            or right[1].kind == "char"
            or (right[1].bits & BIT["common"] and not left.mentions)
        )
    ):
        return no("说的是别的东西")
    if (
        right
        and right[0].bits & BIT["loose"]
        and len(right) > 1
        and right[1].bits & (UNIT | MONEY)
        and (number.unit is Unit.NONE and not right[1].bits & mask("whole particle"))
    ):
        return counted(right[1].text)
    if (
        right
        and around.glued
        and right[0].kind == "char"
        and number.unit is Unit.NONE
        and (len(right) == 1 or right[1].kind in ("comma", "stop"))
    ):
        return no(f"后面的“{right[0].text}”像单位")
    if (
        not left.mentions
        and not left.bits & MEASURED
        and len(right) > 1
        and right[0].text == "呢"
        and right[1].text in "?？"
    ):
        return no("问的是标准")
    if (
        right
        and around.glued
        and (
            (right[0].kind in ("latin", "code") and right[0].text.lower() not in SPOKEN_LATIN)
            or right[0].text[0] in "‰Ω"
        )
    ):
        return counted(right[0].text)
    if right and right[0].text in ("是", "就是", "才是"):
        said = 0
        for token in right[1:]:
            said |= token.bits
        if said & BIT["temp"] and said & mask("self kin"):
            return Verdict("reading", "后面说明是谁的体温")  # 豆腐三块六，36.5是我体温
    if right and right[0].text in SUMS and not left.mentions:
        return no("是算术题")
    ill = around.message & mask("symptom medicine fever verb temp danger")
    if left.near_text == "从" and not left.mentions and not ill:
        return no("说的是涨落")
    told = (around.right and around.right[0].text == "的") or left.near_text in ("的", "的是", "是")
    if left.unknown.endswith(COPIED) and not (left.mentions or told):
        return no("说的是怎么填")
    if not SUCH.isdisjoint([t.text for t in around.right]):
        return no("是格式或例子")
    if left.minus:
        return no("是零下")
    firm = left.mentions or left.bits & FIRM or (around.people and around.message & BIT["verb"])
    if right and right[0].text[0] == "算" and not firm:
        return no("问的是标准")
    if left.near_text in ("叫", "名叫", "叫做", "叫作", "改成叫") and not left.mentions:
        return no("是名字")
    housed = around.topic is not None and around.topic.kind is Kind.HOUSEHOLD
    if left.mentions and around.left_word in ANYBODY and not (around.settled or housed):
        return no("没有说是谁")  # 别人体温36.5
    taken = number.form in (Form.DECIMAL, Form.SPLIT) and number.celsius is not None
    if left.near & BIT["medicine"] and not taken:
        return no("说的是药")
    if left.near & BIT["ordinal"] and not left.near & mask("link verb"):
        return no("前面是编号或数量")
    return None


def _by_speech(number: Number, left: Left, around: Around) -> Verdict | None:
    """Hearsay, rules, wishes, jokes, stories, plans."""
    before, after, clause = around.before, around.after, around.clause
    exact = number.form in (Form.DECIMAL, Form.SPLIT)
    if around.later:
        return no("说的是以后")
    slip = number.form is Form.SLIP and not number.written.isdigit()
    opens = (
        around.bare and (exact or slip) and not before and not after & mask("hearsay standard joke")
    )
    if opens and (not around.right or around.right[0].text not in "呢?"):
        return None  # 36.4，吃完粉才想起要报: what comes behind a number of its own is talk
    direct = bool(left.mentions) and any(
        m.kind not in (Kind.OTHERS, Kind.JOB) for m in left.mentions
    )
    # what was measured just now is told, whatever else the message jokes or remembers
    said = exact and (direct or bool(left.bits & mask("verb temp now again site day")))
    if left.near & BIT["negation"]:
        return no("是在否认")
    if left.near_text in ("离", "距", "距离", "差") and number.celsius in ROUND:
        return no("说的是发热的线")  # 37.2，离37.3就差一丝儿
    if (
        clause & GOODS
        and after & BIT["question"]
        and not direct
        and left.near_text in ("从", "是", "到", "降到")
    ):
        return no("是算术题")
    if left.bits & BIT["question"] and not (direct or left.bits & MEASURED or around.person):
        return no("是在问")
    asked = around.right and around.right[0].text == "?" and not around.person
    if (
        asked
        and number.unit is not Unit.NONE
        and not around.siblings
        and not (direct or left.bits & MEASURED)
    ):
        return no("是在问")
    if around.right and around.right[0].bits & BIT["rule"] and not (direct or around.person):
        return no("是规定或标准")
    if _whoever(around) and not (direct or left.bits & mask("verb again")):
        return no("没有说是谁")
    every = left.bits & mask("all link")
    if around.clause_before & BIT["anyone"] and (every or not left.bits & BIT["verb"]):
        return no("没有说是谁")
    if left.you:
        return no("说的是对方")
    if around.habit and not left.bits & mask("now day period"):
        return no("说的是平常会怎样")
    if after & BIT["hearsay"] and not any(m.kind is Kind.SELF for m in left.mentions):
        return no("听来的")
    if left.near & BIT["hearsay"] or (
        before & BIT["hearsay"] and not (around.reset and (direct or exact))
    ):
        return no("听来的")
    fresh = left.bits & mask("verb now again") and not around.clause_before & mask("hypo story")
    family = around.person and before & BIT["verb"]
    mine = fresh and (direct or around.topic is not None)
    if (before & BIT["news"] and not ((mine or family) and not clause & BIT["news"])) or (
        clause & BIT["news"] and not direct
    ):
        return no("新闻或书上的")
    if before & BIT["hypo"] and not fresh:
        return no("是假设")
    if before & BIT["wish"] or (clause & BIT["wish"] and not direct and not left.bits & MEASURED):
        return no("是祝愿")
    if (before | after) & BIT["standard"] and not direct and not around.person:
        return no("是规定或标准")
    if _ordered(around) and not direct:
        return no("是规定或标准")
    slip = number.form is Form.SLIP and bool(left.bits & BIT["temp"] or around.person or direct)
    told = said or slip or (exact and around.measuring and around.person)
    if around.message & BIT["joke"] and not (told and not clause & BIT["joke"]):
        return no("是玩笑")
    then = around.clause_before & mask("period night") and exact  # 凌晨两点那会儿38.8
    just = then or (around.clause_before & BIT["now"] and direct)
    if before & BIT["story"] and not (fresh or just or (said and not clause & BIT["story"])):
        return no("是从前的事或平常的数")
    if before & BIT["plan"] and clause & BIT["plan"]:
        return no("是打算")
    if (before & mask("request example") and not direct) or before & BIT["example"]:
        return no("是格式或例子")
    speaker = left.mentions[0] if left.mentions else around.topic
    if speaker is not None and speaker.owner and clause & BIT["says_self"]:
        return no("别人家的事，听来的")
    felt = clause if exact else clause | before
    measured = left.bits if before & BIT["feel"] and not exact else around.message
    if felt & BIT["feel"] and not measured & mask("verb temp"):
        return no("手摸的，没有量")
    if (
        around.message & BIT["badly"]
        and around.message & BIT["device"]
        and not direct
        and number.form is not Form.SLIP
        and not around.bare
    ):
        return no("表坏了")
    if around.sick_ones and not (direct or around.person):
        return no("没有说是谁")  # 有三个发烧的，37.5还是38没准
    crowd = left.near & mask("high low") and around.crowd
    if crowd and not (direct and left.mentions[0].kind in (Kind.KIN, Kind.NAME, Kind.FAMILY)):
        return no("是全组全村的数")  # 二组52人全部报完，最高37.0
    place = direct and left.mentions[0].who[0][-1] in PLACE_TAILS
    if before & BIT["aggregate"] and (not direct or place) and not around.is_list:
        return no("是全组全村的数")
    bound = around.right[0].bits & mask("over_after under_after") if around.right else 0
    bound |= left.near & mask("over under")
    if after & BIT["rule"] or (before & BIT["rule"] and not direct):
        firm = (
            left.mentions
            or left.bits & mask("temp verb site day period now night fever")
            or (exact and (around.person or (around.people and around.message & BIT["verb"])))
        )
        behind = around.right[0].text if around.right else ""
        ruled = bound and behind != "了" and (behind or before & BIT["rule"])
        if not firm or (ruled and not after & BIT["now"]):
            return no("是规定或标准")
    goes_on = bool(around.right) and not (
        around.right[0].kind in ("comma", "stop", "emoji", "close")
        or around.right[0].text == "了"
        or around.right[0].bits & mask("particle loose whole self wo kin")
    )
    if (
        left.near & BIT["over"]
        and goes_on
        and not (direct or around.person)
        and (not left.bits & mask("verb now day period night again"))
    ):
        return no("是规定或标准")
    closed = len(around.right) > 1 and around.right[0].kind == "close"
    if bound & BIT["over"] and closed and around.right[1].text == "的" and not direct:
        return no("是规定或标准")
    if bound and around.always and not left.bits & mask("now again"):
        return no("说的是平常会怎样")
    if bound and left.bits & BIT["question"]:
        return no("问的是标准")
    if bound and clause & BIT["question"] and not direct and not around.people:
        return no("问的是标准")
    if (
        bound & mask("over over_after")
        and number.celsius == LINE
        and not direct
        and not around.person
        and not left.bits & mask("now day period night again")
    ):
        return no("说的是发热的线")
    return None


def _whoever(around: Around) -> bool:
    """今天37.3以上的都留下: whoever has it, and nobody in particular."""
    right = around.right
    if len(right) < 2:
        return False
    if right[0].text == "的":
        return bool(right[1].bits & BIT["all"])  # 39度的都有
    bound = right[0].bits & mask("over_after under_after")
    return bool(bound) and (right[1].text == "的" or right[0].text[-1] == "的")


def _ordered(around: Around) -> bool:
    """37.3以上的要上报, 38的必须去: what is demanded of whoever has it."""
    if len(around.right) < 2:
        return False
    texts = [t.text for t in around.right if not t.bits & mask("over_after under_after")]
    return len(texts) > 1 and texts[0] == "的" and texts[1] in DEMANDS


def _evidence(number: Number, left: Left, around: Around) -> Verdict:
    """Whether enough speaks for a person."""
    direct = [m for m in left.mentions if m.kind is not Kind.OFFICE]
    foreign = around.clause & FOREIGN or left.foreign
    measured = left.bits & MEASURED
    degree = number.unit is not Unit.NONE
    exact = number.form in (Form.DECIMAL, Form.SPLIT)
    if left.foreign:
        return no(f"说的是{left.foreign}")
    spoken = (around.clause | around.before) & mask("temp fever symptom verb medicine device")
    if (
        around.other_degrees
        and degree
        and not ((direct and exact) or spoken or left.bits & MEASURED or left.mentions)
    ):
        return no("旁边的度数不是人的")
    patient = around.person and exact and around.message & mask("symptom fever danger medicine")
    if exact and around.bodily and left.near & mask("day period now") and not around.clause & HEAT:
        return Verdict("reading", "几天的体温")
    if around.topic_thing and not (direct or patient) and not left.bits & BIT["temp"]:
        return no(f"说的是{around.topic_thing}")
    if (
        around.heading & FOREIGN
        and not around.heading & mask("temp degree_word device verb")
        and not left.bits & BIT["temp"]
    ):
        return no("单子上记的不是体温")
    standing = around.only_places and exact and left.bits & BIT["verb"]
    warm = around.clause_before
    if exact and left.near & BIT["verb"] and not left.foreign:
        warm = 0
    if (
        warm & HEAT
        and not standing
        and not (left.bits & mask("temp again") or (direct and not left.unknown))
    ):
        return no("说的是水、天气、牲口或机器")
    if (
        around.clause & MONEY
        or (around.message & MONEY and not around.measuring and not (direct and exact))
    ) and not (
        left.bits & mask("temp fever site")
        or (exact and left.bits & BIT["verb"] and not around.clause & FOREIGN)
        or (direct and (degree or measured))
    ):
        return no("说的是钱或买卖")
    told = exact and around.settled and not foreign and not around.listed
    if told and (not left.unknown or not around.labelled):
        return Verdict("reading", "接着前面的体温说")
    fahrenheit = number.unit is Unit.FAHRENHEIT
    if left.shown and left.unknown and not (direct or fahrenheit or around.clause & BIT["device"]):
        return no(f"说的是{left.unknown[:6]}")
    agent = left.bits & BIT["verb"] and not left.shown
    if left.thing and not (direct or around.person or agent or left.bits & mask("temp again")):
        return no(f"说的是{left.unknown[:6]}")
    if (
        left.unknown
        and not (measured and (not foreign or left.near & BIT["verb"]))
        and not (around.clean and exact)
        and number.unit is not Unit.FAHRENHEIT
        and not (around.clause & BIT["temp"] and not foreign)
        and not (exact and (not left.thing or around.message & BIT["blurry"]) and not foreign)
        and not (exact and around.person and around.before & mask("fever symptom"))
    ):
        return no(f"不知道“{left.unknown[:6]}”是什么")
    alike = direct and direct[0].kind in (Kind.FAMILY, Kind.HOUSEHOLD)
    if around.inherits and (alike or not direct) and not measured:
        return no("接着说前面那样东西")
    if number.form is Form.THREE:
        return _three(number, left, around, bool(direct))
    if exact:
        return _exact(number, left, around, bool(direct))
    return _integer(number, left, around, bool(direct))


def rare_value(number: Number) -> bool:
    """Whether few people ever have this temperature."""
    return number.celsius is not None and not RARE[0] <= number.celsius <= RARE[1]


def _exact(number: Number, left: Left, around: Around, direct: bool) -> Verdict:
    if left.bits & BIT["moving"] and around.topic is not None and not left.unknown:
        return Verdict("reading", "说的是升降")
    if direct or left.bits & MEASURED or number.unit is Unit.FAHRENHEIT:
        return Verdict(
            "reading", "写明是人量的" if direct or left.bits & MEASURED else "华氏度换算"
        )
    sign = number.unit is not Unit.NONE
    usual = number.form is Form.SPLIT and not rare_value(number)  # nobody says 36度4 of a room
    if around.bare and (usual or not (sign and around.message & BIT["climate"])):
        return Verdict("reading", "开头单说一个度数")
    if (
        left.bits & mask("day period night now")
        and not left.unknown
        and not around.message & FOREIGN
    ):
        return Verdict("reading", "说了什么时候量的")
    if (
        sign
        and around.message & BIT["climate"]
        and not (around.measuring or around.person)
        and not (around.clean and left.bits & mask("day period now"))
    ):
        return no("话里说的是水、天气、牲口或机器")
    if rare_value(number) and around.before & HEAT and not (around.person or around.only_places):
        return no("话里说的是水、天气、牲口或机器")
    spoken = around.message & mask("temp fever feverish symptom device verb fine medicine danger")
    if (
        sign
        and rare_value(number)
        and around.storied
        and not (spoken or around.person or around.people)
    ):
        return no("前后说的是别的事")
    if around.clean or around.is_list:
        return Verdict("reading", "单说一个度数")
    ill = (
        around.message & mask("symptom fever feverish medicine danger temp mine_before")
        or around.person
        or left.bits & mask("day period night now")
    )
    usual = number.celsius is not None and Decimal(35) <= number.celsius < LINE
    told = around.people or number.unit is Unit.NONE or number.form is Form.SPLIT
    if (
        not left.thing
        and not around.clause & FOREIGN
        and (ill or (usual and told and not around.before & FOREIGN))
    ):
        return Verdict("reading", "没说是别的东西")
    return no("看不出是人的体温")


def _three(number: Number, left: Left, around: Around, direct: bool) -> Verdict:
    foreign = around.clause & FOREIGN or around.topic_thing
    plain = not around.message & FOREIGN and not left.unknown and around.clean
    likely = number.celsius is not None and Decimal("35.5") <= number.celsius <= Decimal("39.5")
    adjacent = left.mentions and not left.near_text
    kin = (around.bare or adjacent) and around.message & mask("kin self household") and likely
    if around.threes >= 2 and (around.people_only or kin) and not around.message & FOREIGN:
        return Verdict("reading", "几个人的体温，都少写了小数点")
    if direct and around.message & BIT["fine"] and around.people_only:
        return Verdict("reading", "少写了小数点")
    if likely and not around.message & FOREIGN and left.bits & BIT["verb"] and not left.thing:
        return Verdict("reading", "写明是量的，少写了小数点")
    owned = len(around.right) > 1 and around.right[0].text in ("是", "那是", "这是")
    if (
        likely
        and owned
        and left.bits & BIT["mine_before"]
        and around.right[1].bits & mask("self kin")
    ):
        return Verdict("reading", "说了是谁的，少写了小数点")
    if not foreign and left.bits & mask("temp site fever"):
        return Verdict("reading", "少写了小数点")
    if left.bits & BIT["degree_word"] and not around.message & HEAT:
        return Verdict("reading", "少写了小数点")
    if (
        (direct or left.bits & BIT["slip"])
        and not foreign
        and (around.exact or around.message & mask("temp slip"))
    ):
        return Verdict("reading", "少写了小数点")
    if plain and (
        left.bits & BIT["verb"]
        or (direct and left.all)
        or (around.bare and around.message & mask("fine feverish"))
        or (not number.written.isdigit() and (left.bits & mask("day period now") or around.lone))
    ):
        return Verdict("reading", "少写了小数点")
    if around.alone:
        if not around.is_group or (left.near & BIT["link"] and not left.mentions):
            return Verdict("reading", "单说三位数，少写了小数点")
        return Verdict("clarify", "三位数，像少写了小数点")
    return no("三位数，看不出是体温")


def _beside(around: Around) -> bool:
    """Whether an integer stands beside temperatures, and not beside other figures."""
    listed = around.is_list and around.exact
    return around.settled or bool(listed or (around.siblings and around.people_only))


def _integer(number: Number, left: Left, around: Around, direct: bool) -> Verdict:
    degree = number.unit is not Unit.NONE
    normal = number.celsius is not None and number.celsius in (36, 37)
    right = around.right[0].bits if around.right else 0
    if degree and right & BIT["loose"] and around.bare and not around.message & BIT["climate"]:
        return Verdict("reading", "开头单说一个度数")
    if degree and normal and around.bare and not around.message & BIT["climate"]:
        return Verdict("reading", "开头单说一个度数")
    if around.is_list and direct and normal and (around.message | around.heading) & BIT["temp"]:
        return Verdict("reading", "体温单子里的一行")
    near = direct and not left.near_text
    if (
        near
        and normal
        and (around.wholes and (around.exact or around.wholes > 1))
        and not around.message & GOODS
    ):
        return Verdict("reading", "跟别人的一起报的")
    one = direct and left.mentions[0].kind in (Kind.KIN, Kind.NAME)
    if one and normal and around.bare_people and not around.message & FOREIGN:
        return Verdict("reading", "跟别人的一起报的")
    if left.bits & mask("temp fever feverish site"):
        return Verdict("reading", "写明是体温")
    if direct and degree:
        return Verdict("reading", "写明是人的度数")
    loose = left.bits & mask("about over under whole") or (
        around.right and around.right[0].bits & mask("loose whole under_after over_after")
    )
    named = direct and left.mentions[0].kind is not Kind.HOUSEHOLD
    if direct and (
        loose or (named and _beside(around)) or around.message & mask("temp device feverish")
    ):
        return Verdict("reading", "跟别的体温一起报的")
    if left.bits & BIT["verb"] and (degree or direct or around.clean):
        return Verdict("reading", "写明是量的")
    told = around.person and around.measuring and not left.unknown
    if (degree or loose) and told and not around.clause & FOREIGN:
        return Verdict("reading", "接着说那个人")
    whole = number.celsius is not None and number.celsius in (36, 37) and not around.always
    told = left.all or direct or not around.storied
    if (
        whole
        and told
        and left.near & BIT["under"]
        and (not around.clause & FOREIGN or around.only_places)
    ):
        return Verdict("reading", "说没到这个数")
    shown_behind = [t for t in around.right if t.text != "/"]
    behind = shown_behind[0].bits & mask("self kin") if shown_behind and around.glued else 0
    if behind and around.settled and not around.clause & FOREIGN:
        return Verdict("reading", "说的是后面那个人")
    shown = around.message & mask("device temp") and not around.message & GOODS
    if whole and around.clean and shown and not left.unknown and not around.sick_ones:
        return Verdict("reading", "说的是温度表上的数")
    nearly = left.near & BIT["about"] and around.clause_before & mask("site device verb temp")
    if whole and nearly and not around.clause & FOREIGN:
        return Verdict("reading", "写明是量的")
    if whole and left.near & mask("whole now") and around.clean:
        return Verdict("reading", "单说一个度数")
    if around.message & FOREIGN:
        return no("话里说的是别的东西")
    if (
        degree
        and loose
        and not (around.clause & FOREIGN or around.topic_thing)
        and (around.message & mask("degree_word device") or left.bits & mask("now day"))
    ):
        return Verdict("reading", "说的是温度表上的数")
    if around.clean and (degree or loose) and not around.message & BIT["common"]:
        return Verdict("reading", "单说一个度数")
    if (
        around.topic is not None
        and around.topic.kind is not Kind.SELF
        and around.clean
        and (degree or loose)
    ):
        return Verdict("reading", "接着说那个人")
    if around.clean and loose and around.message & mask("feverish temp verb"):
        return Verdict("reading", "接着说发烧或量体温")
    ill = number.celsius is not None and number.celsius > LINE
    if loose and around.people and (ill or around.message & mask("symptom blurry")):
        return Verdict("reading", "说的是后面那个人")
    if around.is_list and around.siblings:
        return Verdict("reading", "单子里的一行")
    if left.bits & mask("day period now") and around.siblings and around.clean:
        return Verdict("reading", "几天的体温")
    if around.siblings and around.clean and around.message & BIT["unsure"]:
        return Verdict("reading", "拿不准的数")
    spelled = number.written in ("三十六", "三十七")
    if around.alone and (spelled or (number.written in ("36", "37") and not around.is_group)):
        return Verdict("reading", "单说一个度数")
    return no("光一个整数，看不出是体温")


def _slip(number: Number, left: Left, around: Around) -> Verdict:
    """A number that may be a temperature typed wrong."""
    plain_int = number.written.isdigit() or not any(c in number.written for c in ".。·,、点度")
    direct = bool(left.mentions) and left.mentions[0].kind is not Kind.OFFICE
    if (
        around.message & BIT["badly"]
        and number.unit is Unit.DEGREE
        and around.clean
        and not left.foreign
    ):
        return Verdict("clarify", "不像人的体温，得问")
    if (
        left.foreign
        or around.topic_thing
        or (around.clause & FOREIGN and not left.bits & MEASURED)
        or around.heading & FOREIGN
        or around.clause & MONEY
    ):
        return no("说的是别的东西")
    if left.unknown and (left.thing or plain_int) and not left.bits & MEASURED:
        return no(f"不知道“{left.unknown[:6]}”是什么")
    if left.bits & BIT["temp"] or (left.bits & mask("site") and not plain_int):
        return Verdict("clarify", "不像人的体温，得问")
    three = plain_int and len(number.written) == 3 and number.written[0] in "36"
    if three and left.near & BIT["verb"] and not around.message & FOREIGN:
        return Verdict("clarify", "像打错的体温")
    if (
        left.bits & mask("verb device degree_word")
        and around.message & mask("temp device")
        and not around.message & FOREIGN
    ):
        return Verdict("clarify", "不像人的体温，得问")
    if direct and number.unit is Unit.DEGREE and not around.message & FOREIGN:
        return Verdict("clarify", "说的是人，数不像人的体温")
    told = direct or around.settled or left.bits & MEASURED
    told = told or (around.person and _mistyped(number))
    scope = around.clause if number.near else around.message
    if left.bits & BIT["degree_word"] and number.unit is Unit.DEGREE and around.clean:
        return Verdict("clarify", "不像人的体温，得问")
    measured = around.before & mask("temp device site") or (
        around.is_list and around.usual and left.unknown
    )
    if measured and not (
        plain_int
        or left.thing
        or (left.shown and left.unknown)
        or around.clause & FOREIGN & ~BIT["goods"]
    ):
        return Verdict("clarify", "不像人的体温，得问")
    if not plain_int and not scope & FOREIGN and told:
        return Verdict("clarify", "说的是人，数不像人的体温")
    if direct and around.siblings and (not plain_int or len(number.written) >= 3):
        return Verdict("clarify", "别人的都像体温，这个不像")
    if around.is_list and around.siblings and not plain_int and direct:
        return Verdict("clarify", "别人的都像体温，这个不像")
    if around.bare and not plain_int and around.message & mask("device temp verb"):
        return Verdict("clarify", "像看错的体温")
    written = number.written
    tripled = len(written) == 5 and written[:2] == "36"  # 365.5, 366.5
    tripled = tripled or (written.count(".") == 2 and written[0] == "3")  # 36.6.3
    dotted = written.count(".") == 2
    if (around.lone or dotted) and tripled and not around.clause & FOREIGN:
        return Verdict("clarify", "像打错的体温")
    if around.alone and _alone_slip(number):
        return Verdict("clarify", "像打错的体温")
    if left.bits & BIT["verb"] and not plain_int and around.clean and not around.message & FOREIGN:
        return Verdict("clarify", "像打错的体温")
    if (
        number.unit is Unit.DEGREE
        and not plain_int
        and around.clean
        and not around.message & (FOREIGN | BIT["common"])
    ):
        return Verdict("clarify", "不像人的体温，得问")
    return no("看不出是体温")


def _mistyped(number: Number) -> bool:
    """Whether one slip of a finger makes a temperature of it: 82.6 is none of anybody's."""
    if not number.written.isascii() or number.unit is Unit.FAHRENHEIT:
        return True
    digits = [c for c in number.written if c.isdigit()]
    fahrenheit = len(digits) >= 3 and 93 <= int("".join(digits[:-1])) <= 108
    return "3" in digits or digits[:1] in (["2"], ["4"]) or fahrenheit


def _alone_slip(number: Number) -> bool:
    """3.65, 63.5, 336.5, 98.6 alone; a bare integer alone says nothing."""
    return any(c in number.written for c in ".。·,、点")
