"""Every setting, its default and its meaning; the only reader of the environment.

    environment SHOUWANG_…  over  DIR/shouwang.toml  over  defaults
    DIR: --data, else SHOUWANG_DATA, else ./data

In the environment two underscores go down a level: SHOUWANG_CHANNELS__COUNTY__SECRET.
"""

import tempfile
import tomllib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

import bot
from app.channel_settings import ChannelName, ChannelSettings, Id, Words
from app.settings_faults import faults_of, nearest
from bot.errors import BotError
from bot.seal import load_or_make_key

PREFIX = "SHOUWANG_"
FILE = "shouwang.toml"
NOT_OURS = ("bridge_key",)  # an option of `shouwang bridge`, which may stand beside ours
SECRET_FILE = "secret.key"  # noqa: S105  # the name of a file
CONTENT = Path(bot.__file__).resolve().parents[1] / "content"
_LEVELS = Literal["debug", "info", "warning", "error"]


class SettingsError(BotError):
    """A setting is wrong: the words name it and say how to mend it (exit code 1)."""

    def __init__(self, words: str) -> None:
        """`words`: Chinese, without any value that may be a secret."""
        super().__init__("settings", words)

    def __str__(self) -> str:
        """Only the words: whoever reads them needs no code."""
        return self.detail


def database(url: str) -> str:
    """An address of a database that this installation can use."""
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        backend = ""
    if backend not in ("sqlite", "postgresql"):
        raise ValueError("不是能用的数据库地址：sqlite:///文件 或 postgresql+psycopg://…")
    if backend == "postgresql" and find_spec("psycopg") is None:
        raise ValueError("用 PostgreSQL 要先装驱动：./setup --province")
    return url


def _rule_pack(name: str) -> str:
    known = sorted(path.stem for path in (CONTENT / "rules").glob("*.toml"))
    if name not in known:
        raise ValueError(f"没有这个规则包{nearest(name, known)}")
    return name


def _packs(names: tuple[str, ...]) -> tuple[str, ...]:
    known = sorted(path.parent.name for path in CONTENT.glob("*/pack.toml"))
    for name in names:
        if "/" in name:
            if not (Path(name) / "pack.toml").is_file():
                raise ValueError("有一个文件夹里没有 pack.toml，不是内容包")
        elif name not in known:
            raise ValueError(f"没有名为 {name!r} 的内容包{nearest(name, known)}")
    return names


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Settings(BaseSettings):
    """All settings of a deployment. Parts below `app` get plain values, never this."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data: Path = Field(Path("data"), description="数据文件夹：库、密钥、设置都在里面")
    database_url: Annotated[str, AfterValidator(database)] = Field(
        "", repr=False, description="数据库；默认是数据文件夹里的 shouwang.db"
    )
    host: str = Field("127.0.0.1", min_length=1, description="在哪个地址上听；0.0.0.0 是所有网卡")
    port: int = Field(8000, ge=0, le=65_535, description="端口，0 到 65535；0 是随便哪个空的")
    bot_name: Id = Field("小守", description="机器人在群里听到哪个名字算叫它")
    rule_pack: Annotated[str, AfterValidator(_rule_pack)] = Field(
        "cn-2020-01", description="规则包：发热线、时段、观察期、谁在什么时候被告知"
    )
    packs: Annotated[Words, AfterValidator(_packs)] = Field(
        ("cn-covid-2020",), min_length=1, description="问答和通知的内容包：名字，或带 / 的文件夹"
    )
    log_level: Annotated[_LEVELS, BeforeValidator(_lower)] = Field(
        "info", description="日志写多细：debug、info、warning、error"
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="日志写成什么样：text 给人看，json 给机器收"
    )
    max_hook_bytes: int = Field(
        262_144, ge=4_096, le=1_048_576, description="平台一次回调最多多少字节，多了回答 413"
    )
    max_upload_bytes: int = Field(
        10_485_760, ge=65_536, le=104_857_600, description="上传的花名册等文件最多多少字节"
    )
    channels: dict[ChannelName, ChannelSettings] = Field(
        {}, description="通道：每个一张表 [channels.名字]，回调地址是 /hook/名字"
    )

    @model_validator(mode="before")
    @classmethod
    def _own_database(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Without an address the database is a file of the data folder."""
        data = Path(values.get("data", cls.model_fields["data"].default))
        return {"database_url": default_database(data), **values}

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *_: Any, **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `load_settings` has merged, and nothing else."""
        return (sources["init_settings"],)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of ours."""
        return make_url(self.database_url).get_backend_name() == "sqlite"

    @property
    def pack_names(self) -> tuple[str, ...]:
        """Packs of the content that ships with the product."""
        return tuple(name for name in self.packs if "/" not in name)

    @property
    def pack_folders(self) -> tuple[Path, ...]:
        """Packs in folders of the deployment's own."""
        return tuple(Path(name) for name in self.packs if "/" in name)


