"""Commands about what is kept: inbox, outbox, backup, restore, doctor, migrate, report, audit.

What only one command needs is imported in it, so that `serve` starts sooner.
"""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from app.asked import line, questions_of
from app.cli_base import DATA, fail, progress, say
from app.schema import bring_up
from app.settings import Settings, database, load_settings, ready_folder
from bot import inbox as inboxes
from bot.clock import SystemClock, local, local_day
from bot.domain import audit as audits
from bot.domain import temperature
from bot.domain.registry import Place, PlaceKind, path_words, places_below
from bot.domain.temperature import SlotSummary
from bot.inbox import Inbox
from bot.store import Store

audit = typer.Typer(help="留痕：谁看了什么、改了什么。", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    """Hang the commands of this file on the one command."""
    app.command(help="收到的消息，每条一行。服务跑着也能用。\n\n例：shouwang inbox --json")(inbox)
    app.command(help="恢复以后压着的话：看有几条，点头再发。\n\n例：shouwang outbox --release")(
        outbox
    )
    app.command(help="备份，服务跑着也行。\n\n例：shouwang backup /备份/")(backup)
    app.command(help="从备份恢复，先停下服务。\n\n例：shouwang restore /备份/shouwang-….tar.gz")(
        restore
    )
    app.command(help="体检：哪里不对，怎么办。\n\n例：shouwang doctor")(doctor)
    app.command(
        help="把数据库升到这一版，或整个搬到 PostgreSQL。"
        "\n\n例：shouwang migrate --to postgresql+psycopg://shouwang@db/shouwang"
    )(migrate)
    app.command(help="一天的数字，按村。\n\n例：shouwang report --day 2020-02-03")(report)


@contextmanager
def open_store(data: Path | None) -> Iterator[tuple[Settings, Store]]:
    """The database of a deployment, up to date."""
    settings = load_settings(data)
    ready_folder(settings.data)
    store = Store(settings.database_url)
    try:
        bring_up(store)
        yield settings, store
    finally:
        if settings.is_sqlite:
            from app.backup_keeping import settle

            settle(Path(store.url.database or ""), SystemClock())
        store.close()


def inbox(
    as_json: Annotated[
        bool, typer.Option("--json", help="每条一行 JSON：id、stored、handled")
    ] = False,
    replay: Annotated[bool, typer.Option("--replay", help="把停放的消息都再试一次")] = False,
    data: DATA = None,
) -> None:
    """One {"id", "stored", "handled"} a message, id as the platform gave it."""
    with open_store(data) as (_, store):
        if replay:
            with store.begin() as session:
                say(f"放回去重办的：{inboxes.replay(session)} 条")
            return
        with store.reading() as session:
            if not as_json:
                _inbox_words(session)
                return
            query = select(Inbox.key, Inbox.handled).order_by(col(Inbox.id))
            for key, handled in session.exec(query):
                say(json.dumps({"id": key, "stored": 1, "handled": handled}))


def _inbox_words(session: Session) -> None:
    names = {inboxes.NEW: "没办", inboxes.DONE: "办了", inboxes.PARKED: "停放"}
    counts = inboxes.counts(session)
    say("  ".join(f"{word} {counts.get(state, 0)}" for state, word in names.items()))
    query = select(Inbox).where(Inbox.state == inboxes.PARKED).order_by(col(Inbox.id)).limit(50)
    for row in session.exec(query).all():
        say(f"停放 {row.id}  {row.channel}  {local(row.received_at):%m-%d %H:%M}  {row.fault}")


def outbox(
    release: Annotated[bool, typer.Option("--release", help="点头：压着的可以发了")] = False,
    data: DATA = None,
) -> None:
    """Rows that wait for a yes after a restore."""
    from app import backup as backups

    with open_store(data) as (_, store), store.begin() as session:
        if release:
            say(f"放行 {backups.release_held(session)} 条")
        else:
            say(f"恢复后压着 {backups.held_rows(session)} 条；要发就加 --release")


def backup(
    target: Annotated[Path, typer.Argument(help="放备份的文件夹", metavar="文件夹")],
    follow: Annotated[
        bool, typer.Option("--follow", help="一直抄日志的副本，落后几秒，到 Ctrl+C")
    ] = False,
    data: DATA = None,
) -> None:
    """Write an archive of the database, or keep copies of its log until told to stop."""
    from app import backup as backups
    from app.archive import BackupError

    settings = load_settings(data)
    if follow:
        _follow(settings, target)
        return
    try:
        made = backups.backup(settings.database_url, target, SystemClock().now())
    except BackupError as error:
        fail(str(getattr(error, "detail", error)))
    say(f"备份好了：{made.path}（{made.size // 1024 + 1} KB）")
    for warning in made.warnings:
        say(warning)


def _follow(settings: Settings, target: Path) -> None:
    from app import observe
    from app.backup_keeping import follow

    observe.set_up(settings.log_level, settings.log_format)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    follow(settings.database_url, target, SystemClock(), stop)


def restore(
    archive: Annotated[Path, typer.Argument(help="备份文件", metavar="备份")],
    force: Annotated[bool, typer.Option("--force", help="换掉现有的库（旧的留在旁边）")] = False,
    data: DATA = None,
) -> None:
    """Put an archive in place; what had not left waits for a yes."""
    from app import backup as backups
    from app.archive import BackupError

    settings = load_settings(data)
    try:
        done = backups.restore(archive, settings.data, SystemClock().now(), force=force)
    except BackupError as error:
        fail(str(getattr(error, "detail", error)))
    say(f"恢复好了：{done.path}，备份做于 {done.made_at}")
    if done.held:
        say(f"有 {done.held} 条没发的先压着：看过再用 shouwang outbox --release 放行")
    if done.notices:
        say(f"通知 {'、'.join(map(str, done.notices))} 要重新批")
    if done.kept:
        say(f"原来的库留在 {done.kept}")


def doctor(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="按读数重算两张汇总表")] = False,
    data: DATA = None,
) -> None:
    """Say what is wrong and how to mend it; 1 where anything is bad."""
    from app import doctor as doctors

    if rebuild:
        with open_store(data) as (_, store), store.begin() as session:
            say(f"重算了 {temperature.rebuild(session)} 个人次")
    findings = doctors.examine(data, SystemClock().now())
    marks = {"ok": "✓", "warn": "!", "bad": "✗"}
    for found in findings:
        say(f"{marks[found.level]} {found.what}")
        if found.level != "ok" and found.mend:
            say(f"    {found.mend}")
    raise typer.Exit(1 if any(f.level == "bad" for f in findings) else 0)


