"""Kills a server with SIGKILL at random moments under load and proves that nothing acknowledged was lost or doubled.

    python kill9_trials.py --cmd "shouwang serve --port {port} --data {data}" \
        --list-path /stored --trials 20 --seed 1 [--json OUT]

One trial: start, send distinct sealed messages at a rate, kill -9 the whole process group at a random moment, start again
on the same data, send what was not acknowledged again (as the platform does, up to 3 times) and also a share of what
was acknowledged (the platform's duplicate), perhaps kill once more meanwhile, wait until handling has settled, list.
Every acknowledged message must be stored once and handled once; nothing may be handled twice; the list must be readable.

The list is JSON (array or lines) of {"id", "stored", "handled"}, from --list-path (asked of the running server)
or --list-cmd (may use {data} and {port}). "stored" and "handled" default to 1.
Exit status 0: pass, 1: a promise was broken, 2: could not run.
"""

import argparse
import asyncio
import json
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

import wx


def free_ports(n: int) -> list[int]:
    """Different ports that are free now."""
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def free_port() -> int:
    return free_ports(1)[0]


class Process:
    """The server under test, in a process group of its own."""

    def __init__(self, a: argparse.Namespace, data: str, port: int) -> None:
        self.a, self.data, self.port = a, data, port
        self.popen: subprocess.Popen | None = None

    def command(self, template: str) -> list[str]:
        return shlex.split(template.replace("{port}", str(self.port)).replace("{data}", self.data)
                           .replace("{api}", getattr(self.a, "api", "")))

    async def start(self) -> float:
        """Seconds until it answers."""
        begin = time.perf_counter()
        with open(os.path.join(self.data, "server.log"), "ab") as log:
            self.popen = subprocess.Popen(self.command(self.a.cmd), stdout=log, stderr=log, start_new_session=True,
                                          cwd=self.a.cwd)
        while time.perf_counter() - begin < self.a.start_seconds:
            if self.popen.poll() is not None:
                raise RuntimeError(f"the server ended with {self.popen.returncode}")
            link = wx.Link("127.0.0.1", self.port, 2)
            ans = await link.send([wx.request(f"http://127.0.0.1:{self.port}{self.a.ready_path}", None, method="GET")])
            link.close()
            if ans.status and ans.status < 500:
                return time.perf_counter() - begin
            await asyncio.sleep(0.02)
        raise RuntimeError("the server did not become ready")

    def kill(self, sig: int = signal.SIGKILL) -> None:
        if self.popen and self.popen.poll() is None:
            os.killpg(self.popen.pid, sig)
            try:
                self.popen.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.popen.pid, signal.SIGKILL)
                self.popen.wait()

    async def listing(self) -> dict[str, dict]:
        if self.a.list_cmd:
            done = await asyncio.to_thread(subprocess.run, self.command(self.a.list_cmd), capture_output=True, text=True,
                                           cwd=self.a.cwd)
            if done.returncode:
                raise RuntimeError(f"the list failed: {done.stderr[-300:]}")
            text = done.stdout.strip()
        else:
            link = wx.Link("127.0.0.1", self.port, 30)
            ans = await link.send([wx.request(f"http://127.0.0.1:{self.port}{self.a.list_path}", None, method="GET")])
            link.close()
            if ans.status != 200:
                raise RuntimeError(f"the list failed: {ans.status or ans.why}")
            text = ans.body.decode()
        rows = json.loads(text) if text.startswith("[") else [json.loads(x) for x in text.splitlines() if x]
        out: dict[str, dict] = {}
        for r in rows:
            r = r if isinstance(r, dict) else {"id": str(r)}
            kept = out.setdefault(str(r["id"]), {"stored": 0, "handled": 0})
            kept["stored"] += r.get("stored", 1)
            kept["handled"] += r.get("handled", 1)
        return out