def _environment() -> dict[str, str]:
    """Our part of the environment, lower case and without the prefix."""
    seen = EnvSettingsSource(Settings).env_vars
    start = PREFIX.lower()
    return {k[len(start) :]: v for k, v in seen.items() if k.startswith(start) and v}


def data_folder(data: Path | None = None) -> Path:
    """DIR: what the command line says, else SHOUWANG_DATA, else ./data."""
    return data if data is not None else Path(_environment().get("data", "data"))


def load_settings(data: Path | None = None) -> Settings:
    """Read environment and file.

    Args:
        data: --data of the command line.

    Raises:
        SettingsError: what is wrong, one fault a line, each with its key and how to mend it.
    """
    folder = data_folder(data)
    environment = _environment()
    values = _file(folder / FILE)
    _known_only(values, FILE)
    _known_only({key.split("__")[0]: "" for key in environment}, "环境变量")
    for key, text in environment.items():
        if key in NOT_OURS:
            continue
        _put(values, key.split("__"), text)
    values["data"] = folder
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError("\n".join(faults_of(error, Settings, environment))) from None


def default_database(data: Path) -> str:
    """The SQLite file of a data folder, as an address."""
    return f"sqlite:///{data / 'shouwang.db'}"


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{path.name} 读不了（{error.strerror}）：看看它属于谁") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path.name} 不是 UTF-8 编码：用编辑器另存为 UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(at ")[2].rstrip(")")
        where = place.replace("line", "第").replace(", column", " 行第") + " 个字附近"
        raise SettingsError(
            f"{path.name} 写法不对，在{where}：文字要用英文双引号括起来，一行一项"
        ) from None


def _known_only(values: Mapping[str, object], where: str) -> None:
    known = [name for name in Settings.model_fields if name != "data" or where != FILE]
    for key in values:
        if key in known or (where != FILE and key in NOT_OURS):
            continue
        if where == FILE:
            raise SettingsError(
                f"{key}：{FILE} 里没有这一项{nearest(key, known)}；改了名字或删掉这一行"
            )
        name = PREFIX + key.upper()
        near = nearest(name, [PREFIX + one.upper() for one in known])
        raise SettingsError(f"{name}：环境变量里没有这一项{near}；改了名字或去掉它")


def _put(values: dict[str, Any], path: list[str], text: str) -> None:
    """Lay one value of the environment over the file's."""
    *tables, last = path
    for name in tables:
        inner = values.get(name)
        values[name] = values = dict(inner) if isinstance(inner, dict) else {}
    values[last] = text


def ready_folder(data: Path) -> None:
    """Make the data folder where only it is missing, and see that it can be written.

    Raises:
        SettingsError: one clear line.
    """
    try:
        data.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=data) as probe:
            probe.write(b"x")
    except FileNotFoundError:
        raise SettingsError(
            f"数据文件夹 {data} 的上一层不存在：先建好，或用 --data 指别处"
        ) from None
    except (FileExistsError, NotADirectoryError):
        raise SettingsError(f"{data} 是一个文件，不是文件夹：用 --data 指别处") from None
    except OSError as error:
        raise SettingsError(
            f"数据文件夹 {data} 写不进去（{error.strerror}）：看看它属于谁、盘是不是只读或满了"
        ) from None


def load_secret(data: Path, *, may_make: bool = True) -> bytes:
    """The deployment's own secret, 32 bytes, made at the first start (DIR/secret.key, 0600).

    Args:
        data: DIR.
        may_make: False where sealed rows exist already: a new secret would never open them.

    Raises:
        SettingsError: none can be had.
    """
    try:
        return load_or_make_key(data / SECRET_FILE, may_make=may_make)
    except BotError as error:
        raise SettingsError(error.detail) from None
