"""The layout of a message: quoted part, body, lines, list headings, example lines, columns."""

import re
from dataclasses import dataclass, field

from bot.language.meaning import Period
from bot.language.tokens import Token
from bot.language.turns import turn
from bot.language.words import BIT, mask, words

DASHES = re.compile(r"\n[-_ ]{5,}\n?")
CITED = re.compile(r"^(?:引用|回复)?\s?[「“\"]([^」”\"]{0,600})[」”\"]\s*\n?")
REFERRED = re.compile(r"^引用\s?([^:“「\"\n]{0,20}):?\s?[“「\"]([^”」\"]{0,600})[”」\"]")
REPLY = re.compile(r"^回复\s?@?[^\s:]{1,20}\s?:")
OPENED = ("「", "“", '"')
AT = re.compile(r"@[^\s:,，@]{1,20}(?=[\s:,，]|$)|@所有人|@all")
VOICE = re.compile(r"^\[语音转文字\]\s?")
PAIRS = {"“": "”", "『": "』", "《": "》", "「": "」"}
OPENING = re.compile("[“『《「]")
READ_OUT = frozenset("是念报示")
FIGURE = re.compile("[三四3-4][\\d.点度℃十零一二三四五六七八九半]{1,7}")
EDGE = " \n。.,，!！"
SOON = 9  # words of an entry, within which its number stands
COLUMN = re.compile(
    r"(早上?|晨|上午|中午?|午|下午|晚上?|夜)"
    r"\s?(?:[/、|]|\s\|\s?|\s)\s?(早上?|中午?|午|下午|晚上?|夜)(?:(?:\s?[/、|]\s?|\s)(晚上?|夜))?"
)
TABLE = re.compile(
    r"(?<![^\n])(?:(?:序号|编号|组别|日期),)?(?:姓名|名字|户主|人员)(?:,[^,\n]{1,6})+(?=\n)"
)
HEAD_WORDS = turn("head_words")


STRANGE = mask("common heat goods money unit")
REMARK = 1  # words that are none of ours behind the number of an entry


@dataclass(slots=True)
class Layout:
    """body starts at this place of the normalised text; quoted is what stands above it."""

    body: int = 0
    quoted: str = ""
    hidden: list[tuple[int, int]] = field(
        default_factory=list
    )  # parts that are no words of the sender


def layout(text: str, quoted: str) -> Layout:
    """Where the sender's own words start."""
    found = Layout(quoted=quoted)
    if text.startswith(OPENED):
        dashes = DASHES.search(text)
        close = CITED.match(text)
        if dashes:
            found.body, found.quoted = dashes.end(), text[1 : dashes.start()]
        elif close and text.startswith("「") and close.end() < len(text):
            found.body, found.quoted = close.end(), close[1]
    elif text.startswith("引用") and (m := REFERRED.match(text)):
        found.body, found.quoted = m.end(), m[2]
    elif m := REPLY.match(text) or VOICE.match(text):
        found.body = m.end()
    if "@" in text:
        found.hidden += [m.span() for m in AT.finditer(text, found.body)]
    _hide_quotes(text, found)
    return found


def in_cells(text: str) -> str:
    """姓名,上午,下午: the commas below such a head part cells; every place is kept."""
    head = TABLE.search(text) if "," in text and "\n" in text else None
    return text if head is None else text[: head.start()] + text[head.start() :].replace(",", "|")


def _hide_quotes(text: str, found: Layout) -> None:
    """What stands in quotation marks was said by somebody else, unless nothing stands outside."""
    at = found.body
    while (opened := OPENING.search(text, at)) is not None:
        at = opened.start()
        end = text.find(PAIRS[text[at]], at + 1, at + 300)
        if end < 0:
            at += 1
            continue
        if text[at - 1 : at] in READ_OUT and FIGURE.fullmatch(text, at + 1, end):
            at = end + 1  # 护士念的是“三十七度一”
            continue
        outside = text[found.body : at].strip(EDGE) or text[end + 1 :].strip(EDGE)
        if outside:
            found.hidden.append((at, end + 1))
        at = end + 1


def own_words(text: str, found: Layout) -> str:
    """Blanks for the quoted part, commas for what others said, every place kept."""
    if not found.body and not found.hidden:
        return text
    parts, at = [" " * found.body], found.body
    for start, end in sorted(found.hidden):
        if start < at:
            continue
        parts += (text[at:start], "," * (end - start))
        at = end
    return "".join((*parts, text[at:]))


def lines_of(tokens: list[Token]) -> list[list[Token]]:
    """The tokens cut at line breaks, empty lines dropped."""
    out: list[list[Token]] = []
    start = 0
    for at, token in enumerate(tokens):
        if token.kind == "line":
            out.append(tokens[start:at])
            start = at + 1
    out.append(tokens[start:])
    # a blank is one token, however long
    return [line for line in out if len(line) > 1 or (line and line[0].kind != "space")]


def numbers_in(line: list[Token]) -> list[Token]:
    """Tokens of the line that could be a temperature or a slip of one."""
    return [t for t in line if t.degrees]


@dataclass(frozen=True, slots=True)
class Shape:
    """What kind of list the message is. first: the line where the entries start."""

    is_list: bool
    first: int
    columns: tuple[Period | None, ...] = ()


NO_LIST = Shape(is_list=False, first=0)


def shape_of(lines: list[list[Token]], text: str) -> Shape:
    """Whether the lines are a list of people, where it starts, and its period columns."""
    numbered = [n for n, line in enumerate(lines) if numbers_in(line)]
    filled = [n for n in numbered if _opens_like_entry(lines[n])]
    several = bool(filled) and (len(filled) > 1 or "接龙" in text or _marks(lines) > 1)
    columns = () if not numbered or len(numbered) == len(lines) else _columns(lines)
    if not (several or columns):
        return NO_LIST
    return Shape(several, filled[0] if filled else 0, columns)


def _marks(lines: list[list[Token]]) -> int:
    return [token.kind for line in lines for token in line].count("mark")


def _columns(lines: list[list[Token]]) -> tuple[Period | None, ...]:
    """姓名 早 晚 over the numbers: the periods of the first line that names them so."""
    for line in lines:
        if not numbers_in(line) and (m := COLUMN.search("".join(t.text for t in line))):
            periods = words().periods
            return tuple(periods.get(part) for part in m.groups() if part)
    return ()


def _opens_like_entry(line: list[Token]) -> bool:
    """A line that starts with a short label, soon has its number, and tells no story behind it."""
    shown = 0
    for place, token in enumerate(line):
        if token.kind == "space":
            continue
        if token.degrees:
            return _tells_little(line[place + 1 :])
        shown += 1
        if shown == SOON or (token.kind == "stop" and shown > 1):
            return False
    return False


def _tells_little(rest: list[Token]) -> bool:
    """Whether a remark of a few words stands here, and not a sentence of its own."""
    if len(rest) <= REMARK:
        return True
    told = sum(1 for t in rest if t.kind == "char" or (t.kind == "word" and t.bits & STRANGE))
    return told <= REMARK


def is_example(line: list[Token]) -> bool:
    """The example line of a list: 例 张三 36.5."""
    return any(token.bits & BIT["example"] for token in line[:6])


def is_header(line: list[Token]) -> bool:
    """A row of column names: 序号 姓名 年龄 体温."""
    cells = {t.text for t in line}
    return not numbers_in(line) and len(cells & HEAD_WORDS) >= 2


def subject_bits(line: list[Token]) -> int:
    """All classes of a line's words, for judging a heading."""
    bits = 0
    for token in line:
        bits |= token.bits
    return bits
