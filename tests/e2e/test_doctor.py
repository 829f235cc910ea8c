"""体检: every fault that can be made here is found, named, and told how to mend."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import create_engine
from sqlmodel import col, update

from app import doctor, doctor_database
from app import settings as settings_module
from app.backup import backup, release_held, restore
from app.doctor import examine
from app.findings import Finding, Level
from app.settings import load_secret
from bot import migrate
from bot.domain import audit, temperature
from bot.domain.registry import Chat, ChatPurpose, Place, Resident
from bot.domain.temperature import Reading, SlotSummary
from bot.inbox import PARKED, Inbox
from bot.message import ChatKind
from bot.outbox import Outbox
from bot.store import Store

KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
PERSON = "王小宝"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours in the environment."""
    for name in settings_module._environment():
        monkeypatch.delenv(f"SHOUWANG_{name.upper()}")


@pytest.fixture
def now() -> datetime:
    """This machine's moment: the doctor compares it with the clock of the disk."""
    return datetime.now(UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A deployment in which all is well."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    file = folder / "shouwang.toml"
    file.write_text(f'[channels.sms]\nkind = "bridge"\nkey = "{KEY}"\n', "utf-8")
    file.chmod(0o600)
    load_secret(folder)
    with opened(folder) as store:
        migrate.upgrade(store.writer)
        with store.begin() as session:
            session.add(Place(id=1, kind="village", name="柳树沟村"))
            session.flush()
            session.add(Resident(id=1, place_id=1, name=PERSON))
            session.flush()
            session.add(
                Reading(
                    resident_id=1,
                    place_id=1,
                    day=date(2020, 2, 3),
                    slot="早",
                    tenths=381,
                    verdict="fever",
                    at=datetime(2020, 2, 3, 0, 12, tzinfo=UTC),
                )
            )
            temperature.project(session, 1, 1, date(2020, 2, 3), "早")
            for n in range(5):
                audit.note(session, datetime(2020, 2, 3, n, tzinfo=UTC), "read", subject_id=1)
    return folder


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """Its database."""
    store = Store(f"sqlite:///{folder / 'shouwang.db'}")
    try:
        yield store
    finally:
        store.close()


def faults(folder: Path, now: datetime, **options: tuple[Path, ...]) -> list[Finding]:
    """What is not well; each says how to mend it, and none says anything about anybody."""
    found = [f for f in examine(folder, now, **options) if f.level is not Level.OK]
    for finding in found:
        assert finding.mend
        assert PERSON not in finding.what + finding.mend
        assert KEY not in finding.what + finding.mend
    return found


def the_fault(folder: Path, now: datetime) -> Finding:
    """The only thing that is not well."""
    found = [f for f in faults(folder, now) if "字体" not in f.what and "磁盘" not in f.what]
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(autouse=True)
def plenty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with room, whatever this machine's has."""
    monkeypatch.setattr(doctor, "disk_usage", lambda _: Usage(100 << 30, 50 << 30))


class Usage:
    """What shutil.disk_usage gives."""

    def __init__(self, total: int, free: int) -> None:
        self.total, self.free = total, free


def test_all_is_well(data: Path, now: datetime, tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "NotoSansCJK-Regular.ttc").touch()
    before = sorted(path.name for path in data.iterdir())
    found = examine(data, now, (tmp_path / "fonts",))
    assert {finding.level for finding in found} == {Level.OK}
    words = " ".join(finding.what for finding in found)
    for part in (
        "设置",
        "文件夹",
        "磁盘",
        "密钥",
        "通道",
        "内容包",
        "数据库",
        "汇总",
        "留痕",
        "字体",
    ):
        assert part in words
    left = {path.name for path in data.iterdir()} - set(before)
    assert left <= {"shouwang.db-wal", "shouwang.db-shm"}


def test_beside_a_running_server(data: Path, now: datetime) -> None:
    with opened(data) as store, store.begin() as session:
        session.add(Place(kind="village", name="别的村"))
        session.flush()
        assert not [f for f in faults(data, now) if f.level is Level.BAD]


def test_before_the_first_start(tmp_path: Path, now: datetime) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    assert "通道" in the_fault(folder, now).what
    assert list(folder.iterdir()) == []
    missing = faults(tmp_path / "nowhere", now)
    assert any(f.level is Level.BAD and "不在" in f.what for f in missing)


def test_wrong_settings_do_not_hide_the_rest(data: Path, now: datetime) -> None:
    (data / "shouwang.toml").write_text('prot = 1\n[channels.x]\nkind = "bridge"')
    (data / "shouwang.db").write_bytes(b"x" * 8192)
    found = faults(data, now)
    assert any("prot" in f.what for f in found)
    assert any("数据库文件坏了" in f.what for f in found)


def test_rights(data: Path, now: datetime) -> None:
    (data / "shouwang.toml").chmod(0o644)
    assert "chmod 600" in the_fault(data, now).mend
    (data / "shouwang.toml").chmod(0o600)
    (data / "secret.key").chmod(0o640)
    assert "secret.key" in the_fault(data, now).what
    (data / "secret.key").chmod(0o600)
    data.chmod(0o755)
    assert "chmod 700" in the_fault(data, now).mend


def test_the_secret(data: Path, now: datetime) -> None:
    (data / "secret.key").write_text("short")
    assert "坏了" in the_fault(data, now).what
    (data / "secret.key").unlink()
    assert faults(data, now) == []  # nothing is sealed yet
    with opened(data) as store, store.begin() as session:
        session.get_one(Resident, 1).id_number_sealed = b"sealed"
    assert "密封" in the_fault(data, now).what


@pytest.mark.parametrize(("total", "free"), [(100 << 30, 5 << 30), (1 << 30, 400 << 20)])
def test_a_full_disk(
    data: Path, now: datetime, monkeypatch: pytest.MonkeyPatch, total: int, free: int
) -> None:
    monkeypatch.setattr(doctor, "disk_usage", lambda _: Usage(total, free))
    assert any("磁盘快满" in f.what for f in faults(data, now))


def test_a_corrupted_file(data: Path, now: datetime) -> None:
    file = data / "shouwang.db"
    whole = file.read_bytes()
    chance = Random(3)  # noqa: S311
    for damage in ("truncated", "zeroed", "header", "pages"):
        raw = bytearray(whole)
        if damage == "truncated":
            del raw[len(raw) // 2 :]
        elif damage == "zeroed":
            raw[4096 : 4096 * 2] = bytes(4096)
        elif damage == "header":
            raw[:100] = chance.randbytes(100)
        else:
            for page in range(1, len(raw) // 4096, 3):
                raw[page * 4096 : page * 4096 + 8] = chance.randbytes(8)
        file.write_bytes(raw)
        found = the_fault(data, now)
        assert (found.level, "坏" in found.what) == (Level.BAD, True), damage
        assert "restore" in found.mend


def test_a_changed_fact(data: Path, now: datetime) -> None:
    """Bits that SQLite cannot miss are missed by nothing that counts."""
    with closing(sqlite3.connect(data / "shouwang.db")) as database, database:
        database.execute("UPDATE reading SET verdict = 'normal'")
    assert "汇总" in the_fault(data, now).what
    with opened(data) as store, store.begin() as session:
        temperature.rebuild(session)
    assert faults(data, now) == []
    with opened(data) as store, store.begin() as session:
        session.add(SlotSummary(day=date(2020, 2, 4), slot="早", place_id=1, reported=2))
    assert "汇总" in the_fault(data, now).what


def test_an_altered_audit_line(data: Path, now: datetime) -> None:
    with closing(sqlite3.connect(data / "shouwang.db")) as database, database:
        database.execute("UPDATE audit SET actor = 'nobody' WHERE id = 3")
    found = the_fault(data, now)
    assert "第 3 条" in found.what


def test_an_old_or_altered_schema(data: Path, now: datetime) -> None:
    with opened(data) as store:
        with store.writer.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE place ADD COLUMN colour VARCHAR")
        assert "colour" in the_fault(data, now).what
        with store.writer.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert "shouwang migrate" in the_fault(data, now).mend


def test_a_clock_that_jumped(data: Path, now: datetime) -> None:
    with opened(data) as store, store.begin() as session:
        session.add(message(received_at=now + timedelta(hours=1)))
    assert "将来" in the_fault(data, now).what
    found = faults(data, now + timedelta(hours=2))
    assert [f.what for f in found] == ["机器的钟和数据盘的钟差两分钟以上"]


def test_what_is_stuck(data: Path, now: datetime, tmp_path: Path) -> None:
    with opened(data) as store, store.begin() as session:
        session.add(message(received_at=now, state=PARKED))
    assert "搁在一边" in the_fault(data, now).what
    with opened(data) as store, store.begin() as session:
        session.connection().execute(update(Inbox).values(state=1).where(col(Inbox.id) > 0))
        session.add(
            Outbox(
                key="k",
                channel="sms",
                chat="c",
                chat_kind=ChatKind.GROUP,
                topic="notice",
                text="x",
                created_at=now,
                due_at=now,
            )
        )
    archive = backup(f"sqlite:///{data / 'shouwang.db'}", tmp_path / "backups", now).path
    restore(archive, data, now, force=True)
    assert "1 条话在等人确认" in the_fault(data, now).what
    with opened(data) as store, store.begin() as session:
        release_held(session)
    assert faults(data, now) == []


def test_channels_that_are_not_right(data: Path, now: datetime) -> None:
    with opened(data) as store, store.begin() as session:
        session.add(Chat(place_id=1, purpose=ChatPurpose.RESIDENTS, in_channel="gone", in_ref="c1"))
    assert "gone" in the_fault(data, now).what
    with opened(data) as store, store.begin() as session:
        session.delete(session.get_one(Chat, 1))
    with (data / "shouwang.toml").open("a") as file:
        file.write('push_url = "http://gateway.example/push"\n')
    assert "不加密" in the_fault(data, now).what


def test_content_that_does_not_load(
    data: Path, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "pack.toml").write_text("nonsense")
    monkeypatch.setenv("SHOUWANG_PACKS", f"cn-covid-2020,{pack}")
    assert "内容包不对" in the_fault(data, now).what


def test_no_chinese_font(data: Path, now: datetime, tmp_path: Path) -> None:
    found = faults(data, now, fonts=(tmp_path / "none",))
    assert [(f.level, "字体" in f.what) for f in found] == [(Level.WARN, True)]


def test_a_database_that_does_not_answer(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = create_engine("sqlite:////dev/null/none")
    monkeypatch.setattr(doctor_database, "create_engine", lambda *_, **__: silent)
    found = list(
        doctor_database.examine_database("postgresql+psycopg://h/d", now, (), has_secret=True)
    )
    assert [f.level for f in found] == [Level.BAD]
    assert "打不开" in found[0].what


def message(received_at: datetime, state: int = 1) -> Inbox:
    """A message that was handled, or not."""
    return Inbox(
        channel="sms", key="m1", chat="c1", payload="{}", received_at=received_at, state=state
    )
