"""What all benches stand on: the server under test, the peer, the load, and rows of the table."""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TOOLS = HERE / "tools"
BIN = Path(sys.executable).parent
SHOUWANG = str(BIN / "shouwang")
sys.path[:0] = [str(ROOT), str(HERE), str(TOOLS)]

CHANNEL = "county"
HOOK = f"/hook/{CHANNEL}"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: what was measured, its value, the peer's, and the goal."""

    what: str
    value: float
    unit: str
    goal: str = ""  # as people read it
    is_met: bool | None = None
    note: str = ""


def at_least(what: str, value: float, goal: float, unit: str = "", note: str = "") -> Row:
    """A row whose value must not be below the goal."""
    return Row(what, value, unit, f"≥ {goal:g}", value >= goal, note)


def at_most(what: str, value: float, goal: float, unit: str = "", note: str = "") -> Row:
    """A row whose value must not be above the goal."""
    return Row(what, value, unit, f"≤ {goal:g}", value <= goal, note)


def show(rows: Sequence[Row]) -> None:
    """Print the rows as one table."""
    marks = {True: "yes", False: "NO", None: ""}
    print("\n| what | value | goal | met | remark |\n|--|--|--|--|--|")
    for row in rows:
        value = f"{row.value:,.0f}" if abs(row.value) >= 1000 else f"{row.value:.3g}"
        print(
            f"| {row.what} | {value} {row.unit} | {row.goal} | {marks[row.is_met]} | {row.note} |"
        )
    sys.stdout.flush()


def machine() -> str:
    """Cores, memory, interpreter and the load of the last minute: beside every figure."""
    names = ("SC_PAGE_SIZE", "SC_PHYS_PAGES")
    memory = os.sysconf(names[0]) * os.sysconf(names[1]) / 2**30
    load = os.getloadavg()[0]
    version = sys.version.split()[0]
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {version}, load {load:.1f}"


def environment(api: str = "http://127.0.0.1:9") -> dict[str, str]:
    """The environment of a server with one channel and the load generator's made-up credentials."""
    import loadgen

    table = {
        "KIND": "wecom_app",
        "TOKEN": loadgen.TOKEN,
        "RECEIVE_ID": loadgen.RECEIVE_ID,
        "AES_KEY": loadgen.AES_KEY,
        "SECRET": "s",
        "AGENT_ID": "1000002",
        "API_BASE": api,
    }
    own = {f"SHOUWANG_CHANNELS__{CHANNEL.upper()}__{key}": word for key, word in table.items()}
    return {**os.environ, **own, "SHOUWANG_LOG_LEVEL": "warning"}  # noqa: TID251


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one trial, on the disk that is measured (TMPDIR)."""
    made = Path(tempfile.mkdtemp(prefix="shouwang-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def answers(url: str) -> int:
    """The status at an address, 0 where nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_for(url: str, seconds: float = 30.0, status: int = 200) -> float:
    """Wait until an address answers so; how long that took."""
    began = time.perf_counter()
    while answers(url) != status:
        if time.perf_counter() - began > seconds:
            raise SystemExit(f"{url} did not answer {status} within {seconds:g} s")
        time.sleep(0.02)
    return time.perf_counter() - began


@contextmanager
def running(
    command: Sequence[str], env: dict[str, str], url: str, status: int = 200
) -> Iterator["subprocess.Popen[bytes]"]:
    """A server that is ready; ended in order afterwards."""
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, cwd=HERE, env=env, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_for(url, status=status)
            time.sleep(1.0)  # what a start leaves behind is not what is measured
            yield server
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@contextmanager
def shouwang(data: Path, api: str = "http://127.0.0.1:9") -> Iterator[tuple[int, int]]:
    """`serve` on a data folder: its port and process."""
    port = free_port()
    command = [SHOUWANG, "serve", "--port", str(port), "--data", str(data)]
    with running(command, environment(api), f"http://127.0.0.1:{port}/readyz") as server:
        yield port, server.pid


@contextmanager
def echo() -> Iterator[tuple[int, int]]:
    """The peer b1: FastAPI and wechatpy, an echo that stores nothing."""
    port = free_port()
    command = [str(BIN / "uvicorn"), "echo:app", "--port", str(port), "--no-access-log"]
    command += ["--log-level", "warning"]
    url = f"http://127.0.0.1:{port}/none"
    with running(command, environment(), url, status=404) as server:
        yield port, server.pid


def load(url: str, *words: str) -> dict[str, float]:
    """One run of the load generator; a run with any answer but 200 is void."""
    command = [sys.executable, "loadgen.py", "--url", url, *words]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"void: {done.stdout[-600:]}{done.stderr[-600:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def inbox(data: Path) -> list[dict[str, int]]:
    """What `shouwang inbox --json` lists, beside a running server or alone."""
    command = [SHOUWANG, "inbox", "--json", "--data", str(data)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def metric(port: int, name: str) -> float:
    """One series of /metrics, labels and all."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.rsplit(" ", 1)[1])
    raise SystemExit(f"/metrics has no {name}")


def medians(rounds: int, *measures: Callable[[], dict[str, float]]) -> list[dict[str, float]]:
    """Each measure in turn, so many rounds, so that a noisy minute hits all; the medians."""
    found: list[list[dict[str, float]]] = [[] for _ in measures]
    for _ in range(rounds):
        for kept, measure in zip(found, measures, strict=True):
            kept.append(measure())
    return [
        {
            key: statistics.median(one[key] for one in some)
            for key in some[0]
            if isinstance(some[0][key], int | float)
        }
        for some in found
    ]
