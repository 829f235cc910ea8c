"""All benches, one table: the ratios to the peers are of the same run.

bench/run                all of them, about 25 minutes
bench/run hook turn      some
bench/run turn --requests 300
bench/run --list
"""

import sys
import time

import drills
import hook
import notices
import readings
import rows as outbox_rows
from ground import Row, machine, show

BENCHES = {
    "hook": (hook.closed, "64 connections against the echo; 20 % repeats"),
    "open": (hook.open_loop, "300 a second for a minute"),
    "turn": (hook.turn, "whole turns until the inbox is empty"),
    "notices": (notices.notice, "a notice to 1,500 groups, a platform that takes 100 ms"),
    "outbox": (outbox_rows.rows, "100,000 rows in, claimed and marked"),
    "reminders": (notices.reminders, "10,000 reminders due at one instant"),
    "readings": (readings.questions, "three questions over 10 million readings"),
    "ready": (drills.ready, "from start to ready, memory"),
    "restore": (drills.restored, "restore of a million readings"),
    "corrupt": (drills.corrupted, "100 damaged copies"),
}


def main() -> None:
    """Run what is named, words behind a name go to it."""
    words = sys.argv[1:]
    if "--list" in words:
        for name, (_, what) in BENCHES.items():
            print(f"{name:10} {what}")
        return
    names = [word for word in words if word in BENCHES]
    options = [word for word in words if word not in BENCHES]
    rows: list[Row] = []
    for name in names or BENCHES:
        began = time.perf_counter()
        print(f"== {name}: {BENCHES[name][1]} ({machine()})", flush=True)
        found = BENCHES[name][0](options if names else [])
        rows += found
        show(found)
        print(f"   {time.perf_counter() - began:.0f} s, {machine()}", flush=True)
    if len(names) != 1:
        show(rows)
    sys.exit(any(row.is_met is False for row in rows))


if __name__ == "__main__":
    main()
