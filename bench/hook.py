"""The hook of `serve` (SQLite, FULL, one process) against an echo that stores nothing (b1).

    bench/run hook [--requests 10000] [--rounds 3]      64 connections, closed loop; repeats of 20 %
    bench/run open [--seconds 60]                       300 a second, each charged from its due time
    bench/run turn [--requests 1500]                    until the inbox is empty again

Ratios inside one run count; single figures of two runs do not compare.
"""

import argparse
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from ground import (
    HOOK,
    Row,
    at_least,
    at_most,
    echo,
    folder,
    inbox,
    load,
    medians,
    metric,
    shouwang,
)


def _echo(*words: str) -> dict[str, float]:
    with echo() as (port, pid):
        return load(f"http://127.0.0.1:{port}/callback", "--pid", str(pid), *words)


def _ours(*words: str) -> dict[str, float]:
    """A fresh deployment each time; every acknowledged message must be a row, each once."""
    with folder() as data:
        with shouwang(data) as (port, pid):
            found = load(f"http://127.0.0.1:{port}{HOOK}", "--pid", str(pid), *words)
            found["rows"] = _rows(data)
        return found


def _rows(data: Path) -> int:
    with closing(sqlite3.connect(f"file:{data / 'shouwang.db'}?mode=ro", uri=True)) as opened:
        return int(opened.execute("SELECT count(*) FROM inbox").fetchone()[0])


def closed(words: list[str]) -> list[Row]:
    """Throughput, latency and repeats, 64 connections."""
    p = argparse.ArgumentParser()
    p.add_argument("--requests", type=int, default=10_000)
    p.add_argument("--rounds", type=int, default=3)
    a = p.parse_args(words)
    usual = ("--n", str(a.requests), "--concurrency", "64", "--warmup", "0")
    peer, ours, repeats = medians(
        a.rounds,
        lambda: _echo(*usual),
        lambda: _ours(*usual),
        lambda: _ours(*usual, "--dup-share", "0.2"),
    )
    share = ours["per_s"] / peer["per_s"]
    note = f"{ours['per_s']:,.0f}/s; b1 {peer['per_s']:,.0f}/s"
    cpu = f"{ours['server_cpu_us']:.0f} µs; b1 {peer['server_cpu_us']:.0f} µs"
    late = f"{ours['p99_ms']:.0f} ms; b1 {peer['p99_ms']:.0f} ms"
    lost = repeats["distinct"] - repeats["rows"]
    return [
        at_least("hook, messages a second", share, 1.5, "× b1", note),
        Row("hook, CPU a message", peer["server_cpu_us"] / ours["server_cpu_us"], "× b1", note=cpu),
        at_most("hook, p99", ours["p99_ms"] / peer["p99_ms"], 1.5, "× b1", late),
        at_least(
            "20 % repeats, messages a second",
            repeats["per_s"] / ours["per_s"],
            0.9,
            "× without",
            f"{repeats['per_s']:,.0f}/s",
        ),
        at_most("20 % repeats, distinct ids less rows", abs(lost), 0, "rows"),
    ]


def open_loop(words: list[str]) -> list[Row]:
    """Latency at a steady rate."""
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=int, default=60)
    p.add_argument("--rate", type=int, default=300)
    p.add_argument("--rounds", type=int, default=1)
    a = p.parse_args(words)
    count = a.rate * a.seconds
    usual = ("--rate", str(a.rate), "--n", str(count), "--connections", "64", "--warmup", "0")
    peer, ours = medians(a.rounds, lambda: _echo(*usual), lambda: _ours(*usual))
    rows = [
        at_most(
            f"{a.rate}/s, {name}",
            ours[key] / peer[key],
            goal,
            "× b1",
            f"{ours[key]:.1f} ms; b1 {peer[key]:.1f} ms",
        )
        for name, key, goal in (("p50", "p50_ms", 2), ("p99", "p99_ms", 3), ("p99.9", "p999_ms", 5))
    ]
    return [*rows, at_most(f"{a.rate}/s, lost", count - ours["rows"], 0, "messages")]


def _drained(count: int) -> dict[str, float]:
    """From the first call to the last message handled."""
    with folder() as data:
        with shouwang(data) as (port, _):
            began = time.perf_counter()
            url = f"http://127.0.0.1:{port}{HOOK}"
            load(url, "--n", str(count), "--concurrency", "64", "--warmup", "0")
            while metric(port, 'shouwang_inbox_messages{state="new"}'):
                time.sleep(0.05)
            seconds = time.perf_counter() - began
        rows = inbox(data)
        wrong = count - sum(row["stored"] == row["handled"] == 1 for row in rows)
        return {"per_s": count / seconds, "wrong": wrong}


def turn(words: list[str]) -> list[Row]:
    """The whole turn: kept, understood, written down, answered."""
    p = argparse.ArgumentParser()
    p.add_argument("--requests", type=int, default=1_500)
    p.add_argument("--rounds", type=int, default=3)
    a = p.parse_args(words)
    usual = ("--n", "6000", "--concurrency", "64", "--warmup", "0")
    peer, ours = medians(a.rounds, lambda: _echo(*usual), lambda: _drained(a.requests))
    share = ours["per_s"] / peer["per_s"]
    note = f"{ours['per_s']:,.0f}/s; b1 {peer['per_s']:,.0f}/s"
    return [
        at_least("whole turn, drained", share, 0.7, "× b1", note),
        at_most("whole turn, not handled once", ours["wrong"], 0, "messages"),
    ]
