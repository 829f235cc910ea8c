"""The schema: Alembic's up, check, down and where are we, as functions over an engine.

A migration is one transaction on every store, SQLite too: a crash leaves the old or the new state
whole. Two processes that start at once run it one after the other.

    python -m bot.migrate "add the colour of a door"     writes the next file of migrations/versions
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from sys import argv

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

import bot.domain
from bot.errors import BotError

FOLDER = Path(bot.__file__).resolve().parents[1] / "migrations"
# Where tables are, beside every module of bot.domain; a test compares this with the sources.
TABLES = ("bot.inbox", "bot.outbox.row")
NOT_OURS = "procrastinate_"  # tables of the engine of several processes begin so
_LOCK = 0x73776D67  # any number that nobody else takes: "swmg"


class MigrationError(BotError):
    """The database cannot be brought where it was asked to go; the words are for a technician."""

    def __init__(self, words: str) -> None:
        """`words`: Chinese; they hold no data."""
        super().__init__("migration", words)


def load_tables() -> None:
    """Import every module that defines a table, so that the metadata is whole."""
    domain = (f"bot.domain.{module.name}" for module in iter_modules(bot.domain.__path__))
    for name in (*TABLES, *domain):
        import_module(name)


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; there is no ini file."""
    load_tables()
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def head() -> str:
    """The newest revision that this program knows."""
    found = ScriptDirectory.from_config(config()).get_current_head()
    if found is None:
        raise MigrationError("程序里没有任何迁移文件：安装不完整，请重新安装")
    return found


def current(engine: Engine) -> str | None:
    """The revision of a database; None: empty, or made by hand."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring a database to a revision; nothing happens where it is there already.

    Raises:
        MigrationError: the database is newer than this program, or the rows do not fit.
    """
    with _one_transaction(engine) as connection:
        _run(connection, up=revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to a revision, `base` for an empty database; tables that it did not have are dropped.

    Raises:
        MigrationError: as for `upgrade`.
    """
    with _one_transaction(engine) as connection:
        _run(connection, down=revision)


def check(engine: Engine) -> list[str]:
    """Differences between the models and a database, one a line; [] where there are none."""
    load_tables()
    with engine.connect() as connection:
        opts = {"compare_type": True, "include_name": _is_ours}
        context = MigrationContext.configure(connection, opts=opts)
        found = compare_metadata(context, SQLModel.metadata)
    return [line for entry in found for line in _words(entry)]


def new_revision(message: str) -> Path:
    """Write a migration from the differences between the models and the migrations so far.

    Args:
        message: what changes, in a few English words.
    """
    number = len(list((FOLDER / "versions").glob("*.py"))) + 1
    engine = create_engine("sqlite://", poolclass=StaticPool)
    if number > 1:
        upgrade(engine)
    with engine.connect() as connection:
        script = command.revision(
            config(connection), message, autogenerate=True, rev_id=f"{number:04d}"
        )
    if script is None or isinstance(script, list):
        raise MigrationError("没有写出迁移文件")
    path = Path(script.path)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "# ###" not in line), "utf-8")
    return path


def _run(connection: Connection, *, up: str = "", down: str = "") -> None:
    try:
        if up:
            command.upgrade(config(connection), up)
        else:
            command.downgrade(config(connection), down)
    except CommandError as error:
        at = MigrationContext.configure(connection).get_current_revision()
        raise MigrationError(
            f"数据库在版本 {at}，这个程序不认识要去的版本：多半是用旧程序开了新库；"
            "请装回新版程序，或从升级前的备份恢复"
        ) from error


@contextmanager
def _one_transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction that nobody else migrates in.

    SQLite rebuilds a table to alter it; with foreign keys on, dropping the old one would take rows
    of others with it. So they are off meanwhile, and compared before the commit.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
                yield connection
            return
        raw = connection.connection.dbapi_connection
        if raw is None:
            raise MigrationError("数据库连接断了，请再试一次")
        run = raw.cursor().execute
        were_on = run("PRAGMA foreign_keys").fetchone()[0]
        run("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                if not raw.in_transaction:
                    run("BEGIN IMMEDIATE")
                yield connection
                if run("PRAGMA foreign_key_check").fetchone() is not None:
                    raise MigrationError(
                        "升级后有行指向不存在的行，已退回原样：先运行 shouwang doctor"
                    )
        finally:
            run(f"PRAGMA foreign_keys={int(bool(were_on))}")


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or not (name or "").startswith(NOT_OURS)


def _words(entry: object) -> Iterator[str]:
    """`('add_column', None, 'place', Column(…))` as one line; a list holds several."""
    if isinstance(entry, list):
        for one in entry:
            yield from _words(one)
        return
    if isinstance(entry, tuple):
        names = [getattr(part, "name", part) for part in entry[1:]]
        yield " ".join([str(entry[0]), *(str(name) for name in names if isinstance(name, str))])


if __name__ == "__main__":
    new_revision(" ".join(argv[1:]))
