"""Settings: environment over file over defaults; a fault names its key and how to mend it."""

from pathlib import Path

import pytest

from app import settings as module
from app.channel_settings import BridgeSettings, WecomBotSettings, WecomWebhookSettings
from app.settings import Settings, SettingsError, load_secret, load_settings, ready_folder
from app.settings_shown import HIDDEN, describe

AES = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
WECOM_APP = f"""
[channels.county]
kind = "wecom_app"
token = "canary-token"
aes_key = "{AES}"
receive_id = "ww1"
secret = "canary-secret"
agent_id = 1000002
"""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours in the environment but what a test puts there."""
    for name in module._environment():
        monkeypatch.delenv(f"SHOUWANG_{name.upper()}")


def written(folder: Path, text: str) -> Path:
    """A data folder with this settings file."""
    (folder / "shouwang.toml").write_text(text, "utf-8")
    return folder


def fault(folder: Path, text: str = "") -> str:
    """What loading says."""
    with pytest.raises(SettingsError) as caught:
        load_settings(written(folder, text))
    return str(caught.value)


def test_defaults_work(tmp_path: Path) -> None:
    found = load_settings(tmp_path)
    assert found.database_url == f"sqlite:///{tmp_path}/shouwang.db"
    assert (found.host, found.port, found.bot_name) == ("127.0.0.1", 8000, "小守")
    assert (found.rule_pack, found.packs, dict(found.channels)) == (
        "cn-2020-01",
        ("cn-covid-2020",),
        {},
    )
    with pytest.raises(ValueError, match="frozen"):
        found.port = 1  # type: ignore[misc]  # that is the point


def test_environment_over_file_over_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, 'port = 9000\nhost = "0.0.0.0"\n' + WECOM_APP)
    monkeypatch.setenv("SHOUWANG_PORT", "9100")
    monkeypatch.setenv("SHOUWANG_CHANNELS__COUNTY__SECRET", "123456")
    monkeypatch.setenv("SHOUWANG_HOST", "")  # empty is as if it were not there
    found = load_settings(tmp_path)
    assert (found.port, found.host) == (9100, "0.0.0.0")  # noqa: S104
    county = found.channels["county"]
    assert county.kind == "wecom_app"
    assert county.secret.get_secret_value() == "123456"
    assert county.token.get_secret_value() == "canary-token"


def test_where_the_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().data == Path("data")
    monkeypatch.setenv("SHOUWANG_DATA", str(tmp_path / "a"))
    assert load_settings().data == tmp_path / "a"
    assert load_settings(tmp_path / "b").data == tmp_path / "b"


def test_all_kinds_of_channels(tmp_path: Path) -> None:
    text = f"""
