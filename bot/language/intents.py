"""What a message mainly does, where it holds no temperature to record or ask about."""

from bot.language.meaning import MainIntent
from bot.language.message import Message
from bot.language.words import BIT, mask

ASKING = ("吗", "么", "不", "没", "咋办", "咋整", "怎么办", "多少", "咋回事")


def intent_of(message: Message, text: str, holds: bool, complaining: bool) -> MainIntent:
    """The intent by the classes of the words and the marks."""
    bits = message.bits
    foreign = bits & mask("heat goods money")
    if holds:
        return MainIntent.REPORT
    if (bits & BIT["notice"] and len(text) > 30) or (
        bits & mask("news hearsay") and bits & BIT["news"]
    ):
        return MainIntent.NOTICE
    if bits & mask("joke wish") and not complaining:
        return MainIntent.OTHER
    if bits & BIT["aggregate"] and bits & mask("fine under unmeasured"):
        return MainIntent.NORMAL
    asks = "?" in text or text.rstrip(" \n。!~哈").endswith(ASKING)
    if bits & BIT["shortage"] and bits & mask("device medicine goods shortage") and not asks:
        return MainIntent.SITUATION
    if (
        bits & BIT["fine"]
        and bits & mask("negation fine")
        and not foreign
        and not asks
        and not complaining
    ):
        return MainIntent.NORMAL
    if asks or (bits & BIT["question"] and not foreign):
        return MainIntent.QUESTION
    if (complaining and not foreign) or bits & mask("hearsay gathering complaint shortage"):
        return MainIntent.SITUATION
    if bits & BIT["returnee"] and not bits & mask("plan money"):
        return MainIntent.SITUATION
    return MainIntent.OTHER
