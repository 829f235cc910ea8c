"""Notices to many groups and reminders to many people.

bench/run notices [--groups 1500]       serve, and a platform that answers after 100 ms
bench/run reminders [--people 10000]    all due at one instant
"""

import argparse
import json
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

import county
from ground import (
    TOOLS,
    Row,
    at_most,
    environment,
    folder,
    free_port,
    shouwang,
    wait_for,
)
from sqlmodel import Session, func, select

from app.settings import Settings, load_settings
from app.work import work_on
from bot import content
from bot.clock import ManualClock, SystemClock, local_day
from bot.domain.registry import Chat as Chat
from bot.outbox import Outbox
from bot.router import Kernel
from bot.store import Store
from handlers import broadcast, missing

CONNECTIONS, ANSWER_S = 64, 0.1
HOOKS = "groups"
TEXT = "明天上午各村消杀，请关好门窗。"


def notice(words: list[str]) -> list[Row]:
    """A county's notice: approved by the city, one part, a webhook a group."""
    p = argparse.ArgumentParser()
    p.add_argument("--groups", type=int, default=1_500)
    a = p.parse_args(words)
    port = free_port()
    command = [sys.executable, str(TOOLS / "mock_platform.py"), "--port", str(port)]
    command += ["--faults", "slow=1.0", "--slow-s", str(ANSWER_S)]
    api = f"http://127.0.0.1:{port}"
    with folder() as data, subprocess.Popen(command) as platform:
        try:
            wait_for(f"{api}/_stats")
            settings, author = county_of_groups(data, a.groups, api)
            store = Store(settings.database_url)
            with shouwang(data, api):
                approved, put_cpu = approve(store, settings, author)
                seconds, arrived = _until_all(api, a.groups, approved)
            with store.reading() as session:
                sent = session.exec(select(func.count()).where(Outbox.state == "sent")).one()
            store.close()
        finally:
            platform.terminate()
    ideal = a.groups * ANSWER_S / CONNECTIONS
    what = f"notice to {a.groups:,} groups"
    return [
        at_most(what, seconds / ideal, 2, "× ideal", f"{seconds:.1f} s; ideal {ideal:.1f} s"),
        Row(f"{what}, put into the outbox", put_cpu, "s CPU"),
        at_most(f"{what}, missed or doubled", abs(a.groups - arrived), 0, "groups"),
        at_most(f"{what}, not noted as sent", a.groups - sent, 0, "rows"),
    ]


def county_of_groups(data: Path, count: int, api: str) -> tuple[Settings, int]:
    """Groups with a webhook each, an author for the county, and the city above who says yes."""
    from app.schema import bring_up

    now = SystemClock().now()
    refs = [f"g{i}" for i in range(count)]
    settings = load_settings(data)
    store = Store(settings.database_url)
    bring_up(store)
    with store.begin() as session:
        world, villages = county.places(session, count, now)
        refs = county.groups(session, villages, HOOKS)
        author = world.cadre("王县长", "县值班", (county.CITY, county.COUNTY)).id or 0
        world.cadre("李市长", "县值班", (county.CITY,))
    store.close()
    hooks = ", ".join(f'"{ref}" = "key{ref}"' for ref in refs)
    table = (
        f'[channels.{HOOKS}]\nkind = "wecom_webhook"\napi_base = "{api}"\nhooks = {{ {hooks} }}\n'
    )
    (data / "shouwang.toml").write_text(table, "utf-8")
    return load_settings(data), author


def approve(store: Store, settings: Settings, author: int) -> tuple[float, float]:
    """The author writes, the second person says yes; when that was on disk, and what it cost."""
    with store.begin() as session:
        work = work_on(session, settings)
        place = broadcast.place_for(
            work, broadcast.scope_of(session, author, local_day(work.now)), ""
        )
        draft = broadcast.issue(
            work,
            author_id=author,
            place_id=place.id or 0,
            text=TEXT,
            due_at=work.now,
            expires_at=work.now + timedelta(days=1),
            is_urgent=True,
        )
        broadcast.approve(work, draft, author)
        second = broadcast.approvers(work, draft)[0]
        cpu = time.process_time()
        broadcast.approve(work, draft, second.id or 0)
        cpu = time.process_time() - cpu
    return time.time(), cpu


def _until_all(api: str, count: int, since: float) -> tuple[float, int]:
    """Seconds until the last delivery, and how many there were in the end."""
    end = time.time() + 180
    while time.time() < end:
        with urllib.request.urlopen(f"{api}/_stats", timeout=30) as answer:
            if json.load(answer)["deliveries"] >= count:
                break
        time.sleep(0.5)
    time.sleep(2)  # repeats would come now
    with urllib.request.urlopen(f"{api}/_deliveries", timeout=30) as answer:
        deliveries = json.load(answer)
    last = max((one["t"] for one in deliveries), default=time.time())
    return last + ANSWER_S - since, len(deliveries)


def reminders(words: list[str]) -> list[Row]:
    """Everybody of a county owes a report, nobody has given one: the first reminder is due."""
    p = argparse.ArgumentParser()
    p.add_argument("--people", type=int, default=10_000)
    a = p.parse_args(words)
    each = 100
    with folder() as data:
        store = _silent(data, a.people // each, each)
        clock = ManualClock(county.NOW)
        kernel = Kernel(content.load(), _channels(data), clock, b"bench", "cn-2020-01")
        with store.reading() as session:
            one = kernel.rules.current(county.NOW)
        due = one.starts_at + kernel.rules.remind_after[0]
        clock.set(due)
        began = time.perf_counter()
        with store.begin() as session:
            missing.walk(kernel.work(session))
        seconds = time.perf_counter() - began
        with store.reading() as session:
            queued = _queued(session)
        store.close()
    what = f"{a.people:,} reminders due at once"
    return [
        at_most(f"{what}, last one queued", seconds, 1, "s after"),
        at_most(f"{what}, not queued once", abs(a.people - queued), 0, "people"),
    ]


def _silent(data: Path, villages: int, each: int) -> Store:
    from app.schema import bring_up

    store = Store(f"sqlite:///{data / 'shouwang.db'}")
    bring_up(store)
    with store.begin() as session:
        _, ids = county.places(session, villages)
        county.people(session, ids, each)
        county.all_owe(session, ids, county.NOW - timedelta(days=9))
    return store


def _channels(data: Path) -> dict[str, object]:
    """The channel by which people are told, asked only for what it can."""
    from unittest.mock import patch

    from app.wiring import Parts, build
    from bot.channels.http import Http
    from bot.seal import Sealer

    async def nobody(unit: object) -> None:
        """Nothing is sent here."""

    with patch.dict("os.environ", environment()):
        settings = load_settings(data)
    parts = Parts(Http(), SystemClock(), nobody, Sealer(bytes(32)))
    return dict(build(dict(settings.channels), parts))


def _queued(session: Session) -> int:
    return session.exec(select(func.count()).where(Outbox.topic == "reminder")).one()
