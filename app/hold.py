"""The data folder belongs to one process at a time: SQLite's file has one writer."""

import fcntl
from pathlib import Path
from typing import IO

from app.settings import SettingsError

LOCK = "shouwang.lock"


def hold(data: Path) -> IO[str]:
    """Hold the folder until the file that is given back is closed, or the process ends.

    Raises:
        SettingsError: another process holds it.
    """
    lock = (data / LOCK).open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise SettingsError(
            f"另一个守望正在用数据文件夹 {data}：先停掉它，或用 --data 指别处；"
            "要几个进程一起跑，换 PostgreSQL（docs/county.md）"
        ) from None
    return lock