def migrate(
    check: Annotated[bool, typer.Option("--check", help="只看，不改")] = False,
    down: Annotated[str, typer.Option(help="退回到哪一版")] = "",
    to: Annotated[
        str, typer.Option(help="搬到这个空的 PostgreSQL 库；密码放 ~/.pgpass", metavar="地址")
    ] = "",
    data: DATA = None,
) -> None:
    """Bring the database to this version's tables, or all of it to another store."""
    from bot import migrate as migrations

    settings = load_settings(data)
    ready_folder(settings.data)
    if to:
        _move(settings, to)
        return
    store = Store(settings.database_url)
    try:
        if check:
            differences = migrations.check(store.writer)
            say("\n".join(differences) or "表都对得上")
            raise typer.Exit(1 if differences else 0)
        if down:
            migrations.downgrade(store.writer, down)
        else:
            migrations.upgrade(store.writer)
        say(f"现在是 {migrations.current(store.writer)}")
    finally:
        store.close()


def _move(settings: Settings, address: str) -> None:
    """Every row to PostgreSQL, with the server stopped; each table is compared."""
    from app.hold import hold
    from app.transfer import move

    try:
        source, target = Store(settings.database_url), Store(database(address))
    except ValueError as error:
        fail(f"--to：{error}", 2)
    with hold(settings.data):
        try:
            moved = move(source, target, progress)
        finally:
            source.close()
            target.close()
    for one in moved:
        if one.rows:
            say(f"{one.table}  {one.rows} 行  {one.digest[:16]}")
    left_out = sum(one.changed for one in moved)
    if left_out:
        say(f"有 {left_out} 处文字里的空字符（NUL）没有搬：PostgreSQL 存不了")
    say(
        f"搬好了，{sum(one.rows for one in moved)} 行，两边逐表对过。"
        "把 shouwang.toml 里的 database_url 改成新地址再启动；原来的文件没有动"
    )


def report(
    day: Annotated[str, typer.Option(help="哪天，如 2020-02-03；不写是今天")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="写成 JSON")] = False,
    data: DATA = None,
) -> None:
    """Reported, fever and late of each village by slot; zero is said, not left out."""
    try:
        on = date.fromisoformat(day) if day else local_day(SystemClock().now())
    except ValueError:
        fail(f"--day 要写成 2020-02-03 这样，不是“{day}”", 2)
    with open_store(data) as (_, store), store.reading() as session:
        rows = list(_report(session, on))
        asked = list(questions_of(session, on))
    if as_json:
        found = {"day": on.isoformat(), "villages": rows, "questions": asked}
        say(json.dumps(found, ensure_ascii=False))
        return
    say(f"{on:%Y-%m-%d} 体温日报")
    for row in rows:
        say(
            f"{row['village']} {row['slot']}报：已报 {row['reported']}，"
            f"发热 {row['fever']}，迟报 {row['late']}"
        )
    for row in asked:
        say(line(row))
    if not rows:
        say("还没有登记村：先用 shouwang roster import 导入花名册")


def _report(session: Session, on: date) -> Iterator[dict[str, object]]:
    villages = session.exec(
        select(Place).where(Place.kind == PlaceKind.VILLAGE).order_by(col(Place.id))
    ).all()
    for village in villages:
        below = places_below(session, village.id or 0)
        for slot in ("早", "晚"):
            rows = session.exec(
                select(SlotSummary).where(
                    SlotSummary.day == on,
                    SlotSummary.slot == slot,
                    col(SlotSummary.place_id).in_(below),
                )
            ).all()
            yield {
                "village": path_words(session, village.id or 0),
                "slot": slot,
                "reported": sum(r.reported for r in rows),
                "fever": sum(r.fever for r in rows),
                "late": sum(r.late for r in rows),
            }


@audit.command(help="把留痕从头对一遍，被改过就说出是哪一行。")
def verify(data: DATA = None) -> None:
    """Walk the chain; 1 where a line does not fit."""
    with open_store(data) as (_, store), store.reading() as session:
        count, bad = audits.verify(session)
    if bad is not None:
        fail(f"留痕第 {bad} 行对不上：这一行或它前面被改过")
    say(f"留痕 {count} 行，都对得上")
