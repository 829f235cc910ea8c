"""The settings of channels: one frozen table for each kind, with what every field means.

Words of faults are Chinese and never repeat a value: it may be a secret.
"""

from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from bot.channels.bridge_signing import key_of
from bot.channels.cipher import checked_key

WECOM = "https://qyapi.weixin.qq.com"
WEIXIN = "https://api.weixin.qq.com"
LATER = {"wecom_bot_long": "长连接方式的智能机器人下一版才有，现在请用回调方式：wecom_bot"}


def fault_of(field: str, words: str) -> PydanticCustomError:
    """A fault of one field that only shows beside the others."""
    return PydanticCustomError("beside", "{words}", {"field": field, "words": words})


def _filled(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("不能为空")
    return value


def _aes_key(value: SecretStr) -> SecretStr:
    checked_key(value.get_secret_value())
    return value


def _bridge_key(value: SecretStr) -> SecretStr:
    try:
        key_of(value.get_secret_value())
    except ValueError:
        raise ValueError("要 64 位十六进制字符，用 openssl rand -hex 32 生成一个") from None
    return value


def _webhook_key(value: SecretStr) -> SecretStr:
    """People copy the whole address; its key is what counts."""
    text = value.get_secret_value().strip()
    if "://" in text:
        text = parse_qs(urlsplit(text).query).get("key", [""])[0]
    return _filled(SecretStr(text))


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise ValueError("不是一个网址，要写成 https://主机名 的样子")
    return value.rstrip("/")


def words_of(value: object) -> object:
    """A list in one text, as an environment variable holds it: commas or 、 between."""
    if not isinstance(value, str):
        return value
    text = value.replace("，", ",").replace("、", ",")
    return [word.strip() for word in text.split(",") if word.strip()]


Secret = Annotated[SecretStr, AfterValidator(_filled)]
AesKey = Annotated[SecretStr, AfterValidator(_aes_key)]
BridgeKey = Annotated[SecretStr, AfterValidator(_bridge_key)]
WebhookKey = Annotated[SecretStr, AfterValidator(_webhook_key)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
Words = Annotated[tuple[Id, ...], BeforeValidator(words_of)]


class Table(BaseModel):
    """What all kinds share."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Called(Table):
    """A platform of Tencent's that calls us, sealed."""

    token: Secret = Field(description="平台回调设置页里的 Token，两边要一字不差")
    aes_key: AesKey = Field(description="平台回调设置页里的 EncodingAESKey，43 个字符")
    old_aes_key: AesKey | None = Field(None, description="换密钥期间旧的 EncodingAESKey，也认")
    max_skew_s: int | None = Field(
        None, ge=0, le=86_400, description="只认时间戳差在这么多秒以内的回调；不写就不看时间戳"
    )


class WecomAppSettings(_Called):
    """企业微信自建应用."""

    kind: Literal["wecom_app"]
    receive_id: Id = Field(description="企业 ID（ww 开头），在企业微信后台「我的企业」页底")
    secret: Secret = Field(description="应用的 Secret，在应用详情页")
    agent_id: int = Field(ge=1, description="应用的 AgentId，一个整数，在应用详情页")
    api_base: WebAddress = Field(WECOM, description="企业微信接口的地址；测试或走代理时才改")


class WecomBotSettings(_Called):
    """企业微信智能机器人，回调方式."""

    kind: Literal["wecom_bot"]
    receive_id: str = Field("", max_length=128, description="企业自己的智能机器人留空")
    names: Words = Field((), description="机器人在群里的名字；消息里的「@名字」会去掉")
    api_base: WebAddress = Field(WECOM, description="企业微信接口的地址；测试或走代理时才改")


class WecomWebhookSettings(Table):
    """企业微信群消息推送：只说不听."""

    kind: Literal["wecom_webhook"]
    hooks: dict[Id, WebhookKey] = Field(
        min_length=1,
        description='每个群一行，写在 hooks = { "群名" = "…" } 里；'
        "「…」是推送地址里 key= 后面那一段（整个地址也行）",
    )
    api_base: WebAddress = Field(WECOM, description="企业微信接口的地址；测试或走代理时才改")


class OfficialAccountSettings(_Called):
    """公众号或服务号，安全模式."""

    kind: Literal["official_account"]
    receive_id: Id = Field(description="公众号的 AppID（wx 开头），在「设置与开发 → 基本配置」")
    service_api: bool = Field(False, description="认证过的号有客服接口：true；没有：false")
    secret: Secret | None = Field(None, description="AppSecret，service_api = true 时必填")
    api_base: WebAddress = Field(WEIXIN, description="公众号接口的地址；测试或走代理时才改")

    @model_validator(mode="after")
    def _needs_secret(self) -> "OfficialAccountSettings":
        if self.service_api and self.secret is None:
            raise fault_of("secret", "缺少这一项")
        return self


class BridgeSettings(Table):
    """网关：我们自己的签名接口，见 docs/bridge.md."""

    kind: Literal["bridge"]
    key: BridgeKey = Field(description="与网关共用的密钥，64 位十六进制（32 字节）")
    old_key: BridgeKey | None = Field(None, description="换密钥期间的旧密钥，也认")
    push_url: WebAddress | None = Field(None, description="守望推给网关的地址；不写：网关来取")
    idempotent: bool = Field(False, description="网关按 id 去重，没有回音的可以放心再发")
    can_push: bool = Field(True, description="网关能主动往群里说")
    private_to_anyone: bool = Field(False, description="网关能给从没说过话的人发私信（短信能）")
    allow_private_push: bool = Field(False, description="push_url 可以是本机或内网地址")
    max_bytes: int = Field(16_384, ge=32, le=262_144, description="网关一条能装多少字节")

    @model_validator(mode="after")
    def _two_keys_differ(self) -> "BridgeSettings":
        if self.old_key is not None and self.old_key == self.key:
            raise fault_of("old_key", "和 key 一样，删掉这一行")
        return self

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys that count, the new one first."""
        both = (self.key, self.old_key)
        return tuple(key_of(key.get_secret_value()) for key in both if key is not None)


class LocalSettings(Table):
    """本机的聊天页：演示用."""

    kind: Literal["local"]


ChannelSettings = Annotated[
    WecomAppSettings
    | WecomBotSettings
    | WecomWebhookSettings
    | OfficialAccountSettings
    | BridgeSettings
    | LocalSettings,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[Table]] = {
    "wecom_app": WecomAppSettings,
    "wecom_bot": WecomBotSettings,
    "wecom_webhook": WecomWebhookSettings,
    "official_account": OfficialAccountSettings,
    "bridge": BridgeSettings,
    "local": LocalSettings,
}
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
