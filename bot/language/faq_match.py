"""One text against all entries: which signatures fire, how near the wordings are, what is left unexplained."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.language.faq_rank import Nearness
from bot.language.faq_signature import Found, Signature, Vocabulary
from bot.language.lexicon import Folder, Lexicon, cut, load_words
from bot.language.pack import Entry

_EFFECTS: Mapping[str, str] = {
    "spreads": "spread",
    "prevents": "help",
    "kills": "help",
    "treats": "help",
    "harms": "harm",
}
_FRAME = frozenset(
    "吗 呢 啊 呀 吧 么 嘛 的 了 着 过 是 在 有 就 都 也 还 又 再 才 很 太 最 更 和 跟 与 或 被 把 给 让 叫 对"
    " 到 去 来 上 下 里 外 中 从 向 往 用 能 会 要 得 可以 可 该 应该 必须 需要 想 说 看 知道 觉得 问 请问 想问"
    " 怎么 什么 怎么办 为什么 哪 哪里 哪儿 哪个 谁 几 多少 多久 什么时候 怎么样 能不能 行不行 要不要 是不是 有没有"
    " 会不会 我 你 他 她 它 我们 你们 他们 咱 俺 自己 人 大家 人家 这 那 这个 那个 这些 那些 这样 那样 这么 那么"
    " 一个 一下 一点 点 个 些 种 样 次 回 天 时候 现在 今天 昨天 最近 这阵子 这几天 平时 一般 老 小 大 好 多 少"
    " 不 没 没有 不会 不能 别 但 但是 可是 因为 所以 如果 要是 万一 那么 然后 而且 以及 新冠 病毒 肺炎 疫情 病"
    " 真的 假的 真的假的 谣言 听说 都说 网上 群里 管用 靠谱 到底 究竟 其实 就是 也是 还是 只 光 非 非得 一定 家 村里 村"
    " 事 东西 地方 情况 问题 办法 方法 做 弄 搞 整 干 行 成 对不对 好不好 请 帮 谢谢 您 我家 俺家 儿子 媳妇 爹 娘 爸 妈 爷爷 奶奶"
    " 闺女 他家 人们 老师 医生 小守 啦 嘞 哈 哦 嗯 哎 唉 咯 呗 不 的话 不了 得了 起来 出来 回 给我 告诉 说法 听 听人"
    " 这种 那种 那边 这边 时间 话 比较 特别 非常 总 老是 一直 天天 每天 一天".split()
)
_NEAR_ENOUGH = 0.15
_DIGITS = re.compile(r"[\d.]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry before a text.

    must, other: whether the author's groups or one of the further sets fires. met: positions that
    they explain. near: cosine to the nearest wording. known: how much of what the text speaks of
    the entry speaks of too. foreign: the weight of what only other entries speak of. conflict: another effect is asked for (spreads is not prevents).
    """

    entry: int
    must: bool
    other: bool
    forbidden: bool
    met: frozenset[int]
    words: tuple[str, ...]
    near: float
    known: float
    foreign: float
    conflict: bool
    agrees: bool


class Matcher:
    """Everything of the entries that texts are held against."""

    def __init__(self, entries: Sequence[Entry], lexicon: Lexicon) -> None:
        """`lexicon`: base and packs merged.

        Raises:
            ValueError: an entry names a group that does not exist.
        """
        self.folder = Folder(lexicon.same)
        load_words(lexicon.same)
        load_words(self.folder.fold(word) for word in lexicon.words)
        self._vocabulary = Vocabulary(self.folder, lexicon.group, lexicon.inside)
        self._signatures = [self._compile(entry) for entry in entries]
        self._nots = [self._vocabulary.signature((), entry.not_words).nots for entry in entries]
        self.folded = [[self.folder.fold(said) for said in entry.said_as()] for entry in entries]
        self._nearness = Nearness(self.folded)
        self._blobs = ["\n".join((*said, self._spoken_of(entry)))
                       for said, entry in zip(self.folded, entries, strict=True)]
        self._weights = _rarity(self.folded)
        self._unknown = 0.6 * math.log(1 + len(entries))
        self._relations = [entry.relation for entry in entries]
        self._asks = {
            name: tuple(self.folder.fold(word) for word in words)
            for name, words in lexicon.relation.items()
        }
        self.is_rumour = [entry.verdict is not None for entry in entries]

    def _compile(self, entry: Entry) -> tuple[tuple[bool, Signature], ...]:
        try:
            return tuple(
                (groups is entry.must, self._vocabulary.signature(groups, entry.not_words))
                for groups in entry.signatures()
            )
        except ValueError as fault:
            raise ValueError(f"{entry.id}: {fault}") from fault

    def _spoken_of(self, entry: Entry) -> str:
        return "\n".join(
            self.folder.fold(word)
            for groups in entry.signatures()
            for group in groups
            for word in group
            if not word.startswith("@")
        )

    def match(self, folded: str) -> list[Candidate]:
        """Every entry that fires or comes near, in no order."""
        found = self._vocabulary.find(folded)
        near = self._nearness.scores(folded)
        topic = self._topic(folded)
        asks = {name for name, words in self._asks.items() if any(word in folded for word in words)}
        candidates = []
        for at, signatures in enumerate(self._signatures):
            fired = [(is_must, one) for is_must, one in signatures if one.is_met(found)]
            close = near.get(at, 0.0)
            if fired or close >= _NEAR_ENOUGH:
                candidates.append(self._candidate(at, fired, found, close, topic, asks))
        return candidates

    def _candidate(
        self,
        at: int,
        fired: Sequence[tuple[bool, Signature]],
        found: Found,
        near: float,
        topic: Mapping[str, float],
        asks: set[str],
    ) -> Candidate:
        met = frozenset[int]().union(*(one.met(found) for _, one in fired))
        met = frozenset(i for i in met if self._vocabulary.name(i) not in _FRAME)
        relation = self._relations[at]
        effect = _EFFECTS.get(relation)
        effects = {_EFFECTS[name] for name in asks if name in _EFFECTS}
        total = sum(topic.values())
        blob = self._blobs[at]
        known = sum(weight for word, weight in topic.items() if word in blob)
        foreign = sum(
            weight
            for word, weight in topic.items()
            if word in self._weights and word not in blob
        )
        return Candidate(
            entry=at,
            must=any(is_must for is_must, _ in fired),
            other=any(not is_must for is_must, _ in fired),
            forbidden=not self._nots[at].isdisjoint(found.spans.keys()),
            met=found.covered(met),
            words=tuple(self._vocabulary.name(i) for i in sorted(met)),
            near=near,
            known=known / total if total else 0.5,
            foreign=foreign,
            conflict=bool(effect and effects and effect not in effects),
            agrees=relation in asks,
        )

    def _topic(self, folded: str) -> dict[str, float]:
        """What the text speaks of: its words without the frame, weighed by rarity among entries."""
        return {
            word: self._weights.get(word, self._unknown)
            for word in _content(folded)
        }


def _content(folded: str) -> list[str]:
    return [word for word in cut(folded) if word not in _FRAME and not _DIGITS.fullmatch(word)]


def _rarity(folded: Sequence[Sequence[str]]) -> dict[str, float]:
    seen: Counter[str] = Counter()
    for several in folded:
        seen.update({word for one in several for word in cut(one)})
    return {word: math.log(1 + len(folded) / count) for word, count in seen.items()}