[channels.county]
kind = "wecom_app"
token = "t"
aes_key = "{AES}"
receive_id = "ww1"
secret = "s"
agent_id = 1
api_base = "http://127.0.0.1:9000/"
[channels.bot]
kind = "wecom_bot"
token = "t"
aes_key = "{AES}"
receive_id = ""
names = ["小守", "守望"]
[channels.push]
kind = "wecom_webhook"
hooks = {{ "三组群" = "https://qyapi.weixin.qq.com/webhook/send?key=k-1", "二组群" = "k-2" }}
[channels.oa]
kind = "official_account"
token = "t"
aes_key = "{AES}"
receive_id = "wx1"
max_skew_s = 300
[channels.sms]
kind = "bridge"
key = "{KEY}"
old_key = "{KEY[::-1]}"
idempotent = true
[channels.page]
kind = "local"
"""
    found = load_settings(written(tmp_path, text)).channels
    assert [table.kind for table in found.values()] == [
        "wecom_app",
        "wecom_bot",
        "wecom_webhook",
        "official_account",
        "bridge",
        "local",
    ]
    bot, push, bridge = found["bot"], found["push"], found["sms"]
    assert isinstance(bot, WecomBotSettings)
    assert bot.names == ("小守", "守望")
    assert isinstance(push, WecomWebhookSettings)
    assert [key.get_secret_value() for key in push.hooks.values()] == ["k-1", "k-2"]
    assert isinstance(bridge, BridgeSettings)
    assert bridge.keys == (bytes.fromhex(KEY), bytes.fromhex(KEY[::-1]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1", ["prot", "是不是 port", "删掉"]),
        ('data = "x"', ["data", "没有这一项"]),
        ('port = "many"', ["port：", "整数", "端口"]),
        ("port = 70000", ["port：", "最大 65535"]),
        ('log_format = "xml"', ["log_format：", "只能是"]),
        ('rule_pack = "cn-2020-02"', ["rule_pack：", "是不是 cn-2020-01"]),
        ('packs = ["cn-covid"]', ["packs：", "是不是 cn-covid-2020"]),
        ('packs = ["./nowhere"]', ["packs：", "pack.toml"]),
        ('database_url = "mysql://x"', ["database_url：", "sqlite:///"]),
        ('database_url = "nonsense"', ["database_url：", "sqlite:///"]),
        ("port 9", ["shouwang.toml", "第 1 行"]),
        ("channels = 3", ["channels：", "[channels.名字]"]),
        ("channels.x = 3", ["channels.x：", "[channels.x]"]),
        ("[channels.x]", ["channels.x.kind：", "wecom_app", "bridge"]),
        ('[channels.x]\nkind = "wecombot"', ["channels.x.kind：", "是不是 wecom_bot"]),
        ('[channels.x]\nkind = "wecom_bot_long"', ["channels.x.kind：", "下一版才有"]),
        ('[channels.Town_1]\nkind = "local"', ["channels.Town_1：", "小写字母"]),
        ('[channels.x]\nkind = "local"\nkey = "k"', ["channels.x.key：", "删掉"]),
        (WECOM_APP.replace('secret = "canary-secret"', ""), ["channels.county.secret：缺少"]),
        (WECOM_APP.replace("1000002", '"x"'), ["channels.county.agent_id：", "AgentId"]),
        (WECOM_APP + 'secrt = "canary"', ["channels.county.secrt：", "是不是 secret"]),
        (WECOM_APP.replace(AES, "canary-key"), ["channels.county.aes_key：", "43"]),
        (WECOM_APP.replace("canary-token", " "), ["channels.county.token：不能为空"]),
        (WECOM_APP + 'api_base = "qyapi"', ["channels.county.api_base：", "网址"]),
        (WECOM_APP + "max_skew_s = -1", ["channels.county.max_skew_s：", "最小 0"]),
        ('[channels.x]\nkind = "wecom_webhook"\nhooks = {}', ["channels.x.hooks：不能为空"]),
        (
            '[channels.x]\nkind = "wecom_webhook"\nhooks = { "三组群" = "" }',
            ["channels.x.hooks.三组群：不能为空"],
        ),
        ('[channels.x]\nkind = "bridge"\nkey = "c2VjcmV0"', ["channels.x.key：", "openssl"]),
        (
            f'[channels.x]\nkind = "bridge"\nkey = "{KEY}"\nold_key = "{KEY}"',
            ["channels.x.old_key：", "删掉"],
        ),
        (
            f'[channels.x]\nkind = "official_account"\ntoken = "t"\naes_key = "{AES}"\n'
            'receive_id = "wx"\nservice_api = true',
            ["channels.x.secret：缺少", "AppSecret"],
        ),
    ],
)
def test_a_fault_names_its_key_and_its_cure(tmp_path: Path, text: str, words: list[str]) -> None:
    said = fault(tmp_path, text)
    for word in words:
        assert word in said
    assert "canary" not in said
    assert len(said.splitlines()) == 1


def test_all_faults_at_once(tmp_path: Path) -> None:
    said = fault(tmp_path, 'port = "x"\nlog_level = "loud"\n[channels.x]\nkind = "bridge"')
    assert [line.split("：")[0] for line in said.splitlines()] == [
        "port",
        "log_level",
        "channels.x.key",
    ]


def test_a_fault_of_the_environment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOUWANG_PORT", "canary")
    assert "SHOUWANG_PORT" in fault(tmp_path)
    monkeypatch.delenv("SHOUWANG_PORT")
    monkeypatch.setenv("SHOUWANG_PROT", "1")
    assert "是不是 SHOUWANG_PORT" in fault(tmp_path)
    monkeypatch.delenv("SHOUWANG_PROT")
    monkeypatch.setenv("SHOUWANG_BRIDGE_KEY", KEY)  # of the bridge's own client
    assert load_settings(tmp_path).port == 8000


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "shouwang.toml").write_bytes("host = '小守'".encode("gb18030"))
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(tmp_path)


def test_shown_and_printed_without_secrets(tmp_path: Path) -> None:
    text = 'port = 9000\ndatabase_url = "sqlite:///x.db"\n' + WECOM_APP
    found = load_settings(written(tmp_path, text))
    rows = {row.key: row for row in describe(found)}
    assert rows["port"][1:3] == ("9000", False)
    assert rows["host"].is_default
    assert rows["channels.county.secret"].value == HIDDEN
    assert rows["channels.county.agent_id"].value == "1000002"
    assert all(row.meaning for row in rows.values())
    assert "canary" not in f"{found!r}{found}{rows}"


def test_a_database_password_is_hidden(tmp_path: Path) -> None:
    found = Settings.model_construct(
        data=tmp_path, database_url="postgresql+psycopg://u:canary@h/d?sslpassword=canary"
    )
    assert "canary" not in str(describe(found))
    assert "canary" not in repr(found)


def test_the_folder_is_made_and_tried(tmp_path: Path) -> None:
    ready_folder(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    with pytest.raises(SettingsError, match="上一层不存在"):
        ready_folder(tmp_path / "no" / "data")
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="不是文件夹"):
        ready_folder(tmp_path / "file")


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    first = load_secret(tmp_path)
    assert len(first) == 32
    assert load_secret(tmp_path) == first
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "secret.key").write_text("short")
    with pytest.raises(SettingsError, match=r"secret\.key"):
        load_secret(tmp_path)
    (tmp_path / "secret.key").unlink()
    with pytest.raises(SettingsError, match=r"secret\.key"):
        load_secret(tmp_path, may_make=False)
