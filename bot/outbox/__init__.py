"""The outbox: what shall be said, paced, said, and what became of it.

queued ──claimed──▶ sending ──▶ sent
  ▲                    ├──▶ queued    throttled, unreachable: later
  │                    ├──▶ unknown   the request left, no answer: again with the same key until
  │                    │              a definite answer or expiry (listed as perhaps doubled)
  └── held (quiet      └──▶ failed    the platform's no, or our own filter's
      hours, restore)      expired, superseded: never said
"""

from bot.outbox.claiming import claim
from bot.outbox.fetching import passive, pending_for
from bot.outbox.queueing import ids_of, lines_since, put, put_all, supersede
from bot.outbox.row import (
    OPEN,
    Claim,
    Filter,
    Outbox,
    counts,
    next_due,
    outbound,
)
from bot.outbox.settling import LONGEST_WAIT_S, part_done, recover, settle, settle_all

__all__ = [
    "LONGEST_WAIT_S",
    "OPEN",
    "Claim",
    "Filter",
    "Outbox",
    "claim",
    "counts",
    "ids_of",
    "lines_since",
    "next_due",
    "outbound",
    "part_done",
    "passive",
    "pending_for",
    "put",
    "put_all",
    "recover",
    "settle",
    "settle_all",
    "supersede",
]
