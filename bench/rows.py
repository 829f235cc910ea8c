"""The outbox by itself: rows in, claimed, marked, by the product's own functions.

bench/run outbox [--rows 100000]
"""

import argparse
import time
from datetime import timedelta

import county
from ground import Row, at_least, at_most, folder

from app.schema import bring_up
from bot import outbox
from bot.channels.local import Local
from bot.store import Store


def rows(words: list[str]) -> list[Row]:
    """So many rows in one transaction; then claimed a hundred at a time and each marked."""
    p = argparse.ArgumentParser()
    p.add_argument("--rows", type=int, default=100_000)
    p.add_argument("--claims", type=int, default=5_000, help="how many of them are claimed")
    a = p.parse_args(words)
    with folder() as data:
        store = Store(f"sqlite:///{data / 'shouwang.db'}")
        bring_up(store)
        began = time.perf_counter()
        with store.begin() as session:
            outbox.put_all(session, [_row(n) for n in range(a.rows)])
        put_s = time.perf_counter() - began
        began = time.perf_counter()
        marked = _drain(store, a.claims)
        rate = marked / (time.perf_counter() - began)
        store.close()
    return [
        at_most(f"outbox, {a.rows:,} rows in one transaction", put_s, 2, "s"),
        at_least("outbox, claimed and marked", rate, 10_000, "rows/s"),
    ]


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
    """As the sender does it: a claim is a transaction, what became of its rows another."""
    channels = {"bench": Local("bench", lambda message: None)}
    now, marked = county.NOW + timedelta(seconds=1), 0
    while marked < count:
        with store.begin() as session:
            claims = outbox.claim(session, now, channels, lambda s, row: "", limit=100)
        if not claims:
            break
        with store.begin() as session:
            outbox.settle_all(session, [(claimed, "ok") for claimed in claims], now)
        marked += len(claims)
    return marked
