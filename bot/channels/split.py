"""Split a long text by UTF-8 bytes where a reader would pause, and number the parts: (1/3).

A cut prefers the end of a paragraph, then of a line, a sentence, a clause, a word; only a text
without any of these is cut between two characters, and never inside one (an emoji with its
modifiers counts as one). Nothing but white space at a cut is dropped.
"""

import re
import unicodedata

_CLOSERS = re.escape("”’」』）》】\"')]")

# From the best border to the worst; each ends where the next part may begin. An ASCII mark counts
# only before something that is not ASCII: inside 36.5, 8:30 or an address it is none. The number of
# an item (1. 一、) stays with it.
_BORDERS = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n\s*"),
    re.compile(rf"(?:[。！？…]+|[!?]+(?![!-~])|(?<!\d)\.+(?![!-~]))[{_CLOSERS}]*[ \t]*"),
    re.compile(
        r"(?:[，；：]+(?!\d)|(?<![\d一二三四五六七八九十])、|[,;:]+(?![!-~]))[ \t]*"
        r"|(?<!\d\.)[ \t\u3000]+"
    ),
    # Between Chinese and a number, a telephone number or an address: these stay whole.
    re.compile(r"(?<![!-~])(?=[!-~])|(?<=[!-~])(?<!\d\.)(?![!-~])"),
)
_FILLED = (0.5, 0.5, 0.4, 0.4, 0.4)  # a border before this share of the room is passed over
_JOINS = "\u200d"
_MODIFIERS = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)


def split(text: str, max_bytes: int) -> list[str]:
    """Parts of at most `max_bytes` bytes each, in order; the text itself where it fits.

    Args:
        text: what is said.
        max_bytes: room of one message, its number included; at least 32.

    Raises:
        ValueError: less room than a number and a character need.
    """
    if max_bytes < 32:
        raise ValueError("max_bytes must be at least 32")
    if size(text) <= max_bytes:
        return [text]
    digits = 1
    while True:
        parts = _cut(text, max_bytes - len("(/) ") - 2 * digits)
        if len(str(len(parts))) <= digits:
            break
        digits += 1
    if len(parts) == 1:  # only white space at the ends was too much
        return parts
    return [f"({number}/{len(parts)}) {part}" for number, part in enumerate(parts, 1)]


def size(text: str) -> int:
    """UTF-8 bytes of a text; a lone surrogate counts as the three bytes of its replacement."""
    return len(text.encode("utf-8", "surrogatepass"))


def _cut(text: str, room: int) -> list[str]:
    """Cut greedily: each part as long as a good border allows."""
    parts = []
    rest = text.strip()
    while size(rest) > room:
        at = _border(rest, _reach(rest, room))
        parts.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    if rest:
        parts.append(rest)
    return parts


def _reach(text: str, room: int) -> int:
    """How many whole visible characters fit into `room` bytes; at least one."""
    fitting = 0
    for char in text:
        room -= size(char)
        if room < 0:
            break
        fitting += 1
    at = fitting
    while _is_inside(text, at):
        at -= 1
    return at or fitting  # 0: one character with more modifiers than a message holds


def _border(text: str, reach: int) -> int:
    """Where the next part begins: the last of the best borders within reach."""
    window = text[: reach + 1]  # one more: a border's look-ahead sees what follows the cut
    for border, filled in zip(_BORDERS, _FILLED, strict=True):
        ends = [m.end() for m in border.finditer(window) if filled * reach <= m.end() <= reach]
        ends = [end for end in ends if not _is_inside(text, end)]
        if ends:
            return ends[-1]
    return reach


def _is_inside(text: str, at: int) -> bool:
    """Whether a cut here would take one visible character apart."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if before in _JOINS or after in _JOINS or ord(after) in _MODIFIERS:
        return True
    if unicodedata.category(after) in ("Mn", "Me", "Mc"):  # accents, variation selectors, keycaps
        return True
    if ord(after) in _FLAGS and ord(before) in _FLAGS:
        run = len(text[:at]) - len(text[:at].rstrip("".join(map(chr, _FLAGS))))
        return run % 2 == 1
    return before == "\r" and after == "\n"
