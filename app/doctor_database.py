"""体检 of the database: whole, of this version, true to its own facts, and nothing stuck in it."""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, or_
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool
from sqlmodel import Session, col, func, select

from app import backup_pages
from app.backup import held_rows
from app.findings import Finding, bad, ok, warn
from bot import inbox, migrate
from bot.domain import audit, temperature
from bot.domain.audit import Audit
from bot.domain.registry import Chat, Resident
from bot.domain.temperature import SlotReading, SlotSummary
from bot.inbox import Inbox

SKEW = timedelta(seconds=120)
FROM_BACKUP = "先停服务，再恢复最近一份好的备份：shouwang restore 文件 --force（坏的改名留在旁边）"
_SMALL = 256 << 20  # above this the quick check, which compares no index with its rows

Check = Callable[[Session], Iterator[Finding]]


def examine_database(
    url: str, now: datetime, channels: Collection[str], *, has_secret: bool
) -> Iterator[Finding]:
    """Look at a database without changing it.

    Args:
        url: its address.
        now: the moment.
        channels: names of the configured channels.
        has_secret: whether the deployment's secret is there.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        if not path.is_file():
            yield ok("还没有数据库：头一次 shouwang serve 会建好")
            return
        fault = damage(path)
        if fault:
            yield bad(f"数据库文件坏了：{fault}", FROM_BACKUP)
            return
        engine = _read_only(path)
    else:
        engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 3})
    try:
        yield from _inside(engine, now, channels, has_secret=has_secret)
    except DatabaseError as error:
        kind = type(error.orig).__name__
        yield bad(f"数据库打不开或读不出来（{kind}）", "看看地址、密码和服务；文件坏了就从备份恢复")
    finally:
        engine.dispose()


def damage(path: Path) -> str:
    """What is wrong with an SQLite file, "" where nothing is found."""
    return _flipped(path) or _unshaped(path)


def _flipped(path: Path) -> str:
    """Pages that are not what they were when they were written: SQLite checks no content itself."""
    try:
        pages = backup_pages.changed(path)
    except (OSError, ValueError, KeyError):
        return "逐页的校验和读不出来"
    return f"有 {len(pages)} 页和写下时不一样：盘坏了，或有人用别的程序改过" if pages else ""


def _unshaped(path: Path) -> str:
    pragma = "integrity_check" if path.stat().st_size <= _SMALL else "quick_check"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            opened.execute("PRAGMA busy_timeout=5000")
            rows = opened.execute(f"PRAGMA {pragma}(5)").fetchall()
    except sqlite3.DatabaseError as error:
        return getattr(error, "sqlite_errorname", type(error).__name__)
    return "" if rows == [("ok",)] else f"{pragma} 找到 {len(rows)} 处"


def _read_only(path: Path) -> Engine:
    address = f"{path.resolve().as_uri()}?mode=ro"
    connect = partial(sqlite3.connect, address, uri=True, isolation_level=None)
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")  # one moment for all that is compared

    return engine


def _inside(
    engine: Engine, now: datetime, channels: Collection[str], *, has_secret: bool
) -> Iterator[Finding]:
    at, head = migrate.current(engine), migrate.head()
    if at != head:
        yield bad(
            f"数据库在版本 {at or '（空）'}，程序要 {head}",
            "先备份，再运行 shouwang migrate；程序比库旧就装回新版",
        )
        return
    differences = migrate.check(engine)
    if differences:
        yield bad(f"表和程序不一样：{'；'.join(differences[:5])}", "有人手工改过库：从备份恢复")
        return
    yield ok(f"数据库完好，版本 {at}")
    checks: tuple[Check, ...] = (
        _projections,
        _audit,
        partial(_clock, now=now),
        _parked,
        _held,
        partial(_sealed, has_secret=has_secret),
        partial(_chats, channels=channels),
    )
    with Session(engine) as session:
        for check in checks:
            yield from check(session)


def _projections(session: Session) -> Iterator[Finding]:
    """The two projections of `reading` against a count from the beginning."""
    true = temperature.recount(session)
    kept = {
        (row.day, row.slot, row.place_id): (row.reported, row.fever)
        for row in session.exec(select(SlotSummary).where(SlotSummary.reported != 0))
    }
    wrong = sum(true.get(key) != kept.get(key) for key in true.keys() | kept.keys())
    people = session.exec(select(func.count()).select_from(SlotReading)).one()
    if wrong or people != sum(reported for reported, _ in true.values()):
        yield bad(
            f"体温汇总和原始记录对不上（{wrong} 处）",
            "停服务，运行 shouwang doctor --rebuild，从原始记录重算",
        )
    else:
        yield ok("体温汇总和原始记录一致")


def _audit(session: Session) -> Iterator[Finding]:
    lines, broken = audit.verify(session)
    if broken is not None:
        yield bad(
            f"留痕链从第 {broken} 条起对不上：有人改过库",
            "保留这个文件作证据，查谁能进这台机器；用改动之前的备份对照",
        )
    else:
        yield ok(f"留痕链完整，{lines} 条")


def _clock(session: Session, now: datetime) -> Iterator[Finding]:
    newest: list[datetime | None] = [
        session.exec(select(func.max(Inbox.received_at))).one(),
        session.exec(select(func.max(Audit.at))).one(),
    ]
    if any(moment is not None and moment > now + SKEW for moment in newest):
        yield bad(
            "库里有来自将来的时间：这台机器的钟往回跳过",
            "打开系统的自动对时（timedatectl set-ntp true），再体检一次",
        )


def _parked(session: Session) -> Iterator[Finding]:
    parked = inbox.counts(session).get(inbox.PARKED, 0)
    if parked:
        yield warn(
            f"有 {parked} 条消息三次都没处理成，搁在一边",
            "升级或改好设置后运行 shouwang inbox --replay 再处理",
        )


def _held(session: Session) -> Iterator[Finding]:
    held = held_rows(session)
    if held:
        yield warn(
            f"恢复备份后有 {held} 条话在等人确认",
            "问清楚没有发过，再运行 shouwang outbox --release",
        )


def _sealed(session: Session, *, has_secret: bool) -> Iterator[Finding]:
    """Sealed numbers are lost with the secret."""
    query = select(func.count()).where(
        or_(col(Resident.phone_sealed).is_not(None), col(Resident.id_number_sealed).is_not(None))
    )
    sealed = session.exec(query).one()
    if sealed and not has_secret:
        yield bad(
            f"有 {sealed} 人的证件号或电话是密封的，可密钥文件不在",
            "把另存的 secret.key 放回数据文件夹；没有它，这些号码打不开，只能重新登记",
        )


def _chats(session: Session, channels: Collection[str]) -> Iterator[Finding]:
    """Chats that hear or speak by a channel that nobody has configured."""
    query = select(Chat.in_channel, Chat.out_channel).where(col(Chat.is_removed).is_(False))
    used = {name for pair in session.exec(query.distinct()) for name in pair if name}
    for name in sorted(used - set(channels)):
        yield warn(
            f"有群用的通道 {name} 没有配置，听不到也说不了",
            f"在 shouwang.toml 里补上 [channels.{name}]，或给这些群换通道",
        )
