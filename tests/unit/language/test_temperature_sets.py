"""Floors on the labelled sets: what was reached once may not be lost."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot.language.parse import parse_record

DATA = Path(__file__).resolve().parents[2] / "data"


def scorer() -> ModuleType:
    path = DATA / "temperature" / "score.py"
    spec = importlib.util.spec_from_file_location("temperature_score", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scored(name: str) -> dict[str, Any]:
    lines = (DATA / "temperature" / name).read_text(encoding="utf-8").splitlines()
    gold = {row["id"]: row for row in map(json.loads, lines)}
    found = {key: parse_record(row) for key, row in gold.items()}
    result: dict[str, Any] = scorer().score(gold, found)
    return result


def test_the_development_set() -> None:
    result = scored("dev.jsonl")
    assert result["readings"]["f1"] >= 0.995
    assert result["whole_message"]["rate"] >= 0.97, result["whole_message"]["wrong_ids"]
    assert result["false_records"]["messages"] == 0
    assert result["fevers_missed_or_misattributed"]["count"] == 0
    assert result["clarify"]["f1"] >= 0.97
    assert result["correction"]["f1"] == 1
    assert result["period"]["accuracy_where_said"] >= 0.98
    assert result["site"]["accuracy_where_said"] >= 0.98


def test_our_own_hard_lines() -> None:
    result = scored("own.jsonl")
    assert result["readings"]["f1"] >= 0.975
    assert result["whole_message"]["rate"] >= 0.95, result["whole_message"]["wrong_ids"]
    assert result["false_records"]["messages"] <= 1
    assert result["fevers_missed_or_misattributed"]["count"] <= 1


def test_many_more_hands() -> None:
    """Lines by many authors of all regions, each set written before the rules that it tests."""
    result = scored("hands.jsonl")
    assert result["readings"]["f1"] >= 0.98
    assert result["whole_message"]["rate"] >= 0.973, result["whole_message"]["wrong_ids"]
    assert result["false_records"]["messages"] <= 13, result["false_records"]["ids"]
    assert result["fevers_missed_or_misattributed"]["count"] <= 8


def test_the_blind_set() -> None:
    """Written by one who saw neither the rules nor the other lines, in the set's own manner."""
    result = scored("blind.jsonl")
    assert result["readings"]["f1"] >= 0.985
    assert result["false_records"]["messages"] == 0
    assert result["fevers_missed_or_misattributed"]["count"] == 0


def test_ordinary_talk_gives_nothing() -> None:
    lines = (DATA / "ordinary_dev.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        found = parse_record(row)
        assert not found["readings"], row["text"]
        assert not found["clarify"], row["text"]
        assert not found["correction"], row["text"]


def test_our_own_traps_give_almost_nothing() -> None:
    lines = (DATA / "ordinary_own.txt").read_text(encoding="utf-8").split("\n")
    wrong = [line for line in lines if line and _records(line)]
    assert len(wrong) <= 1, wrong


def _records(text: str) -> bool:
    found = parse_record(
        {
            "id": "1",
            "chat": "group",
            "sender": "大山",
            "sent_at": "2020-02-10T16:40:00+08:00",
            "text": text,
        }
    )
    return bool(found["readings"] or found["clarify"] or found["correction"])


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", None), ("chat", "club"), ("sender", 3), ("sent_at", "soon"), ("text", None)],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    record: dict[str, object] = {
        "id": "1",
        "chat": "group",
        "sender": "大山",
        "sent_at": "2020-02-10T16:40:00+08:00",
        "text": "36.5",
    }
    record[field] = value
    with pytest.raises(ValueError, match=field):
        parse_record(record)
