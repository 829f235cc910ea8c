"""The outbox by itself: rows in, claimed, marked, by the product's own functions.

bench/run outbox [--rows 100000] [--store sqlite postgresql]
"""

import argparse
import time
from collections.abc import Iterator
from datetime import timedelta

import county
from ground import Row, at_least, at_most
from stores import KINDS, store_of

from app.schema import bring_up
from bot import outbox
from bot.channels.local import Local
from bot.outbox import Claim
from bot.store import Store


def rows(words: list[str]) -> list[Row]:
    """So many rows in one transaction; then claimed a hundred at a time and each marked."""
    p = argparse.ArgumentParser()
    p.add_argument("--rows", type=int, default=100_000)
    p.add_argument("--claims", type=int, default=20_000, help="how many of them are claimed")
    p.add_argument("--store", nargs="*", default=KINDS)
    a = p.parse_args(words)
    return [row for kind in a.store for row in _of(kind, a.rows, a.claims)]


def _of(kind: str, count: int, claims: int) -> Iterator[Row]:
    with store_of(kind) as store:
        bring_up(store)
        given = [_row(n) for n in range(count)]
        began, cpu = time.perf_counter(), time.process_time()
        with store.begin() as session:
            outbox.put_all(session, given)
        put_s, put_cpu = time.perf_counter() - began, time.process_time() - cpu
        began, cpu = time.perf_counter(), time.process_time()
        marked = _drain(store, claims)
        rate = marked / (time.perf_counter() - began)
        cpu_us = 1e6 * (time.process_time() - cpu) / marked
    what = f"outbox, {kind}"
    yield at_most(f"{what}, {count:,} rows in one transaction", put_s, 2, "s", f"CPU {put_cpu:.1f}")
    yield at_least(f"{what}, claimed and marked", rate, 10_000, "rows/s", f"CPU {cpu_us:.0f} µs")


def _row(n: int) -> dict[str, object]:
    return {
        "key": f"bench:{n}",
        "channel": "bench",
        "chat": f"g{n}",
        "chat_kind": "group",
        "topic": "notice",
        "text": "明天上午各村消杀，请关好门窗。",
        "created_at": county.NOW,
        "due_at": county.NOW,
    }


def _drain(store: Store, count: int) -> int:
    """As the sender does it: what became of a batch and the claim of the next commit together."""
    channels = {"bench": Local("bench", lambda message: None)}
    now, marked = county.NOW + timedelta(seconds=1), 0
    said: list[Claim] = []
    while marked < count:
        with store.plain() as session:
            outbox.settle_all(session, [(claimed, "ok") for claimed in said], now)
            marked += len(said)
            said = outbox.claim(session, now, channels, lambda s, row: "", limit=100)
        if not said:
            break
    return marked