@dataclass
class Load:
    """Sends each message once; remembers what was acknowledged, refused, or left unknown."""

    port: int
    path: str
    crypt: wx.Crypt
    mode: str
    bodies: dict[str, bytes] = field(default_factory=dict)
    acked: set[str] = field(default_factory=set)
    inflight: set[str] = field(default_factory=set)
    refused: int = 0
    slow: int = 0
    sends: int = 0
    slowest: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    async def deliver(self, link: wx.Link, msg_id: str) -> bool:
        e = self.crypt.encrypt(self.bodies[msg_id])
        q = self.crypt.query(e, str(int(time.time())), str(random.randrange(10**10)), self.mode)
        self.inflight.add(msg_id)
        self.sends += 1
        ans = await link.send([wx.request(self.url, q, wx.envelope(e, self.crypt.receive_id))])
        self.inflight.discard(msg_id)
        self.slowest = max(self.slowest, ans.seconds)
        if ans.status == 200 and ans.seconds <= 5.0:
            self.acked.add(msg_id)
            return True
        self.slow += ans.status == 200
        self.refused += ans.status not in (0, 200)
        return False

    async def pour(self, ids: list[str], links: int, rate: float, stop: asyncio.Event) -> None:
        """Send ids in order over several connections, about rate a second, until stopped."""
        it = iter(ids)
        begin, count = time.perf_counter(), 0

        async def one() -> None:
            nonlocal count
            link = wx.Link("127.0.0.1", self.port, 8)
            for i in it:
                count += 1
                if (ahead := count / rate - (time.perf_counter() - begin)) > 0:
                    await asyncio.sleep(ahead)
                if stop.is_set():
                    break
                await self.deliver(link, i)
            link.close()

        await asyncio.gather(*(one() for _ in range(links)))


async def trial(a: argparse.Namespace, n: int, rng: random.Random, data: str) -> dict:
    port = free_port()
    server = Process(a, data, port)
    load = Load(port, a.hook_path, wx.Crypt(a.token, a.aes_key, a.receive_id), a.mode)
    ids = [f"7{n % 10**5:05d}{k:06d}{rng.randrange(10**5):05d}" for k in range(a.messages)]
    for k, i in enumerate(ids):
        load.bodies[i] = wx.text_message(i, f"u{k % 97}", f"我{36 + k % 2}.{k % 9}", to=a.receive_id)
    out: dict = {"trial": n, "restart_s": []}
    try:
        await server.start()
        stop = asyncio.Event()
        pouring = asyncio.create_task(load.pour(ids, a.links, a.rate, stop))
        await asyncio.sleep(rng.uniform(*a.window))
        out["in_flight_at_kill"] = len(load.inflight)
        server.kill(getattr(signal, f"SIG{a.signal}"))
        stop.set()
        await pouring
        out["acked_at_kill"] = len(load.acked)
        sent = [i for i in ids if i in load.acked] + [i for i in ids if i not in load.acked][: a.links * 3]

        out["restart_s"].append(round(await server.start(), 3))
        before = await server.listing()
        out["stored_but_unanswered"] = sum(1 for i in before if i not in load.acked)

        again = [i for i in sent if i not in load.acked] + [i for i in load.acked if rng.random() < a.duplicates]
        rng.shuffle(again)
        double = rng.random() < a.double_kill
        for attempt in range(3):
            stop = asyncio.Event()
            pouring = asyncio.create_task(load.pour(again, a.links, a.rate, stop))
            if double and attempt == 0:
                await asyncio.sleep(rng.uniform(0.01, 0.4))
                server.kill()
                stop.set()
                await pouring
                out["restart_s"].append(round(await server.start(), 3))
            else:
                await pouring
            again = [i for i in again if i not in load.acked]
            if not again:
                break

        deadline = time.perf_counter() + a.settle
        rows = await server.listing()
        while time.perf_counter() < deadline:
            if all(rows.get(i, {}).get("handled", 0) >= 1 for i in load.acked):
                await asyncio.sleep(0.3)
                rows = await server.listing()
                break
            await asyncio.sleep(0.1)
            rows = await server.listing()
        out |= {
            "acked": len(load.acked), "never_acked": len(again), "refused": load.refused, "late_200": load.slow,
            "slowest_s": round(load.slowest, 3),
            "lost": sum(1 for i in load.acked if rows.get(i, {}).get("stored", 0) < 1),
            "stored_twice": sum(1 for r in rows.values() if r["stored"] > 1),
            "unhandled": sum(1 for i in load.acked if i in rows and rows[i]["handled"] < 1),
            "handled_twice": sum(1 for r in rows.values() if r["handled"] > 1),
            "unknown_ids": sum(1 for i in rows if i not in load.bodies) if not a.same_data else 0,
        }
    except RuntimeError as e:
        out["error"] = str(e)
    finally:
        server.kill()
    keys = ("lost", "stored_twice", "unhandled", "handled_twice", "unknown_ids", "error")
    out["ok"] = not any(out.get(k) for k in keys)
    return out


