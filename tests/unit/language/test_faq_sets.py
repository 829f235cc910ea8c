"""Floors on labelled questions with the shipped packs: answered, wrong, doctor, silence."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.content import HOME, load_gate, load_pack
from bot.language.faq import Action, Engine
from bot.language.faq_check import check_pack
from bot.language.gate import Gate
from bot.language.lexicon import Lexicon
from bot.language.pack import Pack

ROOT = Path(__file__).resolve().parents[3]
QUESTIONS = ROOT / "tests" / "data" / "questions"
DAY = date(2020, 3, 15)  # all entries of the pack may be said
LATER = date(2026, 6, 1)  # and those of the other packs, when that one is over
COVID = "cn-covid-2020"
OTHERS = (
    "flu", "norovirus", "hand-foot-mouth", "hfrs-sfts", "flood-heat", "dengue-chikungunya",
)  # fmt: skip


def lines(name: str) -> list[dict[str, Any]]:
    rows = (QUESTIONS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row) for row in rows]


@pytest.fixture(scope="module")
def base() -> Lexicon:
    return load_gate(HOME / "language")[0]


def shipped(folder: str) -> Pack:
    return load_pack(HOME / folder)


@pytest.fixture(scope="module")
def pack() -> Pack:
    return shipped(COVID)


@pytest.fixture(scope="module")
def gate() -> Gate:
    return load_gate(HOME / "language")[1]


@pytest.fixture(scope="module")
def engine(pack: Pack, base: Lexicon, gate: Gate) -> Engine:
    return Engine([pack], gate=gate, base_lexicon=base)


@pytest.fixture(scope="module")
def all_packs(pack: Pack, base: Lexicon, gate: Gate) -> Engine:
    return Engine([pack, *map(shipped, OTHERS)], gate=gate, base_lexicon=base)


def measure(engine: Engine, rows: Sequence[Mapping[str, Any]], on: date = DAY) -> Counter[str]:
    """`elsewhere`: what another pack answers, where it is in force beside the set's own."""
    count: Counter[str] = Counter()
    for row in rows:
        asked = engine.ask(row["text"], on=on, addressed=True, in_group=False)
        said = [hit.entry.question for hit in asked.hits] if asked.action is Action.ANSWER else []
        right = {row["topic"], *row.get("topics_also", [])} - {None}
        count["all"] += 1
        if said and set(row.get("elsewhere", ())).issuperset(said):
            count["action"] += 1
            continue
        wrong = bool(said) and (row["expect"] != "answer" or not right.issuperset(said))
        count["wrong"] += wrong
        count["answerable"] += row["expect"] == "answer"
        count["answered"] += bool(said) and not wrong
        count["care answered"] += bool(said) and row["expect"] in {"doctor", "emergency"}
        if row["expect"] in {"doctor", "emergency"}:
            count["care missed"] += asked.action not in {Action.DOCTOR, Action.EMERGENCY}
        same = asked.action == row["expect"]
        count["action"] += same or (row["expect"], asked.action) == ("doctor", "emergency")
    return count


def hold(count: Counter[str], answered: float, wrong: float, action: float) -> None:
    assert count["answered"] >= answered * count["answerable"]
    assert count["wrong"] <= wrong * count["all"]
    assert count["action"] >= action * count["all"]
    assert count["care answered"] == 0
    assert count["care missed"] == 0


@pytest.mark.parametrize(
    ("name", "answered", "wrong", "action"),
    [
        ("ask_dev", 0.95, 0.0, 0.95),
        ("own", 0.97, 0.005, 0.97),
        ("fresh1", 0.93, 0.020, 0.95),
        ("fresh2", 0.93, 0.015, 0.95),
        ("fresh3", 0.95, 0.015, 0.95),
        ("others", 0.93, 0.005, 0.93),
    ],
)
def test_floors(engine: Engine, name: str, answered: float, wrong: float, action: float) -> None:
    hold(measure(engine, lines(name)), answered, wrong, action)


@pytest.mark.parametrize(
    ("name", "answered", "wrong", "action"),
    [
        ("flu", 0.92, 0.007, 0.91),
        ("norovirus", 0.93, 0.007, 0.93),
        ("hand-foot-mouth", 0.91, 0.008, 0.90),
        ("hfrs-sfts", 0.93, 0.006, 0.90),
        ("flood-heat", 0.93, 0.007, 0.90),
        ("dengue-chikungunya", 0.93, 0.006, 0.92),
    ],
)
def test_floors_with_all_packs(
    all_packs: Engine, name: str, answered: float, wrong: float, action: float
) -> None:
    hold(
        measure(all_packs, lines(name)[::2], LATER), answered, wrong, action
    )  # the other half is heard


def test_packs_beside_it_take_nothing_from_a_pack(engine: Engine, all_packs: Engine) -> None:
    for row in lines("ask_dev"):
        alone, among = (
            one.ask(row["text"], on=DAY, addressed=True, in_group=False)
            for one in (engine, all_packs)
        )
        said = [[hit.entry.id for hit in asked.hits] for asked in (alone, among)]
        assert said[0] == said[1], row["text"]


@pytest.mark.parametrize("name", ["ask_dev", "own", "fresh1", "fresh2", "fresh3"])
def test_group_stays_silent_on_small_talk(engine: Engine, name: str) -> None:
    for row in lines(name):
        if row["expect"] == "none":
            asked = engine.ask(row["text"], on=DAY, addressed=False, in_group=True)
            assert asked.action is Action.NONE, row["text"]


def test_registered_rumours_are_known_when_passed_on_with_edits(engine: Engine, pack: Pack) -> None:
    forwards = [
        (entry, wording)
        for entry in pack.entries
        if entry.verdict is not None
        for wording in entry.wordings
        if len(wording) >= 60
    ]
    assert len(forwards) >= 20
    known = 0
    for entry, wording in forwards:
        edited = f"【紧急扩散】{wording[:20]}！！{wording[24:]}大家互相转告"
        asked = engine.ask(edited, on=DAY, addressed=False, in_group=True)
        assert asked.action is not Action.ANSWER or asked.hits[0].entry is entry, wording
        known += asked.action is Action.ANSWER
    assert known >= 0.8 * len(forwards)


def test_shipped_pack_has_no_problem(pack: Pack, base: Lexicon) -> None:
    assert check_pack(pack, base=base) == []


def test_every_topic_has_its_entry(pack: Pack) -> None:
    questions = {entry.question for entry in pack.entries}
    topics = {row["topic"] for row in lines("own")} - {None}
    assert len(topics) == 78
    assert topics <= questions


@pytest.mark.parametrize("text", ["降压药要断了", "家里没米了", "三天没人给送菜了", "化肥买不着了"])
def test_need_told_to_us_goes_to_the_cadre(all_packs: Engine, text: str) -> None:
    alone = all_packs.ask(text, on=DAY, addressed=True, in_group=False)
    among = all_packs.ask(text, on=DAY, addressed=False, in_group=True)
    assert (alone.action, among.action) == (Action.CADRE, Action.NONE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("口罩一个能用几天 用完往哪扔", True),  # each clause forbids the other's entry
        ("哪天能打麻将啊 手痒", False),  # what forbids it asks nothing
    ],
)
def test_word_of_another_question_forbids_nothing(engine: Engine, text: str, said: bool) -> None:
    asked = engine.ask(text, on=DAY, addressed=True, in_group=False)
    assert (asked.action is Action.ANSWER) is said
