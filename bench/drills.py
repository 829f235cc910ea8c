"""Starts, restores and damage: what a technician will live through, timed.

bench/run ready
bench/run restore [--villages 1500] [--each 24]      about a million readings
bench/run corrupt [--copies 100]
"""

import argparse
import random
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import readings
from ground import (
    HOOK,
    SHOUWANG,
    Row,
    at_least,
    at_most,
    environment,
    folder,
    free_port,
    load,
    running,
    shouwang,
)


def ready(words: list[str]) -> list[Row]:
    """Seconds from the command to the first 200 of /readyz; memory then."""
    p = argparse.ArgumentParser()
    p.add_argument("--starts", type=int, default=5)
    a = p.parse_args(words)
    times, memory = [], 0.0
    with folder() as data:
        for _ in range(a.starts + 1):
            port = free_port()
            command = [SHOUWANG, "serve", "--port", str(port), "--data", str(data)]
            began = time.perf_counter()
            with running(command, environment(), f"http://127.0.0.1:{port}/readyz") as server:
                times.append(time.perf_counter() - began - 1.0)  # `running` waits a second
                memory = _memory(server.pid)
    return [
        at_most("ready after a start, the slowest", max(times[1:]), 3, "s"),
        Row("ready after the very first start", times[0], "s"),
        at_most("memory when ready", memory, 200, "MiB"),
    ]


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _run(*words: str, data: Path) -> "subprocess.CompletedProcess[str]":
    command = [SHOUWANG, *words, "--data", str(data)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


def restored(words: list[str]) -> list[Row]:
    """Back up, put in place elsewhere, ready again; per million readings."""
    p = argparse.ArgumentParser()
    p.add_argument("--villages", type=int, default=1_500)
    p.add_argument("--each", type=int, default=25)
    a = p.parse_args(words)
    with folder() as data, folder() as shelf, folder() as elsewhere:
        count = readings.fill(data, a.villages, a.each)
        began = time.perf_counter()
        made = _run("backup", str(shelf), data=data)
        backup_s = time.perf_counter() - began
        if made.returncode:
            raise SystemExit(made.stdout + made.stderr)
        archive = next(shelf.glob("shouwang-*.tar.gz"))
        began = time.perf_counter()
        done = _run("restore", str(archive), data=elsewhere)
        restore_s = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        with shouwang(elsewhere):
            ready_s = time.perf_counter() - began - 1.0
        same = _facts(data) == _facts(elsewhere)
    millions = count / 1e6
    note = f"{count:,} readings, {restore_s:.1f} s"
    return [
        Row("backup, a million readings", backup_s / millions, "s"),
        at_most("restore, a million readings", restore_s / millions, 30, "s", note),
        Row("restore and ready", ready_s, "s"),
        at_most("restore, facts that differ", int(not same), 0, "databases"),
    ]


def _facts(data: Path) -> list[tuple[object, ...]]:
    query = "SELECT count(*), sum(id), sum(tenths), sum(resident_id) FROM reading"
    with closing(sqlite3.connect(data / "shouwang.db")) as opened:
        return opened.execute(query).fetchall()


def corrupted(words: list[str]) -> list[Row]:
    """1 to 4,096 bytes flipped in copies of a database; how many `doctor` notices."""
    p = argparse.ArgumentParser()
    p.add_argument("--copies", type=int, default=100)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args(words)
    rnd = random.Random(a.seed)  # noqa: S311
    noticed = differing = quiet = 0
    with folder() as data:
        with shouwang(data) as (port, _):
            load(f"http://127.0.0.1:{port}{HOOK}", "--n", "300", "--warmup", "0")
            time.sleep(3)
        true = _dump(data / "shouwang.db")
        sound = _run("doctor", data=data)
        for number in range(a.copies):
            with folder() as spare:
                copy = spare / "copy"
                shutil.copytree(data, copy)
                _flip(copy / "shouwang.db", rnd, number)
                if _dump(copy / "shouwang.db") == true:
                    quiet += 1
                    continue
                differing += 1
                noticed += _run("doctor", data=copy).returncode == 1
    note = f"{quiet} of {a.copies} flips fell where nothing stands"
    return [
        at_most("an undamaged database called damaged", sound.returncode, 0, "times"),
        at_least("damaged copies noticed", noticed, differing, f"of {differing}", note),
    ]


def _flip(database: Path, rnd: random.Random, number: int) -> None:
    """One run of bytes, or bytes here and there."""
    raw = bytearray(database.read_bytes())
    count = 2 ** rnd.randrange(13)
    start = rnd.randrange(len(raw))
    where = (
        range(start, min(start + count, len(raw)))
        if number % 2
        else [rnd.randrange(len(raw)) for _ in range(count)]
    )
    for place in where:
        raw[place] ^= rnd.randrange(1, 256)
    database.write_bytes(raw)


def _dump(database: Path) -> object:
    """All that stands in a database; the error where it cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{database}?immutable=1", uri=True)) as opened:
            opened.text_factory = bytes
            names = [
                row[0].decode()
                for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            return [
                (name, sorted(map(repr, opened.execute(f'SELECT * FROM "{name}"').fetchall())))  # noqa: S608
                for name in sorted(names)
            ]
    except (sqlite3.DatabaseError, UnicodeDecodeError, OverflowError) as error:
        return type(error).__name__
