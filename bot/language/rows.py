"""A row of people who are called by common words: 石榴37.8，果果36.9."""

from bot.language.message import Message
from bot.language.numerals import Form
from bot.language.tokens import Token
from bot.language.turns import turn, turn_signs
from bot.language.words import BIT, mask

CALLED = turn("child_names")
YOUNG = turn("child")
PLACES = turn_signs("room_tails") | turn_signs("thing_tails")
NAMING = frozenset(["word", "char", "name"])
SHOWN = frozenset([":", "=", "-"])
PAUSES = frozenset(["comma", "stop", "space", "mark"])
OURS = mask("kin self wo household others")  # labels that are people anyhow
PARTS = mask("common nick namehead nametail kin")  # what a word may be and still call a child
PRICED = mask("money unit")
SHORTEST, LONGEST = 2, 3


def name_row(line: list[Token], message: Message) -> list[Token]:
    """The line with the common words that stand where names stand made into names."""
    numbers = [at for at, token in enumerate(line) if token.number is not None]
    if len(numbers) < 2 or not all(_measured(line, at) for at in numbers):
        return line
    spans = [span for at in numbers if (span := _label(line, at)) is not None]
    if len(spans) < len(numbers):
        return line
    strange = [(start, end) for start, end in spans if _may_call(line[start:end])]
    others = len(spans) - len(strange)
    known = sum(1 for start, end in spans if _is_person(line[start:end]))
    if not strange or known < others or not (known or len(strange) > 1):
        return line
    childlike = any(_is_childlike(line[start:end]) for start, end in strange)
    if message.bits & BIT["money"] or not (
        message.usual or childlike or any(t.text in YOUNG for t in line)
    ):
        return line
    return _named(line, strange)


def _measured(line: list[Token], at: int) -> bool:
    """A decimal that a person may have, and no price."""
    number = line[at].number
    if number is None or number.form is Form.PLAIN or not number.exact:
        return False
    after = line[at + 1] if at + 1 < len(line) else None
    return number.celsius is not None and not (after and after.bits & PRICED)


def _label(line: list[Token], at: int) -> tuple[int, int] | None:
    """Where the words before this number start and end, where they are short and stand alone."""
    end = at
    while end and (line[end - 1].kind == "space" or line[end - 1].text in SHOWN):
        end -= 1
    if end > 1 and line[end - 1].text == "是":
        end -= 1  # 石头是36.4
    start, size = end, 0
    while start and line[start - 1].kind in NAMING and line[start - 1].text not in SHOWN:
        start -= 1
        size += len(line[start].text)
    if size > LONGEST + 1 and _is_person(line[end - 1 : end]):
        return end - 1, end  # 我这当妈的36.4
    opened = not start or line[start - 1].kind in PAUSES or line[start - 1].text in SHOWN
    fresh = opened or line[start - 1].number is not None
    return (start, end) if fresh and size and size <= LONGEST + 1 else None


def _is_childlike(label: list[Token]) -> bool:
    """石榴, 果果, and not 玉米: what is sold may be called so too, but not by itself."""
    text = "".join(t.text for t in label)
    sold = any(t.bits & mask("goods heat") for t in label)
    return (text in CALLED or text[0] == text[-1]) and not sold


def _is_person(label: list[Token]) -> bool:
    return all(t.kind == "name" or t.bits & OURS for t in label)


def _may_call(label: list[Token]) -> bool:
    """Whether these words may be what a child is called."""
    text = "".join(t.text for t in label)
    if text in CALLED:
        return True
    if not SHORTEST <= len(text) <= LONGEST or text[-1] in PLACES or _is_person(label):
        return False
    return not any(t.bits & ~PARTS or t.kind == "name" for t in label)


def _named(line: list[Token], spans: list[tuple[int, int]]) -> list[Token]:
    starts = dict(spans)
    out: list[Token] = []
    at = 0
    while at < len(line):
        end = starts.get(at)
        if end is None:
            out.append(line[at])
            at += 1
            continue
        text = "".join(t.text for t in line[at:end])
        out.append(Token("name", text, line[at].start, line[end - 1].end, BIT["name"]))
        at = end
    return out
