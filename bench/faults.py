"""Every fault of the list, made to happen: F1 to F30, each a trial or a test that anyone can run.

    bench/fault              what there is
    bench/fault F1 F7        some of them
    bench/fault all          all of them, about twenty minutes
    bench/fault --proof F1   longer: a hundred trials

A trial ends with one line of JSON and its verdict. F7 needs root, F5 and F6 strace, F13 to F15
PostgreSQL (the wheel or Debian's), F15 root and iptables as well.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import pg_trials
import trials
from ground import HOOK, ROOT, SHOUWANG, TOOLS, environment, machine

SERVE = f"{SHOUWANG} serve --port {{port}} --data {{data}}"
LIST = f"{SHOUWANG} inbox --json --data {{data}}"
COMMON = ("--cmd", SERVE, "--ready-path", "/readyz", "--hook-path", HOOK)
LISTED = (*COMMON, "--list-cmd", LIST)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is made to happen, and by what."""

    what: str
    run: Callable[[bool], tuple[bool, str]]


def harness(
    name: str, usual: tuple[str, ...], proof: tuple[str, ...] = ()
) -> Callable[..., object]:
    """A harness of bench/tools with the words of the gate, or of the proof."""

    def run(is_proof: bool) -> tuple[bool, str]:
        words = proof if is_proof and proof else usual
        command = [sys.executable, str(TOOLS / name), *words]
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, check=False
        )
        try:
            found = json.loads(done.stdout)
        except ValueError:
            return False, (done.stdout + done.stderr)[-400:]
        found.pop("failures", None)
        return done.returncode == 0, json.dumps(found, ensure_ascii=False)

    return run


def tests(*names: str) -> Callable[..., object]:
    """Tests of the suite."""

    def run(_: bool) -> tuple[bool, str]:
        files = [str(ROOT / "tests" / name) for name in names]
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", *files]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stdout.strip().splitlines()[-1]

    return run


KILL = "kill9_trials.py"
DISTURB = "disturb.py"
FAULTS = {
    "F1": Fault(
        "kill -9 while messages come in",
        harness(KILL, (*LISTED, "--trials", "10"), (*LISTED, "--trials", "100")),
    ),
    "F2": Fault("kill -9 during a broadcast", trials.broadcast),
    "F3": Fault(
        "kill -9 again during recovery",
        harness(
            KILL,
            (*LISTED, "--trials", "5", "--double-kill", "1"),
            (*LISTED, "--trials", "50", "--double-kill", "1"),
        ),
    ),
    "F4": Fault(
        "kill -9 during migration, backup, restore",
        tests("e2e/test_backup.py", "contract/test_migrations.py"),
    ),
    "F5": Fault(
        "power cut: on disk before each 200",
        harness(
            "durable_ack.py",
            (*COMMON, "--messages", "50"),
            (*COMMON, "--messages", "2000"),
        ),
    ),
    "F6": Fault("fsync returns EIO", trials.sync_fails),
    "F7": Fault("disk full", harness(DISTURB, (*LISTED, "--fill-disk", "64"))),
    "F8": Fault(
        "data folder read-only, missing, a file",
        tests("unit/test_settings.py", "e2e/test_doctor.py"),
    ),
    "F9": Fault(
        "the file locked by another program",
        lambda proof: trials.both(
            harness(DISTURB, (*LISTED, "--lock-sqlite", "shouwang.db", "--seconds", "3"))(proof),
            harness(DISTURB, (*LISTED, "--lock-sqlite", "shouwang.db", "--seconds", "7"))(proof),
        ),
    ),
    "F10": Fault("a damaged database", trials.damage),
    "F11": Fault(
        "restore: byte-equal, and nothing old leaves by itself",
        tests("e2e/test_backup_follow.py", "e2e/test_backup.py"),
    ),
    "F12": Fault("migration from each older version", tests("contract/test_migrations.py")),
    "F13": Fault("PostgreSQL restarted, in order and as in a crash", pg_trials.restart),
    "F14": Fault("PostgreSQL lost, its synchronous standby promoted", pg_trials.failover),
    "F15": Fault(
        "PostgreSQL cut off",
        lambda proof: trials.both(pg_trials.partition(proof), pg_trials.dropped(proof)),
    ),
    "F16": Fault("two clocks; one paused", tests("unit/kernel/test_scheduler.py")),
    "F17": Fault(
        "the clock jumps; another time zone",
        lambda proof: trials.both(
            tests("unit/kernel/test_scheduler.py", "e2e/test_doctor.py")(proof),
            trials.other_zone(proof),
        ),
    ),
    "F18": Fault("down for three days", tests("unit/kernel/test_scheduler.py")),
    "F19": Fault(
        "the platform: 500, HTML, resets, slow, busy",
        tests("unit/kernel/test_sender.py", "contract/test_channel_webhook.py"),
    ),
    "F20": Fault("access token expired in the middle", trials.expired),
    "F21": Fault("platform limits and silent drops", tests("unit/kernel/test_outbox.py")),
    "F22": Fault("delivered, the answer lost", trials.lost_answers),
    "F23": Fault("the platform down for a while", trials.outage),
    "F24": Fault("floods, slow bodies, forged calls", trials.fuzz),
    "F25": Fault("a message that raises or never ends", tests("unit/kernel/test_dispatcher.py")),
    "F26": Fault("the process paused", harness(DISTURB, (*LISTED, "--pause", "--seconds", "8"))),
    "F27": Fault("few files to open", trials.few_files),
    "F28": Fault("a wrong setting", trials.wrong_setting),
    "F29": Fault(
        "orderly stop while messages come in",
        harness(
            KILL,
            (*LISTED, "--trials", "5", "--signal", "TERM"),
            (*LISTED, "--trials", "50", "--signal", "TERM"),
        ),
    ),
    "F30": Fault("an upgrade while messages pour", trials.upgrade),
}


def main() -> None:
    """Run what is named; 1 where a promise was broken."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    if not words:
        print("\n".join(f"{name:4} {fault.what}" for name, fault in FAULTS.items()))
        return
    broken = []
    for name in FAULTS if words == ["all"] else words:
        began = time.perf_counter()
        print(f"== {name} {FAULTS[name].what} ({machine()})", flush=True)
        is_kept, line = FAULTS[name].run("--proof" in sys.argv)
        print(f"{line}\n   {'kept' if is_kept else 'BROKEN'}, {time.perf_counter() - began:.0f} s")
        sys.stdout.flush()
        broken += [] if is_kept else [name]
    print(f"broken: {' '.join(broken) or 'none'}")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
