"""Several processes on PostgreSQL: killed at random under load, and two web processes against one.

    bench/province.py kill [--trials 50] [--roles web,worker,sender]
    bench/province.py hook [--requests 10000] [--rounds 3]

The server is the tests' own, here with fsync on. A trial of `kill`: messages pour into two web
processes while two workers, two senders and two clocks run; one process of the role in turn is
killed with SIGKILL at a random moment and started again; what was not acknowledged is sent again,
and a fifth of the rest too. Every acknowledged message must be one row, handled once, in the order
of its chat; everything that was to be said must arrive, and twice only what is marked so.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ground import (
    CHANNEL,
    HERE,
    HOOK,
    SHOUWANG,
    TOOLS,
    Row,
    answers,
    at_least,
    at_most,
    environment,
    folder,
    free_port,
    machine,
    show,
    wait_for,
)
from sqlalchemy import func
from sqlmodel import col, select

# isort: split
import loadgen
import wx

from app.schema import bring_up
from bot import outbox
from bot.inbox import Inbox
from bot.outbox import Outbox
from bot.store import Store
from tests.fakes.postgres import USUAL, Postgres

HOW_MANY = {"web": 2, "worker": 2, "sender": 2, "clock": 2}


@dataclass
class Process:
    """One process of a deployment, in a group of its own."""

    role: str
    data: Path
    env: dict[str, str]
    port: int = field(default_factory=free_port)
    popen: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it; it is not ready yet."""
        words = [SHOUWANG, self.role, "--data", str(self.data), "--port", str(self.port)]
        with (self.data / f"{self.role}-{self.port}.log").open("ab") as log:
            self.popen = subprocess.Popen(
                words, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def ready(self, seconds: float = 60) -> float:
        """Seconds until it is ready; one that gave up is started again, as a supervisor would."""
        began = time.perf_counter()
        while answers(f"http://127.0.0.1:{self.port}/readyz") != 200:
            if self.popen is not None and self.popen.poll() is not None:
                self.start()
            if time.perf_counter() - began > seconds:
                log = (self.data / f"{self.role}-{self.port}.log").read_text("utf-8")
                raise SystemExit(f"{self.role} was not ready in {seconds:g} s: {log[-600:]}")
            time.sleep(0.05)
        return time.perf_counter() - began

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End it."""
        if self.popen is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.popen.pid, how)
            self.popen.wait(20)


@dataclass
class Cluster:
    """A server, its database, and the processes on it."""

    data: Path
    api: str
    url: str
    processes: list[Process] = field(default_factory=list)

    def start(self, roles: dict[str, int]) -> None:
        """Start so many of each role, until all are ready."""
        env = environment(self.api) | {"SHOUWANG_DATABASE_URL": self.url}
        for role, count in roles.items():
            self.processes += [Process(role, self.data, env) for _ in range(count)]
        for process in self.processes:
            process.start()
        for process in self.processes:
            process.ready()

    def of(self, role: str) -> list[Process]:
        """The processes of a role."""
        return [process for process in self.processes if process.role == role]

    def stop(self) -> None:
        """End all of them in order."""
        for process in self.processes:
            process.kill(signal.SIGTERM)


@contextmanager
def cluster(roles: dict[str, int], api: str) -> Iterator[Cluster]:
    """A server with fsync and a deployment on it."""
    server = Postgres(settings=USUAL)
    try:
        with folder() as data:
            made = Cluster(data, api, server.database())
            store = Store(made.url)
            bring_up(store)
            store.close()
            try:
                made.start(roles)
                yield made
            finally:
                made.stop()
    finally:
        server.close()


@contextmanager
def platform() -> Iterator[str]:
    """A platform that takes everything and remembers it."""
    port = free_port()
    words = [sys.executable, str(TOOLS / "mock_platform.py"), "--port", str(port)]
    words += ["--user-limit", "100000", "--call-limit", "1000000"]
    with tempfile.TemporaryFile() as log:
        mock = subprocess.Popen(words, cwd=HERE, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/_stats")
            yield f"http://127.0.0.1:{port}"
        finally:
            mock.terminate()
            mock.wait()


# killed under load


@dataclass
class Load:
    """Callbacks of one trial: what was acknowledged, and what was to be said."""

    number: int
    ports: Sequence[int]
    rnd: random.Random
    acked: set[str] = field(default_factory=set)
    crypt: wx.Crypt = field(
        default_factory=lambda: wx.Crypt(loadgen.TOKEN, loadgen.AES_KEY, loadgen.RECEIVE_ID)
    )

    def ids(self, count: int) -> list[str]:
        """Message ids of this trial."""
        return [f"7{self.number:06d}{k:06d}" for k in range(count)]

    async def send(self, links: dict[int, wx.Link], msg_id: str) -> None:
        """One callback to either process; to the other where it does not answer."""
        k = int(msg_id[-6:])
        body = wx.text_message(
            msg_id, f"u{k % 40}", f"我36.{k % 9}", to=loadgen.RECEIVE_ID, created=k
        )
        sealed = self.crypt.encrypt(body)
        query = self.crypt.query(sealed, str(int(time.time())), str(self.rnd.randrange(10**10)))
        port = self.rnd.choice(self.ports)
        url = f"http://127.0.0.1:{port}{HOOK}"
        answer = await links[port].send([wx.request(url, query, wx.envelope(sealed))])
        if answer.status == 200:
            self.acked.add(msg_id)

    async def pour(self, ids: Sequence[str], rate: float, connections: int = 16) -> None:
        """All of them at about this rate."""
        waiting, began, sent = iter(ids), time.perf_counter(), 0

        async def one() -> None:
            nonlocal sent
            links = {port: wx.Link("127.0.0.1", port, 8) for port in self.ports}
            for msg_id in waiting:
                sent += 1
                ahead = sent / rate - (time.perf_counter() - began)
                await asyncio.sleep(max(ahead, 0))
                await self.send(links, msg_id)
            for link in links.values():
                link.close()

        await asyncio.gather(*(one() for _ in range(connections)))


async def trial(made: Cluster, store: Store, role: str, number: int, rnd: random.Random) -> float:
    """One kill; seconds until that process was ready again."""
    load = Load(number, [process.port for process in made.of("web")], rnd)
    ids = load.ids(400)
    queue(store, number)
    pouring = asyncio.create_task(load.pour(ids, rate=300))
    await asyncio.sleep(rnd.uniform(0.1, 1.4))
    victim = rnd.choice(made.of(role))
    victim.kill()
    await asyncio.sleep(rnd.uniform(0, 0.5))
    victim.start()
    ready_s = await asyncio.to_thread(victim.ready)
    await pouring
    for _ in range(3):
        again = [i for i in ids if i not in load.acked or rnd.random() < 0.2]
        rnd.shuffle(again)
        await load.pour(again, rate=300)
    missing = len(ids) - len(load.acked)
    if missing:
        raise SystemExit(f"trial {number}: {missing} never acknowledged")
    return ready_s


def queue(store: Store, number: int) -> None:
    """Things to say, so that senders are at work when they are killed."""
    now = datetime.now(UTC)
    rows = [
        {
            "key": f"kill:{number}:{n}",
            "channel": CHANNEL,
            "chat": f"s{n % 60}",
            "chat_kind": "private",
            "topic": "notice",
            "text": f"第 {number} 次第 {n} 句",
            "created_at": now,
            "due_at": now,
        }
        for n in range(300)
    ]
    with store.plain() as session:
        outbox.put_all(session, rows)


def settled(store: Store, seconds: float = 60) -> float:
    """Wait until all is handled and said; seconds that it took."""
    began = time.perf_counter()
    while True:
        with store.reading() as session:
            left = session.exec(select(func.count()).where(Inbox.state == 0)).one()
            waiting = session.exec(
                select(func.count()).where(
                    col(Outbox.state).in_(("queued", "unknown", "sending")),
                    col(Outbox.key).startswith("kill:"),
                )
            ).one()
        if not left and not waiting:
            return time.perf_counter() - began
        if time.perf_counter() - began > seconds:
            raise SystemExit(f"after {seconds:g} s {left} are not handled, {waiting} not said")
        time.sleep(0.1)


def judged(store: Store, expected: int, api: str) -> list[Row]:
    """The promises, over all trials together."""
    with store.reading() as session:
        rows = session.exec(
            select(Inbox.chat, Inbox.handled, Inbox.handled_at).order_by(col(Inbox.id))
        ).all()
        said = session.exec(select(Outbox).where(col(Outbox.key).startswith("kill:"))).all()
    handled = Counter(row[1] for row in rows)
    inversions, last = 0, {}
    for chat, _, at in rows:
        inversions += bool(at and chat in last and at < last[chat])
        last[chat] = at
    with urllib.request.urlopen(f"{api}/_deliveries") as answer:
        arrived = Counter(one["text"] for one in json.loads(answer.read()))
    lost = sum(not arrived[row.text] for row in said)
    twice = sum(arrived[row.text] > 1 and not row.is_perhaps_doubled for row in said)
    marked = sum(row.is_perhaps_doubled for row in said)
    return [
        at_most("messages acknowledged and lost", expected - len(rows), 0),
        at_most("messages not handled", handled[0], 0),
        at_most("messages handled twice", sum(n for k, n in handled.items() if k > 1), 0),
        at_most("handled out of a chat's order", inversions, 0),
        at_most("sayings lost", lost, 0),
        at_most("sayings doubled without a mark", twice, 0, note=f"{marked} marked"),
    ]


def kill(words: list[str]) -> list[Row]:
    """Kills, one role after the other."""
    p = argparse.ArgumentParser()
    p.add_argument("--trials", type=int, default=50, help="of each role")
    p.add_argument("--roles", default="web,worker,sender")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args(words)
    rnd = random.Random(a.seed)  # noqa: S311  # only spreads the kills
    ready: dict[str, list[float]] = {}
    number = 0
    with platform() as api, cluster(HOW_MANY, api) as made:
        store = Store(made.url)
        for role in a.roles.split(","):
            for _ in range(a.trials):
                number += 1
                took = asyncio.run(trial(made, store, role, number, rnd))
                ready.setdefault(role, []).append(took)
                if number % 10 == 0:
                    print(f"   {role}: {number} kills", flush=True)
        took = settled(store)
        rows = judged(store, number * 400, api)
        store.close()
    return [
        *rows,
        *(
            at_most(
                f"{role} ready again, median",
                statistics.median(some),
                3,
                "s",
                f"{max(some):.1f} s worst",
            )
            for role, some in ready.items()
        ),
        Row("all handled and said after the last kill", took, "s"),
    ]


# two web processes against one


def hook(words: list[str]) -> list[Row]:
    """Messages a second into one web process, and into two."""
    p = argparse.ArgumentParser()
    p.add_argument("--requests", type=int, default=10_000)
    p.add_argument("--rounds", type=int, default=3)
    a = p.parse_args(words)
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(a.rounds):
        for count, found in rates.items():
            with cluster({"web": count}, "http://127.0.0.1:9") as made:
                found.append(_rate([one.port for one in made.processes], a.requests))
    one, two = statistics.median(rates[1]), statistics.median(rates[2])
    return [
        Row("hook on PostgreSQL, one web process", one, "msg/s"),
        Row("hook on PostgreSQL, two web processes", two, "msg/s"),
        at_least("two against one", two / one, 1.3, "×", "PostgreSQL and the load share the cores"),
    ]


def _rate(ports: Sequence[int], count: int) -> float:
    """64 connections over all processes together."""
    each = ("--n", str(count // len(ports)), "--concurrency", str(64 // len(ports)))
    loads = [
        subprocess.Popen(
            [
                *(sys.executable, "loadgen.py", "--url", f"http://127.0.0.1:{port}{HOOK}"),
                *(*each, "--warmup", "200", "--seed", str(port)),
            ],
            cwd=HERE,
            stdout=subprocess.PIPE,
        )
        for port in ports
    ]
    found = [json.loads(load.communicate()[0]) for load in loads]
    if any(load.returncode for load in loads):
        raise SystemExit("void: an answer was not 200")
    return sum(float(one["per_s"]) for one in found)


def main() -> None:
    """Run one of them."""
    which = {"kill": kill, "hook": hook}
    if len(sys.argv) < 2 or sys.argv[1] not in which:
        raise SystemExit(__doc__)
    print(f"== {sys.argv[1]} ({machine()})", flush=True)
    rows = which[sys.argv[1]](sys.argv[2:])
    show(rows)
    sys.exit(any(row.is_met is False for row in rows))


if __name__ == "__main__":
    main()
