"""What a message mainly does, where it holds no temperature to record or ask about."""

import re

from bot.language.meaning import MainIntent
from bot.language.message import Message
from bot.language.words import BIT, mask

# What asks: a question word, 冷不冷, a particle at the end of a clause, a wish to know.
_ASKS = re.compile(
    r"[?？]|怎么|咋|么样|啷个|点样|点解|如何|何时|为[啥什]|多少|多久|多大|几多|好多[度钱]|边个"
    r"|(?<!等)哪(?=[儿里位些]|个[^要]|天|能)|是哪|几(?=[点号度](?:[^多]|$))|[是有第]几|要几天"
    r"|请问|请教|求教|打听|想问|问一?下|有懂|真的?假|真定假|给看看|合适(?=$|\s)|没得现货"
    r"|谁(?=知道|晓得|会|懂|认|试|家的|啊)|给谁|是谁|(?<![算慌怕图量点说吃讲学])啥(?![都也的])|什么(?![都也的])"
    r"|([^不没])[不没唔]\1|[是有能会该要用]不[是有能会该要用]|[是有能会要]没[是有能会要]|了没有?(?=$|[\s，])"
    r"|是[^，,。]{1,8}还是|到底|(?:吗|么|[^不]不|行[吧不]|3[78]呢)(?:[啊呀哦])?(?=$|[，,。！!、\s~])"
)
# Talking back, laughing, haggling: the form of a question, but nothing is asked.
_RHETORIC = re.compile(
    r"造谣|瞎传|乱传|谁(?:传|编|说|讲|造|跟你|瞎)|哈哈|嘿嘿|抢钱|抢人|逗|笑|啥的都|爱咋|哪[敢能像]|才哪|咋不跟"
    r"|没法带|服不?了?$|考考|猜|谁稀|气人|气得|别打听|打不透|不要动|别问|老问|在吗$|真不容易|想当年|哪家孩子"
)
_WELL = re.compile(
    r"(?:[没无冇]|没有|没得|莫得|冇得|木有|未|不)(?:一个|哪个|人|谁|一回|一次|出现)?[^，,。]{0,4}?"
    r"(?:发烧|发热|烧|热的|超[过出]?3|[超过]3[78]|[超过]三十[七八]|高过|异常|不舒服|毛病|情况)"
)
_DENIES = re.compile(r"没有的事|没影的事|(?:没|不|冇)(?:发)?[烧热]|压根|好得很|好好的|好好地|没事")
_ALIEN = mask("heat goods money")
_UNREAL = mask("story example request wish joke hypo plan")


def intent_of(message: Message, text: str, holds: bool, complaining: bool) -> MainIntent:
    """The intent by the classes of the words and the marks."""
    bits = message.bits
    if holds:
        return MainIntent.REPORT
    if (bits & BIT["notice"] and len(text) > 30) or (
        bits & mask("news hearsay") and bits & BIT["news"] and not _ASKS.search(text)
    ):
        return MainIntent.NOTICE
    rhetoric = _RHETORIC.search(text)
    if bits & mask("joke wish") and not complaining:
        return MainIntent.OTHER
    asks = bool(_ASKS.search(text)) and not rhetoric
    if complaining and not bits & _ALIEN:
        return MainIntent.SITUATION
    if not asks and _is_well(bits, text, denied=bool(rhetoric)):
        return MainIntent.NORMAL
    short = bits & BIT["shortage"] and bits & mask("device medicine goods shortage")
    if short and not asks:
        return MainIntent.SITUATION
    if asks:
        return MainIntent.QUESTION
    if bits & mask("hearsay gathering complaint shortage"):
        return MainIntent.SITUATION
    if bits & BIT["returnee"] and not bits & mask("plan money"):
        return MainIntent.SITUATION
    return MainIntent.OTHER


def _is_well(bits: int, text: str, *, denied: bool) -> bool:
    """都好着呢, 没一个发烧的, 没过37.3; 谁传的，我没烧: people are said to be well."""
    if denied:
        return bool(_DENIES.search(text))
    if bits & _UNREAL:
        return False
    if _WELL.search(text) or (bits & BIT["aggregate"] and bits & mask("fine under unmeasured")):
        return True
    return bool(bits & BIT["fine"]) and not bits & _ALIEN
