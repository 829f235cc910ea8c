"""Who is named in a list without a number: 没在家, 未测, an empty line."""

from bot.language.drafts import Draft
from bot.language.message import Message
from bot.language.people import Kind, Mention, mentions
from bot.language.relay import subject_bits
from bot.language.tokens import Token
from bot.language.words import BIT

UNMEASURED = BIT["unmeasured"]
PEOPLE = (Kind.NAME, Kind.KIN, Kind.FAMILY, Kind.SELF, Kind.FLAT)


def absent_people(
    lines: list[list[Token]], drafts: list[Draft], message: Message
) -> tuple[str, ...]:
    """Names in order, each once; only where others are reported beside them."""
    is_list = message.shape.is_list
    if not drafts or not (is_list or message.bits & UNMEASURED):
        return ()
    by_line: dict[int, list[Draft]] = {}
    for draft in drafts:
        if draft.verdict.outcome != "no":
            by_line.setdefault(draft.line, []).append(draft)
    if not by_line:
        return ()
    found: list[str] = []
    for number, line in enumerate(lines):
        good = by_line.get(number, [])
        if not (is_list and not good) and not subject_bits(line) & UNMEASURED:
            continue
        taken = {m.first for d in good for m in (*d.left.mentions, d.mention) if m is not None}
        for mention in mentions(line, message.own):
            if mention.kind not in PEOPLE or mention.first in taken:
                continue
            if _without_number(line, mention, is_list and not good):
                found.extend(w for w in mention.who if w not in found)
    return tuple(found[:200])


def _without_number(line: list[Token], mention: Mention, empty_counts: bool) -> bool:
    rest = [
        t
        for t in line[mention.last + 1 : mention.last + 6]
        if t.kind not in ("space", "open", "punct")
    ]
    if not rest:
        return empty_counts
    return bool(rest[0].bits & UNMEASURED) or (
        len(rest) > 1 and bool(rest[1].bits & UNMEASURED) and rest[0].kind == "word"
    )
