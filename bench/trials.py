"""Trials that need more than one harness: broadcasts under kills, upgrades, bad disks."""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import drills
import notices
import wx
from ground import (
    HOOK,
    SHOUWANG,
    TOOLS,
    environment,
    folder,
    free_port,
    inbox,
    load,
    running,
    shouwang,
    wait_for,
)
from kill9_trials import Load, Process
from mock_platform import check
from sqlmodel import select

from bot import outbox
from bot.clock import SystemClock
from bot.outbox import Outbox
from bot.store import Store

Kept = tuple[bool, str]
IN_FLIGHT = 64  # sends under way at once


def both(*found: Kept) -> Kept:
    """Several trials as one."""
    return all(is_kept for is_kept, _ in found), "\n".join(line for _, line in found)


def _said(is_kept: bool, **figures: object) -> Kept:
    return is_kept, json.dumps(figures, ensure_ascii=False)


# broadcasts


@contextmanager
def platform(faults: str = "") -> Iterator[str]:
    """The mock of the platforms' send APIs; its address."""
    port = free_port()
    command = [sys.executable, str(TOOLS / "mock_platform.py"), "--port", str(port)]
    command += ["--faults", faults, "--timeout-s", "4", "--slow-s", "0.5"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as mock:
        try:
            wait_for(f"http://127.0.0.1:{port}/_stats")
            yield f"http://127.0.0.1:{port}"
        finally:
            mock.terminate()


def _ask(url: str, body: dict[str, object] | None = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=30) as answer:
        return json.load(answer)


def _cast(
    groups: int, faults: str = "", kills: int = 0, outage_s: float = 0, limit_s: float = 240
) -> Kept:
    """A notice to many groups through a bad platform, killed on the way; each must get it."""
    rnd, killed = random.Random(1), []  # noqa: S311
    with platform(faults) as api, folder() as data:
        settings, author = notices.county_of_groups(data, groups, api)
        store = Store(settings.database_url)
        with store.reading() as session:
            refs = list(session.exec(select(notices.Chat.out_ref)).all())
        server = _serve(data, api)
        notices.approve(store, settings, author)
        for _ in range(kills):
            time.sleep(rnd.uniform(0.2, 0.8))
            server.kill()
            server.wait()
            killed.append(time.time())
            server = _serve(data, api)
        if outage_s:
            _ask(f"{api}/_outage", {"seconds": outage_s})
        expected = [{"target": f"robot:key{ref}", "text": notices.TEXT} for ref in refs]
        deliveries = _until_settled(api, store, limit_s)
        server.terminate()
        server.wait()
        store.close()
    found = check(deliveries, expected, killed)
    found.pop("examples")
    allowed = len(killed) * IN_FLIGHT + sum(not one["answered"] for one in deliveries)
    broken = found["lost"] or found["avoidable_repeats"] or found["wrong_target"]
    return _said(not broken and found["unknowable_repeats"] <= allowed, kills=kills, **found)


def _serve(data: Path, api: str) -> "subprocess.Popen[bytes]":
    port = free_port()
    command = [SHOUWANG, "serve", "--port", str(port), "--data", str(data)]
    server = subprocess.Popen(
        command, env=environment(api), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for(f"http://127.0.0.1:{port}/readyz")
    return server


def _until_settled(api: str, store: Store, limit_s: float) -> list[dict[str, object]]:
    """Wait until no row of the outbox is open any more; what arrived."""
    end = time.time() + limit_s
    while time.time() < end:
        with store.reading() as session:
            counts = outbox.counts(session)
        if not counts.keys() & {"queued", "unknown", "sending"}:
            break
        time.sleep(0.5)
    return _ask(f"{api}/_deliveries")  # type: ignore[return-value]


def broadcast(is_proof: bool) -> Kept:
    """F2: killed while a notice goes out."""
    if is_proof:
        return _cast(1_500, "http500=0.03,reset=0.02,lost=0.02,busy=0.03", kills=20, limit_s=900)
    return _cast(400, kills=3)


def lost_answers(_: bool) -> Kept:
    """F22: taken by the platform, which then says nothing."""
    return _cast(60, "lost=0.2")


def outage(is_proof: bool) -> Kept:
    """F23: the platform is away for a while in the middle."""
    return _cast(400, outage_s=300 if is_proof else 5, limit_s=900)


def expired(_: bool) -> Kept:
    """F20: the access token ends in the middle of a broadcast; one fetch, nobody missed."""
    count = 300
    with platform("slow=0.3") as api, folder() as data, shouwang(data, api):
        store = Store(f"sqlite:///{data / 'shouwang.db'}")
        now = SystemClock().now()
        row = {"channel": "county", "chat_kind": "private", "topic": "reply", "text": "收到"}
        row |= {"created_at": now, "due_at": now}
        rows = [{**row, "key": f"b{n}", "chat": f"u{n}"} for n in range(count)]
        with store.begin() as session:
            outbox.put_all(session, rows)
        time.sleep(1.0)
        _ask(f"{api}/_expire", {})
        deliveries = _until_settled(api, store, 60)
        with store.reading() as session:
            sent = len(session.exec(select(Outbox.id).where(Outbox.state == "sent")).all())
        store.close()
        fetched = _ask(f"{api}/_stats")["token_calls"]  # type: ignore[index]
    once = len({str(one["target"]) for one in deliveries}) == len(deliveries) == count
    return _said(once and sent == count and fetched <= 3, sent=sent, token_calls=fetched)


# the machine


def sync_fails(_: bool) -> Kept:
    """F6: fsync says EIO some forty times; whoever was told 200 is there after a new start."""
    if not shutil.which("strace"):
        return _said(False, needs="strace")
    inject = "strace -f -o /dev/null -e trace=fsync,fdatasync"
    inject += " -e inject=fsync,fdatasync:error=EIO:when=25..60"
    return asyncio.run(_poured(inject, swaps=1, sig=signal.SIGKILL, gap_s=30))


def upgrade(_: bool) -> Kept:
    """F30: the old one is stopped and the new one started while messages pour."""
    return asyncio.run(_poured("", swaps=3, sig=signal.SIGTERM, gap_s=5))


async def _poured(before: str, swaps: int, sig: int, gap_s: float) -> Kept:
    """Messages from eight chats, each sent again until taken, while the server is swapped."""
    os.environ.update(environment())  # noqa: TID251
    serve = f"{SHOUWANG} serve --port {{port}} --data {{data}}"
    a = argparse.Namespace(
        cmd=f"{before} {serve}".strip(),
        list_cmd=f"{SHOUWANG} inbox --json --data {{data}}",
        cwd=None,
        ready_path="/readyz",
        start_seconds=30,
    )
    with folder() as data:
        port = free_port()
        server, pour = Process(a, str(data), port), Load(port, HOOK, wx.Crypt(), "wecom")
        await server.start()
        acks, stop = [], asyncio.Event()
        tasks = [asyncio.create_task(_talk(pour, k, acks, stop)) for k in range(8)]
        for _ in range(swaps):
            await asyncio.sleep(2)
            await asyncio.to_thread(server.kill, sig)
            a.cmd = serve
            await server.start()
        await asyncio.sleep(2)
        stop.set()
        await asyncio.gather(*tasks)
        await asyncio.sleep(3)
        rows = await server.listing()
        await asyncio.to_thread(server.kill, signal.SIGTERM)
    gap = max((b - a for a, b in pairwise(sorted(acks))), default=99.0)
    kept = [rows.get(i, {"stored": 0, "handled": 0}) for i in pour.acked]
    wrong = sum(row["stored"] != 1 or row["handled"] > 1 for row in kept)
    return _said(
        not wrong and gap <= gap_s,
        acked=len(kept),
        lost_or_doubled=wrong,
        refused=pour.refused,
        longest_gap_s=round(gap, 2),
    )


async def _talk(pour: Load, chat: int, acks: list[float], stop: asyncio.Event) -> None:
    link, count = wx.Link("127.0.0.1", pour.port, 8), 0
    while not stop.is_set():
        count += 1
        one = f"7{chat:04d}{count:07d}{os.getpid() % 10**5:05d}"
        pour.bodies[one] = wx.text_message(one, f"u{chat}", "我36.5", to=pour.crypt.receive_id)
        for _ in range(1_000):
            if await pour.deliver(link, one) or stop.is_set():
                break
            await asyncio.sleep(0.1)
        acks.append(time.perf_counter())
        await asyncio.sleep(0.04)
    link.close()


def damage(is_proof: bool) -> Kept:
    """F10: flipped bytes."""
    rows = drills.corrupted(["--copies", "100" if is_proof else "30"])
    return _said(all(row.is_met for row in rows), noticed=rows[1].value, of=rows[1].goal)


def other_zone(_: bool) -> Kept:
    """F17: the host believes it is in New York; the day is China's."""
    with folder() as data, _served_with({"TZ": "America/New_York"}, data) as port:
        load(f"http://127.0.0.1:{port}{HOOK}", "--n", "100", "--warmup", "0")
        command = [SHOUWANG, "report", "--json", "--data", str(data)]
        env = {**environment(), "TZ": "America/New_York"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        day = json.loads(done.stdout)["day"]
    from bot.clock import local_day

    return _said(day == local_day(SystemClock().now()).isoformat(), day=day)


@contextmanager
def _served_with(more: dict[str, str], data: Path) -> Iterator[int]:
    port = free_port()
    command = [SHOUWANG, "serve", "--port", str(port), "--data", str(data)]
    with running(command, {**environment(), **more}, f"http://127.0.0.1:{port}/readyz"):
        yield port


def few_files(_: bool) -> Kept:
    """F27: sixty-four files at most, two hundred idle callers; then it serves as before."""
    with folder() as data:
        port = free_port()
        words = f"ulimit -n 64; exec {SHOUWANG} serve --port {port} --data {data}"
        with running(["sh", "-c", words], environment(), f"http://127.0.0.1:{port}/readyz") as one:
            idle = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(200)]
            time.sleep(3)
            for link in idle:
                link.close()
            time.sleep(1)
            load(f"http://127.0.0.1:{port}{HOOK}", "--n", "300", "--concurrency", "8")
            rows = inbox(data)
            is_alive = one.poll() is None
    return _said(is_alive and len(rows) == 500, alive=is_alive, rows=len(rows))


def wrong_setting(_: bool) -> Kept:
    """F28: the reason in one line, exit code 1, at once."""
    with folder() as data:
        (data / "shouwang.toml").write_text('prt = 8000\n[channels.a]\nkind = "wecom"\n', "utf-8")
        began = time.perf_counter()
        command = [SHOUWANG, "serve", "--data", str(data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        seconds = time.perf_counter() - began
    lines = (done.stdout + done.stderr).strip().splitlines()
    is_kept = done.returncode == 1 and len(lines) <= 3 and seconds < 5
    return _said(is_kept, code=done.returncode, words=lines[:3])


def fuzz(is_proof: bool) -> Kept:
    """F24: floods, slow bodies, malformed and forged calls; a bystander must not notice."""
    with folder() as data, shouwang(data) as (port, pid):
        command = [sys.executable, str(TOOLS / "callbacks_fuzz.py")]
        command += ["--url", f"http://127.0.0.1:{port}{HOOK}", "--pid", str(pid), "--slow", "200"]
        command += ["--requests", "1000000" if is_proof else "5000"]
        command += ["--list-cmd", f"{SHOUWANG} inbox --json --data {data}"]
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, check=False
        )
    words = done.stdout[-1500:] if done.returncode else done.stdout
    return done.returncode == 0, " ".join(words.split())[:1500]
