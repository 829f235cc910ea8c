"""Broadcasts to many groups through a faulty platform while the sender is killed; counts losses and repeats.

    python broadcast_trials.py --cmd "shouwang serve --port {port} --data {data}" \
        --targets 60 --robots 4 --notices 2 --kills 3 --faults http500=0.03,reset=0.02,lost=0.02,busy=0.03

The mock platform is started here; its address replaces {api}. Each notice is queued by POST to --broadcast-path
({"notice", "text", "targets"}), or by --trigger-cmd, where {notice} {text} {targets_file} {port} {data} {api} are replaced
(targets_file holds a JSON array). Each is triggered twice, as an impatient cadre would. Then the process is killed -9 at
random moments and started again each time. At the end each (notice, group) must have arrived exactly once; repeats count
as unknowable only where the answer was lost or a kill fell right after it, and these may be at most --in-flight for each
kill plus one for each lost answer. Exit status 0: pass, 1: a promise was broken, 2: could not run.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2 as httpx

from kill9_trials import Process, arguments, finish, free_ports
from mock_platform import check


def expected_of(a: argparse.Namespace, n: int) -> tuple[list[str], list[dict]]:
    targets = [f"chat{n:03d}x{i:05d}" for i in range(a.targets)] + [f"robot:r{n:03d}x{i:04d}" for i in range(a.robots)]
    notices = [{"notice": f"n{n}-{k}", "text": f"【通知 {n:03d}-{k:02d}】请各组做好体温监测，{advice(k)}。", "targets": targets}
               for k in range(a.notices)]
    return targets, notices


def advice(k: int) -> str:
    return ("早晚各报一次", "有发热先打电话", "不聚餐不串门")[k % 3]


async def trial(a: argparse.Namespace, n: int, rng: random.Random, top: str) -> dict:
    data = os.path.join(top, f"b{n}")
    os.makedirs(data)
    port, api_port = free_ports(2)
    a.api = f"http://127.0.0.1:{api_port}"
    mock = subprocess.Popen([sys.executable, str(Path(__file__).with_name("mock_platform.py")), "--port", str(api_port),
                             "--seed", str(a.seed + n), "--faults", a.faults, "--timeout-s", "4", "--slow-s", "0.5",
                             "--robot-limit", str(a.robot_limit), "--expire", str(a.expire),
                             "--window-s", str(a.window_s)], start_new_session=True)
    server = Process(a, data, port)
    kills: list[float] = []
    out: dict = {"trial": n}
    targets, notices = expected_of(a, n)
    expected = [{"target": t, "text": x["text"]} for x in notices for t in targets]
    try:
        async with httpx.AsyncClient(timeout=20) as http:
            for _ in range(100):
                try:
                    await http.get(f"{a.api}/_stats")
                    break
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
            await server.start()
            for x in notices * 2:
                if a.trigger_cmd:
                    tf = Path(data, f"{x['notice']}.json")
                    tf.write_text(json.dumps(x["targets"]))
                    line = (a.trigger_cmd.replace("{notice}", x["notice"]).replace("{text}", x["text"])
                            .replace("{targets_file}", str(tf)))
                    subprocess.run(server.command(line), check=True, capture_output=True, cwd=a.cwd)
                else:
                    r = await http.post(f"http://127.0.0.1:{port}{a.broadcast_path}", json=x)
                    r.raise_for_status()
            begin = time.perf_counter()
            next_kill = begin + rng.uniform(*a.between)
            quiet, last = begin, -1
            while time.perf_counter() - begin < a.limit:
                await asyncio.sleep(0.02)
                now = time.perf_counter()
                if len(kills) < a.kills and now >= next_kill:
                    kills.append(time.time())
                    server.kill(signal.SIGKILL)
                    await server.start()
                    next_kill = time.perf_counter() + rng.uniform(*a.between)
                    continue
                if int(now * 50) % 25 == 0:
                    deliveries = (await http.get(f"{a.api}/_deliveries")).json()
                    quiet, last = (now, len(deliveries)) if len(deliveries) != last else (quiet, last)
                    if len(kills) >= a.kills and now - quiet > a.quiet and not check(deliveries, expected)["lost"]:
                        break
                    if now - quiet > a.stall and len(kills) >= a.kills:
                        break
            out["seconds"] = round(time.perf_counter() - begin, 1)
            deliveries = (await http.get(f"{a.api}/_deliveries")).json()
            stats = (await http.get(f"{a.api}/_stats")).json()
    except (RuntimeError, httpx.HTTPError, subprocess.CalledProcessError) as e:
        return out | {"ok": False, "error": f"{type(e).__name__}: {e}"}
    finally:
        server.kill()
        mock.terminate()
        mock.wait()
    found = check(deliveries, expected, kills)
    unanswered = sum(1 for d in deliveries if not d["answered"])
    allowance = len(kills) * a.in_flight + unanswered
    calls = stats.get("calls", 0) - stats.get("token_calls", 0)
    out |= {"kills": len(kills), "check": found, "stats": stats, "allowance": allowance}
    reasons = [k for k in ("lost", "avoidable_repeats", "wrong_target") if found[k]]
    if found["unknowable_repeats"] > allowance:
        reasons.append("too many unknowable repeats")
    if stats.get("token_calls_worst_minute", 0) > a.token_calls + len(kills):
        reasons.append("token stampede")
    refused = sum(stats.get(k, 0) for k in ("limit_robot", "limit_people", "limit_all"))
    if refused > a.refusals * max(1, len(expected)):
        reasons.append("hammering: limits hit")
    out |= {"refused_by_limits": refused, "calls_per_delivery": round(calls / max(1, len(deliveries)), 2),
            "ok": not reasons, "reasons": reasons}
    return out


async def main_async(a: argparse.Namespace) -> dict:
    rng = random.Random(a.seed)
    top = tempfile.mkdtemp(prefix="cast-", dir=a.work)
    begin = time.perf_counter()
    trials = []
    for n in range(a.trials):
        t = await trial(a, n, rng, top)
        trials.append(t)
        if a.verbose:
            print(json.dumps(t, ensure_ascii=False), file=sys.stderr, flush=True)
    shutil.rmtree(top)
    keys = ("expected", "deliveries", "once", "lost", "avoidable_repeats", "unknowable_repeats", "wrong_target")
    total = {k: sum(t.get("check", {}).get(k, 0) for t in trials) for k in keys}
    failed = [t for t in trials if not t["ok"]]
    return {"verdict": "fail" if failed else "pass", "trials": a.trials, "failed": len(failed), "seed": a.seed,
            "kills": sum(t.get("kills", 0) for t in trials), "seconds": round(time.perf_counter() - begin, 1), "total": total,
            "reasons": sorted({r for t in failed for r in t.get("reasons", [t.get("error", "?")])}),
            "token_calls_worst_minute": max((t.get("stats", {}).get("token_calls_worst_minute", 0) for t in trials), default=0),
            "refused_by_limits": sum(t.get("refused_by_limits", 0) for t in trials), "failures": failed[:3]}


def main() -> None:
    p = arguments(__doc__)
    p.add_argument("--broadcast-path", default="/broadcast")
    p.add_argument("--trigger-cmd", help="queues one notice instead of the POST")
    p.add_argument("--trials", type=int, default=3)
    p.add_argument("--targets", type=int, default=60, help="app chats")
    p.add_argument("--robots", type=int, default=4, help="group robots")
    p.add_argument("--notices", type=int, default=2)
    p.add_argument("--kills", type=int, default=3, help="per trial")
    p.add_argument("--between", type=float, nargs=2, default=(0.1, 0.8), help="seconds before each kill")
    p.add_argument("--faults", default="http500=0.03,reset=0.02,lost=0.02,busy=0.03,slow=0.01,badjson=0.01")
    p.add_argument("--robot-limit", type=int, default=20)
    p.add_argument("--window-s", type=float, default=60.0, help="length of the platform's limit window; shorten it for a quick test")
    p.add_argument("--expire", type=int, default=7200)
    p.add_argument("--in-flight", type=int, default=1, help="sends under way at once in the sender")
    p.add_argument("--token-calls", type=int, default=10, help="token fetches in the worst minute, beside one a start")
    p.add_argument("--refusals", type=float, default=0.2, help="refusals by limits allowed, as a share of what was expected")
    p.add_argument("--limit", type=float, default=120, help="seconds for one trial")
    p.add_argument("--quiet", type=float, default=3.0, help="wait this long for late repeats")
    p.add_argument("--stall", type=float, default=20.0, help="give up after this long without a delivery")
    a = p.parse_args()
    finish(asyncio.run(main_async(a)), a)


if __name__ == "__main__":
    main()
