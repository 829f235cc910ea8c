"""What a message mainly does, where it holds no temperature to record or ask about."""

from bot.language.lines import Message
from bot.language.meaning import MainIntent
from bot.language.words import BIT, mask


def intent_of(message: Message, text: str, holds: bool, complaining: bool) -> MainIntent:
    """The intent by the classes of the words and the marks."""
    bits = message.bits
    if holds:
        return MainIntent.REPORT
    if bits & BIT["notice"] and len(text) > 30 or bits & BIT["news"] and not text.rstrip().endswith(("?", "吗")):
        return MainIntent.NOTICE
    asks = text.rstrip(" \n。!~").endswith(("?", "吗", "么", "不", "没")) or "?" in text
    asks = asks or bool(bits & BIT["question"] and not complaining)
    if bits & BIT["shortage"] or bits & BIT["complaint"]:
        return MainIntent.SITUATION
    if asks and not (bits & BIT["returnee"] and complaining):
        return MainIntent.QUESTION
    if complaining or bits & mask("hearsay gathering") or (bits & BIT["returnee"] and not bits & BIT["plan"]):
        return MainIntent.SITUATION
    if bits & BIT["fine"] and not bits & mask("heat goods money"):
        return MainIntent.NORMAL
    return MainIntent.OTHER
