"""What people pass on: which messages are such, and whether two are the same one, edited.

No text is judged here, only recognised: nobody but a person says whether it is true.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.language.alike import Topics, apart, weight
from bot.language.faq_ask import form
from bot.language.faq_rank import shingles
from bot.language.lexicon import plain

LONGEST = 800  # characters that are kept of one
MARKS = 24  # the smallest hashes of a text's pairs: near texts share some of them
_SHORTEST = 4  # pairs
_SHORT = 30  # runs of three: below, what is named decides, above, how much is the same
_NEAR, _WITHIN, _NO_SHORTER = 0.6, 0.85, 0.3
_ENOUGH = 2.0  # so much both must name: two words

_HEARSAY = re.compile(
    r"转发|扩散|转起来|互相转告|转告|速转|紧急通知|听说|听人说|据说|网上说|网上都说|群里说|群里都说|都在传"
    r"|都说|有人说|专家说|医生说|内部消息|可靠消息|最新消息|刚刚得知|朋友圈|抖音|电视上说|说是"
)
_RELAY = re.compile(r"接龙|^\s*1\s*[.、．]", re.MULTILINE)
_ASKS = re.compile(r"[吗么呢?？]\s*$|真的假的|是真是假|是不是真|真不真|靠谱不|信得不")
_SHORT_ASK = 40
# What every passed-on text has: it tells none from another.
_BOILER = re.compile(
    r"【[^】]{0,8}】|\[[^\]]{0,8}\]|紧急通知|紧急扩散|重要通知|特大消息|转发|扩散|速转|转起来"
    r"|(?:请|赶紧|赶快|快|速)?(?:互相)?转(?:告|给|发)[^。!,?;\n]{0,16}|收到请[^。!?\n]{0,16}"
    r"|听人说|听说|据说|网上都?说|群里都?说|都在传|都说|有人说|说是|刚刚得知|内部消息|可靠消息|最新消息"
    r"|家人们|亲们|大家伙儿?|大家|大伙儿?|各位|乡亲们|老少爷们|千万|一定要|赶紧|快看|@\S{1,12}"
)
# What is changed when a rumour moves on: where and when, how many.
_MOVES = re.compile(
    r".*[省市县镇乡村屯庄组区街县]|.*[点日号月天晚早]|各家|各户|[\d一二两三四五六七八九十百千万几]+.?"
)
_HEAD = re.compile(
    r"(?:[【\[][^】\]]{0,8}[】\]]|紧急通知|紧急扩散|重要通知|特大消息|转发|扩散|速转|刚刚得知|听说|据说|[\s!！:：,，。])+(?=.)"
)
_NUMBERS = re.compile(r"\d{7,}[\dXx]?")


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A message that somebody passed on. text: without telephone and identity numbers."""

    text: str
    marks: tuple[int, ...]


def passed_on(text: str) -> PassedOn | None:
    """The message as something passed on; None where somebody speaks of their own."""
    folded = plain(text)
    if _RELAY.search(text):
        return None
    is_hearsay = bool(_HEARSAY.search(folded))
    if not (form(folded).forward or is_hearsay):
        return None
    if len(folded) < _SHORT_ASK and _ASKS.search(folded):
        return None
    kept = _NUMBERS.sub("＊", text.strip())[:LONGEST]
    marks = _marks(shingles(core(kept), 2))
    return PassedOn(kept, marks) if len(marks) >= _SHORTEST else None


def headline(text: str, most: int) -> str:
    """The claim in a few words, as it was written, without 【转发】紧急通知 in front."""
    words = " ".join(text.split())
    while (match := _HEAD.match(words)) is not None:
        words = words[match.end() :]
    return words if len(words) <= most else f"{words[:most]}……"


def core(text: str) -> str:
    """What a text says, without the words by which things are passed on."""
    return _BOILER.sub(" ", plain(text)).strip()


def same_claim(topics: Topics, one: str, other: str) -> bool:
    """Whether one is the other with edits: cut, lengthened, a place or an hour changed."""
    first, second = core(one), core(other)
    runs, others = shingles(first), shingles(second)
    less, more = sorted((len(runs), len(others)))
    if not less:
        return False
    if less < _SHORT:
        return topics.alike(first, second) or _names_the_same(topics, first, second)
    share = len(runs & others) / less
    return share >= _WITHIN or (share >= _NEAR and less / more >= _NO_SHORTER)


def _names_the_same(topics: Topics, first: str, second: str) -> bool:
    """Whether only place, hour or number differ, and nothing was put in the place of another thing.

    全镇 for 全县 moves a rumour on; 醋 for 酒 makes another.
    """
    one, other = topics.of(first), topics.of(second)
    lost, come = (
        frozenset(word for word in words if not _MOVES.fullmatch(word))
        for words in apart(one, other)
    )
    if lost and come:
        return False
    shared = weight(one.words & other.words)
    return shared >= _ENOUGH and shared / (shared + weight(lost | come)) >= _NEAR


def _marks(pairs: Iterable[str]) -> tuple[int, ...]:
    hashed = (hashlib.blake2b(pair.encode(), digest_size=4).digest() for pair in pairs)
    return tuple(sorted({int.from_bytes(one, "big") >> 1 for one in hashed})[:MARKS])