async def main_async(a: argparse.Namespace) -> dict:
    rng = random.Random(a.seed)
    top = tempfile.mkdtemp(prefix="kill9-", dir=a.work)
    trials = []
    begin = time.perf_counter()
    for n in range(a.trials):
        data = os.path.join(top, "same" if a.same_data else f"t{n}")
        os.makedirs(data, exist_ok=True)
        t = await trial(a, n, rng, data)
        trials.append(t)
        if a.verbose:
            print(json.dumps(t), file=sys.stderr, flush=True)
        if t["ok"] and not a.same_data:
            shutil.rmtree(data)
    total = {k: sum(t.get(k, 0) for t in trials) for k in (
        "acked", "never_acked", "refused", "late_200", "in_flight_at_kill", "stored_but_unanswered",
        "lost", "stored_twice", "unhandled", "handled_twice", "unknown_ids")}
    restarts = [x for t in trials for x in t["restart_s"]]
    failed = [t for t in trials if not t["ok"]]
    if not failed:
        shutil.rmtree(top)
    return {"verdict": "fail" if failed else "pass", "trials": a.trials, "failed": len(failed), "kills": len(restarts),
            "seed": a.seed, "seconds": round(time.perf_counter() - begin, 1), "total": total,
            "restart_s": {"median": round(wx.percentile(restarts, 0.5), 3), "max": max(restarts, default=0)},
            "hard_hits": sum(1 for t in trials if t.get("stored_but_unanswered")),
            "failures": failed[:5], **({"kept": top} if failed else {})}


def arguments(doc: str) -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cmd", required=True, help="how to start the server; {port} and {data} are replaced")
    p.add_argument("--cwd", default=None)
    p.add_argument("--ready-path", default="/healthz", help="answers below 500 when ready")
    p.add_argument("--start-seconds", type=float, default=30)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--work", default=None, help="where the data folders go (a folder on the disk to be tested)")
    p.add_argument("--verbose", action="store_true")
    p.add_argument("--json", help="write the result here too")
    return p


def finish(result: dict, a: argparse.Namespace) -> None:
    text = json.dumps(result, ensure_ascii=False, indent=1)
    if a.json:
        with open(a.json, "w") as f:
            f.write(text)
    print(text)
    sys.exit(result["verdict"] != "pass")


def main() -> None:
    p = arguments(__doc__)
    p.add_argument("--hook-path", default="/hook")
    p.add_argument("--list-path", default="/stored")
    p.add_argument("--list-cmd", help="prints the list; {data} and {port} are replaced")
    p.add_argument("--token", default=wx.TEST_TOKEN)
    p.add_argument("--aes-key", default=wx.TEST_AES_KEY)
    p.add_argument("--receive-id", default=wx.TEST_RECEIVE_ID)
    p.add_argument("--mode", choices=["wecom", "mp"], default="wecom")
    p.add_argument("--trials", type=int, default=20)
    p.add_argument("--messages", type=int, default=4000, help="at most, per trial")
    p.add_argument("--rate", type=float, default=800)
    p.add_argument("--links", type=int, default=16)
    p.add_argument("--window", type=float, nargs=2, default=(0.2, 1.5), help="the kill falls in these seconds")
    p.add_argument("--duplicates", type=float, default=0.2, help="share of acknowledged messages sent again")
    p.add_argument("--double-kill", type=float, default=0.3, help="share of trials with a second kill during the resend")
    p.add_argument("--settle", type=float, default=10)
    p.add_argument("--signal", default="KILL", help="TERM for an orderly stop")
    p.add_argument("--same-data", action="store_true", help="one data folder for all trials")
    a = p.parse_args()
    finish(asyncio.run(main_async(a)), a)


if __name__ == "__main__":
    main()
