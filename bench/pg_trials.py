"""F13 to F15: PostgreSQL restarted, failed over to its standby, cut off, while messages pour in.

Each is one `serve` that does all parts, on a server of the trial's own with fsync. A message that
is not acknowledged is sent again until it is. Whoever was told 200 must be in the database once and
handled once, and the process must go on by itself.
"""

import argparse
import asyncio
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import psycopg
from ground import HOOK, SHOUWANG, TOOLS, environment, free_port, wait_for
from loadgen import AES_KEY, RECEIVE_ID, TOKEN

from tests.fakes.postgres import USUAL, Postgres

Kept = tuple[bool, str]
DATABASE = "shouwang"
CUTS = ("drop", "up", "down", "reset", "delay/2")


class Standby(Postgres):
    """A copy that follows another server, which waits for it with each commit."""

    def __init__(self, first: Postgres, port: int) -> None:
        """Copy it, start, and let the first one wait for it from now on."""
        self._first = first
        super().__init__(USUAL, port)
        first.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        first.run("SELECT pg_reload_conf()")
        end = time.monotonic() + 30
        while not self._is_waited_for():
            if time.monotonic() > end:
                raise SystemExit("the standby did not become synchronous")
            time.sleep(0.05)

    def _is_waited_for(self) -> bool:
        at = {"host": "127.0.0.1", "port": self._first.port, "user": "postgres"}
        with psycopg.connect(**at) as connection:
            found = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
        return found == [("sync",)]

    def _fill(self) -> None:
        source = (self._bin / "pg_basebackup", "-h", "127.0.0.1", "-p", self._first.port)
        self._run(*source, "-U", "postgres", "-D", self.data, "-R", "-c", "fast")

    def promote(self) -> None:
        """Follow no more; it takes writes when this returns."""
        self._run(self._bin / "pg_ctl", "-D", self.data, "-w", "promote")


@contextmanager
def _server() -> Iterator[Postgres]:
    made = Postgres(USUAL, free_port())
    try:
        made.run(f"CREATE DATABASE {DATABASE}")
        yield made
    finally:
        made.close()


def _poured(
    url: str,
    during: Callable[[], object],
    after: Callable[[], object] | None = None,
    *,
    seconds: float = 0,
    recover: float = 10,
) -> dict[str, object]:
    """What came of messages that poured in while something was done to the database."""
    import disturb

    a = argparse.Namespace(
        cmd=f"{SHOUWANG} serve --port {{port}} --data {{data}}",
        list_cmd=f"{SHOUWANG} inbox --json --data {{data}}",
        ready_path="/readyz",
        hook_path=HOOK,
        token=TOKEN,
        aes_key=AES_KEY,
        receive_id=RECEIVE_ID,
        **dict.fromkeys(("cwd", "work", "fill_disk", "lock_sqlite", "pause")),
        **{"mode": "wecom", "seed": 1, "start_seconds": 30, "padding": 0},
        **{"links": 8, "rate": 120, "before": 2, "later": 6, "settle": 4},
        **{"during": during, "after": after, "seconds": seconds, "recover": recover},
    )
    with patch.dict("os.environ", environment() | {"SHOUWANG_DATABASE_URL": url}):
        return asyncio.run(disturb.main_async(a))


def restart(_: bool) -> Kept:
    """F13: restarted in order, restarted as in a crash, killed and started."""
    with _server() as server:
        stops = {
            "fast": server.stop,
            "immediate": partial(server.stop, "immediate"),
            "kill -9": server.kill,
        }
        url = server.url(DATABASE)
        return _said(
            {how: _poured(url, stop, server.start, recover=2) for how, stop in stops.items()}
        )


def failover(is_proof: bool) -> Kept:
    """F14: the first server is lost; its synchronous standby is promoted two seconds later."""
    return _said({f"failover {n}": _failed_over() for n in range(1, 6 if is_proof else 2)})


def _failed_over() -> dict[str, object]:
    with _server() as first:
        second = Standby(first, free_port())
        try:
            hosts = "&".join(f"host=127.0.0.1:{one.port}" for one in (first, second))
            url = f"postgresql+psycopg://postgres@/{DATABASE}?{hosts}"

            def lost() -> None:
                first.kill()
                time.sleep(2)  # whoever watches over it must be sure
                second.promote()

            found = _poured(f"{url}&target_session_attrs=read-write", lost)
        finally:
            second.close()
    if float(str(found["longest_gap_s"])) > 10:
        found["verdict"] = "fail"
    return found


def partition(is_proof: bool) -> Kept:
    """F15: nothing passes, one way alone, all is reset, all is slow; then well again."""
    found = {}
    with _server() as server, _link(server.port) as (port, set_to):
        url = f"postgresql+psycopg://postgres@/{DATABASE}?host=127.0.0.1:{port}"
        for cut in CUTS:
            during, after = partial(set_to, cut), partial(set_to, "pass")
            found[cut] = _poured(url, during, after, seconds=60 if is_proof else 8)
    return _said(found)


def dropped(is_proof: bool) -> Kept:
    """F15 again: the packets themselves are lost, so that TCP's own limits must notice."""
    if os.geteuid() or not all(map(shutil.which, ("unshare", "ip", "iptables"))):
        return False, "needs root, unshare, ip and iptables"
    words = [sys.executable, __file__, *(["--proof"] if is_proof else [])]
    words = ["unshare", "--net", "sh", "-c", f"ip link set lo up && exec {shlex.join(words)}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode == 0, (done.stdout or done.stderr[-400:]).strip()


def _dropped_here(is_proof: bool) -> Kept:
    """In a network of its own, where a rule of the firewall concerns nobody else."""
    with _server() as server:

        def rule(how: str) -> None:
            for end in ("--dport", "--sport"):
                words = ["iptables", how, "INPUT", "-p", "tcp", end, str(server.port), "-j", "DROP"]
                subprocess.run(words, check=True)

        seconds = 900 if is_proof else 20
        cut, heal = partial(rule, "-A"), partial(rule, "-D")
        found = _poured(server.url(DATABASE), cut, heal, seconds=seconds)
    return _said({f"packets dropped for {seconds} s": found})


@contextmanager
def _link(to: int) -> Iterator[tuple[int, Callable[[str], object]]]:
    """A relay before a port that can be told to misbehave."""
    port, control = free_port(), free_port()
    words = [sys.executable, str(TOOLS / "faulty_link.py"), "--listen", str(port)]
    words += ["--to", f"127.0.0.1:{to}", "--control", str(control)]

    def set_to(mode: str) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{control}/{mode}", timeout=5):
            pass

    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as relay:
        try:
            wait_for(f"http://127.0.0.1:{control}/state")
            yield port, set_to
        finally:
            relay.terminate()


def _said(found: dict[str, dict[str, object]]) -> Kept:
    is_kept = all(one["verdict"] == "pass" for one in found.values())
    return is_kept, "\n".join(f"{how}: {json.dumps(one)}" for how, one in found.items())


if __name__ == "__main__":
    kept, line = _dropped_here("--proof" in sys.argv)
    print(line)
    sys.exit(not kept)
