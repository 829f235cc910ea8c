"""体检 doctor: what is wrong with a deployment and how to mend it. It only looks."""

import stat
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shutil import disk_usage
from urllib.parse import urlsplit

from app.doctor_database import SKEW, examine_database
from app.findings import Finding, bad, ok, warn
from app.settings import (
    FILE,
    SECRET_FILE,
    Settings,
    SettingsError,
    data_folder,
    default_database,
    load_settings,
)
from bot import content
from bot.errors import BotError, ContentError
from bot.seal import load_or_make_key

ENOUGH_BYTES, ENOUGH_SHARE = 500 << 20, 0.10
FONT_FOLDERS = tuple(
    Path(name)
    for name in (
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        "/System/Library/Fonts",
        "/Library/Fonts",
    )
)
_CHINESE = ("cjk", "wqy", "sourcehan", "droidsansfallback", "simsun", "simhei", "msyh", "pingfang",
            "heiti", "uming", "ukai", "lxgw", "fandol")  # fmt: skip
_HERE = ("127.0.0.1", "::1", "localhost")


def examine(
    data: Path | None, now: datetime, fonts: Sequence[Path] = FONT_FOLDERS
) -> list[Finding]:
    """Look at everything; a part that is broken does not keep the others from being looked at.

    Args:
        data: --data of the command line.
        now: the moment.
        fonts: folders of fonts.
    """
    folder = data_folder(data)
    settings, findings = examine_settings(folder)
    findings += examine_folder(folder, now)
    findings += examine_secret(folder)
    if settings is not None:
        findings += examine_channels(settings)
        findings += examine_content(settings)
    findings += examine_database(
        settings.database_url if settings else default_database(folder),
        now,
        settings.channels if settings else (),
        has_secret=(folder / SECRET_FILE).exists(),
    )
    findings += examine_machine(fonts)
    return findings


def examine_settings(data: Path) -> tuple[Settings | None, list[Finding]]:
    """Can they be read, and only by whom they concern?"""
    try:
        settings = load_settings(data)
    except SettingsError as error:
        lines = str(error).splitlines()
        return None, [bad(f"设置不对：{line}", f"改 {FILE} 或环境变量") for line in lines]
    findings = [ok("设置读得懂")]
    file = data / FILE
    if settings.channels and file.exists() and _others_may(file):
        findings.append(warn(f"{FILE} 里有密钥，别人也能读", f"运行 chmod 600 {file}"))
    return settings, findings


def examine_folder(data: Path, now: datetime) -> Iterator[Finding]:
    """Can it be written, is there room, and does the clock of its disk agree?"""
    if not data.is_dir():
        yield bad(f"数据文件夹 {data} 不在", "先运行一次 shouwang serve，或用 --data 指对地方")
        return
    try:
        with tempfile.NamedTemporaryFile(dir=data, prefix=".doctor-") as probe:
            written = datetime.fromtimestamp(Path(probe.name).stat().st_mtime, UTC)
    except OSError as error:
        yield bad(
            f"数据文件夹写不进去（{error.strerror}）", "看看它属于谁、盘是不是只读、是不是满了"
        )
        return
    yield ok("数据文件夹能写")
    if data.stat().st_mode & stat.S_IRWXO:
        yield warn("数据文件夹别的用户也能进", f"运行 chmod 700 {data}")
    if abs(written - now) > SKEW:
        yield warn("机器的钟和数据盘的钟差两分钟以上", "打开自动对时（timedatectl set-ntp true）")
    yield _room(data)


def _room(data: Path) -> Finding:
    usage = disk_usage(data)
    free = f"{usage.free / (1 << 30):.1f} GiB"
    if usage.free < ENOUGH_BYTES or usage.free < usage.total * ENOUGH_SHARE:
        return warn(f"磁盘快满了，还剩 {free}", "删掉不用的文件和旧备份；满了就收不了消息")
    return ok(f"磁盘还有 {free}")


def examine_secret(data: Path) -> Iterator[Finding]:
    """Is the deployment's secret whole and private? It may be missing where nothing is sealed."""
    file = data / SECRET_FILE
    if not file.exists():
        yield ok("还没有密钥：下一次启动会生成")
        return
    if _others_may(file):
        yield bad(f"密钥文件 {SECRET_FILE} 别人也能读", f"运行 chmod 600 {file}")
        return
    try:
        load_or_make_key(file, may_make=False)
    except BotError as error:
        what, _, mend = error.detail.partition("；")
        yield bad(what, mend)
        return
    yield ok("密钥文件在，只有自己能读（别忘了另抄一份）")


def examine_channels(settings: Settings) -> Iterator[Finding]:
    """Is there any, and is what it sends sealed on the way?"""
    if not settings.channels:
        yield warn("还没有配置通道：机器人听不到任何群", "照 docs/channels.md 配一个，再重启")
        return
    yield ok(f"配置了 {len(settings.channels)} 个通道：{'、'.join(settings.channels)}")
    for name, table in settings.channels.items():
        for field in ("api_base", "push_url"):
            address = urlsplit(getattr(table, field, None) or "")
            if address.scheme == "http" and address.hostname not in _HERE:
                yield warn(
                    f"通道 {name} 的 {field} 不加密（http），密钥和话在路上看得见",
                    "改成 https",
                )


def examine_content(settings: Settings) -> Iterator[Finding]:
    """Do all packs load?"""
    try:
        loaded = content.load(packs=settings.pack_names, extra=settings.pack_folders)
    except ContentError as error:
        yield bad(f"内容包不对：{error.detail}", "改那一处，再运行 shouwang content check")
        return
    if settings.rule_pack not in loaded.rules:
        yield bad(f"没有规则包 {settings.rule_pack}", f"改 {FILE} 里的 rule_pack")
        return
    yield ok(f"内容包读得懂，规则包 {settings.rule_pack}")


def examine_machine(fonts: Sequence[Path] = FONT_FOLDERS) -> Iterator[Finding]:
    """What the machine should have for pages, printing and a quick start."""
    if any(_is_chinese(path) for folder in fonts for path in folder.rglob("*.[tToO][tT][fFcC]")):
        yield ok("有中文字体")
    else:
        yield warn("没有找到中文字体：导出的图片和 PDF 会是方块", "apt install fonts-noto-cjk")
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        yield warn("没有能写的临时文件夹：词典每次启动都要重建，慢一秒", "让 /tmp 能写")


def _is_chinese(path: Path) -> bool:
    name = path.name.lower().replace("-", "").replace("_", "")
    return any(word in name for word in _CHINESE)


def _others_may(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
