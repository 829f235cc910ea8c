"""All settings as `shouwang settings` prints them: value, default or not, meaning."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import SecretStr
from sqlalchemy.engine import make_url

from app.channel_settings import Table
from app.settings import Settings, default_database

HIDDEN = "（已设，不显示）"


class Shown(NamedTuple):
    """One line of `shouwang settings`."""

    key: str
    value: str
    is_default: bool
    meaning: str


def describe(settings: Settings) -> list[Shown]:
    """All settings for `shouwang settings`, secrets masked."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if name == "channels":
            continue
        is_default = value == field.default
        if name == "database_url":
            is_default = value == default_database(settings.data)
            value = without_password(value)
        rows.append(Shown(name, _text(value), is_default, field.description or ""))
    for channel, table in settings.channels.items():
        rows += _table(f"channels.{channel}", table)
    return rows


def _table(prefix: str, table: Table) -> Iterator[Shown]:
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        meaning = field.description or (type(table).__doc__ or "").rstrip(".")
        if isinstance(value, dict):
            for key in value:
                yield Shown(f"{prefix}.{name}.{key}", HIDDEN, False, meaning)
        else:
            is_default = not field.is_required() and value == field.default
            yield Shown(f"{prefix}.{name}", _text(value), is_default, meaning)


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, tuple):
        return "、".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def without_password(url: str) -> str:
    """A database's address as it may be shown."""
    parsed = make_url(url)
    hidden = {key: "***" for key in parsed.query if "pass" in key or "key" in key}
    return parsed.update_query_dict(hidden).render_as_string(hide_password=True)
