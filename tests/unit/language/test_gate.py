"""The gate: each rule's own lines, and what must never slip through or be held back."""

import json
import tomllib
from pathlib import Path

import pytest

from bot.language.gate import Action, Gate
from bot.language.lexicon import Folder, Lexicon

ROOT = Path(__file__).resolve().parents[3]
WORDS = ROOT / "content" / "language"
QUESTIONS = ROOT / "tests" / "data" / "questions"


def toml(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def lines(name: str) -> list[dict[str, str]]:
    rows = (QUESTIONS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row) for row in rows]


SETS = [
    "ask_dev", "own", "fresh1", "fresh2", "fresh3", "fresh4", "fresh5",
    "fresh6", "fresh7", "fresh8", "fresh9", "fresh10", "fresh11",
    "flu", "norovirus",
    "hand-foot-mouth", "hfrs-sfts", "flood-heat", "dengue-chikungunya",
]  # fmt: skip
BASE = Lexicon.from_toml(toml(WORDS / "gate_dialect.toml"), "gate_dialect.toml")
PACKS = [
    Lexicon.from_toml(toml(path), path.parent.name)
    for path in sorted((ROOT / "content").glob("*/lexicon.toml"))
]
GATE = Gate.from_toml(toml(WORDS / "gate.toml"), BASE).knowing(
    name for lexicon in PACKS for name in lexicon.disease_names()
)
CARE = {Action.DOCTOR, Action.EMERGENCY}


@pytest.mark.parametrize("rule", GATE.rules, ids=lambda rule: rule.id)
def test_lines_of_each_rule(rule: object) -> None:
    known = next(one for one in GATE.rules if one is rule)
    for line in known.fires:
        judged = GATE.judge(line, last=known.last)
        assert judged is not None, line
        assert judged.action is known.action, line
    for line in known.silent:
        judged = GATE.judge(line, last=known.last)
        assert judged is None or judged.rule != known.id, line


def test_every_rule_has_lines_for_both_sides() -> None:
    assert all(rule.fires and rule.silent for rule in GATE.rules)


@pytest.mark.parametrize("name", SETS)
def test_no_doctor_or_danger_line_slips_through(name: str) -> None:
    for row in lines(name):
        if row["expect"] not in {"doctor", "emergency"}:
            continue
        judged = GATE.judge(row["text"])
        assert judged is not None, row["text"]
        assert judged.action in CARE, row["text"]
        if row["expect"] == "emergency":
            assert judged.action is Action.EMERGENCY, row["text"]


@pytest.mark.parametrize("name", ["ask_dev", "own", "fresh1", "fresh2", "fresh3"])
def test_small_talk_is_no_emergency(name: str) -> None:
    for row in lines(name):
        judged = GATE.judge(row["text"])
        if row["expect"] in {"none", "cadre"}:
            assert judged is None or judged.action not in CARE, row["text"]


def test_idiom_clears_only_its_own_sentence_of_a_long_message() -> None:
    story = "今天赶集排了两个钟头的队，人多得很，价钱一个赛一个，" * 3
    judged = GATE.judge(f"气得我喘不上气。{story}。我爹昏过去了叫不醒")
    assert judged is not None
    assert judged.action is Action.EMERGENCY


def test_name_of_the_one_addressed_is_no_part_of_the_message() -> None:
    assert GATE.judge("@王大夫 今天真冷啊") is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"action": "none", "must": [["酒"]]}, "缺 id"),
        ({"id": "a", "action": "maybe", "must": [["酒"]]}, "不认识的 action"),
        ({"id": "a", "action": "none"}, "缺 must"),
        ({"id": "a", "action": "none", "must": [["酒"]], "nots": []}, "nots"),
        ({"id": "a", "action": "none", "must": [[3]]}, "不是词"),
        ({"id": "a", "action": "none", "must": [["@无此组"]]}, "无此组"),
    ],
)
def test_bad_rule_is_named(row: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Gate.from_toml({"rule": [row]})


def test_no_word_cuts_into_the_name_of_an_illness() -> None:
    rule = {"id": "blood", "action": "emergency", "must": [["咳…血", "热昏"]]}
    words = {"group": {"病名": ["流感"]}, "rule": [rule]}
    gate = Gate.from_toml(words).knowing(["出血热"])
    assert gate.judge("光咳嗽是不是出血热") is None
    assert gate.judge("出血热昏了") is None
    assert gate.judge("咳了一口血") is not None


def test_part_of_a_word_may_be_a_group() -> None:
    rule = {"id": "is-it", "action": "doctor", "must": [["是不是…@病名"]]}
    gate = Gate.from_toml({"group": {"病名": ["流感", "登革"]}, "rule": [rule]})
    assert gate.judge("我是不是得了登革") is not None
    assert gate.judge("登革是不是病") is None


def test_longer_word_keeps_its_inner_name() -> None:
    assert GATE.lexicon.inside["能不"]
    for text, kept in (
        ("家里死过人", "死过人"),
        ("怎么才能不得病", "才能不"),
        ("能不能去", "能不能"),
    ):
        assert kept in Folder(BASE.same, BASE.inside).fold(text)
