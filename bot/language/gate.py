"""The gate before any answer: danger to 120, drugs to the doctor, local matters to a cadre.

Rules are data (content/language/gate.toml), tried in order; the first that fires decides. Each
carries lines that must and must not fire it, and the tests hold it to them. Those marked `last`
are tried only on what no entry answers.

The name of an illness is one thing: 热昏 in 出血热昏迷了 and 咳…血 in 咳嗽是不是出血热 are not met.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.language.faq_signature import Signature, Vocabulary
from bot.language.lexicon import Folder, Lexicon, without_mention
from bot.language.pack import Groups

LONG = 90  # characters; in longer messages a rule must be met within one sentence
DISEASES = "病名"  # the group that packs add the names of their illnesses to
_SENTENCE = re.compile(r"[。!?;\n]+")


class Action(StrEnum):
    """What to do with a message."""

    ANSWER = "answer"
    DOCTOR = "doctor"
    EMERGENCY = "emergency"
    CADRE = "cadre"
    NONE = "none"


WHY = {
    Action.EMERGENCY: "像是急症：先打 120",
    Action.DOCTOR: "用药、剂量或诊断：只能由医生回答",
    Action.CADRE: "本地的事：由干部回答",
    Action.NONE: "闲话或打比方，没有问到我们",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it was written."""

    id: str
    action: Action
    must: Groups
    not_words: tuple[str, ...]
    fires: tuple[str, ...]
    silent: tuple[str, ...]
    last: bool = False  # tried only where no entry answers


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate says: the action, the rule that said so, and the words that met it."""

    action: Action
    rule: str
    words: tuple[str, ...]


class Gate:
    """All rules over one vocabulary."""

    def __init__(self, rules: Sequence[Rule], lexicon: Lexicon) -> None:
        """`lexicon`: folding and the groups that rules name.

        Raises:
            ValueError: a rule names a group that does not exist.
        """
        self.rules = tuple(rules)
        self.lexicon = lexicon
        self._folder = Folder(lexicon.same, lexicon.inside)
        self._vocabulary = Vocabulary(self._folder, lexicon.group, lexicon.inside)
        self._compiled: list[tuple[Rule, Signature]] = [
            (rule, self._vocabulary.signature(rule.must, rule.not_words)) for rule in rules
        ]
        self._names = _either(self._folder.fold(name) for name in lexicon.group.get(DISEASES, ()))

    @staticmethod
    def from_toml(
        values: Mapping[str, object], base: Lexicon | None = None, place: str = "gate.toml"
    ) -> "Gate":
        """Build it from the parsed gate.toml; `base` brings the dialect.

        Raises:
            ValueError: file and rule are named.
        """
        words = {key: value for key, value in values.items() if key != "rule"}
        lexicon = (base or Lexicon()).merged(Lexicon.from_toml(words, place))
        rows = values.get("rule", ())
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise ValueError(f"{place}: 应当由 [[rule]] 组成")
        return Gate([_rule(row, f"{place}: 第 {n} 条") for n, row in enumerate(rows, 1)], lexicon)

    def knowing(self, diseases: Iterable[str]) -> "Gate":
        """The same rules with these names in their group 病名, beside those that it has."""
        if DISEASES not in self.lexicon.group:
            return self
        names = tuple(dict.fromkeys((*self.lexicon.group[DISEASES], *diseases)))
        return Gate(
            self.rules, replace(self.lexicon, group={**self.lexicon.group, DISEASES: names})
        )

    def judge(self, text: str, *, last: bool = False) -> Judgement | None:
        """The first rule that fires, or None. Danger anywhere in the message goes before all else.

        NONE comes back where every sentence is a figure of speech or a matter of its own.

        `last`: only the rules for what no entry answers.
        """
        folded = self._folder.fold(without_mention(text))
        parts = [folded] if len(folded) <= LONG else _SENTENCE.split(folded)
        found = [self._vocabulary.find(part, self._solid(part)) for part in parts if part]
        skipped: dict[int, Judgement] = {}
        for rule, signature in self._compiled:
            if rule.last is not last:
                continue
            for at, words in enumerate(found):
                if at in skipped or not signature.fires(words):
                    continue
                met = tuple(self._vocabulary.name(i) for i in sorted(signature.met(words)))
                judged = Judgement(rule.action, rule.id, met)
                if rule.action is not Action.NONE:
                    return judged
                skipped[at] = judged  # a figure of speech clears only its own sentence
        return skipped[0] if skipped and len(skipped) == len(found) else None

    def _solid(self, part: str) -> list[tuple[int, int]]:
        """Where names of illnesses stand: no word begins or ends within one."""
        return [name.span() for name in self._names.finditer(part)] if self._names else []


def _either(names: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted(set(names), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _rule(row: object, place: str) -> Rule:
    if not isinstance(row, Mapping) or not isinstance(row.get("id"), str):
        raise ValueError(f"{place}: 缺 id")
    place = f"{place} {row['id']}"
    unknown = sorted(set(row) - {"id", "action", "must", "not", "fires", "silent", "last"})
    if unknown:
        raise ValueError(f"{place}: 不认识的项 {'、'.join(unknown)}")
    if row.get("action") not in set(Action):
        raise ValueError(f"{place}: 不认识的 action")
    must = row.get("must")
    if not isinstance(must, Sequence) or isinstance(must, str) or not must:
        raise ValueError(f"{place}: 缺 must")
    if not isinstance(row.get("last", False), bool):
        raise ValueError(f"{place}: last 只能是 true 或 false")
    return Rule(
        id=row["id"],
        action=Action(row["action"]),
        must=tuple(_strings(group, place) for group in must),
        not_words=_strings(row.get("not", ()), place),
        fires=_strings(row.get("fires", ()), place),
        silent=_strings(row.get("silent", ()), place),
        last=row.get("last", False),
    )


def _strings(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"{place}: 应当是一列词")
    if not all(isinstance(word, str) and word for word in value):
        raise ValueError(f"{place}: 有一项不是词")
    return tuple(value)
