"""Alerts, dashboard and handbook name what is really there."""

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

import pytest
from prometheus_client import Metric

from app.metrics import INBOX_STATES, OUTBOX_STATES, OUTCOMES, Metrics
from scheduler.timetable import TIMETABLE

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8")
BOARD = json.loads((ROOT / "deploy" / "grafana" / "shouwang.json").read_text("utf-8"))
HANDBOOK = (ROOT / "docs" / "handbook.md").read_text("utf-8")
NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)

ALERTS = re.findall(r"^ *- alert: (\w+)$", RULES, re.MULTILINE)
ALERT_QUERIES = re.findall(r"^ *expr: (.+)$", RULES, re.MULTILINE)
BOARD_QUERIES = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
_SERIES = re.compile(r"(shouwang_[a-z_]+)(?:\{([^}]*)\})?")
_LABEL = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
VALUES = {
    "shouwang_inbox_messages": {"state": set(INBOX_STATES.values())},
    "shouwang_outbox_messages": {"state": set(OUTBOX_STATES)},
    "shouwang_sends_total": {"outcome": set(OUTCOMES)},
    "shouwang_ticks_total": {
        "job": {job.name for job in TIMETABLE},
        "outcome": {"ok", "failed"},
    },
}


def measured(data: Path) -> dict[str, set[str]]:
    """Each series that /metrics gives once everything has happened, and its labels."""
    metrics = Metrics(["county"], "0.1.0")
    metrics.answered("county", 200, 0.004)
    metrics.sent("county", "sent")
    metrics.ticked("notices.push", 0.1)
    metrics.inbox({0: 1}, NOW, NOW)
    metrics.outbox({"queued": 1})
    metrics.due(NOW, NOW)
    metrics.machine(data, NOW, NOW, 0)
    metrics.facts(readings=1, incidents_open=0)
    metrics.writer(waiting=0, failures=0)
    families: list[Metric] = list(metrics.registry.collect())
    found: dict[str, set[str]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_series_of_a_query_is_there(tmp_path: Path) -> None:
    known = measured(tmp_path)
    for query in (*ALERT_QUERIES, *BOARD_QUERIES):
        for name, selector in _SERIES.findall(query):
            assert name in known, query
            for label, how, value in _LABEL.findall(selector):
                assert label in known[name], query
                allowed = VALUES.get(name, {}).get(label)
                if allowed is not None:
                    parts = set(value.split("|")) if "~" in how else {value}
                    assert parts <= allowed, query


def test_every_label_by_which_a_query_sums_is_there(tmp_path: Path) -> None:
    known = measured(tmp_path)
    for query in (*ALERT_QUERIES, *BOARD_QUERIES):
        labels = {label for by in re.findall(r"by \(([^)]*)\)", query) for label in by.split(", ")}
        own = set().union(*(known[name] for name, _ in _SERIES.findall(query)))
        assert labels <= own, query


def test_every_series_is_looked_at(tmp_path: Path) -> None:
    text = " ".join((*ALERT_QUERIES, *BOARD_QUERIES))
    helpers = ("_created", "_count", "_sum")
    unseen = {
        name for name in measured(tmp_path) if name not in text and not name.endswith(helpers)
    }
    assert unseen == set()


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    assert len(ALERTS) == len(set(ALERTS)) == len(ALERT_QUERIES)
    assert re.findall(r"^### (\w+)$", HANDBOOK, re.MULTILINE) == ALERTS
    for name in ALERTS:
        assert f"runbook: docs/handbook.md#{name.lower()}\n" in RULES


def test_every_link_of_the_handbook_leads_somewhere() -> None:
    for name, anchor in re.findall(r"\[(\w+)\]\(#(\w+)\)", HANDBOOK):
        assert name in ALERTS
        assert anchor == name.lower()


def test_panels_stand_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize(
    "unit", sorted((ROOT / "deploy" / "systemd").iterdir()), ids=lambda p: p.name
)
def test_units_are_understood(unit: Path, tmp_path: Path) -> None:
    analyze = which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd on this machine: the units were not read")
    copy = tmp_path / unit.name
    there = which("true") or "/bin/true"
    copy.write_text(re.sub(r"(Exec\w+=)\S+", rf"\1{there}", unit.read_text("utf-8")), "utf-8")
    done = subprocess.run(  # noqa: S603
        [analyze, "verify", str(copy)], capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert complaints == []
