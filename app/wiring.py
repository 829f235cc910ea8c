"""Channels from settings: the one line that a new platform adds is in `build`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from app.channel_settings import (
    BridgeSettings,
    LocalSettings,
    OfficialAccountSettings,
    WecomAppSettings,
    WecomBotSettings,
    WecomWebhookSettings,
)
from bot.channels.base import Channel
from bot.channels.bridge import Bridge
from bot.channels.http import Http
from bot.channels.local import Local
from bot.channels.official_account import OfficialAccount
from bot.channels.tokens import StoredToken, corp_token, stable_token
from bot.channels.wecom_app import WecomApp
from bot.channels.wecom_bot import WecomBot
from bot.channels.wecom_webhook import WecomWebhook
from bot.clock import Clock
from bot.domain.tokens import AccessToken
from bot.message import Outbound
from bot.seal import Sealer
from bot.sender import Units


@dataclass
class Parts:
    """What channels are built from."""

    http: Http
    clock: Clock
    run: Units
    sealer: Sealer
    deliver: Callable[[Outbound], None] = lambda message: None


def _words(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def _token(parts: Parts, channel: str, fetch: Any) -> StoredToken:
    """A token that is kept sealed in the database."""
    context = f"token:{channel}"

    async def load() -> tuple[str, datetime] | None:
        row = await parts.run(lambda session: session.get(AccessToken, channel))
        return (parts.sealer.open(row.sealed, context), row.until) if row else None

    async def save(value: str, until: datetime) -> None:
        sealed = parts.sealer.seal(value, context)
        await parts.run(
            lambda session: session.merge(AccessToken(channel=channel, sealed=sealed, until=until))
        )

    return StoredToken(fetch, load, save, parts.clock.now)


def _wecom_app(name: str, table: WecomAppSettings, parts: Parts) -> Channel:
    fetch = corp_token(parts.http, table.api_base, table.receive_id, _words(table.secret))
    return WecomApp(
        name=name,
        token=_words(table.token),
        aes_key=_words(table.aes_key),
        old_aes_key=_words(table.old_aes_key),
        receive_id=table.receive_id,
        agent_id=table.agent_id,
        http=parts.http,
        tokens=_token(parts, name, fetch),
        api_base=table.api_base,
        max_skew_s=table.max_skew_s,
    )


def _wecom_bot(name: str, table: WecomBotSettings, parts: Parts) -> Channel:
    return WecomBot(
        name=name,
        token=_words(table.token),
        aes_key=_words(table.aes_key),
        old_aes_key=_words(table.old_aes_key),
        receive_id=table.receive_id,
        http=parts.http,
        bot_names=table.names,
        api_base=table.api_base,
        max_skew_s=table.max_skew_s,
    )


def _official_account(name: str, table: OfficialAccountSettings, parts: Parts) -> Channel:
    tokens = None
    if table.service_api:
        fetch = stable_token(parts.http, table.api_base, table.receive_id, _words(table.secret))
        tokens = _token(parts, name, fetch)
    return OfficialAccount(
        name=name,
        token=_words(table.token),
        aes_key=_words(table.aes_key),
        old_aes_key=_words(table.old_aes_key),
        receive_id=table.receive_id,
        http=parts.http,
        tokens=tokens,
        service_api=table.service_api,
        api_base=table.api_base,
        max_skew_s=table.max_skew_s,
    )


def _webhook(name: str, table: WecomWebhookSettings, parts: Parts) -> Channel:
    hooks = {ref: _words(key) for ref, key in table.hooks.items()}
    return WecomWebhook(name, hooks, http=parts.http, api_base=table.api_base)


def _bridge(name: str, table: BridgeSettings, parts: Parts) -> Channel:
    return Bridge(
        name,
        table.keys,
        now=parts.clock.now,
        http=parts.http,
        push_url=table.push_url,
        idempotent=table.idempotent,
        private_to_anyone=table.private_to_anyone,
        can_push=table.can_push,
        allow_private_push=table.allow_private_push,
        max_bytes=table.max_bytes,
    )


def _local(name: str, table: LocalSettings, parts: Parts) -> Channel:
    """Closed to calls from outside: only the demo's page, in this process, speaks through it."""
    return Local(name, parts.deliver)


BUILDERS: dict[str, Callable[[str, Any, Parts], Channel]] = {
    "wecom_app": _wecom_app,
    "wecom_bot": _wecom_bot,
    "wecom_webhook": _webhook,
    "official_account": _official_account,
    "bridge": _bridge,
    "local": _local,
}


def build(tables: dict[str, Any], parts: Parts) -> dict[str, Channel]:
    """All configured channels by name.

    Raises:
        ValueError: a setting cannot be right (in Chinese).
    """
    return {name: BUILDERS[table.kind](name, table, parts) for name, table in tables.items()}
