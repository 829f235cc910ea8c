"""The form of a message, not its topic: is anything asked, of whom, in how many parts."""

import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass

from bot.language.faq_rank import shingles

# Folded text is meant throughout: 咋 is 怎么 already, 啥 is 什么.
_END = r"(?=$|[,。.;!?~、\n ])"
_QUESTION = re.compile(
    r"\?|怎么|什么|为什么|哪|谁|多少|多久|多大|多高|多远|吗|还是|管用|真的假的|靠谱|谣言|可信|来着"
    r"|(?<![哥姐弟妹好这那十没过前后头近])几(?=比|[天个次回点遍分层度种片号米口秒岁小周月年多远瓶盖勺斤升])"
    r"|(?:[么嘛呢不没啵否吧咩]|没有[啊呀]?|可以噻?)"
    + _END
    + r"|不[啊呀哦咯呗嘞]|没[啊呀哦]|(.)[不没]\1|(..)不\2|([^\W\d一两几这那])[一-龥]{1,2}不\3"
    r"|能不|要不要|有没有|可不可|用不着"
    r"|还[得要][^,。!? ]{0,8}[啊呀]"
    + _END
    + r"|到底[要算能该得]|算不|求教|请教|请问|问一下|问下|想问|打听|咨询|想知道|想了解|讲究"
    r"|告诉我|说说|说一下|讲讲|讲一下"
    r"|教我|教教"
)
_CLAIM = re.compile(
    r"听说|听人说|听他们说|都说|有人说|人家说|网上|群里|朋友圈|抖音|快手|微信|据说|说是|专家|都在传"
    r"|传言|传说|转发|扩散|谣|真的|假的|信|电视上|老辈|老话|偏方|他们说|她们说|说喝|说吃|说用"
)
_FORWARD = re.compile(
    r"^(转[:：发]|【|\[?链接|紧急|扩散|重要通知|通知|关于|收到上级|#|刚刚|接上级|好消息|快看|震惊|告诉"
    r"|温馨提示|特大|速转|请转|各位|\[视频|\[图片)|转发|扩散|互相转告|转给|转起|速转|紧急通知"
)
_NEIGHBOUR = re.compile(
    r"[你恁侬您]|^@|^[一-龥]{0,3}(?:嫂子|大爷|大娘|大姐|大哥|老弟|妹子|老铁|哥们|婶子|兄弟)[ ,]"
)
_RHETORIC = re.compile(
    r"哈哈|嘿嘿|笑|呸|哪能|谁知道|咋想|开玩笑|说不定|怪不得|难怪|可真|真会|才怪|有什么用|管他"
    r"|怎么不上天|谁信|没天理|世道|到头|是个头|了得|个屁|扯淡|服了|无语|醉了|谁还|谁稀|何苦"
)
_BARE = re.compile(r"[了我有他她你]|[啊呀哦哈嘞啦]" + _END)
_CLAUSE = re.compile(r"[,。.;!?~、:\n ]+")
_READING = re.compile(r"(?<![\d.])3[4-9](?:[.点度]\d?|\d)(?![\d.])|体温|正常")
_RELAY = re.compile(r"(?:^|\n) *\d+ *[.、)]")
_BACK = re.compile(r"(?<!其)[他她它]")
_LIST = 3  # lines with a number in front: a relay, in which everyone speaks for themselves
_LONG = 60


@dataclass(frozen=True, slots=True)
class Form:
    """How a message is put."""

    question: bool  # asked outright
    claim: bool  # hearsay put up for judging
    bare: bool  # a topic alone, as one types into a search box
    forward: bool  # passed on, not said
    neighbour: bool  # put to somebody present
    rhetoric: bool  # no answer is wanted
    reading: bool  # gives a temperature, or says that all is well


def form(folded: str) -> Form:
    """The form of a folded message."""
    forward = len(folded) >= _LONG or bool(_FORWARD.search(folded) and len(folded) >= 25)
    forward = forward and len(_RELAY.findall(folded)) < _LIST
    return Form(
        question=bool(_QUESTION.search(folded)),
        claim=bool(_CLAIM.search(folded)),
        bare=len(folded) <= 10 and not _BARE.search(folded),
        forward=forward,
        neighbour=bool(_NEIGHBOUR.search(folded)),
        rhetoric=bool(_RHETORIC.search(folded)),
        reading=bool(_READING.search(folded)) and not _QUESTION.search(folded),
    )


def clauses(folded: str) -> list[tuple[int, int]]:
    """Where the clauses of a message stand; voice transcripts part them with blanks."""
    spans: list[tuple[int, int]] = []
    start = 0
    for mark in [*_CLAUSE.finditer(folded), None]:
        end = len(folded) if mark is None else mark.start()
        if end > start:
            spans.append((start, end))
        start = len(folded) if mark is None else mark.end()
    return spans


def points_back(clause: str) -> bool:
    """Whether a clause speaks of somebody named before it, without whom it asks another thing."""
    return bool(_BACK.search(clause))


class Forwards:
    """Wordings long enough to be recognised when they are passed on with edits."""

    SHORTEST = 12  # characters without marks: shorter ones are anybody's words
    NEAR = 0.6

    def __init__(self, wordings: list[tuple[int, str]]) -> None:
        """`wordings`: the entry's number and one folded wording."""
        self._known: list[tuple[int, int]] = []  # entry, and how many runs its wording has
        self._holders: dict[str, array[int]] = {}
        for entry, text in wordings:
            if len(part := shingles(text)) < self.SHORTEST - 2:
                continue
            for piece in part:
                self._holders.setdefault(piece, array("I")).append(len(self._known))
            self._known.append((entry, len(part)))

    def nearest(self, folded: str, may: Callable[[int], bool]) -> tuple[int, float] | None:
        """The entry whose wording the message nearly repeats, and how nearly; None under NEAR.

        `may`: entries that count. Either the message holds most of the wording, or a long wording
        most of the message.
        """
        whole = shingles(folded)
        shared: dict[int, int] = {}
        for piece in whole:
            for at in self._holders.get(piece, ()):
                shared[at] = shared.get(at, 0) + 1
        best: tuple[int, float] | None = None
        for at in sorted(shared):
            entry, part = self._known[at]
            if not may(entry):
                continue
            near = shared[at] / part
            if len(whole) >= 2 * self.SHORTEST:
                near = max(near, shared[at] / len(whole))
            if near >= self.NEAR and (best is None or near > best[1]):
                best = (entry, near)
        return best
