"""Symptoms and danger words: of whom, said of now, not denied, asked about or used as a figure."""

from bot.language.lines import LineReader
from bot.language.meaning import SELF, Symptom
from bot.language.people import Kind, Mention, mentions
from bot.language.relay import subject_bits
from bot.language.tokens import Token
from bot.language.words import BIT, mask, word_set

DENIED = word_set(
    "不 没 无 没有 未 无明显 都不 也不 未见 没啥 没有什么 别 不再 木有 没得 莫得 冇得"
)
NONE = word_set("没有 没得 没 木有 冇 冇得 莫得 无")
NO_ONE_WITH = word_set("的 里 嘞 都 也")
FEVER = "发烧"
NOBODY = mask("news notice joke wish request")
COMPLAINT = mask("symptom danger feverish")
MOST = 60  # words looked at in one message


def complaints(lines: list[list[Token]], reader: LineReader) -> tuple[list[Symptom], list[Symptom]]:
    """(symptoms, danger) of the message in order, each once."""
    found: list[Symptom] = []
    danger: list[Symptom] = []
    message = reader.message
    if message.bits & NOBODY or not message.bits & COMPLAINT:
        return found, danger
    left = MOST
    for line in lines:
        if not subject_bits(line) & COMPLAINT:
            continue
        people = mentions(line, message.own)
        for at, token in enumerate(line):
            if not token.bits & COMPLAINT or token.bits & BIT["kin"]:
                continue
            left -= 1
            if left < 0:
                return found, danger
            if _denied(line, at) or _elsewhere(line, at) or _foreign(line, at):
                continue
            who = _whose(line, at, people)
            if who is None:
                continue
            if token.bits & BIT["danger"]:
                if not _figure(line, at):
                    _add(danger, who, token.text)
                    _add(found, who, token.text)
            elif token.bits & BIT["symptom"]:
                _add(found, who, token.text)
            elif _said_fever(line, at, token):
                _add(found, who, FEVER)
    return found, danger


def _add(to: list[Symptom], who: str, name: str) -> None:
    symptom = Symptom(who, name)
    if symptom not in to and len(to) < 50:
        to.append(symptom)


def _denied(line: list[Token], at: int) -> bool:
    """不咳, 没一个发热咳嗽的, 一个发烧的都没有."""
    behind = [t for t in line[at + 1 : at + 4] if t.text not in NO_ONE_WITH]
    if behind and behind[0].text in NONE and line[at + 1].text in NO_ONE_WITH:
        return True
    for place in range(at - 1, max(-1, at - 4), -1):
        token = line[place]
        if place == at - 1 and (token.text == "零" or _well(token)):
            return True
        if token.kind in ("comma", "stop", "num"):
            return False
        if token.text in DENIED or (token.bits & BIT["negation"] and token.text != "不是"):
            return True
        if token.kind == "space" and place != at - 1:
            return False
    return False


def _well(token: Token) -> bool:
    """没一个发热 before 咳嗽: the denial holds for both."""
    return bool(token.bits & BIT["fine"]) and token.text[0] in "没无不木冇莫"


def _elsewhere(line: list[Token], at: int) -> bool:
    """Asked about, supposed, heard of, or long ago."""
    for place in range(at - 1, -1, -1):
        token = line[place]
        if token.kind == "stop":
            break
        if token.bits & mask("hypo hearsay story news cause example"):
            return True
        if at - place > 40:
            break
    for token in line[at + 1 : at + 6]:
        if token.kind in ("comma", "stop"):
            return token.text in "?？" and at <= 4
        if token.bits & mask("cause") or token.text in ("吗", "么", "怎么办吗"):
            return True
    return False


def _foreign(line: list[Token], at: int) -> bool:
    """手机发烧, 黄瓜都蔫了: something else is ill."""
    for place in range(at - 1, max(-1, at - 6), -1):
        if line[place].kind in ("comma", "stop"):
            return False
        if line[place].bits & mask("heat goods feel") and not line[place].bits & BIT["kin"]:
            return True
    return False


def _figure(line: list[Token], at: int) -> bool:
    """气得我喘不上气."""
    return any(t.bits & BIT["idiom"] for t in line[max(0, at - 8) : at + 5])


def _said_fever(line: list[Token], at: int, token: Token) -> bool:
    """发烧 with a number right behind says no more than the number."""
    for nxt in line[at + 1 : at + 4]:
        if nxt.number is not None and nxt.number.celsius is not None:
            return token.text not in ("烧到", "烧得", "烧")
        if nxt.kind not in ("space",) and not nxt.bits & mask("link over about"):
            break
    return True


def _whose(line: list[Token], at: int, people: list[Mention]) -> str | None:
    """The person nearest before in the sentence, else the sender."""
    best: Mention | None = None
    for mention in people:
        if mention.first > at:
            break
        if mention.kind in (Kind.KIN, Kind.NAME, Kind.SELF, Kind.FAMILY, Kind.HOUSEHOLD):
            best = mention
    if best is not None:
        return best.who[-1]
    for mention in people:
        if mention.first > at and mention.kind in (Kind.KIN, Kind.NAME):
            before = line[mention.first - 1]
            if before.text in ("是", "这是", "就是"):
                return mention.who[-1]
    return SELF
